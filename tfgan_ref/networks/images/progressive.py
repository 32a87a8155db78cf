"""Networks that grow: Karras et al. 2018, "Progressive Growing of GANs", section 2 and table 2.

The paper's start from 4x4, so that their last stage is a power of two. Here they may start from 5x5, 6x6 or
7x7 too, as 28x28 needs: 7, 14, 28. Each stage has twice the side of the one before. All stages are there from
the start and share their layers; training takes one after the other. Every kernel is drawn from N(0, 1) and
runs through ``EqualisedLearningRate`` (section 4.1).
"""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, Self

import keras
from keras import layers, ops

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.networks.layers.batch import MinibatchStddev, PixelNormalization
from tfgan_ref.networks.layers.reparametrised import EqualisedLearningRate

SIZES = sorted(side * 2**n for side in (4, 5, 6, 7) for n in range(9) if side * 2**n <= 1024)


def resolutions(image_size: int) -> list[int]:
    """Returns the stages' image sizes: 4, 5, 6 or 7, doubled until ``image_size``.

    Raises:
        InputError: none of them doubles to it, or it is above 1024.
    """
    if image_size not in SIZES:
        nearest = min(SIZES, key=lambda size: abs(math.log2(size / max(1, image_size))))
        raise InputError(
            f"image_size {image_size} is not 4, 5, 6 or 7 doubled, at most 1024: set image_size={nearest}"
        )
    return [size for size in SIZES if image_size % size == 0 and (image_size // size).bit_count() == 1]


def upsample(images: Any) -> Any:
    """Doubles both sides of (N, H, W, C): each pixel becomes four equal ones."""
    return ops.repeat(ops.repeat(images, 2, axis=1), 2, axis=2)


def downsample(images: Any, factor: int = 2) -> Any:
    """Divides both sides of (N, H, W, C) by ``factor``: each pixel is the mean of those that it replaces."""
    return images if factor == 1 else ops.average_pool(images, factor, factor)


def fade(low: Any, high: Any, alpha: Any) -> Any:
    """Returns (1 - alpha) * low + alpha * high: ``low`` exactly at 0, ``high`` exactly at 1 (figure 2)."""
    return (1.0 - alpha) * low + alpha * high


def _layer_maker(seed: int) -> Callable[..., EqualisedLearningRate]:
    """Returns a function that equalises a layer, whose kernel it draws with a seed of its own."""
    numbers = itertools.count()

    def equalised(
        kind: type[layers.Layer], *arguments: Any, gain: float = math.sqrt(2), **settings: Any
    ) -> EqualisedLearningRate:
        # Spaced by a large prime, so that networks with neighbouring seeds share no layer's seed.
        seed_of_layer = (seed * 1_000_003 + next(numbers)) % 2**31
        initializer = keras.initializers.RandomNormal(0.0, 1.0, seed=seed_of_layer)
        return EqualisedLearningRate(kind(*arguments, kernel_initializer=initializer, **settings), gain)

    return equalised


def _filters(image_size: int, width: int, max_width: int) -> dict[int, int]:
    check_at_least(1, width=width, max_width=max_width)
    return {size: min(max_width, width * image_size // size) for size in resolutions(image_size)}


def progressive_generator(
    latent_dim: int = 512,
    image_size: int = 1024,
    channels: int = 3,
    *,
    width: int = 16,
    max_width: int = 512,
    seed: int = 0,
) -> keras.Model:
    """Builds a generator from latents (N, latent_dim) to a list of images, one per stage.

    Each is (N, size, size, channels) float32, linear as in table 2: about [-1, 1] once trained, and not
    clipped, which would stop gradients. The defaults are the paper's network.

    Args:
        latent_dim: length of a latent vector, which is scaled onto the hypersphere first (section 4.2).
        image_size: of the last stage: 4, 5, 6 or 7 doubled, up to 1024.
        channels: 1 or 3.
        width: filters at ``image_size``; each stage before has twice as many.
        max_width: but at most this many.
        seed: seed of the initialisers.

    Raises:
        InputError: another image size, or a width below 1.
    """
    filters = _filters(image_size, width, max_width)
    equalised = _layer_maker(seed)
    latents = keras.Input((latent_dim,), name="latents")
    x = PixelNormalization(name="hypersphere")(latents)
    first = min(filters)
    # The gain of the authors' code for this layer alone, whose first side is 4.
    x = equalised(layers.Dense, first * first * filters[first], gain=math.sqrt(2) / first)(x)
    x = layers.Reshape((first, first, filters[first]))(x)
    x = PixelNormalization()(layers.LeakyReLU(0.2)(x))
    images = []
    for size, count in filters.items():
        if size > first:
            x = layers.UpSampling2D()(x)
        for _ in range(1 if size == first else 2):
            x = equalised(layers.Conv2D, count, 3, padding="same")(x)
            x = PixelNormalization()(layers.LeakyReLU(0.2)(x))
        rgb = equalised(layers.Conv2D, channels, 1, gain=1.0)(x)
        images.append(layers.Activation("linear", dtype="float32", name=f"images_{size}")(rgb))
    return keras.Model(latents, images, name="progressive_generator")


def generator_stages(generator: keras.Model) -> list[keras.Model]:
    """Returns for each stage the model from latents to [images of the stage before, images of the stage].

    That of the first gives a tensor, its own images. The models share the layers of ``generator`` and hold no
    others, so that their variables are those that the stage trains.
    """
    return [
        keras.Model(
            generator.inputs[0], generator.outputs[max(0, stage - 1) : stage + 1], name=f"g_stage_{stage}"
        )
        for stage in range(len(generator.outputs))
    ]


@keras.saving.register_keras_serializable(package="tfgan_ref")
class StageBlend(layers.Layer):
    """Sums the stages' images, upsampled to the last stage's size, with weights that training sets.

    While stage s fades in, 1 - alpha is the weight of stage s - 1 and alpha that of s; all others are 0. It
    starts with the first stage alone. The sum is clipped to [-1, 1].
    """

    def build(self, input_shape: Sequence[tuple[int | None, ...]]) -> None:
        """Creates the weights, one per stage."""
        self.shares = self.add_weight(
            name="shares",
            shape=(len(input_shape),),
            initializer=lambda shape, dtype=None: ops.one_hot(0, shape[0], dtype=dtype),
            dtype="float32",
            trainable=False,
            autocast=False,
            # Every replica sets the same.
            aggregation="only_first_replica",
        )

    def show(self, stage: int, alpha: Any) -> None:
        """Sets the weights for ``stage`` faded in by ``alpha``, a scalar from 0 to 1."""
        stages = self.shares.shape[0]
        present = ops.one_hot(stage, stages, dtype="float32")
        before = ops.one_hot(max(0, stage - 1), stages, dtype="float32")
        self.shares.assign(fade(before, present, alpha))

    def call(self, inputs: Sequence[Any]) -> Any:
        """Blends images of all stages' sizes to (N, size, size, C) of the last one's, in [-1, 1]."""
        shares = ops.convert_to_tensor(self.shares)
        blended = shares[0] * inputs[0]
        for number, images in enumerate(inputs[1:], start=1):
            blended = upsample(blended) + shares[number] * images
        return ops.clip(blended, -1.0, 1.0)

    def compute_output_shape(self, input_shape: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """Returns the shape of the last stage's images."""
        return tuple(input_shape[-1])


def sampling_generator(generator: keras.Model) -> keras.Model:
    """Returns the model from latents to images of the full size in [-1, 1], float32, of the present stage.

    It shares the weights of ``generator``; its last layer is a ``StageBlend``.
    """
    images = StageBlend(dtype="float32", name="images")(generator.outputs)
    return keras.Model(generator.inputs[0], images, name="progressive_generator")


@keras.saving.register_keras_serializable(package="tfgan_ref")
class ProgressiveDiscriminator(keras.Model):
    """Discriminators of all stages, which share the layers below their first block.

    It is called with [images, alpha], images of any stage's size and alpha (N, 1), and gives logits (N, 1).

    Args:
        stages: functional models from [images (N, size, size, C), alpha (N, 1)] to logits (N, 1), smallest
            images first.
    """

    def __init__(self, stages: Sequence[keras.Model]) -> None:
        # No autocast: alpha stays float32, and the images until a stage's first layer.
        super().__init__(name="progressive_discriminator", autocast=False)
        self.stages = list(stages)
        self.built = True

    @property
    def inputs(self) -> list[keras.KerasTensor]:
        """Returns the inputs of the last stage."""
        return self.stages[-1].inputs

    def stage_of(self, images: Any) -> int:
        """Returns the number of the stage that takes ``images``.

        Raises:
            InputError: none does.
        """
        shapes = [tuple(stage.inputs[0].shape[1:]) for stage in self.stages]
        if tuple(images.shape[1:]) not in shapes:
            raise InputError(f"images of shape {tuple(images.shape[1:])} are of no stage: one of {shapes}")
        return shapes.index(tuple(images.shape[1:]))

    def call(self, inputs: Sequence[Any], training: bool | None = None) -> Any:
        """Returns the logits of [images, alpha] in the stage of their size."""
        return self.stages[self.stage_of(inputs[0])](list(inputs), training=training)

    def get_config(self) -> dict[str, Any]:
        """Returns the stages as one model, so that layers which they share stay shared."""
        inputs = [tensor for stage in self.stages for tensor in stage.inputs]
        stages = keras.Model(inputs, [stage.output for stage in self.stages], name=self.name)
        return {"stages": keras.saving.serialize_keras_object(stages)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Rebuilds the discriminator from what ``get_config`` returned."""
        stages = keras.saving.deserialize_keras_object(config["stages"])
        return cls(
            [
                keras.Model(stages.inputs[2 * number : 2 * number + 2], logits, name=f"d_stage_{number}")
                for number, logits in enumerate(stages.outputs)
            ]
        )


def progressive_discriminator(
    image_size: int = 1024,
    channels: int = 3,
    *,
    width: int = 16,
    max_width: int = 512,
    group_size: int = 4,
    seed: int = 0,
) -> ProgressiveDiscriminator:
    """Builds the discriminators of all stages, the generator's mirror images.

    With alpha below 1, stage s mixes the features of its own block with those that stage s - 1 has of the
    images at half the size (figure 2). The defaults are the paper's network.

    Args:
        image_size: of the last stage: 4, 5, 6 or 7 doubled, up to 1024.
        channels: of the images.
        width: filters at ``image_size``; each stage before has twice as many.
        max_width: but at most this many.
        group_size: samples between which ``MinibatchStddev`` looks for variation (section 3).
        seed: seed of the initialisers.

    Raises:
        InputError: another image size, or a width or group size below 1.
    """
    filters = _filters(image_size, width, max_width)
    first = min(filters)
    equalised = _layer_maker(seed)
    activate = layers.LeakyReLU(0.2)
    from_rgb = {size: equalised(layers.Conv2D, count, 1) for size, count in filters.items()}
    block = {
        size: [
            equalised(layers.Conv2D, filters[size], 3, padding="same"),
            activate,
            equalised(layers.Conv2D, filters[size // 2], 3, padding="same"),
            activate,
            layers.AveragePooling2D(2),
        ]
        for size in filters
        if size > first
    }
    head = [
        MinibatchStddev(group_size),
        equalised(layers.Conv2D, filters[first], 3, padding="same"),
        activate,
        layers.Flatten(),
        # Table 2's 4x4 convolution without padding, written as what it is at 4x4.
        equalised(layers.Dense, filters[first]),
        activate,
        equalised(layers.Dense, 1, gain=1.0),
        layers.Activation("linear", dtype="float32", name="logits"),
    ]

    def run(x: Any, chain: Sequence[layers.Layer]) -> Any:
        for layer in chain:
            x = layer(x)
        return x

    stages = []
    for size in filters:
        images = keras.Input((size, size, channels), name=f"images_{size}")
        alpha = keras.Input((1,), name=f"alpha_{size}")
        share = layers.Reshape((1, 1, 1), dtype="float32")(alpha)
        x = run(images, [from_rgb[size], activate])
        if size > first:
            low = run(downsample(images), [from_rgb[size // 2], activate])
            x = fade(low, run(x, block[size]), share)
        for smaller in sorted((s for s in block if s < size), reverse=True):
            x = run(x, block[smaller])
        stages.append(keras.Model([images, alpha], run(x, head), name=f"d_stage_{len(stages)}"))
    return ProgressiveDiscriminator(stages)

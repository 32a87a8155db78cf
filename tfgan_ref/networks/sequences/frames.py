"""Networks of animation frames: attributes, action and phase enter factor by factor.

Each value of each attribute has weights of its own, and so has each phase of each action; what they say is
added up. No weight belongs to an attribute together with an action, so a pair that training never showed is
made of parts that it did; and a character's colours are its own whatever it does.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.networks.images.dcgan import dcgan_features
from tfgan_ref.networks.layers.reparametrised import SpectralNormalization
from tfgan_ref.networks.layers.seeded import initializer_stream

# Image size: doublings from 4x4.
SIZES = {32: 3, 64: 4}


@keras.saving.register_keras_serializable(package="tfgan_ref")
class FactorOneHots(layers.Layer):
    """Turns [conditions (N, K), phase (N, F)], int32, into zeros and ones side by side: (N, D).

    There is one 1 for each attribute (all columns of the conditions but the last), and one for the motion of
    each frame: its phase of the action, which the last column names. D = sum of attributes' sizes +
    F * actions * phases.

    Args:
        sizes: number of values of each of the K factors.
        phases: of an action.
        **settings: name and dtype, as of every Keras layer.
    """

    def __init__(self, sizes: Sequence[int], phases: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.sizes = tuple(sizes)
        self.phases = phases

    def call(self, inputs: Sequence[Any]) -> Any:
        """Encodes, to (N, D)."""
        conditions, phase = (ops.cast(values, "int32") for values in inputs)
        motion = conditions[:, -1:] * self.phases + phase
        motions = self.sizes[-1] * self.phases
        numbers = [(conditions[:, i], size) for i, size in enumerate(self.sizes[:-1])]
        numbers += [(motion[:, i], motions) for i in range(motion.shape[1])]
        ones = [ops.one_hot(column, size, dtype=self.compute_dtype) for column, size in numbers]
        return ops.concatenate(ones, axis=-1)

    def compute_output_spec(self, inputs: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
        """Returns the spec of (N, D)."""
        dim = sum(self.sizes[:-1]) + inputs[1].shape[1] * self.sizes[-1] * self.phases
        return keras.KerasTensor((inputs[0].shape[0], dim), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "sizes": list(self.sizes), "phases": self.phases}


def frame_generator(
    latent_dim: int,
    sizes: Sequence[int],
    phases: int,
    image_size: int = 32,
    channels: int = 3,
    *,
    width: int = 32,
    colours: int = 16,
    initializer: str = "xavier",
    seed: int = 0,
) -> keras.Model:
    """Builds a generator of single frames that mixes each pixel from the colours of a character's palette.

    The palette comes from the latents and the attributes alone, so that no colour depends on action or
    phase; the convolutions say how much of each colour a pixel has, a softmax. Their every batch norm is
    conditional (Dumoulin et al. 2017, equation 5), with scales and shifts that are linear in the latents and
    in what each factor says (De Vries et al. 2017).

    Args:
        latent_dim: length of a latent vector.
        sizes: number of values of each attribute and, last, of actions.
        phases: of an action.
        image_size: 32 or 64.
        channels: of a frame.
        width: filters of the last hidden layer; each layer before it has twice as many.
        colours: of a palette.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Returns:
        A model from [latents (N, latent_dim), conditions (N, K) int32, phase (N,) int32] to frames (N, size,
        size, channels) in [-1, 1].

    Raises:
        InputError: another image size or initialiser.
    """
    check_at_least(
        1, latent_dim=latent_dim, sizes=sizes, phases=phases, channels=channels, width=width, colours=colours
    )
    doublings = _doublings(image_size)
    fresh = initializer_stream(initializer, seed)
    latents = keras.Input((latent_dim,), name="latents")
    conditions = keras.Input((len(sizes),), dtype="int32", name="conditions")
    phase = keras.Input((), dtype="int32", name="phase")
    ones = FactorOneHots(sizes, phases)([conditions, layers.Reshape((1,), dtype="int32")(phase)])
    code = layers.Concatenate()([latents, ones])
    filters = width * 2**doublings
    x = layers.Dense(4 * 4 * filters, kernel_initializer=fresh(), use_bias=False)(code)
    x = layers.Reshape((4, 4, filters))(x)
    for number in itertools.count():
        x = layers.BatchNormalization(momentum=0.9, center=False, scale=False)(x)
        scale = layers.Dense(filters, kernel_initializer=fresh(), bias_initializer="ones")(code)
        shift = layers.Dense(filters, kernel_initializer=fresh())(code)
        x = layers.Multiply()([x, layers.Reshape((1, 1, filters))(scale)])
        x = layers.ReLU()(layers.Add()([x, layers.Reshape((1, 1, filters))(shift)]))
        if number == doublings:
            break
        filters //= 2
        x = layers.Conv2DTranspose(
            filters, 4, strides=2, padding="same", kernel_initializer=fresh(), use_bias=False
        )(x)
    # From here in float32 under every precision policy: colours would come out in the steps of bfloat16.
    exact = {"dtype": "float32"}
    x = layers.Conv2D(colours, 3, padding="same", kernel_initializer=fresh())(x)
    shares = layers.Softmax(name="shares", **exact)(x)
    shares = layers.Reshape((image_size**2, colours), **exact)(shares)
    looks = layers.Concatenate(**exact)([latents, ones[:, : sum(sizes[:-1])]])
    palette = layers.Dense(colours * channels, "tanh", kernel_initializer=fresh(), **exact)(looks)
    palette = layers.Reshape((colours, channels), name="palette", **exact)(palette)
    pixels = layers.Dot(axes=(2, 1), **exact)([shares, palette])
    frames = layers.Reshape((image_size, image_size, channels), name="frames", **exact)(pixels)
    return keras.Model([latents, conditions, phase], frames, name="frame_generator")


def frame_discriminator(
    sizes: Sequence[int],
    phases: int,
    frames: int,
    image_size: int = 32,
    channels: int = 3,
    *,
    width: int = 32,
    spectral_norm: bool = False,
    initializer: str = "xavier",
    seed: int = 0,
) -> keras.Model:
    """Builds a projection discriminator of some frames of one clip, seen together.

    The frames lie behind each other in the channels, so that a character that changes between them is seen.
    The logit is that of Miyato and Koyama 2018, equation 4, on flattened features, which theirs sums over the
    positions, with an embedding that is the sum of one for each attribute and one for the motion of each
    frame. A second head says what attributes it sees, as the auxiliary classifier of Odena et al. 2017 does.

    Args:
        sizes: number of values of each attribute and, last, of actions.
        phases: of an action.
        frames: of a clip, that are seen together.
        image_size: 32 or 64.
        channels: of a frame.
        width: filters of the first layer; each layer after it has twice as many.
        spectral_norm: whether all layers are spectrally normalised.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Returns:
        A model from [frames (N, F, size, size, channels), conditions (N, K) int32, phase (N, F) int32] to
        [logits (N, 1), attribute logits (N, D)], those of the values of each attribute behind each other.

    Raises:
        InputError: another image size or initialiser.
    """
    check_at_least(1, sizes=sizes, phases=phases, frames=frames, channels=channels, width=width)
    _doublings(image_size)
    fresh = initializer_stream(initializer, seed + 1)
    images = keras.Input((frames, image_size, image_size, channels), name="images")
    conditions = keras.Input((len(sizes),), dtype="int32", name="conditions")
    phase = keras.Input((frames,), dtype="int32", name="phase")
    stacked = layers.Permute((2, 3, 1, 4))(images)
    stacked = layers.Reshape((image_size, image_size, frames * channels))(stacked)
    features = dcgan_features(
        image_size,
        frames * channels,
        width=width,
        normalisation="none",
        spectral_norm=spectral_norm,
        initializer=initializer,
        seed=seed,
    )(stacked)
    ones = FactorOneHots(sizes, phases)([conditions, phase])
    # float32 under every precision policy: the losses' exponentials need its range.
    logit = layers.Dense(1, kernel_initializer=fresh(), dtype="float32", name="logit")
    embedding = layers.Dense(features.shape[-1], use_bias=False, kernel_initializer=fresh(), name="embedding")
    attributes = layers.Dense(
        sum(sizes[:-1]), kernel_initializer=fresh(), dtype="float32", name="attribute_logits"
    )
    if spectral_norm:
        logit = SpectralNormalization(logit, seed=seed + 1)
        embedding = SpectralNormalization(embedding, seed=seed + 2)
        attributes = SpectralNormalization(attributes, seed=seed + 3)
    inner = layers.Dot(axes=1, dtype="float32")([features, embedding(ones)])
    logits = layers.Add(dtype="float32", name="logits")([logit(features), inner])
    return keras.Model(
        [images, conditions, phase], [logits, attributes(features)], name="frame_discriminator"
    )


def _doublings(image_size: int) -> int:
    if image_size not in SIZES:
        allowed = ", ".join(map(str, SIZES))
        raise InputError(f"image_size {image_size} is not built for frames: choose one of {allowed}")
    return SIZES[image_size]

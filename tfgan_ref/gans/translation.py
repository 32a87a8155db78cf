"""The base of the types that translate pictures. The training step itself is each type's own."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.base import GenerativeModel


@keras.saving.register_keras_serializable(package="tfgan_ref")
class ImageTranslator(GenerativeModel):
    """A generator from pictures to pictures, with a discriminator of its output.

    A subclass overrides ``train_step(data)``; a batch is a dict of float32 pictures in [-1, 1]: ``source``
    (N, H, W, C), ``target`` and, where pixels are known, ``mask`` (N, H, W, 1), 1 for known.

    Args:
        generator: functional model from the pictures of ``inputs``, in that order, to pictures in [-1, 1].
        discriminator: functional model; what it takes is each type's own. None where a type can do without.
        inputs: which parts of a batch the generator takes.
        stride: what the sides of the generator's input must be multiples of. Others are padded for it, and
            its output is cropped.
        margin: source pixels around an output pixel on which it depends, so that a large picture can be
            translated in tiles; None: all of them.
        seed: of all noise of training; with the step counter it determines every draw.
        ema_decay: of the averaged generator; None keeps no average.

    Raises:
        InputError: an argument is out of range, or ``inputs`` are not what the generator takes.
    """

    batch_names = ("source", "target")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model | None,
        *,
        inputs: Sequence[str] = ("source",),
        stride: int = 1,
        margin: int | None = None,
        seed: int = 0,
        ema_decay: float | None = 0.999,
    ) -> None:
        check_at_least(1, stride=stride)
        if margin is not None and margin < 0:
            raise InputError(f"margin {margin} is out of range: at least 0, or None")
        if len(inputs) != len(generator.inputs):
            raise InputError(f"inputs {', '.join(inputs)}: the generator takes {len(generator.inputs)}")
        super().__init__(generator, discriminator, seed=seed, ema_decay=ema_decay)
        self.inputs_taken = tuple(inputs)
        self.stride = stride
        self.margin = margin

    @property
    def sample_shape(self) -> None:
        """None: what a discriminator of translations takes is each type's own."""

    @property
    def scale(self) -> int:
        """Returns the factor by which the output is higher and wider than the source."""
        side = 4 * self.stride
        shapes = [(1, side, side, tensor.shape[-1]) for tensor in self.generator.inputs]
        output = self.generator.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])
        return output[1] // side

    def generator_inputs(self, batch: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        """Returns what the generator takes of ``batch``; see ``part_of``."""
        return [self.part_of(batch, name) for name in self.inputs_taken]

    def part_of(self, batch: dict[str, tf.Tensor], name: str) -> tf.Tensor:
        """Returns a part of ``batch``.

        Raises:
            InputError: it is missing.
        """
        if name not in batch:
            raise InputError(f"{type(self).__name__} needs a {name} in its batch")
        return batch[name]

    def translate(self, batch: dict[str, tf.Tensor]) -> tf.Tensor:
        """Returns the averaged generator's pictures in [-1, 1] for the inputs in ``batch``."""
        inputs = self.generator_inputs(batch)
        return self.sampling_generator(inputs if len(inputs) > 1 else inputs[0], training=False)

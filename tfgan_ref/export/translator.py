"""Generators from pictures to pictures as SavedModels that need TensorFlow and none of our code."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import keras
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.export.generator import joined, write_saved_model

INPUTS = (("source",), ("source", "mask"), ("source", "target"))
PICTURE_TYPES = (tf.uint8, tf.float32, tf.float64)
MASK_TYPES = (tf.bool, tf.uint8, tf.float32)
# Generators that reflect or normalise small feature maps cannot take less.
SMALLEST_SIDE = 8
# With SRResNet of 64 feature maps and scale 4, a tile of this side takes about 1 GB.
TILE = 256


class ExportedTranslator(tf.Module):
    """The functions of an exported generator from pictures to pictures.

    ``apply(image)`` takes a picture (H, W, channels) of any size: uint8, to uint8; or float32 or float64 in
    [0, 1], to float32 in [0, 1]. By the generator's inputs it is also:

    - ``apply(image, mask)`` for "source" and "mask": bool, uint8 or float32 (H, W) or (H, W, 1), of which
      whatever is not 0 is known (``data.read_mask`` makes one of a file, in which grey is cut at half of the
      range). Known pixels come out as they are.
    - ``apply(image, style)`` for "source" and "target": the second picture may have another size.

    Pictures are mirrored beyond their lower and right borders to sides that the generator takes, and its
    output is cropped. Where ``margin`` is known, large pictures are made in tiles, with the result of the
    whole picture, so that memory is that of one tile beside the picture and its result.

    Args:
        generator: functional model from the pictures of ``inputs``, in that order, in [-1, 1], to pictures.
        inputs: one of ``INPUTS``.
        stride: what the sides of the generator's input must be multiples of.
        scale: how many times higher and wider its output is than its source.
        margin: source pixels around an output pixel on which it depends; None: all of them.

    Attributes:
        channels: of the source; an int32 variable that the SavedModel keeps, like ``scale``, ``stride`` and
            ``margin``, which is -1 for None.
        tile: the longest side of a tile, margins included; an int32 variable, too.

    Raises:
        InputError: an argument cannot be used.
    """

    def __init__(
        self,
        generator: keras.Model,
        *,
        inputs: Sequence[str],
        stride: int,
        scale: int,
        margin: int | None,
    ) -> None:
        super().__init__()
        _check(generator, tuple(inputs), scale)
        self.generator = generator
        self._stride, self._scale = stride, scale
        self._names = tuple(inputs)
        self._channels = tuple(tensor.shape[-1] for tensor in generator.inputs)
        self.scale, self.stride = _constant(scale), _constant(stride)
        self.margin = _constant(-1 if margin is None else margin)
        self.channels = _constant(self._channels[0])
        self._overlap = None if margin is None else -(-margin // stride) * stride
        self.tile = _constant(default_tile(margin or 0, stride))
        self.serve = tf.function(self._serve, input_signature=self.signature(), autograph=False)
        if self._overlap is not None:  # one graph for all types of ``apply``'s pictures
            self.tiled = tf.function(self._in_tiles, input_signature=self.signature(), autograph=False)
        self.apply = self._apply_function()

    def signature(self) -> list[tf.TensorSpec]:
        """Returns what ``serve`` takes: batches of any size, named by the inputs."""
        return [
            tf.TensorSpec((None, None, None, channels), tf.float32, name=name)
            for name, channels in zip(self._names, self._channels, strict=True)
        ]

    def _serve(self, source: tf.Tensor, other: tf.Tensor | None = None) -> tf.Tensor:
        """Maps batches in [0, 1], (N, H, W, C), to pictures (N, scale * H, scale * W, C') in [0, 1]."""
        given, known = [2.0 * source - 1.0], None
        if self._names[-1] == "mask":
            known = other != 0.0
            given = [tf.where(known, given[0], 0.0), tf.cast(known, tf.float32)]
        elif other is not None:
            given.append(2.0 * other - 1.0)
        given = [mirror(pictures, self._stride) for pictures in given]
        images = self.generator(given if len(given) > 1 else given[0], training=False)
        height, width = tf.shape(source)[1], tf.shape(source)[2]
        images = images[:, : self._scale * height, : self._scale * width] / 2.0 + 0.5
        if known is not None:
            images = tf.where(known, source, images)
        return tf.clip_by_value(images, 0.0, 1.0)

    def _apply_function(self) -> Callable[..., tf.Tensor]:
        functions = {
            ("source",): lambda image: self._apply(image),
            ("source", "mask"): lambda image, mask: self._apply(image, mask=mask),
            ("source", "target"): lambda image, style: self._apply(image, style=style),
        }
        apply = tf.function(functions[self._names], autograph=False)
        others = {"mask": MASK_TYPES, "target": PICTURE_TYPES}.get(self._names[-1])
        for kinds in itertools.product(PICTURE_TYPES, *([others] if others else [])):
            # Of any rank, so that a wrong one is told by a line of ours.
            apply.get_concrete_function(*(tf.TensorSpec(None, kind) for kind in kinds))
        return apply

    def _apply(
        self, image: tf.Tensor, *, mask: tf.Tensor | None = None, style: tf.Tensor | None = None
    ) -> tf.Tensor:
        batches = [_picture(image, self._channels[0], "image")]
        if mask is not None:
            batches.append(_mask(mask, tf.shape(batches[0])))
        if style is not None:
            batches.append(_picture(style, self._channels[1], "style"))
        made = self.serve(*batches)[0] if self._overlap is None else self.tiled(*batches)
        return tf.cast(tf.round(255.0 * made), tf.uint8) if image.dtype == tf.uint8 else made

    def _in_tiles(self, source: tf.Tensor, *others: tf.Tensor) -> tf.Tensor:
        """Computes ``serve`` of a batch of one in tiles: (scale * H, scale * W, C')."""
        cut = len(others) if self._names[-1] == "mask" else 0  # a style stays whole
        pictures = [mirror(picture, self._stride) for picture in (source, *others[:cut])]
        down, across = (
            _Tiles.of(tf.shape(pictures[0])[axis], self.tile // self._stride * self._stride, self._overlap)
            for axis in (1, 2)
        )
        shape = (None, None, self.generator.output_shape[-1])

        def row(i: tf.Tensor) -> tf.Tensor:
            return tf.transpose(joined(across.count, lambda j: piece(i, j), shape), (1, 0, 2))

        def piece(i: tf.Tensor, j: tf.Tensor) -> tf.Tensor:
            top, left = down.start(i), across.start(j)
            parts = [picture[:, top : top + down.length, left : left + across.length] for picture in pictures]
            made = self.serve(*parts, *others[cut:])[0]
            rows, columns = ([self._scale * edge for edge in s.kept(n)] for s, n in ((down, i), (across, j)))
            return tf.transpose(made[rows[0] : rows[1], columns[0] : columns[1]], (1, 0, 2))

        height, width = tf.shape(source)[1], tf.shape(source)[2]
        return joined(down.count, row, shape)[: self._scale * height, : self._scale * width]


class _Tiles(NamedTuple):
    """Tiles along one axis: each but the last begins ``step`` after the one before, and they overlap."""

    side: tf.Tensor
    length: tf.Tensor
    overlap: int
    step: tf.Tensor
    count: tf.Tensor

    @classmethod
    def of(cls, side: tf.Tensor, tile: tf.Tensor, overlap: int) -> Self:
        step = tile - 2 * overlap
        return cls(
            side, tf.minimum(tile, side), overlap, step, tf.maximum(1, -(-(side - 2 * overlap) // step))
        )

    def start(self, number: tf.Tensor) -> tf.Tensor:
        return tf.minimum(number * self.step, self.side - self.length)

    def kept(self, number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns from where to where, in the tile, its result is that of the whole picture."""
        start = self.start(number)
        first = tf.where(number == 0, 0, self.overlap)
        last = tf.where(number == self.count - 1, self.side, self.start(number + 1) + self.overlap)
        return first, last - start


def default_tile(margin: int, stride: int) -> int:
    """Returns a tile's side that leaves at least half of it beside the margins."""
    return max(TILE, 4 * (-(-margin // stride) * stride))


def export_translator(
    generator: keras.Model,
    path: Path,
    *,
    inputs: Sequence[str],
    stride: int,
    scale: int,
    margin: int | None,
    backward: keras.Model | None = None,
) -> None:
    """Writes a generator from pictures to pictures as a SavedModel with ``apply`` and ``serving_default``.

    ``apply`` is described at ``ExportedTranslator``, whose variables tell scale, stride, margin and channels.
    ``serving_default`` takes batches of float32 in [0, 1] by the names of ``inputs``, of any size, and gives
    "images".

    Args:
        generator: as of ``ExportedTranslator``.
        path: a directory that does not exist.
        inputs: as of ``ExportedTranslator``.
        stride: as of ``ExportedTranslator``.
        scale: as of ``ExportedTranslator``.
        margin: as of ``ExportedTranslator``.
        backward: the generator of the way back, from pictures like the output to pictures like the source,
            as ``apply_back`` and the signature ``serving_back``.

    Raises:
        InputError: ``path`` exists, or an argument cannot be used.
    """
    shape = {"stride": stride, "scale": scale, "margin": margin}
    module = ExportedTranslator(generator, inputs=inputs, **shape)
    signatures = {"serving_default": _served(module)}
    if backward is not None:
        if scale != 1 or len(inputs) > 1:
            form = f"inputs {', '.join(inputs)} and scale {scale}"
            raise InputError(f"backward: a generator of {form} has none, only one of source and scale 1")
        module.backward = ExportedTranslator(backward, inputs=inputs, **shape)
        module.apply_back, module.tile_back = module.backward.apply, module.backward.tile
        signatures["serving_back"] = _served(module.backward)
    write_saved_model(module, path, signatures)


def mirror(pictures: tf.Tensor, stride: int) -> tf.Tensor:
    """Mirrors pictures (N, H, W, C) beyond their lower and right borders, whose pixels are repeated.

    Returns:
        Pictures whose sides are the next multiples of ``stride`` that are at least ``SMALLEST_SIDE``.
    """
    for axis in (1, 2):
        side = tf.shape(pictures)[axis]
        positions = tf.range(-(-tf.maximum(side, SMALLEST_SIDE) // stride) * stride) % (2 * side)
        pictures = tf.gather(pictures, tf.minimum(positions, 2 * side - 1 - positions), axis=axis)
    return pictures


def _served(module: ExportedTranslator) -> Callable[..., dict[str, tf.Tensor]]:
    return tf.function(
        lambda *inputs: {"images": module.serve(*inputs)},
        input_signature=module.signature(),
        autograph=False,
    )


def _constant(number: int) -> tf.Variable:
    return tf.Variable(number, trainable=False, dtype=tf.int32)


def _picture(image: tf.Tensor, channels: int, name: str) -> tf.Tensor:
    """Returns a picture as a batch of one, float32 in [0, 1]."""
    # Of unknown shape, so that a wrong one meets the check before TensorFlow's own shape inference.
    image = tf.compat.v1.placeholder_with_default(image, None)
    sound = (
        (tf.size(tf.shape(image)) == 3)
        & tf.reduce_all(tf.shape(image)[-1:] == channels)
        & (tf.size(image) > 0)
    )
    checks = [
        tf.debugging.Assert(sound, [f"{name} must be (H, W, {channels}), not", tf.shape(image)], summarize=8)
    ]
    if image.dtype != tf.uint8:
        within = tf.reduce_all((image >= 0.0) & (image <= 1.0))
        checks.append(tf.debugging.Assert(within, [f"{name} of floats must be in [0, 1]"]))
    with tf.control_dependencies(checks):
        image = tf.ensure_shape(image, (None, None, channels))
    pixels = tf.cast(image, tf.float32)
    return (pixels / 255.0 if image.dtype == tf.uint8 else pixels)[tf.newaxis]


def _mask(mask: tf.Tensor, batch_shape: tf.Tensor) -> tf.Tensor:
    """Returns a mask as a batch of one, float32, 1 where it is not 0."""
    shape = tf.concat([batch_shape[1:3], [1]], 0)
    # Ones are added, so that the shapes can be compared whatever the mask's rank is.
    same = tf.reduce_all(tf.concat([tf.shape(mask), [1, 1, 1]], 0)[:3] == shape)
    same &= tf.size(mask) == tf.reduce_prod(shape)
    check = tf.debugging.Assert(
        same, ["mask must have the size of the image:", shape, "not", tf.shape(mask)], summarize=8
    )
    with tf.control_dependencies([check]):
        known = mask if mask.dtype == tf.bool else mask != tf.zeros((), mask.dtype)
        # No cast: TensorFlow's optimiser would put the reshaping before it, and so before the check.
        return tf.reshape(tf.where(known, 1.0, 0.0), shape)[tf.newaxis]


def _check(generator: keras.Model, inputs: tuple[str, ...], scale: int) -> None:
    if inputs not in INPUTS:
        allowed = "; ".join(", ".join(names) for names in INPUTS)
        raise InputError(f"inputs {', '.join(inputs)!r} are unknown: choose one of {allowed}")
    if len(inputs) != len(generator.inputs):
        raise InputError(f"inputs {', '.join(inputs)}: the generator takes {len(generator.inputs)}")
    if inputs[-1] == "mask" and scale != 1:
        raise InputError(f"scale {scale} is out of range: 1 for a generator that takes a mask")
    for name, tensor in zip(inputs, generator.inputs, strict=True):
        if tuple(tensor.shape[1:3]) != (None, None):
            height, width = tensor.shape[1:3]
            raise InputError(f"{name} of the generator is {width}x{height}: build it for any size")

"""Pictures of one size, decoded from files when they are asked for.

Most pictures are plain JPEG files of the very size: TensorFlow decodes many of them in one call, without
Python's lock. It gives the bits of Pillow, which decodes all others; where it does not, Pillow decodes all.
"""

import contextlib
import functools
import io
import logging
import os
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from tfgan_ref.data.images.decoding import (
    ImageSize,
    crop,
    damage,
    decode_first,
    fit,
    height_and_width,
    is_smaller,
    to_pixels,
    warn_enlarged,
)
from tfgan_ref.data.streams.headers import DAMAGED, PLAIN, Headers
from tfgan_ref.data.streams.rows import Rows, sampled_numbers
from tfgan_ref.data.streams.stores import Changed, Store
from tfgan_ref.errors import InputError

logger = logging.getLogger(__name__)

_TOGETHER = 64  # most files that TensorFlow decodes in one call
_TRIED = 8  # plain JPEG files, of which the first sound one shows whether both decoders agree


class PictureRows(Rows):
    """Pictures of a store, uint8 (N, H, W, C), scaled and cropped as ``fit`` does.

    Args:
        name: the data set's name for messages.
        store: their files.
        headers: of the files.
        image_size: side of the squares, or (height, width); None: all have one size.
        channels: 1 or 3; None is 3 if any picture is coloured, else 1.

    Raises:
        InputError: more than 1 % of the headers cannot be read, or sizes differ without ``image_size``.
    """

    def __init__(
        self, name: str, store: Store, headers: Headers, image_size: ImageSize | None, channels: int | None
    ) -> None:
        sound = headers.kinds != DAMAGED
        first = int(np.argmax(sound))
        size = (int(headers.widths[first]), int(headers.heights[first]))
        if image_size is None:
            others = sound & ((headers.widths != size[0]) | (headers.heights != size[1]))
            if others.any():
                other = int(np.argmax(others))
                raise InputError(
                    f"{name}: images of different sizes, {store.names[first]} is {size[0]}x{size[1]} and "
                    f"{store.names[other]} is {headers.widths[other]}x{headers.heights[other]}: pass "
                    "image_size to scale and crop them all to one square"
                )
        height, width = size[::-1] if image_size is None else height_and_width(image_size)
        shape = (len(store.names), height, width, channels or int(headers.channels[sound].max(initial=1)))
        fingerprint = _fingerprint(store, shape)
        # Of a store whose stamps are checksums, which need nothing beside them, there are no ``changes``.
        stamps = np.stack([store.stamps, store.changes])
        version = f"{fingerprint}-{zlib.crc32(stamps.tobytes()):08x}"
        super().__init__(name, shape, np.uint8, fingerprint, version)
        self.store = store
        self._size = (height, width)
        exact = (headers.widths == width) & (headers.heights == height)
        self._native = (headers.kinds == PLAIN) & exact & (headers.channels <= shape[-1])
        first_plain = np.flatnonzero(self._native)[:_TRIED]
        if len(first_plain) and not _same_bits(map(self._contents, first_plain.tolist()), shape[-1]):
            logger.info(f"{name}: TensorFlow's JPEG decoder gives other bits than Pillow's, which reads all")
            self._native[:] = False
        scratch = np.empty(self.item_shape, np.uint8)
        for number in np.flatnonzero(~sound):
            why = self._decode(int(number), scratch) or "its header"
            self.faults.add(int(number), store.names[number], why)
        if image_size is not None:
            self._warn_of_enlarged(headers, sound, image_size)

    crops = True

    def item_name(self, number: int) -> str:
        """Returns the path of a picture's file."""
        return self.store.names[number]

    def fetch(
        self, numbers: np.ndarray, places: np.ndarray | None = None
    ) -> tuple[np.ndarray | tf.Tensor, dict[int, str]]:
        """Reads and decodes pictures; see ``Rows.fetch``."""
        native = self._native[numbers]
        if native.all() and len(numbers) <= _TOGETHER:
            with contextlib.suppress(
                OSError, tf.errors.InvalidArgumentError
            ):  # one is damaged: each by itself
                return self._decode_together(numbers), {}
            native[:] = False
        values = np.empty((len(numbers), *self.item_shape), np.uint8)
        slowly = [*np.flatnonzero(~native)]
        for start in range(0, int(native.sum()), _TOGETHER):
            chosen = np.flatnonzero(native)[start : start + _TOGETHER]
            try:
                values[chosen] = self._decode_together(numbers[chosen])
            except (OSError, tf.errors.InvalidArgumentError):
                slowly += [*chosen]

        def decode(i: int) -> str:
            return self._decode(int(numbers[i]), values[i], None if places is None else places[i])

        reasons = decoding_threads().map(decode, slowly)
        return values, {int(i): why for i, why in zip(slowly, reasons, strict=True) if why}

    def _decode_together(self, numbers: np.ndarray) -> tf.Tensor:
        """Decodes plain JPEG files in one call.

        Raises:
            OSError, tf.errors.InvalidArgumentError: one of them is damaged.
        """
        contents = [self._contents(int(number)) for number in numbers]
        with tf.device("CPU:0"):
            return _decoder(len(numbers), self.item_shape)(tf.constant(contents))

    def _decode(self, number: int, out: np.ndarray, place: np.ndarray | None = None) -> str:
        """Decodes a picture with Pillow; returns what is wrong with it, or "" if nothing is."""
        try:
            image, _ = decode_first(io.BytesIO(self._contents(number)))
            fitted = fit(image, self._size) if place is None else crop(image, self._size, place)
            out[...] = to_pixels(fitted, self.item_shape[-1])
        except InputError:
            raise
        except Exception as error:  # damaged files make Pillow's decoders raise almost anything
            return damage(error)
        return ""

    def _contents(self, number: int) -> bytes:
        try:
            return self.store.read(number)
        except Changed as error:
            raise self.changed(error) from error

    def _warn_of_enlarged(self, headers: Headers, sound: np.ndarray, image_size: ImageSize) -> None:
        sizes = list(zip(headers.widths.tolist(), headers.heights.tolist(), strict=True))
        small = [i for i in np.flatnonzero(sound) if is_smaller(sizes[i], image_size)]
        if small:
            least = min(small, key=lambda i: min(sizes[i]))
            name = self.item_name(least)
            warn_enlarged(self.name, len(small), len(sizes), image_size, sizes[least], name)


def checksum(store: Store) -> int:
    """Returns a checksum of names, sizes and some contents of files."""
    result = zlib.crc32("\n".join(store.names).encode("utf-8", "surrogateescape"))
    result = zlib.crc32(store.sizes.tobytes(), result)
    for number in sampled_numbers(len(store.names)):
        with contextlib.suppress(OSError):  # a damaged one
            result = zlib.crc32(store.read(int(number)), result)
    return result


def _fingerprint(store: Store, shape: tuple[int, ...]) -> str:
    """Returns the shape and a checksum of the files, as a file name."""
    return "files-" + "x".join(map(str, shape)) + f"-{checksum(store):08x}"


@functools.cache
def decoding_threads() -> ThreadPoolExecutor:
    """Returns the threads that decode with Pillow, which releases Python's lock while it does."""
    return ThreadPoolExecutor(min(8, os.cpu_count() or 1))


@functools.cache
def _decoder(count: int, shape: tuple[int, int, int]) -> tf.types.experimental.ConcreteFunction:
    """Returns the graph that decodes JPEG files: strings (count,) to uint8 (count, *shape)."""

    @tf.function(input_signature=[tf.TensorSpec((count,), tf.string)], autograph=False)
    def decode(contents: tf.Tensor) -> tf.Tensor:
        pictures = [_decode_jpeg(contents[i], shape[-1]) for i in range(count)]
        return tf.stack([tf.ensure_shape(picture, shape) for picture in pictures])

    # Called as they are, functions of several counts would count as one that is traced again and again.
    return decode.get_concrete_function()


def _decode_jpeg(content: tf.Tensor | bytes, channels: int) -> tf.Tensor:
    return tf.io.decode_jpeg(content, channels=channels, dct_method="INTEGER_ACCURATE")


def _same_bits(contents: Iterable[bytes], channels: int) -> bool:
    """Returns whether TensorFlow decodes the first sound one of some plain JPEG files as Pillow does."""
    for content in contents:
        try:
            expected = to_pixels(decode_first(io.BytesIO(content))[0], channels)
        except Exception:  # a damaged file tells nothing
            continue
        with tf.device("CPU:0"), contextlib.suppress(tf.errors.InvalidArgumentError):
            return np.array_equal(_decode_jpeg(content, channels).numpy(), expected)
    return False

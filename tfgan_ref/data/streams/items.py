"""Pictures of an object that gives them by their numbers."""

import threading
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from tfgan_ref.data.images.decoding import ImageSize, fit, flatten, from_pixels, to_pixels
from tfgan_ref.data.streams.rows import Rows, sampled_numbers
from tfgan_ref.errors import InputError, reason


class ItemRows(Rows):
    """Pictures of an object, uint8 (N, H, W, C), scaled and cropped as ``fit`` does.

    An item is a picture, (picture, label), or a dict of ``image`` and, if it has one, ``label``. A picture is
    an array, uint8 (H, W) or (H, W, 1, 3 or 4), or Pillow's. Items are asked for one at a time, each always
    the same; one that raises an error is damaged.

    Args:
        name: the data set's name for messages.
        items: has a length and gives items by their numbers.
        image_size: side of the squares, or (height, width); None: all have the size of the first.
        channels: 1 or 3; None: as the first has.

    Raises:
        InputError: the first item is no picture.
    """

    def __init__(
        self, name: str, items: Sequence[Any], image_size: ImageSize | None, channels: int | None
    ) -> None:
        self._items = items
        self._one_at_a_time = threading.Lock()
        self._size, self._channels = image_size, channels
        self.item_shape = None
        try:
            first, _ = self.item(0)
        except Exception as error:  # whatever the object raises
            raise InputError(f"{name}: its first item cannot be used ({reason(error)})") from error
        super().__init__(name, (len(items), *first.shape), np.uint8, "")
        values, _ = self.fetch(sampled_numbers(len(items)))
        self.fingerprint = f"items-{'x'.join(map(str, self.shape))}-{zlib.crc32(values):08x}"

    def item_name(self, number: int) -> str:
        """Returns the number of an item."""
        return f"item {number}"

    def fetch(self, numbers: np.ndarray) -> tuple[np.ndarray, dict[int, str]]:
        """Asks for items; see ``Rows.fetch``."""
        values = np.zeros((len(numbers), *self.item_shape), np.uint8)
        damaged = {}
        for place, number in enumerate(numbers):
            try:
                values[place], _ = self.item(int(number))
            except Exception as error:  # whatever the object raises
                damaged[place] = reason(error)
        return values, damaged

    def item(self, number: int) -> tuple[np.ndarray, int | None]:
        """Returns the pixels of an item, uint8 (H, W, C), and its label.

        Raises:
            Exception: whatever the object raises, or ValueError: it is not as described.
        """
        with self._one_at_a_time:
            found = self._items[number]
        picture, label = parts_of(found)
        pixels = to_pixels(fit(_to_image(picture), self._size), self._channels)
        if self.item_shape not in (None, pixels.shape):
            raise ValueError(
                f"it is {_form(pixels.shape)}, the first one {_form(self.item_shape)}: set image_size or "
                "channels"
            )
        return pixels, None if label is None else _to_label(label)


def parts_of(item: Any) -> tuple[Any, Any]:
    """Returns the picture of an item, or those of a batch, and the label; None: there is none."""
    if isinstance(item, Mapping):
        return item["image"], item.get("label")
    if isinstance(item, (tuple, list)):
        return (*item, None)[:2]
    return item, None


def _to_image(picture: Any) -> Image.Image:
    if isinstance(picture, Image.Image):
        return flatten(picture)
    pixels = np.asarray(picture)
    if pixels.ndim == 2:
        pixels = pixels[..., np.newaxis]
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] not in (1, 3, 4) or 0 in pixels.shape:
        raise ValueError(
            f"a picture is {pixels.dtype} of shape {np.shape(picture)}, it must be uint8 of shape (H, W) or "
            "(H, W, 1, 3 or 4)"
        )
    return flatten(from_pixels(pixels))


def _to_label(label: Any) -> int:
    number = np.asarray(label)
    if number.size != 1 or not np.issubdtype(number.dtype, np.integer):
        raise ValueError(f"a label is {label!r}, it must be a whole number")
    return int(number.reshape(()))


def _form(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]} with {shape[2]} channel{'s' if shape[2] > 1 else ''}"

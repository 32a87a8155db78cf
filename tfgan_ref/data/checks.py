"""Checks of arguments."""

import operator

from tfgan_ref.errors import InputError

MINIMUM_IMAGE_SIZE = 4


def whole_number(name: str, value: int, minimum: int) -> int:
    """Returns ``value`` as an int.

    Raises:
        InputError: if it is not a whole number of at least ``minimum``.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < minimum:
        raise InputError(f"{name}={value!r}: must be a whole number of at least {minimum}")
    return number


def check_form(image_size: int | None, channels: int | None) -> None:
    """Raises InputError unless ``image_size`` is None or at least 4, and ``channels`` None, 1 or 3."""
    if image_size is not None:
        whole_number("image_size", image_size, MINIMUM_IMAGE_SIZE)
    if channels not in (None, 1, 3):
        raise InputError(f"channels={channels!r}: must be 1 (grey), 3 (RGB) or None (as the images are)")


def check_whole(name: str, split: str) -> None:
    """Raises InputError unless ``split`` is "train": for sources that are a single set, with no splits."""
    if split != "train":
        raise InputError(
            f"{name}: split={split!r} does not exist, a path is one whole set (split 'train'); "
            "name the path of the other set instead"
        )

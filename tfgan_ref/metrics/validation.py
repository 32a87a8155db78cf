"""The checks that every metric shares: each raises `InputError` with one line that names the argument."""

import operator

import numpy as np

from tfgan_ref.errors import InputError

CHECKED_ROWS = 4096


def as_array(values: object, name: str) -> np.ndarray:
    """Returns ``values`` as an array of real numbers of their own kind.

    Raises:
        InputError: they are something else, or lists of unequal lengths.
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise InputError(f"{name} is not an array: its rows differ in shape") from None
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
        raise InputError(f"{name} must hold real numbers, not {array.dtype}")
    return array


def real_array(values: object, name: str) -> np.ndarray:
    """Returns ``values`` as an array of floats; float32 and float64 are not copied."""
    array = as_array(values, name)
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def check_finite(array: np.ndarray, name: str) -> None:
    """Raises `InputError` if ``array`` has a NaN or an infinity; looks block by block to save memory."""
    for start in range(0, len(array), CHECKED_ROWS):
        if not np.isfinite(array[start : start + CHECKED_ROWS]).all():
            raise InputError(f"{name} holds NaN or infinite values")


def rows(values: object, name: str, minimum: int = 2) -> np.ndarray:
    """Returns ``values`` as a finite (N, d) array with N >= ``minimum`` and d >= 1."""
    array = real_array(values, name)
    if array.ndim != 2 or array.shape[1] == 0:
        raise InputError(f"{name} must be of shape (N, d), one row per sample, not {array.shape}")
    if len(array) < minimum:
        raise InputError(f"{name} has {len(array)} rows, at least {minimum} are needed")
    check_finite(array, name)
    return array


def row_pair(
    real: object, fake: object, names: tuple[str, str] = ("real", "fake")
) -> tuple[np.ndarray, np.ndarray]:
    """Returns two finite arrays (N, d) and (M, d) with N, M >= 2."""
    first, second = rows(real, names[0]), rows(fake, names[1])
    if first.shape[1] != second.shape[1]:
        raise InputError(
            f"{names[0]} has {first.shape[1]} columns, {names[1]} {second.shape[1]}: they must be equal"
        )
    return first, second


def whole_number(value: object, name: str, low: int, high: int | None = None) -> int:
    """Returns ``value`` as an int within [low, high]."""
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{name} must be a whole number, not {value!r}") from None
    if isinstance(value, bool) or number < low or (high is not None and number > high):
        allowed = f"at least {low}" if high is None else f"from {low} to {high}"
        raise InputError(f"{name} must be {allowed}, not {value!r}")
    return number


def positive(value: object, name: str) -> float:
    """Returns ``value`` as a finite float above zero."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a number, not {value!r}") from None
    if not (np.isfinite(number) and number > 0):
        raise InputError(f"{name} must be above 0 and finite, not {value!r}")
    return number


def one_of(value: object, name: str, allowed: tuple[str, ...]) -> str:
    """Returns ``value`` if it is one of the ``allowed`` names."""
    if value not in allowed:
        raise InputError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
    return value


def joint_mean(real: np.ndarray, fake: np.ndarray) -> np.ndarray:
    """Returns the float64 mean of all rows: the origin from which products of features lose no digits."""
    total = real.sum(axis=0, dtype=np.float64) + fake.sum(axis=0, dtype=np.float64)
    return total / (len(real) + len(fake))

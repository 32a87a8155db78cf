"""The package's own error types, and the checks that many functions share."""

import contextlib
import difflib
import math
import operator
import os
import re
import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

MODEL = "a run directory or a SavedModel"  # what most commands take
RENAMED = {"batch_norm": "normalisation"}  # settings of earlier versions


class InputError(ValueError):
    """Input that cannot be used: the message is one line that names it, its value and what is allowed.

    Commands print the message and end with exit code 2.
    """

    def __init__(self, message: str) -> None:
        # What it names may hold line breaks: a path, a class, a key.
        super().__init__(" ".join(message.splitlines()))


class Limits(NamedTuple):
    """Range of a number; ``allowed`` is what the message about a number outside says of it."""

    allowed: str
    least: float = -float("inf")
    above: float = -float("inf")
    below: float = float("inf")


class TrainingDiverged(RuntimeError):
    """A loss or a weight became NaN or infinite.

    Args:
        what: what became so, and at which step.
        kept: what is left, the last good checkpoint, and how to go on.
    """

    def __init__(self, what: str, kept: str) -> None:
        super().__init__(f"{what}: training stopped; {kept}")
        self.what = what


class WorkerLost(RuntimeError):
    """Another process of a distributed run was lost: the message is one line, without TensorFlow's pages."""


@contextlib.contextmanager
def name_in_errors(name: str) -> Iterator[None]:
    """Puts the name before the message of an InputError raised inside."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


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


def check_at_least(minimum: float, *, below: float = float("inf"), **values: float | Sequence[float]) -> None:
    """Refuses numbers below ``minimum`` or not below ``below``, alone or within a sequence, and NaN.

    Raises:
        InputError: for the first of ``values`` that is; the message names it.
    """
    for name, value in values.items():
        numbers = value if isinstance(value, (list, tuple)) else [value]
        if not all(minimum <= number < below or number == below == float("inf") for number in numbers):
            allowed = f"at least {minimum}" if below == float("inf") else f"from {minimum} to below {below}"
            raise InputError(f"{name} {value} is out of range: {allowed}")


def check_value(key: str, value: Any, allowed: Limits | Sequence[Any]) -> None:
    """Refuses a value of a setting outside of its range, or none of its choices.

    Raises:
        InputError: it is; None is in every range.
    """
    if isinstance(allowed, Limits):
        if value is not None and not (allowed.least <= value and allowed.above < value < allowed.below):
            raise InputError(f"{key} {value} is out of range: {allowed.allowed}")
    elif value not in allowed:
        known = ", ".join(str(choice) for choice in allowed if choice is not None)
        raise InputError(f"{key} {value!r} is unknown: choose one of {known}")


def check_exists(path: Path, what: str) -> None:
    """Refuses a path at which there is nothing.

    Raises:
        InputError: there is nothing; the message tells to name ``what``.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist: name {what}")


def check_seed(seed: int) -> None:
    """Refuses a seed that is not from 0 to 2147483647.

    Raises:
        InputError: it is not.
    """
    if not 0 <= seed < 2**31:
        raise InputError(f"seed {seed} is out of range: from 0 to 2147483647")


def unknown(kind: str, name: str, known: Iterable[str], where: str = "") -> InputError:
    """Returns the error that there is no ``name``: it proposes what it is called now, or is written alike."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    if RENAMED.get(name) in known:
        near = [RENAMED[name]]
    meant = f" (did you mean {near[0]}?)" if near else ""
    return InputError(f"{kind} {name!r} is unknown{where}{meant}: choose one of {', '.join(known)}")


def parse_value(key: str, text: str, kind: Any) -> Any:
    """Returns the value that ``text`` stands for, of a type such as ``int | None``.

    Raises:
        InputError: it is not of that type, or no finite number; the message names the setting ``key``.
    """
    options = typing.get_args(kind) or (kind,)
    if types.NoneType in options and text.lower() == "none":
        return None
    wanted = next(option for option in options if option is not types.NoneType)
    if wanted is bool:
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
    else:
        try:
            value = wanted(text)
        except ValueError:
            pass
        else:
            if wanted is not float or abs(value) < float("inf"):
                return value
    raise InputError(f"setting {key}={text!r} is not {type_name(kind)}")


def type_name(kind: Any) -> str:
    """Returns what messages call a type."""
    if isinstance(kind, types.UnionType):
        return " or ".join(type_name(part) for part in typing.get_args(kind))
    return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}.get(kind, "none")


def reason(error: BaseException) -> str:
    """Returns the first line of an error's message (or its type), short enough for a one-line message.

    TensorFlow's errors in graphs begin with lines about the place, which are passed over.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    place = ("Graph execution error", "Detected at node", "<stack traces unavailable>", 'File "')
    text = next((line for line in lines if not line.startswith(place)), type(error).__name__)
    return text if len(text) <= 200 else text[:197] + "..."


def out_of_memory(error: BaseException) -> str | None:
    """Returns one line on an error of NumPy or TensorFlow about memory that ran out; None for other errors.

    It says what was asked for, what there is and what to lower.
    """
    text = str(error)
    tensor = re.search(
        r"OOM when allocating tensor with shape\[([\d,]*)\] and type (\w+) on \S*device:(\S+)", text
    )
    if tensor:
        shape, kind, device = tensor.groups()
        # TensorFlow's names in C: float, half, int64, complex64; those without a number and bool.
        named = {"float": 32, "double": 64, "half": 16, "bool": 8}
        bits = named.get(kind) or int(re.sub(r"\D", "", kind) or 32)
        size = math.prod(map(int, shape.split(","))) * bits / 8 if shape else 0
        asked = f"a tensor of {kind} [{shape}] needs another {size / 2**30:.1f} GiB"
    elif isinstance(error, MemoryError):
        device, asked = "CPU:0", reason(error)
    elif compiled := re.search("Out of memory while trying to allocate [^.\n]*", text):
        device, asked = "the device", compiled.group()
    else:
        return None
    there = f"{device} has no more"
    if device.startswith("CPU"):
        there = f"this machine has {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GiB"
    return (
        f"out of memory: {asked}, {there}: lower the batch size, the size of the data or the networks' width"
    )

"""Reads the pickle inside a PyTorch checkpoint, interpreted without ever running it.

A pickle is a program for a stack machine, and Python's own `pickle` calls whatever the program names. Here
the few operations that a dictionary of tensors needs are carried out on plain data: a name is only compared
with those known, a tensor becomes a description of where its numbers lie, and all else is refused.
"""

import dataclasses
import pickletools
from typing import BinaryIO

import numpy as np

# What PyTorch writes as a storage's type, and NumPy's name of it.
_STORAGES = {
    "torch.FloatStorage": "<f4",
    "torch.DoubleStorage": "<f8",
    "torch.HalfStorage": "<f2",
    "torch.LongStorage": "<i8",
    "torch.IntStorage": "<i4",
    "torch.ShortStorage": "<i2",
    "torch.CharStorage": "|i1",
    "torch.ByteStorage": "|u1",
    "torch.BoolStorage": "|b1",
}
_ORDERED_DICT = "collections.OrderedDict"
_TENSORS = ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor")
_PARAMETERS = ("torch._utils._rebuild_parameter", "torch.nn.parameter.Parameter")
_KNOWN = {*_STORAGES, _ORDERED_DICT, *_TENSORS, *_PARAMETERS}
_MOST_DIMENSIONS = 8


@dataclasses.dataclass(frozen=True)
class Name:
    """Name that the pickle wants called: one of `_KNOWN`, never looked up."""

    text: str


@dataclasses.dataclass(frozen=True)
class Storage:
    """Block of ``count`` numbers stored in the file under ``key``."""

    key: str
    dtype: np.dtype
    count: int


@dataclasses.dataclass(frozen=True)
class Tensor:
    """View of a storage; offset and strides count numbers, not bytes."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def interpret(file: BinaryIO) -> object:
    """Reads one pickle, up to its end, from where the file stands.

    Returns:
        Strings, numbers, lists, tuples, dictionaries with string keys, and the descriptions above.

    Raises:
        ValueError: bytes that are no pickle, or an operation, a name or a value that no dictionary of tensors
            needs; it says which.
    """
    try:
        return _run(file)
    except (IndexError, KeyError, TypeError):
        raise ValueError("its pickle takes what was never put there") from None


def _run(file: BinaryIO) -> object:
    """Carries out the operations of a pickle."""
    stack: list = []
    marks: list[int] = []
    memo: dict[int, object] = {}

    def since_mark() -> list:
        start = marks.pop()
        items = stack[start:]
        del stack[start:]
        return items

    for operation, argument, _ in pickletools.genops(file):
        match operation.name:
            case "PROTO":
                pass
            case "STOP":
                break
            case "MARK":
                marks.append(len(stack))
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                stack.append({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[operation.name])
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINUNICODE" | "BINSTRING" | "SHORT_BINSTRING":
                stack.append(argument)
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "EMPTY_DICT" | "EMPTY_LIST" | "EMPTY_TUPLE":
                stack.append({"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}[operation.name]())
            case "TUPLE":
                stack.append(tuple(since_mark()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(operation.name[-1])
                stack[-count:] = [tuple(stack[-count:])]
            case "APPEND" | "APPENDS":
                items = [stack.pop()] if operation.name == "APPEND" else since_mark()
                _expect(stack[-1], list, "a list").extend(items)
            case "SETITEM" | "SETITEMS":
                items = [stack.pop(-2), stack.pop()] if operation.name == "SETITEM" else since_mark()
                for key, value in zip(items[::2], items[1::2], strict=True):
                    _expect(stack[-1], dict, "a dictionary")[_expect(key, str, "a string")] = value
            case "GLOBAL":
                stack.append(_known_name(argument))
            case "BINPERSID":
                stack.append(_storage(stack.pop()))
            case "REDUCE":
                arguments = stack.pop()
                stack.append(_call(stack.pop(), _expect(arguments, tuple, "a tuple")))
            case "BUILD":
                # Attributes of what was built, such as a state dict's versions: not needed.
                stack.pop()
            case other:
                raise ValueError(f"its pickle has {other}, which no dictionary of tensors needs")
    return stack.pop()


def _expect(value: object, kind: type, name: str) -> object:
    if type(value) is not kind:
        raise ValueError(f"its pickle has a {type(value).__name__} where {name} must be")
    return value


def _known_name(argument: str) -> Name:
    text = argument.replace(" ", ".")
    if text not in _KNOWN:
        raise ValueError(f"its pickle names {text[:100]!r}, which no dictionary of tensors needs")
    return Name(text)


def _sizes(values: object) -> tuple[int, ...]:
    if type(values) is not tuple or len(values) > _MOST_DIMENSIONS:
        raise ValueError(f"its pickle has no tuple of up to {_MOST_DIMENSIONS} sizes where a shape must be")
    if not all(type(value) is int and 0 <= value < 2**48 for value in values):
        raise ValueError("its pickle has a shape that is not made of sizes")
    return values


def _storage(identifier: object) -> Storage:
    """Understands ("storage", type, key, device, count) and, in files before PyTorch 1.6, a sixth part."""
    if type(identifier) is not tuple or len(identifier) not in (5, 6) or identifier[0] != "storage":
        raise ValueError("its pickle refers to something other than a storage")
    kind, key, count = identifier[1], identifier[2], identifier[4]
    if type(kind) is not Name or kind.text not in _STORAGES:
        raise ValueError("its pickle has a storage of unknown type")
    if identifier[5:] not in ((), (None,)):
        raise ValueError("its pickle has a storage that is part of another, as PyTorch no longer writes")
    _sizes((count,))
    return Storage(_expect(key, str, "a storage's name"), np.dtype(_STORAGES[kind.text]), count)


def _call(function: object, arguments: tuple) -> object:
    """Gives a description of what the named function would have made of its arguments.

    It copies nothing, so a short pickle cannot ask for much memory.
    """
    name = _expect(function, Name, "a known name").text
    if name == _ORDERED_DICT and len(arguments) <= 1:
        # Python 2 wrote the pairs as a list, which stays one.
        return _expect(arguments[0], list, "a list of pairs") if arguments else {}
    if name in _PARAMETERS and arguments:
        return _expect(arguments[0], Tensor, "a tensor")
    if name in _TENSORS and len(arguments) >= 4:
        storage, offset, shape, strides = arguments[:4]
        _sizes((offset,))
        if len(_sizes(shape)) != len(_sizes(strides)):
            raise ValueError("its pickle has a tensor with other numbers of sizes and strides")
        return Tensor(_expect(storage, Storage, "a storage"), offset, shape, strides)
    raise ValueError(f"its pickle calls {name} in an unknown way")

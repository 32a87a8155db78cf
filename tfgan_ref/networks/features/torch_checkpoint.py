"""State dicts in PyTorch's files, read without PyTorch and without unpickling.

Both formats are read: the zip archive that `torch.save` writes since PyTorch 1.6, and the sequence of pickles
from before it, in which most published weights (pytorch-fid's, torchvision's VGG, LPIPS's) still are.
"""

import io
import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfgan_ref.networks.features.pickled_tensors import Storage, Tensor, interpret

# A state dict's pickle holds names and shapes only, some 100 bytes per tensor.
_LARGEST_PICKLE = 2**23
_ZIP_START = b"PK\x03\x04"
# The pickled magic number with which older files begin.
_LEGACY_START = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
_LEGACY_VERSION = 1001


def read_torch_checkpoint(path: Path, wanted: Callable[[str], bool]) -> dict[str, np.ndarray]:
    """Reads tensors of a state dict that `torch.save` has written, as read-only arrays.

    Args:
        path: the file.
        wanted: whether to read the tensor of that name; the others stay on disk.

    Raises:
        ValueError: the file is damaged, or holds something else; the message says what.
        Exception: whatever `zipfile` raises for damaged files.
    """
    with path.open("rb") as file:
        start = file.read(len(_LEGACY_START))
        if start == _LEGACY_START:
            return _read_legacy(file, wanted)
        if not start.startswith(_ZIP_START):
            raise ValueError("it is no file of torch.save")
        if not zipfile.is_zipfile(file):  # the list of contents is at the end
            raise ValueError("it is cut off")
        return _read_archive(file, wanted)


def _read_archive(file: BinaryIO, wanted: Callable[[str], bool]) -> dict[str, np.ndarray]:
    """Reads a zip archive of ``NAME/data.pkl`` and ``NAME/data/KEY`` for each storage, all uncompressed."""
    length = _length(file)
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        roots = [name.removesuffix("data.pkl") for name in names if name.endswith("/data.pkl")]
        if len(roots) != 1:
            raise ValueError("it is a zip archive, but not one of torch.save")

        def record(name: str, most: int = length) -> bytes:
            if roots[0] + name not in names:
                raise ValueError(f"its part {name[:100]!r} is missing")
            info = archive.getinfo(roots[0] + name)
            # The sizes are the file's own claims: nothing may be larger in memory than it is on disk.
            if info.compress_type != zipfile.ZIP_STORED or info.file_size > most:
                raise ValueError(f"its part {name[:100]!r} is compressed or too large")
            return archive.read(info)

        if roots[0] + "byteorder" in names and record("byteorder") != b"little":
            raise ValueError("its numbers are big-endian")
        tensors = _tensors(interpret(io.BytesIO(record("data.pkl", _LARGEST_PICKLE))))
        tensors = {name: tensor for name, tensor in tensors.items() if wanted(name)}
        data = {key: record(f"data/{key}") for key in _storages(tensors)}
        return {name: _view(tensor, data[tensor.storage.key]) for name, tensor in tensors.items()}


def _read_legacy(file: BinaryIO, wanted: Callable[[str], bool]) -> dict[str, np.ndarray]:
    """Reads five pickles, then each storage as its length in 64 bits and its numbers.

    The pickles: a magic number, the version, the machine, the state dict, the storages' keys in their order.
    """
    length = _length(file)
    head = io.BytesIO(file.read(_LARGEST_PICKLE))
    head.seek(len(_LEGACY_START))
    version, machine = interpret(head), interpret(head)
    if version != _LEGACY_VERSION or type(machine) is not dict or machine.get("little_endian") is not True:
        raise ValueError("it is of an unknown version, or its numbers are big-endian")
    tensors = _tensors(interpret(head))
    storages = _storages(tensors)
    tensors = {name: tensor for name, tensor in tensors.items() if wanted(name)}
    needed = _storages(tensors)
    data = {}
    keys = interpret(head)
    file.seek(head.tell())
    for key in keys if type(keys) is list else ():
        if type(key) is not str or key not in storages:
            raise ValueError("it lists a storage that no tensor has")
        storage = storages[key]
        size = storage.count * storage.dtype.itemsize
        if int.from_bytes(file.read(8), "little") != storage.count or file.tell() + size > length:
            raise ValueError("it is cut off")
        if key in needed:
            data[key] = file.read(size)
        else:
            file.seek(size, io.SEEK_CUR)
    if data.keys() != needed.keys():
        raise ValueError("it lacks the numbers of some tensors")
    return {name: _view(tensor, data[tensor.storage.key]) for name, tensor in tensors.items()}


def _length(file: BinaryIO) -> int:
    length = file.seek(0, io.SEEK_END)
    file.seek(0)
    return length


def _tensors(state: object) -> dict[str, Tensor]:
    """Returns the state dict's tensors by name."""
    if type(state) not in (dict, list):
        raise ValueError(f"it holds a {type(state).__name__}, not a dictionary of tensors")
    tensors = {}
    for name, value in state.items() if type(state) is dict else state:
        if type(name) is not str:
            raise ValueError("its dictionary has a name that is no string")
        if type(value) is not Tensor:
            raise ValueError(f"its entry {name[:100]!r} is no tensor")
        tensors[name] = value
    return tensors


def _storages(tensors: dict[str, Tensor]) -> dict[str, Storage]:
    return {tensor.storage.key: tensor.storage for tensor in tensors.values()}


def _view(tensor: Tensor, data: bytes) -> np.ndarray:
    """Returns the tensor as a read-only view of its storage, so that no claimed size costs memory."""
    storage = tensor.storage
    last = tensor.offset + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True))
    too_large = max(last + 1, math.prod(tensor.shape), tensor.offset) > storage.count
    if too_large or len(data) != storage.count * storage.dtype.itemsize:
        raise ValueError(f"its storage {storage.key[:100]!r} does not have the size that its tensor needs")
    numbers = np.frombuffer(data, storage.dtype)[tensor.offset :]
    strides = [step * storage.dtype.itemsize for step in tensor.strides]
    return np.lib.stride_tricks.as_strided(numbers, tensor.shape, strides, writeable=False)

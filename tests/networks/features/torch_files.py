"""Files in the formats of `torch.save`, written by hand, so that their reader is tested without PyTorch."""

import struct
import zipfile

import numpy as np

STORAGES = {"f4": "FloatStorage", "f8": "DoubleStorage", "f2": "HalfStorage", "i8": "LongStorage"}
ORDERED_DICT = b"ccollections\nOrderedDict\n)R"
LEGACY_MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


def text(value):
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def whole(value):
    return b"J" + struct.pack("<i", value)


def sequence(items):
    return b"(" + b"".join(items) + b"t"


def storage(kind, key, count, *, legacy=False):
    parts = [text("storage"), f"ctorch\n{kind}\n".encode(), text(key), text("cpu"), whole(count)]
    return sequence(parts + [b"N"] * legacy) + b"Q"


def tensor(stored, shape, strides, offset=0):
    sizes = [sequence(map(whole, shape)), sequence(map(whole, strides))]
    arguments = [stored, whole(offset), *sizes, b"\x89", ORDERED_DICT]
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + sequence(arguments) + b"R"


def state_dict(entries):
    """The pickle of an ordered dictionary of pickled values, with the attribute that PyTorch adds."""
    items = b"".join(text(name) + value for name, value in entries.items())
    return b"\x80\x02" + ORDERED_DICT + b"(" + items + b"u}" + text("_metadata") + b"}sb."


def pickled(arrays, *, legacy=False):
    entries = {}
    for number, (name, array) in enumerate(arrays.items()):
        stored = storage(STORAGES[array.dtype.str[1:]], str(number), array.size, legacy=legacy)
        strides = [step // array.itemsize for step in np.empty(array.shape, array.dtype).strides]
        entries[name] = tensor(stored, array.shape, strides)
    return state_dict(entries)


def write_archive(path, data_pkl, records=(), compression=zipfile.ZIP_STORED, **others):
    """Writes the zip format: the pickle and the storages' bytes, numbered."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", data_pkl)
        for name, content in others.items():
            archive.writestr(f"archive/{name}", content)
        for number, content in enumerate(records):
            archive.writestr(f"archive/data/{number}", content)
    return path


def write_legacy(path, pickle, records=()):
    """Writes the older format; records are (count, bytes)."""
    machine = b"\x80\x02}" + text("little_endian") + b"\x88s."
    keys = b"\x80\x02](" + b"".join(text(str(number)) for number in range(len(records))) + b"e."
    data = b"".join(struct.pack("<q", count) + content for count, content in records)
    path.write_bytes(LEGACY_MAGIC + b"\x80\x02M\xe9\x03." + machine + pickle + keys + data)
    return path


def save(path, arrays, *, legacy=False):
    """Writes a state dict of contiguous arrays as `torch.save` does."""
    arrays = {name: np.ascontiguousarray(array).reshape(np.shape(array)) for name, array in arrays.items()}
    if legacy:
        records = [(array.size, array.tobytes()) for array in arrays.values()]
        return write_legacy(path, pickled(arrays, legacy=True), records)
    return write_archive(path, pickled(arrays), [array.tobytes() for array in arrays.values()])


def random_state(variables, seed=0):
    """Random values, in PyTorch's order, for variables by PyTorch's names.

    Kernels keep the signal's size through ReLUs, so that deep layers still depend on the image.
    """
    rng = np.random.default_rng(seed)
    state = {}
    for name, variable in variables.items():
        shape = tuple(variable.shape)
        if len(shape) == 1:
            low, high = (0.5, 1.5) if name.endswith(("bn.weight", "running_var")) else (-0.2, 0.2)
            state[name] = rng.uniform(low, high, shape).astype(np.float32)
        else:
            values = rng.standard_normal(shape, np.float32) * np.sqrt(
                2 / np.prod(shape[:-1]), dtype=np.float32
            )
            state[name] = values.transpose((3, 2, 0, 1) if len(shape) == 4 else (1, 0))
    return state

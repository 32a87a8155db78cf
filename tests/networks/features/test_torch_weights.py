"""Reading state dicts: both formats of torch.save and .npz, damaged files, and files that try to do harm."""

import builtins
import os
import pickle
import struct
import subprocess
import zipfile

import keras
import numpy as np
import pytest
from keras import layers

from tests.networks.features import torch_files
from tests.networks.features.torch_files import ORDERED_DICT, sequence, state_dict, storage, tensor
from tfgan_ref.errors import InputError
from tfgan_ref.networks.features import pickled_tensors, torch_checkpoint
from tfgan_ref.networks.features.weight_files import (
    Published,
    assign_weights,
    find_weights,
    read_weights,
    torch_variables,
)

ARRAYS = {
    "conv.weight": np.arange(2 * 3 * 1 * 5, dtype=np.float32).reshape(2, 3, 1, 5),
    "conv.bias": np.array([0.5, -0.5], np.float64),
    "half": np.array([[1.5]], np.float16),
    "bn.num_batches_tracked": np.array(7, np.int64),
}


def refused(path, *words):
    with pytest.raises(InputError) as caught:
        read_weights(path)
    line = str(caught.value)
    assert "\n" not in line
    for word in (str(path), *words):
        assert word in line, line


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_reads_what_torch_writes(tmp_path, legacy):
    path = torch_files.save(tmp_path / "state.pth", ARRAYS, legacy=legacy)
    found = read_weights(path)
    assert list(found) == ["conv.weight", "conv.bias", "half"]
    for name, array in found.items():
        np.testing.assert_array_equal(array, ARRAYS[name])
        assert array.dtype == ARRAYS[name].dtype
    everything = read_weights(path, ignored="^$")
    assert everything["bn.num_batches_tracked"] == 7
    assert list(read_weights(path, ignored="^conv|tracked")) == ["half"]


def test_reads_npz(tmp_path):
    np.savez(tmp_path / "state.npz", **ARRAYS)
    found = read_weights(tmp_path / "state.npz")
    assert list(found) == ["conv.weight", "conv.bias", "half"]
    np.testing.assert_array_equal(found["conv.weight"], ARRAYS["conv.weight"])


def test_npz_with_python_objects_is_refused(tmp_path):
    np.savez(tmp_path / "state.npz", weight=np.array([{}], object))
    refused(tmp_path / "state.npz", "allow_pickle=False")


def test_views_of_one_storage(tmp_path):
    stored = storage("FloatStorage", "0", 6)
    entries = {"rows": tensor(stored, (2, 3), (3, 1)), "transposed": tensor(stored, (3, 2), (1, 3))}
    entries["last"] = tensor(stored, (2,), (1,), offset=4)
    numbers = np.arange(6, dtype=np.float32)
    path = torch_files.write_archive(tmp_path / "s.pth", state_dict(entries), [numbers.tobytes()])
    found = read_weights(path)
    np.testing.assert_array_equal(found["rows"], numbers.reshape(2, 3))
    np.testing.assert_array_equal(found["transposed"], numbers.reshape(2, 3).T)
    np.testing.assert_array_equal(found["last"], [4, 5])


def test_reads_parameters_and_the_dictionaries_of_python_2(tmp_path):
    stored = torch_files.tensor(storage("FloatStorage", "0", 2), (2,), (1,))
    parameter = b"ctorch._utils\n_rebuild_parameter\n" + sequence([stored, b"\x88", ORDERED_DICT]) + b"R"
    older = b"ctorch.nn.parameter\nParameter\n" + sequence([stored]) + b"R" + sequence([b"\x88", b"N"]) + b"b"
    pairs = b"](](U\x01a" + parameter + b"e](U\x01b" + older + b"ee"
    python_2 = b"\x80\x02ccollections\nOrderedDict\n" + sequence([pairs]) + b"R."
    record = np.array([1, 2], np.float32).tobytes()
    found = read_weights(torch_files.write_archive(tmp_path / "s.pth", python_2, [record]))
    assert {name: array.tolist() for name, array in found.items()} == {"a": [1, 2], "b": [1, 2]}


class Harm:
    """Unpickles into a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


HARM = {
    "os.system": lambda target: Harm(os.system, f"touch {target}"),
    "eval": lambda target: Harm(builtins.eval, f"open({target!r}, 'w')"),
    "exec": lambda target: Harm(builtins.exec, f"open({target!r}, 'w')"),
    "open": lambda target: Harm(builtins.open, target, "w"),
    "subprocess": lambda target: Harm(subprocess.check_call, ["touch", target]),
    "nested": lambda target: {"weight": [({"a": Harm(os.system, f"touch {target}")},)]},
    "getattr": lambda target: Harm(getattr, Harm(__import__, "os"), "system"),
}


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("harm", HARM)
def test_nothing_is_executed(tmp_path, harm, protocol, legacy):
    target = tmp_path / "executed"
    program = pickle.dumps(HARM[harm](str(target)), protocol)
    write = torch_files.write_legacy if legacy else torch_files.write_archive
    refused(write(tmp_path / "state.pth", program), "cannot be read")
    assert not target.exists()
    # The same bytes do harm where they are unpickled: the test would see it.
    if harm == "os.system":
        pickle.loads(program)
        assert target.exists()


@pytest.mark.parametrize(
    ("program", "words"),
    [
        # Names: unknown ones, by both operations; known ones called in another way, or with odd arguments.
        (b"\x80\x02cposix\nsystem\nU\x02lsR.", "posix.system"),
        (b"\x80\x04\x8c\x05posix\x8c\x06system\x93.", "SHORT_BINUNICODE"),
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2.__globals__\n.", "__globals__"),
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.", "unknown way"),
        (b"\x80\x02ctorch\nFloatStorage\n)R.", "unknown way"),
        (b"\x80\x02ccollections\nOrderedDict\nU\x01x\x85R.", "a list of pairs"),
        (b"\x80\x02U\x02ls)R.", "str where a known name must be"),
        (b"\x80\x02ccollections\nOrderedDict\n]R.", "list where a tuple must be"),
        # Building objects: attributes are dropped, classes and extension codes are refused.
        (b"\x80\x02ctorch\nFloatStorage\n)\x81.", "NEWOBJ"),
        (b"\x80\x02(iposix\nsystem\n.", "INST"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"\x80\x02U\x02ls}U\x09__class__cposix\nsystem\nsb.", "posix.system"),
        # References.
        (b"\x80\x02U\x07/etc/pwQ.", "something other than a storage"),
        (b"\x80\x02(U\x07storageU\x01xU\x010U\x03cpuK\x01tQ.", "unknown type"),
        (b"\x80\x02" + storage("FloatStorage", "0", -1) + b".", "not made of sizes"),
        (b"\x80\x02h\x05.", "never put there"),  # a memo entry that was never put
        # Stacks and types that fit nothing.
        (b"\x80\x02.", "never put there"),
        (b"\x80\x02K\x01.", "it holds a int"),
        (b"\x80\x02](K\x01e.", "cannot unpack"),
        (b"\x80\x02}K\x01K\x02s.", "int where a string must be"),
        (b"\x80\x02}(U\x01ae.", "dict where a list must be"),
        (b"\x80\x02}(U\x01au.", "argument 2 is shorter"),
        (b"\x80\x02}U\x01aK\x01s.", "'a' is no tensor"),
        (b"\x80\x02t.", "never put there"),
        (b"", "no"),
        (b"\x80\x02}", "exhausted"),
        (b"\xff" * 40, "unknown"),
        # Lengths that the file does not have.
        (b"\x80\x02X\xff\xff\xff\xff.", "expected 4294967295"),
        (b"\x80\x02\x8a\xff.", "not enough data"),
        (b"\x80\x04\x8d" + b"\xff" * 7 + b"\x0f.", "expected"),
        (b"\x80\x02\x8b\xff\xff\xff\x7f.", "not enough data"),
    ],
)
def test_programs_that_no_state_dict_needs(tmp_path, program, words):
    refused(torch_files.write_archive(tmp_path / "state.pth", program), words)


def test_deep_nesting_is_refused_in_time_and_space(tmp_path):
    program = b"\x80\x02)" + b"\x85" * 10**5 + b"K\x01" + b"\x86" * 10 + b"."
    refused(torch_files.write_archive(tmp_path / "state.pth", program), "tuple")


BOMBS = {
    # More numbers than the storage has, by size, by stride, by offset; a storage larger than its record.
    "shape": lambda path: one_tensor(path, (2**30, 2**30), (0, 0)),
    "expanded": lambda path: one_tensor(path, (2**40,), (0,)),
    "stride": lambda path: one_tensor(path, (2, 2), (2**29, 1)),
    "offset": lambda path: one_tensor(path, (1,), (1,), offset=2**30),
    "storage": lambda path: one_tensor(path, (1,), (1,), count=2**30),
    "dimensions": lambda path: one_tensor(path, (1,) * 20, (1,) * 20),
    "strides": lambda path: one_tensor(path, (1, 1), (1,)),
    "negative stride": lambda path: one_tensor(path, (2,), (-1,), offset=1),
    "negative offset": lambda path: one_tensor(path, (1,), (1,), offset=-1),
    "deflated": lambda path: one_tensor(path, (4,), (1,), compression=zipfile.ZIP_DEFLATED),
    "large pickle": lambda path: torch_files.write_archive(path, b"\x80\x02" + b"N" * 2**23 + b"."),
}


def one_tensor(path, shape, strides, offset=0, count=4, **settings):
    whole_number = torch_files.whole

    def large(value):
        return whole_number(value) if value < 2**31 else b"\x8a\x08" + struct.pack("<q", value)

    torch_files.whole = large
    try:
        program = state_dict({"w": tensor(storage("FloatStorage", "0", count), shape, strides, offset)})
    finally:
        torch_files.whole = whole_number
    return torch_files.write_archive(path, program, [bytes(16)], **settings)


@pytest.mark.parametrize("bomb", BOMBS)
def test_claimed_sizes_cost_no_memory(tmp_path, bomb):
    refused(BOMBS[bomb](tmp_path / "state.pth"))


def test_zip_that_claims_more_than_the_file_has(tmp_path):
    path = torch_files.save(tmp_path / "state.pth", {"w": np.zeros(4, np.float32)})
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)  # the directory's second: data/0
    content[entry + 20 : entry + 28] = struct.pack("<II", 2**31, 2**31)
    path.write_bytes(content)
    refused(path)


def test_names_in_the_zip_reach_no_file(tmp_path):
    (tmp_path / "secret").write_bytes(bytes(16))
    stored = storage("FloatStorage", "../../../secret", 4)
    program = state_dict({"w": tensor(stored, (4,), (1,))})
    refused(torch_files.write_archive(tmp_path / "state.pth", program), "is missing")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["secret", "state.pth"]


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("kept", [0, 1, 10, 30, 200, -200, -1])
def test_truncated_files(tmp_path, legacy, kept):
    path = torch_files.save(tmp_path / "state.pth", ARRAYS, legacy=legacy)
    path.write_bytes(path.read_bytes()[:kept])
    refused(path, "cannot be read")


def test_older_file_that_lists_no_numbers(tmp_path):
    program = state_dict({"w": tensor(storage("FloatStorage", "0", 4, legacy=True), (4,), (1,))})
    refused(torch_files.write_legacy(tmp_path / "state.pth", program), "it lacks the numbers")


def test_flipped_bit_in_the_zip_is_noticed(tmp_path):
    path = torch_files.save(tmp_path / "state.pth", {"w": np.full(1000, 2, np.float32)})
    content = bytearray(path.read_bytes())
    content[content.index(np.full(500, 2, np.float32).tobytes()) + 100] ^= 1
    path.write_bytes(content)
    refused(path, "CRC")


@pytest.mark.parametrize(
    ("name", "write", "words"),
    [
        ("w.pth", lambda p: p.write_bytes(b"<html>not found</html>"), "no file of torch.save"),
        ("w.pth", lambda p: np.savez(p.open("wb"), w=np.zeros(1)), "not one of torch.save"),
        ("w.npz", lambda p: p.write_bytes(b"no zip"), "cannot be read"),
        ("w.npz", lambda p: p.write_bytes(b""), "cannot be read"),
        ("w.bin", lambda p: p.write_bytes(b""), "allowed are .pth, .pt, .npz"),
        ("w.pth", lambda p: torch_files.write_archive(p, state_dict({}), byteorder=b"big"), "big-endian"),
    ],
)
def test_other_files(tmp_path, name, write, words):
    write(tmp_path / name)
    refused(tmp_path / name, words)


def test_missing_file_says_where_to_get_it_and_where_to_put_it(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    published = Published("network.pth", "https://example.org/network.pth")
    kept = tmp_path / "tfgan_ref" / "weights" / "network.pth"
    for path, named in [(None, kept), (tmp_path / "mine.pth", tmp_path / "mine.pth")]:
        with pytest.raises(InputError) as caught:
            find_weights(path, published)
        assert str(caught.value) == (
            f"weights {named}: there is no such file; download https://example.org/network.pth "
            f"and save it as {kept}, or give the path of your copy"
        )
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert find_weights(None, published) == kept


@pytest.fixture
def small_network():
    images = keras.Input((4, 4, 3))
    x = layers.Conv2D(2, (1, 5), use_bias=False, padding="same", name="block.conv")(images)
    x = layers.BatchNormalization(name="block.bn")(x)
    x = layers.Dense(5, name="fc")(layers.Flatten()(x))
    return keras.Model(images, x)


def small_state():
    state = {"block.conv.weight": np.arange(30.0).reshape(2, 3, 1, 5), "fc.weight": np.zeros((5, 32))}
    state |= {f"block.bn.{name}": np.ones(2) for name in ("weight", "bias", "running_mean", "running_var")}
    return state | {"fc.bias": np.arange(5.0)}


def test_assignment_by_name_in_keras_order(small_network, tmp_path):
    state = small_state()
    assign_weights(torch_variables(small_network), state, tmp_path)
    kernel = small_network.get_layer("block.conv").get_weights()[0]
    assert kernel[0, 4, 2, 1] == state["block.conv.weight"][1, 2, 0, 4]
    np.testing.assert_array_equal(small_network.get_layer("fc").get_weights()[1], np.arange(5))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.pop("fc.bias"), "fc.bias is missing"),
        (lambda s: s.update(aux=np.zeros(1)), "aux is not in this network"),
        (
            lambda s: s.update({"fc.weight": np.zeros((32, 5))}),
            "fc.weight has shape (32, 5), it must be (5, 32)",
        ),
        (
            lambda s: s.update({"block.conv.weight": np.zeros((2, 3, 5, 1))}),
            "block.conv.weight has shape (2, 3, 5, 1), it must be (2, 3, 1, 5)",
        ),
        (lambda s: s.update({"fc.bias": np.full(5, np.nan)}), "fc.bias holds values that are not finite"),
        (lambda s: s.update({"fc.bias": np.zeros(5, int)}), "fc.bias holds values"),
        (lambda s: s.update({"fc.bias": np.array(list("abcde"))}), "fc.bias holds values"),
    ],
)
def test_assignment_is_all_or_nothing(small_network, tmp_path, change, words):
    before = small_network.get_weights()
    state = small_state()
    change(state)
    with pytest.raises(InputError, match="^weights ") as caught:
        assign_weights(torch_variables(small_network), state, tmp_path)
    assert words in str(caught.value)
    for old, new in zip(before, small_network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_readers_do_not_import_pickle():
    for module in (pickled_tensors, torch_checkpoint):
        assert not {"pickle", "_pickle", "marshal", "importlib", "eval"} & set(vars(module))

"""Pictures on disk have the bits of those in memory; damaged ones are found by both decoders alike."""

import io
import logging
import shutil

import numpy as np
import pytest

from tests.data.streams.conftest import jpeg, write_mixture
from tfgan_ref.data import read
from tfgan_ref.data.images.decoding import decode, to_pixels
from tfgan_ref.data.streams import pictures
from tfgan_ref.errors import InputError


@pytest.fixture(scope="module")
def mixture(tmp_path_factory):
    return write_mixture(tmp_path_factory.mktemp("mixture"))


@pytest.fixture
def jpegs(tmp_path):
    """200 small JPEG files."""
    for number in range(200):
        (tmp_path / f"{number:03d}.jpg").write_bytes(jpeg(number, (8, 8), quality=80))
    return tmp_path


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("channels", [None, 1, 3])
@pytest.mark.parametrize("image_size", [None, 16, 20])
def test_pictures_of_all_kinds_have_the_bits_of_those_in_memory(mixture, image_size, channels, caplog):
    form = {"image_size": image_size, "channels": channels}
    memory = read(f"folder:{mixture}", **form)
    said = warnings(caplog)
    caplog.clear()
    disk = read(f"folder:{mixture}", stream="on", **form)
    assert disk.on_disk
    assert disk.images.shape == memory.images.shape
    assert (disk.class_names, disk.labels.tolist()) == (memory.class_names, memory.labels.tolist())
    for number, (one, other) in enumerate(zip(memory.images, disk.images[:], strict=True)):
        np.testing.assert_array_equal(one, other, disk.images.item_name(number))
    assert [line for line in warnings(caplog) if "enlarged" in line] == [
        line for line in said if "enlarged" in line
    ]
    assert not len(disk.images.faults)


def test_grey_pictures_stay_grey(tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(number, mode="L"))
    memory, disk = (read(f"folder:{tmp_path}", stream=stream) for stream in ("off", "on"))
    assert disk.images.shape == (3, 16, 24, 1)
    np.testing.assert_array_equal(memory.images, disk.images[:])


def test_plain_jpeg_files_are_decoded_in_one_call(jpegs, monkeypatch):
    expected = np.stack([to_pixels(decode(path)) for path in sorted(jpegs.iterdir())])
    path = jpegs / "000.jpg"
    path.write_bytes(path.read_bytes()[:-40])  # the first one tells nothing about the decoders
    rows = read(f"folder:{jpegs}", stream="on").images
    monkeypatch.setattr(rows, "_decode", None)  # Pillow's
    np.testing.assert_array_equal(rows[1:], expected[1:])


def test_a_decoder_of_other_bits_is_not_used(jpegs, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    right = pictures._decode_jpeg
    monkeypatch.setattr(pictures, "_decode_jpeg", lambda *given: right(*given) ^ 1)
    rows = read(f"folder:{jpegs}", stream="on").images
    assert "TensorFlow's JPEG decoder gives other bits than Pillow's, which reads all" in caplog.text
    np.testing.assert_array_equal(rows[5], to_pixels(decode(jpegs / "005.jpg")))


def test_different_sizes_are_refused_as_in_memory(jpegs):
    (jpegs / "100.jpg").write_bytes(jpeg(0, (9, 8)))
    said = []
    for stream in ("off", "on"):
        with pytest.raises(InputError, match="images of different sizes") as raised:
            read(f"folder:{jpegs}", stream=stream)
        said.append(str(raised.value))
    assert said[0] == said[1]


def pillows(content):
    """What Pillow makes of a file; None if it is damaged."""
    try:
        return to_pixels(decode(io.BytesIO(content)), 3)
    except Exception:
        return None


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"mode": "L"}], ids=str)
def test_what_tensorflow_decodes_pillow_decodes_to_the_same_bits(options):
    """Files that are cut or changed anywhere: where TensorFlow refuses one, Pillow is asked."""
    content = jpeg(3, (40, 32), quality=90, **options)
    chance = np.random.default_rng(0)
    cut = [
        content[:length] for length in [*range(2, len(content), 23), *range(len(content) - 9, len(content))]
    ]
    changed = []
    for place in chance.integers(2, len(content), 60):
        changed.append(content[:place] + bytes([chance.integers(256)]) + content[place + 1 :])
    whole = [content, content + b"more", content + bytes(300)]
    decoded = 0
    for number, broken in enumerate([*cut, *changed, *whole]):
        try:
            native = pictures._decode_jpeg(broken, 3).numpy()
        except Exception:
            continue
        decoded += 1
        np.testing.assert_array_equal(native, pillows(broken), f"file {number}, of {len(broken)} bytes")
    assert decoded >= len(whole)


def test_damaged_files_are_replaced_and_named(jpegs, caplog):
    sound = read(f"folder:{jpegs}").images
    (jpegs / "007.jpg").write_bytes((jpegs / "007.jpg").read_bytes()[:-40])  # its header is whole
    (jpegs / "011.jpg").write_bytes(b"")
    rows = read(f"folder:{jpegs}", stream="on").images
    assert len(rows) == 200
    (said,) = warnings(caplog)
    assert said.startswith(f"folder:{jpegs}: passed over, cannot be read: 011.jpg (")
    expected = sound.copy()
    expected[7], expected[11] = sound[8], sound[12]
    np.testing.assert_array_equal(rows[:], expected)
    assert len(rows.faults) == 2
    assert "007.jpg (" in warnings(caplog)[1]


def test_batches_of_many_sizes_are_read_without_a_warning(jpegs, caplog):
    rows = read(f"folder:{jpegs}", stream="on").images
    for count in range(20, 32):
        assert len(rows[:count]) == count
    assert not warnings(caplog)


@pytest.mark.parametrize("where", ["header", "pixels"])
def test_more_than_one_in_a_hundred_damaged_files_are_an_error(where, jpegs, refused):
    for number in (3, 50, 150):
        path = jpegs / f"{number:03d}.jpg"
        path.write_bytes(b"" if where == "header" else path.read_bytes()[:-40])
    with refused("3 of 200 items cannot be read, more than 1 %: 003.jpg (", "050.jpg (", "150.jpg ("):
        read(f"folder:{jpegs}", stream="on").images[:]


@pytest.mark.parametrize("change", ["gone", "changed"])
def test_a_file_that_changes_ends_the_reading(change, jpegs, refused):
    rows = read(f"folder:{jpegs}", stream="on").images
    if change == "gone":
        (jpegs / "020.jpg").unlink()
    else:
        (jpegs / "020.jpg").write_bytes(jpeg(1, (8, 8)) + b"more")
    advice = "since reading began: put the data back and begin again"
    what = "is gone" if change == "gone" else "has changed"
    for _ in range(2):  # it stays so
        with refused(f"folder:{jpegs}: 020.jpg {what} {advice}"):
            rows[10:30]


def test_a_fingerprint_is_of_names_sizes_and_contents(jpegs, tmp_path_factory):
    def fingerprint(folder, **form):
        return read(f"folder:{folder}", stream="on", **form).fingerprint

    before = fingerprint(jpegs)
    copied = shutil.copytree(jpegs, tmp_path_factory.mktemp("copy") / "other", copy_function=shutil.copyfile)
    assert fingerprint(copied) == before
    assert fingerprint(copied, image_size=4) != before
    for path, content in ((copied / "000.jpg", jpeg(9, (8, 8))), (copied / "200.jpg", jpeg(0, (8, 8)))):
        path.write_bytes(content)
        assert fingerprint(copied) != before
        path.unlink()
        if path.name == "000.jpg":
            shutil.copyfile(jpegs / path.name, path)
            assert fingerprint(copied) == before

"""Arrays of images that stay in their files: npy, npz and idx; and npy files in memory."""

import gzip
import logging
import os
from pathlib import Path

import numpy as np
import pytest

from tfgan_ref.data import read
from tfgan_ref.data.streams import choice
from tfgan_ref.errors import InputError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (9, 6, 8), np.uint8)
COLOUR = RNG.integers(0, 256, (9, 6, 8, 3), np.uint8)
LABELS = np.arange(9) % 3


def write_npy(folder, images, **_):
    np.save(folder / "a.npy", images)
    return f"npy:{folder / 'a.npy'}"


def write_npz(folder, images, **more):
    np.savez(folder / "a.npz", images=images, **more)
    return f"npz:{folder / 'a.npz'}"


def write_idx(folder, images, **_):
    header = bytes([0, 0, 8, images.ndim]) + b"".join(n.to_bytes(4, "big") for n in images.shape)
    (folder / "images-idx3-ubyte").write_bytes(header + images.tobytes())
    return f"idx:{folder / 'images-idx3-ubyte'}"


@pytest.mark.parametrize("stream", ["off", "on"])
@pytest.mark.parametrize(
    ("write", "images"),
    [(write_npy, GREY), (write_npy, COLOUR), (write_npy, COLOUR[..., :1]), (write_npz, GREY),
     (write_npz, COLOUR), (write_idx, GREY)],
)  # fmt: skip
def test_the_same_images_in_memory_and_on_disk(tmp_path, stream, write, images):
    arrays = read(write(tmp_path, images), stream=stream)
    assert arrays.on_disk == (stream == "on")
    np.testing.assert_array_equal(arrays.images[np.arange(9)], images.reshape(9, 6, 8, -1))
    assert arrays.labels is None
    assert arrays.whole


def test_labels_of_an_npz_file_on_disk(tmp_path):
    arrays = read(write_npz(tmp_path, COLOUR, labels=LABELS, class_names=["a", "b", "c"]), stream="on")
    assert arrays.labels.tolist() == LABELS.tolist()
    assert arrays.class_names == ("a", "b", "c")


def test_keras_files_on_disk(tmp_path):
    np.savez(tmp_path / "k.npz", x_train=GREY, y_train=LABELS, x_test=GREY[:4], y_test=LABELS[:4])
    arrays = read(f"npz:{tmp_path / 'k.npz'}", split="test", stream="on")
    np.testing.assert_array_equal(arrays.images[np.arange(4)][..., 0], GREY[:4])
    assert arrays.labels.tolist() == LABELS[:4].tolist()
    assert not arrays.whole


def test_fingerprints_differ_with_images(tmp_path):
    fingerprints = {
        read(write_npy(tmp_path, images), stream="on").fingerprint
        for images in (GREY, GREY[:8], GREY + np.uint8(1))
    }
    assert len(fingerprints) == 3


@pytest.mark.parametrize(
    ("images", "form", "parts"),
    [
        (GREY.astype(np.float32) / 255, {}, ["must be uint8, they are float32"]),
        (np.asfortranarray(COLOUR), {}, ["C order", "np.ascontiguousarray"]),
        (np.zeros((2, 6, 8, 4), np.uint8), {}, ["(N, H, W, 1 or 3)", "(2, 6, 8, 4)"]),
        (GREY, {"image_size": 8}, ["they have 8x6", "leave image_size out"]),
        (GREY, {"channels": 3}, ["they have 1", "leave channels out"]),
    ],
)
def test_images_that_cannot_stay_on_disk(tmp_path, refused, monkeypatch, caplog, images, form, parts):
    name = write_npy(tmp_path, images)
    with refused(name, "stream=on", "stream=off", *parts):
        read(name, stream="on", **form)
    monkeypatch.setattr(choice, "SHARE_IN_MEMORY", 0)
    with caplog.at_level(logging.INFO):
        arrays = read(name, stream="auto", **form)
    assert not arrays.on_disk
    np.testing.assert_array_equal(arrays.images, read(name, **form).images)
    assert "kept in memory" in caplog.text
    assert parts[0] in caplog.text


def test_compressed_arrays_and_masks_cannot_stay_on_disk(tmp_path, refused, monkeypatch):
    np.savez_compressed(tmp_path / "c.npz", images=GREY)
    with refused("must not be compressed", "np.savez in place of np.savez_compressed"):
        read(f"npz:{tmp_path / 'c.npz'}", stream="on")
    masked = write_npz(tmp_path, GREY, masks=GREY > 9)
    with refused("images with masks cannot stay on disk"):
        read(masked, stream="on")
    monkeypatch.setattr(choice, "SHARE_IN_MEMORY", 0)
    assert read(masked, stream="auto").masks is not None
    write_idx(tmp_path, GREY)
    (tmp_path / "i.gz").write_bytes(gzip.compress((tmp_path / "images-idx3-ubyte").read_bytes()))
    with refused("must not be compressed (gunzip)"):
        read(f"idx:{tmp_path / 'i.gz'}", stream="on")


def test_large_arrays_stay_on_disk_by_themselves(tmp_path, monkeypatch):
    name = write_npy(tmp_path, GREY)
    assert not read(name, stream="auto").on_disk
    monkeypatch.setattr(choice, "available_memory", lambda: 4 * GREY.nbytes)
    assert read(name, stream="auto").on_disk


@pytest.mark.parametrize("write", [write_npy, write_npz, write_idx])
@pytest.mark.parametrize("stream", ["off", "on"])
def test_files_that_are_cut_off(tmp_path, refused, write, stream):
    name = write(tmp_path, GREY)
    path = Path(name.partition(":")[2])
    content = path.read_bytes()
    for length in (len(content) - 1, len(content) // 2, 40, 0):
        path.write_bytes(content[:length])
        with refused(name):
            read(name, stream=stream)


def test_a_file_that_changes_stops_the_reading(tmp_path):
    name = write_npy(tmp_path, GREY)
    arrays = read(name, stream="on")
    os.utime(tmp_path / "a.npy", ns=(0, 0))
    with pytest.raises(InputError, match=r"a\.npy has changed since"):
        arrays.images[0]


@pytest.mark.parametrize("stream", ["off", "on"])
def test_npy_files_that_are_refused(tmp_path, refused, stream):
    np.save(tmp_path / "o.npy", np.array([{}]), allow_pickle=True)
    with refused("o.npy"):
        read(f"npy:{tmp_path / 'o.npy'}", stream=stream)
    write_npz(tmp_path, GREY)
    with refused("a.npz"):
        read(f"npy:{tmp_path / 'a.npz'}", stream=stream)
    with refused("there is no such file"):
        read(f"npy:{tmp_path / 'absent.npy'}", stream=stream)
    with refused("recipe x needs labels"):
        read(write_npy(tmp_path, GREY), stream=stream, labels_for="recipe x")
    with refused("split='test'"):
        read(write_npy(tmp_path, GREY), stream=stream, split="test")


def test_floats_of_an_npy_file_are_read_as_those_of_an_npz_file(tmp_path):
    images = GREY / 255
    images[0, 0, 0] = np.nan
    npy, npz = read(write_npy(tmp_path, images)), read(write_npz(tmp_path, images))
    np.testing.assert_array_equal(npy.images, npz.images)
    np.testing.assert_array_equal(npy.masks, npz.masks)
    assert not npy.masks[0, 0, 0]


def test_data_at_hand_have_nothing_on_disk(refused):
    for name in ("digits", "photographs"):
        with refused(name, "set stream=off"):
            read(name, stream="on", image_size=8)

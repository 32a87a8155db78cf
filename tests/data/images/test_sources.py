"""Names of data sets, and arguments out of range."""

import numpy as np
import pytest
from PIL import Image

from tfgan_ref.data import load, read


@pytest.mark.parametrize("name", ["digts", "no such thing", "community:mnist", "tar:images", ""])
def test_unknown_names(refused, name):
    with refused(repr(name), "digits", "folder:PATH", "npz:PATH", "idx:PATH", "tensorflow-datasets"):
        read(name)


def test_close_names_are_suggested(refused):
    with refused("did you mean digits?"):
        read("digts")
    with refused("fashion_mnist?"):
        read("fashion_mist")


def test_a_bare_path_gets_its_prefix(refused, tmp_path):
    with refused(f"did you mean folder:{tmp_path}?"):
        read(str(tmp_path))
    (tmp_path / "a.zip").touch()
    with refused(f"did you mean zip:{tmp_path / 'a.zip'}?"):
        read(str(tmp_path / "a.zip"))


@pytest.mark.parametrize("kind", ["folder", "zip", "tfrecord", "npz", "npy", "idx"])
def test_paths_that_are_missing(refused, tmp_path, kind):
    with refused(f"'{kind}:'", "PATH"):
        read(f"{kind}:")
    with refused(str(tmp_path / "absent"), "there is no such"):
        read(f"{kind}:{tmp_path / 'absent'}")


def test_paths_that_no_system_takes(refused):
    with refused("folder:", "cannot be read", "File name too long"):
        read(f"folder:{'x' * 5000}")
    with refused("npz:~nobody-of-that-name/x.npz", "cannot be read"):
        read("npz:~nobody-of-that-name/x.npz")


@pytest.mark.parametrize("image_size", [3, 0, -8, 28.0, "28", True])
def test_image_size_out_of_range(refused, image_size):
    with refused(f"image_size={image_size!r}", "at least 4"):
        read("digits", image_size=image_size)


@pytest.mark.parametrize("channels", [0, 2, 4, "1"])
def test_channels_out_of_range(refused, channels):
    with refused(f"channels={channels!r}", "1 (grey), 3 (RGB)"):
        read("digits", channels=channels)


def test_labels_that_are_needed_are_missed_before_anything_is_decoded(refused, tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    Image.new("L", (8, 8)).save(tmp_path / "folder" / "a.png")
    np.savez(tmp_path / "a.npz", images=np.zeros((2, 8, 8), np.uint8))
    np.savez(tmp_path / "keras.npz", x_train=np.zeros((2, 8, 8), np.uint8), y_test=np.zeros(2, int))
    (tmp_path / "train-images-idx3-ubyte").write_bytes(bytes([0, 0, 8, 3]) + bytes([0, 0, 0, 1] * 3) + b"x")
    names = [f"folder:{tmp_path / 'folder'}", f"npz:{tmp_path / 'a.npz'}", f"npz:{tmp_path / 'keras.npz'}"]
    names += [f"idx:{tmp_path}", "photographs"]
    form = {"image_size": 8, "channels": 1}
    for name in names:
        assert read(name, **form).labels is None
    assert read("digits", labels_for="recipe x").labels is not None
    decoders = ("stored.decode_stored", "npz.load_arrays", "idx._read_array", "photographs.read_photographs")
    for decoder in decoders:
        monkeypatch.setattr(f"tfgan_ref.data.images.{decoder}", lambda *_, **__: pytest.fail("it decodes"))
    for name in names:
        with refused(f"recipe x needs labels: data {name} has none"):
            read(name, labels_for="recipe x", **form)


def test_load_checks_the_order_before_it_reads(refused):
    with refused("batch_size=0"):
        load("npz:/absent", batch_size=0, seed=0)


def test_load_is_batches_of_read():
    arrays = read("digits", split="test", image_size=8, channels=3)
    options = {"image_size": 8, "channels": 3, "split": "test"}
    batch = next(load("digits", batch_size=599, seed=4, **options).as_numpy_iterator())
    # One batch is one epoch here: the same images and labels in another order.
    pixels = np.rint((batch["image"] + 1) * 127.5).astype(np.uint8)
    assert sorted(image.tobytes() for image in pixels) == sorted(image.tobytes() for image in arrays.images)
    assert np.bincount(batch["label"]).tolist() == np.bincount(arrays.labels).tolist()
    later = next(load("digits", batch_size=599, seed=4, start_step=1, **options).as_numpy_iterator())
    assert not np.array_equal(later["label"], batch["label"])
    balanced = next(load("digits", batch_size=50, seed=4, balanced=True, **options).as_numpy_iterator())
    assert np.bincount(balanced["label"]).tolist() == [5] * 10


def test_a_height_and_a_width_are_covered_and_the_middle_is_kept(refused, tmp_path):
    columns = np.broadcast_to(np.arange(0, 160, 10, dtype=np.uint8), (3, 8, 16))
    np.savez(tmp_path / "wide.npz", images=columns)
    name = f"npz:{tmp_path / 'wide.npz'}"
    np.testing.assert_array_equal(read(name, image_size=(8, 16)).images[..., 0], columns)
    np.testing.assert_array_equal(read(name, image_size=(8, 10)).images[..., 0], columns[..., 3:13])
    assert read(name, image_size=(16, 8)).images.shape == (3, 16, 8, 1)
    with refused("image_size=3", "at least 4"):
        read(name, image_size=(8, 3))

"""The command ``project``, and what ``sample`` does with the latents that it writes."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.conftest import tiny_gan
from tfgan_ref.data import DataShape
from tfgan_ref.errors import InputError
from tfgan_ref.media.medium import PICTURES
from tfgan_ref.run import project
from tfgan_ref.run.arguments.project import PARSER
from tfgan_ref.run.latents import read_latents
from tfgan_ref.run.sample import Sampler, open_sampler


def made(latents, labels=None):
    return tf.reshape(latents / 8 + 0.5, [-1, 2, 2, 1])


SAMPLER = Sampler(made, 4, (2, 2, 1), None)
CONDITIONAL = Sampler(made, 4, (2, 2, 1), ("left", "right"))


@pytest.fixture
def model(tmp_path):
    shape = DataShape((8, 8, 1), 3, names={"classes": ("boot", "hat", "coat")})
    PICTURES.export(tiny_gan(True), tmp_path / "model", shape)
    return tmp_path / "model"


def run(*arguments):
    return project.main(PARSER.parse_args([*map(str, arguments)]))


def test_pictures_of_a_saved_model_are_projected_and_their_latents_drawn(model, tmp_path, capsys, caplog):
    pictures = open_sampler(model).sample(2, seed=5)
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.fromarray(pictures[0, ..., 0]).resize((16, 24)).save(folder / "b.png")
    Image.fromarray(pictures[1, ..., 0]).convert("RGB").save(tmp_path / "a.png")
    run(model, tmp_path / "a.png", folder, tmp_path / "a.png", "--steps", 3, "--out", tmp_path / "out")
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["picture", "PSNR", "(dB)", "class"]
    assert [line.split()[0] for line in lines[:2]] == ["a.png", "b.png"]
    assert all(line.split()[2] in ("boot", "hat", "coat") for line in lines[:2])
    with np.load(tmp_path / "out" / "latents.npz") as kept:
        assert {name: kept[name].shape[0] for name in kept} == {"latents": 2, "labels": 2, "psnr": 2}
        latents, labels = kept["latents"], kept["labels"]
        assert float(lines[0].split()[1]) == pytest.approx(kept["psnr"][0], abs=0.06)
    # Two pairs of 8 pixels, enlarged 14 times.
    assert Image.open(tmp_path / "out" / "projections.png").size == ((4 * 10 + 2) * 14, 12 * 14)
    read = read_latents(tmp_path / "out" / "latents.npz", open_sampler(model))
    np.testing.assert_array_equal(read[0], latents)
    np.testing.assert_array_equal(read[1], labels)


def test_one_class_is_projected_to(model, tmp_path, capsys):
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    run(model, tmp_path / "a.png", "--label", "hat", "--steps", 1, "--out", tmp_path / "out")
    assert capsys.readouterr().out.splitlines()[1].split()[2] == "hat"


def test_a_file_that_is_no_picture_is_refused_and_nothing_written(model, tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"a\.png cannot be read"):
        run(model, tmp_path / "a.png", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arrays", "part"),
    [
        ({"z": np.zeros((2, 4))}, "no latents: needed are (N, 4)"),
        ({"latents": np.zeros((2, 3))}, "latents of shape (2, 3): needed are (N, 4)"),
        ({"latents": np.zeros((0, 4))}, "latents of shape (0, 4)"),
        ({"latents": np.zeros((2, 4), int)}, "must be finite floating-point numbers"),
        ({"latents": np.full((2, 4), np.nan)}, "must be finite floating-point numbers"),
        ({"latents": np.zeros((2, 4)), "labels": np.array([0, 2])}, "a whole number from 0 to 1 for each"),
        ({"latents": np.zeros((2, 4)), "labels": np.array([0])}, "a whole number from 0 to 1 for each"),
        ({"latents": np.zeros((2, 4)), "labels": np.zeros(2)}, "a whole number from 0 to 1 for each"),
        ({"latents": np.array([{}])}, "pickled Python objects, which are never loaded"),
    ],
)
def test_files_that_hold_no_latents_of_the_generator_are_refused(tmp_path, arrays, part):
    np.savez(tmp_path / "latents.npz", **arrays)
    with pytest.raises(InputError) as raised:
        read_latents(tmp_path / "latents.npz", CONDITIONAL)
    assert part in str(raised.value)


def test_latents_may_be_an_array_alone_and_labels_are_for_those_that_take_them(tmp_path):
    latents = np.arange(8.0).reshape(2, 4)
    np.save(tmp_path / "latents.npy", latents)
    read, labels = read_latents(tmp_path / "latents.npy", CONDITIONAL)
    np.testing.assert_array_equal(read, latents)
    assert (read.dtype, labels) == (np.float32, None)
    np.savez(tmp_path / "latents.npz", latents=latents, labels=np.array([7, 8]))
    assert read_latents(tmp_path / "latents.npz", SAMPLER)[1] is None
    (tmp_path / "latents.npz").write_bytes(b"PK\3\4 damaged")
    with pytest.raises(InputError, match=r"latents\.npz: "):
        read_latents(tmp_path / "latents.npz", SAMPLER)

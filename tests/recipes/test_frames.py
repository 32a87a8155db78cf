"""The recipe frames: a run, its resume, its export and its files."""

import json
import shlex

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.conftest import as_if_killed, same, values, without_export
from tfgan_ref import cli
from tfgan_ref.data.clips.factors import parse_choices
from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.errors import InputError
from tfgan_ref.media.clips import FRAMES, encode_gif
from tfgan_ref.recipes import RECIPES
from tfgan_ref.recipes.frames import RECIPE, FrameSettings
from tfgan_ref.run import build, train
from tfgan_ref.run.sample import open_writer

pytestmark = pytest.mark.usefixtures("eager_training")

SETTINGS = {
    "clips": 12, "width": 2, "d_width": 2, "batch_size": 4, "steps": 4, "latent_dim": 3, "sample_every": 4,
    "checkpoint_every": 2, "log_every": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("frames") / "run"
    assert train.start_run(RECIPE, FrameSettings(**SETTINGS), path)
    return path


def state(path):
    gan = build.restore_gan(path)
    return values([variable for group in gan.state().values() for variable in group])


@pytest.mark.slow
def test_a_run_that_goes_on_ends_where_one_without_a_stop_does(run, tmp_path, monkeypatch):
    monkeypatch.setitem(RECIPES, "frames", without_export(RECIPE))
    assert train.resume_run(as_if_killed(run, tmp_path / "stopped", 2))
    assert same(state(run), state(tmp_path / "stopped"))


def test_the_run_says_what_its_numbers_mean(run):
    config = json.loads((run / "config.json").read_text())
    assert config["data"]["sample_shape"] == [32, 32, 3]
    assert config["data"]["names"]["action"] == ["walk", "jump", "wave"]
    assert len(config["data"]["names"]["phase"]) == 8
    # JSON objects are written in the order of the alphabet.
    assert config["data"]["names"]["factors"] == ["body", "hair", "clothing", "build", "hat", "action"]


def test_the_picture_of_progress_has_a_clip_in_each_row(run):
    gan = build.restore_gan(run)
    picture = RECIPE.draw(gan)
    assert picture.shape == (2 * (18 * 34 + 2), 2 * (8 * 34 + 2), 3)
    np.testing.assert_array_equal(picture, RECIPE.draw(gan))


def test_the_saved_model_draws_what_the_run_draws(run):
    gan = build.restore_gan(run)
    loaded = tf.saved_model.load(str(run / "saved_model"))
    choices = np.array([-1, 2, -1, 0, 1, 1], np.int32)
    for given in ((), (tf.constant(choices),)):
        clips = loaded.sample(3, 7, *given).numpy()
        ours = gan.generate(3, 7, choices=choices if given else None).numpy()
        assert clips.shape == (3, 8, 32, 32, 3)
        np.testing.assert_allclose(clips, np.clip(ours / 2 + 0.5, 0, 1), atol=1e-5)
    rows = tf.constant(np.stack([choices, choices]))
    np.testing.assert_allclose(loaded.sample(2, 7, rows), clips[:2], atol=1e-5)
    np.testing.assert_allclose(loaded.sample(34, 7, tf.constant(choices))[:3], clips, atol=1e-5)
    with pytest.raises(tf.errors.InvalidArgumentError, match="choices must be from -1"):
        loaded.sample(2, 7, tf.constant([4, 0, 0, 0, 0, 0]))


def test_any_number_is_drawn_in_pieces_with_the_bits_of_the_export(run):
    loaded = tf.saved_model.load(str(run / "saved_model"))
    together = loaded.sample(34, 7).numpy()
    for part in ("", "saved_model"):
        pieces = list(open_writer(run / part)._pieces(34, 7, np.full(6, -1, np.int32)))
        assert [len(piece) for piece in pieces] == [32, 2]
        np.testing.assert_array_equal(np.concatenate(pieces), np.rint(together * 255).astype(np.uint8))


def test_the_saved_model_serves_single_frames(run):
    gan = build.restore_gan(run)
    loaded = tf.saved_model.load(str(run / "saved_model"))
    latents = tf.random.stateless_normal([2, 3], [0, 0])
    conditions, phase = tf.constant([[0, 1, 2, 0, 1, 2], [3, 3, 3, 2, 0, 0]]), tf.constant([5, 0])
    frames = loaded.signatures["serving_default"](latents=latents, conditions=conditions, phase=phase)[
        "frames"
    ]
    expected = gan.sampling_generator([latents, conditions, phase], training=False)
    np.testing.assert_allclose(frames, np.clip(expected.numpy() / 2 + 0.5, 0, 1), atol=1e-5)


def test_the_generator_is_loaded_from_its_keras_file(run):
    loaded = keras.models.load_model(run / "generator.keras", safe_mode=True)
    assert same(values(loaded.variables), values(build.restore_gan(run).sampling_generator.variables))


def test_files_of_a_run_and_of_its_saved_model_are_the_same(run, tmp_path):
    for name, model in (("a", run), ("b", run / "saved_model")):
        writer = open_writer(model)
        assert writer.write(2, 3, "action=walk,hat=yes", tmp_path / name) == str(tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["000_walk.gif", "001_walk.gif", "contact_sheet.png"]
    for name in names:
        a, b = (
            np.asarray(Image.open(tmp_path / folder / name).convert("RGB")).astype(int) for folder in "ab"
        )
        assert np.abs(a - b).max() <= 2
    with Image.open(tmp_path / "a" / "000_walk.gif") as gif:
        assert gif.size == (128, 128)
        assert gif.info["loop"] == 0


def test_free_actions_come_in_turn_and_name_their_files(run, tmp_path):
    open_writer(run).write(4, 0, "body=tan", tmp_path / "out")
    gifs = sorted(path.name for path in (tmp_path / "out").glob("*.gif"))
    assert gifs == ["000_walk.gif", "001_jump.gif", "002_wave.gif", "003_walk.gif"]


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("wings=yes", "attribute 'wings' is unknown: choose one of body, hair, clothing, build, hat, action"),
        ("action=fly", "action 'fly' is unknown: choose one of walk, jump, wave"),
    ],
)
def test_sample_says_in_one_line_what_it_does_not_know(run, tmp_path, run_script, label, message):
    code, _, err = run_script(
        "sample.py", run / "saved_model", "--label", label, "--n", 1, "--out", tmp_path / "x"
    )
    assert code == 2
    assert err.strip().splitlines()[-1] == f"error: {message}"
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("factors", "label"),
    [
        ({"hair": ("a", "b"), "action": ("jump", "walk")}, "action=jump,hair=a"),
        ({"hair": ("a,b", "it's"), "action": ("walk",)}, """'action=walk,hair=it'"'"'s'"""),
        ({"hair": ("a,b",), "sex": ("f",), "action": ("a,b",)}, "sex=f"),
        ({"hair": ("a,b",), "action": ("a,b",)}, "all"),
    ],
)
def test_usage_names_what_the_data_have(factors, label):
    shape = DataShape((8, 8, 3), names={**factors, "factors": tuple(factors), "phase": ("0",)})
    assert FRAMES.example_label(shape) == label
    line = f"model --label {label} --n 4 --out DIR"
    assert line in cli.usage("model", FRAMES.usage, FRAMES.example_label(shape))
    parse_choices(shlex.split(label)[0], factors)


def test_folders_and_seeds_that_cannot_be_used(run, tmp_path):
    writer = open_writer(run)
    with pytest.raises(InputError, match="exists: name another folder"):
        writer.write(1, 0, None, tmp_path)
    with pytest.raises(InputError, match="seed -1 is out of range"):
        writer.write(1, -1, None, tmp_path / "new")


def test_a_gif_shows_every_frame_of_its_clip():
    clip = np.zeros((5, 32, 32, 3), np.uint8)
    clip[np.arange(5), :, :, 0] = np.array([0, 60, 60, 120, 240])[:, None, None]
    import io

    with Image.open(io.BytesIO(encode_gif(clip))) as gif:
        shown = []
        for k in range(gif.n_frames):
            gif.seek(k)
            shown += [np.asarray(gif.convert("RGB"))[64, 64, 0]] * round(gif.info["duration"] / 110)
    np.testing.assert_allclose(np.array(shown, int), [0, 60, 60, 120, 240], atol=3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "cosine"}, "loss 'cosine' is unknown"),
        ({"frames_per_clip": 0}, "frames_per_clip 0 is out of range: at least 1"),
        ({"frames_per_clip": 9}, "frames_per_clip 9 is out of range: 1 to the 8 phases of figures"),
        ({"image_size": 48}, "image_size 48 is unknown: choose one of 32, 64"),
        ({"hold_out": "hat=maybe:walk"}, "hat 'maybe' is unknown"),
        ({"data": "puppets"}, "data set 'puppets' is not known"),
    ],
)
def test_settings_that_cannot_be_used(settings, message, tmp_path):
    with pytest.raises(InputError, match=message):
        train.start_run(RECIPE, FrameSettings(**SETTINGS | settings), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_held_out_pairs_are_not_trained_on():
    data = RECIPE.read(FrameSettings(clips=200, hold_out="hat=yes:walk"))
    hat, action = data.items.conditions[:, 4], data.items.conditions[:, 5]
    assert not ((hat == 1) & (action == 0)).any()
    assert ((hat == 1) & (action == 1)).any()

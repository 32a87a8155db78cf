"""Runs on data that stay on disk end with the bits of those on data in memory."""

import json

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from tests.conftest import as_if_killed, same, values, without_export
from tests.recipes.tiny_recipes import SETTINGS
from tfgan_ref.errors import InputError
from tfgan_ref.recipes import RECIPES
from tfgan_ref.recipes.settings import StreamSettings
from tfgan_ref.run import build, train

pytestmark = pytest.mark.usefixtures("eager_training")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The settings of each recipe that name data of its kind: pictures, recordings, sprites."""
    place = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for number in range(5):
        coarse = Image.fromarray(rng.integers(0, 256, (5, 6, 3), np.uint8))
        for folder in ("a", "b"):
            (place / folder).mkdir(exist_ok=True)
            coarse.resize((34 + number, 40), Image.Resampling.BICUBIC).save(place / folder / f"{number}.jpg")
        (place / "words" / "xy"[number % 2]).mkdir(parents=True, exist_ok=True)
        samples = rng.integers(-9000, 9000, 200 + number, np.int16)
        wavfile.write(place / "words" / "xy"[number % 2] / f"{number}.wav", 11025, samples)
    (place / "characters.json").write_text(json.dumps([{"hat": "yes"}, {"hat": "no"}]))
    for action in ("walk", "jump"):
        np.savez(place / f"{action}.npz", images=rng.integers(256, size=(2, 4, 5, 32, 32, 4), dtype=np.uint8))
    pairs = {"data": f"pairs:{place / 'a'}:{place / 'b'}"}
    pictures = {"data": f"folder:{place / 'a'}"}
    return {
        "dcgan": pictures | {"image_size": 16, "flip": True},
        "edges2image": pairs,
        "inpaint": pictures | {"image_size": 16},
        "srresnet": pictures,
        "srresnet, real": pictures | {"degradation": "real"},
        "cyclegan": pictures | {"styles": f"folder:{place / 'b'}", "image_size": None},
        "speech": {"data": f"wav:{place / 'words'}"},
        "frames": {"data": f"sprites:{place}"},
    }


@pytest.fixture
def settings_of(data, tmp_path, monkeypatch):
    """The settings of a recipe that train it for a moment on data of its kind: (name, stream) to them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def make(case, stream):
        name = case.partition(",")[0]
        own = {
            key: value for key, value in SETTINGS.get(name, {"width": 4}).items() if key != "clips"
        } | data[case]
        brief = {"steps": 4, "log_every": 2, "checkpoint_every": 2, "sample_every": 4, "batch_size": 2}
        return RECIPES[name].settings(**own | brief | {"stream": stream, "steps_per_execution": 1})

    return make


RUNS = ["dcgan", "edges2image", "inpaint", "srresnet", "srresnet, real", "cyclegan", "speech", "frames"]


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_a_run_from_disk_ends_with_the_bits_of_one_in_memory(name, settings_of, tmp_path):
    ends = []
    for stream in ("off", "on"):
        recipe = without_export(RECIPES[name.partition(",")[0]])
        train.start_run(recipe, settings_of(name, stream), tmp_path / stream)
        ends.append(values(build.restore_gan(tmp_path / stream).variables))
    assert same(*ends)
    pictures = [(tmp_path / stream / "samples.png").read_bytes() for stream in ("off", "on")]
    assert pictures[0] == pictures[1]


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_from_disk(settings_of, tmp_path, monkeypatch):
    recipe = without_export(RECIPES["edges2image"])
    monkeypatch.setitem(RECIPES, "edges2image", recipe)
    train.start_run(recipe, settings_of("edges2image", "on"), tmp_path / "straight")
    assert train.resume_run(as_if_killed(tmp_path / "straight", tmp_path / "stopped", 2))
    straight, resumed = (build.restore_gan(tmp_path / run) for run in ("straight", "stopped"))
    assert same(values(straight.variables), values(resumed.variables))


def test_recipes_whose_data_are_always_in_memory_have_no_such_setting():
    without = {name for name, recipe in RECIPES.items() if not issubclass(recipe.settings, StreamSettings)}
    assert without == {"text", "voices"}
    with pytest.raises(InputError, match="stream"):
        RECIPES["voices"].settings.from_text({"stream": "on"})

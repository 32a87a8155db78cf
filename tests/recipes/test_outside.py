"""Recipes of files outside the package, and who may have them run."""

import json
import sys

import pytest

from tests.conftest import ROOT
from tfgan_ref import cli
from tfgan_ref.errors import InputError
from tfgan_ref.recipes import find_recipe
from tfgan_ref.run.build import parse_config
from tfgan_ref.training.run_directory import RunDirectory

FILE = """
from dataclasses import dataclass

import beside
from tfgan_ref.recipes.gan import GANSettings, build
from tfgan_ref.recipes.recipe import Recipe, draw_grid

@dataclass(frozen=True, kw_only=True)
class MySettings(GANSettings):
    depth: int = beside.DEPTH

RECIPE = Recipe("mine", "a recipe of my own", "", MySettings, build, draw_grid)
"""


@pytest.fixture
def recipe_file(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.path", [*sys.path])
    (tmp_path / "beside.py").write_text("DEPTH = 1")
    (tmp_path / "my_recipe.py").write_text(FILE)
    return tmp_path / "my_recipe.py"


def run_of(path, recipe):
    settings = recipe.settings.from_text({"steps": "3"})
    config = {
        "recipe": recipe.source,
        "settings": vars(settings),
        "data": {"fingerprint": "x", "sample_shape": [8, 8, 1], "num_classes": None},
        "versions": {"tfgan_ref": "0.2.0"},
    }
    return RunDirectory.create(path, config)


def test_a_run_finds_its_file_wherever_it_is_opened(recipe_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = find_recipe("my_recipe.py:RECIPE")
    run = run_of(tmp_path / "run", recipe)
    assert json.loads((run.path / "config.json").read_text())["recipe"] == f"{recipe_file}:RECIPE"
    monkeypatch.chdir(ROOT)
    found, settings, *_ = parse_config(run)
    assert (found.name, settings.depth, settings.steps) == ("mine", 1, 3)
    recipe_file.unlink()
    with pytest.raises(InputError, match="there is no file"):
        parse_config(run)


def test_a_file_that_the_user_never_named_is_not_run(recipe_file, tmp_path, monkeypatch):
    run = run_of(tmp_path / "run", find_recipe(f"{recipe_file}:RECIPE"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "of another user"))
    recipe_file.write_text("raise AssertionError('it was run')")
    monkeypatch.delitem(sys.modules, f"file {recipe_file}")
    with pytest.raises(InputError, match="names a file that you have not trained with here"):
        parse_config(run)


@pytest.mark.parametrize(
    ("text", "name", "part"),
    [
        (FILE, "OTHER", "my_recipe.py has no tfgan_ref.recipes.Recipe called 'OTHER'"),
        (FILE, "MySettings", "has no tfgan_ref.recipes.Recipe called 'MySettings'"),
        ("import nowhere", "RECIPE", "cannot be run: ModuleNotFoundError: No module named 'nowhere'"),
        ("x = (", "RECIPE", "cannot be run: SyntaxError"),
    ],
)
def test_what_holds_no_recipe_is_one_line(recipe_file, text, name, part):
    recipe_file.write_text(text)
    with pytest.raises(InputError) as raised:
        find_recipe(f"{recipe_file}:{name}")
    assert part in str(raised.value)


def test_a_file_that_is_not_there_is_found_before_tensorflow_is_imported(tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "quiet_tensorflow", lambda: pytest.fail("TensorFlow is imported first"))
    with pytest.raises(InputError, match="there is no file .*nowhere.py"):
        cli.call("train", [f"{tmp_path}/nowhere.py:RECIPE"])


def test_a_cache_that_cannot_be_written_is_one_line(recipe_file, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(InputError, match="file/tfgan_ref/recipes, .* cannot be written"):
        find_recipe(f"{recipe_file}:RECIPE")

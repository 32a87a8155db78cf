"""What is read from the recipes' files without importing them, and the mistakes that it finds."""

import dataclasses
import re
import typing

import pytest

from tests.conftest import ROOT, in_a_new_process
from tfgan_ref import cli
from tfgan_ref.errors import InputError, parse_value
from tfgan_ref.recipes import RECIPES
from tfgan_ref.run.declared import read_recipes


def test_the_recipes_are_those_that_are_imported():
    assert {name: found.summary for name, found in read_recipes().items()} == {
        name: recipe.summary for name, recipe in RECIPES.items()
    }


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_settings_are_those_of_the_imported_class(recipe):
    found = read_recipes()[recipe.name].settings
    kinds = typing.get_type_hints(recipe.settings)
    allowed = {}
    for kind in reversed(recipe.settings.__mro__):
        allowed |= vars(kind).get("limits", {}) | vars(kind).get("choices", {})
    assert {key: setting.allowed for key, setting in found.items() if setting.allowed is not None} == allowed
    for field in dataclasses.fields(recipe.settings):
        setting = found[field.name]
        assert setting.kind == kinds[field.name]
        assert parse_value(field.name, setting.default, setting.kind) == field.default
        assert setting.meaning, f"{field.name} has no comment"
    assert len(found) == len(dataclasses.fields(recipe.settings))


def test_help_says_what_every_setting_means(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.call("train", ["wgan-gp", "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: tfgan train ")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "learning_rate=0.0005 a number: of the generator" in lines
    assert "penalty_weight=10.0 a number: lambda" in lines
    assert "one_sided=false true or false: punish only gradient norms above 1" in lines


MISTAKES = [
    (["train"], "name either a recipe"),
    (["train", "cgam"], "recipe 'cgam' is unknown (did you mean cgan?)"),
    (["train", "cgam", "--help"], "recipe 'cgam' is unknown (did you mean cgan?)"),
    (["train", "cgan", "--set", "widht=8"], "setting 'widht' is unknown (did you mean width?)"),
    (["train", "cgan", "--steps", "many"], "setting steps='many' is not a whole number"),
    (["train", "cgan", "--set", "lr=fast"], "setting learning_rate='fast' is not a number"),
    (
        ["train", "cgan", "--set", "lr=1", "--set", "learning_rate=1"],
        "setting 'learning_rate' is given twice",
    ),
    (["train", "cgan", "--data", "folder:nowhere"], "folder:nowhere: there is no such file or folder"),
    (["train", "cgan", "--out", "tests"], "run directory tests exists: name another with --out"),
    (["train", "--resume", "nowhere"], "nowhere is not a run directory"),
    (["train", "--resume", "auto"], "name a recipe, and the run with --out"),
    (["train", "gan", "--resume", "auto"], "name a recipe, and the run with --out"),
    (["train", "gan", "--resume", "auto", "--out", "tests"], "run directory tests exists"),
    (["train", "gan", "--resume", "auto", "--out", "x", "--dry-run"], "leave out --resume"),
    (["train", "gan", "--dry-run", "--set", "widht=8"], "setting 'widht' is unknown"),
    (["sample", "nowhere"], "nowhere does not exist"),
    (["sample", "tests", "--n", "0"], "n 0 is out of range"),
    (["sample", "tests", "--out", "README.md"], "README.md exists"),
    (["apply", "nowhere", "README.md", "--out", "x"], "nowhere does not exist"),
    (["apply", "tests", "nowhere", "--out", "x"], "nowhere does not exist"),
    (["export", "nowhere", "--out", "x"], "nowhere does not exist"),
    (["evaluate", "folder:nowhere"], "folder:nowhere: there is no such file or folder"),
    (["evaluate", "tests", "--seed", "-1"], "seed -1 is out of range"),
    (["compare", "gan", "cgam", "--steps", "1", "--out", "x"], "recipe 'cgam' is unknown"),
    (["compare", "gan", "--steps", "1", "--out", "x", "--set", "dpth=1"], "(did you mean depth?)"),
    (
        ["compare", "gan", "--steps", "1", "--out", "x", "--sweep", "dpth=1,2"],
        "setting 'dpth' is unknown to gan",
    ),
    (["compare", "gan", "--steps", "few", "--out", "x"], "setting steps='few' is not a whole number"),
    (["train", "cgan", "--set", "lr=0"], "learning_rate 0.0 is out of range: above 0"),
    (["train", "cgan", "--set", "image_size=30"], "image_size 30 is unknown: choose one of 12, 16, 20, "),
    (["train", "cgan", "--strategy", "all"], "strategy 'all' is unknown: choose one of none, mirrored, "),
    (["train", "cgan", "--set", "loss=l1"], "loss 'l1' is unknown: choose one of non_saturating, minimax, "),
    (["train", "speech", "--set", "objective=x"], "objective 'x' is unknown: choose one of wgan_gp, non_sat"),
    (
        ["train", "progressive", "--set", "initializer=he"],
        "'he' is unknown: choose one of normal",
    ),
    (
        ["train", "gan", "--set", "initializer=normal"],
        "'normal' is unknown: choose one of normal02, ",
    ),
    (
        ["compare", "gan", "--steps", "1", "--out", "x", "--sweep", "lr=1,0"],
        "learning_rate 0.0 is out of range",
    ),
    (
        ["compare", "gan", "--steps", "1", "--out", "x", "--sweep", "depth=2,x"],
        "depth='x' is not a",
    ),
    (
        ["compare", "gan", "--steps", "1", "--out", "x", "--seeds", "0,-1"],
        "seed -1 is out of range",
    ),
]


@pytest.mark.parametrize(("arguments", "part"), MISTAKES, ids=lambda value: " ".join(value)[:40])
def test_a_typing_mistake_is_found_before_tensorflow_is_imported(monkeypatch, arguments, part):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(cli, "quiet_tensorflow", lambda: pytest.fail("TensorFlow is imported first"))
    with pytest.raises(InputError) as raised:
        cli.call(arguments[0], arguments[1:])
    assert part in str(raised.value)


def test_the_settings_of_a_run_that_is_resumed_are_checked_too(tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "quiet_tensorflow", lambda: pytest.fail("TensorFlow is imported first"))
    (tmp_path / "config.json").write_text('{"recipe": "cgan"}')
    for setting, part in (("lr=0", "learning_rate 0.0 is out of range"), ("widht=8", "did you mean width?")):
        with pytest.raises(InputError, match=re.escape(part)):
            cli.call("train", ["--resume", str(tmp_path), "--set", setting])
    with pytest.raises(InputError, match="folder:nowhere: there is no such file or folder"):
        cli.call("train", ["--resume", str(tmp_path), "--data", "folder:nowhere"])


@pytest.mark.slow
def test_what_finds_it_imports_no_tensorflow():
    code = (
        "import sys\n"
        "from tfgan_ref import cli\n"
        f"for arguments in {[arguments for arguments, _ in MISTAKES]}:\n"
        "    try: cli.call(arguments[0], arguments[1:])\n"
        "    except ValueError: assert not {'tensorflow', 'keras'} & set(sys.modules), arguments\n"
        "    else: raise AssertionError(arguments)"
    )
    in_a_new_process(code)

"""The command ``tfgan``, and ``python -m tfgan_ref``."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tfgan_ref import cli
from tfgan_ref.recipes import RECIPES


def tfgan(monkeypatch, capsys, *arguments):
    """Runs the command in this process: its exit code, output and errors."""
    monkeypatch.setattr(sys, "argv", ["tfgan", *map(str, arguments)])
    try:
        code = cli.main() or 0
    except SystemExit as ended:
        code = ended.code
    return code, *capsys.readouterr()


def test_every_script_is_a_command_of_the_same_code():
    names = {path.stem for path in (ROOT / "scripts").glob("*.py")}
    assert names == set(cli.COMMANDS) - {"list"}
    for name in names:
        assert f'cli.run(cli.call, "{name}")' in (ROOT / "scripts" / f"{name}.py").read_text()


def test_without_a_command_it_shows_all(monkeypatch, capsys):
    code, out, _ = tfgan(monkeypatch, capsys)
    assert code == 0
    shown = [line.split()[0] for line in out.splitlines() if line.startswith("  ") and line.strip()]
    assert [word for word in shown if word in cli.COMMANDS] == list(cli.COMMANDS)


def test_list_shows_every_recipe_with_its_settings(monkeypatch, capsys):
    code, out, _ = tfgan(monkeypatch, capsys, "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines() if line and line[0] != " "] == list(RECIPES)
    assert "combine=projection" in out


def test_an_unknown_command_is_one_line(monkeypatch, capsys):
    code, _, err = tfgan(monkeypatch, capsys, "trian")
    assert code == 2
    assert err == (
        "error: command 'trian' is unknown (did you mean train?): choose one of train, sample, apply, "
        "evaluate, compare, export, list\n"
    )


def test_it_trains_draws_and_exports_as_the_scripts_do(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    settings = ["--steps", 2, "--batch-size", 8, "--set", "width=4"]
    code, out, err = tfgan(monkeypatch, capsys, "train", "cgan", "--out", "run", *settings)
    assert code == 0, err
    assert 'tf.saved_model.load("run/saved_model")' in out
    code, _, err = tfgan(monkeypatch, capsys, "sample", "run", "--n", 10, "--out", "digits.png")
    assert code == 0, err
    assert (tmp_path / "digits.png").stat().st_size > 0
    code, _, err = tfgan(monkeypatch, capsys, "export", "run", "--out", "model")
    assert code == 0, err
    assert (tmp_path / "model" / "saved_model.pb").is_file()


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "gan"],
        ["sample", "run"],
        ["apply", "run", "a.png"],
        ["evaluate", "run"],
        ["compare", "gan", "--steps", "1"],
        ["export", "run"],
        ["evaluate", "run", "--benchmark", "set5"],
    ],
)
@pytest.mark.parametrize("below", ["file/out.png", "x" * 300 + ".png"])
def test_what_cannot_be_written_is_refused_first(monkeypatch, capsys, tmp_path, arguments, below):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    option = "--picture" if "--benchmark" in arguments else "--out"
    code, _, err = tfgan(monkeypatch, capsys, *arguments, option, below)
    assert code == 2
    assert err.startswith(f"error: {below} cannot be written: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("command", ["sample", "apply", "evaluate", "export"])
def test_a_name_that_no_file_can_have_is_one_line(monkeypatch, capsys, tmp_path, command):
    monkeypatch.chdir(tmp_path)
    more = {
        "apply": ["a.png", "--out", "made"],
        "export": ["--out", "made"],
        "evaluate": ["--data", "digits"],
    }
    code, _, err = tfgan(monkeypatch, capsys, command, "x" * 300, *more.get(command, []))
    assert code == 2
    assert err.startswith("error: " + "x" * 300)
    assert len(err.splitlines()) == 1


def test_output_that_nobody_reads_ends_without_a_traceback(monkeypatch, capfd):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        with pytest.raises(SystemExit) as ended:
            cli.run(lambda: print("a line"))
    assert ended.value.code == 141
    assert capfd.readouterr() == ("", "")


def test_how_to_go_on_is_said_in_the_users_words(monkeypatch):
    for program, expected in (
        ("tfgan", "tfgan train"),
        ("scripts/train.py", "python scripts/train.py"),
        ("tfgan_ref/__main__.py", "tfgan train"),
        ("notebooks/execute.py", "tfgan train"),
    ):
        monkeypatch.setattr(sys, "argv", [program])
        assert cli.typed("train") == expected


@pytest.mark.parametrize("command", [[], *([name] for name in cli.COMMANDS)], ids=" ".join)
def test_help_does_not_import_tensorflow(command):
    code = (
        "import runpy, sys\n"
        f"sys.argv = ['tfgan', *{command}, '--help']\n"
        "try: runpy.run_module('tfgan_ref', run_name='__main__')\n"
        "except SystemExit as ended: assert not ended.code\n"
        "assert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"usage: {' '.join(['tfgan', *command])}" in done.stdout

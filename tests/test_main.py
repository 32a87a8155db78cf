"""The command ``tfgan``, and ``python -m tfgan_ref``."""

import logging
import os
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import ROOT, in_a_new_process
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
        "error: command 'trian' is unknown (did you mean train?): choose one of train, sample, project, "
        "apply, evaluate, compare, export, report, list\n"
    )


def test_it_trains_draws_and_exports_as_the_scripts_do(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    settings = ["--steps", 2, "--batch-size", 8, "--set", "width=4"]
    code, out, err = tfgan(monkeypatch, capsys, "train", "cgan", "--out", "run", *settings)
    assert code == 0, err
    assert 'tf.saved_model.load("run/saved_model")' in out
    assert "report       run/report.html" in out
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


OOM = (
    "Graph execution error:\n\nDetected at node normal defined at (most recent call last):\n\nOOM when "
    "allocating tensor with shape[400000,28,28,64] and type {} on /job:localhost/replica:0/task:0/device:{} "
    "by allocator x\n\t [[{{{{node normal}}}}]]\nHint: If you want to see a list"
)


@pytest.mark.parametrize(
    ("kind", "device", "parts"),
    [
        # 400,000 x 28 x 28 x 64 numbers are 18.69 times 2^30.
        (
            "float",
            "CPU:0",
            ["float [400000,28,28,64] needs another 74.8 GiB, this machine has ", " GiB: lower the batch"],
        ),
        (
            "half",
            "GPU:1",
            ["half [400000,28,28,64] needs another 37.4 GiB, GPU:1 has no more: lower the batch size"],
        ),
        ("int64", "GPU:0", ["needs another 149.5 GiB, GPU:0 has"]),
        ("uint8", "GPU:0", ["needs another 18.7 GiB, GPU:0 has"]),
    ],
)
def test_memory_that_runs_out_is_one_line(monkeypatch, capsys, kind, device, parts):
    def main():
        raise tf.errors.ResourceExhaustedError(None, None, OOM.format(kind, device))

    with pytest.raises(SystemExit) as ended:
        cli.run(main)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: out of memory: a tensor of ")
    for part in parts:
        assert part in line


def test_memory_that_others_lack_is_one_line_and_other_errors_are_whole(capsys):
    with pytest.raises(SystemExit):
        cli.run(np.empty, (2**50, 8))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: out of memory: Unable to allocate 64.0 PiB")
    compiled = (
        "Graph execution error:\n\nOut of memory while trying to allocate 9000000000 bytes.\n\t [[node]]"
    )
    with pytest.raises(SystemExit):
        cli.run(_raise, tf.errors.ResourceExhaustedError(None, None, compiled))
    (line,) = capsys.readouterr().err.splitlines()
    assert "while trying to allocate 9000000000 bytes, the device has no more: lower the batch size" in line
    full = tf.errors.ResourceExhaustedError(None, None, "events; No space left on device")
    for error in (full, RuntimeError("a fault")):
        with pytest.raises(type(error)):
            cli.run(_raise, error)


def _raise(error):
    raise error


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
    assert f"usage: {' '.join(['tfgan', *command])}" in in_a_new_process(code)


def test_memory_of_gpus_is_taken_as_it_is_needed(monkeypatch):
    asked = []

    def grow(gpu, enable):
        asked.append((gpu, enable))
        if gpu == "used":
            raise RuntimeError("Physical devices cannot be modified after being initialized")

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["used", "new"])
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", grow)
    cli.quiet_tensorflow()
    assert asked == [("used", True), ("new", True)]


def test_scores_are_computed_without_tf32():
    tf.config.experimental.enable_tensor_float_32_execution(True)
    level = logging.getLogger("tensorflow").level
    try:
        cli.prepare_scoring()
        assert not tf.config.experimental.tensor_float_32_execution_enabled()
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(False)
        logging.getLogger("tensorflow").setLevel(level)

"""Runs on data that stay on disk: damaged files, files that change, and going on elsewhere."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT, same, slow_ones, values, without_export
from tfgan_ref.data.streams import choice
from tfgan_ref.errors import InputError
from tfgan_ref.recipes import RECIPES
from tfgan_ref.run import build, train
from tfgan_ref.training.checkpoints import Checkpoints
from tfgan_ref.training.device_program import DeviceProgram

SETTINGS = {
    "depth": 1, "batch_norm": False, "batch_size": 4, "steps": 8, "checkpoint_every": 2,
    "log_every": 2, "sample_every": 8, "steps_per_execution": 2,
}  # fmt: skip
XLA = {"jit": "on", "deterministic": False}
SCORED = {"evaluate_every": 4, "evaluate_n": 50, "hold_out": 0.5, "image_size": 16}


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def refused():
    """A context that must raise InputError with a message that holds all of the given parts."""

    @contextlib.contextmanager
    def check(*parts):
        with pytest.raises(InputError) as raised:
            yield
        assert all(part in str(raised.value) for part in parts), str(raised.value)

    return check


@pytest.fixture
def photos(tmp_path):
    """200 grey images of 8x8 pixels in two classes."""
    for number, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (200, 8, 8), np.uint8)):
        path = tmp_path / "photos" / "ab"[number % 2] / f"{number:03d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return tmp_path / "photos"


def files_of(photos):
    return sorted(photos.rglob("*.jpg"))


def cut(path):
    """Damages a file, but not its header, and leaves its time as it was."""
    status = path.stat()
    path.write_bytes(path.read_bytes()[:-30])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def command(out, photos, **settings):
    pairs = [f"{key}={value}" for key, value in (SETTINGS | {"stream": "on"} | settings).items()]
    return ["gan", "--out", out, "--data", f"folder:{photos}", *(f"--set={pair}" for pair in pairs)]


def start(out, photos, **settings):
    recipe = without_export(RECIPES["gan"])
    chosen = SETTINGS | {"stream": "on", "data": f"folder:{photos}"} | settings
    return train.start_run(recipe, recipe.settings(**chosen), out)


def state(run):
    gan = build.restore_gan(run)
    return values([variable for group in gan.state().values() for variable in group])


def newest(run):
    return max((int(path.name[5:]) for path in (run / "checkpoints").glob("step_*")), default=-1)


@pytest.fixture
def after_checkpoint(monkeypatch):
    """Calls a function once, after the first checkpoint of a step from ``step`` on."""

    def arrange(step, happens):
        save = Checkpoints.save

        def save_and_call(checkpoints, *given, **named):
            result = save(checkpoints, *given, **named)
            if newest(checkpoints.directory.parent) >= step:
                monkeypatch.setattr(Checkpoints, "save", save)
                happens()
            return result

        monkeypatch.setattr(Checkpoints, "save", save_and_call)

    return arrange


@pytest.mark.parametrize(
    ("what", "settings"),
    slow_ones(
        [("gone", {}), ("changed", {}), ("gone", XLA), ("gone", SCORED)],
        [("changed", {}), ("gone", XLA), ("gone", SCORED)],
    ),
)
def test_a_file_that_changes_ends_the_run_in_one_line(
    what, settings, photos, run_script, after_checkpoint, tmp_path
):
    def happens():
        for path in files_of(photos):
            path.unlink() if what == "gone" else path.write_bytes(b"more")

    after_checkpoint(4 if settings == SCORED else 2, happens)
    settings = settings | {"steps": 400}  # more than can be read ahead
    code, _, error = run_script("train.py", *command(tmp_path / "run", photos, **settings))
    lines = [line for line in error.splitlines() if line.startswith("error")]
    assert code == 2, error
    assert "Traceback" not in error
    (line,) = lines
    assert error.rstrip().endswith(line)
    assert line.startswith(f"error: folder:{photos}: ")
    assert ("is gone" if what == "gone" else "has changed") in line
    assert line.endswith("put the data back and go on with --resume")
    assert 2 <= newest(tmp_path / "run") < 400
    assert not (tmp_path / "run" / "damaged.txt").exists()


@pytest.mark.slow
def test_a_first_batch_that_cannot_be_read_is_no_fault_of_xla(photos, run_script, monkeypatch, tmp_path):
    install = DeviceProgram.install

    def without_files(program):
        shutil.rmtree(photos)
        install(program)

    monkeypatch.setattr(DeviceProgram, "install", without_files)
    code, _, error = run_script("train.py", *command(tmp_path / "run", photos, **XLA))
    assert code == 2, error
    *_, line = error.splitlines()
    assert line.startswith(f"error: folder:{photos}: ")
    assert " is gone since reading began: put the data back and go on with --resume" in line
    assert "XLA" not in line


@pytest.mark.slow
def test_too_many_damaged_files_end_the_run_with_their_list(photos, run_script, tmp_path):
    for path in files_of(photos)[::3]:
        cut(path)
    code, _, error = run_script("train.py", *command(tmp_path / "run", photos))
    assert code == 2, error
    assert "Traceback" not in error
    *_, line = error.splitlines()
    assert line.startswith(f"error: folder:{photos}: 3 of 200 items cannot be read, more than 1 %: ")
    listed = (tmp_path / "run" / "damaged.txt").read_text().splitlines()
    assert line.endswith(f"; all that were met are in {tmp_path / 'run' / 'damaged.txt'}")
    names = [path.relative_to(photos).as_posix() for path in files_of(photos)[::3]]
    assert len(listed) >= 3  # another thread may have met more
    assert {text.partition(" (")[0] for text in listed} <= set(names)


@pytest.mark.slow
def test_a_run_goes_on_from_a_copy_of_its_files_in_the_way_in_which_it_began(
    photos, monkeypatch, tmp_path, caplog
):
    """Bit for bit, with a damaged file in the way, whatever memory is free then."""
    cut(files_of(photos)[17])
    monkeypatch.setattr(choice, "available_memory", lambda: 1000.0)
    assert start(tmp_path / "straight", photos, stream="auto", steps=60)
    assert "passed over, cannot be read: a/034.jpg (" in caplog.text
    assert start(tmp_path / "run", photos, stream="auto", steps=20)
    kept = json.loads((tmp_path / "run" / "config.json").read_text())["settings"]
    assert kept["stream"] == "on"
    shutil.copytree(photos, tmp_path / "elsewhere", copy_function=shutil.copyfile)
    shutil.rmtree(photos)
    monkeypatch.undo()
    assert train.resume_run(tmp_path / "run", steps=60, data=f"folder:{tmp_path / 'elsewhere'}")
    assert same(state(tmp_path / "straight"), state(tmp_path / "run"))


@pytest.mark.slow
def test_a_run_stays_in_memory_or_on_disk(photos, monkeypatch, refused, tmp_path):
    """A run that began in memory is not on other data when there is less of it."""
    assert start(tmp_path / "run", photos, stream="auto", steps=2)
    config = tmp_path / "run" / "config.json"
    kept = json.loads(config.read_text())
    assert kept["settings"]["stream"] == "off"
    del kept["settings"]["stream"]  # as before there was such a setting
    config.write_text(json.dumps(kept))
    monkeypatch.setattr(choice, "available_memory", lambda: 1000.0)
    assert train.resume_run(tmp_path / "run", steps=4)
    with refused("leave out stream"):
        train.resume_run(tmp_path / "run", stream="on")
    files_of(photos)[3].unlink()
    with refused("is not what run", "was started with"):
        train.resume_run(tmp_path / "run", steps=6)


@pytest.mark.slow
def test_the_same_bits_in_memory_and_on_disk(photos, tmp_path):
    for stream in ("on", "off"):
        assert start(tmp_path / stream, photos, stream=stream, flip=True, balanced=True, hold_out=0.1)
    assert same(state(tmp_path / "on"), state(tmp_path / "off"))


@pytest.mark.slow
@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_goes_on_bit_for_bit(ended_by, photos, tmp_path):
    cut(files_of(photos)[17])
    settings = {"steps": 1000, "sample_every": 1000, "checkpoint_every": 20, "log_every": 20}
    script = [sys.executable, str(ROOT / "scripts" / "train.py")]
    straight, run = tmp_path / "straight", tmp_path / "run"
    subprocess.run([*script, *command(straight, photos, **settings)], check=True, capture_output=True)
    process = subprocess.Popen(
        [*script, *command(run, photos, **settings)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while newest(run) < 100 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(ended_by)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == (130 if ended_by == signal.SIGINT else -ended_by), output
    assert "Traceback" not in output
    assert 100 <= newest(run) < 1000
    done = subprocess.run([*script, "--resume", run], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert same(state(straight), state(run))


ENDS = """
import sys, time
from tfgan_ref import data
from tfgan_ref.data.images.arrays import image_loader

iterator = iter(image_loader(data.read(sys.argv[1], image_size=128, stream="on"), 32, seed=0).dataset())
for _ in range(2):
    next(iterator)
time.sleep(float(sys.argv[2]))
print("the end", flush=True)
if sys.argv[3] == "error":
    raise RuntimeError("an error of the user's")
sys.exit(0)
"""


@pytest.mark.slow
def test_python_ends_while_batches_are_read_ahead(photos):
    """It would end threads that read, of which TensorFlow learns nothing: it would wait for them for ever."""
    for number in range(10):
        how, seconds = ("error", "end")[number % 2], str(0.03 * number)
        done = subprocess.run(
            [sys.executable, "-c", ENDS, f"folder:{photos}", seconds, how],
            env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.stdout == "the end\n", done.stderr
        assert done.returncode == (how == "error"), done.stderr

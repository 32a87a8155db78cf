"""Every command and every Python block of the README and of docs/ runs; every link leads somewhere.

Trainings are shortened to two steps of narrow networks, and the files that the texts speak of are made up,
small but real.
"""

import json
import logging
import re
import runpy
import shlex
import shutil
import sys
import types
from itertools import takewhile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests import tfrecords
from tests.conftest import ROOT
from tfgan_ref.data.sounds.wav import encode_wav

PACKAGE = ROOT / "tfgan_ref"
DOCUMENTS = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHORT = ["--set", "log_every=2", "--set", "checkpoint_every=2", "--set", "sample_every=4"]
LONG = {
    "README.md", "commands.md", "frames.md", "image_to_image.md", "metrics.md", "speech.md", "text.md",
    "voices.md",
}  # fmt: skip
NARROW = {
    "voices": ["width=8", "d_width=8", "blocks=1", "frames=8", "length=2000"],
    "cut": ["width=4", "blocks=1", "units=4"],
    "style": ["width=4", "d_width=4", "blocks=1", "depth=1"],
    "frames": ["width=8", "d_width=8", "clips=8"],
    "speech": ["width=4"],
    "srresnet": ["width=4", "blocks=1"],
    "srgan": ["width=4", "blocks=1", "d_width=4"],
    "inpaint": ["width=4"],
    "text": ["units=8"],
    "dcgan": ["width=8"],
}
# Folders and files that a run or a reader makes.
MADE = ("checkpoints/", "logs/", "samples/", "saved_model/", "tfgan_ref/gans/relativistic.py")
# Weights that no registry has: a command with such a word must say in one line that it found no such file.
PLACEHOLDERS = {"FILE", "FOLDER"}


def blocks(path, *languages):
    return [(lang, text) for lang, text in BLOCK.findall(path.read_text()) if lang in languages]


def commands(text):
    """The calls of ``tfgan`` in a block as (command, words), without continuation lines and comments."""
    joined = text.replace("\\\n", " ")
    for line in joined.splitlines():
        if line.startswith("tfgan "):
            _, command, *words = shlex.split(line, comments=True)
            yield command, words


def shortened(command, words):
    """The same command with two steps, few samples and small batches."""
    words = list(words)
    if command == "train":
        if "--resume" not in words:
            words += SHORT
            words += [word for setting in NARROW.get(words[0], []) for word in ("--set", setting)]
        words = [*without(words, "--steps"), "--steps", "4" if "--resume" in words else "2"]
        words = [re.sub(r"^(evaluate_every|pretrain_steps)=\d+$", r"\1=2", word) for word in words]
        if any(word.startswith("evaluate_every") for word in words):
            words += ["--set", "evaluate_n=20"]
        if "--resume" not in words:
            words = [*without(words, "--batch-size"), "--batch-size", "4"]
    if command == "compare":
        words = [*without(words, "--steps"), "--steps", "2", "--n", "20"]
    if command == "evaluate" and "--pairs" not in words and "--benchmark" not in words:
        words = [*without(words, "--n"), "--n", "24"]
        if "--anomalies" in words:
            words = [*without(words, "--inversion-steps"), "--inversion-steps", "2"]
    if command == "project":
        words = [*words, "--steps", "2"]
    if command == "sample" and "50000" in words:
        words = [*without(words, "--n"), "--n", "20"]
    return words


def without(words, flag):
    if flag in words:
        at = words.index(flag)
        return words[:at] + words[at + 2 :]
    return words


def judge(folder, *files):
    """Answers the form in a folder, as people would who take every picture for real."""
    (test,) = re.findall(r'<form id="([\w-]+)"', (Path(folder) / "form.html").read_text())
    for file in files:
        Path(file).write_text(json.dumps({"test": test, "answers": {"1": "real", "2": "real"}}))


@pytest.fixture
def tfgan(monkeypatch, capsys):
    """Calls the command ``tfgan`` in this process: (command, *words) to (exit code, standard error)."""

    def call(*words):
        with monkeypatch.context() as patched:
            if words[0] == "train":  # no text loads what it saves at the end, and tests/recipes do
                patched.setattr(tf.saved_model, "save", lambda module, path, signatures: None)
            # The command sets logging up for itself, as in a process of its own.
            patched.setattr(logging.root, "handlers", [])
            patched.setattr(sys, "argv", ["tfgan", *words])
            with pytest.raises(SystemExit) as ended:
                runpy.run_module("tfgan_ref", run_name="__main__")
        return ended.value.code, capsys.readouterr().err

    return call


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder with everything that the texts speak of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("tfgan_ref.evaluation.classifier.STEPS", 4)
    monkeypatch.setattr("tfgan_ref.data.sounds.sources.VOWELS_PER_CLASS", {"train": 4, "test": 4})
    rng = np.random.default_rng(0)

    def pictures(folder, count=4, size=(112, 112)):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            pixels = rng.integers(0, 256, (size[1], size[0], 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f"{number}.png")

    for folder in ("photos", "folder", "generated", "real", "defects"):
        pictures(folder, 24 if folder in ("generated", "real") else 6)
    for folder in ("originals", "restored"):
        pictures(folder, 2, (168, 168))
    for number in range(2):
        pictures(f"photos_by_class/{number}", 3)
        pictures(f"clothing/{number}", 3)
    shutil.make_archive("clothing", "zip", "clothing")
    (tmp_path / "data").mkdir()
    clothes = [(path.read_bytes(), int(path.parent.name)) for path in tmp_path.glob("clothing/*/*.png")]
    tfrecords.write(tmp_path / "data" / "train-0", [tfrecords.example(*picture) for picture in clothes])
    (own,) = (text for _, text in blocks(ROOT / "docs" / "data.md", "python") if "def photos" in text)
    (tmp_path / "my_data.py").write_text(own)
    high = rng.integers(0, 256, (64, 64, 3), np.uint8)
    (tmp_path / "set5").mkdir()
    Image.fromarray(high).save(tmp_path / "set5" / "a_HR.png")
    Image.fromarray(high[::4, ::4]).save(tmp_path / "set5" / "a_LR.png")
    Image.fromarray(high[:40, :48]).save(tmp_path / "photo.jpg")
    for name in ("damaged", "content", "style"):
        Image.fromarray(high[:32, :32]).save(tmp_path / f"{name}.png")
    Image.fromarray(np.where(rng.random((32, 32)) < 0.8, 255, 0).astype(np.uint8)).save(
        tmp_path / "known.png"
    )
    (tmp_path / "masks").mkdir()
    shutil.copy(tmp_path / "known.png", tmp_path / "masks")
    voice = 0.3 * np.sign(np.sin(2 * np.pi * 120 * np.arange(8000) / 8000))
    (tmp_path / "speech.wav").write_bytes(encode_wav(voice.astype(np.float32), 8000))
    digits = rng.integers(0, 256, (40, 28, 28), np.uint8)
    np.savez(tmp_path / "train.npz", images=digits, labels=np.arange(40) % 10)
    shutil.copy(tmp_path / "train.npz", tmp_path / "moved.npz")
    line = rng.integers(0, 256, (120, 128, 128), np.uint8)
    np.savez(tmp_path / "pairs.npz", line=line, color=np.repeat(line[..., None], 3, axis=-1))
    return tmp_path


class _Dino:
    @staticmethod
    def from_preset(name, image_shape):
        images = keras.Input(image_shape, name="images")
        tokens = keras.layers.Reshape((-1, 8))(keras.layers.Conv2D(8, 14, 14)(images))
        return keras.Model({"images": images}, tokens)


class _Clip:
    @classmethod
    def from_preset(cls, name):
        return cls()

    def get_vision_embeddings(self, images):
        return keras.layers.Dense(8)(keras.layers.GlobalAveragePooling2D()(images))


# What the texts call of KerasHub, with untrained networks of one layer in place of its presets.
KERAS_HUB = types.SimpleNamespace(models=types.SimpleNamespace(DINOV2Backbone=_Dino, CLIPBackbone=_Clip))
RAN = set()  # the commands that ran, in any document
TRAINED = {}  # the run directory that each training made

# What other lines of the same text take for granted, made as `make demo` and the lines before would.
RUNS = {"runs/demo": "cgan", "runs/style": "style", "runs/mnist": "dcgan"}


@pytest.mark.parametrize(
    "path",
    # The Chinese README has the code of the English one: tests/test_readme.py.
    [
        pytest.param(path, id=path.name, marks=[pytest.mark.slow] if path.name in LONG else [])
        for path in DOCUMENTS
        if blocks(path, "", "sh", "python") and "zh" not in path.name
    ],
)
def test_its_commands_and_blocks_run(path, files, tfgan, monkeypatch, eager_training):
    monkeypatch.setitem(sys.modules, "keras_hub", KERAS_HUB)
    text = path.read_text()
    for run, recipe in RUNS.items():
        if run in text:
            words = shortened("train", [recipe, "--out", run])
            if recipe == "dcgan":
                words += ["--data", "npz:train.npz"]
            if (recipe, run) not in TRAINED:
                code, error = tfgan("train", *words)
                assert code == 0, error
                TRAINED[recipe, run] = files / run
            else:
                shutil.copytree(TRAINED[recipe, run], run)
    made, names = set(RUNS), {"__name__": "__main__"}
    for language, block in blocks(path, "", "sh", "python"):
        if language == "python":
            block = re.sub(r"\b(steps|steps_per_epoch)=\d+", r"\1=2", block)
            exec(compile(block, path.name, "exec"), names)
            continue
        if "TF_CONFIG" in block or "--strategy" in block:
            continue  # tests/training/test_distribution.py runs these, where there are the devices
        for command, written in commands(block):
            words = shortened(command, written)
            out = words[words.index("--out") + 1] if "--out" in words else None
            if command == "train" and out is not None and out in made:
                continue
            unused = out is None or text.count(out) == 1
            if unused and (command, *written) in RAN:
                continue
            RAN.add((command, *written))
            if command == "train" and tuple(written) in TRAINED:
                shutil.copytree(TRAINED[tuple(written)], out)
                made.add(out)
                continue
            if (
                command in ("train", "compare")
                and unused
                and not {"--list", "--resume", "--help", "--dry-run"} & {*words}
            ):
                with monkeypatch.context() as only_build:  # of training itself there are other tests
                    only_build.setattr("tfgan_ref.run.train.train_gan", lambda *arguments: False)
                    code, error = tfgan(command, *words)
                assert code == 130, f"{command} {shlex.join(words)}: {error}"
                continue
            if "--blind-answers" in words:
                judge(*takewhile(lambda word: not word.startswith("--"), words[1:]))
            code, error = tfgan(command, *words)
            keras.backend.clear_session()
            if lacking := PLACEHOLDERS & {*words}:
                assert code == 2
                assert lacking.pop() in error
                continue
            assert code == 0, f"{command} {shlex.join(words)}: {error}"
            made.add(out)
            if command == "train" and out is not None:
                TRAINED[tuple(written)] = files / out


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_its_benchmarks_exist_and_take_their_flags(path, run_script, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    found = re.findall(r"python (benchmarks/\w+\.py)([^`\n]*(?:\n[^`\n]+)*)`", path.read_text())
    helps = {}
    for script, rest in found:
        assert (ROOT / script).is_file(), script
        if script not in helps:
            helps[script] = run_script(script.removeprefix("benchmarks/"), "--help", folder="benchmarks")[1]
        for flag in re.findall(r"(--[a-z][a-z-]*)", rest):
            assert flag in helps[script], f"{script} has no {flag}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_its_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)]+)\)", path.read_text()):
        if not target.startswith(("http://", "https://", "#")):
            assert (path.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_the_files_it_names_exist(path):
    """Names in backquotes are paths from the root, or from the package's folder."""
    for name in re.findall(r"`((?:\w+/)+(?:\w+\.(?:py|txt))?)`", path.read_text()):
        assert name in MADE or any((folder / name).exists() for folder in (ROOT, PACKAGE)), name


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_the_tests_it_names_exist(path):
    """A name that begins with two colons is in the file that stands before it."""
    for first, others in re.findall(r"`(tests/\w[\w/]*\.py::\w+)`((?:, `::\w+`)*)", path.read_text()):
        file, _, name = first.partition("::")
        code = (ROOT / file).read_text(encoding="utf-8")
        for test in (name, *re.findall(r"::(\w+)", others)):
            assert f"def {test}(" in code, f"{file}: {test}"


def test_the_diagram_of_the_architecture_shows_every_part_of_the_package_and_no_other():
    _, diagram = blocks(ROOT / "docs" / "architecture.md", "")[0]
    package = diagram[: diagram.index("\nscripts/")]
    shown = re.findall(r"^  (\w+(?:/|\.py))", package, re.MULTILINE)
    there = {f"{p.name}/" for p in PACKAGE.iterdir() if (p / "__init__.py").exists()}
    there |= {p.name for p in PACKAGE.glob("*.py") if not p.name.startswith("__")}
    assert sorted(shown) == sorted(there)

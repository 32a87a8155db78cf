"""apply.py with a voice converter: WAV files and folders of them, and a line for whatever is wrong."""

import numpy as np
import pytest

from tests.scripts.test_scripts import is_one_line_error
from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.data.sounds.wav import encode_wav, read_wav
from tfgan_ref.recipes import build_gan
from tfgan_ref.recipes.voices import RECIPE

pytestmark = pytest.mark.usefixtures("eager_training")

RATE = 8000


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A converter that shifts pitch by a half, and back, and changes nothing else: as built."""
    shape = DataShape((8, 80, 1), source_channels=1, names={"sample_rate": (str(RATE),)})
    settings = RECIPE.settings(frames=8, width=8, blocks=1, knots=3, detail=0, d_width=8, replay=0)
    gan = build_gan(RECIPE, settings, shape)
    gan.observer.moments.assign([[100.0, np.log(120), 1.0], [100.0, np.log(180), 1.0]])
    path = tmp_path_factory.mktemp("model") / "voices"
    RECIPE.medium.export(gan, path, shape)
    return path


@pytest.fixture
def sounds(tmp_path):
    folder = tmp_path / "sounds"
    (folder / "more").mkdir(parents=True)
    time = np.arange(4000) / RATE
    for name, pitch in (("low.wav", 120), ("more/high.wav", 180)):
        sound = sum(np.cos(2 * np.pi * h * pitch * time) / h for h in range(1, 15)) / 5
        (folder / name).write_bytes(encode_wav(sound, RATE))
    return folder


@pytest.fixture
def apply(run_script, model, tmp_path):
    return lambda *arguments: run_script("apply.py", model, *arguments, "--out", tmp_path / "out")


def pitch_of(path):
    samples, rate = read_wav(path)
    assert rate == RATE
    spectrum = np.abs(np.fft.rfft(samples[1000:3000] * np.hanning(2000), 16000))
    return np.argmax(spectrum[100:500]) / 2 + 50


def test_a_folder_there_and_a_file_back(apply, sounds, tmp_path):
    code, out, err = apply(sounds)
    assert (code, err) == (0, "")
    assert out == f"2 of 2 recordings in {tmp_path / 'out'}\n"
    assert pitch_of(tmp_path / "out" / "low.wav") == pytest.approx(180, rel=0.02)
    code, _, _ = apply(sounds / "more" / "high.wav", "--backward", "--overwrite")
    assert code == 0
    assert pitch_of(tmp_path / "out" / "high.wav") == pytest.approx(120, rel=0.02)


def test_files_that_cannot_be_used_are_named_and_left_out(apply, sounds, tmp_path):
    (sounds / "silent.wav").write_bytes(encode_wav(np.zeros(4000), RATE))
    (sounds / "broken.wav").write_bytes(b"RIFFnothing")
    code, out, err = apply(sounds)
    assert code == 2
    assert out.startswith("2 of 4 recordings")
    assert sorted(line.split("sounds/")[1].split(":")[0].split(" ")[0] for line in err.splitlines()) == [
        "broken.wav", "silent.wav",
    ]  # fmt: skip
    assert "silent.wav: audio is silent" in err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["high.wav", "low.wav"]


def test_nothing_is_overwritten_unasked(apply, sounds, tmp_path):
    target = tmp_path / "out" / "low.wav"
    target.parent.mkdir()
    target.write_bytes(b"mine")
    is_one_line_error(apply(sounds), f"{target} exists")
    assert target.read_bytes() == b"mine"
    assert apply(sounds, "--overwrite")[0] == 0
    assert len(target.read_bytes()) > 1000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.wav",), "missing.wav does not exist: name files or folders"),
        (("--tile", "64", "{sounds}"), "--tile is for pictures"),
        (("--mask", "m.png", "{sounds}"), "--mask is for pictures"),
        (("{sounds}/picture.png",), "picture.png is not a .wav file"),
        (("{sounds}/empty",), "empty holds no .wav files"),
        (("{sounds}/low.wav", "{sounds}/more", "{sounds}/again"), "would both become"),
    ],
)
def test_bad_arguments(apply, sounds, arguments, message):
    (sounds / "picture.png").write_bytes(b"")
    (sounds / "empty").mkdir()
    (sounds / "again").mkdir()
    (sounds / "again" / "low.wav").write_bytes(encode_wav(np.zeros(10), RATE))
    is_one_line_error(apply(*(text.format(sounds=sounds) for text in arguments)), message)

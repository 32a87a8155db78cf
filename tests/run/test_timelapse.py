"""Videos of a run's samples over the steps of training."""

import io
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageSequence

from tests.runs_on_disk import make_run, png
from tfgan_ref import cli
from tfgan_ref.errors import InputError
from tfgan_ref.run import timelapse
from tfgan_ref.run.timelapse import write_timelapse

# A program that writes what it was given in place of a video.
FFMPEG = f"""#!{sys.executable}
import sys
pixels = sys.stdin.buffer.read()
if "-crf" not in sys.argv: sys.exit("no -crf")
open(sys.argv[-1], "wb").write(" ".join(sys.argv[1:-1]).encode() + b"\\n" + pixels)
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Puts a program on PATH as the only one: (text) to nothing."""

    def put(text):
        (tmp_path / "bin").mkdir(exist_ok=True)
        path = tmp_path / "bin" / "ffmpeg"
        path.write_text(text)
        path.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    return put


def frames_of(path):
    """The frames of an animation, uint8 (N, H, W, 3), and how long each is shown."""
    with Image.open(path) as picture:
        assert picture.info["loop"] == 0
        frames = [
            (np.asarray(frame.convert("RGB")), frame.info["duration"])
            for frame in ImageSequence.Iterator(picture)
        ]
    return np.stack([pixels for pixels, _ in frames]), [duration for _, duration in frames]


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_every_picture_is_a_frame_with_its_step(tmp_path, suffix):
    run = make_run(tmp_path / "run")
    for step, shade in ((50, 0), (100, 90), (150, 180), (200, 250)):
        (run / "samples" / f"step_{step:08d}.png").write_bytes(png(shade, (90, 40)))
    out = tmp_path / "new" / f"training{suffix}"
    write_timelapse(run, out)
    frames, durations = frames_of(out)
    # Pillow joins frames that are alike, as the last ones are.
    assert sum(durations) == 4 * timelapse.LONGEST + timelapse.LAST
    assert durations[:3] == [timelapse.LONGEST] * 3
    caption = frames.shape[1] - 40
    assert frames.shape[2] == 90
    for frame, shade in zip(frames[:4], (0, 90, 180, 250), strict=True):
        np.testing.assert_allclose(frame[caption + 4 : -4, 4:-4].mean((0, 1)), (shade, 80, 160), atol=8)
        assert frame[:caption].max() > 150  # something is written there
    assert not np.array_equal(frames[0, :caption], frames[1, :caption])


def test_many_pictures_are_thinned_and_each_is_shown_shorter(tmp_path, monkeypatch):
    monkeypatch.setattr(timelapse, "MOST_FRAMES", 50)
    run = make_run(tmp_path / "run")
    for step in range(300):
        (run / "samples" / f"step_{step:08d}.png").write_bytes(png(step % 250, (90, 20)))
    write_timelapse(run, tmp_path / "a.gif")
    frames, durations = frames_of(tmp_path / "a.gif")
    assert durations[0] == 10000 // 50
    assert 45 <= len(frames) <= 51


def test_pictures_of_different_sizes_and_kinds(tmp_path):
    run = make_run(tmp_path / "run")
    grey = io.BytesIO()
    Image.new("L", (80, 30), 200).save(grey, "PNG")
    (run / "samples" / "step_00000050.png").write_bytes(grey.getvalue())
    write_timelapse(run, tmp_path / "a.gif")
    frames, _ = frames_of(tmp_path / "a.gif")
    assert tuple(frames[0, -30 + 15, 40]) == (200, 200, 200)
    assert frames.shape[2] == 80


def test_mp4_is_made_by_ffmpeg(tmp_path, program):
    program(FFMPEG)
    run = make_run(tmp_path / "run")
    for path in (run / "samples").iterdir():
        path.write_bytes(png(100, (91, 41)))
    write_timelapse(run, tmp_path / "a.mp4")
    command, _, pixels = (tmp_path / "a.mp4").read_bytes().partition(b"\n")
    words = command.decode().split()
    assert words[words.index("-pix_fmt") + 1] == "rgb24"
    assert words[words.index("-r") + 1] == "1000/500"
    width, height = map(int, words[words.index("-s") + 1].split("x"))
    assert (width, height % 2) == (92, 0)  # H.264 takes even sides
    assert len(pixels) == (4 + 3) * height * width * 3  # the last picture stays for 1.5 s more
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "bin", "run"]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg to make an mp4 file")
def test_mp4_is_a_video(tmp_path):
    write_timelapse(make_run(tmp_path / "run"), tmp_path / "a.mp4")
    command = [
        "ffmpeg",
        "-loglevel",
        "error",
        "-i",
        str(tmp_path / "a.mp4"),
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-",
    ]
    pixels = subprocess.run(command, capture_output=True, check=True).stdout
    assert len(pixels) % (7 * 3 * 10) == 0  # seven frames


def test_an_ffmpeg_that_fails_is_one_line(tmp_path, program):
    program(
        f"#!{sys.executable}\nimport sys\nsys.stdin.buffer.read()\nsys.exit('x\\nUnknown encoder libx264')"
    )
    run = make_run(tmp_path / "run")
    with pytest.raises(InputError, match=r"ffmpeg cannot write .*a\.mp4: Unknown encoder libx264$"):
        write_timelapse(run, tmp_path / "a.mp4")
    assert not (tmp_path / "a.mp4").exists()


@pytest.mark.parametrize("damage", [b"", png()[:45], b"GIF89a", None], ids=["empty", "cut", "gif", "folder"])
def test_damaged_pictures_are_named(tmp_path, damage):
    run = make_run(tmp_path / "run")
    picture = run / "samples" / "step_00000100.png"
    picture.unlink()
    picture.write_bytes(damage) if damage is not None else picture.mkdir()
    with pytest.raises(InputError, match=r"step_00000100\.png (is damaged|cannot be read)"):
        write_timelapse(run, tmp_path / "a.gif")
    assert not (tmp_path / "a.gif").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "--video", "a.avi"], "--video a.avi is not a .gif, .webp, .mp4 file"),
        (["run", "--video", "there.gif"], "there.gif exists: name another with --video"),
        (["run", "--video", "a.mp4"], "ffmpeg is not there, which .mp4 needs: install it, or name a .gif"),
        (["run", "run", "--video", "a.gif"], "--video is of one run: name one"),
        (["run", "--video", "a.gif", "--out", "b.html"], "leave out --out"),
        (["run", "--video", "there.gif/a.gif"], "cannot be written"),
        (["empty", "--video", "a.gif"], "empty has no pictures in samples/: there is nothing to show"),
    ],
)
def test_what_cannot_be_made_is_one_line(tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.devnull)
    make_run(tmp_path / "run")
    shutil.rmtree(make_run(tmp_path / "empty") / "samples")
    (tmp_path / "there.gif").write_text("mine")
    with pytest.raises(InputError) as raised:
        cli.call("report", words)
    assert message in str(raised.value)

"""A video of a run's samples over the steps of training: the pictures in ``samples/`` with their steps."""

import contextlib
import io
import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfgan_ref import plotting
from tfgan_ref.errors import InputError, reason
from tfgan_ref.files import temporary_beside, write_bytes
from tfgan_ref.run.report_files import LARGEST, evenly, read_own, sample_pictures
from tfgan_ref.training.run_directory import RunDirectory

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (*plotting.ANIMATIONS, ".mp4")
MOST_FRAMES = 300  # pictures; of more as many are taken, evenly
SECONDS = 10  # that all take together, where each is shown neither too short nor too long
SHORTEST, LONGEST = 40, 500  # milliseconds that a picture is shown
LAST = 1500  # milliseconds more for the last one


def write_timelapse(run: Path, out: Path) -> None:
    """Writes the pictures of a run's samples, each with its step, as a ``.gif``, ``.webp`` or ``.mp4`` file.

    Raises:
        InputError: there are no pictures, some are damaged, or ffmpeg, which ``.mp4`` needs, is missing or
            fails.
    """
    found = evenly(sample_pictures(RunDirectory.open(run).path), MOST_FRAMES)
    if not found:
        raise InputError(f"{run} has no pictures in samples/: there is nothing to show")
    milliseconds = min(max(1000 * SECONDS // len(found), SHORTEST), LONGEST)
    out.parent.mkdir(parents=True, exist_ok=True)
    frames = _frames(run, found, LAST // milliseconds)
    if out.suffix.lower() == ".mp4":
        _write_mp4(out, frames, milliseconds)
    else:
        kind = plotting.ANIMATIONS[out.suffix.lower()]
        write_bytes(out, plotting.encode_animation(frames, kind, milliseconds))


def _frames(run: Path, found: Sequence[tuple[int, Path]], more: int) -> Iterator[np.ndarray]:
    """Yields each picture below its step, uint8 (H, W, 3), and the last one so many times more.

    The pictures are read one at a time, twice: all frames have the size of the largest.
    """
    sizes = []
    for _, path in found:
        with _opened(run, path) as picture:
            sizes.append(picture.size)
    width, height = np.max(sizes, axis=0)
    texts = plotting.captions([f"step {step:,}" for step, _ in found], int(width), 3)
    for (_, path), text in zip(found, texts, strict=True):
        with _opened(run, path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        room = [(0, height - pixels.shape[0]), (0, width - pixels.shape[1]), (0, 0)]
        frame = np.concatenate([text, np.pad(pixels, room, constant_values=plotting.GREY)])
        yield frame
    for _ in range(more):
        yield frame


@contextlib.contextmanager
def _opened(run: Path, path: Path) -> Iterator["Image"]:
    """Opens a picture of a run directory.

    Raises:
        InputError: it cannot be read, here or within the block.
    """
    from PIL import Image

    content = read_own(run, path, LARGEST)
    if content is None:
        raise InputError(f"{path} cannot be read: it is no file of the run, or too large")
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            yield picture
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} is damaged ({reason(error)}): remove it") from error


def require_ffmpeg() -> str:
    """Returns the path of ffmpeg.

    Raises:
        InputError: there is none.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise InputError("ffmpeg is not there, which .mp4 needs: install it, or name a .gif or .webp file")
    return program


def _write_mp4(out: Path, frames: Iterable[np.ndarray], milliseconds: int) -> None:
    """Encodes frames, uint8 (H, W, 3), as H.264 that browsers and phones show."""
    program = require_ffmpeg()
    several = map(_even, frames)
    first = next(several)
    temporary = temporary_beside(out)
    form = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{first.shape[1]}x{first.shape[0]}"]
    rate = ["-r", f"1000/{milliseconds}", "-i", "-"]
    coded = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "20", "-movflags", "+faststart", "-f", "mp4"]
    command = [program, "-loglevel", "error", "-y", *form, *rate, *coded, str(temporary.absolute())]
    try:
        with tempfile.TemporaryFile() as said:
            with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=said) as process:
                with contextlib.suppress(BrokenPipeError):  # it has ended, and says why
                    for frame in itertools.chain([first], several):
                        process.stdin.write(frame.tobytes())
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
            if process.returncode or not temporary.is_file():
                said.seek(0)
                lines = said.read().decode("utf-8", "replace").splitlines()
                last = next((line for line in reversed(lines) if line.strip()), "it wrote nothing")
                raise InputError(f"ffmpeg cannot write {out}: {last.strip()}")
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)


def _even(frame: np.ndarray) -> np.ndarray:
    """Returns a frame with sides of even length, which H.264 asks for."""
    height, width, _ = frame.shape
    return np.pad(frame, [(0, height % 2), (0, width % 2), (0, 0)], constant_values=plotting.GREY)

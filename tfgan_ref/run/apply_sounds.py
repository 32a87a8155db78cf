"""A voice converter, from a run directory or an exported SavedModel, applied to WAV files."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan_ref.data.sounds.wav import encode_wav, read_wav, resample, to_mono
from tfgan_ref.errors import InputError, reason
from tfgan_ref.files import write_bytes
from tfgan_ref.media.sounds import sample_rate_of
from tfgan_ref.media.voices import QUIETEST, VOICES, converter_of
from tfgan_ref.run import build
from tfgan_ref.run.apply_pictures import Job, plan_targets
from tfgan_ref.run.saved_models import load_saved_model

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Converter:
    """A voice converter.

    Attributes:
        function: maps a recording, float32 (T,) in [-1, 1], to another of the same length.
        sample_rate: per second, of both.
    """

    function: Callable[[tf.Tensor], tf.Tensor]
    sample_rate: int

    def apply(self, audio: np.ndarray) -> np.ndarray:
        """Converts a recording, float32 (T,) in [-1, 1]; what is louder is made quieter first.

        Raises:
            InputError: ``audio`` has another shape, or is silent.
        """
        if audio.ndim != 1 or not audio.size:
            raise InputError(f"audio must be (T,), not of shape {audio.shape}")
        loudest = np.abs(audio).max()
        if loudest < QUIETEST:
            raise InputError("audio is silent")
        audio = (audio / max(1.0, loudest)).astype(np.float32)
        return self.function(tf.constant(audio)).numpy()


def open_converter(path: Path, *, backward: bool = False) -> Converter | None:
    """Opens a voice converter: a run directory (its newest checkpoint) or a SavedModel; None for others.

    Args:
        path: either of them, or another model.
        backward: whether to make the first voice of the second.

    Raises:
        InputError: ``path`` is a run that cannot be read.
    """
    if (path / "saved_model.pb").is_file():
        try:
            loaded = load_saved_model(path)
            served = loaded.signatures["serving_default"].structured_outputs
        except (OSError, KeyError, ValueError, tf.errors.OpError):
            return None  # ``open_translator`` says what is wrong with it
        if VOICES.served not in served:
            return None
        # Through ``loaded``, which must stay alive: its functions do not keep its variables.
        return Converter(
            lambda audio: (loaded.apply_back if backward else loaded.apply)(audio),
            int(loaded.sample_rate.numpy()),
        )
    if not path.exists() or build.recipe_of(path).medium is not VOICES:
        return None
    _, gan, shape = build.open_run(path)
    converter = converter_of(gan, sample_rate_of(shape), backward=backward)
    return Converter(converter.apply, sample_rate_of(shape))


def plan_recordings(inputs: Iterable[Path], out: Path, *, overwrite: bool = False) -> list[Job]:
    """Returns the jobs that WAV files, and folders of them, make in the folder ``out``, or one in that file.

    Raises:
        InputError: an input does not exist or is no WAV file, two inputs have one result, or a result exists.
    """
    sources = list(dict.fromkeys(source for path in inputs for source in _recordings(path)))
    targets = plan_targets(
        sources, out, lambda source: f"{source.stem}.wav", suffixes=(".wav",), overwrite=overwrite
    )
    return [Job(source, target) for source, target in zip(sources, targets, strict=True)]


def convert_file(converter: Converter, job: Job) -> None:
    """Converts one WAV file; the result, 16 bit and mono, appears under its name when it is complete.

    Another rate is resampled to the converter's, several channels are mixed; a warning says so.

    Raises:
        InputError: the file cannot be read, or is silent.
    """
    try:
        samples, rate = read_wav(job.source)
    except (OSError, ValueError) as error:
        raise InputError(f"{job.source} cannot be read: {reason(error)}") from error
    notes = []
    if samples.ndim > 1 and samples.shape[1] > 1:
        notes.append(f"mixed from {samples.shape[1]} channels to one")
    if rate != converter.sample_rate:
        notes.append(f"resampled from {rate} to {converter.sample_rate} per second")
    if notes:
        logger.warning("%s: %s", job.source, ", ".join(notes))
    audio = resample(to_mono(samples), rate, converter.sample_rate)
    try:
        made = converter.apply(audio)
    except InputError as error:
        raise InputError(f"{job.source}: {error}") from error
    job.target.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(job.target, encode_wav(made, converter.sample_rate))


def _recordings(path: Path) -> Sequence[Path]:
    if not path.exists():
        raise InputError(f"{path} does not exist: name WAV files or folders")
    if path.is_file():
        if path.suffix.lower() != ".wav":
            raise InputError(f"{path} is not a .wav file: this model converts recordings")
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() == ".wav" and file.is_file())
    if not found:
        raise InputError(f"{path} holds no .wav files")
    return found

"""A voice converter, from a run directory or an exported SavedModel, applied to WAV files."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan_ref.data.sounds.pieces import join_pieces, quiet_pieces
from tfgan_ref.data.sounds.wav import encode_blocks, length_at, mono_blocks, read_wav_form
from tfgan_ref.errors import InputError, check_exists, reason
from tfgan_ref.files import write_parts
from tfgan_ref.media.sounds import sample_rate_of
from tfgan_ref.media.voices import QUIETEST, VOICES, converter_of
from tfgan_ref.networks.saved_models import load_saved_model
from tfgan_ref.run import build
from tfgan_ref.run.apply_pictures import Job, plan_targets

logger = logging.getLogger(__name__)

# Seconds: of the longest piece, of its end where it may be cut, and that two pieces share.
_PIECES = (60.0, 2.0, 0.02)


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

        One of more than a minute is converted in pieces, see ``convert``.

        Raises:
            InputError: ``audio`` has another shape, or is silent.
        """
        if audio.ndim != 1 or not audio.size:
            raise InputError(f"audio must be (T,), not of shape {audio.shape}")
        loudest = np.abs(audio).max()
        if loudest < QUIETEST:
            raise InputError("audio is silent")
        return np.concatenate(list(self.convert([audio], loudest)))

    def convert(self, blocks: Iterable[np.ndarray], loudest: float) -> Iterator[np.ndarray]:
        """Converts a recording in pieces of at most a minute, which are cut where it is quiet.

        Each piece is converted by itself: its loudest frame counts as the recording's.

        Args:
            blocks: the recording, (T,) each, one after another.
            loudest: its loudest sample.

        Yields:
            What becomes of it, float32 (T,) each, one after another.
        """
        longest, search, overlap = (round(seconds * self.sample_rate) for seconds in _PIECES)
        scaled = ((block / max(1.0, loudest)).astype(np.float32) for block in blocks)
        pieces = quiet_pieces(scaled, longest, search, overlap)
        return join_pieces(map(self._convert_piece, pieces), overlap)

    def _convert_piece(self, audio: np.ndarray) -> np.ndarray:
        if np.abs(audio).max() < QUIETEST:
            return np.zeros_like(audio)
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

    Another rate is resampled to the converter's, several channels are mixed; a warning says so. Memory does
    not grow with the length of the recording.

    Raises:
        InputError: the file cannot be read, or is silent.
    """
    rate = converter.sample_rate
    try:
        form = read_wav_form(job.source)
        loudest = max(np.abs(block).max() for block in mono_blocks(job.source, rate))
    except (OSError, ValueError) as error:
        raise InputError(f"{job.source} cannot be read: {reason(error)}") from error
    if loudest < QUIETEST:
        raise InputError(f"{job.source}: audio is silent")
    notes = []
    if form.channels > 1:
        notes.append(f"mixed from {form.channels} channels to one")
    if form.rate != rate:
        notes.append(f"resampled from {form.rate} to {rate} per second")
    if notes:
        logger.warning("%s: %s", job.source, ", ".join(notes))
    made = converter.convert(mono_blocks(job.source, rate), loudest)
    job.target.parent.mkdir(parents=True, exist_ok=True)
    write_parts(job.target, encode_blocks(made, length_at(form, rate), rate))


def _recordings(path: Path) -> Sequence[Path]:
    check_exists(path, "WAV files or folders")
    if path.is_file():
        if path.suffix.lower() != ".wav":
            raise InputError(f"{path} is not a .wav file: this model converts recordings")
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() == ".wav" and file.is_file())
    if not found:
        raise InputError(f"{path} holds no .wav files")
    return found

"""Recordings of two voices without pairs: their spectral envelopes, and batches of pieces of these."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_ref.data.order import shuffled_order
from tfgan_ref.data.pipeline import (
    EXAMPLES,
    Batch,
    BatchLoader,
    DataShape,
    Tensors,
    TrainingData,
    derived_seed,
    draws_seed,
    spread_indices,
)
from tfgan_ref.data.sounds.vocoder import BANDS, analyse
from tfgan_ref.data.sounds.waves import Waves
from tfgan_ref.errors import InputError, whole_number
from tfgan_ref.randomness import fold_in

# Purposes of the run's seed beside the order of the sources; not 0, by which a seed would stay itself.
_TARGET_ORDER = 1
_STARTS = 2
_SIDES = ("source", "target")
_QUIET = -0.5  # the highest band of a frame that is left out at the ends of a recording: -40 dB
_QUIETEST = 1e-3  # of the loudest sample of a recording that can be used


@dataclass(frozen=True)
class VoicePictures:
    """Envelopes and pitches of the recordings of one voice.

    Attributes:
        name: of the voice.
        pictures: of the envelopes, float32 (frames, BANDS) in [-1, 1] each, without silence at both ends.
        pitches: Hz, float32 (frames,) each, 0 for none.
    """

    name: str
    pictures: tuple[np.ndarray, ...]
    pitches: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Voices:
    """Two voices between which a recording is converted.

    Attributes:
        source: the one that conversion starts from.
        target: the one that it makes.
        sample_rate: of the recordings.
        fingerprint: differs for other recordings or voices.
    """

    source: VoicePictures
    target: VoicePictures
    sample_rate: int
    fingerprint: str

    @classmethod
    def of(cls, waves: Waves, source: str, target: str) -> "Voices":
        """Analyses the recordings of two groups.

        Raises:
            InputError: there are no groups, one is unknown or both are the same, or a recording is silent.
        """
        if waves.groups is None:
            raise InputError(f"{waves.name}: voices need groups of speakers, and it has none")
        for group in (source, target):
            if group not in waves.group_names:
                allowed = ", ".join(waves.group_names)
                raise InputError(f"{waves.name}: voice {group!r} is unknown: choose one of {allowed}")
        if source == target:
            raise InputError(f"{waves.name}: voices {source} and {target} are the same: choose two")
        analyser = tf.function(lambda audio: analyse(audio, waves.sample_rate)[:2], autograph=False)
        both = []
        for name in (source, target):
            chosen = waves.groups == waves.group_names.index(name)
            if not chosen.any():
                raise InputError(f"{waves.name}: there are no recordings of {name}")
            both.append(_pictures(waves.take(chosen), name, analyser))
        return cls(*both, waves.sample_rate, f"{waves.fingerprint}-{source}-{target}")


def training_voices(voices: Voices, frames: int, seed: int = 0) -> TrainingData:
    """Returns two voices to train on.

    Args:
        voices: the recordings.
        frames: of a piece, 10 ms each.
        seed: chooses order and places.
    """
    names = {"voices": (voices.source.name, voices.target.name), "sample_rate": (str(voices.sample_rate),)}
    return TrainingData(
        voices,
        DataShape((frames, BANDS, 1), source_channels=1, names=names),
        voices.fingerprint,
        functools.partial(voice_loader, voices, frames=frames, seed=seed),
        len(voices.source.pictures),
        sum(picture.nbytes for voice in (voices.source, voices.target) for picture in voice.pictures),
        (example_voices(voices, EXAMPLES, frames=frames),),
    )


def voice_batches(
    voices: Voices, batch_size: int, start_step: int = 0, *, frames: int, seed: int
) -> tf.data.Dataset:
    """Returns the endless data set of shuffled batches of pieces of both voices.

    Every batch is full, each run of N positions holds each of a voice's N recordings once, and the batch of a
    step depends on the arguments and the step only. A piece begins anywhere in its recording; of one that is
    shorter the last frame is repeated.

    Args:
        voices: the recordings.
        batch_size: pieces per batch and voice.
        start_step: the number of batches to leave out, of a run that is resumed.
        frames: of a piece, 10 ms each.
        seed: chooses order and places, any whole number from 0 up.

    Returns:
        Dicts of float32: ``source`` and ``target``, unrelated, (batch_size, frames, BANDS, 1) in [-1, 1];
        ``source_pitch`` and ``target_pitch`` (batch_size, frames) in Hz, 0 for none.

    Raises:
        InputError: if a number is out of its range.
    """
    return voice_loader(voices, batch_size, frames=frames, seed=seed).dataset(start_step)


def voice_loader(voices: Voices, batch_size: int, *, frames: int, seed: int) -> BatchLoader:
    """Returns the loader of ``voice_batches``; arguments and errors are the same."""
    whole_number("frames", frames, 1)
    with tf.device("CPU:0"):
        pieces = [_Pieces(voice, frames) for voice in (voices.source, voices.target)]
        orders = [
            shuffled_order(pieces[0].count, seed),
            shuffled_order(pieces[1].count, derived_seed(seed, _TARGET_ORDER) % 2**32),
        ]
    starts_seed = draws_seed(seed, _STARTS)

    kept = {}
    for name, voice in zip(_SIDES, pieces, strict=True):
        kept |= {name: voice.pictures, f"{name}_pitch": voice.pitches}

    def choose(positions: tf.Tensor, step: tf.Tensor) -> Tensors:
        places = tf.random.stateless_uniform((2, batch_size), fold_in(starts_seed, step))
        return {
            name: pieces[i].rows(tf.ensure_shape(orders[i](positions), (batch_size,)), places[i])
            for i, name in enumerate(_SIDES)
        }

    def gather(chosen: Tensors, arrays: Tensors) -> Tensors:
        return {name: tf.gather(a, chosen[name.removesuffix("_pitch")]) for name, a in arrays.items()}

    def finish(values: Tensors) -> Batch:
        return values | {name: values[name][..., tf.newaxis] for name in _SIDES}

    return BatchLoader(batch_size, choose, gather, finish, kept)


def example_voices(voices: Voices, n: int, *, frames: int) -> dict[str, np.ndarray]:
    """Returns one fixed batch, to follow the progress of training: the first piece of ``n`` recordings.

    Args:
        voices: the recordings.
        n: how many of each voice: spread evenly over its recordings, some more than once if there are fewer.
        frames: of a piece.

    Returns:
        ``source`` and ``target``, float32 (n, frames, BANDS, 1) in [-1, 1].

    Raises:
        InputError: if a number is out of its range.
    """
    whole_number("n", n, 1)
    whole_number("frames", frames, 1)
    result = {}
    for name, voice in (("source", voices.source), ("target", voices.target)):
        pieces = _Pieces(voice, frames)
        rows = pieces.rows(spread_indices(n, pieces.count), tf.zeros((n,)))
        result[name] = tf.gather(pieces.pictures, rows)[..., tf.newaxis].numpy()
    return result


class _Pieces:
    """Frames of one voice's recordings, one after another, from which pieces are cut."""

    def __init__(self, voice: VoicePictures, frames: int) -> None:
        self.count = len(voice.pictures)
        self.frames = frames
        sizes = [len(picture) for picture in voice.pictures]
        self.sizes = tf.constant(sizes, tf.int32)
        self.offsets = tf.constant(np.cumsum(sizes) - sizes, tf.int32)
        self.pictures = tf.constant(np.concatenate(voice.pictures))
        self.pitches = tf.constant(np.concatenate(voice.pitches))

    def rows(self, recordings: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
        """Returns which frames a piece of each recording (B,) has: int32 (B, frames).

        It begins at the share ``places``, (B,) in [0, 1), of where it could.
        """
        sizes = tf.gather(self.sizes, recordings)
        room = tf.maximum(sizes - self.frames, 0) + 1
        starts = tf.minimum(tf.cast(places * tf.cast(room, tf.float32), tf.int32), room - 1)
        rows = tf.minimum(starts[:, tf.newaxis] + tf.range(self.frames), sizes[:, tf.newaxis] - 1)
        return rows + tf.gather(self.offsets, recordings)[:, tf.newaxis]


def _pictures(waves: Waves, name: str, analyser: Callable[[tf.Tensor], Any]) -> VoicePictures:
    """Analyses recordings and removes the silence at both ends."""
    pictures, pitches = [], []
    for i, audio in enumerate(waves.floats()):
        if np.abs(audio).max() < _QUIETEST:
            raise InputError(f"{waves.name}: recording {i} of {name} is silent")
        picture, pitch = (part.numpy() for part in analyser(tf.constant(audio)))
        heard = np.flatnonzero(picture.max(axis=1) > _QUIET)
        part = slice(heard[0], heard[-1] + 1)
        pictures.append(picture[part])
        pitches.append(pitch[part])
    return VoicePictures(name, tuple(pictures), tuple(pitches))

"""Animation clips of characters, and the batches of frames that training reads from them."""

import functools
import zlib
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import tensorflow as tf

from tfgan_ref.data.clips.factors import Factors, check_factors
from tfgan_ref.data.images.arrays import check_range
from tfgan_ref.data.order import shuffled_order
from tfgan_ref.data.pipeline import (
    Batch,
    BatchLoader,
    DataShape,
    Tensors,
    TrainingData,
    draws_seed,
    shareable,
)
from tfgan_ref.data.streams.rows import Rows, candidate_places, read_rows
from tfgan_ref.errors import InputError, whole_number
from tfgan_ref.randomness import fold_in

PHASE, ORDER = "phase", "factors"  # under which a data shape names the phases, and the factors in order
_PHASES = 1  # the purpose of the run's seed beside the order of the clips


@dataclass(frozen=True)
class Clips:
    """Clips of equally many frames, each of one character in one action.

    Tensors share the memory of the frames, as of ``ImageArrays``: do not write to them. Frames on disk
    (``Rows``) are read when they are asked for.

    Attributes:
        name: what to call the data set in messages.
        frames: uint8 of shape (N, P, H, W, C), N at least 1; P are the phases of an action, in order; in
            memory or on disk.
        conditions: int32 of shape (N, K), a column for each factor.
        factors: K names, the last one "action", each with the names of its values.

    Raises:
        InputError: the arrays are not as described, or a condition has no name.
    """

    name: str
    frames: np.ndarray | Rows
    conditions: np.ndarray
    factors: Factors

    def __post_init__(self) -> None:
        frames, conditions = self.frames, self.conditions
        if frames.dtype != np.uint8 or frames.ndim != 5 or 0 in frames.shape:
            raise InputError(
                f"{self.name}: frames are {frames.dtype} of shape {frames.shape}, "
                "they must be uint8 of shape (N, P, H, W, C), none of them 0"
            )
        if isinstance(frames, np.ndarray):
            object.__setattr__(self, "frames", shareable(frames))
        check_factors(self.name, self.factors)
        shape = (len(frames), len(self.factors))
        if conditions.dtype != np.int32 or conditions.shape != shape:
            raise InputError(
                f"{self.name}: conditions are {conditions.dtype} of shape {conditions.shape}, "
                f"they must be int32 of shape {shape}"
            )
        for column, (factor, values) in zip(conditions.T, self.factors.items(), strict=True):
            check_range(f"{self.name}: {factor}", column, len(values))

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def phases(self) -> int:
        """Returns the number of frames of a clip."""
        return self.frames.shape[1]

    @property
    def fingerprint(self) -> str:
        """Returns the shape and a checksum of the clips, on disk of some of them, as a file name."""
        if isinstance(self.frames, Rows):
            checksum = zlib.crc32(self.frames.fingerprint.encode())
        else:
            checksum = zlib.crc32(np.ascontiguousarray(self.frames))
        checksum = zlib.crc32(np.ascontiguousarray(self.conditions), checksum)
        checksum = zlib.crc32(repr(dict(self.factors)).encode(), checksum)
        return "x".join(map(str, self.frames.shape)) + f"-{checksum:08x}"

    def take(self, chosen: np.ndarray) -> Self:
        """Returns some clips, by their indices or by a mask (N,)."""
        frames = self.frames.take(chosen) if isinstance(self.frames, Rows) else self.frames[chosen]
        return replace(self, frames=frames, conditions=self.conditions[chosen])


def training_clips(clips: Clips, frames: int, seed: int = 0) -> TrainingData:
    """Returns clips to train on.

    Args:
        clips: the clips.
        frames: frames of each clip in a batch.
        seed: chooses order and phases.
    """
    phases = tuple(str(phase) for phase in range(clips.phases))
    names = {**clips.factors, PHASE: phases, ORDER: tuple(clips.factors)}
    return TrainingData(
        clips,
        DataShape(clips.frames.shape[2:], names=names),
        clips.fingerprint,
        functools.partial(clip_loader, clips, frames=frames, seed=seed),
        len(clips.frames),
        clips.frames.nbytes,
        faults=clips.frames.faults if isinstance(clips.frames, Rows) else None,
    )


def clip_batches(
    clips: Clips, batch_size: int, start_step: int = 0, *, frames: int, seed: int
) -> tf.data.Dataset:
    """Returns the endless data set of shuffled batches of some frames of clips.

    As in ``batches`` of images, every batch is full, each run of N positions holds each of the N clips once,
    and the batch of a step depends on the arguments and the step only.

    Args:
        clips: the clips.
        batch_size: clips per batch; may be more than there are.
        start_step: the number of batches to leave out, of a run that is resumed.
        frames: different phases of each clip, drawn at random and in random order.
        seed: chooses order and phases, any whole number from 0 up.

    Returns:
        Dicts of ``image``, float32 (batch_size, frames, H, W, C) in [-1, 1]; ``phase``, int32 (batch_size,
        frames); and int32 (batch_size,) under the name of each factor, ``action`` among them.

    Raises:
        InputError: a number is out of its range.
    """
    return clip_loader(clips, batch_size, frames=frames, seed=seed).dataset(start_step)


def clip_loader(clips: Clips, batch_size: int, *, frames: int, seed: int) -> BatchLoader:
    """Returns the loader of ``clip_batches``; arguments and errors are the same."""
    whole_number("frames", frames, 1)
    if frames > clips.phases:
        raise InputError(f"frames {frames} is out of range: at most the {clips.phases} phases of a clip")
    rows = clips.frames if isinstance(clips.frames, Rows) else None
    # Captured as they are, on the CPU, as in ``image_loader``.
    with tf.device("CPU:0"):
        order = shuffled_order(len(clips), seed)
        kept = {} if rows else {"frames": tf.experimental.dlpack.from_dlpack(clips.frames.__dlpack__())}
        conditions = tf.constant(clips.conditions)
    phases_seed = draws_seed(seed, _PHASES)

    def choose(positions: tf.Tensor, step: tf.Tensor) -> Tensors:
        draws = tf.random.stateless_uniform((batch_size, clips.phases), fold_in(phases_seed, step))
        phase = tf.argsort(draws, axis=1)[:, :frames]
        positions = tf.ensure_shape(positions, (batch_size,))
        if rows:
            return {"indices": candidate_places(order, positions), "phase": phase}
        indices = order(positions)
        return {"indices": indices, "phase": phase} | shown(indices)

    def shown(indices: tf.Tensor) -> Tensors:
        columns = tf.unstack(tf.gather(conditions, indices), axis=1)
        return dict(zip(clips.factors, columns, strict=True))

    def gather(chosen: Tensors, arrays: Tensors) -> Tensors:
        if rows:
            read, indices = read_rows(rows, chosen["indices"])
            image = tf.gather(read, chosen["phase"], batch_dims=1)
            return {"image": image, "phase": chosen["phase"]} | shown(indices)
        phase = tf.cast(chosen["phase"], tf.int64)
        places = tf.stack([tf.repeat(chosen["indices"][:, None], frames, 1), phase], -1)
        others = {name: value for name, value in chosen.items() if name != "indices"}
        return {"image": tf.gather_nd(arrays["frames"], places), **others}

    def finish(values: Tensors) -> Batch:
        return values | {"image": tf.cast(values["image"], tf.float32) / 127.5 - 1.0}

    return BatchLoader(batch_size, choose, gather, finish, kept, rows)

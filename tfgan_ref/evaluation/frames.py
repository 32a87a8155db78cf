"""Judges of animation clips, trained on real ones: what is done, by whom, and does one stay the same."""

import logging
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfgan_ref.data.clips.clips import Clips, clip_batches
from tfgan_ref.data.clips.factors import ACTION
from tfgan_ref.evaluation.short_calls import train_in_short_calls
from tfgan_ref.files import cache_directory, keep_folder
from tfgan_ref.networks.features.classifier import small_classifier

logger = logging.getLogger(__name__)

# A change of a network or its training makes kept judges stale: count it up.
VERSION = 1
# Of each network; a frame has the most to tell.
STEPS = {"frames": 1500, "clips": 250, "identity": 400}
BATCH_SIZE, SEED = 64, 0
IDENTITY_DIM, TEMPERATURE = 32, 0.1
_BATCH = 256  # pictures that are judged at once
# (network, batch) to a loss.
Loss = Callable[[keras.Model, dict[str, tf.Tensor]], tf.Tensor]


@dataclass(frozen=True)
class ClipScores:
    """Scores of clips by a classifier of frames, actions and identities.

    Attributes:
        action: share of the clips whose action is the wanted one.
        attributes: by attribute, the share of the frames that show the wanted value.
        phase: share of the frames that show the wanted phase of the wanted action.
        identity: mean of 1 - cosine between the identities of two frames of a clip.
    """

    action: float
    attributes: Mapping[str, float]
    phase: float
    identity: float

    @property
    def attribute(self) -> float:
        """The mean over attributes."""
        return float(np.mean(list(self.attributes.values())))


@dataclass(frozen=True)
class ClipJudge:
    """Three networks that were trained on real clips.

    Attributes:
        frames: one frame to logits of all attributes' values and, behind them, of the motions.
        clips: the frames of a clip behind each other in the channels to logits of the actions.
        identity: one frame to who it shows, a vector whose direction counts.
        real: the scores of real clips that the networks did not see.
    """

    frames: keras.Model
    clips: keras.Model
    identity: keras.Model
    real: ClipScores | None = None

    def score(self, clips: Clips) -> ClipScores:
        """Judges clips against the conditions that they were to show."""
        n, phases = clips.frames.shape[:2]
        singles = clips.frames.reshape(n * phases, *clips.frames.shape[2:])
        wanted = np.repeat(clips.conditions, phases, axis=0)
        logits = _outputs(self.frames, singles)
        sizes = [len(values) for values in clips.factors.values()]
        *of_attributes, of_motion = np.split(logits, np.cumsum(sizes[:-1]), axis=1)
        agreement = {
            name: float(np.mean(np.argmax(part, axis=1) == wanted[:, column]))
            for column, (name, part) in enumerate(zip(clips.factors, of_attributes, strict=False))
        }
        motion = wanted[:, -1] * phases + np.tile(np.arange(phases), n)
        actions = np.argmax(_outputs(self.clips, _stacked(clips.frames)), axis=1)
        return ClipScores(
            action=float(np.mean(actions == clips.conditions[:, -1])),
            attributes=agreement,
            phase=float(np.mean(np.argmax(of_motion, axis=1) == motion)),
            identity=self.distance(clips, clips),
        )

    def distance(self, first: Clips, second: Clips) -> float:
        """Returns how far characters are from those of the same rows of ``second``: 0 if alike, up to 2.

        It is the mean of 1 - cosine between their identities in frames of different phases.
        """
        cosines = np.einsum("npd,nqd->npq", self._identities(first), self._identities(second))
        different = ~np.eye(cosines.shape[1], dtype=bool)
        return float(1 - cosines[:, different].mean())

    def _identities(self, clips: Clips) -> np.ndarray:
        """Returns unit vectors (N, P, D)."""
        n, phases = clips.frames.shape[:2]
        found = _outputs(self.identity, clips.frames.reshape(n * phases, *clips.frames.shape[2:]))
        found = found.reshape(n, phases, -1)
        return found / (np.linalg.norm(found, axis=-1, keepdims=True) + 1e-12)


def judge_for(train: Clips, test: Clips, cache: Path | None = None) -> ClipJudge:
    """Returns the judge that is trained on ``train``, now or kept from an earlier time.

    Args:
        train: real clips of all kinds, also of those that a generator under judgement never saw.
        test: other real clips, whose scores say what a judge can be trusted with.
        cache: where judges are kept; None is the user's cache directory.
    """
    path = (cache or cache_directory()) / "clip_judges" / f"{train.fingerprint}-v{VERSION}"
    judge = _untrained(train)
    networks = {"frames": judge.frames, "clips": judge.clips, "identity": judge.identity}
    if not _read(networks, path):
        logger.info("training a judge of %s once", train.name)
        for name, (loss, frames) in _tasks(train).items():
            _train(networks[name], train, loss, frames, STEPS[name])

        def write(folder: Path) -> None:
            for name, network in networks.items():
                network.save_weights(folder / f"{name}.weights.h5")

        keep_folder(path, write)
    return replace(judge, real=judge.score(test))


def _read(networks: Mapping[str, keras.Model], path: Path) -> bool:
    """Reads the weights that an earlier call kept; returns whether there were any that can be read."""
    if not os.path.isdir(path):
        return False
    try:
        for name, network in networks.items():
            network.load_weights(path / f"{name}.weights.h5")
    except (OSError, ValueError) as error:
        logger.warning("kept judge %s cannot be read (%s): training it again", path, error)
        shutil.rmtree(path, ignore_errors=True)
        for network in networks.values():
            network.set_weights(keras.models.clone_model(network).get_weights())
        return False
    return True


def _untrained(clips: Clips) -> ClipJudge:
    _, phases, height, width, channels = clips.frames.shape
    sizes = [len(values) for values in clips.factors.values()]
    shape = (height, width, channels)
    return ClipJudge(
        small_classifier(shape, sum(sizes[:-1]) + sizes[-1] * phases),
        small_classifier((height, width, phases * channels), sizes[-1]),
        small_classifier(shape, IDENTITY_DIM),
    )


def _tasks(clips: Clips) -> dict[str, tuple[Loss, int]]:
    """Returns what each network learns, and from how many frames of a clip."""
    sizes = [len(values) for values in clips.factors.values()]
    names = list(clips.factors)

    def frame_loss(network: keras.Model, batch: dict[str, tf.Tensor]) -> tf.Tensor:
        parts = tf.split(_logits(network, batch["image"][:, 0]), [*sizes[:-1], sizes[-1] * clips.phases], 1)
        motion = batch[ACTION] * clips.phases + batch["phase"][:, 0]
        wanted = [batch[name] for name in names[:-1]] + [motion]
        return tf.add_n([_cross_entropy(label, part) for label, part in zip(wanted, parts, strict=True)])

    def clip_loss(network: keras.Model, batch: dict[str, tf.Tensor]) -> tf.Tensor:
        # The frames of a whole clip come in random order: put them in that of their phases.
        ordered = tf.gather(batch["image"], tf.argsort(batch["phase"], axis=1), batch_dims=1)
        stacked = tf.transpose(ordered, [0, 2, 3, 1, 4])
        stacked = tf.reshape(stacked, [*stacked.shape[:3], -1])
        return _cross_entropy(batch[ACTION], _logits(network, stacked))

    def identity_loss(network: keras.Model, batch: dict[str, tf.Tensor]) -> tf.Tensor:
        """Two frames of a clip are to find each other among the batch's: Chen et al. 2020, equation 1."""
        found = [tf.math.l2_normalize(_logits(network, batch["image"][:, i]), axis=1) for i in (0, 1)]
        cosines = tf.matmul(*found, transpose_b=True) / TEMPERATURE
        own = tf.range(cosines.shape[0])
        return 0.5 * (_cross_entropy(own, cosines) + _cross_entropy(own, tf.transpose(cosines)))

    return {"frames": (frame_loss, 1), "clips": (clip_loss, clips.phases), "identity": (identity_loss, 2)}


def _logits(network: keras.Model, images: tf.Tensor) -> tf.Tensor:
    return network(images, training=True)["logits"]


def _cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


def _train(network: keras.Model, clips: Clips, loss: Loss, frames: int, steps: int) -> None:
    dataset = clip_batches(clips, batch_size=BATCH_SIZE, frames=frames, seed=SEED)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps), clipnorm=1.0)
    variables = network.trainable_variables
    optimizer.build(variables)

    def step(batch: dict[str, tf.Tensor]) -> None:
        with tf.GradientTape() as tape:
            value = loss(network, batch)
        optimizer.apply(tape.gradient(value, [v.value for v in variables]), variables)

    train_in_short_calls(step, dataset, steps, f"judge of {clips.name}")


def _outputs(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """Returns the logits (N, D) of uint8 images (N, H, W, C)."""
    call = tf.function(
        lambda batch: network(batch, training=False)["logits"], reduce_retracing=True, autograph=False
    )
    pieces = (images[i : i + _BATCH].astype(np.float32) / 127.5 - 1.0 for i in range(0, len(images), _BATCH))
    return np.concatenate([call(tf.constant(piece)).numpy() for piece in pieces])


def _stacked(frames: np.ndarray) -> np.ndarray:
    """Puts the frames of clips (N, P, H, W, C) behind each other in the channels: (N, H, W, P * C)."""
    n, _, height, width, _ = frames.shape
    return frames.transpose(0, 2, 3, 1, 4).reshape(n, height, width, -1)

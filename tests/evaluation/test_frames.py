"""The judge of clips: shares and distances against known answers, and keeping what was trained."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.data.clips.clips import Clips
from tfgan_ref.evaluation import frames as judging
from tfgan_ref.evaluation.frames import ClipJudge, judge_for

FACTORS = {"hat": ("no", "yes"), "hair": ("black", "red", "grey"), "action": ("walk", "jump")}
PHASES = 4


def painted(conditions):
    """Clips whose channels say what they show: hat, hair, 4 * action + phase, as pixel / 10."""
    n = len(conditions)
    frames = np.zeros((n, PHASES, 16, 16, 3), np.uint8)
    frames[..., 0] = 10 * conditions[:, 0, None, None, None]
    frames[..., 1] = 10 * conditions[:, 1, None, None, None]
    motion = PHASES * conditions[:, -1:] + np.arange(PHASES)
    frames[..., 2] = 10 * motion[:, :, None, None]
    return Clips("painted", frames, conditions.astype(np.int32), FACTORS)


def reads_frames(images, training):
    number = tf.cast(tf.round((images[:, 0, 0] + 1) * 127.5 / 10), tf.int32)
    parts = [tf.one_hot(number[:, i], size) for i, size in enumerate((2, 3, 2 * PHASES))]
    return {"logits": tf.concat(parts, axis=1)}


def reads_clips(images, training):
    # The last channel of the first frame: 4 * action.
    action = tf.cast(tf.round((images[:, 0, 0, 2] + 1) * 127.5 / 10), tf.int32) // PHASES
    return {"logits": tf.one_hot(action, 2)}


def looks_at_hair(images, training):
    hair = tf.round((images[:, 0, 0, 1] + 1) * 127.5 / 10)
    return {"logits": 3.0 * tf.stack([tf.cos(hair * np.pi / 2), tf.sin(hair * np.pi / 2)], axis=1)}


JUDGE = ClipJudge(reads_frames, reads_clips, looks_at_hair)
CONDITIONS = np.array([[0, 0, 0], [1, 1, 1], [0, 2, 1], [1, 0, 0]])


def test_clips_that_show_what_was_wanted():
    scores = JUDGE.score(painted(CONDITIONS))
    assert scores.action == scores.phase == scores.attribute == 1.0
    assert scores.attributes == {"hat": 1.0, "hair": 1.0}
    assert scores.identity == pytest.approx(0, abs=1e-6)


def test_shares_of_what_is_wrong():
    clips = painted(CONDITIONS)
    wanted = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [1, 0, 0]], np.int32)
    scores = JUDGE.score(Clips("wrong", clips.frames, wanted, FACTORS))
    assert scores.attributes == {"hat": 0.75, "hair": 0.75}
    assert scores.action == 0.75
    assert scores.attribute == 0.75
    backwards = Clips("backwards", clips.frames[:, ::-1], clips.conditions, FACTORS)
    assert JUDGE.score(backwards).phase == 0.0
    assert JUDGE.score(backwards).attribute == 1.0


def test_a_character_that_changes_within_its_clip_is_far_from_itself():
    clips = painted(CONDITIONS)
    clips.frames[0, 2:, :, :, 1] = 10  # hair 0 in two frames, 1 in two others: at right angles
    # Of the 12 pairs of frames 8 differ, by 1 - cos 90 degrees = 1.
    assert JUDGE.distance(clips, clips) == pytest.approx(8 / 12 / len(clips), abs=1e-6)


def test_distances_between_characters():
    black, grey = painted(np.array([[0, 0, 0]] * 3)), painted(np.array([[0, 2, 0]] * 3))
    assert JUDGE.distance(black, grey) == pytest.approx(2.0, abs=1e-6)  # opposite
    assert JUDGE.distance(black, black) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.slow
def test_a_judge_learns_what_it_is_to_judge_and_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(judging, "STEPS", dict.fromkeys(judging.STEPS, 40))
    monkeypatch.setattr(judging, "BATCH_SIZE", 12)
    rng = np.random.default_rng(0)
    clips = painted(np.stack([rng.integers(size, size=24) for size in (2, 3, 2)], axis=1))
    clips.frames[:] *= 3
    first = judge_for(clips, clips, tmp_path).real
    assert first.action > 0.9
    assert first.attribute > 0.8
    monkeypatch.setattr(judging, "_train", None)  # must not be called again
    assert judge_for(clips, clips, tmp_path).real == first

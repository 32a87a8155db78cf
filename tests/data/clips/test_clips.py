"""Clips, their conditions by name, and batches of their frames."""

import numpy as np
import pytest

from tfgan_ref.data.clips.clips import Clips, clip_batches
from tfgan_ref.data.clips.factors import Pair, holds, holds_any, parse_choices, parse_pairs
from tfgan_ref.data.clips.sources import read_clips
from tfgan_ref.errors import InputError

FACTORS = {"hat": ("no", "yes"), "hair": ("black", "red", "grey"), "action": ("walk", "jump")}


def counted(n=10, phases=4):
    """Clips whose pixels tell clip and phase apart: 10 * clip + phase."""
    number = 10 * np.arange(n)[:, None] + np.arange(phases)
    frames = np.broadcast_to(number[:, :, None, None, None], (n, phases, 2, 3, 1)).astype(np.uint8)
    conditions = np.stack([np.arange(n) % 2, np.arange(n) % 3, np.arange(n) // 5], axis=1).astype(np.int32)
    return Clips("counted", frames, conditions, FACTORS)


def first(dataset, n):
    return [{key: value.numpy() for key, value in batch.items()} for batch in dataset.take(n)]


def test_frames_of_a_batch_are_those_of_its_clips_and_phases():
    clips = counted()
    for batch in first(clip_batches(clips, batch_size=6, frames=3, seed=1), 5):
        assert batch["image"].shape == (6, 3, 2, 3, 1)
        numbers = np.rint((batch["image"][..., 0, 0, 0] + 1) * 127.5).astype(int)
        rows = numbers[:, 0] // 10
        np.testing.assert_array_equal(numbers, 10 * rows[:, None] + batch["phase"])
        for column, name in enumerate(FACTORS):
            np.testing.assert_array_equal(batch[name], clips.conditions[rows, column])
        assert all(len(set(row)) == 3 for row in batch["phase"])


def test_an_epoch_holds_every_clip_once_and_every_phase_is_drawn():
    batches = first(clip_batches(counted(), batch_size=5, frames=1, seed=2), 40)
    for k in range(0, 40, 2):
        epoch = np.concatenate(
            [np.rint((b["image"][:, 0, 0, 0, 0] + 1) * 127.5) // 10 for b in batches[k : k + 2]]
        )
        np.testing.assert_array_equal(np.sort(epoch), np.arange(10))
    counts = np.bincount(np.concatenate([b["phase"][:, 0] for b in batches]), minlength=4)
    assert counts.min() > 30  # of 200, 50 are expected of each


def test_a_later_start_reads_what_would_have_come():
    straight = first(clip_batches(counted(), batch_size=4, frames=2, seed=3), 6)
    later = first(clip_batches(counted(), batch_size=4, frames=2, seed=3, start_step=4), 2)
    for a, b in zip(straight[4:], later, strict=True):
        for key in a:
            np.testing.assert_array_equal(a[key], b[key])
    other = first(clip_batches(counted(), batch_size=4, frames=2, seed=4), 6)
    assert any(not np.array_equal(a["image"], b["image"]) for a, b in zip(straight, other, strict=True))


def test_more_frames_than_phases():
    with pytest.raises(InputError, match="frames 5 is out of range: at most the 4 phases"):
        clip_batches(counted(), batch_size=2, frames=5, seed=0)


def test_choices_by_name():
    np.testing.assert_array_equal(parse_choices("action=jump, hair=grey", FACTORS), [-1, 2, 1])
    for nothing in (None, "", "all"):
        np.testing.assert_array_equal(parse_choices(nothing, FACTORS), [-1, -1, -1])


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("wings=yes", "attribute 'wings' is unknown: choose one of hat, hair, action"),
        ("hat=maybe", "hat 'maybe' is unknown: choose one of no, yes"),
        ("walk", "label 'walk' is not of the form attribute=value"),
        ("hat=no,hat=yes", "hat is named twice"),
    ],
)
def test_labels_that_mean_nothing(label, message):
    with pytest.raises(InputError, match=message) as caught:
        parse_choices(label, FACTORS)
    assert "\n" not in str(caught.value)


def test_pairs_by_name_and_the_rows_that_hold_them():
    pairs = parse_pairs("hat=yes:walk, hair=red:jump", FACTORS)
    assert pairs == (Pair("hat", "yes", "walk"), Pair("hair", "red", "jump"))
    assert ",".join(map(str, pairs)) == "hat=yes:walk,hair=red:jump"
    rows = counted().conditions
    expected = [(hat == 1 and action == 0) or (hair == 1 and action == 1) for hat, hair, action in rows]
    np.testing.assert_array_equal(holds_any(rows, pairs, FACTORS), expected)
    np.testing.assert_array_equal(holds(rows, pairs[0], FACTORS), (rows[:, 0] == 1) & (rows[:, 2] == 0))
    assert not holds_any(rows, (), FACTORS).any()
    for text in ("hat=yes", "hat:walk", "action=walk:jump"):
        with pytest.raises(InputError, match="is not of the form attribute=value:action"):
            parse_pairs(text, FACTORS)
    with pytest.raises(InputError, match="action 'fly' is unknown: choose one of walk, jump"):
        parse_pairs("hat=yes:fly", FACTORS)


def test_fingerprints_tell_clips_apart():
    clips = counted()
    changed = clips.frames.copy()
    changed[3, 2, 1, 1, 0] ^= 1
    renamed = FACTORS | {"hat": ("yes", "no")}
    others = [
        Clips("counted", changed, clips.conditions, FACTORS),
        Clips("counted", clips.frames, clips.conditions[::-1].copy(), FACTORS),
        Clips("counted", clips.frames, clips.conditions, renamed),
    ]
    assert len({clips.fingerprint, *(other.fingerprint for other in others)}) == 4
    assert clips.fingerprint == counted().fingerprint


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frames": np.zeros((10, 4, 2, 3), np.uint8)}, r"must be uint8 of shape \(N, P, H, W, C\)"),
        ({"conditions": np.zeros((10, 2), np.int32)}, r"must be int32 of shape \(10, 3\)"),
        ({"conditions": np.full((10, 3), 2, np.int32)}, "hat: label out of range: 2"),
        ({"factors": {"action": ("walk",), "hat": ("no", "yes")}}, "attributes and, last, action"),
        ({"factors": {"hat": ("no", "no"), "action": ("walk",)}}, "hat has the values no, no"),
    ],
)
def test_clips_that_are_not_as_described(change, message):
    clips = counted()
    whole = {"frames": clips.frames, "conditions": clips.conditions, "factors": FACTORS}
    with pytest.raises(InputError, match=message):
        Clips("counted", **(whole | change))


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("puppets", {}, "data set 'puppets' is not known; allowed are figures, sprites:PATH"),
        ("sprites:", {}, "is not known"),
        ("figures", {"clips": 0}, "clips=0"),
        ("figures", {"hold_out": "hat=yes:fly"}, "action 'fly' is unknown"),
        ("sprites:nowhere", {}, "there is no such folder"),
    ],
)
def test_sources_that_do_not_exist(name, settings, message):
    with pytest.raises(InputError, match=message):
        read_clips(name, **settings)

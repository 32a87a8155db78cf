"""The drawn figures: geometry against closed forms, colours against their names."""

import numpy as np
import pytest

from tfgan_ref.data.clips import figures, poses
from tfgan_ref.data.clips.factors import Pair, holds_any
from tfgan_ref.data.clips.figures import FACTORS, HELD_OUT, Capsule, figure_clips, random_conditions
from tfgan_ref.data.clips.sources import read_clips
from tfgan_ref.errors import InputError


def row(**chosen):
    base = {
        "body": "pale",
        "hair": "black",
        "clothing": "red",
        "build": "average",
        "hat": "no",
        "action": "walk",
    }
    return [FACTORS[name].index(value) for name, value in (base | chosen).items()]


def clip(**chosen):
    return figure_clips(np.array([row(**chosen)]), image_size=32).frames[0].astype(int)


@pytest.mark.parametrize("size", [16, 32, 64])
def test_a_capsules_coverage_is_its_area(size):
    start, end, radius = np.array([[0.3, 0.4]]), np.array([[0.6, 0.55]]), np.array([0.15])
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size
    part = Capsule(start, end, radius, np.zeros((1, 3)))
    covered = figures._coverage(part, axis[None, None, :], axis[None, :, None], size)
    area = np.pi * 0.15**2 + 0.3 * np.hypot(0.3, 0.15)
    assert covered.mean() == pytest.approx(area, rel=0.01)
    assert ((covered > 0) & (covered < 1)).any()  # antialiased edges


def test_without_a_radius_nothing_is_covered():
    axis = (np.arange(32, dtype=np.float32) + 0.5) / 32
    points = np.array([[0.5, 0.5]])
    part = Capsule(points, points, np.array([-1.0]), np.zeros((1, 3)))
    assert not figures._coverage(part, axis[None, None, :], axis[None, :, None], 32).any()


@pytest.mark.parametrize("action", poses.ACTIONS)
@pytest.mark.parametrize("phase", range(poses.PHASES))
def test_limbs_keep_their_lengths_and_feet_the_ground(action, phase):
    body = poses.Proportions(leg=np.array([0.3, 0.28]), arm=0.22)
    pose = poses.POSES[action](phase)
    at = poses.joints(pose, body)
    for side in ("near", "far"):
        limbs = (("hip", "knee", "foot", body.leg), ("neck", "elbow", "hand", body.arm))
        for root, joint, tip, length in limbs:
            upper, middle, end = at[root], at[f"{joint}_{side}"], at[f"{tip}_{side}"]
            np.testing.assert_allclose(np.linalg.norm(middle - upper, axis=-1), length / 2)
            np.testing.assert_allclose(np.linalg.norm(end - middle, axis=-1), length / 2)
    lowest = np.maximum(at["foot_near"], at["foot_far"])[..., 1]
    np.testing.assert_allclose(lowest, poses.GROUND - pose.lift)
    assert min(pose.knees) >= 0  # no knee bends forwards


def test_only_a_jump_leaves_the_ground():
    lifts = {name: max(poses.POSES[name](k).lift for k in range(poses.PHASES)) for name in poses.ACTIONS}
    assert lifts["jump"] > 0.05
    assert lifts["walk"] == lifts["wave"] == 0


def test_a_walk_swaps_its_legs_after_half_a_cycle():
    for phase in range(4):
        now, later = poses.walk(phase), poses.walk(phase + 4)
        np.testing.assert_allclose(now.thighs, later.thighs[::-1], atol=1e-12)
        np.testing.assert_allclose(now.arms, later.arms[::-1], atol=1e-12)


@pytest.mark.parametrize(
    ("attribute", "colours"),
    [("body", figures.SKINS), ("hair", figures.HAIRS), ("clothing", figures.CLOTHES)],
)
def test_a_colour_shows_where_it_is_chosen_and_nowhere_else(attribute, colours):
    shown = {value: clip(**{attribute: value}) for value in colours}
    names = list(colours)
    for own, other in zip(names, names[1:] + names[:1], strict=True):
        differs = np.abs(shown[own] - shown[other]).sum(-1) > 60
        assert differs.any(axis=(1, 2)).all()  # in every frame
        # Full pixels have the colour of the palette, up to the shade of clothes.
        nearest = np.abs(shown[own][differs] - np.array(colours[own])).sum(-1)
        assert np.median(nearest) < np.median(np.abs(shown[own][differs] - np.array(colours[other])).sum(-1))


def test_a_hat_and_the_build_change_what_they_should():
    changed = np.abs(clip(hat="yes") - clip(hat="no")).sum(-1) > 30
    assert changed.any(axis=(1, 2)).all()
    assert not changed[:, 16:].any()  # a standing figure's lower half
    red = {
        build: (clip(build=build)[..., 0] > 1.8 * clip(build=build)[..., 1]).sum() for build in figures.TRUNKS
    }
    assert red["slim"] < red["average"] < red["stout"]


def test_a_character_keeps_its_traits_in_every_phase():
    frames = figure_clips(random_conditions(5, 0), seed=4).frames
    corner = frames[:, :, 0, 0]
    assert (corner == corner[:, :1]).all()
    assert len(np.unique(corner[:, 0], axis=0)) > 3


def test_every_phase_of_every_action_looks_different():
    conditions = np.array([row(action=action) for action in poses.ACTIONS])
    frames = figure_clips(conditions).frames.reshape(-1, 32 * 32 * 3).astype(int)
    distances = np.abs(frames[:, None] - frames[None]).mean(-1) + 1e3 * np.eye(len(frames))
    same_character = distances.reshape(3, 8, 3, 8)[np.arange(3), :, np.arange(3)]
    assert same_character.min() > 0.3


def test_the_same_seed_draws_the_same_figures():
    conditions = random_conditions(70, 0)
    a, b, c = (figure_clips(conditions, image_size=16, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a.frames, b.frames)
    assert not np.array_equal(a.frames, c.frames)


def test_held_out_pairs_are_never_drawn_and_all_else_is():
    rows = random_conditions(4000, 0, HELD_OUT)
    assert not holds_any(rows, HELD_OUT, FACTORS).any()
    assert {pair.attribute for pair in HELD_OUT} == set(FACTORS) - {"action"}
    for column, values in enumerate(FACTORS.values()):
        assert set(rows[:, column]) == set(range(len(values)))
    counts = np.bincount(rows[:, -1])
    assert counts.min() > 0.9 * len(rows) / 3  # every action as often as the others
    free = random_conditions(4000, 0)
    assert all(holds_any(free, (pair,), FACTORS).any() for pair in HELD_OUT)


def test_training_figures_show_no_held_out_pair():
    train, every = (read_clips("figures", clips=60, image_size=16, hold_out=h) for h in ("default", None))
    assert not holds_any(train.conditions, HELD_OUT, FACTORS).any()
    assert holds_any(every.conditions, HELD_OUT, FACTORS).any()
    assert train.fingerprint == read_clips("figures", clips=60, image_size=16).fingerprint


def test_arguments_out_of_range():
    with pytest.raises(InputError, match="image_size 8 is out of range: 16 to 256"):
        figure_clips(random_conditions(2, 0), image_size=8)
    with pytest.raises(InputError, match="leaves no figure"):
        random_conditions(
            3, 0, tuple(Pair("hat", hat, act) for hat in ("no", "yes") for act in poses.ACTIONS)
        )
    with pytest.raises(InputError, match="build: label out of range: 3"):
        figure_clips(np.array([[0, 0, 0, 3, 0, 0]]))

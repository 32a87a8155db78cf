"""Poses of an articulated figure in each phase of an action: joint angles and positions.

Angles are in radians from straight down, positive towards the side that the figure faces (right). Positions
are in sides of the picture, x to the right and y down.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

PHASES = 8
ACTIONS = ("walk", "jump", "wave")
GROUND = 0.94  # height of the soles

# Of a jump, phase by phase: crouch, leap, land.
_CROUCH = (0.45, 0.95, 0.10, 0.30, 0.45, 0.30, 0.10, 0.80)
_LIFT = (0.00, 0.00, 0.05, 0.10, 0.12, 0.10, 0.05, 0.00)
_ARMS = (-0.30, -0.90, 1.70, 2.60, 2.80, 2.50, 1.60, 0.60)


@dataclass(frozen=True)
class Pose:
    """Joint angles of a figure; of pairs the near side comes first, then the far one.

    Attributes:
        thighs: at the hips.
        knees: bend, at least 0.
        arms: at the shoulders.
        elbows: bend towards the front.
        lean: of the trunk, forwards.
        lift: of the soles above the ground, in sides of the picture.
    """

    thighs: tuple[float, float]
    knees: tuple[float, float]
    arms: tuple[float, float]
    elbows: tuple[float, float]
    lean: float = 0.0
    lift: float = 0.0


@dataclass(frozen=True)
class Proportions:
    """Lengths of figures, each a number or an array (N,), in sides of the picture."""

    leg: np.ndarray | float = 0.30
    trunk: np.ndarray | float = 0.21
    arm: np.ndarray | float = 0.24
    neck: np.ndarray | float = 0.10  # from the shoulders to the middle of the head
    centre: np.ndarray | float = 0.5  # of the hips, from the left


def walk(phase: int) -> Pose:
    """Returns a pose of walking: a stride of each leg in a cycle, the forward leg bent, arms against legs."""
    swing, forward = np.sin(2 * np.pi * phase / PHASES), np.cos(2 * np.pi * phase / PHASES)
    return Pose(
        thighs=(0.6 * swing, -0.6 * swing),
        knees=(0.1 + 0.8 * max(0.0, forward), 0.1 + 0.8 * max(0.0, -forward)),
        arms=(-0.7 * swing, 0.7 * swing),
        elbows=(0.4, 0.4),
        lean=0.06,
    )


def jump(phase: int) -> Pose:
    """Returns a pose of jumping: a crouch, a leap with both arms up, a landing."""
    crouch, arms = _CROUCH[phase], _ARMS[phase]
    return Pose(
        thighs=(crouch, crouch - 0.15),
        knees=(2.0 * crouch, 2.0 * crouch),
        arms=(arms, arms - 0.3),
        elbows=(0.2, 0.2),
        lean=0.4 * crouch,
        lift=_LIFT[phase],
    )


def wave(phase: int) -> Pose:
    """Returns a pose of waving: one arm is raised, and its hand moves to and fro."""
    side, turn = np.sin(2 * np.pi * phase / PHASES), np.cos(2 * np.pi * phase / PHASES)
    return Pose(
        thighs=(0.15, -0.15),
        knees=(0.0, 0.0),
        arms=(2.1 + 0.25 * turn, -0.15),
        elbows=(0.5 + 0.7 * side, 0.15),
        lean=-0.05 * turn,
    )


POSES: dict[str, Callable[[int], Pose]] = {"walk": walk, "jump": jump, "wave": wave}


def joints(pose: Pose, body: Proportions) -> dict[str, np.ndarray]:
    """Returns the positions of the joints: ``hip``, ``neck``, ``head``, and ``knee_near`` and so on.

    The lower foot stands on the ground, or ``pose.lift`` above it. Positions are (2,), or (N, 2) for the
    proportions of N figures.
    """
    legs = {}
    for side, thigh, knee in zip(("near", "far"), pose.thighs, pose.knees, strict=True):
        legs[f"knee_{side}"] = _limb(thigh, body.leg / 2)
        legs[f"foot_{side}"] = legs[f"knee_{side}"] + _limb(thigh - knee, body.leg / 2)
    reach = np.maximum(legs["foot_near"][..., 1], legs["foot_far"][..., 1])
    hip = np.stack(np.broadcast_arrays(body.centre, GROUND - pose.lift - reach), axis=-1)
    neck = hip - _limb(-pose.lean, body.trunk)
    found = {name: hip + offset for name, offset in legs.items()}
    found |= {"hip": hip, "neck": neck, "head": neck - _limb(-pose.lean, body.neck)}
    for side, arm, elbow in zip(("near", "far"), pose.arms, pose.elbows, strict=True):
        found[f"elbow_{side}"] = neck + _limb(arm, body.arm / 2)
        found[f"hand_{side}"] = found[f"elbow_{side}"] + _limb(arm + elbow, body.arm / 2)
    return found


def _limb(angle: float, length: np.ndarray | float) -> np.ndarray:
    """Returns the offset (..., 2) of a limb's end from its joint."""
    return np.asarray(length)[..., np.newaxis] * np.array([np.sin(angle), np.cos(angle)])

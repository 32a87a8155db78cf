"""Factors of animation clips, the attributes of characters and their actions: names, numbers and choices."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tfgan_ref.errors import InputError

ACTION = "action"  # the factor that is no attribute of a character

# Attributes of characters and then the action, each with the names of its values.
Factors = Mapping[str, tuple[str, ...]]


class Pair(NamedTuple):
    """Combination of one value of an attribute with an action."""

    attribute: str
    value: str
    action: str

    def __str__(self) -> str:
        return f"{self.attribute}={self.value}:{self.action}"


def check_factors(name: str, factors: Factors) -> None:
    """Raises InputError unless ``factors`` are attributes and then "action", each with values, all named."""
    if not factors or list(factors)[-1] != ACTION or len(factors) < 2:
        raise InputError(f"{name}: factors are {', '.join(factors)}: attributes and, last, {ACTION}")
    for factor, values in factors.items():
        if not values or len(set(values)) != len(values):
            raise InputError(
                f"{name}: {factor} has the values {', '.join(values)}: at least one, all different"
            )


def parse_choices(text: str | None, factors: Factors) -> np.ndarray:
    """Parses the wanted values of a character: ``hat=yes,action=walk``.

    Returns:
        int32 (K,), the number of the wanted value of each factor; -1 where none is named.

    Raises:
        InputError: an unknown factor or value, or a factor named twice.
    """
    chosen = np.full(len(factors), -1, np.int32)
    if text in (None, "", "all"):
        return chosen
    for part in text.split(","):
        factor, equals, value = (word.strip() for word in part.partition("="))
        if not equals:
            raise InputError(f"label {part.strip()!r} is not of the form attribute=value")
        column, number = find_value(factor, value, factors)
        if chosen[column] >= 0:
            raise InputError(f"{factor} is named twice in label {text!r}")
        chosen[column] = number
    return chosen


def parse_pairs(text: str | None, factors: Factors) -> tuple[Pair, ...]:
    """Parses pairs of an attribute's value and an action: ``hat=yes:jump,hair=red:walk``.

    Raises:
        InputError: a pair is not of that form, or names what does not exist.
    """
    pairs = []
    for part in (text or "").split(","):
        if not part.strip():
            continue
        condition, colon, action = (word.strip() for word in part.partition(":"))
        attribute, equals, value = (word.strip() for word in condition.partition("="))
        if not colon or not equals or attribute == ACTION:
            raise InputError(f"pair {part.strip()!r} is not of the form attribute=value:action")
        find_value(attribute, value, factors)
        find_value(ACTION, action, factors)
        pairs.append(Pair(attribute, value, action))
    return tuple(pairs)


def find_value(factor: str, value: str, factors: Factors) -> tuple[int, int]:
    """Returns the column of a factor and the number of its value.

    Raises:
        InputError: there is no such factor or value.
    """
    if factor not in factors:
        raise InputError(f"attribute {factor!r} is unknown: choose one of {', '.join(factors)}")
    if value not in factors[factor]:
        raise InputError(f"{factor} {value!r} is unknown: choose one of {', '.join(factors[factor])}")
    return list(factors).index(factor), factors[factor].index(value)


def holds(conditions: np.ndarray, pair: Pair, factors: Factors) -> np.ndarray:
    """Returns which rows of ``conditions`` (N, K) show ``pair``: bool (N,)."""
    column, value = find_value(pair.attribute, pair.value, factors)
    action = factors[ACTION].index(pair.action)
    return (conditions[:, column] == value) & (conditions[:, -1] == action)


def holds_any(conditions: np.ndarray, pairs: Sequence[Pair], factors: Factors) -> np.ndarray:
    """Returns which rows of ``conditions`` (N, K) show at least one of ``pairs``: bool (N,)."""
    found = np.zeros(len(conditions), bool)
    for pair in pairs:
        found |= holds(conditions, pair, factors)
    return found

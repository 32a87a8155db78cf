"""Scores of the answers to a blind test."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfgan_ref import metrics
from tfgan_ref.errors import InputError
from tfgan_ref.run.blind_form import ANSWERS
from tfgan_ref.run.blind_test import KEY, SIDES


@dataclass(frozen=True)
class Share:
    """A share of answers.

    Attributes:
        share: of those given; NaN if none is.
        low: the lower end of its 95 % interval by Clopper and Pearson.
        high: the upper one.
        answers: how many were given.
        p_value: of the two-sided binomial test against 1/2; None where 1/2 would mean nothing.
    """

    share: float
    low: float
    high: float
    answers: int
    p_value: float | None = None

    @classmethod
    def of(cls, hits: Sequence[bool], *, guessed: bool = False) -> "Share":
        """Counts which answers are hits; ``guessed`` says that guesses would hit half of the time."""
        count, n = int(np.sum(hits)), len(hits)
        p_value = metrics.binomial_p_value(count, n) if guessed else None
        return cls(*metrics.binomial_interval(count, n), n, p_value)


@dataclass(frozen=True)
class BlindReport:
    """What people's answers to a blind test say.

    Attributes:
        settings: the test, its sides and how many pictures it has.
        right: of all answers, those that take a picture of side A for generated or one of side B for real.
        taken_for_real: for each side, of the answers on its pictures. Of generated ones it is the deception
            rate.
        people: for each file of answers, the share that is right.
        missing: for each file, how many pictures it has no answer for.
        kappa: Fleiss' kappa of their agreement, NaN if it is not defined; None for one person.
    """

    settings: dict[str, Any]
    right: Share
    taken_for_real: dict[str, Share]
    people: dict[str, Share]
    missing: dict[str, int]
    kappa: float | None

    def to_dict(self) -> dict[str, Any]:
        """Returns all of it as JSON values."""
        return asdict(self)

    def table(self) -> str:
        """Returns the scores as text."""
        sides = self.settings["sides"]
        right = "right" if sides["B"]["kind"] == "real" else "for B"
        rows = {right: self.right}
        rows |= {f"{side} taken for real": share for side, share in self.taken_for_real.items()}
        if len(self.people) > 1:
            rows |= {f"{right}, {person}": share for person, share in self.people.items()}
        width = max(27, *(len(title) + 2 for title in rows))
        lines = [f"{side}: {sides[side]['name']} ({sides[side]['kind']})" for side in SIDES]
        lines += ["", f"{'':{width}}{'share':>7} {'95 % interval':>17} {'answers':>9} {'p-value':>10}"]
        for title, row in rows.items():
            p_value = "" if row.p_value is None else f"{row.p_value:.3g}"
            interval = f"{row.low:.3f} to {row.high:.3f}"
            lines.append(
                f"{title:{width}}{row.share:>7.3f} {interval:>17} {row.answers:>9} {p_value:>10}".rstrip()
            )
        if self.kappa is not None:
            title = "agreement (Fleiss' kappa)"
            lines.append(f"{title:{width}}{self.kappa:>7.3f}")
        return "\n".join([*lines, "", *self._notes(right)])

    def _notes(self, right: str) -> list[str]:
        notes = [
            f"{right}: pictures of A taken for generated and pictures of B taken for real; guesses give 0.5",
            "intervals: Clopper and Pearson; p-value: two-sided binomial test against 0.5",
        ]
        if len(self.people) > 1:
            notes.append("all answers count as independent, which those on the same picture are not")
        for person, missing in self.missing.items():
            if missing:
                notes.append(f"{person}: {missing} of {self.settings['pictures']} answers are missing")
        return notes


def score_answers(folder: Path, files: Sequence[Path]) -> BlindReport:
    """Scores people's answers to the blind test in a folder.

    Args:
        folder: what ``write_blind_test`` wrote, with its key.
        files: one file of answers of each person, as the form saves them.

    Raises:
        InputError: the key or a file of answers cannot be read, is named twice, belongs to another test, or
            has an unknown answer, one on an unknown picture, or none.
    """
    key = _read_json(folder / KEY, "the key of a blind test", ("test", "sides", "pictures"))
    if len(set(files)) < len(files):
        raise InputError("a file of answers is named twice")
    pictures = {number: picture["side"] for number, picture in key["pictures"].items()}
    people = {str(path): _read_answers(path, key["test"], pictures) for path in files}
    given = [pair for answers in people.values() for pair in answers.items()]
    counts = [
        [sum(answers.get(number) == answer for answers in people.values()) for answer in ANSWERS]
        for number in pictures
    ]

    def right(pairs: Sequence[tuple[str, str]]) -> Share:
        hits = [(answer == "real") == (pictures[number] == "B") for number, answer in pairs]
        return Share.of(hits, guessed=True)

    return BlindReport(
        settings={
            "folder": str(folder),
            "test": key["test"],
            "sides": key["sides"],
            "pictures": len(pictures),
        },
        right=right(given),
        taken_for_real={
            side: Share.of([answer == "real" for number, answer in given if pictures[number] == side])
            for side in SIDES
        },
        people={person: right(list(answers.items())) for person, answers in people.items()},
        missing={person: len(pictures) - len(answers) for person, answers in people.items()},
        kappa=metrics.fleiss_kappa(np.array(counts)) if len(people) > 1 else None,
    )


def _read_answers(path: Path, test: str, pictures: dict[str, str]) -> dict[str, str]:
    """Returns the answers of a file by the numbers of pictures."""
    found = _read_json(path, "the answers to a blind test", ("test", "answers"))
    if found["test"] != test:
        raise InputError(f"{path} answers the test {found['test']}, not {test}")
    if not isinstance(found["answers"], dict) or not found["answers"]:
        raise InputError(f"{path} holds no answers")
    for number, answer in found["answers"].items():
        if number not in pictures:
            raise InputError(f"{path}: there is no picture {number}, only 1 to {len(pictures)}")
        if answer not in ANSWERS:
            raise InputError(f"{path}: answer {answer!r} on picture {number}: must be {' or '.join(ANSWERS)}")
    return found["answers"]


def _read_json(path: Path, what: str, parts: Sequence[str]) -> dict[str, Any]:
    """Reads an object of JSON with certain parts."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as {what}") from error
    if not isinstance(found, dict) or not all(part in found for part in parts):
        raise InputError(f"{path} is not {what}: it must have {', '.join(parts)}")
    return found

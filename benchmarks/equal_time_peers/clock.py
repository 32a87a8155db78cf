"""The time that a contestant has for training."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

CLOCKS: dict[str, Callable[[], float]] = {"cpu": time.process_time, "wall": time.perf_counter}


class Clock:
    """Counts the seconds of training and has the generator saved when they reach certain numbers.

    The first call of a step and the first with any other number of pictures, where TensorFlow traces its
    graph, are not measured: their pictures are charged at the mean rate of the others. Time stops while the
    generator is saved.

    Args:
        now: reads seconds; see ``CLOCKS``.
        at: seconds at which the generator is saved, rising; training ends at the last.
        folder: where it is saved, as ``SECONDS.keras``.

    Attributes:
        marks: for each of ``at`` that was reached: the seconds, steps and pictures of training by then.
        tracing: seconds of the calls that are not measured.
    """

    def __init__(self, now: Callable[[], float], at: Sequence[float], folder: Path) -> None:
        self.marks: list[dict[str, Any]] = []
        self.tracing = 0.0
        self._now, self._at, self._folder = now, list(at), folder
        self._steps = self._pictures = 0
        self._measured, self._measured_pictures = 0.0, 0
        self._traced: set[int] = set()

    def start(self, save: Callable[[Path], None]) -> None:
        """Starts; ``save`` writes the generator, as its authors sample from it, to a ``.keras`` file."""
        self._save = save
        self._last = self._now()

    @property
    def seconds(self) -> float:
        """Those of training so far."""
        if not self._measured_pictures:
            return 0.0
        return self._measured * self._pictures / self._measured_pictures

    def tick(self, pictures: int, steps: int = 1) -> bool:
        """Counts a call that made ``steps`` steps on so many real pictures; returns whether to go on."""
        spent = self._now() - self._last
        if pictures in self._traced:
            self._measured += spent
            self._measured_pictures += pictures
        else:
            self.tracing += spent
            self._traced.add(pictures)
        self._steps += steps
        self._pictures += pictures
        while self._at and self.seconds >= self._at[0]:
            at = self._at.pop(0)
            self._save(generator_file(self._folder, at))
            self.marks.append(
                {"at": at, "seconds": self.seconds, "steps": self._steps, "pictures": self._pictures}
            )
        self._last = self._now()
        return bool(self._at)


def generator_file(folder: Path, at: float) -> Path:
    """Returns where the generator after so many seconds is saved."""
    return folder / f"{at:g}.keras"

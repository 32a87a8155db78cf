"""Rows that are computed from others as these are read from disk."""

from collections.abc import Callable

import numpy as np

from tfgan_ref.data.streams.rows import Rows

_TOGETHER = 64  # rows that are read before something is made of them


class DerivedRows(Rows):
    """What becomes of each of ``rows`` when it is read; the damaged ones are shared.

    Args:
        rows: what is read.
        item_shape: of what becomes of a row.
        derive: maps rows (B, ...) to (B, *item_shape), each row by itself, of the same kind of values.
        how: what tells ``derive`` from all others, a part of a file's name.
    """

    def __init__(
        self, rows: Rows, item_shape: tuple[int, ...], derive: Callable[[np.ndarray], np.ndarray], how: str
    ) -> None:
        texts = (text and f"{text}-{how}" for text in (rows.fingerprint, rows.version))
        super().__init__(rows.name, (len(rows), *item_shape), rows.dtype, *texts)
        self.faults, self.numbers = rows.faults, rows.numbers
        self._rows, self._derive = rows, derive

    def item_name(self, number: int) -> str:
        """Returns the name of what is read."""
        return self._rows.item_name(number)

    def fetch(self, numbers: np.ndarray) -> tuple[np.ndarray, dict[int, str]]:
        """Reads rows and makes what is wanted of them, a few at a time; see ``Rows.fetch``."""
        values = np.empty((len(numbers), *self.item_shape), self.dtype)
        damaged = {}
        for start in range(0, len(numbers), _TOGETHER):
            part = slice(start, start + _TOGETHER)
            found, wrong = self._rows.fetch(numbers[part])
            values[part] = self._derive(np.asarray(found))
            damaged |= {start + place: why for place, why in wrong.items()}
        return values, damaged

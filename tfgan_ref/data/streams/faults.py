"""What goes wrong while data are read from disk: damaged items, named once and counted, and changed files."""

import contextlib
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.files import write_text

logger = logging.getLogger(__name__)

LARGEST_BAD_SHARE = 0.01  # of the items of a data set, which can be damaged


class Faults:
    """The damaged items of one data set, and what ended its reading.

    Args:
        name: the data set's name for messages.
        count: the number of its items.

    Attributes:
        report: the file that lists all damaged items if they are too many; None: no such file is written.
        then: what to do when data that changed are put back, for messages.
        error: what ended the reading; None while it goes on.
    """

    def __init__(self, name: str, count: int) -> None:
        self.name, self.count = name, count
        self.report: Path | None = None
        self.then = "begin again"
        self.error: InputError | None = None
        self._found: dict[int, str] = {}
        self._lock = threading.Lock()

    def __contains__(self, number: int) -> bool:
        return number in self._found

    def __len__(self) -> int:
        return len(self._found)

    def add(self, number: int, item: str, why: str) -> None:
        """Names a damaged item in a warning, the first time that it is met.

        Args:
            number: of the item.
            item: its name.
            why: what is wrong with it.

        Raises:
            InputError: more than 1 % of the items are damaged.
        """
        with self._lock:
            if number in self._found:
                return
            self._found[number] = f"{item} ({why})"
            found = list(self._found.values())
            if len(found) > LARGEST_BAD_SHARE * self.count:
                raise self.stop(self._too_many(found))
        logger.warning(f"{self.name}: passed over, cannot be read: {found[-1]}")

    def stop(self, message: str) -> InputError:
        """Returns the error that ends the reading, with the name of the data set; the first one is kept."""
        self.error = self.error or InputError(f"{self.name}: {message}")
        return self.error

    @contextlib.contextmanager
    def raised(self) -> Iterator[None]:
        """Turns TensorFlow's error, if these faults caused it, into the one that they were stopped with."""
        try:
            yield
        except tf.errors.OpError:
            if self.error is None:
                raise
            raise self.error from None

    def _too_many(self, found: list[str]) -> str:
        listed = f"{', '.join(found[:3])}{f' and {len(found) - 3} more' if len(found) > 3 else ''}"
        if self.report is not None:
            write_text(self.report, "".join(f"{line}\n" for line in found))
            listed += f"; all that were met are in {self.report}"
        return f"{len(found)} of {self.count} items cannot be read, more than 1 %: {listed}"

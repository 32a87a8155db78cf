"""Rows of an array that are read from disk when they are asked for."""

import abc
import atexit
import functools
import math
import threading
import time
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from tfgan_ref.data.order import Order
from tfgan_ref.data.streams.faults import Faults
from tfgan_ref.data.streams.stores import Changed
from tfgan_ref.errors import InputError

# A damaged item's place is taken by the item at the next position of the order, up to this many.
CANDIDATES = 8
_SAMPLED = 64  # rows that stand for all
_QUIET = 0.2  # seconds without a read after which no more is on its way


class Rows(abc.ABC):
    """Rows of an array on disk, read by their numbers; a part of one has the numbers of the whole.

    It has what code that only reads needs of an array: ``shape``, ``dtype``, ``ndim``, ``nbytes``, its length
    and ``rows[numbers]``. It may be read from several threads.

    Args:
        name: the data set's name for messages.
        shape: of the whole, the number of rows first.
        dtype: of its values.
        fingerprint: a text that differs for other contents, as far as a look at some of them tells.
        version: a text that differs whenever a file was written anew, for what is kept of the rows; None: no
            such text is known, and nothing is kept.

    Attributes:
        faults: the damaged rows that were met.
        numbers: of the rows of this part in the whole, int64 (N,).
    """

    def __init__(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: Any,
        fingerprint: str,
        version: str | None = None,
    ) -> None:
        self.name = name
        self.item_shape = tuple(shape[1:])
        self.dtype = np.dtype(dtype)
        self.fingerprint = fingerprint
        self.version = version
        self.faults = Faults(name, shape[0])
        self.numbers = np.arange(shape[0])

    # Whether ``fetch`` takes where to crop each row too, float32 (B, 2) in [0, 1), see ``crop_places``.
    crops: ClassVar[bool] = False

    @abc.abstractmethod
    def fetch(self, numbers: np.ndarray) -> tuple[np.ndarray | tf.Tensor, dict[int, str]]:
        """Reads rows of the whole.

        Returns:
            The rows, (len(numbers), ...), and of the damaged ones, whose values are any, by their places in
            ``numbers`` what is wrong with them.

        Raises:
            InputError: the data are not what they were when they were opened: nothing may go on.
        """

    @abc.abstractmethod
    def item_name(self, number: int) -> str:
        """Returns the name of a row of the whole."""

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def shape(self) -> tuple[int, ...]:
        """Returns the number of rows, then the shape of each."""
        return (len(self.numbers), *self.item_shape)

    @property
    def ndim(self) -> int:
        """Returns the number of axes."""
        return len(self.item_shape) + 1

    @property
    def nbytes(self) -> int:
        """Returns the bytes that the rows would take in memory."""
        return math.prod(self.shape) * self.dtype.itemsize

    def take(self, chosen: np.ndarray) -> "Rows":
        """Returns a part: the rows of these places, in this order. The damaged ones are shared."""
        part = object.__new__(type(self))
        part.__dict__ = self.__dict__ | {"numbers": self.numbers[chosen]}
        return part

    def __getitem__(self, chosen: int | slice | np.ndarray) -> np.ndarray:
        """Reads rows; the next readable one stands in for a damaged row."""
        places = np.arange(len(self))[chosen]
        following = (np.atleast_1d(places)[:, None] + np.arange(CANDIDATES)) % len(self)
        values = np.asarray(self.read(following)[0])
        return values[0] if np.ndim(places) == 0 else values

    def read(
        self, candidates: np.ndarray, places: np.ndarray | None = None
    ) -> tuple[np.ndarray | tf.Tensor, np.ndarray]:
        """Reads for each row of ``candidates`` the first one that is not damaged.

        Args:
            candidates: places of rows in this part, int64 (B, K), the one that is wanted first.
            places: where to crop, of rows that ``crops``; None: in the middle.

        Returns:
            The rows, (B, ...), and the places of those that were read, int64 (B,).

        Raises:
            InputError: more than 1 % of the rows are damaged, or the data have changed.
        """
        while True:
            used = self._sound(candidates)
            values, damaged = self._fetch(used, places)
            if not damaged:
                return values, used

    def read_sound(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Reads rows and leaves out the damaged ones.

        Args:
            chosen: places of rows in this part, int64 (B,).

        Returns:
            The rows that can be read, (up to B, ...), and their places, int64.

        Raises:
            InputError: as of ``read``.
        """
        chosen = chosen[[number not in self.faults for number in self.numbers[chosen]]]
        if not len(chosen):
            return np.empty((0, *self.item_shape), self.dtype), chosen
        values, damaged = self._fetch(chosen)
        if damaged:
            sound = np.setdiff1d(np.arange(len(chosen)), list(damaged))
            return np.asarray(values)[sound], chosen[sound]
        return np.asarray(values), chosen

    def changed(self, error: Changed) -> InputError:
        """Returns the error that ends the reading of data that are no longer what they were."""
        return self.faults.stop(f"{error} since reading began: put the data back and {self.faults.then}")

    def _fetch(
        self, chosen: np.ndarray, places: np.ndarray | None = None
    ) -> tuple[np.ndarray | tf.Tensor, dict[int, str]]:
        """Reads rows of this part as ``fetch`` does, and names the damaged ones."""
        if self.faults.error is not None:
            raise self.faults.error
        numbers = self.numbers[chosen]
        values, damaged = self.fetch(numbers) if places is None else self.fetch(numbers, places)
        for place, why in damaged.items():
            number = int(numbers[place])
            self.faults.add(number, self.item_name(number), why)
        return values, damaged

    def _sound(self, candidates: np.ndarray) -> np.ndarray:
        """Returns of each row of ``candidates`` the first one that is not known to be damaged."""
        used = candidates[:, 0].copy()
        if not len(self.faults):
            return used
        for i, places in enumerate(candidates):
            sound = [place for place in places if self.numbers[place] not in self.faults]
            if not sound:
                last = self.item_name(self.numbers[places[-1]])
                raise self.faults.stop(f"{len(places)} items in turn cannot be read, the last is {last}")
            used[i] = sound[0]
        return used


def sampled_numbers(count: int) -> np.ndarray:
    """Returns up to 64 numbers of [0, count), spread evenly, by which all is judged: int64, rising."""
    return np.unique(np.linspace(0, count - 1, _SAMPLED).astype(int))


def candidate_places(order: Order, positions: tf.Tensor) -> tf.Tensor:
    """Returns what stands at each of successive positions of an order and at those after it.

    Args:
        order: of the rows.
        positions: int64 (B,), each one more than that before it.

    Returns:
        Places of rows, int64 (B, CANDIDATES).
    """
    batch = positions.shape[0]
    places = order(positions[0] + tf.range(batch + CANDIDATES - 1, dtype=tf.int64))
    return tf.gather(places, np.arange(batch)[:, None] + np.arange(CANDIDATES))


def read_rows(
    rows: Rows, candidates: tf.Tensor, places: tf.Tensor | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Reads rows in a graph that runs on the host; see ``Rows.read``.

    Returns:
        The rows, (B, ...), and the places of those that were read, int64 (B,).
    """
    reads = _reads()

    def read(*given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with reads:
            values, used = rows.read(*given)
            return np.asarray(values), used

    given = [candidates] if places is None else [candidates, places]
    kinds = (tf.as_dtype(rows.dtype), tf.int64)
    # Stateless, as it is: with deterministic operations tf.data would not prefetch what has a state.
    values, used = tf.numpy_function(read, given, kinds, stateful=False)
    batch = candidates.shape[0]
    return tf.ensure_shape(values, (batch, *rows.item_shape)), tf.ensure_shape(used, (batch,))


class _Reads:
    """The reads of TensorFlow's threads, none of which may be under way when Python ends.

    It would end their threads without a word to TensorFlow, which waits for them for ever as it destroys the
    iterator of the batches.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running, self._latest, self._ended = 0, 0.0, False

    def __enter__(self) -> None:
        with self._lock:
            self._latest = time.monotonic()
            if self._ended:
                raise StopIteration  # of which TensorFlow makes no line
            self._running += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._latest = time.monotonic()
            self._running -= 1

    def end(self) -> None:
        """Refuses reads from now on, and waits until none comes any more: all buffers are full then."""
        self._ended = True
        while self._running or time.monotonic() - self._latest < _QUIET:
            time.sleep(_QUIET / 20)


@functools.cache
def _reads() -> _Reads:
    """Returns the one counter of reads; Python's end waits for them."""
    reads = _Reads()
    atexit.register(reads.end)
    return reads

"""Rows of an array that are read from disk when they are asked for."""

import abc
import math
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_ref.data.order import Order
from tfgan_ref.data.streams.faults import Faults

# A damaged item's place is taken by the item at the next position of the order, up to this many.
CANDIDATES = 8


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

    def read(self, candidates: np.ndarray) -> tuple[np.ndarray | tf.Tensor, np.ndarray]:
        """Reads for each row of ``candidates`` the first one that is not damaged.

        Args:
            candidates: places of rows in this part, int64 (B, K), the one that is wanted first.

        Returns:
            The rows, (B, ...), and the places of those that were read, int64 (B,).

        Raises:
            InputError: more than 1 % of the rows are damaged, or the data have changed.
        """
        if self.faults.error is not None:
            raise self.faults.error
        while True:
            used = self._sound(candidates)
            numbers = self.numbers[used]
            values, damaged = self.fetch(numbers)
            self._name(numbers, damaged)
            if not damaged:
                return values, used

    def read_sound(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Reads rows and leaves out the damaged ones.

        Args:
            places: of rows in this part, int64 (B,).

        Returns:
            The rows that can be read, (up to B, ...), and their places, int64.

        Raises:
            InputError: as of ``read``.
        """
        if self.faults.error is not None:
            raise self.faults.error
        places = places[[number not in self.faults for number in self.numbers[places]]]
        if not len(places):
            return np.empty((0, *self.item_shape), self.dtype), places
        numbers = self.numbers[places]
        values, damaged = self.fetch(numbers)
        self._name(numbers, damaged)
        if damaged:
            sound = np.setdiff1d(np.arange(len(places)), list(damaged))
            return np.asarray(values)[sound], places[sound]
        return np.asarray(values), places

    def _name(self, numbers: np.ndarray, damaged: dict[int, str]) -> None:
        for place, why in damaged.items():
            number = int(numbers[place])
            self.faults.add(number, self.item_name(number), why)

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


def read_rows(rows: Rows, candidates: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Reads rows in a graph that runs on the host; see ``Rows.read``.

    Returns:
        The rows, (B, ...), and the places of those that were read, int64 (B,).
    """
    kinds = (tf.as_dtype(rows.dtype), tf.int64)
    values, used = tf.py_function(lambda tensor: rows.read(tensor.numpy()), [candidates], kinds)
    batch = candidates.shape[0]
    return tf.ensure_shape(values, (batch, *rows.item_shape)), tf.ensure_shape(used, (batch,))

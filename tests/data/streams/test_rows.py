"""Rows that are read when they are asked for, and what stands in for the damaged ones."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.data.order import balanced_order, shuffled_order
from tfgan_ref.data.pipeline import BatchLoader
from tfgan_ref.data.streams.rows import CANDIDATES, Rows, candidate_places, read_rows
from tfgan_ref.errors import InputError

N = 1000


class Numbers(Rows):
    """Row i is [i, 2 i]; some are damaged."""

    def __init__(self, damaged=(), n=N):
        super().__init__("numbers", (n, 2), np.int32, f"numbers-{n}")
        self.damaged, self.fetched = set(damaged), []

    def fetch(self, numbers):
        self.fetched.append([int(number) for number in numbers])
        values = np.stack([numbers, 2 * numbers], 1).astype(np.int32)
        return values, {i: "torn" for i, number in enumerate(numbers) if number in self.damaged}

    def item_name(self, number):
        return f"row {number}"


def first(rows):
    return np.asarray(rows)[..., 0].tolist()


def test_rows_have_what_code_that_reads_an_array_needs():
    rows = Numbers()
    assert (rows.shape, rows.ndim, len(rows), rows.nbytes, rows.dtype) == ((N, 2), 2, N, 8 * N, np.int32)
    assert rows[7].tolist() == [7, 14]
    assert rows[-1].tolist() == [N - 1, 2 * N - 2]
    assert first(rows[3:6]) == [3, 4, 5]
    assert first(rows[np.array([5, 2, 5])]) == [5, 2, 5]
    assert rows[3:3].shape == (0, 2)
    with pytest.raises(IndexError):
        rows[N]


def test_a_part_has_the_numbers_and_the_faults_of_the_whole():
    rows = Numbers(damaged=[20])
    part = rows.take(np.array([30, 20, 10])).take(slice(1, None))
    assert part.shape == (2, 2)
    assert first(part[:]) == [10, 10]  # 10 stands in for 20
    assert 20 in rows.faults
    assert part.fingerprint == rows.fingerprint
    assert first(rows[19:22]) == [19, 21, 21]


def test_a_damaged_row_is_read_once_and_named_once(caplog):
    rows = Numbers(damaged=[4, 5])
    wanted = np.arange(3, 7)[:, None] + np.arange(CANDIDATES)
    values, used = rows.read(wanted)
    assert used.tolist() == [3, 6, 6, 6]
    assert first(values) == [3, 6, 6, 6]
    rows.read(wanted)
    assert sum(4 in numbers for numbers in rows.fetched) == 1
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"numbers: passed over, cannot be read: row {i} (torn)" for i in (4, 5)]


def test_rows_without_a_readable_one_in_turn_are_an_error(refused):
    rows = Numbers(damaged=range(100, 100 + CANDIDATES))
    with refused("numbers: ", f"{CANDIDATES} items in turn cannot be read", "row 107"):
        rows[100]
    with pytest.raises(InputError, match="row 107"):
        rows[0]  # after what ended the reading, nothing more is read


@pytest.mark.parametrize("balanced", [False, True])
def test_candidates_are_the_items_of_the_next_positions(balanced):
    order = balanced_order(np.arange(50) % 3, 5) if balanced else shuffled_order(50, 5)
    positions = tf.range(46, 52, dtype=tf.int64)  # over the end of an epoch
    places = candidate_places(order, positions).numpy()
    assert places.shape == (6, CANDIDATES)
    for i in range(6):
        expected = order(tf.range(46 + i, 46 + i + CANDIDATES, dtype=tf.int64))
        assert places[i].tolist() == expected.numpy().tolist()


def loader(rows, batch_size=8):
    order = shuffled_order(len(rows), 1)

    def gather(chosen, _):
        values, used = read_rows(rows, chosen["indices"])
        return {"values": values, "used": used}

    return BatchLoader(
        batch_size,
        lambda positions, step: {"indices": candidate_places(order, positions)},
        gather,
        lambda values: values,
        {},
        rows,
    )


def test_the_item_of_the_next_position_stands_in_whenever_one_begins():
    """Whatever was read before: a run that is resumed meets the damaged row for the first time."""
    order = shuffled_order(N, 1)(tf.range(64 + CANDIDATES, dtype=tf.int64)).numpy().tolist()
    damaged = {order[20], order[21], order[40]}
    expected = [next(i for i in order[p:] if i not in damaged) for p in range(64)]
    for start in (0, 5):
        dataset = loader(Numbers(damaged)).dataset(start)
        assert dataset.element_spec["values"] == tf.TensorSpec((8, 2), tf.int32)
        taken = [*dataset.take(8 - start).as_numpy_iterator()]
        drawn = np.concatenate([element["values"] for element in taken])
        assert first(drawn) == expected[8 * start :]
        assert np.concatenate([element["used"] for element in taken]).tolist() == expected[8 * start :]

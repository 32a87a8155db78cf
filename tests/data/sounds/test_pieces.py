"""Long recordings in pieces: what is cut and joined is what it was."""

import itertools

import numpy as np
import pytest

from tfgan_ref.data.sounds.pieces import join_pieces, quiet_pieces


@pytest.mark.parametrize("length", [1, 3, 100, 101, 102, 150, 1000])
def test_joined_pieces_are_the_recording(length):
    recording = np.random.default_rng(0).normal(size=length).astype(np.float32)
    blocks = np.array_split(recording, 7)
    pieces = list(quiet_pieces(blocks, longest=100, search=40, overlap=5))
    assert all(len(piece) <= 100 for piece in pieces)
    assert (len(pieces) == 1) == (length <= 100)
    for before, after in itertools.pairwise(pieces):
        np.testing.assert_array_equal(before[-5:], after[:5])
    np.testing.assert_allclose(np.concatenate(list(join_pieces(pieces, 5))), recording, atol=1e-6)


def test_pieces_are_cut_where_it_is_quiet():
    recording = np.ones(150, np.float32)
    recording[70:75] = 0.1
    first, second = quiet_pieces([recording], longest=100, search=40, overlap=5)
    assert len(first) == 75
    assert len(second) == 80


def test_one_piece_fades_into_the_other():
    joined = np.concatenate(list(join_pieces([np.zeros(8), np.ones(8)], 3)))
    np.testing.assert_allclose(joined, [0] * 5 + [0.25, 0.5, 0.75] + [1] * 5)

"""Long recordings in pieces: cut where it is quiet, and joined after each piece has been changed."""

from collections.abc import Iterable, Iterator

import numpy as np


def quiet_pieces(
    blocks: Iterable[np.ndarray], longest: int, search: int, overlap: int
) -> Iterator[np.ndarray]:
    """Cuts a recording into pieces that begin with the last ``overlap`` samples of the piece before.

    Args:
        blocks: the recording, (T,) each, one after another.
        longest: samples of a piece.
        search: samples at the end of a piece among which the quietest ``overlap`` samples are found.
        overlap: samples that two pieces share.

    Yields:
        Pieces (T,), all but the last one longer than ``longest - search``; one if the recording is no longer
        than ``longest``.
    """
    held = np.zeros(0, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) > longest:
            power = np.cumsum(np.square(held[longest - search : longest], dtype=np.float64))
            cut = longest - search + 1 + int(np.argmin(power[overlap:] - power[:-overlap]))
            yield held[: cut + overlap]
            held = held[cut:]
    if len(held):
        yield held


def join_pieces(pieces: Iterable[np.ndarray], overlap: int) -> Iterator[np.ndarray]:
    """Joins pieces of ``quiet_pieces``: over the samples that two share, one fades out and the other in.

    Yields:
        Parts (T,) of the recording, one after another.
    """
    shared = np.zeros(0, np.float32)
    for piece in pieces:
        share = np.arange(1, len(shared) + 1) / (len(shared) + 1)
        begin = shared + share * (piece[: len(shared)] - shared)
        whole = np.concatenate([begin, piece[len(shared) :]]).astype(np.float32)
        yield whole[:-overlap]
        shared = whole[-overlap:]
    yield shared

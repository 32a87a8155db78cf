"""Sprites that stay in their files: the batches of those in memory, and files that cannot stay there."""

import json

import numpy as np
import pytest

from tests.data.eager import batch, same
from tfgan_ref.data import read_clips, training_clips
from tfgan_ref.data.clips.stored import SpriteRows
from tfgan_ref.data.streams import choice
from tfgan_ref.errors import InputError

FRAMES = {"run": 4, "slash": 3, "walk": 7}


@pytest.fixture
def folder(tmp_path):
    """Random sprites of five characters."""
    rng = np.random.default_rng(0)
    characters = [{"hat": "yes" if i % 2 else "no", "body": str(i)} for i in range(5)]
    (tmp_path / "characters.json").write_text(json.dumps(characters))
    for action, count in FRAMES.items():
        images = rng.integers(256, size=(5, 4, count, 16, 16, 4), dtype=np.uint8)
        np.savez(tmp_path / f"{action}.npz", other=np.zeros(3), images=images)
    return tmp_path


def both(folder, **form):
    form = {"image_size": 8} | form
    kept, stored = (read_clips(f"sprites:{folder}", stream=stream, **form) for stream in ("off", "on"))
    assert isinstance(stored.frames, SpriteRows)
    return kept, stored


def test_all_clips_are_those_in_memory(folder):
    kept, stored = both(folder)
    assert np.array_equal(stored.frames[:], kept.frames)
    assert np.array_equal(stored.conditions, kept.conditions)
    assert stored.factors == kept.factors


def test_files_give_the_batches_of_those_in_memory(folder):
    trained = [training_clips(clips, 2, seed=5) for clips in both(folder, hold_out="hat=yes:walk")]
    assert trained[0].shape == trained[1].shape
    assert trained[0].count == trained[1].count == 52
    assert trained[0].memory == trained[1].memory
    assert same(*(batch(training.loader(70), 3) for training in trained))
    assert trained[0].faults is None
    assert trained[1].faults is trained[1].items.frames.faults


def test_a_file_that_changes_ends_the_reading(folder):
    _, stored = both(folder)
    with (folder / "walk.npz").open("ab") as file:
        file.write(b"more")
    assert stored.frames[0].shape == (3, 8, 8, 3)  # of another file
    with pytest.raises(InputError, match=r"walk\.npz has changed"):
        stored.frames[-1]
    with pytest.raises(InputError, match=r"walk\.npz has changed"):
        stored.frames[0]


def test_compressed_sprites_are_kept_in_memory_or_refused(folder, refused, monkeypatch):
    with np.load(folder / "run.npz") as arrays:
        np.savez_compressed(folder / "run.npz", **arrays)
    with refused("to stay on disk (stream=on), images of run.npz must be in C order and not compressed"):
        read_clips(f"sprites:{folder}", image_size=8, stream="on")
    monkeypatch.setattr(choice, "SHARE_IN_MEMORY", 0)
    assert isinstance(read_clips(f"sprites:{folder}", image_size=8, stream="auto").frames, np.ndarray)


def test_figures_are_refused(refused):
    with refused("figures: stream=on is for sprites:PATH"):
        read_clips("figures", stream="on")


def test_other_sprites_have_another_fingerprint(folder):
    def fingerprint(**form):
        return both(folder, **form)[1].fingerprint

    before = fingerprint()
    assert fingerprint() == before
    assert fingerprint(image_size=16) != before
    with np.load(folder / "run.npz") as arrays:
        np.savez(folder / "run.npz", images=255 - arrays["images"])
    assert fingerprint() != before

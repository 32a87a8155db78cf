"""What ``tfgan_ref.load`` gives of generators that make no pictures: ``sample(n, seed, label)``."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.media.clips import ClipWriter
from tfgan_ref.media.medium import file_stem, labels_shown, shown_in_sheet
from tfgan_ref.media.sentences import SentenceLister
from tfgan_ref.media.sounds import SoundWriter

NAMES = ("yes", "no", "hm")


def sounds():
    # Each sound holds its label, then the seed.
    def draw(n, seed, labels):
        yield from np.array_split(np.stack([labels, np.full(n, seed)], axis=1), 2)

    return SoundWriter(draw, NAMES, 8000)


def sentences():
    return SentenceLister(lambda n, seed, labels: [[f"{k} {seed}".encode()] for k in labels], NAMES)


def clips():
    def served(latents, conditions, phase):
        return {"frames": tf.ones([1, 4, 4, 1]) * tf.cast(conditions[:, :1, None, None], tf.float32) / 2.0}

    return ClipWriter(served, 3, 2, {"hat": ("no", "yes"), "action": ("walk", "jump")})


def test_labels_come_in_turn_or_are_named():
    assert sounds().sample(5, seed=7).tolist() == [[0, 7], [1, 7], [2, 7], [0, 7], [1, 7]]
    assert sounds().sample(2, label="no").tolist() == sounds().sample(2, label=1).tolist() == [[1, 0], [1, 0]]
    assert sentences().sample(4, 3) == ["0 3", "1 3", "2 3", "0 3"]
    assert sentences().sample(1, label="hm") == ["2 0"]


def test_clips_take_what_is_wanted_as_text():
    made = clips().sample(3, label="hat=yes")
    assert made.dtype == np.uint8
    assert made.shape == (3, 2, 4, 4, 1)
    assert np.unique(made).tolist() == [128]


@pytest.mark.parametrize("writer", [sounds, sentences, clips])
@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ((0,), "n 0 is out of range: at least 1"),
        ((1, -1), "seed -1 is out of range: from 0 to 2147483647"),
        ((1, 0, "loud"), "label 'loud' is"),
    ],
)
def test_bad_arguments_are_one_line(writer, arguments, part):
    with pytest.raises(InputError, match=part):
        writer().sample(*arguments)


def test_pictures_of_many_classes_are_bounded():
    assert labels_shown(3, 2).tolist() == [0, 0, 1, 1, 2, 2]
    assert labels_shown(1000, 10).tolist() == [i // 10 for i in range(200)]
    assert shown_in_sheet(np.zeros(64)).tolist() == list(range(64))
    assert shown_in_sheet(np.zeros(201)).tolist() == list(range(200))
    assert shown_in_sheet(np.repeat(np.arange(1000), 11)).tolist() == [
        11 * label + i for label in range(20) for i in range(10)
    ]
    few_of_first = np.concatenate([[0, 0], np.ones(300)])
    assert shown_in_sheet(few_of_first).tolist() == [0, 1, *range(2, 102)]


def test_files_sort_by_their_numbers_and_stay_in_their_folder():
    assert file_stem(7, 100, "../yes") == "007____yes"
    assert file_stem(7, 50000) == "00007"


def test_a_sheet_of_sounds_is_bounded(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "tfgan_ref.media.sounds.spectrogram_sheet",
        lambda *given: seen.append(given) or np.zeros((1, 1, 1), np.uint8),
    )
    sounds().write(240, 0, None, tmp_path / "sounds")
    ((audio, columns, labels, names),) = seen
    assert names == NAMES
    assert (columns, labels.tolist()) == (66, [0] * 66 + [1] * 66 + [2] * 66)
    assert audio[:, 0].tolist() == labels.tolist()
    assert len(list((tmp_path / "sounds").glob("*.wav"))) == 240

"""Batches of two voices: what is in them, and that they are a function of the seed and the step."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.data.sounds.vocoder import BANDS
from tfgan_ref.data.sounds.voices import VoicePictures, Voices, example_voices, voice_batches
from tfgan_ref.data.sounds.vowels import vowels
from tfgan_ref.data.sounds.waves import Waves


def voice(name, sizes, start):
    """Recordings whose frames are numbered: frame f of recording r is start + r + f / 100 everywhere."""
    pictures = tuple(
        np.repeat(start + r + np.arange(size, dtype=np.float32)[:, None] / 100, BANDS, axis=1)
        for r, size in enumerate(sizes)
    )
    return VoicePictures(name, pictures, tuple(picture[:, 0] + 1000 for picture in pictures))


@pytest.fixture(scope="module")
def voices():
    return Voices(voice("low", (9, 20, 12), 0), voice("high", (30, 8, 8, 15, 40), 50), 8000, "x")


def some(voices, count, **changed):
    settings = {"batch_size": 4, "frames": 10, "seed": 1} | changed
    return [
        {key: value.numpy() for key, value in batch.items()}
        for batch in voice_batches(voices, **settings).take(count)
    ]


def test_a_piece_is_a_stretch_of_its_recording_and_its_pitch_belongs_to_it(voices):
    for batch in some(voices, 10):
        for name in ("source", "target"):
            pieces, pitch = batch[name], batch[f"{name}_pitch"]
            assert pieces.shape == (4, 10, BANDS, 1)
            assert pitch.shape == (4, 10)
            np.testing.assert_array_equal(pieces[..., 0], np.repeat(pieces[:, :, :1, 0], BANDS, axis=2))
            np.testing.assert_allclose(pitch, pieces[:, :, 0, 0] + 1000, atol=1e-3)
            steps = np.diff(pieces[:, :, 0, 0], axis=1)
            repeated = steps < 0.005  # the last frame of a recording that is too short
            np.testing.assert_allclose(steps[~repeated], 0.01, atol=1e-5)
            np.testing.assert_allclose(steps[repeated], 0.0, atol=1e-5)
            assert not (repeated[:, :-1] & ~repeated[:, 1:]).any()


def test_each_round_takes_every_recording_of_a_voice_once(voices):
    batches = some(voices, 15)
    for name, count, start in (("source", 3, 0), ("target", 5, 50)):
        recordings = np.concatenate([batch[name][:, 0, 0, 0] for batch in batches]).astype(int) - start
        for row in recordings.reshape(-1, count):
            assert sorted(row) == list(range(count))


def test_pieces_begin_anywhere(voices):
    starts = [batch["target"][:, 0, 0, 0] for batch in some(voices, 200)]
    starts = np.concatenate(starts)
    of_last = np.rint(100 * (starts[starts >= 54] - 54)).astype(int)
    assert set(of_last) == set(range(31))


def test_batches_are_a_function_of_seed_and_step(voices):
    straight, later, other = some(voices, 5), some(voices, 2, start_step=3), some(voices, 5, seed=2)
    for a, b in zip(straight[3:], later, strict=True):
        for key, value in a.items():
            np.testing.assert_array_equal(value, b[key])
    assert not np.array_equal(straight[0]["source"], other[0]["source"])


def test_examples_are_the_same_each_time(voices):
    first, again = (example_voices(voices, 2, frames=8) for _ in range(2))
    np.testing.assert_array_equal(first["target"][:, 0, 0, 0], [51, 53])
    for key, value in first.items():
        np.testing.assert_array_equal(value, again[key])


def test_recordings_become_pictures_without_the_silence_around_them():
    waves = vowels(2, 0, groups=("men", "women"))
    both = Voices.of(waves, "women", "men")
    assert (both.source.name, both.target.name) == ("women", "men")
    assert len(both.source.pictures) == len(both.target.pictures) == 10
    for voice_of, pitch in ((both.source, 221), (both.target, 131)):
        for picture, track in zip(voice_of.pictures, voice_of.pitches, strict=True):
            assert 25 < len(picture) == len(track) <= 52
            assert np.abs(picture).max() <= 1
            assert np.median(track) == pytest.approx(pitch, rel=0.25)
    assert both.fingerprint != Voices.of(waves, "men", "women").fingerprint


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("men", "robots", "vowels: voice 'robots' is unknown: choose one of men, women"),
        ("men", "men", "vowels: voices men and men are the same: choose two"),
    ],
)
def test_voices_that_there_are_not(source, target, message):
    with pytest.raises(ValueError, match=message):
        Voices.of(vowels(2, 0, groups=("men", "women")), source, target)


def test_recordings_that_cannot_be_used():
    silent = np.zeros((2, 1600), np.int16)
    with pytest.raises(ValueError, match="x: voices need groups of speakers, and it has none"):
        Voices.of(Waves("x", silent, 8000), "a", "b")
    groups = {"groups": np.array([0, 1], np.int32), "group_names": ("a", "b")}
    with pytest.raises(ValueError, match="x: recording 0 of a is silent"):
        Voices.of(Waves("x", silent, 8000, **groups), "a", "b")
    groups["group_names"] = ("a", "b", "c")
    with pytest.raises(ValueError, match="x: there are no recordings of c"):
        Voices.of(Waves("x", silent, 8000, **groups), "c", "b")


def test_numbers_out_of_range(voices):
    with pytest.raises(ValueError, match="frames=0"):
        voice_batches(voices, batch_size=2, frames=0, seed=0)
    with pytest.raises(ValueError, match="n=0"):
        example_voices(voices, 0, frames=4)


def test_batches_have_static_shapes(voices):
    spec = voice_batches(voices, batch_size=4, frames=10, seed=0).element_spec
    assert spec["source"] == tf.TensorSpec((4, 10, BANDS, 1), tf.float32)
    assert spec["target_pitch"] == tf.TensorSpec((4, 10), tf.float32)

"""Recordings that stay on disk: the batches of those in memory, and what becomes of damaged files."""

import logging

import numpy as np
import pytest
from scipy.io import wavfile

from tests.data.eager import batch, same
from tfgan_ref.data import read_waves, training_waves
from tfgan_ref.data.sounds.spectrograms import spectrogram_arrays
from tfgan_ref.data.sounds.stored import WaveRows
from tfgan_ref.errors import InputError

LENGTH = 64


def sine(pitch, length, rate=8000, channels=1):
    tone = np.sin(2 * np.pi * pitch * np.arange(length) / rate)
    samples = np.rint(20_000 * tone).astype(np.int16)
    return samples if channels == 1 else np.stack([samples] * channels, axis=1)


@pytest.fixture
def folder(tmp_path):
    """Recordings of three words, longer and shorter ones, of two rates, in one channel and in two."""
    for i in range(9):
        rate, channels = (16000, 2) if i % 4 == 3 else (8000, 1)
        path = tmp_path / "words" / ["no", "yes", "maybe"][i % 3] / f"{i}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        wavfile.write(path, rate, sine(300 + 100 * i, 40 + 10 * i, rate, channels))
    return f"wav:{tmp_path / 'words'}"


def test_files_give_the_batches_of_those_in_memory(folder, caplog):
    with caplog.at_level(logging.WARNING):
        kept, stored = (read_waves(folder, length=LENGTH, stream=stream) for stream in ("off", "on"))
    assert isinstance(stored.audio, WaveRows)
    first, second = [record.getMessage() for record in caplog.records if "resampled" in record.message]
    assert first == second  # what is changed is said by the headers
    trained = [training_waves(waves, seed=3) for waves in (kept, stored)]
    assert trained[0].shape == trained[1].shape
    assert trained[0].memory == trained[1].memory
    assert trained[0].faults is None
    assert trained[1].faults is stored.audio.faults
    loaders = [training.loader(20) for training in trained]
    assert same(*(batch(loader, 2) for loader in loaders))


def test_all_that_reads_recordings_reads_those_on_disk(folder):
    kept, stored = (read_waves(folder, length=LENGTH, stream=stream) for stream in ("off", "on"))
    assert np.array_equal(stored.floats(), kept.floats())
    assert np.array_equal(spectrogram_arrays(stored).images, spectrogram_arrays(kept).images)
    chosen = kept.labels == 1
    assert np.array_equal(stored.take(chosen).floats(), kept.take(chosen).floats())
    assert stored.take(chosen).labels.tolist() == [1, 1, 1]


@pytest.fixture
def words(tmp_path):
    """Two words of 60 files each, whose levels rise: that of file k reaches its peak at sample k % 60."""
    for i in range(120):
        path = tmp_path / "ab"[i // 60] / f"{i:03}.wav"
        path.parent.mkdir(exist_ok=True)
        samples = np.zeros(60, np.int16)
        samples[i % 60] = 9000
        wavfile.write(path, 8000, samples)
    return f"wav:{tmp_path}"


def numbers(waves):
    """Which files the first batch of 150 holds, with their labels."""
    found = batch(training_waves(waves, seed=0).loader(150), 0)
    return found["audio"][..., 0].argmax(axis=1) + 60 * found["label"]


@pytest.mark.parametrize("damage", ["silent", "cut"])
def test_the_next_recording_stands_in_for_a_damaged_one(words, tmp_path, caplog, damage):
    expected = numbers(read_waves(words, length=60))
    path = tmp_path / "b" / "070.wav"
    if damage == "silent":
        wavfile.write(path, 8000, np.zeros(60, np.int16))
    else:
        path.write_bytes(path.read_bytes()[:20])
    waves = read_waves(words, length=60, stream="on")
    assert len(waves.audio.faults) == (damage == "cut")  # headers are read before the training
    (places,) = np.nonzero(expected == 70)
    expected[places] = expected[places + 1]
    assert np.array_equal(numbers(waves), expected)
    assert len(waves.audio.faults) == 1
    assert (
        f"b/070.wav ({'silent' if damage == 'silent' else 'no sound WAV file: it ends too early'})"
        in caplog.text
    )


def test_too_many_damaged_files_end_the_reading(words, tmp_path, refused):
    for i in (3, 4):
        (tmp_path / "a" / f"{i:03}.wav").write_bytes(b"nothing")
    with refused("2 of 120 items cannot be read", "a/003.wav", "a/004.wav"):
        read_waves(words, length=60, stream="on")


def test_a_file_that_changes_ends_the_reading(words, tmp_path):
    waves = read_waves(words, length=60, stream="on")
    wavfile.write(tmp_path / "a" / "003.wav", 8000, sine(440, 61))
    with pytest.raises(InputError, match=r"a/003\.wav has changed"):
        waves.audio[3]
    with pytest.raises(InputError, match=r"a/003\.wav has changed"):
        waves.audio[4]


@pytest.mark.parametrize("name", ["vowels", "npz:/absent.npz"])
def test_what_cannot_stay_on_disk_is_refused(name, refused):
    with refused(f"{name}: stream=on is for wav:DIR"):
        read_waves(name, length=LENGTH, stream="on")


def test_other_recordings_have_another_fingerprint(folder, tmp_path):
    def fingerprint(**form):
        return read_waves(folder, stream="on", **{"length": LENGTH} | form).fingerprint

    before = fingerprint()
    assert fingerprint() == before
    assert len({before, fingerprint(length=60), fingerprint(sample_rate=4000)}) == 3
    wavfile.write(tmp_path / "words" / "no" / "0.wav", 8000, sine(301, 40))
    assert fingerprint() != before

"""Recordings from WAV files, npz files and tensorflow-datasets, and what is said of those left out."""

import logging
import struct

import numpy as np
import pytest
from scipy.io import wavfile

from tests.data.images.test_tfds import prepare
from tfgan_ref.data.sounds import wav
from tfgan_ref.data.sounds.collection import LEVEL
from tfgan_ref.data.sounds.sources import read_waves
from tfgan_ref.data.sounds.wav import encode_wav, mono_blocks, read_wav, resample, to_mono

RATE, LENGTH = 8000, 512
TIME = np.arange(400) / RATE
TONE = 0.5 * np.sin(2 * np.pi * 440 * TIME)


def sixteen_bits(samples):
    return np.rint(32767 * np.asarray(samples)).astype(np.int16)


def write(path, samples, rate=RATE):
    path.parent.mkdir(parents=True, exist_ok=True)
    wavfile.write(path, rate, samples)


@pytest.fixture
def folder(tmp_path):
    """Two classes, each of one 16 bit file."""
    for label in ("no", "yes"):
        write(tmp_path / label / "1.wav", sixteen_bits(TONE))
    return tmp_path


def many(folder, n=100):
    """So many sound files that one bad one is not above 1 %."""
    for i in range(n):
        write(folder / "yes" / f"m{i}.wav", sixteen_bits(TONE))


def test_sub_folders_are_classes(folder):
    waves = read_waves(f"wav:{folder}", length=LENGTH)
    assert waves.class_names == ("no", "yes")
    assert waves.labels.tolist() == [0, 1]
    assert waves.groups is None
    assert waves.audio.shape == (2, LENGTH)


def test_recordings_have_one_level_and_end_in_silence(folder):
    audio = read_waves(f"wav:{folder}", length=LENGTH).floats()
    np.testing.assert_allclose(audio[0, :400], TONE / 0.5 * LEVEL, atol=1e-3)
    assert (audio[:, 400:] == 0).all()


def test_names_of_files_say_class_and_speaker(tmp_path):
    for name in ("7_ann_0", "7_bob_1", "3_ann_0"):
        write(tmp_path / f"{name}.wav", sixteen_bits(TONE))
    waves = read_waves(f"wav:{tmp_path}:{{label}}_{{group}}_{{take}}", length=LENGTH)
    assert waves.class_names == ("3", "7")
    assert waves.labels.tolist() == [0, 1, 1]
    assert waves.group_names == ("ann", "bob")
    assert waves.groups.tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("stem", "pattern", "parts"),
    [
        ("a_VCTK_p225_0", "{label}_{group}_{take}", ["label could be 'a' or 'a_VCTK'"]),
        ("x_a_y_a_z", "{start}_{label}_{end}", ["label could be 'a' or 'a'"]),
        ("a-b_c_0", "{label}-{group}_{take}", ["group could be 'b' or 'b_c'"]),
        ("yes1", "{label}{take}", ["label could be 'y' or 'yes'"]),
    ],
)
def test_name_that_follows_the_pattern_in_several_ways(tmp_path, refused, stem, pattern, parts):
    write(tmp_path / f"{stem}.wav", sixteen_bits(TONE))
    with refused(f"{stem}.wav follows the pattern {pattern} in several ways", *parts):
        read_waves(f"wav:{tmp_path}:{pattern}", length=LENGTH)


def test_what_is_not_used_may_be_cut_in_several_ways(tmp_path):
    for group in ("p225", "p226"):
        write(tmp_path / f"a-VCTK_{group}-0_1_2.wav", sixteen_bits(TONE))
    waves = read_waves(f"wav:{tmp_path}:{{label}}-VCTK_{{group}}-{{take}}_{{part}}", length=LENGTH)
    assert waves.class_names == ("a",)
    assert waves.group_names == ("p225", "p226")


@pytest.mark.parametrize("pattern", ["{take}", "{label}_{label}", "{word}_{take}"])
def test_pattern_without_one_label(folder, refused, pattern):
    with refused("pattern", "{label}"):
        read_waves(f"wav:{folder}:{pattern}", length=LENGTH)


def test_file_that_does_not_follow_the_pattern(folder, refused):
    with refused("1.wav does not follow the pattern {label}_{take}"):
        read_waves(f"wav:{folder}:{{label}}_{{take}}", length=LENGTH)


def test_other_rates_and_stereo_are_changed_and_said_in_one_line(folder, caplog):
    time = np.arange(800) / 16000
    tone = 0.5 * np.sin(2 * np.pi * 440 * time)
    write(folder / "no" / "2.wav", sixteen_bits(np.stack([tone, 0 * tone], axis=1)), 16000)
    with caplog.at_level(logging.WARNING):
        waves = read_waves(f"wav:{folder}", length=LENGTH)
    (line,) = [record.getMessage() for record in caplog.records]
    assert "of 3 recordings 1 resampled from 16000 to 8000 per second, 1 mixed from several channels" in line
    np.testing.assert_allclose(waves.floats()[1, 50:350], waves.floats()[0, 50:350], atol=0.02)


def test_mono_is_the_mean_of_the_channels():
    np.testing.assert_array_equal(to_mono(np.array([[1.0, 0.0], [0.5, -0.5]])), [0.5, 0.0])
    np.testing.assert_array_equal(to_mono(np.array([1.0, 0.5])), [1.0, 0.5])


def test_longer_recordings_are_cut_and_it_is_said(folder, caplog):
    with caplog.at_level(logging.WARNING):
        waves = read_waves(f"wav:{folder}", length=256)
    assert waves.audio.shape == (2, 256)
    assert "of 2 recordings 2 cut to 256 samples" in caplog.text


@pytest.mark.parametrize("kind", ["uint8", "int16", "int32", "float32"])
def test_every_form_of_samples_is_scaled_to_one(tmp_path, kind):
    forms = {
        "uint8": np.rint(127 * TONE + 128).astype(np.uint8),
        "int16": sixteen_bits(TONE),
        "int32": np.rint((2**31 - 1) * TONE).astype(np.int32),
        "float32": TONE.astype(np.float32),
    }
    write(tmp_path / "a.wav", forms[kind])
    samples, rate = read_wav(tmp_path / "a.wav")
    assert rate == RATE
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples, TONE, atol=0.01 if kind == "uint8" else 1e-4)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (encode_wav(np.zeros(100), RATE), "silent"),
        (encode_wav(np.zeros(0), RATE), "empty"),
        (b"RIFF", "no sound WAV file"),
        (b"", "no sound WAV file"),
        (encode_wav(TONE, 200), "sample_rate 200 is out of range"),
    ],
)
def test_bad_files_are_named_and_left_out(folder, caplog, refused, content, reason):
    (folder / "no" / "bad.wav").write_bytes(content)
    with refused("1 of 3 recordings cannot be used, more than 1 %", "no/bad.wav", reason):
        read_waves(f"wav:{folder}", length=LENGTH)
    many(folder)
    with caplog.at_level(logging.WARNING):
        waves = read_waves(f"wav:{folder}", length=LENGTH)
    assert len(waves) == 102
    assert "left out: no/bad.wav" in caplog.text
    assert reason in caplog.text


def test_values_that_are_no_numbers(folder, refused):
    write(folder / "no" / "nan.wav", np.full(100, np.nan, np.float32))
    with refused("nan.wav (holds values that are no numbers)"):
        read_waves(f"wav:{folder}", length=LENGTH)


def test_of_a_file_that_is_cut_off_the_rest_is_read(tmp_path):
    (tmp_path / "a.wav").write_bytes(encode_wav(TONE, RATE)[: 44 + 2 * 128])
    samples, _ = read_wav(tmp_path / "a.wav")
    np.testing.assert_allclose(samples, TONE[:128], atol=1e-4)


def test_of_a_long_file_no_more_is_read_than_is_used(folder, caplog):
    """A file of 60 GB, as its header says, of which the disk holds the first samples only."""
    content = bytearray(encode_wav(TONE, RATE))
    content[:4], content[40:44] = b"RF64", b"\xff" * 4
    ds64 = struct.pack("<4sIQQQI", b"ds64", 28, 2**36, 2**36, 0, 0)
    with (folder / "no" / "long.wav").open("wb") as file:
        file.write(content[:12] + ds64 + content[12:])
        file.truncate(60 * 10**9)
    with caplog.at_level(logging.WARNING):
        waves = read_waves(f"wav:{folder}", length=LENGTH)
    np.testing.assert_array_equal(waves.audio[0], waves.audio[1])
    assert "of 3 recordings 1 cut to 512 samples" in caplog.text


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (11025, 1), (9973, 1), (1000, 2)])
def test_blocks_are_the_whole(tmp_path, monkeypatch, rate, channels):
    monkeypatch.setattr(wav, "_BLOCK", 0.1)
    noise = np.random.default_rng(0).normal(0, 0.2, (rate * 3 // 4 + 7, channels)).astype(np.float32)
    write(tmp_path / "a.wav", noise, rate)
    blocks = list(mono_blocks(tmp_path / "a.wav", 8000))
    assert len(blocks) > 5 or rate == 9973
    expected = resample(to_mono(noise), rate, 8000)
    np.testing.assert_allclose(np.concatenate(blocks), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("wav:nowhere", ["there is no such folder"]),
        ("wav:", ["needs a path, wav:PATH"]),
        ("npz:nowhere.npz", ["there is no such file"]),
        ("no-such-set", ["is not known", "vowels, wav:DIR"]),
    ],
)
def test_data_that_are_not_there(refused, name, parts):
    with refused(*parts):
        read_waves(name, length=LENGTH)


def test_empty_folder_and_loose_files(tmp_path, refused):
    with refused("no .wav files"):
        read_waves(f"wav:{tmp_path}", length=LENGTH)
    write(tmp_path / "a.wav", sixteen_bits(TONE))
    with refused("a.wav lies in no sub-folder", "wav:DIR:{label}_{take}"):
        read_waves(f"wav:{tmp_path}", length=LENGTH)


def archive(**changes):
    audio = np.concatenate([sixteen_bits(TONE), sixteen_bits(-TONE[:200])])
    return {
        "audio": audio,
        "offsets": np.array([0, 400, 600]),
        "labels": np.array([1, 0], np.uint8),
        "speakers": np.array([0, 1], np.uint8),
        "speaker_names": np.array(["ann", "bob"]),
        "sample_rate": np.array(RATE),
        **changes,
    }


def test_recordings_of_an_npz_file_end_to_end(tmp_path):
    np.savez(tmp_path / "a.npz", **archive())
    waves = read_waves(f"npz:{tmp_path / 'a.npz'}", length=LENGTH)
    assert waves.class_names == ("0", "1")
    assert waves.labels.tolist() == [1, 0]
    assert waves.group_names == ("ann", "bob")
    audio = waves.floats()
    np.testing.assert_allclose(audio[0, :400] / LEVEL, TONE / np.abs(TONE).max(), atol=1e-3)
    np.testing.assert_allclose(audio[1, :200], -audio[0, :200], atol=1e-2)
    assert (audio[1, 200:] == 0).all()


def test_recordings_of_an_npz_file_in_rows(tmp_path):
    rows = np.stack([TONE, -TONE]).astype(np.float32)
    given = archive(audio=rows, labels=np.array([3, 1]), class_names=np.array(["a", "no", "b", "yes"]))
    del given["offsets"], given["speakers"], given["speaker_names"]
    np.savez(tmp_path / "a.npz", **given)
    waves = read_waves(f"npz:{tmp_path / 'a.npz'}", length=LENGTH)
    assert waves.class_names == ("no", "yes")  # those that there are
    assert waves.labels.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"audio": np.zeros((2, 2), np.int16)}, ["audio is int16 of shape (2, 2)"]),
        ({"audio": np.zeros(600, np.int32)}, ["audio is int32"]),
        ({"audio": np.full(600, np.nan)}, ["no numbers"]),
        ({"offsets": np.array([0, 400, 900])}, ["offsets", "at most 600"]),
        ({"offsets": np.array([0, 600, 400])}, ["offsets", "rise"]),
        ({"offsets": np.array([0.0, 400.0, 600.0])}, ["offsets are float64"]),
        ({"labels": np.array([1, 0, 0])}, ["labels are int64 of shape (3,), they must be 2 whole numbers"]),
        ({"labels": np.array([-1, 0])}, ["label out of range: -1"]),
        ({"sample_rate": np.array([8000, 8000])}, ["sample_rate", "one whole number"]),
        ({"sample_rate": np.array(10)}, ["sample_rate 10 is out of range"]),
        ({"class_names": np.array(["only"])}, ["label out of range: 1, allowed are 0 to 0"]),
        ({"class_names": np.array([1, 2])}, ["class_names are int64", "strings"]),
        ({"offsets": np.array([0, 600, 600])}, ["recording 1 (empty)"]),
        ({"audio": np.zeros(600, np.int16)}, ["recording 0 (silent), recording 1 (silent)"]),
        ({"labels": np.array([{}, {}])}, ["pickled Python objects, which are never loaded"]),
    ],
)
def test_npz_files_that_are_not_as_described(tmp_path, refused, changes, parts):
    np.savez(tmp_path / "a.npz", **archive(**changes))
    with refused(*parts):
        read_waves(f"npz:{tmp_path / 'a.npz'}", length=LENGTH)


def test_audio_of_tensorflow_datasets(tmp_path, refused):
    import tensorflow_datasets as tfds

    features = {
        "audio": tfds.features.Audio(sample_rate=16000),
        "label": tfds.features.ClassLabel(names=["no", "yes"]),
    }
    samples = sixteen_bits(np.repeat(TONE, 2)).astype(np.int64)
    prepare(tmp_path, "MySpoken", features, {"train": [{"audio": samples, "label": i} for i in (1, 0)]})
    waves = read_waves("my_spoken", length=LENGTH, data_dir=tmp_path)
    assert waves.class_names == ("no", "yes")
    assert sorted(waves.labels.tolist()) == [0, 1]
    assert waves.sample_rate == RATE
    np.testing.assert_allclose(waves.floats()[0, 100:300], TONE[100:300] / 0.5 * LEVEL, atol=0.2)
    with refused("split='test' does not exist"):
        read_waves("my_spoken", length=LENGTH, data_dir=tmp_path, split="test")
    prepare(tmp_path, "MySilence", {"text": tfds.features.Text()}, {"train": [{"text": "none"}]})
    with refused("needs features 'audio' and 'label', its features are text"):
        read_waves("my_silence", length=LENGTH, data_dir=tmp_path)


def test_vowels_for_tests_are_others(refused):
    train, test = (read_waves("vowels", length=1024, split=split) for split in ("train", "test"))
    assert len(train) == 3000
    assert len(test) == 600
    assert not {row.tobytes() for row in train.audio} & {row.tobytes() for row in test.audio}
    with refused("split='dev' does not exist"):
        read_waves("vowels", length=1024, split="dev")


def test_resampling_keeps_a_tone_and_takes_away_what_the_new_rate_cannot_hold():
    time = np.arange(16000) / 16000
    low, high = (np.sin(2 * np.pi * f * time) for f in (500, 7000))
    heard = resample(low + high, 16000, 8000)
    np.testing.assert_allclose(heard[100:-100], np.sin(2 * np.pi * 500 * time[::2])[100:-100], atol=0.01)
    assert to_mono(np.stack([low, -low], axis=1)).tolist() == [0] * 16000


def test_encoded_samples_come_back(tmp_path):
    (tmp_path / "a.wav").write_bytes(encode_wav(TONE, 11025))
    samples, rate = read_wav(tmp_path / "a.wav")
    assert rate == 11025
    np.testing.assert_allclose(samples, TONE, atol=1e-4)

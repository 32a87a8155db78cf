"""Recordings in memory, the vowels that are synthesised, and their batches."""

import numpy as np
import pytest

from tfgan_ref.data.sounds import vowels as synthesiser
from tfgan_ref.data.sounds.spectrograms import FLOOR, log_mel, mel_filters, spectrogram_pictures
from tfgan_ref.data.sounds.vowels import FORMANTS, PITCHES, synthesise, vowels
from tfgan_ref.data.sounds.waves import Waves, to_float, to_int16, wave_batches

AUDIO = np.arange(12, dtype=np.int16).reshape(4, 3)
LABELS = np.array([0, 1, 1, 0], np.int32)


def waves(**changes):
    given = {"audio": AUDIO, "sample_rate": 8000, "labels": LABELS, "class_names": ("a", "b")}
    return Waves("mine", **{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"audio": AUDIO.astype(np.float32)}, ["audio is float32 of shape (4, 3)", "int16"]),
        ({"audio": AUDIO[0]}, ["audio is int16 of shape (3,)"]),
        ({"audio": AUDIO[:0], "labels": None, "class_names": ()}, ["at least one sample"]),
        ({"sample_rate": 50}, ["sample_rate 50 is out of range: 1000 to 192000"]),
        ({"labels": LABELS[:3]}, ["labels are int32 of shape (3,)", "(4,)"]),
        ({"labels": LABELS + 1}, ["label out of range: 2, allowed are 0 to 1"]),
        ({"labels": None}, ["2 class names but no labels"]),
        ({"group_names": ("x",)}, ["1 group names but no groups"]),
    ],
)
def test_arrays_that_are_not_as_described(refused, changes, parts):
    with refused("mine", *parts):
        waves(**changes)


def test_fingerprint_tells_audio_rate_labels_and_groups_apart():
    groups = {"groups": LABELS, "group_names": ("x", "y")}
    changed = AUDIO.copy()
    changed[0, 0] += 1
    prints = {
        waves().fingerprint,
        waves(audio=changed).fingerprint,
        waves(sample_rate=9000).fingerprint,
        waves(labels=1 - LABELS).fingerprint,
        waves(**groups).fingerprint,
    }
    assert len(prints) == 5
    assert waves().fingerprint == waves(audio=AUDIO.copy()).fingerprint


def test_samples_survive_the_way_to_int16_and_back():
    samples = np.linspace(-1, 1, 1001, dtype=np.float32)
    np.testing.assert_allclose(to_float(to_int16(samples)), samples, atol=0.6 / 32767)
    assert to_int16(np.array([2.0, -2.0])).tolist() == [32767, -32767]
    assert to_float(np.array([-32768], np.int16))[0] == -1


def test_some_of_the_recordings():
    taken = waves(groups=LABELS, group_names=("x", "y")).take(np.array([False, True, False, True]))
    assert taken.audio.tolist() == AUDIO[[1, 3]].tolist()
    assert taken.labels.tolist() == [1, 0]
    assert taken.groups.tolist() == [1, 0]


def test_batches_hold_every_recording_once_an_epoch_with_its_label():
    batches = wave_batches(waves(), batch_size=2, seed=5)
    seen = []
    for batch in batches.take(2):
        assert batch["audio"].shape == (2, 3, 1)
        rows = np.rint(batch["audio"].numpy()[..., 0] * 32767).astype(int)
        seen += [(tuple(row), int(label)) for row, label in zip(rows, batch["label"], strict=True)]
    assert sorted(seen) == [(tuple(row), label) for row, label in zip(AUDIO.tolist(), LABELS, strict=True)]


def test_batches_go_on_where_others_stopped():
    whole = [batch["audio"].numpy() for batch in wave_batches(waves(), batch_size=3, seed=1).take(6)]
    rest = [b["audio"].numpy() for b in wave_batches(waves(), batch_size=3, seed=1, start_step=4).take(2)]
    np.testing.assert_array_equal(whole[4:], rest)


def test_vowels_are_a_function_of_the_seed_and_the_first_ones_stay():
    few, more, other = vowels(2, 0), vowels(3, 0), vowels(2, 1)
    np.testing.assert_array_equal(few.audio.reshape(10, 2, -1), more.audio.reshape(10, 3, -1)[:, :2])
    assert (few.audio != other.audio).any(axis=1).all()
    assert few.labels.tolist() == np.repeat(range(10), 2).tolist()
    assert few.groups.tolist() == [0, 1] * 10
    assert few.group_names == ("men", "women", "children")
    assert few.audio.shape == (20, 4096)


def test_level_and_place_of_vowels_vary_within_the_recording():
    audio = vowels(3, 0).floats()
    peaks = np.abs(audio).max(axis=1)
    assert peaks.max() <= 0.951
    assert peaks.min() > 0.3
    loud = np.abs(audio) > 0
    starts = loud.argmax(axis=1)
    assert len(set(starts)) > 20
    assert (loud.mean(axis=1) < 0.96).all()


def test_table_ii_of_peterson_and_barney():
    """Values that other books print too."""
    assert FORMANTS["men"][0].tolist() == [270, 2290, 3010]
    assert FORMANTS["women"][4].tolist() == [850, 1220, 2810]
    assert FORMANTS["children"][7].tolist() == [430, 1170, 3260]
    assert [PITCHES[group][0] for group in PITCHES] == [136, 235, 272]
    for group in synthesiser.GROUPS:
        assert (np.diff(FORMANTS[group], axis=1) > 0).all()


def test_spectrum_of_a_vowel_has_its_harmonics_and_formants():
    """At a pitch of 100 Hz, one second: a line at each multiple, the highest at the formants."""
    formants = [700.0, 1200.0, 2600.0]
    sound = synthesise(np.full(8000, 100.0), formants, 8000)
    power = np.abs(np.fft.rfft(sound * np.hanning(8000))) ** 2
    lines = power[100:4000:100]
    assert lines.sum() > 0.3 * power.sum()
    decibels = 10 * np.log10(lines)
    for formant in formants:
        near = round(formant / 100) - 1
        assert decibels[near] > max(decibels[near - 3], decibels[near + 3])


def test_gain_of_a_resonator_is_that_of_two_poles():
    """Klatt's equation 2 at 0 Hz and at its centre, where 1 / (1 - r) rules."""
    numerator, denominator = synthesiser._resonator(1000.0, 50.0, 8000)
    response = [
        abs(np.polyval(numerator, z) / np.dot(denominator, z ** -np.arange(3.0)))
        for z in np.exp(2j * np.pi * np.array([0.0, 1000.0, 1025.0, 975.0]) / 8000)
    ]
    assert response[0] == pytest.approx(1)
    # Half the power half a bandwidth beside the centre.
    assert response[2] ** 2 / response[1] ** 2 == pytest.approx(0.5, abs=0.05)
    assert response[3] ** 2 / response[1] ** 2 == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ({"count_per_class": 0}, ["count_per_class=0"]),
        ({"sample_rate": 4000}, ["sample_rate 4000 is out of range: at least 8000"]),
        ({"groups": ("men", "elves")}, ["group 'elves' is unknown: choose some of men, women, children"]),
        ({"groups": ()}, ["group '' is unknown"]),
        ({"seconds": 0.01}, ["seconds 0.01 is out of range: 0.1 to 10"]),
    ],
)
def test_vowels_that_cannot_be_made(refused, arguments, parts):
    with refused(*parts):
        vowels(**{"count_per_class": 1, "seed": 0, **arguments})


def test_a_sine_of_full_scale_is_near_zero_decibels_in_its_own_band():
    time = np.arange(4096) / 8000
    sine = np.sin(2 * np.pi * 1000 * time)[None]
    loud, soft = (log_mel(scale * sine, 8000)[0, 32] for scale in (1, 0.1))
    assert loud.max() == pytest.approx(0, abs=1.5)
    np.testing.assert_allclose(loud.max() - soft.max(), 20, atol=0.01)
    centre = 700 * (10 ** ((loud.argmax() + 1) * 2595 * np.log10(1 + 4000 / 700) / 41 / 2595) - 1)
    assert abs(centre - 1000) < 80
    assert (log_mel(0 * sine, 8000) == FLOOR).all()


def test_mel_filters_are_triangles_without_gaps():
    filters = mel_filters(40, 256, 8000)
    assert filters.shape == (40, 129)
    assert (filters.max(axis=1) > 0).all()
    assert (filters >= 0).all()
    assert (np.diff(filters.argmax(axis=1)) >= 0).all()
    # Between the first peak and the last, neighbours share each bin.
    first, last = filters[0].argmax() + 1, filters[-1].argmax() - 1
    np.testing.assert_allclose(filters[:, first:last].sum(axis=0), 1, atol=0.05)


def test_spectrogram_pictures_have_low_frequencies_at_the_bottom():
    time = np.arange(8192) / 8000
    sines = np.stack([np.sin(2 * np.pi * f * time) for f in (200, 3000)])
    pictures = spectrogram_pictures(sines, 8000)
    assert pictures.shape == (2, 40, 64, 1)
    low, high = pictures[:, :, 32, 0].argmax(axis=1)
    assert low > 30
    assert high < 10
    np.testing.assert_array_equal(pictures, spectrogram_pictures(to_int16(sines), 8000))

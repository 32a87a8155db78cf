"""Synthesised vowels: a source-filter synthesiser with published formants.

A band-limited train of pulses (the glottis) goes through a cascade of resonators (the vocal tract) and a
difference (the lips), as in Klatt 1980, "Software for a cascade/parallel formant synthesizer", sections II
and III. Pitch and formants are the averages of Peterson and Barney 1952, "Control methods used in a study of
the vowels", table II: 76 speakers, two lists of ten words each.
"""

import functools
from collections.abc import Sequence

import numpy as np

from tfgan_ref.data.sounds.waves import Waves, check_rate, to_int16
from tfgan_ref.errors import InputError, whole_number

# In ARPABET; the words were heed, hid, head, had, hod, hawed, hood, who'd, hud, heard.
VOWELS = ("iy", "ih", "eh", "ae", "aa", "ao", "uh", "uw", "ah", "er")
GROUPS = ("men", "women", "children")

# Fundamental frequencies in Hz, by vowel.
PITCHES = {
    "men": np.array([136, 135, 130, 127, 124, 129, 137, 141, 130, 133]),
    "women": np.array([235, 232, 223, 210, 212, 216, 232, 231, 221, 218]),
    "children": np.array([272, 269, 260, 251, 256, 263, 276, 274, 261, 261]),
}
# F1, F2 and F3 in Hz: (vowels, 3).
FORMANTS = {
    "men": np.transpose(
        [
            [270, 390, 530, 660, 730, 570, 440, 300, 640, 490],
            [2290, 1990, 1840, 1720, 1090, 840, 1020, 870, 1190, 1350],
            [3010, 2550, 2480, 2410, 2440, 2410, 2240, 2240, 2390, 1690],
        ]
    ),
    "women": np.transpose(
        [
            [310, 430, 610, 860, 850, 590, 470, 370, 760, 500],
            [2790, 2480, 2330, 2050, 1220, 920, 1160, 950, 1400, 1640],
            [3310, 3070, 2990, 2850, 2810, 2710, 2680, 2670, 2780, 1960],
        ]
    ),
    "children": np.transpose(
        [
            [370, 530, 690, 1010, 1030, 680, 560, 430, 850, 560],
            [3200, 2730, 2610, 2320, 1370, 1060, 1410, 1170, 1590, 1820],
            [3730, 3600, 3570, 3320, 3170, 3180, 3310, 3260, 3360, 2160],
        ]
    ),
}
# Hz; of the formants above F3 too, from the last one on (Klatt 1980, table I, rounded).
BANDWIDTHS = (60.0, 90.0, 150.0, 250.0)
LOWEST_RATE = 8000  # children's F3 lies below half of it
_GLOTTAL_BANDWIDTH = 100.0  # of Klatt's glottal filter RGP: -12 dB per octave above it
# A uniform tube of a man's length resonates at odd multiples of 500 Hz: what stands in above the table.
_TUBE = np.arange(3500, 100_000, 1000)

# How much one utterance differs from the average: standard deviations, drawn up to twice as large.
_TRACT_SPREAD = 0.03  # of all formants together: length of the vocal tract
_FORMANT_SPREAD = 0.015  # of each formant by itself
_PITCH_SPREAD = 0.08


def vowels(
    count_per_class: int,
    seed: int,
    sample_rate: int = 8000,
    groups: Sequence[str] = GROUPS,
    *,
    seconds: float = 0.512,
) -> Waves:
    """Synthesises vowels of speakers of some groups, with varied pitch, formants, duration, place and level.

    The utterances of a seed are the same, and in the same order within their class, for every larger count.

    Args:
        count_per_class: utterances of each vowel; the groups speak in turn.
        seed: any whole number from 0 up.
        sample_rate: per second, at least 8000.
        groups: some of "men", "women", "children".
        seconds: of each recording, at least 0.1; the utterance fills 60 to 95 % of it, the rest is silence.

    Returns:
        10 * count_per_class recordings, class after class, labelled by vowel (``VOWELS``) and group.

    Raises:
        InputError: a number is out of range, or a group unknown.
    """
    whole_number("count_per_class", count_per_class, 1)
    whole_number("seed", seed, 0)
    check_rate("vowels", sample_rate)
    if sample_rate < LOWEST_RATE:
        raise InputError(f"vowels: sample_rate {sample_rate} is out of range: at least {LOWEST_RATE}")
    if not 0.1 <= seconds <= 10:
        raise InputError(f"vowels: seconds {seconds} is out of range: 0.1 to 10")
    for group in groups or ("",):
        if group not in GROUPS:
            raise InputError(f"vowels: group {group!r} is unknown: choose some of {', '.join(GROUPS)}")
    length = round(seconds * sample_rate)
    numbers = np.arange(count_per_class) % len(groups)
    audio = np.empty((len(VOWELS), count_per_class, length), np.int16)
    for vowel in range(len(VOWELS)):
        for i, number in enumerate(numbers):
            rng = np.random.default_rng([seed, vowel, i])
            audio[vowel, i] = to_int16(_utter(vowel, groups[number], length, sample_rate, rng))
    return Waves(
        "vowels",
        audio.reshape(-1, length),
        sample_rate,
        np.repeat(np.arange(len(VOWELS), dtype=np.int32), count_per_class),
        VOWELS,
        np.tile(numbers.astype(np.int32), len(VOWELS)),
        tuple(groups),
    )


def synthesise(pitch: np.ndarray, formants: Sequence[float], sample_rate: int) -> np.ndarray:
    """Returns a voiced sound of peak level 1.

    Args:
        pitch: fundamental frequency in Hz at each sample, (T,).
        formants: centre frequencies in Hz below sample_rate / 2, lowest first.
        sample_rate: per second.

    Returns:
        float64 (T,).
    """
    from scipy.signal import lfilter

    sound = lfilter(*_resonator(0.0, _GLOTTAL_BANDWIDTH, sample_rate), _pulses(pitch, sample_rate))
    for number, formant in enumerate(formants):
        bandwidth = BANDWIDTHS[min(number, len(BANDWIDTHS) - 1)]
        sound = lfilter(*_resonator(formant, bandwidth, sample_rate), sound)
    sound = np.diff(sound, prepend=0.0)  # radiation from the lips
    return sound / np.abs(sound).max()


def upper_formants(group: str, sample_rate: int) -> np.ndarray:
    """Returns the formants above F3, up to 0.9 of the band: those of a uniform tube of the group's length."""
    formants = _TUBE * _tract_scale(group)
    return formants[formants < 0.45 * sample_rate]


@functools.cache
def _tract_scale(group: str) -> float:
    return float(np.mean(FORMANTS[group][:, 2] / FORMANTS["men"][:, 2]))


def _utter(vowel: int, group: str, length: int, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Synthesises one vowel once, float64 (length,) in [-1, 1]."""
    spoken = int(length * rng.uniform(0.6, 0.95))
    start = int(rng.integers(length - spoken + 1))
    tract = _varied(_TRACT_SPREAD, rng)
    formants = FORMANTS[group][vowel] * tract * [_varied(_FORMANT_SPREAD, rng) for _ in range(3)]
    formants = np.concatenate([formants, upper_formants(group, sample_rate) * tract])
    formants = np.minimum(formants, 0.49 * sample_rate)
    pitch = PITCHES[group][vowel] * _varied(_PITCH_SPREAD, rng) * _contour(spoken, sample_rate, rng)
    sound = synthesise(pitch, formants, sample_rate)
    sound += rng.normal(0, rng.uniform(0.001, 0.01), spoken)  # breath
    envelope = _envelope(spoken, sample_rate, rng)
    result = np.zeros(length)
    result[start : start + spoken] = sound * envelope
    return result * (0.95 * 10 ** (-rng.uniform(0, 9) / 20) / np.abs(result).max())  # up to 9 dB softer


def _varied(spread: float, rng: np.random.Generator) -> float:
    return float(np.exp(spread * np.clip(rng.normal(), -2, 2)))


def _contour(length: int, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Returns the pitch relative to its mean: a fall or rise, and a slow waver of at most 1 %."""
    time = np.arange(length) / sample_rate
    line = rng.uniform(-0.08, 0.04) * (time / time[-1] - 0.5)
    waver = rng.uniform(0, 0.01) * np.sin(2 * np.pi * (rng.uniform(3, 6) * time + rng.random()))
    return 1.0 + line + waver


def _envelope(length: int, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Returns a rise and a fall of 20 to 60 ms, by raised cosines, with a level between them that sinks."""
    envelope = np.linspace(1.0, rng.uniform(0.6, 1.0), length)
    for part in (slice(None), slice(None, None, -1)):
        ramp = min(length // 3, int(rng.uniform(0.02, 0.06) * sample_rate))
        envelope[part][:ramp] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(ramp) / ramp)
    return envelope


def _pulses(pitch: np.ndarray, sample_rate: int) -> np.ndarray:
    """Returns pulses once per period, the sum of cos(k phase) over all k that the band has room for.

    In its closed form, Dirichlet's kernel: sin((K + 1/2) phase) / (2 sin(phase / 2)) - 1/2. Pulses at whole
    samples would make the pitch jump between divisors of the rate.
    """
    phase = 2 * np.pi * np.cumsum(pitch) / sample_rate
    harmonics = int(0.5 * sample_rate / pitch.max())
    half = np.sin(phase / 2)
    at_pulse = np.abs(half) < 1e-9
    ratio = np.sin((harmonics + 0.5) * phase) / (2 * np.where(at_pulse, 1.0, half))
    return np.where(at_pulse, harmonics, ratio - 0.5)


def _resonator(frequency: float, bandwidth: float, sample_rate: int) -> tuple[list[float], list[float]]:
    """Returns numerator and denominator of Klatt's digital resonator (equation 2), of gain 1 at 0 Hz."""
    radius = np.exp(-np.pi * bandwidth / sample_rate)
    first = 2 * radius * np.cos(2 * np.pi * frequency / sample_rate)
    second = -(radius**2)
    return [1 - first - second], [1, -first, -second]

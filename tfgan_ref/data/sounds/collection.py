"""Recordings of any lengths, rates and levels, collected into one array."""

import logging
from collections.abc import Sequence

import numpy as np

from tfgan_ref.data.images.arrays import present_classes
from tfgan_ref.data.pipeline import shareable
from tfgan_ref.data.sounds.wav import resample, to_mono
from tfgan_ref.data.sounds.waves import Waves, to_int16
from tfgan_ref.data.streams.faults import LARGEST_BAD_SHARE
from tfgan_ref.data.streams.rows import Rows
from tfgan_ref.errors import InputError

logger = logging.getLogger(__name__)

LEVEL = 0.95  # of every recording's peak
SILENCE = 1e-3  # a peak below it, 60 dB under full scale
MARGIN = 1.0  # seconds of a file behind what is used: they tell whether it is cut, and resampling hears them
_NAMED_BAD_RECORDINGS = 10
_MOST_BYTES = 2**32


class WaveCollection:
    """Recordings of one data set, collected one after another: mixed to mono, at one rate, level and length.

    Args:
        name: the data set's name for messages.
        sample_rate: of the result.
        length: samples of each recording: longer ones are cut, shorter ones end in silence.
    """

    def __init__(self, name: str, sample_rate: int, length: int) -> None:
        self.name = name
        self.sample_rate = sample_rate
        self.length = length
        self._audio: list[np.ndarray] = []
        self._labels: list[int] = []
        self._groups: list[int] = []
        self._bad: list[str] = []
        self._changes = Changes(name, sample_rate, length)

    def add(self, recording: str, samples: np.ndarray, rate: int, label: int, group: int = 0) -> None:
        """Adds one recording; an empty or silent one is left out.

        Args:
            recording: the file, or which recording of the data set it is.
            samples: floats (T,) or (T, channels), full scale at 1.
            rate: samples per second.
            label: class number.
            group: number of the speaker.

        Raises:
            InputError: the recordings would take more than 4 GB.
        """
        try:
            row = fit_recording(samples, rate, self.sample_rate, self.length)
        except ValueError as error:
            self.leave_out(recording, str(error))
            return
        if (len(self._audio) + 1) * self.length * 2 > _MOST_BYTES:
            raise InputError(
                f"{self.name}: recordings of {self.length} samples take more than 4 GB: cut it, or, of files "
                "of wav:, set stream=on"
            )
        self._changes.add(rate, samples.shape[1] if samples.ndim > 1 else 1, len(samples))
        self._audio.append(row)
        self._labels.append(label)
        self._groups.append(group)

    def leave_out(self, recording: str, reason: str) -> None:
        """Records that a recording cannot be used."""
        self._bad.append(f"{recording} ({reason})")

    def to_waves(self, class_names: Sequence[str] | None, group_names: Sequence[str] | None = ()) -> Waves:
        """Returns the recordings; warns in one line what was changed of them, and which were left out.

        Args:
            class_names: by the numbers of the classes; None: they are called by these.
            group_names: the same of the speakers; () if there are none.

        Raises:
            InputError: more than 1 % of the recordings cannot be used, there are none, or a number has no
                name.
        """
        self._judge()
        self._changes.say(len(self._audio))
        audio = shareable(np.empty((len(self._audio), self.length), np.int16), copy=False)
        np.stack(self._audio, out=audio)
        numbers = (self._labels, self._groups)
        return labelled(self.name, audio, self.sample_rate, *numbers, class_names, group_names)

    def _judge(self) -> None:
        bad, n = self._bad, len(self._audio) + len(self._bad)
        if not n:
            raise InputError(f"{self.name}: there are no recordings")
        if len(bad) > LARGEST_BAD_SHARE * n:
            more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
            raise InputError(
                f"{self.name}: {len(bad)} of {n} recordings cannot be used, more than 1 %: "
                f"{', '.join(bad[:3])}{more}"
            )
        for recording in bad[:_NAMED_BAD_RECORDINGS]:
            logger.warning(f"{self.name}: left out: {recording}")


class Changes:
    """Counts of what is changed of the recordings of a data set.

    Args:
        name: the data set's name for messages.
        sample_rate: of the result.
        length: of the result, in samples.
    """

    def __init__(self, name: str, sample_rate: int, length: int) -> None:
        self.name, self.sample_rate, self.length = name, sample_rate, length
        self._rates: set[int] = set()
        self._counts = {"resampled": 0, "mixed": 0, "cut": 0}

    def add(self, rate: int, channels: int, length: int) -> None:
        """Counts a recording of a rate, with so many channels and moments."""
        if rate != self.sample_rate:
            self._rates.add(rate)
            self._counts["resampled"] += 1
        self._counts["mixed"] += channels > 1
        self._counts["cut"] += length * self.sample_rate > self.length * rate

    def say(self, n: int) -> None:
        """Warns in one line of what is changed of ``n`` recordings, if anything is."""
        rates = ", ".join(map(str, sorted(self._rates)))
        notes = {
            "resampled": f"resampled from {rates} to {self.sample_rate} per second",
            "mixed": "mixed from several channels to one",
            "cut": f"cut to {self.length} samples",
        }
        said = [f"{self._counts[key]} {note}" for key, note in notes.items() if self._counts[key]]
        if said:
            logger.warning(f"{self.name}: of {n} recordings {', '.join(said)}")


def fit_recording(samples: np.ndarray, rate: int, sample_rate: int, length: int) -> np.ndarray:
    """Returns a recording as one channel at another rate, at one level and of one length, int16 (length,).

    Args:
        samples: floats (T,) or (T, channels), full scale at 1.
        rate: samples per second.
        sample_rate: of the result.
        length: of the result: a longer one is cut, a shorter one ends in silence.

    Raises:
        ValueError: it is empty or silent.
    """
    if not samples.size:
        raise ValueError("empty")
    heard = resample(to_mono(samples), rate, sample_rate)[:length]
    peak = np.abs(heard).max()
    if peak < SILENCE:
        raise ValueError("silent")
    row = np.zeros(length, np.int16)
    row[: len(heard)] = to_int16(heard * (LEVEL / peak))
    return row


def labelled(
    name: str,
    audio: np.ndarray | Rows,
    sample_rate: int,
    labels: Sequence[int],
    groups: Sequence[int],
    class_names: Sequence[str] | None,
    group_names: Sequence[str] | None,
) -> Waves:
    """Returns recordings with the classes and speakers that there are.

    Args:
        name: the data set's name for messages.
        audio: the recordings, int16 (N, T), in memory or on disk.
        sample_rate: samples per second.
        labels: class numbers, (N,).
        groups: numbers of the speakers, (N,).
        class_names: by the numbers of the classes; None: they are called by these.
        group_names: the same of the speakers; empty if there are none.

    Raises:
        InputError: a number has no name.
    """
    classes = present_classes(name, np.array(labels), class_names)
    if group_names is None or group_names:
        return Waves(
            name, audio, sample_rate, *classes, *present_classes(name, np.array(groups), group_names)
        )
    return Waves(name, audio, sample_rate, *classes)

"""Recordings of any lengths, rates and levels, collected into one array."""

import logging
from collections.abc import Sequence

import numpy as np

from tfgan_ref.data.images.arrays import present_classes
from tfgan_ref.data.pipeline import shareable
from tfgan_ref.data.sounds.wav import resample, to_mono
from tfgan_ref.data.sounds.waves import Waves, to_int16
from tfgan_ref.errors import InputError

logger = logging.getLogger(__name__)

LEVEL = 0.95  # of every recording's peak
SILENCE = 1e-3  # a peak below it, 60 dB under full scale
_LARGEST_BAD_SHARE = 0.01
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
        self._rates: set[int] = set()
        self._changed = {"resampled": 0, "mixed": 0, "cut": 0}

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
        if not samples.size:
            self.leave_out(recording, "empty")
            return
        heard = resample(to_mono(samples), rate, self.sample_rate)
        peak = np.abs(heard[: self.length]).max()
        if peak < SILENCE:
            self.leave_out(recording, "silent")
            return
        if (len(self._audio) + 1) * self.length * 2 > _MOST_BYTES:
            raise InputError(f"{self.name}: recordings of {self.length} samples take more than 4 GB: cut it")
        if rate != self.sample_rate:
            self._rates.add(rate)
            self._changed["resampled"] += 1
        self._changed["mixed"] += samples.ndim > 1 and samples.shape[1] > 1
        self._changed["cut"] += len(heard) > self.length
        row = np.zeros(self.length, np.int16)
        heard = heard[: self.length]
        row[: len(heard)] = to_int16(heard * (LEVEL / peak))
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
        self._say_what_changed()
        labels, class_names = present_classes(self.name, np.array(self._labels), class_names)
        groups = None
        if group_names is None or group_names:
            groups, group_names = present_classes(self.name, np.array(self._groups), group_names)
        audio = shareable(np.empty((len(self._audio), self.length), np.int16), copy=False)
        return Waves(
            self.name,
            np.stack(self._audio, out=audio),
            self.sample_rate,
            labels,
            class_names,
            groups,
            tuple(group_names),
        )

    def _judge(self) -> None:
        bad, n = self._bad, len(self._audio) + len(self._bad)
        if not n:
            raise InputError(f"{self.name}: there are no recordings")
        if len(bad) > _LARGEST_BAD_SHARE * n:
            more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
            raise InputError(
                f"{self.name}: {len(bad)} of {n} recordings cannot be used, more than 1 %: "
                f"{', '.join(bad[:3])}{more}"
            )
        for recording in bad[:_NAMED_BAD_RECORDINGS]:
            logger.warning(f"{self.name}: left out: {recording}")

    def _say_what_changed(self) -> None:
        changed, n = self._changed, len(self._audio)
        rates = ", ".join(map(str, sorted(self._rates)))
        notes = {
            "resampled": f"resampled from {rates} to {self.sample_rate} per second",
            "mixed": "mixed from several channels to one",
            "cut": f"cut to {self.length} samples",
        }
        said = [f"{changed[key]} {note}" for key, note in notes.items() if changed[key]]
        if said:
            logger.warning(f"{self.name}: of {n} recordings {', '.join(said)}")

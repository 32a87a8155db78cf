"""Recordings of files that stay on disk: read, resampled and cut when they are asked for."""

import io

import numpy as np

from tfgan_ref.data.sounds.collection import MARGIN, Changes, fit_recording
from tfgan_ref.data.sounds.riff import read_form
from tfgan_ref.data.sounds.wav import read_wav
from tfgan_ref.data.streams.pictures import checksum
from tfgan_ref.data.streams.rows import Rows
from tfgan_ref.data.streams.stores import Changed, Store
from tfgan_ref.errors import reason


class WaveRows(Rows):
    """Recordings of WAV files, int16 (N, T), as ``WaveCollection`` has them; files are read as a whole.

    What is changed of them is said in one line, by their headers.

    Args:
        name: the data set's name for messages.
        store: the files.
        sample_rate: of the result.
        length: samples of each recording: longer ones are cut, shorter ones end in silence.

    Raises:
        InputError: the headers of more than 1 % of the files cannot be read.
    """

    def __init__(self, name: str, store: Store, sample_rate: int, length: int) -> None:
        shape = (len(store.names), length)
        fingerprint = "x".join(map(str, (*shape, sample_rate))) + f"-{checksum(store):08x}"
        super().__init__(name, shape, np.int16, f"files-{fingerprint}")
        self._store, self._rate, self._length = store, sample_rate, length
        changes = Changes(name, sample_rate, length)
        for number in range(len(store.names)):
            try:
                with store.open(number) as file:
                    form = read_form(file)
                if not form.length:
                    raise ValueError("empty")
                changes.add(form.rate, form.channels, form.length)
            except (OSError, ValueError) as error:
                self.faults.add(number, self.item_name(number), reason(error))
        changes.say(shape[0] - len(self.faults))

    def item_name(self, number: int) -> str:
        """Returns the path of a recording's file."""
        return self._store.names[number]

    def fetch(self, numbers: np.ndarray) -> tuple[np.ndarray, dict[int, str]]:
        """Reads recordings, from their beginning; see ``Rows.fetch``."""
        values = np.empty((len(numbers), *self.item_shape), np.int16)
        damaged = {}
        for place, number in enumerate(numbers):
            try:
                samples, rate = read_wav(
                    io.BytesIO(self._store.read(int(number))), self._length / self._rate + MARGIN
                )
                values[place] = fit_recording(samples, rate, self._rate, self._length)
            except Changed as error:
                raise self.changed(error) from error
            except (OSError, ValueError) as error:
                damaged[place] = reason(error)
        return values, damaged

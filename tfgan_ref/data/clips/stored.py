"""Clips of sprites that stay in their files: read, and put on the ground, when they are asked for."""

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tfgan_ref.data.clips.ground import on_ground
from tfgan_ref.data.images.array_forms import Form
from tfgan_ref.data.streams.array_file import ArrayFileRows
from tfgan_ref.data.streams.rows import Rows, sampled_numbers


class SpriteRows(Rows):
    """Clips, uint8 (N, P, H, W, 3), of sprites in files: those of the first file, then of the next.

    Args:
        name: the data set's name for messages.
        sheets: the files with their arrays, uint8 (characters, 4, F, S, S, 4), not compressed.
        phases: which frames of each file's clips to read, P of them.
        image_size: side of the frames, which divides S.
    """

    def __init__(
        self, name: str, sheets: Mapping[Path, Form], phases: Sequence[np.ndarray], image_size: int
    ) -> None:
        counts = [form.shape[0] * form.shape[1] for form in sheets.values()]
        shape = (sum(counts), len(phases[0]), image_size, image_size, 3)
        super().__init__(name, shape, np.uint8, "")
        self._firsts = np.cumsum([0, *counts[:-1]])
        self._sheets = []
        for (path, form), count in zip(sheets.items(), counts, strict=True):
            sheet = ArrayFileRows(name, path, form.start, (count, *form.shape[2:]), np.uint8, "")
            sheet.faults = self.faults  # they end the reading together
            self._sheets.append(sheet)
        self._phases, self._image_size = phases, image_size
        sample = self[sampled_numbers(len(self))]
        self.fingerprint = f"files-{'x'.join(map(str, shape))}-{zlib.crc32(sample):08x}"

    def item_name(self, number: int) -> str:
        """Returns the number of a clip."""
        return f"clip {number}"

    def fetch(self, numbers: np.ndarray) -> tuple[np.ndarray, dict[int, str]]:
        """Reads clips, with all their phases; see ``Rows.fetch``."""
        values = np.empty((len(numbers), *self.item_shape), np.uint8)
        actions = np.searchsorted(self._firsts, numbers, side="right") - 1
        for action in np.unique(actions):
            chosen = np.flatnonzero(actions == action)
            sprites, _ = self._sheets[action].fetch(numbers[chosen] - self._firsts[action])
            values[chosen] = on_ground(sprites[:, self._phases[action]], self._image_size)
        return values, {}

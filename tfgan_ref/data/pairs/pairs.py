"""Pairs of pictures of any sizes in memory, or two collections of pictures without pairs."""

import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np

from tfgan_ref.errors import InputError, whole_number

if TYPE_CHECKING:
    from tfgan_ref.data.pairs.stored import StoredPairs


@dataclass(frozen=True)
class PicturePairs:
    """Pairs of sources and targets, pictures whose sizes may differ from pair to pair.

    Attributes:
        name: what to call them in messages.
        sources: uint8 (h, w, Cs) each, at least one.
        targets: uint8 (H, W, Ct) each; of a pair, H = scale * h and W = scale * w.
        scale: how many times higher and wider a target is than its source.
        paired: whether targets[i] belongs to sources[i]. If not, the two are collections of any lengths.
        names: of the pairs, or of the sources if there are no pairs, for messages; empty: numbers do.
        target_names: of the targets if there are no pairs; empty: numbers do.

    Raises:
        InputError: if the pictures or names are not as described.
    """

    name: str
    sources: tuple[np.ndarray, ...]
    targets: tuple[np.ndarray, ...]
    scale: int = 1
    paired: bool = True
    names: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        whole_number("scale", self.scale, 1)
        for side, pictures, names in (
            ("sources", self.sources, self.names),
            ("targets", self.targets, self.target_names),
        ):
            if not pictures:
                raise InputError(f"{self.name}: there are no {side}")
            if names and len(names) != len(pictures):
                raise InputError(f"{self.name}: {len(names)} names for {len(pictures)} {side}")
        for i, picture in enumerate(self.sources):
            self._check_picture(self.source_name(i), picture, self.source_channels)
        for i, picture in enumerate(self.targets):
            self._check_picture(self.target_name(i), picture, self.target_channels)
        if self.paired:
            self._check_pairs()

    @property
    def source_channels(self) -> int:
        """Returns the channels of every source."""
        return self.sources[0].shape[-1]

    @property
    def target_channels(self) -> int:
        """Returns the channels of every target."""
        return self.targets[0].shape[-1]

    @property
    def source_count(self) -> int:
        """Returns the number of sources."""
        return len(self.sources)

    @property
    def target_count(self) -> int:
        """Returns the number of targets."""
        return len(self.targets)

    @property
    def source_sizes(self) -> np.ndarray:
        """Returns heights and widths of the sources, int64 (N, 2)."""
        return np.array([picture.shape[:2] for picture in self.sources], np.int64)

    @property
    def target_sizes(self) -> np.ndarray:
        """Returns heights and widths of the targets, int64 (N, 2)."""
        return np.array([picture.shape[:2] for picture in self.targets], np.int64)

    @property
    def nbytes(self) -> int:
        """Returns the bytes that the pictures take."""
        return sum(picture.nbytes for picture in (*self.sources, *self.targets))

    @property
    def fingerprint(self) -> str:
        """Returns the counts and a checksum of the pictures, as a file name."""
        checksum = zlib.crc32(repr((self.scale, self.paired)).encode())
        for picture in (*self.sources, *self.targets):
            checksum = zlib.crc32(repr(picture.shape).encode(), checksum)
            checksum = zlib.crc32(np.ascontiguousarray(picture), checksum)
        return f"{len(self.sources)}-{len(self.targets)}-{checksum:08x}"

    def source_name(self, i: int) -> str:
        """Returns the name of ``sources[i]`` for messages."""
        return self.names[i] if self.names else f"source {i}"

    def target_name(self, i: int) -> str:
        """Returns the name of ``targets[i]`` for messages."""
        if self.target_names:
            return self.target_names[i]
        return f"target of {self.names[i]}" if self.paired and i < len(self.names) else f"target {i}"

    def take(self, chosen: np.ndarray) -> Self:
        """Returns some of the pairs."""
        sides = {"sources": self.sources, "targets": self.targets, "names": self.names}
        parts = {key: tuple(values[i] for i in chosen) for key, values in sides.items() if values}
        return replace(self, **parts)

    def _check_picture(self, picture_name: str, picture: np.ndarray, channels: int) -> None:
        if picture.dtype != np.uint8 or picture.ndim != 3 or 0 in picture.shape:
            raise InputError(
                f"{self.name}: {picture_name} is {picture.dtype} of shape {picture.shape}, "
                "it must be uint8 of shape (height, width, channels), none of them 0"
            )
        if picture.shape[-1] != channels:
            raise InputError(
                f"{self.name}: {picture_name} has {picture.shape[-1]} channels, the first one has {channels}"
            )

    def _check_pairs(self) -> None:
        if len(self.sources) != len(self.targets):
            raise InputError(
                f"{self.name}: {len(self.sources)} sources and {len(self.targets)} targets are no pairs"
            )
        if self.target_names:
            raise InputError(f"{self.name}: pairs take no target_names: names are those of the pairs")
        for i, (source, target) in enumerate(zip(self.sources, self.targets, strict=True)):
            check_sizes(self.name, self.source_name(i), source.shape[:2], target.shape[:2], self.scale)


Pairs = TypeVar("Pairs", PicturePairs, "StoredPairs")


def split_pairs(pairs: Pairs, hold_out: int) -> tuple[Pairs, Pairs | None]:
    """Splits pairs: (to train on, held out), the same ``hold_out`` pairs each time; None if it is 0.

    Raises:
        InputError: none would be left.
    """
    count = pairs.source_count
    if hold_out >= count:
        raise InputError(f"hold_out {hold_out} is out of range: {pairs.name} has {count} pairs")
    order = np.random.default_rng(0).permutation(count)
    training, held_out = np.sort(order[hold_out:]), np.sort(order[:hold_out])
    return pairs.take(training), pairs.take(held_out) if hold_out else None


def check_sizes(
    name: str, picture_name: str, source: tuple[int, int], target: tuple[int, int], scale: int
) -> None:
    """Raises InputError unless a target is ``scale`` times as high and wide as its source."""
    height, width = source
    if target != (scale * height, scale * width):
        raise InputError(
            f"{name}: {picture_name}: the source is {width}x{height} and the target {target[1]}x{target[0]}, "
            f"with scale {scale} it must be {scale * width}x{scale * height}"
        )

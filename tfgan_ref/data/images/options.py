"""What is asked of a data set of images."""

from dataclasses import dataclass
from pathlib import Path

from tfgan_ref.data.images.decoding import ImageSize


@dataclass(frozen=True)
class ReadOptions:
    """The form in which images are read, and where they are kept.

    Attributes:
        image_size: side of the squares, or (height, width), to scale and crop to; None keeps the size, which
            all images must then have in common.
        channels: 1 or 3; None keeps those of the images: of encoded ones 3 if any is coloured, else 1.
        split: which part of the data set; a path is one whole set, "train", unless its reader says more.
        labels_for: what needs labels, "recipe cgan": without them nothing is decoded; None: nothing does.
        stream: whether the images stay on disk, "on", "off" or "auto", see ``streams``.
        cache: folder of decoded images, see ``cached_rows``; None: none is kept.
        write_cache: whether images that are not there are written to it.
    """

    image_size: ImageSize | None = None
    channels: int | None = None
    split: str = "train"
    labels_for: str | None = None
    stream: str = "off"
    cache: str | Path | None = None
    write_cache: bool = True

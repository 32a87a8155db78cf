"""Where a batch comes from: ``load`` is ``batches`` of what ``read`` reads."""

from tfgan_ref.data.arrays import ImageArrays
from tfgan_ref.data.batching import batches
from tfgan_ref.data.loading import load
from tfgan_ref.data.missing import remove_pixels
from tfgan_ref.data.pictures import list_pictures, read_picture
from tfgan_ref.data.resize import bicubic_resize
from tfgan_ref.data.sources import read

__all__ = [
    "ImageArrays",
    "batches",
    "bicubic_resize",
    "list_pictures",
    "load",
    "read",
    "read_picture",
    "remove_pixels",
]

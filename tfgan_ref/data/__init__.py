"""Where a batch comes from: ``load`` is ``batches`` of what ``read`` reads; of pairs, ``pair_batches``."""

from tfgan_ref.data.images.arrays import ImageArrays
from tfgan_ref.data.images.batching import batches
from tfgan_ref.data.images.loading import load
from tfgan_ref.data.images.missing import remove_pixels
from tfgan_ref.data.images.pictures import list_pictures, read_picture
from tfgan_ref.data.images.resize import bicubic_resize
from tfgan_ref.data.images.sources import read
from tfgan_ref.data.pairs.batching import example_pairs, pair_batches
from tfgan_ref.data.pairs.pairs import PicturePairs
from tfgan_ref.data.pairs.picture_sources import read_pictures
from tfgan_ref.data.pairs.sources import read_pairs, unpaired
from tfgan_ref.data.pairs.styled_digits import STYLES, draw_styled, styled_digits

__all__ = [
    "STYLES",
    "ImageArrays",
    "PicturePairs",
    "batches",
    "bicubic_resize",
    "draw_styled",
    "example_pairs",
    "list_pictures",
    "load",
    "pair_batches",
    "read",
    "read_pairs",
    "read_picture",
    "read_pictures",
    "remove_pixels",
    "styled_digits",
    "unpaired",
]

"""Data sets: images, pairs of pictures, sounds, sentences and animation clips, and their batches.

Each kind has a function that reads a data set by its name (``read``, ``read_pairs``, ``unpaired``,
``read_waves``, ``read_sentences``, ``read_clips``), a class that holds it, in memory or, but for sentences
and voices, open on disk, and a function that returns the endless tf.data data set of its batches
(``batches``, ``pair_batches``, ``wave_batches``, ``voice_batches``, ``sentence_batches``, ``clip_batches``).
A batch is a dict of tensors, a function of (seed, step). ``load`` is ``read`` and ``batches`` in one.
``training_images``, ``training_pairs`` and so on join data with the settings of their batches, as a recipe
trains on them.
"""

from tfgan_ref.data.clips.clips import Clips, clip_batches, training_clips
from tfgan_ref.data.clips.sources import read_clips
from tfgan_ref.data.images.arrays import (
    ImageArrays,
    batches,
    hold_out_images,
    remove_pixels,
    training_images,
)
from tfgan_ref.data.images.masks import read_mask
from tfgan_ref.data.images.pictures import by_stem, list_pictures, read_picture
from tfgan_ref.data.images.resize import bicubic_resize
from tfgan_ref.data.images.sources import load, read
from tfgan_ref.data.pairs.mask_files import read_masks
from tfgan_ref.data.pairs.pairs import PicturePairs, split_pairs
from tfgan_ref.data.pairs.picture_sources import read_pictures
from tfgan_ref.data.pairs.sources import read_pairs, unpaired
from tfgan_ref.data.pairs.squares import example_pairs, pair_batches, training_pairs
from tfgan_ref.data.pairs.styled_digits import STYLES, draw_styled, styled_digits
from tfgan_ref.data.pipeline import DataShape, TrainingData
from tfgan_ref.data.sentences.sentences import Sentences, hold_out, sentence_batches, training_sentences
from tfgan_ref.data.sentences.sources import read_sentences
from tfgan_ref.data.sounds.sources import read_waves
from tfgan_ref.data.sounds.voices import Voices, example_voices, training_voices, voice_batches
from tfgan_ref.data.sounds.waves import Waves, training_waves, wave_batches

__all__ = [
    "STYLES",
    "Clips",
    "DataShape",
    "ImageArrays",
    "PicturePairs",
    "Sentences",
    "TrainingData",
    "Voices",
    "Waves",
    "batches",
    "bicubic_resize",
    "by_stem",
    "clip_batches",
    "draw_styled",
    "example_pairs",
    "example_voices",
    "hold_out",
    "hold_out_images",
    "list_pictures",
    "load",
    "pair_batches",
    "read",
    "read_clips",
    "read_mask",
    "read_masks",
    "read_pairs",
    "read_picture",
    "read_pictures",
    "read_sentences",
    "read_waves",
    "remove_pixels",
    "sentence_batches",
    "split_pairs",
    "styled_digits",
    "training_clips",
    "training_images",
    "training_pairs",
    "training_sentences",
    "training_voices",
    "training_waves",
    "unpaired",
    "voice_batches",
    "wave_batches",
]

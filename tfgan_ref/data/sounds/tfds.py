"""Audio data sets of tensorflow-datasets, such as spoken_digit."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfgan_ref.data.images.tfds import check_split, one_line_errors, prepared_features
from tfgan_ref.data.sounds.collection import WaveCollection
from tfgan_ref.data.sounds.waves import Waves, check_rate
from tfgan_ref.errors import InputError

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder

_FULL_SCALE = 32768  # tensorflow-datasets gives the whole numbers of 16 bit files as they are


def read_tfds_audio(
    name: str,
    builder: "DatasetBuilder",
    *,
    sample_rate: int,
    length: int,
    split: str,
    data_dir: str | Path | None,
) -> Waves:
    """Reads the features ``audio`` and ``label``.

    Args:
        name: the data set's name for messages.
        builder: of ``tfds.find_builder``.
        sample_rate: of the result.
        length: samples of each recording.
        split: what tensorflow-datasets takes: "train", "test", "all", "train[:50%]".
        data_dir: where the prepared files are, for messages.

    Raises:
        InputError: the data set cannot be prepared or read, has no such split or no such features, does not
            say its rate, or more than 1 % of the recordings cannot be used.
    """
    import tensorflow_datasets as tfds

    with one_line_errors(name, data_dir, instead="npz:PATH, or wav:DIR"):
        features = prepared_features(name, builder)
        audio, label = features.get("audio"), features.get("label")
        if not isinstance(audio, tfds.features.Audio) or not isinstance(label, tfds.features.ClassLabel):
            raise InputError(
                f"{name}: needs features 'audio' and 'label', its features are {', '.join(features)}"
            )
        if audio.sample_rate is None:
            raise InputError(f"{name}: does not say the rate of its recordings")
        check_rate(name, audio.sample_rate)
        check_split(name, builder, split, "recordings")
        collection = WaveCollection(name, sample_rate, length)
        decoders = tfds.decode.PartialDecoding({"audio": True, "label": True})
        for i, example in enumerate(builder.as_dataset(split=split, decoders=decoders).as_numpy_iterator()):
            samples = _scaled(example["audio"])
            collection.add(f"recording {i}", samples, audio.sample_rate, int(example["label"]))
        return collection.to_waves(label.names)


def _scaled(samples: np.ndarray) -> np.ndarray:
    whole = np.issubdtype(samples.dtype, np.integer)
    return samples.astype(np.float32) / (_FULL_SCALE if whole else 1)

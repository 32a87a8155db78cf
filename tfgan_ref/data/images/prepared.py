"""The files of data sets that tensorflow-datasets prepared, for reading single images of them."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from tfgan_ref.data.streams.array_records import ArrayRecordStore
from tfgan_ref.data.streams.records import Keys, RecordStore, index_records
from tfgan_ref.errors import InputError

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder
    from tensorflow_datasets.core.utils.shard_utils import FileInstruction

TF_RECORD, ARRAY_RECORD = "tfrecord", "array_record"
_BATCH = 4096


def open_prepared(
    name: str, builder: "DatasetBuilder", split: str, keys: Keys
) -> RecordStore | ArrayRecordStore:
    """Opens the images of a split, in the order in which ``builder.as_dataset`` reads them.

    Args:
        name: the data set's name for messages.
        builder: of a prepared data set.
        split: an existing one.
        keys: the features of the image and of its class.

    Raises:
        InputError: the files have a format without access to single images.
        Exception: the files are damaged, or a package to read them is missing.
    """
    import tensorflow_datasets as tfds

    parts = [part for part in builder.info.splits[split].file_instructions if part.take]
    kind = builder.info.file_format.value
    place = Path(builder.data_dir)
    if kind == ARRAY_RECORD:
        files = [Path(part.filename) for part in parts for _ in range(part.take)]
        raw = tfds.decode.DeserializeMethod.RAW_BYTES
        source = builder.as_data_source(split=split, deserialize_method=raw)
        return ArrayRecordStore(place, source, files, split, keys)
    if kind != TF_RECORD:
        raise InputError(
            f"{name}: is prepared as {kind}, of which single images cannot be read: take all of it into "
            f"memory with stream=off, or prepare it as {TF_RECORD} or {ARRAY_RECORD}"
        )
    shards = [Path(part.filename) for part in parts]
    indices = index_records(name, shards, keys)
    for part, (index, _) in zip(parts, indices, strict=True):
        if len(index.starts) != part.examples_in_shard:
            found = f"{len(index.starts)} of {part.examples_in_shard} examples"
            raise ValueError(f"{Path(part.filename).name} holds {found}")
    return RecordStore(place / split, shards, indices, _order(builder, parts))


def _order(builder: "DatasetBuilder", parts: "list[FileInstruction]") -> np.ndarray:
    """Returns the numbers of a split's records, counted through its files, in the order of ``as_dataset``.

    It reads some of one file, then some of the next one.
    """
    import tensorflow_datasets as tfds

    begins = np.cumsum([0] + [part.examples_in_shard for part in parts])[:-1]
    starts = tf.constant(begins + [part.skip for part in parts], tf.int64)
    ends = starts + tf.constant([part.take for part in parts], tf.int64)
    numbers = tf.data.Dataset.from_tensor_slices((starts, ends)).interleave(
        tf.data.Dataset.range,
        cycle_length=1 if builder.info.disable_shuffling else 16,  # as its reader does
        block_length=tfds.ReadConfig().interleave_block_length,
    )
    return np.concatenate(list(numbers.batch(_BATCH).as_numpy_iterator()))

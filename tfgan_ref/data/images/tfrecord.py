"""Encoded pictures in TFRecord files."""

import glob
from pathlib import Path

from tfgan_ref.data.images.arrays import check_whole, no_labels
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.data.images.stored import Listed
from tfgan_ref.data.streams.records import DamagedFile, RecordStore, find_keys, index_records
from tfgan_ref.errors import InputError

# In this order: TF-Slim's, those of tensorflow-datasets, and that of TensorFlow's guide to TFRecord files.
PICTURE_KEYS = ("image/encoded", "image", "image_raw")
LABEL_KEYS = ("image/class/label", "image/label", "label", "class")


def open_tfrecord(name: str, path: Path, options: ReadOptions) -> Listed:
    """Lists the pictures in TFRecord files, each a ``tf.train.Example`` with one encoded as PNG, JPEG, ...

    The picture is the feature ``image/encoded``, ``image`` or ``image_raw``, whichever the first example has;
    its class is ``image/class/label``, ``image/label``, ``label`` or ``class``, a whole number, if it has one
    of them. Where the pictures are is read once and kept in the user's cache.

    Args:
        name: the data set's name for messages.
        path: a file, a folder of files with ``.tfrecord`` in their names, or a pattern,
            ``train-*-of-00008``.
        options: what is asked of them.

    Raises:
        InputError: if there is no such file or split, one is cut off or compressed, no example has a picture,
            or there are no labels for ``labels_for``.
    """
    check_whole(name, options.split)
    shards = _shards(name, path)
    try:
        found = (find_keys(shard, PICTURE_KEYS, LABEL_KEYS) for shard in shards)
        keys = next((keys for keys in found if keys is not None), None)
        if keys is None:
            raise InputError(f"{name}: holds no tf.train.Example")
        if options.labels_for and keys.label is None:
            raise no_labels(name, options.labels_for)
        store = RecordStore(path, shards, index_records(name, shards, keys))
    except DamagedFile as error:
        raise InputError(f"{name}: {error}") from error
    except KeyError as error:
        allowed = ", ".join(PICTURE_KEYS)
        raise InputError(
            f"{name}: the first example has no picture in one of {allowed}; its features are {error.args[0]}"
        ) from error
    return Listed(store, None if keys.label is None else store.labels, None)


def _shards(name: str, path: Path) -> list[Path]:
    """Returns the files that a path or pattern stands for, in the order of their names."""
    if path.is_file():
        return [path]
    if path.is_dir():
        shards = [file for file in path.iterdir() if ".tfrecord" in file.name and file.name[0] != "."]
        if not shards:
            raise InputError(f"{name}: no files with .tfrecord in their names are in this folder")
        return sorted(shards)
    shards = [Path(file) for file in glob.glob(str(path)) if Path(file).is_file()]
    if not shards:
        raise InputError(f"{name}: there is no such file or folder, nor files of this pattern")
    return sorted(shards)

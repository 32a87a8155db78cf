"""Image data sets of tensorflow-datasets: read from prepared files, downloaded if there are none."""

import contextlib
import io
import logging
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from tfgan_ref.data.images.arrays import ImageArrays, no_labels, present_classes
from tfgan_ref.data.images.decoding import Collection, ImageSize, decode, fit, height_and_width, to_pixels
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.data.images.prepared import ARRAY_RECORD, TF_RECORD, open_prepared
from tfgan_ref.data.images.stored import Listed, read_stored
from tfgan_ref.data.streams.choice import goes_to_disk
from tfgan_ref.data.streams.pictures import decoding_threads
from tfgan_ref.data.streams.records import Keys
from tfgan_ref.data.streams.stores import Store
from tfgan_ref.errors import InputError, reason

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder
    from tensorflow_datasets.core.features import FeatureConnector

logger = logging.getLogger(__name__)

# In this order: data sets for super-resolution have `hr`, the pictures themselves, and `lr`.
_IMAGE_FEATURES = ("image", "hr")
_BATCH = 256
# tensorflow-datasets tries a server that it cannot reach 10 times, which takes minutes.
_DOWNLOAD_RETRIES = 3


def find_builder(name: str, data_dir: str | Path | None) -> "DatasetBuilder | None":
    """Returns the builder of a data set, prepared or not; None if there is none of that name.

    Raises:
        InputError: if tensorflow-datasets or a package that the data set needs is missing.
    """
    if not re.fullmatch(r"\w+(:[\d.*]+|/.+)?", name):  # "name", "name:version" or "name/config"
        return None
    with one_line_errors(name, data_dir):
        import tensorflow_datasets as tfds

        not_found = tfds.core.registered.DatasetNotFoundError
        # Files first: they need neither the data set's code, with what that imports, nor its very version.
        with contextlib.suppress(not_found):
            return tfds.core.read_only_builder.builder_from_files(name, data_dir=data_dir)
        with contextlib.suppress(not_found):
            return tfds.builder(name, data_dir=data_dir)
    return None


def known_names() -> list[str]:
    """Returns the names of all data sets that tensorflow-datasets can prepare, images or not."""
    import tensorflow_datasets as tfds

    return tfds.list_builders(with_community_datasets=False)


def read_tfds(
    name: str, builder: "DatasetBuilder", options: ReadOptions, data_dir: str | Path | None
) -> ImageArrays:
    """Reads the feature ``image`` (or ``hr``) and, if there is one, ``label``.

    Args:
        name: the data set's name for messages.
        builder: of ``find_builder``.
        options: what is asked of them; the split is what tensorflow-datasets takes: "train", "test", "all",
            "train[:50%]". Without labels for ``labels_for`` nothing is downloaded.
        data_dir: where the prepared files are, for messages.

    Raises:
        InputError: if the data set cannot be prepared or read, has no such split or no such feature, no
            labels for ``labels_for``, or if its images are of different sizes without ``image_size``.
    """
    with one_line_errors(name, data_dir):
        label = dict(builder.info.features.items()).get("label")
        if label is not None and (label.shape or not np.issubdtype(label.np_dtype, np.integer)):
            logger.warning(f"{name}: its feature 'label' is no class number and is left out")
            label = None
        if options.labels_for and label is None:
            raise no_labels(name, options.labels_for)
        features = prepared_features(name, builder)
        n = check_split(name, builder, options.split)
        names = getattr(features.get("label"), "names", None)  # which a ClassLabel has
        whole = "test" not in builder.info.splits
        picture = _picture_feature(name, features)
        shape = features[picture].shape
        options = replace(options, channels=options.channels or (shape[-1] and min(shape[-1], 3)))
        nbytes = n * _nbytes(shape, options.image_size, options.channels)
        on_disk = goes_to_disk(nbytes, options.stream) or builder.info.file_format.value == ARRAY_RECORD
        if options.cache or on_disk:
            store = open_prepared(name, builder, options.split, Keys(picture, "label" if label else None))
            listed = Listed(store, store.labels if label else None, names)
            return read_stored(name, listed, options, whole=whole)
        collection = Collection(name, options.image_size, capacity=n, channels=options.channels, named=False)
        labels = []
        for image, number in _examples(name, builder, options.split, features, with_label=label is not None):
            pixels = to_pixels(fit(image, options.image_size))
            collection.add(pixels, image.size, f"image {len(collection)}")
            labels.append(number)
        images = collection.to_array()
        if label is None:
            return ImageArrays(name, images, whole=whole)
        return ImageArrays(name, images, *present_classes(name, np.array(labels), names), whole=whole)


def read_tfds_pictures(
    name: str,
    builder: "DatasetBuilder",
    *,
    image_size: ImageSize | None,
    split: str,
    data_dir: str | Path | None,
) -> list[tuple[np.ndarray, tuple[int, int]]]:
    """Reads the pictures of ``read_tfds``, which may be of different sizes.

    Returns:
        For each, uint8 (H, W, 1 or 3) after fitting, and (width, height) before it.

    Raises:
        InputError: if the data set cannot be prepared or read, has no such split or no such feature.
    """
    with one_line_errors(name, data_dir):
        features = prepared_features(name, builder)
        examples = _examples(name, builder, split, features, with_label=False)
        return [(to_pixels(fit(image, image_size)), image.size) for image, _ in examples]


def open_tfds_pictures(
    name: str,
    builder: "DatasetBuilder",
    *,
    image_size: ImageSize | None,
    split: str,
    data_dir: str | Path | None,
    stream: str,
) -> Store | None:
    """Opens the pictures of ``read_tfds_pictures`` in the prepared files.

    Args:
        name: the data set's name for messages.
        builder: of ``find_builder``.
        image_size: to which they are to be brought; None: they keep their sizes.
        split: as for ``read_tfds``.
        data_dir: where the prepared files are, for messages.
        stream: "on", "off" or "auto".

    Returns:
        Their files; None: they are to be in memory, with a source for each too.

    Raises:
        InputError: as of ``read_tfds_pictures``, or ``stream`` is "on" and single pictures cannot be read.
    """
    with one_line_errors(name, data_dir):
        kind = builder.info.file_format.value
        if kind != ARRAY_RECORD and (stream == "off" or (stream == "auto" and kind != TF_RECORD)):
            return None
        features = prepared_features(name, builder)
        count = check_split(name, builder, split)
        picture = _picture_feature(name, features)
        nbytes = 2 * count * _nbytes(features[picture].shape, image_size, None)
        if kind != ARRAY_RECORD and nbytes and not goes_to_disk(nbytes, stream):
            return None
        return open_prepared(name, builder, split, Keys(picture, None))


def _nbytes(shape: tuple[int | None, ...], image_size: ImageSize | None, channels: int | None) -> int:
    """Returns what a picture takes in memory; 0 where its size is not known before it is decoded."""
    *size, depth = shape
    height, width = size if image_size is None else height_and_width(image_size)
    return (height or 0) * (width or 0) * (channels or depth or 3)


def prepared_features(name: str, builder: "DatasetBuilder") -> "dict[str, FeatureConnector]":
    """Prepares the data set unless it is, and returns its features by name."""
    import tensorflow_datasets as tfds

    if not builder.is_prepared():
        logger.warning(f"{name}: not in {builder.data_dir}, downloading it with tensorflow-datasets")
        if not sys.stderr.isatty():
            tfds.disable_progress_bar()
        builder.download_and_prepare()
    return dict(builder.info.features.items())


def _examples(
    name: str,
    builder: "DatasetBuilder",
    split: str,
    features: "dict[str, FeatureConnector]",
    *,
    with_label: bool,
) -> Iterator[tuple[Image.Image, np.integer | None]]:
    """Yields the images of a split and, if asked for, their labels."""
    import tensorflow_datasets as tfds

    picture = _picture_feature(name, features)
    check_split(name, builder, split)
    wanted = {picture: True} | ({"label": True} if with_label else {})
    encoded = tfds.decode.PartialDecoding(wanted, decoders={picture: tfds.decode.SkipDecoding()})
    examples = builder.as_dataset(split=split, decoders=encoded)
    for batch in examples.batch(_BATCH).as_numpy_iterator():
        for i, image in enumerate(decoding_threads().map(_decode, batch[picture])):
            yield image, batch["label"][i] if with_label else None


def _decode(content: bytes) -> Image.Image:
    return decode(io.BytesIO(content))


def _picture_feature(name: str, features: "dict[str, FeatureConnector]") -> str:
    """Returns the name of the feature that is the image.

    Raises:
        InputError: there is none, or its values are no whole numbers of 8 or 16 bits.
    """
    import tensorflow_datasets as tfds

    pictures = [key for key in _IMAGE_FEATURES if isinstance(features.get(key), tfds.features.Image)]
    if not pictures:
        allowed = " or ".join(map(repr, _IMAGE_FEATURES))
        raise InputError(f"{name}: has no feature {allowed}, its features are {', '.join(features)}")
    kind = np.dtype(features[pictures[0]].np_dtype)
    if kind not in (np.uint8, np.uint16):
        raise InputError(f"{name}: images are {kind}, allowed are uint8 and uint16")
    return pictures[0]


def check_split(name: str, builder: "DatasetBuilder", split: str, things: str = "images") -> int:
    """Returns how many ``things`` are in ``split``; raises InputError if there is none, or no such split."""
    try:
        n = builder.info.splits[split].num_examples
    except Exception as error:  # each kind of mistake in a split raises another one
        known = ", ".join([*builder.info.splits, "all"])
        raise InputError(
            f"{name}: split={split!r} does not exist, there are {known} and parts as in 'train[:50%]'"
        ) from error
    if not n:
        raise InputError(f"{name}: split={split!r} holds no {things}")
    return n


@contextlib.contextmanager
def one_line_errors(
    name: str, data_dir: str | Path | None, instead: str = "npz:PATH, or idx:PATH"
) -> Iterator[None]:
    """Raises InputError for any error inside, and keeps tensorflow-datasets quiet."""
    try:
        with _quiet():
            yield
    except InputError:
        raise
    except Exception as error:  # downloads, file systems, parsers and absent packages all raise their own
        raise InputError(
            f"{name}: tensorflow-datasets cannot read or prepare it in {data_dir or 'its default folder'} "
            f"({type(error).__name__}: {reason(error)}); prepare it where there is a network and pass "
            f"data_dir, or use {instead}"
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    from absl import logging as absl_logging
    from tensorflow_datasets.core.download import downloader

    urllib3 = logging.getLogger("urllib3")
    before = absl_logging.get_verbosity(), urllib3.level, downloader.MAX_RETRIES
    absl_logging.set_verbosity(absl_logging.ERROR)
    urllib3.setLevel(logging.ERROR)
    downloader.MAX_RETRIES = _DOWNLOAD_RETRIES
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
        # After an error it stays quiet: other downloads, in threads of their own, go on trying for seconds.
        urllib3.setLevel(before[1])
    finally:
        absl_logging.set_verbosity(before[0])
        downloader.MAX_RETRIES = before[2]

"""Image data of users: what a function of their file returns, or what they pass to ``start_run``."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from tfgan_ref.data.images.arrays import ImageArrays, check_whole, fit_array, no_labels, present_classes
from tfgan_ref.data.images.decoding import height_and_width
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.data.images.stored import judge
from tfgan_ref.data.outside import find_in_file
from tfgan_ref.data.streams.choice import streams
from tfgan_ref.data.streams.items import ItemRows, parts_of
from tfgan_ref.data.streams.rows import Rows
from tfgan_ref.errors import InputError, reason

if TYPE_CHECKING:
    import keras

PASSED = "passed"  # the kind of a data set's name that stands for an object

_passed: dict[str, Any] = {}


def pass_data(value: Any) -> str:
    """Returns a name by which ``read`` finds an object, in this process.

    Args:
        value: see ``read_value``.
    """
    name = f"{PASSED}:{type(value).__name__}-{len(_passed) + 1}"
    _passed[name] = value
    return name


def is_own(name: str) -> bool:
    """Returns whether a data set's name is ``FILE.py:FUNCTION`` or stands for an object."""
    kind = name.partition(":")[0]
    return kind == PASSED or kind.endswith(".py")


def read_own(name: str, options: ReadOptions) -> ImageArrays:
    """Reads what the function of ``FILE.py:FUNCTION`` returns, or an object that was passed.

    Args:
        name: the data set's name.
        options: what is asked of it; without ``channels`` they are those of the first image.

    Raises:
        InputError: there is no such file or function, it raises an error, the user has never named the file,
            there is no such object, or it is not as ``read_value`` takes it.
    """
    check_whole(name, options.split)
    if name.partition(":")[0] == PASSED:
        if name not in _passed:
            raise InputError(f"data {name} was passed in Python: pass it again, resume_run(path, data=...)")
        value = _passed[name]
    else:
        function, path, attribute = find_in_file("data", name, of_run=True)
        if not callable(function):
            raise InputError(f"data {name}: {path.name} has no function called {attribute!r}")
        try:
            value = function()
        except Exception as error:  # whatever the user's code raises
            raise InputError(f"data {name}: {type(error).__name__}: {reason(error)}") from error
    arrays = read_value(name, value, options)
    if options.labels_for and arrays.labels is None:
        raise no_labels(name, options.labels_for)
    return arrays


def read_value(name: str, value: Any, options: ReadOptions) -> ImageArrays:
    """Returns the images of an object.

    Args:
        name: the data set's name for messages.
        value: one of these.

            * ``ImageArrays``;
            * an object with ``__len__`` and ``__getitem__``, whose items are as ``ItemRows`` takes them. Its
              attributes ``labels``, (N,), and ``class_names`` are used if it has them; without ``labels``
              all items are read once for theirs;
            * a ``tf.data.Dataset`` of such items or batches of them, or a ``keras.utils.PyDataset``: they are
              read into memory once, in their order, to the end.
        options: what is asked of it, as in ``read_own``.

    Raises:
        InputError: it is none of these, empty, endless or not as described.
    """
    import keras

    if isinstance(value, ImageArrays):
        return _fit(name, value, options)
    stream, class_names = options.stream, getattr(value, "class_names", None)
    if isinstance(value, (tf.data.Dataset, keras.utils.PyDataset)):
        if stream == "on":
            raise InputError(
                f"{name}: the items of a {type(value).__name__} cannot be read by their numbers: set "
                "stream=off, or take an object with __len__ and __getitem__"
            )
        value, stream = list(_items(name, value)), "off"
    if not (hasattr(value, "__len__") and hasattr(value, "__getitem__")):
        raise InputError(
            f"{name}: is a {type(value).__name__}, allowed are ImageArrays, an object with __len__ and "
            "__getitem__, a tf.data.Dataset and a keras.utils.PyDataset"
        )
    if not len(value):
        raise InputError(f"{name}: holds no items")
    rows = ItemRows(name, value, options.image_size, options.channels)
    on_disk = streams(name, rows.nbytes, stream)
    images, labels, kept = _read_all(rows, value, pictures=not on_disk)
    if on_disk:
        images, kept = rows, np.arange(len(rows))
    classes = () if labels is None else present_classes(name, labels[kept], class_names)
    return ImageArrays(name, images, *classes, whole=True)


def _read_all(
    rows: ItemRows, value: Sequence[Any], *, pictures: bool
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray]:
    """Reads what is needed of all items.

    Args:
        rows: the items.
        value: the object that has them.
        pictures: whether the pictures are needed.

    Returns:
        The pictures of the sound items if they are needed, labels of all items if they have any, and the
        numbers of the sound items.
    """
    labels = getattr(value, "labels", None)
    labelled = labels is None and rows.item(0)[1] is not None
    if labels is not None:
        labels = _check_labels(rows, np.asarray(labels))
    elif labelled:
        labels = np.zeros(len(rows), np.int64)
    if not pictures and not labelled:
        return None, labels, np.arange(len(rows))
    images = np.empty(rows.shape if pictures else (0,), np.uint8)
    bad = {}
    for number in range(len(rows)):
        try:
            pixels, label = rows.item(number)
            if labelled and label is None:
                raise ValueError("it has no label, and the first item has one")
        except Exception as error:  # whatever the object raises
            bad[number] = reason(error)
            continue
        if pictures:
            images[number] = pixels
        if labelled:
            labels[number] = label
    sound = np.array([number for number in range(len(rows)) if number not in bad])
    if labelled:
        labels[list(bad)] = labels[0]  # those that are not used get a class that there is
    if pictures:
        judge(rows.name, [f"{rows.item_name(number)} ({why})" for number, why in bad.items()], len(rows))
        return images[sound] if bad else images, labels, sound
    for number, why in bad.items():
        rows.faults.add(number, rows.item_name(number), why)
    return None, labels, sound


def _check_labels(rows: Rows, labels: np.ndarray) -> np.ndarray:
    if labels.shape != (len(rows),) or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(
            f"{rows.name}: labels are {labels.dtype} of shape {labels.shape}, they must be whole numbers of "
            f"shape ({len(rows)},)"
        )
    return labels


def _fit(name: str, arrays: ImageArrays, options: ReadOptions) -> ImageArrays:
    """Returns ``ImageArrays`` of a size and number of channels.

    Raises:
        InputError: they cannot be changed: they are on disk, or pixels are missing.
    """
    height, width, depth = arrays.images.shape[1:]
    size, channels = options.image_size, options.channels
    wanted = ((height, width) if size is None else height_and_width(size), channels or depth)
    images = arrays.images
    if wanted != ((height, width), depth):
        if arrays.on_disk or arrays.masks is not None:
            raise InputError(
                f"{name}: images on disk or with masks keep their form, {width}x{height} with {depth} "
                f"channel{'s' if depth > 1 else ''}: leave image_size and channels out"
            )
        images = fit_array(name, images, size, channels)
    if options.stream == "on" and not arrays.on_disk:
        raise InputError(f"{name}: its ImageArrays are in memory: set stream=off")
    return ImageArrays(name, images, arrays.labels, arrays.class_names, arrays.masks, whole=True)


def _items(name: str, dataset: "tf.data.Dataset | keras.utils.PyDataset") -> Iterator[tuple[Any, Any]]:
    """Yields pictures and labels of a tf.data.Dataset, of items or batches, or of the batches of a PyDataset.

    Raises:
        InputError: it is endless.
    """
    if isinstance(dataset, tf.data.Dataset):
        endless, elements = dataset.cardinality() == tf.data.INFINITE_CARDINALITY, dataset.as_numpy_iterator()
    else:
        count = dataset.num_batches
        endless, elements = count is None, (dataset[number] for number in range(count or 0))
    if endless:
        raise InputError(f"{name}: is endless: leave repeat() out")
    for element in elements:
        picture, label = parts_of(element)
        if isinstance(dataset, tf.data.Dataset) and np.ndim(picture) < 4:
            yield picture, label
        else:
            yield from zip(picture, [None] * len(picture) if label is None else label, strict=True)

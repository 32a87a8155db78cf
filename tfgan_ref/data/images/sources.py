"""From the name of a data set to its images."""

import difflib
from pathlib import Path

from tfgan_ref.data.checks import check_form
from tfgan_ref.data.images.arrays import ImageArrays
from tfgan_ref.data.images.digits import read_digits
from tfgan_ref.data.images.folder import read_folder
from tfgan_ref.data.images.idx import read_idx
from tfgan_ref.data.images.npz import read_npz
from tfgan_ref.data.images.photographs import PHOTOGRAPHS, read_photograph_arrays
from tfgan_ref.data.images.tfds import find_builder, known_names, read_tfds
from tfgan_ref.errors import InputError, reason

_FORMS = (
    "digits, photographs, mnist, fashion_mnist, cifar10 or another name of tensorflow-datasets, "
    "folder:PATH, npz:PATH, idx:PATH"
)
_PATH_READERS = {"folder": read_folder, "npz": read_npz, "idx": read_idx}


def read(
    name: str,
    *,
    image_size: int | None = None,
    channels: int | None = None,
    split: str = "train",
    data_dir: str | Path | None = None,
) -> ImageArrays:
    """Reads a data set into memory.

    Args:
        name: ``digits`` (scikit-learn's) or ``photographs`` (the eight of scikit-image), at hand without
            network, any image data set of tensorflow-datasets (``mnist``, ``cifar10``, ...), ``folder:PATH``
            (image files, a sub-folder per class or none), ``npz:PATH`` (arrays ``images`` and ``labels``) or
            ``idx:PATH`` (MNIST's own files).
        image_size: at least 4: the short side is scaled to it and the square in the middle kept. None keeps
            the size, which all images must then have in common.
        channels: 1 or 3; None keeps the images' own: of image files 3 if any is coloured, else 1.
        split: "train" or "test" where a data set has them; tensorflow-datasets takes parts too,
            "train[:50%]".
        data_dir: where tensorflow-datasets keeps prepared data sets.

    Raises:
        InputError: if the name is unknown, an argument out of range, or the data cannot be read or used.
    """
    check_form(image_size, channels)
    form = {"image_size": image_size, "channels": channels, "split": split}
    if name == "digits":
        return read_digits(**form)
    if name == PHOTOGRAPHS:
        return read_photograph_arrays(**form)
    kind, _, path = name.partition(":")
    if kind in _PATH_READERS:
        if not path:
            raise InputError(f"data set {name!r}: needs a path, {kind}:PATH")
        try:
            return _PATH_READERS[kind](name, Path(path).expanduser(), **form)
        except (OSError, RuntimeError) as error:  # no permission, a broken disk, "~nobody"
            raise InputError(f"{name}: cannot be read ({reason(error)})") from error
    builder = find_builder(name, data_dir)
    if builder is None:
        raise InputError(f"data set {name!r} is not known{_suggestion(name)}; allowed are {_FORMS}")
    return read_tfds(name, builder, data_dir=data_dir, **form)


def _suggestion(name: str) -> str:
    path = Path(name).expanduser()
    if path.exists():
        kind = "folder" if path.is_dir() else "npz" if path.suffix == ".npz" else "idx"
        return f", did you mean {kind}:{name}?"
    close = difflib.get_close_matches(name.lower(), ["digits", PHOTOGRAPHS, *known_names()], cutoff=0.75)
    return f", did you mean {' or '.join(close)}?" if close else ""

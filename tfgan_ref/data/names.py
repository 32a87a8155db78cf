"""Paths in the names of data sets."""

import glob
import os

from tfgan_ref.files import absolute


def absolute_paths(name: str) -> str:
    """Returns a data set's name with its paths made absolute: the same data from any working directory.

    A path stands after the first colon, in ``pairs:DIR_A:DIR_B`` after the second one too; in others what
    follows a second colon is no path, nor is what does not exist, such as a version in ``mnist:3.0.1``. A
    pattern, ``tfrecord:train-*``, exists if there is a file of it. In ``FILE.py:FUNCTION`` the path is first.
    """
    kind, colon, rest = name.partition(":")
    if kind.endswith(".py"):
        return (absolute(kind) if _exists(kind) else kind) + colon + rest
    places = rest.split(":") if kind == "pairs" else [rest]
    return kind + colon + ":".join(absolute(place) if _exists(place) else place for place in places)


def _exists(place: str) -> bool:
    place = os.path.expanduser(place)
    if glob.has_magic(place) and glob.glob(place):
        return True
    ends = [i for i, sign in enumerate(place) if sign == ":"] + [len(place)]
    return any(os.path.exists(place[:end]) for end in ends)

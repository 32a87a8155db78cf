"""Networks of `keras.applications` with their ImageNet weights: downloaded by Keras, or from a local file."""

import os
from collections.abc import Callable
from pathlib import Path

import keras

from tfgan_ref.errors import InputError, reason
from tfgan_ref.networks.features.weight_files import Published


def find_keras_weights(path: str | Path | None, published: Published, md5: str) -> Path:
    """Returns ``path``, or for None the published file, which Keras downloads once and keeps.

    Raises:
        InputError: there is no such file, or the download fails; the line says how to do it by hand.
    """
    kept = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "models" / published.name
    by_hand = f"download {published.url} and save it as {kept}, or give the path of your copy"
    if path is not None:
        if not Path(path).expanduser().is_file():
            raise InputError(f"weights {path}: there is no such file; {by_hand}")
        return Path(path).expanduser()
    try:
        return Path(keras.utils.get_file(published.name, published.url, cache_subdir="models", file_hash=md5))
    except Exception as error:  # Keras raises bare Exceptions, urllib and the file system their own
        why = reason(error)
        raise InputError(f"weights {published.name}: Keras did not get them ({why}); {by_hand}") from None


def load_application(build: Callable[..., keras.Model], path: Path, **settings: object) -> keras.Model:
    """Builds a network of `keras.applications` in float32, with the weights of a local .h5 file.

    Raises:
        InputError: the file is damaged or of another network.
    """
    policy = keras.config.dtype_policy()
    # The builders take no type of their own, and half precision would change every score.
    keras.config.set_dtype_policy("float32")
    try:
        return build(weights=str(path), **settings)
    except Exception as error:  # HDF5 and mismatched layers each raise errors of their own
        raise InputError(f"weights {path}: cannot be loaded, {reason(error)}") from None
    finally:
        keras.config.set_dtype_policy(policy)

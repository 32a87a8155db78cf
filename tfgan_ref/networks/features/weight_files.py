"""Published weights: where their files are kept, how they are read, how they get into a network, by name."""

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from keras import layers

from tfgan_ref.errors import InputError, reason
from tfgan_ref.files import cache_directory
from tfgan_ref.networks.features.torch_checkpoint import read_torch_checkpoint

TORCH_SUFFIXES = (".pth", ".pt")
SUFFIXES = (*TORCH_SUFFIXES, ".npz")


@dataclasses.dataclass(frozen=True)
class Published:
    """Published file of weights: the name that it is kept under, and its address."""

    name: str
    url: str


def weights_folder() -> Path:
    """Returns the folder in which weights are looked for when no path is given."""
    return cache_directory() / "weights"


def find_weights(path: str | Path | None, published: Published) -> Path:
    """Returns ``path``, or for None where the published file is kept.

    Raises:
        InputError: there is no such file; the line says where to get it and where to put it.
    """
    kept = weights_folder() / published.name
    found = kept if path is None else Path(path).expanduser()
    if not found.is_file():
        raise InputError(
            f"weights {found}: there is no such file; download {published.url} and save it as {kept}, "
            "or give the path of your copy"
        )
    return found


def fingerprint(path: Path) -> str:
    """Returns the SHA-256 of a file, or of all in a folder, by which results and caches know the weights."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        lines = (f"{fingerprint(file)} {file.relative_to(path).as_posix()}\n" for file in files)
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_weights(path: Path, ignored: str = "num_batches_tracked$") -> dict[str, np.ndarray]:
    """Reads a state dict from a PyTorch file (.pth, .pt) or from an .npz archive of arrays of the same names.

    Nothing in the file is ever executed: see `pickled_tensors`; Python objects in an .npz are refused.

    Args:
        path: the file.
        ignored: regular expression; tensors in whose name it is found are not read.

    Raises:
        InputError: the file is of another kind, damaged, or holds something else.
    """

    def wanted(name: str) -> bool:
        return re.search(ignored, name) is None

    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"weights {path}: is a {path.suffix} file, allowed are {', '.join(SUFFIXES)}")
    try:
        if path.suffix.lower() in TORCH_SUFFIXES:
            return read_torch_checkpoint(path, wanted)
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if wanted(name)}
    except Exception as error:  # damaged zip, pickle and npy data each raise errors of their own
        raise InputError(f"weights {path}: cannot be read, {reason(error)}") from None


def torch_variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Returns the variables of a model whose layers are named like PyTorch's modules, by PyTorch's names."""
    variables = {}
    for layer in filter(lambda layer: layer.weights, model.layers):
        if isinstance(layer, layers.BatchNormalization):
            variables[f"{layer.name}.weight"] = layer.gamma
            variables[f"{layer.name}.bias"] = layer.beta
            variables[f"{layer.name}.running_mean"] = layer.moving_mean
            variables[f"{layer.name}.running_var"] = layer.moving_variance
        else:
            variables[f"{layer.name}.weight"] = layer.kernel
            if layer.bias is not None:
                variables[f"{layer.name}.bias"] = layer.bias
    return variables


def assign_weights(
    variables: Mapping[str, keras.Variable], weights: Mapping[str, np.ndarray], path: Path
) -> None:
    """Gives each variable the array of its name, with the axes moved to Keras's order; all or none.

    Raises:
        InputError: a name that only one side has, another shape, or values that are not finite numbers. The
            line names the first.
    """
    for name in variables:
        if name not in weights:
            raise InputError(f"weights {path}: {name} is missing, so they are not this network's")
    for name in weights:
        if name not in variables:
            raise InputError(f"weights {path}: {name[:100]} is not in this network, so they are another's")
    arrays = {name: _keras_order(weights[name]) for name in variables}
    for name, array in arrays.items():
        if array.shape != tuple(variables[name].shape):
            expected = _torch_shape(variables[name].shape)
            raise InputError(f"weights {path}: {name} has shape {weights[name].shape}, it must be {expected}")
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise InputError(
                f"weights {path}: {name} holds values that are not finite floating-point numbers"
            )
    for name, array in arrays.items():
        variables[name].assign(array)


# Axes of PyTorch's kernels (out, in, height, width) and matrices (out, in) in Keras's order, and back.
_TO_KERAS = {4: (2, 3, 1, 0), 2: (1, 0)}
_TO_TORCH = {4: (3, 2, 0, 1), 2: (1, 0)}


def _keras_order(array: np.ndarray) -> np.ndarray:
    return array.transpose(_TO_KERAS.get(array.ndim, range(array.ndim)))


def _torch_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(shape[axis] for axis in _TO_TORCH.get(len(shape), range(len(shape))))

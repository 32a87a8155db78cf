"""One contestant of metrics_speed.py in a process of its own.

python metrics_speed_worker.py ours|peer CASE INPUTS.npz

Reads one line per turn from standard input and answers each with its time and value. Imports nothing of this
project but tfgan_ref.metrics, and that only as "ours": the peer's Python need not have it.
"""

import importlib.machinery
import importlib.metadata
import importlib.util
import json
import sys
import time
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Inputs = Mapping[str, np.ndarray]
Compute = Callable[[], list[float]]
SUBSETS = {"subsets": 100, "subset_size": 1000}


class _Named(type):
    """A class of empty classes, in which every public name is another one."""

    def __getattr__(cls, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Named(name, (), {})


class _Empty(types.ModuleType):
    """A module in which every public name is an empty class."""

    __path__ = ()

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Named(name, (), {})


class _TorchvisionStub:
    """Finds empty modules for torchvision: peers import it at the top, their arithmetic does not use it."""

    @staticmethod
    def find_spec(name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        ours = name.partition(".")[0] == "torchvision"
        return importlib.machinery.ModuleSpec(name, _TorchvisionStub, is_package=True) if ours else None

    @staticmethod
    def create_module(spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _Empty(spec.name)

    @staticmethod
    def exec_module(module: types.ModuleType) -> None:
        pass


def our_frechet(inputs: Inputs) -> Compute:
    from tfgan_ref.metrics import frechet_distance_from_moments

    moments = [inputs[name] for name in ("mean_real", "cov_real", "mean_fake", "cov_fake")]
    return lambda: [frechet_distance_from_moments(*moments)]


def peer_frechet(inputs: Inputs) -> Compute:
    from pytorch_fid.fid_score import calculate_frechet_distance

    moments = [inputs[name] for name in ("mean_real", "cov_real", "mean_fake", "cov_fake")]
    return lambda: [float(calculate_frechet_distance(*moments))]


def our_kernel(inputs: Inputs) -> Compute:
    from tfgan_ref.metrics import kernel_distance

    return lambda: list(kernel_distance(inputs["real"], inputs["fake"], **SUBSETS))


def peer_kernel(inputs: Inputs) -> Compute:
    import torch
    from torch_fidelity.metric_kid import kid_features_to_metric

    sides = [torch.from_numpy(inputs[name]) for name in ("real", "fake")]
    settings = {f"kid_{name}": value for name, value in SUBSETS.items()} | {"rng_seed": 2020}
    return lambda: list(kid_features_to_metric(*sides, **settings, verbose=False).values())


def our_precision_recall(inputs: Inputs) -> Compute:
    from tfgan_ref.metrics import precision_recall

    return lambda: list(precision_recall(inputs["real"], inputs["fake"], k=3))


def peer_precision_recall(inputs: Inputs) -> Compute:
    import torch
    from torch_fidelity.metric_prc import prc_features_to_metric

    real, fake = (torch.from_numpy(inputs[name]) for name in ("real", "fake"))

    def compute() -> list[float]:
        found = prc_features_to_metric(fake, real, prc_neighborhood=3, verbose=False)  # fakes come first
        return [found["precision"], found["recall"]]

    return compute


def our_ssim(inputs: Inputs) -> Compute:
    from tfgan_ref.metrics import ssim

    pairs = list(zip(inputs["first"], inputs["second"], strict=True))
    return lambda: [ssim(a, b) for a, b in pairs]


def peer_ssim(inputs: Inputs) -> Compute:
    from skimage.metrics import structural_similarity

    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "channel_axis": 2}
    pairs = list(zip(inputs["first"], inputs["second"], strict=True))
    return lambda: [float(structural_similarity(a, b, data_range=255, **settings)) for a, b in pairs]


METRICS = {
    "frechet": (our_frechet, peer_frechet, "pytorch-fid"),
    "kernel": (our_kernel, peer_kernel, "torch-fidelity"),
    "precision_recall": (our_precision_recall, peer_precision_recall, "torch-fidelity"),
    "ssim": (our_ssim, peer_ssim, "scikit-image"),
}


def versions(*packages: str) -> dict[str, str]:
    """Returns those of ``packages`` that are installed, with their versions."""
    found = {}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def main() -> None:
    side, metric, path = sys.argv[1:]
    ours, peer, package = METRICS[metric]
    if side == "peer" and importlib.util.find_spec("torchvision") is None:
        sys.meta_path.append(_TorchvisionStub)
    with np.load(path) as archive:
        inputs = dict(archive)
    try:
        compute = (ours if side == "ours" else peer)(inputs)
        import scipy.linalg  # before the clock runs: our metrics import it when they first need it
        import scipy.ndimage  # noqa: F401
    except ImportError as error:
        say({"failure": f"{error}".splitlines()[0]})
        return
    say({"versions": versions("numpy", "scipy", *(("torch", package) if side == "peer" else ()))})
    for _ in sys.stdin:
        start, processor = time.perf_counter(), time.process_time()
        try:
            value = compute()
        except Exception as error:  # a peer's failure is a result
            say({"failure": f"{type(error).__name__}: {error}".splitlines()[0]})
            return
        cpu_seconds, seconds = time.process_time() - processor, time.perf_counter() - start
        say({"seconds": seconds, "cpu_seconds": cpu_seconds, "value": value})


if __name__ == "__main__":
    main()

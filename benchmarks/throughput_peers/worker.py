"""One contestant in a process of its own: ``python -m throughput_peers.worker CONTESTANT CASE THREADS``."""

import importlib
import os
import sys

from throughput_peers.cases import CASES
from throughput_peers.requests import Requests

CONTESTANTS = {
    "ours": "tensorflow_ours.run",
    "ours_simultaneous": "tensorflow_ours.run_simultaneous",
    "tutorial": "tensorflow_tutorial.run",
    "keras_io": "tensorflow_keras_io.run",
    "keras_io_wgan_gp": "tensorflow_keras_io_wgan_gp.run",
    "keras_gan": "tensorflow_keras_gan.run",
    "torch": "torch_steps.run_lean",
    "torch_gan": "torch_steps.run_gan_py",
    "convolution": "tensorflow_limit.run_convolution",
    "product": "tensorflow_limit.run_product",
}


def main() -> None:
    name, case, threads = sys.argv[1:]
    os.environ["OMP_NUM_THREADS"] = threads
    requests = Requests()
    module, function = CONTESTANTS[name].split(".")
    # Its library is imported here, so that the others need not be installed.
    run = getattr(importlib.import_module(f"throughput_peers.{module}"), function)
    run(CASES[case], int(threads), requests)


if __name__ == "__main__":
    main()

"""One contestant in a process of its own.

``python -m throughput_peers.worker CONTESTANT CASE BATCH_SIZE DEVICE THREADS``; on a GPU 0 threads are the
library's own choice.
"""

import importlib
import os
import sys

from throughput_peers.cases import case_for
from throughput_peers.requests import Requests

CONTESTANTS = {
    "ours": "tensorflow_ours.run",
    "ours_fast": "tensorflow_ours.run_fast",
    "ours_bfloat16": "tensorflow_ours.run_bfloat16",
    "ours_simultaneous": "tensorflow_ours.run_simultaneous",
    "tutorial": "tensorflow_tutorial.run",
    "keras_io": "tensorflow_keras_io.run",
    "keras_io_wgan_gp": "tensorflow_keras_io_wgan_gp.run",
    "keras_gan": "tensorflow_keras_gan.run",
    "torch": "torch_steps.run_lean",
    "torch_tuned": "torch_steps.run_tuned",
    "torch_compiled": "torch_steps.run_compiled",
    "torch_graph": "torch_steps.run_graph",
    "torch_graph_bfloat16": "torch_steps.run_graph_bfloat16",
    "torch_gan": "torch_steps.run_gan_py",
    "convolution": "tensorflow_limit.run_convolution",
    "convolution_bfloat16": "tensorflow_limit.run_convolution_bfloat16",
    "product": "tensorflow_limit.run_product",
}


def main() -> None:
    name, case, batch_size, device, threads = sys.argv[1:]
    if device == "cpu":
        os.environ["OMP_NUM_THREADS"] = threads
    requests = Requests(device)
    module, function = CONTESTANTS[name].split(".")
    # Its library is imported here, so that the others need not be installed.
    run = getattr(importlib.import_module(f"throughput_peers.{module}"), function)
    requests.imported()
    run(case_for(case, device, int(batch_size)), int(threads), requests)


if __name__ == "__main__":
    main()

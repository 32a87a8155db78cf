"""One input pipeline in a process of its own.

``python -m streaming_peers.worker CONTESTANT FOLDER SIDE BATCH_SIZE CACHE``: the pictures are those of
FOLDER, of SIDE x SIDE pixels, in a new order each time.
"""

import importlib
import sys

from throughput_peers.requests import Requests

CONTESTANTS = {
    "files": "ours.files",
    "cache": "ours.cache",
    "tf_data": "tensorflow_map.run",
    "torch": "torch_loader.run",
}


def main() -> None:
    name, folder, side, batch_size, cache = sys.argv[1:]
    requests = Requests()
    module, function = CONTESTANTS[name].split(".")
    # Its library is imported here, so that the others need not be installed.
    run = getattr(importlib.import_module(f"streaming_peers.{module}"), function)
    requests.imported()
    for _ in run(requests, folder, int(side), int(batch_size), cache):
        if not requests.go_on():
            break


if __name__ == "__main__":
    main()

"""Trains one contestant in a process of its own.

``python -m equal_time_peers.worker REQUEST``, a JSON object: name, seed, pictures, clock, at, threads, data
(npz file) and folder. The last line that it prints is a JSON object too: marks, tracing_seconds and facts.
"""

import json
import sys
from pathlib import Path
from typing import Any

from equal_time_peers.clock import CLOCKS, Clock
from equal_time_peers.contestants import find


def train(request: dict[str, Any]) -> dict[str, Any]:
    """Trains the contestant that ``request`` names and returns what the worker prints."""
    contestant = find(request["name"], request["pictures"])
    from throughput_peers import tensorflow_common as common  # TensorFlow is imported by the contestant first

    common.set_threads(request["threads"])
    clock = Clock(CLOCKS[request["clock"]], request["at"], Path(request["folder"]))
    contestant.train(Path(request["data"]), request["seed"], clock)
    return {"marks": clock.marks, "tracing_seconds": clock.tracing, "facts": common.facts()}


if __name__ == "__main__":
    print(json.dumps(train(json.loads(sys.argv[1]))))

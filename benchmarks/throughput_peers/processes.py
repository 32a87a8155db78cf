"""Starts contestants and first steps in processes of their own."""

import os
import sys
import time
from pathlib import Path

from tfgan_ref.errors import InputError
from throughput_peers import report
from throughput_peers.turns import Contestant

FIRST_STEP_RUNS = {"cpu": 3, "gpu": 1}


def environment(device: str, *, ours: bool) -> dict[str, str]:
    """Returns the environment of a contestant; the peers' says nothing of oneDNN."""
    folder = Path(__file__).parents[1]
    own = {"PYTHONPATH": f"{folder}{os.pathsep}{folder.parent}", "TF_CPP_MIN_LOG_LEVEL": "3"}
    if device == "cpu":
        own["CUDA_VISIBLE_DEVICES"] = "-1"
    variables = os.environ | own
    if not ours:
        variables.pop("TF_ENABLE_ONEDNN_OPTS", None)  # importing tfgan_ref has set it in this process
    return variables


def start_process(
    worker: str,
    case: str,
    batch_size: int,
    device: str,
    threads: int,
    torch_python: str | None,
    **variables: str,
) -> Contestant:
    """Starts the process of a contestant, or of a limit of the device."""
    library = report.ENTRIES[worker].library if worker in report.ENTRIES else "tensorflow"
    python = torch_python if library == "torch" else sys.executable
    ours = worker.startswith("ours") or worker in report.LIMITS[device]
    words = [worker, case, str(batch_size), device, str(threads)]
    command = [python, "-m", "throughput_peers.worker", *words]
    return Contestant(command, environment(device, ours=ours) | variables)


def measure_first_step(recipe: str, device: str) -> list[float]:
    """Returns the seconds from the start of a process to the end of its first training step, of each run."""
    print(f"first step of {recipe}: starting", flush=True)
    seconds = []
    for _ in range(FIRST_STEP_RUNS[device]):
        started = time.perf_counter()
        command = [sys.executable, "-m", "throughput_peers.first_step", recipe, device]
        with Contestant(command, environment(device, ours=True)) as process:
            process.listen()
            seconds.append(time.perf_counter() - started)
            if process.failure:
                raise InputError(f"the first step failed: {process.failure}")
        print(f"  {seconds[-1]:.1f} s", flush=True)
    return seconds

"""Measures our training steps against six peers' steps, and against what the machine can do.

python benchmarks/throughput.py --out benchmarks/results/throughput
python benchmarks/throughput.py --out DIR --cases mlp,dcgan28 --rounds 5 --torch-python PATH

Every contestant trains the same nets (throughput_peers/cases.py) on the same batch size in its own process.
All processes of a case are alive at once and work in turns, so that whatever else the machine does meets all
of them alike. A ratio is the median over the rounds of the ratios within a round.

The peers run as their users run them, with TensorFlow's own choice of oneDNN for the processor. Each
TensorFlow peer also runs with the other choice: where TensorFlow leaves oneDNN off, it is a large part of the
difference.
"""

import argparse
import contextlib
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from arguments import Parser, check_counts, check_names, make_output, processor_facts, processor_name
from throughput_peers import report
from throughput_peers.cases import CASES
from throughput_peers.turns import Contestant, take_turns

from tfgan_ref import cli
from tfgan_ref.errors import InputError
from tfgan_ref.files import write_json

TURN_SECONDS = {"mlp": 1.5, "dcgan28": 2.0, "dcgan64": 2.5, "wgan_gp": 2.0}
LIMIT_SECONDS = 0.5
FIRST_STEP_RUNS = 3
TELLING_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile")  # oneDNN's choices hang on them


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="directory for results.json")
    parser.add_argument("--cases", default=",".join(CASES), help="some of %(default)s")
    parser.add_argument("--rounds", type=int, default=8, help="turns of every contestant (%(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of every contestant (%(default)s)")
    parser.add_argument("--torch-python", help="a Python that has PyTorch (default: this one, if it has)")
    arguments = parser.parse_args()
    arguments.cases = arguments.cases.split(",")
    check_names("case", arguments.cases, CASES)
    check_counts(arguments, "rounds", "threads")
    return arguments


def find_torch(path: str | None) -> str | None:
    """Returns a Python that has PyTorch, or None if none was named and this one has not.

    Raises:
        InputError: the named one has not, or is no program.
    """
    python = path or sys.executable
    try:
        command = [python, "-c", "import numpy, torch"]
        found = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError as error:
        raise InputError(f"--torch-python {python}: {error.strerror}") from error
    if path and not found:
        raise InputError(f"--torch-python {path} cannot import torch and numpy")
    return python if found else None


def environment(*, ours: bool) -> dict[str, str]:
    """Returns the environment of a contestant; the peers' says nothing of oneDNN."""
    variables = os.environ | {"PYTHONPATH": str(Path(__file__).parent), "TF_CPP_MIN_LOG_LEVEL": "3"}
    if not ours:
        variables.pop("TF_ENABLE_ONEDNN_OPTS", None)  # importing tfgan_ref has set it in this process
    return variables


def measure_case(case: str, rounds: int, threads: int, torch_python: str | None) -> dict[str, Contestant]:
    """Lets all contestants of a case work in turns, and returns them by name with their times."""
    contestants = {}
    with contextlib.ExitStack() as stack:

        def start(name: str, worker: str, seconds: float, variables: dict[str, str]) -> Contestant:
            entry = report.ENTRIES.get(worker)
            python = torch_python if entry and entry.library == "torch" else sys.executable
            command = [python, "-m", "throughput_peers.worker", worker, case, str(threads)]
            contestants[name] = stack.enter_context(Contestant(command, variables))
            contestants[name].warm_up(seconds)
            failure = contestants[name].failure
            if failure and worker in (*report.OURS, *report.LIMITS):
                raise RuntimeError(f"{name} failed: {failure}")
            print(f"  {name}: {f'left out: {failure}' if failure else 'warm'}", flush=True)
            return contestants[name]

        print(f"{case}: starting", flush=True)
        for worker, entry in report.ENTRIES.items():
            if case not in entry.cases or (entry.library == "torch" and not torch_python):
                continue
            ours = worker in report.OURS
            peer = start(worker, worker, TURN_SECONDS[case], environment(ours=ours))
            if "onednn" in peer.facts and not ours:
                other = not peer.facts["onednn"]
                variables = environment(ours=False) | {"TF_ENABLE_ONEDNN_OPTS": str(int(other))}
                name = f"{worker} {report.ONEDNN[other]}"
                start(name, worker, TURN_SECONDS[case], variables)
        for worker in report.LIMITS:
            start(worker, worker, LIMIT_SECONDS, environment(ours=True))
        take_turns(list(contestants.values()), rounds)
    return contestants


def measure_first_step() -> list[float]:
    """Returns the seconds from the start of a process to the end of its first training step, of each run."""
    print("first step: starting", flush=True)
    seconds = []
    for _ in range(FIRST_STEP_RUNS):
        started = time.perf_counter()
        command = [sys.executable, "-m", "throughput_peers.first_step"]
        with Contestant(command, environment(ours=True)) as process:
            seconds.append(time.perf_counter() - started)
            if process.failure:
                raise RuntimeError(f"the first step failed: {process.failure}")
        print(f"  {seconds[-1]:.1f} s", flush=True)
    return seconds


def describe_machine(contestants: dict[str, Contestant]) -> dict[str, Any]:
    """Returns what the figures depend on: processor, cores, versions."""
    flags = processor_facts().get("flags", "").split()
    facts = {key: value for peer in contestants.values() for key, value in peer.facts.items()}
    # The first run of a peer is the one with TensorFlow's own choice.
    peers = [contestants[name] for name in report.ENTRIES if name in contestants and name not in report.OURS]
    default = next((peer.facts["onednn"] for peer in peers if "onednn" in peer.facts), None)
    return {
        "processor": processor_name(),
        "flags": [flag for flag in TELLING_FLAGS if flag in flags],
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{library: facts[library] for library in ("tensorflow", "keras", "torch") if library in facts},
        "onednn": {"ours": contestants["ours"].facts["onednn"], "tensorflow_default": default},
    }


def main() -> None:
    arguments = parse_arguments()
    torch_python = find_torch(arguments.torch_python)
    make_output(arguments.out)
    if not torch_python:
        print("PyTorch is left out: this Python has none (see --torch-python)", flush=True)

    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"other programs are running (load {load:.1f}): PyTorch's figures suffer most", flush=True)

    first_step = measure_first_step()
    measured = {
        case: measure_case(case, arguments.rounds, arguments.threads, torch_python)
        for case in arguments.cases
    }
    limits = report.limits(measured)
    results = {
        "machine": describe_machine(measured[arguments.cases[0]]),
        "settings": {
            "rounds": arguments.rounds,
            "threads": arguments.threads,
            "load_before": load,
            "batch_size": {case: CASES[case].batch_size for case in arguments.cases},
            "turn_seconds": {case: TURN_SECONDS[case] for case in arguments.cases},
        },
        "limit": {name: flops / 1e9 for name, flops in limits.items()},
        "first_step": report.first_step(first_step),
        "rows": [
            row
            for case, contestants in measured.items()
            for row in report.case_rows(case, contestants, max(limits.values()))
        ],
    }
    write_json(arguments.out / "results.json", results)
    print("", report.markdown(results), f"\n{arguments.out / 'results.json'}", sep="\n")


if __name__ == "__main__":
    cli.run(main)

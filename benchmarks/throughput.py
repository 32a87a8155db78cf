"""Measures our training steps against other implementations' steps, and against what the device can do.

python benchmarks/throughput.py --out benchmarks/results/throughput
python benchmarks/throughput.py --out DIR --cases mlp,dcgan28 --rounds 5 --torch-python PATH
python benchmarks/throughput.py --device gpu --out benchmarks/results/throughput

Every contestant trains the same nets (throughput_peers/cases.py) on the same batch size in its own process.
All processes of a case are alive at once and work in turns, so that whatever else the machine does meets all
of them alike. A ratio is the median over the rounds of the ratios within a round. A folder of --out, named
after the device, gets results.json and table.md.

On a CPU the peers run as their users run them, with TensorFlow's own choice of oneDNN for the processor. Each
TensorFlow peer also runs with the other choice: where TensorFlow leaves oneDNN off, it is a large part of the
difference.

On a GPU every time is taken with the device synchronised at both ends. The contestants of a case compile
side by side first; the time from the import of its library to the end of the first call is noted, taken while
the others compile too, and the most memory that each had on the device. Ours runs with its defaults, and also
by XLA with 20 steps in a call, in float32 and bfloat16; PyTorch runs eager, tuned, compiled and as one CUDA
graph. Utilisation is of a large convolution's speed there, in TF32 or bf16. After --seconds the command ends,
whatever is left. R3GAN has no row.
"""

import argparse
import contextlib
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from arguments import Parser, check_counts, check_names, make_output, processor_facts
from throughput_peers import gpu_report, on_gpu, report
from throughput_peers.cases import CASES, CPU_CASES
from throughput_peers.processes import measure_first_step, start_process
from throughput_peers.turns import Contestant, take_turns

from tfgan_ref import cli
from tfgan_ref.errors import InputError
from tfgan_ref.files import write_json, write_text
from tfgan_ref.training.starts import processor_name

TURN_SECONDS = 2.0
LIMIT_SECONDS = 0.5
ROUNDS = {"cpu": 8, "gpu": 3}
# On a GPU those come first that say most.
GPU_CASES = ("dcgan28", "dcgan64", "mlp", "wgan_gp", "sngan", "cgan", "srresnet", "pix2pix")
BATCH_SIZES = "64,256"
GPU_SECONDS = 285
TELLING_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile")  # oneDNN's choices hang on them


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the folder of the device")
    parser.add_argument("--device", default="cpu", help="cpu or gpu (%(default)s)")
    known = f"some of {','.join(CASES)} (default: on a GPU all, on a CPU {','.join(CPU_CASES)})"
    parser.add_argument("--cases", help=known)
    parser.add_argument("--rounds", type=int, help="turns of every contestant (8, on a GPU 3)")
    parser.add_argument("--threads", type=int, default=2, help="of every contestant on a CPU (%(default)s)")
    parser.add_argument(
        "--batch-sizes", default=BATCH_SIZES, help="on a GPU; on a CPU each case has its own (%(default)s)"
    )
    parser.add_argument("--seconds", type=int, default=GPU_SECONDS, help="for all, on a GPU (%(default)s)")
    parser.add_argument("--torch-python", help="a Python that has PyTorch (default: this one, if it has)")
    arguments = parser.parse_args()
    check_names("device", [arguments.device], ("cpu", "gpu"))
    usual = GPU_CASES if arguments.device == "gpu" else CPU_CASES
    arguments.cases = arguments.cases.split(",") if arguments.cases else list(usual)
    arguments.rounds = ROUNDS[arguments.device] if arguments.rounds is None else arguments.rounds
    check_names("case", arguments.cases, CASES)
    check_counts(arguments, "rounds", "threads", "seconds")
    if not re.fullmatch(r"[1-9]\d*(,[1-9]\d*)*", arguments.batch_sizes):
        raise InputError(f"--batch-sizes {arguments.batch_sizes} is no list of whole numbers like 64,256")
    arguments.batch_sizes = [int(size) for size in arguments.batch_sizes.split(",")]
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


def measure_case(case: str, rounds: int, threads: int, torch_python: str | None) -> dict[str, Contestant]:
    """Lets all contestants of a case work in turns on the CPU, and returns them by name with their times."""
    contestants = {}
    with contextlib.ExitStack() as stack:

        def start(name: str, worker: str, seconds: float, **variables: str) -> Contestant:
            process = start_process(
                worker, case, CASES[case].batch_size, "cpu", threads, torch_python, **variables
            )
            contestants[name] = stack.enter_context(process)
            process.warm_up(seconds)
            if process.failure and worker in (*report.OURS, *report.LIMITS["cpu"]):
                raise RuntimeError(f"{name} failed: {process.failure}")
            print(f"  {name}: {f'left out: {process.failure}' if process.failure else 'warm'}", flush=True)
            return process

        print(f"{case}: starting", flush=True)
        for worker, entry in report.ENTRIES.items():
            if case not in entry.cases or "cpu" not in entry.devices:
                continue
            if entry.library == "torch" and not torch_python:
                continue
            peer = start(worker, worker, TURN_SECONDS)
            if worker not in report.OURS and "onednn" in peer.facts:
                other = not peer.facts["onednn"]
                name = f"{worker} {report.ONEDNN[other]}"
                start(name, worker, TURN_SECONDS, TF_ENABLE_ONEDNN_OPTS=str(int(other)))
        for worker in report.LIMITS["cpu"]:
            start(worker, worker, LIMIT_SECONDS)
        take_turns(list(contestants.values()), rounds)
    return contestants


def first_steps(device: str) -> dict[str, Any]:
    """Returns the time to the first step beside its targets, by recipe."""
    return {
        recipe: report.first_step(measure_first_step(recipe, device), *targets)
        for recipe, targets in report.FIRST_STEPS[device].items()
    }


def versions(contestants: dict[str, Contestant]) -> dict[str, Any]:
    """Returns the versions that the contestants told, and what else figures on any device depend on."""
    facts = {key: value for peer in contestants.values() for key, value in peer.facts.items()}
    told = ("tensorflow", "keras", "torch", "gpu", "compute_capability")
    return {
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: facts[name] for name in told if name in facts},
    }


def describe_cpu(contestants: dict[str, Contestant]) -> dict[str, Any]:
    """Returns what the figures depend on: processor, cores, versions, oneDNN."""
    flags = processor_facts().get("flags", "").split()
    # The first run of a peer is the one with TensorFlow's own choice.
    peers = [contestants[name] for name in report.ENTRIES if name in contestants and name not in report.OURS]
    default = next((peer.facts["onednn"] for peer in peers if "onednn" in peer.facts), None)
    return versions(contestants) | {
        "flags": [flag for flag in TELLING_FLAGS if flag in flags],
        "onednn": {"ours": contestants["ours"].facts["onednn"], "tensorflow_default": default},
    }


def measure_cpu(arguments: argparse.Namespace, torch_python: str | None) -> tuple[str, dict[str, Any], str]:
    """Measures the cases on the CPU; returns the device's name, the results and their table."""
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"other programs are running (load {load:.1f}): PyTorch's figures suffer most", flush=True)
    first_step = first_steps("cpu")["dcgan"]
    measured = {
        case: measure_case(case, arguments.rounds, arguments.threads, torch_python)
        for case in arguments.cases
    }
    limits = report.limits(measured, "cpu")
    results = {
        "machine": describe_cpu(measured[arguments.cases[0]]),
        "settings": {
            "rounds": arguments.rounds,
            "threads": arguments.threads,
            "load_before": load,
            "batch_size": {case: CASES[case].batch_size for case in arguments.cases},
            "turn_seconds": TURN_SECONDS,
        },
        "limit": {name: flops / 1e9 for name, flops in limits.items()},
        "first_step": first_step,
        "rows": [
            row
            for case, contestants in measured.items()
            for row in report.case_rows(case, contestants, max(limits.values()))
        ],
    }
    return f"cpu {processor_name()}", results, report.markdown(results)


def measure_gpu(arguments: argparse.Namespace, torch_python: str | None) -> tuple[str, dict[str, Any], str]:
    """Measures the cases on the GPU; returns the device's name, the results and their tables.

    Raises:
        InputError: TensorFlow sees no GPU, or nothing was measured in the time.
    """
    deadline = time.monotonic() + arguments.seconds
    first_step = first_steps("gpu")

    def start(name: str, case: str, batch_size: int) -> Contestant:
        return start_process(name, case, batch_size, "gpu", 0, torch_python)

    libraries = ("tensorflow", "torch") if torch_python else ("tensorflow",)
    measured = on_gpu.measure(
        arguments.cases, arguments.batch_sizes, arguments.rounds, deadline, libraries, start
    )
    everyone = {name: c for group in measured.values() for name, c in group.items() if not c.failure}
    if not {*report.LIMITS["gpu"]} <= {*everyone}:
        raise InputError(f"--seconds {arguments.seconds} were not enough for the first case: give more")
    limits = report.limits(measured, "gpu")
    results = {
        "machine": versions(everyone),
        "settings": {"rounds": arguments.rounds, "seconds": arguments.seconds},
        "left_out": [case for case in arguments.cases if case not in {name for name, _ in measured}],
        "limit": {name: flops / 1e9 for name, flops in limits.items()},
        "first_step": first_step,
        "rows": [
            row
            for (case, batch_size), contestants in measured.items()
            for row in gpu_report.rows_of(case, batch_size, contestants, limits)
        ],
    }
    results["notes"] = gpu_report.notes_of(results)
    return results["machine"]["gpu"], results, gpu_report.markdown(results)


def folder_of(device: str) -> str:
    """Returns the folder's name for a device's: "NVIDIA H200" is h200, "cpu AMD EPYC" cpu-amd-epyc."""
    plain = re.sub(r"\((r|tm)\)|nvidia |processor|@.*", "", device.lower())
    return "-".join(re.findall(r"[a-z0-9]+", plain))


def main() -> None:
    arguments = parse_arguments()
    torch_python = find_torch(arguments.torch_python)
    make_output(arguments.out)
    if not torch_python:
        print("PyTorch is left out: this Python has none (see --torch-python)", flush=True)
    measure = measure_gpu if arguments.device == "gpu" else measure_cpu
    device, results, table = measure(arguments, torch_python)
    folder = arguments.out / folder_of(device)
    make_output(folder)
    write_json(folder / "results.json", results)
    write_text(folder / "table.md", table + "\n")
    print("", table, f"\n{folder / 'results.json'}", sep="\n")


if __name__ == "__main__":
    cli.run(main)

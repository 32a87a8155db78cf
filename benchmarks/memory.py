"""Measures the memory of data sets, of a long training and of a long use of what it exports.

python benchmarks/memory.py --out benchmarks/results/memory
python benchmarks/memory.py --steps 2000 --calls 500 --out DIR

A process trains the recipe `gan` on 16x16 digits with logs, samples, checkpoints and evaluations. Another,
with TensorFlow alone, calls `sample(16, seed)` of the SavedModel. The resident set is noted at each twentieth
of the way. From a quarter of the way on, the largest must be within 3 % of the smallest.

A process for each kind of data reads synthetic pictures and makes a first batch of them. What the process has
grown by then, and at most, is compared with the data's own bytes. Reads Linux's /proc.
Writes DIR/results.json and DIR/table.md.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from arguments import Parser, describe_machine, make_output
from PIL import Image

from tfgan_ref import cli
from tfgan_ref.errors import InputError

TRAIN = Path(__file__).resolve().parents[1] / "scripts" / "train.py"
POINTS = 20
ALLOWED = 0.03
# What is done how often, as shares of a run of 20,000 steps.
EVERY = {"log_every": 200, "sample_every": 40, "checkpoint_every": 40, "evaluate_every": 10}
SAMPLE = """
import pathlib, sys
import tensorflow as tf

model, progress, calls = tf.saved_model.load(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
for seed in range(calls):
    model.sample(16, seed)
    if (seed + 1) % 10 == 0:
        progress.write_text(f"{seed + 1}\\n")
"""
# What is read, and how training data are made of it.
READ = """
import sys
import tfgan_ref
from tfgan_ref import data

def status(key):
    lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return int(lines[key].split()[0]) / 1024

def first_batch(name, kind, size):
    if kind == "pairs":
        training = data.training_pairs(data.read_pairs(name, make="small", scale=2), size // 4)
    else:
        training = data.training_images(data.read(name))
    next(iter(training.batches(4)))
    return training

kind, few, many, size = sys.argv[1:]
first_batch(few, kind, int(size))  # what TensorFlow and Pillow take for any data
before = status("VmRSS")
training = first_batch(many, kind, int(size))
print(training.memory / 2**20, status("VmRSS") - before, status("VmHWM") - before)
"""
SIDE = 128


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20_000, help="of the training (%(default)s)")
    parser.add_argument("--calls", type=int, default=5_000, help="of the SavedModel (%(default)s)")
    parser.add_argument("--pictures", type=int, default=4_000, help="of a data set (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the training (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    for flag in ("steps", "calls"):
        value = getattr(arguments, flag)
        if value < 200 or value % 200:
            raise InputError(f"--{flag} {value} is out of range: a multiple of 200")
    if arguments.pictures < 100:
        raise InputError(f"--pictures {arguments.pictures} is out of range: at least 100")
    if not Path("/proc/self/statm").exists():
        raise InputError("/proc/self/statm is missing: the resident set is measured on Linux only")
    make_output(arguments.out)
    return arguments


def resident_megabytes(process: int) -> float:
    """Returns the resident set of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def watch(command: list[str], count: int, done: Callable[[], int]) -> list[dict[str, float]]:
    """Runs a program and notes its resident set at each twentieth of ``count``.

    Args:
        command: the program.
        count: what it comes to.
        done: says how far it is.

    Returns:
        For each note, how far it was and the megabytes.
    """
    notes: list[dict[str, float]] = []
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        while process.poll() is None:
            reached = done()
            if reached >= (len(notes) + 1) * count // POINTS and reached < count:
                notes.append({"at": reached, "megabytes": round(resident_megabytes(process.pid), 1)})
            time.sleep(0.01)
        error = process.stderr.read().decode().strip()
        if process.returncode:
            raise AssertionError(f"a process ended with {process.returncode}: {error[-300:]}")
    return notes


def last_number(path: Path) -> int:
    """Returns the number with which the last whole line of a file begins; 0 if there is none."""
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
    number = lines[-1].partition(",")[0] if lines else ""
    return int(number) if number.isdecimal() else 0


def write_pictures(folder: Path, count: int) -> None:
    """Writes smooth JPEGs in colour."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        small = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        small.resize((SIDE, SIDE)).save(folder / f"{number:06}.jpg")


def measure_data(folder: Path, count: int) -> list[dict[str, object]]:
    """Reads data sets of ``count`` pictures, each in a process of its own.

    Returns:
        For each, in megabytes, what the arrays take by ``TrainingData.memory``, by how much the process has
        grown after a first batch, and by how much at most.
    """
    sizes = {"few": 20, "many": count}
    for name, n in sizes.items():
        write_pictures(folder / name, n)
        pixels = np.random.default_rng(0).integers(0, 256, (n, SIDE, SIDE, 3), dtype=np.uint8)
        np.savez(folder / f"{name}.npz", images=pixels)
        del pixels
    rows = []
    for kind, what, form in (
        ("images", "JPEGs of a folder", "folder:{}"),
        ("images", "images of an npz file", "npz:{}.npz"),
        ("pairs", "JPEGs and their halves, as pairs", "folder:{}"),
    ):
        names = [form.format(folder / name) for name in sizes]
        command = [sys.executable, "-c", READ, kind, *names, str(SIDE)]
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(f"a process ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        taken, kept, peak = (round(float(number), 1) for number in done.stdout.split())
        rows.append({"what": f"{count} {what}", "data": taken, "kept": kept, "peak": peak})
    return rows


def summarise(what: str, notes: list[dict[str, float]]) -> dict[str, object]:
    """Returns a row: the resident sets of one process, and how far they are from each other."""
    late = [note["megabytes"] for note in notes if note["at"] >= 0.25 * notes[-1]["at"]]
    spread = max(late) / min(late) - 1
    return {"what": what, "spread": round(spread, 4), "flat": spread <= ALLOWED, "notes": notes}


def main() -> None:
    arguments = parse_arguments()
    out, steps, calls = arguments.out, arguments.steps, arguments.calls
    run, progress = out / "run", out / "progress"
    shutil.rmtree(run, ignore_errors=True)
    progress.unlink(missing_ok=True)
    settings = {key: steps // often for key, often in EVERY.items()}
    settings |= {"image_size": 16, "evaluate_n": 200, "seed": arguments.seed}
    command = [sys.executable, str(TRAIN), "gan", "--out", str(run), "--steps", str(steps)]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    print("reading", flush=True)
    shutil.rmtree(out / "pictures", ignore_errors=True)
    data = measure_data(out / "pictures", arguments.pictures)
    shutil.rmtree(out / "pictures")
    print("training", flush=True)
    notes = watch(command, steps, lambda: last_number(run / "metrics.csv"))
    rows = [summarise(f"{steps} steps of training", notes)]
    print("sampling", flush=True)
    command = [sys.executable, "-c", SAMPLE, str(run / "saved_model"), str(progress), str(calls)]
    notes = watch(command, calls, lambda: last_number(progress))
    rows.append(summarise(f"{calls} calls of `sample`", notes))

    cli.quiet_tensorflow()
    from study_common import table

    from tfgan_ref.files import write_json, write_text

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    facts = {"steps": steps, "calls": calls, "training": settings, "machine": describe_machine()}
    facts["cpu_minutes"] = round((used.ru_utime + used.ru_stime) / 60, 1)
    facts |= {"pictures": arguments.pictures, "side": SIDE}
    write_json(out / "results.json", {"data": data, "rows": rows, "settings": facts})
    cells = []
    for row in rows:
        notes = [note["megabytes"] for note in row["notes"]]
        quarter = next(note for note in row["notes"] if note["at"] >= 0.25 * row["notes"][-1]["at"])
        numbers = [notes[0], quarter["megabytes"], max(notes), notes[-1]]
        cells.append([row["what"], *(f"{number:.0f}" for number in numbers), f"{row['spread']:.1%}"])
    headings = ["process", "first note (MB)", "at a quarter", "largest", "last", "spread after a quarter"]
    data_cells = [[row["what"], *(f"{row[key]:.0f}" for key in ("data", "kept", "peak"))] for row in data]
    data_headings = ["data set", "arrays (MB)", "process grown by (MB)", "at most (MB)"]
    text = f"{table(data_headings, data_cells)}\n\n{table(headings, cells)}\n"
    write_text(out / "table.md", text)
    print(f"\n{text}{out}")
    shutil.rmtree(run)
    progress.unlink()
    if not all(row["flat"] for row in rows):
        raise InputError(f"the memory is not flat: see {out / 'results.json'}")


if __name__ == "__main__":
    cli.run(main)

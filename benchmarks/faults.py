"""Kills runs again and again, resumes them each time, and compares their ends with those of runs left alone.

python benchmarks/faults.py --out benchmarks/results/faults
python benchmarks/faults.py --parts kills --kills 30 --steps 600 --out DIR
python benchmarks/faults.py --parts disk --kills 10 --steps 300 --out benchmarks/results/faults_on_disk
python benchmarks/faults.py --parts replicas --kills 10 --steps 300 --out benchmarks/results/faults_replicas

Part "kills" kills one process (SIGKILL): the first time before its first checkpoint, then in equal shares at
random moments, while a checkpoint is written, and while the results are exported at the end. Part "workers"
trains with two processes and kills the second one, and later the first; what the other one does is noted, and
both are started again. Parts "disk" and "replicas" are as "kills", on images that are read from files, one of
which is damaged; "replicas" has strategy=mirrored on two devices of the CPU. In all parts every weight,
moment and counter of the last checkpoint, the exported generator's weights, the rows of metrics.csv (but for
seconds) and the last picture must be those of a run of the same recipe that was never interrupted, bit for
bit. Writes DIR/results.json and DIR/table.md.
"""

import argparse
import csv
import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from arguments import Parser, check_names, describe_machine, make_output

from tfgan_ref import cli
from tfgan_ref.errors import InputError

TRAIN = Path(__file__).resolve().parents[1] / "scripts" / "train.py"
START, EXPORT = "before the first checkpoint", "in the export"
MOMENTS = ("at a random moment", "in a checkpoint", EXPORT)
PARTS = ("kills", "workers", "disk", "replicas")
PATIENCE = 600  # seconds that a run may take to come to its moment, or to its end
FILES = 400  # images on disk
# TensorFlow has one CPU until it is told otherwise.
ON_TWO_DEVICES = """
import runpy, sys
import tfgan_ref
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
SETTINGS = ("image_size=8", "checkpoint_every=4", "log_every=20", "sample_every=100")


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="gan", help="(%(default)s)")
    parser.add_argument("--parts", default=",".join(PARTS[:2]), help="a list with commas (%(default)s)")
    parser.add_argument("--kills", type=int, default=30, help="of the one process (%(default)s)")
    parser.add_argument("--steps", type=int, default=600, help="of the run (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    arguments.parts = arguments.parts.split(",")
    check_names("part", arguments.parts, PARTS)
    if arguments.kills < len(MOMENTS):
        raise InputError(f"--kills {arguments.kills} is out of range: at least {len(MOMENTS)}")
    if arguments.steps < 20 or arguments.steps % 20:
        raise InputError(f"--steps {arguments.steps} is out of range: a multiple of 20")
    make_output(arguments.out)
    return arguments


def start(
    run: Path, recipe: str, steps: int, settings: Sequence[str] = (), **variables: str
) -> subprocess.Popen[bytes]:
    """Starts a run, or continues it where it is there; ``variables`` are added to the environment."""
    program = ["-c", ON_TWO_DEVICES] if "strategy=mirrored" in settings else []
    command = [sys.executable, *program, str(TRAIN)]
    if (run / "config.json").exists():
        command += ["--resume", str(run)]
    else:
        command += [recipe, "--out", str(run), "--steps", str(steps), "--batch-size", "16"]
        for setting in (*SETTINGS, *settings):
            command += ["--set", setting]
    environment = os.environ | variables
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, bufsize=0
    )


def finish(*processes: subprocess.Popen[bytes]) -> None:
    """Waits for the end of processes that must end well."""
    for process in processes:
        _, error = process.communicate(timeout=PATIENCE)
        if process.returncode:
            raise AssertionError(f"a run ended with {process.returncode}: {error.decode()[-300:]}")


def kill_when(process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> bool:
    """Kills ``process`` as soon as ``ready``; returns False if it ended before."""
    begun = time.monotonic()
    while process.poll() is None:
        if ready():
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return process.returncode == -signal.SIGKILL
        if time.monotonic() - begun > PATIENCE:
            raise AssertionError("a run did not come to its moment")
        time.sleep(0.0005)
    finish(process)
    return False


def newest_step(run: Path) -> int:
    """Returns the step of the newest checkpoint, -1 without one."""
    return max((int(path.name[5:]) for path in (run / "checkpoints").glob("step_*")), default=-1)


def half_written(run: Path) -> list[str]:
    """Returns the names of what is being written, or was when the run was killed."""
    return sorted(path.name for folder in (run, run / "checkpoints") for path in folder.glob(".*"))


def moment_of(kind: str, run: Path, chance: random.Random) -> Callable[[], bool]:
    """Returns what says that the moment of a kind has come."""
    before, seen = newest_step(run), []
    if kind == START:
        return (run / "config.json").exists
    if kind == "in a checkpoint":
        wanted = before + 4 * chance.randrange(1, 4)
        return lambda: newest_step(run) >= wanted and any(run.glob("checkpoints/.step_*"))
    if kind == EXPORT:
        # Each begins at the run's end, where nothing is left but to write the results: first the picture.
        (run / "samples.png").unlink(missing_ok=True)
        delay, begun = chance.uniform(0, 1), (run / "samples.png").exists
    else:
        # After the run has come further, so that kills do not all fall into the start of Python.
        delay, begun = chance.uniform(0, 0.3), lambda: newest_step(run) > before

    def ready() -> bool:
        if not seen and begun():
            seen.append(time.monotonic())
        return bool(seen) and time.monotonic() - seen[0] >= delay

    return ready


def kill_and_resume(
    run: Path, recipe: str, steps: int, settings: Sequence[str], kills: int, seed: int
) -> list[dict[str, Any]]:
    """Kills a run ``kills`` times and lets it end; returns a row for each kill."""
    chance = random.Random(seed)
    rows: list[dict[str, Any]] = []
    while len(rows) < kills:
        kind = MOMENTS[len(rows) * len(MOMENTS) // kills] if rows else START
        process = start(run, recipe, steps, settings)
        if not kill_when(process, moment_of(kind, run, chance)):
            if kind == EXPORT:
                continue  # it ended before the moment, and exports again when it is started again
            raise InputError(f"--steps {steps} is too low: the run ended before kill {len(rows) + 1}")
        rows.append({"kill": len(rows) + 1, "moment": kind, "step": newest_step(run)})
        rows[-1]["half_written"] = half_written(run)
        print(f"{len(rows)}: {kind}, newest checkpoint {newest_step(run)}", flush=True)
    finish(start(run, recipe, steps, settings))
    if left := half_written(run):
        raise AssertionError(f"left behind after all: {left}")
    return rows


def start_workers(run: Path, recipe: str, steps: int) -> list[subprocess.Popen[bytes]]:
    """Starts, or continues, a run of two processes on this host."""
    ports = []
    for _ in range(2):
        with socket.socket() as found:
            found.bind(("localhost", 0))
            ports.append(found.getsockname()[1])
    cluster = {"worker": [f"localhost:{port}" for port in ports]}
    configs = [{"cluster": cluster, "task": {"type": "worker", "index": index}} for index in range(2)]
    return [
        start(run, recipe, steps, ["strategy=multiworker"], TF_CONFIG=json.dumps(config))
        for config in configs
    ]


def lose_workers(run: Path, recipe: str, steps: int) -> list[dict[str, Any]]:
    """Kills the second of two workers and later the first; returns a row for each."""
    rows = []
    for victim in (1, 0):
        workers = start_workers(run, recipe, steps)
        wanted = newest_step(run) + steps // 4
        try:
            if not kill_when(workers[victim], lambda wanted=wanted: newest_step(run) >= wanted):
                raise InputError(f"--steps {steps} is too low: the run ended before a worker was killed")
            killed = time.monotonic()
            survivor = workers[1 - victim]
            _, error = survivor.communicate(timeout=PATIENCE)
        finally:
            for worker in workers:
                worker.kill()
        rows.append(
            {
                "moment": f"worker {victim + 1} of 2",
                "step": newest_step(run),
                "survivor_seconds": round(time.monotonic() - killed, 1),
                "survivor_code": survivor.returncode,
                "survivor_says": (error.decode().strip().splitlines() or [""])[-1][:300],
            }
        )
        print(f"{rows[-1]}", flush=True)
    finish(*start_workers(run, recipe, steps))
    return rows


def write_images(folder: Path) -> None:
    """Writes small images of noise as JPEG files, of which one is cut short behind its header."""
    import numpy as np
    from PIL import Image

    folder.mkdir()
    for number, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (FILES, 8, 8), np.uint8)):
        Image.fromarray(pixels).save(folder / f"{number:03d}.jpg")
    last = folder / f"{FILES - 1:03d}.jpg"
    last.write_bytes(last.read_bytes()[:-30])


def state_of(run: Path) -> dict[str, Any]:
    """Returns everything of a finished run that must not depend on interruptions."""
    import keras

    from tfgan_ref.run import build

    gan = build.restore_gan(run)
    generator = keras.saving.load_model(run / "generator.keras", compile=False)
    with (run / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            {key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file)
        ]
    variables = [variable for group in gan.state().values() for variable in group]
    return {
        "checkpoint": [variable.numpy().tobytes() for variable in variables],
        "generator": [variable.numpy().tobytes() for variable in generator.variables],
        "metrics": rows,
        "samples": (run / "samples.png").read_bytes(),
    }


def differences(run: Path, other: Path) -> list[str]:
    """Returns what of two finished runs is not the same."""
    one, two = state_of(run), state_of(other)
    return [part for part in one if one[part] != two[part]]


def main() -> None:
    arguments = parse_arguments()
    recipe, steps = arguments.recipe, arguments.steps
    runs = {part: (arguments.out / f"{part}-whole", arguments.out / part) for part in arguments.parts}
    for path in (path for pair in runs.values() for path in pair):
        shutil.rmtree(path, ignore_errors=True)
    images = arguments.out / "images"
    shutil.rmtree(images, ignore_errors=True)
    if {"disk", "replicas"} & {*arguments.parts}:
        write_images(images)
    on_disk = [f"data=folder:{images}", "stream=on"]
    settings = {"disk": on_disk, "replicas": [*on_disk, "strategy=mirrored", "batch_norm=false"]}
    rows = []
    for part, (whole, hurt) in runs.items():
        if part == "workers":
            finish(*start_workers(whole, recipe, steps))
            found = lose_workers(hurt, recipe, steps)
        else:
            given = settings.get(part, [])
            finish(start(whole, recipe, steps, given))
            found = kill_and_resume(hurt, recipe, steps, given, arguments.kills, arguments.seed)
        rows += [{"part": part, **row} for row in found]

    cli.quiet_tensorflow()
    from study_common import table

    from tfgan_ref.files import write_json, write_text

    unequal = {part: differences(*pair) for part, pair in runs.items()}
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    minutes = round((used.ru_utime + used.ru_stime) / 60, 1)
    facts: dict[str, Any] = {"recipe": recipe, "steps": steps, "seed": arguments.seed, "cpu_minutes": minutes}
    facts["machine"] = describe_machine()
    write_json(arguments.out / "results.json", {"rows": rows, "unequal": unequal, "settings": facts})
    cells = []
    said = {"disk": ", images on disk", "replicas": ", images on disk, two replicas"}
    for part, moment in dict.fromkeys((row["part"], row["moment"]) for row in rows):
        of_moment = [row for row in rows if (row["part"], row["moment"]) == (part, moment)]
        half = sum(bool(row.get("half_written")) for row in of_moment)
        parts = unequal[part]
        end = f"other {', '.join(parts)}" if parts else "the same, bit for bit"
        cells.append([moment + said.get(part, ""), str(len(of_moment)), str(half), end])
    text = table(["killed", "times", "amid a file", "end, beside a run left alone"], cells)
    write_text(arguments.out / "table.md", text + "\n")
    print(f"\n{text}\n{arguments.out}")
    if any(unequal.values()):
        raise InputError(f"some ends are not the same: the runs are in {arguments.out}")
    for path in (path for pair in runs.values() for path in pair):
        shutil.rmtree(path)
    shutil.rmtree(images, ignore_errors=True)


if __name__ == "__main__":
    cli.run(main)

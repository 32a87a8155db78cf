"""Kills a run again and again, resumes it each time, and compares its end with that of a run left alone.

python benchmarks/faults.py --out benchmarks/results/faults
python benchmarks/faults.py --kills 30 --steps 400 --out DIR

A third of the kills (SIGKILL) come at random moments, a third while a checkpoint is being written, a third
while the results are exported at the end. Then every weight, moment and counter of the last checkpoint, the
exported generator's weights and the rows of metrics.csv (but for seconds) must be those of a run of the same
recipe that was never interrupted, bit for bit. Writes DIR/results.json with a row for each kill, and
DIR/table.md.
"""

import argparse
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from arguments import Parser, describe_machine, make_output

from tfgan_ref import cli
from tfgan_ref.errors import InputError

TRAIN = Path(__file__).resolve().parents[1] / "scripts" / "train.py"
MOMENTS = ("anywhere", "in a checkpoint", "in the export")
PATIENCE = 600  # seconds that a run may take to come to its moment


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="gan", help="(%(default)s)")
    parser.add_argument("--kills", type=int, default=30, help="in all (%(default)s)")
    parser.add_argument("--steps", type=int, default=400, help="of the run (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    if arguments.kills < len(MOMENTS):
        raise InputError(f"--kills {arguments.kills} is out of range: at least {len(MOMENTS)}")
    if arguments.steps < 20 or arguments.steps % 20:
        raise InputError(f"--steps {arguments.steps} is out of range: a multiple of 20")
    make_output(arguments.out)
    return arguments


def start(run: Path, recipe: str, steps: int) -> subprocess.Popen[bytes]:
    """Starts a run, or continues it where it is there."""
    command = [sys.executable, str(TRAIN)]
    if (run / "config.json").exists():
        command += ["--resume", str(run)]
    else:
        command += [recipe, "--out", str(run), "--steps", str(steps), "--batch-size", "16"]
        for setting in ("image_size=8", "checkpoint_every=4", "log_every=20", "sample_every=100"):
            command += ["--set", setting]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> None:
    """Waits for the end of a process that must end well."""
    _, error = process.communicate()
    if process.returncode:
        raise AssertionError(f"a run ended with {process.returncode}: {error.decode()[-300:]}")


def kill_when(process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> bool:
    """Kills ``process`` as soon as ``ready``; returns False if it ended before."""
    begun = time.monotonic()
    while process.poll() is None:
        if ready():
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return True
        if time.monotonic() - begun > PATIENCE:
            raise AssertionError("a run did not come to its moment")
        time.sleep(0.0005)
    finish(process)
    return False


def newest_step(run: Path) -> int:
    """Returns the step of the newest checkpoint, -1 without one."""
    return max((int(path.name[5:]) for path in (run / "checkpoints").glob("step_*")), default=-1)


def moment_of(kind: str, run: Path, chance: random.Random) -> Callable[[], bool]:
    """Returns what says that the moment of a kind has come."""
    if kind == "in a checkpoint":
        before, wanted = newest_step(run), chance.randrange(1, 6)
        return lambda: newest_step(run) >= before + 4 * wanted and any(run.glob("checkpoints/.step_*"))
    if kind == "in the export":
        return lambda: (run / "samples.png").exists() and any(run.glob(".saved_model*"))
    # Random work after the run has come further, so that kills do not all fall into the start of Python.
    before, delay, seen = newest_step(run), chance.uniform(0, 0.3), []

    def ready() -> bool:
        if not seen and newest_step(run) > before:
            seen.append(time.monotonic())
        return bool(seen) and time.monotonic() - seen[0] >= delay

    return ready


def state_of(run: Path) -> dict[str, Any]:
    """Returns everything of a finished run that must not depend on interruptions."""
    import csv

    import keras
    import numpy as np

    from tfgan_ref.recipes import building

    gan = building.restore_gan(run)
    generator = keras.saving.load_model(run / "generator.keras", compile=False)
    with (run / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            {key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file)
        ]
    variables = [variable for group in gan.state().values() for variable in group]
    return {
        "checkpoint": [np.array(variable).tobytes() for variable in variables],
        "generator": [np.array(variable).tobytes() for variable in generator.variables],
        "metrics": rows,
        "samples": (run / "samples.png").read_bytes(),
    }


def main() -> None:
    arguments = parse_arguments()
    whole, killed = (arguments.out / name for name in ("whole", "killed"))
    for path in (whole, killed):
        shutil.rmtree(path, ignore_errors=True)
    finish(start(whole, arguments.recipe, arguments.steps))
    chance = random.Random(arguments.seed)
    rows = []
    for number in range(arguments.kills):
        kind = MOMENTS[number * len(MOMENTS) // arguments.kills]
        if kind == "in the export":
            # Each of these begins at the run's end, where nothing is left but to write the results.
            (killed / "samples.png").unlink(missing_ok=True)
        process = start(killed, arguments.recipe, arguments.steps)
        was_killed = kill_when(process, moment_of(kind, killed, chance))
        rows.append({"kill": number + 1, "moment": kind, "killed": was_killed, "step": newest_step(killed)})
        print(f"{number + 1}: {kind}, newest checkpoint {newest_step(killed)}", flush=True)
    finish(start(killed, arguments.recipe, arguments.steps))

    cli.quiet_tensorflow()
    from study_common import table

    from tfgan_ref.files import write_json, write_text

    one, other = state_of(whole), state_of(killed)
    equal = {part: one[part] == other[part] for part in one}
    counts = {kind: sum(row["killed"] for row in rows if row["moment"] == kind) for kind in MOMENTS}
    facts = {"recipe": arguments.recipe, "steps": arguments.steps, "machine": describe_machine()}
    write_json(arguments.out / "results.json", [row | {"equal": equal} | facts for row in rows])
    text = table(["killed", "times", "resumed"], [[kind, str(n), str(n)] for kind, n in counts.items()])
    verdict = "bit for bit" if all(equal.values()) else f"NOT equal: {[k for k, v in equal.items() if not v]}"
    text += f"\n\nAfter {sum(counts.values())} kills the end equals that of the run left alone: {verdict}."
    write_text(arguments.out / "table.md", text + "\n")
    for path in (whole, killed):
        shutil.rmtree(path)
    print(f"\n{text}\n{arguments.out}")
    if not all(equal.values()):
        sys.exit(1)


if __name__ == "__main__":
    cli.run(main)

"""What generators draw after equal times of training: our recipes beside two published programs.

python benchmarks/equal_time.py --train npz:train.npz --test npz:test.npz --out DIR --runs runs/equal_time
python benchmarks/equal_time.py --train digits --test digits --at 5,10 --n 200 --seeds 0 --out DIR --runs DIR

The contestants are our dcgan, cgan and r3gan at their recipes' settings, TensorFlow's
tutorial on DCGAN and keras-io's example of a conditional GAN at those that their authors publish; what had to
change is said in the files of benchmarks/equal_time_peers. Each trains alone in a process of its own, with
as many threads, on the same 28x28 pictures of ten classes. Each has the environment that its users have:
importing our package switches oneDNN on, the peers have what TensorFlow chooses. The table says which it was.

Time is the processor seconds of the process, of all its threads, since other programs change wall time. It
starts after the first step, which traces the graph, and stops while the generator is saved. When all have
been trained, the generators draw N pictures each, as their authors sample from them: ours are the averaged
ones. One classifier, trained on the training pictures, compares them with N held-out pictures, and N training
pictures with the same ones: the floor.

Writes DIR/results.json, DIR/table.md and DIR/grids.png. A contestant that has been trained with a seed is not
trained again: the same command goes on after an interruption.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arguments import Parser, check_counts, check_names, describe_machine, make_output, whole_numbers
from equal_time_peers.clock import CLOCKS, generator_file
from equal_time_peers.contestants import CLASSES, OURS, PEERS, SIDE, Contestant, find

from tfgan_ref import cli
from tfgan_ref.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from equal_time_peers.judge import Judge

    from tfgan_ref.data import ImageArrays

FEWEST = 12  # pictures that can be scored
SHOWN = 20  # pictures of each row in grids.png: two of every class in turn


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True, help="training pictures with labels, npz:PATH or a name")
    parser.add_argument("--test", required=True, help="held-out pictures of the same kind")
    parser.add_argument("--contestants", help="some, with commas (all)")
    parser.add_argument("--at", default="60,120,600", help="seconds of training, rising (%(default)s)")
    parser.add_argument("--clock", default="cpu", choices=tuple(CLOCKS), help="of the seconds (%(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of each contestant (%(default)s)")
    parser.add_argument("--seeds", default="0,1,2", help="of training, a list with commas (%(default)s)")
    parser.add_argument("--n", type=int, default=10000, help="pictures on either side (%(default)s)")
    parser.add_argument("--runs", type=Path, help="directory of the saved generators (default: --out)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    check_counts(arguments, "threads", "n")
    arguments.seeds = whole_numbers("seeds", arguments.seeds)
    try:
        at = [float(seconds) for seconds in arguments.at.split(",")]
    except ValueError as error:
        raise InputError(f"--at {arguments.at!r} is not a list of numbers") from error
    if not all(before < after < float("inf") for before, after in zip([0.0, *at], at, strict=False)):
        raise InputError(f"--at {arguments.at} is out of range: rising numbers above 0")
    arguments.at = at
    make_output(arguments.out)
    arguments.runs = arguments.runs or arguments.out
    make_output(arguments.runs)
    return arguments


def choose(given: str | None) -> list[str]:
    """Returns the names of the contestants: those given, or all that there are.

    Raises:
        InputError: one is unknown.
    """
    known = [*OURS, *PEERS]
    if given is None:
        return known
    names = given.split(",")
    check_names("contestant", names, known)
    return list(dict.fromkeys(names))


def read(arguments: argparse.Namespace) -> "tuple[ImageArrays, ImageArrays]":
    """Returns the training and the held-out pictures.

    Raises:
        InputError: they are not 28x28 pictures in grey of the same ten classes, or fewer than ``--n``.
    """
    from tfgan_ref import data

    sides = []
    for split in ("train", "test"):
        name = getattr(arguments, split)
        # Of one source its two splits; a file of its own is one whole set, which is called "train".
        part = split if arguments.train == arguments.test else "train"
        arrays = data.read(name, split=part, labels_for="the judge")
        if arrays.images.shape[1:] != (SIDE, SIDE, 1) or len(arrays.class_names) != CLASSES:
            height, width, channels = arrays.images.shape[1:]
            raise InputError(
                f"--{split} {name} has {len(arrays.class_names)} classes of {width}x{height}x{channels}: the "
                f"peers take {CLASSES} of {SIDE}x{SIDE}x1"
            )
        sides.append(arrays)
    training, held_out = sides
    if training.class_names != held_out.class_names:
        raise InputError(f"--test {arguments.test} has other classes than --train {arguments.train}")
    most = min(len(training.images), len(held_out.images))
    if not FEWEST <= arguments.n <= most:
        raise InputError(
            f"--n {arguments.n} is out of range: {FEWEST} to {most}, the pictures of the smaller side"
        )
    return training, held_out


def train(
    request: Mapping[str, Any], data: Path, folder: Path, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Trains a contestant in a process of its own, or returns what is there of an earlier call.

    Args:
        request: what the worker is asked for, but for the paths.
        data: npz file of the training pictures.
        folder: where its generators are saved, and training.json when all of them are.
        settings: the contestant's.

    Raises:
        InputError: ``folder`` holds another training, or the process failed.
    """
    from tfgan_ref.files import write_json

    finished = folder / "training.json"
    asked = json.loads(json.dumps({**request, "settings": settings}))  # as the file has it
    if finished.exists():
        training = json.loads(finished.read_text(encoding="utf-8"))
        for key, value in asked.items():
            if training.get(key) != value:
                raise InputError(
                    f"{folder} holds a training with {key} {training.get(key)}, not {value}: name another "
                    "directory with --runs"
                )
        return training
    from throughput_peers.processes import environment

    folder.mkdir(exist_ok=True)
    load = os.getloadavg()[0]
    message = {**request, "data": str(data), "folder": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "equal_time_peers.worker", json.dumps(message)],
        env=environment("cpu", ours=request["name"] not in PEERS),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise InputError(f"{folder.name} failed: {said[-1] if said else f'exit code {done.returncode}'}")
    training = {**asked, "load_before": load, "machine": describe_machine()}
    training |= json.loads(done.stdout.splitlines()[-1])
    write_json(finished, training)
    return training


def train_all(
    arguments: argparse.Namespace, training: "ImageArrays", contestants: Mapping[str, Contestant]
) -> list[dict[str, Any]]:
    """Trains all contestants with all seeds, one after another; returns what ``train`` does of each."""
    from tfgan_ref.files import write_npz

    shared = {key: getattr(arguments, key) for key in ("clock", "at", "threads")}
    shared |= {"pictures": len(training.images), "fingerprint": training.fingerprint}
    trainings = []
    with tempfile.TemporaryDirectory() as temporary:
        data = Path(temporary) / "training.npz"
        write_npz(data, images=training.images, labels=training.labels, class_names=training.class_names)
        # Seed by seed, so that what else the machine does meanwhile meets all contestants.
        for seed in arguments.seeds:
            for name, contestant in contestants.items():
                print(f"{contestant.title}, seed {seed}", flush=True)
                request = {"name": name, "seed": seed, **shared}
                folder = arguments.runs / f"{name}-{seed}"
                trainings.append(train(request, data, folder, contestant.settings))
    return trainings


def judge_all(
    runs: Path,
    trainings: Sequence[Mapping[str, Any]],
    contestants: Mapping[str, Contestant],
    judge: "Judge",
) -> "tuple[list[dict[str, Any]], list[tuple[str, np.ndarray]]]":
    """Returns a row for each saved generator, and of the first seed's a name and pictures for grids.png."""
    import keras
    import numpy as np
    from equal_time_peers.report import SECONDS

    second = SECONDS[trainings[0]["clock"]]
    rows, shown = [], {}
    for training in trainings:
        name, seed = training["name"], training["seed"]
        contestant = contestants[name]
        labels = judge.labels(seed) if contestant.labelled else None
        for mark in training["marks"]:
            print(f"pictures of {contestant.title}, seed {seed}, {mark['at']:g} s", flush=True)
            path = generator_file(runs / f"{name}-{seed}", mark["at"])
            generator = keras.models.load_model(path, compile=False)
            scores = judge.score(contestant.draw(generator, judge.n, labels, seed), labels)
            epochs = mark["pictures"] / training["pictures"]
            rows.append({"contestant": name, "seed": seed, **mark, "epochs": epochs, **scores})
            if seed == trainings[0]["seed"]:
                in_turn = np.arange(SHOWN) % CLASSES if contestant.labelled else None
                pictures = contestant.draw(generator, SHOWN, in_turn, seed)
                shown[mark["at"], name] = f"{contestant.title}, {mark['at']:g} {second}", pictures
    return rows, [row for _, row in sorted(shown.items(), key=lambda item: item[0][0])]


def main() -> None:
    arguments = parse_arguments()
    cli.prepare_scoring()

    from equal_time_peers.judge import Judge
    from equal_time_peers.report import markdown, named_rows

    from tfgan_ref import plotting
    from tfgan_ref.files import write_json, write_text

    names = choose(arguments.contestants)
    training, held_out = read(arguments)
    contestants = {name: find(name, len(training.images)) for name in names}
    trainings = train_all(arguments, training, contestants)
    judge = Judge(training, held_out, arguments.n)
    rows, shown = judge_all(arguments.runs, trainings, contestants, judge)
    results = {
        "machine": describe_machine(),
        "classifier": {"accuracy": judge.classifier.accuracy, "held_out": judge.classifier.held_out},
        "settings": {
            **{key: getattr(arguments, key) for key in ("clock", "at", "threads", "seeds", "n")},
            "pictures": len(training.images),
            "held_out_fingerprint": held_out.fingerprint,
        },
        "contestants": [
            {"name": name, "title": contestant.title, "epochs": contestant.epochs}
            for name, contestant in contestants.items()
        ],
        "trainings": trainings,
        "rows": rows,
        "floor": [{"seed": seed, **judge.floor(seed)} for seed in arguments.seeds],
    }
    write_json(arguments.out / "results.json", results)
    text = markdown(results)
    write_text(arguments.out / "table.md", text + "\n")
    plotting.save_png(arguments.out / "grids.png", named_rows(shown))
    print(f"\n{text}")


if __name__ == "__main__":
    cli.run(main)

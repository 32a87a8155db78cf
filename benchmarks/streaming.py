"""Pictures from disk: how fast they come, how much memory training takes, and whether recipes wait for them.

python benchmarks/streaming.py --out benchmarks/results/streaming --torch-python PATH
python benchmarks/streaming.py --parts waiting --recipes dcgan,cgan --out DIR

pipeline   batches of 64 from --n JPEG files of 256x256 and of 64x64: from our files and cache, TensorFlow's
           own map over tf.io.decode_jpeg, and PyTorch's DataLoader with 2 workers. Each is a process of its
           own; they take turns. A ratio is the median over the rounds of the ratios within a round.
training   dcgan at 256x256 from these files: the largest resident memory, and the seconds from the start of
           the process to the end of the first step, headers read for the first time.
waiting    steps of each recipe with the digits as JPEG files on disk, and with those decoded once in a cache,
           beside steps with the digits in memory, in turns in one process: the medians of the ratios.

The files are crops of scikit-image's photographs with noise, made from seeds in --files (default: below
--out, removed at the end). PyTorch is imported from the Python at --torch-python; without one its row is
left out. Writes DIR/results.json and DIR/table.md; the rows of parts that are not run stay.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

from apart import measure_apart
from arguments import Parser, check_counts, check_names, describe_machine, make_output
from throughput_peers.processes import environment
from throughput_peers.turns import Contestant, take_turns

from tfgan_ref import cli
from tfgan_ref.errors import InputError

PARTS = ("pipeline", "training", "waiting")
SIDES = (256, 64)
BATCH_SIZE = 64
TURN_SECONDS = 3.0
PEERS = ("tf_data", "torch")
NAMES = {
    "files": "ours, from the files",
    "cache": "ours, from the cache",
    "tf_data": "`tf.data`, map over `decode_jpeg`",
    "torch": "PyTorch's DataLoader, 2 workers",
}
TRAINED = {"image_size": "256", "batch_size": "16", "width": "8", "steps": "40", "jit": "off"}
# Recipes of the zoo, which take digits at 28 pixels.
RECIPES = (
    "gan", "gan-conv", "dcgan", "lsgan", "hinge", "sngan", "wgan", "wgan-gp", "dragan", "r3gan", "infogan",
    "progressive", "ebgan", "began", "vae", "mse", "cgan", "acgan"
)  # fmt: skip


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS), help="some, with commas (%(default)s)")
    parser.add_argument("--n", type=int, default=60_000, help="pictures of each size (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each pipeline (%(default)s)")
    parser.add_argument("--recipes", default=",".join(RECIPES), help="that may wait (%(default)s)")
    parser.add_argument("--files", type=Path, help="directory for the files, which stay there")
    parser.add_argument("--torch-python", help="a Python with torch, numpy and Pillow")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    check_counts(arguments, "n", "rounds")
    check_names("part", arguments.parts.split(","), PARTS)
    make_output(arguments.out)
    return arguments


def make_pictures(folder: Path, n: int, side: int) -> None:
    """Makes ``n`` JPEG files of ``side`` pixels, if need be, in a sub-folder for each photograph."""
    if folder.is_dir() and sum(1 for _ in folder.rglob("*.jpg")) == n:
        return
    print(f"making {n:,} files of {side}x{side}", flush=True)
    parts = [range(start, min(start + 1000, n)) for start in range(0, n, 1000)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(_make_some, repeat(folder), repeat(side), parts))


def _make_some(folder: Path, side: int, numbers: range) -> None:
    import numpy as np
    from PIL import Image

    from tfgan_ref.data.images.photographs import read_photographs

    photographs = read_photographs(image_size=None, split="train")
    for number in numbers:
        rng = np.random.default_rng([side, number])
        pixels, (width, height), name = photographs[number % len(photographs)]
        left, top = rng.integers(0, (width - side + 1, height - side + 1))
        square = np.broadcast_to(pixels[top : top + side, left : left + side], (side, side, 3))
        noise = rng.integers(-8, 9, square.shape, np.int16)
        picture = Image.fromarray(np.clip(square + noise, 0, 255).astype(np.uint8))
        (folder / name).mkdir(parents=True, exist_ok=True)
        picture.save(folder / name / f"{number:06d}.jpg", quality=90)


def measure_pipelines(
    folder: Path, side: int, cache: Path, torch_python: str | None, rounds: int
) -> list[dict[str, Any]]:
    """Returns a row for each pipeline."""
    names = [name for name in NAMES if name != "torch" or torch_python]
    contestants: dict[str, Contestant] = {}
    with contextlib.ExitStack() as stack:
        for name in names:
            python = torch_python if name == "torch" else sys.executable
            words = [name, str(folder), str(side), str(BATCH_SIZE), str(cache)]
            command = [python, "-m", "streaming_peers.worker", *words]
            own = environment("cpu", ours=name in ("files", "cache"))
            contestants[name] = stack.enter_context(Contestant(command, own))
        for name, contestant in contestants.items():
            print(f"{NAMES[name]}: warms up", flush=True)
            contestant.warm_up(TURN_SECONDS)
        take_turns(list(contestants.values()), rounds)
    for name, contestant in contestants.items():
        if contestant.failure:
            raise InputError(f"{NAMES[name]} failed: {contestant.failure}")
    times = {name: contestant.seconds_per_step for name, contestant in contestants.items()}
    return [
        {
            "pipeline": name,
            "side": side,
            "pictures_per_second": BATCH_SIZE / statistics.median(times[name]),
            "times_as_fast_as_the_better_peer": statistics.median(
                min(times[peer][i] for peer in PEERS if peer in times) / own
                for i, own in enumerate(times[name])
            ),
            "memory_mb": contestants[name].memory_mb,
        }
        for name in names
    ]


def measure_training(folder: Path) -> dict[str, Any]:
    """Trains on the files for some steps in a process of its own; returns its memory and first step."""
    with tempfile.TemporaryDirectory() as scratch:
        settings = [f"{key}={value}" for key, value in TRAINED.items()]
        command = [sys.executable, __file__, "--worker", "train", "--files", str(folder), "--out", scratch]
        own = os.environ | {"XDG_CACHE_HOME": scratch, "TF_CPP_MIN_LOG_LEVEL": "3"}
        started = time.time()
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=own)
        if done.returncode:
            raise InputError(f"training: {done.stderr.strip().splitlines()[-1]}")
        found = json.loads(done.stdout.splitlines()[-1])
    return {
        "settings": settings,
        "first_step_seconds": found["first_step"] - started,
        "memory_mb": found["memory_mb"],
        "decoded_gb": found["decoded_gb"],
    }


def train(folder: Path, out: Path) -> None:
    """Trains dcgan on the files, and prints when its first step was done and the memory that it took."""
    import resource

    import keras

    from tfgan_ref.recipes import build_gan, find_recipe

    recipe = find_recipe("dcgan")
    settings = recipe.settings.from_text({"data": f"folder:{folder}", "stream": "on", **TRAINED})
    data = recipe.read(settings)
    gan = build_gan(recipe, settings, data.shape)
    batches = data.batches(settings.batch_size * gan.batches_per_step)
    times: list[float] = []
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: times.append(time.time()))
    gan.fit(batches, steps_per_epoch=settings.steps, verbose=0, shuffle=False, callbacks=[note])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"first_step": times[0], "memory_mb": memory, "decoded_gb": data.memory / 1e9}))


def make_digits(folder: Path) -> None:
    """Writes the embedded digits as JPEG files, a sub-folder for each class."""
    from PIL import Image

    from tfgan_ref import data

    digits = data.read("digits", image_size=28)
    for number, (pixels, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
        place = folder / digits.class_names[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[..., 0]).save(place / f"{number:04d}.jpg", quality=95)


def measure_waiting(name: str, folder: Path, rounds: int) -> dict[str, Any]:
    """Returns how much longer the steps of a recipe take from files, and from a cache, than from memory."""
    import waiting

    from tfgan_ref.recipes import build_gan, find_recipe

    recipe = find_recipe(name)
    given = {"data": f"folder:{folder}", "image_size": "28"}
    places = {
        "disk": {"stream": "on"},
        "cache": {"stream": "on", "cache": f"{folder}-decoded"},
        "memory": {"stream": "off"},
    }
    data = {place: recipe.read(recipe.settings.from_text(given | own)) for place, own in places.items()}
    settings = recipe.settings.from_text(given)
    gan = build_gan(recipe, settings, data["memory"].shape)
    batches = {
        place: part.batches(settings.batch_size * gan.batches_per_step) for place, part in data.items()
    }
    found = waiting.compare(gan, batches, "memory", rounds)
    return {
        "recipe": name,
        "batch_size": settings.batch_size,
        "rounds": rounds,
        "ms_in_memory": 1000 * found.seconds,
        **{f"{place}_over_memory": ratio for place, ratio in found.ratios.items()},
    }


def write(out: Path, found: dict[str, Any]) -> None:
    """Writes what was found, beside what there is of other parts, and prints the tables."""
    from study_common import table

    from tfgan_ref.files import write_json, write_text

    path = out / "results.json"
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    results |= found
    write_json(path, results)
    texts = []
    if rows := results.get("pipeline"):
        cells = [
            [
                NAMES[row["pipeline"]],
                f"{row['side']}x{row['side']}",
                f"{row['pictures_per_second']:,.0f}",
                f"{row['times_as_fast_as_the_better_peer']:.2f}",
            ]
            for row in rows
        ]
        texts.append(table(["pipeline", "pictures", "a second, 2 cores", "times the better peer"], cells))
    if row := results.get("training"):
        texts.append(
            f"Training on {row['decoded_gb']:.1f} GB of decoded pictures: {row['memory_mb']:,.0f} MB "
            f"resident, the first step after {row['first_step_seconds']:.1f} s."
        )
    if rows := results.get("waiting"):
        cells = [
            [f"`{row['recipe']}`", f"{row['ms_in_memory']:.1f}"]
            + [f"{row[f'{place}_over_memory']:.2f}" for place in ("disk", "cache")]
            for row in rows
        ]
        headings = ["recipe", "ms a step, in memory", "from disk / from memory", "from cache / from memory"]
        texts.append(table(headings, cells))
    text = "\n\n".join(texts)
    write_text(out / "table.md", text + "\n")
    print(f"\n{text}\n\n{out}")


def main() -> None:
    arguments = parse_arguments()
    cli.quiet_tensorflow()
    if arguments.worker == "train":
        train(arguments.files, arguments.out)
        return
    if arguments.worker:
        print(json.dumps(measure_waiting(arguments.worker, arguments.files, arguments.rounds)))
        return
    files = arguments.files or arguments.out / "files"
    parts = arguments.parts.split(",")
    found: dict[str, Any] = {"machine": describe_machine()}
    try:
        if "pipeline" in parts:
            found |= {"pipeline": [], "n": arguments.n, "rounds": arguments.rounds}
            for side in SIDES:
                make_pictures(files / str(side), arguments.n, side)
                place, python = files / f"cache{side}", arguments.torch_python
                found["pipeline"] += measure_pipelines(
                    files / str(side), side, place, python, arguments.rounds
                )
        if "training" in parts:
            make_pictures(files / str(SIDES[0]), arguments.n, SIDES[0])
            found["training"] = measure_training(files / str(SIDES[0]))
        if "waiting" in parts:
            make_digits(files / "digits")
            found["waiting"] = []
            for name in arguments.recipes.split(","):
                flags = {"files": files / "digits", "rounds": arguments.rounds, "out": arguments.out}
                found["waiting"].append(measure_apart(__file__, name, **flags))
                print(f"{name}: {found['waiting'][-1]['disk_over_memory']:.2f}", flush=True)
    finally:
        if arguments.files is None:
            shutil.rmtree(files, ignore_errors=True)
    write(arguments.out, found)


if __name__ == "__main__":
    cli.run(main)

"""What the papers claim of their types, looked up in the runs of ``zoo.py``.

python benchmarks/zoo.py --out benchmarks/results/zoo --runs runs/zoo
python benchmarks/claims.py --runs runs/zoo --out benchmarks/results/claims

wgan-gp      the critic's gradient norm between real and fake samples is near 1
sngan        the largest singular value of every normalised layer is 1
acgan        D names the class of real images that it never saw
ebgan        energy of real images < energy of fakes, and < margin, in most of the second half of the run
began        the convergence measure M falls

Each is looked up in the runs with all seeds. Writes DIR/results.json with a row for each claim, and prints
them as a table.
"""

import argparse
import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from arguments import Parser, make_output

from tfgan_ref import cli
from tfgan_ref.errors import InputError


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, required=True, help="run directories, NAME-seed=N")
    parser.add_argument("--out", type=Path, required=True, help="directory of results.json")
    arguments = parser.parse_args()
    if not arguments.runs.is_dir():
        raise InputError(f"--runs {arguments.runs} is no directory: name that of zoo.py's runs")
    make_output(arguments.out)
    return arguments


def logged(run: Path) -> list[dict[str, float]]:
    """Returns the rows of a run's metrics.csv."""
    with (run / "metrics.csv").open(encoding="utf-8", newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def second_half(run: Path) -> list[dict[str, float]]:
    """Returns the later half of the rows of a run's metrics.csv."""
    rows = logged(run)
    return rows[len(rows) // 2 :]


def gradient_norm(run: Path) -> tuple[str, float, bool]:
    """Looks at the last tenth of the run."""
    rows = logged(run)
    last = rows[-max(1, len(rows) // 10) :]
    norm = sum(row["interpolate_norm"] for row in last) / len(last)
    return "mean gradient norm at interpolates, last tenth of the run", norm, 0.9 <= norm <= 1.1


def singular_values(run: Path) -> tuple[str, float, bool]:
    """Decomposes the kernels in use: the one farthest from 1 is reported."""
    import numpy as np

    from tfgan_ref.networks.layers.reparametrised import spectral_layers
    from tfgan_ref.run import build

    largest = []
    for layer in spectral_layers(build.restore_gan(run).discriminator):
        kernel = np.array(layer.effective_kernel(), np.float64)
        largest.append(float(np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]))
    farthest = max(largest, key=lambda value: abs(value - 1))
    claim = f"largest singular value of {len(largest)} layers, the one farthest from 1"
    return claim, farthest, abs(farthest - 1) <= 0.01


def class_accuracy(run: Path) -> tuple[str, float, None]:
    """Shows D the test split of the run's data; the paper gives no number to compare with."""
    import numpy as np
    import tensorflow as tf

    from tfgan_ref import data
    from tfgan_ref.run import build

    settings = build.settings_of(run)
    held_out = data.read(
        settings.data, image_size=settings.image_size, split="test", data_dir=settings.data_dir
    )
    discriminator = build.restore_gan(run).discriminator
    images = tf.cast(held_out.images, tf.float32) / 127.5 - 1.0
    _, class_logits = discriminator(images, training=False)
    right = float(np.mean(class_logits.numpy().argmax(axis=1) == held_out.labels))
    return f"accuracy of D on {len(held_out.labels)} held-out real images", right, None


def energies(run: Path) -> tuple[str, float, bool]:
    """Counts the logged rows of the second half in which the order holds."""
    from tfgan_ref.run import build

    margin = build.settings_of(run).margin
    rows = second_half(run)
    share = sum(row["energy_real"] < row["energy_fake"] < margin for row in rows) / len(rows)
    return f"share of rows with real < fake < margin {margin}, second half", share, share > 0.5


def order(run: Path) -> tuple[str, float, bool]:
    """Counts the logged rows of the second half in which fakes have more energy, whatever the margin."""
    rows = second_half(run)
    share = sum(row["energy_real"] < row["energy_fake"] for row in rows) / len(rows)
    return "share of rows with real < fake, second half", share, share > 0.5


def convergence(run: Path) -> tuple[str, float, bool]:
    """Compares the last row with the first."""
    rows = logged(run)
    ratio = rows[-1]["convergence"] / rows[0]["convergence"]
    return "M at the end over M in the first row", ratio, ratio <= 0.5


CLAIMS: list[tuple[str, Callable[[Path], tuple[str, float, bool | None]]]] = [
    ("wgan-gp", gradient_norm),
    ("sngan", singular_values),
    ("acgan", class_accuracy),
    ("ebgan", order),
    ("ebgan", energies),
    ("began", convergence),
]


def main() -> None:
    arguments = parse_arguments()
    cli.quiet_tensorflow()

    from study_common import table

    from tfgan_ref.files import write_json

    rows: list[dict[str, Any]] = []
    for name, look in CLAIMS:
        runs = sorted(arguments.runs.glob(f"{name}-seed=*"))
        if not runs:
            print(f"{name}: there is no run {name}-seed=N in {arguments.runs}")
            continue
        found = [look(run) for run in runs]
        (what,) = {what for what, _, _ in found}
        holds = None if found[0][2] is None else all(holds for _, _, holds in found)
        rows.append(
            {"recipe": name, "what": what, "values": [value for _, value, _ in found], "holds": holds}
        )
    write_json(arguments.out / "results.json", rows)
    cells = [
        [
            row["recipe"],
            row["what"],
            ", ".join(f"{value:.4g}" for value in row["values"]),
            {True: "yes", False: "no"}.get(row["holds"], "-"),
        ]
        for row in rows
    ]
    print(table(["recipe", "what", "by seed", "holds"], cells))


if __name__ == "__main__":
    cli.run(main)

"""The minimax loss stalls against a strong discriminator, where the non-saturating one does not.

python benchmarks/saturation.py --out benchmarks/results/saturation

A small generator starts away from the eight modes of the ring, and D learns to tell its samples from them
before G moves (Goodfellow et al. 2014, section 3: "early in learning, when G is poor, D can reject samples
with high confidence"). Then G learns, by plain gradient descent or by Adam, which divides a gradient by its
own size. For each loss, optimizer and seed: a row in DIR/results.json with the norm of G's gradient and the
distance of its samples to the nearest mode over time; DIR/saturation.png draws them, DIR/table.md has means.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

from arguments import Parser, make_output, processor_name, whole_numbers

from tfgan_ref import cli
from tfgan_ref.errors import InputError

LOSSES = ("minimax", "non_saturating")
RATES = {"sgd": 0.02, "adam": 1e-3}  # of G; D always takes Adam with DISCRIMINATOR_RATE
DISCRIMINATOR_RATE = 1e-3
WIDTHS = (32,)  # of G: one layer, where D has three of 128
PRETRAINING = 1000  # updates of D before G's first
EVERY = 20  # steps from one look to the next
BATCH = 128
N_CRITIC = 5
POINTS = 1000  # samples whose distance is measured


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400, help="of G, a multiple of 20 (%(default)s)")
    parser.add_argument("--seeds", default="1,2,3", help="a list with commas (%(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of TensorFlow (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="directory of table, picture and results")
    arguments = parser.parse_args()
    if arguments.steps < EVERY or arguments.steps % EVERY:
        raise InputError(f"--steps {arguments.steps} is out of range: a multiple of {EVERY}")
    arguments.seeds = whole_numbers("seeds", arguments.seeds)
    make_output(arguments.out)
    return arguments


def measure(loss: str, optimizer: str, seed: int, steps: int) -> dict[str, Any]:
    """Trains D alone, then both; returns what is seen of it every ``EVERY`` steps."""
    import keras
    from mode_distributions import ring

    from tfgan_ref import networks
    from tfgan_ref.gans import VanillaGAN

    distribution = ring()
    gan = VanillaGAN(
        networks.point_generator(distribution.latent_dim, widths=WIDTHS, initializer="normal02", seed=seed),
        networks.point_discriminator(seed=seed + 1),
        loss=loss,
        n_critic=N_CRITIC,
        seed=seed,
        ema_decay=None,
    )
    waiting = PRETRAINING // N_CRITIC
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([waiting - 1], [0.0, RATES[optimizer]])
    kind = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}[optimizer]
    gan.compile(kind(rate), keras.optimizers.Adam(DISCRIMINATOR_RATE), steps_per_execution=EVERY)
    norms, distances = [], []

    def look(_: int, logs: dict[str, float]) -> None:
        norms.append(logs["g_gradient_norm"])
        points = gan.generate(POINTS, seed).numpy()
        gaps = points[:, None] - distribution.centres[None]
        distances.append(float((gaps**2).sum(axis=-1).min(axis=1).mean() ** 0.5))

    start = time.process_time()
    gan.fit(
        distribution.dataset(BATCH * N_CRITIC, seed),
        epochs=(waiting + steps) // EVERY,
        steps_per_epoch=EVERY,
        verbose=0,
        shuffle=False,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=look)],
    )
    return {
        "loss": loss,
        "optimizer": optimizer,
        "seed": seed,
        "gradient_norms": [float(f"{norm:.4g}") for norm in norms],
        "distances": [round(distance, 4) for distance in distances],
        "cpu_seconds": round(time.process_time() - start, 1),
    }


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Draws gradient norms and distances over the steps, a line for each seed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from study_common import save

    figure, panels = plt.subplots(2, len(RATES), figsize=(9, 5), sharex=True, squeeze=False)
    for row in rows:
        column = list(RATES).index(row["optimizer"])
        colour = f"C{LOSSES.index(row['loss'])}"
        steps = [EVERY * (n + 1) for n in range(len(row["distances"]))]
        label = row["loss"].replace("_", "-") if row["seed"] == rows[0]["seed"] else None
        panels[0, column].semilogy(steps, row["gradient_norms"], color=colour, linewidth=0.9, label=label)
        panels[1, column].plot(steps, row["distances"], color=colour, linewidth=0.9)
    for column, optimizer in enumerate(RATES):
        name = {"sgd": "gradient descent", "adam": "Adam"}[optimizer]
        panels[0, column].set(title=f"G by {name}", ylabel="norm of G's gradient")
        panels[1, column].set(ylabel="distance to a mode", xlabel="step", ylim=(0, None))
        for panel in panels[:, column]:
            panel.axvline(PRETRAINING // N_CRITIC, color="grey", linewidth=0.6)
    panels[0, 0].legend(frameon=False, fontsize=8)
    figure.tight_layout()
    save(figure, path)
    plt.close(figure)


def main() -> None:
    arguments = parse_arguments()
    cli.quiet_tensorflow()
    import tensorflow as tf
    from study_common import short, table

    from tfgan_ref.files import write_json, write_text

    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
    tf.config.experimental.enable_op_determinism()
    facts = {
        "steps": arguments.steps,
        "pretraining": PRETRAINING,
        "n_critic": N_CRITIC,
        "batch_size": BATCH,
        "every": EVERY,
        "cores": arguments.threads,
        "system_cores": os.cpu_count(),
        "processor": processor_name(),
        "tensorflow": tf.__version__,
    }
    rows = []
    for optimizer in RATES:
        for loss in LOSSES:
            for seed in arguments.seeds:
                row = measure(loss, optimizer, seed, arguments.steps)
                rows.append(row | facts)
                print(
                    f"{loss}, {optimizer}, seed {seed}: gradient {row['gradient_norms'][-1]:.2g}, "
                    f"distance {row['distances'][-1]:.2f}",
                    flush=True,
                )
    write_json(arguments.out / "results.json", rows)
    draw(rows, arguments.out / "saturation.png")
    cells = []
    for optimizer in RATES:
        for loss in LOSSES:
            of_it = [row for row in rows if (row["optimizer"], row["loss"]) == (optimizer, loss)]
            first = PRETRAINING // N_CRITIC // EVERY - 1  # the last look before G moves
            start, norms = (max if loss == "minimax" else min, [row["gradient_norms"] for row in of_it])
            distances = [row["distances"] for row in of_it]
            cells.append(
                [
                    loss,
                    optimizer,
                    short(start(values[first] for values in norms)),
                    ", ".join(f"{values[first]:.2f} to {values[-1]:.2f}" for values in distances),
                ]
            )
    headings = ["loss", "optimizer of G", "first gradient", "distance to a mode, by seed"]
    text = table(headings, cells)
    write_text(arguments.out / "table.md", text + "\n")
    print(f"\n{text}\n\n{arguments.out}")


if __name__ == "__main__":
    cli.run(main)

"""The minimax loss stalls against a strong discriminator, where the non-saturating one does not.

python benchmarks/saturation.py --out benchmarks/results/saturation

A small generator starts in the middle of the ring, away from its eight modes, and D learns to tell its
samples from them before G moves: "early in learning, when G is poor, D can reject samples with high
confidence" (Goodfellow et al. 2014, section 3). Then both learn, G by plain gradient descent or by Adam,
which divides a gradient by its own size. For each loss, optimizer and seed: a row in DIR/results.json with
the norm of G's gradient, a mean over 20 steps, and the root mean square distance of its samples to the
nearest mode, after them; DIR/saturation.png draws both, DIR/table.md has first gradients and distances.
"""

import argparse
import time
from pathlib import Path
from typing import Any

from arguments import Parser, make_output, whole_numbers

from tfgan_ref import cli
from tfgan_ref.errors import InputError
from tfgan_ref.training.starts import processor_name

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
    parser.add_argument("--steps", type=int, default=200, help="of G, a multiple of 20 (%(default)s)")
    parser.add_argument("--seeds", default="1,2,3", help="a list with commas (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="directory of table, picture and results")
    arguments = parser.parse_args()
    if arguments.steps < EVERY or arguments.steps % EVERY:
        raise InputError(f"--steps {arguments.steps} is out of range: a multiple of {EVERY}")
    arguments.seeds = whole_numbers("seeds", arguments.seeds)
    make_output(arguments.out)
    return arguments


def build(loss: str, seed: int) -> Any:
    """Builds the GAN, G's samples all near the middle of the ring."""
    from mode_distributions import ring

    from tfgan_ref import networks
    from tfgan_ref.gans import VanillaGAN

    distribution = ring()
    return VanillaGAN(
        networks.point_generator(distribution.latent_dim, widths=WIDTHS, initializer="normal02", seed=seed),
        networks.point_discriminator(seed=seed + 1),
        loss=loss,
        n_critic=N_CRITIC,
        seed=seed,
        ema_decay=None,
    )


def strong_discriminator(seed: int) -> list[Any]:
    """Trains D against a generator that stands still; returns its weights."""
    import keras
    from mode_distributions import ring

    gan = build("non_saturating", seed)
    gan.compile(
        keras.optimizers.SGD(0.0), keras.optimizers.Adam(DISCRIMINATOR_RATE), steps_per_execution=EVERY
    )
    gan.fit(
        ring().dataset(BATCH * N_CRITIC, seed),
        steps_per_epoch=PRETRAINING // N_CRITIC,
        verbose=0,
        shuffle=False,
    )
    return gan.discriminator.get_weights()


def measure(loss: str, optimizer: str, seed: int, steps: int, weights: list[Any]) -> dict[str, Any]:
    """Trains G and, from ``weights`` on, D; returns what is seen of G every ``EVERY`` steps."""
    import keras
    from mode_distributions import ring

    distribution = ring()
    gan = build(loss, seed)
    gan.discriminator.set_weights(weights)
    kind = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}[optimizer]
    gan.compile(kind(RATES[optimizer]), keras.optimizers.Adam(DISCRIMINATOR_RATE), steps_per_execution=EVERY)

    def distance() -> float:
        gaps = gan.generate(POINTS, seed).numpy()[:, None] - distribution.centres[None]
        return round(float((gaps**2).sum(axis=-1).min(axis=1).mean() ** 0.5), 4)

    norms, distances = [], [distance()]

    def look(_: int, logs: dict[str, float]) -> None:
        norms.append(float(f"{logs['g_gradient_norm']:.4g}"))
        distances.append(distance())

    start = time.process_time()
    gan.fit(
        distribution.dataset(BATCH * N_CRITIC, seed),
        epochs=steps // EVERY,
        steps_per_epoch=EVERY,
        verbose=0,
        shuffle=False,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=look)],
    )
    return {
        "loss": loss,
        "optimizer": optimizer,
        "seed": seed,
        "gradient_norms": norms,
        "distances": distances,
        "cpu_seconds": round(time.process_time() - start, 1),
    }


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Draws gradient norms and distances over the steps, a line for each seed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from study_common import save

    figure, panels = plt.subplots(2, len(RATES), figsize=(9, 5), sharex=True)
    for row in rows:
        column = list(RATES).index(row["optimizer"])
        line = {"color": f"C{LOSSES.index(row['loss'])}", "linewidth": 0.9}
        steps = [EVERY * n for n in range(len(row["distances"]))]
        label = row["loss"].replace("_", "-") if row["seed"] == rows[0]["seed"] else None
        panels[0, column].semilogy(steps[1:], row["gradient_norms"], label=label, **line)
        panels[1, column].plot(steps, row["distances"], **line)
    for column, title in enumerate(("G by gradient descent", "G by Adam")):
        panels[0, column].set(title=title, ylabel="norm of G's gradient")
        panels[1, column].set(ylabel="distance to a mode", xlabel="step", ylim=(0, None))
    panels[0, 0].legend(frameon=False, fontsize=8)
    figure.tight_layout()
    save(figure, path)
    plt.close(figure)


def table_cells(rows: list[dict[str, Any]]) -> list[list[str]]:
    """Returns a line for each loss and optimizer: gradients of the first steps, distances by seed."""
    cells = []
    for optimizer in RATES:
        for loss in LOSSES:
            runs = [row for row in rows if (row["optimizer"], row["loss"]) == (optimizer, loss)]
            first = ", ".join(f"{row['gradient_norms'][0]:.2g}" for row in runs)
            ways = (f"{row['distances'][0]:.2f} to {row['distances'][-1]:.2f}" for row in runs)
            cells.append([loss, optimizer, first, ", ".join(ways)])
    return cells


def main() -> None:
    arguments = parse_arguments()
    cli.quiet_tensorflow()
    import tensorflow as tf
    from study_common import table

    from tfgan_ref.files import write_json, write_text

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    facts = {
        "steps": arguments.steps,
        "pretraining": PRETRAINING,
        "n_critic": N_CRITIC,
        "batch_size": BATCH,
        "every": EVERY,
        "cores": 1,
        "processor": processor_name(),
        "tensorflow": tf.__version__,
    }
    rows = []
    for seed in arguments.seeds:
        weights = strong_discriminator(seed)
        for optimizer in RATES:
            for loss in LOSSES:
                row = measure(loss, optimizer, seed, arguments.steps, weights)
                rows.append(row | facts)
                first, last = row["gradient_norms"][0], row["distances"][-1]
                print(
                    f"{loss}, {optimizer}, seed {seed}: gradient {first:.2g}, distance {last:.2f}", flush=True
                )
    write_json(arguments.out / "results.json", rows)
    draw(rows, arguments.out / "saturation.png")
    headings = ["loss", "optimizer of G", "gradient at first, by seed", "distance to a mode, by seed"]
    text = table(headings, table_cells(rows))
    write_text(arguments.out / "table.md", text + "\n")
    print(f"\n{text}\n\n{arguments.out}")


if __name__ == "__main__":
    cli.run(main)

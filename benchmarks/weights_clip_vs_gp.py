"""What weight clipping and the gradient penalty do to a critic: its weights, and its gradient by the input.

python benchmarks/weights_clip_vs_gp.py --out benchmarks/results/weights_clip_vs_gp

Trains the recipes wgan and wgan-gp on the same data with the same networks, n_critic and number of steps.
Clipped weights pile up at -c and c, penalised ones do not; the penalised critic's gradient norm at points
between real and fake samples comes to 1, the clipped one's goes where the clip lets it (Gulrajani et al.
2017, figure 1). Writes DIR/weights.png and DIR/results.json, with a row for each recipe.
"""

import argparse
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from arguments import Parser, make_output

from tfgan_ref import cli
from tfgan_ref.errors import InputError

PAPERS_CLIP = 0.01
NEAR = 0.02  # of c: weights this near to -c or c have piled up
CHECKS = 20  # times in a run that the gradient norm is looked at


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits", help="images of 28 pixels (%(default)s)")
    parser.add_argument("--data-dir", help="where tensorflow-datasets keeps its data")
    parser.add_argument("--steps", type=int, default=200, help="generator updates (%(default)s)")
    parser.add_argument("--width", type=int, default=32, help="filters of DCGAN (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and noise (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="directory of picture and results")
    arguments = parser.parse_args()
    if arguments.steps < CHECKS or arguments.steps % CHECKS:
        raise InputError(f"--steps {arguments.steps} is out of range: a multiple of {CHECKS}")
    make_output(arguments.out)
    return arguments


def main() -> None:
    arguments = parse_arguments()
    cli.quiet_tensorflow()

    import matplotlib
    import numpy as np
    import tensorflow as tf
    from study_common import save, table

    from tfgan_ref import data, randomness
    from tfgan_ref.data.pipeline import DataShape
    from tfgan_ref.files import write_json
    from tfgan_ref.gans.penalties import interpolate_norms
    from tfgan_ref.recipes import build_gan, find_recipe
    from tfgan_ref.training.callbacks import PeriodicCallback

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    tf.config.experimental.enable_op_determinism()
    arrays = data.read(arguments.data, image_size=28, data_dir=arguments.data_dir)
    shape = DataShape(tuple(arrays.images.shape[1:]), None)

    def measure(name: str) -> tuple[dict[str, Any], np.ndarray, list[float]]:
        recipe = find_recipe(name)
        settings = recipe.settings(
            data=arguments.data,
            steps=arguments.steps,
            width=arguments.width,
            batch_size=32,
            seed=arguments.seed,
            **({"clip": PAPERS_CLIP, "learning_rate": 2e-4} if name == "wgan" else {}),
        )
        gan = build_gan(recipe, settings, shape)
        dataset = data.batches(arrays, batch_size=32 * gan.n_critic, seed=arguments.seed)
        held = next(iter(data.batches(arrays, batch_size=512, seed=arguments.seed + 1)))["image"]
        norms, start = [], time.monotonic()

        class NormAtInterpolates(PeriodicCallback):
            def act(self, step: int, logs: Mapping[str, float]) -> None:
                fakes = gan.generator(randomness.sample_latents(512, gan.latent_dim, tf.constant([step, 1])))
                norms.append(
                    interpolate_norms(gan.discriminator, held, fakes, tf.constant([step, 2])).numpy()
                )

        every = arguments.steps // CHECKS
        gan.steps_per_execution = every
        logs = gan.fit(
            dataset,
            steps_per_epoch=arguments.steps,
            verbose=0,
            shuffle=False,
            callbacks=[NormAtInterpolates(every)],
        ).history
        weights = np.concatenate([np.ravel(v) for v in gan.discriminator.trainable_variables])
        row = {
            "recipe": name,
            "interpolate_norm": float(norms[-1].mean()),
            "d_loss": logs["d_loss"][0],
            "largest_weight": float(np.abs(weights).max()),
            "weights": len(weights),
            "seconds": round(time.monotonic() - start, 1),
        }
        if name == "wgan":
            row["piled_up"] = float(np.mean(np.abs(weights) > (1 - NEAR) * settings.clip))
        else:
            # The same question with this critic's own largest weight for c.
            row["piled_up"] = float(np.mean(np.abs(weights) > (1 - NEAR) * np.abs(weights).max()))
        row |= {
            "steps": arguments.steps,
            "seed": arguments.seed,
            "data": arrays.name,
            "cores": os.cpu_count(),
        }
        print(f"{name}: gradient norm {norms[-1].mean():.3f}, {row['piled_up']:.1%} of the weights piled up")
        return row, weights, [float(norm.mean()) for norm in norms]

    found = {name: measure(name) for name in ("wgan", "wgan-gp")}
    figure, panels = plt.subplots(1, 3, figsize=(11, 3))
    for panel, (name, (_, weights, _)) in zip(panels, found.items(), strict=False):
        panel.hist(weights, bins=101, color="tab:blue")
        panel.set(title=f"{name}: weights of the critic", yticks=[], xlabel="weight")
    for name, (_, _, norms) in found.items():
        steps = np.arange(1, CHECKS + 1) * arguments.steps // CHECKS
        panels[2].semilogy(steps, norms, label=name)
    panels[2].axhline(1, color="grey", linewidth=0.6)
    panels[2].set(title="gradient norm between real and fake", xlabel="generator step")
    panels[2].legend(frameon=False)
    figure.tight_layout()
    save(figure, arguments.out / "weights.png")
    rows = [row for row, *_ in found.values()]
    write_json(arguments.out / "results.json", rows)
    keys = ("recipe", "interpolate_norm", "piled_up", "largest_weight", "seconds")
    cells = [
        [f"{row[key]:.3g}" if isinstance(row[key], float) else str(row[key]) for key in keys] for row in rows
    ]
    print(f"\n{table(keys, cells)}\n\n{arguments.out}")


if __name__ == "__main__":
    cli.run(main)

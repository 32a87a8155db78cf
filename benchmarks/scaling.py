"""What replicas exchange in a step, and what that would cost on 8, 64 and 512 accelerators.

python benchmarks/scaling.py --out benchmarks/results/scaling

For each recipe: the bytes of gradients that all replicas sum in one step (float32, G once and D n_critic
times), the seconds of a step measured here on one device, and an estimate of the share of the time that N
replicas spend on computing: t / (t + c), where c = 2 (N - 1) / N * bytes / bandwidth + 2 (N - 1) * latency *
messages is a ring's, not overlapped with anything, and t is the measured step divided by --speed-up, how much
faster an accelerator is than this machine. Writes DIR/results.json and DIR/table.md.
"""

import argparse
import time
from pathlib import Path

from arguments import Parser, describe_machine, make_output

from tfgan_ref import cli
from tfgan_ref.errors import InputError

REPLICAS = (8, 64, 512)
STEPS = 8


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--recipes", default="gan,dcgan,cgan,wgan-gp,dcgan64", help="a list with commas (%(default)s)"
    )
    parser.add_argument("--bandwidth", type=float, default=25.0, help="of a link, GB/s (%(default)s)")
    parser.add_argument("--latency", type=float, default=5.0, help="of a message, microseconds (%(default)s)")
    parser.add_argument("--speed-up", type=float, default=100.0, help="of an accelerator (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    for flag in ("bandwidth", "latency", "speed_up"):
        if getattr(arguments, flag) <= 0:
            raise InputError(
                f"--{flag.replace('_', '-')} {getattr(arguments, flag)} is out of range: above 0"
            )
    make_output(arguments.out)
    return arguments


def main() -> None:
    arguments = parse_arguments()
    cli.quiet_tensorflow()

    import tensorflow as tf
    from study_common import table, write_rows

    from tfgan_ref.recipes import build_gan, find_recipe

    rows, cells = [], []
    for name in arguments.recipes.split(","):
        recipe = find_recipe(name)
        texts = {"image_size": "64", "channels": "3", "batch_size": "8"} if name == "dcgan64" else {}
        settings = recipe.settings.from_text(texts)
        data = recipe.read(settings)
        gan = build_gan(recipe, settings, data.shape)
        updates = {**dict.fromkeys(gan.g_networks, 1), **dict.fromkeys(gan.d_networks, gan.n_critic)}
        exchanged = sum(
            4 * variable.value.shape.num_elements() * times
            for network, times in updates.items()
            for variable in getattr(gan, network).trainable_variables
        )
        messages = 1 + gan.n_critic
        step = tf.function(gan.train_step)
        batches = iter(data.batches(settings.batch_size * gan.batches_per_step))
        step(next(batches))
        taken = []
        for _ in range(STEPS):
            batch = next(batches)
            start = time.monotonic()
            step(batch)["g_loss"].numpy()
            taken.append(time.monotonic() - start)
        seconds = sorted(taken)[STEPS // 2]
        compute = seconds / arguments.speed_up
        shares = {}
        for n in REPLICAS:
            ring = 2 * (n - 1) / n * exchanged / (arguments.bandwidth * 1e9)
            shares[n] = compute / (compute + ring + 2 * (n - 1) * arguments.latency * 1e-6 * messages)
        rows.append(
            {
                "recipe": name,
                "batch_size": settings.batch_size,
                "bytes_per_step": exchanged,
                "seconds": seconds,
                **{f"share_{n}": share for n, share in shares.items()},
            }
        )
        cells.append(
            [
                f"`{name}`",
                str(settings.batch_size),
                f"{exchanged / 1e6:.1f} MB",
                f"{1000 * seconds:.0f} ms",
                *(f"{share:.0%}" for share in shares.values()),
            ]
        )
    facts = {
        "bandwidth": arguments.bandwidth,
        "latency": arguments.latency,
        "speed_up": arguments.speed_up,
        "machine": describe_machine(),
    }
    headings = ["recipe", "batch of a replica", "exchanged in a step", "step here"]
    text = table([*headings, *(f"on {n}" for n in REPLICAS)], cells)
    write_rows(arguments.out, rows, facts, text)
    print(f"\n{text}\n{arguments.out}")


if __name__ == "__main__":
    cli.run(main)

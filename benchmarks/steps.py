"""What a training step of every recipe costs, and whether the input pipeline ever keeps it waiting.

python benchmarks/steps.py --out benchmarks/results/steps
python benchmarks/steps.py --recipes cgan,text --rounds 5 --out DIR

Each recipe runs at its defaults in a process of its own. Steps from the input pipeline and steps from one
batch that is already in memory take turns in one process; the ratio of their times is the median over the
rounds, and the time of a step is this ratio times the median of those from memory. "First step" is from the
start of the process, data read and graph traced. "Memory" is the largest resident set. Where weights would
have to be fetched (srgan), the recipe runs without them, which is said. Writes DIR/results.json and
DIR/table.md.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from apart import measure_apart
from arguments import Parser, check_counts, describe_machine, make_output

from tfgan_ref import cli

OWN = {"srgan": {"perceptual": "none"}}  # settings without which a recipe needs files of the user's
BOTTLENECK = 1.10  # a step from the pipeline may take so many times one from memory


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", help="some, with commas (default: all)")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each kind of step (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    check_counts(arguments, "rounds")
    make_output(arguments.out)
    return arguments


def measure(name: str, rounds: int, started: float) -> dict[str, Any]:
    """Returns the row of a recipe; ``started`` is when its process was, in seconds of ``time.time``."""
    import resource

    import tensorflow as tf
    import waiting

    from tfgan_ref.recipes import build_gan, find_recipe

    recipe = find_recipe(name)
    settings = recipe.settings.from_text(OWN.get(name, {}))
    data = recipe.read(settings)
    gan = build_gan(recipe, settings, data.shape)
    pipeline = data.batches(settings.batch_size * gan.batches_per_step)
    memory = tf.data.Dataset.from_tensors(next(iter(pipeline))).repeat()
    gan.fit(pipeline, steps_per_epoch=1, verbose=0, shuffle=False)
    first = time.time() - started
    found = waiting.compare(gan, {"pipeline": pipeline, "memory": memory}, "memory", rounds)
    ratio = found.ratios["pipeline"]
    step = ratio * found.seconds
    return {
        "recipe": name,
        "batch_size": settings.batch_size,
        "ms": 1000 * step,
        "examples_per_second": settings.batch_size * gan.batches_per_step / step,
        "pipeline_over_memory": ratio,
        "first_step_seconds": first,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    started = time.time()
    arguments = parse_arguments()
    if arguments.worker:
        cli.prepare_scoring()
        print(json.dumps(measure(arguments.worker, arguments.rounds, started)))
        return
    cli.quiet_tensorflow()

    from study_common import table, write_rows

    from tfgan_ref.recipes import RECIPES, find_recipe

    names = [find_recipe(name).name for name in (arguments.recipes or ",".join(RECIPES)).split(",")]
    rows = []
    for name in names:
        rows.append(measure_apart(__file__, name, out=arguments.out, rounds=arguments.rounds))
        print(f"{name}: {rows[-1]['ms']:.1f} ms", flush=True)
    facts = {"rounds": arguments.rounds, "machine": describe_machine()}
    heads = ["recipe", "batch", "ms a step", "examples/s", "from the pipeline / from memory"]
    cells = [
        [
            f"`{row['recipe']}`",
            str(row["batch_size"]),
            f"{row['ms']:.1f}",
            f"{row['examples_per_second']:.0f}",
            f"{row['pipeline_over_memory']:.2f}",
            f"{row['first_step_seconds']:.1f}",
            f"{row['memory_mb']:.0f}",
        ]
        for row in rows
    ]
    text = table([*heads, "first step (s)", "memory (MB)"], cells)
    write_rows(arguments.out, rows, facts, text)
    late = [row["recipe"] for row in rows if row["pipeline_over_memory"] > BOTTLENECK]
    print(f"\n{text}\nkept waiting by the pipeline by over 10 %: {', '.join(late) or 'none'}")


if __name__ == "__main__":
    cli.run(main)

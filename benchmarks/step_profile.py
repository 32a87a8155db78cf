"""Where the time of our training steps goes, and so what keeps them below what the machine can do.

python benchmarks/step_profile.py --out benchmarks/results/step_profile
python benchmarks/step_profile.py --cases mlp,wgan_gp --rounds 5 --out DIR

The steps are ours of benchmarks/throughput.py: same nets, batches and settings, each case in a process of
its own. TensorFlow's profiler records every operation; here one operation runs after another, each on all
threads, so that their times add up. "Reach" is the arithmetic of a step over the time of its convolutions and
matrix products alone, "limit" what a large convolution reaches in the same process. Where the first is far
below the second, the layers' shapes are what limits the step: if all else took no time, it would still use
only what "without the rest" says. Writes DIR/results.json and DIR/table.md.
"""

import argparse
import collections
import json
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apart import measure_apart
from arguments import Parser, check_counts, check_names, describe_machine, make_output
from throughput_peers.cases import CASES, CPU_CASES

from tfgan_ref import cli

if TYPE_CHECKING:
    import tensorflow as tf

    from tfgan_ref.gans import GAN

TURN_SECONDS = 2.0
KINDS = ("products", "optimizers", "batch norm", "random draws", "rest")


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", default=",".join(CPU_CASES), help="some of %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="profiles of each case (%(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of every operation (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.cases = arguments.cases.split(",")
    check_names("case", arguments.cases, CPU_CASES)
    check_counts(arguments, "rounds", "threads")
    make_output(arguments.out)
    return arguments


def kind_of(event: str) -> str | None:
    """Returns the kind of a graph's operation by its event, "path/name:type"; None for other events."""
    path, _, operation = event.rpartition(":")
    if "/" not in path:
        return None
    if re.search("MatMul|Conv2D", operation):
        return "products"
    if re.search(r"/fused_adam(_\d+)?/", path):
        return "optimizers"
    if "batch_normalization" in path:
        return "batch norm"
    return "random draws" if "StatelessRandom" in operation else "rest"


def operation_seconds(action: Callable[[], None]) -> dict[str, float]:
    """Returns the seconds that operations of each kind take while ``action`` runs."""
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            action()
        (recorded,) = Path(folder).rglob("*.xplane.pb")
        space = xplane_pb2.XSpace.FromString(recorded.read_bytes())
    plane = next(plane for plane in space.planes if plane.name == "/host:CPU")
    seconds = collections.Counter()
    for line in plane.lines:
        if line.name.startswith("tf_data"):
            continue  # the input pipeline works beside the step
        for event in line.events:
            kind = kind_of(plane.event_metadata[event.metadata_id].name)
            if kind is not None:
                seconds[kind] += event.duration_ps / 1e12
    return {kind: seconds[kind] for kind in KINDS}


def train(gan: "GAN", dataset: "tf.data.Dataset", steps: int) -> float:
    """Returns the seconds that ``steps`` steps take."""
    start = time.perf_counter()
    gan.fit(dataset, steps_per_epoch=steps, verbose=0, shuffle=False)
    return time.perf_counter() - start


def measure(name: str, rounds: int, threads: int) -> dict[str, Any]:
    """Returns the row of a case."""
    import tensorflow as tf
    from throughput_peers import report, tensorflow_common, tensorflow_limit, tensorflow_ours

    tensorflow_common.set_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    limit = tensorflow_limit.flops_per_second(*tensorflow_limit.convolution())
    gan, dataset = tensorflow_ours.prepare(CASES[name])
    together = gan.steps_per_execution
    train(gan, dataset, together)
    steps = together * max(1, round(TURN_SECONDS / train(gan, dataset, together)))
    step_seconds, turns = [], []
    for _ in range(rounds):
        step_seconds.append(train(gan, dataset, steps) / steps)
        turns.append(operation_seconds(lambda: train(gan, dataset, steps)))
    entry = report.ENTRIES["ours"]
    flops = CASES[name].step_flops(entry.generator_forwards, entry.discriminator_forwards)
    shares = {kind: statistics.median(turn[kind] / sum(turn.values()) for turn in turns) for kind in KINDS}
    products = statistics.median(turn["products"] for turn in turns) / steps
    return {
        "case": name,
        "batch_size": CASES[name].batch_size,
        "steps_profiled": rounds * steps,
        "ms": 1000 * statistics.median(step_seconds),
        "shares": shares,
        "reach_gflops": flops / products / 1e9,
        "limit_gflops": limit / 1e9,
        "utilisation_without_the_rest": flops / products / limit,
    }


def main() -> None:
    arguments = parse_arguments()
    cli.quiet_tensorflow()
    if arguments.worker:
        print(json.dumps(measure(arguments.worker, arguments.rounds, arguments.threads)))
        return

    from study_common import table, write_rows

    rows = []
    flags = {"out": arguments.out, "rounds": arguments.rounds, "threads": arguments.threads}
    for case in arguments.cases:
        rows.append(measure_apart(__file__, case, **flags))
        print(f"{case}: {rows[-1]['ms']:.1f} ms", flush=True)
    facts = {"threads": arguments.threads, "rounds": arguments.rounds, "machine": describe_machine()}
    heads = ["net", "convolutions and products", *KINDS[1:], "reach / limit (GFLOP/s)", "without the rest"]
    cells = [
        [
            f"{CASES[row['case']].title}, batch {row['batch_size']}",
            *(f"{row['shares'][kind]:.0%}" for kind in KINDS),
            f"{row['reach_gflops']:.0f} / {row['limit_gflops']:.0f}",
            f"{row['utilisation_without_the_rest']:.0%}",
        ]
        for row in rows
    ]
    text = table(heads, cells)
    write_rows(arguments.out, rows, facts, text)
    print(f"\n{text}")


if __name__ == "__main__":
    cli.run(main)

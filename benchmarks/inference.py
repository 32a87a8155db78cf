"""What drawing, scoring and enlarging cost, beside what the machine can do.

python benchmarks/inference.py --out benchmarks/results/inference
python benchmarks/inference.py --parts tiles --picture 1200x900 --rounds 5 --out DIR

Parts: `draw`, the recipe dcgan's generator as sampling and evaluation call it; `classifier` and `inception`,
the networks that evaluation takes its features from; `tiles`, the recipe srresnet's generator on one picture,
whole and in tiles of several sides. Nothing is trained and InceptionV3's weights are random: the arithmetic
is the same, and no picture or score is shown. Each row is measured in a process of its own; "utilisation" is
the arithmetic that the result needs, margins of tiles left out, over what a large convolution reaches in the
same process; "memory" is the largest resident set. Writes DIR/results.json and DIR/table.md.
"""

import argparse
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

from tfgan_ref import cli
from tfgan_ref.errors import InputError

if TYPE_CHECKING:
    import keras

TILES = ("128", "192", "256", "384", "whole")
PARTS = ("draw", "classifier", "inception", "tiles")
DRAWN, CLASSIFIED, SEEN = 1000, 1000, 32  # images of a round


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS), help="some of %(default)s")
    parser.add_argument("--picture", default="640x480", help="WIDTHxHEIGHT to enlarge (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="of each row, after a first one (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.parts = arguments.parts.split(",")
    check_names("part", arguments.parts, PARTS)
    if not re.fullmatch(r"[1-9]\d{1,3}x[1-9]\d{1,3}", arguments.picture):
        raise InputError(
            f"--picture {arguments.picture} is no WIDTHxHEIGHT of 10 to 9999 pixels, like 640x480"
        )
    check_counts(arguments, "rounds")
    make_output(arguments.out)
    return arguments


def flops_of(network: "keras.Model", *shape: int) -> int:
    """Returns the floating-point operations of a forward pass on one example of a shape."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    from tfgan_ref.run.dry_run import graph_flops

    call = tf.function(lambda x: network(x, training=False))
    frozen = convert_variables_to_constants_v2(
        call.get_concrete_function(tf.TensorSpec((1, *shape), tf.float32))
    )
    return graph_flops(frozen.graph)


def drawing() -> tuple[Callable[[], Any], str, float, int]:
    """Returns what draws digits, its unit, how many of it a call makes, and its FLOPs."""
    from tfgan_ref.data.pipeline import DataShape
    from tfgan_ref.recipes import build_gan, find_recipe
    from tfgan_ref.run.sample import sampler_of

    recipe = find_recipe("dcgan")
    gan = build_gan(recipe, recipe.settings(), DataShape((28, 28, 1), None))
    sampler = sampler_of(gan)
    latents = sampler.latents(DRAWN, 0)
    return lambda: sampler.draw(latents), "images", DRAWN, DRAWN * flops_of(gan.generator, gan.latent_dim)


def classifying() -> tuple[Callable[[], Any], str, float, int]:
    """Returns what takes features by the small classifier, and the same of it."""
    import numpy as np

    from tfgan_ref.evaluation import SmallClassifier
    from tfgan_ref.networks.features.classifier import small_classifier

    extractor = SmallClassifier(small_classifier((28, 28, 1), 10), 0.0, 0, "noise", "untrained")
    images = np.random.default_rng(0).integers(0, 256, (CLASSIFIED, 28, 28, 1), np.uint8)
    return (
        lambda: extractor(images),
        "images",
        CLASSIFIED,
        CLASSIFIED * flops_of(extractor.network, 28, 28, 1),
    )


def inception() -> tuple[Callable[[], Any], str, float, int]:
    """Returns what takes features by InceptionV3, and the same of it."""
    import keras
    import numpy as np

    from tfgan_ref.networks.features.inception_keras import InceptionKeras

    network = keras.applications.InceptionV3(weights=None, classifier_activation=None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.weights.h5"
        network.save_weights(path)
        extractor = InceptionKeras(path)
    images = np.random.default_rng(0).integers(0, 256, (SEEN, 64, 64, 3), np.uint8)
    return lambda: extractor(images), "images", SEEN, SEEN * flops_of(network, 299, 299, 3)


def enlarging(tile: str, picture: str) -> tuple[Callable[[], Any], str, float, int]:
    """Returns what enlarges a picture in tiles of a side, and the same of it; "whole" cuts nothing."""
    import numpy as np

    from tfgan_ref.data.pipeline import DataShape
    from tfgan_ref.recipes import build_gan, find_recipe
    from tfgan_ref.run.translator import translator_of

    width, height = map(int, picture.split("x"))
    recipe = find_recipe("srresnet")
    settings = recipe.settings()
    gan = build_gan(recipe, settings, DataShape((96, 96, 3), None))
    translator = translator_of(gan, tile=max(width, height) if tile == "whole" else int(tile))
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    flops = flops_of(gan.generator, height, width, 3)
    made = settings.scale**2 * height * width / 1e6
    return lambda: translator.apply(pixels), "megapixels made", made, flops


def measure(row: str, picture: str, rounds: int) -> dict[str, Any]:
    """Returns one row of the table."""
    import resource

    from throughput_peers import tensorflow_limit

    part, _, tile = row.partition(" ")
    makers = {"draw": drawing, "classifier": classifying, "inception": inception}
    action, unit, amount, flops = enlarging(tile, picture) if tile else makers[part]()
    action()  # traces
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    second = statistics.median(seconds)
    limit = tensorflow_limit.flops_per_second(*tensorflow_limit.convolution())
    return {
        "row": row,
        "unit": unit,
        "per_second": amount / second,
        "gflops": flops / second / 1e9,
        "limit_gflops": limit / 1e9,
        "utilisation": flops / second / limit,
        "memory_mb": memory,
        "seconds": seconds,
    }


def main() -> None:
    arguments = parse_arguments()
    cli.quiet_tensorflow()
    if arguments.worker:
        print(json.dumps(measure(arguments.worker, arguments.picture, arguments.rounds)))
        return

    from study_common import table, write_rows

    names = [part for part in arguments.parts if part != "tiles"]
    names += [f"tiles {tile}" for tile in TILES] if "tiles" in arguments.parts else []
    flags = {"out": arguments.out, "picture": arguments.picture, "rounds": arguments.rounds}
    rows = []
    for name in names:
        rows.append(measure_apart(__file__, name, **flags))
        print(f"{name}: {rows[-1]['per_second']:.3g} {rows[-1]['unit']}/s", flush=True)
    facts = {"picture": arguments.picture, "rounds": arguments.rounds, "machine": describe_machine()}
    cells = [
        [
            row["row"],
            f"{row['per_second']:.3g} {row['unit']}",
            f"{row['gflops']:.0f} / {row['limit_gflops']:.0f}",
            f"{row['utilisation']:.0%}",
            f"{row['memory_mb']:.0f}",
        ]
        for row in rows
    ]
    heads = ["what", "per second", "GFLOP/s / limit", "utilisation", "memory (MB)"]
    text = table(heads, cells)
    write_rows(arguments.out, rows, facts, text)
    print(f"\n{text}")


if __name__ == "__main__":
    cli.run(main)

"""Learning complete images from incomplete ones: is measuring the fakes worth it?

python benchmarks/missing_values.py --out benchmarks/results/missing_values

Trains DCGAN in three ways with the same settings and each seed: on whole images; on images of which half of
the pixels are missing at random, with the same kind of mask put on the fakes before D sees them (Bora et al.
2018); and on the same images taken as they come, zeros where pixels are missing. Scores are against whole
images that are held out of training, and there is each generator's distance to the one of its seed that saw
whole images. Writes table.md, comparison.png, results.json.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from arguments import Parser, make_output

from tfgan_ref import cli

METRICS = ("fid", "kid", "precision_recall", "density_coverage")
SAMPLES = 2000  # of each generator, for the distances between them
WAYS = {
    "whole": {},
    "measured": {"missing": "0.5"},
    "zero-filled": {"missing": "0.5", "measure_fakes": "false"},
}


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    parser.add_argument("--runs", type=Path, help="directory for the run directories (default: --out)")
    parser.add_argument("--data", default="digits", help="real images with labels (%(default)s)")
    parser.add_argument("--steps", default="2000", help="generator updates of each (%(default)s)")
    parser.add_argument("--width", default="16", help="filters of DCGAN (%(default)s)")
    parser.add_argument("--seeds", default="0,1,2", help="of training, each way with each (%(default)s)")
    parser.add_argument("--n", type=int, default=10000, help="samples of each (%(default)s)")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    make_output(arguments.out)
    cli.prepare_scoring()

    import numpy as np

    from tfgan_ref import data
    from tfgan_ref.evaluation import classifier_for
    from tfgan_ref.files import write_json
    from tfgan_ref.metrics import frechet_distance
    from tfgan_ref.run import compare, compare_results
    from tfgan_ref.run.sample import open_sampler

    shared = {key: getattr(arguments, key) for key in ("data", "steps", "width")} | {"batch_size": "32"}
    seeds = arguments.seeds.split(",")
    entries = []
    for way, own in WAYS.items():
        planned = compare.plan(["dcgan"], {**shared, **own}, arguments.runs or arguments.out, seeds=seeds)
        for entry in planned:
            name = entry.name.replace("dcgan", way)
            entries.append(replace(entry, name=name, path=entry.path.with_name(name), group=way))
    rows = compare.compare(entries, metrics=METRICS, n=arguments.n)
    if rows is None:
        print("stopped; the same command goes on")
        return 130
    settings = entries[0].settings
    extractor = classifier_for(data.read(settings.data, image_size=settings.image_size))
    features = {}
    for entry in entries:
        sampler = open_sampler(entry.path)
        drawn = sampler.draw(sampler.latents(SAMPLES, 1))
        features[entry.group, entry.settings.seed] = extractor(drawn)[0].astype(np.float64)
    distances = {
        (way, seed): frechet_distance(features["whole", seed], found)
        for (way, seed), found in features.items()
        if way != "whole"
    }
    compare_results.write(rows, arguments.out)
    results = [
        row.to_dict() | {"distance_to_whole": distances.get((row.entry.group, row.entry.settings.seed))}
        for row in rows
    ]
    write_json(arguments.out / "results.json", results)
    print(f"\n{compare_results.table(rows)}")
    for (way, seed), distance in distances.items():
        print(f"{way}, seed {seed}: {distance:.2f} from the generator that saw whole images")
    return 0


if __name__ == "__main__":
    cli.run(main)

"""Scores a generator, or any images, against real data; or pairs of pictures against each other.

python scripts/evaluate.py runs/demo
python scripts/evaluate.py runs/demo --metrics fid,kid --n 5000 --out scores.json
python scripts/evaluate.py folder:generated --data folder:photographs --features inception-fid --weights FILE
python scripts/evaluate.py --pairs originals restored --metrics psnr,ssim
"""

import argparse
from pathlib import Path

from tfgan_ref import cli
from tfgan_ref.errors import InputError

METRICS = "is,fid,kid,mode_score,mmd,wasserstein,one_nn,precision_recall,density_coverage"
PAIR_METRICS = "psnr,ssim"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "model",
        nargs="?",
        help="a run directory, a SavedModel, or images: folder:PATH, npz:PATH, digits",
    )
    parser.add_argument("--data", help="the real data (default: those that the run was trained on)")
    parser.add_argument("--data-dir", help="where tensorflow-datasets keeps its data")
    parser.add_argument("--split", default="train", help="of the real data")
    parser.add_argument("--image-size", type=int, help="resize images of a folder to this size")
    parser.add_argument("--metrics", help=f"a list with commas (default {METRICS}; of pairs {PAIR_METRICS})")
    parser.add_argument(
        "--features", default="classifier", help="classifier (default), inception-fid or inception-keras"
    )
    parser.add_argument("--weights", type=Path, help="the file of the feature network's weights")
    parser.add_argument("--linear-weights", type=Path, help="the file of LPIPS's linear layers")
    parser.add_argument("--resize", default="tf1", help="of inception-fid: tf1 (as FID was defined) or clean")
    parser.add_argument("--n", type=int, default=10000, help="number of samples (default 10000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="a new JSON file for the scores with every setting")
    parser.add_argument("--pairs", nargs=2, type=Path, metavar=("ORIGINALS", "OTHERS"), help="two folders")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    if (arguments.model is None) == (arguments.pairs is None):
        raise InputError("name either a model or --pairs ORIGINALS OTHERS")
    if arguments.out and arguments.out.exists():
        raise InputError(f"{arguments.out} exists: name another file with --out")
    cli.quiet_tensorflow()

    from tfgan_ref.files import write_json
    from tfgan_ref.recipes import evaluation, pairs

    if arguments.pairs:
        report = pairs.evaluate_pairs(
            *arguments.pairs,
            metrics=(arguments.metrics or PAIR_METRICS).split(","),
            weights=arguments.weights,
            linear_weights=arguments.linear_weights,
        )
    else:
        report = evaluation.evaluate(
            arguments.model,
            data_name=arguments.data,
            data_dir=arguments.data_dir,
            split=arguments.split,
            image_size=arguments.image_size,
            metrics=(arguments.metrics or METRICS).split(","),
            features=arguments.features,
            weights=arguments.weights,
            resize=arguments.resize,
            n=arguments.n,
            seed=arguments.seed,
        )
    print(report.table())
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        write_json(arguments.out, report.to_dict())
        print(arguments.out)


if __name__ == "__main__":
    cli.run(main)

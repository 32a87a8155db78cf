"""Scores a generator, or any images, against real data; pairs of pictures; or models for super-resolution.

python scripts/evaluate.py runs/demo
python scripts/evaluate.py runs/demo --metrics fid,kid --n 5000 --out scores.json
python scripts/evaluate.py folder:generated --data folder:photographs --features inception-fid --weights FILE
python scripts/evaluate.py --pairs originals restored --metrics psnr,ssim
python scripts/evaluate.py runs/srgan --benchmark Set5 --against runs/srresnet --picture details.png
"""

import argparse
from pathlib import Path

from tfgan_ref import cli
from tfgan_ref.errors import InputError

METRICS = "is,fid,kid,mode_score,mmd,wasserstein,one_nn,precision_recall,density_coverage"
PAIR_METRICS = "psnr,ssim"
BENCHMARK_METRICS = "psnr_y,ssim_y,gradient_energy"


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
    parser.add_argument(
        "--metrics",
        help=f"a list with commas (default {METRICS}; of pairs {PAIR_METRICS}; of a benchmark "
        f"{BENCHMARK_METRICS}); pairs and benchmarks also know lpips and perceptual",
    )
    parser.add_argument(
        "--features", default="classifier", help="classifier (default), inception-fid or inception-keras"
    )
    parser.add_argument("--weights", type=Path, help="the file of the feature network's weights")
    parser.add_argument("--linear-weights", type=Path, help="the file of LPIPS's linear layers")
    parser.add_argument("--resize", default="tf1", help="of inception-fid: tf1 (as FID was defined) or clean")
    parser.add_argument("--n", type=int, default=10000, help="number of samples (default 10000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="a new JSON file for the scores with every setting")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--pairs", nargs=2, type=Path, metavar=("ORIGINALS", "OTHERS"), help="two folders")
    kinds.add_argument(
        "--benchmark",
        type=Path,
        metavar="DIR",
        help="of super-resolution: pairs NAME_HR and NAME_LR of pictures, or originals alone",
    )
    benchmark = parser.add_argument_group("with --benchmark")
    benchmark.add_argument(
        "--scale", type=int, help="how many times larger originals are (default: the model's)"
    )
    benchmark.add_argument(
        "--against",
        type=Path,
        action="append",
        default=[],
        metavar="MODEL2",
        help="another model, repeatable",
    )
    benchmark.add_argument(
        "--picture", type=Path, metavar="PNG", help="where to draw the most detailed part of each picture"
    )
    benchmark.add_argument(
        "--strip", type=int, default=8, metavar="ROWS", help="pictures in it (default 8, the first ones)"
    )
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    if arguments.benchmark is None:
        if (arguments.model is None) == (arguments.pairs is None):
            raise InputError("name either a model or --pairs ORIGINALS OTHERS")
        for option in ("scale", "against", "picture"):
            if getattr(arguments, option):
                raise InputError(f"--{option} goes with --benchmark DIR")
    for option in ("out", "picture"):
        path = getattr(arguments, option)
        if path and path.exists():
            raise InputError(f"{path} exists: name another file with --{option}")
    if arguments.picture and arguments.picture.suffix.lower() != ".png":
        raise InputError(f"--picture {arguments.picture} is not a .png file")
    cli.prepare_scoring()

    from tfgan_ref.files import write_json
    from tfgan_ref.run import evaluate, evaluate_pairs, sr_benchmark

    if arguments.benchmark:
        report = sr_benchmark.evaluate_super_resolution(
            [*([Path(arguments.model)] if arguments.model else []), *arguments.against],
            arguments.benchmark,
            scale=arguments.scale,
            metrics=(arguments.metrics or BENCHMARK_METRICS).split(","),
            weights=arguments.weights,
            linear_weights=arguments.linear_weights,
            picture=arguments.picture,
            rows=arguments.strip,
        )
    elif arguments.pairs:
        report = evaluate_pairs.evaluate_pairs(
            *arguments.pairs,
            metrics=(arguments.metrics or PAIR_METRICS).split(","),
            weights=arguments.weights,
            linear_weights=arguments.linear_weights,
        )
    else:
        report = evaluate.evaluate(
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
    if arguments.picture:
        print(arguments.picture)
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        write_json(arguments.out, report.to_dict())
        print(arguments.out)


if __name__ == "__main__":
    cli.run(main)

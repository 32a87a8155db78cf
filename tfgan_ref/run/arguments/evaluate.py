"""Scores a generator, or any images, against real data; pairs of pictures; or models for super-resolution.

tfgan evaluate runs/demo
tfgan evaluate runs/demo --metrics fid,kid --n 5000 --out scores.json
tfgan evaluate folder:generated --data folder:photographs --features inception-fid --weights FILE
tfgan evaluate --pairs originals restored --metrics psnr,ssim
tfgan evaluate runs/srgan --benchmark Set5 --against runs/srresnet --picture details.png
"""

import argparse
from pathlib import Path

from tfgan_ref.errors import MODEL, InputError, check_at_least, check_exists, check_seed
from tfgan_ref.run import declared

METRICS = "is,fid,kid,mode_score,mmd,wasserstein,one_nn,precision_recall,density_coverage"
PAIR_METRICS = "psnr,ssim"
BENCHMARK_METRICS = "psnr_y,ssim_y,gradient_energy"

PARSER = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
PARSER.add_argument(
    "model",
    nargs="?",
    help="a run directory, a SavedModel, or images: folder:PATH, npz:PATH, digits",
)
PARSER.add_argument("--data", help="the real data (default: those that the run was trained on)")
PARSER.add_argument("--data-dir", help="where tensorflow-datasets keeps its data")
PARSER.add_argument("--split", default="train", help="of the real data")
PARSER.add_argument("--image-size", type=int, help="resize images of a folder to this size")
PARSER.add_argument(
    "--metrics",
    help=f"a list with commas (default {METRICS}; of pairs {PAIR_METRICS}; of a benchmark "
    f"{BENCHMARK_METRICS}); pairs and benchmarks also know lpips and perceptual",
)
PARSER.add_argument(
    "--features",
    default="classifier",
    help="classifier (default; of rotations where there are no labels), random-conv, saved-model (any "
    "network), inception-fid or inception-keras",
)
PARSER.add_argument("--weights", type=Path, help="the feature network's file or folder")
PARSER.add_argument("--linear-weights", type=Path, help="the file of LPIPS's linear layers")
PARSER.add_argument("--resize", default="tf1", help="of inception-fid: tf1 (as FID was defined) or clean")
PARSER.add_argument("--n", type=int, default=10000, help="number of samples (default 10000)")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--out", type=Path, help="a new JSON file for the scores with every setting")
PARSER.add_argument(
    "--border",
    type=int,
    default=0,
    metavar="PIXELS",
    help="with --pairs: cut off at each side first (papers on super-resolution: the scale)",
)
KINDS = PARSER.add_mutually_exclusive_group()
KINDS.add_argument("--pairs", nargs=2, type=Path, metavar=("ORIGINALS", "OTHERS"), help="two folders")
KINDS.add_argument(
    "--benchmark",
    type=Path,
    metavar="DIR",
    help="of super-resolution: pairs NAME_HR and NAME_LR of pictures, or originals alone",
)
BENCHMARK = PARSER.add_argument_group("with --benchmark")
BENCHMARK.add_argument("--scale", type=int, help="how many times larger originals are (default: the model's)")
BENCHMARK.add_argument(
    "--against",
    type=Path,
    action="append",
    default=[],
    metavar="MODEL2",
    help="another model, repeatable",
)
BENCHMARK.add_argument(
    "--picture", type=Path, metavar="PNG", help="where to draw the most detailed part of each picture"
)
BENCHMARK.add_argument(
    "--strip", type=int, default=8, metavar="ROWS", help="pictures in it (default 8, the first ones)"
)


def check(arguments: argparse.Namespace) -> None:
    """Raises InputError if options do not go together, a file to read is missing, or one to write exists."""
    check_at_least(1, n=arguments.n)
    check_at_least(0, border=arguments.border)
    check_seed(arguments.seed)
    for path in arguments.pairs or ():
        if not path.is_dir():
            raise InputError(f"{path} is not a folder")
    for path in arguments.against:
        check_exists(path, MODEL)
    for data in (arguments.model, arguments.data):
        declared.check_path(data or "")
    if arguments.border and arguments.pairs is None:
        raise InputError("--border goes with --pairs ORIGINALS OTHERS")
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

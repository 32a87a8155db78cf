"""Scores a generator, or any images, against real data; pairs; super-resolution models; or anomalies.

Or asks people which pictures are real, and scores what they answer.

tfgan evaluate runs/demo
tfgan evaluate runs/demo --metrics fid,kid --n 5000 --out scores.json
tfgan evaluate folder:generated --data folder:photographs --features inception-fid --weights FILE
tfgan evaluate --pairs originals restored --metrics psnr,ssim
tfgan evaluate runs/srgan --benchmark Set5 --against runs/srresnet --picture details.png
tfgan evaluate --blind-test runs/demo digits --out blind
tfgan evaluate --blind-answers blind answers.json
tfgan evaluate runs/normal --anomalies folder:defects --picture extremes.png
"""

import argparse
from pathlib import Path

from tfgan_ref.errors import MODEL, InputError, check_at_least, check_exists, check_seed
from tfgan_ref.run import declared

METRICS = (
    "fid,fid_infinity,kid,mind,mmd,wasserstein,one_nn,precision_recall,density_coverage,clipped,is,"
    "mode_score,vendi,accuracy,fld,memorisation"
)
PAIR_METRICS = "psnr,ssim"
BENCHMARK_METRICS = "psnr_y,ssim_y,gradient_energy"
N, BLIND_N = 10000, 25
INVERSION_STEPS = 500  # as in the paper of AnoGAN

PARSER = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
PARSER.add_argument(
    "model",
    nargs="?",
    help="a run directory, a SavedModel, or images: folder:PATH, npz:PATH, digits",
)
PARSER.add_argument("--data", help="the real data (default: those that the run was trained on)")
PARSER.add_argument("--data-dir", help="where tensorflow-datasets keeps its data")
PARSER.add_argument(
    "--split",
    help="of the real data, to score against (default: test, or what was held out where there is none)",
)
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
PARSER.add_argument(
    "--n",
    type=int,
    help=f"most images on each side of a score (default {N}; real ones limit it too); of a blind test, "
    f"images of each side (default {BLIND_N})",
)
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument(
    "--out",
    type=Path,
    help="a new JSON file for the scores with every setting; of a blind test, a new folder",
)
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
KINDS.add_argument(
    "--blind-test",
    nargs=2,
    metavar=("A", "B"),
    help="write a form that asks which pictures are real, to --out DIR: A is generated; B is real data, or "
    "generated too; each as MODEL",
)
KINDS.add_argument(
    "--blind-answers",
    nargs="+",
    type=Path,
    metavar=("DIR", "ANSWERS"),
    help="score the answers to the blind test in DIR: one JSON file of each person",
)
KINDS.add_argument(
    "--anomalies",
    metavar="DATA2",
    help="anomalous pictures, to be told from normal ones by a run's discriminator and by inversion of its "
    "generator; the normal ones are the test split of its own data, or --data with --split",
)
PARSER.add_argument(
    "--picture",
    type=Path,
    metavar="PNG",
    help="where to draw the most detailed part of each picture of a benchmark, or the most anomalous and the "
    "most normal pictures with what the generator makes of them",
)
PARSER.add_argument(
    "--inversion-steps",
    type=int,
    metavar="STEPS",
    help=f"with --anomalies: updates of the latents (default {INVERSION_STEPS})",
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
    "--strip", type=int, default=8, metavar="ROWS", help="pictures in it (default 8, the first ones)"
)


def check(arguments: argparse.Namespace) -> None:
    """Raises InputError if options do not go together, a file to read is missing, or one to write exists."""
    if arguments.n is not None:
        check_at_least(1, n=arguments.n)
    if arguments.inversion_steps is not None:
        check_at_least(1, inversion_steps=arguments.inversion_steps)
        if arguments.anomalies is None:
            raise InputError("--inversion-steps goes with --anomalies DATA2")
    check_at_least(0, border=arguments.border)
    check_seed(arguments.seed)
    for path in arguments.pairs or ():
        if not path.is_dir():
            raise InputError(f"{path} is not a folder")
    for path in arguments.against:
        check_exists(path, MODEL)
    for data in (arguments.model, arguments.data, arguments.anomalies, *(arguments.blind_test or ())):
        declared.check_path(data or "")
    if arguments.border and arguments.pairs is None:
        raise InputError("--border goes with --pairs ORIGINALS OTHERS")
    if arguments.blind_test and arguments.out is None:
        raise InputError("--blind-test needs --out DIR, a new folder")
    for path in arguments.blind_answers or ():
        check_exists(path, "the folder of a blind test and files of its answers")
    if arguments.blind_answers and len(arguments.blind_answers) < 2:
        raise InputError("--blind-answers DIR is followed by the files of its answers")
    if arguments.benchmark is None:
        asked = (arguments.model, arguments.pairs, arguments.blind_test, arguments.blind_answers)
        if sum(given is not None for given in asked) != 1:
            raise InputError("name either a model or --pairs, --benchmark, --blind-test or --blind-answers")
        for option in ("scale", "against"):
            if getattr(arguments, option):
                raise InputError(f"--{option} goes with --benchmark DIR")
    if arguments.anomalies:
        for option in ("metrics", "weights", "image_size"):
            if getattr(arguments, option):
                raise InputError(f"--{option.replace('_', '-')} does not go with --anomalies DATA2")
    elif arguments.picture and arguments.benchmark is None:
        raise InputError("--picture goes with --benchmark DIR or --anomalies DATA2")
    for option in ("out", "picture"):
        path = getattr(arguments, option)
        if path and path.exists():
            kind = "folder" if arguments.blind_test else "file"
            raise InputError(f"{path} exists: name another {kind} with --{option}")
    if arguments.picture and arguments.picture.suffix.lower() != ".png":
        raise InputError(f"--picture {arguments.picture} is not a .png file")

"""Trains a recipe in a run directory, or continues a run.

tfgan train --list
tfgan train dcgan --data npz:train.npz --steps 3000 --out runs/mnist
tfgan train --resume runs/mnist
tfgan train --resume runs/mnist --steps 6000 --set learning_rate=5e-5
"""

import argparse
from pathlib import Path

FLAGS = ("data", "data_dir", "steps", "batch_size", "seed", "precision", "jit", "strategy")

PARSER = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
PARSER.add_argument("recipe", nargs="?", help="what to train; see --list")
PARSER.add_argument("--list", action="store_true", help="list the recipes and the settings of each")
PARSER.add_argument(
    "--data",
    help="digits, mnist, fashion_mnist, cifar10, folder:PATH, npz:PATH, idx:PATH, a TFDS name; for "
    "pictures to pictures photographs, pairs:DIR:DIR, sidebyside:DIR, npzpairs:PATH:SOURCE:TARGET",
)
PARSER.add_argument("--data-dir", help="where tensorflow-datasets keeps its data")
PARSER.add_argument("--steps", help="generator updates; with --resume, a new end")
PARSER.add_argument("--batch-size")
PARSER.add_argument("--seed")
PARSER.add_argument("--out", type=Path, help="the new run directory (default: runs/RECIPE-N)")
PARSER.add_argument(
    "--resume",
    type=Path,
    metavar="RUN",
    help="continue the run in this directory, which keeps the settings that are given with it",
)
PARSER.add_argument("--precision", help="float32, mixed_float16 or mixed_bfloat16")
PARSER.add_argument("--jit", help="compile with XLA: auto (on a GPU), on or off")
PARSER.add_argument(
    "--strategy",
    help="none, mirrored (all devices of a host), multiworker or tpu: docs/distributed.md",
)
PARSER.add_argument(
    "--set", action="append", default=[], metavar="KEY=VALUE", help="any other setting of the recipe"
)

"""Applies a trained generator from pictures to pictures, or from voice to voice, to files.

tfgan apply runs/srgan photographs --out enlarged
tfgan apply exported/inpainting damaged.png --mask known.png --out repaired
tfgan apply runs/style content.png --style painting.png --out painted
tfgan apply runs/cyclegan zebras --backward --out horses
tfgan apply runs/voices speech.wav --out converted

Results have the names of their inputs; TIFF stays TIFF, all else becomes PNG, and a.jpg becomes a.jpg.png
where there is an a.png too. Pictures are turned upright as their EXIF orientation says; transparency and the
ICC profile of RGB pictures are kept, other metadata is not.
Recordings are WAV files and become 16 bit mono: other rates are resampled to the model's and channels mixed,
which is said. Of a mask, what is at least half as bright as white is known; in label maps all but 0 is; what
is transparent is missing. A file that cannot be used is named and left out, and the exit code is then 2.
"""

import argparse
from pathlib import Path

from tfgan_ref.errors import MODEL, InputError, check_exists

PARSER = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
PARSER.add_argument("model", type=Path, help="a run directory or a SavedModel")
PARSER.add_argument(
    "inputs", nargs="+", type=Path, help="pictures or WAV files, as the model takes, or folders of them"
)
PARSER.add_argument("--out", type=Path, required=True, help="the folder for the results, or one result")
PARSER.add_argument(
    "--mask",
    type=Path,
    help="what is known, white, of the pictures: a file for all or a folder of files of their names",
)
PARSER.add_argument("--invert-mask", action="store_true", help="white in the mask is missing, black is known")
PARSER.add_argument("--style", type=Path, help="the picture in whose style to paint")
PARSER.add_argument("--backward", action="store_true", help="go the other way, if the model has learnt it")
PARSER.add_argument("--tile", type=int, help="cut larger pictures into tiles of this side, margins included")
PARSER.add_argument("--overwrite", action="store_true", help="replace files that exist")


def check(arguments: argparse.Namespace) -> None:
    """Raises InputError if options do not go together, or what they name does not exist."""
    check_exists(arguments.model, MODEL)
    for path in arguments.inputs:
        check_exists(path, "files or folders")
    if arguments.invert_mask and arguments.mask is None:
        raise InputError("--invert-mask goes with --mask")

"""Applies a trained generator from pictures to pictures, or from voice to voice, to files.

python scripts/apply.py runs/srgan photographs --out enlarged
python scripts/apply.py exported/inpainting damaged.png --mask known.png --out repaired
python scripts/apply.py runs/style content.png --style painting.png --out painted
python scripts/apply.py runs/cyclegan zebras --backward --out horses
python scripts/apply.py runs/voices speech.wav --out converted

Results have the names of their inputs; TIFF stays TIFF, all else becomes PNG. Pictures are turned upright as
their EXIF orientation says; transparency and the ICC profile of RGB pictures are kept, other metadata is not.
Recordings are WAV files and become 16 bit mono: other rates are resampled to the model's and channels mixed,
which is said. A file that cannot be used is named and left out, and the exit code is then 2.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tfgan_ref import cli
from tfgan_ref.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tfgan_ref.run.apply import Job
    from tfgan_ref.run.apply_sounds import Converter


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="a run directory or a SavedModel")
    parser.add_argument(
        "inputs", nargs="+", type=Path, help="pictures or WAV files, as the model takes, or folders of them"
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder for the results")
    parser.add_argument(
        "--mask",
        type=Path,
        help="what is known, not black, of the pictures: a file for all or a folder of files of their names",
    )
    parser.add_argument("--style", type=Path, help="the picture in whose style to paint")
    parser.add_argument(
        "--backward", action="store_true", help="go the other way, if the model has learnt it"
    )
    parser.add_argument(
        "--tile", type=int, help="cut larger pictures into tiles of this side, margins included"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    cli.quiet_tensorflow()

    from tfgan_ref.run.apply_sounds import open_converter

    converter = open_converter(arguments.model, backward=arguments.backward)
    return apply_to_pictures(arguments) if converter is None else apply_to_recordings(arguments, converter)


def apply_to_recordings(arguments: argparse.Namespace, converter: "Converter") -> int:
    from tfgan_ref.run import apply_sounds

    for option in ("mask", "style", "tile"):
        if getattr(arguments, option) is not None:
            raise InputError(f"--{option} is for pictures: {arguments.model} converts recordings")
    jobs = apply_sounds.plan_recordings(arguments.inputs, arguments.out, overwrite=arguments.overwrite)
    return apply_to_each(
        jobs, lambda job: apply_sounds.convert_file(converter, job), "recording", arguments.out
    )


def apply_to_pictures(arguments: argparse.Namespace) -> int:
    from tfgan_ref import data
    from tfgan_ref.run import apply as applying
    from tfgan_ref.run.translator import open_translator

    jobs = applying.plan_jobs(
        arguments.inputs, arguments.out, mask=arguments.mask, overwrite=arguments.overwrite
    )
    translator = open_translator(arguments.model, backward=arguments.backward, tile=arguments.tile)
    for kind in ("mask", "style"):
        given = getattr(arguments, kind) is not None
        if given != (translator.second_input == kind):
            raise InputError(
                f"--{kind} {getattr(arguments, kind)}: {arguments.model} takes none"
                if given
                else f"{arguments.model} needs a {kind} beside each picture: name it with --{kind}"
            )
    style = data.read_picture(arguments.style) if arguments.style else None
    return apply_to_each(
        jobs, lambda job: applying.apply_to_file(translator, job, style), "picture", arguments.out
    )


def apply_to_each(jobs: "Sequence[Job]", apply: "Callable[[Job], None]", unit: str, out: Path) -> int:
    from tqdm import tqdm

    failed = 0
    with tqdm(jobs, unit=unit, file=sys.stderr, disable=None) as bar:
        for job in bar:
            try:
                apply(job)
            except InputError as error:
                bar.write(f"error: {error}", file=sys.stderr)
                failed += 1
    print(f"{len(jobs) - failed} of {len(jobs)} {unit}s in {out}")
    return 2 if failed else 0


if __name__ == "__main__":
    cli.run(main)

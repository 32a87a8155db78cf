"""The command ``apply``: a translator, or a voice converter, applied to files."""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path

from tqdm import tqdm

from tfgan_ref import data
from tfgan_ref.errors import InputError
from tfgan_ref.run.apply_pictures import Job, apply_to_file, plan_jobs
from tfgan_ref.run.apply_sounds import Converter, convert_file, open_converter, plan_recordings
from tfgan_ref.run.translator import open_translator


def main(arguments: argparse.Namespace) -> int:
    """Applies the model to the files of the command line; returns 2 if any of them could not be used."""
    converter = open_converter(arguments.model, backward=arguments.backward)
    return _apply_to_pictures(arguments) if converter is None else _apply_to_recordings(arguments, converter)


def _apply_to_recordings(arguments: argparse.Namespace, converter: Converter) -> int:
    for option in ("mask", "style", "tile"):
        if getattr(arguments, option) is not None:
            raise InputError(f"--{option} is for pictures: {arguments.model} converts recordings")
    jobs = plan_recordings(arguments.inputs, arguments.out, overwrite=arguments.overwrite)
    return _apply_to_each(jobs, lambda job: convert_file(converter, job), "recording", arguments.out)


def _apply_to_pictures(arguments: argparse.Namespace) -> int:
    jobs = plan_jobs(arguments.inputs, arguments.out, mask=arguments.mask, overwrite=arguments.overwrite)
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
    # A mask for all is read once, and what it says is said once.
    read_mask = lru_cache(maxsize=1)(partial(data.read_mask, invert=arguments.invert_mask))
    return _apply_to_each(
        jobs, lambda job: apply_to_file(translator, job, style, read_mask), "picture", arguments.out
    )


def _apply_to_each(jobs: Sequence[Job], apply: Callable[[Job], None], unit: str, out: Path) -> int:
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

"""Writes a page for a browser on a run, finished or not, or on several runs beside each other.

tfgan report runs/demo
tfgan report runs/demo runs/mnist --out comparison.html
tfgan report runs/demo --video training.gif

A run writes report.html into its directory while it trains and at its end. The command writes it anew, as
after an evaluation: it shows the scores in RUN/*.json, and the pictures, sounds and texts that lie in RUN.
The page is one file that needs no network.
"""

import argparse
from pathlib import Path

from tfgan_ref.errors import InputError, check_exists

TENSORFLOW = False  # this command does without

PARSER = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
PARSER.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a run directory")
PARSER.add_argument("--out", type=Path, metavar="FILE.html", help="the page (default: RUN/report.html)")
PARSER.add_argument(
    "--video",
    type=Path,
    metavar="FILE",
    help="in place of the page a .gif, .webp or, with ffmpeg, .mp4 file of the samples over the steps",
)


def check(arguments: argparse.Namespace) -> None:
    """Raises InputError if there is no such run, or what to write has no name or one that cannot be used."""
    for run in arguments.runs:
        check_exists(run, "a run directory")
    if arguments.video:
        _check_video(arguments)
    elif arguments.out is None and len(arguments.runs) > 1:
        raise InputError("--out is missing: name a file for the report of several runs")
    elif arguments.out and arguments.out.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"--out {arguments.out} is not a .html file")


def _check_video(arguments: argparse.Namespace) -> None:
    from tfgan_ref.run.timelapse import SUFFIXES, require_ffmpeg  # imports NumPy, which --help does without

    video = arguments.video
    if len(arguments.runs) > 1:
        raise InputError("--video is of one run: name one")
    if arguments.out:
        raise InputError("--video names the file to write: leave out --out")
    if video.suffix.lower() not in SUFFIXES:
        raise InputError(f"--video {video} is not a {', '.join(SUFFIXES)} file")
    if video.exists():
        raise InputError(f"{video} exists: name another with --video")
    if video.suffix.lower() == ".mp4":
        require_ffmpeg()

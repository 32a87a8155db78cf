"""The command ``report``: a page for a browser on one run or on several, or a video of a run's samples."""

import argparse
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import tfgan_ref
from tfgan_ref.errors import InputError
from tfgan_ref.files import write_text
from tfgan_ref.run.report_data import read_run
from tfgan_ref.run.report_page import MARK, report_page
from tfgan_ref.run.timelapse import write_timelapse
from tfgan_ref.training.run_directory import RunDirectory


def main(arguments: argparse.Namespace) -> None:
    """Writes what the command line asks for and prints where it is."""
    if arguments.video:
        write_timelapse(arguments.runs[0], arguments.video)
        print(arguments.video)
        return
    out = arguments.out or RunDirectory(arguments.runs[0]).report
    write_report(arguments.runs, out)
    print(out)


def write_report(paths: Sequence[Path], out: Path) -> None:
    """Writes the report of the runs in ``paths`` to the file ``out``, atomically.

    Raises:
        InputError: one of them is no run directory, or ``out`` is there and is no report.
    """
    check_out(out)
    runs = [RunDirectory.open(path) for path in paths]
    names = run_names(paths)
    data = {
        "version": tfgan_ref.__version__,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "runs": [read_run(run, name) for run, name in zip(runs, names, strict=True)],
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    write_text(out, report_page(", ".join(names), data))


def run_names(paths: Sequence[Path]) -> list[str]:
    """Returns what a page calls runs: one by its folder, several by what tells their paths apart."""
    places = [path.resolve() for path in paths]
    if len(places) == 1:
        return [places[0].name]
    common = Path(os.path.commonpath([place.parent for place in places]))
    return [str(place.relative_to(common)) for place in places]


def check_out(out: Path) -> None:
    """Refuses to overwrite what is no report.

    Raises:
        InputError: ``out`` is a folder, or a file of another kind.
    """
    if out.is_dir():
        raise InputError(f"{out} is a folder: name a file with --out")
    if out.exists():
        with out.open("rb") as file:
            if MARK.encode() not in file.read(2000):
                raise InputError(f"{out} exists and is no report: name another file with --out")

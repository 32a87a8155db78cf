"""Makes small changes to the package, one at a time, and counts those that its tests catch.

python benchmarks/mutants.py --out benchmarks/results/mutants
python benchmarks/mutants.py --out benchmarks/results/mutants --only r1_without_half --resume
python benchmarks/mutants.py --list

Each change (mutant) is written down in benchmarks/mutant_lists/*.toml: a file of the package, a text that
occurs in it once, what stands in its place, and the tests of which one ought to fail. The tests must pass
without the change. A change is caught when a test fails, and not when the package can no longer be imported.
All of it happens in copies of the tree: this one is not touched. Writes DIR/results.json and DIR/table.md;
with --resume, results that are there of mutants that have not changed are kept.
"""

import argparse
import json
import shutil
import time
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from arguments import Parser, check_counts, check_names, describe_machine, make_output
from mutant_runs import BROKEN, CAUGHT, ROOT, Outcome, TestRun, copy_tree, import_libraries, share_tree

from tfgan_ref import cli
from tfgan_ref.errors import InputError
from tfgan_ref.files import write_json, write_text

LISTS = Path(__file__).resolve().parent / "mutant_lists"
LIMIT = 300.0  # seconds for the tests of one mutant
ENOUGH = 0.95  # of all mutants are to be caught


@dataclass(frozen=True)
class Mutant:
    """One small change.

    Attributes:
        name: unique.
        file: within the package.
        change: what it does, in words.
        old: a text that occurs once in the file.
        new: what stands in its place.
        tests: files or node ids of pytest, of which one ought to fail.
    """

    name: str
    file: str
    change: str
    old: str
    new: str
    tests: tuple[str, ...]

    def source(self) -> str:
        """Returns the whole changed file.

        Raises:
            InputError: the old text does not occur exactly once, or what comes out is not Python.
        """
        path = ROOT / "tfgan_ref" / self.file
        if not path.is_file():
            raise InputError(f"mutant {self.name}: there is no file tfgan_ref/{self.file}")
        text = path.read_text(encoding="utf-8")
        if (times := text.count(self.old)) != 1:
            raise InputError(f"mutant {self.name}: its text occurs {times} times in {self.file}, not once")
        changed = text.replace(self.old, self.new)
        try:
            compile(changed, self.file, "exec")
        except SyntaxError as error:
            raise InputError(f"mutant {self.name} is not Python: {error}") from error
        return changed


def read_mutants(folder: Path = LISTS) -> list[Mutant]:
    """Returns all mutants in the order of their lists.

    Raises:
        InputError: a list is not as described, or two mutants have one name.
    """
    mutants: dict[str, Mutant] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            found = [
                Mutant(file=file, **entry | {"tests": tuple(entry["tests"])})
                for file, entries in tomllib.loads(path.read_text(encoding="utf-8")).items()
                for entry in entries
            ]
        except (tomllib.TOMLDecodeError, TypeError, KeyError) as error:
            raise InputError(f"{path.name} is no list of mutants: {error}") from error
        for mutant in found:
            if mutant.name in mutants:
                raise InputError(f"mutant {mutant.name} is written down twice")
            mutants[mutant.name] = mutant
    return list(mutants.values())


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="directory for the results")
    parser.add_argument("--only", help="names of mutants, with commas (all)")
    parser.add_argument("--list", action="store_true", help="prints the mutants and runs nothing")
    parser.add_argument("--jobs", type=int, default=2, help="test processes at a time (%(default)s)")
    parser.add_argument("--resume", action="store_true", help="keeps the results that are in --out")
    arguments = parser.parse_args()
    check_counts(arguments, "jobs")
    if not arguments.list:
        if arguments.out is None:
            raise InputError("--out is missing: a directory for the results")
        make_output(arguments.out)
    return arguments


def run_all(runs: Iterable[tuple[str, TestRun]], jobs: int) -> Iterator[tuple[str, Outcome]]:
    """Runs tests, ``jobs`` processes at a time, and yields (name, outcome) as they end."""
    waiting, running = iter(runs), {}
    try:
        while True:
            while len(running) < jobs and (following := next(waiting, None)):
                name, run = following
                run.start()
                running[name] = run
            if not running:
                return
            for name, run in list(running.items()):
                if outcome := run.poll():
                    del running[name]
                    shutil.rmtree(run.tree)
                    yield name, outcome
            time.sleep(0.02)
    finally:
        for run in running.values():
            run.limit = 0.0
            run.poll()


def check_whole(mutants: Sequence[Mutant], whole: Path, folder: Path, jobs: int) -> None:
    """Runs all tests of ``mutants`` on the package as it is.

    Raises:
        InputError: one does not pass, or is not there.
    """
    of_files: dict[str, list[str]] = {}
    for test in dict.fromkeys(test for mutant in mutants for test in mutant.tests):
        of_files.setdefault(test.partition("::")[0], []).append(test)
    runs = (
        (file, TestRun(share_tree(whole, folder / f"whole-{number}"), tests, LIMIT * 4))
        for number, (file, tests) in enumerate(of_files.items())
    )
    failures = []
    for file, outcome in run_all(runs, jobs):
        print(f"{outcome.seconds:6.1f} s  {outcome.tests:3d} tests  {file}", flush=True)
        if outcome.code != 0:
            last = (outcome.output.strip().splitlines() or [""])[-1]
            failures.append(f"{outcome.test or file} ({outcome.error or last})")
    if failures:
        raise InputError(f"these do not pass on the package as it is: {'; '.join(failures)}")


def measure(
    mutants: Sequence[Mutant], whole: Path, folder: Path, jobs: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields (name, row) of each mutant as its tests end."""
    by_name = {mutant.name: mutant for mutant in mutants}
    runs = (
        (name, TestRun(share_tree(whole, folder / name, mutant.file, mutant.source()), mutant.tests, LIMIT))
        for name, mutant in by_name.items()
    )
    for name, outcome in run_all(runs, jobs):
        print(f"{outcome.seconds:6.1f} s  {outcome.verdict:9}  {name}  {outcome.test}", flush=True)
        if outcome.verdict == BROKEN:
            print("\n".join(outcome.output.strip().splitlines()[-15:]), flush=True)
        row = asdict(by_name[name]) | {"tests": list(by_name[name].tests), "result": outcome.verdict}
        yield name, row | {"seconds": outcome.seconds, "test": outcome.test, "error": outcome.error}


def kept_rows(path: Path, mutants: Sequence[Mutant]) -> dict[str, dict[str, Any]]:
    """Returns the rows of an earlier run, by name, of those mutants that are still the same."""
    if not path.is_file():
        return {}
    rows = {row["name"]: row for row in json.loads(path.read_text(encoding="utf-8"))["rows"]}
    same = {}
    for mutant in mutants:
        row = rows.get(mutant.name, {})
        if all(row.get(key) == value for key, value in json.loads(json.dumps(asdict(mutant))).items()):
            same[mutant.name] = row
    return same


def table_of(rows: Sequence[dict[str, Any]]) -> str:
    """Returns the results as Markdown: numbers for each part of the package, survivors, and every mutant."""
    parts: dict[str, list[str]] = {}
    for row in rows:
        parts.setdefault(row["file"].rpartition("/")[0] or row["file"], []).append(row["result"])
    lines = ["| part | mutants | caught |", "|---|---|---|"]
    lines += [f"| {part} | {len(found)} | {found.count(CAUGHT)} |" for part, found in parts.items()]
    lines.append(f"| all | {len(rows)} | {sum(row['result'] == CAUGHT for row in rows)} |")
    lines += ["", "| file | change | result | by |", "|---|---|---|---|"]
    for row in rows:
        test = row["test"].partition("::")[2].partition("[")[0]
        lines.append(f"| {row['file']} | {row['change']} | {row['result']} | {test} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    arguments = parse_arguments()
    mutants = read_mutants()
    for mutant in mutants:
        mutant.source()
    if arguments.list:
        for mutant in mutants:
            print(f"{mutant.name:40} {mutant.file:32} {mutant.change}")
        print(f"{len(mutants)} mutants")
        return
    chosen = mutants
    if arguments.only is not None:
        names = arguments.only.split(",")
        check_names("mutant", names, [mutant.name for mutant in mutants])
        chosen = [mutant for mutant in mutants if mutant.name in names]
    rows = kept_rows(arguments.out / "results.json", mutants) if arguments.resume else {}
    if arguments.only is None:
        chosen = [mutant for mutant in chosen if mutant.name not in rows]

    import_libraries()
    begun = time.monotonic()
    with TemporaryDirectory(prefix="mutants-") as folder:
        whole = copy_tree(Path(folder) / "whole")
        check_whole(chosen, whole, Path(folder), arguments.jobs)
        for name, row in measure(chosen, whole, Path(folder), arguments.jobs):
            rows[name] = row
            write_json(arguments.out / "results.json", {"rows": list(rows.values())})
    ordered = [rows[mutant.name] for mutant in mutants if mutant.name in rows]
    caught = sum(row["result"] == CAUGHT for row in ordered)
    facts = {
        "mutants": len(ordered),
        "caught": caught,
        "test_seconds": round(
            sum(row["seconds"] for row in ordered)
        ),  # of all mutants, whenever each was run
        "jobs": arguments.jobs,
        "machine": describe_machine(),
    }
    write_json(arguments.out / "results.json", {"rows": ordered, "settings": facts})
    write_text(arguments.out / "table.md", table_of(ordered))
    for row in ordered:
        if row["result"] != CAUGHT:
            print(f"{row['result']}: {row['name']}, {row['change']}")
    took = round(time.monotonic() - begun)
    print(f"{caught} of {len(ordered)} mutants caught; {len(chosen)} run now, in {took} s: {arguments.out}")
    if caught < ENOUGH * len(ordered):
        raise InputError(f"{caught} of {len(ordered)} mutants caught: at least {ENOUGH:.0%}")


if __name__ == "__main__":
    cli.run(main)

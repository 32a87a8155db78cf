"""Feeds mutated files to every reader: only the project's own error may come out, soon and in little memory.

python benchmarks/fuzz.py --n 20000 --out benchmarks/results/fuzz
python benchmarks/fuzz.py --readers npz,idx --n 500 --seed 1 --out DIR

A mutation flips bits, overwrites bytes or numbers by extreme ones, cuts, doubles or inserts pieces, or joins
two files; some inputs have several. An escape is any exception but InputError, an input that takes longer
than --patience seconds, or a growth of the process by more than a gigabyte. Writes DIR/results.json with a
row for each reader and DIR/table.md; escaping inputs are kept in DIR/escapes.
"""

import argparse
import logging
import os
import random
import resource
import signal
import tempfile
import time
import traceback
import warnings
from contextlib import AbstractContextManager
from pathlib import Path
from types import FrameType
from unittest import mock

from arguments import Parser, check_counts, check_names, describe_machine, make_output

from tfgan_ref import cli
from tfgan_ref.errors import InputError

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 100_000)
GIGABYTE = 1 << 20  # in the kilobytes of getrusage


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", default="all", help="a list with commas (%(default)s)")
    parser.add_argument("--n", type=int, default=20_000, help="inputs for each reader (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(%(default)s)")
    parser.add_argument("--patience", type=int, default=10, help="seconds for one input (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    check_counts(arguments, "n", "patience")
    make_output(arguments.out)
    return arguments


def mutate(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """Returns ``content`` with one to four changes; ``other`` is a second file to join it with."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        if not changed:
            break
        at = chance.randrange(len(changed))
        length = chance.randrange(1, 1 + min(64, len(changed)))
        kind = chance.randrange(8)
        if kind == 0:
            changed[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            changed[at : at + length] = chance.randbytes(length)
        elif kind == 2:
            size = chance.choice((1, 2, 4))
            number = chance.choice(EXTREMES) & ((1 << (8 * size)) - 1)
            changed[at : at + size] = number.to_bytes(size, chance.choice(("big", "little")))
        elif kind == 3:
            del changed[at:]
        elif kind == 4:
            del changed[at : at + length]
        elif kind == 5:
            changed[at:at] = changed[at : at + length] * chance.choice((1, 2, 50))
        elif kind == 6:
            changed[at:at] = chance.randbytes(length)
        else:
            changed[at:] = other[chance.randrange(len(other)) :]
    return bytes(changed)


class TooSlow(Exception):
    """An input took longer than it may."""


def own_cache(folder: str) -> AbstractContextManager:
    """Keeps what readers write down of their files, which are gone in a moment, out of the user's cache."""
    return mock.patch.dict(os.environ, {"XDG_CACHE_HOME": str(Path(folder) / "cache")})


def _stop(number: int, frame: FrameType | None) -> None:
    raise TooSlow


def main() -> None:
    arguments = parse_arguments()
    cli.quiet_tensorflow()
    warnings.simplefilter("ignore")
    logging.getLogger("tfgan_ref").setLevel(logging.CRITICAL)

    from fuzz_readers import readers
    from study_common import table

    from tfgan_ref.files import write_bytes, write_json, write_text

    rows, cells = [], []
    signal.signal(signal.SIGALRM, _stop)
    # In memory where that is to be had: on a disk, each input waits for it.
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as temporary, own_cache(temporary):
        (Path(temporary) / "seeds").mkdir()
        known = readers(Path(temporary) / "seeds")
        names = list(known) if arguments.readers == "all" else arguments.readers.split(",")
        check_names("reader", names, known)
        for name in names:
            reader = known[name]
            chance = random.Random(f"{arguments.seed} {name}")
            folder = Path(temporary) / name.replace(" ", "_")
            file = folder / reader.place
            file.parent.mkdir(parents=True)
            refused = escaped = 0
            slowest, begun = 0.0, time.monotonic()
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            for number in range(arguments.n):
                content = mutate(chance.choice(reader.seeds), chance.choice(reader.seeds), chance)
                file.write_bytes(content)
                start = time.monotonic()
                signal.alarm(arguments.patience)
                try:
                    reader.read(folder)
                except InputError as error:
                    refused += 1
                    problem = "more than one line" if "\n" in str(error) else None
                except Exception:  # the point of it all
                    problem = traceback.format_exc()
                else:
                    problem = None
                finally:
                    signal.alarm(0)
                slowest = max(slowest, time.monotonic() - start)
                if problem:
                    escaped += 1
                    write_bytes(_made(arguments.out / "escapes") / f"{file.name}-{number}", content)
                    write_text(arguments.out / "escapes" / f"{file.name}-{number}.txt", problem)
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            escaped += grown > GIGABYTE
            rows.append(
                {
                    "reader": name,
                    "inputs": arguments.n,
                    "refused": refused,
                    "escaped": escaped,
                    "slowest_seconds": round(slowest, 3),
                    "grown_megabytes": round(grown / 1024),
                    "seconds": round(time.monotonic() - begun, 1),
                }
            )
            cells.append([str(rows[-1][key]) for key in list(rows[-1])[:-1]])
            print(f"{name}: {arguments.n} inputs, {refused} refused, {escaped} escaped", flush=True)
    minutes = round(time.process_time() / 60, 1)
    facts = {"seed": arguments.seed, "cpu_minutes": minutes, "machine": describe_machine()}
    write_json(arguments.out / "results.json", [row | facts for row in rows])
    headings = ["reader", "inputs", "refused", "escaped", "slowest (s)", "memory grown (MB)"]
    write_text(arguments.out / "table.md", table(headings, cells) + "\n")
    print(f"\n{table(headings, cells)}\n{arguments.out}")
    if any(row["escaped"] for row in rows):
        raise InputError(f"some inputs escaped: see {arguments.out / 'escapes'}")


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


if __name__ == "__main__":
    cli.run(main)

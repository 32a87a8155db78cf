"""Executes the notebooks of this folder and keeps their outputs, or only checks that they run.

python notebooks/execute.py                       # all of them, in full, written back
python notebooks/execute.py 3 13_gan_from_scratch.ipynb
python notebooks/execute.py --short --check --jobs 2
"""

import argparse
import base64
import io
import itertools
import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfgan_ref import cli
from tfgan_ref.errors import InputError
from tfgan_ref.files import write_text

if TYPE_CHECKING:
    from nbformat import NotebookNode

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"},
}
ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
LARGE_PICTURE = 100_000  # bytes
TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Outcome:
    """What became of one notebook: how long it took in seconds, and why it failed, if it did."""

    seconds: float
    failure: str | None = None


def parse_arguments() -> argparse.Namespace:
    """Returns what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="a notebook's file name or number (default: all)"
    )
    parser.add_argument("--short", action="store_true", help="train for a few steps only")
    parser.add_argument("--check", action="store_true", help="leave the files as they are")
    parser.add_argument("--jobs", type=int, default=1, help="how many run at a time (%(default)s)")
    parser.add_argument(
        "--timeout", type=int, default=1800, help="seconds that a cell may take (%(default)s)"
    )
    parser.add_argument(
        "--folder", type=Path, default=Path(__file__).parent, help="where the notebooks are (default: here)"
    )
    return parser.parse_args()


def chosen(folder: Path, names: list[str]) -> list[Path]:
    """Returns the notebooks of ``folder`` that are named, or all, in the order of their names.

    Raises:
        InputError: the folder has no notebooks, or none of a name.
    """
    notebooks = sorted(folder.glob("*.ipynb"))
    if not notebooks:
        raise InputError(f"folder '{folder}' has no notebooks")
    found = {name: [path for path in notebooks if answers_to(path, name)] for name in names}
    for name, paths in found.items():
        if not paths:
            known = ", ".join(path.stem for path in notebooks)
            raise InputError(f"notebook {name!r} is unknown: choose one of {known}")
    return [path for path in notebooks if not names or any(path in paths for paths in found.values())]


def answers_to(path: Path, name: str) -> bool:
    """Tells whether ``name`` is the file's name, with or without its suffix, or the number it starts with."""
    number = path.stem.partition("_")[0]
    return name in (path.name, path.stem) or (
        name.isdecimal() and number.isdecimal() and int(name) == int(number)
    )


def kernel_environment(short: bool, one_thread: bool) -> dict[str, str]:
    """Returns the environment of the kernels."""
    shown_inline = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    threads = ONE_THREAD if one_thread else {}
    return os.environ | shown_inline | threads | {"TFGAN_REF_SHORT": "1" if short else "0"}


def execute(path: Path, environment: dict[str, str], timeout: int, check: bool) -> Outcome:
    """Executes one notebook in a kernel of its own; without ``check`` it is written back if it went well."""
    import nbformat
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpecManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    started = time.perf_counter()
    notebook = nbformat.read(path, as_version=4)
    reached = 0

    def count(cell: "NotebookNode", cell_index: int) -> None:
        nonlocal reached
        reached += 1

    # Without folders to look in, "python3" is the Python that runs this, whatever else is installed.
    specs = KernelSpecManager(kernel_dirs=[])
    client = NotebookClient(
        notebook,
        timeout=timeout,
        record_timing=False,
        on_cell_execute=count,
        # It would warn of plain text on the loopback, and grumble when it is interrupted.
        extra_arguments=["--log-level=CRITICAL"],
        km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs),
    )
    failure = None
    try:
        client.execute(cleanup_kc=True, cwd=str(path.parent), env=environment)
    except CellExecutionError as error:
        traceback = TERMINAL_COLOURS.sub("", str(error))
        failure = f"{error.ename}: {error.evalue}\n{traceback}"
    except CellTimeoutError:
        failure = f"took longer than {timeout} seconds"
    except DeadKernelError:
        failure = "the kernel died"
    if failure:
        return Outcome(time.perf_counter() - started, f"{path.name}, cell [{reached}]: {failure}")
    if not check:
        normalise(notebook)
        write_text(path, nbformat.writes(notebook) + "\n")
    return Outcome(time.perf_counter() - started)


def normalise(notebook: "NotebookNode") -> None:
    """Removes what says where and when it ran; joins texts that arrived in pieces."""
    import nbformat

    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    output.data["image/png"] = smaller(output.data["image/png"])


def smaller(png: str) -> str:
    """Returns a picture, PNG in base64, with 256 colours if it is large: few readers see the difference."""
    content = base64.b64decode(png)
    if len(content) <= LARGE_PICTURE:
        return png
    from PIL import Image

    buffer = io.BytesIO()
    picture = Image.open(io.BytesIO(content)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(buffer, "png", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def joined(outputs: list["NotebookNode"]) -> list["NotebookNode"]:
    """Returns the outputs with neighbouring texts of the same stream made one."""
    result: list[NotebookNode] = []
    for output in outputs:
        stream = output.get("name")
        if stream and result and result[-1].get("name") == stream:
            result[-1].text += output.text
        else:
            result.append(output)
    return result


def outcomes(
    paths: list[Path], environment: dict[str, str], arguments: argparse.Namespace
) -> Iterator[tuple[Path, Outcome]]:
    """Yields each notebook with its outcome as it ends."""
    waiting, running = iter(paths), {}
    with ProcessPoolExecutor(arguments.jobs) as pool:
        while True:
            # No more than can run: those that wait inside the pool would still start after Ctrl-C.
            for path in itertools.islice(waiting, arguments.jobs - len(running)):
                future = pool.submit(execute, path, environment, arguments.timeout, arguments.check)
                running[future] = path
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()


def main() -> int:
    """Executes the notebooks, with a line for each; returns 1 if one of them failed, else 0."""
    arguments = parse_arguments()
    for name in ("jobs", "timeout"):
        if getattr(arguments, name) < 1:
            raise InputError(f"--{name} {getattr(arguments, name)} is out of range: at least 1")
    paths = chosen(arguments.folder.resolve(), arguments.names)
    environment = kernel_environment(arguments.short, one_thread=arguments.jobs > 1)
    failed = 0
    for path, outcome in outcomes(paths, environment, arguments):
        state = "failed" if outcome.failure else "ok"
        print(f"{path.name:32} {state:6} {outcome.seconds:5.0f} s", flush=True)
        if outcome.failure:
            failed += 1
            print(outcome.failure, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    cli.run(main)

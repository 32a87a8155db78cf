"""Files of users, outside the package, that are run: ``FILE.py:NAME``.

A run keeps the file's name, by which it is resumed and sampled. Run directories may come from anyone, and no
code of theirs may run: a file that a run names is run only if the user has named it himself before.
"""

import hashlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from tfgan_ref.errors import InputError, reason
from tfgan_ref.files import cache_directory


def find_in_file(what: str, name: str, *, of_run: bool) -> tuple[Any, Path, str]:
    """Runs the file of ``FILE.py:NAME``, once in this process.

    Args:
        what: is looked for, for messages: "recipe" or "data".
        name: the file and the name in it.
        of_run: whether a run names it, not the user.

    Returns:
        What is called NAME in it, None if nothing is; the file; and NAME.

    Raises:
        InputError: there is no such file, it cannot be run, or the user has never named it.
    """
    path, attribute = _split(what, name)
    if of_run and not _note(path).exists():
        raise InputError(
            f"{what} {name}: this run names a file that you have not trained with here: if you trust it, "
            f"name it in `tfgan train {'RECIPE --data ' if what == 'data' else ''}{name}` first"
        )
    return vars(_run(what, path)).get(attribute), path, attribute


def trust(what: str, name: str) -> None:
    """Notes that the user has named the file of ``FILE.py:NAME``, so that runs may.

    Raises:
        InputError: there is no such file, or this cannot be noted.
    """
    path, _ = _split(what, name)
    note = _note(path)
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.touch()
    except OSError as error:
        raise InputError(
            f"{what} {name}: {note.parent}, which notes the files that runs may name, cannot be written "
            f"({error.strerror}): name another place by XDG_CACHE_HOME"
        ) from error


def trust_data(name: str | None) -> None:
    """Does so for the name of data that a user typed, if it is ``FILE.py:FUNCTION``."""
    if name and name.partition(":")[0].endswith(".py"):
        trust("data", name)


def _split(what: str, name: str) -> tuple[Path, str]:
    file, _, attribute = name.rpartition(":")
    path = Path(file).expanduser().resolve()
    if not path.is_file():
        raise InputError(f"{what} {name}: there is no file {path}")
    return path, attribute


def _note(path: Path) -> Path:
    return cache_directory() / "recipes" / hashlib.sha256(str(path).encode()).hexdigest()


def _run(what: str, path: Path) -> object:
    """Returns the file's module; what lies beside it can be imported."""
    name = f"file {path}"
    if name in sys.modules:
        return sys.modules[name]
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # where dataclasses look for it
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InputError(f"{what} {path} cannot be run: {type(error).__name__}: {reason(error)}") from error
    return module

"""Recipes of files outside the package: ``tfgan train my_recipe.py:RECIPE``.

A run keeps the file's name, by which it is resumed and sampled. Run directories may come from anyone, and no
code of theirs may run: a file that a run names is run only if the user has named it himself before.
"""

import hashlib
import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

from tfgan_ref.errors import InputError, reason
from tfgan_ref.files import cache_directory
from tfgan_ref.recipes.recipe import Recipe


def read_recipe(name: str, *, of_run: bool = False) -> Recipe:
    """Runs the file of ``FILE.py:NAME`` and returns its recipe.

    Args:
        name: the file and the recipe's name in it.
        of_run: whether a run names it, not the user.

    Raises:
        InputError: there is no such file or recipe, it cannot be run, or the user has never named the file.
    """
    file, _, attribute = name.rpartition(":")
    path = Path(file).expanduser().resolve()
    if not path.is_file():
        raise InputError(f"recipe {name}: there is no file {path}")
    named = cache_directory() / "recipes" / hashlib.sha256(str(path).encode()).hexdigest()
    if of_run and not named.exists():
        raise InputError(
            f"recipe {name}: this run names a file that you have not trained with here: if you trust it, "
            f"name it in `tfgan train {name}` first"
        )
    found = vars(_run(path)).get(attribute)
    if not isinstance(found, Recipe):
        raise InputError(f"recipe {name}: {path.name} has no tfgan_ref.recipes.Recipe called {attribute!r}")
    if not of_run:
        try:
            named.parent.mkdir(parents=True, exist_ok=True)
            named.touch()
        except OSError as error:
            raise InputError(
                f"recipe {name}: {named.parent}, which notes the files that runs may name, cannot be written "
                f"({error.strerror}): name another place by XDG_CACHE_HOME"
            ) from error
    return replace(found, source=f"{path}:{attribute}")


def _run(path: Path) -> object:
    """Returns the file's module, run once in this process; what lies beside it can be imported."""
    name = f"recipe of {path}"
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
        raise InputError(f"recipe {path} cannot be run: {type(error).__name__}: {reason(error)}") from error
    return module

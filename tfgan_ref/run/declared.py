"""The recipes and their settings as their files declare them, read from the text of these files.

Importing a recipe imports TensorFlow, for seconds. Read like this, a typing mistake is found at once, and the
comment behind a setting is what ``train RECIPE --help`` says of it.
"""

import ast
import textwrap
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import tfgan_ref
from tfgan_ref.errors import InputError, parse_value, type_name, unknown

FOLDER = Path(tfgan_ref.__file__).parent / "recipes"
PATHS = ("folder", "npz", "idx", "sidebyside", "sprites")  # forms of --data that name one path


class _Same:
    """``Changeable[int]`` is an int here."""

    def __class_getitem__(cls, kind: Any) -> Any:
        return kind


_TYPES = {
    "__builtins__": {}, "int": int, "float": float, "bool": bool, "str": str,
    "Changeable": _Same, "DataName": str, "Location": str | None,
}  # fmt: skip


class Setting(NamedTuple):
    """A setting.

    Attributes:
        kind: its type, ``int | None``.
        default: as ``--set`` takes it.
        meaning: the comment of its declaration, or of that in a class above whose default it changes.
    """

    kind: Any
    default: str
    meaning: str


class Declaration(NamedTuple):
    """A recipe: its line in the list, and its settings by their keys."""

    summary: str
    settings: dict[str, Setting]


@cache
def read_recipes() -> dict[str, Declaration]:
    """Returns the package's recipes by their names."""
    classes: dict[str, dict[str, Setting]] = {}
    constants: dict[str, Any] = {}
    recipes = {}
    for path in [FOLDER / "settings.py", *sorted(FOLDER.glob("*.py"))]:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                constants[node.targets[0].id] = node.value.value
            elif isinstance(node, ast.ClassDef) and node.name.endswith("Settings"):
                classes[node.name] = _settings(node, text.splitlines(), classes, constants)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Recipe":
                name, summary, _, settings, *_ = node.args
                recipes[name.value] = Declaration(summary.value, classes[settings.id])
    return recipes


def _settings(
    node: ast.ClassDef,
    lines: list[str],
    classes: Mapping[str, dict[str, Setting]],
    constants: Mapping[str, Any],
) -> dict[str, Setting]:
    """Returns the settings of a class, those of the classes above it first."""
    found: dict[str, Setting] = {}
    for base in reversed(node.bases):
        found |= classes.get(base.id, {})
    for part in node.body:
        if not isinstance(part, ast.AnnAssign) or not isinstance(part.target, ast.Name):
            continue
        kind = ast.unparse(part.annotation)
        if kind.startswith("ClassVar"):
            continue
        key, value = part.target.id, part.value
        default = constants[value.id] if isinstance(value, ast.Name) else ast.literal_eval(value)
        meaning = lines[value.end_lineno - 1].partition("  # ")[2] or (
            found[key].meaning if key in found else ""
        )
        shown = str(default).lower() if default is None or isinstance(default, bool) else str(default)
        found[key] = Setting(eval(kind, dict(_TYPES)), shown, meaning)
    return found


def check_recipe(name: str) -> Declaration | None:
    """Returns the recipe of that name; None for one of a file, ``my_recipe.py:RECIPE``.

    Raises:
        InputError: there is none.
    """
    file, separator, _ = name.rpartition(".py:")
    if separator:
        if not Path(f"{file}.py").expanduser().is_file():
            raise InputError(f"recipe {name}: there is no file {file}.py")
        return None
    recipes = read_recipes()
    if name not in recipes:
        raise unknown("recipe", name, recipes)
    return recipes[name]


def check_settings(given: Mapping[str, str], settings: Mapping[str, Setting]) -> None:
    """Checks the texts of settings as far as that goes without TensorFlow: their keys and their types.

    Raises:
        InputError: one is unknown, or not of its type.
    """
    for key, text in given.items():
        if key not in settings:
            raise unknown("setting", key, settings)
        parse_value(key, text, settings[key].kind)


def check_path(data: str) -> None:
    """Checks that what ``--data KIND:PATH`` names is there.

    Raises:
        InputError: it is not.
    """
    kind, _, path = data.partition(":")
    if kind in PATHS and path and not Path(path).expanduser().exists():
        raise InputError(f"{data}: there is no such file or folder")


def explain(name: str) -> str:
    """Returns every setting of a recipe with its default, its type and its meaning.

    Raises:
        InputError: there is no such recipe.
    """
    declaration = check_recipe(name)
    if declaration is None:
        return f"settings of {name}: those of its class of settings, and what it inherits from the package"
    lines = [f"settings of {name} ({declaration.summary}), for --set KEY=VALUE, with their defaults:"]
    for key, (kind, default, meaning) in declaration.settings.items():
        said = f"  {f'{key}={default}':32} {type_name(kind)}: {meaning.replace('None:', 'none:')}"
        lines += textwrap.wrap(said, 110, subsequent_indent=" " * 35)
    return "\n".join(lines)

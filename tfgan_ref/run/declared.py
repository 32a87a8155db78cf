"""The recipes and their settings as their files declare them, read from the text of these files.

Importing a recipe imports TensorFlow, for seconds. Read like this, a typing mistake is found at once, and the
comment behind a setting is what ``train RECIPE --help`` says of it.
"""

import ast
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import tfgan_ref
from tfgan_ref.errors import InputError, Limits, check_value, parse_value, type_name, unknown

FOLDER = Path(tfgan_ref.__file__).parent / "recipes"
PATHS = ("folder", "zip", "npz", "npy", "idx", "sidebyside", "sprites")  # forms of --data that name one path


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
        allowed: its range or its choices; None: any value of its type.
    """

    kind: Any
    default: str
    meaning: str
    allowed: Limits | Sequence[Any] | None = None


class Declaration(NamedTuple):
    """A recipe: its line in the list, its settings by their keys, and what its generator makes.

    The last is the name of a ``Medium``, and of the lines in ``media/usage.py`` on how to use it.
    """

    summary: str
    settings: dict[str, Setting]
    medium: str = "PICTURES"


@cache
def read_recipes() -> dict[str, Declaration]:
    """Returns the package's recipes by their names."""
    classes: dict[str, dict[str, Setting]] = {}
    recipes = {}
    for path in [FOLDER / "settings.py", *sorted(FOLDER.glob("*.py"))]:
        tree = _parsed(path)
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name.endswith("Settings"):
                classes[node.name] = _settings(node, path, classes)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Recipe":
                name, summary, _, settings, *parts = node.args
                media = [part.value for part in node.keywords if part.arg == "medium"] + parts[3:4]
                known = [medium.id for medium in media]
                recipes[name.value] = Declaration(summary.value, classes[settings.id], *known)
    return recipes


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _settings(
    node: ast.ClassDef, path: Path, classes: Mapping[str, dict[str, Setting]]
) -> dict[str, Setting]:
    """Returns the settings of a class in a file, those of the classes above it first."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found: dict[str, Setting] = {}
    allowed: dict[str, Limits | Sequence[Any]] = {}
    paper: dict[str, Any] = {}
    for base in reversed(node.bases):
        found |= classes.get(base.id, {})
    for part in node.body:
        if not isinstance(part, ast.AnnAssign) or not isinstance(part.target, ast.Name):
            continue
        kind = ast.unparse(part.annotation)
        key, value = part.target.id, _value(part.value, path)
        if kind.startswith("ClassVar"):
            allowed |= value if key in ("limits", "choices") else {}
            paper = value if key == "paper" else paper
            continue
        above = found.get(key, Setting(None, "", ""))
        meaning = lines[part.end_lineno - 1].partition("  # ")[2] or above.meaning
        found[key] = Setting(eval(kind, dict(_TYPES)), as_text(value), meaning, above.allowed)
    if paper:
        values = " ".join(f"{key}={as_text(value)}" for key, value in paper.items())
        found["preset"] = found["preset"]._replace(meaning=f"paper: {values}, where nothing else is given")
    return found | {key: found[key]._replace(allowed=values) for key, values in allowed.items()}


def optimizer_numbers() -> dict[str, dict[str, float]]:
    """Returns the numbers of each optimizer where a setting leaves them open."""
    return _named("OPTIMIZERS", FOLDER / "settings.py")


def as_text(value: Any) -> str:
    """Returns what ``--set`` takes for a value."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def _value(expression: ast.expr, path: Path) -> Any:
    """Returns the value of an expression in a file of the package, which is not run."""
    names = {part.id for part in ast.walk(expression) if isinstance(part, ast.Name)}
    known = {name: found for name in names if (found := _named(name, path)) is not None}
    return eval(compile(ast.Expression(expression), str(path), "eval"), known)


def _named(name: str, path: Path) -> Any:
    """Returns what a name stands for in a file of the package; None for one that is local in it."""
    if name == Limits.__name__:
        return Limits
    for node in _parsed(path).body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            (target,) = node.targets if isinstance(node, ast.Assign) else [node.target]
            if getattr(target, "id", None) == name:
                return _value(node.value, path)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _imported(node.module, alias.name)
        elif isinstance(node, ast.Import):
            if name in [alias.name for alias in node.names]:
                return _Unread()
        elif getattr(node, "name", None) == name:  # of a function or a class
            return _Unread()
    return None


class _Unread:
    """A function, a class or another package: of a table of functions, the keys are of interest."""

    def __getattr__(self, name: str) -> "_Unread":
        return self

    def __call__(self, *_: Any, **__: Any) -> "_Unread":
        return self


class _Module:
    """The names of a module of the package, which is not imported."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __getattr__(self, name: str) -> Any:
        return _named(name, self._path)


def _imported(module: str, name: str) -> Any:
    """Returns what ``from module import name`` would give."""
    package, *parts = module.split(".")
    if package != tfgan_ref.__name__:
        return _Unread()
    place = FOLDER.parent.joinpath(*parts)
    for path in (place / name / "__init__.py", place / f"{name}.py"):
        if path.is_file():
            return _Module(path)
    return _named(name, place / "__init__.py" if place.is_dir() else place.with_suffix(".py"))


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
    """Checks the texts of settings as far as that goes one by one, without TensorFlow.

    Raises:
        InputError: one is unknown, not of its type, out of its range or none of its choices.
    """
    for key, text in given.items():
        if key not in settings:
            raise unknown("setting", key, settings)
        value = parse_value(key, text, settings[key].kind)
        if settings[key].allowed is not None:
            check_value(key, value, settings[key].allowed)


def check_known(key: str, keys: Mapping[str, Iterable[str]]) -> None:
    """Checks that a setting is one of a recipe, of those whose settings are given by their names.

    Raises:
        InputError: it is of none.
    """
    known = list(dict.fromkeys(key for names in keys.values() for key in names))
    if key not in known:
        raise unknown("setting", key, known, f" to {', '.join(keys)}")


def check_path(data: str) -> None:
    """Checks that what ``--data KIND:PATH`` or ``--data FILE.py:FUNCTION`` names is there.

    Raises:
        InputError: it is not.
    """
    kind, _, path = data.partition(":")
    place = kind if kind.endswith(".py") else path if kind in PATHS else ""
    if place and not Path(place).expanduser().exists():
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
    for key, (kind, default, meaning, _) in declaration.settings.items():
        said = f"  {f'{key}={default}':32} {type_name(kind)}: {meaning.replace('None:', 'none:')}"
        lines += textwrap.wrap(said, 110, subsequent_indent=" " * 35)
    return "\n".join(lines)

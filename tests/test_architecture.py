"""What imports what, and how far a reader has to go from a command to the first update."""

import ast
import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "tfgan_ref"
# A line may import from itself and from those before it, never the reverse: DESIGN of docs/architecture.md.
ORDER = [
    "errors", "files", "randomness", "data", "networks", "losses", "gans", "metrics", "export", "plotting",
    "evaluation", "training", "media", "recipes", "cli", "run", "__main__",
]  # fmt: skip


def imported_parts(path):
    """The parts of the package that a file imports anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module.split(".")
            if module == ["tfgan_ref"]:
                yield from (alias.name for alias in node.names)
            elif module[0] == "tfgan_ref":
                yield module[1]
        elif isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("tfgan_ref."))


@pytest.mark.parametrize("part", [*ORDER, "__init__"])
def test_imports_point_backwards(part):
    allowed = [] if part == "__init__" else ORDER[: ORDER.index(part) + 1]
    files = sorted((PACKAGE / part).rglob("*.py")) or [PACKAGE / f"{part}.py"]
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {imported}"
        for path in files
        for imported in imported_parts(path)
        if imported not in allowed
    ]
    assert not wrong


def test_every_part_has_its_place_in_the_order():
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")}
    assert parts == {*ORDER, "__init__"}


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """The functions of the package, by file, to the first update of ``train.py cgan``; those of its step."""
    command = [sys.executable, str(ROOT / "tests" / "traced_training.py")]
    done = subprocess.run(
        [*command, str(tmp_path_factory.mktemp("traced") / "run")],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("part", "functions", "files"), [(0, 80, 20), (1, 30, 8)], ids=["first update", "step"]
)
def test_the_way_to_an_update_is_short(traced, part, functions, files):
    found = traced[part]
    listed = "\n".join(f"{name}: {', '.join(entered)}" for name, entered in found.items())
    counted = sum(map(len, found.values())), len(found)
    assert counted[0] <= functions, f"{counted} functions and files\n{listed}"
    assert counted[1] <= files, f"{counted} functions and files\n{listed}"
    assert "train_step" in listed

"""Rules about the package as a whole: what imports what, and what an import costs."""

import ast
import subprocess
import sys

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "tfgan_ref"
# From first to last: a line may import from those before it, never the reverse.
ORDER = [
    "errors", "randomness", "files", "data", "networks", "losses", "gans", "metrics", "plotting", "export",
    "export_translator", "evaluation", "training", "recipes", "cli", "__main__",
]  # fmt: skip


def imported_parts(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tfgan_ref"):
            parts = node.module.split(".")[1:]
            yield from [parts[0]] if parts else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("tfgan_ref."))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_backwards(path):
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if part == "__init__":
        assert not list(imported_parts(path))
        return
    for imported in imported_parts(path):
        assert ORDER.index(imported) <= ORDER.index(part), f"{part} imports {imported}"
        if part == "data":
            assert imported in ("data", "errors", "randomness"), f"data imports {imported}"


def test_import_of_the_package_is_light_and_switches_onednn_on():
    code = (
        "import os, sys, tfgan_ref; heavy = {'tensorflow', 'keras', 'scipy', 'sklearn', 'matplotlib'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules);"
        "print(os.environ['TF_ENABLE_ONEDNN_OPTS'], os.environ['KERAS_BACKEND'])"
    )
    environment = {"PATH": "", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["1", "tensorflow"], done.stderr


def test_the_users_onednn_setting_wins():
    code = "import os, tfgan_ref; print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    environment = {"PATH": "", "PYTHONPATH": str(ROOT), "TF_ENABLE_ONEDNN_OPTS": "0"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "0"

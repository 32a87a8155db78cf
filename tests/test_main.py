"""python -m tfgan_ref."""

import subprocess
import sys

from tests.conftest import ROOT
from tfgan_ref.__main__ import SCRIPTS
from tfgan_ref.recipes import RECIPES


def test_it_lists_every_recipe_and_every_script_in_a_line():
    done = subprocess.run(
        [sys.executable, "-m", "tfgan_ref"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    first_words = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert first_words == [*RECIPES, *SCRIPTS]
    assert set(SCRIPTS) == {path.name for path in (ROOT / "scripts").glob("*.py")}

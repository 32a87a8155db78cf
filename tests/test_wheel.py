"""A wheel that is built from a clean clone trains in an empty folder."""

import io
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email.parser import Parser

import pytest

from tests.conftest import ROOT
from tfgan_ref import __version__

RUN_TIME = {
    "importlib_resources", "keras", "matplotlib", "numpy", "pillow", "scikit-image", "scikit-learn", "scipy",
    "tensorboard", "tensorflow", "tensorflow-datasets",
}  # fmt: skip
EXTRAS = {"docs", "export", "gpu", "lint", "notebooks", "test"}


def call(*command, **options):
    """Runs a command to its end, which must be a good one; returns what it printed."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=600, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of the last commit."""
    folder = tmp_path_factory.mktemp("wheel")
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder / "clone", filter="data")
    call(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, folder / "clone")
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The programs of an environment with this one's libraries, in which the wheel is installed."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    purelib = call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    with open(f"{purelib}/libraries.pth", "w") as file:
        file.write(sysconfig.get_path("purelib") + "\n")
    # Without an index: each library that the wheel requires must be there, and nothing else is fetched.
    call(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", wheel)
    return home / "bin"


@pytest.mark.slow
def test_it_requires_what_it_needs_at_run_time_only(wheel):
    with zipfile.ZipFile(wheel) as files:
        (name,) = (name for name in files.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(files.read(name).decode())
        shipped = {name.partition("/")[0] for name in files.namelist()}
        assert "tfgan_ref/run/blind_form.html" in files.namelist()
        for name in ("page.html", "style.css", "words.js", "charts.js", "sections.js", "page.js"):
            assert f"tfgan_ref/run/report_page/{name}" in files.namelist()
    required = metadata.get_all("Requires-Dist")
    at_run_time = {line.partition(">")[0].partition("<")[0] for line in required if "extra ==" not in line}
    assert at_run_time == RUN_TIME
    assert set(metadata.get_all("Provides-Extra")) == EXTRAS
    assert shipped == {"tfgan_ref", f"tfgan_ref-{__version__}.dist-info"}


@pytest.mark.slow
def test_it_trains_from_an_empty_folder(installed, tmp_path):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    where = call(
        installed / "python",
        "-c",
        "import tfgan_ref; print(tfgan_ref.__file__)",
        cwd=tmp_path,
        env=environment,
    )
    assert where.startswith(str(installed.parent))
    settings = ["--steps", 5, "--batch-size", 8, "--set", "width=4"]
    out = call(installed / "tfgan", "train", "cgan", "--out", "run", *settings, cwd=tmp_path, env=environment)
    assert "5/5" in out
    assert (tmp_path / "run" / "saved_model" / "saved_model.pb").is_file()
    call(
        installed / "tfgan", "sample", "run/saved_model", "--out", "digits.png", cwd=tmp_path, env=environment
    )
    assert (tmp_path / "digits.png").is_file()

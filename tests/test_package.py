"""The package as a whole: what an import costs and gives, and what is required for it."""

import configparser
import re
import runpy
import sys
from types import SimpleNamespace

import pytest

import tfgan_ref as tg
from tests.conftest import ROOT, in_a_new_process

# Modules of the standard library aside: what they are called at a registry, or which requirement brings them.
DISTRIBUTIONS = {
    "PIL": "pillow", "sklearn": "scikit-learn", "skimage": "scikit-image",
    "tensorflow_datasets": "tensorflow-datasets", "tqdm": "tensorflow-datasets",
    "absl": "tensorflow", "google": "tensorflow",
}  # fmt: skip
HEAVY = {"tensorflow", "keras", "scipy", "sklearn", "matplotlib"}


def test_import_of_the_package_is_light_and_switches_onednn_on():
    code = (
        "import os, sys, tfgan_ref as tg; dir(tg); tg.errors; tg.__version__\n"
        f"heavy = {HEAVY} & set(sys.modules); assert not heavy, heavy\n"
        "print(os.environ['TF_ENABLE_ONEDNN_OPTS'], os.environ['KERAS_BACKEND'])"
    )
    assert in_a_new_process(code).split() == ["1", "tensorflow"]


def test_the_users_onednn_setting_wins():
    code = "import os, tfgan_ref; print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    assert in_a_new_process(code, TF_ENABLE_ONEDNN_OPTS="0").split() == ["0"]


@pytest.mark.parametrize(("enabled", "warned"), [(True, False), (False, True), (None, False)])
def test_that_onednn_is_off_is_said_only_if_it_is(monkeypatch, caplog, enabled, warned):
    """``enabled`` is what an imported TensorFlow says; None: none is imported."""
    port = None if enabled is None else SimpleNamespace(IsMklEnabled=lambda: enabled)
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow.python.util._pywrap_util_port", port)
    runpy.run_path(tg.__file__)
    assert ("TensorFlow was imported before tfgan_ref" in caplog.text) == warned


def test_tensorflow_says_whether_onednn_is_on():
    from tensorflow.python.util import _pywrap_util_port

    assert isinstance(_pywrap_util_port.IsMklEnabled(), bool)


def test_its_parts_are_there_without_an_import(monkeypatch):
    for name in ("gans", "metrics", "load"):
        monkeypatch.delitem(vars(tg), name, raising=False)  # as if nothing had imported it
    assert tg.gans.WGANGP.__name__ == "WGANGP"
    assert tg.metrics.__name__ == "tfgan_ref.metrics"
    assert tg.load.__name__ == "load"
    folders = {path.parent.name for path in (ROOT / "tfgan_ref").glob("*/__init__.py")}
    assert folders < set(dir(tg))
    for name in tg.__all__:
        assert getattr(tg, name) is not None
    with pytest.raises(AttributeError, match="'tfgan_ref' has no attribute 'gan'"):
        tg.gan  # noqa: B018


def test_whatever_it_imports_is_required_at_run_time():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = [line for line in config["options"]["install_requires"].split("\n") if line]
    required = {re.match(r"[\w-]+", line).group() for line in lines if not line.startswith("#")}
    imported = set()
    for path in (ROOT / "tfgan_ref").rglob("*.py"):
        imported |= set(
            re.findall(r"^\s*(?:from|import) (\w+)[\w.]*(?: import|$| as)", path.read_text(), re.M)
        )
    third_party = imported - set(sys.stdlib_module_names) - {"tfgan_ref"}
    needed = {DISTRIBUTIONS.get(name, name) for name in third_party}
    # TensorFlow's callbacks import tensorboard, tensorflow-datasets importlib_resources.
    assert needed | {"tensorboard", "importlib_resources"} == required

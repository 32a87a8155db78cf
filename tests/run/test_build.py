"""Run directories are opened for what comes after training."""

import dataclasses
import warnings

from tests.conftest import same, values
from tfgan_ref import __version__
from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.recipes import RECIPES, build_gan
from tfgan_ref.run.build import restore_gan
from tfgan_ref.training.checkpoints import Checkpoints
from tfgan_ref.training.run_directory import RunDirectory


def test_a_run_that_was_compiled_is_opened_without_a_warning(tmp_path):
    """Keras warns of XLA where operations are deterministic, as scoring makes them, and so do these tests."""
    recipe, shape = RECIPES["gan"], DataShape((8, 8, 1))
    settings = recipe.settings(depth=1, latent_dim=4, jit="off", deterministic=False)
    gan = build_gan(recipe, settings, shape)
    config = {
        "recipe": recipe.name,
        "settings": dataclasses.asdict(settings) | {"jit": "on"},
        "data": {"fingerprint": "", **shape._asdict()},
        "versions": {"tfgan_ref": __version__},
    }
    run = RunDirectory.create(tmp_path / "run", config)
    Checkpoints(run.checkpoints, gan).save()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        restored = restore_gan(run.path)
    assert same(values(restored.variables), values(gan.variables))

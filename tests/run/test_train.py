"""What is refused before a run directory is made."""

import numpy as np
import pytest

from tfgan_ref.errors import InputError
from tfgan_ref.recipes import find_recipe
from tfgan_ref.run.train import start_run


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"evaluate_metrics": "FID"}, "metric 'FID' is unknown"),
        ({"evaluate_n": 5}, "evaluate_n 5 is out of range: at least 12"),
        ({"evaluate_features": "vgg"}, "features 'vgg' is unknown"),
    ],
    ids=str,
)
def test_settings_of_the_evaluation(tmp_path, change, part):
    np.savez(tmp_path / "a.npz", images=np.zeros((20, 8, 8), np.uint8))
    recipe = find_recipe("gan")
    settings = recipe.settings(data=f"npz:{tmp_path / 'a.npz'}", batch_size=4, evaluate_every=2, **change)
    with pytest.raises(InputError, match=part):
        start_run(recipe, settings, tmp_path / "run")
    assert not (tmp_path / "run").exists()

"""The recipe of InfoGAN: its codes stand where others have the data's classes."""

import numpy as np
import pytest

from tests.conftest import same, values
from tfgan_ref.data import DataShape
from tfgan_ref.recipes import RECIPES, build_gan

RECIPE = RECIPES["infogan"]


@pytest.fixture
def pictures(tmp_path):
    """Ten pictures of three classes, and the same without labels."""
    images = np.random.default_rng(0).integers(0, 256, (10, 12, 12), np.uint8)
    np.savez(tmp_path / "labelled.npz", images=images, labels=np.arange(10) % 3)
    np.savez(tmp_path / "plain.npz", images=images)
    return lambda name, **own: RECIPE.read(
        RECIPE.settings(data=f"npz:{tmp_path / name}.npz", image_size=12, hold_out=0.0, **own)
    )


@pytest.mark.parametrize(
    ("name", "own", "codes"),
    [("labelled", {}, 3), ("plain", {}, 10), ("labelled", {"codes": 4}, 4), ("plain", {"codes": 2}, 2)],
)
def test_there_are_as_many_codes_as_classes_unless_a_number_is_given(pictures, name, own, codes):
    training = pictures(name, **own)
    names = tuple(f"code {code}" for code in range(codes))
    assert training.shape == DataShape((12, 12, 1), codes, names={"classes": names})
    assert training.examples[0]["classes"].tolist() == list(names)


def test_labels_of_the_data_change_nothing(pictures):
    gans = []
    for name in ("labelled", "plain"):
        training = pictures(name, codes=3)
        settings = RECIPE.settings(image_size=12, width=2, batch_size=4)
        gan = build_gan(RECIPE, settings, training.shape)
        for batch in training.batches(4).take(1):
            gan.train_step(batch)
        gans.append(values(gan.variables))
    assert same(*gans)


def test_the_picture_of_progress_has_a_named_row_for_each_code(pictures):
    training = pictures("labelled")
    gan = build_gan(RECIPE, RECIPE.settings(image_size=12, width=2), training.shape)
    picture = RECIPE.draw(gan, *training.examples)
    assert picture.shape[0] == 2 * (3 * 14 + 2)
    assert picture.shape[1] > RECIPE.draw(gan).shape[1]
    np.testing.assert_array_equal(gan.generate(4, 0, label=1), gan.generate(4, 0, label=[1] * 4))
    assert not np.array_equal(gan.generate(1, 0, label=0), gan.generate(1, 0, label=1))


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("codes", "0", "codes 0 is out of range: at least 1, or none"),
        ("continuous_codes", "0", "continuous_codes 0 is out of range: at least 1"),
        ("categorical_weight", "-1", "categorical_weight -1.0 is out of range: at least 0"),
    ],
)
def test_bad_settings(key, text, message):
    with pytest.raises(ValueError, match=message):
        RECIPE.settings.from_text({key: text})

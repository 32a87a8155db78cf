"""Every recipe from pictures to pictures trains, resumes, exports, and follows its settings."""

import numpy as np
import pytest
from keras import layers
from PIL import Image

from tests.conftest import as_if_killed, same, slow_ones, values, without_export
from tfgan_ref import networks
from tfgan_ref.data import DataShape, PicturePairs, read_masks
from tfgan_ref.errors import InputError
from tfgan_ref.recipes import RECIPES, build_gan
from tfgan_ref.recipes.settings import TranslationSettings
from tfgan_ref.run import build, train
from tfgan_ref.run.translator import open_translator

pytestmark = pytest.mark.usefixtures("eager_training")

TRANSLATION = {n: recipe for n, recipe in RECIPES.items() if issubclass(recipe.settings, TranslationSettings)}
SMALL = {
    "edges2image": {"width": 4, "depth": 2, "crop": 16},
    "colourise": {"width": 4, "depth": 2, "crop": 16, "batch_size": 2},
    "inpaint": {"width": 4, "depth": 2, "batch_size": 2, "crop": 16, "image_size": None},
    "cyclegan": {"width": 4, "blocks": 1, "batch_size": 2, "crop": 16, "image_size": None},
    "cut": {"width": 4, "blocks": 1, "batch_size": 2, "crop": 16, "image_size": None, "units": 4},
    "style": {"width": 4, "blocks": 1, "batch_size": 2, "crop": 16, "image_size": None},
    "srresnet": {"width": 4, "blocks": 1, "crop": 8, "batch_size": 2, "scale": 2},
    "srgan": {"width": 4, "blocks": 1, "crop": 8, "batch_size": 2, "scale": 2, "d_width": 4,
              "perceptual": "none", "pretrain_steps": 2},
}  # fmt: skip
EXPORTED = {"inpaint", "cyclegan", "style", "srresnet"}  # the others export as one of these does
EVERY = pytest.mark.parametrize("name", SMALL)


@pytest.fixture(scope="module", autouse=True)
def pictures(tmp_path_factory):
    """A folder of four small coloured pictures of different sizes."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for number in range(4):
        coarse = rng.integers(0, 256, (5, 6, 3), np.uint8)
        size = (44 + number, 40)
        Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    return f"folder:{folder}"


@pytest.fixture
def settings_of(pictures):
    """The settings of a recipe that train it for a moment: (name, **others) to them."""

    def make(name, **own):
        brief = {"steps": 4, "log_every": 2, "checkpoint_every": 2, "sample_every": 4, "data": pictures}
        if name in ("cyclegan", "cut"):
            brief["styles"] = pictures
        return RECIPES[name].settings(**SMALL[name] | brief | {"steps_per_execution": 1} | own)

    return make


def test_every_recipe_is_tested():
    assert set(SMALL) == set(TRANSLATION)


@pytest.mark.parametrize("name", slow_ones(SMALL, SMALL.keys() - {"srgan", "srresnet"}))
def test_recipe_trains_and_exports(name, settings_of, tmp_path):
    """The SavedModel does what the run does, with a picture of any size."""
    settings = settings_of(name, steps=2, log_every=1, checkpoint_every=1, sample_every=2)
    recipe = RECIPES[name] if name in EXPORTED else without_export(RECIPES[name])
    assert train.start_run(recipe, settings, tmp_path / "run")
    assert (tmp_path / "run" / "samples.png").is_file()
    if name in EXPORTED:
        does_what_its_saved_model_does(tmp_path / "run")


def does_what_its_saved_model_does(path):
    picture = np.random.default_rng(0).integers(0, 256, (13, 18, 3), np.uint8)
    run, exported = (open_translator(path / part) for part in ("", "saved_model"))
    other = {None: (), "mask": (picture[..., 0] > 90,), "style": (picture[:9],)}[run.second_input]
    made = run.apply(picture, *other)
    assert made.shape[:2] == (13 * run.scale, 18 * run.scale)
    np.testing.assert_allclose(made.astype(int), exported.apply(picture, *other), atol=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "own", [{}, {"degradation": "real", "loss": "relativistic", "upsample": "icnr"}], ids=["plain", "real"]
)
def test_stopped_and_resumed_run_ends_where_a_straight_one_does(own, settings_of, tmp_path, monkeypatch):
    recipe = without_export(RECIPES["srgan"])  # it has two phases
    monkeypatch.setitem(RECIPES, "srgan", recipe)
    train.start_run(recipe, settings_of("srgan", checkpoint_every=3, **own), tmp_path / "straight")
    assert train.resume_run(as_if_killed(tmp_path / "straight", tmp_path / "stopped", 3))
    straight, resumed = (build.restore_gan(tmp_path / run) for run in ("straight", "stopped"))
    assert same(values(straight.variables), values(resumed.variables))


def test_settings_reach_the_networks_the_losses_and_the_data(settings_of):
    settings = settings_of("srgan", scale=4, upsample="resize", loss="relativistic", degradation="real")
    data = RECIPES["srgan"].read(settings)
    gan = build_gan(RECIPES["srgan"], settings, data.shape)
    assert gan.adversarial_loss.paired
    assert any(type(layer).__name__ == "UpSampling2D" for layer in gan.generator.layers)
    margin = networks.receptive_margin(4, 1, upsample="resize")
    assert gan.margin == margin < networks.receptive_margin(4, 1)
    assert data.items.degraded
    kept = settings_of("srgan", scale=4)
    data = RECIPES["srgan"].read(kept)
    gan = build_gan(RECIPES["srgan"], kept, data.shape)
    assert not gan.adversarial_loss.paired
    assert gan.margin == networks.receptive_margin(4, 1)
    assert isinstance(data.items, PicturePairs)


def test_srgan_goes_on_from_a_run_of_srresnet(settings_of, tmp_path, monkeypatch):
    train.start_run(
        without_export(RECIPES["srresnet"]), settings_of("srresnet", steps=1), tmp_path / "srresnet"
    )
    trained = build.restore_gan(tmp_path / "srresnet").sampling_generator
    settings = settings_of("srgan", pretrain_steps=0, start_from=str(tmp_path / "srresnet"))
    begun = []
    monkeypatch.setattr(train, "train_gan", lambda *given: begun.append(given[3]))
    train.start_run(RECIPES["srgan"], settings, tmp_path / "srgan")
    assert same(begun[0].generator.get_weights(), trained.get_weights())
    # Stopped before its first checkpoint, it starts again, with what it began with.
    train.resume_run(tmp_path / "srgan")
    assert same(begun[1].generator.get_weights(), trained.get_weights())


@pytest.mark.slow
@pytest.mark.parametrize("own", [{}, {"stream": "on", "degradation": "real"}], ids=["plain", "real, on disk"])
def test_the_classifier_of_pictures_is_a_perceptual_loss(own, settings_of, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("tfgan_ref.evaluation.classifier.STEPS", 2)
    settings = settings_of("srgan", perceptual="classifier", pretrain_steps=0, **own)
    data = RECIPES["srgan"].read(settings)
    gan = build_gan(RECIPES["srgan"], settings, data.shape)
    logs = gan.train_step(next(iter(data.batches(2))))
    assert float(logs["content_loss"]) > 0


@pytest.mark.parametrize(
    ("name", "own", "message"),
    [
        ("edges2image", {"crop": 18}, r"crop 18 is not a multiple of 2\*\*depth, 4"),
        ("edges2image", {"make": "ink"}, "make 'ink' is unknown: choose one of "),
        ("colourise", {"hold_out": 8}, "hold_out 8 is out of range: folder:.* has 4 pairs"),
        ("colourise", {"receptive_field": "71"}, "receptive_field '71' is unknown: choose one of 1, 16, "),
        ("inpaint", {"hole": "star"}, "hole 'star' is unknown"),
        ("inpaint", {"masks": "nowhere"}, "nowhere does not exist: name a folder or a zip archive of masks"),
        ("cyclegan", {"crop": 30}, "crop 30 is not a multiple of 4"),
        ("cut", {"crop": 30}, "crop 30 is not a multiple of 4"),
        ("cut", {"patches": 1}, "patches 1 is out of range: at least 2"),
        ("srresnet", {"scale": 3}, "scale 3 is unknown: choose one of 2, 4, 8"),
        ("srgan", {"perceptual": "vgg"}, "perceptual 'vgg' is unknown: choose one of vgg19, "),
        ("srresnet", {"degradation": "jpeg"}, "degradation 'jpeg' is unknown: choose one of bicubic, real"),
        ("srresnet", {"upsample": "nearest"}, "upsample 'nearest' is unknown: choose one of shuffle, icnr, "),
        ("srgan", {"loss": "hinge"}, "loss 'hinge' is unknown: choose one of non_saturating, relativistic"),
        ("srgan", {"perceptual_weights": "x.h5"}, "perceptual_weights: perceptual=none takes none"),
        ("srgan", {"start_from": "nowhere"}, "nowhere is not a run directory"),
    ],
)
def test_bad_settings_are_one_line(name, own, message, settings_of, tmp_path):
    with pytest.raises(InputError, match=message) as caught:
        train.start_run(RECIPES[name], settings_of(name, **own), tmp_path / "run")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("name", "own"), [("colourise", {}), ("inpaint", {"refinement": 6})])
def test_the_discriminator_has_its_own_normalisation(name, own, settings_of):
    def normalised(**settings):
        gan = RECIPES[name].build(
            settings_of(name, **own | settings), DataShape((16, 16, 3), source_channels=3)
        )
        networks = gan.generator, gan.discriminator
        kinds = (layers.GroupNormalization, layers.BatchNormalization)
        return gan, [{type(x) for x in network.layers if isinstance(x, kinds)} for network in networks]

    group, batch = {layers.GroupNormalization}, {layers.BatchNormalization}
    assert normalised()[1] == [group, group]
    assert normalised(d_normalisation="none")[1] == [group, set()]
    assert normalised(normalisation="batch")[1] == [batch, batch]
    gan, found = normalised(normalisation="none", d_normalisation="batch", loss="relativistic")
    assert found == [set(), batch]
    assert gan.adversarial_loss.paired
    filters = [layer.filters for layer in gan.generator.layers if isinstance(layer, layers.Conv2D)]
    assert (6 in filters) == (name == "inpaint")


def test_masks_from_files_are_the_holes_of_a_run(settings_of, tmp_path):
    (tmp_path / "masks").mkdir()
    for number in range(2):
        known = np.full((20, 24), 255, np.uint8)
        known[4 : 9 + number, 6:15] = 0
        Image.fromarray(known).save(tmp_path / "masks" / f"{number}.png")
    recipe = without_export(RECIPES["inpaint"])
    settings = settings_of("inpaint", masks=str(tmp_path / "masks"), checkpoint_every=3)
    masks = read_masks(settings.masks, settings.crop)
    batch = next(iter(recipe.read(settings).batches(8)))
    for mask in batch["mask"].numpy()[..., 0]:
        assert (masks == mask).all((1, 2)).any()
    train.start_run(recipe, settings, tmp_path / "run")
    Image.fromarray(known[::-1]).save(tmp_path / "masks" / "2.png")
    with pytest.raises(InputError, match="with masks .*masks is not what run .* was started with"):
        train.resume_run(tmp_path / "run", steps=6)
    with pytest.raises(InputError, match="hole free is not for masks from files: leave it out"):
        settings_of("inpaint", masks=str(tmp_path / "masks"), hole="free")


def test_missing_vgg_weights_stop_srgan(settings_of, tmp_path):
    settings = settings_of("srgan", perceptual="vgg19", perceptual_weights=str(tmp_path / "missing.h5"))
    with pytest.raises(InputError, match=r"missing\.h5"):
        train.start_run(RECIPES["srgan"], settings, tmp_path / "run")


def test_runs_of_pictures_are_neither_sampled_nor_compared(run_script, settings_of, tmp_path):
    train.start_run(without_export(RECIPES["inpaint"]), settings_of("inpaint"), tmp_path / "run")
    for script, arguments in (
        ("sample.py", (tmp_path / "run", "--out", tmp_path / "x.png")),
        ("evaluate.py", (tmp_path / "run",)),
        ("compare.py", ("inpaint", "--steps", 2, "--out", tmp_path / "compared")),
    ):
        code, _, err = run_script(script, *arguments)
        assert code == 2, script
        assert err.count("\n") == 1, err

"""Translators from SavedModels and from runs: channels, second inputs, tiles, and one line for bad input."""

import numpy as np
import pytest
from PIL import Image

from tests.conftest import tiny_gan
from tests.small_translators import enlarging, filling, picture, styling
from tfgan_ref.errors import InputError
from tfgan_ref.export.generator import export_generator
from tfgan_ref.export.translator import TILE, export_translator
from tfgan_ref.gans import ImageTranslator
from tfgan_ref.run import build as building
from tfgan_ref.run.load import load
from tfgan_ref.run.translator import open_translator, translator_of

pytestmark = pytest.mark.usefixtures("eager_training")

NETS = {
    "enlarging": ({"inputs": ("source",), "scale": 2, "margin": 2}, lambda: enlarging(2)),
    "grey": ({"inputs": ("source",), "scale": 1, "margin": 2}, lambda: enlarging(channels=1)),
    "filling": ({"inputs": ("source", "mask"), "scale": 1, "margin": 1}, filling),
    "styling": ({"inputs": ("source", "target"), "scale": 1, "margin": None}, styling),
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    for name, (form, build) in NETS.items():
        back = enlarging(channels=3, output_channels=1) if name == "grey" else None
        export_translator(build(), folder / name, stride=1, backward=back, **form)
    return folder


def run_of(name):
    form, build = NETS[name]
    gan = ImageTranslator(build(), None, inputs=form["inputs"], margin=form["margin"])
    if name == "grey":
        gan.ema_backward = enlarging(channels=3, output_channels=1)
    return gan


def others(name):
    return {"filling": [picture((14, 11)) > 90], "styling": [picture((30, 9, 3), 2)]}.get(name, [])


@pytest.mark.parametrize("name", NETS)
def test_a_run_and_its_saved_model_do_the_same(exported, name, monkeypatch):
    monkeypatch.setattr(building, "restore_gan", lambda path: run_of(name))
    run, saved = open_translator(exported), open_translator(exported / name)
    form = NETS[name][0]
    for translator in (run, saved):
        assert (translator.scale, translator.margin, translator.inputs) == (
            form["scale"], form["margin"], form["inputs"],
        )  # fmt: skip
        assert translator.tile == (None if form["margin"] is None else TILE)
    assert run.channels == saved.channels
    image = picture((14, 11, 3))
    made = run.apply(image, *others(name))
    assert made.dtype == np.uint8
    assert made.shape == (14 * form["scale"], 11 * form["scale"], 3)
    np.testing.assert_allclose(made.astype(int), saved.apply(image, *others(name)), atol=1)
    if name == "grey":
        back = open_translator(exported / name, backward=True).apply(image)
        assert back.shape == (14, 11, 1)
        same = open_translator(exported, backward=True).apply(image)
        np.testing.assert_allclose(back.astype(int), same, atol=1)


def test_load_opens_a_saved_model_of_a_translator(exported):
    image = picture((14, 11, 3))
    made = load(exported / "enlarging").apply(image)
    np.testing.assert_array_equal(made, open_translator(exported / "enlarging").apply(image))


def test_grey_and_coloured_pictures(exported):
    image = picture((9, 10, 3))
    luma = np.asarray(Image.fromarray(image).convert("L"))[..., None]
    grey, coloured = open_translator(exported / "grey"), open_translator(exported / "enlarging")
    np.testing.assert_array_equal(grey.apply(image), grey.apply(luma))
    np.testing.assert_array_equal(coloured.apply(luma), coloured.apply(luma.repeat(3, -1)))


@pytest.mark.parametrize("name", ["enlarging", "filling"])
def test_tiles_are_what_the_whole_is(exported, name):
    image, mask = picture((50, 71, 3)), [picture((50, 71)) > 90] if name == "filling" else []
    whole = open_translator(exported / name).apply(image, *mask)
    tiled = open_translator(exported / name, tile=23).apply(image, *mask)
    np.testing.assert_allclose(tiled.astype(int), whole, atol=1)
    if mask:
        np.testing.assert_array_equal(tiled[mask[0]], image[mask[0]])


def test_any_number_but_0_is_known(exported):
    translator, image, known = open_translator(exported / "filling"), picture((6, 5, 3)), picture((6, 5)) > 90
    expected = translator.apply(image, known)
    for mask in (known * np.uint8(7), known * 0.1, known[..., None], known * np.int64(-1)):
        np.testing.assert_array_equal(translator.apply(image, mask), expected)


@pytest.mark.parametrize(
    ("name", "inputs", "message"),
    [
        ("enlarging", (picture((4, 4, 3)), picture((4, 4))), "this model takes a picture alone"),
        ("filling", (picture((4, 4, 3)),), "this model takes a mask beside the picture"),
        ("styling", (picture((4, 4, 3)),), "this model takes a style beside the picture"),
        (
            "filling",
            (picture((4, 5, 3)), picture((5, 4))),
            r"mask must have the picture's size \(4, 5\), not",
        ),
        ("enlarging", (picture((4, 4)),), r"picture must be uint8 \(H, W, 1 or 3\), not uint8 of shape"),
        ("enlarging", (np.zeros((4, 4, 3)),), "not float64"),
        ("enlarging", (picture((4, 0, 3)),), r"of shape \(4, 0, 3\)"),
        ("styling", (picture((4, 4, 3)), picture((4, 4, 4))), "style must be uint8"),
    ],
)
def test_bad_inputs(exported, name, inputs, message):
    with pytest.raises(InputError, match=message):
        open_translator(exported / name).apply(*inputs)


def test_bad_models(exported, tmp_path, monkeypatch):
    export_generator(tiny_gan().generator, tmp_path / "latents")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "saved_model.pb").write_bytes(b"no model")
    monkeypatch.setattr(building, "restore_gan", lambda path: tiny_gan())
    for path, settings, message in (
        (tmp_path / "nowhere", {}, "nowhere does not exist: name a run directory or a SavedModel"),
        (
            tmp_path / "latents",
            {},
            "latents draws pictures from latents and takes none: use the command sample",
        ),
        (tmp_path, {}, "draws pictures from latents and takes none: use the command sample"),
        (tmp_path / "damaged", {}, "damaged is not a SavedModel: "),
        (
            exported / "enlarging",
            {"backward": True},
            "backward: .*enlarging has no generator of the way back",
        ),
        (exported / "enlarging", {"tile": 4}, "tile 4 is out of range: at least 5"),
        (exported / "styling", {"tile": 64}, "tile 64: this model sees the whole picture"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            open_translator(path, **settings)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="ImageTranslator has no generator of the way back"):
        translator_of(run_of("enlarging"), backward=True)

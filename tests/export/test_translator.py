"""Exported translators: any size, every type, and a process that cannot import this package."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.small_translators import enlarging, filling, picture, shrinking, styling
from tfgan_ref.errors import InputError
from tfgan_ref.export.translator import SMALLEST_SIDE, ExportedTranslator, export_translator

CODE = """
import sys
sys.modules["tfgan_ref"] = None  # importing it fails
import numpy as np, tensorflow as tf
folder = sys.argv[1]
rng = np.random.default_rng(0)
model = tf.saved_model.load(folder + "/enlarging")
assert [int(v) for v in (model.scale, model.stride, model.margin, model.channels)] == [2, 3, 2, 3]
for size in ((1, 1), (2, 11), (12, 9)):
    image = rng.integers(0, 256, (*size, 3), np.uint8)
    made = model.apply(image).numpy()
    assert made.shape == (2 * size[0], 2 * size[1], 3) and made.dtype == np.uint8
    for kind in (np.float32, np.float64):
        floats = model.apply((image / 255).astype(kind)).numpy()
        assert floats.dtype == np.float32 and 0 <= floats.min() and floats.max() <= 1
        assert np.abs(made - 255 * floats).max() < 0.5 + 1e-3
    np.savez(f"{folder}/{size[0]}.npz", image=image, made=made, floats=floats)
batch = rng.uniform(0, 1, (2, 12, 9, 3)).astype(np.float32)
served = model.signatures["serving_default"](source=tf.constant(batch))["images"]
np.testing.assert_allclose(served[1], model.apply(batch[1]), atol=1e-5)
for bad, part in [
    (np.zeros((4, 4, 1), np.uint8), "image must be (H, W, 3), not"),
    (np.zeros((4, 4), np.float32), "image must be (H, W, 3), not"),
    (np.zeros((1, 4, 4, 3), np.uint8), "image must be (H, W, 3), not"),
    (np.zeros((0, 4, 3), np.uint8), "image must be (H, W, 3), not"),
    (np.full((4, 4, 3), 1.5, np.float32), "image of floats must be in [0, 1]"),
    (np.full((4, 4, 3), np.nan, np.float32), "image of floats must be in [0, 1]"),
]:
    try:
        model.apply(bad)
    except tf.errors.InvalidArgumentError as error:
        assert part in str(error), str(error)
    else:
        raise AssertionError(bad.shape)

image, mask = rng.integers(0, 256, (9, 10, 3), np.uint8), rng.integers(0, 2, (9, 10)).astype(bool)
model = tf.saved_model.load(folder + "/filling")
assert int(model.margin) == -1
made = model.apply(image, mask=mask).numpy()
np.testing.assert_array_equal(made[mask], image[mask])
assert (made != image).any()
for same in (mask * np.uint8(200), mask * np.float32(0.25), mask[..., None]):
    np.testing.assert_array_equal(model.apply(image, same), made)
for bad in (mask[:5], mask[None], mask.T, mask[0], np.repeat(mask[..., None], 2, -1), np.bool_(True)):
    try:
        model.apply(image, bad)
    except tf.errors.InvalidArgumentError as error:
        assert "mask must have the size of the image" in str(error), str(error)
    else:
        raise AssertionError(bad.shape)

model = tf.saved_model.load(folder + "/styling")
style = rng.integers(0, 256, (20, 8, 3), np.uint8)
made = model.apply(image, style).numpy()
assert np.abs(made - 255 * model.apply((image / 255).astype(np.float32), style=style).numpy()).max() < 0.501
assert (model.apply(image, 255 - style).numpy() != made).any()

model = tf.saved_model.load(folder + "/both ways")
made = model.apply_back(image[..., :1]).numpy()
assert made.shape == (9, 10, 3) and model.apply(image).shape == (9, 10, 1)
floats = np.float32(image[None, ..., :1] / 255)
served = model.signatures["serving_back"](source=tf.constant(floats))["images"][0]
assert np.abs(made - 255 * served.numpy()).max() < 0.501
"""

PLAIN = {"inputs": ("source",), "stride": 1, "scale": 1, "margin": 2}


def exported(generator, inputs=("source",), stride=1, scale=1):
    return ExportedTranslator(generator, inputs=inputs, stride=stride, scale=scale, margin=None)


def generated(generator, *inputs):
    """What a generator itself makes of pictures in [-1, 1], in [0, 1]."""
    batches = [tf.constant(each[None], tf.float32) for each in inputs]
    return np.clip(generator(batches if len(batches) > 1 else batches[0])[0] / 2 + 0.5, 0, 1)


def signed(image):
    return image.astype(np.float32) / 127.5 - 1


def mirrored(image, stride):
    """Extended below and to the right by numpy."""
    sides = [-(-max(side, SMALLEST_SIDE) // stride) * stride for side in image.shape[:2]]
    beyond = [(0, whole - side) for whole, side in zip(sides, image.shape, strict=False)]
    return np.pad(image, [*beyond, (0, 0)], mode="symmetric")


@pytest.mark.slow
def test_saved_models_need_tensorflow_only(tmp_path):
    net = enlarging(2)
    export_translator(net, tmp_path / "enlarging", inputs=("source",), stride=3, scale=2, margin=2)
    for name, generator, second in (("filling", filling(), "mask"), ("styling", styling(), "target")):
        form = {"inputs": ("source", second), "stride": 2, "scale": 1, "margin": None}
        export_translator(generator, tmp_path / name, **form)
    there, back = enlarging(output_channels=1), enlarging(channels=1)
    export_translator(there, tmp_path / "both ways", **PLAIN, backward=back)
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for height in (1, 2, 12):
        with np.load(tmp_path / f"{height}.npz") as made:
            expected = generated(net, signed(mirrored(made["image"], 3)))
            expected = expected[: made["made"].shape[0], : made["made"].shape[1]]
            np.testing.assert_allclose(made["floats"], expected, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (8, 8), (9, 16), (13, 5), (40, 17)])
@pytest.mark.parametrize("stride", [1, 4, 16])
def test_any_size_is_mirrored_to_multiples_of_the_stride(size, stride):
    net = shrinking() if stride > 1 else enlarging()
    image = picture((*size, 3))
    expected = generated(net, signed(mirrored(image, stride)))[: size[0], : size[1]]
    made = exported(net, stride=stride).apply(image).numpy()
    np.testing.assert_allclose(made, 255 * expected, atol=0.501)


def test_one_graph_serves_all_sizes():
    apply = exported(enlarging()).apply
    before = apply.experimental_get_tracing_count()
    for size in range(1, 6):
        apply(picture((size, 7, 3)))
    assert apply.experimental_get_tracing_count() == before


def test_the_hole_is_black_to_the_generator_only_between_black_and_white():
    """The generator sees 0, the middle of [-1, 1], in the hole, whatever the picture has there."""
    net, image = filling(), picture((10, 12, 3))
    known = np.zeros((10, 12, 1), bool)
    known[:, :7] = True
    expected = generated(net, np.where(known, signed(image), 0), known)
    apply = exported(net, ("source", "mask")).apply
    made = apply(np.float32(image / 255), known).numpy()
    np.testing.assert_allclose(made[:, 7:], expected[:, 7:], atol=1e-5)
    np.testing.assert_array_equal(made[:, :7], np.float32(image / 255)[:, :7])
    other = np.where(known, image, 255 - image)
    np.testing.assert_array_equal(apply(image, known), apply(other, known))


def test_every_known_value_comes_out_as_it_was():
    image = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, -1)
    made = exported(filling(), ("source", "mask")).apply(image, np.ones((16, 16), bool))
    np.testing.assert_array_equal(made, image)


def test_style_has_its_own_size():
    net, image, style = styling(), picture((8, 9, 3)), picture((30, 11, 3), 1)
    made = exported(net, ("source", "target")).apply(np.float32(image / 255), style)
    np.testing.assert_allclose(made, generated(net, signed(image), signed(style)), atol=1e-5)


def test_output_is_clipped():
    source = keras.Input((None, None, 1))
    wild = keras.Model(source, keras.layers.Rescaling(9.0)(source))
    image = np.float32([[[0.0], [0.45], [0.5], [1.0]]])
    np.testing.assert_allclose(exported(wild).apply(image)[0, :, 0], [0, 0.05, 0.5, 1], atol=1e-6)


@pytest.mark.parametrize(
    ("generator", "changed", "message"),
    [
        (enlarging, {"inputs": ("image",)}, "inputs 'image' are unknown: choose one of source; source, mask"),
        (enlarging, {"inputs": ("source", "mask")}, "inputs source, mask: the generator takes 1"),
        (filling, {"inputs": ("source", "mask"), "scale": 2}, "scale 2 is out of range: 1 for a generator"),
        (
            enlarging,
            {"scale": 2, "backward": enlarging()},
            "backward: a generator of inputs source and scale 2 has",
        ),
        (
            lambda: keras.Sequential([keras.Input((8, 6, 3)), keras.layers.ReLU()]),
            {},
            "source of the generator is 6x8: build it",
        ),
    ],
)
def test_bad_arguments(tmp_path, generator, changed, message):
    with pytest.raises(InputError, match=message):
        export_translator(generator(), tmp_path / "model", **PLAIN | changed)
    assert list(tmp_path.iterdir()) == []


def test_existing_directory_is_not_touched_and_a_failed_export_leaves_nothing(tmp_path, monkeypatch):
    (tmp_path / "model").mkdir()
    with pytest.raises(InputError, match="exists: name a new directory"):
        export_translator(enlarging(), tmp_path / "model", **PLAIN)

    def fail(*arguments, **settings):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", fail)
    with pytest.raises(OSError, match="No space left"):
        export_translator(enlarging(), tmp_path / "other", **PLAIN)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize(("net", "form"), [
    (enlarging(2), {"inputs": ("source",), "scale": 2, "margin": 2, "stride": 1}),
    (filling(), {"inputs": ("source", "mask"), "scale": 1, "margin": 1, "stride": 4}),
    (shrinking(), {"inputs": ("source",), "scale": 1, "margin": 12, "stride": 4}),
])  # fmt: skip
def test_tiles_are_what_the_whole_is(net, form, monkeypatch):
    monkeypatch.setattr(ExportedTranslator, "_apply_function", lambda self: None)  # which makes graphs
    module = ExportedTranslator(net, **form)
    serve, served = module.serve.python_function, []
    batches = [picture((1, 41, 83, 3)).astype(np.float32) / 255]
    if "mask" in form["inputs"]:
        batches.append((picture((1, 41, 83, 1)) > 90).astype(np.float32))
    whole = serve(*map(tf.constant, batches))[0]
    monkeypatch.setattr(module, "serve", lambda *given: served.append(given[0].shape[1:3]) or serve(*given))
    module.tile.assign(40)
    made = module._in_tiles(*map(tf.constant, batches))
    np.testing.assert_allclose(made, whole, atol=1e-5)
    assert len(served) > 3
    assert max(map(max, served)) <= 40

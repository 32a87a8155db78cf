"""AdaIN against equation 8 in NumPy, and what the generator around it keeps apart."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.networks.translation.adain import PARTS, AdaIN, adain_generator


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def pictures(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def tiny(**settings):
    return adain_generator(**{"width": 4, "depth": 1, "blocks": 1, "style_dim": 3, **settings})


def test_adain_is_equation_8():
    x, deviation, mean = 3 * normal(2, 4, 5, 3) + 1, normal(2, 3, seed=1), normal(2, 3, seed=2)
    expected = np.empty_like(x)
    for n in range(2):
        for c in range(3):
            own = x[n, :, :, c].astype(np.float64)
            normalised = (own - own.mean()) / np.sqrt(own.var() + 0.01)
            expected[n, :, :, c] = deviation[n, c] * normalised + mean[n, c]
    layer = AdaIN(epsilon=0.01)
    np.testing.assert_allclose(layer([x, deviation, mean]).numpy(), expected, rtol=1e-4, atol=1e-5)
    assert layer.compute_output_shape([x.shape, deviation.shape, mean.shape]) == x.shape


def test_styled_features_have_the_styles_statistics():
    x, style = 0.3 * normal(3, 8, 8, 4) - 2, 5 * normal(3, 6, 7, 4, seed=1) + 4
    styled = AdaIN()([x, style.std((1, 2)), style.mean((1, 2))]).numpy()
    np.testing.assert_allclose(styled.mean((1, 2)), style.mean((1, 2)), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(styled.std((1, 2)), style.std((1, 2)), rtol=1e-3)
    # In its own style a picture stays what it is.
    same = AdaIN()([x, x.std((1, 2)), x.mean((1, 2))]).numpy()
    np.testing.assert_allclose(same, x, rtol=1e-3, atol=1e-3)


def test_flat_maps_give_the_mean_and_a_finite_gradient():
    x, deviation, mean = tf.ones((2, 3, 3, 4)), tf.constant(normal(2, 4)), tf.constant(normal(2, 4, seed=1))
    with tf.GradientTape() as tape:
        tape.watch([x, deviation])
        y = AdaIN()([x, deviation, mean])
        loss = tf.reduce_sum(y**2)
    np.testing.assert_allclose(y, np.broadcast_to(mean[:, None, None], y.shape), rtol=1e-6)
    assert all(np.isfinite(gradient).all() for gradient in tape.gradient(loss, [x, deviation]))


def test_statistics_are_float32_in_half_precision():
    """The deviation, 2, is less than the spacing of bfloat16 numbers near the mean, 1000, which is 4."""
    layer = AdaIN(dtype=keras.DTypePolicy("mixed_bfloat16"), autocast=False)
    x = tf.constant(1000 + 2 * np.sign(normal(1, 8, 8, 2)))
    y = layer([x, tf.ones((1, 2)), tf.zeros((1, 2))])
    assert y.dtype == tf.bfloat16
    np.testing.assert_allclose(np.std(y.numpy().astype(np.float32), axis=(1, 2)), 1, rtol=0.02)


def test_pictures_of_any_size_take_styles_of_any_other():
    model = adain_generator(2, width=3, depth=2, blocks=1, style_dim=5)
    assert [tensor.name for tensor in model.inputs] == ["source", "target"]
    for content_sides, style_sides in (((8, 8), (8, 8)), ((12, 20), (7, 9))):
        source, target = pictures(2, *content_sides, 2), pictures(2, *style_sides, 2, seed=1)
        output = model([source, target])
        assert output.shape == (2, *content_sides, 2)
        assert model.compute_output_shape([source.shape, target.shape]) == output.shape
        assert output.dtype == tf.float32
        assert np.abs(output).max() <= 1


def test_the_generator_is_its_parts():
    model = tiny()
    content_encoder, style_encoder, decoder = (model.get_layer(name) for name in PARTS)
    source, target = pictures(2, 8, 6, 3), pictures(2, 5, 5, 3, seed=1)
    code = style_encoder(target)
    assert code.shape == (2, 3)
    np.testing.assert_allclose(np.mean(code.numpy() ** 2, axis=1), 1, rtol=1e-4)
    np.testing.assert_array_equal(decoder([content_encoder(source), code]), model([source, target]))
    assert len(model.weights) == sum(len(model.get_layer(name).weights) for name in PARTS)


def test_content_does_not_change_with_brightness_and_contrast():
    encoder = tiny(depth=2, blocks=2).get_layer("content_encoder")
    x = pictures(2, 12, 8, 3)
    content = encoder(x).numpy()
    tint = np.array([0.3, -0.2, 0.1], np.float32)
    np.testing.assert_allclose(encoder(0.5 * x + tint), content, rtol=2e-3, atol=2e-3)
    assert not np.allclose(encoder(x[:, ::-1]), content, atol=0.1)
    np.testing.assert_allclose(content.mean((1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(content.std((1, 2)), 1, rtol=1e-3)


def test_a_tiled_style_picture_has_nearly_the_same_style():
    """A style is a mean over places: more of the same picture changes it by the seams alone."""
    encoder = tiny(width=8).get_layer("style_encoder")
    x = pictures(1, 48, 48, 3)
    other = 0.3 * pictures(1, 16, 16, 3, seed=1) + 0.6
    code, tiled, different = (encoder(p).numpy() for p in (x, np.tile(x, (1, 3, 3, 1)), other))
    assert np.abs(tiled - code).mean() < 0.1
    assert np.abs(different - code).mean() > 0.3


def test_each_picture_has_a_style_of_its_own():
    model, source = tiny(), pictures(2, 8, 8, 3)
    target = pictures(2, 8, 8, 3, seed=1)
    swapped = model([source, target[::-1]]).numpy()
    together = model([source, target]).numpy()
    assert not np.allclose(swapped, together, atol=1e-3)
    alone = [model([source[[n]], target[[n]]]).numpy()[0] for n in range(2)]
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


def test_it_saves_and_loads_in_safe_mode_and_clones(tmp_path):
    model = tiny(seed=3)
    inputs = [pictures(2, 8, 8, 3), pictures(2, 6, 6, 3, seed=1)]
    model.save(tmp_path / "g.keras")
    loaded = keras.saving.load_model(tmp_path / "g.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(inputs), model(inputs))
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(copy(inputs), model(inputs))
    assert not {id(v) for v in copy.variables} & {id(v) for v in model.variables}
    assert [copy.get_layer(name).name for name in PARTS] == list(PARTS)


@pytest.mark.slow
def test_xla_gives_the_same_pictures():
    model = tiny()
    inputs = [pictures(2, 8, 8, 3), pictures(2, 8, 8, 3, seed=1)]
    np.testing.assert_allclose(tf.function(model, jit_compile=True)(inputs), model(inputs), atol=1e-4)


@pytest.mark.parametrize("name", ["channels", "width", "depth", "blocks", "style_dim"])
def test_out_of_range(name):
    with pytest.raises(InputError, match=f"{name} 0 is out of range: at least 1"):
        tiny(**{name: 0})

"""The networks of voices: what a warp does, and that the translator starts as one that changes nothing."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.networks import spectrum_discriminator, warping_translator
from tfgan_ref.networks.sequences.voice import FrequencyWarp

BANDS = 20


def spectra(n=2, frames=8, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, frames, BANDS, 1)).astype(np.float32)


def controls(move, gain=0.0, knots=3, n=2, frames=8):
    values = np.broadcast_to(
        np.concatenate([np.broadcast_to(move, knots), np.broadcast_to(gain, knots)]), (n, frames, 2 * knots)
    )
    return values.astype(np.float32)


def warped(x, *given, reach=4.0):
    return FrequencyWarp(reach)([x, controls(*given)]).numpy()


def moving(bands, reach=4.0):
    """The control that moves by so many bands."""
    return np.arctanh(bands / reach)


def test_controls_of_zero_change_nothing():
    np.testing.assert_allclose(warped(spectra(), 0.0), spectra(), atol=1e-6)


@pytest.mark.parametrize("bands", [-3.0, -0.25, 0.5, 2.0, 2.75])
def test_one_move_for_all_is_a_shift_with_linear_interpolation(bands):
    x = spectra()
    found = warped(x, moving(bands))
    places = np.clip(np.arange(BANDS) + bands, 0, BANDS - 1)
    expected = [[np.interp(places, np.arange(BANDS), row[:, 0]) for row in example] for example in x]
    np.testing.assert_allclose(found[..., 0], expected, atol=1e-5)


def test_moves_and_gains_are_linear_between_knots():
    ramp = np.broadcast_to(np.arange(BANDS, dtype=np.float32)[:, None], (2, 8, BANDS, 1))
    move, gain = np.array([0.0, 2.0, 0.0]), np.array([1.0, 1.0, -1.0])
    found = warped(ramp, moving(move), gain)[0, 0, :, 0]
    knots = np.linspace(0, BANDS - 1, 3)
    expected = [
        np.clip(band + 4 * np.tanh(np.interp(band, knots, moving(move))), 0, BANDS - 1)
        + np.interp(band, knots, gain)
        for band in range(BANDS)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_gradient_of_a_move_is_the_slope():
    ramp = tf.constant(np.broadcast_to(3.0 * np.arange(BANDS, dtype=np.float32)[:, None], (1, 1, BANDS, 1)))
    given = tf.Variable(np.zeros((1, 1, 6), np.float32))
    with tf.GradientTape() as tape:
        middle = FrequencyWarp(4.0)([ramp, given])[0, 0, 5, 0]
    gradient = tape.gradient(middle, given).numpy()[0, 0]
    # 3 per band, 4 bands per control, shared by the knots at 0 and 9.5.
    np.testing.assert_allclose(gradient, [12 * 4.5 / 9.5, 12 * 5 / 9.5, 0, 4.5 / 9.5, 5 / 9.5, 0], atol=1e-5)


@pytest.mark.parametrize("detail", [0, 4])
def test_translator_changes_nothing_at_the_start_and_learns(detail):
    model = warping_translator(BANDS, 8, 1, 3, 4.0, detail)
    np.testing.assert_allclose(model(spectra()), spectra(), atol=1e-6)
    target = np.roll(spectra(), 1, axis=2)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(spectra()) - target) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    reached = [
        v.path for v, g in zip(model.trainable_variables, gradients, strict=True) if np.abs(g).max() > 0
    ]
    assert any("kernel" in path for path in reached)
    model.compile(keras.optimizers.Adam(1e-2), "mse", run_eagerly=True)
    before = float(loss)
    model.fit(spectra(), target, epochs=5, shuffle=False, verbose=0)
    assert float(tf.reduce_mean((model(spectra()) - target) ** 2)) < before


def test_translator_takes_any_number_of_frames_and_sees_few_of_them():
    model = warping_translator(BANDS, 8, 1, 3, 4.0, 4)
    for layer in model.layers:  # the last layers are 0: give them something to say
        for variable in layer.trainable_variables:
            variable.assign(0.3 * tf.random.stateless_normal(variable.shape, [1, 2]))
    x = spectra(1, 21)
    changed = x.copy()
    changed[:, 10] += 0.5
    difference = np.abs(model(x) - model(changed)).max(axis=(0, 2, 3))
    assert set(np.flatnonzero(difference > 1e-6)) <= set(range(7, 14))
    assert difference[10] > 0


def test_discriminator_has_a_logit_for_every_fourth_frame_that_sees_17():
    model = spectrum_discriminator(BANDS, 8)
    x = spectra(1, 64)
    logits = model(x)
    assert logits.shape == (1, 16, 1)
    changed = x.copy()
    changed[:, 32] += 0.5
    difference = np.abs(logits - model(changed))[0, :, 0]
    assert 1 <= np.count_nonzero(difference > 1e-7) <= 5


def test_discriminator_tells_high_from_low():
    x = spectra()
    assert not np.allclose(
        spectrum_discriminator(BANDS, 8)(x), spectrum_discriminator(BANDS, 8)(x[:, :, ::-1])
    )


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_outputs_are_float32_under_every_policy(policy):
    keras.config.set_dtype_policy(policy)
    try:
        models = warping_translator(BANDS, 8, 1, 3, 4.0, 4), spectrum_discriminator(BANDS, 8)
    finally:
        keras.config.set_dtype_policy("float32")
    for model in models:
        assert model(spectra()).dtype == tf.float32
    np.testing.assert_allclose(models[0](spectra()), spectra(), atol=1e-6)


def test_networks_are_saved_and_loaded(tmp_path):
    for model in (warping_translator(BANDS, 8, 1, 3, 4.0, 4), spectrum_discriminator(BANDS, 8)):
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
        np.testing.assert_array_equal(loaded(spectra()), model(spectra()))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FrequencyWarp(0.0), "reach 0.0 is out of range: above 0"),
        (lambda: FrequencyWarp(1.0)([spectra(), controls(0.0, knots=1)]), "controls 2 are out of range"),
        (lambda: warping_translator(1), "bands 1 is out of range: at least 2"),
        (lambda: warping_translator(BANDS, knots=1), "knots 1 is out of range: at least 2"),
        (lambda: warping_translator(BANDS, blocks=-1), "blocks -1 is out of range: at least 0"),
        (lambda: warping_translator(BANDS, detail=-1), "detail -1 is out of range: at least 0"),
        (lambda: spectrum_discriminator(BANDS, 0), "width 0 is out of range: at least 1"),
    ],
)
def test_arguments_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()

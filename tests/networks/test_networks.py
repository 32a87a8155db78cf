"""Initialisers, the fully connected and 28x28 pairs, and the label's ways into the networks."""

import itertools

import keras
import numpy as np
import pytest

from tfgan_ref import networks
from tfgan_ref.errors import InputError
from tfgan_ref.networks.layers.seeded import INITIALIZERS, initializer_stream


@pytest.mark.parametrize("name", INITIALIZERS)
def test_layers_of_one_shape_start_with_different_weights(name):
    model = networks.mlp_features((4, 4, 1), (16, 16, 16), initializer=name)
    kernels = [v.numpy() for v in model.trainable_variables if v.shape == (16, 16)]
    assert len(kernels) == 3
    for first, second in itertools.combinations(kernels, 2):
        assert not np.allclose(first, second)


@pytest.mark.parametrize(
    ("name", "stddev"),
    [("normal02", 0.02), ("xavier", np.sqrt(2 / (400 + 200))), ("he", np.sqrt(2 / 400))],
)
def test_initialisers_have_the_papers_variance(name, stddev):
    kernel = np.array(initializer_stream(name, 3)()((400, 200)))
    assert kernel.std() == pytest.approx(stddev, rel=0.03)


def test_orthogonal_initialiser_is_orthogonal():
    kernel = np.array(initializer_stream("orthogonal", 3)()((40, 20)))
    np.testing.assert_allclose(kernel.T @ kernel, np.eye(20), atol=1e-5)


def test_seed_decides_the_weights():
    first, again, other = (networks.mlp_generator(seed=s).get_weights() for s in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.allclose(first[0], other[0])
    # Neighbouring seeds share no layer.
    stream_1, stream_2 = initializer_stream("he", 1), initializer_stream("he", 2)
    kernels = [np.array(s()((5, 5))).tobytes() for s in (stream_1, stream_2) for _ in range(20)]
    assert len(set(kernels)) == 40


def test_large_seeds_are_allowed():
    assert networks.mlp_generator(widths=(8,), seed=2**31 - 1).count_params() > 0


def test_unknown_initialiser_is_refused():
    with pytest.raises(
        InputError, match=r"'glorot' is unknown: choose one of normal02, xavier, he, lecun, orth"
    ):
        networks.mlp_generator(initializer="glorot")


def test_mlp_has_the_tutorials_widths():
    model = networks.mlp_generator()
    assert [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)] == [
        128,
        256,
        512,
        784,
    ]
    assert model.output_shape == (None, 28, 28, 1)


@pytest.mark.parametrize(
    "pair",
    [
        (networks.mlp_generator(10, (12, 8, 3)), networks.mlp_features((12, 8, 3))),
        (networks.mlp_generator(10, batch_norm=True), networks.mlp_features(dropout=0.3)),
        (networks.conv28_generator(10, 3), networks.conv28_features(3)),
        (networks.conv28_generator(10), networks.conv28_features(1)),
    ],
    ids=["mlp", "mlp-bn-dropout", "conv28-rgb", "conv28"],
)
def test_pairs_fit_and_images_are_in_range(pair):
    generator, features = pair
    images = generator(10 * np.random.default_rng(0).normal(size=(5, 10)), training=False).numpy()
    assert images.dtype == np.float32
    assert np.abs(images).max() <= 1
    logits = networks.discriminator(features)(images)
    assert logits.shape == (5, 1)


@pytest.mark.parametrize(
    ("build", "features", "arguments", "settings"),
    [
        (networks.dcgan_discriminator, networks.dcgan_features, (28, 1), {"width": 4, "dropout": 0.2}),
        (networks.dcgan_discriminator, networks.dcgan_features, (32, 3), {"width": 4, "spectral_norm": True}),
        (networks.conv28_discriminator, networks.conv28_features, (3,), {"dropout": 0.1}),
        (networks.mlp_discriminator, networks.mlp_features, ((6, 6, 1), (8, 4)), {"dropout": 0.1}),
        (networks.point_discriminator, networks.point_features, (2, (8, 4)), {"spectral_norm": True}),
        (networks.wavegan_discriminator, networks.wavegan_features, (1024,), {"width": 4}),
    ],
)
def test_a_discriminator_in_one_call_is_its_body_and_the_head(build, features, arguments, settings):
    settings = {**settings, "initializer": "he", "seed": 3}
    head = {key: settings[key] for key in ("spectral_norm", "initializer", "seed") if key in settings}
    keras.backend.clear_session()  # layers are numbered anew
    expected = networks.discriminator(features(*arguments, **settings), **head)
    keras.backend.clear_session()
    found = build(*arguments, **settings)
    assert found.get_config() == expected.get_config()
    assert found.output_shape == (None, 1)
    for weight, wanted in zip(found.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, wanted)


@pytest.mark.parametrize(
    "build",
    [
        lambda **s: networks.mlp_discriminator((4, 4, 1), (6,), **s),
        lambda **s: networks.auxiliary_discriminator(
            networks.mlp_features((4, 4, 1), (6,)), num_classes=3, **s
        ),
        lambda **s: networks.conditional_discriminator(
            lambda c: networks.mlp_features((4, 4, c), (6,)),
            (4, 4, 1),
            num_classes=3,
            combine="projection",
            **s,
        ),
    ],
    ids=["discriminator", "auxiliary", "conditional"],
)
def test_minibatch_discrimination_stands_before_the_logit(build):
    plain, seeing = build(), build(minibatch_discrimination=True)
    logits = [model.get_layer("logits").kernel for model in (plain, seeing)]
    assert [kernel.shape[0] for kernel in logits] == [6, 6 + 16]
    kinds = [type(layer).__name__ for layer in networks.nested_layers(seeing)]
    assert kinds.count("MinibatchDiscrimination") == 1


def test_everything_exported_is_documented():
    for name in networks.__all__:
        assert getattr(networks, name).__doc__, name


COMBINE = ["concat", "hadamard", "projection"]


def conditional_pair(combine):
    generator = networks.conditional_generator(
        lambda latent_dim: networks.mlp_generator(latent_dim, (6, 6, 1), (16,)),
        8,
        num_classes=4,
        combine=combine,
    )
    discriminator = networks.conditional_discriminator(
        lambda channels: networks.mlp_features((6, 6, channels), (16,)), (6, 6, 1), num_classes=4,
        combine=combine, initializer="he",
    )  # fmt: skip
    return generator, discriminator


@pytest.mark.parametrize("combine", COMBINE)
def test_the_label_reaches_both_networks(combine):
    generator, discriminator = conditional_pair(combine)
    latents = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    label = np.array([0, 1, 2], np.int32)
    images = generator([latents, label]).numpy()
    assert not np.allclose(images, generator([latents, label + 1]).numpy(), atol=1e-4)
    logits = discriminator([images, label]).numpy()
    assert logits.shape == (3, 1)
    assert not np.allclose(logits, discriminator([images, label + 1]).numpy(), atol=1e-5)


def test_hadamard_multiplies_latents_around_1():
    """Latents of -1 are moved to 0, where no label's factors change them; those of 0 become the factors."""
    generator, _ = conditional_pair("hadamard")
    label = np.arange(4, dtype=np.int32)
    images = generator([np.full((4, 8), -1, np.float32), label]).numpy()
    np.testing.assert_array_equal(images, np.repeat(images[:1], 4, axis=0))
    images = generator([np.zeros((4, 8), np.float32), label]).numpy()
    factors = next(layer for layer in generator.layers if layer.name.startswith("embedding")).get_weights()[0]
    body = next(layer for layer in generator.layers if layer.name.startswith("mlp_generator"))
    np.testing.assert_allclose(images, body(factors).numpy(), rtol=1e-6)


def test_hadamard_scales_features_by_factors_near_1():
    _, discriminator = conditional_pair("hadamard")
    images, label = np.random.default_rng(0).normal(size=(2, 6, 6, 1)), np.array([3, 1], np.int32)
    by_name = {layer.name: layer for layer in discriminator.layers}
    features = next(v for k, v in by_name.items() if k.startswith("mlp_features"))(images).numpy()
    embedding = next(v for k, v in by_name.items() if k.startswith("embedding")).get_weights()[0]
    factors = 1 + 50 * embedding[label]
    assert 0.1 < factors.std() < 0.3
    kernel, bias = by_name["logits"].get_weights()
    expected = (features * factors) @ kernel + bias
    np.testing.assert_allclose(discriminator([images, label]).numpy(), expected, rtol=1e-4, atol=1e-6)


def test_a_concatenated_label_enters_a_joint_hidden_layer():
    _, discriminator = conditional_pair("concat")
    rng = np.random.default_rng(0)
    images, label = rng.normal(size=(2, 6, 6, 1)).astype(np.float32), np.array([3, 1], np.int32)
    by_name = {layer.name: layer for layer in discriminator.layers}
    features = next(v for k, v in by_name.items() if k.startswith("mlp_features"))(images).numpy()
    embedding = next(v for k, v in by_name.items() if k.startswith("embedding")).get_weights()[0]
    kernel, bias = next(v for k, v in by_name.items() if k.startswith("dense")).get_weights()
    hidden = np.concatenate([features, embedding[label]], axis=1) @ kernel + bias
    kernel, bias = by_name["logits"].get_weights()
    expected = np.where(hidden > 0, hidden, 0.2 * hidden) @ kernel + bias
    np.testing.assert_allclose(discriminator([images, label]).numpy(), expected, rtol=1e-4, atol=1e-6)


def test_projection_is_the_papers_equation():
    """Miyato and Koyama 2018, equation 4: logit = psi(phi(x)) + <v_y, phi(x)>."""
    _, discriminator = conditional_pair("projection")
    rng = np.random.default_rng(0)
    images, label = rng.normal(size=(5, 6, 6, 1)).astype(np.float32), np.array([3, 0, 1, 1, 2], np.int32)
    by_name = {layer.name: layer for layer in discriminator.layers}
    features = next(v for k, v in by_name.items() if k.startswith("mlp_features"))(images).numpy()
    embedding = next(v for k, v in by_name.items() if k.startswith("embedding")).get_weights()[0]
    kernel, bias = by_name["logits"].get_weights()
    expected = features @ kernel + bias + np.sum(features * embedding[label], axis=1, keepdims=True)
    np.testing.assert_allclose(discriminator([images, label]).numpy(), expected, rtol=1e-5, atol=1e-6)


def test_unknown_combine_is_refused():
    with pytest.raises(
        InputError, match="combine 'add' is unknown: choose one of concat, hadamard, projection"
    ):
        conditional_pair("add")

"""Every recipe builds for its data, trains, draws, and follows its settings."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.errors import InputError
from tfgan_ref.recipes import RECIPES, build_gan
from tfgan_ref.recipes.settings import SamplingSettings
from tfgan_ref.run import train

SHAPES = {"dcgan64": DataShape((64, 64, 3), None), "progressive": DataShape((32, 32, 1), None)}
MNIST_LIKE = DataShape((28, 28, 1), 10)
SAMPLING = [recipe for recipe in RECIPES.values() if issubclass(recipe.settings, SamplingSettings)]


def small(recipe, **settings):
    width = {"width": 4} if "width" in recipe.settings.__dataclass_fields__ else {}
    return recipe.settings(**{**width, **settings})


def batch_of(shape, n=4):
    rng = np.random.default_rng(0)
    return {
        "image": tf.constant(rng.uniform(-1, 1, (n, *shape.sample_shape)), tf.float32),
        "label": tf.constant(rng.integers(0, shape.num_classes or 1, n), tf.int32),
    }


@pytest.mark.parametrize("recipe", SAMPLING, ids=lambda r: r.name)
def test_recipe_trains_and_draws(recipe):
    shape = SHAPES.get(recipe.name, MNIST_LIKE)
    gan = build_gan(recipe, small(recipe), shape)
    before = gan.generator.get_weights()
    logs = gan.train_step(batch_of(shape, n=4 * gan.batches_per_step))
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert not all(np.array_equal(a, b) for a, b in zip(before, gan.generator.get_weights(), strict=True))
    picture = recipe.draw(gan)
    assert picture.dtype == np.uint8
    assert picture.shape[-1] == shape.sample_shape[-1]
    np.testing.assert_array_equal(picture, recipe.draw(gan))


@pytest.mark.parametrize(
    "shape", [DataShape((28, 28, 3), 4), DataShape((32, 32, 1), 4), DataShape((64, 64, 3), 4)]
)
@pytest.mark.parametrize("name", ["dcgan", "cgan"])
def test_dcgan_sizes(name, shape):
    gan = build_gan(RECIPES[name], small(RECIPES[name]), shape)
    assert gan.generate(2, 0).shape == (2, *shape.sample_shape)


@pytest.mark.parametrize("combine", ["concat", "hadamard", "projection"])
def test_every_combination_of_labels(combine):
    recipe = RECIPES["cgan"]
    gan = build_gan(recipe, small(recipe, combine=combine), MNIST_LIKE)
    logs = gan.train_step(batch_of(MNIST_LIKE))
    assert np.isfinite(float(logs["g_loss"]))


@pytest.mark.parametrize(("pooling", "features"), [("flatten", 7 * 7 * 8), ("sum", 8)])
def test_cgan_projects_on_flattened_or_summed_maps(pooling, features):
    gan = build_gan(RECIPES["cgan"], small(RECIPES["cgan"], pooling=pooling), MNIST_LIKE)
    (embedding,) = (layer for layer in gan.discriminator.layers if layer.name.startswith("embedding"))
    assert embedding.embeddings.shape == (10, features)
    assert gan.discriminator.get_layer("logits").kernel.shape == (features, 1)


def test_class_rows_are_ordered():
    recipe = RECIPES["cgan"]
    gan = build_gan(recipe, small(recipe), DataShape((28, 28, 1), 3))
    picture = recipe.draw(gan)
    assert picture.shape == (2 * (3 * 30 + 2), 2 * (10 * 30 + 2), 1)


def test_class_names_stand_beside_their_rows_unless_they_are_numbers(tmp_path):
    recipe = RECIPES["cgan"]
    plain = []
    for number, (names, named) in enumerate({("0", "1", "2"): False, ("cat", "dog", "hat"): True}.items()):
        path = tmp_path / f"{number}.npz"
        np.savez(path, images=np.zeros((3, 28, 28), np.uint8), labels=[0, 1, 2], class_names=names)
        data = recipe.read(small(recipe, data=f"npz:{path}"))
        gan = build_gan(recipe, small(recipe), data.shape)
        picture = recipe.draw(gan, *data.examples)
        plain.append(recipe.draw(gan))
        width = plain[0].shape[1]
        np.testing.assert_array_equal(picture[:, -width:], plain[0])
        assert (picture.shape[1] > width) == named
        written = (picture[:, : picture.shape[1] - width] != 40).any(axis=(1, 2))
        assert [written[top : top + 60].any() for top in (0, 60, 120)] == [named] * 3


def test_all_techniques_at_once():
    recipe = RECIPES["cgan"]
    settings = small(
        recipe, label_smoothing=0.1, label_noise=0.05, instance_noise=0.2, instance_noise_steps=5, replay=8,
        l2=1e-4, n_critic=2, schedule="cosine", warmup_steps=2, d_learning_rate=2e-3, loss="minimax",
        initializer="orthogonal", batch_size=4,
    )  # fmt: skip
    gan = build_gan(recipe, settings, MNIST_LIKE)
    for _ in range(3):
        logs = gan.train_step(batch_of(MNIST_LIKE, n=8))
    assert np.isfinite(float(logs["d_loss"]))
    assert int(gan.d_optimizer.iterations.numpy()) == 6
    assert float(gan.d_optimizer.learning_rate) == pytest.approx(2 * float(gan.g_optimizer.learning_rate))


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        (
            "gan-conv",
            DataShape((32, 32, 1), 10),
            "recipe gan-conv takes 28x28 images, not 32x32: set image_size=28",
        ),
        ("dcgan", DataShape((64, 48, 1), 10), "recipe dcgan takes 64x64 images, not 48x64"),
        ("dcgan", DataShape((50, 50, 1), 10), "image_size 50 is not built by DCGAN"),
        ("cgan", DataShape((28, 28, 1), None), "recipe cgan needs labels: data digits has none"),
    ],
)
def test_data_that_does_not_fit(name, shape, message):
    with pytest.raises(InputError, match=message):
        build_gan(RECIPES[name], small(RECIPES[name]), shape)


@pytest.mark.parametrize("name", ["cgan", "ebgan", "began", "vae"])
def test_sizes_between_the_papers(name):
    recipe = RECIPES[name]
    gan = build_gan(recipe, small(recipe, width=1), DataShape((48, 48, 3), 2))
    assert gan.generator.output_shape == (None, 48, 48, 3)


def test_a_unet_goes_as_far_in_as_dcgan():
    recipe = RECIPES["ebgan"]
    gan = build_gan(recipe, small(recipe, width=1, discriminator="unet"), DataShape((96, 96, 1)))
    assert gan.discriminator.output[1].shape[1:] == (3 * 3 * 8,)  # its filters stop at 8 times the width


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_precision_reaches_the_networks_and_leaves_no_trace(precision):
    import keras

    recipe = RECIPES["gan"]
    gan = build_gan(recipe, small(recipe, precision=precision), MNIST_LIKE)
    computed = {layer.compute_dtype for layer in gan.generator.layers}
    assert computed == {precision.removeprefix("mixed_"), "float32"}
    scaled = isinstance(gan.d_optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (precision == "mixed_float16")
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize("units", [True, False])
def test_slow_bfloat16_is_warned_of(units, monkeypatch, caplog):
    monkeypatch.setattr("tfgan_ref.recipes.recipe.has_bfloat16_units", lambda: units)
    recipe = RECIPES["gan"]
    build_gan(recipe, small(recipe, precision="mixed_bfloat16"), MNIST_LIKE)
    assert ("mixed_bfloat16 is many times slower" in caplog.text) is not units


def test_steps_per_execution_divides_the_rest_and_every_interval():
    settings = RECIPES["gan"].settings(steps=1000, log_every=100, sample_every=250, checkpoint_every=500)
    assert train._steps_per_execution(settings, 0, (), 20) == 10
    assert train._steps_per_execution(settings, 0, (), 1000) == 50
    assert train._steps_per_execution(settings, 0, (), 1) == 1
    assert train._steps_per_execution(settings, 0, (120,), 20) == 10
    assert train._steps_per_execution(settings, 995, (), 20) == 5
    assert train._steps_per_execution(settings, 997, (), 20) == 1


@pytest.mark.parametrize(
    ("gpus", "given", "compiled"),
    [
        ([], {}, False),
        pytest.param([], {"jit": "on"}, True, marks=pytest.mark.slow),
        (["GPU"], {}, True),
        (["GPU"], {"deterministic": True}, False),
        (["GPU"], {"strategy": "mirrored"}, False),
        pytest.param(["GPU"], {"deterministic": True, "jit": "on"}, True, marks=pytest.mark.slow),
        pytest.param(["GPU"], {"jit": "off"}, False, marks=pytest.mark.slow),
    ],
)
def test_xla_is_the_default_on_a_gpu(monkeypatch, gpus, given, compiled):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: gpus)
    recipe = RECIPES["gan"]
    gan = build_gan(recipe, recipe.settings(**given), MNIST_LIKE)
    assert gan.compile_config["jit_compile"] is compiled


@pytest.mark.parametrize(("depth", "generator", "discriminator"), [(1, 3, 3), (3, 5, 4), (5, 7, 6)])
def test_the_depth_of_the_fully_connected_gan(depth, generator, discriminator):
    """Hidden layers of each, its last layer and its input."""
    recipe = RECIPES["gan"]
    gan = recipe.build(recipe.settings(depth=depth), MNIST_LIKE)
    kernels = [
        sum(v.path.endswith("kernel") for v in network.trainable_variables) + 1
        for network in (gan.generator, gan.discriminator)
    ]
    assert kernels == [generator, discriminator]

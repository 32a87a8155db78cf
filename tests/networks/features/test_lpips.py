"""LPIPS: its definition on its own trunks' features, its properties, and each error's line."""

import numpy as np
import pytest
import tensorflow as tf

from tests.networks.features import torch_files
from tfgan_ref.errors import InputError
from tfgan_ref.networks.features import lpips
from tfgan_ref.networks.features.lpips import LINEAR, LPIPS, TRUNKS

RNG = np.random.default_rng(0)
FIRST, SECOND = RNG.uniform(-1, 1, (2, 3, 40, 48, 3)).astype(np.float32)
WIDTHS = {"alex": (64, 192, 384, 256, 256), "vgg": (64, 128, 256, 512, 512)}
BUILDERS = {"alex": lpips._alexnet, "vgg": lpips._vgg16}


def write_weights(folder, net):
    """The two files, the trunk's with a classifier, the linear one in the older format."""
    trunk = torch_files.random_state(BUILDERS[net]()[1])
    linear = {
        f"lin{number}.model.1.weight": RNG.uniform(0, 1, (1, width, 1, 1)).astype(np.float32)
        for number, width in enumerate(WIDTHS[net])
    }
    classifier = {"classifier.1.weight": np.zeros((2, 3), np.float32)}
    return (
        torch_files.save(folder / f"{net}.pth", trunk | classifier),
        torch_files.save(folder / f"lpips-{net}.pth", linear, legacy=True),
        linear,
    )


@pytest.fixture(scope="module", params=["alex", "vgg"])
def net(request):
    return request.param


@pytest.fixture(scope="module")
def files(net, tmp_path_factory):
    return write_weights(tmp_path_factory.mktemp("weights"), net)


@pytest.fixture(scope="module")
def distance(net, files):
    return LPIPS(net, *files[:2])


def test_taps(distance, net):
    assert tuple(tap.shape[-1] for tap in distance._taps.outputs) == WIDTHS[net]
    taps = distance._taps(np.zeros((1, 64, 64, 3)))
    sides = {"alex": (15, 7, 3, 3, 3), "vgg": (64, 32, 16, 8, 4)}[net]
    assert tuple(tap.shape[1] for tap in taps) == sides
    assert all(tf.reduce_min(tap) >= 0 for tap in taps)


def test_definition(distance, files):
    linear = files[2]
    expected = np.zeros(3)
    shift, scale = np.array([-0.030, -0.088, -0.188]), np.array([0.458, 0.448, 0.450])
    taps = [
        [tap.numpy().astype(float) for tap in distance._taps(((images - shift) / scale).astype(np.float32))]
        for images in (FIRST, SECOND)
    ]
    for first, second, weights in zip(*taps, linear.values(), strict=True):
        first, second = (
            tap / (np.linalg.norm(tap, axis=-1, keepdims=True) + 1e-10) for tap in (first, second)
        )
        expected += ((first - second) ** 2 @ weights[0, :, 0, 0]).mean(axis=(1, 2))
    np.testing.assert_allclose(distance(FIRST, SECOND), expected, rtol=1e-5)


def test_a_distance(distance):
    np.testing.assert_array_equal(distance(FIRST, FIRST), 0)
    np.testing.assert_allclose(distance(FIRST, SECOND), distance(SECOND, FIRST), rtol=1e-6)
    nearby = np.clip(FIRST + 0.05 * (SECOND - FIRST), -1, 1)
    assert (distance(FIRST, nearby).numpy() < distance(FIRST, SECOND).numpy()).all()
    assert (distance(FIRST, nearby).numpy() > 0).all()


def test_constant_images(distance):
    black, grey, white = (np.full((1, 32, 32, 3), value, np.float32) for value in (-1, 0, 1))
    assert distance(black, black) == 0
    for other in (grey, white):
        assert 0 < distance(black, other)[0] < 1e4


def test_grey_is_tiled(distance):
    grey = FIRST[..., :1], SECOND[..., :1]
    tiled = (np.repeat(images, 3, axis=-1) for images in grey)
    np.testing.assert_allclose(distance(*grey), distance(*tiled), rtol=1e-6)


def test_gradient_is_finite_also_where_no_feature_is_active(distance):
    black = tf.constant(-np.ones((1, 32, 32, 3), np.float32))
    for start in (black, tf.constant(SECOND[:1])):
        with tf.GradientTape() as tape:
            tape.watch(start)
            value = tf.reduce_sum(distance(tf.zeros_like(start), start))
        gradient = tape.gradient(value, start).numpy()
        assert np.isfinite(gradient).all()
        assert np.abs(gradient).max() > 0
    dead = tf.zeros((1, 2, 2, 4))
    with tf.GradientTape() as tape:
        tape.watch(dead)
        value = lpips._unit_length(dead)
    assert np.isfinite(tape.gradient(value, dead)).all()


def test_smallest_images(distance, net):
    least = {"alex": 31, "vgg": 16}[net]
    assert np.isfinite(distance(FIRST[:, :least, :least], SECOND[:, :least, :least])).all()
    with pytest.raises(InputError, match=f"height and width must be at least {least}$"):
        distance(FIRST[:, : least - 1], SECOND[:, : least - 1])


def test_unusable_weights(net, files, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def line(*arguments):
        with pytest.raises(InputError) as caught:
            LPIPS(*arguments)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert TRUNKS[net].url in line(net)
    assert f"{LINEAR[net].url} and save it as {tmp_path}/tfgan_ref/weights/lpips" in line(net, files[0])
    assert line("squeeze") == "net 'squeeze' is unknown: choose one of alex, vgg"
    swapped = line(net, files[1], files[0])
    assert swapped == f"weights {files[1]}: features.0.weight is missing, so they are not this network's"
    other = "vgg" if net == "alex" else "alex"
    _, wrong, _ = write_weights(tmp_path, other)
    assert "model.1.weight has shape (1, " in line(net, files[0], wrong)

"""Our Inception of 2015 against torch-fidelity's, all six taps, and what makes the test fail."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` compares with it")

from keras import layers  # noqa: E402

from tests.parity import torchvision_stand_in  # noqa: E402
from tests.parity.agreement import TOLERANCE, images, relative_error  # noqa: E402
from tfgan_ref.networks.features import inception_fid, inception_graph  # noqa: E402
from tfgan_ref.networks.layers.pixels import resize_clean  # noqa: E402

torchvision_stand_in.install()
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3  # noqa: E402
from torch_fidelity.interpolate_compat_tensorflow import (  # noqa: E402
    interpolate_bilinear_2d_like_tensorflow1x,
)

TAPS = inception_graph.TAPS
SIZES = [(32, 40), (299, 299), (331, 64)]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """torch-fidelity's extractor with random weights, and the file that it has loaded them from."""
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    loading = pytest.MonkeyPatch()
    # Its constructor loads weights: let it download none, then save its own.
    loading.setattr(
        "torch_fidelity.feature_extractor_inceptionv3.load_state_dict_from_url", lambda *_, **__: {}
    )
    loading.setattr(torch.nn.Module, "load_state_dict", lambda *_: None)
    extractor = FeatureExtractorInceptionV3("inception", list(TAPS))
    loading.undo()
    torchvision_stand_in.randomise(extractor, seed=0)
    torch.save(extractor.state_dict(), path)
    return FeatureExtractorInceptionV3(
        "inception", list(TAPS), feature_extractor_weights_path=str(path)
    ), path


def expected(extractor, pixels):
    with torch.no_grad():
        outputs = extractor(torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy()))
    return dict(zip(TAPS, (output.numpy() for output in outputs), strict=True))


def worst_error(graph, squares, wanted):
    found = graph(squares, training=False)
    return max(relative_error(found[tap], wanted[tap]) for tap in TAPS)


def test_state_dict_has_the_expected_size(reference):
    state = reference[0].state_dict()
    assert len(state) == 566
    assert sum(value.numel() for value in state.values() if value.is_floating_point()) == 23_885_392


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_all_taps(reference, size, zipped, tmp_path):
    extractor, path = reference
    if not zipped:
        path = tmp_path / "legacy.pth"
        torch.save(extractor.state_dict(), path, _use_new_zipfile_serialization=False)
    pixels = images(2, *size)
    wanted = expected(extractor, pixels)
    graph = inception_graph.load_inception_graph(path)
    error = worst_error(graph, (inception_fid.resize_tf1(pixels) - 128) / 128, wanted)
    print(f"\nInception, 6 taps, {size}: {error:.1e}")
    assert error < TOLERANCE


@pytest.mark.parametrize("channels", [1, 3])
def test_extractor(reference, channels):
    extractor, path = reference
    pixels = images(3, 48, 32, channels)
    wanted = expected(extractor, np.broadcast_to(pixels, (3, 48, 32, 3)))
    features, logits = inception_fid.InceptionFID(path, batch_size=2)(pixels)
    assert relative_error(features, wanted["2048"]) < TOLERANCE
    assert relative_error(logits, wanted["logits_unbiased"]) < TOLERANCE


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_tf1_resize(size):
    pixels = images(2, *size)
    planes = torch.from_numpy(pixels.transpose(0, 3, 1, 2).astype(np.float32))
    wanted = interpolate_bilinear_2d_like_tensorflow1x(planes, (299, 299), align_corners=False)
    found = np.asarray(inception_fid.resize_tf1(pixels)).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(found, wanted.numpy(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("size", [*SIZES, (500, 400)], ids=str)
def test_clean_resize(size):
    from cleanfid.resize import build_resizer

    pixels = images(2, *size)
    wanted = [build_resizer("clean")(image) for image in pixels]
    np.testing.assert_array_equal(resize_clean(pixels, (299, 299)), wanted)


def half_pixel(graph, pixels):
    import tensorflow as tf

    return graph, (tf.image.resize(pixels, (299, 299)) - 128) / 128


def other_scaling(graph, pixels):
    return graph, inception_fid.resize_tf1(pixels) / 127.5 - 1


def without_gamma(graph, pixels):
    for layer in graph.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.gamma.assign(np.ones(layer.gamma.shape))
    return graph, (inception_fid.resize_tf1(pixels) - 128) / 128


def average_in_the_last_block(graph, pixels):
    block = inception_graph._block_e
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            inception_graph, "_block_e", lambda x, name, pool: block(x, name, layers.AveragePooling2D)
        )
        other = inception_graph.untrained_inception_graph()
    other.set_weights(graph.get_weights())
    return other, (inception_fid.resize_tf1(pixels) - 128) / 128


@pytest.mark.parametrize("mistake", [half_pixel, other_scaling, without_gamma, average_in_the_last_block])
def test_mistakes_exceed_the_tolerance(reference, mistake):
    extractor, path = reference
    pixels = images(2, 32, 40)
    graph, squares = mistake(inception_graph.load_inception_graph(path), pixels)
    error = worst_error(graph, squares, expected(extractor, pixels))
    print(f"\nnegative control, {mistake.__name__}: {error:.1e}")
    assert error > 50 * TOLERANCE

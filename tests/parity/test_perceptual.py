"""Our VGG19 and LPIPS against a torchvision-shaped VGG19 and the lpips package."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` compares with it")

import tensorflow as tf  # noqa: E402

from tests.parity import torchvision_stand_in  # noqa: E402
from tests.parity.agreement import TOLERANCE, images, relative_error  # noqa: E402
from tfgan_ref.networks.features.lpips import LPIPS  # noqa: E402
from tfgan_ref.networks.features.perceptual import LAYERS, PerceptualLoss  # noqa: E402

torchvision_stand_in.install()
import lpips  # noqa: E402

# The places of VGG19's convolutions in torchvision's list.
PLACES = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]
MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
DEVIATION = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def pair(height, width):
    """Two batches of images in [-1, 1], far from each other: differences of near features lose digits."""
    return tuple(images(3, height, width, seed=seed).astype(np.float32) / 127.5 - 1 for seed in (0, 1))


def planes(batch, *, requires_grad=False):
    return torch.from_numpy(batch.transpose(0, 3, 1, 2).copy()).requires_grad_(requires_grad)


def write(path, state, legacy):
    torch.save(state, path, _use_new_zipfile_serialization=not legacy)
    return path


@pytest.fixture(scope="module")
def vgg19(tmp_path_factory):
    network = torchvision_stand_in.randomise(torchvision_stand_in.vgg19(), seed=1)
    path = tmp_path_factory.mktemp("weights") / "vgg19.pth"
    return network, write(path, network.state_dict(), legacy=True)


def reference_loss(network, first, second, place):
    first, second = (network.features[: place + 1](((x + 1) / 2 - MEAN) / DEVIATION) for x in (first, second))
    return ((first - second) / 12.75).square().mean((1, 2, 3))


@pytest.mark.parametrize("before_activation", [False, True])
@pytest.mark.parametrize("size", [(64, 64), (33, 40)], ids=str)
@pytest.mark.parametrize(
    "layer", ["block1_conv2", "block2_conv2", "block3_conv4", "block4_conv4", "block5_conv4"]
)
def test_perceptual_loss(vgg19, layer, size, before_activation):
    network, path = vgg19
    first, second = pair(*size)
    place = PLACES[LAYERS.index(layer)] + (not before_activation)
    found = PerceptualLoss(layer, before_activation, path).per_image(first, second)
    wanted = reference_loss(network, planes(first), planes(second), place)
    error = relative_error(found, wanted)
    print(f"\nVGG19 {layer}{' before ReLU' * before_activation}, {size}: {error:.1e}")
    assert error < TOLERANCE


def test_perceptual_gradient(vgg19):
    network, path = vgg19
    first, second = pair(32, 32)
    loss = PerceptualLoss(weights=path)
    images_ = tf.Variable(second)
    with tf.GradientTape() as tape:
        value = loss(first, images_)
    wanted = planes(second, requires_grad=True)
    reference_loss(network, planes(first), wanted, 35).mean().backward()
    found = tape.gradient(value, images_).numpy().transpose(0, 3, 1, 2)
    assert relative_error(found, wanted.grad) < 10 * TOLERANCE


@pytest.fixture(scope="module", params=["alex", "vgg"])
def distance(request, tmp_path_factory):
    """The lpips package's distance with random weights, and ours loaded from its state dict."""
    network = lpips.LPIPS(pretrained=False, net=request.param, pnet_rand=True, verbose=False)
    torchvision_stand_in.randomise(network, seed=2)
    for layer in network.lins:
        layer.model[1].weight.data.abs_()
    folder = tmp_path_factory.mktemp("weights")
    trunk, linear = {}, {}
    for name, value in network.state_dict().items():
        if name.startswith("net."):  # net.slice1.0.weight is torchvision's features.0.weight
            trunk["features." + name.split(".", 2)[2]] = value
        elif name.startswith("lin") and not name.startswith("lins"):
            linear[name] = value
    trunk["classifier.0.weight"] = torch.zeros(3)
    return network, LPIPS(
        request.param,
        write(folder / "trunk.pth", trunk, legacy=False),
        write(folder / "linear.pth", linear, legacy=True),
    )


@pytest.mark.parametrize("size", [(64, 64), (37, 52), (224, 224)], ids=str)
def test_lpips(distance, size):
    network, ours = distance
    first, second = pair(*size)
    with torch.no_grad():
        wanted = network(planes(first), planes(second)).flatten()
    error = relative_error(ours(first, second), wanted)
    print(f"\n{ours.label}, {size}: {error:.1e}")
    assert error < TOLERANCE

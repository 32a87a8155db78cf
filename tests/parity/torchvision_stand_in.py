"""torchvision's AlexNet and VGG by shape and name, and a module that lets the references import torchvision.

torchvision is bound to one build of PyTorch; all that is needed of it here are the layers' order and names.
"""

import sys
import types

import torch
from torch import nn

VGG = {
    16: [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"],
    19: [64, 64, "M", 128, 128, "M", *[256] * 4, "M", *[512] * 4, "M", *[512] * 4, "M"],
}


class Classifier(nn.Module):
    """A network with torchvision's names: features, and a classifier, here a small one."""

    def __init__(self, features):
        super().__init__()
        self.features = features
        self.classifier = nn.Sequential(nn.Linear(3, 2))


def vgg(depth):
    layers, channels = [], 3
    for width in VGG[depth]:
        if width == "M":
            layers.append(nn.MaxPool2d(2, 2))
        else:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
    return Classifier(nn.Sequential(*layers))


def vgg16(pretrained=False):
    return vgg(16)


def vgg19(pretrained=False):
    return vgg(19)


def alexnet(pretrained=False):
    return Classifier(
        nn.Sequential(
            nn.Conv2d(3, 64, 11, stride=4, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
        )
    )


class _AnyName(types.ModuleType):
    """A module in which every name is an empty class."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def install():
    """Puts the stand-in in torchvision's place."""
    for name in ("", ".datasets", ".models", ".transforms", ".transforms.functional"):
        sys.modules["torchvision" + name] = _AnyName("torchvision" + name)
    torchvision, models = sys.modules["torchvision"], sys.modules["torchvision.models"]
    torchvision.__version__ = "0"
    torchvision.__path__ = []
    torchvision.models, torchvision.datasets = models, sys.modules["torchvision.datasets"]
    torchvision.transforms = sys.modules["torchvision.transforms"]
    torchvision.transforms.functional = sys.modules["torchvision.transforms.functional"]
    models.alexnet, models.vgg16, models.vgg19 = alexnet, vgg16, vgg19


def randomise(module, seed):
    """Gives every parameter and statistic a random value; signals keep their size through ReLUs.

    With PyTorch's own initial values signals die out within a few layers, and a test of deep layers on them
    would hardly depend on the image.
    """
    generator = torch.Generator().manual_seed(seed)
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            deviation = (2 / layer.weight[0].numel()) ** 0.5
            layer.weight.data.normal_(0, deviation, generator=generator)
            if layer.bias is not None:
                layer.bias.data.uniform_(-0.2, 0.2, generator=generator)
        elif isinstance(layer, nn.BatchNorm2d):
            layer.weight.data.uniform_(0.5, 1.5, generator=generator)
            layer.bias.data.uniform_(-0.2, 0.2, generator=generator)
            layer.running_mean.uniform_(-0.2, 0.2, generator=generator)
            layer.running_var.uniform_(0.5, 1.5, generator=generator)
            layer.num_batches_tracked.fill_(1000)
    return module.eval().requires_grad_(False)

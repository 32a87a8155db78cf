"""The networks of the cases in PyTorch."""

import numpy as np
import torch
from torch import nn

from throughput_peers.chains import Layer, Network, Shape

ACTIVATIONS = {
    "leaky_relu": lambda width: nn.LeakyReLU(0.2, inplace=True),
    "relu": lambda width: nn.ReLU(inplace=True),
    "prelu": nn.PReLU,
    "tanh": lambda width: nn.Tanh(),
}


class Chain(nn.Module):
    """The layers of a network one after another; some also take what an earlier one made."""

    def __init__(self, stages: list[nn.Module], layers: list[Layer]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.layers = layers

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Applies the network to (N, C, H, W) or (N, D)."""
        outputs = []
        for stage, layer in zip(self.stages, self.layers, strict=True):
            x = stage(x)
            if layer.add:
                x = x + outputs[-layer.add]
            if layer.join:
                x = torch.cat([x, outputs[-layer.join]], dim=1)
            outputs.append(x)
        return x


def build(network: Network, *, spectral_norm: bool = False) -> nn.Module:
    """Builds a network of a case; the layout is PyTorch's own, channels first."""
    described = list(network.walk())
    stages = [_stage(layer, shape, spectral_norm) for layer, shape in described]
    layers = [layer for layer, _ in described]
    if any(layer.add or layer.join for layer in layers):
        return Chain(stages, layers)
    return nn.Sequential(*stages)


def _stage(layer: Layer, shape: Shape, spectral_norm: bool) -> nn.Module:
    modules, width = [], layer.width
    if layer.kind == "dense":
        if len(shape) > 1:
            modules.append(nn.Flatten())
        weighted = nn.Linear(int(np.prod(shape)), width, bias=layer.bias)
    else:
        if layer.enlarge > 1:
            modules.append(nn.Upsample(scale_factor=layer.enlarge))
        weighted = _convolution(layer, shape[-1])
    modules.append(nn.utils.parametrizations.spectral_norm(weighted) if spectral_norm else weighted)
    if layer.batch_norm:
        modules.append((nn.BatchNorm1d if layer.kind == "dense" else nn.BatchNorm2d)(width))
    if layer.instance_norm:
        modules.append(nn.InstanceNorm2d(width, affine=True))
    if layer.reshape:
        height, side, channels = layer.reshape
        modules.append(nn.Unflatten(1, (channels, height, side)))
    if layer.shuffle > 1:
        modules.append(nn.PixelShuffle(layer.shuffle))
        width //= layer.shuffle**2
    if layer.activation:
        modules.append(ACTIVATIONS[layer.activation](width))
    if layer.dropout:
        modules.append(nn.Dropout(layer.dropout))
    return nn.Sequential(*modules)


def _convolution(layer: Layer, channels: int) -> nn.Module:
    # "Same" padding; a transposed convolution's output is completed to stride times its input.
    padding = (layer.kernel - 1) // 2
    settings = {"stride": layer.stride, "bias": layer.bias}
    if layer.kind == "convolution":
        same = "same" if layer.stride == 1 else padding
        return nn.Conv2d(channels, layer.width, layer.kernel, padding=same, **settings)
    missing = layer.stride + 2 * padding - layer.kernel
    return nn.ConvTranspose2d(
        channels, layer.width, layer.kernel, padding=padding, output_padding=missing, **settings
    )

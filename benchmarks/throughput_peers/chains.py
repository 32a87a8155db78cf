"""Networks as chains of layers: Keras and PyTorch build them, FLOPs are counted on them.

This file imports neither TensorFlow nor PyTorch.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

Shape = tuple[int, ...]  # of one example, channels last


@dataclass(frozen=True)
class Layer:
    """A dense layer, a convolution or a transposed convolution ("same" padding), and what follows it.

    What follows comes in this order: normalisation, reshape or pixel shuffle, activation, dropout, and what
    an earlier layer of the network made, added or concatenated.
    """

    kind: str  # dense, convolution, transposed
    width: int
    kernel: int = 1
    stride: int = 1
    enlarge: int = 1  # before a convolution: each pixel becomes a square of so many by as many
    bias: bool = True
    batch_norm: bool = False
    instance_norm: bool = False
    reshape: Shape | None = None
    shuffle: int = 1  # the channels of a pixel become a square of so many by as many pixels
    activation: str | None = "leaky_relu"  # of slope 0.2; or relu, prelu, tanh, or None
    dropout: float = 0.0
    add: int = 0  # the output of so many layers before is added; 0: none
    join: int = 0  # the output of so many layers before is concatenated along the channels; 0: none

    def output_shape(self, inputs: Shape) -> Shape:
        """Returns the shape behind the layer itself, for inputs of a shape; a dense layer flattens them."""
        if self.kind == "dense":
            return self.reshape or (self.width,)
        sides = (self.shuffle * side for side in self._sides(inputs))
        return (*sides, self.width // self.shuffle**2)

    def _sides(self, inputs: Shape) -> list[int]:
        if self.kind == "transposed":
            return [side * self.stride for side in inputs[:2]]
        return [math.ceil(side * self.enlarge / self.stride) for side in inputs[:2]]

    def forward_flops(self, inputs: Shape) -> int:
        """Returns the FLOPs of one example's forward pass: two per multiplication with a kernel's entry."""
        if self.kind == "dense":
            return 2 * math.prod(inputs) * self.width
        # Each output pixel (of a transposed convolution: each input pixel) meets the whole kernel.
        sides = inputs[:2] if self.kind == "transposed" else self._sides(inputs)
        return 2 * math.prod(sides) * self.kernel**2 * inputs[-1] * self.width


@dataclass(frozen=True)
class Network:
    """A chain of layers on inputs of one shape."""

    inputs: Shape
    layers: tuple[Layer, ...]

    def walk(self) -> Iterator[tuple[Layer, Shape]]:
        """Yields each layer with the shape of its inputs."""
        shapes = [self.inputs]
        for layer in self.layers:
            yield layer, shapes[-1]
            shape = layer.output_shape(shapes[-1])
            if layer.join:
                shape = (*shape[:-1], shape[-1] + shapes[-layer.join][-1])
            shapes.append(shape)

    def forward_flops(self) -> int:
        """Returns the FLOPs of one example's forward pass; each of its two gradients costs as many."""
        return sum(layer.forward_flops(shape) for layer, shape in self.walk())

    def first_layer_flops(self) -> int:
        """Returns the part of ``forward_flops`` in the first layer, whose inputs may need no gradient."""
        return self.layers[0].forward_flops(self.inputs)

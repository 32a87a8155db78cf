"""The four pairs of nets, described once: Keras and PyTorch build these layers, FLOPs are counted on them.

This file imports neither TensorFlow nor PyTorch.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

Shape = tuple[int, ...]  # of one example, channels last


@dataclass(frozen=True)
class Layer:
    """A dense layer, a convolution or a transposed convolution ("same" padding), and what follows it.

    What follows comes in this order: batch norm, reshape, activation, dropout.
    """

    kind: str  # dense, convolution, transposed
    width: int
    kernel: int = 1
    stride: int = 1
    enlarge: int = 1  # before a convolution: each pixel becomes a square of so many by as many
    bias: bool = True
    batch_norm: bool = False
    reshape: Shape | None = None
    activation: str | None = "leaky_relu"  # of slope 0.2; or tanh, or None
    dropout: float = 0.0

    def output_shape(self, inputs: Shape) -> Shape:
        """Returns the shape behind the layer, for inputs of a shape; a dense layer flattens them."""
        if self.kind == "dense":
            return self.reshape or (self.width,)
        sides = [
            side * self.stride if self.kind == "transposed" else math.ceil(side * self.enlarge / self.stride)
            for side in inputs[:2]
        ]
        return (*sides, self.width)

    def forward_flops(self, inputs: Shape) -> int:
        """Returns the FLOPs of one example's forward pass: two per multiplication with a kernel's entry."""
        if self.kind == "dense":
            return 2 * math.prod(inputs) * self.width
        # Each output pixel (of a transposed convolution: each input pixel) meets the whole kernel.
        sides = inputs[:2] if self.kind == "transposed" else self.output_shape(inputs)[:2]
        return 2 * math.prod(sides) * self.kernel**2 * inputs[-1] * self.width


@dataclass(frozen=True)
class Network:
    """A chain of layers on inputs of one shape."""

    inputs: Shape
    layers: tuple[Layer, ...]

    def walk(self) -> Iterator[tuple[Layer, Shape]]:
        """Yields each layer with the shape of its inputs."""
        shape = self.inputs
        for layer in self.layers:
            yield layer, shape
            shape = layer.output_shape(shape)

    def forward_flops(self) -> int:
        """Returns the FLOPs of one example's forward pass; each of its two gradients costs as many."""
        return sum(layer.forward_flops(shape) for layer, shape in self.walk())

    def first_layer_flops(self) -> int:
        """Returns the part of ``forward_flops`` in the first layer, whose inputs may need no gradient."""
        return self.layers[0].forward_flops(self.inputs)


@dataclass(frozen=True)
class Case:
    """Two nets and a batch.

    Attributes:
        title: what the table calls it.
        recipe: the recipe whose settings our step runs with.
        batch_size: images per step.
        generator: latents to images in [-1, 1].
        discriminator: images to one logit.
        n_critic: updates of the discriminator in a step, each on a batch of its own.
        penalty: whether each of them has a penalty on the gradient between real and fake images.
    """

    title: str
    recipe: str
    batch_size: int
    generator: Network
    discriminator: Network
    n_critic: int = 1
    penalty: bool = False

    @property
    def latent_dim(self) -> int:
        """Length of a latent vector."""
        return self.generator.inputs[0]

    @property
    def image_shape(self) -> Shape:
        """(height, width, channels)."""
        return self.discriminator.inputs

    def step_flops(self, generator_forwards: int, discriminator_forwards: int) -> int:
        """Returns the FLOPs that one training step on a whole batch needs.

        The forward passes differ between contestants; they are given for a step with one update of D. The
        backward passes are the same in all: through G once, by kernels and by inputs; through D for real and
        for fakes, likewise; and once more by D's inputs alone, on the way to G. The first layers' inputs need
        no gradient, except D's on the way to G. A further update of D takes one pass of G and two of D. A
        penalty takes a pass of D, its gradient by the inputs, and the gradient of that by the kernels and
        back along the chain: leaky ReLUs have no second derivative that would lead further. Batch norm,
        activations, losses and optimizers are left out: few operations, though they take time.
        """
        generator, discriminator = self.generator.forward_flops(), self.discriminator.forward_flops()
        forward = generator_forwards * generator + discriminator_forwards * discriminator
        forward += (self.n_critic - 1) * (generator + 2 * discriminator)
        backward = 2 * generator - self.generator.first_layer_flops() + discriminator
        backward += 2 * self.n_critic * (2 * discriminator - self.discriminator.first_layer_flops())
        penalties = self.n_critic * 4 * discriminator if self.penalty else 0
        return self.batch_size * (forward + backward + penalties)


def _dense(width: int, **following: object) -> Layer:
    return Layer("dense", width, **following)


CASES = {
    # The nets of PyTorch-GAN's gan.py.
    "mlp": Case(
        "fully connected 28x28",
        "gan",
        64,
        Network(
            (100,),
            (
                _dense(128),
                _dense(256, batch_norm=True),
                _dense(512, batch_norm=True),
                _dense(1024, batch_norm=True),
                _dense(28 * 28, reshape=(28, 28, 1), activation="tanh"),
            ),
        ),
        Network((28, 28, 1), (_dense(512), _dense(256), _dense(1, activation=None))),
    ),
    # The nets of TensorFlow's DCGAN tutorial.
    "dcgan28": Case(
        "DCGAN 28x28",
        "dcgan",
        64,
        Network(
            (100,),
            (
                _dense(7 * 7 * 256, bias=False, batch_norm=True, reshape=(7, 7, 256)),
                Layer("transposed", 128, kernel=5, bias=False, batch_norm=True),
                Layer("transposed", 64, kernel=5, stride=2, bias=False, batch_norm=True),
                Layer("transposed", 1, kernel=5, stride=2, bias=False, activation="tanh"),
            ),
        ),
        Network(
            (28, 28, 1),
            (
                Layer("convolution", 64, kernel=5, stride=2, dropout=0.3),
                Layer("convolution", 128, kernel=5, stride=2, dropout=0.3),
                _dense(1, activation=None),
            ),
        ),
    ),
    # The nets of keras-io's DCGAN example.
    "dcgan64": Case(
        "DCGAN 64x64x3",
        "dcgan64",
        8,
        Network(
            (128,),
            (
                _dense(8 * 8 * 128, reshape=(8, 8, 128), activation=None),
                Layer("transposed", 128, kernel=4, stride=2),
                Layer("transposed", 256, kernel=4, stride=2),
                Layer("transposed", 512, kernel=4, stride=2),
                Layer("convolution", 3, kernel=5, activation="tanh"),
            ),
        ),
        Network(
            (64, 64, 3),
            (
                Layer("convolution", 64, kernel=4, stride=2),
                Layer("convolution", 128, kernel=4, stride=2),
                Layer("convolution", 128, kernel=4, stride=2, dropout=0.2),
                _dense(1, activation=None),
            ),
        ),
    ),
    # The nets of keras-io's WGAN-GP example, on the 32 pixels that it pads its images to.
    "wgan_gp": Case(
        "WGAN-GP 32x32",
        "wgan-gp",
        16,
        Network(
            (128,),
            (
                _dense(4 * 4 * 256, bias=False, batch_norm=True, reshape=(4, 4, 256)),
                Layer("convolution", 128, kernel=3, enlarge=2, bias=False, batch_norm=True),
                Layer("convolution", 64, kernel=3, enlarge=2, bias=False, batch_norm=True),
                Layer("convolution", 1, kernel=3, enlarge=2, bias=False, batch_norm=True, activation="tanh"),
            ),
        ),
        Network(
            (32, 32, 1),
            (
                Layer("convolution", 64, kernel=5, stride=2),
                Layer("convolution", 128, kernel=5, stride=2, dropout=0.3),
                Layer("convolution", 256, kernel=5, stride=2, dropout=0.3),
                Layer("convolution", 512, kernel=5, stride=2, dropout=0.2),
                _dense(1, activation=None),
            ),
        ),
        n_critic=2,
        penalty=True,
    ),
}

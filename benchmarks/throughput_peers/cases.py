"""What is measured: pairs of networks with a batch size and a loss.

Networks of a recipe (``Case.of_recipe``) are described for PyTorch and for the count of FLOPs alone: our step
builds the recipe's own. This file imports neither TensorFlow nor PyTorch.
"""

from dataclasses import dataclass, replace

from throughput_peers.chains import Layer, Network, Shape


@dataclass(frozen=True)
class Case:
    """Two nets and a batch.

    Attributes:
        title: what the table calls it.
        recipe: the recipe whose settings our step runs with.
        batch_size: images per step.
        generator: latents, or source pictures, to images in [-1, 1].
        discriminator: images, behind the source pictures if there are such, to logits; None: there is none.
        n_critic: updates of the discriminator in a step, each on a batch of its own.
        penalty: whether each of them has a penalty on the gradient between real and fake images.
        hinge: whether the loss is the hinge loss.
        spectral_norm: whether the discriminator's layers have it.
        pixel_weight: of the mean absolute distance to the target in the generator's loss.
        of_recipe: whether our step runs with the recipe's networks and data instead of these nets on noise.
    """

    title: str
    recipe: str
    batch_size: int
    generator: Network
    discriminator: Network | None
    n_critic: int = 1
    penalty: bool = False
    hinge: bool = False
    spectral_norm: bool = False
    pixel_weight: float = 0.0
    of_recipe: bool = False

    @property
    def latent_dim(self) -> int:
        """Length of a latent vector."""
        return self.generator.inputs[0]

    @property
    def translates(self) -> bool:
        """Whether the generator starts from pictures."""
        return len(self.generator.inputs) == 3

    @property
    def image_shape(self) -> Shape:
        """(height, width, channels) of what the generator makes."""
        *_, (last, inputs) = self.generator.walk()
        return last.output_shape(inputs)

    def step_flops(self, generator_forwards: int, discriminator_forwards: int) -> int:
        """Returns the FLOPs that one training step on a whole batch needs.

        The forward passes differ between contestants; they are given for a step with one update of D. The
        backward passes are the same in all: through G once, by kernels and by inputs; through D for real and
        for fakes, likewise; and once more by D's inputs alone, on the way to G. The first layers' inputs need
        no gradient, except D's on the way to G. A further update of D takes one pass of G and two of D. A
        penalty takes a pass of D, its gradient by the inputs, and the gradient of that by the kernels and
        back along the chain: leaky ReLUs have no second derivative that would lead further. Batch norm,
        activations, losses and optimizers are left out: few operations, though they take time. Without a D
        there are G's passes forward and backward.
        """
        generator = self.generator.forward_flops()
        if self.discriminator is None:
            return self.batch_size * (3 * generator - self.generator.first_layer_flops())
        discriminator = self.discriminator.forward_flops()
        forward = generator_forwards * generator + discriminator_forwards * discriminator
        forward += (self.n_critic - 1) * (generator + 2 * discriminator)
        backward = 2 * generator - self.generator.first_layer_flops() + discriminator
        backward += 2 * self.n_critic * (2 * discriminator - self.discriminator.first_layer_flops())
        penalties = self.n_critic * 4 * discriminator if self.penalty else 0
        return self.batch_size * (forward + backward + penalties)


def _dense(width: int, **following: object) -> Layer:
    return Layer("dense", width, **following)


def _recipe_dcgan(
    recipe: str, batch_size: int, latent_dim: int, width: int, dropout: float = 0.0, **settings: object
) -> Case:
    """Describes the recipe's DCGAN for 28x28 images; labels, where it takes some, are left out.

    D has batch norm unless it has spectral norm.
    """
    batch_norm = not settings.get("spectral_norm")
    hidden = {"bias": False, "batch_norm": True, "activation": "relu"}
    strided = {"kernel": 5, "stride": 2}
    generator = (
        _dense(7 * 7 * 2 * width, reshape=(7, 7, 2 * width), **hidden),
        Layer("transposed", width, **strided, **hidden),
        Layer("transposed", 1, **strided, activation="tanh"),
    )
    discriminator = (
        Layer("convolution", width, **strided, dropout=dropout),
        Layer(
            "convolution", 2 * width, **strided, bias=not batch_norm, batch_norm=batch_norm, dropout=dropout
        ),
        _dense(1, activation=None),
    )
    return Case(
        f"{recipe} recipe",
        recipe,
        batch_size,
        Network((latent_dim,), generator),
        Network((28, 28, 1), discriminator),
        of_recipe=True,
        **settings,
    )


def _srresnet(blocks: int, width: int, side: int) -> Case:
    """Describes the recipe's SRResNet, fourfold, without batch norm; the enlarged source is not added."""
    narrow = {"kernel": 3, "activation": None}
    block = (
        Layer("convolution", width, kernel=3, activation="prelu"),
        Layer("convolution", width, **narrow, add=2),
    )
    layers = (
        Layer("convolution", width, kernel=9, activation="prelu"),
        *(layer for _ in range(blocks) for layer in block),
        Layer("convolution", width, **narrow, add=2 * blocks + 1),
        *(Layer("convolution", 4 * width, kernel=3, shuffle=2, activation="prelu") for _ in range(2)),
        Layer("convolution", 3, kernel=9, activation=None),
    )
    return Case(
        "srresnet recipe", "srresnet", 16, Network((side, side, 3), layers), None, pixel_weight=1.0,
        of_recipe=True,
    )  # fmt: skip


def _pix2pix(depth: int, width: int, side: int) -> Case:
    """Describes the recipe's U-Net and PatchGAN of 70 pixels."""
    strided = {"kernel": 4, "stride": 2}
    filters = [width * min(2**level, 8) for level in range(depth)]
    normalised = [0 < level < depth - 1 for level in range(depth)]
    down = [
        Layer("convolution", count, **strided, bias=not norm, instance_norm=norm)
        for count, norm in zip(filters, normalised, strict=True)
    ]
    up = [
        Layer(
            "transposed", filters[level], **strided, bias=False, instance_norm=True, activation="relu",
            dropout=0.5 if number < 3 else 0.0, join=2 * number + 2,
        )
        for number, level in enumerate(reversed(range(depth - 1)))
    ]  # fmt: skip
    last = Layer("transposed", 3, **strided, activation="tanh")
    patches = [
        Layer("convolution", width * 2**level, 4, stride, bias=not level, instance_norm=level > 0)
        for level, stride in enumerate((2, 2, 2, 1))
    ]
    return Case(
        "edges2image recipe (pix2pix)",
        "edges2image",
        1,
        Network((side, side, 1), (*down, *up, last)),
        Network((side, side, 4), (*patches, Layer("convolution", 1, kernel=4, activation=None))),
        pixel_weight=100.0,
        of_recipe=True,
    )


def case_for(name: str, device: str, batch_size: int) -> Case:
    """Returns a case as it is measured on a device, "cpu" or "gpu", with a batch."""
    case = replace(CASES[name], batch_size=batch_size)
    # The paper's five updates of the critic: on a CPU such a step would take seconds.
    return replace(case, n_critic=5) if device == "gpu" and case.penalty else case


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
    # The networks of recipes.
    "sngan": _recipe_dcgan("sngan", 64, 100, 64, hinge=True, spectral_norm=True),
    "cgan": _recipe_dcgan("cgan", 32, 64, 32, dropout=0.3),
    "srresnet": _srresnet(blocks=8, width=48, side=24),
    "pix2pix": _pix2pix(depth=6, width=32, side=128),
}
# Those that a CPU measures unless others are named.
CPU_CASES = ("mlp", "dcgan28", "dcgan64", "wgan_gp")

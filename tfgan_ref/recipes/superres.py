"""Super-resolution: SRResNet, and SRGAN, which goes on from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import keras
import numpy as np

from tfgan_ref import networks
from tfgan_ref.data import DataShape, ImageArrays, TrainingData
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation import SmallClassifier, classifier_for
from tfgan_ref.gans import SRGAN
from tfgan_ref.gans.srgan import LOSSES, PIXEL_LOSSES, FeatureContent
from tfgan_ref.media.medium import TRANSLATIONS
from tfgan_ref.media.translations import draw_strips
from tfgan_ref.networks.features.classifier import feature_maps
from tfgan_ref.networks.translation.srresnet import SCALES, UPSAMPLES
from tfgan_ref.recipes.recipe import Recipe, read_training_pairs
from tfgan_ref.recipes.settings import ADAM, AT_LEAST_0, AT_LEAST_1, Changeable, Location, PairedSettings

PERCEPTUAL = ("vgg19", "classifier", "none")
DEGRADATIONS = {"bicubic": "small", "real": "degraded"}  # and how ``read_pairs`` calls the sources
PATCH, PATCHES = 32, 4000  # what the classifier of pictures learns from
SRRESNET_PAPER = ADAM | {  # Ledig et al. 2017, section 3.2
    "learning_rate": 1e-4,
    "schedule": "constant",
    "batch_size": 16,
    "scale": 4,
    "degradation": "bicubic",
    "crop": 24,
    "blocks": 16,
    "width": 64,
    "batch_norm": True,
    "global_skip": False,
    "upsample": "shuffle",
    "pixel_loss": "mse",
    "ema_decay": None,
}


@dataclass(frozen=True, kw_only=True)
class SRResNetSettings(PairedSettings):
    """Network that a CPU can train in an hour, at ten times the paper's rate, which falls to 0.

    The paper has twice as many blocks, batch norm, the squared error and no skip around the network, for a
    million steps at 1e-4.
    """

    scale: int = 4  # 2, 4 or 8: how many times larger the output is
    degradation: str = "bicubic"  # what makes sources: bicubic, real (blur, noise, JPEG, as of cameras)
    channels: int | None = 3
    crop: int = 24
    batch_size: int = 16
    steps: int = 10000
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    beta_1: Changeable[float | None] = 0.9
    initializer: str = "he"
    blocks: int = 8  # residual blocks
    width: int = 48  # filters of every hidden layer
    batch_norm: bool = False  # in the residual blocks
    global_skip: bool = True  # the network makes what is added to the bicubically enlarged source
    upsample: str = "shuffle"  # how pixels are doubled: shuffle, icnr (starts without a lattice), resize
    pixel_loss: str = "l1"  # mse

    limits: ClassVar = dict.fromkeys(("blocks", "width"), AT_LEAST_1)
    paper: ClassVar = SRRESNET_PAPER
    choices: ClassVar = {
        "scale": tuple(SCALES),
        "degradation": tuple(DEGRADATIONS),
        "upsample": UPSAMPLES,
        "pixel_loss": PIXEL_LOSSES,
    }


@dataclass(frozen=True, kw_only=True)
class SRGANSettings(SRResNetSettings):
    """Weights and rate of the paper; it starts from a run of srresnet, or pretrains for ``pretrain_steps``.

    The paper's second half of 100,000 steps at 1e-5 has no setting here: resume with learning_rate=1e-5.
    """

    steps: int = 2000
    learning_rate: float = 1e-4
    schedule: str = "constant"
    pretrain_steps: int = 0  # steps by the pixel loss before D comes in
    perceptual: str = "vgg19"  # classifier, none: what compares contents
    perceptual_weights: Changeable[Location] = None  # file of VGG19's weights
    pixel_weight: float | None = None  # of the pixels' distance; None: 0, or 1 without a perceptual network
    adversarial_weight: Changeable[float] = 1e-3  # of what D says
    loss: str = "non_saturating"  # or relativistic: D says which of a real and a fake is the more real
    d_width: int = 64  # filters of D's first layer

    limits: ClassVar = {
        "d_width": AT_LEAST_1,
        **dict.fromkeys(("pretrain_steps", "adversarial_weight", "pixel_weight"), AT_LEAST_0),
    }
    paper: ClassVar = SRRESNET_PAPER | {
        "d_learning_rate": None,
        "perceptual": "vgg19",
        "adversarial_weight": 1e-3,
        "loss": "non_saturating",
        "d_width": 64,
    }
    choices: ClassVar = {"perceptual": PERCEPTUAL, "loss": LOSSES}


def read(settings: SRResNetSettings) -> TrainingData:
    """Reads the pictures, with bicubically shrunk sources or with degraded ones that are drawn each time.

    Raises:
        InputError: they cannot be read or used.
    """
    return read_training_pairs(settings, make=DEGRADATIONS[settings.degradation], scale=settings.scale)


def build_srresnet(settings: SRResNetSettings, shape: DataShape) -> SRGAN:
    """Builds SRResNet, which learns from the distance to the originals alone."""
    return SRGAN(_generator(settings, shape), None, **_shared(settings))


def build_srgan(settings: SRGANSettings, shape: DataShape) -> SRGAN:
    """Builds SRGAN with its perceptual loss.

    Raises:
        InputError: the weights of the perceptual network are missing.
    """
    side, _, channels = shape.sample_shape
    generator = _generator(settings, shape)
    discriminator = networks.sr_discriminator(side, channels, settings.d_width, **settings.network(number=1))
    return SRGAN(
        generator,
        discriminator,
        content=_content(settings),
        **settings.group("pretrain_steps", "pixel_weight", "adversarial_weight", "loss"),
        **_shared(settings),
    )


def _generator(settings: SRResNetSettings, shape: DataShape) -> keras.Model:
    return networks.srresnet(
        channels=shape.sample_shape[-1],
        **settings.network("scale", "blocks", "width", "batch_norm", "global_skip", "upsample"),
    )


def _shared(settings: SRResNetSettings) -> dict[str, Any]:
    return {
        "stride": 2 if settings.global_skip else 1,  # mirroring the border needs two pixels
        "margin": networks.receptive_margin(settings.scale, settings.blocks, upsample=settings.upsample),
        **settings.group("pixel_loss", "seed", "ema_decay"),
    }


def _content(settings: SRGANSettings) -> Callable[[Any, Any], Any] | None:
    if settings.perceptual == "vgg19":
        return networks.PerceptualLoss(weights=settings.perceptual_weights)
    if settings.perceptual_weights is not None:
        raise InputError(f"perceptual_weights: perceptual={settings.perceptual} takes none")
    if settings.perceptual == "none":
        return None
    # The originals, in memory: whatever the sources are, and wherever the run's pictures stay.
    pictures = read(replace(settings, degradation="bicubic", stream="off")).items.targets
    return FeatureContent(feature_maps(picture_classifier(pictures).network))


def picture_classifier(pictures: Sequence[np.ndarray]) -> SmallClassifier:
    """Returns the small classifier that tells which picture a patch is from (Dosovitskiy et al. 2014).

    Its features know textures and edges without any labels. It is trained once for a collection and kept.

    Args:
        pictures: uint8 (H, W, C), sides at least 32.
    """
    rng = np.random.default_rng(0)
    labels = np.arange(PATCHES, dtype=np.int32) % len(pictures)
    patches = np.stack([_patch(pictures[label], rng) for label in labels])
    names = tuple(str(number) for number in range(len(pictures)))
    return classifier_for(ImageArrays("patches of pictures", patches, labels, names))


def _patch(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    top, left = (rng.integers(side - PATCH + 1) for side in picture.shape[:2])
    return picture[top : top + PATCH, left : left + PATCH]


RECIPES = (
    Recipe(
        "srresnet", "super-resolution by squared error", "S10 S11", SRResNetSettings, build_srresnet,
        draw_strips, read, TRANSLATIONS,
    ),
    Recipe(
        "srgan", "super-resolution against a discriminator", "S10 S11", SRGANSettings, build_srgan,
        draw_strips, read, TRANSLATIONS,
    ),
)  # fmt: skip

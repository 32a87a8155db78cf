"""Two collections of pictures without pairs: CycleGAN, CUT, contents of one in the styles of the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tfgan_ref import data, networks
from tfgan_ref.data import DataShape, TrainingData, training_pairs
from tfgan_ref.gans import CUT, CycleGAN, StyleTransferGAN
from tfgan_ref.gans.cyclegan import LOSSES
from tfgan_ref.media.medium import TRANSLATIONS
from tfgan_ref.media.translations import draw_strips, require_crop, strips
from tfgan_ref.networks.translation.patchgan import PLANS
from tfgan_ref.recipes.recipe import Recipe
from tfgan_ref.recipes.settings import (
    ADAM,
    AT_LEAST_0,
    AT_LEAST_1,
    Changeable,
    Limits,
    TranslationSettings,
)

STYLED_DIGITS = "styled_digits"


@dataclass(frozen=True, kw_only=True)
class UnpairedSettings(TranslationSettings):
    """Two collections, ``data`` and ``styles``."""

    data: str = "digits"
    styles: str = STYLED_DIGITS  # digits in synthetic styles; or folder:PATH, photographs, ...
    channels: int | None = 3
    image_size: int | None = 32  # to which pictures are brought; None: as they come
    crop: int = 32
    flip: bool = False
    ema_decay: float | None = 0.99

    limits: ClassVar = {"image_size": Limits("at least 4, or none", least=4)}


@dataclass(frozen=True, kw_only=True)
class CycleGANSettings(UnpairedSettings):
    """Weights, rate and betas of the paper; narrower nets, for a CPU.

    The paper's batches are of one picture, its discriminators see 70 pixels, and it has no average. After
    half of the steps its rate falls to 0 in a straight line, for which there is no setting here.
    """

    batch_size: int = 4
    steps: int = 3000
    blocks: int = 3  # residual blocks of both generators, 9 in the paper
    width: int = 32  # filters of the layers nearest the pictures, 64 in the paper
    receptive_field: str = "34"  # of both discriminators, in pixels: 16, 34, 70, 286, full
    loss: str = "least_squares"  # least_squares, non_saturating, hinge
    cycle_weight: Changeable[float] = 10.0  # of the distance to a picture that went there and back
    identity_weight: float = 0.5  # of the change of a picture that is there already, times cycle_weight
    replay: int = 50  # past fakes that each discriminator is shown again; 0: none

    limits: ClassVar = {
        **dict.fromkeys(("blocks", "width"), AT_LEAST_1),
        **dict.fromkeys(("cycle_weight", "identity_weight", "replay"), AT_LEAST_0),
    }
    paper: ClassVar = ADAM | {  # Zhu et al. 2017, sections 4 and 7.1
        "learning_rate": 2e-4,
        "d_learning_rate": None,
        "beta_1": 0.5,
        "batch_size": 1,
        "blocks": 9,
        "width": 64,
        "receptive_field": "70",
        "loss": "least_squares",
        "cycle_weight": 10.0,
        "identity_weight": 0.5,
        "replay": 50,
        "initializer": "normal02",
        "ema_decay": None,
    }
    choices: ClassVar = {"receptive_field": tuple(PLANS), "loss": LOSSES}


def read(settings: UnpairedSettings) -> TrainingData:
    """Reads both collections.

    Raises:
        InputError: one of them cannot be read or used.
    """
    styles = settings.styles
    if styles == STYLED_DIGITS:
        _, styled = data.styled_digits(image_size=settings.image_size or settings.crop, seed=settings.seed)
        styles = STYLED_DIGITS, tuple(styled.images)
    form = settings.group("channels", "image_size", "data_dir", "stream")
    pairs = data.unpaired(settings.data, styles, **form)
    return training_pairs(pairs, settings.crop, settings.seed, flip=settings.flip)


def build_cyclegan(settings: CycleGANSettings, shape: DataShape) -> CycleGAN:
    """Builds both generators and both discriminators for pictures whose sides are multiples of 4."""
    require_crop(settings.crop, 4, "4, by which the generators shrink pictures")
    first, second = shape.source_channels, shape.sample_shape[-1]
    generator, discriminator = ("blocks", "width"), ("receptive_field", "width")
    return CycleGAN(
        networks.resnet_translator(first, second, **settings.network(*generator, number=0)),
        networks.resnet_translator(second, first, **settings.network(*generator, number=1)),
        networks.patch_discriminator(second, **settings.network(*discriminator, number=2)),
        networks.patch_discriminator(first, **settings.network(*discriminator, number=3)),
        stride=4,
        replay_shape=(settings.crop, settings.crop),
        **settings.group("loss", "cycle_weight", "identity_weight", "replay", "seed", "ema_decay"),
    )


def draw_cycle(gan: CycleGAN, examples: Mapping[str, np.ndarray]) -> np.ndarray:
    """Draws rows of a source, its translation and that translated back; then the same from a target."""
    there = gan.translate(examples).numpy()
    here = gan.translate_back(examples["target"]).numpy()
    back, again = gan.translate_back(there).numpy(), gan.translate({"source": here}).numpy()
    return strips([examples["source"], there, back, examples["target"], here, again])


@dataclass(frozen=True, kw_only=True)
class CUTSettings(UnpairedSettings):
    """Weights of the paper's CUT; networks of ``cyclegan`` and narrower heads, for a CPU.

    FastCUT has contrastive_weight 10, identity_weight 0 and flip_equivariance. The paper's batches are of one
    picture, its discriminator sees 70 pixels, and it has no average. There is no setting here for the
    authors' resampling without aliases, for their weights, Xavier's times 0.02, and for a rate that falls to
    0 in a straight line after half of the steps. Of PatchNCE's two terms their code takes half of the sum.
    """

    batch_size: int = 4
    steps: int = 3000
    blocks: int = 3  # residual blocks of the generator, 9 in the paper
    width: int = 32  # filters of the layers nearest the pictures, 64 in the paper
    units: int = 64  # of both layers of the heads that patches are compared by, 256 in the paper
    receptive_field: str = "34"  # of the discriminator, in pixels: 16, 34, 70, 286, full
    loss: str = "least_squares"  # least_squares, non_saturating, hinge
    contrastive_weight: Changeable[float] = 1.0  # of PatchNCE of translations and their sources
    identity_weight: float = 1.0  # of PatchNCE of pictures that are there already; 0: without them
    patches: int = 256  # compared in each of the generator's maps
    temperature: Changeable[float] = 0.07  # by which similarities of patches are divided
    flip_equivariance: bool = False  # the generator sees half of the batches mirrored

    limits: ClassVar = {
        **dict.fromkeys(("blocks", "width", "units"), AT_LEAST_1),
        **dict.fromkeys(("contrastive_weight", "identity_weight"), AT_LEAST_0),
        "patches": Limits("at least 2", least=2),
        "temperature": Limits("above 0", above=0),
    }
    # Park et al. 2020, section 3 and appendix; the authors' code: cut_model.py, patchnce.py and options of
    # taesungp/contrastive-unpaired-translation.
    paper: ClassVar = ADAM | {
        "learning_rate": 2e-4,
        "d_learning_rate": None,
        "beta_1": 0.5,
        "batch_size": 1,
        "blocks": 9,
        "width": 64,
        "units": 256,
        "receptive_field": "70",
        "loss": "least_squares",
        "contrastive_weight": 1.0,
        "identity_weight": 1.0,
        "patches": 256,
        "temperature": 0.07,
        "flip_equivariance": False,
        "initializer": "xavier",
        "ema_decay": None,
    }
    choices: ClassVar = {"receptive_field": tuple(PLANS), "loss": LOSSES}


def build_cut(settings: CUTSettings, shape: DataShape) -> CUT:
    """Builds the generator, its heads and the discriminator for pictures whose sides are multiples of 4."""
    require_crop(settings.crop, 4, "4, by which the generator shrinks pictures")
    first, second = shape.source_channels, shape.sample_shape[-1]
    generator = networks.resnet_translator(first, second, **settings.network("blocks", "width", number=0))
    return CUT(
        generator,
        networks.patch_discriminator(second, **settings.network("receptive_field", "width", number=1)),
        networks.patch_heads(generator, **settings.network("units", number=2)),
        stride=4,
        **settings.group("loss", "contrastive_weight", "identity_weight", "patches", "temperature"),
        **settings.group("flip_equivariance", "seed", "ema_decay"),
    )


@dataclass(frozen=True, kw_only=True)
class StyleSettings(UnpairedSettings):
    """Contents of ``data`` painted in the styles of single pictures of ``styles``."""

    batch_size: int = 16
    steps: int = 1000
    learning_rate: float = 5e-4
    initializer: str = "he"
    depth: int = 2  # halvings of both encoders
    width: int = 16  # filters of G's layers nearest the pictures
    d_width: int = 32  # filters of D's first layer
    spectral_norm: bool = True  # of D's layers
    blocks: int = 2  # residual blocks in the content encoder and in the decoder
    style_dim: int = 16  # length of a style's code
    receptive_field: str = "34"  # of D, in pixels: 16, 34, 70, 286, full
    loss: str = "least_squares"  # least_squares, non_saturating, hinge
    adversarial_weight: Changeable[float] = 1.0  # of what D says
    self_weight: Changeable[float] = 10.0  # of the distance to a style picture painted in its own style
    style_weight: Changeable[float] = 1.0  # of the output's style against the style picture's
    content_weight: Changeable[float] = 1.0  # of the output's content against the content picture's
    recolour: bool = True  # contents are learnt from turned colours, so that they carry none

    limits: ClassVar = {
        **dict.fromkeys(("depth", "width", "d_width", "blocks", "style_dim"), AT_LEAST_1),
        **dict.fromkeys(("adversarial_weight", "self_weight", "style_weight", "content_weight"), AT_LEAST_0),
    }
    choices: ClassVar = {"receptive_field": tuple(PLANS), "loss": LOSSES}


def build_style(settings: StyleSettings, shape: DataShape) -> StyleTransferGAN:
    """Builds encoders of content and style, the decoder that joins them, and a PatchGAN."""
    stride = 2**settings.depth
    require_crop(settings.crop, stride, f"2**depth, {stride}")
    channels = shape.sample_shape[-1]
    generator = networks.adain_generator(
        channels, **settings.network("width", "depth", "blocks", "style_dim")
    )
    discriminator = networks.patch_discriminator(
        channels,
        width=settings.d_width,
        normalisation="none",  # instance norm would hide colours
        **settings.network("receptive_field", "spectral_norm", number=1),
    )
    return StyleTransferGAN(
        generator,
        discriminator,
        stride=stride,
        **settings.group("loss", "adversarial_weight", "self_weight", "style_weight", "content_weight"),
        **settings.group("recolour", "seed", "ema_decay"),
    )


def draw_styles(gan: StyleTransferGAN, examples: Mapping[str, np.ndarray]) -> np.ndarray:
    """Draws a table: contents down, style pictures across, and each content in each style."""
    contents, styles = examples["source"], examples["target"]
    rows = [np.concatenate([np.full_like(styles[:1], -1.0), styles])]
    for content in contents:
        repeated = np.repeat(content[None], len(styles), axis=0)
        made = gan.translate({"source": repeated, "target": styles}).numpy()
        rows.append(np.concatenate([content[None], made]))
    return strips(list(np.stack(rows, axis=1)))


RECIPES = (
    Recipe(
        "cyclegan", "CycleGAN between two collections", "S8", CycleGANSettings, build_cyclegan, draw_cycle,
        read, TRANSLATIONS,
    ),
    Recipe(
        "cut", "CUT between two collections, one way", "S8", CUTSettings, build_cut, draw_strips, read,
        TRANSLATIONS,
    ),
    Recipe(
        "style", "contents in the styles of other pictures", "S8", StyleSettings, build_style, draw_styles,
        read, TRANSLATIONS,
    ),
)  # fmt: skip

"""pix2pix: photographs from edges, colours from line art, and what is missing from a picture."""

from dataclasses import dataclass
from typing import ClassVar

from tfgan_ref import networks
from tfgan_ref.data import DataShape, TrainingData, read_masks
from tfgan_ref.data.pairs.holes import HOLES, Hole
from tfgan_ref.data.pairs.sources import MAKES
from tfgan_ref.gans import Pix2Pix
from tfgan_ref.gans.pix2pix import LOSSES
from tfgan_ref.media.medium import TRANSLATIONS
from tfgan_ref.media.translations import draw_strips, require_crop
from tfgan_ref.networks.layers.normalisation import NORMALISATIONS
from tfgan_ref.networks.translation.patchgan import PLANS
from tfgan_ref.recipes.recipe import Recipe, read_training_pairs
from tfgan_ref.recipes.settings import (
    ADAM,
    AT_LEAST_0,
    AT_LEAST_1,
    SHARE,
    Changeable,
    Limits,
    Location,
    PairedSettings,
)


@dataclass(frozen=True, kw_only=True)
class UNetSettings(PairedSettings):
    """U-Net against a PatchGAN."""

    depth: int = 6  # halvings of the U-Net: crop is a multiple of 2**depth
    width: int = 32  # filters of the layers nearest the pictures
    normalisation: str = "instance"  # instance, layer, batch, none
    d_normalisation: str = "same"  # of D: instance, layer, batch, none; same: as normalisation
    dropout: float = 0.5  # in the U-Net
    receptive_field: str = "70"  # of D, in pixels: 16, 34, 70, 286, full
    loss: str = "non_saturating"  # non_saturating, least_squares, hinge, relativistic
    l1_weight: Changeable[float] = 100.0  # of the distance to the target
    adversarial_weight: float = 1.0  # of what D says; 0 trains by the distance alone
    r1: Changeable[float] = 0.0  # weight gamma of the R1 penalty, of the mean of D's logits, at targets

    limits: ClassVar = {
        **dict.fromkeys(("depth", "width"), AT_LEAST_1),
        **dict.fromkeys(("l1_weight", "adversarial_weight", "r1"), AT_LEAST_0),
        "dropout": SHARE,
    }
    choices: ClassVar = {
        "normalisation": NORMALISATIONS,
        "d_normalisation": ("same", *NORMALISATIONS),
        "receptive_field": tuple(PLANS),
        "loss": LOSSES,
    }


@dataclass(frozen=True, kw_only=True)
class EdgesSettings(UNetSettings):
    """Weights and rates of the paper; a narrower net and smaller pictures, for a CPU.

    The authors' code has 64 filters, 8 halvings of 256 pixels and batch norm that sees one picture at a time,
    as instance norm does. There is no setting here for its pictures, which are brought to 286 pixels before a
    square of 256 is cut, and for biases of convolutions, which it sets to 0 in every update. D's objective is
    halved, as section 3.3 says; train.lua halves what it prints of it, not the gradients.
    """

    make: str = "edges"  # how a source is made of a picture, unless data are pairs: edges, sobel
    reverse: bool = False  # learn the way back, from targets to sources
    crop: int = 128
    batch_size: int = 1
    steps: int = 4000
    ema_decay: float | None = None

    # Isola et al. 2017, section 3.3; the authors' code: train.lua and models.lua of phillipi/pix2pix.
    paper: ClassVar = ADAM | {
        "learning_rate": 2e-4,
        "d_learning_rate": None,
        "beta_1": 0.5,
        "batch_size": 1,
        "crop": 256,
        "flip": True,
        "depth": 8,
        "width": 64,
        "normalisation": "instance",
        "d_normalisation": "same",
        "dropout": 0.5,
        "receptive_field": "70",
        "loss": "non_saturating",
        "l1_weight": 100.0,
        "adversarial_weight": 1.0,
        "r1": 0.0,
        "initializer": "normal02",
        "ema_decay": None,
    }
    choices: ClassVar = {"make": MAKES}


@dataclass(frozen=True, kw_only=True)
class ColouriseSettings(EdgesSettings):
    """Colours for line art; with make=grey for grey photographs."""

    make: str = "lines"  # how a source is made of a picture: lines, grey
    batch_size: int = 4


@dataclass(frozen=True, kw_only=True)
class InpaintSettings(UNetSettings):
    """Fills holes in digits, with a U-Net that sees whole digits."""

    data: str = "digits"
    image_size: int | None = 32  # to which pictures are brought; None: as they come
    hole: str = "box"  # box; free: straight strokes; brush: strokes that bend
    masks: Changeable[Location] = None  # folder or zip of mask files, white is known: in place of hole
    crop: int = 32
    flip: bool = False
    batch_size: int = 32
    steps: int = 2000
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    ema_decay: float | None = 0.99
    depth: int = 4
    dropout: float = 0.0
    receptive_field: str = "34"
    refinement: int = 0  # filters of layers at full size behind the U-Net, which see the source; 0: none

    limits: ClassVar = {
        "image_size": Limits("at least 4, or none", least=4),
        "refinement": AT_LEAST_0,
    }
    choices: ClassVar = {"hole": HOLES}

    def __post_init__(self) -> None:
        """Checks also that masks come without another kind of hole.

        Raises:
            InputError: they do not.
        """
        super().__post_init__()
        if self.masks is not None:
            self.refuse("masks from files", "hole")


def read(settings: EdgesSettings) -> TrainingData:
    """Reads the pairs; sources are made by ``make`` unless the data come in pairs."""
    return read_training_pairs(settings, make=settings.make, reverse=settings.reverse)


def read_inpainting(settings: InpaintSettings) -> TrainingData:
    """Reads the pictures, each of them source and target, with holes in the sources."""
    return read_training_pairs(settings, hole_of(settings), make="same", image_size=settings.image_size)


def hole_of(settings: InpaintSettings) -> Hole:
    """Returns the kind of holes that the settings name, or reads the masks.

    Raises:
        InputError: a mask cannot be used.
    """
    return settings.hole if settings.masks is None else read_masks(settings.masks, settings.crop)


def build(settings: UNetSettings, shape: DataShape) -> Pix2Pix:
    """Builds pix2pix for pictures whose sides are multiples of 2**depth."""
    return _build(settings, shape, inpainting=False)


def build_inpainting(settings: InpaintSettings, shape: DataShape) -> Pix2Pix:
    """Builds pix2pix with a U-Net that sees which pixels are known and keeps them."""
    return _build(settings, shape, inpainting=True)


def _build(settings: UNetSettings, shape: DataShape, inpainting: bool) -> Pix2Pix:
    require_crop(settings.crop, 2**settings.depth, f"2**depth, {2**settings.depth}")
    channels = shape.sample_shape[-1]
    body = settings.network("depth", "width", "dropout", "normalisation")
    if inpainting:
        generator = networks.inpainting_generator(channels, **body, refinement=settings.refinement)
    else:
        generator = networks.unet_translator(shape.source_channels, channels, **body)
    seen = sum(tensor.shape[-1] for tensor in [*generator.inputs, *generator.outputs])
    of_discriminator = settings.network("receptive_field", "width", "normalisation", number=1)
    if settings.d_normalisation != "same":
        of_discriminator["normalisation"] = settings.d_normalisation
    discriminator = networks.patch_discriminator(seen, **of_discriminator)
    return Pix2Pix(
        generator,
        discriminator if settings.adversarial_weight else None,
        inputs=("source", "mask") if inpainting else ("source",),
        stride=2**settings.depth,
        **settings.group("loss", "l1_weight", "adversarial_weight", "r1", "seed", "ema_decay"),
    )


RECIPES = (
    Recipe(
        "edges2image", "pix2pix: pictures from edges", "S8", EdgesSettings, build, draw_strips, read,
        TRANSLATIONS,
    ),
    Recipe(
        "colourise", "pix2pix: colours for drawings", "S8", ColouriseSettings, build, draw_strips, read,
        TRANSLATIONS,
    ),
    Recipe(
        "inpaint", "pix2pix: what is missing", "S7", InpaintSettings, build_inpainting, draw_strips,
        read_inpainting, TRANSLATIONS,
    ),
)  # fmt: skip

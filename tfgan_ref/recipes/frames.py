"""Animation frames: a character's attributes, an action and a phase to a frame, all phases to a clip."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tfgan_ref import networks, plotting
from tfgan_ref.data import DataShape, TrainingData, read_clips, training_clips
from tfgan_ref.errors import InputError
from tfgan_ref.gans import FrameGAN
from tfgan_ref.losses import UNPAIRED
from tfgan_ref.media.clips import FRAMES, factors_of, phases_of
from tfgan_ref.media.medium import MOST_ROWS
from tfgan_ref.networks.sequences.frames import SIZES
from tfgan_ref.recipes.recipe import Recipe, require_size
from tfgan_ref.recipes.settings import (
    AT_LEAST_0,
    AT_LEAST_1,
    Changeable,
    SequenceSettings,
    StreamSettings,
)

SHOWN = 6  # clips of each action in the progress sheet


@dataclass(frozen=True, kw_only=True)
class FrameSettings(SequenceSettings, StreamSettings):
    """Chosen so that a figure in an unseen pair of attribute and action is drawn right in 30 CPU minutes."""

    data: str = "figures"  # or sprites:PATH
    image_size: int = 32  # side of a frame, 32 or 64
    clips: int = 2048  # figures to draw for training
    hold_out: str | None = "default"  # pairs kept from training, hat=yes:jump,hair=red:walk; default: 5 pairs
    frames_per_clip: int = 2  # that the discriminator sees together
    loss: str = "non_saturating"  # or minimax, least_squares, hinge, wasserstein
    steps: int = 3500
    batch_size: int = 32  # clips
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    beta_1: Changeable[float | None] = 0.0
    latent_dim: int = 32
    initializer: str = "xavier"
    width: int = 32  # filters of the generator's last hidden layer
    colours: int = 16  # of a character's palette
    d_width: int = 32  # filters of the discriminator's first layer
    spectral_norm: bool = False  # of the discriminator's layers
    r1: Changeable[float] = 0.3  # weight gamma of the R1 penalty
    r2: Changeable[float] = 0.0  # weight gamma of the R2 penalty, at fakes
    attribute_weight: Changeable[float] = 0.3  # of what D reads off the frames beside whether they are real

    limits: ClassVar = {
        **dict.fromkeys(("clips", "frames_per_clip", "width", "colours", "d_width"), AT_LEAST_1),
        **dict.fromkeys(("r1", "r2", "attribute_weight"), AT_LEAST_0),
    }
    choices: ClassVar = {"image_size": tuple(SIZES), "loss": UNPAIRED}

    def __post_init__(self) -> None:
        """Checks that what is set has an effect on the data."""
        super().__post_init__()
        if self.data.startswith("sprites:"):
            self.refuse(f"data {self.data}, which are not drawn", "clips")


def read(settings: FrameSettings) -> TrainingData:
    """Reads the clips that ``settings`` name, without the pairs that are held out.

    Raises:
        InputError: they cannot be read or used, or have fewer phases than frames are to be seen together.
    """
    form = settings.group("image_size", "clips", "hold_out", "stream")
    clips = read_clips(settings.data, **form)
    if settings.frames_per_clip > clips.phases:
        raise InputError(
            f"frames_per_clip {settings.frames_per_clip} is out of range: 1 to the {clips.phases} phases "
            f"of {settings.data}"
        )
    return training_clips(clips, settings.frames_per_clip, settings.seed)


def build(settings: FrameSettings, shape: DataShape) -> FrameGAN:
    """Builds the GAN for clips of 32 or 64 pixels."""
    require_size("frames", shape, settings.image_size)
    factors = {name: len(values) for name, values in factors_of(shape).items()}
    sizes, phases, channels = tuple(factors.values()), phases_of(shape), shape.sample_shape[-1]
    generator = networks.frame_generator(
        settings.latent_dim,
        sizes,
        phases,
        settings.image_size,
        channels,
        **settings.network("width", "colours"),
    )
    discriminator = networks.frame_discriminator(
        sizes,
        phases,
        settings.frames_per_clip,
        settings.image_size,
        channels,
        width=settings.d_width,
        **settings.network("spectral_norm", number=1),
    )
    return FrameGAN(
        generator,
        discriminator,
        factors=factors,
        phases=phases,
        **settings.group("loss", "seed", "n_critic", "ema_decay", "r1", "r2", "attribute_weight"),
    )


def draw(gan: FrameGAN) -> np.ndarray:
    """Draws the phases of a few characters in every action, a clip in each row."""
    clips = plotting.to_uint8(gan.generate(SHOWN * min(list(gan.factors.values())[-1], MOST_ROWS), seed=0))
    return plotting.grid(clips.reshape(-1, *clips.shape[2:]), columns=gan.phases, enlarge=2)


RECIPE = Recipe(
    "frames",
    "animation frames from attributes, action and phase",
    "S8",
    FrameSettings,
    build,
    draw,
    read,
    medium=FRAMES,
)
RECIPES = (RECIPE,)

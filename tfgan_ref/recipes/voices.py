"""One voice made of another without pairs: CycleGAN on spectral envelopes, and pitch by its statistics."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np

from tfgan_ref import networks, plotting
from tfgan_ref.data import DataShape, TrainingData, Voices, read_waves, training_voices
from tfgan_ref.errors import InputError
from tfgan_ref.gans import CycleGAN, PitchStatistics
from tfgan_ref.gans.cyclegan import LOSSES
from tfgan_ref.media.voices import VOICES
from tfgan_ref.recipes.recipe import Recipe
from tfgan_ref.recipes.settings import AT_LEAST_0, AT_LEAST_1, Changeable, DiscriminatorSettings, Limits

SAMPLE_RATE = 8000  # per second
TRANSLATORS = ("warp", "resnet")
_STRIDE = 4  # by which the discriminators and resnet shrink time


@dataclass(frozen=True, kw_only=True)
class VoicesSettings(DiscriminatorSettings):
    """Two groups of speakers of ``data``."""

    data: str = "vowels"  # wav:DIR:{label}_{group}_{take}, npz:PATH with speakers
    source: str = "men"  # the group whose recordings are converted
    target: str = "women"  # the group that they shall sound like
    length: int = 4096  # samples of a recording, 8,000 per second; longer ones are cut
    frames: int = 32  # of a piece, 10 ms each
    steps: int = 2000
    batch_size: int = 16
    initializer: str = "he"
    ema_decay: float | None = 0.99
    translator: str = "warp"  # resnet: CycleGAN's own
    width: int = 128  # features of the translators' blocks; of resnet, filters nearest the pictures
    blocks: int = 2  # residual blocks of the translators
    knots: int = 10  # frequencies at which warp moves a spectrum freely
    reach: float = 10.0  # bands by which warp can move it
    detail: int = 16  # filters along the frequency axis after warp; 0: none
    d_width: int = 128  # features of the discriminators
    loss: str = "least_squares"  # non_saturating, hinge
    cycle_weight: Changeable[float] = 10.0  # of the distance to a spectrum that went there and back
    identity_weight: float = 0.5  # of the change of a spectrum that is there already, times cycle_weight
    replay: int = 50  # past fakes that each discriminator is shown again; 0: none

    limits: ClassVar = {
        "length": Limits("at least 800", least=800),
        "knots": Limits("at least 2", least=2),
        **dict.fromkeys(("width", "d_width"), AT_LEAST_1),
        **dict.fromkeys(("blocks", "detail", "replay", "cycle_weight", "identity_weight"), AT_LEAST_0),
    }
    choices: ClassVar = {"translator": TRANSLATORS, "loss": LOSSES}

    def __post_init__(self) -> None:
        """Checks that the networks can shrink a piece, and that what is set has an effect on them."""
        super().__post_init__()
        if self.translator == "resnet":
            self.refuse("translator resnet", "knots", "reach", "detail")
        if self.frames < 8 or self.frames % _STRIDE:
            raise InputError(f"frames {self.frames} is out of range: a multiple of 4 from 8 up")


def read(settings: VoicesSettings) -> TrainingData:
    """Reads and analyses the recordings of both voices.

    Raises:
        InputError: they cannot be read or used.
    """
    waves = read_waves(
        settings.data, length=settings.length, sample_rate=SAMPLE_RATE, data_dir=settings.data_dir
    )
    voices = Voices.of(waves, settings.source, settings.target)
    return training_voices(voices, settings.frames, settings.seed)


def build(settings: VoicesSettings, shape: DataShape) -> CycleGAN:
    """Builds both translators and both discriminators."""
    frames, bands, _ = shape.sample_shape
    return CycleGAN(
        _translator(settings, bands, number=0),
        _translator(settings, bands, number=1),
        networks.spectrum_discriminator(bands, settings.d_width, **settings.network(number=2)),
        networks.spectrum_discriminator(bands, settings.d_width, **settings.network(number=3)),
        stride=_STRIDE,
        replay_shape=(frames, bands),
        observer=PitchStatistics(),
        **settings.group("loss", "cycle_weight", "identity_weight", "replay", "seed", "ema_decay"),
    )


def draw(gan: CycleGAN, examples: Mapping[str, np.ndarray]) -> np.ndarray:
    """Draws envelopes, low bands below and time to the right: of each voice, converted, and back again."""
    there = gan.translate(examples)
    here = gan.translate_back(examples["target"])
    back, again = gan.translate_back(there), gan.translate({"source": here})
    columns = [examples["source"], there, back, examples["target"], here, again]
    upright = [np.asarray(column).transpose(0, 2, 1, 3)[:, ::-1] for column in columns]
    rows = np.stack([plotting.to_uint8(column) for column in upright], axis=1)
    return plotting.grid(rows.reshape(-1, *rows.shape[2:]), len(columns), enlarge=2)


def _translator(settings: VoicesSettings, bands: int, number: int) -> keras.Model:
    if settings.translator == "resnet":
        return networks.resnet_translator(1, 1, **settings.network("blocks", "width", number=number))
    body = settings.network("width", "blocks", "knots", "reach", "detail", number=number)
    return networks.warping_translator(bands, **body)


RECIPE = Recipe(
    "voices",
    "one voice made of another, without pairs",
    "S8",
    VoicesSettings,
    build,
    draw,
    read,
    medium=VOICES,
)
RECIPES = (RECIPE,)

"""Conditional speech GAN of the series' article 8: from a class to a waveform."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import keras
import numpy as np

from tfgan_ref import losses, networks
from tfgan_ref.data import DataShape, TrainingData, read_waves, training_waves
from tfgan_ref.errors import InputError
from tfgan_ref.gans import WGANGP, ConditionalGAN
from tfgan_ref.gans.diversity import DiversitySensitiveGAN
from tfgan_ref.gans.techniques import InstanceNoise
from tfgan_ref.media.medium import labels_shown
from tfgan_ref.media.sounds import SOUNDS, spectrogram_sheet
from tfgan_ref.recipes.recipe import Recipe
from tfgan_ref.recipes.settings import (
    ADAM,
    AT_LEAST_0,
    AT_LEAST_1,
    Changeable,
    Limits,
    SequenceSettings,
    StreamSettings,
)

OBJECTIVES = ("wgan_gp", *losses.UNPAIRED)
CRITICS = ("waveform", "spectrogram", "both")
DIVERSITY = 5.0
SHOWN = 8  # sounds of each class in the progress sheet


@dataclass(frozen=True, kw_only=True)
class SpeechSettings(SequenceSettings, StreamSettings):
    """Chosen so that vowels are clear within 30 CPU minutes.

    WaveGAN is WGAN-GP on waveforms alone, without batch norm, at 1e-4 with betas of 0.5 and 0.9 and 5 updates
    of D. Its recordings are of 16,384 samples, 16,000 per second (length, sample_rate), its latents uniform
    in [-1, 1], and it has no labels. The authors' code trains until it is stopped.
    """

    data: str = "vowels"  # a name that tfgan_ref.data.read_waves takes
    length: int = 2048  # samples of each recording
    sample_rate: int = 8000  # per second; recordings of other rates are resampled
    objective: str = "hinge"  # or wgan_gp (the paper's), non_saturating, minimax, least_squares, wasserstein
    critic: str = "both"  # what D looks at: waveform (the paper's), spectrogram, both
    spectral_norm: bool | None = None  # of D's layers; None: with every objective but wgan_gp
    instance_noise: Changeable[float] = 0.1  # standard deviation of noise on D's inputs at the start
    instance_noise_steps: Changeable[int | None] = 4000  # generator steps until it is gone; None: it stays
    diversity: float | None = None  # weight of G's gain by sounds that differ; None: 5, but none with wgan_gp
    diversity_bound: float = 0.15  # of that gain; vowels have 0.22 in LogSpectrogram's units, digits 0.11
    penalty_weight: Changeable[float] = 10.0  # of the gradient penalty of wgan_gp
    r1: Changeable[float] = 0.0  # weight gamma of the R1 penalty
    r2: Changeable[float] = 0.0  # weight gamma of the R2 penalty, at fakes
    phase_shuffle: int = 2  # largest shift of D's activations, in samples of each layer; 0: none
    width: int = 24  # filters of the layers nearest the waveform
    hidden: int = 256  # units of each of two layers behind the latents; 0: none, as the paper's
    batch_norm: bool = True  # in the generator; the paper's has none
    steps: int = 5000
    batch_size: int = 32
    learning_rate: float = 4e-4
    d_learning_rate: float | None = 2e-4
    latent_dim: int = 64
    initializer: str = "xavier"

    limits: ClassVar = {
        **dict.fromkeys(("length", "width"), AT_LEAST_1),
        **dict.fromkeys(
            ("penalty_weight", "r1", "r2", "phase_shuffle", "instance_noise", "hidden"), AT_LEAST_0
        ),
        "diversity": Limits("at least 0, or none", least=0),
        "diversity_bound": Limits("above 0", above=0),
    }
    # The authors' code of Donahue et al. 2019: train_wavegan.py and wavegan.py of chrisdonahue/wavegan.
    paper: ClassVar = ADAM | {
        "learning_rate": 1e-4,
        "d_learning_rate": None,
        "beta_1": 0.5,
        "beta_2": 0.9,
        "batch_size": 64,
        "n_critic": 5,
        "objective": "wgan_gp",
        "critic": "waveform",
        "penalty_weight": 10.0,
        "phase_shuffle": 2,
        "instance_noise": 0.0,
        "latent_dim": 100,
        "width": 64,
        "hidden": 0,
        "batch_norm": False,
        "initializer": "xavier",
        "ema_decay": None,
    }
    choices: ClassVar = {"objective": OBJECTIVES, "critic": CRITICS}

    def __post_init__(self) -> None:
        """Checks that what is set has an effect under the objective and the critic."""
        super().__post_init__()
        if self.objective != "wgan_gp":
            self.refuse(f"objective {self.objective}: it is of wgan_gp", "penalty_weight")
        elif self.diversity:
            raise InputError(f"diversity {self.diversity} is not for objective wgan_gp: none")
        if self.objective == "wgan_gp" or self.diversity == 0:
            self.refuse("a generator without diversity", "diversity_bound")
        if self.critic == "spectrogram":
            self.refuse("critic spectrogram", "phase_shuffle")


def read(settings: SpeechSettings) -> TrainingData:
    """Reads the recordings that ``settings`` name.

    Raises:
        InputError: they cannot be read or used.
    """
    form = settings.group("length", "sample_rate", "data_dir", "stream")
    waves = read_waves(settings.data, **form)
    training = training_waves(waves, settings.seed)
    return replace(training, examples=({"classes": np.array(waves.class_names)},))


def build(settings: SpeechSettings, shape: DataShape) -> ConditionalGAN | WGANGP:
    """Builds WaveGAN with a label: in the generator beside the latents, in D by projection."""
    length = shape.sample_shape[0]
    body = partial(
        networks.wavegan_generator,
        length=length,
        hidden=(settings.hidden,) * 2 if settings.hidden else (),
        **settings.network("width", "batch_norm"),
    )
    generator = networks.conditional_generator(
        body, num_classes=shape.num_classes, **settings.group("latent_dim", "seed")
    )
    spectral_norm = settings.objective != "wgan_gp"
    if settings.spectral_norm is not None:
        spectral_norm = settings.spectral_norm
    discriminator = networks.conditional_discriminator(
        lambda channels: _features(settings, length, spectral_norm=spectral_norm),
        shape.sample_shape,
        num_classes=shape.num_classes,
        combine="projection",
        spectral_norm=spectral_norm,
        **settings.network(number=1),
    )
    shared = settings.group("seed", "ema_decay", "n_critic", "r1", "r2")
    shared |= {"num_classes": shape.num_classes, "sample_key": "audio"}
    if settings.instance_noise:
        shared["instance_noise"] = InstanceNoise(settings.instance_noise, settings.instance_noise_steps)
    if settings.objective == "wgan_gp":
        return WGANGP(generator, discriminator, penalty_weight=settings.penalty_weight, **shared)
    shared["loss"] = settings.objective
    weight = DIVERSITY if settings.diversity is None else settings.diversity
    if not weight:
        return ConditionalGAN(generator, discriminator, **shared)
    shared |= {"diversity": weight, "bound": settings.diversity_bound, "view": networks.LogSpectrogram()}
    return DiversitySensitiveGAN(generator, discriminator, **shared)


def _features(settings: SpeechSettings, length: int, *, spectral_norm: bool) -> keras.Model:
    """Builds D's body, as ``critic`` names it."""
    bodies = []
    if settings.critic != "spectrogram":
        body = settings.network("width", "phase_shuffle", number=1)
        bodies.append(networks.wavegan_features(length, spectral_norm=spectral_norm, **body))
    if settings.critic != "waveform":
        body = settings.network("width", number=2)
        bodies.append(networks.spectrogram_features(length, spectral_norm=spectral_norm, **body))
    return bodies[0] if len(bodies) == 1 else networks.joint_features(*bodies)


def draw(gan: ConditionalGAN | WGANGP, examples: Mapping[str, np.ndarray]) -> np.ndarray:
    """Draws the spectrograms of 8 sounds of each class, a row for each, beside its name."""
    labels = labels_shown(gan.num_classes, SHOWN)
    audio = gan.generate(len(labels), seed=0, label=labels).numpy()
    return spectrogram_sheet(audio[..., 0], SHOWN, labels, examples["classes"])


RECIPE = Recipe(
    "speech",
    "conditional WaveGAN, from a class to a waveform",
    "S8",
    SpeechSettings,
    build,
    draw,
    read,
    medium=SOUNDS,
    labelled=True,
)
RECIPES = (RECIPE,)

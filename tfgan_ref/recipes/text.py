"""Conditional text GAN of the series' article 8: a topic to a sentence."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tfgan_ref import networks
from tfgan_ref.data import DataShape, TrainingData, hold_out, read_sentences, training_sentences
from tfgan_ref.data.sentences.sentences import decode
from tfgan_ref.gans.text import OBJECTIVES, TextGAN
from tfgan_ref.media.medium import labels_shown
from tfgan_ref.media.sentences import SENTENCES, sentence_sheet
from tfgan_ref.recipes.recipe import Recipe
from tfgan_ref.recipes.settings import (
    AT_LEAST_0,
    AT_LEAST_1,
    SHORT_STEPS,
    Changeable,
    DiscriminatorSettings,
    Limits,
)

R1 = 0.002
SHOWN = 8  # sentences of each topic in the progress picture
SPLIT_SEED = 0  # of what is held out, whatever the run's seed


@dataclass(frozen=True, kw_only=True)
class TextSettings(DiscriminatorSettings):
    """Chosen on the embedded grammar, see docs/text.md."""

    data: str = "topic_sentences"  # topic_sentences_zh (Chinese), tsv:PATH, tsv:PATH:TOPIC_COLUMN:TEXT_COLUMN
    length: int = 12  # words of the longest sentences that are read
    vocabulary: int | None = None  # most frequent words; sentences with others are left out; None: all
    topics: str | None = None  # some of the data's topics, with commas; None: all
    hold_out: float = 0.2  # share of each topic's sentences that is kept from training, for scores
    objective: str = "gumbel"  # gumbel, wgan_gp, policy_gradient
    n_critic: int = 1  # discriminator updates per generator update
    pretraining_steps: int = 750  # of maximum likelihood, at the beginning of the steps
    likelihood_weight: Changeable[float] = 0.0  # of the likelihood after it, beside the adversary
    steps: int = 8000
    batch_size: int = 64
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    ema_decay: float | None = 0.99
    initializer: str = "xavier"
    temperature: float = 1.0  # of the softmax whose gradient stands for that of a choice
    r1: Changeable[float | None] = None  # weight gamma of the R1 penalty; None: 0.002, and none with wgan_gp
    r2: Changeable[float] = 0.0  # weight gamma of the R2 penalty, at generated sentences
    penalty_weight: Changeable[float] = 10.0  # of wgan_gp's gradient penalty
    units: int = 128  # of the generator's recurrent state
    embedding_dim: int = 64  # length of a word's vector, in both networks
    width: int = 64  # filters of the discriminator
    steps_without_xla: ClassVar = SHORT_STEPS

    limits: ClassVar = {
        **dict.fromkeys(("length", "vocabulary", "n_critic"), AT_LEAST_1),
        **dict.fromkeys(("units", "embedding_dim", "width"), AT_LEAST_1),
        **dict.fromkeys(("pretraining_steps", "likelihood_weight", "penalty_weight", "r2"), AT_LEAST_0),
        "r1": Limits("at least 0, or none", least=0),
        "temperature": Limits("above 0", above=0),
        "hold_out": Limits("above 0 and below 1", above=0, below=1),
    }
    choices: ClassVar = {"objective": OBJECTIVES}

    def __post_init__(self) -> None:
        """Checks that what is set has an effect under the objective."""
        super().__post_init__()
        if self.objective == "wgan_gp":
            self.refuse("objective wgan_gp, which has penalty_weight", "r1")
        else:
            self.refuse(f"objective {self.objective}, which has r1", "penalty_weight")
        if self.objective == "policy_gradient":
            self.refuse("objective policy_gradient, whose choices pass no gradient", "temperature")


def read(settings: TextSettings) -> TrainingData:
    """Reads the sentences that ``settings`` name, in two parts.

    Raises:
        InputError: they cannot be read or used.
    """
    sentences = read_sentences(
        settings.data, length=settings.length, vocabulary=settings.vocabulary, topics=settings.topics
    )
    return training_sentences(*hold_out(sentences, settings.hold_out, SPLIT_SEED), settings.seed)


def build(settings: TextSettings, shape: DataShape) -> TextGAN:
    """Builds the GAN for sentences of ``shape`` (T, V).

    Raises:
        InputError: a setting cannot be used.
    """
    length, vocabulary = shape.sample_shape
    r1 = settings.r1
    if r1 is None:
        r1 = 0.0 if settings.objective == "wgan_gp" else R1
    generator = networks.text_generator(
        length,
        vocabulary,
        num_classes=shape.num_classes,
        relaxed=settings.objective == "wgan_gp",
        **settings.network("units", "embedding_dim", "temperature"),
    )
    discriminator = networks.text_discriminator(
        length,
        vocabulary,
        num_classes=shape.num_classes,
        **settings.network("width", "embedding_dim", number=1),
    )
    return TextGAN(
        generator,
        discriminator,
        num_classes=shape.num_classes,
        r1=r1,
        r2=settings.r2,
        **settings.group("objective", "pretraining_steps", "likelihood_weight", "penalty_weight"),
        **settings.group("seed", "n_critic", "ema_decay"),
    )


def draw(gan: TextGAN, examples: dict[str, np.ndarray]) -> np.ndarray:
    """Writes a few sentences of each topic into a picture."""
    labels = labels_shown(gan.num_classes, SHOWN)
    tokens = np.argmax(gan.generate(len(labels), seed=0, label=labels), axis=-1)
    return sentence_sheet(decode(tokens, examples["words"]), examples["topics"][labels])


RECIPE = Recipe(
    "text",
    "recurrent GAN of words, from a topic to a sentence",
    "S8",
    TextSettings,
    build,
    draw,
    read,
    medium=SENTENCES,
    labelled=True,
)
RECIPES = (RECIPE,)

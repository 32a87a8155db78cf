"""What ``modes.py`` compares: every objective on the same generator, and what repairs a collapse."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import keras
from mode_distributions import Distribution, Mixture

from tfgan_ref.gans import BEGAN, DRAGAN, EBGAN, GAN, LSGAN, R3GAN, WGAN, WGANGP, HingeGAN, VanillaGAN
from tfgan_ref.gans.techniques import InstanceNoise, LabelTargets, Technique
from tfgan_ref.training.schedules import make_schedule

NOISY_SHARE = 0.4  # of the run, in which instance noise fades


@dataclass(frozen=True)
class Objective:
    """One way to train the generator.

    Attributes:
        kind: the type.
        summary: one line.
        arguments: of the type.
        discriminator: arguments of the distribution's discriminator; None: its autoencoder.
        rate: learning rate of both relative to the distribution's.
        schedule: of the learning rate.
        noise: instance noise at the start, in distances between neighbouring modes.
        clip_norm: longest gradient, or None.
        generator: arguments of the distribution's generator.
        beta_1: momentum of Adam.
    """

    kind: Callable[..., GAN]
    summary: str
    arguments: dict[str, Any] = field(default_factory=dict)
    discriminator: dict[str, Any] | None = field(default_factory=dict)
    rate: float = 1.0
    schedule: str = "cosine"
    noise: float = 0.0
    clip_norm: float | None = None
    generator: dict[str, Any] = field(default_factory=dict)
    beta_1: float = 0.5

    def describe(self) -> str:
        """Returns the type and the settings that are not the defaults, in one line."""
        plain = Objective(self.kind, self.summary)
        changed = [
            f"{name} {_written(getattr(self, name))}"
            for name in (field.name for field in fields(self))
            if getattr(self, name) != getattr(plain, name)
        ]
        return ", ".join([self.kind.__name__, *changed])


def _written(value: Any) -> Any:
    """Returns ``value``, of techniques their arguments."""
    if isinstance(value, dict):
        return {name: _written(item) for name, item in value.items()}
    return value.get_config() if isinstance(value, Technique) else value


PER_SAMPLE = {"batch_norm": False}  # of images' discriminators; those of points never have it
OBJECTIVES = {
    "non_saturating": Objective(VanillaGAN, "cosine decay, EMA"),
    "minimax": Objective(VanillaGAN, "saturating", {"loss": "minimax"}),
    "lsgan": Objective(LSGAN, "least squares"),
    "wgan": Objective(
        # A clipped bias is at most as large as a clipped weight: the kinks of the critic's first layer are
        # near the origin, and beyond them it is almost linear along each ray. So the points come near it.
        WGAN,
        "c = 0.2, points / 8, n_critic 5",
        {"clip": 0.2},
        {"unit": 8.0},
        rate=0.2,
        beta_1=0.0,
    ),
    "wgan_gp": Objective(WGANGP, "lambda 1, n_critic 5", {"penalty_weight": 1.0}, PER_SAMPLE, rate=0.5),
    "hinge": Objective(HingeGAN, "hinge loss"),
    "sngan": Objective(
        # Slopes of at most 1 cannot tell a mode of width 0.04 from what lies beside it.
        HingeGAN,
        "hinge, spectral norm, logits times 10",
        {},
        PER_SAMPLE | {"spectral_norm": True, "slope": 10.0},
    ),
    "dragan": Objective(DRAGAN, "lambda 1", {"penalty_weight": 1.0}, PER_SAMPLE),
    "ebgan": Objective(EBGAN, "pull-away 0.1", {"margin": 1.0, "pull_away_weight": 0.1}, None, rate=0.2),
    "began": Objective(BEGAN, "gamma 0.7", {"gamma": 0.7}, None, rate=0.1),
    "constant_rate": Objective(VanillaGAN, "non_saturating, no decay", schedule="constant"),
    "no_average": Objective(VanillaGAN, "non_saturating, no EMA", {"ema_decay": None}),
    "packing2": Objective(VanillaGAN, "non_saturating, packs of 2", {"packing": 2}, {"packing": 2}),
    "packing4": Objective(VanillaGAN, "non_saturating, packs of 4", {"packing": 4}, {"packing": 4}),
    "minibatch": Objective(VanillaGAN, "non_saturating, minibatch discrimination", {}, {"minibatch": True}),
    "r1": Objective(VanillaGAN, "non_saturating, gamma 0.1", {"r1": 0.1}, PER_SAMPLE),
    "r1_r2": Objective(
        VanillaGAN, "non_saturating, R1 and R2, gamma 0.1", {"r1": 0.1, "r2": 0.1}, PER_SAMPLE
    ),
    "relativistic_r1": Objective(
        VanillaGAN, "relativistic pairs, gamma 0.1", {"loss": "relativistic", "r1": 0.1}, PER_SAMPLE
    ),
    "relativistic_r1_r2": Objective(
        VanillaGAN,
        "relativistic pairs, R1 and R2, gamma 0.1",
        {"loss": "relativistic", "r1": 0.1, "r2": 0.1},
        PER_SAMPLE,
    ),
    "r3gan": Objective(
        R3GAN, "the same with samples of G's own, gamma 0.1", {"r1": 0.1, "r2": 0.1}, PER_SAMPLE
    ),
    "clipping": Objective(VanillaGAN, "non_saturating, gradient norm at most 1", clip_norm=1.0),
    "smoothing": Objective(
        VanillaGAN, "non_saturating, real targets 0.9", {"label_targets": LabelTargets(smoothing=0.1)}
    ),
    "replay": Objective(VanillaGAN, "non_saturating, 10 batches of past fakes", {"replay": 10}),
    "feature_matching": Objective(VanillaGAN, "mean features matched", {"feature_matching": True}),
    "historical_averaging": Objective(
        VanillaGAN, "non_saturating, pull to the mean weights 1e-3", {"historical_averaging": 1e-3}
    ),
    "virtual_batch_norm": Objective(
        VanillaGAN, "non_saturating, reference batch of 128", generator={"reference": 128}
    ),
    "instance_noise": Objective(
        # The penalty keeps the game from going round in circles while the noise lets every slope be gentle.
        VanillaGAN,
        "non_saturating, noise that fades, R1 0.02",
        {"r1": 0.02},
        PER_SAMPLE,
        noise=0.5,
    ),
}
LEARNING_RATES = {"mixture": 3e-3, "stacked": 1e-3}


def build(objective: Objective, distribution: Distribution, seed: int, steps: int) -> GAN:
    """Builds and compiles the GAN that learns ``distribution`` for ``objective``."""
    arguments = dict(objective.arguments)
    if "replay" in arguments:
        arguments["replay"] *= distribution.batch_size
    if objective.noise:
        stddev = objective.noise * distribution.spread
        arguments["instance_noise"] = InstanceNoise(stddev, max(1, int(NOISY_SHARE * steps)))
    if objective.discriminator is None:
        discriminator = distribution.autoencoder(seed + 1)
    else:
        discriminator = distribution.discriminator(seed + 1, **objective.discriminator)
    generator = distribution.generator(seed, **objective.generator)
    gan = objective.kind(generator, discriminator, seed=seed, **arguments)
    mixture = isinstance(distribution, Mixture)
    rate = objective.rate * LEARNING_RATES["mixture" if mixture else "stacked"]
    gan.compile(
        *(
            keras.optimizers.Adam(
                make_schedule(objective.schedule, rate, total_steps=steps, updates_per_step=updates),
                beta_1=objective.beta_1,
                beta_2=0.99 if mixture else 0.999,
                global_clipnorm=objective.clip_norm,
            )
            for updates in (1, gan.n_critic)
        ),
        steps_per_execution=_most_divisor(steps),
    )
    return gan


def _most_divisor(steps: int) -> int:
    """Returns how many steps run in one call: as many as divide the tenth that is trained at a time."""
    return max(n for n in range(1, 101) if (steps // 10) % n == 0)

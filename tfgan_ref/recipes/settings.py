"""Settings of a recipe: defaults that a reader can see in one place, changed by ``--set key=value``."""

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping
from typing import Any, Self

from tfgan_ref.errors import InputError
from tfgan_ref.training.distribution import STRATEGIES

PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")
JIT = ("auto", "on", "off")
# ``steps_per_execution`` of recipes whose step takes less than 50 ms on two cores. Longer steps gain nothing
# by it, and Ctrl-C and the progress bar would wait for the last of them.
SHORT_STEPS = 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """What every recipe can be told."""

    # Data
    data: str = "digits"  # a name that tfgan_ref.data.load takes
    data_dir: str | None = None  # where tensorflow-datasets keeps its data
    # Length
    steps: int = 3000  # generator updates
    batch_size: int = 64  # real images per update of either network
    seed: int = 0  # of the weights, the data's order and all noise
    # Optimizer
    learning_rate: float = 2e-4  # of the generator
    beta_1: float = 0.5  # of Adam
    clip_norm: float | None = None  # longest gradient of all a network's weights; None: any
    schedule: str = "constant"  # inverse_time, exponential, cosine, cyclical
    decay: float = 1.0  # strength of inverse_time and exponential over the whole run
    cycles: int = 4  # of the cyclical schedule
    warmup_steps: int = 0  # generator steps of linear warm-up
    # Networks
    initializer: str = "normal02"  # xavier, he, orthogonal
    ema_decay: float | None = 0.999  # of the averaged generator; None: no average
    # Machine
    precision: str = "float32"  # mixed_float16, mixed_bfloat16
    jit: str = "auto"  # on, off; auto compiles with XLA on a GPU unless deterministic
    strategy: str = "none"  # mirrored (all devices of this host), multiworker, tpu: docs/distributed.md
    sync_batch_norm: bool = False  # batch norm over the batches of all replicas
    steps_per_execution: int = 1  # at most so many steps run without a return to Python; 1 with a strategy
    deterministic: bool = True  # operations give the same bits each time, so that resume is exact
    # What is written
    log_every: int = 100  # steps between rows of metrics.csv
    sample_every: int = 500  # steps between sample grids
    checkpoint_every: int = 500  # steps between checkpoints

    def __post_init__(self) -> None:
        for key in (
            "steps", "batch_size", "steps_per_execution", "log_every", "sample_every", "checkpoint_every",
        ):  # fmt: skip
            self.check(key, getattr(self, key) >= 1, "at least 1")
        self.check("seed", 0 <= self.seed < 2**31, "from 0 to 2147483647")
        self.check("beta_1", 0 <= self.beta_1 < 1, "from 0 to below 1")
        self.check("clip_norm", self.clip_norm is None or self.clip_norm > 0, "above 0, or none")
        for key, allowed in (("precision", PRECISIONS), ("jit", JIT)):
            if getattr(self, key) not in allowed:
                raise InputError(
                    f"{key} {getattr(self, key)!r} is unknown: choose one of {', '.join(allowed)}"
                )
        if self.strategy not in STRATEGIES:
            raise InputError(f"strategy {self.strategy!r} is unknown: choose one of {', '.join(STRATEGIES)}")
        if self.sync_batch_norm and self.strategy == "none":
            raise InputError("sync_batch_norm=true needs a strategy with several replicas, not none")
        if self.jit == "on" and self.deterministic:
            raise InputError("jit=on needs deterministic=false: TensorFlow does not promise both")

    def check(self, key: str, right: bool, allowed: str) -> None:
        """Raises InputError unless a setting is right.

        Raises:
            InputError: it is not; the message says what is allowed.
        """
        if not right:
            raise InputError(f"{key} {getattr(self, key)} is out of range: {allowed}")

    @classmethod
    def from_text(cls, pairs: Mapping[str, str]) -> Self:
        """Makes settings from the texts of ``--set key=value``; what is not named keeps its default.

        Raises:
            InputError: an unknown key, or a value that is not of the key's type.
        """
        hints = typing.get_type_hints(cls)
        return cls(**{key: _parse(key, value, _lookup(key, hints)) for key, value in pairs.items()})

    @classmethod
    def from_config(cls, config: Any) -> Self:
        """Makes settings from ``config.json``'s values.

        Raises:
            InputError: a key is unknown or missing, or a value is not of the key's type.
        """
        hints = typing.get_type_hints(cls)
        if not isinstance(config, dict):
            raise InputError("config.json: settings is not a JSON object")
        for key, value in config.items():
            allowed = _lookup(key, hints)
            types_allowed = typing.get_args(allowed) or (allowed,)
            if float in types_allowed and type(value) is int:
                continue
            if type(value) not in types_allowed:
                raise InputError(f"config.json: {key} {value!r} is not {_name(allowed)}")
        return cls(**config)


@dataclasses.dataclass(frozen=True, kw_only=True)
class SamplingSettings(Settings):
    """What every recipe can be told whose generator draws samples from latents."""

    channels: int | None = None  # 1 or 3; None: as the data come
    image_size: int | None = None  # pixels per side; None: as the data come
    balanced: bool = False  # draw every class equally often
    missing: float = 0.0  # share of the pixels that is taken from the training images, each image's own
    latent_dim: int = 100  # length of a latent vector
    # Evaluation while training
    evaluate_every: int | None = None  # steps between evaluations of the averaged generator; None: never
    evaluate_metrics: str = "fid"  # a list with commas; by the first one the best generator is kept
    evaluate_n: int = 2000  # samples per evaluation
    evaluate_features: str = "classifier"  # inception-fid, inception-keras
    evaluate_weights: str | None = None  # file of the feature network's weights

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("missing", 0 <= self.missing < 1, "from 0 to below 1")
        self.check("latent_dim", self.latent_dim >= 1, "at least 1")
        self.check(
            "evaluate_every", self.evaluate_every is None or self.evaluate_every >= 1, "at least 1, or none"
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class TwoPlayerSettings(Settings):
    """What every recipe can be told that trains a discriminator too."""

    d_learning_rate: float | None = None  # of the discriminator; None: the generator's


@dataclasses.dataclass(frozen=True, kw_only=True)
class SequenceSettings(TwoPlayerSettings):
    """What every recipe can be told whose generator draws sequences from latents."""

    latent_dim: int = 100  # length of a latent vector
    n_critic: int = 1  # discriminator updates per generator update

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("latent_dim", self.latent_dim >= 1, "at least 1")
        self.check("n_critic", self.n_critic >= 1, "at least 1")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TranslationSettings(TwoPlayerSettings):
    """What every recipe can be told that turns pictures into pictures."""

    data: str = "photographs"
    channels: int | None = None  # 1 or 3; None: as the data come
    crop: int = 64  # side of the squares that are cut from the source pictures
    flip: bool = True  # mirror half of the squares

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("crop", self.crop >= 1, "at least 1")


@dataclasses.dataclass(frozen=True, kw_only=True)
class PairedSettings(TranslationSettings):
    """What every recipe can be told that learns from pairs."""

    hold_out: int = 0  # pairs that are kept from training, for scores

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("hold_out", self.hold_out >= 0, "at least 0")


@dataclasses.dataclass(frozen=True, kw_only=True)
class AdversarialSettings(TwoPlayerSettings, SamplingSettings):
    """What every type with two players can be told that draws samples."""

    n_critic: int = 1  # discriminator updates per generator update
    augment: str | None = None  # some of colour,translation,cutout: before D, real and fake
    instance_noise: float = 0.0  # standard deviation of noise on D's inputs
    instance_noise_steps: int | None = None  # generator steps until it is gone; None: it stays
    replay: int | None = None  # number of past fakes kept for D
    packing: int = 1  # samples that D judges at once
    l2: float = 0.0  # weight of the penalty on D's kernels
    r1: float = 0.0  # weight gamma of the R1 penalty
    measure_fakes: bool = True  # fakes lose pixels like the real images (with missing): G learns whole images

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("n_critic", self.n_critic >= 1, "at least 1")
        self.check("packing", self.packing >= 1, "at least 1")
        if self.batch_size % self.packing:
            raise InputError(f"packing {self.packing} does not divide the batch size {self.batch_size}")
        packs = self.batch_size // self.packing
        if self.replay is not None and self.replay < packs:
            raise InputError(f"replay {self.replay} is below the batch size {packs}: raise it")


@dataclasses.dataclass(frozen=True, kw_only=True)
class CriticSettings(AdversarialSettings):
    """What a type can be told whose discriminator gives one number for a sample."""

    dropout: float = 0.0  # in the discriminator
    minibatch_discrimination: bool = False  # D sees how near the samples of a batch are to each other

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("dropout", 0 <= self.dropout < 1, "from 0 to below 1")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TargetSettings(CriticSettings):
    """What a type can be told whose discriminator has targets."""

    label_smoothing: float = 0.0  # real targets are 1 - label_smoothing
    label_noise: float = 0.0  # share of flipped targets


def _lookup(key: str, hints: Mapping[str, Any]) -> Any:
    if key not in hints:
        near = difflib.get_close_matches(key, hints, n=1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        raise InputError(f"setting {key!r} is unknown{meant}: choose one of {', '.join(hints)}")
    return hints[key]


def _name(hint: Any) -> str:
    if isinstance(hint, types.UnionType):
        return " or ".join(_name(part) for part in typing.get_args(hint))
    return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}.get(hint, "none")


def _parse(key: str, text: str, hint: Any) -> Any:
    options = typing.get_args(hint) or (hint,)
    if types.NoneType in options and text.lower() == "none":
        return None
    wanted = next(option for option in options if option is not types.NoneType)
    if wanted is bool:
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
    else:
        try:
            value = wanted(text)
        except ValueError:
            pass
        else:
            if wanted is not float or abs(value) < float("inf"):
                return value
    raise InputError(f"setting {key}={text!r} is not {_name(hint)}")

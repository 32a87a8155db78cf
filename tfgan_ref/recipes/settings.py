"""Settings of a recipe: defaults that a reader can see in one place, changed by ``--set key=value``."""

import dataclasses
import inspect
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeVar

import tensorflow as tf

from tfgan_ref.data.names import absolute_paths
from tfgan_ref.data.streams.choice import STREAM
from tfgan_ref.errors import InputError, Limits, check_value, parse_value, type_name, unknown
from tfgan_ref.evaluation.features import EXTRACTORS
from tfgan_ref.files import absolute
from tfgan_ref.networks.images.dcgan import SIZES
from tfgan_ref.networks.layers.seeded import INITIALIZERS
from tfgan_ref.training.distribution import STRATEGIES
from tfgan_ref.training.schedules import SCHEDULES

PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16", "auto")
JIT = ("auto", "on", "off")
# ``steps_without_xla`` of recipes whose step takes less than 50 ms on two cores. Longer steps gain nothing
# by it, and Ctrl-C and the progress bar would wait for the last of them.
SHORT_STEPS = 20

CHANNELS = (None, 1, 3)
# ``choices`` of recipes with DCGAN's networks: a wrong size is found before the data are read.
DCGAN_SIZES = {"image_size": (None, *SIZES)}

T = TypeVar("T")
_CHANGEABLE = "a resumed run may change it"
# Of a setting that changes neither the networks nor which batch a step trains on: ``resumed`` takes others.
Changeable = Annotated[T, _CHANGEABLE]
# Of a text with a path in it: what is given on a command line is kept as the function in it returns it.
DataName = Annotated[str, absolute_paths]
Location = Annotated[str | None, absolute]


# The numbers of each optimizer where a setting leaves them open. RMSprop and SGD take beta_1 as momentum,
# RMSprop beta_2 as its decay rho; SGD has no squares.
OPTIMIZERS = {
    "adam": {"beta_1": 0.5, "beta_2": 0.999, "epsilon": 1e-7},
    "rmsprop": {"beta_1": 0.0, "beta_2": 0.9, "epsilon": 1e-7},
    "sgd": {"beta_1": 0.0},
}

# For ``Settings.paper``: what papers and their authors' code have where they name nothing else. Adam's are of
# Kingma and Ba 2015 and of the authors' frameworks: Keras has epsilon 1e-7. PyTorch's RMSprop adds 1e-8 to
# the root, Keras's adds epsilon under it.
ADAM = {"optimizer": "adam", "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
RMSPROP = {"optimizer": "rmsprop", "beta_1": 0.0, "beta_2": 0.99, "epsilon": 1e-16}

AT_LEAST_0 = Limits("at least 0", least=0)
AT_LEAST_1 = Limits("at least 1", least=1)
SHARE = Limits("from 0 to below 1", least=0, below=1)


class WithPreset(type):
    """Type of classes of settings: ``preset="paper"`` stands for the values in the class's ``paper``."""

    def __call__(cls, **given: Any) -> Any:
        """Makes settings; what is given beside the preset wins.

        Raises:
            InputError: there is no such preset, or a value cannot be used.
        """
        if given.get("preset") == "paper":
            if not cls.paper:
                raise InputError("preset paper is not there for this recipe: leave it out")
            given = cls.paper | given
        return super().__call__(**given)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(metaclass=WithPreset):
    """Settings of every recipe."""

    preset: str | None = None  # paper: the values of the recipe's paper where none are given
    # Data
    data: Changeable[DataName] = "digits"  # a name that tfgan_ref.data.load takes
    data_dir: Changeable[Location] = None  # where tensorflow-datasets keeps its data
    # Length
    steps: Changeable[int] = 3000  # generator updates
    batch_size: int = 64  # real images per update of either network
    seed: int = 0  # of the weights, the data's order and all noise
    # Optimizer
    learning_rate: Changeable[float] = 2e-4  # of the generator
    optimizer: str = "adam"  # of both networks: adam, rmsprop, sgd
    beta_1: Changeable[float | None] = None  # Adam's; momentum of rmsprop and sgd; None: 0.5 of adam, else 0
    beta_2: Changeable[float | None] = None  # decay of squares; None: 0.999 of adam, 0.9 of rmsprop
    epsilon: Changeable[float | None] = None  # beside the root (adam), under it (rmsprop); None: 1e-7
    clip_norm: Changeable[float | None] = None  # longest gradient of all a network's weights; None: any
    schedule: Changeable[str] = "constant"  # of rates: constant, inverse_time, exponential, cosine, cyclical
    decay: Changeable[float] = 1.0  # strength of inverse_time and exponential over the whole run
    cycles: Changeable[int] = 4  # of the cyclical schedule
    warmup_steps: Changeable[int] = 0  # generator steps of linear warm-up
    # Networks
    initializer: str = "normal02"  # of the weights: normal02, xavier, he, lecun, orthogonal
    ema_decay: float | None = 0.999  # of the averaged generator; None: no average
    start_from: Location = None  # run directory with the same networks, whose weights a new run begins with
    # Machine
    precision: str = "float32"  # mixed_float16, mixed_bfloat16; auto: the last one on CPUs that it suits
    jit: Changeable[str] = "auto"  # compile with XLA: on, off, auto (on one GPU unless deterministic)
    strategy: Changeable[str] = "none"  # none, mirrored (all devices of this host), multiworker, tpu
    sync_batch_norm: Changeable[bool] = False  # batch norm over the batches of all replicas
    steps_per_execution: Changeable[int | None] = None  # most in a call; None: 0.5 s with XLA, else 1 or 20
    deterministic: Changeable[bool | None] = None  # the same bits each time: exact resume; None: on a CPU
    on_divergence: Changeable[str] = "stop"  # rollback: to the last checkpoint, at half the learning rates
    # What is written
    log_every: Changeable[int] = 100  # steps between rows of metrics.csv
    sample_every: Changeable[int] = 500  # steps between sample grids
    checkpoint_every: Changeable[int] = 500  # steps between checkpoints

    steps_without_xla: ClassVar[int] = 1  # what ``steps_per_execution`` None is then
    limits: ClassVar[dict[str, Limits]] = {
        **dict.fromkeys(("steps", "batch_size", "cycles"), AT_LEAST_1),
        "steps_per_execution": Limits("at least 1, or none", least=1),
        **dict.fromkeys(("log_every", "sample_every", "checkpoint_every"), AT_LEAST_1),
        **dict.fromkeys(("decay", "warmup_steps"), AT_LEAST_0),
        "seed": Limits("from 0 to 2147483647", least=0, below=2**31),
        "learning_rate": Limits("above 0", above=0),
        **dict.fromkeys(("beta_1", "beta_2"), Limits("from 0 to below 1, or none", least=0, below=1)),
        "epsilon": Limits("above 0, or none", above=0),
        "clip_norm": Limits("above 0, or none", above=0),
        "ema_decay": Limits("from 0 to below 1, or none", least=0, below=1),
    }
    # Whether mixed_bfloat16 was measured to be faster on a CPU with units for it, and to leave scores alone.
    faster_in_bfloat16: ClassVar[bool] = False
    paper: ClassVar[dict[str, Any]] = {}  # the values of its paper or of the authors' code, for ``preset``
    choices: ClassVar[dict[str, tuple[Any, ...]]] = {
        "preset": (None, "paper"),
        "optimizer": tuple(OPTIMIZERS),
        "precision": PRECISIONS,
        "jit": JIT,
        "strategy": STRATEGIES,
        "schedule": SCHEDULES,
        "on_divergence": ("stop", "rollback"),
        "initializer": tuple(INITIALIZERS),
    }

    def __post_init__(self) -> None:
        """Checks the settings by the ``limits`` and ``choices`` of the classes.

        What a class declares of a setting holds in place of what those that it extends declare. The
        optimizer's numbers that are left open become its own. ``precision`` auto becomes what it stands for
        on this machine, so that a run keeps it on any other.
        """
        allowed = {}
        for kind in reversed(type(self).__mro__):
            allowed |= vars(kind).get("limits", {}) | vars(kind).get("choices", {})
        for key, values in allowed.items():
            check_value(key, getattr(self, key), values)
        numbers = OPTIMIZERS[self.optimizer]
        for key in OPTIMIZERS["adam"]:
            value = getattr(self, key)
            if value is None:
                object.__setattr__(self, key, numbers.get(key))
            elif key not in numbers:
                raise InputError(f"{key} {value} is not for optimizer {self.optimizer}: set {key}=none")
        if self.precision == "auto":
            on_cpu = not tf.config.list_physical_devices("GPU")
            bfloat16 = on_cpu and self.faster_in_bfloat16 and has_bfloat16_units()
            object.__setattr__(self, "precision", "mixed_bfloat16" if bfloat16 else "float32")
        if self.sync_batch_norm and self.strategy == "none":
            raise InputError("sync_batch_norm=true needs a strategy with several replicas, not none")
        if self.on_divergence == "rollback" and self.strategy == "multiworker":
            raise InputError("on_divergence=rollback is for one process: strategy multiworker has several")

    def refuse(self, reason: str, *keys: str) -> None:
        """Checks that settings without effect keep their defaults.

        Args:
            reason: where they have none, for the message.
            keys: their names.

        Raises:
            InputError: one has another value.
        """
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        for key in keys:
            if getattr(self, key) != defaults[key]:
                raise InputError(f"{key} {getattr(self, key)} is not for {reason}: leave it out")

    def group(self, *keys: str) -> dict[str, Any]:
        """Returns the settings of these names, to hand on as keyword arguments."""
        return {key: getattr(self, key) for key in keys}

    def network(self, *keys: str, number: int = 0) -> dict[str, Any]:
        """Returns the keyword arguments of a network's builder: ``keys``, the initialiser and a seed.

        Args:
            keys: names of the settings that the builder takes beside them.
            number: of the network in its GAN, so that no two draw the same weights: 0 is the generator's.
        """
        drawn = {"initializer": self.initializer, "seed": self.seed + number}
        return drawn | {key: getattr(self, key) for key in keys}

    @classmethod
    def from_text(cls, pairs: Mapping[str, str]) -> Self:
        """Makes settings from the texts of ``--set key=value``; what is not named keeps its default.

        Raises:
            InputError: an unknown key, or a value that is not of the key's type.
        """
        return cls(**{key: cls.value_of(key, text) for key, text in pairs.items()})

    @classmethod
    def value_of(cls, key: str, text: str) -> Any:
        """Returns the value that ``--set key=text`` stands for; paths are made absolute.

        Raises:
            InputError: an unknown key, or a text that is not of the key's type.
        """
        value = parse_value(key, text, cls._type_of(key))
        for mark in cls._marks(key):
            if callable(mark) and value is not None:
                value = mark(value)
        return value

    def resumed(self, **changes: Any) -> Self:
        """Returns these settings with the ``changes`` of a run that is resumed.

        Raises:
            InputError: a setting cannot change within a run, or takes no such value.
        """
        keys = [field.name for field in dataclasses.fields(self)]
        changeable = [key for key in keys if _CHANGEABLE in self._marks(key)]
        for key in changes:
            if key not in changeable:
                raise InputError(
                    f"--resume takes the run's own settings: leave out {key}; what may change is "
                    f"{', '.join(changeable)}"
                )
        return dataclasses.replace(self, **changes)

    @classmethod
    def _marks(cls, key: str) -> set[Any]:
        """Returns what ``Annotated`` adds to the type of a setting, in this class or one that it extends."""
        declared = [inspect.get_annotations(kind).get(key) for kind in cls.__mro__]
        return {mark for hint in declared for mark in getattr(hint, "__metadata__", ())}

    @classmethod
    def from_config(cls, config: Any) -> Self:
        """Makes settings from ``config.json``'s values.

        Raises:
            InputError: a key is unknown or missing, or a value is not of the key's type.
        """
        if not isinstance(config, dict):
            raise InputError("config.json: settings is not a JSON object")
        for key, value in config.items():
            allowed = cls._type_of(key)
            types_allowed = typing.get_args(allowed) or (allowed,)
            if float in types_allowed and type(value) is int:
                continue
            if type(value) not in types_allowed:
                raise InputError(f"config.json: {key} {value!r} is not {type_name(allowed)}")
        # It holds what the preset stood for, also if that is something else now.
        settings = cls(**config | {"preset": None})
        return dataclasses.replace(settings, preset=config.get("preset"))

    @classmethod
    def _type_of(cls, key: str) -> Any:
        keys = [field.name for field in dataclasses.fields(cls)]
        if key not in keys:
            raise unknown("setting", key, keys)
        return typing.get_type_hints(cls)[key]


@dataclasses.dataclass(frozen=True, kw_only=True)
class StreamSettings(Settings):
    """Settings of recipes whose data can stay on disk."""

    stream: str = "auto"  # data on disk: on, off, auto (if they would take a quarter of the free memory)

    choices: ClassVar = {"stream": STREAM}


@dataclasses.dataclass(frozen=True, kw_only=True)
class SamplingSettings(StreamSettings):
    """Settings of recipes whose generator draws samples from latents."""

    channels: int | None = None  # 1 or 3; None: as the data come
    image_size: int | None = None  # pixels per side; None: as the data come
    balanced: bool = False  # draw every class equally often
    flip: bool = False  # mirror half of the training images, left to right
    crop: str = "centre"  # part kept of images longer than asked for: centre, random (needs stream)
    cache: Changeable[Location] = None  # folder that keeps decoded picture files for later runs
    missing: float = 0.0  # share of the pixels that is taken from the training images, each image's own
    hold_out: float = 0.1  # share of images kept from training, for scores, where there is no test split
    latent_dim: int = 100  # length of a latent vector
    # Evaluation while training
    evaluate_every: Changeable[int | None] = None  # steps between scores of the averaged G; None: never
    evaluate_metrics: str = "fid"  # a list with commas; by the first one the best generator is kept
    evaluate_n: int = 2000  # samples per evaluation
    evaluate_features: str = "classifier"  # or random-conv, saved-model, inception-fid, inception-keras
    evaluate_weights: Changeable[Location] = None  # the feature network's file or folder

    limits: ClassVar = {
        "missing": SHARE,
        "hold_out": SHARE,
        "latent_dim": AT_LEAST_1,
        "evaluate_every": Limits("at least 1, or none", least=1),
        "evaluate_n": Limits("at least 12", least=12),
    }
    choices: ClassVar = {
        "channels": CHANNELS,
        "crop": ("centre", "random"),
        "evaluate_features": EXTRACTORS,
    }


@dataclasses.dataclass(frozen=True, kw_only=True)
class DiscriminatorSettings(Settings):
    """Settings of recipes that train a discriminator too."""

    d_learning_rate: Changeable[float | None] = None  # of the discriminator; None: the generator's

    limits: ClassVar = {"d_learning_rate": Limits("above 0, or none", above=0)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class SequenceSettings(DiscriminatorSettings):
    """Settings of recipes whose generator draws sequences from latents."""

    latent_dim: int = 100  # length of a latent vector
    n_critic: int = 1  # discriminator updates per generator update

    limits: ClassVar = {"latent_dim": AT_LEAST_1, "n_critic": AT_LEAST_1}


@dataclasses.dataclass(frozen=True, kw_only=True)
class TranslationSettings(DiscriminatorSettings, StreamSettings):
    """Settings of recipes from pictures to pictures."""

    data: str = "photographs"
    channels: int | None = None  # 1 or 3; None: as the data come
    crop: int = 64  # side of the squares that are cut from the source pictures
    flip: bool = True  # mirror half of the squares

    limits: ClassVar = {"crop": AT_LEAST_1}
    choices: ClassVar = {"channels": CHANNELS}


@dataclasses.dataclass(frozen=True, kw_only=True)
class PairedSettings(TranslationSettings):
    """Settings of recipes that learn from pairs."""

    hold_out: int = 0  # pairs that are kept from training, for scores

    limits: ClassVar = {"hold_out": AT_LEAST_0}


@dataclasses.dataclass(frozen=True, kw_only=True)
class AdversarialSettings(DiscriminatorSettings, SamplingSettings):
    """Settings of GANs that draw samples."""

    n_critic: int = 1  # discriminator updates per generator update
    simultaneous: Changeable[bool] = False  # update both at once: G by D as it was before its update
    augment: str | None = None  # some of colour,translation,cutout, or ada: before D, real and fake
    ada_target: Changeable[float] = 0.6  # with ada, what E sign(D(real)) is held at
    ada_images: Changeable[int] = 500_000  # with ada, images in which its probability can go from 0 to 1
    instance_noise: Changeable[float] = 0.0  # standard deviation of noise on D's inputs
    instance_noise_steps: Changeable[int | None] = None  # generator steps until it is gone; None: it stays
    replay: int | None = None  # number of past fakes kept for D
    packing: int = 1  # samples that D sees at once
    l2: Changeable[float] = 0.0  # weight of the penalty on D's kernels
    r1: Changeable[float] = 0.0  # weight gamma of the R1 penalty, at real images
    r2: Changeable[float] = 0.0  # weight gamma of the R2 penalty, at fakes
    historical_averaging: float = 0.0  # weight of the distance of all weights to the mean of their past
    lecam: float = 0.0  # weight lambda of the LeCam regulariser
    measure_fakes: bool = True  # fakes lose pixels like the real images (with missing): G learns whole images

    limits: ClassVar = {
        **dict.fromkeys(("n_critic", "packing", "ada_images"), AT_LEAST_1),
        **dict.fromkeys(("instance_noise", "l2", "r1", "r2", "historical_averaging", "lecam"), AT_LEAST_0),
        "ada_target": Limits("above 0 and below 1", above=0, below=1),
        "instance_noise_steps": Limits("at least 1, or none", least=1),
    }

    def __post_init__(self) -> None:
        """Checks that the samples of a batch make whole packs, and that a replay buffer holds them."""
        super().__post_init__()
        if self.augment != "ada":
            for key in ("ada_target", "ada_images"):
                if getattr(self, key) != getattr(AdversarialSettings, key):
                    raise InputError(f"{key} {getattr(self, key)} is for augment=ada: leave it out")
        if self.batch_size % self.packing:
            raise InputError(f"packing {self.packing} does not divide the batch size {self.batch_size}")
        packs = self.batch_size // self.packing
        if self.replay is not None and self.replay < packs:
            raise InputError(f"replay {self.replay} is below the batch size {packs}: raise it")


@dataclasses.dataclass(frozen=True, kw_only=True)
class CriticSettings(AdversarialSettings):
    """Settings of GANs whose discriminator gives one number for a sample."""

    dropout: float = 0.0  # in the discriminator
    minibatch_discrimination: bool = False  # D sees how near the samples of a batch are to each other
    feature_matching: bool = False  # G brings fakes' mean features in D to those of real samples

    limits: ClassVar = {"dropout": SHARE}


@dataclasses.dataclass(frozen=True, kw_only=True)
class BurnInSettings(AdversarialSettings):
    """Settings of GANs that begin with other numbers and come to theirs along half a cosine.

    The half-life of the averaged generator rises from 0 in these steps.
    """

    beta_2: Changeable[float | None] = 0.99  # of Adam, after the burn-in
    burn_in_steps: Changeable[int] = 1500  # generator steps; 0: none
    burn_in_gamma: Changeable[float] = 10.0  # r1 and r2 at step 0, as multiples of theirs
    burn_in_rate: Changeable[float] = 4.0  # learning rates at step 0, as multiples of theirs
    burn_in_beta_2: Changeable[float] = 0.9  # beta_2 at step 0

    limits: ClassVar = {
        **dict.fromkeys(("burn_in_steps", "burn_in_gamma"), AT_LEAST_0),
        **dict.fromkeys(("beta_2", "burn_in_beta_2"), SHARE),
        "burn_in_rate": Limits("above 0", above=0),
    }
    choices: ClassVar = {"optimizer": ("adam",)}  # whose beta_2 it is


@dataclasses.dataclass(frozen=True, kw_only=True)
class TargetSettings(CriticSettings):
    """Settings of GANs whose discriminator has targets."""

    label_smoothing: Changeable[float] = 0.0  # real targets are 1 - label_smoothing
    label_noise: Changeable[float] = 0.0  # share of flipped targets

    limits: ClassVar = {
        "label_smoothing": SHARE,
        "label_noise": Limits("from 0 to below 0.5", least=0, below=0.5),
    }


def has_bfloat16_units() -> bool:
    """Returns whether the CPU multiplies bfloat16 in hardware; False where the system does not say."""
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    return "avx512_bf16" in flags or "amx_bf16" in flags

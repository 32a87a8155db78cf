"""Progressive growing from 4x4, or from 5x5, 6x6 or 7x7, by doubling up to 1024x1024."""

from dataclasses import dataclass
from typing import ClassVar

from tfgan_ref.errors import InputError
from tfgan_ref.gans.progressive import LOSSES, ProgressiveGAN
from tfgan_ref.networks.images.progressive import (
    progressive_discriminator,
    progressive_generator,
    resolutions,
)
from tfgan_ref.recipes.recipe import DataShape, Recipe, draw_grid, gan_settings, require_size
from tfgan_ref.recipes.settings import (
    ADAM,
    AT_LEAST_0,
    AT_LEAST_1,
    SHORT_STEPS,
    AdversarialSettings,
    Changeable,
    Limits,
)


@dataclass(frozen=True, kw_only=True)
class ProgressiveSettings(AdversarialSettings):
    """Loss and betas of the paper; a higher rate, narrow networks and short stages, for a CPU.

    The paper has the rate 1e-3, batches of 16 and fewer at 256 pixels and more, and 800,000 images for each
    fade and as many after it. Its networks are width=512, max_width=512, latent_dim=512 up to 32 pixels, and
    half of that width with each doubling: 16 at image_size=1024. There is no setting here for batches that
    shrink as images grow.
    """

    loss: str = "wasserstein"  # or non_saturating, which r1 holds
    penalty_weight: Changeable[float | None] = None  # lambda, with wasserstein; None: 10
    drift: Changeable[float | None] = None  # weight of E D(x)^2, with wasserstein; None: 0.001
    image_size: int = 32  # of the last stage: 4, 5, 6 or 7 (the first stage's) doubled, up to 1024
    batch_size: int = 32
    stage_steps: int | None = None  # of each stage before the last; None: half of all steps, in equal parts
    fade_steps: int | None = None  # of them, to fade in; None: half of stage_steps
    learning_rate: float = 3e-3  # the paper's is 1e-3, for longer stages
    beta_1: Changeable[float | None] = 0.0
    beta_2: Changeable[float | None] = 0.99
    latent_dim: int = 64
    width: int = 8  # filters at image_size; twice as many in each stage before
    max_width: int = 64  # but at most this many
    initializer: str = "normal"  # N(0, 1): the equalised learning rate needs it
    steps_without_xla: ClassVar = SHORT_STEPS

    limits: ClassVar = {
        **dict.fromkeys(("stage_steps", "width", "max_width"), AT_LEAST_1),
        **dict.fromkeys(("penalty_weight", "drift"), AT_LEAST_0),
        "fade_steps": Limits("from 1 to stage_steps", least=1),
    }
    paper: ClassVar = ADAM | {  # Karras et al. 2018, appendix A.1; the authors' config.py
        "learning_rate": 1e-3,
        "d_learning_rate": None,
        "beta_1": 0.0,
        "beta_2": 0.99,
        "batch_size": 16,
        "n_critic": 1,
        "loss": "wasserstein",
        "penalty_weight": 10.0,
        "drift": 0.001,
        "latent_dim": 512,
        "width": 512,
        "max_width": 512,
        "ema_decay": 0.999,
    }
    choices: ClassVar = {"loss": LOSSES, "initializer": ("normal",)}

    def __post_init__(self) -> None:
        """Fills in the lengths of the stages, and checks them."""
        super().__post_init__()
        growing = len(resolutions(self.image_size)) - 1
        # Filled in here, so that config.json holds them: a resumed run with more steps keeps its stages.
        if self.stage_steps is None:
            share = self.steps // (2 * growing) if growing else self.steps
            # A number of steps that run at once divides it.
            round_share = share - share % 20 if share >= 20 else max(1, share)
            object.__setattr__(self, "stage_steps", round_share)
        if self.fade_steps is None:
            object.__setattr__(self, "fade_steps", max(1, self.stage_steps // 2))
        if self.fade_steps > self.stage_steps:
            raise InputError(f"fade_steps {self.fade_steps} is out of range: from 1 to stage_steps")
        needed = growing * self.stage_steps + self.fade_steps + 1 if growing else 1
        if self.steps < needed:
            raise InputError(
                f"steps {self.steps} is too low for image_size {self.image_size} to fade in with stage_steps "
                f"{self.stage_steps} and fade_steps {self.fade_steps}: at least {needed}"
            )


def build(settings: ProgressiveSettings, shape: DataShape) -> ProgressiveGAN:
    """Builds the GAN for square images of a size that growth reaches, grey or colour; labels are not used."""
    size, _, channels = shape.sample_shape
    resolutions(size)
    require_size("progressive", shape, size)
    widths = settings.group("width", "max_width")  # the initialiser is the equalised learning rate's own
    return ProgressiveGAN(
        progressive_generator(settings.latent_dim, size, channels, **widths, seed=settings.seed),
        progressive_discriminator(size, channels, **widths, seed=settings.seed + 1),
        **settings.group("stage_steps", "fade_steps", "loss", "penalty_weight", "drift"),
        **gan_settings(settings),
    )


RECIPE = Recipe("progressive", "grows from 4x4 to 32x32 or more", "S4", ProgressiveSettings, build, draw_grid)

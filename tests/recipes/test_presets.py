"""``preset=paper``: what the papers and their authors' code say, written down from them, not from ours."""

import dataclasses

import pytest

from tests.recipes.tiny_recipes import tiny_recipe
from tfgan_ref import cli
from tfgan_ref.errors import InputError
from tfgan_ref.recipes import RECIPES
from tfgan_ref.recipes.recipe import optimizers
from tfgan_ref.run.declared import explain, read_recipes

ADAM_EPSILON = 1e-8  # of Kingma and Ba 2015, and of Theano's, TensorFlow's 1, PyTorch's and Chainer's
# Rate, betas and epsilon of Adam; decay, momentum and epsilon of RMSprop; momentum of SGD.
OPTIMIZERS = {
    "gan": ("SGD", 0.1, {"momentum": 0.5}),  # mnist.yaml: learning_rate .1, init_momentum .5
    "dcgan": ("FusedAdam", 2e-4, {"beta_1": 0.5, "beta_2": 0.999, "epsilon": ADAM_EPSILON}),
    "dcgan64": ("FusedAdam", 2e-4, {"beta_1": 0.5, "beta_2": 0.999, "epsilon": ADAM_EPSILON}),
    "lsgan": ("FusedAdam", 1e-3, {"beta_1": 0.5, "beta_2": 0.999, "epsilon": ADAM_EPSILON}),
    "wgan": ("RMSprop", 5e-5, {"rho": 0.99, "momentum": 0.0, "epsilon": 1e-16}),  # PyTorch's alpha and eps
    "wgan-gp": ("FusedAdam", 1e-4, {"beta_1": 0.0, "beta_2": 0.9, "epsilon": ADAM_EPSILON}),
    "hinge": ("RMSprop", 2e-4, {"rho": 0.99, "momentum": 0.0, "epsilon": 1e-16}),
    "sngan": ("FusedAdam", 2e-4, {"beta_1": 0.0, "beta_2": 0.9, "epsilon": ADAM_EPSILON}),
    "dragan": ("FusedAdam", 1e-4, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": ADAM_EPSILON}),
    "cgan": ("SGD", 0.1, {"momentum": 0.5}),
    "acgan": ("FusedAdam", 2e-4, {"beta_1": 0.5, "beta_2": 0.999, "epsilon": ADAM_EPSILON}),
    "progressive": ("FusedAdam", 1e-3, {"beta_1": 0.0, "beta_2": 0.99, "epsilon": 1e-8}),
    "ebgan": ("FusedAdam", 1e-3, {}),
    "began": ("FusedAdam", 1e-4, {"beta_1": 0.9, "beta_2": 0.999, "epsilon": ADAM_EPSILON}),
    "edges2image": ("FusedAdam", 2e-4, {"beta_1": 0.5, "beta_2": 0.999, "epsilon": ADAM_EPSILON}),
    "colourise": ("FusedAdam", 2e-4, {"beta_1": 0.5, "beta_2": 0.999, "epsilon": ADAM_EPSILON}),
    "cyclegan": ("FusedAdam", 2e-4, {"beta_1": 0.5, "beta_2": 0.999, "epsilon": ADAM_EPSILON}),
    "cut": ("FusedAdam", 2e-4, {"beta_1": 0.5, "beta_2": 0.999, "epsilon": ADAM_EPSILON}),
    "srresnet": ("FusedAdam", 1e-4, {"beta_1": 0.9, "beta_2": 0.999, "epsilon": ADAM_EPSILON}),
    "srgan": ("FusedAdam", 1e-4, {"beta_1": 0.9, "beta_2": 0.999, "epsilon": ADAM_EPSILON}),
    "speech": ("FusedAdam", 1e-4, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": ADAM_EPSILON}),
    "infogan": ("FusedAdam", (1e-3, 2e-4), {"beta_1": 0.5, "beta_2": 0.999, "epsilon": ADAM_EPSILON}),
    # At the first step, in which the burn-in has four times the rate and another beta_2.
    "r3gan": ("BurnInAdam", 2e-4, {"beta_1": 0.0, "beta_2": 0.9, "epsilon": ADAM_EPSILON}),
}
OTHERS = {
    "gan": {"batch_size": 100, "latent_dim": 100, "dropout": 0.5, "depth": 2, "batch_norm": False},
    "dcgan": {"batch_size": 128, "latent_dim": 100, "width": 128, "dropout": 0.0, "initializer": "normal02"},
    "lsgan": {"batch_size": 64, "latent_dim": 1024},
    "wgan": {"batch_size": 64, "n_critic": 5, "n_critic_warmup": 100, "clip": 0.01, "normalisation": "batch"},
    "wgan-gp": {  # gan_64x64.py: BATCH_SIZE, CRITIC_ITERS, LAMBDA, DIM; DCGANDiscriminator
        "batch_size": 64,
        "n_critic": 5,
        "penalty_weight": 10.0,
        "one_sided": False,
        "width": 64,
        "latent_dim": 128,
        "normalisation": "layer",
        "initializer": "normal02",
    },
    "hinge": {"batch_size": 64, "n_critic": 1, "width": 64},
    "sngan": {"batch_size": 64, "n_critic": 5, "latent_dim": 128, "schedule": "constant", "width": 64},
    "dragan": {"batch_size": 128, "penalty_weight": 10.0, "spread": 0.5, "latent_dim": 100},
    "cgan": {"batch_size": 100, "latent_dim": 100, "dropout": 0.5, "combine": "concat"},
    "acgan": {"batch_size": 100, "dropout": 0.5, "class_weight": 1.0},
    "progressive": {"batch_size": 16, "latent_dim": 512, "max_width": 512, "drift": 0.001, "n_critic": 1},
    "ebgan": {"pull_away_weight": 0.1, "d_learning_rate": None},
    "began": {"batch_size": 16, "k_rate": 0.001, "gamma": 0.5, "convolutions": 2, "latent_dim": 64},
    "edges2image": {  # train.lua: lambda, ngf and ndf, fineSize, batchSize, flip; models.lua: 3 layers of D
        "l1_weight": 100.0,
        "receptive_field": "70",
        "width": 64,
        "depth": 8,
        "crop": 256,
        "batch_size": 1,
        "flip": True,
        "dropout": 0.5,
        "initializer": "normal02",
    },
    "cyclegan": {"cycle_weight": 10.0, "replay": 50, "batch_size": 1, "blocks": 9, "receptive_field": "70"},
    "cut": {  # the appendix; cut_model.py: lambda_NCE, nce_T, num_patches, netF_nc, pool_size
        "contrastive_weight": 1.0,
        "identity_weight": 1.0,
        "flip_equivariance": False,
        "temperature": 0.07,
        "patches": 256,
        "units": 256,
        "batch_size": 1,
        "blocks": 9,
        "receptive_field": "70",
        "initializer": "xavier",
    },
    "srresnet": {
        "blocks": 16,
        "width": 64,
        "batch_norm": True,
        "pixel_loss": "mse",
        "degradation": "bicubic",
        "crop": 24,
        "upsample": "shuffle",
    },
    "srgan": {
        "adversarial_weight": 1e-3,
        "loss": "non_saturating",
        "perceptual": "vgg19",
        "d_width": 64,
        "blocks": 16,
        "upsample": "shuffle",
    },
    "infogan": {"batch_size": 128, "codes": 10, "continuous_codes": 2, "latent_dim": 64},
    "r3gan": {
        "batch_size": 512,
        "r1": 0.005,
        "r2": 0.005,
        "latent_dim": 64,
        "blocks": 2,
        "learning_rate": 5e-5,
    },
    "speech": {  # train_wavegan.py: its defaults, LAMBDA and _D_Z; tf.layers draws as "xavier" does
        "n_critic": 5,
        "objective": "wgan_gp",
        "critic": "waveform",
        "width": 64,
        "phase_shuffle": 2,
        "batch_size": 64,
        "penalty_weight": 10.0,
        "latent_dim": 100,
        "batch_norm": False,
        "initializer": "xavier",
    },
}
NONE = {"gan-conv", "mse", "vae", "inpaint", "style", "text", "frames", "voices"}
# Smoothing of the generator, appendix A.1, and a half-life of 5 million images at 512; the others have none.
AVERAGED = {"progressive": 0.999, "r3gan": pytest.approx(0.5 ** (512 / 5e6), abs=1e-6)}


def of_paper(name, **own):
    return RECIPES[name].settings.from_text({"preset": "paper"} | own)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_both_optimizers_are_those_of_the_paper(name):
    kind, rate, numbers = OPTIMIZERS[name]
    settings = of_paper(name)
    assert settings.ema_decay == AVERAGED.get(name)
    rates = rate if isinstance(rate, tuple) else (rate, rate)
    for optimizer, of_each in zip(optimizers(settings), rates, strict=False):  # srresnet has one
        assert type(optimizer).__name__ == kind
        assert float(optimizer.learning_rate) == pytest.approx(of_each)
        assert {key: float(getattr(optimizer, key)) for key in numbers} == pytest.approx(numbers)


@pytest.mark.parametrize("name", OTHERS)
def test_the_other_values_are_those_of_the_paper(name):
    settings = dataclasses.asdict(of_paper(name))
    assert {key: settings[key] for key in OTHERS[name]} == OTHERS[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_gan_is_built_with_it(name):
    """At tiny widths, which are given beside it."""
    gan, _ = tiny_recipe(name, preset="paper")
    assert type(gan.g_optimizer).__name__ == OPTIMIZERS[name][0]
    assert gan.n_critic == OTHERS.get(name, {}).get("n_critic", 1)


def test_every_recipe_has_the_preset_or_says_that_there_is_none():
    assert OPTIMIZERS.keys().isdisjoint(NONE)
    for name in NONE & RECIPES.keys():
        with pytest.raises(InputError, match="preset paper is not there for this recipe: leave it out"):
            of_paper(name)
    for name, recipe in RECIPES.items():
        assert bool(recipe.settings.paper) == (name not in NONE)


def test_what_is_given_beside_it_wins():
    settings = of_paper("wgan", learning_rate="2e-4", n_critic_warmup="none", steps="7")
    assert (settings.learning_rate, settings.n_critic_warmup, settings.steps) == (2e-4, None, 7)
    assert (settings.optimizer, settings.clip) == ("rmsprop", 0.01)
    in_python = RECIPES["wgan"].settings(preset="paper", learning_rate=2e-4, n_critic_warmup=None, steps=7)
    assert settings == in_python
    # A default can be given too: it is not taken for one that was left out.
    assert of_paper("wgan", optimizer="adam", beta_2="none").optimizer == "adam"


def test_config_holds_the_values_and_not_what_the_preset_is_later(monkeypatch):
    settings = of_paper("wgan-gp", steps="7")
    config = dataclasses.asdict(settings)
    assert (config["preset"], config["beta_1"], config["beta_2"]) == ("paper", 0.0, 0.9)
    monkeypatch.setattr(type(settings), "paper", {"beta_1": 0.7, "width": 8})
    assert type(settings).from_config(config) == settings
    del config["width"]  # a run of a version that had no such setting has its default
    assert type(settings).from_config(config).width == 64
    with pytest.raises(InputError, match="leave out preset; what may change is"):
        settings.resumed(preset="paper")


def test_help_says_what_it_sets(capsys):
    with pytest.raises(SystemExit):
        cli.call("train", ["wgan", "--help"])
    words = " ".join(capsys.readouterr().out.split())
    assert "preset=none text or none: paper: optimizer=rmsprop beta_1=0.0 beta_2=0.99" in words
    assert "n_critic_warmup=100" in words
    assert "paper: the values of the recipe's paper where none are given" in " ".join(explain("mse").split())


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_help_names_all_that_it_sets(recipe):
    meaning = read_recipes()[recipe.name].settings["preset"].meaning
    for key, value in recipe.settings.paper.items():
        shown = str(value).lower() if value is None or isinstance(value, bool) else str(value)
        assert f" {key}={shown}" in meaning

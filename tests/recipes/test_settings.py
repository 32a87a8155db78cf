"""Settings: text to values, and one clear line for what is not."""

import dataclasses

import pytest
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.recipes import RECIPES, find_recipe, settings
from tfgan_ref.recipes.recipe import gan_settings
from tfgan_ref.recipes.settings import TargetSettings


def test_text_becomes_values_of_the_right_type():
    settings = TargetSettings.from_text(
        {
            "steps": "12",
            "learning_rate": "1e-3",
            "balanced": "True",
            "replay": "80",
            "ema_decay": "none",
            "data": "x",
        }
    )
    assert (settings.steps, settings.learning_rate, settings.balanced) == (12, 1e-3, True)
    assert (settings.replay, settings.ema_decay, settings.data) == (80, None, "x")
    assert settings.batch_size == TargetSettings().batch_size


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("step", "3", r"setting 'step' is unknown \(did you mean steps\?\): choose one of preset, data, "),
        ("zzz", "3", "setting 'zzz' is unknown: choose one of"),
        ("steps", "many", "setting steps='many' is not a whole number"),
        ("steps", "1.5", "is not a whole number"),
        ("steps", "0", "steps 0 is out of range: at least 1"),
        ("balanced", "1", "setting balanced='1' is not true or false"),
        ("learning_rate", "nan", "is not a number"),
        ("learning_rate", "inf", "is not a number"),
        ("replay", "x", "is not a whole number or none"),
        ("seed", "-1", "seed -1 is out of range"),
        ("dropout", "1", "dropout 1.0 is out of range"),
        ("beta_1", "1", "beta_1 1.0 is out of range"),
        ("beta_2", "-0.1", "beta_2 -0.1 is out of range: from 0 to below 1, or none"),
        ("epsilon", "0", "epsilon 0.0 is out of range: above 0, or none"),
        ("optimizer", "lion", "optimizer 'lion' is unknown: choose one of adam, rmsprop, sgd"),
        ("preset", "best", "preset 'best' is unknown: choose one of paper"),
        ("precision", "float16", "precision 'float16' is unknown: choose one of float32, mixed_float16"),
        ("n_critic", "0", "n_critic 0 is out of range: at least 1"),
        ("packing", "3", "packing 3 does not divide the batch size 64"),
        ("ada_target", "0.5", "ada_target 0.5 is for augment=ada: leave it out"),
        ("ada_images", "1000", "ada_images 1000 is for augment=ada"),
        ("ada_target", "1", "ada_target 1.0 is out of range: above 0 and below 1"),
        ("lecam", "-1", "lecam -1.0 is out of range: at least 0"),
        ("clip_norm", "0", "clip_norm 0.0 is out of range: above 0, or none"),
        ("missing", "1", "missing 1.0 is out of range: from 0 to below 1"),
        ("jit", "yes", "jit 'yes' is unknown: choose one of auto, on, off"),
        ("steps_per_execution", "0", "steps_per_execution 0 is out of range: at least 1, or none"),
        ("deterministic", "yes", "setting deterministic='yes' is not true or false or none"),
    ],
)
def test_bad_settings(key, text, message):
    with pytest.raises(InputError, match=message) as caught:
        TargetSettings.from_text({key: text})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda r: r.name)
def test_config_round_trip(recipe):
    settings = recipe.settings(steps=7)
    assert recipe.settings.from_config(dataclasses.asdict(settings)) == settings


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ([], "settings is not a JSON object"),
        ({"steps": "7"}, "steps '7' is not a whole number"),
        ({"steps": True}, "steps True is not a whole number"),
        ({"bogus": 1}, "setting 'bogus' is unknown"),
        ({"steps": -1}, "steps -1 is out of range"),
    ],
)
def test_bad_config(config, message):
    with pytest.raises(InputError, match=message):
        TargetSettings.from_config(config)


def test_groups_of_settings():
    settings = TargetSettings(seed=5, dropout=0.25, initializer="he")
    assert settings.group("dropout", "r1") == {"dropout": 0.25, "r1": 0.0}
    assert settings.network() == {"initializer": "he", "seed": 5}
    assert settings.network("dropout", number=2) == {"initializer": "he", "seed": 7, "dropout": 0.25}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda r: r.name)
def test_limits_and_choices_are_of_settings(recipe):
    """A limit of a setting that is not there would be an AttributeError; defaults are within."""
    keys = {field.name for field in dataclasses.fields(recipe.settings)}
    for kind in recipe.settings.__mro__:
        assert set(vars(kind).get("limits", ())) | set(vars(kind).get("choices", ())) <= keys
    for key in ("limits", "choices"):
        with pytest.raises(InputError, match=f"setting '{key}' is unknown"):
            recipe.settings.from_text({key: "1"})


@pytest.mark.parametrize(
    ("name", "key", "text", "message"),
    [
        ("gan", "depth", "7", "depth 7 is out of range: from 1 to 6"),
        ("text", "hold_out", "0", "hold_out 0.0 is out of range: above 0 and below 1"),
        ("text", "hold_out", "1", "hold_out 1.0 is out of range: above 0 and below 1"),
        ("inpaint", "hold_out", "-1", "hold_out -1 is out of range: at least 0"),
        ("speech", "critic", "eye", "critic 'eye' is unknown: choose one of waveform, spectrogram, both"),
        ("speech", "diversity_bound", "0", "diversity_bound 0.0 is out of range: above 0"),
        ("voices", "length", "799", "length 799 is out of range: at least 800"),
        ("voices", "frames", "10", "frames 10 is out of range: a multiple of 4 from 8 up"),
        ("ebgan", "pretrain_steps", "-1", "pretrain_steps -1 is out of range: from 0 to below steps"),
        ("progressive", "fade_steps", "0", "fade_steps 0 is out of range: from 1 to stage_steps"),
        ("progressive", "fade_steps", "4000", "fade_steps 4000 is out of range: from 1 to stage_steps"),
        ("gan", "d_learning_rate", "0", "d_learning_rate 0.0 is out of range: above 0, or none"),
        ("mse", "learning_rate", "-1", "learning_rate -1.0 is out of range: above 0"),
        ("began", "image_size", "30", "image_size 30 is unknown: choose one of 12, 16, 20, 24, 28, 32"),
        ("began", "convolutions", "2", "convolutions 2 is not for architecture dcgan: it is of the paper's"),
        ("dcgan", "batch_norm", "true", r"setting 'batch_norm' is unknown \(did you mean normalisation\?\)"),
        (
            "dcgan",
            "normalisation",
            "group",
            "normalisation 'group' is unknown: choose one of none, batch, layer",
        ),
        ("wgan-gp", "normalisation", "batch", "'batch' is unknown: choose one of none, layer, instance"),
        ("dragan", "normalisation", "batch", "'batch' is unknown: choose one of none, layer, instance"),
        ("gan-conv", "image_size", "32", "image_size 32 is unknown: choose one of 28"),
        ("mse", "warmup_steps", "-1", "warmup_steps -1 is out of range: at least 0"),
    ],
)
def test_bad_settings_of_recipes(name, key, text, message):
    with pytest.raises(InputError, match=message):
        RECIPES[name].settings.from_text({key: text})


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        (
            "text",
            {"objective": "wgan_gp", "r1": 0.1},
            "r1 0.1 is not for objective wgan_gp, which has penalty",
        ),
        (
            "text",
            {"penalty_weight": 1.0},
            "penalty_weight 1.0 is not for objective gumbel, which has r1: leave",
        ),
        (
            "text",
            {"objective": "policy_gradient", "temperature": 0.5},
            "temperature 0.5 is not for objective ",
        ),
        (
            "speech",
            {"penalty_weight": 1.0},
            "penalty_weight 1.0 is not for objective hinge: it is of wgan_gp",
        ),
        ("speech", {"objective": "wgan_gp", "diversity": 1.0}, "diversity 1.0 is not for objective wgan_gp"),
        (
            "speech",
            {"diversity": 0.0, "diversity_bound": 0.1},
            "diversity_bound 0.1 is not for a generator w",
        ),
        ("speech", {"critic": "spectrogram", "phase_shuffle": 1}, "phase_shuffle 1 is not for critic spectr"),
        (
            "voices",
            {"translator": "resnet", "knots": 4},
            "knots 4 is not for translator resnet: leave it out",
        ),
        (
            "frames",
            {"data": "sprites:here", "clips": 4},
            "clips 4 is not for data sprites:here, which are not",
        ),
    ],
)
def test_settings_without_effect_are_refused(name, given, message):
    with pytest.raises(InputError, match=message):
        RECIPES[name].settings(**given)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("text", {"objective": "wgan_gp", "penalty_weight": 1.0}),
        ("text", {"r1": 0.1, "temperature": 0.5}),
        ("speech", {"objective": "wgan_gp", "penalty_weight": 1.0}),
        ("speech", {"diversity": 1.0, "diversity_bound": 0.1, "phase_shuffle": 1}),
        ("voices", {"knots": 4}),
        ("frames", {"clips": 4}),
    ],
)
def test_settings_with_an_effect_are_taken(name, given):
    taken = RECIPES[name].settings(**given)
    assert {key: getattr(taken, key) for key in given} == given


@pytest.mark.parametrize(
    ("name", "flags", "gpus", "precision"),
    [
        ("dcgan", "avx512f avx512_bf16", [], "mixed_bfloat16"),
        ("dcgan", "avx512f amx_bf16", [], "mixed_bfloat16"),
        ("dcgan", "avx512f", [], "float32"),
        ("dcgan", None, [], "float32"),
        ("dcgan", "avx512f avx512_bf16", ["a GPU"], "float32"),
        ("gan", "avx512f avx512_bf16", [], "float32"),
    ],
)
def test_precision_auto_is_what_suits_the_machine(name, flags, gpus, precision, tmp_path, monkeypatch):
    """A run keeps that: neither ``config.json`` nor another machine asks again."""
    file = tmp_path / "cpuinfo"
    if flags is not None:
        file.write_text(f"flags : {flags}\n")
    monkeypatch.setattr(settings, "Path", lambda path: file)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    chosen = RECIPES[name].settings.from_text({"precision": "auto"})
    assert chosen.precision == precision
    file.unlink(missing_ok=True)
    assert chosen.from_config(dataclasses.asdict(chosen)).resumed(steps=5).precision == precision


def test_every_setting_is_explained():
    """A default without its comment helps no reader."""
    import inspect

    source = "".join(inspect.getsource(kind) for kind in TargetSettings.__mro__[:-1])
    for field in dataclasses.fields(TargetSettings):
        (line,) = [text for text in source.splitlines() if text.startswith(f"    {field.name}: ")]
        assert "#" in line, line


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda r: r.name)
def test_a_resumed_run_may_change_what_changes_neither_networks_nor_order(recipe):
    """A class that gives a setting another default leaves it changeable."""
    settings = recipe.settings()
    resumed = settings.resumed(learning_rate=1e-5, schedule="exponential", log_every=7)
    assert dataclasses.asdict(resumed) == dataclasses.asdict(settings) | {
        "learning_rate": 1e-5,
        "schedule": "exponential",
        "log_every": 7,
    }
    for key in {"batch_size", "seed", "precision", "latent_dim", "width", "start_from"} & {*vars(settings)}:
        with pytest.raises(InputError, match=f"leave out {key}; what may change is data, data_dir, steps, "):
            settings.resumed(**{key: getattr(settings, key)})
    weights = {"r1", "penalty_weight", "class_weight", "l1_weight", "cycle_weight", "instance_noise"}
    same = {key: getattr(settings, key) for key in weights & {*vars(settings)}}
    assert settings.resumed(**same) == settings
    with pytest.raises(InputError, match="log_every 0 is out of range"):
        settings.resumed(log_every=0)


def test_unknown_recipe():
    with pytest.raises(
        InputError, match=r"recipe 'dcgna' is unknown \(did you mean dcgan\?\): choose one of gan, "
    ):
        find_recipe("dcgna")


def test_augment_chooses_the_augmentation():
    made = gan_settings(TargetSettings(augment="ada", ada_target=0.5, ada_images=2000, lecam=0.3))
    assert (made["augmentation"].target, made["augmentation"].span, made["lecam"]) == (0.5, 2000, 0.3)
    assert gan_settings(TargetSettings(augment="cutout"))["augmentation"].policies == ("cutout",)
    assert "augmentation" not in gan_settings(TargetSettings())
    with pytest.raises(InputError, match="augment colour,ada: ada changes colours and places itself"):
        gan_settings(TargetSettings(augment="colour,ada"))

"""Every recipe at a size that trains in a moment: its GAN, and batches for it."""

import numpy as np
import tensorflow as tf

from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.recipes import RECIPES, build_gan
from tfgan_ref.recipes.settings import SamplingSettings

DIGITS = DataShape((12, 12, 1), 3)
PICTURES = DataShape((8, 8, 3), source_channels=3)
SOUNDS = DataShape((256, 1), 2)
SENTENCES = DataShape((4, 5), 2)
ENVELOPES = DataShape((8, 12, 1), source_channels=1)
SETTINGS = {
    "gan": {"depth": 1},
    "gan-conv": {},
    "progressive": {"width": 4, "max_width": 4, "stage_steps": 2, "fade_steps": 2, "steps": 6},
    "r3gan": {"width": 4},
    "ebgan": {"pretrain_steps": 2},
    "edges2image": {"width": 4, "depth": 2, "crop": 8},
    "colourise": {"width": 4, "depth": 2, "crop": 8},
    "inpaint": {"width": 4, "depth": 2, "crop": 8},
    "cyclegan": {"width": 4, "blocks": 1, "crop": 8, "receptive_field": "16", "replay": 6},
    "cut": {"width": 4, "blocks": 1, "crop": 8, "receptive_field": "16", "units": 4},
    "style": {"width": 4, "blocks": 1, "crop": 8, "receptive_field": "16", "d_width": 4},
    "srresnet": {"width": 4, "blocks": 1, "crop": 8, "scale": 2},
    "srgan": {
        "width": 4, "blocks": 1, "crop": 8, "scale": 2, "d_width": 2, "perceptual": "none",
        "pretrain_steps": 2,
    },
    "speech": {"width": 2, "length": 256, "hidden": 4},
    "text": {"units": 4, "embedding_dim": 4, "width": 4, "pretraining_steps": 2},
    "frames": {"width": 2, "d_width": 2, "clips": 8},
    "voices": {"frames": 8, "width": 4, "blocks": 1, "knots": 3, "detail": 2, "d_width": 4, "replay": 6},
}  # fmt: skip
SHAPES = {
    "gan-conv": DataShape((28, 28, 1)),
    "progressive": DataShape((8, 8, 1)),
    "srresnet": DataShape((16, 16, 3), source_channels=3),
    "srgan": DataShape((16, 16, 3), source_channels=3),
    "speech": SOUNDS,
    "text": SENTENCES,
    "voices": ENVELOPES,
}
# Settings under which a recipe's step has other operations than at its defaults.
TECHNIQUES = {
    "replay": 6, "n_critic": 4, "instance_noise": 0.1, "label_noise": 0.1, "l2": 1e-4, "r1": 0.1,
    "augment": "colour,translation,cutout", "minibatch_discrimination": True, "spectral_norm": True,
    "normalisation": "layer", "schedule": "cosine", "clip_norm": 1.0,
}  # fmt: skip
CASES = {name: (name, {}) for name in RECIPES} | {
    "cgan with techniques": ("cgan", TECHNIQUES),
    "r3gan, conditional": ("r3gan", {"conditional": True, "n_critic": 2}),
    "cut, FastCUT": ("cut", {"contrastive_weight": 10.0, "identity_weight": 0.0, "flip_equivariance": True}),
    "dcgan, relativistic": ("dcgan", {"loss": "relativistic", "r1": 0.1, "r2": 0.1, "normalisation": "none"}),
    "dcgan for few images": ("dcgan", {"augment": "ada", "lecam": 0.3, "r1": 0.1, "n_critic": 4}),
    "frames, n_critic": ("frames", {"n_critic": 3}),
    "srgan, relativistic and resize": ("srgan", {"loss": "relativistic", "upsample": "resize"}),
    "speech, wgan_gp": ("speech", {"objective": "wgan_gp", "n_critic": 3}),
    "text, wgan_gp": ("text", {"objective": "wgan_gp", "n_critic": 3}),
    "text, policy_gradient": ("text", {"objective": "policy_gradient"}),
    "voices, resnet": ("voices", {"translator": "resnet", "knots": 10, "detail": 16}),
}


def tiny_recipe(case, **own):
    """A compiled GAN of a case, and a function from a number to a batch for it."""
    name, settings = CASES[case]
    recipe = RECIPES[name]
    settings = {"batch_size": 4} | SETTINGS.get(name, {"width": 2}) | settings | own
    if issubclass(recipe.settings, SamplingSettings):
        settings |= {"latent_dim": 4, "image_size": SHAPES.get(name, DIGITS).sample_shape[0]}
    settings = recipe.settings(**settings)
    if name == "frames":
        data = recipe.read(settings)
        gan = build_gan(recipe, settings, data.shape)
        return gan, lambda number: next(iter(data.batches(4 * gan.batches_per_step, number)))
    shape = SHAPES.get(name, DIGITS if issubclass(recipe.settings, SamplingSettings) else PICTURES)
    gan = build_gan(recipe, settings, shape)
    return gan, lambda number: batch_of(
        gan, shape, np.random.default_rng(number), getattr(settings, "scale", 1)
    )


def batch_of(gan, shape, rng, scale=1):
    """A batch with random values of what ``gan`` takes; ``scale`` is of its targets to their sources."""
    n = 4 * gan.batches_per_step

    def pictures(*sides):
        return rng.uniform(-1, 1, (n, *sides)).astype(np.float32)

    if shape is SENTENCES:
        batch = {"tokens": rng.integers(0, 5, (n, 4))}
    elif shape.source_channels:
        height, width, channels = shape.sample_shape
        batch = {"source": pictures(height // scale, width // scale, shape.source_channels)}
        batch |= {"target": pictures(height, width, channels)}
        batch |= {"mask": (pictures(height, width, 1) > 0).astype(np.float32)}
        if shape is ENVELOPES:
            batch |= {f"{voice}_pitch": 150 + 50 * pictures(8) for voice in ("source", "target")}
    else:
        batch = {gan.sample_key if hasattr(gan, "sample_key") else "image": pictures(*shape.sample_shape)}
    if shape.num_classes:
        batch["label"] = np.arange(n) % shape.num_classes
    return {
        name: tf.constant(value, None if value.dtype.kind == "f" else tf.int32)
        for name, value in batch.items()
    }


def each_phase(gan):
    """Enters each phase of ``gan`` in turn."""
    for step in (0, *gan.boundaries):
        gan.step.assign(step)
        gan.enter_phase()
        yield gan.phase

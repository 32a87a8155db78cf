"""What test_distribution.py trains on one device and on several; as a program, one worker of several.

python -m tests.training.replicated OUT.npz [FOLDER]

With FOLDER it trains on its images, read from disk; OUT.npz-INDEX.txt names those that a process read.
"""

import functools
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfgan_ref import data, networks
from tfgan_ref.data import ImageArrays, PicturePairs
from tfgan_ref.gans import WGANGP, Pix2Pix, VanillaGAN
from tfgan_ref.training import distribution

STEPS = 20
OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.02),
    "adam": lambda: keras.optimizers.Adam(2e-4, beta_1=0.5),
}


def dcgan_networks(batch_norm=False, dropout=0.3):
    kind = "batch" if batch_norm else "none"
    features = networks.dcgan_features(
        28, 1, width=4, normalisation=kind, dropout=dropout, initializer="he", seed=2
    )
    return (
        networks.dcgan_generator(4, 28, 1, width=4, batch_norm=batch_norm, initializer="he", seed=1),
        networks.discriminator(features, seed=2),
    )


def pix2pix():
    generator = networks.unet_translator(1, 3, 2, 4, normalisation="none", initializer="he", seed=1)
    discriminator = networks.patch_discriminator(4, 16, 4, normalisation="none", initializer="he", seed=2)
    return Pix2Pix(generator, discriminator, stride=4)


KINDS = {
    "dcgan": lambda: VanillaGAN(*dcgan_networks(), historical_averaging=0.01),
    "wgan_gp": lambda: WGANGP(*dcgan_networks(), n_critic=2),
    "pix2pix": pix2pix,
}


def loader(kind, n):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 28, 28, 4), np.uint8)
    if kind == "pix2pix":
        pairs = PicturePairs("noise", tuple(pixels[..., :1]), tuple(pixels[..., 1:]))
        return data.training_pairs(pairs, crop=8).loader(n)
    return data.training_images(ImageArrays("noise", pixels[..., :1]), 0).loader(n)


def streamed_loader(folder, read, n):
    """The loader of a folder's images, and the names of those that are read go into the set ``read``."""
    images = data.read(f"folder:{folder}", stream="on")
    fetch = images.images.fetch

    def fetch_and_note(numbers):
        read.update(images.images.item_name(number) for number in numbers)
        return fetch(numbers)

    images.images.fetch = fetch_and_note
    return data.training_images(images, 0).loader(n)


def train(build, kind, optimizer, strategy, prepare=lambda gan: None, batch_size=4, make=None):
    """Trains on data of a kind, or those that ``make`` makes a loader of; returns the networks' variables."""
    with strategy.scope():
        gan = build()
        prepare(gan)
        gan.compile(OPTIMIZERS[optimizer](), OPTIMIZERS[optimizer]())
    batches = gan.batches_per_step
    dataset = distribution.shard_batch(
        (make or functools.partial(loader, kind))(batch_size * batches), 0, batches, strategy
    )
    gan.fit(dataset, steps_per_epoch=STEPS, verbose=0, shuffle=False)
    found = [*gan.generator.variables, *gan.discriminator.variables, *gan.ema_generator.variables]
    return [np.array(variable) for variable in found if variable.dtype == "float32"]


def main(out, folder=None):
    strategy = distribution.make_strategy("multiworker")
    tf.config.experimental.enable_op_determinism()
    found = {}
    if folder:
        read = set()
        make = functools.partial(streamed_loader, folder, read)
        trained = train(KINDS["dcgan"], None, "sgd", strategy, batch_size=8, make=make)
        found = {str(number): value for number, value in enumerate(trained)}
        Path(f"{out}-{strategy.cluster_resolver.task_id}.txt").write_text("\n".join(sorted(read)))
    else:
        for kind, build in KINDS.items():
            for optimizer in OPTIMIZERS:
                trained = train(build, kind, optimizer, strategy)
                found |= {f"{kind}-{optimizer}-{number}": value for number, value in enumerate(trained)}
    if distribution.is_chief(strategy):
        np.savez(out, **found)
    distribution.wait_for_all(strategy)


if __name__ == "__main__":
    main(*sys.argv[1:])

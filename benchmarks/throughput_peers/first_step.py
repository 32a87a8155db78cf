"""From the start of a Python process to its first training step.

``python -m throughput_peers.first_step RECIPE DEVICE`` does what ``scripts/train.py RECIPE`` does before
the first numbers appear: imports, builds the recipe's networks for 28x28 images, compiles them, reads 1,797
images from memory, traces and runs one step.
"""

import sys

from throughput_peers.requests import Requests


def main() -> None:
    name, device = sys.argv[1:]
    requests = Requests(device)

    import tfgan_ref  # noqa: F401, I001 (it sets the environment, so it comes before TensorFlow)
    import numpy as np
    import tensorflow as tf

    from tfgan_ref.data import ImageArrays, batches
    from tfgan_ref.recipes import build_gan, find_recipe
    from tfgan_ref.data.pipeline import DataShape
    from throughput_peers import tensorflow_common

    tensorflow_common.begin(0, requests)
    recipe = find_recipe(name)
    settings = recipe.settings()
    gan = build_gan(recipe, settings, DataShape((28, 28, 1), None))
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    images = ImageArrays("noise", np.random.default_rng(0).integers(0, 256, (1797, 28, 28, 1), np.uint8))
    gan.fit(
        batches(images, batch_size=settings.batch_size * gan.n_critic, seed=0),
        steps_per_epoch=1,
        verbose=0,
        shuffle=False,
    )
    requests.announce(step=int(gan.step.numpy()))  # which waits for the device


if __name__ == "__main__":
    main()

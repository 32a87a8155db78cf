"""From the start of a Python process to its first training step.

``python -m throughput_peers.first_step RECIPE DEVICE`` does what ``scripts/train.py RECIPE`` does before
the first numbers appear: imports, reads 1,797 images of 28x28 pixels from memory, builds the recipe's
networks for them, compiles them, traces and runs what ``fit`` runs first: one step, or several in one call.
"""

import sys
from dataclasses import replace

from throughput_peers.requests import Requests


def main() -> None:
    name, device = sys.argv[1:]
    requests = Requests(device)

    import tfgan_ref  # noqa: F401, I001 (it sets the environment, so it comes before TensorFlow)
    import keras
    import numpy as np

    from tfgan_ref.recipes import find_recipe
    from throughput_peers import tensorflow_common, tensorflow_ours

    tensorflow_common.begin(0, requests)
    images = np.random.default_rng(0).integers(0, 256, (1797, 28, 28, 1), np.uint8)
    recipe = replace(find_recipe(name), read=lambda settings: tensorflow_ours.noise(images))
    gan, dataset = tensorflow_ours.compiled(recipe, recipe.settings())
    keras.Model.fit(gan, dataset, steps_per_epoch=gan.steps_per_execution, verbose=0, shuffle=False)
    requests.announce(step=int(gan.step.numpy()))  # which waits for the device


if __name__ == "__main__":
    main()

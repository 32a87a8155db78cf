"""From the start of a Python process to its first training step: ``python -m throughput_peers.first_step``.

Does what ``scripts/train.py dcgan`` does before the first numbers appear: imports, builds DCGAN 28 from its
recipe, compiles it, reads 1,797 images from memory, traces and runs one step.
"""

from throughput_peers.requests import Requests


def main() -> None:
    requests = Requests()

    import tfgan_ref  # noqa: F401, I001 (it sets the environment, so it comes before TensorFlow)
    import numpy as np
    import tensorflow as tf

    from tfgan_ref.data import ImageArrays, batches
    from tfgan_ref.recipes import build_gan, find_recipe
    from tfgan_ref.data.pipeline import DataShape

    recipe = find_recipe("dcgan")
    settings = recipe.settings()
    gan = build_gan(recipe, settings, DataShape((28, 28, 1), None))
    if settings.deterministic is not False:
        tf.config.experimental.enable_op_determinism()
    images = ImageArrays("noise", np.random.default_rng(0).integers(0, 256, (1797, 28, 28, 1), np.uint8))
    gan.fit(
        batches(images, batch_size=settings.batch_size, seed=0),
        steps_per_epoch=1,
        verbose=0,
        shuffle=False,
    )
    requests.announce(step=int(gan.step.numpy()))


if __name__ == "__main__":
    main()

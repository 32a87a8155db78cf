"""The training loop written out, for readers and for use without Keras's trainer.

``keras.Model.fit`` with ``steps_per_execution`` does the same, with callbacks; both give the same weights.
"""

import tensorflow as tf

from tfgan_ref.gans.base import GAN


def train(gan: GAN, dataset: tf.data.Dataset, steps: int, *, steps_per_call: int = 32) -> dict[str, float]:
    """Runs ``steps`` training steps, many in each call of one graph.

    Args:
        gan: a compiled GAN; each step updates its discriminator and generator under ``tf.GradientTape``.
        dataset: infinite, of batches that hold ``gan.n_critic`` times the batch size.
        steps: number of generator steps.
        steps_per_call: steps that run without a return to Python.

    Returns:
        The means of what the GAN tracks, over these steps.
    """
    iterator = iter(dataset)

    @tf.function
    def run(count: tf.Tensor) -> None:
        for _ in tf.range(count):
            gan.train_step(next(iterator))

    gan.reset_metrics()
    for start in range(0, steps, steps_per_call):
        run(tf.constant(min(steps_per_call, steps - start)))
    return {metric.name: float(metric.result()) for metric in gan.metrics}

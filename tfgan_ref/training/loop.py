"""The training loop written out, for readers and for use without Keras's trainer.

``keras.Model.fit`` with ``steps_per_execution`` does the same, with callbacks; both give the same weights.
"""

import tensorflow as tf

from tfgan_ref.gans import GenerativeModel


def train(
    gan: GenerativeModel, dataset: tf.data.Dataset, steps: int, *, steps_per_call: int = 32
) -> dict[str, float]:
    """Runs ``steps`` training steps, many in each call of one graph.

    Args:
        gan: a compiled GAN; each step updates its discriminator and generator under ``tf.GradientTape``.
        dataset: infinite, of batches that hold ``gan.batches_per_step`` times the batch size.
        steps: number of generator steps.
        steps_per_call: steps that run without a return to Python.

    Returns:
        The means of what the GAN tracks, over these steps.
    """
    iterator = iter(dataset)
    # AutoGraph, which turns the loop below into one of TensorFlow's, would rewrite the step for nothing.
    step = tf.autograph.experimental.do_not_convert(gan.train_step)

    @tf.function
    def run(count: tf.Tensor, phase: int) -> None:  # a Python number: traced anew for each phase
        for _ in tf.range(count):
            step(next(iterator))

    gan.reset_metrics()
    while steps > 0:
        count = min(steps_per_call, steps, gan.steps_to_boundary() or steps)
        run(tf.constant(count), gan.enter_phase())
        steps -= count
    return {metric.name: float(metric.result()) for metric in gan.metrics}

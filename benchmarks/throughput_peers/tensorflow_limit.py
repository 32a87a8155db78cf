"""What the machine can do at most: one large convolution and one large matrix product in TensorFlow."""

import tfgan_ref  # noqa: F401, I001 (the limit is that of our settings; before TensorFlow)
import math
import time
from collections.abc import Callable

import tensorflow as tf

from throughput_peers import tensorflow_common as common
from throughput_peers.cases import Case
from throughput_peers.requests import Requests

# The convolution: batch, side, channels in and out, side of the kernel. The product: side of both matrices.
BATCH, SIDE, CHANNELS, KERNEL = 16, 32, 256, 3
MATRIX = 2048
REPEATS = 40


def convolution() -> tuple[Callable[[], tf.Tensor], int]:
    """Returns a large convolution and its FLOPs."""
    images = tf.random.normal([BATCH, SIDE, SIDE, CHANNELS])
    kernel = tf.random.normal([KERNEL, KERNEL, CHANNELS, CHANNELS])
    flops = 2 * BATCH * SIDE**2 * CHANNELS**2 * KERNEL**2
    return tf.function(lambda: tf.nn.conv2d(images, kernel, 1, "SAME")), flops


def product() -> tuple[Callable[[], tf.Tensor], int]:
    """Returns a large matrix product and its FLOPs."""
    a, b = tf.random.normal([MATRIX, MATRIX]), tf.random.normal([MATRIX, MATRIX])
    return tf.function(lambda: tf.linalg.matmul(a, b)), 2 * MATRIX**3


def flops_per_second(operation: Callable[[], tf.Tensor], flops: int) -> float:
    """Returns the best of many runs of ``operation``, which does ``flops``."""
    best = math.inf
    for _ in range(REPEATS):
        start = time.perf_counter()
        operation()
        best = min(best, time.perf_counter() - start)
    return flops / best


def run_convolution(case: Case, threads: int, requests: Requests) -> None:
    """Convolves for as long as steps are asked for; ``case`` does not matter."""
    common.set_threads(threads)
    _repeat(*convolution(), requests)


def run_product(case: Case, threads: int, requests: Requests) -> None:
    """Multiplies matrices for as long as steps are asked for; ``case`` does not matter."""
    common.set_threads(threads)
    _repeat(*product(), requests)


def _repeat(operation: Callable[[], tf.Tensor], flops: int, requests: Requests) -> None:
    requests.start(**common.facts(), flops=flops)
    operation()
    while requests.go_on():
        operation()

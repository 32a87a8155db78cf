"""What the device can do at most: one large convolution and one large matrix product in TensorFlow.

On a GPU float32 is computed in TF32, as it is in training.
"""

import tfgan_ref  # noqa: F401, I001 (the limit is that of our settings; before TensorFlow)
import math
import time
from collections.abc import Callable

import tensorflow as tf

from throughput_peers import tensorflow_common as common
from throughput_peers.cases import Case
from throughput_peers.requests import Requests

# The convolution: batch and side by device, channels in and out, side of the kernel. The product: side of
# both matrices.
BATCH_AND_SIDE = {"cpu": (16, 32), "gpu": (64, 64)}
CHANNELS, KERNEL = 256, 3
MATRIX = 2048
REPEATS = 40


def convolution(device: str = "cpu", dtype: str = "float32") -> tuple[Callable[[], tf.Tensor], int]:
    """Returns a convolution that is large for "cpu" or "gpu", and its FLOPs."""
    batch, side = BATCH_AND_SIDE[device]
    images = tf.cast(tf.random.normal([batch, side, side, CHANNELS]), dtype)
    kernel = tf.cast(tf.random.normal([KERNEL, KERNEL, CHANNELS, CHANNELS]), dtype)
    flops = 2 * batch * side**2 * CHANNELS**2 * KERNEL**2
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
    common.begin(threads, requests)
    _repeat(*convolution(requests.device), requests)


def run_convolution_bfloat16(case: Case, threads: int, requests: Requests) -> None:
    """The same in bfloat16."""
    common.begin(threads, requests)
    _repeat(*convolution(requests.device, "bfloat16"), requests)


def run_product(case: Case, threads: int, requests: Requests) -> None:
    """Multiplies matrices for as long as steps are asked for; ``case`` does not matter."""
    common.begin(threads, requests)
    _repeat(*product(), requests)


def _repeat(operation: Callable[[], tf.Tensor], flops: int, requests: Requests) -> None:
    requests.start(**common.facts(), flops=flops)
    operation()
    while requests.go_on():
        operation()

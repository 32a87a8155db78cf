"""The pipeline of TensorFlow's tutorials: ``tf.io.decode_jpeg`` in a parallel map, batches, prefetching.

The tutorials scale to floats in the same map; it is left out, since ours leaves it to the device.
"""

from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf
from throughput_peers.requests import Requests


def run(requests: Requests, folder: str, side: int, batch_size: int, cache: str) -> Iterator[object]:
    """Yields batches, uint8 (batch_size, side, side, 3)."""
    paths = sorted(str(path) for path in Path(folder).rglob("*.jpg"))
    dataset = tf.data.Dataset.from_tensor_slices(paths).shuffle(len(paths)).repeat()
    dataset = dataset.map(
        lambda path: tf.io.decode_jpeg(tf.io.read_file(path), channels=3),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    requests.start()
    yield from dataset.batch(batch_size).prefetch(tf.data.AUTOTUNE)

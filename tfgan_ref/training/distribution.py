"""Training on several devices or hosts by ``tf.distribute``, with the result of one device.

Every replica takes its rows of the global batch and of every draw (``randomness``), and the gradients of
all replicas are averaged: a run does not depend on the number of devices, up to rounding. What couples a
batch's samples is the exception: batch norm (unless ``synchronise_batch_norm``), minibatch statistics and
replay buffers see one replica's samples.
"""

import contextlib
import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref.data.pipeline import BatchLoader
from tfgan_ref.errors import InputError, WorkerLost

logger = logging.getLogger(__name__)
STRATEGIES = ("none", "mirrored", "multiworker", "tpu")


def make_strategy(name: str) -> tf.distribute.Strategy:
    """Returns the strategy of that name: "none" for one device, "mirrored" for all devices of this host.

    "multiworker" is for several hosts, each of which is told of the others by the environment variable
    TF_CONFIG; "tpu" for the TPU of this host or the one that TPU_NAME names.

    Raises:
        InputError: the name is unknown, or what it needs is not there.
    """
    if name not in STRATEGIES:
        raise InputError(f"strategy {name!r} is unknown: choose one of {', '.join(STRATEGIES)}")
    if name == "none":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        if len(devices) < 2:
            raise InputError(f"strategy mirrored needs at least 2 devices: this host has {devices[0].name}")
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    if name == "multiworker":
        _check_cluster(os.environ.get("TF_CONFIG"))
        return tf.distribute.MultiWorkerMirroredStrategy()
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect()
    except (ValueError, OSError, tf.errors.OpError) as error:
        raise InputError(f"strategy tpu found no TPU: {str(error).splitlines()[0]}") from error
    return tf.distribute.TPUStrategy(resolver)


def _check_cluster(text: str | None) -> None:
    if not text:
        raise InputError(
            "strategy multiworker needs the environment variable TF_CONFIG: see docs/distributed.md"
        )
    try:
        config = json.loads(text)
        workers, task = config["cluster"]["worker"], config["task"]
        sound = task["type"] == "worker" and 0 <= int(task["index"]) < len(workers)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"TF_CONFIG {text!r} is not of the form that docs/distributed.md shows") from error
    if not sound:
        raise InputError(f"TF_CONFIG: task {task} is none of the cluster's {len(workers)} workers")


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Returns whether this process writes the run directory: the first worker, or the only process."""
    resolver = strategy.cluster_resolver
    return not resolver or not resolver.task_type or (resolver.task_type, resolver.task_id) == ("worker", 0)


def wait_for_all(strategy: tf.distribute.Strategy) -> None:
    """Waits until every process has called this: none ends while the chief still writes."""
    if not strategy.cluster_resolver or not strategy.cluster_resolver.cluster_spec().as_dict():
        return

    @tf.function
    def add_up() -> tf.Tensor:
        return strategy.reduce("SUM", strategy.run(lambda: tf.ones(())), axis=None)

    add_up()


@contextlib.contextmanager
def watch_workers(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Turns TensorFlow's errors about a lost process into one line, inside the ``with`` block.

    Raises:
        WorkerLost: in place of what TensorFlow raises then.
    """
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError) as error:
        if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            raise
        raise WorkerLost("another worker was lost: start all of them again with --resume RUN") from error


def check_batch_size(batch_size: int, packing: int, strategy: tf.distribute.Strategy) -> None:
    """Checks that the global batch divides into equal shards, one for each replica.

    Raises:
        InputError: it does not.
    """
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise InputError(f"batch_size {batch_size} is not a multiple of the {replicas} replicas")
    shard = batch_size // replicas
    if shard % packing:
        raise InputError(f"packing {packing} does not divide the {shard} samples of each replica")


def shard_batch(
    loader: BatchLoader, start_step: int, n_critic: int, strategy: tf.distribute.Strategy
) -> tf.data.Dataset | tf.distribute.DistributedDataset:
    """Splits each of the ``n_critic`` batches that an element of a data set holds between the replicas.

    Every process chooses the items of all elements, which are functions of the step, and reads those of its
    replicas only.

    Args:
        loader: of the elements.
        start_step: the number of elements to leave out.
        n_critic: batches that an element holds.
        strategy: with the replicas.
    """
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return loader.dataset(start_step)

    def rows(value: tf.Tensor) -> tf.Tensor:
        n = value.shape[0] // (n_critic * replicas)
        parts = tf.reshape(value, [n_critic, replicas, n, *value.shape[1:]])
        by_replica = tf.transpose(parts, [1, 0, *range(2, len(parts.shape))])
        return tf.reshape(by_replica, [replicas, n_critic * n, *value.shape[1:]])

    def of_process(context: tf.distribute.InputContext) -> tf.data.Dataset:
        here = replicas // context.num_input_pipelines
        first = here * context.input_pipeline_id

        def shard(chosen: tf.data.Dataset) -> tf.data.Dataset:
            taken = chosen.map(lambda parts: {k: rows(v)[first : first + here] for k, v in parts.items()})
            return taken.unbatch()

        return loader.dataset(start_step, shard=shard)

    return strategy.distribute_datasets_from_function(of_process)


def synchronise_batch_norm(*networks: keras.Model | None) -> None:
    """Makes every batch norm of ``networks`` take its statistics over the global batch."""
    for network in filter(None, networks):
        for layer in network.layers:
            if isinstance(layer, keras.Model):
                synchronise_batch_norm(layer)
            elif isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = True


def refuse_clipping(optimizers: dict[str, Any], strategy: tf.distribute.Strategy) -> None:
    """Checks that no optimizer clips where Keras would clip each replica's gradient before they are summed.

    Raises:
        InputError: one does.
    """
    if strategy.num_replicas_in_sync > 1:
        for optimizer in optimizers.values():
            if optimizer.global_clipnorm is not None:
                raise InputError(
                    f"clip_norm {optimizer.global_clipnorm} needs strategy none: Keras clips the gradient of "
                    "each replica, which is not that of the batch"
                )

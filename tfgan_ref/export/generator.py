"""SavedModels of generators, which need TensorFlow and none of this package's code."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import randomness
from tfgan_ref.errors import InputError
from tfgan_ref.files import new_folder, temporary_beside
from tfgan_ref.networks.layers.reparametrised import nested_layers

# Samples are made in pieces of this many, so that any number fits in memory.
CHUNK = 256
IN_TURN = -(2**31)  # the label that stands for none: every class in turn
# Of ``sample`` with and without labels. A function without one is traced when a loaded model is called, and
# the trace kept, for each number that it is given.
SAMPLE = [tf.TensorSpec((), tf.int32)] * 2
SAMPLE_OF_CLASS = [*SAMPLE, tf.TensorSpec(None, tf.int32)]


def save_keras(generator: keras.Model, path: Path) -> None:
    """Writes ``generator`` as a ``.keras`` file, atomically; loaded, its weights are trainable.

    The averaged generator's own are not: no optimizer may change them.
    """
    temporary = temporary_beside(path).with_suffix(".keras")
    before = [(layer, layer.trainable) for layer in nested_layers(generator)]
    try:
        for layer, _ in before:  # each one: Keras passes over those of a model that is trainable itself
            layer.trainable = True
        generator.save(temporary)
        temporary.replace(path)
    finally:
        for layer, trainable in before:  # an outer layer's setting reaches its inner layers, which follow
            layer.trainable = trainable
        temporary.unlink(missing_ok=True)


class ExportedGenerator(tf.Module):
    """The functions of an exported generator.

    ``sample(n, seed)`` gives n images; a conditional one takes ``sample(n, seed, label)`` too, a class for
    all or one for each, and without it goes through the classes in turn. Images are float32 in [0, 1]; the
    first k images of a seed are the same for every n >= k.
    """

    def __init__(self, generator: keras.Model) -> None:
        super().__init__()
        self.generator = generator
        self.latent_dim = generator.inputs[0].shape[-1]
        self.conditional = len(generator.inputs) == 2

    def serve(self, *inputs: tf.Tensor) -> tf.Tensor:
        """Maps latents (N, latent_dim), and labels (N,) if conditional, to images in [0, 1]."""
        images = self.generator(list(inputs) if self.conditional else inputs[0], training=False)
        return tf.clip_by_value(images / 2.0 + 0.5, 0.0, 1.0)

    def draw(self, n: tf.Tensor, seed: tf.Tensor, label: tf.Tensor | None = None) -> tf.Tensor:
        """Draws ``n`` images."""
        latents = randomness.sample_latents(n, self.latent_dim, randomness.base_seed(seed))
        inputs = (latents,)
        if label is not None:
            inputs += (tf.broadcast_to(label, [n]),)

        def piece(index: tf.Tensor) -> tf.Tensor:
            return self.serve(*(tensor[index * CHUNK : (index + 1) * CHUNK] for tensor in inputs))

        shape = [None, *self.generator.output_shape[1:]]
        return tf.ensure_shape(joined((n + CHUNK - 1) // CHUNK, piece, shape), shape)


def joined(
    count: tf.Tensor, piece: Callable[[tf.Tensor], tf.Tensor], shape: Sequence[int | None]
) -> tf.Tensor:
    """Joins pieces of numbers 0 to ``count``, each of ``shape``, along the first axis; made one at a time.

    In place of AutoGraph, which would rewrite the networks that make the pieces, and take long.
    """
    parts = tf.TensorArray(tf.float32, count, infer_shape=False, element_shape=shape)
    _, parts = tf.while_loop(
        lambda number, _: number < count,
        lambda number, parts: (number + 1, parts.write(number, piece(number))),
        (0, parts),
        parallel_iterations=1,
    )
    return parts.concat()


def export_generator(
    generator: keras.Model,
    path: Path,
    *,
    num_classes: int | None = None,
    class_names: Sequence[str] | None = None,
) -> None:
    """Writes ``generator`` as a SavedModel with ``sample`` and ``serving_default``.

    That of a conditional generator has ``num_classes`` and ``class_names`` as variables.

    Args:
        generator: from latents, or [latents, label], to images in [-1, 1].
        path: a directory that does not exist.
        num_classes: of a conditional generator.
        class_names: what its labels stand for; None: numbers.

    Raises:
        InputError: ``path`` exists.
    """
    module = ExportedGenerator(generator)
    if num_classes is not None:
        module.num_classes = tf.Variable(num_classes, trainable=False)
        module.class_names = texts(class_names or numbers(num_classes))
    latents = tf.TensorSpec((None, module.latent_dim), tf.float32, name="latents")
    if module.conditional:

        @tf.function(input_signature=SAMPLE_OF_CLASS, autograph=False)
        def sample(n: tf.Tensor, seed: tf.Tensor, label: tf.Tensor = IN_TURN) -> tf.Tensor:
            n = positive(n)
            return module.draw(n, seed, labels_of(n, label, num_classes))

        signature = [latents, tf.TensorSpec((None,), tf.int32, name="label")]
    else:

        @tf.function(input_signature=SAMPLE, autograph=False)
        def sample(n: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
            return module.draw(positive(n), seed)

        signature = [latents]
    module.sample = sample
    serve = tf.function(
        lambda *inputs: {"images": module.serve(*inputs)}, input_signature=signature, autograph=False
    )
    write_saved_model(module, path, {"serving_default": serve})


def write_saved_model(module: tf.Module, path: Path, signatures: dict[str, Callable[..., Any]]) -> None:
    """Writes ``module`` as a SavedModel, beside ``path`` under a temporary name that is changed at the end.

    Args:
        module: whose functions and variables without an underscore before their names are written.
        path: a directory that does not exist.
        signatures: functions by the name under which they are served.

    Raises:
        InputError: ``path`` exists.
    """
    if path.exists():
        raise InputError(f"{path} exists: name a new directory")
    with new_folder(path) as folder:
        tf.saved_model.save(_without_networks(module), str(folder), signatures=signatures)


def _without_networks(module: tf.Module) -> tf.Module:
    """Returns the functions and variables of ``module``, with all that they use, but no Keras model.

    A SavedModel that tracks a Keras model has Keras's variables in place of TensorFlow's. Only Python's own
    loader gives those values: TensorFlow Serving, the C API, TFLite and classic sessions find none.
    """
    written = tf.Module()
    for name in dir(module):
        part = None if name.startswith("_") else getattr(module, name)
        if isinstance(part, (tf.Variable, tf.types.experimental.PolymorphicFunction)):
            setattr(written, name, part)
    networks = [
        part
        for each in (module, *module.submodules)
        for part in vars(each).values()
        if isinstance(part, keras.Model)
    ]
    weights = [variable.value for network in networks for variable in network.variables]
    written.used = [*module.variables, *weights]
    return written


def numbers(count: int) -> tuple[str, ...]:
    """Returns the names of classes that have none: "0", "1" and so on."""
    return tuple(map(str, range(count)))


def texts(names: Sequence[str]) -> tf.Variable:
    """Returns names as a variable of strings, in UTF-8; names of files may hold bytes that are none."""
    return tf.Variable([name.encode("utf-8", "surrogateescape") for name in names], trainable=False)


def read_texts(variable: tf.Variable) -> tuple[str, ...]:
    """Returns the names that ``texts`` made a variable of."""
    return tuple(name.decode("utf-8", "surrogateescape") for name in variable.numpy())


def positive(n: tf.Tensor) -> tf.Tensor:
    """Returns ``n``; an exported function that is given less than 1 says so."""
    with tf.control_dependencies([tf.debugging.assert_positive(n, "n must be at least 1")]):
        # Through a maximum, so that no later operation meets a negative number before the check.
        return tf.maximum(n, 1)


def labels_of(n: tf.Tensor, label: tf.Tensor, num_classes: int) -> tf.Tensor:
    """Returns ``n`` labels: ``label`` for all, or one for each, or for ``IN_TURN`` every class in turn.

    An exported function that is given another one says so.
    """
    in_turn = label == IN_TURN
    allowed = tf.debugging.Assert(
        tf.reduce_all(in_turn | ((label >= 0) & (label < num_classes))),
        [f"label must be from 0 to {num_classes - 1}, not", label],
    )
    with tf.control_dependencies([allowed]):
        return tf.where(in_turn, tf.range(n) % num_classes, label)

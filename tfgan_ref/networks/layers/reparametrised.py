"""Layers that run with a kernel computed from their trainable one: spectral norm, equalised learning rate.

The wrapped layer's kernel W stays the trainable variable, and every call computes the kernel in use from it.
So the gradient passes through the computation, the optimizer sees W, and no call changes any state.
"""

import math
from typing import Any

import keras
from keras import layers, ops

from tfgan_ref.errors import InputError

CONVOLUTIONS = (layers.Conv1D, layers.Conv2D)
TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose)
ALLOWED = (layers.Dense, *CONVOLUTIONS, *TRANSPOSED, layers.Embedding)

# Rounds of the power method when a layer is built. From a random start, 10 bring a random kernel's estimate
# within a few per cent; each costs two products of a matrix and a vector.
ROUNDS_AT_BUILD = 10


def _run(layer: layers.Layer, kernel: Any, inputs: Any) -> Any:
    """Does what ``layer(inputs)`` does, in the layer's compute dtype, with ``kernel`` for its kernel."""
    kernel = ops.cast(kernel, layer.compute_dtype)
    if isinstance(layer, layers.Embedding):
        # Indices are never cast to a float: bfloat16 would round those above 256.
        return ops.take(kernel, ops.cast(inputs, "int32"), axis=0)
    inputs = ops.cast(inputs, layer.compute_dtype)
    if isinstance(layer, layers.Dense):
        outputs = ops.matmul(inputs, kernel)
    elif isinstance(layer, TRANSPOSED):
        outputs = ops.conv_transpose(
            inputs,
            kernel,
            strides=layer.strides,
            padding=layer.padding,
            output_padding=layer.output_padding,
            dilation_rate=layer.dilation_rate,
            data_format=layer.data_format,
        )
    else:
        padding = layer.padding
        if padding == "causal":
            before = layer.dilation_rate[0] * (layer.kernel_size[0] - 1)
            inputs, padding = ops.pad(inputs, [[0, 0], [before, 0], [0, 0]]), "valid"
        outputs = ops.conv(
            inputs,
            kernel,
            strides=layer.strides,
            padding=padding,
            dilation_rate=layer.dilation_rate,
            data_format=layer.data_format,
        )
    if layer.use_bias:
        outputs = ops.add(outputs, ops.cast(layer.bias, layer.compute_dtype))
    return outputs if layer.activation is None else layer.activation(outputs)


def _check_layer(layer: Any) -> None:
    # The exact type: a subclass may have a call of its own, which would be passed over.
    if type(layer) not in ALLOWED:
        raise InputError(
            f"layer type {type(layer).__name__} cannot be reparametrised: "
            f"wrap one of {', '.join(allowed.__name__ for allowed in ALLOWED)}"
        )
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise InputError(f"layer {layer.name} has data_format {layer.data_format!r}: use 'channels_last'")
    if layer.activity_regularizer is not None:
        raise InputError(
            f"layer {layer.name} has an activity_regularizer, which is not applied: leave it out"
        )


class _Reparametrised(layers.Wrapper):
    """Calls the wrapped layer with ``effective_kernel()``, which subclasses define, instead of its kernel."""

    def __init__(self, layer: layers.Layer, **settings: Any) -> None:
        _check_layer(layer)
        # float32 and no autocast, whatever the wrapped layer's policy: a mixed policy here would hand the
        # kernel and u and v to call() already rounded. _run() casts to the wrapped layer's compute dtype.
        super().__init__(layer, dtype="float32", autocast=False, **settings)
        self.supports_masking = layer.supports_masking

    @property
    def kernel(self) -> keras.Variable:
        """Returns the trainable kernel W of the wrapped layer."""
        return self.layer.embeddings if isinstance(self.layer, layers.Embedding) else self.layer.kernel

    def effective_kernel(self) -> Any:
        """Returns the kernel in use, float32, of W's shape."""
        raise NotImplementedError

    def _matrix(self) -> Any:
        """Returns W in float32 as a matrix (everything else, output): the transpose of the papers' W."""
        kernel = ops.cast(self.kernel, "float32")
        if isinstance(self.layer, TRANSPOSED):
            # Stored as (..., output, input).
            kernel = ops.swapaxes(kernel, -1, -2)
        return ops.reshape(kernel, (-1, kernel.shape[-1]))

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.input_spec = self.layer.input_spec

    def call(self, inputs: Any) -> Any:
        return _run(self.layer, self.effective_kernel(), inputs)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return self.layer.compute_mask(inputs, previous_mask)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return self.layer.compute_output_shape(input_shape)

    def compute_output_spec(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.layer.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["dtype"]  # is always float32
        return config


def _unit(vector: Any) -> Any:
    return vector / ops.maximum(ops.norm(vector), 1e-12)


@keras.saving.register_keras_serializable(package="tfgan_ref")
class SpectralNormalization(_Reparametrised):
    """Runs a layer with W / sigma(W), sigma being W's largest singular value.

    Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", equation 8 and
    algorithm 1. sigma = u' W v is estimated by the power method. The gradient passes through sigma with u and
    v held constant, as in the paper's equation 10.

    ``keras.layers.SpectralNormalization`` overwrites the kernel in each training call, so two calls of one
    step are two different networks. Here a call changes nothing, with ``training=True`` as without:
    ``power_iteration`` moves u and v, and the training step says when.

    W is taken as a matrix of the output axis against all others; an Embedding's W is (number, dim). A W that
    is all zero has no direction and gives NaN.

    Args:
        layer: a Dense, Conv1D, Conv2D, Conv1DTranspose, Conv2DTranspose or Embedding, whose dtype policy
            decides the dtype of the output. sigma is float32 under every policy.
        seed: seed of the random vector from which u starts.
        **settings: name and trainable, as of every Keras layer.

    Raises:
        InputError: another type of layer, data_format "channels_first", or an activity regulariser.
    """

    def __init__(self, layer: layers.Layer, seed: int = 0, **settings: Any) -> None:
        super().__init__(layer, **settings)
        self.seed = seed

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates W, u and v, with some rounds of the power method done.

        A random u and v would underestimate sigma by orders of magnitude, and the first calls' outputs would
        be as much too large.
        """
        super().build(input_shape)
        rows, columns = self._matrix().shape
        # The rounds are in the initialisers, not after them, because Keras may create variables without
        # values (the build of a layer in a layer) and fill them in later, in the order of creation.
        self.u = self._add_vector("u", columns, lambda shape, dtype=None: self._starting_u(columns))
        self.v = self._add_vector(
            "v", rows, lambda shape, dtype=None: _unit(ops.matmul(self._matrix(), self.u))
        )

    def _add_vector(self, name: str, length: int, initializer: Any) -> keras.Variable:
        return self.add_weight(
            name=name,
            shape=(length,),
            initializer=initializer,
            dtype="float32",
            trainable=False,
            autocast=False,
            # Every replica computes the same from the same W: there is nothing to average.
            aggregation="only_first_replica",
        )

    def _starting_u(self, length: int) -> Any:
        matrix = self._matrix()
        u = _unit(keras.random.normal((length,), dtype="float32", seed=self.seed))
        for _ in range(ROUNDS_AT_BUILD):
            u = _unit(ops.matmul(_unit(ops.matmul(matrix, u)), matrix))
        return u

    def power_iteration(self) -> None:
        """Does one round of the power method, algorithm 1's step 1: v <- W'u / |W'u|, then u <- Wv / |Wv|."""
        matrix = ops.stop_gradient(self._matrix())
        v = _unit(ops.matmul(matrix, self.u))
        self.u.assign(_unit(ops.matmul(v, matrix)))
        self.v.assign(v)

    def sigma(self) -> Any:
        """Returns u' W v, the estimate of W's largest singular value: float32, (), differentiable by W."""
        u, v = (
            ops.stop_gradient(ops.convert_to_tensor(self.u)),
            ops.stop_gradient(ops.convert_to_tensor(self.v)),
        )
        return ops.sum(ops.matmul(v, self._matrix()) * u)

    def effective_kernel(self) -> Any:
        """Returns W / sigma, float32, of W's shape."""
        return ops.cast(self.kernel, "float32") / self.sigma()

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "seed": self.seed}


def nested_layers(model: layers.Layer) -> list[layers.Layer]:
    """Lists ``model`` and all layers inside it, each once, however deeply nested, the outer before the inner.

    ``Model.layers`` would not do: it has no layers that are attributes of another layer, such as the one in a
    wrapper or those of a layer made of layers.
    """
    found = {}
    waiting = [model]
    while waiting:
        layer = waiting.pop()
        if id(layer) not in found:
            found[id(layer)] = layer
            inner = keras.tree.flatten(list(vars(layer).values()))
            waiting += [part for part in reversed(inner) if isinstance(part, layers.Layer)]
    return list(found.values())


def spectral_layers(model: layers.Layer) -> list[SpectralNormalization]:
    """Lists every SpectralNormalization in ``model``, each once, however deeply nested."""
    return [layer for layer in nested_layers(model) if isinstance(layer, SpectralNormalization)]


def update_spectral_norms(model: layers.Layer) -> None:
    """Does one power iteration in each SpectralNormalization of ``model``, which may have none."""
    for layer in spectral_layers(model):
        layer.power_iteration()


@keras.saving.register_keras_serializable(package="tfgan_ref")
class EqualisedLearningRate(_Reparametrised):
    """Runs a layer with W * gain / sqrt(fan_in), so that all layers learn at one speed under Adam.

    Karras et al. 2018, "Progressive Growing of GANs", section 4.1. Adam's steps have one size for every
    variable; with W drawn from N(0, 1) everywhere, they also have one size relative to the values. The
    wrapped layer's own initialiser must be N(0, 1): this wrapper does not change it.

    fan_in is the product of the kernel's dimensions but its output one. An Embedding counts as the product
    of a one-hot vector with its W: fan_in is the number of rows.

    Args:
        layer: a Dense, Conv1D, Conv2D, Conv1DTranspose, Conv2DTranspose or Embedding, whose dtype policy
            decides the dtype of the output.
        gain: sqrt(2), He's for ReLU and LeakyReLU; 1 suits a layer that no such activation follows.
        **settings: name and trainable, as of every Keras layer.

    Raises:
        InputError: another type of layer, data_format "channels_first", or an activity regulariser.
    """

    def __init__(self, layer: layers.Layer, gain: float = math.sqrt(2), **settings: Any) -> None:
        super().__init__(layer, **settings)
        self.gain = gain

    def effective_kernel(self) -> Any:
        """Returns W * gain / sqrt(fan_in), float32, of W's shape."""
        shape = self.kernel.shape
        output_axis = -2 if isinstance(self.layer, TRANSPOSED) else -1
        fan_in = math.prod(shape) // shape[output_axis]
        return ops.cast(self.kernel, "float32") * (self.gain / math.sqrt(fan_in))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "gain": self.gain}

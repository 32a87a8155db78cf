"""WaveGAN: Donahue, McAuley and Puckette 2019, "Adversarial Audio Synthesis", tables 3 and 4.

DCGAN in one dimension: the 5x5 kernels become kernels of 25, strides of 2x2 strides of 4. The discriminator
shuffles the phase of its activations, so that it cannot tell fakes by the pitch of the artefacts that strided
transposed convolutions leave at one phase (section 3.3).
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.networks.layers.heads import discriminator
from tfgan_ref.networks.layers.reparametrised import SpectralNormalization
from tfgan_ref.networks.layers.seeded import initializer_stream

KERNEL, STRIDE = 25, 4
FEWEST_SAMPLES = 256
SHORTEST_START = 16  # samples of the first feature map


def wavegan_plan(length: int) -> tuple[int, int]:
    """Returns the length of the first feature map, 16 to 63, and the number of layers that make it 4 times.

    Raises:
        InputError: ``length`` is not of the form first * 4^layers.
    """
    first, count = length, 0
    while first >= STRIDE * SHORTEST_START and first % STRIDE == 0:
        first, count = first // STRIDE, count + 1
    if length < FEWEST_SAMPLES or first >= STRIDE * SHORTEST_START:
        raise InputError(
            f"length {length} is not built by WaveGAN: 16 to 63 times a power of 4, such as 4096, 8192, 16384"
        )
    return first, count


@keras.saving.register_keras_serializable(package="tfgan_ref")
class PhaseShuffle(layers.Layer):
    """Shifts activations (N, T, C) in time by a random number of samples, from -n to n, in training.

    Samples that a shift would bring from outside are mirrored at the border (figure 3). One number for each
    call, as in the authors' code; the real and the fake batch are shifted apart.

    Args:
        n: the largest shift, from 0 up.
        seed: of the shifts.
        **settings: name and dtype, as of every Keras layer.

    Raises:
        InputError: ``n`` is negative.
    """

    def __init__(self, n: int = 2, seed: int = 0, **settings: Any) -> None:
        check_at_least(0, phase_shuffle=n)
        super().__init__(**settings)
        self.n = n
        self.seed = seed
        # A variable of the network, hence in checkpoints, as dropout's.
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Shifts, to the same shape; without ``training`` gives the inputs back."""
        if not training or self.n == 0:
            return inputs
        seed = tf.cast(tf.convert_to_tensor(self.seed_generator.next()), tf.int32)
        shift = tf.random.stateless_uniform((), seed, 0, 2 * self.n + 1, tf.int32)
        mirrored = tf.pad(inputs, [[0, 0], [self.n, self.n], [0, 0]], mode="REFLECT")
        # Not a slice from ``shift`` on: XLA has no second derivative of it, which gradient penalties need.
        return tf.roll(mirrored, -shift, axis=1)[:, : inputs.shape[1]]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "n": self.n, "seed": self.seed}


def wavegan_generator(
    latent_dim: int = 100,
    length: int = 16384,
    *,
    width: int = 64,
    hidden: Sequence[int] = (),
    batch_norm: bool = False,
    initializer: str = "xavier",
    seed: int = 0,
) -> keras.Model:
    """Builds a generator from latents (N, latent_dim) to sound (N, length, 1) in [-1, 1].

    Args:
        latent_dim: length of a latent vector.
        length: samples, see ``wavegan_plan``.
        width: filters of the last hidden layer; each layer before it has twice as many (the paper's d is 64).
        hidden: widths of fully connected layers in front of the first feature map; the paper has none.
            With them label and latents are more than added to each other before they spread in time.
        batch_norm: whether hidden layers have it; the paper's do not.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Raises:
        InputError: another length or initialiser.
    """
    check_at_least(1, latent_dim=latent_dim, width=width, hidden=hidden)
    first, count = wavegan_plan(length)
    fresh = initializer_stream(initializer, seed)
    filters = width * 2 ** (count - 1)

    def activated(x: keras.KerasTensor) -> keras.KerasTensor:
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x) if batch_norm else x)

    latents = keras.Input((latent_dim,), name="latents")
    x = latents
    for units in hidden:
        x = activated(layers.Dense(units, kernel_initializer=fresh())(x))
    x = layers.Dense(first * filters, kernel_initializer=fresh())(x)
    x = activated(layers.Reshape((first, filters))(x))
    for _ in range(count - 1):
        filters //= 2
        x = layers.Conv1DTranspose(filters, KERNEL, STRIDE, padding="same", kernel_initializer=fresh())(x)
        x = activated(x)
    x = layers.Conv1DTranspose(1, KERNEL, STRIDE, padding="same", kernel_initializer=fresh())(x)
    audio = layers.Activation("tanh", dtype="float32", name="audio")(x)
    return keras.Model(latents, audio, name="wavegan_generator")


def wavegan_features(
    length: int = 16384,
    channels: int = 1,
    *,
    width: int = 64,
    phase_shuffle: int = 2,
    spectral_norm: bool = False,
    initializer: str = "xavier",
    seed: int = 0,
) -> keras.Model:
    """Builds the discriminator's body, from sound (N, length, channels) in [-1, 1] to flat features.

    Args:
        length: samples, see ``wavegan_plan``.
        channels: of the sound.
        width: filters of the first layer; each next one has twice as many (the paper's d is 64).
        phase_shuffle: largest shift n of the activations behind each layer but the last; 0: none.
        spectral_norm: whether all layers have it; the paper's do not.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers and the shifts.

    Raises:
        InputError: another length or initialiser, or a negative shift.
    """
    check_at_least(1, channels=channels, width=width)
    _, count = wavegan_plan(length)
    fresh = initializer_stream(initializer, seed)
    audio = keras.Input((length, channels), name="audio")
    x = audio
    for number in range(count):
        convolution = layers.Conv1D(
            width * 2**number, KERNEL, STRIDE, padding="same", kernel_initializer=fresh()
        )
        x = SpectralNormalization(convolution, seed=seed + number)(x) if spectral_norm else convolution(x)
        x = layers.LeakyReLU(0.2)(x)
        if phase_shuffle and number < count - 1:
            x = PhaseShuffle(phase_shuffle, seed=seed + number)(x)
    return keras.Model(audio, layers.Flatten()(x), name="wavegan_features")


def wavegan_discriminator(
    length: int = 16384,
    channels: int = 1,
    *,
    spectral_norm: bool = False,
    initializer: str = "xavier",
    seed: int = 0,
    **body: Any,
) -> keras.Model:
    """Builds a discriminator from sound (N, length, channels) in [-1, 1] to logits (N, 1).

    The arguments are those of ``wavegan_features`` and of ``discriminator``, which puts the logit on it.
    """
    shared = {"spectral_norm": spectral_norm, "initializer": initializer, "seed": seed}
    return discriminator(wavegan_features(length, channels, **shared, **body), **shared)

"""Discriminator of sound that sees its spectrogram, beside WaveGAN's that sees the waveform."""

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.networks.layers.reparametrised import SpectralNormalization
from tfgan_ref.networks.layers.seeded import initializer_stream

WINDOW, HOP = 256, 128
KERNEL = 4
_SILENCE = 1e-6  # power: what is 60 dB under a sine of full scale


@keras.saving.register_keras_serializable(package="tfgan_ref")
class LogSpectrogram(layers.Layer):
    """Turns sound (N, T, 1) into decibels of its power spectrum (N, T / 128, 128, 1): 0 dB is 1, -60 dB -1.

    Hann windows of 256 samples, every 128; 0 dB is a sine of full scale. Silence is -60 dB: a critic that saw
    deeper would tell recordings, whose pauses are zeros, by that alone. float32 under every precision policy:
    the logarithm sees six orders of magnitude.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "dtype": "float32"})

    def call(self, inputs: Any) -> Any:
        """Computes (N, T / 128, 128, 1); the bin at half the sample rate is left out."""
        padded = tf.pad(inputs[..., 0], [[0, 0], [(WINDOW - HOP) // 2, (WINDOW - HOP) // 2]])
        spectra = tf.signal.stft(padded, WINDOW, HOP, WINDOW)[..., :-1]
        # Not tf.abs, whose gradient at 0 is not defined. A sine of full scale has a power of (256 / 4)^2.
        power = (tf.math.real(spectra) ** 2 + tf.math.imag(spectra) ** 2) / (WINDOW / 4) ** 2
        decibels = 10.0 / tf.math.log(10.0) * tf.math.log(power + _SILENCE)
        return (1.0 + decibels / 30.0)[..., None]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns (N, T / 128, 128, 1)."""
        return (input_shape[0], input_shape[1] // HOP, WINDOW // 2, 1)


def spectrogram_features(
    length: int,
    *,
    width: int = 16,
    spectral_norm: bool = False,
    initializer: str = "xavier",
    seed: int = 0,
) -> keras.Model:
    """Builds a discriminator's body, from sound (N, length, 1) in [-1, 1] to flat features.

    A spectrogram of 128 frequencies and length / 128 frames, and convolutions of 4x4 with stride 2.

    Args:
        length: samples, a multiple of 128.
        width: filters of the first layer; each next one has twice as many.
        spectral_norm: whether all layers have it.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Raises:
        InputError: another length or initialiser.
    """
    check_at_least(1, width=width)
    if length % HOP or length < 2 * HOP:
        raise InputError(f"length {length} makes no spectrogram: a multiple of {HOP}, at least {2 * HOP}")
    fresh = initializer_stream(initializer, seed)
    audio = keras.Input((length, 1), name="audio")
    x = LogSpectrogram()(audio)
    for number in range(4):
        convolution = layers.Conv2D(
            width * 2**number, KERNEL, strides=2, padding="same", kernel_initializer=fresh()
        )
        x = SpectralNormalization(convolution, seed=seed + number)(x) if spectral_norm else convolution(x)
        x = layers.LeakyReLU(0.2)(x)
    return keras.Model(audio, layers.Flatten()(x), name="spectrogram_features")


def joint_features(*bodies: keras.Model) -> keras.Model:
    """Puts the features of several bodies with the same input beside each other."""
    audio = bodies[0].input
    features = layers.Concatenate()([bodies[0].output, *(body(audio) for body in bodies[1:])])
    return keras.Model(audio, features, name="joint_features")

"""A voice converter as a SavedModel that needs TensorFlow and none of our code: from waveform to waveform."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.data.sounds import vocoder
from tfgan_ref.export.generator import write_saved_model
from tfgan_ref.export.translator import mirror
from tfgan_ref.gans import CycleGAN
from tfgan_ref.media import usage
from tfgan_ref.media.medium import Medium
from tfgan_ref.media.sounds import sample_rate_of

LOUDEST = 0.999  # of the samples of a result
QUIETEST = 1e-4  # of the loudest sample of what can be converted


class ExportedConverter(tf.Module):
    """The functions of an exported voice converter.

    ``apply(audio)`` converts one recording, float32 (T,) in [-1, 1] at ``sample_rate``, to another of the
    same length. The envelope goes through the generator. Log pitch is shifted and scaled from the mean and
    the deviation of the one voice to those of the other. What is heard is made anew of both (see
    ``data.vocoder.synthesise``: the phase is that of a minimum-phase filter), with the loudest frame as loud
    as it was, or quieter where samples would leave [-1, 1].

    Args:
        generator: functional model from pictures of envelopes (N, frames, bands, 1) to others.
        statistics: mean and standard deviation of log pitch, (2, 2): of the voice that is taken, and of the
            one that is made.
        sample_rate: in Hz.
        stride: what the number of frames must be a multiple of.

    Attributes:
        sample_rate: an int32 variable that the SavedModel keeps.
    """

    def __init__(
        self, generator: keras.Model, statistics: np.ndarray, *, sample_rate: int, stride: int = 1
    ) -> None:
        super().__init__()
        self.generator = generator
        self.statistics = tf.Variable(statistics, trainable=False, dtype=tf.float32)
        self.sample_rate = tf.Variable(sample_rate, trainable=False, dtype=tf.int32)
        self._rate, self._stride = sample_rate, stride
        signature = [tf.TensorSpec((None,), tf.float32, "audio")]
        self.apply = tf.function(self._apply, input_signature=signature, autograph=False)

    def _apply(self, audio: tf.Tensor) -> tf.Tensor:
        loudest = tf.reduce_max(tf.abs(tf.pad(audio, [[0, 1]])))
        within = tf.debugging.Assert(loudest <= 1.0, ["audio must be in [-1, 1], not up to", loudest])
        heard = tf.debugging.Assert(loudest >= QUIETEST, ["audio is silent: its loudest sample is", loudest])
        with tf.control_dependencies([within, heard]):
            audio = tf.identity(audio)
        voice = vocoder.analyse(audio, self._rate)
        made = vocoder.render(self.converted(voice), tf.size(audio), self._rate)
        return made * tf.minimum(1.0, LOUDEST / tf.maximum(tf.reduce_max(tf.abs(made)), LOUDEST))

    def converted(self, voice: vocoder.Voice) -> vocoder.Voice:
        """Returns what becomes of a voice."""
        picture = mirror(voice.picture[tf.newaxis, :, :, tf.newaxis], self._stride)
        made = self.generator(picture, training=False)[0, : tf.shape(voice.picture)[0], :, 0]
        mean, deviation, new_mean, new_deviation = tf.unstack(tf.reshape(self.statistics, [4]))
        voiced = voice.pitch > 0.0
        score = (tf.math.log(tf.where(voiced, voice.pitch, 1.0)) - mean) / tf.maximum(deviation, 1e-3)
        pitch = tf.where(voiced, tf.exp(new_mean + new_deviation * score), 0.0)
        return vocoder.Voice(made, pitch, voice.level)

    def serve(self, audio: tf.Tensor) -> dict[str, tf.Tensor]:
        """Converts recordings (N, T, 1), one after another."""
        made = tf.map_fn(lambda one: self.apply(one[:, 0])[:, tf.newaxis], audio)
        return {"converted": made}


def converter_of(gan: CycleGAN, sample_rate: int, *, backward: bool = False) -> ExportedConverter:
    """Returns the converter of a GAN's averaged generator, or of the one of the way back, as it is now."""
    statistics = gan.observer.mean_and_deviation().numpy()
    generator = gan.ema_backward if backward else gan.sampling_generator
    return ExportedConverter(
        generator, statistics[::-1] if backward else statistics, sample_rate=sample_rate, stride=gan.stride
    )


def export_converter(gan: CycleGAN, path: Path, shape: DataShape) -> None:
    """Writes both converters as a SavedModel: ``apply``, ``apply_back``, and both served in batches.

    ``serving_default`` and ``serving_back`` take "audio", float32 (N, T, 1), and give "converted".

    Args:
        gan: trained.
        path: a directory that does not exist.
        shape: of the data, whose names have the sample rate.

    Raises:
        InputError: ``path`` exists.
    """
    rate = sample_rate_of(shape)
    module = converter_of(gan, rate)
    module.backward = converter_of(gan, rate, backward=True)
    module.apply_back = module.backward.apply
    signatures = {"serving_default": _served(module), "serving_back": _served(module.backward)}
    write_saved_model(module, path, signatures)


def _served(module: ExportedConverter) -> Callable[..., Any]:
    signature = [tf.TensorSpec((None, None, 1), tf.float32, name="audio")]
    return tf.function(module.serve, input_signature=signature, autograph=False)


VOICES = Medium(export_converter, usage.VOICES, "converted")

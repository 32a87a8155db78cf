"""Networks for spectral envelopes: a generator that moves formants, and a discriminator.

Both take pictures (N, frames, bands, 1) and convolve over time with the bands as features, as CycleGAN-VC
(Kaneko and Kameoka 2018) does: unlike in a photograph, the same thing higher up means another thing.
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.networks.layers.seeded import initializer_stream


@keras.saving.register_keras_serializable(package="tfgan_ref")
class FrequencyWarp(layers.Layer):
    """Moves what spectra show along their frequency axis, and makes it louder or softer, smoothly.

    From spectra (N, frames, bands, 1) and controls (N, frames, 2 * knots) it makes spectra
    y(band) = x(band + reach * tanh(move(band))) + gain(band). The first ``knots`` controls are ``move`` at
    knots even over the bands, the others ``gain``; both are linear in between. x is linear between bands and
    constant beyond the first and the last one. Controls of 0 change nothing.

    Args:
        reach: the farthest move, in bands.
        **settings: name, as of every Keras layer; it computes in float32.

    Raises:
        InputError: ``reach`` is out of range, or there are fewer than 2 knots.
    """

    def __init__(self, reach: float, **settings: Any) -> None:
        if not reach > 0:
            raise InputError(f"reach {reach} is out of range: above 0")
        super().__init__(**settings | {"dtype": "float32"})
        self.reach = reach

    def build(self, input_shape: list[tuple[int | None, ...]]) -> None:
        """Checks the number of controls."""
        if input_shape[1][-1] < 4 or input_shape[1][-1] % 2:
            raise InputError(f"controls {input_shape[1][-1]} are out of range: an even number from 4 up")

    def call(self, inputs: list[Any]) -> Any:
        """Warps spectra by controls."""
        spectra, controls = inputs
        bands, knots = spectra.shape[2], controls.shape[-1] // 2
        between = ops.convert_to_tensor(_hats(knots, bands))
        move = self.reach * ops.tanh(ops.matmul(controls[..., :knots], between))
        gain = ops.matmul(controls[..., knots:], between)
        place = ops.clip(ops.arange(bands, dtype="float32") + move, 0.0, bands - 1.0)
        below = ops.clip(ops.floor(ops.stop_gradient(place)), 0.0, bands - 2.0)
        index, x = ops.cast(below, "int32"), spectra[..., 0]
        low, high = (ops.take_along_axis(x, index + step, axis=2) for step in (0, 1))
        return (low + (place - below) * (high - low) + gain)[..., None]

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """Returns the shape of the spectra."""
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "reach": self.reach}


def warping_translator(
    bands: int,
    width: int = 128,
    blocks: int = 2,
    knots: int = 10,
    reach: float = 10.0,
    detail: int = 16,
    *,
    initializer: str = "he",
    seed: int = 0,
) -> keras.Model:
    """Builds a generator from spectra to spectra that can move their peaks, but not make others of them.

    Residual blocks of convolutions over time say how far ``FrequencyWarp`` moves each part of the spectrum;
    two convolutions along the frequency axis then change details, such as how sharp peaks are. Its last
    layers are 0 at the start, when it changes nothing.

    Args:
        bands: of the spectra.
        width: features of the blocks.
        blocks: number of residual blocks, which see 4 more frames each.
        knots: places on the frequency axis at which move and gain are free.
        reach: the farthest move, in bands.
        detail: filters of the convolution along the frequency axis; 0 leaves details as they are.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Returns:
        A model from the input "source", (N, frames, bands, 1) in [-1, 1], to spectra of the same shape,
        float32.

    Raises:
        InputError: an argument is unknown or out of range.
    """
    check_at_least(2, bands=bands, knots=knots)
    check_at_least(1, width=width)
    check_at_least(0, blocks=blocks, detail=detail)
    fresh = initializer_stream(initializer, seed)

    def convolve(x: keras.KerasTensor) -> keras.KerasTensor:
        return layers.Conv1D(width, 3, padding="same", kernel_initializer=fresh())(x)

    source = keras.Input((None, bands, 1), name="source")
    x = layers.ReLU()(convolve(layers.Reshape((-1, bands))(source)))
    for _ in range(blocks):
        x = layers.Add()([x, convolve(layers.ReLU()(convolve(x)))])
    controls = layers.Conv1D(2 * knots, 1, kernel_initializer="zeros", dtype="float32")(layers.ReLU()(x))
    spectra = FrequencyWarp(reach, name="warp")([source, controls])
    if detail:
        x = layers.Conv2D(detail, (1, 9), padding="same", activation="relu", kernel_initializer=fresh())(
            spectra
        )
        x = layers.Conv2D(1, (1, 9), padding="same", kernel_initializer="zeros", dtype="float32")(x)
        spectra = layers.Add(dtype="float32")([spectra, x])
    return keras.Model(source, spectra, name="warping_translator")


def spectrum_discriminator(
    bands: int,
    width: int = 128,
    *,
    initializer: str = "he",
    seed: int = 0,
) -> keras.Model:
    """Builds a discriminator of spectra with a logit for every fourth frame, which sees 17 frames.

    Args:
        bands: of the spectra.
        width: features of its layers.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Returns:
        A model from spectra (N, frames, bands, 1) in [-1, 1] to logits (N, frames / 4, 1), float32.

    Raises:
        InputError: an argument is unknown or out of range.
    """
    check_at_least(2, bands=bands)
    check_at_least(1, width=width)
    fresh = initializer_stream(initializer, seed)

    def convolve(x: keras.KerasTensor, filters: int, strides: int = 1) -> keras.KerasTensor:
        return layers.Conv1D(filters, 3, strides=strides, padding="same", kernel_initializer=fresh())(x)

    spectra = keras.Input((None, bands, 1), name="spectra")
    x = layers.Reshape((-1, bands))(spectra)
    for strides in (1, 2, 2):
        x = layers.LeakyReLU(0.2)(convolve(x, width, strides))
    logits = layers.Activation("linear", dtype="float32", name="logits")(convolve(x, 1))
    return keras.Model(spectra, logits, name="spectrum_discriminator")


def _hats(knots: int, bands: int) -> np.ndarray:
    """Returns the matrix (knots, bands) that interpolates linearly between even knots."""
    given, wanted = np.linspace(0, bands - 1, knots), np.arange(bands)
    return np.stack([np.interp(wanted, given, row) for row in np.eye(knots)]).astype(np.float32)

"""Trained generators from pictures to pictures, of a run directory or an exported SavedModel."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan_ref.data.images.decoding import from_pixels, to_pixels
from tfgan_ref.errors import MODEL, InputError, check_exists
from tfgan_ref.export.translator import ExportedTranslator, default_tile
from tfgan_ref.gans import ImageTranslator
from tfgan_ref.networks.saved_models import load_saved_model
from tfgan_ref.run import build, tiling


@dataclass(frozen=True)
class Translator:
    """A generator from pictures to pictures with what is needed to apply it.

    Attributes:
        function: maps uint8 pictures (H, W, C), one for each of ``inputs``, to a uint8 picture.
        inputs: "source", and possibly "mask" (not 0 for known pixels) or "target" (in whose style to paint).
        channels: of each input.
        scale: how many times higher and wider the output is.
        stride: at which steps tiles of the source may begin.
        margin: source pixels around an output pixel on which it depends; None: all of them, so that a picture
            cannot be cut into tiles.
        tile: the longest side of what is translated at once; None without a margin.
    """

    function: Callable[..., tf.Tensor]
    inputs: tuple[str, ...]
    channels: tuple[int, ...]
    scale: int
    stride: int
    margin: int | None
    tile: int | None

    @property
    def second_input(self) -> str | None:
        """The second input beside the picture: "mask", "style" or None."""
        return {"mask": "mask", "target": "style"}.get(self.inputs[-1])

    def apply(self, picture: np.ndarray, other: np.ndarray | None = None) -> np.ndarray:
        """Translates a picture of any size.

        A model of colours takes a grey picture with its channel three times, and answers in colours; a model
        of grey takes the luma (ITU-R 601) of a coloured one.

        Args:
            picture: uint8 (H, W, 1 or 3).
            other: for a model that takes a mask: numbers or bool (H, W) or (H, W, 1), not 0 where the
                picture is known; for one that takes a style: uint8 (h, w, 1 or 3).

        Returns:
            uint8 (scale * H, scale * W, C).

        Raises:
            InputError: ``other`` is missing or not taken, or an input has a wrong type or shape.
        """
        if (other is None) != (self.second_input is None):
            raise InputError(
                f"this model takes a {self.second_input} beside the picture"
                if self.second_input
                else "this model takes a picture alone"
            )
        pixels = _with_channels(picture, self.channels[0], "picture")
        style = [_with_channels(other, self.channels[1], "style")] if self.second_input == "style" else []
        if self.second_input == "mask":
            # As one more channel, so that it is cut into the same tiles.
            pixels = np.concatenate([pixels, _mask_of(pixels, other)], axis=-1)

        def translate(piece: np.ndarray) -> np.ndarray:
            if self.second_input == "mask":
                return self.function(piece[..., :-1], piece[..., -1:]).numpy()
            return self.function(piece, *style).numpy()

        return tiling.apply_tiled(
            translate, pixels, tile=self.tile, margin=self.margin, scale=self.scale, stride=self.stride
        )


def translator_of(gan: ImageTranslator, *, backward: bool = False, tile: int | None = None) -> Translator:
    """Returns a translator by the averaged generator of ``gan``, which follows its weights.

    Args:
        gan: a translator.
        backward: whether to take the generator of the way back.
        tile: the longest side of what is translated at once; None chooses.

    Raises:
        InputError: there is no way back, or ``tile`` cannot be used.
    """
    generator = gan.sampling_generator
    if backward:
        if not hasattr(gan, "ema_backward"):
            raise InputError(f"backward: {type(gan).__name__} has no generator of the way back")
        generator = gan.ema_backward
    exported = ExportedTranslator(
        generator, inputs=gan.inputs_taken, stride=gan.stride, scale=gan.scale, margin=gan.margin
    )
    signature = {spec.name: spec for spec in exported.signature()}
    return _translator(exported, exported.apply, gan.inputs_taken, signature, tile, exported.tile)


def open_translator(path: Path, *, backward: bool = False, tile: int | None = None) -> Translator:
    """Opens a run directory (its newest checkpoint) or a SavedModel of ``export_translator``.

    Args:
        path: either of them.
        backward: whether to take the generator of the way back.
        tile: the longest side of what is translated at once; None chooses.

    Raises:
        InputError: ``path`` is neither, cannot be read or draws from latents, there is no way back, or
            ``tile`` cannot be used.
    """
    check_exists(path, MODEL)
    if (path / "saved_model.pb").is_file():
        return _open_saved_model(path, backward, tile)
    gan = build.restore_gan(path)
    if not isinstance(gan, ImageTranslator):
        raise _no_translator(path)
    return translator_of(gan, backward=backward, tile=tile)


def _open_saved_model(path: Path, backward: bool, tile: int | None) -> Translator:
    try:
        loaded = load_saved_model(path)
    except (OSError, KeyError, ValueError, tf.errors.OpError) as error:
        raise InputError(f"{path} is not a SavedModel: {str(error).splitlines()[0]}") from error
    if hasattr(loaded, "sample"):
        raise _no_translator(path)
    if not all(hasattr(loaded, name) for name in ("apply", "scale", "stride", "margin")):
        raise InputError(f"{path} has no apply: name a SavedModel of a generator from pictures to pictures")
    if backward and not hasattr(loaded, "apply_back"):
        raise InputError(f"backward: {path} has no generator of the way back")
    served = loaded.signatures["serving_back" if backward else "serving_default"]
    signature = served.structured_input_signature[1]
    inputs = tuple(name for name in ("source", "mask", "target") if name in signature)
    specs = [tf.TensorSpec((None, None, signature[name].shape[-1]), tf.uint8) for name in inputs]
    # Through ``loaded``, which must stay alive: its functions do not keep its variables. In one graph for all
    # sizes: a function that was loaded makes one for each.
    apply = tf.function(
        lambda *given: (loaded.apply_back if backward else loaded.apply)(*given),
        input_signature=specs,
        autograph=False,
    )
    # Traced here, since TensorFlow warns of calls that trace, as one of each model opened would be.
    apply.get_concrete_function()
    own_tile = getattr(loaded, "tile_back" if backward else "tile", None)
    return _translator(loaded, apply, inputs, signature, tile, own_tile)


def _translator(
    module: tf.Module,
    apply: Callable[..., tf.Tensor],
    inputs: tuple[str, ...],
    signature: dict[str, tf.TensorSpec],
    tile: int | None,
    own_tile: tf.Variable | None,
) -> Translator:
    """Returns a translator for an ``ExportedTranslator``, or of one that was loaded, and its signature."""
    scale, stride, margin = (int(v.numpy()) for v in (module.scale, module.stride, module.margin))
    margin = None if margin < 0 else margin
    if margin is None and tile is not None:
        raise InputError(f"tile {tile}: this model sees the whole picture, which cannot be cut into tiles")
    if tile is not None:
        tiling.check_tile(tile, margin, stride)
        if own_tile is not None:  # by which ``apply`` would cut it again; SavedModels of before have none
            own_tile.assign(tile)
    elif margin is not None:
        tile = default_tile(margin, stride)
    channels = tuple(signature[name].shape[-1] for name in inputs)
    return Translator(apply, inputs, channels, scale, stride, margin, tile)


def _no_translator(path: Path) -> InputError:
    return InputError(f"{path} draws pictures from latents and takes none: use the command sample")


def _with_channels(picture: np.ndarray, channels: int, name: str) -> np.ndarray:
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[-1] not in (1, 3) or not picture.size:
        raise InputError(f"{name} must be uint8 (H, W, 1 or 3), not {picture.dtype} of shape {picture.shape}")
    return picture if picture.shape[-1] == channels else to_pixels(from_pixels(picture), channels)


def _mask_of(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Returns a mask as uint8 (H, W, 1), 1 where it is not 0."""
    size = picture.shape[:2]
    if mask.shape not in (size, (*size, 1)):
        raise InputError(f"mask must have the picture's size {size}, not the shape {mask.shape}")
    return (mask != 0).astype(np.uint8).reshape(*size, 1)

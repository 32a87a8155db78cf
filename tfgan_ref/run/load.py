"""Opens trained models for use in Python: ``tfgan_ref.load``."""

from pathlib import Path

import tensorflow as tf

from tfgan_ref.media.medium import TRANSLATIONS, SampleWriter
from tfgan_ref.networks.saved_models import load_saved_model
from tfgan_ref.run import build
from tfgan_ref.run.apply_sounds import Converter, open_converter
from tfgan_ref.run.sample import Sampler, open_sampler, open_writer
from tfgan_ref.run.translator import Translator, open_translator


def load(path: str | Path) -> Sampler | SampleWriter | Translator | Converter:
    """Opens a run directory, at its newest checkpoint, or an exported SavedModel.

    A generator has ``sample(n, seed=0, label=None)``, which returns

    * images: uint8 (n, H, W, C);
    * sounds: float32 (n, T) in [-1, 1], ``sample_rate`` samples per second;
    * sentences: n texts;
    * clips: uint8 (n, phases, H, W, C); its ``label`` is of the form ``action=walk,hat=yes``.

    A translator has ``apply(picture, other=None)``, uint8 (H, W, C) to uint8; ``other`` is the mask or the
    style that some take. A voice converter has ``apply(audio)``, float32 (T,) to float32 (T,).

    Args:
        path: the run directory or the SavedModel.

    Raises:
        InputError: ``path`` is neither, or cannot be read.
    """
    path = Path(path)
    opened = open_converter(path) or open_writer(path)
    if opened is not None:
        return opened
    return open_translator(path) if _translates(path) else open_sampler(path)


def _translates(path: Path) -> bool:
    if not (path / "saved_model.pb").is_file():
        return path.exists() and build.recipe_of(path).medium is TRANSLATIONS
    try:
        return hasattr(load_saved_model(path), "apply")
    except (OSError, KeyError, ValueError, tf.errors.OpError):  # InputError is a ValueError
        return False  # ``open_sampler`` says what is wrong with it

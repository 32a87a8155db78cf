"""GANs for Keras 3 and TensorFlow, each with its own ``train_step``, measured and exportable.

Importing this package imports neither TensorFlow nor Keras. Its sub-packages do, and are imported when they
are first used::

    import tfgan_ref as tg

    gan = tg.gans.WGANGP(generator, critic)
    images = tg.load("runs/demo").sample(16, seed=0)
"""

import importlib
import logging
import os
import sys
from typing import Any

__version__ = "0.2.0"

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# TensorFlow turns oneDNN on by itself only on the newest processors; elsewhere it makes a step
# 1.3 to 3.3 times faster. It must be set before TensorFlow is imported; the user's value wins.
if "TF_ENABLE_ONEDNN_OPTS" not in os.environ:
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
    # An imported TensorFlow says whether it is on all the same.
    is_on = getattr(sys.modules.get("tensorflow.python.util._pywrap_util_port"), "IsMklEnabled", None)
    if is_on is not None and not is_on():
        logging.getLogger(__name__).warning(
            "TensorFlow was imported before tfgan_ref: set TF_ENABLE_ONEDNN_OPTS=1 for faster steps on CPU"
        )

_PARTS = (
    "data", "errors", "evaluation", "export", "files", "gans", "losses", "media", "metrics", "networks",
    "plotting", "randomness", "recipes", "run", "training",
)  # fmt: skip

__all__ = ["__version__", "load", *_PARTS]


def __getattr__(name: str) -> Any:
    """Imports a part of the package, or ``load``, when it is first used."""
    if name in _PARTS:
        return importlib.import_module(f"{__name__}.{name}")
    if name == "load":
        return importlib.import_module(f"{__name__}.run.load").load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

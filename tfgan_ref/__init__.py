"""GANs for Keras 3 and TensorFlow, each with its own ``train_step``, measured and exportable.

Importing this package imports neither TensorFlow nor Keras; its sub-packages do.
"""

import logging
import os
import sys

__version__ = "0.1.0"

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# TensorFlow turns oneDNN on by itself only on the newest processors; elsewhere it makes a step
# 1.3 to 3.3 times faster. It must be set before TensorFlow is imported; the user's value wins.
if "TF_ENABLE_ONEDNN_OPTS" not in os.environ:
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
    if "tensorflow" in sys.modules:
        logging.getLogger(__name__).warning(
            "TensorFlow was imported before tfgan_ref: set TF_ENABLE_ONEDNN_OPTS=1 for faster steps on CPU"
        )

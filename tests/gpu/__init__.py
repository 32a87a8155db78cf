"""What only a GPU can show: ``python -m pytest -m gpu tests/gpu``.

Without a GPU that TensorFlow sees, tests marked ``gpu`` are skipped. ``GPU_TESTS_DEVICE=CPU`` runs them on a
CPU: that shows that the tests themselves work, and nothing about a GPU.
"""

import os

DEVICE = os.environ.get("GPU_TESTS_DEVICE", "GPU")

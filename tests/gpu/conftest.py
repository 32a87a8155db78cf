"""Every test here is marked ``gpu`` and computes in float32, not in TF32."""

import pytest
import tensorflow as tf

from tests.gpu import DEVICE

HERE = "tests.gpu."


def pytest_collection_modifyitems(items):
    """Marks the tests of this folder, and skips them where there is no such device."""
    missing = not tf.config.list_physical_devices(DEVICE)
    for item in items:
        if item.module.__name__.startswith(HERE):
            item.add_marker(pytest.mark.gpu)
            if missing:
                item.add_marker(pytest.mark.skip(reason="no GPU that TensorFlow sees"))


@pytest.fixture(autouse=True)
def float32_is_float32():
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    yield
    tf.config.experimental.enable_tensor_float_32_execution(before)

"""Keras's training and test functions for types whose step depends on the phase of training."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

import keras

from tfgan_ref.errors import InputError


def trace_each_phase(model: keras.Model) -> None:
    """Makes ``fit`` and ``evaluate`` of ``model`` trace a graph for each phase, not one for all.

    Args:
        model: a ``GenerativeModel`` with ``boundaries``.
    """
    for name in ("train_function", "test_function"):
        make = getattr(type(model), f"make_{name}").__get__(model)  # Keras's own

        def make_function(force: bool = False, name: str = name, make: Callable[..., None] = make) -> None:
            if getattr(model, name) is None or force:
                setattr(model, name, graph_of_each_phase(model, name, make))

        setattr(model, f"make_{name}", make_function)


def graph_of_each_phase(
    model: keras.Model, name: str, make: Callable[..., None]
) -> Callable[[Iterator[Any]], dict[str, Any]]:
    """Returns a function that runs Keras's own, traced once for each phase.

    Args:
        model: a ``GenerativeModel`` with ``boundaries``.
        name: the attribute of the model that holds it: "train_function" or "test_function".
        make: Keras's method that makes its function and leaves it in that attribute.
    """
    graphs = {}

    def function(iterator: Iterator[Any]) -> dict[str, Any]:
        if name == "train_function":
            left = model.steps_to_boundary()
            if left is not None and left % model.steps_per_execution:
                raise InputError(
                    f"steps_per_execution {model.steps_per_execution} does not divide the {left} steps "
                    "before training enters its next phase"
                )
            model.enter_phase()
        else:
            model.phase = model.current_phase()
        if model.phase not in graphs:
            make(force=True)
            graphs[model.phase] = getattr(model, name)
            setattr(model, name, function)
            with _expecting_a_trace():
                return graphs[model.phase](iterator)
        return graphs[model.phase](iterator)

    return function


@contextlib.contextmanager
def _expecting_a_trace() -> Iterator[None]:
    """Hides that TensorFlow finds the graphs of several phases to be one function, traced too often."""

    def others(record: logging.LogRecord) -> bool:
        return "triggered tf.function retracing" not in record.getMessage()

    logger = logging.getLogger("tensorflow")
    logger.addFilter(others)
    try:
        yield
    finally:
        logger.removeFilter(others)

"""Saving of a type: its constructor's arguments as a config, and the states of its random layers."""

from collections.abc import Mapping
from typing import Any

import keras

from tfgan_ref.errors import InputError


def serialize_arguments(arguments: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Returns the config of every argument.

    Raises:
        InputError: one has none.
    """
    config = {}
    for name, value in arguments.items():
        try:
            config[name] = keras.saving.serialize_keras_object(value)
        except (TypeError, ValueError, NotImplementedError) as error:
            raise InputError(
                f"{owner} cannot be saved: {name} {type(value).__name__} has no get_config"
            ) from error
    return config


def seed_states(model: keras.Model) -> list[keras.Variable]:
    """Returns the states of all random layers in ``model``, which Keras saves nowhere."""
    weights = {id(variable) for variable in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]

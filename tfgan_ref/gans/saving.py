"""Saving of a type: the constructor's arguments as its config, and the states of its random layers."""

import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import keras

from tfgan_ref.errors import InputError


def bind_arguments(model: Any, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Mapping[str, Any]:
    """Returns the arguments of the constructor of ``model`` by name, those of ``**settings`` among them."""
    bound = inspect.signature(type(model).__init__).bind(model, *arguments, **settings).arguments
    named = {name: value for name, value in bound.items() if name not in ("self", "settings")}
    return MappingProxyType(named | bound.get("settings", {}))


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

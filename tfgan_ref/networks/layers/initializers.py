"""Kernel initialisers by name, a fresh one for every layer."""

import itertools
from collections.abc import Callable

import keras

from tfgan_ref.errors import InputError

INITIALIZERS: dict[str, Callable[[int], keras.Initializer]] = {
    # Radford et al. 2016, section 4: zero-centred normal, standard deviation 0.02.
    "normal02": lambda seed: keras.initializers.RandomNormal(0.0, 0.02, seed=seed),
    # Glorot and Bengio 2010: variance 2 / (fan_in + fan_out).
    "xavier": lambda seed: keras.initializers.GlorotUniform(seed=seed),
    # He et al. 2015: variance 2 / fan_in, made for ReLU.
    "he": lambda seed: keras.initializers.HeNormal(seed=seed),
    # Saxe et al. 2014.
    "orthogonal": lambda seed: keras.initializers.Orthogonal(seed=seed),
}


def initializer_stream(name: str, seed: int) -> Callable[[], keras.Initializer]:
    """Returns a function that gives a fresh initialiser, with a seed of its own, at each call.

    One initialiser instance shared by two layers of the same shape would give them identical weights.

    Raises:
        InputError: ``name`` is not one of ``INITIALIZERS``.
    """
    if name not in INITIALIZERS:
        raise InputError(f"initializer {name!r} is unknown: choose one of {', '.join(INITIALIZERS)}")
    numbers = itertools.count()
    # Spaced by a large prime, so that networks with neighbouring seeds share no layer's seed.
    return lambda: INITIALIZERS[name]((seed * 1_000_003 + next(numbers)) % 2**31)

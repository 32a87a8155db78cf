"""InfoGAN's codes in the generator and in the discriminator: Chen et al. 2016, section 5 and appendix C."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

from tfgan_ref.errors import check_at_least
from tfgan_ref.networks.layers.heads import discriminator
from tfgan_ref.networks.layers.seeded import initializer_stream

Q_UNITS = 128  # of Q's own hidden layer, as in appendix C.1


def uniform_codes(latents: Any, continuous_codes: int) -> Any:
    """Returns the continuous codes of latents (N, latent_dim) from N(0, I): (N, codes) uniform on [-1, 1].

    They are the first latents, through the distribution function of N(0, 1).
    """
    return ops.erf(latents[:, :continuous_codes] / 2**0.5)


@keras.saving.register_keras_serializable(package="tfgan_ref")
class CodedLatents(layers.Layer):
    """Makes the generator's input of latents and a categorical code: its one-hot, continuous codes, noise.

    Args:
        num_codes: values of the categorical code.
        continuous_codes: how many of the first latents become codes, see ``uniform_codes``.
        **settings: name and dtype, as of every Keras layer.
    """

    def __init__(self, num_codes: int, continuous_codes: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.num_codes = num_codes
        self.continuous_codes = continuous_codes

    def call(self, inputs: Any) -> Any:
        """Joins [latents (N, latent_dim), code (N,)] to (N, num_codes + latent_dim)."""
        latents, code = inputs
        one_hot = ops.one_hot(code, self.num_codes, dtype=latents.dtype)
        continuous = uniform_codes(latents, self.continuous_codes)
        return ops.concatenate([one_hot, continuous, latents[:, self.continuous_codes :]], axis=1)

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """Returns (N, num_codes + latent_dim)."""
        return (input_shape[0][0], self.num_codes + input_shape[0][1])

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        own = {"num_codes": self.num_codes, "continuous_codes": self.continuous_codes}
        return {**super().get_config(), **own}


def info_generator(
    build: Callable[[int], keras.Model], latent_dim: int, *, num_codes: int, continuous_codes: int = 2
) -> keras.Model:
    """Builds InfoGAN's generator around one without codes.

    Args:
        build: makes the generator from the length of its latents.
        latent_dim: length of a latent vector, its continuous codes included.
        num_codes: values of the categorical code, which is the model's label, from 0 to num_codes - 1.
        continuous_codes: of the latents, the first.

    Returns:
        A model from [latents (N, latent_dim) from N(0, I), label (N,) int32] to images.

    Raises:
        InputError: a number is out of range.
    """
    check_at_least(1, num_codes=num_codes)
    check_at_least(1, below=latent_dim, continuous_codes=continuous_codes)
    latents = keras.Input((latent_dim,), name="latents")
    code = keras.Input((), dtype="int32", name="label")
    coded = CodedLatents(num_codes, continuous_codes)([latents, code])
    return keras.Model([latents, code], build(coded.shape[-1])(coded), name="info_generator")


def info_discriminator(
    features: keras.Model,
    *,
    num_codes: int,
    continuous_codes: int = 2,
    minibatch_discrimination: bool = False,
    initializer: str = "normal02",
    seed: int = 0,
) -> keras.Model:
    """Builds InfoGAN's D and Q on one body: Q has a hidden layer of its own, all else they share.

    The arguments are those of ``info_generator`` and of ``discriminator``.

    Returns:
        A model from samples to [logits (N, 1), code logits (N, num_codes), means and log variances of the
        continuous codes, each (N, continuous_codes)], float32.
    """
    shared = {"initializer": initializer, "seed": seed}
    judge = discriminator(features, minibatch_discrimination=minibatch_discrimination, **shared)
    fresh = initializer_stream(initializer, seed + 2)
    hidden = layers.Dense(Q_UNITS, kernel_initializer=fresh(), name="q_hidden")(features.output)
    hidden = layers.LeakyReLU(0.1, name="q_activation")(hidden)
    heads = {"code_logits": num_codes, "code_mean": continuous_codes, "code_log_variance": continuous_codes}
    outputs = [
        layers.Dense(size, kernel_initializer=fresh(), dtype="float32", name=name)(hidden)
        for name, size in heads.items()
    ]
    return keras.Model(features.input, [judge.output, *outputs], name="info_discriminator")

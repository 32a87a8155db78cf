"""InfoGAN's codes in its networks."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref import networks
from tfgan_ref.errors import InputError
from tfgan_ref.networks.layers.codes import CodedLatents, uniform_codes


def test_codes_are_uniform_by_the_normal_distribution_function():
    latents = np.array([[-2.0, 0.3, 5.0], [0.0, -0.7, 5.0]], np.float32)
    expected = [[math.erf(u / math.sqrt(2)) for u in row[:2]] for row in latents]
    np.testing.assert_allclose(uniform_codes(latents, 2), expected, atol=1e-6)
    drawn = np.asarray(uniform_codes(tf.random.stateless_normal([50_000, 1], [1, 2]), 1))
    counts, _ = np.histogram(drawn, 10, (-1, 1))
    np.testing.assert_allclose(counts / len(drawn), 0.1, atol=0.01)


def test_the_generator_sees_the_one_hot_the_codes_and_the_noise():
    latents = np.array([[0.5, -1.0, 3.0]], np.float32)
    found = CodedLatents(4, 2)([latents, np.array([2], np.int32)])
    codes = [math.erf(u / math.sqrt(2)) for u in (0.5, -1.0)]
    np.testing.assert_allclose(found, [[0, 0, 1, 0, *codes, 3.0]], atol=1e-6)


def test_q_shares_the_body_and_has_a_hidden_layer_of_its_own():
    features = networks.mlp_features((8, 8, 1), (16,))
    model = networks.info_discriminator(features, num_codes=5, continuous_codes=3)
    assert [tuple(output.shape) for output in model.outputs] == [(None, 1), (None, 5), (None, 3), (None, 3)]
    own = {id(weight) for weight in model.weights} - {id(weight) for weight in features.weights}
    assert len(model.weights) - len(own) == len(features.weights)
    # The logit, Q's hidden layer of 128 and its three heads.
    sizes = 16 + 1, 16 * 128 + 128, (128 + 1) * (5 + 3 + 3)
    assert model.count_params() - features.count_params() == sum(sizes)


def test_no_two_heads_start_alike():
    model = networks.info_discriminator(
        networks.mlp_features((8, 8, 1), (16,)), num_codes=3, continuous_codes=3
    )
    kernels = [model.get_layer(n).kernel.numpy() for n in ("code_logits", "code_mean", "code_log_variance")]
    assert not any(np.array_equal(kernels[a], kernels[b]) for a, b in ((0, 1), (0, 2), (1, 2)))


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"num_codes": 0}, "num_codes 0 is out of range: at least 1"),
        ({"num_codes": 3, "continuous_codes": 0}, "continuous_codes 0 is out of range: from 1 to below 4"),
        ({"num_codes": 3, "continuous_codes": 4}, "continuous_codes 4 is out of range: from 1 to below 4"),
    ],
)
def test_numbers_out_of_range(numbers, message):
    with pytest.raises(InputError, match=message):
        networks.info_generator(lambda n: networks.mlp_generator(n, (8, 8, 1), (16,)), 4, **numbers)

"""Seeds as a function of (seed, step, purpose), and draws from them."""

import itertools

import numpy as np
import tensorflow as tf

from tfgan_ref import randomness


def test_purposes_are_different_numbers():
    purposes = {name: value for name, value in vars(randomness).items() if name.isupper()}
    assert len(purposes) >= 6
    assert len(set(purposes.values())) == len(purposes)


def test_a_seed_depends_on_all_its_numbers():
    seeds = {
        tuple(randomness.fold_in(randomness.step_seed(seed, tf.constant(step)), purpose, update).numpy())
        for seed, step, purpose, update in itertools.product(range(3), repeat=4)
    }
    assert len(seeds) == 3**4


def test_the_first_latents_are_the_same_for_every_number():
    seed = randomness.base_seed(4)
    drawn = randomness.sample_latents(1000, 3, seed)
    np.testing.assert_array_equal(randomness.sample_latents(7, 3, seed), drawn[:7])
    np.testing.assert_allclose(np.mean(drawn, axis=0), 0, atol=0.15)
    np.testing.assert_allclose(np.std(drawn, axis=0), 1, atol=0.1)

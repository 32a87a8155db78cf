"""Projection onto generators whose latents can be computed."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.evaluation.projection import onto_sphere, project
from tfgan_ref.metrics import psnr

DIM = 4


def serve(latents, labels=None):
    """Shows each value of a latent as a grey, and the class as another one: (N, DIM + 1, 1, 1)."""
    kind = tf.zeros(tf.shape(latents)[0]) if labels is None else tf.cast(labels, tf.float32) / 20
    return tf.concat([latents / 8 + 0.5, kind[:, None]], axis=1)[..., None, None]


def pictures(latents, labels=None):
    return np.rint(serve(tf.constant(latents), labels).numpy() * 255).astype(np.uint8)


def latents(n, seed=0):
    return onto_sphere(tf.constant(np.random.default_rng(seed).normal(size=(n, DIM)), tf.float32)).numpy()


def test_it_finds_the_latents_of_pictures_that_the_generator_made():
    wanted = latents(3)
    found = project(serve, pictures(wanted), DIM, steps=100)
    np.testing.assert_allclose(found.latents, wanted, atol=0.03)  # a grey level is 0.03 in a latent
    np.testing.assert_allclose(np.linalg.norm(found.latents, axis=1), 2, rtol=1e-5)
    assert found.labels is None
    assert found.images.shape == (3, DIM + 1, 1, 1)
    assert np.abs(found.images.astype(int) - pictures(wanted)).max() <= 1


def test_what_is_off_the_sphere_gets_the_nearest_latent_on_it():
    direction = latents(1)
    found = project(serve, pictures(1.5 * direction), DIM, steps=200)
    np.testing.assert_allclose(found.latents, direction, atol=0.03)
    assert found.psnr == [psnr(pictures(1.5 * direction)[0], found.images[0])]


@pytest.mark.parametrize("classes", [10, 20], ids=["all are tried", "the nearest are tried"])
def test_it_finds_the_class(classes):
    labels = tf.constant([3, classes - 1])
    found = project(serve, pictures(latents(2), labels), DIM, np.arange(classes), steps=200)
    assert found.labels.tolist() == labels.numpy().tolist()
    assert found.labels.dtype == np.int32
    np.testing.assert_allclose(found.latents, latents(2), atol=0.03)


def test_of_one_class_the_latents_are_found_and_the_class_is_kept():
    found = project(serve, pictures(latents(2), tf.constant([3, 7])), DIM, np.array([5]), steps=200)
    assert found.labels.tolist() == [5, 5]
    np.testing.assert_allclose(found.latents, latents(2), atol=0.03)


def test_a_picture_is_projected_alike_alone_and_among_more_than_are_updated_at_once():
    many = pictures(latents(130))
    found = project(serve, many, DIM, steps=5)
    alone = project(serve, many[120:121], DIM, steps=5)
    np.testing.assert_allclose(alone.latents[0], found.latents[120], atol=1e-5)


def test_more_steps_come_nearer_and_the_same_seed_gives_the_same():
    shown = pictures(latents(8, seed=1))
    few, many, again = (project(serve, shown, DIM, steps=steps) for steps in (1, 40, 40))
    assert many.psnr.mean() > few.psnr.mean() + 3
    np.testing.assert_array_equal(many.latents, again.latents)


def test_arguments_out_of_range_are_refused():
    with pytest.raises(InputError, match="steps 0 is out of range: at least 1"):
        project(serve, pictures(latents(1)), DIM, steps=0)
    with pytest.raises(InputError, match="seed -1 is out of range"):
        project(serve, pictures(latents(1)), DIM, seed=-1)

"""The pipeline that all kinds of data share, and what each kind's training data hand to it."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref import data
from tfgan_ref.data.pipeline import (
    BatchLoader,
    check_order,
    derived_seed,
    draws_seed,
    shareable,
    spread_indices,
)
from tfgan_ref.data.sounds.voices import VoicePictures, Voices

RNG = np.random.default_rng(0)
IMAGES = data.ImageArrays(
    "images",
    RNG.integers(256, size=(7, 8, 8, 1), dtype=np.uint8),
    np.arange(7, dtype=np.int32) % 2,
    ("a", "b"),
)
PICTURES = tuple(RNG.integers(256, size=(12, 10, 3), dtype=np.uint8) for _ in range(5))
PAIRS = data.PicturePairs("pairs", PICTURES, PICTURES)
WAVES = data.Waves("waves", RNG.integers(-99, 99, size=(6, 20), dtype=np.int16), 8000)
SENTENCES = data.Sentences(
    "sentences",
    RNG.integers(1, 4, size=(6, 3), dtype=np.int32),
    np.arange(6, dtype=np.int32) % 2,
    ("", "x", "y", "z"),
    ("s", "t"),
)
CLIPS = data.Clips(
    "clips",
    RNG.integers(256, size=(6, 4, 8, 8, 3), dtype=np.uint8),
    np.zeros((6, 2), np.int32),
    {"hat": ("no",), "action": ("walk",)},
)
VOICE = VoicePictures(
    "voice",
    tuple(RNG.uniform(-1, 1, (n, 80)).astype(np.float32) for n in (5, 9)),
    tuple(RNG.uniform(90, 200, n).astype(np.float32) for n in (5, 9)),
)
TRAINING = {
    "images": lambda seed: data.training_images(IMAGES, seed),
    "balanced": lambda seed: data.training_images(IMAGES, seed, balanced=True),
    "missing": lambda seed: data.training_images(IMAGES, seed, missing=0.5, flip=True),
    "pairs": lambda seed: data.training_pairs(PAIRS, 8, seed, hole="box"),
    "waves": lambda seed: data.training_waves(WAVES, seed),
    "sentences": lambda seed: data.training_sentences(SENTENCES, SENTENCES, seed),
    "clips": lambda seed: data.training_clips(CLIPS, 2, seed),
    "voices": lambda seed: data.training_voices(Voices(VOICE, VOICE, 8000, "x"), 8, seed),
}


def same(first, second):
    return first.keys() == second.keys() and all(np.array_equal(first[key], second[key]) for key in first)


def loader_of_positions(batch_size):
    """A loader whose batches are what ``choose`` is given, and a number that each later part adds."""
    return BatchLoader(
        batch_size,
        lambda positions, step: {"p": positions, "s": step},
        lambda chosen, arrays: chosen | arrays,
        lambda values: values | {"finished": values["kept"] + 1},
        {"kept": tf.constant(7)},
    )


def test_a_batch_is_made_from_its_positions_and_its_step():
    dataset = loader_of_positions(3).dataset(5)
    assert dataset.element_spec["p"] == tf.TensorSpec((3,), tf.int64)
    assert dataset.element_spec["s"] == tf.TensorSpec((), tf.int32)
    batches = list(dataset.take(2).as_numpy_iterator())
    assert [batch["p"].tolist() for batch in batches] == [[15, 16, 17], [18, 19, 20]]
    assert [int(batch["s"]) for batch in batches] == [5, 6]


def test_positions_beyond_32_bits():
    batch = next(loader_of_positions(2**20).dataset(2**20).as_numpy_iterator())
    assert batch["p"][0] == 2**40


@pytest.mark.parametrize(
    ("part", "names"), [("choose", "p s"), ("gather", "p s kept"), ("finish", "p s kept finished")]
)
def test_a_data_set_ends_with_the_part_that_is_named(part, names):
    batch = next(loader_of_positions(2).dataset(3, part).as_numpy_iterator())
    assert [*batch] == names.split()
    assert part != "finish" or batch["finished"] == 8


@pytest.mark.slow
@pytest.mark.parametrize("kind", TRAINING)
def test_a_device_program_loads_what_the_pipeline_loads(kind):
    """What follows the choice compiles with XLA, shapes known, and gives the same batches."""
    loader = TRAINING[kind](3).loader(4)
    load = tf.function(lambda chosen, arrays: loader.finish(loader.gather(chosen, arrays)), jit_compile=True)
    for batch, chosen in zip(loader.dataset(5).take(2), loader.dataset(5, "choose"), strict=False):
        found = load(chosen, loader.arrays)
        assert found.keys() == batch.keys()
        for name, values in batch.items():
            assert found[name].shape == values.shape
            assert found[name].dtype == values.dtype
            np.testing.assert_allclose(found[name], values, rtol=1e-6, atol=2e-7)


@pytest.mark.parametrize("kind", TRAINING)
def test_a_resumed_run_reads_what_it_would_have_read(kind):
    training = TRAINING[kind](3)
    whole = list(training.batches(4).take(4).as_numpy_iterator())
    rest = list(training.batches(4, 2).take(2).as_numpy_iterator())
    assert same(whole[2], rest[0])
    assert same(whole[3], rest[1])
    other = list(TRAINING[kind](4).batches(4).take(4).as_numpy_iterator())
    assert not all(same(first, second) for first, second in zip(whole, other, strict=True))


@pytest.mark.parametrize("kind", TRAINING)
def test_shape_and_fingerprint_are_those_of_the_data(kind):
    training = TRAINING[kind](0)
    assert training.fingerprint == TRAINING[kind](1).fingerprint
    batch = next(training.batches(2).as_numpy_iterator())
    others = {"pairs": "target", "waves": "audio", "sentences": "tokens", "voices": "target"}
    sample = others.get(kind, "image")
    shape = training.shape.sample_shape
    if kind == "sentences":
        shape = shape[:1]  # words come as numbers, samples as distributions over the vocabulary
    assert batch[sample].shape[-len(shape) :] == shape
    assert isinstance(training.examples, tuple)


def test_missing_pixels_are_those_of_training_only():
    training = data.training_images(IMAGES, 2, missing=0.5)
    assert training.items.masks is None
    found = next(training.batches(7).as_numpy_iterator())
    removed = data.remove_pixels(IMAGES, 0.5, 2)
    expected = next(data.batches(removed, batch_size=7, seed=2).as_numpy_iterator())
    assert same(found, expected)
    assert 0 < found["mask"].mean() < 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((0, 0, 0), "batch_size=0: must be a whole number of at least 1"),
        ((1, -1, 0), "seed=-1: must be a whole number of at least 0"),
        ((1, 0, 0.5), "start_step=0.5: must be a whole number of at least 0"),
    ],
)
def test_numbers_that_cannot_be_used(values, message, refused):
    with refused(message):
        check_order(*values)


def test_indices_are_spread_evenly():
    assert spread_indices(3, 9).numpy().tolist() == [1, 4, 7]
    assert spread_indices(4, 2).numpy().tolist() == [0, 0, 1, 1]


def test_seeds_of_purposes_differ():
    seeds = [(seed, purpose) for seed in (0, 1, 2**70) for purpose in (1, 2)]
    assert len({derived_seed(*given) for given in seeds}) == len(seeds)
    assert len({tuple(draws_seed(*given).numpy()) for given in seeds}) == len(seeds)


def test_every_export_exists():
    assert all(hasattr(data, name) for name in data.__all__)


def address(array):
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, bool])
def test_a_tensor_shares_the_memory_of_what_is_shareable(dtype):
    unaligned = np.ones(4 * 6 + 1, dtype)[1:].reshape(4, 6)
    read_only = shareable(unaligned).copy()
    read_only.flags.writeable = False
    for array in (unaligned, read_only, np.asfortranarray(unaligned), unaligned[:, ::2]):
        shared = shareable(array)
        assert address(shared) % 64 == 0
        np.testing.assert_array_equal(shared, array)
        assert shareable(shared) is shared
        tensor = tf.experimental.dlpack.from_dlpack(shared.view(np.uint8).__dlpack__())
        shared[2, 1] = 0
        np.testing.assert_array_equal(tensor.numpy(), shared.view(np.uint8))


# Items and bytes of their pictures, sounds or clips.
SIZES = {
    "images": (7, 7 * 64),
    "missing": (7, 7 * 64),
    "pairs": (5, 2 * 5 * 120 * 3),
    "waves": (6, 6 * 20 * 2),
    "clips": (6, 6 * 4 * 64 * 3),
}


@pytest.mark.parametrize("kind", SIZES)
def test_their_number_and_memory_are_known(kind):
    training = TRAINING[kind](0)
    assert (training.count, training.memory) == SIZES[kind]


def test_pairs_are_kept_once():
    training = data.training_pairs(PAIRS, 8, 0)
    cutter = training.loader.args[0]
    for side in ("sources", "targets"):
        pictures, flat = getattr(training.items, side), getattr(cutter, side)
        pictures[0][0, 0] = 77
        assert flat.pixels[0].numpy().tolist() == [77, 77, 77]
        assert (PICTURES[0][0, 0] != 77).any()


def test_class_counts_are_bounded():
    def counts(labels, names):
        images = np.zeros((len(labels), 2, 2, 1), np.uint8)
        labels = None if names == () else np.array(labels, np.int32)
        return data.training_images(data.ImageArrays("x", images, labels, names)).class_counts()

    assert counts([0, 1, 1], ()) == ""
    of_a_file = data.TrainingData(PICTURES, data.DataShape((1,), 3), "x", None, 5, 1)
    assert of_a_file.class_counts() == " in 3 classes"
    assert counts([0] * 1200 + [1], ("train", "v\nal")) == " in 2 classes (train: 1,200, v al: 1)"
    assert counts([1], ("\udce9", "b")) == " in 2 classes (?: 0, b: 1)"
    labels = [k for k in range(1001) for _ in range({3: 5, 900: 9, 901: 1}.get(k, 2))]
    assert counts(labels, tuple(map(str, range(1001)))) == (
        " in 1,001 classes (0: 2, 1: 2, 2: 2, 3: 5, 4: 2, 5: 2, 6: 2, 7: 2, ..., smallest 901: 1, "
        "largest 900: 9)"
    )

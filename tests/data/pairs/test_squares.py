"""Batches of pairs: what belongs together stays together, and going on in the middle."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.data import PicturePairs, example_pairs, pair_batches, training_pairs

N = 7


def numbered(height, width, number, enlarge=1):
    """A picture whose three channels are its number, the row and the column."""
    rows, columns = np.mgrid[:height, :width]
    picture = np.stack([np.full_like(rows, number), rows, columns], -1).astype(np.uint8)
    return picture.repeat(enlarge, axis=0).repeat(enlarge, axis=1)


@pytest.fixture
def pairs():
    """Pictures of seven sizes; a target is its source, two times larger."""
    sizes = [(12 + 3 * i, 30 - 2 * i) for i in range(N)]
    sources, targets = (
        tuple(numbered(*size, i, enlarge) for i, size in enumerate(sizes)) for enlarge in (1, 2)
    )
    return PicturePairs("numbers", sources, targets, scale=2)


@pytest.fixture
def loose(pairs):
    """Two collections of the same seven and of five pictures."""
    return replace(pairs, targets=pairs.sources[:5], scale=1, paired=False)


def taken(dataset, count):
    return list(dataset.take(count).as_numpy_iterator())


def pixels(signed):
    return np.rint((signed + 1) * 127.5).astype(int)


def drawn(dataset, count, key):
    """All pictures of some batches, as uint8's values."""
    return pixels(np.concatenate([batch[key] for batch in taken(dataset, count)]))


def is_mirrored(squares):
    return squares[:, 0, 0, 2] > squares[:, 0, -1, 2]


def test_specification(pairs):
    dataset = pair_batches(pairs, batch_size=4, seed=0, crop=8, hole="free")
    assert dataset.element_spec == {
        "source": tf.TensorSpec((4, 8, 8, 3), tf.float32),
        "target": tf.TensorSpec((4, 16, 16, 3), tf.float32),
        "mask": tf.TensorSpec((4, 8, 8, 1), tf.float32),
    }
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    assert "mask" not in pair_batches(pairs, batch_size=4, seed=0, crop=8).element_spec


def test_both_sides_show_the_same_place(pairs):
    for batch in taken(pair_batches(pairs, batch_size=20, seed=0, crop=8), 5):
        source, target = pixels(batch["source"]), pixels(batch["target"])
        assert np.array_equal(source.repeat(2, axis=1).repeat(2, axis=2), target)


def test_squares_are_pieces_of_their_pictures(pairs):
    squares = drawn(pair_batches(pairs, batch_size=20, seed=0, crop=8), 5, "source")
    turned = is_mirrored(squares)
    assert 25 < turned.sum() < 75
    upright = np.where(turned[:, None, None, None], squares[:, :, ::-1], squares)
    for square in upright:
        number, top, left = square[0, 0]
        piece = pairs.sources[number][top : top + 8, left : left + 8]
        assert np.array_equal(square, piece)


def test_range_of_values():
    ends = np.array([0, 255], np.uint8).reshape(1, 2, 1)
    pairs = PicturePairs("ends", (ends,), (ends,))
    (batch,) = taken(pair_batches(pairs, batch_size=1, seed=0, flip=False), 1)
    assert batch["source"].ravel().tolist() == batch["target"].ravel().tolist() == [-1.0, 1.0]


def test_without_flips_none_is_mirrored(pairs):
    squares = drawn(pair_batches(pairs, batch_size=20, seed=0, crop=8, flip=False), 5, "source")
    assert not is_mirrored(squares).any()


def test_an_epoch_shows_each_picture_once(pairs):
    numbers = drawn(pair_batches(pairs, batch_size=4, seed=0, crop=8), 7, "source")[:, 0, 0, 0]
    epochs = numbers.reshape(4, N)
    assert (np.sort(epochs, axis=1) == np.arange(N)).all()
    assert len({tuple(epoch) for epoch in epochs}) > 1


def test_places_are_drawn_anew_in_each_epoch(pairs):
    one = replace(pairs, sources=pairs.sources[:1], targets=pairs.targets[:1])
    squares = drawn(pair_batches(one, batch_size=100, seed=0, crop=8), 20, "source")
    places = squares[:, 0].min(axis=1)[:, 1:]
    assert set(map(tuple, places.tolist())) == {(top, left) for top in range(5) for left in range(23)}


def some_masks(side, count=5):
    return np.random.default_rng(0).uniform(size=(count, side, side)) < 0.5


@pytest.mark.parametrize("hole", [None, "box", "brush", some_masks(8)], ids=["none", "box", "brush", "masks"])
@pytest.mark.parametrize("kind", ["pairs", "loose"])
def test_going_on_yields_what_would_have_come(request, kind, hole):
    start_step = 1  # batches of 4 of 7 pictures: this step spans two epochs
    options = {"batch_size": 4, "seed": 5, "crop": 8, "hole": hole}
    pairs = request.getfixturevalue(kind)
    whole = taken(pair_batches(pairs, **options), start_step + 3)[start_step:]
    rest = taken(pair_batches(pairs, **options, start_step=start_step), 3)
    for a, b in zip(whole, rest, strict=True):
        assert a.keys() == b.keys()
        assert all(np.array_equal(a[key], b[key]) for key in a)


def test_seeds_differ_and_repeat(pairs):
    def first(seed):
        return taken(pair_batches(pairs, batch_size=8, seed=seed, crop=8, hole="box"), 1)[0]

    seeds = [first(seed) for seed in (0, 1, 2**40)]
    assert np.array_equal(first(0)["source"], seeds[0]["source"])
    for key in ("source", "target", "mask"):
        assert len({batch[key].tobytes() for batch in seeds}) == 3


def test_sides_without_pairs_are_independent(loose):
    dataset = pair_batches(loose, batch_size=35, seed=0, crop=8)
    sources, targets = (drawn(dataset, 40, key) for key in ("source", "target"))
    for squares, count in ((sources, 7), (targets, 5)):
        assert np.bincount(squares[:, 0, 0, 0]).tolist() == [1400 // count] * count
    features = [
        (squares[:, 0, 0, 0], squares[:, 0, 0, 1], is_mirrored(squares)) for squares in (sources, targets)
    ]
    for a, b in zip(*features, strict=True):
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.1  # standard deviation 1 / sqrt(1400) = 0.027
    together = np.bincount(features[0][0] * 5 + features[1][0], minlength=35)
    assert together.min() > 10  # every combination comes; 40 are expected


def test_sides_of_one_length_have_orders_of_their_own(loose):
    dataset = pair_batches(replace(loose, targets=loose.sources), batch_size=35, seed=0, crop=8)
    sources, targets = (drawn(dataset, 4, key)[:, 0, 0, 0] for key in ("source", "target"))
    assert np.mean(sources == targets) < 0.4  # 1/7 is expected


@pytest.mark.parametrize("hole", ["box", "free", some_masks(8)], ids=["box", "free", "masks"])
def test_holes_take_from_the_source_alone(pairs, hole):
    options = {"batch_size": 30, "seed": 2, "crop": 8}
    whole = taken(pair_batches(pairs, **options), 2)
    for batch, expected in zip(taken(pair_batches(pairs, **options, hole=hole), 2), whole, strict=True):
        known = batch["mask"] == 1
        assert ((batch["mask"] == 0) | known).all()
        assert (~known).any(axis=(1, 2, 3)).all()
        assert np.array_equal(batch["target"], expected["target"])
        assert np.array_equal(batch["source"], np.where(known, expected["source"], 0))
        assert not np.signbit(batch["source"][np.broadcast_to(~known, batch["source"].shape)]).any()


def test_holes_differ_from_picture_to_picture_and_step_to_step(pairs):
    masks = drawn(pair_batches(pairs, batch_size=5, seed=0, crop=16 - 4, hole="free"), 4, "mask")
    assert len({mask.tobytes() for mask in masks}) == 20


def test_holes_are_those_of_the_masks_that_are_given(pairs):
    masks = some_masks(8)
    batches = taken(pair_batches(pairs, batch_size=5, seed=0, crop=8, hole=masks), 12)
    drawn = np.concatenate([batch["mask"] for batch in batches])[..., 0]
    numbers = [int(np.flatnonzero((masks == mask).all((1, 2)))[0]) for mask in drawn]
    assert set(numbers) == set(range(5))
    assert example_pairs(pairs, 2, seed=0, crop=8, hole=masks)["mask"].shape == (2, 8, 8, 1)


def test_other_masks_are_other_data(pairs):
    masks = some_masks(8)
    data = [training_pairs(pairs, 8, hole=hole) for hole in ("box", masks, masks, masks[:4])]
    prints = [one.fingerprint for one in data]
    assert prints[0] == pairs.fingerprint
    assert prints[1] == prints[2]
    assert len(set(prints)) == 3
    assert data[1].memory == data[0].memory + masks.nbytes


def test_without_a_crop_pictures_come_whole():
    sources = tuple(numbered(8, 10, i) for i in range(3))
    pairs = PicturePairs("whole", sources, tuple(255 - source for source in sources))
    batch = taken(pair_batches(pairs, batch_size=3, seed=0, flip=False), 1)[0]
    assert sorted(x.tobytes() for x in pixels(batch["source"]).astype(np.uint8)) == sorted(
        x.tobytes() for x in sources
    )
    np.testing.assert_allclose(batch["target"], -batch["source"], atol=1e-6)


def test_pictures_that_are_too_small_are_named(pairs, loose, refused):
    named = replace(pairs, names=tuple(f"{i}.png" for i in range(N)))
    with refused("numbers", "0.png is 30x12", "13x13", "crop 13"):
        pair_batches(named, batch_size=2, seed=0, crop=13)
    with refused("0.png"):
        example_pairs(named, 2, seed=0, crop=13)
    few = replace(loose, targets=(numbered(40, 40, 0), numbered(9, 40, 1)))
    with refused("target 1 is 40x9", "crop 10"):
        pair_batches(few, batch_size=2, seed=0, crop=10)


def test_what_is_refused(pairs, refused):
    with refused("different sizes", "source 0 is 30x12", "source 1 is 28x15", "pass crop"):
        pair_batches(pairs, batch_size=2, seed=0)
    with refused("hole 'round'", "box, free"):
        pair_batches(pairs, batch_size=2, seed=0, crop=8, hole="round")
    with refused("8x8", "7x7"):
        pair_batches(pairs, batch_size=2, seed=0, crop=7, hole="box")
    with refused("masks must be bool (M, 8, 8)", "(5, 9, 9)"):
        pair_batches(pairs, batch_size=2, seed=0, crop=8, hole=some_masks(9))
    for name, value in (("batch_size", 0), ("seed", -1), ("start_step", 1.5), ("crop", 0)):
        with refused(f"{name}={value!r}", "at least"):
            pair_batches(pairs, **{"batch_size": 2, "seed": 0, "crop": 8, name: value})
    with refused("n=0"):
        example_pairs(pairs, 0, seed=0, crop=8)


def test_examples_are_centres_spread_over_the_collection(pairs):
    batch = example_pairs(pairs, 3, seed=0, crop=8)
    assert batch["source"].dtype == batch["target"].dtype == np.float32
    for number, source, target in zip((1, 3, 5), batch["source"], batch["target"], strict=True):
        picture = pairs.sources[number]
        top, left = (picture.shape[0] - 8) // 2, (picture.shape[1] - 8) // 2
        piece = picture[top : top + 8, left : left + 8]
        assert np.array_equal(pixels(source), piece)
        assert np.array_equal(pixels(target), piece.repeat(2, axis=0).repeat(2, axis=1))


def test_more_examples_than_pictures(loose):
    batch = example_pairs(loose, 10, seed=0, crop=8)
    assert pixels(batch["target"])[:, 0, 0, 0].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert set(pixels(batch["source"])[:, 0, 0, 0]) == set(range(7))


def test_examples_with_holes(pairs):
    batch, again, other = (example_pairs(pairs, 5, seed=seed, crop=8, hole="free") for seed in (0, 0, 1))
    assert np.array_equal(batch["mask"], again["mask"])
    assert not np.array_equal(batch["mask"], other["mask"])
    assert np.array_equal(batch["target"], other["target"])
    assert (batch["source"][np.broadcast_to(batch["mask"] == 0, batch["source"].shape)] == 0).all()

"""Real-ESRGAN's degradation: each operation against a definition, and squares as functions of their seeds."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy.ndimage import correlate, gaussian_filter

from tests.data.eager import batch, same
from tfgan_ref.data import example_pairs, read_pairs, split_pairs, training_pairs
from tfgan_ref.data.images.resize import bicubic_resize
from tfgan_ref.data.pairs.degradation import (
    FIRST,
    PHASES,
    RIM,
    SECOND,
    Degraded,
    Stage,
    add_noise,
    blur,
    degrade,
    jpeg,
    resize,
)
from tfgan_ref.data.pairs.stored import StoredPairs


def image(*shape, seed=0):
    return np.random.default_rng(seed).uniform(0, 1, shape).astype(np.float32)


def smooth(height, width, channels=3, seed=0):
    """A picture of blobs of some 10 pixels, uint8."""
    values = gaussian_filter(np.random.default_rng(seed).normal(0, 1, (height, width, channels)), (5, 5, 0))
    return np.rint(127.5 + 45 * values / values.std()).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("shape", "size"), [((40, 31, 3), 21), ((9, 7, 1), 15), ((5, 6, 3), 7)])
def test_blur_is_a_convolution_with_a_mirrored_border(shape, size):
    kernel = image(size, size, seed=1)
    kernel /= kernel.sum()
    found = blur(image(*shape), kernel)
    # ndimage's "mirror" is NumPy's "reflect".
    expected = correlate(image(*shape), kernel[::-1, ::-1, np.newaxis], mode="mirror")
    np.testing.assert_allclose(found, expected, atol=2e-6)


def keys(x, a=-0.75):
    x = abs(x)
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0


@pytest.mark.parametrize("new_size", [3, 5, 10, 17])
@pytest.mark.parametrize("mode", ["area", "bilinear", "bicubic"])
def test_resize_is_what_the_sums_say(mode, new_size):
    line = image(10, 1, 1)[:, 0, 0].astype(float)
    expected = []
    for i in range(new_size):
        if mode == "area":
            touched = [k for k in range(10) if k + 1 > i * 10 / new_size and k < (i + 1) * 10 / new_size]
            expected.append(line[touched].mean())
            continue
        centre, weigh = (
            (i + 0.5) * 10 / new_size - 0.5,
            {"bilinear": lambda x: max(0, 1 - abs(x))}.get(mode, keys),
        )
        expected.append(sum(weigh(centre - k) * line[min(max(k, 0), 9)] for k in range(-3, 13)))
    down = resize(image(10, 1, 1).repeat(4, axis=1), [new_size, 4], mode)
    across = resize(image(10, 1, 1).transpose(1, 0, 2), [1, new_size], mode)
    np.testing.assert_allclose(down, np.array(expected)[:, None, None].repeat(4, axis=1), atol=1e-6)
    np.testing.assert_allclose(across[0, :, 0], expected, atol=1e-6)
    assert down.dtype == across.dtype == np.float32


def test_noise_has_the_strengths_asked_for():
    stage = Stage(1, (1, 1), (0, 0, 1), (1, 1), (20, 20), (1.5, 1.5))
    flat = np.full((40, 40, 3), 128 / 255, np.float32)
    drawn = [255 * (add_noise(flat, stage, np.random.default_rng(seed)) - flat) for seed in range(60)]
    grey = [np.ptp(noise, axis=-1).max() < 1e-3 for noise in drawn]
    assert 0.25 < np.mean(grey) < 0.55  # 0.4
    # Poisson's of 256 levels has the standard deviation 256 sqrt(level / 255 / 256), times the strength.
    poisson = 1.5 * 255 * np.sqrt(128 / 255 / 256)
    kinds = [abs(noise.std() - 20) < abs(noise.std() - poisson) for noise in drawn]
    assert 0.35 < np.mean(kinds) < 0.65  # 0.5
    for noise, gaussian in zip(drawn, kinds, strict=True):
        assert noise.std() == pytest.approx(20 if gaussian else poisson, rel=0.1)
        assert abs(noise.mean()) < 2


def test_noise_stays_in_range():
    for level in (2, 253):
        flat = np.full((20, 20, 3), level / 255, np.float32)
        for seed in range(6):
            noisy = add_noise(flat, FIRST, np.random.default_rng(seed))
            assert noisy.min() >= 0
            assert noisy.max() <= 1


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_what_a_file_gives(channels):
    pixels = smooth(21, 30, channels)
    for quality in (30, 95):
        file = io.BytesIO()
        Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(file, "JPEG", quality=quality)
        expected = np.asarray(Image.open(io.BytesIO(file.getvalue()))).reshape(pixels.shape)
        np.testing.assert_array_equal(np.rint(255 * jpeg(pixels.astype(np.float32) / 255, quality)), expected)


@pytest.mark.parametrize(("scale", "channels"), [(2, 3), (4, 1), (4, 3), (8, 3)])
def test_a_degraded_picture_is_a_function_of_its_seed(scale, channels):
    picture = smooth(8 * scale, 11 * scale, channels)
    made = [degrade(picture, scale, np.random.default_rng(seed)) for seed in (3, 3, 4)]
    assert [(small.shape, small.dtype) for small in made] == [((8, 11, channels), np.uint8)] * 3
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


@pytest.mark.parametrize("place", [(0, 0), (9, 13), (18, 22)], ids=["corner", "middle", "other corner"])
def test_squares_show_their_places(place):
    """The mean over seeds is nearest to the bicubic small picture there, not a pixel beside it."""
    picture = smooth(120, 136)
    top, left = place
    mean = np.mean([Degraded(picture, 4).square(top, left, 12, 12, [seed]) for seed in range(80)], axis=0)
    small = np.pad(bicubic_resize(picture, 0.25), ((2, 2), (2, 2), (0, 0)), mode="symmetric")
    errors = {
        (down, right): np.mean((mean - small[top + down :, left + right :][:12, :12]) ** 2)
        for down in range(5)
        for right in range(5)
    }
    assert min(errors, key=errors.get) == (2, 2)
    assert errors[2, 2] < 0.5 * np.mean([errors[corner] for corner in ((0, 0), (0, 4), (4, 0), (4, 4))])


def test_squares_are_cut_from_what_is_degraded_around_them():
    """Outside the rim nothing matters, and JPEG's blocks begin anywhere."""
    picture = smooth(160, 160, seed=2)
    other = picture.copy()
    reach = 2 * (RIM + PHASES)
    other[: 2 * 40 - reach] = 0
    other[2 * 50 + reach :] = 255
    for seed in range(5):
        squares = [Degraded(each, 2).square(40, 30, 10, 10, [seed]) for each in (picture, other)]
        assert np.array_equal(*squares)


def test_ranges_are_those_of_the_authors():
    assert Stage(1.0, (0.2, 3), (0.2, 0.7, 0.1), (0.15, 1.5), (1, 30), (0.05, 3)) == FIRST
    assert Stage(0.8, (0.2, 1.5), (0.3, 0.4, 0.3), (0.3, 1.2), (1, 25), (0.05, 2.5)) == SECOND


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    """Pictures of several sizes, one smaller than the rim around a square, of two formats."""
    for i, (height, width) in enumerate([(40, 51), (37, 44), (16, 18), (64, 48), (50, 50)]):
        path = tmp_path / "pictures" / f"{i}.{'jpg' if i % 2 else 'png'}"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(smooth(height, width, seed=i)).save(path)
    return f"folder:{tmp_path / 'pictures'}"


def degraded(folder, stream="off", **form):
    return read_pairs(folder, make="degraded", scale=2, stream=stream, **form)


def test_pictures_in_memory_and_on_disk_give_the_same_squares(folder):
    kept, stored = degraded(folder), degraded(folder, "on")
    assert isinstance(kept, StoredPairs)
    trained = [training_pairs(pairs, 8, seed=7) for pairs in (kept, stored)]
    for step in (0, 3):
        assert same(*(batch(data.loader(6), step) for data in trained))
    assert same(*(data.examples[0] for data in trained))
    assert trained[0].memory == trained[1].memory == read_pairs(folder, make="small", scale=2).nbytes
    # Those in memory are not called files on disk.
    assert trained[0].faults is None
    assert trained[1].faults is stored.faults
    assert stored.fingerprint != read_pairs(folder, make="small", scale=2, stream="on").fingerprint


def test_targets_are_those_beside_bicubic_sources(folder):
    drawn, bicubic = (
        batch(training_pairs(pairs, 8, seed=3).loader(20), 1)
        for pairs in (degraded(folder), read_pairs(folder, make="small", scale=2))
    )
    assert np.array_equal(drawn["target"], bicubic["target"])
    assert drawn["source"].shape == bicubic["source"].shape == (20, 8, 8, 3)
    # And their sources show the same, mirrored or not: on average no more than noise apart.
    assert np.mean((drawn["source"] - bicubic["source"]) ** 2) < 0.5 * np.mean(
        (drawn["source"] - bicubic["source"][:, :, ::-1]) ** 2
    )


def test_a_square_is_degraded_anew_each_time(folder):
    one = degraded(folder).take(np.array([2]))
    steps = [batch(training_pairs(one, 8, flip=False).loader(3), step)["source"] for step in range(3)]
    assert len({source.tobytes() for source in np.concatenate(steps)}) == 9
    # A loader of a run that goes on gives what would have come, one of another seed does not.
    later = training_pairs(degraded(folder).take(np.array([2])), 8, flip=False).loader(3)
    assert np.array_equal(batch(later, 2)["source"], steps[2])
    other = training_pairs(one, 8, seed=1, flip=False).loader(3)
    assert not np.array_equal(batch(other, 2)["source"], steps[2])


def test_replicas_read_their_rows(folder):
    loader = training_pairs(degraded(folder), 8).loader(4)
    chosen = loader.choose(tf.range(12, 16, dtype=tf.int64), tf.constant(3))
    part = loader.finish(loader.gather({name: rows[2:] for name, rows in chosen.items()}, loader.arrays))
    for name, values in batch(loader, 3).items():
        assert np.array_equal(part[name], values[2:])


def test_examples_and_what_is_held_out_are_fixed(folder):
    pairs = degraded(folder)
    assert same(*(example_pairs(pairs, 6, seed=0, crop=8) for _ in range(2)))
    training, held_out = split_pairs(pairs, 2)
    assert (training.source_count, held_out.source_count) == (3, 2)
    assert training.degraded
    assert not training.on_disk


def test_grey_pictures_and_other_sizes(folder):
    made = batch(training_pairs(degraded(folder, channels=1, image_size=32), 8).loader(2), 0)
    assert made["source"].shape == (2, 8, 8, 1)
    assert made["target"].shape == (2, 16, 16, 1)


def test_what_is_refused(folder, tmp_path, refused):
    with refused("make 'degraded' with scale 1: 'small' and 'degraded' need at least 2"):
        read_pairs(folder, make="degraded")
    with refused("sidebyside:", "have sources of their own", "degradation=real"):
        read_pairs(f"sidebyside:{tmp_path}", make="degraded", scale=2)
    with refused("2.png is 9x8, smaller than the squares of 10x10", "crop 10 is too large"):
        training_pairs(degraded(folder), 10)

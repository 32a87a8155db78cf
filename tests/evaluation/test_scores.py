"""Scores with their floors, and features that are kept."""

import logging
from dataclasses import replace

import numpy as np
import pytest

from tfgan_ref import metrics
from tfgan_ref.data import ImageArrays
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation import METRICS, Features, Sides, extract_drawn, extract_real, score
from tfgan_ref.evaluation import features as features_module


def make(seed, n=120, mean=0.0):
    rng = np.random.default_rng(seed)
    return Features(
        rng.normal(mean, 1, (n, 8)).astype(np.float32),
        rng.normal(0, 3, (n, 4)).astype(np.float32),
        rng.integers(0, 4, n),
    )


def sides(fake, *, reference=None, training=None):
    """A comparison with ``fake``; the other real images are the training set."""
    training = training or make(7, 150)
    return Sides(reference or make(0), fake, training, training)


class Flat:
    """An extractor of the first pixels, which counts what it is shown."""

    name, label, key = "first pixels", "distance", "flat"

    def __init__(self):
        self.seen = 0

    def __call__(self, images):
        self.seen += len(images)
        flat = images.reshape(len(images), -1).astype(np.float32)
        return flat[:, :6], flat[:, 6:9]


def arrays(n=40, seed=0):
    images = np.random.default_rng(seed).integers(0, 256, (n, 4, 4, 1), np.uint8)
    return ImageArrays("noise", images, np.arange(n, dtype=np.int32) % 2, ("a", "b"))


def test_every_metric_has_its_value_and_floor_of_equal_numbers():
    found = score(list(METRICS), sides(make(1, 140, mean=0.5)))
    assert {s.metric.split(".")[0] for s in found} == set(METRICS)
    by_title = {s.title: s for s in found}
    for title in (
        "Frechet distance",
        "Wasserstein distance",
        "kernel MMD (Xu et al.)",
        "kernel distance",
        "MIND",
    ):
        assert by_title[title].value > by_title[title].floor
    assert by_title["precision"].value < by_title["precision"].floor
    assert {s.n for s in found} == {120}
    for title in ("Frechet distance", "kernel distance", "coverage", "Clipped Coverage"):
        low, high = by_title[title].interval
        assert low < by_title[title].value <= high
    assert by_title["coverage"].interval[1] <= 1


def test_the_floor_is_the_score_of_the_other_real_images():
    names = [name for name in METRICS if name != "memorisation"]
    asked = sides(make(1, mean=0.5))
    of_real = score(names, asked._replace(fake=asked.real.take(slice(120))), 3)
    # As many rows on each side, so the choice of rows is what may differ: none, where it takes them all.
    asked = asked._replace(real=asked.real.take(slice(120)))
    for found, real in zip(score(names, asked, 3), of_real, strict=True):
        same = metrics_that_ignore_order(found.metric)
        assert not same or found.floor == pytest.approx(real.value, rel=1e-9, abs=1e-12), found.metric


def metrics_that_ignore_order(metric):
    return metric not in ("fid_infinity", "is") and not metric.startswith("fld")


def test_scores_and_floors_of_large_sets_are_of_a_choice_of_equal_number():
    fake, reference, real = make(1, 90), make(0, 400), make(2, 300)
    (found,) = score(["fid"], Sides(reference, fake, real, real), 5)
    order = np.random.default_rng(5)
    chosen = [side.features[order.permutation(len(side.features))[:90]] for side in (reference, fake, real)]
    assert found.value == metrics.frechet_distance(chosen[0], chosen[1])
    assert found.floor == metrics.frechet_distance(chosen[0], chosen[2])


def test_real_images_are_no_nearer_to_the_floor_for_being_more():
    # Of one distribution: at equal numbers, scores scatter around the floor, not below it.
    training = make(11, 1500)
    found = [
        score(["fid"], Sides(make(i, 200), make(50 + i, 2000), training, training), i)[0] for i in range(12)
    ]
    differences = np.array([s.value - s.floor for s in found])
    assert abs(differences.mean()) < 4 * differences.std(ddof=1) / 12**0.5


def test_copies_of_the_training_set_are_caught_and_held_out_images_are_not():
    training, reference, held_out = make(5, 600), make(6, 300), make(7, 300)
    by_metric = {}
    for name, fake in (("copies", training.take(slice(300))), ("held out", held_out)):
        for found in score(["fid", "fld", "memorisation"], Sides(reference, fake, held_out, training)):
            by_metric[name, found.metric] = found
    share = by_metric["copies", "memorisation.memorised share"]
    assert share.value == 1
    assert by_metric["copies", "fld.FLD"].value > 1000
    assert by_metric["copies", "memorisation.authenticity difference"].value < -0.3
    unseen = by_metric["held out", "memorisation.memorised share"]
    assert abs(unseen.value) < 4 * unseen.spread < 1
    assert abs(by_metric["held out", "fld.FLD"].value) < 20
    # The Frechet distance praises copies as much.
    assert by_metric["copies", "fid"].value < 2 * by_metric["held out", "fid"].value


def test_labels_that_a_metric_needs():
    centres = 4 * np.eye(4, 8, dtype=np.float32)

    def labelled(seed, right=True):
        found = make(seed)
        moved = found.features + centres[found.labels]
        return found._replace(features=moved, labels=found.labels if right else (found.labels + 1) % 4)

    for right, least, most in ((True, 0.9, 1.0), (False, 0.0, 0.1)):
        real = labelled(2)
        (found,) = score(["accuracy"], Sides(labelled(0), labelled(1, right), real, real))
        assert least <= found.value <= most
        assert found.floor > 0.9
    with pytest.raises(
        InputError, match="metric accuracy needs the labels of all images, fake ones have none"
    ):
        score(["accuracy"], sides(make(1)._replace(labels=None)))


def test_frechet_distance_of_a_set_to_itself_is_zero():
    real = make(0)
    (found,) = score(["fid"], sides(real))
    trace = np.trace(np.cov(real.features.T))
    assert found.value <= 1e-6 * trace


def test_kid_has_a_spread_where_its_subsets_differ():
    (one,) = score(["kid"], sides(make(1)))
    assert one.spread is None
    subset = metrics.kernel_distance(make(0).features, make(1).features, subsets=3, subset_size=120)
    assert one.value == pytest.approx(subset[0], rel=1e-9)
    large = [make(i, 1010) for i in range(3)]
    (several,) = score(["kid"], Sides(*large, large[2]), intervals=False)
    assert several.spread > 1e-6


def test_intervals_can_be_left_out():
    assert {s.interval for s in score(["fid", "kid", "clipped"], sides(make(1)), intervals=False)} == {None}


def test_better_is_low_high_or_near_a_number():
    found = {
        s.title: s for s in score(["fid", "precision_recall", "one_nn"], sides(make(1)), intervals=False)
    }
    fid, recall, one_nn = (found[title] for title in ("Frechet distance", "recall", "1-NN accuracy"))
    assert fid.improves_on(fid.value + 1)
    assert not fid.improves_on(fid.value)
    assert recall.improves_on(recall.value - 1)
    assert one_nn.improves_on(0.5 + 2 * abs(one_nn.value - 0.5) + 0.1)


def test_large_sets_are_reduced_for_the_exact_assignment(monkeypatch):
    assert METRICS["wasserstein"].largest == 2000
    monkeypatch.setitem(METRICS, "wasserstein", replace(METRICS["wasserstein"], largest=50))
    (found,) = score(["wasserstein"], sides(make(1, 150)))
    assert found.n == 50


@pytest.mark.parametrize(
    ("names", "real", "message"),
    [
        (["fidd"], make(0), "metric 'fidd' is unknown: choose from fid, fid_infinity, kid"),
        (["fid"], make(0, 5), "5 reference images are too few to score: at least 12"),
        (["fid"], make(0)._replace(features=make(0).features * np.nan), "NaN"),
    ],
)
def test_what_cannot_be_scored(names, real, message):
    with pytest.raises(InputError, match=message):
        score(names, sides(make(1), reference=real))


def test_real_features_are_computed_once(tmp_path):
    extractor = Flat()
    first = extract_real(arrays(), 100, extractor, 0, cache=tmp_path)
    assert extractor.seen == 40
    again = extract_real(arrays(), 100, extractor, 0, cache=tmp_path)
    assert extractor.seen == 40
    np.testing.assert_array_equal(first.features, again.features)
    # Other data, another number or another choice are other features.
    extract_real(arrays(seed=1), 100, extractor, 0, cache=tmp_path)
    extract_real(arrays(), 20, extractor, 0, cache=tmp_path)
    chosen = extract_real(arrays(), 20, extractor, 1, cache=tmp_path)
    assert extractor.seen == 120
    assert len(chosen.features) == 20
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"nothing"])
def test_damaged_cache_is_computed_again(tmp_path, caplog, content):
    expected = extract_real(arrays(), 100, Flat(), 0, cache=tmp_path)
    (kept,) = (tmp_path / "features").iterdir()
    kept.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        again = extract_real(arrays(), 100, Flat(), 0, cache=tmp_path)
    assert "computing them again" in caplog.text
    np.testing.assert_array_equal(again.features, expected.features)


def test_interrupted_extraction_leaves_no_cache(tmp_path):
    class Interrupted(Flat):
        def __call__(self, images):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract_real(arrays(), 100, Interrupted(), 0, cache=tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_drawn_images_are_seen_once_each(monkeypatch):
    monkeypatch.setattr(features_module, "BATCH", 7)
    images = arrays(20).images
    calls = []
    found = extract_drawn(lambda a, b: calls.append((a, b)) or images[a:b], 20, Flat(), "drawing")
    assert calls == [(0, 7), (7, 14), (14, 20)]
    np.testing.assert_array_equal(found.features, Flat()(images)[0])


def test_features_that_are_not_finite_are_an_error():
    class Broken(Flat):
        def __call__(self, images):
            features, logits = super().__call__(images)
            return features * np.nan, logits

    with pytest.raises(InputError, match="first pixels gave NaN or infinite features"):
        extract_drawn(lambda a, b: arrays(20).images[a:b], 20, Broken(), None)


def test_scores_are_those_of_the_metrics():
    asked = sides(make(1, mean=0.2))
    names = ["fid", "is", "mode_score", "precision_recall"]
    by_metric = {s.metric: s for s in score(names, asked, seed=4)}
    # In the order in which they were chosen, which the Inception Score's splits and rounding depend on.
    order = np.random.default_rng(4)
    real, fake, other = (side.take(order.permutation(len(side.features))[:120]) for side in asked[:3])
    assert by_metric["fid"].value == metrics.frechet_distance(real.features, fake.features)
    assert (by_metric["is"].value, by_metric["is"].spread) == metrics.inception_score(fake.logits, 10, 4)
    assert by_metric["is"].floor == metrics.inception_score(other.logits, 10, 4)[0]
    assert by_metric["mode_score"].value == metrics.mode_score(real.logits, fake.logits)
    parts = [by_metric["precision_recall.precision"].value, by_metric["precision_recall.recall"].value]
    assert parts == list(metrics.precision_recall(real.features, fake.features))


def test_intervals_end_where_values_do():
    found = {s.title: s for s in score(["density_coverage"], sides(make(1)))}["coverage"]
    low, high = found.interval
    assert 2 * found.value - low > 1  # as wide above it as below
    assert high == 1

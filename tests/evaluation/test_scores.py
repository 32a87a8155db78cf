"""Scores with their floors, and features that are kept."""

import logging
from dataclasses import replace

import numpy as np
import pytest

from tfgan_ref import metrics
from tfgan_ref.data import ImageArrays
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation import METRICS, Features, extract_drawn, extract_real, halves, score
from tfgan_ref.evaluation import features as features_module


def make(seed, n=120, mean=0.0):
    rng = np.random.default_rng(seed)
    return Features(
        rng.normal(mean, 1, (n, 8)).astype(np.float32), rng.normal(0, 3, (n, 4)).astype(np.float32)
    )


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


def test_every_metric_has_its_value_and_floor():
    found = score(list(METRICS), make(0), make(1, 150, mean=0.5))
    assert {s.metric.split(".")[0] for s in found} == set(METRICS)
    by_title = {s.title: s for s in found}
    for title in ("Frechet distance", "Wasserstein distance", "kernel MMD (Xu et al.)", "kernel distance"):
        assert by_title[title].value > by_title[title].floor
    assert by_title["precision"].value < by_title["precision"].floor
    assert by_title["Frechet distance"].rows == (120, 150)
    assert by_title["Frechet distance"].floor_rows == (60, 60)
    assert by_title["coverage"].rows == (120, 120)


def test_frechet_distance_of_a_set_to_itself_is_zero():
    real = make(0)
    (found,) = score(["fid"], real, real)
    trace = np.trace(np.cov(real.features.T))
    assert found.value <= 1e-6 * trace


def test_score_against_the_other_half_is_the_floor():
    real = make(0)
    half, other = halves(real, seed=3)
    for name in ("fid", "kid", "mode_score", "precision_recall", "wasserstein", "one_nn"):
        for of_half, whole in zip(
            score([name], half, other, 3), score([name], real, make(1), 3), strict=True
        ):
            assert of_half.value == whole.floor, name


def test_kid_has_a_spread_where_its_subsets_differ():
    (one,) = score(["kid"], make(0), make(1))
    assert one.spread is None
    subset = metrics.kernel_distance(make(0).features, make(1).features, subsets=3, subset_size=120)
    assert one.value == pytest.approx(subset[0], rel=1e-9)
    (several,) = score(["kid"], make(0), make(1, 150))
    assert several.spread > 1e-6


def test_halves_are_disjoint_and_seeded():
    real = Features(np.arange(24.0)[:, None], np.zeros((24, 2)))
    half, other = halves(real, 0)
    assert sorted([*half.features[:, 0], *other.features[:, 0]]) == list(range(24))
    assert not np.array_equal(half.features, halves(real, 1)[0].features)


def test_better_is_low_high_or_near_a_number():
    fid, recall, one_nn = (
        next(
            s
            for s in score([name], make(0), make(1))
            if s.title in ("Frechet distance", "recall", "1-NN accuracy")
        )
        for name in ("fid", "precision_recall", "one_nn")
    )
    assert fid.improves_on(fid.value + 1)
    assert not fid.improves_on(fid.value)
    assert recall.improves_on(recall.value - 1)
    assert one_nn.improves_on(0.5 + 2 * abs(one_nn.value - 0.5) + 0.1)


def test_large_sets_are_reduced_for_the_exact_assignment(monkeypatch):
    assert METRICS["wasserstein"].largest == 2000
    monkeypatch.setitem(METRICS, "wasserstein", replace(METRICS["wasserstein"], largest=50))
    (found,) = score(["wasserstein"], make(0), make(1, 150))
    assert (found.rows, found.floor_rows) == ((50, 50), (50, 50))


@pytest.mark.parametrize(
    ("names", "real", "message"),
    [
        (["fidd"], make(0), "metric 'fidd' is unknown: choose from fid, kid"),
        (["fid"], make(0, 5), "5 real images are too few to score: at least 12"),
        (["fid"], Features(make(0).features * np.nan, make(0).logits), "NaN"),
    ],
)
def test_what_cannot_be_scored(names, real, message):
    with pytest.raises(InputError, match=message):
        score(names, real, make(1))


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
    real, fake = make(0), make(1, mean=0.2)
    by_metric = {
        s.metric: s for s in score(["fid", "is", "mode_score", "precision_recall"], real, fake, seed=4)
    }
    assert by_metric["fid"].value == metrics.frechet_distance(real.features, fake.features)
    assert (by_metric["is"].value, by_metric["is"].spread) == metrics.inception_score(fake.logits, 10, 4)
    assert by_metric["is"].floor == metrics.inception_score(real.logits, 10, 4)[0]
    assert by_metric["mode_score"].value == metrics.mode_score(real.logits, fake.logits)
    parts = [by_metric["precision_recall.precision"].value, by_metric["precision_recall.recall"].value]
    # The metric takes equal numbers in a seeded order, which does not matter when all are taken.
    assert parts == list(metrics.precision_recall(real.features, fake.features))

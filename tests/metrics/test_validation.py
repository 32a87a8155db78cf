"""What all metrics of two feature sets refuse, each with one line."""

import subprocess
import sys

import numpy as np
import pytest

from tfgan_ref import metrics
from tfgan_ref.errors import InputError
from tfgan_ref.metrics.validation import CHECKED_ROWS, check_finite

GOOD = np.random.default_rng(0).normal(size=(30, 4))
METRICS = {
    "frechet_distance": {},
    "kernel_distance": {"subsets": 2, "subset_size": 5},
    "maximum_mean_discrepancy": {},
    "wasserstein_distance": {},
    "sliced_wasserstein_distance": {},
    "monge_distance": {"projections": 8},
    "frechet_infinity": {},
    "nearest_neighbour_accuracy": {},
    "precision_recall": {},
    "density_coverage": {},
    "clipped_density_coverage": {},
    "authenticity": {},
    "mode_score": {},
}
BAD = {
    "NaN": np.where(GOOD > 2, np.nan, GOOD),
    "NaN or infinite": np.where(GOOD > 2, np.inf, GOOD),
    "at least 2": GOOD[:1],
    r"shape \(N, d\)": GOOD[:, 0],
    "must be equal": GOOD[:, :3],
    r"not \(30, 0\)": GOOD[:, :0],
    "real numbers": GOOD.astype(str),
    "not complex": GOOD.astype(complex),
}


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("message", BAD)
def test_bad_features(name, message):
    metric = getattr(metrics, name)
    for arguments in ((BAD[message], GOOD), (GOOD, BAD[message])):
        with pytest.raises(InputError, match=message) as error:
            metric(*arguments, **METRICS[name])
        assert "\n" not in str(error.value)


def test_one_bad_value_is_found_in_any_row():
    values = np.ones((CHECKED_ROWS + 2, 1))
    values[-1] = np.nan
    with pytest.raises(InputError, match="NaN"):
        check_finite(values, "values")


@pytest.mark.parametrize("name", METRICS)
def test_other_inputs_are_read_as_numbers(name):
    metric = getattr(metrics, name)
    whole = np.random.default_rng(1).integers(0, 50, size=(2, 30, 4))
    expected = metric(*whole.astype("float64"), **METRICS[name])
    assert metric(*whole.astype("uint8"), **METRICS[name]) == expected
    assert metric(*whole.astype("float16"), **METRICS[name]) == expected
    assert metric(*whole.tolist(), **METRICS[name]) == expected
    assert metric(*np.asfortranarray(whole), **METRICS[name]) == pytest.approx(expected, rel=1e-12)


def test_inputs_are_not_changed():
    real, fake = GOOD.copy(), GOOD[::-1] + 1
    kept = fake.copy()
    for name, settings in METRICS.items():
        getattr(metrics, name)(real, fake, **settings)
    np.testing.assert_array_equal(real, GOOD)
    np.testing.assert_array_equal(fake, kept)


def test_import_loads_neither_tensorflow_nor_scipy():
    code = "import sys, tfgan_ref.metrics; print({'tensorflow', 'scipy'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"

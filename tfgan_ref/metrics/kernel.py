"""Maximum mean discrepancy between feature sets: the kernel distance (KID) and the "kernel MMD" of Xu et al.

MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y) (Gretton et al. 2012, equation 2). It does not change when the
kernel is replaced by k(x, y) + f(x) + f(y). Features are therefore shifted to their joint mean and the parts
of the kernel that cancel are left out, which keeps the digits of a small distance between features with a
large mean.
"""

import numpy as np

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.validation import joint_mean, one_of, positive, row_pair, whole_number

BLOCK = 1024
MOST_WEIGHTS = 2**26  # 512 MB
CHUNK = 2**15  # kernel values that are worked on at once: they stay in the processor's cache


class PolynomialKernel:
    """k(x, y) = (x'y / d + 1)^3, the kernel of KID (Binkowski et al. 2018, section 4).

    With x = c + u, y = c + v and w = (u'c + v'c + u'v) / d it is (a + w)^3, where a = c'c / d + 1. Of this,
    a^3 and the terms u'c and v'c of 3 a^2 w cancel in MMD^2.
    """

    def __init__(self, centre: np.ndarray) -> None:
        self.centre = centre
        self.scale = np.sqrt(len(centre))
        self.offset = centre @ centre / len(centre) + 1

    def prepare(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the shifted rows (N, d) and one number per row (N,), which `values` takes."""
        shifted = (features - self.centre) / self.scale
        return shifted, shifted @ (self.centre / self.scale)

    def values(self, products: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Returns k up to terms that cancel, from products of shifted rows; overwrites ``products``."""
        sums = products + row
        sums += column
        cubic = sums + 3 * self.offset
        cubic *= sums
        cubic *= sums
        products *= 3 * self.offset**2
        cubic += products
        return cubic


class GaussianKernel:
    """k(x, y) = exp(-|x - y|^2 / (2 sigma^2)), less the constant 1 that cancels."""

    def __init__(self, centre: np.ndarray, sigma: float) -> None:
        self.centre = centre
        self.exponent = -1 / (2 * sigma**2)

    def prepare(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the shifted rows (N, d) and one number per row (N,), which `values` takes."""
        shifted = features - self.centre
        return shifted, np.einsum("nd,nd->n", shifted, shifted)

    def values(self, products: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Returns k up to terms that cancel, from products of shifted rows; overwrites ``products``."""
        products *= -2
        products += row
        products += column
        np.maximum(products, 0, out=products)
        products *= self.exponent
        return np.expm1(products, out=products)


Kernel = PolynomialKernel | GaussianKernel
Prepared = tuple[np.ndarray, np.ndarray]


def kernel_distance(
    real: np.ndarray,
    fake: np.ndarray,
    subsets: int = 100,
    subset_size: int = 1000,
    kernel: str = "polynomial",
    sigma: float = 10.0,
    seed: int = 2020,
) -> tuple[float, float]:
    """Computes the kernel distance (KID): the unbiased MMD^2 averaged over random subsets.

    Binkowski et al. 2018, "Demystifying MMD GANs", section 4, with the protocol and the random draws of
    torch-fidelity: `RandomState(seed)`, for each subset first rows of ``real``, then of ``fake``, without
    replacement. The estimate is unbiased, so that values below zero are right and are not clipped.

    Args:
        real: features of shape (N, d).
        fake: features of shape (M, d).
        subsets: number of subsets.
        subset_size: rows per subset, at most min(N, M).
        kernel: "polynomial", (x'y / d + 1)^3, or "rbf", exp(-|x - y|^2 / (2 sigma^2)).
        sigma: width of the "rbf" kernel.
        seed: of the subsets.

    Returns:
        The mean over the subsets and their standard deviation (1/subsets).

    Raises:
        InputError: for bad features, an unknown kernel, or a subset size above the number of rows.
    """
    real, fake = row_pair(real, fake)
    one_of(kernel, "kernel", ("polynomial", "rbf"))
    subsets = whole_number(subsets, "subsets", 1)
    size = whole_number(subset_size, "subset_size", 2)
    sigma = positive(sigma, "sigma")
    if size > min(len(real), len(fake)):
        raise InputError(
            f"subset_size {size} is more than the number of rows ({len(real)} real, {len(fake)} fake): "
            "give more samples or a smaller subset_size"
        )
    generator = np.random.RandomState(seed)  # as torch-fidelity draws
    draws = [
        tuple(generator.choice(len(rows), size, replace=False) for rows in (real, fake))
        for _ in range(subsets)
    ]
    centre = joint_mean(real, fake)
    chosen = PolynomialKernel(centre) if kernel == "polynomial" else GaussianKernel(centre, sigma)
    # All kernel values once, or those of each subset: whichever is the smaller number.
    count = len(real) + len(fake)
    if count**2 <= subsets * (2 * size) ** 2 and count * subsets <= MOST_WEIGHTS:
        values = _subsets_at_once(chosen, real, fake, draws)
    else:
        one = np.ones((size, 1))
        values = np.concatenate(
            [
                _mmd(chosen, chosen.prepare(real[first]), chosen.prepare(fake[second]), one, one)
                for first, second in draws
            ]
        )
    return float(values.mean()), float(values.std())


def maximum_mean_discrepancy(
    real: np.ndarray,
    fake: np.ndarray,
    kernel: str = "polynomial",
    estimator: str | None = None,
    sigma: float = 1.0,
) -> float:
    """Computes the maximum mean discrepancy of two feature sets, whose sizes may differ.

    Args:
        real: features of shape (N, d).
        fake: features of shape (M, d).
        kernel: "polynomial" gives MMD^2 with (x'y / d + 1)^3. "rbf_mean" gives the "kernel MMD" of Xu et al.
            2018, "An empirical study on evaluation metrics of GANs", section 2.2: the square root of MMD^2
            with exp(-|x - y|^2 / (2 sigma^2 s)), where s is the mean of |x - x'|^2 over all N^2 pairs of
            real rows.
        estimator: "unbiased" (without the pairs of a row with itself) or "biased" (with them). By default
            "unbiased" for "polynomial" and, as in Xu et al., "biased" for "rbf_mean".
        sigma: width of the "rbf_mean" kernel, relative to sqrt(s).

    Returns:
        MMD^2, which is negative at times when unbiased; or its root, with values below zero taken as zero.

    Raises:
        InputError: for bad features, unknown names, or "rbf_mean" of real rows that are all equal (s = 0).
    """
    real, fake = row_pair(real, fake)
    one_of(kernel, "kernel", ("polynomial", "rbf_mean"))
    estimator = estimator or ("unbiased" if kernel == "polynomial" else "biased")
    one_of(estimator, "estimator", ("unbiased", "biased"))
    sigma = positive(sigma, "sigma")
    centre = joint_mean(real, fake)
    if kernel == "polynomial":
        chosen = PolynomialKernel(centre)
    else:
        chosen = GaussianKernel(centre, sigma * np.sqrt(_mean_squared_distance(real)))
    weights = np.ones((len(real), 1)), np.ones((len(fake), 1))
    squared = _mmd(
        chosen, chosen.prepare(real), chosen.prepare(fake), *weights, biased=estimator == "biased"
    )[0]
    return float(squared) if kernel == "polynomial" else float(np.sqrt(max(0.0, squared)))


def _mean_squared_distance(features: np.ndarray) -> float:
    """Returns the mean of |x - x'|^2 over all pairs: twice the trace of the 1/N covariance."""
    if (features == features[0]).all():
        raise InputError("rbf_mean has no width: all rows of real are equal")
    first = features[0].astype(np.float64)
    return 2 * float((features - first).var(axis=0).sum())


def _subsets_at_once(
    kernel: Kernel, real: np.ndarray, fake: np.ndarray, draws: list[tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """Returns the MMD^2 of every subset, from one pass over all pairs of rows."""
    weights = [np.zeros((len(rows), len(draws))) for rows in (real, fake)]
    for column, draw in enumerate(draws):
        for weight, rows in zip(weights, draw, strict=True):
            weight[rows, column] = 1
    return _mmd(kernel, kernel.prepare(real), kernel.prepare(fake), *weights)


def _mmd(
    kernel: Kernel,
    real: Prepared,
    fake: Prepared,
    weights_real: np.ndarray,
    weights_fake: np.ndarray,
    biased: bool = False,
) -> np.ndarray:
    """Returns the MMD^2 of each subset: a column, 0 or 1 per row, of the weights (N or M, subsets)."""
    total = np.zeros(weights_real.shape[1])
    for rows, weights in ((real, weights_real), (fake, weights_fake)):
        count = weights.sum(axis=0)
        pairs = _kernel_sums(kernel, rows, rows, weights, weights)
        if biased:
            total += pairs / count**2
        else:
            squares = np.einsum("nd,nd->n", rows[0], rows[0])
            total += (pairs - kernel.values(squares, rows[1], rows[1]) @ weights) / (count * (count - 1))
    across = _kernel_sums(kernel, real, fake, weights_real, weights_fake)
    return total - 2 * across / (weights_real.sum(axis=0) * weights_fake.sum(axis=0))


def _kernel_sums(
    kernel: Kernel,
    left: Prepared,
    right: Prepared,
    weights_left: np.ndarray,
    weights_right: np.ndarray,
    block: int = BLOCK,
) -> np.ndarray:
    """Returns, for each column of weights, the sum over i, j of weights_left[i] k(i, j) weights_right[j]."""
    sums = np.zeros(weights_left.shape[1])
    for start in range(0, len(left[0]), block):
        rows = slice(start, start + block)
        # Of the symmetric matrix only the blocks on and above the diagonal are computed.
        for other in range(start if left is right else 0, len(right[0]), block):
            columns = slice(other, other + block)
            # With one and the same array on both sides NumPy computes half of the product.
            a = left[0][rows]
            products = a @ (a if left is right and other == start else right[0][columns]).T
            _apply(kernel, products, left[1][rows], right[1][columns])
            part = np.einsum("ns,ns->s", weights_left[rows], products @ weights_right[columns])
            sums += 2 * part if left is right and other > start else part
    return sums


def _apply(kernel: Kernel, products: np.ndarray, row: np.ndarray, column: np.ndarray) -> None:
    """Replaces the products by kernel values, a few rows at a time."""
    step = max(1, CHUNK // len(column))
    for start in range(0, len(products), step):
        part = slice(start, start + step)
        products[part] = kernel.values(products[part], row[part, None], column)

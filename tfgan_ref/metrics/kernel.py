"""Maximum mean discrepancy between feature sets: the kernel distance (KID) and the "kernel MMD" of Xu et al.

MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y) (Gretton et al. 2012, equation 2). It does not change when the
kernel is replaced by k(x, y) + f(x) + f(y). Features are therefore shifted to their joint mean and the parts
of the kernel that cancel are left out, which keeps the digits of a small distance between features with a
large mean.

Most of the time goes into products of rows. Of large sets those of the polynomial kernel are taken in
float32, in half the time. That costs next to nothing: the part of the kernel that is linear in a product, by
far the largest, needs sums of rows only and is computed in float64 without any product; the errors of what is
left are independent from pair to pair and average out over a subset's million pairs. The first subset is
computed both ways: if the error could exceed 1e-9 of its value, all are computed in float64.
"""

import numpy as np

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.validation import joint_mean, one_of, positive, row_pair, whole_number

BLOCK = 1024
MOST_WEIGHTS = 2**26  # 512 MB
CHUNK = 2**15  # kernel values that are worked on at once: they stay in the processor's cache
FEW_VALUES = 128  # whose sum in float32 has less error than they have
FEW_ROWS = 8192  # up to which float64 takes no time worth saving
PARTS = 8  # of the subset by which the error of float32 is judged
TOLERANCE = 1e-9  # for that error, relative to the subset's value


class PolynomialKernel:
    """k(x, y) = (x'y / d + 1)^3, the kernel of KID (Binkowski et al. 2018, section 4).

    With x = c + sqrt(d) u, y = c + sqrt(d) v, p = u'v, r = u'c / sqrt(d), s = v'c / sqrt(d) and
    a = c'c / d + 1 it is (a + r + s + p)^3. Terms of r or of s alone cancel in MMD^2, which leaves

        3 a p^2 (1 + p / 3 a + (r + s) / a) + 3 p (a + r + s)^2 + 3 r s (2 a + r + s).

    Only the first of these needs the products: sums over pairs of the others are products of sums. Its
    factor 3 a is left to the end, since in float32 its rounding would be the same error in all pairs.
    """

    def __init__(self, centre: np.ndarray) -> None:
        self.centre = centre
        self.scale = np.sqrt(len(centre))
        self.offset = float(centre @ centre / len(centre) + 1)  # NumPy's own would make float64 of float32
        self.factor = 3 * self.offset

    def prepare(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the shifted rows u (N, d) and their r (N,), which `values` and `moments` take."""
        shifted = (features - self.centre) / self.scale
        return shifted, shifted @ (self.centre / self.scale)

    def values(self, products: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Returns p^2 (1 + p / 3 a + (r + s) / a) from products p of shifted rows, in their place."""
        cubic = products * (1 / self.factor)
        cubic += 1 + row / self.offset
        cubic += column / self.offset
        cubic *= products
        products *= cubic
        return products

    def moments(self, rows: np.ndarray, terms: np.ndarray, weights: np.ndarray) -> list[np.ndarray]:
        """Returns the sums over rows of w, w r and w r^2 times (u, 1), each (subsets, d + 1)."""
        powers = np.concatenate([weights * terms[:, None] ** power for power in range(3)], axis=1)
        sums = np.concatenate([powers.T @ rows, powers.sum(axis=0)[:, None]], axis=1)
        return np.split(sums, 3)

    def linear(self, left: list[np.ndarray], right: list[np.ndarray]) -> np.ndarray:
        """Returns the sums over pairs of what `values` leaves out, from the moments of two sets."""
        a = self.offset

        def dot(i: int, j: int) -> np.ndarray:
            return np.einsum("sd,sd->s", left[i][:, :-1], right[j][:, :-1])

        (_, r, r2), (_, s, s2) = ([moment[:, -1] for moment in side] for side in (left, right))
        with_products = a**2 * dot(0, 0) + 2 * a * (dot(1, 0) + dot(0, 1))
        with_products += dot(2, 0) + 2 * dot(1, 1) + dot(0, 2)
        return 3 * (with_products + 2 * a * r * s + r2 * s + r * s2)

    def diagonal(self, rows: np.ndarray, terms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns for each row with itself `factor` times `values`, and what that leaves out, each (N,)."""
        squares, sums = np.einsum("nd,nd->n", rows, rows), self.offset + 2 * terms
        rest = 3 * squares * sums**2 + 6 * terms**2 * (self.offset + terms)
        return self.factor * self.values(squares, terms, terms), rest


class GaussianKernel:
    """k(x, y) = exp(-|x - y|^2 / (2 sigma^2)), less the constant 1 that cancels."""

    def __init__(self, centre: np.ndarray, sigma: float) -> None:
        self.centre = centre
        self.exponent = -1 / (2 * sigma**2)
        self.factor = 1.0

    def prepare(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the shifted rows (N, d) and one number per row (N,), which `values` takes."""
        shifted = features - self.centre
        return shifted, np.einsum("nd,nd->n", shifted, shifted)

    def values(self, products: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Returns k - 1 from products of shifted rows; overwrites ``products``."""
        products *= -2
        products += row
        products += column
        np.maximum(products, 0, out=products)
        products *= self.exponent
        return np.expm1(products, out=products)

    def moments(self, rows: np.ndarray, terms: np.ndarray, weights: np.ndarray) -> list[np.ndarray]:
        """Returns nothing: `values` are all of this kernel."""
        return []

    def linear(self, left: list[np.ndarray], right: list[np.ndarray]) -> float:
        """Returns 0."""
        return 0.0

    def diagonal(self, rows: np.ndarray, terms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns k - 1 = 0 of each row with itself, twice (N,)."""
        return np.zeros(len(rows)), np.zeros(len(rows))


Kernel = PolynomialKernel | GaussianKernel
Prepared = tuple[np.ndarray, np.ndarray]
Draws = list[tuple[np.ndarray, np.ndarray]]


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
    if kernel == "polynomial":
        chosen = PolynomialKernel(centre)
        values = _of_subsets(chosen, real, fake, draws, _precision(chosen, real, fake, draws))
    else:
        values = _of_subsets(GaussianKernel(centre, sigma), real, fake, draws)
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


def _precision(kernel: PolynomialKernel, real: np.ndarray, fake: np.ndarray, draws: Draws) -> type:
    """Returns float32 if products of that precision do in the first subset, else float64.

    The first subset's error may be small by chance. Those of its parts, which have so many times fewer rows,
    are so many times larger, and say how large it could have been.
    """
    size = len(draws[0][0])
    if len(real) + len(fake) <= FEW_ROWS or size < FEW_VALUES:
        return np.float64
    sides = [kernel.prepare(rows[draw]) for rows, draw in zip((real, fake), draws[0], strict=True)]
    parts = np.eye(PARTS)[np.arange(size) % PARTS]
    weights = np.concatenate([np.ones((size, 1)), parts], axis=1)
    exact, values = (
        _mmd(kernel, *sides, weights, weights, dtype=dtype) for dtype in (np.float64, np.float32)
    )
    errors = np.abs(values - exact)
    error = max(errors[0], 2 * np.sqrt(np.mean(errors[1:] ** 2)) / PARTS)
    return np.float32 if error <= TOLERANCE * abs(exact[0]) else np.float64


def _of_subsets(
    kernel: Kernel, real: np.ndarray, fake: np.ndarray, draws: Draws, dtype: type = np.float64
) -> np.ndarray:
    """Returns the MMD^2 of every subset: from all kernel values once, or from its own if those are fewer."""
    count, size = len(real) + len(fake), len(draws[0][0])
    if count**2 > len(draws) * (2 * size) ** 2 or count * len(draws) > MOST_WEIGHTS:
        one = np.ones((size, 1))
        each = [
            _mmd(kernel, kernel.prepare(real[first]), kernel.prepare(fake[second]), one, one, dtype=dtype)
            for first, second in draws
        ]
        return np.concatenate(each)
    weights = [np.zeros((len(rows), len(draws))) for rows in (real, fake)]
    for column, draw in enumerate(draws):
        for weight, rows in zip(weights, draw, strict=True):
            weight[rows, column] = 1
    return _mmd(kernel, kernel.prepare(real), kernel.prepare(fake), *weights, dtype=dtype)


def _mmd(
    kernel: Kernel,
    real: Prepared,
    fake: Prepared,
    weights_real: np.ndarray,
    weights_fake: np.ndarray,
    biased: bool = False,
    dtype: type = np.float64,
) -> np.ndarray:
    """Returns the MMD^2 of each subset: a column, 0 or 1 per row, of the weights (N or M, subsets)."""
    total = np.zeros(weights_real.shape[1])
    moments = []
    for rows, weights in ((real, weights_real), (fake, weights_fake)):
        count = weights.sum(axis=0)
        moments.append(kernel.moments(*rows, weights))
        pairs = kernel.factor * _kernel_sums(kernel, rows, rows, weights, weights, dtype)
        pairs += kernel.linear(moments[-1], moments[-1])
        own, rest = kernel.diagonal(*rows)
        total += (
            (pairs + own @ weights) / count**2 if biased else (pairs - rest @ weights) / (count * (count - 1))
        )
    across = kernel.factor * _kernel_sums(kernel, real, fake, weights_real, weights_fake, dtype)
    across += kernel.linear(*moments)
    return total - 2 * across / (weights_real.sum(axis=0) * weights_fake.sum(axis=0))


def _kernel_sums(
    kernel: Kernel,
    left: Prepared,
    right: Prepared,
    weights_left: np.ndarray,
    weights_right: np.ndarray,
    dtype: type = np.float64,
    block: int = BLOCK,
) -> np.ndarray:
    """Returns, by column of weights, the sum of weights_left[i] values(i, j) weights_right[j] over i and j.

    Within one set these are the pairs of different rows.
    """
    sums = np.zeros(weights_left.shape[1])
    within = left is right
    left = left[0].astype(dtype, copy=False), left[1].astype(dtype, copy=False)
    right = left if within else tuple(part.astype(dtype, copy=False) for part in right)
    weights_right = weights_right.astype(dtype, copy=False)
    for start in range(0, len(left[0]), block):
        rows = slice(start, start + block)
        # Of the symmetric matrix only the blocks on and above the diagonal are computed.
        for other in range(start if within else 0, len(right[0]), block):
            columns = slice(other, other + block)
            # With one and the same array on both sides NumPy computes half of the product.
            a, same = left[0][rows], within and other == start
            products = a @ (a if same else right[0][columns]).T
            _apply(kernel, products, left[1][rows], right[1][columns])
            if same:
                np.fill_diagonal(products, 0)
            part = np.einsum("ns,ns->s", weights_left[rows], _sums(products, weights_right[columns]))
            sums += 2 * part if within and other > start else part
    return sums


def _sums(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Returns the float64 sums (rows, subsets) of values (rows, columns); float32 adds few at a time."""
    step = len(weights) if values.dtype == np.float64 else FEW_VALUES
    total = np.zeros((len(values), weights.shape[1]))
    for start in range(0, len(weights), step):
        part = slice(start, start + step)
        total += values[:, part] @ weights[part]
    return total


def _apply(kernel: Kernel, products: np.ndarray, row: np.ndarray, column: np.ndarray) -> None:
    """Replaces the products by kernel values, a few rows at a time."""
    step = max(1, CHUNK // len(column))
    for start in range(0, len(products), step):
        part = slice(start, start + step)
        products[part] = kernel.values(products[part], row[part, None], column)

"""PSNR, SSIM and MS-SSIM against their definitions, scikit-image and published figures."""

from pathlib import Path

import numpy as np
import pytest
from skimage.io import imread
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from tfgan_ref.data.images.resize import bicubic_resize
from tfgan_ref.metrics import ms_ssim, psnr, psnr_y, ssim, ssim_y

SET5 = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "set5" / "x4"


def pair(shape=(40, 53, 3), seed=0, noise=25):
    rng = np.random.default_rng(seed)
    # Smooth enough to have structure.
    a = bicubic_resize(rng.integers(0, 256, (shape[0] // 4 + 1, shape[1] // 4 + 1, *shape[2:])), 4)
    a = a[: shape[0], : shape[1]].clip(0, 255).round()
    return a.astype("uint8"), (a + noise * rng.normal(size=a.shape)).clip(0, 255).astype("uint8")


def reference_ssim(a, b, data_range):
    return structural_similarity(
        a,
        b,
        data_range=data_range,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        channel_axis=-1 if a.ndim == 3 else None,
    )


def direct_terms(a, b, data_range):
    """SSIM and its contrast-structure part, window by window as Wang et al. write them."""
    offsets = np.arange(-5, 6)
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    window /= window.sum()
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    full, contrast = [], []
    for i in range(a.shape[0] - 10):
        for j in range(a.shape[1] - 10):
            x, y = a[i : i + 11, j : j + 11], b[i : i + 11, j : j + 11]
            mx, my = (window * x).sum(), (window * y).sum()
            vx, vy = (window * (x - mx) ** 2).sum(), (window * (y - my) ** 2).sum()
            vxy = (window * (x - mx) * (y - my)).sum()
            contrast.append((2 * vxy + c2) / (vx + vy + c2))
            full.append((2 * mx * my + c1) / (mx**2 + my**2 + c1) * contrast[-1])
    return np.mean(full), np.mean(contrast)


@pytest.mark.parametrize("shape", [(40, 53, 3), (30, 30), (11, 11, 1), (12, 64, 4)])
def test_ssim_against_scikit_image(shape):
    a, b = pair(shape)
    assert ssim(a, b) == pytest.approx(reference_ssim(a.astype(float), b.astype(float), 255), abs=1e-12)
    x, y = a / 255, b / 255
    assert ssim(x, y) == pytest.approx(reference_ssim(x, y, 1.0), abs=1e-12)
    assert ssim(x, y) == pytest.approx(ssim(a, b), abs=1e-12)
    assert ssim(b, a) == ssim(a, b)


def test_ssim_by_definition():
    a, b = (z.astype(float) for z in pair((20, 17)))
    assert ssim(a, b, data_range=255) == pytest.approx(direct_terms(a, b, 255)[0], abs=1e-13)


def test_ssim_closed_forms():
    a, _ = pair()
    assert ssim(a, a) == pytest.approx(1, abs=1e-14)
    black, white = np.zeros((16, 16), "uint8"), np.full((16, 16), 255, "uint8")
    c1 = (0.01 * 255) ** 2
    assert ssim(black, white) == pytest.approx(c1 / (255**2 + c1), rel=1e-12)
    assert ssim(white, white) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("shape", [(40, 53, 3), (5, 5)])
def test_psnr(shape):
    a, b = pair(shape)
    assert psnr(a, b) == pytest.approx(peak_signal_noise_ratio(a, b, data_range=255), rel=1e-13)
    x, y = (a / 255).astype("float32"), (b / 255).astype("float32")
    assert psnr(x, y) == psnr(x.astype("float64"), y.astype("float64"))
    assert psnr(a, a) == float("inf")
    assert psnr(np.zeros((4, 4)), np.full((4, 4), 0.1)) == pytest.approx(20)
    assert psnr(np.zeros((4, 4), "uint8"), np.full((4, 4), 255, "uint8")) == 0


def direct_ms_ssim(a, b, data_range):
    weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
    product = 1.0
    for scale, weight in enumerate(weights):
        full, contrast = direct_terms(a, b, data_range)
        product *= max(0, full if scale == 4 else contrast) ** weight
        a, b = (repeat_last_and_halve(z) for z in (a, b))
    return product


def repeat_last_and_halve(z):
    rows, columns = (np.minimum(np.arange(n + n % 2), n - 1) for n in z.shape)
    z = z[rows][:, columns]
    return z.reshape(z.shape[0] // 2, 2, z.shape[1] // 2, 2).mean(axis=(1, 3))


def test_ms_ssim_by_definition():
    a, b = pair((161, 174, 2), noise=60)
    expected = np.mean(
        [direct_ms_ssim(a[..., c].astype(float), b[..., c].astype(float), 255) for c in range(2)]
    )
    assert ms_ssim(a, b) == pytest.approx(expected, abs=1e-12)
    assert ms_ssim(a / 255, b / 255) == pytest.approx(expected, abs=1e-12)


def test_ms_ssim_closed_forms():
    a, _ = pair((180, 180))
    assert ms_ssim(a, a) == pytest.approx(1, abs=1e-13)
    # The negative has negative contrast terms, which count as 0.
    assert ms_ssim(a, 255 - a) == 0


def test_luma_psnr():
    black, white = np.zeros((20, 20, 3), "uint8"), np.full((20, 20, 3), 255, "uint8")
    # Studio range: 16 to 235.
    assert psnr_y(black, white, 0) == pytest.approx(20 * np.log10(255 / 219), rel=1e-12)
    a, b = pair()
    luma = [16 + (65.481 * z[..., 0] + 128.553 * z[..., 1] + 24.966 * z[..., 2]) / 255.0 for z in (a, b)]
    inner = [y[4:-4, 4:-4] for y in luma]
    assert psnr_y(a, b, 4) == pytest.approx(10 * np.log10(255**2 / np.mean((inner[0] - inner[1]) ** 2)))
    rounded = [np.floor(y + 0.5) for y in inner]
    expected = 10 * np.log10(255**2 / np.mean((rounded[0] - rounded[1]) ** 2))
    assert psnr_y(a, b, 4, round_y=True) == pytest.approx(expected)
    assert ssim_y(a, b, 4) == pytest.approx(reference_ssim(*inner, 255), abs=1e-12)
    assert psnr_y(a, a, 3) == float("inf")


def test_set5_bicubic_gives_the_published_figures():
    if not SET5.is_dir():
        pytest.skip(f"Set5 is not in {SET5}")
    scores = []
    for path in sorted(SET5.glob("*_HR.png")):
        high, low = imread(path), imread(path.with_name(path.name.replace("HR", "LR")))
        enlarged = bicubic_resize(low, 4).clip(0, 255).round().astype("uint8")
        scores.append((psnr_y(high, enlarged, 4), ssim_y(high, enlarged, 4)))
    assert len(scores) == 5
    mean_psnr, mean_ssim = np.mean(scores, axis=0)
    assert mean_psnr == pytest.approx(28.42, abs=0.02)
    assert mean_ssim == pytest.approx(0.8104, abs=0.002)


BYTE, FLOAT = np.zeros((20, 20, 3), "uint8"), np.zeros((20, 20, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: psnr(BYTE, BYTE[:10]), "unequal shapes"),
        (lambda: psnr(np.zeros(5), np.zeros(5)), r"\(H, W\)"),
        (lambda: psnr(FLOAT + np.nan, FLOAT), "NaN"),
        (lambda: psnr(FLOAT, FLOAT + 255), "data_range must be given"),
        (lambda: psnr(FLOAT, BYTE), "data_range must be given"),
        (lambda: psnr(BYTE.astype(int), BYTE.astype(int)), "data_range must be given"),
        (lambda: psnr(BYTE, BYTE, data_range=0), "data_range must be above 0"),
        (lambda: ssim(BYTE[:10], BYTE[:10]), "at least 11 x 11"),
        (lambda: ms_ssim(np.zeros((160, 200)), np.zeros((160, 200))), "at least 161 x 161"),
        (lambda: psnr_y(FLOAT, FLOAT, 4), "uint8"),
        (lambda: psnr_y(BYTE[..., :1], BYTE[..., :1], 4), "uint8"),
        (lambda: psnr_y(BYTE, BYTE[:15], 4), "unequal shapes"),
        (lambda: psnr_y(BYTE, BYTE, 10), "border of 10"),
        (lambda: psnr_y(BYTE, BYTE, -1), "border must be"),
        (lambda: ssim_y(BYTE, BYTE, 5), "less than 11"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""How the scores of one and the same pair of distributions depend on the number of samples."""

import warnings
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from study_common import LIGHT, Finding, Material, save, short, table, with_noise

from tfgan_ref import metrics
from tfgan_ref.errors import InputError

SIZES = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 25_000)
REPEATS = 10
NOISE = 0.15
FAKES = ("other real images", "real images with noise")


def sample_size(material: Material, seed: int, path: Path) -> Finding:
    """Computes the Frechet distance and KID of N against N images, for growing N.

    Real images against other real ones, whose true distance is 0, and against other real ones with noise of
    standard deviation 0.15 of the range.

    Raises:
        InputError: there are fewer than 400 images.
    """
    clean = material.features.features
    if len(clean) < 400:
        raise InputError(f"{material.title} has {len(clean)} images: this study needs at least 400")
    noisy = material.see(with_noise(material.arrays.images, NOISE, seed), "features with noise").features
    half = len(clean) // 2
    sizes = sorted({min(size, half) for size in SIZES})
    rows = []
    for size in sizes:
        values = {(fakes, metric): [] for fakes in FAKES for metric in ("fid", "kid")}
        for repeat in range(REPEATS):
            order = np.random.default_rng([seed, size, repeat]).permutation(len(clean))
            real = clean[order[:size]]
            for fakes, source in zip(FAKES, (clean, noisy), strict=True):
                fake = source[order[size : 2 * size]]
                with warnings.catch_warnings():
                    warnings.simplefilter(
                        "ignore", UserWarning
                    )  # fewer rows than dimensions: that is the point
                    values[fakes, "fid"].append(metrics.frechet_distance(real, fake))
                # Of up to 1,000 rows every subset is the whole set.
                subsets = {"subsets": 1, "subset_size": size} if size <= 1000 else {}
                values[fakes, "kid"].append(metrics.kernel_distance(real, fake, **subsets)[0])
        rows += [
            {"n": size, "fakes": fakes, "metric": metric, "mean": np.mean(found), "std": np.std(found)}
            for (fakes, metric), found in values.items()
        ]
    value = {(row["n"], row["fakes"], row["metric"]): row for row in rows}
    headings = ["N", *(f"{title}, {fakes}" for title in ("Frechet distance", "KID") for fakes in FAKES)]
    cells = [
        [f"{n:,}", *(_cell(value[n, fakes, metric]) for metric in ("fid", "kid") for fakes in FAKES)]
        for n in sizes
    ]
    _draw(value, sizes, material, path)
    settings = {"repeats": REPEATS, "noise": NOISE, "dimensions": clean.shape[1], "images": len(clean)}
    return Finding(rows, table(headings, cells), settings)


def _cell(row: dict[str, float]) -> str:
    return f"{short(row['mean'])} ± {row['std']:.1g}"


def _draw(value: dict, sizes: list[int], material: Material, path: Path) -> None:
    figure = Figure(figsize=(9.5, 4.3), layout="constrained")
    panels = figure.subplots(1, 2)
    for axes, metric in zip(panels, ("fid", "kid"), strict=True):
        for fakes, colour in zip(FAKES, ("tab:blue", "tab:red"), strict=True):
            found = [value[n, fakes, metric] for n in sizes]
            means, spreads = (np.array([row[name] for row in found]) for name in ("mean", "std"))
            axes.plot(sizes, means, "o-", color=colour, label=fakes)
            low = means - spreads
            axes.fill_between(sizes, np.maximum(low, 1e-9) if metric == "fid" else low, means + spreads,
                              color=colour, alpha=0.25, lw=0)  # fmt: skip
        axes.set_xscale("log")
        axes.set_xticks(sizes, [f"{n:,}" for n in sizes], rotation=45)
        axes.minorticks_off()
        axes.set_xlabel("images on each side, N")
        axes.grid(alpha=0.3)
    base = value[sizes[-1], FAKES[0], "fid"]["mean"] * sizes[-1]
    panels[0].plot(sizes, base / np.array(sizes), ls="--", color=LIGHT, label="proportional to 1/N", zorder=0)
    panels[0].set(yscale="log", title="Frechet distance: too high at every N")
    panels[1].axhline(0, color=LIGHT, lw=1)
    panels[1].set(title="KID: its mean does not depend on N")
    panels[0].legend()
    panels[1].legend()
    figure.suptitle(
        f"{material.title}: mean and standard deviation of {REPEATS} draws "
        f"({material.features.features.shape[1]} classifier features)"
    )
    save(figure, path)

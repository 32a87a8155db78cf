"""Times our metrics against the packages that people use, and compares the errors of both, in one run.

python benchmarks/metrics_speed.py --out benchmarks/results/metrics_speed --peer-python PATH

The peers are pytorch-fid, torch-fidelity and scikit-image, imported from the Python at PATH (torch is enough
for the first two: torchvision is not needed). Each side works in its own process with the same number of BLAS
threads; the two take turns, and a ratio is the median over the rounds of the ratios within a round. Errors
are against values computed here in another way, from inputs on which float64 products are exact.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from arguments import Parser, check_counts, check_names, make_output
from metrics_speed_worker import METRICS, SUBSETS, versions

from tfgan_ref import cli
from tfgan_ref.errors import InputError
from tfgan_ref.files import write_json
from tfgan_ref.training.starts import processor_name

DIMENSIONS = 2048  # of Inception's pool3
ROWS = 10_000
SEED = 0
GRID = 2.0**-10  # features are whole multiples: sums of 2,048 products then fit in 53 bits
CHECKED_IMAGES = 4


@dataclass(frozen=True)
class Case:
    """A metric on one input.

    Attributes:
        metric: key of ``METRICS``.
        title: what the table says of the input.
        inputs: makes what both sides get.
        truth: from the inputs to the values, computed in another way.
        must: how many times faster than the peer ours must be; None asks for accuracy only.
        rounding: what an error may be although the peer's is smaller; errors below are rounding.
        unit: what an error is divided by, from inputs and truth.
        error_of: what the errors are relative to, in words.
        most_rounds: rounds are no more than this.
    """

    metric: str
    title: str
    inputs: Callable[[], dict[str, np.ndarray]]
    truth: Callable[[dict[str, np.ndarray]], np.ndarray]
    must: float | None
    rounding: float
    unit: Callable[[dict[str, np.ndarray], np.ndarray], np.ndarray | float]
    error_of: str
    most_rounds: int | None = None


def features(rows: int) -> dict[str, np.ndarray]:
    """Returns float32 features like Inception's: not negative, correlated, with a falling spectrum."""
    generator = np.random.default_rng(SEED)
    mixing = generator.normal(size=(256, DIMENSIONS)) / 16 * np.arange(1, 257)[:, None] ** -0.3
    bias = generator.normal(0.3, 0.3, DIMENSIONS)
    found = {}
    for side, shift, spread in (("real", 0.0, 0.5), ("fake", 0.03, 0.47)):
        causes = generator.normal(shift, spread, (ROWS, 256)) @ mixing
        noise = generator.normal(0, 0.15, causes.shape)
        values = np.clip(causes + noise + bias, 0, 4)
        found[side] = (np.round(values / GRID) * GRID).astype(np.float32)[:rows]
    return found


def moments(rows: int, *, same: bool = False) -> dict[str, np.ndarray]:
    """Returns means and covariances of features, and as x and y what the truth is computed from."""
    sides = features(rows)
    real, fake = (sides["real" if same else side].astype(np.float64) for side in ("real", "fake"))
    found = {"x": real, "y": fake}
    for side, values in (("real", real), ("fake", fake)):
        found[f"mean_{side}"], found[f"cov_{side}"] = values.mean(axis=0), np.cov(values, rowvar=False)
    return found


def photographs() -> dict[str, np.ndarray]:
    """Returns 100 pairs of smooth colour images and noisy copies, uint8 (100, 256, 256, 3)."""
    from scipy.ndimage import gaussian_filter

    generator = np.random.default_rng(SEED)
    smooth = gaussian_filter(generator.normal(size=(100, 256, 256, 3)), (0, 4, 4, 0)) * 600 + 128
    noisy = smooth + generator.normal(0, 1, smooth.shape) * np.linspace(1, 50, 100)[:, None, None, None]
    first, second = (np.clip(np.rint(images), 0, 255).astype(np.uint8) for images in (smooth, noisy))
    return {"first": first, "second": second}


def true_frechet(inputs: dict[str, np.ndarray]) -> np.ndarray:
    """|m1 - m2|^2 + tr S1 + tr S2 - 2 |A B'|_* from the features, without any covariance."""
    x, y = inputs["x"], inputs["y"]
    if np.array_equal(x, y):
        return np.zeros(1)
    roots = []
    for rows in (x, y):
        centred = (rows - rows.mean(axis=0)) / np.sqrt(len(rows) - 1)
        roots.append(np.linalg.qr(centred, mode="r") if len(rows) > rows.shape[1] else centred)
    cross = np.linalg.svd(roots[0] @ roots[1].T, compute_uv=False).sum()
    traces = sum(np.sum(root**2) for root in roots)
    return np.array([np.sum((x.mean(axis=0) - y.mean(axis=0)) ** 2) + traces - 2 * cross])


def true_kernel(inputs: dict[str, np.ndarray]) -> np.ndarray:
    """The definition, subset by subset: exact products, then 80-bit arithmetic where the machine has it."""
    real, fake = (inputs[side].astype(np.float64) for side in ("real", "fake"))
    size = SUBSETS["subset_size"]
    generator, found = np.random.RandomState(2020), []
    for _ in range(SUBSETS["subsets"]):
        x, y = (rows[generator.choice(len(rows), size, replace=False)] for rows in (real, fake))
        sums = []
        for left, right in ((x, x), (y, y), (x, y)):
            base = (left @ right.T).astype(np.longdouble) / DIMENSIONS + 1
            kernel = base * base * base
            sums.append(kernel.sum() - (np.trace(kernel) if left is right else 0))
        found.append((sums[0] + sums[1]) / (size * (size - 1)) - 2 * sums[2] / size**2)
    return np.array([np.mean(found), np.std(found)], np.float64)


def true_precision_recall(inputs: dict[str, np.ndarray]) -> np.ndarray:
    """The definition from all squared distances, which are exact on these inputs."""
    real, fake = (inputs[side].astype(np.float64) for side in ("real", "fake"))

    def squared(left: np.ndarray, right: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        norms = [np.einsum("nd,nd->n", rows, rows) for rows in (left, right)]
        for start in range(0, len(left), 2000):
            rows = slice(start, start + 2000)
            yield rows, norms[0][rows, None] + norms[1] - 2 * (left[rows] @ right.T)

    def radii(rows: np.ndarray) -> np.ndarray:
        return np.concatenate([np.partition(part, 3, axis=1)[:, 3] for _, part in squared(rows, rows)])

    balls_real, balls_fake = radii(real), radii(fake)
    in_real, in_fake = np.zeros(len(fake), bool), np.zeros(len(real), bool)
    for rows, part in squared(real, fake):
        in_real |= (part <= balls_real[rows, None]).any(axis=0)
        in_fake[rows] = (part <= balls_fake).any(axis=1)
    return np.array([in_real.mean(), in_fake.mean()])


def true_ssim(inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Wang et al.'s equation 13 with the two-dimensional window written out, on a few of the images."""
    offsets = np.arange(11) - 5
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    window /= window.sum()

    def mean(image: np.ndarray) -> np.ndarray:
        return np.einsum("hwij,ij->hw", np.lib.stride_tricks.sliding_window_view(image, (11, 11)), window)

    found = []
    for pair in zip(inputs["first"][:CHECKED_IMAGES], inputs["second"][:CHECKED_IMAGES], strict=True):
        channels = []
        for a, b in zip(*(np.moveaxis(image.astype(np.float64), 2, 0) for image in pair), strict=True):
            mean_a, mean_b = mean(a), mean(b)
            variances = mean(a * a) - mean_a**2 + mean(b * b) - mean_b**2
            covariance = mean(a * b) - mean_a * mean_b
            luminance = (2 * mean_a * mean_b + 2.55**2) / (mean_a**2 + mean_b**2 + 2.55**2)
            channels.append(np.mean(luminance * (2 * covariance + 7.65**2) / (variances + 7.65**2)))
        found.append(np.mean(channels))
    return np.array(found)


def _frechet(title: str, rows: int, must: float | None, *, same: bool = False) -> Case:
    return Case(
        "frechet",
        f"2048-d moments of {title}",
        lambda: moments(rows, same=same),
        true_frechet,
        must,
        1e-14,
        lambda inputs, truth: np.trace(inputs["cov_real"]) + np.trace(inputs["cov_fake"]),
        "the trace",
        None if must else 1,
    )


def _relative(inputs: dict[str, np.ndarray], truth: np.ndarray) -> np.ndarray:
    return np.abs(truth)


CASES = [
    _frechet("10,000 rows", ROWS, 3.0),
    _frechet("256 rows", 256, None),
    _frechet("256 rows, twice the same", 256, None, same=True),
    *(
        Case("kernel", f"{rows:,} rows x 2,048, 100 subsets of 1,000", lambda rows=rows: features(rows),
             true_kernel, 1.0, 1e-11, _relative, "the value")
        for rows in (2000, 5000, ROWS)
    ),
    Case("precision_recall", "10,000 rows x 2,048, k = 3", lambda: features(ROWS), true_precision_recall,
         1.0, 0.0, lambda inputs, truth: 1.0, "1"),
    Case("ssim", "100 images 256x256x3", photographs, true_ssim, 1.0, 1e-14, _relative, "the value"),
]  # fmt: skip
TITLES = {
    "frechet": "Frechet distance",
    "kernel": "KID",
    "precision_recall": "precision, recall",
    "ssim": "SSIM",
}


class Contestant:
    """A process that computes one metric when told, and says how long it took.

    Attributes:
        failure: why it cannot, or None.
        facts: what it told of itself.
        turns: what it answered.
    """

    def __init__(self, python: str, side: str, metric: str, inputs: Path, threads: int) -> None:
        pinned = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        worker = Path(__file__).with_name("metrics_speed_worker.py")
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [python, str(worker), side, metric, str(inputs)],
            env=os.environ | pinned,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.failure: str | None = None
        self.turns: list[dict[str, Any]] = []
        self.facts = self._hear()

    def __enter__(self) -> Self:
        """Returns itself; the process ends with the block."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    def take_turn(self) -> None:
        """Computes the metric once."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        answer = self._hear()
        if not self.failure:
            self.turns.append(answer)

    def _hear(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if line:
            answer = json.loads(line)
        else:
            self._process.wait()
            self._errors.seek(0)
            said = self._errors.read().strip().splitlines()
            answer = {"failure": said[-1] if said else f"exit code {self._process.returncode}"}
        self.failure = answer.get("failure")
        return answer


def measure(case: Case, peer_python: str, rounds: int, threads: int, directory: Path) -> dict[str, Any]:
    """Lets both sides take turns at one case, and returns its row."""
    inputs = case.inputs()
    path = directory / "inputs.npz"
    np.savez(path, **{name: values for name, values in inputs.items() if name not in "xy"})
    row = {
        "metric": TITLES[case.metric],
        "case": case.title,
        "peer": METRICS[case.metric][2],
        "must": case.must,
    }
    rounds = min(rounds, case.most_rounds or rounds)
    with (
        Contestant(sys.executable, "ours", case.metric, path, threads) as ours,
        Contestant(peer_python, "peer", case.metric, path, threads) as peer,
    ):
        for number in range(rounds):
            for contestant in (ours, peer)[:: -1 if number % 2 else 1]:
                if not contestant.failure:
                    contestant.take_turn()
    if ours.failure:
        raise RuntimeError(f"{row['metric']}, {row['case']}: {ours.failure}")
    truth = case.truth(inputs)

    def error(contestant: Contestant) -> float:
        values = np.array(contestant.turns[-1]["value"][: len(truth)])
        return float(np.max(np.abs(values - truth) / case.unit(inputs, truth)))

    row |= {
        "rounds": rounds,
        "versions": {"ours": ours.facts["versions"], "peer": peer.facts.get("versions", {})},
        "truth": truth.tolist(),
        "ours_seconds": _median(turn["seconds"] for turn in ours.turns),
        "ours_cpu_seconds": _median(turn["cpu_seconds"] for turn in ours.turns),
        "our_error": error(ours),
        "error_relative_to": case.error_of,
        "skipped": peer.failure,
    }
    if peer.failure:
        return row
    pairs = list(zip(ours.turns, peer.turns, strict=True))
    row |= {
        "peer_seconds": _median(turn["seconds"] for turn in peer.turns),
        "peer_cpu_seconds": _median(turn["cpu_seconds"] for turn in peer.turns),
        "ratio": _median(b["seconds"] / a["seconds"] for a, b in pairs),
        "cpu_ratio": _median(b["cpu_seconds"] / a["cpu_seconds"] for a, b in pairs),
        "peer_error": error(peer),
    }
    row["accurate"] = row["our_error"] <= max(row["peer_error"], case.rounding)
    row["met"] = row["accurate"] and (case.must is None or row["ratio"] >= case.must)
    return row


def _median(values: Iterator[float]) -> float:
    return statistics.median(values)


def markdown(results: dict[str, Any]) -> str:
    """Returns the rows as a table, missed targets marked."""
    lines = [
        "| metric | case | ours | peer | peer is | ratio | by CPU | must | our error | its error | target |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in results["rows"]:
        peer = dict.fromkeys(("peer_seconds", "ratio", "cpu_ratio", "peer_error"), "")
        verdict = f"skipped: {row['skipped']}"
        if not row["skipped"]:
            peer = {
                "peer_seconds": f"{row['peer_seconds']:.3g} s",
                "ratio": f"{row['ratio']:.2f}",
                "cpu_ratio": f"{row['cpu_ratio']:.2f}",
                "peer_error": f"{row['peer_error']:.1e}",
            }
            verdict = "met" if row["met"] else "**missed**"
        cells = (
            row["metric"],
            row["case"],
            f"{row['ours_seconds']:.3g} s",
            peer["peer_seconds"],
            row["peer"],
            peer["ratio"],
            peer["cpu_ratio"],
            f">= {row['must']:g}" if row["must"] else "accuracy",
            f"{row['our_error']:.1e}",
            peer["peer_error"],
            verdict,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="directory for results.json")
    parser.add_argument(
        "--peer-python", default=sys.executable, help="a Python that has the peers (this one)"
    )
    parser.add_argument("--metrics", default=",".join(METRICS), help="some of %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="turns of both sides (%(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of BLAS and torch, both sides (%(default)s)")
    found = parser.parse_args(arguments)
    found.metrics = found.metrics.split(",")
    check_names("metric", found.metrics, METRICS)
    check_counts(found, "rounds", "threads")
    try:
        command = [found.peer_python, "-c", "import numpy, scipy"]
        usable = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError as error:
        raise InputError(f"--peer-python {found.peer_python}: {error.strerror}") from error
    if not usable:
        raise InputError(f"--peer-python {found.peer_python} cannot import numpy and scipy")
    make_output(found.out)
    return found


def main() -> None:
    arguments = parse_arguments()
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        for case in CASES:
            if case.metric not in arguments.metrics:
                continue
            print(f"{TITLES[case.metric]}, {case.title} ...", flush=True)
            settings = (arguments.peer_python, arguments.rounds, arguments.threads, Path(directory))
            rows.append(measure(case, *settings))
            if rows[-1]["skipped"]:
                print(f"  {rows[-1]['peer']} is left out: {rows[-1]['skipped']}", flush=True)
            else:
                print(f"  {rows[-1]['peer']} takes {rows[-1]['ratio']:.2f} times as long", flush=True)
    results = {
        "machine": {
            "processor": processor_name(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "versions": versions("tfgan_ref", "numpy", "scipy"),
        "settings": {"rounds": arguments.rounds, "threads": arguments.threads, "seed": SEED},
        "rows": rows,
    }
    path = arguments.out / "results.json"
    write_json(path, results)
    print("", markdown(results), "", f"{arguments.threads} thread(s) on both sides", path, sep="\n")


if __name__ == "__main__":
    cli.run(main)

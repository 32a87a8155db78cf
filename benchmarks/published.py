"""Published figures of small experiments beside ours: writes docs/published.md from the committed results.

python benchmarks/published.py

Nothing is trained. Each entry names the paper's figure and the file of benchmarks/results with ours; a row of
a result that is not there says so. tests/benchmarks/test_published.py holds the page to what this writes.
"""

import json
import statistics
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mode_table import by_objective, with_spread

from tfgan_ref import cli
from tfgan_ref.files import write_text

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "published.md"
HEADINGS = ("what", "published", "ours", "seeds", "steps", "CPU minutes a run")
NOT_MEASURED = ("not measured", "", "", "")
NO_TYPE = ("no such type here", "", "", "")
PACGAN = "[Lin et al. 2018](https://arxiv.org/abs/1712.04086)"
R3GAN = "[Huang et al. 2024](https://arxiv.org/abs/2501.05441)"
LEDIG = "[Ledig et al. 2017](https://arxiv.org/abs/1609.04802)"
INTRODUCTION = """
`python benchmarks/published.py` writes this page from the committed results. It takes the figures of
experiments that a CPU can repeat: mixtures whose modes can be counted, stacked digits, labels of generated
digits, Set5. Networks, steps and machines differ from the papers', so a better figure here is no claim of a
better method; what each run was is in the page that its section names. CPU minutes are the mean of the runs;
"at most" where only the clock was read, which is then multiplied by the cores.
"""


@dataclass(frozen=True)
class Section:
    """The entries of one experiment.

    Attributes:
        title: of the section.
        text: how ours is measured, and with which command.
        file: of the results, in benchmarks/results.
        entries: what, the published figure with its source, and how ours is read from the file: the figure,
            seeds, steps and minutes, or None where no row is there.
    """

    title: str
    text: str
    file: str
    entries: Sequence[tuple[str, str, Callable[[Any], tuple[str, ...] | None]]]


def minutes(rows: Sequence[dict[str, Any]]) -> str:
    """Returns the mean CPU minutes of runs of ``modes.py``."""
    if all("cpu_seconds" in row for row in rows):
        return f"{statistics.fmean(row['cpu_seconds'] for row in rows) / 60:.1f}"
    return f"at most {statistics.fmean(row['seconds'] * row['cores'] for row in rows) / 60:.1f}"


def modes_of(objective: str) -> Callable[[Any], tuple[str, ...] | None]:
    """Returns the reader of an objective's rows of ``modes.py``."""

    def read(results: Any) -> tuple[str, ...] | None:
        rows = by_objective(results).get(objective)
        if rows is None:
            return None
        figures = [f"{with_spread([row['modes'] for row in rows], 1)} modes"]
        shares = [100 * row["high_quality"] for row in rows if row["high_quality"] is not None]
        divergences = [row["reverse_kl"] for row in rows if row["reverse_kl"] is not None]
        figures += [f"{with_spread(shares, 1)} %"] if shares else []
        figures += [f"KL {with_spread(divergences, 3)}"] if divergences else []
        steps = ", ".join(f"{count:,}" for count in sorted({row["steps"] for row in rows}))
        return f"`{objective}`: {', '.join(figures)}", str(len(rows)), steps, minutes(rows)

    return read


def label_agreement(results: Any) -> tuple[str, ...] | None:
    """Returns our cgan's label agreement on MNIST at the last time at which it was judged."""
    rows = [row for row in results["rows"] if row["contestant"] == "cgan"]
    last = [row for row in rows if row["at"] == max(row["at"] for row in rows)] if rows else []
    if not last:
        return None
    steps = f"about {round(statistics.fmean(row['steps'] for row in last), -1):,.0f}"
    share = with_spread([100 * row["labels_right"] for row in last], 1)
    return f"`cgan`: {share} %", str(len(last)), steps, f"{last[0]['at'] / 60:.0f}"


def restored(way: str) -> Callable[[Any], tuple[str, ...] | None]:
    """Returns the reader of a way's PSNR of Set5."""

    def read(results: Any) -> tuple[str, ...] | None:
        row = next((row for row in results if row["way"] == way), None)
        if row is None:
            return None
        trained = row["seconds"] > 0
        steps = f"{int(row['gan_steps' if way == 'srgan' else 'steps']):,}" if trained else ""
        spent = f"at most {row['seconds'] * row['machine']['cores'] / 60:.0f}" if trained else ""
        return f"{row['psnr_y']:.2f} dB", "1" if trained else "", steps, spent

    return read


SECTIONS = (
    Section(
        "The grid of 25",
        """`python benchmarks/modes.py --distribution grid --objectives OBJECTIVE --out
        benchmarks/results/modes/grid`, 2,500 samples; see [objectives.md](objectives.md#the-grid-of-25). The
        divergence is of the samples' histogram over the modes from a uniform one.""",
        "modes/grid/results.json",
        [
            (f"a GAN, {PACGAN}", "17.3 modes", modes_of("non_saturating")),
            (f"packs of 4, {PACGAN}", "24.8 modes, 93.6 %, KL 0.04", modes_of("packing4")),
            ("instance noise that fades", "", modes_of("instance_noise")),
            ("R1", "", modes_of("r1")),
        ],
    ),
    Section(
        "The ring of 8",
        """`python benchmarks/modes.py --distribution ring --objectives OBJECTIVE --out
        benchmarks/results/modes/ring`; see [objectives.md](objectives.md#the-ring-of-8).""",
        "modes/ring/results.json",
        [
            ("a GAN", "", modes_of("non_saturating")),
            ("packs of 2", "", modes_of("packing2")),
            ("R1", "", modes_of("r1")),
        ],
    ),
    Section(
        "Stacked MNIST, 1,000 modes",
        f"""`python benchmarks/modes.py --distribution stacked --data npz:train.npz --objectives OBJECTIVE
        --out benchmarks/results/modes/stacked_mnist`, 26,000 samples; see
        [objectives.md](objectives.md#stacked-digits). A perfect generator has a divergence of about 0.02 at
        this number of samples. The published figures are those of the table in {R3GAN}.""",
        "modes/stacked_mnist/results.json",
        [
            ("R3GAN", "1,000 modes, KL 0.029", modes_of("r3gan")),
            ("PacGAN", "992 modes, KL 0.28", modes_of("packing2")),
            ("StyleGAN2", "940 modes, KL 0.42", lambda _: NO_TYPE),
            ("WGAN-GP", "959 modes, KL 0.73", modes_of("wgan_gp")),
            ("DCGAN", "99 modes, KL 3.40", modes_of("non_saturating")),
        ],
    ),
    Section(
        "Labels of generated MNIST digits",
        """`python benchmarks/equal_time.py --train npz:train.npz --test npz:test.npz --out
        benchmarks/results/equal_time --runs runs/equal_time`: the share of generated digits that a classifier
        sees as what they were generated as; see [results.md](results.md#quality-at-equal-time). No figure of
        this measure at such a size was found.""",
        "equal_time/results.json",
        [("a conditional GAN", "", label_agreement)],
    ),
    Section(
        "Set5, 4 times",
        f"""`python benchmarks/super_resolution.py --data folder:bsds_train --benchmark set5 --published
        --steps 7500 --gan-steps 300 --out benchmarks/results/super_resolution`: PSNR of the luminance; see
        [image_to_image.md](image_to_image.md#super-resolution-4-times). The published figures are those of
        {LEDIG}, table 2, of 16 blocks of width 64 that saw 350,000 images of ImageNet for 1,000,000
        updates.""",
        "super_resolution/results.json",
        [
            ("bicubic", "28.43 dB", restored("bicubic")),
            ("SRResNet", "32.05 dB", restored("srresnet")),
            ("SRGAN", "29.40 dB", restored("srgan")),
        ],
    ),
)


def page() -> str:
    """Returns the whole page."""
    parts = [f"# Published figures beside ours\n\n{wrapped(INTRODUCTION)}\n"]
    for section in SECTIONS:
        results = json.loads((RESULTS / section.file).read_text(encoding="utf-8"))
        lines = [HEADINGS, ("---",) * len(HEADINGS)]
        for what, published, read in section.entries:
            lines.append((what, published or "-", *(read(results) or NOT_MEASURED)))
        rows = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        text = f"{section.text} Results: [{section.file}](../benchmarks/results/{section.file})."
        parts.append(f"## {section.title}\n\n{wrapped(text)}\n\n{rows}\n")
    return "\n".join(parts)


def wrapped(text: str) -> str:
    """Returns a paragraph in lines as long as those of the other pages."""
    return textwrap.fill(" ".join(text.split()), 118, break_long_words=False, break_on_hyphens=False)


def main() -> None:
    write_text(PAGE, page())
    print(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    cli.run(main)

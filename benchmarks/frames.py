"""Animation frames in pairs of attribute and action that training never showed.

python benchmarks/frames.py --out benchmarks/results/frames

Trains the recipe frames on drawn figures without five pairs (``figures.HELD_OUT``), draws clips of each of
those pairs and of pairs that training showed, and has them judged by classifiers that were trained on other
real figures of all pairs: the action by whole clips, attributes and phases frame by frame. "Identity" is the
distance between two frames of a clip, in a space in which frames of one real character are near each other,
over that of real clips; "siblings" is the distance between two characters of equal attributes over that of
real ones (0: all look the same). Writes DIR/results.json, DIR/table.md, DIR/held_out.png (a drawn clip of
each pair, and below it a real one) and DIR/held_out.gif. A run in --runs that is finished is used again.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arguments import Parser, describe_machine, make_output

from tfgan_ref import cli

if TYPE_CHECKING:
    import numpy as np

    from tfgan_ref.data.clips.clips import Clips
    from tfgan_ref.evaluation.frames import ClipJudge
    from tfgan_ref.gans import FrameGAN

TARGET = 0.95
JUDGE_CLIPS, TEST_CLIPS = 2000, 300
DRAWN = 50  # clips that are drawn with one seed
SHOWN = 4  # clips of each pair in the GIF
ALL = "all held out"
SEEN = "seen"


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", help="generator updates (the recipe's)")
    parser.add_argument("--clips", type=int, default=100, help="drawn of each pair (%(default)s)")
    parser.add_argument("--seed", default="0", help="(%(default)s)")
    parser.add_argument("--runs", type=Path, help="directory of the run directory (default: --out)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    make_output(arguments.out)
    return arguments


def draw(gan: "FrameGAN", conditions: "np.ndarray", seed: int) -> "Clips":
    """Draws a clip for each row of conditions."""
    import numpy as np

    from tfgan_ref import plotting
    from tfgan_ref.data.clips.clips import Clips
    from tfgan_ref.data.clips.figures import FACTORS

    pieces = [
        plotting.to_uint8(gan.generate(len(part), seed=seed + k, choices=part))
        for k, part in enumerate(np.array_split(conditions, -(-len(conditions) // DRAWN)))
    ]
    return Clips("drawn", np.concatenate(pieces), conditions, FACTORS)


def groups_of(n: int) -> "dict[str, np.ndarray]":
    """Returns ``n`` rows of conditions with each held-out pair, all of them together, and ``n`` with none."""
    import numpy as np

    from tfgan_ref.data.clips.factors import holds, holds_any
    from tfgan_ref.data.clips.figures import FACTORS, HELD_OUT, random_conditions

    pool = random_conditions(200 * n, seed=4)
    groups = {str(pair): pool[holds(pool, pair, FACTORS)][:n] for pair in HELD_OUT}
    groups[ALL] = np.concatenate(list(groups.values()))
    groups[SEEN] = pool[~holds_any(pool, HELD_OUT, FACTORS)][:n]
    return groups


def judged(
    gan: "FrameGAN", judge: "ClipJudge", name: str, conditions: "np.ndarray", image_size: int
) -> tuple[dict[str, Any], "tuple[np.ndarray, np.ndarray]"]:
    """Returns the row of one group, and its drawn and real frames."""
    from tfgan_ref.data.clips.figures import figure_clips

    drawn, siblings = (draw(gan, conditions, seed) for seed in (100, 1100))
    real, real_siblings = (figure_clips(conditions, image_size=image_size, seed=seed) for seed in (5, 6))
    ours, truth = judge.score(drawn), judge.score(real)
    row = {
        "conditions": name,
        "clips": len(conditions),
        "action": ours.action,
        "action_real": truth.action,
        "attributes": ours.attribute,
        "attributes_real": truth.attribute,
        **{f"attribute_{key}": value for key, value in ours.attributes.items()},
        "phase": ours.phase,
        "phase_real": truth.phase,
        "identity": ours.identity / truth.identity,
        "siblings": judge.distance(drawn, siblings) / judge.distance(real, real_siblings),
    }
    return row, (drawn.frames, real.frames)


def cells(row: dict[str, Any]) -> list[str]:
    """Returns the table's line of a row."""
    attribute, equals, _ = row["conditions"].partition("=")
    return [
        row["conditions"],
        f"{row['action']:.1%} ({row['action_real']:.1%})",
        f"{row['attributes']:.1%} ({row['attributes_real']:.1%})",
        f"{row[f'attribute_{attribute}']:.1%}" if equals else "",
        f"{row['phase']:.1%} ({row['phase_real']:.1%})",
        f"{row['identity']:.2f}",
        f"{row['siblings']:.2f}",
    ]


HEADINGS = (
    "attribute=value:action",
    "action right (real)",
    "attributes right (real)",
    "that attribute",
    "phase right (real)",
    "identity / real",
    "siblings / real",
)


def write_pictures(out: Path, shown: "list[tuple[np.ndarray, np.ndarray]]") -> None:
    """Writes a drawn and a real clip of each pair, and a GIF of several drawn ones side by side."""
    import numpy as np

    from tfgan_ref import plotting
    from tfgan_ref.files import write_bytes
    from tfgan_ref.media.clips import contact_sheet, encode_gif

    rows = np.concatenate([np.stack([drawn[0], real[0]]) for drawn, real in shown])
    plotting.save_png(out / "held_out.png", contact_sheet(rows))
    tiles = np.stack([drawn[:SHOWN] for drawn, _ in shown])
    pairs, columns, phases, height, width, channels = tiles.shape
    montage = tiles.transpose(2, 0, 3, 1, 4, 5).reshape(phases, pairs * height, columns * width, channels)
    write_bytes(out / "held_out.gif", encode_gif(montage.repeat(2, axis=1).repeat(2, axis=2)))


def main() -> None:
    arguments = parse_arguments()
    cli.prepare_scoring()

    from runs import train_counted
    from study_common import rounded, table

    from tfgan_ref.data.clips.figures import figure_clips, random_conditions
    from tfgan_ref.evaluation.frames import judge_for
    from tfgan_ref.files import write_json, write_text
    from tfgan_ref.recipes import find_recipe
    from tfgan_ref.run import build

    given = {key: getattr(arguments, key) for key in ("seed", "steps") if getattr(arguments, key) is not None}
    settings = find_recipe("frames").settings.from_text(given)
    path = (arguments.runs or arguments.out) / "frames"
    minutes = train_counted("frames", settings, path) / 60
    gan = build.restore_gan(path)
    size = settings.image_size
    judge = judge_for(
        *(
            figure_clips(random_conditions(n, seed), image_size=size, seed=seed)
            for n, seed in ((JUDGE_CLIPS, 2), (TEST_CLIPS, 3))
        )
    )
    rows, shown = [], []
    for name, conditions in groups_of(arguments.clips).items():
        row, frames = judged(gan, judge, name, conditions, size)
        rows.append(row)
        if name not in (ALL, SEEN):
            shown.append(frames)
    facts = {"seed": settings.seed, "steps": settings.steps, "cpu_minutes": round(minutes, 1)}
    result = facts | {"rows": [rounded(row) for row in rows], "machine": describe_machine()}
    write_json(arguments.out / "results.json", result)
    text = table(HEADINGS, [cells(row) for row in rows])
    write_text(arguments.out / "table.md", text + "\n")
    write_pictures(arguments.out, shown)
    print(f"\n{text}\n{minutes:.1f} CPU minutes of training, {settings.steps} steps")
    unseen = next(row for row in rows if row["conditions"] == ALL)
    for what in ("action", "attributes"):
        verdict = "met" if unseen[what] >= TARGET else "missed"
        print(f"{what} right in pairs never seen: {unseen[what]:.1%}, target {TARGET:.0%}: {verdict}")


if __name__ == "__main__":
    cli.run(main)

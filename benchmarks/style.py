"""Do contents keep what they are and take the style shown? Digits in synthetic styles know the truth.

python benchmarks/style.py --out benchmarks/results/style
python benchmarks/style.py --seeds 1,2 --steps 1000 --cycle-steps 600 --out DIR --runs DIR

Trains the recipe style on scikit-learn's digits and on other ones drawn in eight styles, and paints digits of
the test split in the styles of single pictures of it, so that neither was seen in training. Two classifiers,
trained on drawn digits of the training split, say which style and which digit each result shows. Then trains
the recipe cyclegan between plain and styled digits: the mean absolute error of a picture that went there and
back, of the range from -1 to 1. Writes DIR/results.json with a row for each seed, DIR/table.md and pictures.
"""

import argparse
from pathlib import Path

from arguments import Parser, describe_machine, make_output

from tfgan_ref import cli
from tfgan_ref.errors import InputError

SHOWN = 8  # contents and styles in the picture
AIM = 0.9


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0,1", help="of training, a list with commas (%(default)s)")
    parser.add_argument("--steps", default="1000", help="of style (%(default)s)")
    parser.add_argument("--cycle-steps", default="600", help="of cyclegan (%(default)s); 0: leave it out")
    parser.add_argument("--recolour", default="true", help="false: contents are learnt with their colours")
    parser.add_argument("--runs", type=Path, help="directory of the run directories (default: --out)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    if not all(seed.isdecimal() for seed in arguments.seeds.split(",")):
        raise InputError(f"--seeds {arguments.seeds!r} is not a list of whole numbers")
    if not arguments.cycle_steps.isdecimal():
        raise InputError(f"--cycle-steps {arguments.cycle_steps!r} is not a whole number from 0 up")
    make_output(arguments.out)
    return arguments


def main() -> None:
    arguments = parse_arguments()
    cli.prepare_scoring()

    import numpy as np
    from runs import train_counted
    from study_common import table

    from tfgan_ref import data, plotting
    from tfgan_ref.data.pairs.styled_digits import STYLES, draw_styled
    from tfgan_ref.evaluation import classifier_for
    from tfgan_ref.files import write_json, write_text
    from tfgan_ref.media.translations import strips
    from tfgan_ref.recipes import find_recipe
    from tfgan_ref.run import build

    digits = data.read("digits", image_size=32, channels=1)
    styles = np.tile(np.arange(len(STYLES), dtype=np.int32), len(digits.images))
    repeated = digits.images.repeat(len(STYLES), axis=0)
    drawn = draw_styled(repeated, styles)
    labels = digits.labels.repeat(len(STYLES))
    judges = {
        "style": classifier_for(
            data.ImageArrays("styles", drawn, styles, tuple(style.name for style in STYLES))
        ),
        "content": classifier_for(data.ImageArrays("styled digits", drawn, labels, digits.class_names)),
    }
    contents, pictures = data.styled_digits(image_size=32, split="test")
    truths = {"style": pictures.labels, "content": contents.labels}
    to_floats = [arrays.images / np.float32(127.5) - 1 for arrays in (contents, pictures)]

    def shares(images: np.ndarray) -> dict[str, float]:
        return {
            name: round(float(np.mean(judge(images)[1].argmax(axis=1) == truths[name])), 4)
            for name, judge in judges.items()
        }

    runs = arguments.runs or arguments.out
    rows = []
    for seed in arguments.seeds.split(","):
        recipe = find_recipe("style")
        texts = {"steps": arguments.steps, "seed": seed, "recolour": arguments.recolour}
        path = runs / f"style-{seed}"
        seconds = train_counted(recipe.name, recipe.settings.from_text(texts), path)
        gan = build.restore_gan(path)
        painted = np.concatenate(
            [
                plotting.to_uint8(gan.translate({"source": source, "target": target}))
                for source, target in zip(*(np.array_split(side, 6) for side in to_floats), strict=True)
            ]
        )
        rows.append({"seed": int(seed), **shares(painted), "cpu_seconds": seconds})
        chosen = [int(np.flatnonzero(pictures.labels == style)[0]) for style in range(SHOWN)]
        examples = {"source": to_floats[0][:SHOWN], "target": to_floats[1][chosen]}
        plotting.save_png(arguments.out / f"style-{seed}.png", recipe.draw(gan, examples))
    if arguments.cycle_steps != "0":
        recipe = find_recipe("cyclegan")
        texts = {"steps": arguments.cycle_steps, "width": "16", "blocks": "2", "learning_rate": "5e-4"}
        seconds = train_counted(recipe.name, recipe.settings.from_text(texts), runs / "cyclegan")
        gan = build.restore_gan(runs / "cyclegan")
        there = gan.translate({"source": to_floats[0]}).numpy()
        here = gan.translate_back(to_floats[1]).numpy()
        back, again = gan.translate_back(there).numpy(), gan.translate({"source": here}).numpy()
        errors = [float(np.mean(np.abs(a - b))) for a, b in zip((back, again), to_floats, strict=True)]
        rows.append(
            {
                "cycle_error_plain": round(errors[0], 4),
                "cycle_error_styled": round(errors[1], 4),
                "content": shares(plotting.to_uint8(there))["content"],
                "cpu_seconds": seconds,
            }
        )
        shown = [to_floats[0], there, back, to_floats[1], here, again]
        plotting.save_png(arguments.out / "cyclegan.png", strips([column[:SHOWN] for column in shown]))
    facts = {
        "pictures": len(contents.images),
        "steps": arguments.steps,
        "cycle_steps": arguments.cycle_steps,
        "recolour": arguments.recolour,
        "style_judge_on_real": shares(pictures.images)["style"],
        "judges_held_out": {name: round(judge.accuracy, 4) for name, judge in judges.items()},
        "machine": describe_machine(),
    }
    write_json(arguments.out / "results.json", [row | facts for row in rows])
    cells = [
        [
            f"style, seed {row['seed']}",
            f"{row['style']:.1%}",
            f"{row['content']:.1%}",
            f"{row['cpu_seconds']:.0f}",
        ]
        for row in rows
        if "seed" in row
    ]
    text = table(["run", "in the style shown", "still the digit", "training (CPU s)"], cells)
    for row in rows:
        if "seed" not in row:
            there_and_back = f"{row['cycle_error_plain']:.3f}, from styled to plain and back"
            text += (
                f"\n\nCycleGAN, {arguments.cycle_steps} steps: mean error from plain to styled and back "
                f"{there_and_back} {row['cycle_error_styled']:.3f}, of the range from -1 to 1; "
                f"{row['content']:.1%} are still the digit."
            )
    met = all(row[name] >= AIM for row in rows if "seed" in row for name in judges)
    text += f"\n\nBoth at least {AIM:.0%} for every seed: {'met' if met else 'missed'}."
    write_text(arguments.out / "table.md", text + "\n")
    print(f"\n{text}\n{arguments.out}")


if __name__ == "__main__":
    cli.run(main)

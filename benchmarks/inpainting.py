"""Does a GAN fill holes better than smooth interpolation?

python benchmarks/inpainting.py --out benchmarks/results/inpainting
python benchmarks/inpainting.py --data npz:train.npz --test npz:test.npz --out DIR

Trains the recipe inpaint, with its adversary and by the distance alone, and fills the same holes in pictures
that it never saw: PSNR of the hole's pixels, the mean over pictures, against scikit-image's biharmonic
inpainting and against the mean of the known pixels. Checks that known pixels are kept bit for bit. Writes
DIR/results.json with a row for each way, DIR/table.md and DIR/inpainting.png. Finished runs in --runs are
used again.
"""

import argparse
from pathlib import Path

from arguments import Parser, describe_machine, make_output

from tfgan_ref import cli
from tfgan_ref.errors import InputError

WAYS = {"gan": {}, "l1": {"adversarial_weight": "0"}}
SHOWN = 8  # pictures in the strip


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits", help="pictures to train on (%(default)s)")
    parser.add_argument("--test", help="pictures with holes to fill (default: the test split of --data)")
    parser.add_argument("--hole", default="box", help="box or free (%(default)s)")
    parser.add_argument("--steps", type=int, default=1500, help="generator updates of each (%(default)s)")
    parser.add_argument("--n", type=int, default=100, help="pictures with holes (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of training and of the holes (%(default)s)")
    parser.add_argument("--runs", type=Path, help="directory of the run directories (default: --out)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    if arguments.n < SHOWN:
        raise InputError(f"--n {arguments.n} is out of range: at least {SHOWN}")
    make_output(arguments.out)
    return arguments


def main() -> None:
    arguments = parse_arguments()
    cli.prepare_scoring()

    import numpy as np
    from runs import train_counted
    from skimage.restoration import inpaint_biharmonic
    from study_common import table

    from tfgan_ref import data, plotting
    from tfgan_ref.files import write_json, write_text
    from tfgan_ref.media.translations import strips
    from tfgan_ref.recipes import find_recipe
    from tfgan_ref.run.translator import open_translator

    recipe = find_recipe("inpaint")
    runs = arguments.runs or arguments.out
    cpu_seconds = {}
    for way, own in WAYS.items():
        texts = {
            "data": arguments.data,
            "steps": arguments.steps,
            "seed": arguments.seed,
            "hole": arguments.hole,
        }
        settings = recipe.settings.from_text({key: str(value) for key, value in texts.items()} | own)
        cpu_seconds[way] = train_counted(recipe.name, settings, runs / way)
    pairs = data.read_pairs(
        arguments.test or arguments.data,
        make="same",
        split="train" if arguments.test else "test",
        image_size=settings.image_size,
        channels=settings.channels,
    )
    examples = data.example_pairs(
        pairs, arguments.n, seed=arguments.seed + 1, crop=settings.crop, hole=arguments.hole
    )
    originals = plotting.to_uint8(examples["target"])
    masks = examples["mask"][..., 0] > 0.5
    filled = {}
    for way in WAYS:
        translator = open_translator(runs / way)
        filled[way] = np.stack(
            [translator.apply(p, m.astype(np.uint8)) for p, m in zip(originals, masks, strict=True)]
        )
        kept = [
            np.array_equal(after[known], before[known])
            for after, before, known in zip(filled[way], originals, masks, strict=True)
        ]
        if not all(kept):
            raise AssertionError(f"{way} changed known pixels of {kept.count(False)} pictures")
    filled["biharmonic"] = np.stack(
        [
            np.rint(255 * inpaint_biharmonic(p, ~m, channel_axis=-1)).clip(0, 255).astype(np.uint8)
            for p, m in zip(originals, masks, strict=True)
        ]
    )
    filled["mean of the known"] = np.stack(
        [
            np.where(m[..., None], p, np.rint(p[m].mean(axis=0)).astype(np.uint8))
            for p, m in zip(originals, masks, strict=True)
        ]
    )
    rows = []
    for way, pictures in filled.items():
        errors = [
            np.mean((a[~m].astype(np.float64) - b[~m]) ** 2)
            for a, b, m in zip(originals, pictures, masks, strict=True)
        ]
        # A hole without any error has no finite PSNR: 60 dB is less than one grey level of error.
        psnr = np.mean(10 * np.log10(255**2 / np.maximum(errors, 255**2 / 10**6)))
        rows.append({"way": way, "psnr": round(float(psnr), 3), "cpu_seconds": cpu_seconds.get(way, 0.0)})
    facts = {
        "data": arguments.data.partition(":")[0],
        "hole": arguments.hole,
        "steps": arguments.steps,
        "seed": arguments.seed,
        "pictures": arguments.n,
        "known_pixels_kept": True,
        "machine": describe_machine(),
    }
    write_json(arguments.out / "results.json", [row | facts for row in rows])
    text = table(
        ["way", "PSNR in the hole (dB)", "training (CPU s)"],
        [[row["way"], f"{row['psnr']:.2f}", f"{row['cpu_seconds']:.0f}"] for row in rows],
    )
    write_text(arguments.out / "table.md", text + "\n")
    shown = [
        examples["source"],
        *(filled[way] / 127.5 - 1.0 for way in (*WAYS, "biharmonic")),
        examples["target"],
    ]
    plotting.save_png(arguments.out / "inpainting.png", strips([column[:SHOWN] for column in shown]))
    print(f"\n{text}\n{arguments.out / 'inpainting.png'}")


if __name__ == "__main__":
    cli.run(main)

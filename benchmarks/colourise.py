"""What an adversary adds to the same U-Net trained by distance alone: colours, and photographs of edges.

python benchmarks/colourise.py --out benchmarks/results/colourise
python benchmarks/colourise.py --data npzpairs:pairs.npz:line:color --hold-out 100 --out DIR
python benchmarks/colourise.py --recipe edges2image --make edges --data zip:train.zip --hold-out 100 --out DIR

Trains the recipe twice with equal settings, with its adversary and with adversarial_weight=0, and translates
pairs that neither saw. The patch Frechet distance is that of the pixels of 8x8 patches, 64 of
each picture at the same places, between what was made and the originals: it sees colours and their
frequencies, and its floor is that between the training pictures and the originals. The gradient energy is
also taken without luma, in which the given lines outweigh all colours. Writes DIR/results.json with a row for
each way, DIR/table.md and DIR/strips.png (drawing, by distance alone, with the adversary, original). Runs in
--runs that are finished are used again.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from arguments import Parser, check_names, describe_machine, make_output

from tfgan_ref import cli

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np

FLAGS = ("data", "make", "hold_out", "crop", "steps", "batch_size", "width", "seed")
RECIPES = ("colourise", "edges2image")
WAYS = {"l1": {"adversarial_weight": "0"}, "gan": {}}
PATCHES = 64  # of each picture
SHOWN = 8  # pictures in the strips


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="colourise", help=f"{' or '.join(RECIPES)} (%(default)s)")
    parser.add_argument("--data", default="photographs", help="pairs, or pictures (%(default)s)")
    parser.add_argument("--make", default="lines", help="how pictures become sources (%(default)s)")
    parser.add_argument("--hold-out", default="1", help="pairs that are not trained on (%(default)s)")
    parser.add_argument("--crop", default="128", help="side of the training squares (%(default)s)")
    parser.add_argument("--steps", default="2000", help="generator updates of each (%(default)s)")
    parser.add_argument("--batch-size", default="4", help="(%(default)s)")
    parser.add_argument("--width", default="32", help="filters nearest the pictures (%(default)s)")
    parser.add_argument("--seed", default="0", help="(%(default)s)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="other settings")
    parser.add_argument("--runs", type=Path, help="directory of the run directories (default: --out)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    check_names("recipe", [arguments.recipe], RECIPES)
    make_output(arguments.out)
    return arguments


def patches_of(pictures: "Sequence[np.ndarray]") -> "np.ndarray":
    """Returns the pixels of patches of each picture, (N, 8 * 8 * 3), at the same places each time."""
    from patches import patches, places_anywhere

    return patches(pictures, places_anywhere([picture.shape for picture in pictures], PATCHES))


def chroma(picture: "np.ndarray") -> "np.ndarray":
    """Returns what is left of a picture (H, W, 3) without its luma (ITU-R 601): colours, no lines."""
    import numpy as np

    return picture - (picture @ np.array([0.299, 0.587, 0.114]))[..., None]


def energy(pictures: "Iterable[np.ndarray]") -> float:
    """Returns the mean gradient energy of pictures of any sizes."""
    import numpy as np

    from tfgan_ref.metrics import gradient_energy

    return float(np.mean([gradient_energy(picture[None]) for picture in pictures]))


def main() -> None:
    arguments = parse_arguments()
    cli.prepare_scoring()

    import numpy as np
    from runs import train_counted
    from study_common import rounded, short, table

    from tfgan_ref import data, plotting
    from tfgan_ref.files import write_json, write_text
    from tfgan_ref.media.translations import strips
    from tfgan_ref.metrics import frechet_distance, psnr
    from tfgan_ref.recipes import find_recipe
    from tfgan_ref.run.translator import open_translator

    recipe = find_recipe(arguments.recipe)
    runs = arguments.runs or arguments.out
    shared = cli.settings_given(arguments, FLAGS)
    rows, made = [], {}
    for way, own in WAYS.items():
        settings = recipe.settings.from_text(shared | own)
        rows.append({"way": way, "cpu_seconds": train_counted(recipe.name, settings, runs / way)})
    training, held_out = data.split_pairs(
        data.read_pairs(settings.data, make=settings.make), settings.hold_out
    )
    originals = patches_of(held_out.targets)
    floor = frechet_distance(patches_of(training.targets), originals)
    for row in rows:
        translator = open_translator(runs / row["way"])
        pictures = made[row["way"]] = [translator.apply(source) for source in held_out.sources]
        pairs = list(zip(held_out.targets, pictures, strict=True))
        row |= {
            "patch_frechet": frechet_distance(originals, patches_of(pictures)),
            "gradient_energy_ratio": energy(pictures) / energy(held_out.targets),
            "chroma_energy_ratio": energy(map(chroma, pictures)) / energy(map(chroma, held_out.targets)),
            "l1": float(np.mean([np.mean(np.abs(a / 255.0 - b / 255.0)) for a, b in pairs])),
            "psnr": float(np.mean([psnr(a, b) for a, b in pairs])),
        }
    facts = shared | {
        "recipe": recipe.name,
        "data": arguments.data.partition(":")[0],
        "floor": floor,
        "held_out": len(held_out.sources),
    }
    write_json(
        arguments.out / "results.json",
        [rounded(row | facts) | {"machine": describe_machine()} for row in rows],
    )
    cells = [
        [
            row["way"],
            short(row["patch_frechet"]),
            f"{row['gradient_energy_ratio']:.2f}",
            f"{row['chroma_energy_ratio']:.2f}",
            f"{row['psnr']:.1f}",
            f"{row['cpu_seconds']:.0f}",
        ]
        for row in rows
    ]
    text = table(
        [
            "way",
            f"patch Frechet (floor {short(floor)})",
            "gradient energy / real",
            "of colours / real",
            "PSNR",
            "training (CPU s)",
        ],
        cells,
    )
    write_text(arguments.out / "table.md", text + "\n")
    side = settings.crop
    columns = [
        [picture[:side, :side] for picture in collection[:SHOWN]]
        for collection in (held_out.sources, *made.values(), held_out.targets)
    ]
    plotting.save_png(
        arguments.out / "strips.png", strips([np.stack(column) / 127.5 - 1.0 for column in columns])
    )
    print(f"\n{text}\n{arguments.out / 'strips.png'}")


if __name__ == "__main__":
    cli.run(main)

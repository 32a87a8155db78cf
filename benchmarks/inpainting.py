"""Does a GAN fill holes better than smooth interpolation, and more sharply than a distance alone?

python benchmarks/inpainting.py --out benchmarks/results/inpainting
python benchmarks/inpainting.py --data npz:train.npz --test npz:test.npz --out DIR

Trains the recipe inpaint, with its adversary and by the distance alone, and fills the same holes in pictures
that it never saw: PSNR of the hole's pixels, the mean over pictures, against scikit-image's biharmonic
inpainting and against the mean of the known pixels. Checks that known pixels are kept bit for bit.

The patch Frechet distance is that of the pixels of 8x8 patches in [0, 1], 64 numbers of grey pictures and 192
of coloured ones, between what was filled and the originals. The middles of 16 patches of each picture are
pixels of its hole, drawn once for all ways. Its floor is that between pictures of the training set and the
originals, at the same places; a way can fall below it, since its patches have pixels of the originals around
the hole. Pictures with holes are spread over the test pictures, of which each comes several times, with other
holes, if there are fewer.

Writes DIR/results.json with a row for each way, DIR/table.md and DIR/inpainting.png. Runs in --runs that are
finished are used again.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arguments import Parser, describe_machine, make_output

from tfgan_ref import cli
from tfgan_ref.errors import InputError

if TYPE_CHECKING:
    import numpy as np

WAYS = {"gan": {}, "l1": {"adversarial_weight": "0"}}
PATCHES = 16  # of each picture
SHOWN = 8  # pictures in the strip


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits", help="pictures to train on (%(default)s)")
    parser.add_argument("--test", help="pictures with holes to fill (default: the test split of --data)")
    parser.add_argument("--hole", default="box", help="box, free or brush (%(default)s)")
    parser.add_argument("--steps", type=int, default=1500, help="generator updates of each (%(default)s)")
    parser.add_argument("--n", type=int, default=500, help="pictures with holes (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of training and of the holes (%(default)s)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="another setting of both, repeatable"
    )
    parser.add_argument("--runs", type=Path, help="directory of the run directories (default: --out)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    if arguments.n < SHOWN:
        raise InputError(f"--n {arguments.n} is out of range: at least {SHOWN}")
    for text in arguments.set:
        if "=" not in text:
            raise InputError(f"--set {text}: must be of the form KEY=VALUE")
    make_output(arguments.out)
    return arguments


def fill_by_models(runs: Path, originals: "np.ndarray", masks: "np.ndarray") -> "dict[str, np.ndarray]":
    """Returns the pictures, uint8 (N, H, W, C), with holes filled by the model of each way in ``runs``.

    Raises:
        AssertionError: one changed known pixels.
    """
    import numpy as np

    from tfgan_ref.run.translator import open_translator

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
    return filled


def fill_by_rules(originals: "np.ndarray", masks: "np.ndarray") -> "dict[str, np.ndarray]":
    """Returns the pictures with holes filled by what needs no training."""
    import numpy as np
    from skimage.restoration import inpaint_biharmonic

    biharmonic, mean = [], []
    for picture, known in zip(originals, masks, strict=True):
        values = 255 * inpaint_biharmonic(picture, ~known, channel_axis=-1)
        biharmonic.append(np.rint(values).clip(0, 255).astype(np.uint8))
        colour = np.rint(picture[known].mean(axis=0)).astype(np.uint8)
        mean.append(np.where(known[..., None], picture, colour))
    return {"biharmonic": np.stack(biharmonic), "mean of the known": np.stack(mean)}


def psnr_in_holes(originals: "np.ndarray", pictures: "np.ndarray", masks: "np.ndarray") -> float:
    """Returns the mean over pictures of the PSNR of the pixels in their holes, in dB."""
    import numpy as np

    errors = [
        np.mean((a[~m].astype(np.float64) - b[~m]) ** 2)
        for a, b, m in zip(originals, pictures, masks, strict=True)
    ]
    # A hole without any error has no finite PSNR: 60 dB is less than one grey level of error.
    return float(np.mean(10 * np.log10(255**2 / np.maximum(errors, 255**2 / 10**6))))


def main() -> None:
    arguments = parse_arguments()
    cli.prepare_scoring()

    from patches import patches, places_in_holes
    from runs import train_counted
    from study_common import rounded, short, table

    from tfgan_ref import data, plotting
    from tfgan_ref.files import write_json, write_text
    from tfgan_ref.media.translations import strips
    from tfgan_ref.metrics import frechet_distance
    from tfgan_ref.recipes import find_recipe
    from tfgan_ref.recipes.pix2pix import hole_of

    recipe = find_recipe("inpaint")
    runs = arguments.runs or arguments.out
    own = dict(text.split("=", 1) for text in arguments.set)
    shared: dict[str, Any] = own | {key: getattr(arguments, key) for key in ("data", "steps", "seed", "hole")}
    cpu_seconds = {}
    for way, others in WAYS.items():
        settings = recipe.settings.from_text({key: str(value) for key, value in shared.items()} | others)
        cpu_seconds[way] = train_counted(recipe.name, settings, runs / way)

    hole = hole_of(settings)

    def examples_of(name: str, split: str) -> "dict[str, np.ndarray]":
        form = {"image_size": settings.image_size, "channels": settings.channels}
        pairs = data.read_pairs(name, make="same", split=split, **form)
        return data.example_pairs(pairs, arguments.n, seed=arguments.seed + 1, crop=settings.crop, hole=hole)

    examples = examples_of(arguments.test or arguments.data, "train" if arguments.test else "test")
    originals = plotting.to_uint8(examples["target"])
    masks = examples["mask"][..., 0] > 0.5
    filled = fill_by_models(runs, originals, masks) | fill_by_rules(originals, masks)
    places = places_in_holes(masks, PATCHES)
    real = patches(originals, places)
    of_training = plotting.to_uint8(examples_of(arguments.data, "train")["target"])
    floor = frechet_distance(patches(of_training, places), real)
    rows = [
        {
            "way": way,
            "psnr": round(psnr_in_holes(originals, pictures, masks), 3),
            "patch_frechet": frechet_distance(real, patches(pictures, places)),
            "cpu_seconds": cpu_seconds.get(way, 0.0),
        }
        for way, pictures in filled.items()
    ]
    facts = {
        "data": arguments.data.partition(":")[0],
        "hole": arguments.hole if settings.masks is None else "masks",
        "steps": arguments.steps,
        "seed": arguments.seed,
        "set": own,
        "pictures": arguments.n,
        "floor": floor,
        "known_pixels_kept": True,
    }
    write_json(
        arguments.out / "results.json",
        [rounded(row | facts) | {"machine": describe_machine()} for row in rows],
    )
    text = table(
        [
            "way",
            "PSNR in the hole (dB)",
            f"patch Frechet in the hole (floor {short(floor)})",
            "training (CPU s)",
        ],
        [
            [row["way"], f"{row['psnr']:.2f}", short(row["patch_frechet"]), f"{row['cpu_seconds']:.0f}"]
            for row in rows
        ],
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

"""SRResNet and SRGAN on a benchmark folder, beside bicubic enlargement and the paper's figures.

python benchmarks/super_resolution.py --data folder:photos --benchmark set5 --published --out DIR

Trains the recipe srresnet, then srgan from where it ended, and enlarges the pictures of --benchmark: luma
PSNR and SSIM without a border of scale pixels, the gradient energy by the originals', how far the spectrum
is from theirs: the mean absolute difference of the logarithms (base 10) of the luma's power, over rings of
equal frequency from 1 / scale of the originals' limit on, which is what the small pictures have lost; and the
checkerboard energy by the originals'. Writes DIR/results.json with a row for each way, DIR/table.md and
DIR/strips.png. Runs in --runs that are finished are used again.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from arguments import Parser, describe_machine, make_output

from tfgan_ref import cli

if TYPE_CHECKING:
    import numpy as np

# Ledig et al. 2017, table 2: Set5, 4 times.
PUBLISHED = {"bicubic": (28.43, 0.8211), "SRResNet": (32.05, 0.9019), "SRGAN": (29.40, 0.8472)}
RINGS = 24


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="photographs", help="pictures to train on (%(default)s)")
    parser.add_argument(
        "--benchmark", type=Path, required=True, help="folder of NAME_HR and NAME_LR, or originals"
    )
    parser.add_argument("--published", action="store_true", help="add the paper's rows: for Set5, 4 times")
    parser.add_argument(
        "--degradation", default="bicubic", help="what makes sources in training: bicubic, real (%(default)s)"
    )
    parser.add_argument("--upsample", default="shuffle", help="of both: shuffle, icnr, resize (%(default)s)")
    parser.add_argument("--steps", default="3200", help="of srresnet (%(default)s)")
    parser.add_argument("--batch-size", default="8", help="of both (%(default)s)")
    parser.add_argument("--gan-steps", default="400", help="of srgan (%(default)s)")
    parser.add_argument(
        "--perceptual", default="classifier", help="of srgan: vgg19, classifier, none (%(default)s)"
    )
    parser.add_argument(
        "--loss", default="non_saturating", help="of srgan: non_saturating, relativistic (%(default)s)"
    )
    parser.add_argument("--adversarial-weight", default="0.001", help="of srgan (%(default)s)")
    parser.add_argument("--seed", default="0", help="(%(default)s)")
    parser.add_argument("--runs", type=Path, help="directory of the run directories (default: --out)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    make_output(arguments.out)
    return arguments


def spectrum(picture: "np.ndarray") -> "np.ndarray":
    """Returns the logarithm of the luma's mean power in rings of equal frequency, (RINGS,)."""
    import numpy as np

    luma = picture.astype(np.float64) @ [0.299, 0.587, 0.114]
    power = np.abs(np.fft.fft2(luma - luma.mean())) ** 2 / luma.size
    down, across = (np.fft.fftfreq(side) for side in luma.shape)
    rings = (np.hypot(down[:, None], across) / 0.5 * RINGS).astype(int)
    return np.array([np.log10(power[rings == ring].mean() + 1e-12) for ring in range(RINGS)])


def main() -> None:
    arguments = parse_arguments()
    cli.prepare_scoring()

    import numpy as np
    from runs import train
    from study_common import rounded, table

    from tfgan_ref import data, metrics
    from tfgan_ref.files import write_json, write_text
    from tfgan_ref.recipes import find_recipe
    from tfgan_ref.run.sr_benchmark import evaluate_super_resolution
    from tfgan_ref.run.sr_pictures import read_benchmark
    from tfgan_ref.run.translator import open_translator

    runs = arguments.runs or arguments.out
    shared = {
        "data": arguments.data,
        "batch_size": arguments.batch_size,
        "seed": arguments.seed,
        "degradation": arguments.degradation,
        "upsample": arguments.upsample,
    }
    own = {
        "srresnet": {"steps": arguments.steps},
        "srgan": {
            "steps": arguments.gan_steps,
            "start_from": str(runs / "srresnet"),
            "perceptual": arguments.perceptual,
            "adversarial_weight": arguments.adversarial_weight,
            "loss": arguments.loss,
            "d_width": "32",
        },
    }
    seconds = {}
    for name, texts in own.items():
        settings = find_recipe(name).settings.from_text(shared | texts)
        seconds[name] = train(name, settings, runs / name)
    models = [runs / name for name in own]
    report = evaluate_super_resolution(models, arguments.benchmark, picture=arguments.out / "strips.png")
    pictures, _ = read_benchmark(arguments.benchmark, settings.scale)
    enlarge = {str(path): open_translator(path).apply for path in models}
    enlarge["nearest"] = lambda small: small.repeat(settings.scale, axis=0).repeat(settings.scale, axis=1)
    enlarge["bicubic"] = lambda small: np.clip(
        np.rint(data.bicubic_resize(small, settings.scale)), 0, 255
    ).astype(np.uint8)
    rows = []
    for way, means in report.means.items():
        made = [(enlarge[way](each.small), each.original) for each in pictures]
        lost = [np.abs(spectrum(one) - spectrum(other))[RINGS // settings.scale :] for one, other in made]
        dots = [metrics.checkerboard_energy(one) / metrics.checkerboard_energy(other) for one, other in made]
        name = Path(way).name
        spectra = {"spectrum": float(np.mean(lost)), "checkerboard": float(np.mean(dots))}
        rows.append({"way": name, **means, **spectra, "seconds": seconds.get(name, 0.0)})
    facts = {
        **shared,
        "data": arguments.data.partition(":")[0],
        "steps": arguments.steps,
        "gan_steps": arguments.gan_steps,
        "perceptual": arguments.perceptual,
        "adversarial_weight": arguments.adversarial_weight,
        "loss": arguments.loss,
        "pictures": len(pictures),
        "scale": settings.scale,
    }
    write_json(
        arguments.out / "results.json",
        [rounded(row | facts) | {"machine": describe_machine()} for row in rows],
    )
    cells = [
        [
            row["way"],
            f"{row['psnr_y']:.2f}",
            f"{row['ssim_y']:.4f}",
            f"{row['gradient_energy']:.2f}",
            f"{row['spectrum']:.3f}",
            f"{row['checkerboard']:.2f}",
            f"{row['seconds']:.0f}",
        ]
        for row in rows
    ]
    if arguments.published:
        cells += [
            [f"{way} (paper)", f"{p:.2f}", f"{s:.4f}", "-", "-", "-", "-"]
            for way, (p, s) in PUBLISHED.items()
        ]
    headings = [
        "way",
        "PSNR-Y",
        "SSIM-Y",
        "gradient energy / original",
        "spectrum",
        "checkerboard / original",
        "training (s)",
    ]
    text = table(headings, cells)
    write_text(arguments.out / "table.md", text + "\n")
    print(f"\n{text}\n{arguments.out / 'strips.png'}")


if __name__ == "__main__":
    cli.run(main)

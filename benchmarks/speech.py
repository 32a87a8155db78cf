"""Sounds of a class by a conditional WaveGAN: are they that class, as varied as recordings, and near them?

python benchmarks/speech.py --out benchmarks/results/speech/vowels
python benchmarks/speech.py --data npz:recordings.npz --length 8192 --out DIR
python benchmarks/speech.py --ways both,waveform,wgan_gp --steps 1000 --out DIR

Trains the recipe speech (by default on synthesised vowels) in one way or several: the discriminator looks at
waveform and spectrogram ("both"), at the waveform ("waveform"), or is the paper's, of the waveform with
WGAN-GP ("wgan_gp"). A classifier of spectrograms, trained on nine tenths of the recordings, says how often a
sound is of the class that was asked for; the Frechet distance of its features is given beside the floor,
that of real recordings from others, of the same numbers. Diversity is the mean distance between the
spectrograms of two sounds of a class, over that of recordings. Writes DIR/results.json, DIR/table.md and, of
the first way, DIR/spectrograms.png (three recordings and five sounds of each class) and a few WAV files.
Runs in --runs that are finished are used again.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arguments import Parser, describe_machine, make_output

from tfgan_ref import cli

if TYPE_CHECKING:
    import numpy as np

    from tfgan_ref.data.sounds.waves import Waves
    from tfgan_ref.evaluation import Features, SmallClassifier

WAYS = {
    "both": {"critic": "both"},
    "waveform": {"critic": "waveform"},
    "wgan_gp": {"critic": "waveform", "objective": "wgan_gp"},
}
AGREEMENT_TARGETS = {"vowels": 0.95}
OTHER_TARGET = 0.80
ACCURACY_TARGET = 0.95
REAL_SHOWN, MADE_SHOWN = 3, 5
WAV_BYTES = 90_000  # of all files together
COLOURS = 24


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="vowels", help="labelled recordings (%(default)s)")
    parser.add_argument("--length", help="samples of each (the recipe's)")
    parser.add_argument("--steps", help="generator updates (the recipe's)")
    parser.add_argument("--ways", default="both", help=f"some of {','.join(WAYS)} (%(default)s)")
    parser.add_argument(
        "--n", type=int, default=100, help="sounds of each class that are scored (%(default)s)"
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="other settings")
    parser.add_argument("--seed", default="0", help="(%(default)s)")
    parser.add_argument("--runs", type=Path, help="directory of the run directories (default: --out)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    for way in arguments.ways.split(","):
        if way not in WAYS:
            parser.error(f"way {way!r} is unknown: choose some of {', '.join(WAYS)}")
    if arguments.n < 20:
        parser.error(f"n {arguments.n} is out of range: at least 20")
    make_output(arguments.out)
    return arguments


def hear(
    audio: "np.ndarray", sample_rate: int, classifier: "SmallClassifier"
) -> "tuple[np.ndarray, Features]":
    """Returns the spectrograms of sounds, and what the classifier sees in them."""
    from tfgan_ref.data.sounds.spectrograms import spectrogram_pictures
    from tfgan_ref.evaluation import extract

    pictures = spectrogram_pictures(audio, sample_rate)
    pieces = (pictures[start : start + 250] for start in range(0, len(pictures), 250))
    return pictures, extract(pieces, classifier, len(pictures), None)


def spread(pictures: "np.ndarray", labels: "np.ndarray") -> float:
    """Returns the mean distance between the spectrograms of two sounds of a class, over all classes."""
    import numpy as np
    from scipy.spatial.distance import pdist

    flat = pictures.reshape(len(pictures), -1).astype(np.float32)
    return float(np.mean([pdist(flat[labels == label][:100]).mean() for label in np.unique(labels)]))


def scores(
    made: "tuple[np.ndarray, Features]",
    labels: "np.ndarray",
    real: "tuple[np.ndarray, Features]",
    waves: "Waves",
) -> dict[str, Any]:
    """Scores sounds of ``labels`` against the recordings ``waves``."""
    import numpy as np

    from tfgan_ref.metrics import frechet_distance, precision_recall

    rng = np.random.default_rng(0)
    size = min(len(waves) // 2, len(labels))
    first, second = np.split(rng.permutation(len(waves))[: 2 * size], 2)
    chosen = rng.permutation(len(labels))[:size]
    (pictures, seen), (real_pictures, real_seen) = made, real
    right = seen.logits.argmax(axis=1) == labels
    distance, floor = (
        frechet_distance(real_seen.features[first], others)
        for others in (seen.features[chosen], real_seen.features[second])
    )
    precision, recall = precision_recall(real_seen.features[first], seen.features[chosen])
    return {
        "agreement": float(right.mean()),
        "agreement_by_class": {
            name: float(right[labels == number].mean()) for number, name in enumerate(waves.class_names)
        },
        "frechet": distance,
        "frechet_floor": floor,
        "precision": precision,
        "recall": recall,
        "diversity": spread(pictures, labels) / spread(real_pictures, waves.labels),
    }


def save_sheet(path: Path, audio: "np.ndarray", labels: "np.ndarray", waves: "Waves") -> None:
    """Writes a row for each class: three recordings, and five sounds. In few colours, for its size."""
    import io

    import numpy as np
    from PIL import Image

    from tfgan_ref.files import write_bytes
    from tfgan_ref.media.sounds import spectrogram_sheet

    rows = []
    for number in range(len(waves.class_names)):
        rows += [*waves.floats()[waves.labels == number][:REAL_SHOWN], *audio[labels == number][:MADE_SHOWN]]
    sheet = Image.fromarray(spectrogram_sheet(np.stack(rows), REAL_SHOWN + MADE_SHOWN))
    buffer = io.BytesIO()
    sheet.quantize(COLOURS, dither=Image.Dither.NONE).save(buffer, "png", optimize=True)
    write_bytes(path, buffer.getvalue())


def save_sounds(folder: Path, audio: "np.ndarray", labels: "np.ndarray", waves: "Waves") -> None:
    """Writes the first sound of each class, of as many classes as fit in ``WAV_BYTES``."""
    from tfgan_ref.data.sounds.wav import encode_wav
    from tfgan_ref.files import write_bytes

    left = WAV_BYTES
    for number, name in enumerate(waves.class_names):
        content = encode_wav(audio[labels == number][0], waves.sample_rate)
        left -= len(content)
        if left >= 0:
            write_bytes(folder / f"{number}_{name}.wav", content)


def table_of(rows: list[dict[str, Any]]) -> str:
    """Lays the rows out as Markdown."""
    from study_common import short, table

    cells = [
        [
            row["way"],
            f"{row['agreement']:.1%}",
            f"{short(row['frechet'])} ({short(row['frechet_floor'])})",
            f"{row['precision']:.2f}, {row['recall']:.2f}",
            f"{row['diversity']:.2f}",
            str(row["steps"]),
            f"{row['cpu_seconds'] / 60:.1f}",
        ]
        for row in rows
    ]
    heads = ["way", "agreement", "Frechet distance (floor)", "precision, recall", "diversity / real", "steps"]
    return table([*heads, "CPU minutes"], cells)


def main() -> None:
    arguments = parse_arguments()
    cli.prepare_scoring()

    import numpy as np
    from runs import train_counted
    from study_common import rounded

    from tfgan_ref.data.sounds.spectrograms import spectrogram_arrays
    from tfgan_ref.evaluation import classifier_for
    from tfgan_ref.files import write_json, write_text
    from tfgan_ref.recipes import find_recipe
    from tfgan_ref.run import build

    recipe = find_recipe("speech")
    given = cli.settings_given(arguments, ("data", "length", "steps", "seed"))
    waves = recipe.read(recipe.settings.from_text(given)).items
    classifier = classifier_for(spectrogram_arrays(waves))
    real = hear(waves.audio, waves.sample_rate, classifier)
    labels = np.repeat(np.arange(len(waves.class_names)), arguments.n)
    rows = []
    for way in arguments.ways.split(","):
        settings = recipe.settings.from_text(given | WAYS[way])
        run = (arguments.runs or arguments.out) / way
        seconds = train_counted("speech", settings, run)
        gan = build.restore_gan(run)
        pieces = [
            gan.generate(arguments.n, seed=number, label=number).numpy()[..., 0]
            for number in range(len(waves.class_names))
        ]
        audio = np.concatenate(pieces)
        if not rows:
            save_sheet(arguments.out / "spectrograms.png", audio, labels, waves)
            save_sounds(arguments.out, audio, labels, waves)
        made = hear(audio, waves.sample_rate, classifier)
        facts = {"way": way, "steps": settings.steps, "cpu_seconds": seconds}
        rows.append(facts | scores(made, labels, real, waves))
    shared = {
        "data": arguments.data.partition(":")[0],
        "length": waves.length,
        "recordings": len(waves),
        "scored": len(labels),
        "seed": int(arguments.seed),
        "classifier_accuracy": classifier.accuracy,
        "classifier_held_out": classifier.held_out,
        "machine": describe_machine(),
    }
    write_json(arguments.out / "results.json", [rounded(row) | shared for row in rows])
    text = table_of(rows)
    write_text(arguments.out / "table.md", text + "\n")
    print(f"\n{text}\n\nclassifier: {classifier.accuracy:.1%} of {classifier.held_out} held-out recordings")
    target = AGREEMENT_TARGETS.get(arguments.data, OTHER_TARGET)
    for value, aim, what in (
        (classifier.accuracy, ACCURACY_TARGET, "accuracy of the classifier"),
        (rows[0]["agreement"], target, f"agreement of {rows[0]['way']}"),
    ):
        print(f"target {'met' if value >= aim else 'missed'}: {what} {value:.1%}, at least {aim:.0%}")
    print(arguments.out / "spectrograms.png")


if __name__ == "__main__":
    cli.run(main)

"""One voice made of another without pairs: how high it then is, where its formants are, what it still says.

python benchmarks/voices.py --out benchmarks/results/voices

Converts held-out vowels of synthesised men to women's and back (Peterson and Barney's averages), in four ways
that share pitch conversion and vocoder and differ in what happens to the spectral envelope: nothing
("pitch"); all frequencies times one factor, the median of what the formants of the training recordings differ
by ("factor"); CycleGAN with the generator of its paper ("resnet", fewer steps, for about the same time); and
CycleGAN with the recipe's generator ("warp"). Everything is measured on waveforms: the median pitch, the
formants' medians of each vowel by linear prediction (``metrics.formant_shift`` says what "moved" and
"removed" are), and whether the vowel is kept, by a classifier trained on real recordings of the voice to be
made and one trained on both voices. "real" is that voice itself: the classifiers on its held-out recordings,
and the formants of its training recordings. Writes DIR/results.json, DIR/table.md, DIR/spectrograms.png and a
few WAV files. Runs in --runs that are finished are used again.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arguments import Parser, describe_machine, make_output

from tfgan_ref import cli

if TYPE_CHECKING:
    import numpy as np
    from voice_measures import Measured

    from tfgan_ref.data.sounds.waves import Waves
    from tfgan_ref.gans import CycleGAN

VOICES = ("men", "women")
WAYS = {
    "resnet": {"translator": "resnet", "width": "16", "initializer": "normal02", "steps": "440"},
    "warp": {},
}
SHOWN = ("iy", "ae", "aa", "uw", "er")  # vowels in the picture
HEARD = ("iy", "aa")  # vowels as WAV files
PITCH_TARGET, MOVED_TARGET, KEPT_TARGET = 0.10, 0.70, 0.90


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", help="of every way (the recipe's, and 440 of resnet)")
    parser.add_argument("--seed", default="0", help="(%(default)s)")
    parser.add_argument("--runs", type=Path, help="directory of the run directories (default: --out)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    make_output(arguments.out)
    return arguments


def train_all(arguments: argparse.Namespace) -> "tuple[dict[str, CycleGAN], dict[str, float]]":
    """Trains what is not trained yet; returns the GANs, and the CPU seconds of each."""
    from runs import train_counted

    from tfgan_ref.recipes import find_recipe
    from tfgan_ref.run import build

    gans, seconds = {}, {}
    given = {"seed": arguments.seed} | ({"steps": arguments.steps} if arguments.steps else {})
    for way, own in WAYS.items():
        run = (arguments.runs or arguments.out) / way
        settings = find_recipe("voices").settings.from_text(own | given)
        seconds[way] = train_counted("voices", settings, run)
        gans[way] = build.restore_gan(run)
    return gans, seconds


def converters(gans: "dict[str, CycleGAN]", factor: float, sample_rate: int, backward: bool) -> dict:
    """Returns the functions from recording to recording of each way."""
    from voice_measures import scaled

    from tfgan_ref.media.voices import ExportedConverter, converter_of

    statistics = gans["warp"].observer.mean_and_deviation().numpy()
    generators = {"pitch": scaled(1.0, sample_rate), "factor": scaled(factor, sample_rate)}
    plain = {
        way: ExportedConverter(
            generator, statistics[::-1] if backward else statistics, sample_rate=sample_rate
        )
        for way, generator in generators.items()
    }
    return plain | {way: converter_of(gan, sample_rate, backward=backward) for way, gan in gans.items()}


def row_of(
    way: str, made: "Measured", after: "np.ndarray", labels: "np.ndarray", judges: list, ends: tuple
) -> dict[str, Any]:
    """Scores one way.

    Args:
        way: its name.
        made: what was measured of its recordings.
        after: the formants of its vowels.
        labels: the vowels of the recordings.
        judges: the classifiers of the target's vowels and of both voices'.
        ends: the formants of the vowels of both voices, and the target's pitch.
    """
    import numpy as np

    from tfgan_ref.metrics import formant_shift

    before, target, pitch = ends
    moved, removed = formant_shift(before, after, target)
    own, both = (float(np.mean(judge.predict(made.spectra) == labels)) for judge in judges)
    height = float(np.median(made.pitch))
    return {
        "way": way,
        "pitch": height,
        "pitch_error": height / pitch - 1.0,
        "moved": [round(float(share), 4) for share in moved],
        "removed": [round(float(share), 4) for share in removed],
        "kept_by_target_classifier": own,
        "kept_by_both_classifier": both,
    }


def table_of(rows: list[dict[str, Any]], seconds: dict[str, float]) -> str:
    """Lays the rows out as Markdown."""
    from study_common import table

    cells = [
        [
            row["direction"],
            row["way"],
            f"{row['pitch']:.0f} ({100 * row['pitch_error']:+.1f} %)",
            *(
                f"{100 * share:.0f}, {100 * gone:.0f}"
                for share, gone in zip(row["moved"], row["removed"], strict=True)
            ),
            f"{100 * row['kept_by_target_classifier']:.1f}",
            f"{100 * row['kept_by_both_classifier']:.1f}",
            f"{seconds[row['way']] / 60:.1f}" if row["way"] in seconds else "0",
        ]
        for row in rows
    ]
    heads = ["from, to", "way", "median F0 in Hz (from the target's)", "F1 moved, removed (%)"]
    heads += ["F2 moved, removed (%)", "vowel kept (%)", "by both voices' classifier (%)", "CPU minutes"]
    return table(heads, cells)


def verdicts(rows: list[dict[str, Any]]) -> list[str]:
    """Says of the recipe's way whether the targets are met."""
    lines = []
    for row in rows:
        if row["way"] == "warp":
            checks = {
                f"F0 within {PITCH_TARGET:.0%}": abs(row["pitch_error"]) <= PITCH_TARGET,
                f"formants moved >= {MOVED_TARGET:.0%}": min(row["moved"]) >= MOVED_TARGET,
                f"vowel kept >= {KEPT_TARGET:.0%}": row["kept_by_target_classifier"] >= KEPT_TARGET,
            }
            said = ", ".join(f"{what} {'met' if met else 'MISSED'}" for what, met in checks.items())
            lines.append(f"{row['direction']}: {said}")
    return lines


def draw(path: Path, waves: "dict[str, Waves]", made: "dict[str, np.ndarray]") -> None:
    """Draws log-mel spectrograms of one recording of each shown vowel and voice, and of what became of it."""
    import numpy as np

    from tfgan_ref import plotting
    from tfgan_ref.data.sounds.spectrograms import spectrogram_pictures

    rows = []
    first, second = VOICES
    for name in SHOWN:
        where = {v: int(np.flatnonzero(w.labels == w.class_names.index(name))[0]) for v, w in waves.items()}
        recordings = [
            waves[first].floats()[where[first]], made[first][where[first]],
            waves[second].floats()[where[second]], made[second][where[second]],
        ]  # fmt: skip
        pictures = spectrogram_pictures(np.stack(recordings), waves[first].sample_rate)
        rows.append([np.repeat(picture, 3, axis=-1) for picture in pictures])
    titles = [first, f"{first} to {second}", second, f"{second} to {first}"]
    plotting.save_strips(path, rows, titles, SHOWN)


def main() -> None:
    arguments = parse_arguments()
    cli.prepare_scoring()

    import numpy as np
    from study_common import rounded
    from voice_measures import classifier, measure, of_vowels

    from tfgan_ref.data.sounds.sources import read_waves
    from tfgan_ref.data.sounds.wav import encode_wav
    from tfgan_ref.files import write_bytes, write_json, write_text
    from tfgan_ref.recipes.voices import SAMPLE_RATE, VoicesSettings

    gans, seconds = train_all(arguments)
    splits = {
        split: read_waves("vowels", length=VoicesSettings().length, split=split)
        for split in ("train", "test")
    }
    waves, heard = {}, {}
    for split, whole in splits.items():
        for voice in VOICES:
            waves[split, voice] = whole.take(whole.groups == whole.group_names.index(voice))
            heard[split, voice] = measure(waves[split, voice].floats(), SAMPLE_RATE)
    held_out = {voice: waves["test", voice] for voice in VOICES}
    formants = {key: of_vowels(heard[key].formants, waves[key].labels) for key in heard}
    factor = float(np.median(formants["train", VOICES[1]] / formants["train", VOICES[0]]))
    judges = {
        voice: classifier(heard["train", voice].spectra, waves["train", voice].labels) for voice in VOICES
    }
    both = classifier(
        np.concatenate([heard["train", voice].spectra for voice in VOICES]),
        np.concatenate([waves["train", voice].labels for voice in VOICES]),
    )
    rows, made = [], {}
    for source, target in (VOICES, VOICES[::-1]):
        backward = source != VOICES[0]
        ends = (
            formants["test", source],
            formants["test", target],
            float(np.median(heard["test", target].pitch)),
        )
        audio, labels = held_out[source].floats(), held_out[source].labels
        judging = [judges[target], both]
        for way, converter in converters(
            gans, 1 / factor if backward else factor, SAMPLE_RATE, backward
        ).items():
            made[source] = np.stack([converter.apply(recording).numpy() for recording in audio])
            found = measure(made[source], SAMPLE_RATE)
            row = row_of(way, found, of_vowels(found.formants, labels), labels, judging, ends)
            rows.append({"direction": f"{source}, {target}", **row})
        after = formants["train", target]
        real = row_of("real", heard["test", target], after, held_out[target].labels, judging, ends)
        rows.append({"direction": f"{source}, {target}", **real})
        for name in HEARD:
            i = int(np.flatnonzero(labels == held_out[source].class_names.index(name))[0])
            for kind, sound in (("real", audio[i]), (f"to_{target}", made[source][i])):
                write_bytes(arguments.out / f"{name}_{source}_{kind}.wav", encode_wav(sound, SAMPLE_RATE))
    facts = {"seed": int(arguments.seed), "held_out": len(audio), "factor": factor, "cpu_seconds": seconds}
    write_json(
        arguments.out / "results.json",
        {"rows": [rounded(row) for row in rows], **rounded(facts), "machine": describe_machine()},
    )
    text = table_of(rows, seconds)
    write_text(arguments.out / "table.md", text + "\n")
    draw(arguments.out / "spectrograms.png", held_out, made)
    print("\n".join(["", text, *verdicts(rows), str(arguments.out / "spectrograms.png")]))


if __name__ == "__main__":
    cli.run(main)

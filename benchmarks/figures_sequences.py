"""What README.md and docs/ say of sentences, sounds and clips, by the results: see figures.py."""

from collections.abc import Callable, Iterator
from typing import Any

RECIPES, TEXT, SPEECH = "docs/recipes.md", "docs/text.md", "docs/speech.md"
VOICES, FRAMES = "docs/voices.md", "docs/frames.md"


def sentences(results: Any) -> Iterator[tuple[str, str]]:
    """Of the grammar, and of other sentences, where nothing is known to be valid."""
    columns = ["valid", "distinct_valid", "topic_agreement", "bleu2", "bleu3", "bleu4", "self_bleu3"]
    columns += ["distinct2", "memorised", "memorised_of_valid", "cpu_seconds"]
    grammar = "valid" in results["rows"]["real"]
    for way, row in results["rows"].items():
        values = [row.get(key, "-") for key in columns if grammar or "valid" not in key]
        texts = [f"{value:.3f}" if isinstance(value, float) else str(value) for value in values]
        yield TEXT, f"| {way} | {' | '.join(texts)} |"
    ours, trigram, real = (results["rows"][way] for way in ("gumbel", "trigram", "real"))
    if not grammar:
        yield TEXT, f"{100 * ours['topic_agreement']:.1f} % are on topic"
        yield TEXT, f"{ours['self_bleu3']:.2f} against {trigram['self_bleu3']:.2f}"
        yield TEXT, f"BLEU-3 is {trigram['bleu3'] - ours['bleu3']:.2f} below the trigram model's"
        return
    valid, topic = (f"{100 * ours[key]:.1f} %" for key in ("valid", "topic_agreement"))
    yield "README.md", f"{valid} of sentences valid"
    yield RECIPES, f"{valid} valid, {topic} on topic ... | {ours['cpu_seconds'] / 60:.1f} CPU min |"
    yield (
        TEXT,
        f"{valid} valid (aim 90), {topic} on topic (aim 95), "
        f"{100 * ours['distinct_valid'] / real['distinct_valid']:.0f} % as many",
    )
    known, known_trigram, known_real = (f"{100 * row['memorised']:.1f} %" for row in (ours, trigram, real))
    yield TEXT, f"Of its valid sentences {100 * ours['memorised_of_valid']:.1f} % are training sentences"
    yield TEXT, f"the trigram model's {100 * trigram['memorised_of_valid']:.1f} %"
    yield TEXT, f"Of all its sentences {known} are, against {known_trigram} for the trigram model"
    yield TEXT, f"(missed; for real sentences it is {known_real})"
    likelihood = results["rows"]["likelihood"]
    yield TEXT, f"reaches {100 * likelihood['valid']:.1f} % by memorising the training sentences"
    yield TEXT, f"({100 * likelihood['memorised_of_valid']:.1f} % of its valid ones)"
    yield TEXT, f"{results['training']} sentences for training, {results['held_out']} held out"


def sounds(results: Any) -> Iterator[tuple[str, str]]:
    (row,) = results
    yield (
        SPEECH,
        f"| {row['way']} | {row['agreement']:.1%} | {row['frechet']:.3g} ({row['frechet_floor']:.3g}) | "
        f"{row['precision']:.2f}, {row['recall']:.2f} | {row['diversity']:.2f} | {row['steps']} | "
        f"{row['cpu_seconds'] / 60:.1f} |",
    )
    accuracy, held_out = f"{100 * row['classifier_accuracy']:.3g} %", row["classifier_held_out"]
    yield SPEECH, f"classifier is right on {accuracy} of {held_out} held-out recordings"
    kind = "vowel" if row["data"] == "vowels" else "digit"
    share = f"{100 * row['agreement']:.1f} %"
    yield SPEECH, f"{share} are recognised as the requested {kind}"
    shares = sorted(row["agreement_by_class"].values())
    yield SPEECH, f"from {100 * shares[0]:.0f} % ("
    yield SPEECH, f" to {100 * shares[-1]:.0f} %"
    minutes = f"{row['cpu_seconds'] / 60:.1f}"
    yield RECIPES, f"{kind}s {share} ... {f' | {minutes}, ' if kind == 'vowel' else f', {minutes} CPU min |'}"
    if kind == "vowel":
        yield "README.md", f"{share} of vowels recognised"


def voices(results: Any) -> Iterator[tuple[str, str]]:
    seconds = results["cpu_seconds"]
    for row in results["rows"]:
        shares = [
            f"{100 * moved:.0f}, {100 * removed:.0f}"
            for moved, removed in zip(row["moved"], row["removed"], strict=True)
        ]
        cells = [
            row["direction"],
            row["way"],
            f"{row['pitch']:.0f} ({100 * row['pitch_error']:+.1f} %)",
            *shares,
            f"{100 * row['kept_by_target_classifier']:.1f}",
            f"{100 * row['kept_by_both_classifier']:.1f}",
            f"{seconds[row['way']] / 60:.1f}" if row["way"] in seconds else "0",
        ]
        yield VOICES, f"| {' | '.join(cells)} |"
    ours = [row for row in results["rows"] if row["way"] == "warp"]
    moved, removed = (
        f"{100 * min(shares):.0f} to {100 * max(shares):.0f} %"
        for shares in ([share for row in ours for share in row[key]] for key in ("moved", "removed"))
    )
    error = max(abs(row["pitch_error"]) for row in ours)
    kept = min(row["kept_by_target_classifier"] for row in ours)
    yield (
        RECIPES,
        f"F0 within {100 * error:.1f} %, formants moved {moved} of the way, {removed} of their distance "
        f"removed, vowel kept {100 * kept:.0f} % ... | {seconds['warp'] / 60:.1f} CPU min |",
    )
    yield VOICES, f"({results['factor']:.3f}, or its inverse)"


def frames(results: Any) -> Iterator[tuple[str, str]]:
    for row in results["rows"]:
        attribute, named, _ = row["conditions"].partition("=")
        cells = [
            row["conditions"],
            f"{row['action']:.1%} ({row['action_real']:.1%})",
            f"{row['attributes']:.1%} ({row['attributes_real']:.1%})",
            f"{row[f'attribute_{attribute}']:.1%}" if named else "",
            f"{row['phase']:.1%} ({row['phase_real']:.1%})",
            f"{row['identity']:.2f}",
            f"{row['siblings']:.2f}",
        ]
        yield FRAMES, f"| {' | '.join(cells)} |"
    rows = {row["conditions"]: row for row in results["rows"]}
    held_out, skin = rows["all held out"], rows["body=dark:jump"]["attribute_body"]
    attributes, minutes = f"{100 * held_out['attributes']:.1f} %", f"{results['cpu_minutes']:.1f} CPU min"
    yield (
        RECIPES,
        f"pairs never seen: {100 * held_out['action']:.1f} % of the actions, {attributes} of the attributes",
    )
    yield RECIPES, f"| {minutes} |"
    yield FRAMES, f"{results['steps']:,} steps, seed {results['seed']}, {minutes}utes"
    yield FRAMES, f"95 % of the attributes (met, {attributes})"
    yield FRAMES, f"the skin of jumping dark characters, {100 * skin:.1f} %"
    yield (
        FRAMES,
        f"{rows['seen']['identity']:.1f} times as much as real ones in pairs seen, "
        f"{held_out['identity']:.1f} times",
    )


FIGURES: dict[str, Callable[[Any], Iterator[tuple[str, str]]]] = {
    "text/grammar/results.json": sentences,
    "text/snips/results.json": sentences,
    "speech/vowels/results.json": sounds,
    "speech/digits/results.json": sounds,
    "voices/results.json": voices,
    "frames/results.json": frames,
}

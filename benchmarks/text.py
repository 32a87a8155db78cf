"""Sentences of a topic by a GAN: are they right, on the topic, varied, and not copied?

python benchmarks/text.py --out benchmarks/results/text/grammar
python benchmarks/text.py --objectives gumbel,policy_gradient,wgan_gp,likelihood --out DIR
python benchmarks/text.py --data topic_sentences_zh --out benchmarks/results/text/chinese
python benchmarks/text.py --data tsv:topics.tsv:intent:text --set vocabulary=1000 --out DIR

Trains the recipe text (by default on the sentences of the English grammar) with one objective or several,
"likelihood" being the same generator without an adversary, and scores what it writes beside a trigram model
and the same number of real sentences, drawn at random: from the whole grammar, or from the training
sentences. Topics are judged by a logistic regression of words and pairs of words, with its accuracy on
held-out sentences; BLEU is against held-out sentences; all but topics are scored within each topic.
"Valid" sentences are the grammar's. Writes DIR/results.json, DIR/table.md and DIR/sentences.txt, those of the
first objective. Runs in --runs that are finished are used again.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arguments import Parser, describe_machine, make_output

from tfgan_ref import cli

if TYPE_CHECKING:
    import numpy as np

    from tfgan_ref.data.sentences.sentences import Sentences
    from tfgan_ref.recipes.text import TextSettings

LIKELIHOOD = "likelihood"
TRIGRAMS = {"trigram": 1.0, "trigram, temperature 0.7": 0.7, "trigram, temperature 0.5": 0.5}
SHOWN = 10  # sentences of each topic in sentences.txt
FLAGS = ("data", "steps", "seed")
COLUMNS = {
    "valid": "valid",
    "distinct_valid": "distinct valid",
    "topic_agreement": "topic",
    "bleu2": "BLEU-2",
    "bleu3": "BLEU-3",
    "bleu4": "BLEU-4",
    "self_bleu3": "self-BLEU-3",
    "distinct2": "distinct-2",
    "memorised": "memorised",
    "memorised_of_valid": "of the valid",
    "cpu_seconds": "training (CPU s)",
}


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="sentences (the recipe's)")
    parser.add_argument("--steps", help="generator updates (the recipe's)")
    parser.add_argument("--objectives", help="the recipe's, or some with commas")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="another setting")
    parser.add_argument("--n", type=int, default=1000, help="sentences of each topic (%(default)s)")
    parser.add_argument("--seed", default="0", help="(%(default)s)")
    parser.add_argument("--runs", type=Path, help="directory of the run directories (default: --out)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    if arguments.n < 2:
        parser.error(f"n {arguments.n} is out of range: at least 2")
    make_output(arguments.out)
    return arguments


def settings_of(arguments: argparse.Namespace, objective: str | None) -> "TextSettings":
    """Returns the settings of a run; that of likelihood alone is pretraining to its end."""
    from dataclasses import replace

    from tfgan_ref.recipes.text import TextSettings

    settings = TextSettings.from_text(cli.settings_given(arguments, FLAGS))
    if objective == LIKELIHOOD:
        return replace(settings, pretraining_steps=settings.steps)
    return settings if objective is None else replace(settings, objective=objective)


def topics_repeated(data: "Sentences", n: int) -> "np.ndarray":
    """Returns the topic numbers of ``n`` sentences of each topic."""
    import numpy as np

    return np.repeat(np.arange(len(data.topics), dtype=np.int32), n)


def real_sentences(data: "Sentences", n: int) -> "Sentences":
    """Draws ``n`` sentences of each topic, with replacement."""
    import numpy as np

    rng = np.random.default_rng(0)
    members = [np.flatnonzero(data.labels == topic) for topic in range(len(data.topics))]
    return data.take(np.concatenate([rng.choice(of_topic, n) for of_topic in members]))


def trigram_sentences(data: "Sentences", n: int, temperature: float) -> "Sentences":
    """Returns ``n`` sentences of each topic by a trigram model of ``data``."""
    from dataclasses import replace

    from tfgan_ref.evaluation import TrigramModel

    labels = topics_repeated(data, n)
    return replace(data, tokens=TrigramModel(data, temperature).sample(labels, seed=0), labels=labels)


def written_sentences(run: Path, data: "Sentences", n: int) -> "Sentences":
    """Returns ``n`` sentences of each topic by the generator of ``run``."""
    from dataclasses import replace

    import numpy as np

    from tfgan_ref.run import build

    gan = build.restore_gan(run)
    of_topics = [np.argmax(gan.generate(n, topic, label=topic), axis=-1) for topic in range(len(data.topics))]
    tokens = np.concatenate(of_topics).astype(np.int32)
    return replace(data, tokens=tokens, labels=topics_repeated(data, n))


def check_targets(rows: dict[str, dict[str, Any]], first: str) -> list[str]:
    """Says of each target whether the sentences of ``first`` meet it."""
    ours, trigram, real = rows[first], rows["trigram"], rows["real"]
    if "valid" in ours:
        share = ours["distinct_valid"] / real["distinct_valid"]
        found = [
            ("valid sentences", ours["valid"], ">=", 0.90),
            ("topic agreement", ours["topic_agreement"], ">=", 0.95),
            ("distinct valid sentences / those of as many real ones", share, ">=", 0.60),
            ("memorised, of the valid ones", ours["memorised_of_valid"], "<=", trigram["memorised_of_valid"]),
            ("memorised, of all", ours["memorised"], "<=", trigram["memorised"]),
        ]
    else:
        found = [
            ("topic agreement", ours["topic_agreement"], ">=", 0.90),
            ("BLEU-3 beside the trigram model's", ours["bleu3"], ">=", trigram["bleu3"]),
            ("self-BLEU-3 beside the trigram model's", ours["self_bleu3"], "<=", trigram["self_bleu3"]),
        ]
    lines = []
    for name, value, relation, target in found:
        met = value >= target if relation == ">=" else value <= target
        lines.append(f"{'met   ' if met else 'MISSED'} {name}: {value:.3f} {relation} {target:.3f}")
    return lines


def table_of(rows: dict[str, dict[str, Any]]) -> str:
    """Returns the rows as a Markdown table."""
    from study_common import table

    shown = [key for key in COLUMNS if any(key in row for row in rows.values())]
    cells = []
    for way, row in rows.items():
        values = [row.get(key, "-") for key in shown]
        cells.append([way, *(f"{v:.3f}" if isinstance(v, float) else str(v) for v in values)])
    return table(["sentences", *(COLUMNS[key] for key in shown)], cells)


def listing(sentences: "Sentences", training: "Sentences") -> str:
    """Returns the first sentences of each topic; those that are training sentences are marked."""
    lines = []
    for number, topic in enumerate(sentences.topics):
        known = set(training.texts(number))
        lines += [f"{topic} (* is a training sentence)"]
        lines += [f"  {'*' if text in known else ' '} {text}" for text in sentences.texts(number)[:SHOWN]]
    return "\n".join(lines) + "\n"


def main() -> None:
    arguments = parse_arguments()
    cli.prepare_scoring()

    from runs import train_counted
    from study_common import rounded

    from tfgan_ref.data.sentences.grammar import GRAMMARS, is_valid
    from tfgan_ref.data.sentences.sources import read_sentences
    from tfgan_ref.evaluation import TopicClassifier, score_sentences
    from tfgan_ref.files import write_json, write_text
    from tfgan_ref.recipes.text import read

    settings = settings_of(arguments, None)
    objectives = (arguments.objectives or settings.objective).split(",")
    ways = {objective: settings_of(arguments, objective) for objective in objectives}
    data = read(settings)
    training, n = data.items, arguments.n
    grammar = settings.data in GRAMMARS
    every = (
        read_sentences(settings.data, length=settings.length, topics=settings.topics) if grammar else training
    )
    judged = {"real": real_sentences(every, n)}
    judged |= {name: trigram_sentences(training, n, temperature) for name, temperature in TRIGRAMS.items()}
    seconds = {}
    for objective, own in ways.items():
        run = (arguments.runs or arguments.out) / objective
        seconds[objective] = train_counted("text", own, run)
        judged[objective] = written_sentences(run, training, n)
    classifier = TopicClassifier.train(training, data.held_out)
    rows = {
        way: score_sentences(sentences, training, data.held_out, classifier, is_valid if grammar else None)
        for way, sentences in judged.items()
    }
    for objective, spent in seconds.items():
        rows[objective]["cpu_seconds"] = round(spent)
    facts = {
        "data": settings.data.partition(":")[0],
        "settings": cli.settings_given(arguments, FLAGS[1:]) | {"steps": settings.steps},
        "n_of_each_topic": n,
        "training": len(training),
        "held_out": len(data.held_out),
        "words": len(training.words) - 1,
        "topics": list(training.topics),
        "classifier_accuracy": classifier.accuracy,
    }
    targets = check_targets(rows, objectives[0])
    results = facts | {
        "rows": {way: rounded(row) for way, row in rows.items()},
        "targets": targets,
        "machine": describe_machine(),
    }
    write_json(arguments.out / "results.json", results)
    text = table_of(rows)
    write_text(arguments.out / "table.md", text + "\n")
    write_text(arguments.out / "sentences.txt", listing(judged[objectives[0]], training))
    print(f"\n{text}\n\ntopic classifier: {classifier.accuracy:.3f} right on held-out sentences")
    print("\n".join(targets))


if __name__ == "__main__":
    cli.run(main)

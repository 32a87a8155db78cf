"""The command ``evaluate``: scores of images against real data, of pairs, of upscalers or of anomalies.

And blind tests, by which people judge pictures.
"""

import argparse
from pathlib import Path

from tfgan_ref import cli
from tfgan_ref.data.outside import trust_data
from tfgan_ref.files import write_json
from tfgan_ref.run.arguments.evaluate import (
    BENCHMARK_METRICS,
    BLIND_N,
    INVERSION_STEPS,
    METRICS,
    PAIR_METRICS,
    N,
)
from tfgan_ref.run.blind_answers import BlindReport, score_answers
from tfgan_ref.run.blind_test import FORM, KEY, SHEET, write_blind_test
from tfgan_ref.run.evaluate_anomalies import AnomalyReport, evaluate_anomalies
from tfgan_ref.run.evaluate_images import Report, evaluate
from tfgan_ref.run.evaluate_pairs import PairReport, evaluate_pairs
from tfgan_ref.run.sr_benchmark import BenchmarkReport, evaluate_super_resolution


def main(arguments: argparse.Namespace) -> None:
    """Prints the scores that the command line asks for, and writes them to a file if it names one."""
    cli.prepare_scoring()
    trust_data(arguments.data)
    if arguments.blind_test:
        _make_blind_test(arguments)
        return
    report = _report(arguments)
    print(report.table())
    if arguments.picture:
        print(arguments.picture)
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        write_json(arguments.out, report.to_dict())
        print(arguments.out)


def _make_blind_test(arguments: argparse.Namespace) -> None:
    """Writes the blind test that the command line asks for, and says what to do with it."""
    out = arguments.out
    notes = write_blind_test(
        *arguments.blind_test,
        out,
        data_dir=arguments.data_dir,
        split=arguments.split or "train",
        image_size=arguments.image_size,
        n=BLIND_N if arguments.n is None else arguments.n,
        seed=arguments.seed,
    )
    print("\n".join(notes))
    print(f"{out / FORM}   for those who judge: a browser opens it; each saves an answers.json")
    print(f"{out / SHEET}   the same pictures on one sheet")
    print(f"{out / KEY}   what they are: keep it to yourself")
    print(f"\n{cli.typed('evaluate')} --blind-answers {out} answers.json")


def _report(
    arguments: argparse.Namespace,
) -> Report | PairReport | BenchmarkReport | BlindReport | AnomalyReport:
    if arguments.blind_answers:
        folder, *files = arguments.blind_answers
        return score_answers(folder, files)
    if arguments.anomalies:
        return evaluate_anomalies(
            Path(arguments.model),
            arguments.anomalies,
            data_name=arguments.data,
            data_dir=arguments.data_dir,
            split=arguments.split,
            n=N if arguments.n is None else arguments.n,
            steps=arguments.inversion_steps or INVERSION_STEPS,
            seed=arguments.seed,
            picture=arguments.picture,
        )
    if arguments.benchmark:
        return evaluate_super_resolution(
            [*([Path(arguments.model)] if arguments.model else []), *arguments.against],
            arguments.benchmark,
            scale=arguments.scale,
            metrics=(arguments.metrics or BENCHMARK_METRICS).split(","),
            weights=arguments.weights,
            linear_weights=arguments.linear_weights,
            picture=arguments.picture,
            rows=arguments.strip,
        )
    if arguments.pairs:
        return evaluate_pairs(
            *arguments.pairs,
            metrics=(arguments.metrics or PAIR_METRICS).split(","),
            border=arguments.border,
            weights=arguments.weights,
            linear_weights=arguments.linear_weights,
        )
    return evaluate(
        arguments.model,
        data_name=arguments.data,
        data_dir=arguments.data_dir,
        split=arguments.split,
        image_size=arguments.image_size,
        metrics=(arguments.metrics or METRICS).split(","),
        features=arguments.features,
        weights=arguments.weights,
        resize=arguments.resize,
        n=N if arguments.n is None else arguments.n,
        seed=arguments.seed,
    )

"""Five studies of the metrics: what each sees, what it is blind to, and how it depends on N.

python benchmarks/metric_studies.py --study all --out benchmarks/results/metric_studies
python benchmarks/metric_studies.py --study sample_size --data mnist --title MNIST --out DIR

inception_score         the Inception Score prefers distributions that are wrong and wide
within_class_collapse   it does not see that each class is one and the same image; other metrics do
sample_size             the Frechet distance falls with N where KID stays
responses               every metric while blur, noise, missing classes or copied images grow
faults                  the default table of ``tfgan evaluate`` for five sets in place of samples

Each writes STUDY.png and its rows in results.json in DIR (other studies' rows in there stay), and prints a
table. All but the first need labelled images, 16 to 64 pixels wide, whose classifier is trained once.
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

from arguments import Parser, make_output

from tfgan_ref import cli
from tfgan_ref.errors import InputError

STUDIES = ("inception_score", "within_class_collapse", "sample_size", "responses", "faults")


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", default="all", help=f"all (default) or one of {', '.join(STUDIES)}")
    parser.add_argument("--out", type=Path, required=True, help="directory for pictures and results.json")
    parser.add_argument("--data", default="digits", help="real images with labels (%(default)s)")
    parser.add_argument("--data-dir", help="where tensorflow-datasets keeps its data")
    parser.add_argument("--title", help="what pictures call the data (default: as --data)")
    parser.add_argument("--seed", type=int, default=0, help="of all random choices (%(default)s)")
    arguments = parser.parse_args()
    if arguments.study not in ("all", *STUDIES):
        raise InputError(f"study {arguments.study!r} is unknown: choose all or one of {', '.join(STUDIES)}")
    if arguments.seed < 0:
        raise InputError(f"--seed {arguments.seed} is out of range: at least 0")
    make_output(arguments.out)
    return arguments


def kept_results(path: Path) -> dict[str, Any]:
    """Returns what earlier runs found, by study."""
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return dict(found["studies"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no results file of these studies: name another --out") from error


def main() -> None:
    arguments = parse_arguments()
    path = arguments.out / "results.json"
    results = kept_results(path)
    # Before NumPy is imported: on a thousand rows a second thread costs more than it helps.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    cli.quiet_tensorflow()

    import study_faults
    import study_inception
    import study_responses
    import study_sample_size
    from study_common import Material, rounded

    from tfgan_ref import data
    from tfgan_ref.files import write_json

    run = {
        "within_class_collapse": study_inception.within_class_collapse,
        "sample_size": study_sample_size.sample_size,
        "responses": study_responses.responses,
        "faults": study_faults.faults,
    }
    chosen = STUDIES if arguments.study == "all" else (arguments.study,)
    material = None
    if set(chosen) & set(run):
        split = "all" if arguments.data == "digits" else "train"
        arrays = data.read(arguments.data, split=split, data_dir=arguments.data_dir)
        material = Material(arrays, arguments.title or arrays.name)
        name = material.extractor.name.replace(arrays.name, material.title)
    for study in chosen:
        start = time.monotonic()
        picture = arguments.out / f"{study}.png"
        if study == "inception_score":
            finding = study_inception.inception_score(arguments.seed, picture)
        else:
            finding = run[study](material, arguments.seed, picture)
        seconds = time.monotonic() - start
        results[study] = {
            "rows": [rounded(row) for row in finding.rows],
            "table": finding.table.splitlines(),
            "settings": finding.settings | {"seed": arguments.seed},
            "features": None if study == "inception_score" else name,
            "seconds": round(seconds, 1),
            "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        }
        write_json(path, {"studies": results})
        print(f"\n## {study} ({seconds:.0f} s)\n\n{finding.table}\n\n{picture}", flush=True)
    print(path)


if __name__ == "__main__":
    cli.run(main)

"""What a report says of a run, read from its directory alone, as JSON values.

The directory may be of a run that goes on, of an earlier version or of a stranger: what is missing or is not
as a run writes it is left out, and nothing in it is more than text.
"""

import json
import math
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfgan_ref.errors import InputError
from tfgan_ref.media import usage
from tfgan_ref.run.arguments.train import FLAGS
from tfgan_ref.run.declared import Declaration, as_text, optimizer_numbers, read_recipes
from tfgan_ref.run.report_files import (
    chosen_samples,
    evenly,
    newest_walk,
    other_files,
    read_own,
    sample_url,
)
from tfgan_ref.run.report_scores import read_scores, score_row
from tfgan_ref.training.csv_table import read_table
from tfgan_ref.training.run_directory import RunDirectory
from tfgan_ref.training.starts import read_starts

MOST_ROWS = 2000  # of a table of curves
LONGEST = 2000  # signs of a setting
MOST_LISTED = 100  # names of classes, rollbacks
NOT_GIVEN = ("preset", "stream")  # settings whose outcome the others hold, or that changes no bit
STARTED = (
    "time", "from_step", "devices", "deterministic", "xla", "replicas", "python", "system", "processor",
    "cores",
)  # fmt: skip


def read_run(run: RunDirectory, name: str) -> dict[str, Any]:
    """Returns all that the page shows of a run.

    Args:
        run: the run directory.
        name: what the page calls it.

    Raises:
        InputError: its ``config.json`` is none.
    """
    config = run.config()
    recipe = shortened(config.get("recipe"))
    settings = config["settings"] if isinstance(config.get("settings"), dict) else {}
    declaration = read_recipes().get(recipe)
    curves = _curves(run, run.metrics)
    samples = chosen_samples(run.path)
    final = sample_url(run.path, run.final_samples, smaller=samples["smaller"])
    last = samples["shown"][-1]["picture"] if samples["shown"] else None
    return {
        "name": shortened(name),
        "path": shortened(run.path),
        "recipe": recipe,
        "summary": declaration.summary if declaration else "",
        "status": _status(run, curves, settings),
        "rollbacks": [_texts(found) for found in _listed(config.get("rollbacks"))],
        "settings": _settings(settings, declaration),
        "data": _data(config.get("data")),
        "versions": _texts(config.get("versions")),
        "starts": [_start(start) for start in _starts(run)],
        "command": _command(recipe, settings, declaration),
        "hints": _hints(run, declaration),
        "usage": _usage(run, declaration, config.get("data")),
        "curves": curves,
        "evaluations": _curves(run, run.evaluations),
        "best": _best(run),
        "scores": read_scores(run.path),
        "samples": samples,
        "final": None if final == last else final,  # mostly it is the last of the samples
        "walk": newest_walk(run.path),
        "files": other_files(run.path),
    }


def shortened(value: Any) -> str:
    """Returns a value as text of at most ``LONGEST`` signs."""
    text = value if isinstance(value, str) else as_text(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _texts(values: Any) -> dict[str, str]:
    if not isinstance(values, dict):
        return {}
    return {shortened(key): shortened(value) for key, value in values.items()}


def _listed(values: Any) -> list[Any]:
    return values[:MOST_LISTED] if isinstance(values, list) else []


def _curves(run: RunDirectory, path: Path) -> dict[str, Any]:
    """Returns the columns of a table by their names; of more than ``MOST_ROWS`` rows as many, evenly."""
    nothing = {"rows": 0, "columns": {}}
    if not path.resolve().is_relative_to(run.path.resolve()) or not path.is_file():
        return nothing
    try:
        table = read_table(path)
    except (InputError, OSError):
        return nothing
    if len(table) < 2 or table[0][0] != "step":
        return nothing
    rows = evenly(table[1:], MOST_ROWS)
    columns = {shortened(key): [_number(row[i]) for row in rows] for i, key in enumerate(table[0])}
    return {"rows": len(table) - 1, "columns": columns}


def _number(text: str) -> float | int | None:
    value = float(text)
    if not math.isfinite(value):
        return None
    return int(value) if abs(value) < 2**53 and value == int(value) else value


def _status(run: RunDirectory, curves: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns how far the run came, as its newest checkpoint or row says, and whether it is finished."""
    names = [re.fullmatch(r"step_(\d{1,15})", path.name) for path in run.checkpoints.glob("step_*")]
    seen = [int(name.group(1)) for name in names if name]
    seen += [step for step in curves["columns"].get("step", [])[-1:] if step is not None]
    step, steps = max(seen, default=0), settings.get("steps")
    steps = steps if isinstance(steps, int) else None
    seconds = curves["columns"].get("seconds", [])[-1:] or [None]
    return {
        "step": step,
        "steps": steps,
        "seconds": seconds[0],
        "finished": steps is not None and step >= steps and run.saved_model.is_dir(),
    }


def default_of(key: str, settings: Mapping[str, Any], declaration: Declaration | None) -> str | None:
    """Returns what a setting is if nothing is given, as text; None if that is not known.

    The optimizer's numbers, which are open by default, are its own then.
    """
    if declaration is None or key not in declaration.settings:
        return None
    default = declaration.settings[key].default
    numbers = optimizer_numbers()
    if default == "none" and key in numbers["adam"]:
        default = as_text(numbers.get(str(settings.get("optimizer")), {}).get(key))
    return default


def _in_order(settings: Mapping[str, Any], declaration: Declaration | None) -> list[str]:
    """Returns the keys of settings in the order of their declaration, unknown ones last."""
    known = declaration.settings if declaration else {}
    return [*(key for key in known if key in settings), *(key for key in settings if key not in known)]


def _settings(settings: Mapping[str, Any], declaration: Declaration | None) -> list[dict[str, Any]]:
    """Returns the settings in the order of their declaration, each with its default and its meaning."""
    known = declaration.settings if declaration else {}
    rows = []
    for key in _in_order(settings, declaration):
        value, default = shortened(settings[key]), default_of(key, settings, declaration)
        rows.append(
            {
                "key": shortened(key),
                "value": value,
                "default": default,
                # A run keeps what stream=auto came to.
                "changed": key != "stream" and default is not None and value != default,
                "meaning": known[key].meaning if key in known else "",
            }
        )
    return rows


def _command(recipe: str, settings: Mapping[str, Any], declaration: Declaration | None) -> str | None:
    """Returns the command that trains such a run anew; None if its data were an object in a program.

    It names each setting that is not at its default, so that it does not depend on a preset.
    """
    if str(settings.get("data")).startswith("passed:"):
        return None
    words = ["tfgan", "train", recipe]
    for key in _in_order(settings, declaration):
        text = as_text(settings[key])
        if key in NOT_GIVEN or text == default_of(key, settings, declaration):
            continue
        words += [f"--{key.replace('_', '-')}", text] if key in FLAGS else ["--set", f"{key}={text}"]
    return shlex.join(words)


def _data(data: Any) -> dict[str, Any]:
    data = data if isinstance(data, dict) else {}
    names = data.get("names") if isinstance(data.get("names"), dict) else {}
    shape = data.get("sample_shape")
    return {
        "shape": [shortened(side) for side in shape] if isinstance(shape, list) else [],
        "classes": data["num_classes"] if isinstance(data.get("num_classes"), int) else None,
        "names": {
            shortened(key): [shortened(value) for value in _listed(values)]
            for key, values in names.items()
            if isinstance(values, list)
        },
        "fingerprint": shortened(data.get("fingerprint")),
    }


def _starts(run: RunDirectory) -> list[dict[str, Any]]:
    return read_starts(run.starts) if read_own(run.path, run.starts) is not None else []


def _start(start: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what is known of a start, as texts; whatever is kept, its command is one of this program."""
    words = start.get("arguments")
    given = isinstance(words, list) and all(isinstance(word, str) for word in words)
    found: dict[str, Any] = {key: shortened(start[key]) for key in STARTED if key in start}
    return found | {"command": shortened(shlex.join(["tfgan", *words])) if given else None}


def _usage(run: RunDirectory, declaration: Declaration | None, data: Any) -> list[dict[str, str]]:
    """Returns how to use the exported generator: a line that says what for, and the code.

    The lines are this package's own; what the run directory adds to them is quoted as its place needs it.
    """
    medium = declaration.medium if declaration else "UNKNOWN"  # of a recipe outside the package
    path = str(run.saved_model)
    lines = getattr(usage, medium).replace('"{path}"', json.dumps(path, ensure_ascii=False))
    words = {"path": shlex.quote(path), "apply": "tfgan apply", "sample": "tfgan sample"}
    for key, value in (words | {"label": _label(medium, data)}).items():
        lines = lines.replace(f"{{{key}}}", value)
    blocks: list[dict[str, str]] = []
    for line in lines.splitlines():
        if not line.startswith("  "):
            blocks.append({"title": line, "code": ""})
        else:
            blocks[-1]["code"] += f"{line[2:]}\n"
    return blocks


def _hints(run: RunDirectory, declaration: Declaration | None) -> dict[str, str | None]:
    """Returns the commands that go on with the run, or make what it lacks; None where there are none."""
    path = str(run.path)
    walk = evaluate = export = None
    if declaration and declaration.medium == "PICTURES":
        walk = ["sample", path, "--interpolate", "--n", "10", "--out", str(run.path / "walk.gif")]
        evaluate = ["evaluate", path, "--out", str(run.path / "scores.json")]
    if not run.saved_model.is_dir():
        export = ["export", path, "--out", "DIR"]
    again = ["report", path]
    commands = {
        "resume": [["train", "--resume", path]],
        "walk": walk and [walk, again],
        "evaluate": evaluate and [evaluate, again],
        "export": export and [export],
    }
    return {
        key: lines and "\n".join(shlex.join(["tfgan", *words]) for words in lines)
        for key, lines in commands.items()
    }


def _label(medium: str, data: Any) -> str:
    """Returns an example of what ``--label`` takes."""
    names = _data(data)["names"]
    factors = {name: names[name] for name in names.get("factors", []) if name in names}
    return usage.example_choice(factors) if medium == "FRAMES" and factors else "all"


def _best(run: RunDirectory) -> dict[str, Any] | None:
    """Returns the step of the best evaluation in training, and its scores where they are kept."""
    content = read_own(run.path, run.best)
    try:
        best = json.loads(content) if content is not None else None
    except (ValueError, RecursionError):
        best = None
    if not isinstance(best, dict) or not isinstance(best.get("step"), int):
        return None
    scores = best["scores"] if isinstance(best.get("scores"), list) else []
    return {"step": best["step"], "rows": [score_row(score) for score in scores if isinstance(score, dict)]}

"""What README.md and docs/ say of pictures, by the results: see figures.py."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

RECIPES, RESULTS, IMAGES = "docs/recipes.md", "docs/results.md", "docs/image_to_image.md"
OBJECTIVES = "docs/objectives.md"
OF_ZOO = {  # columns of the table of all types, and how they are written
    "fid": ".1f",
    "fid_infinity": ".1f",
    "kid": ".2f",
    "precision_recall.precision": ".2f",
    "precision_recall.recall": ".2f",
    "density_coverage.coverage": ".2f",
    "memorisation.memorised share": ".2f",
}


def _by(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    return {row[key]: row for row in rows}


def _scores(row: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the scores of a run by their metrics."""
    return _by(row["evaluation"]["scores"], "metric")


def _digits(value: float) -> str:
    """Returns three digits of a number."""
    return f"{value:#.3g}".rstrip(".")


def _over_seeds(values: list[float], form: str) -> str:
    return f"{np.mean(values):{form}} ± {np.std(values, ddof=1):{form}}"


def _metric(rows: list[dict[str, Any]], metric: str, form: str, *, floor: bool = True) -> str:
    """Returns a score over the seeds of a recipe, with what training images get in brackets."""
    text = _over_seeds([row[metric]["value"] for row in rows], form)
    return f"{text} ({rows[0][metric]['floor']:{form}})" if floor else text


def _agreement(results: list[dict[str, Any]]) -> str:
    """Returns how many samples are of their class over the seeds of a recipe, or nothing without classes."""
    agreed = [row["evaluation"]["label_agreement"] for row in results]
    return "" if agreed[0] is None else f"{_over_seeds([100 * value for value in agreed], '.1f')} %"


def own_settings(results: Any) -> Iterator[tuple[str, str]]:
    """Yields what is said of a recipe at its own settings, by the means over its seeds."""
    rows = [_scores(row) for row in results]
    name, first = results[0]["recipe"], rows[0]["fid"]
    agreement = _agreement(results)
    cells = [
        f"`{name}`, {results[0]['steps']:,}",
        _metric(rows, "fid", ".1f"),
        "{:.1f} to {:.1f}".format(*first["interval"]),
        _metric(rows, "fid_infinity", ".1f"),
        _metric(rows, "precision_recall.recall", ".2f"),
        _metric(rows, "density_coverage.coverage", ".2f"),
        _metric(rows, "memorisation.memorised share", ".2f"),
        agreement,
    ]
    yield RESULTS, _line(cells)
    said = f"{results[0]['steps']:,} steps, N = {first['n']}: Frechet {_metric(rows, 'fid', '.1f')}"
    if name == "acgan":  # docs/recipes.md has its row of the zoo
        yield OBJECTIVES, f"`acgan` at its defaults, 28 pixels, {said}, label agreement {agreement}"
        return
    yield RECIPES, f"| `{name}` ... 28 pixels, {said}"
    if name == "cgan":
        agreed = np.mean([row["evaluation"]["label_agreement"] for row in results])
        yield (
            "README.md",
            f"`{name}` at 28 pixels, {said}, label agreement {agreed:.1%}".replace("%", " %"),
        )


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def equal_time(results: Any) -> Iterator[tuple[str, str]]:
    for contestant in results["contestants"]:
        distances, labels = [], ""
        for at in results["settings"]["at"]:
            rows = [
                row for row in results["rows"] if (row["contestant"], row["at"]) == (contestant["name"], at)
            ]
            frechet, recall, coverage = (
                [row[key] for row in rows] for key in ("frechet", "recall", "coverage")
            )
            agreed = [row["labels_right"] for row in rows]
            spread = np.std(frechet, ddof=1)
            distances.append(f"{np.mean(frechet):.3g} ± {spread:{'.2g' if spread < 100 else '.0f'}}")
            labels = "" if agreed[0] is None else f"{100 * np.mean(agreed):.1f} %"
            cells = [
                contestant["title"],
                f"{at:.0f}",
                f"{np.mean([row['epochs'] for row in rows]):.2f} of {contestant['epochs']}",
                distances[-1],
                f"{np.mean(recall):.2f}",
                f"{np.mean(coverage):.2f}",
                labels,
            ]
            yield RESULTS, _line(cells)
        yield "README.md", _line([contestant["title"], *distances, labels])
    floor = np.mean([row["frechet"] for row in results["floor"]])
    yield RESULTS, f"(Frechet {floor:.2f})"
    yield "README.md", f"training pictures have {floor:.2f}"


def _fastest(runs: list[dict[str, Any]]) -> str:
    """Returns the seconds of the run that the machine's other work held up least."""
    return f"{min(row['seconds'] for row in runs):.0f}"


def zoo(results: Any) -> Iterator[tuple[str, str]]:
    """Yields what is said of each recipe under common conditions, by the means over its seeds."""
    runs: dict[str, list[dict[str, Any]]] = {}
    for row in results["rows"]:
        runs.setdefault(row["recipe"], []).append(row)
    scores = {name: [_scores(row) for row in rows] for name, rows in runs.items()}
    frechet = {name: _metric(rows, "fid", ".1f", floor=False) for name, rows in scores.items()}
    for name, rows in scores.items():
        seconds = _fastest(runs[name])
        cells = [
            f"`{name}`",
            *(_metric(rows, metric, form, floor=False) for metric, form in OF_ZOO.items()),
            f"{np.mean([row['sharpness'] for row in runs[name]]):.2f}",
            _agreement(runs[name]),
            seconds,
        ]
        yield RESULTS, _line(cells)
        if name not in ("gan", "cgan", "mse", "vae"):  # at settings of their own, or two in a row
            yield RECIPES, f"| `{name}` ... Frechet {frechet[name]} ... | {seconds} s |"
    first = scores["dcgan"][0]
    floors = [f"{first[metric]['floor']:{form}}" for metric, form in OF_ZOO.items()]
    yield RESULTS, _line(["*training images*", *floors, "", "", ""])
    conditions = f"{results['settings']['image_size']} pixels, {int(results['settings']['steps']):,} steps"
    floor = f"{first['fid']['floor']:.1f}"
    yield RECIPES, f"{conditions}, N = {first['fid']['n']}, training images {floor}"
    yield "README.md", f"{conditions}, three seeds, N = {first['fid']['n']}, training images {floor}"
    unlabelled = {
        name: np.mean([row["fid"]["value"] for row in rows])
        for name, rows in scores.items()
        if runs[name][0]["parameters"]["discriminator"] and not _agreement(runs[name])
    }
    best, worst = min(unlabelled, key=unlabelled.get), max(unlabelled, key=unlabelled.get)
    yield "README.md", f"Frechet {frechet[best]}, `{best}`, to {frechet[worst]}, `{worst}`"
    for name in ("infogan", "ebgan", "began", "progressive", "mse", "vae"):
        yield "README.md", f"of `{name}` {frechet[name]}"
    seconds = (_fastest(runs[name]) for name in ("mse", "vae"))
    yield (
        RECIPES,
        f"| `mse`, `vae` ... Frechet {frechet['mse']}, {frechet['vae']} ... | {', '.join(seconds)} s |",
    )
    sharpness = np.mean([row["sharpness"] for row in runs["mse"]])
    recall = np.mean([row["precision_recall.recall"]["value"] for row in scores["mse"]])
    yield RESULTS, f"sharpness {sharpness:.2f} and recall {recall:.2f}"
    for name in ("cgan", "acgan"):
        yield OBJECTIVES, f"`{name}` reaches {_agreement(runs[name])}"


def claims(results: Any) -> Iterator[tuple[str, str]]:
    means = {}
    for row in results:
        means[row["recipe"]] = np.mean(row["values"])
        yield OBJECTIVES, f"| `{row['recipe']}` | {row['what']} | {_listed(row['values'])} |"
    yield RECIPES, f"| `wgan-gp` ... gradient norm {means['wgan-gp']:.2f}"
    yield RECIPES, f"| `began` ... M falls to {means['began']:.2f}"


def _listed(values: list[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)


def combine(results: Any) -> Iterator[tuple[str, str]]:
    for value, group in itertools.groupby(results, lambda row: row["value"]):
        rows = list(group)
        scores = [_scores(row) for row in rows]
        fid, recall = (
            _metric(scores, key, form, floor=False)
            for key, form in (("fid", ".1f"), ("precision_recall.recall", ".2f"))
        )
        yield OBJECTIVES, _line([f"`combine={value}`", _agreement(rows), fid, recall])


def losses(results: Any) -> Iterator[tuple[str, str]]:
    for value, group in itertools.groupby(results, lambda row: row["value"]):
        rows = list(group)
        listed = ", ".join(f"{_scores(row)['fid']['value']:.1f}" for row in rows)
        recall = _metric([_scores(row) for row in rows], "precision_recall.recall", ".2f", floor=False)
        yield OBJECTIVES, _line([f"`loss={value}`", _agreement(rows), listed, recall])


def clipping(results: Any) -> Iterator[tuple[str, str]]:
    clipped, penalised = results
    yield OBJECTIVES, f"{100 * clipped['piled_up']:.0f} % of the clipped weights end within 2 %"
    yield OBJECTIVES, f"reaches {penalised['interpolate_norm']:.2f}"
    yield OBJECTIVES, f"depends on the clip and is {clipped['interpolate_norm']:.2f}"
    yield RECIPES, f"| `wgan` ... {100 * clipped['piled_up']:.0f} % of weights at the clip"


def missing_values(results: Any) -> Iterator[tuple[str, str]]:
    means = {}
    for kind in ("whole", "measured", "zero-filled"):
        rows = [row for row in results if row["name"].startswith(f"{kind}-seed=")]
        form = ".0f" if kind == "zero-filled" else ".1f"
        means[kind] = {"fid": _metric([_scores(row) for row in rows], "fid", form, floor=False)}
        if kind != "whole":
            means[kind]["distance"] = _over_seeds([row["distance_to_whole"] for row in rows], form)
    whole, measured, filled = means.values()
    floor = _scores(results[0])["fid"]["floor"]
    yield (
        OBJECTIVES,
        f"the generator's Frechet distance to held-out whole digits is {measured['fid']}; a generator "
        f"trained on whole images reaches {whole['fid']} (training images {floor:.1f}), and the distance "
        f"between the two is {measured['distance']}.",
    )
    yield (
        OBJECTIVES,
        f"is at {filled['fid']}, and {filled['distance']} from the generator of whole images",
    )
    yield OBJECTIVES, f"for {results[0]['steps']:,} steps on digits of which half of the pixels are missing"


def colourise(results: Any) -> Iterator[tuple[str, str]]:
    names = {"l1": "L1 alone", "gan": "with the adversary"}
    for row in results:
        yield (
            IMAGES,
            f"| {names[row['way']]} | {row['patch_frechet']:.3g} | {row['gradient_energy_ratio']:.2f} | "
            f"{row['chroma_energy_ratio']:.2f} | {row['psnr']:.1f} | {row['cpu_seconds']:.0f} |",
        )
    ways = _by(results, "way")
    ours, floor = f"{ways['gan']['patch_frechet']:.3g}", f"{ways['gan']['floor']:.3f}"
    yield IMAGES, f"patch Frechet (floor {floor})"
    yield "README.md", f"colours: patch Frechet {ours} ({floor})"
    yield RECIPES, f"patch Frechet {ours} ({floor}), L1 alone {ways['l1']['patch_frechet']:.3g}"
    yield RECIPES, f"`colourise` ... | {ways['gan']['cpu_seconds']:,.0f} CPU s, "


def latents(results: Any) -> Iterator[tuple[str, str]]:
    forms = {
        "share": {"precision": ".2f", "recall": ".2f", "agreement": ".3f"},
        "set": {"psnr": ".1f", "nearest_psnr": ".1f", "right_class": ".2f"},
    }
    for key, measures in forms.items():
        found = [row for row in results if key in row]
        for value in dict.fromkeys(row[key] for row in found):
            rows = [row for row in found if row[key] == value]
            cells = [
                _over_seeds([row[measure] for row in rows], form) if measure in rows[0] else ""
                for measure, form in measures.items()
            ]
            name = f"times {value:g}" if key == "share" else value
            yield RESULTS, f"| {name} | {' | '.join(cells)} |"


def inpainting(results: Any) -> Iterator[tuple[str, str]]:
    names = {
        "gan": "with the adversary",
        "l1": "L1 alone",
        "biharmonic": "biharmonic (scikit-image)",
        "mean of the known": "mean of the known pixels",
    }
    for row in results:
        yield IMAGES, f"| {names[row['way']]} | {row['psnr']:.2f} | {row['cpu_seconds']:.0f} |"
    psnr = {row["way"]: f"{row['psnr']:.1f}" for row in results}
    yield "README.md", f"holes: {psnr['gan']} dB, L1 alone {psnr['l1']}"
    yield RECIPES, f"holes {psnr['gan']} dB, L1 alone {psnr['l1']}, biharmonic {psnr['biharmonic']}"
    yield RECIPES, f"`inpaint` ... CPU s, {results[0]['cpu_seconds']:.0f} CPU s |"


def inpainting_mnist(results: Any) -> Iterator[tuple[str, str]]:
    psnr = {row["way"]: f"{row['psnr']:.2f}" for row in results}
    yield (
        IMAGES,
        f"{psnr['gan']} dB with the adversary, {psnr['l1']} by L1 alone, {psnr['biharmonic']} biharmonic",
    )


def style(results: Any) -> Iterator[tuple[str, str]]:
    ours, cycle = results
    yield (
        IMAGES,
        f"| style, seed {ours['seed']} | {100 * ours['style']:.1f} % | {100 * ours['content']:.1f} % |",
    )
    judges = ours["judges_held_out"]
    yield (
        IMAGES,
        f"right on {100 * judges['style']:.0f} % (style) and {100 * judges['content']:.0f} % (digit)",
    )
    yield (
        IMAGES,
        f"a mean error of {cycle['cycle_error_plain']:.3f} in the range from -1 to 1, a styled one "
        f"{cycle['cycle_error_styled']:.3f}",
    )
    yield IMAGES, f"{100 * cycle['content']:.1f} % of the digits are still the same digit"
    yield (
        RECIPES,
        f"{100 * ours['style']:.0f} % in the style shown, {100 * ours['content']:.1f} % still the digit",
    )
    yield RECIPES, f"cycle error {cycle['cycle_error_plain']:.2f}, {cycle['cycle_error_styled']:.2f}"
    yield RECIPES, f"| `cyclegan` ... | {cycle['cpu_seconds']:.0f} CPU s |"
    yield RECIPES, f"| `style` ... | {ours['cpu_seconds']:.0f} CPU s |"


def super_resolution(results: Any) -> Iterator[tuple[str, str]]:
    names = {"srresnet": "SRResNet, ours", "srgan": "SRGAN, ours"}
    for row in results:
        yield (
            IMAGES,
            f"| {names.get(row['way'], row['way'])} | {row['psnr_y']:.2f} | {row['ssim_y']:.4f} | "
            f"{row['gradient_energy']:.2f} | {row['spectrum']:.3f} | {row['seconds']:.0f} |",
        )
    ways = _by(results, "way")
    ours, bicubic = (f"{ways[way]['psnr_y']:.2f}" for way in ("srresnet", "bicubic"))
    gain = f"{ways['srresnet']['psnr_y'] - ways['bicubic']['psnr_y']:.2f} dB"
    yield "README.md", f"Set5 x4: {ours} dB, bicubic {bicubic}"
    yield "README.md", f"`srresnet` gains {gain} over bicubic"
    seconds, gan_seconds = (f"{ways[way]['seconds']:.0f} s" for way in ("srresnet", "srgan"))
    yield RECIPES, f"Set5 x4 {ours} dB (bicubic {bicubic}) | {seconds} |"
    yield IMAGES, f"steps took {seconds}, in parts"
    yield IMAGES, f"{gan_seconds}, with contents"
    yield IMAGES, f"SRResNet gains {gain} over bicubic"


FIGURES: dict[str, Callable[[Any], Iterator[tuple[str, str]]]] = {
    "equal_time/results.json": equal_time,
    "recipes/cgan/results.json": own_settings,
    "recipes/gan/results.json": own_settings,
    "recipes/acgan/results.json": own_settings,
    "recipes/cgan_combine/results.json": combine,
    "recipes/cgan_loss/results.json": losses,
    "zoo/results.json": zoo,
    "claims/results.json": claims,
    "weights_clip_vs_gp/results.json": clipping,
    "missing_values/results.json": missing_values,
    "colourise/results.json": colourise,
    "latents/results.json": latents,
    "inpainting/results.json": inpainting,
    "inpainting_mnist/results.json": inpainting_mnist,
    "style/results.json": style,
    "super_resolution/results.json": super_resolution,
}

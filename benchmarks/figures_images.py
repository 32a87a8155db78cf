"""What README.md and docs/ say of pictures, by the results: see figures.py."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

RECIPES, RESULTS, IMAGES = "docs/recipes.md", "docs/results.md", "docs/image_to_image.md"
OBJECTIVES = "docs/objectives.md"


def _by(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    return {row[key]: row for row in rows}


def _scores(row: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the scores of a run by their metrics."""
    return _by(row["evaluation"]["scores"], "metric")


def _digits(value: float) -> str:
    """Returns three digits of a number."""
    return f"{value:#.3g}".rstrip(".")


def own_settings(results: Any) -> Iterator[tuple[str, str]]:
    """Yields what is said of a recipe at its own settings, by the means over its seeds."""
    rows = [_scores(row) for row in results]
    name, first = results[0]["recipe"], rows[0]["fid"]

    def over_seeds(values: list[float], form: str) -> str:
        return f"{np.mean(values):{form}} ± {np.std(values, ddof=1):{form}}"

    def cell(metric: str, form: str) -> str:
        values = [row[metric]["value"] for row in rows]
        return f"{over_seeds(values, form)} ({rows[0][metric]['floor']:{form}})"

    agreed = [row["evaluation"]["label_agreement"] for row in results]
    agreement = "" if agreed[0] is None else f"{over_seeds([100 * value for value in agreed], '.1f')} %"
    cells = [
        f"`{name}`, {results[0]['steps']:,}",
        cell("fid", ".1f"),
        "{:.1f} to {:.1f}".format(*first["interval"]),
        cell("fid_infinity", ".1f"),
        cell("precision_recall.recall", ".2f"),
        cell("density_coverage.coverage", ".2f"),
        cell("memorisation.memorised share", ".2f"),
        agreement,
    ]
    yield RESULTS, f"| {' | '.join(cells)} |".replace("|  |", "| |")
    frechet = f"Frechet {cell('fid', '.1f')}"
    said = f"{results[0]['steps']:,} steps, N = {first['n']}: {frechet}"
    yield RECIPES, f"| `{name}` ... 28 pixels, {said}"
    if agreement:
        yield (
            "README.md",
            f"`{name}` at 28 pixels, {said}, label agreement {np.mean(agreed):.1%}".replace("%", " %"),
        )


def equal_time(results: Any) -> Iterator[tuple[str, str]]:
    last = {}
    for contestant, at in itertools.product(results["contestants"], results["settings"]["at"]):
        rows = [row for row in results["rows"] if (row["contestant"], row["at"]) == (contestant["name"], at)]
        frechet, recall, coverage = ([row[key] for row in rows] for key in ("frechet", "recall", "coverage"))
        agreed = [row["labels_right"] for row in rows]
        cells = [
            contestant["title"],
            f"{at:.0f}",
            f"{np.mean([row['epochs'] for row in rows]):.2f} of {contestant['epochs']}",
            f"{np.mean(frechet):.3g} ± {np.std(frechet, ddof=1):.2g}",
            f"{np.mean(recall):.2f}",
            f"{np.mean(coverage):.2f}",
            "" if agreed[0] is None else f"{100 * np.mean(agreed):.1f} %",
        ]
        yield RESULTS, f"| {' | '.join(cells)} |".replace("|  |", "| |")
        last[contestant["name"]] = f"{np.mean(frechet):.3g}"
    floor = np.mean([row["frechet"] for row in results["floor"]])
    yield RESULTS, f"(Frechet {floor:.2f})"
    for text in (
        "{cgan} for our `cgan`, {dcgan} for our `dcgan`, {tutorial} for the TensorFlow tutorial's",
        "{keras_io} for keras-io's conditional GAN",
    ):
        yield "README.md", text.format(**last)


def zoo(results: Any) -> Iterator[tuple[str, str]]:
    rows = {row["name"]: row | _scores(row) for row in results["rows"]}
    for name, row in rows.items():
        cells = [
            f"`{name}`",
            f"{row['fid']['value']:.4g} / {row['fid']['floor']:.4g}",
            f"{row['kid']['value']:.4g}",
            *(
                f"{row[metric]['value']:.4g}"
                for metric in (
                    "precision_recall.precision",
                    "precision_recall.recall",
                    "density_coverage.coverage",
                )
            ),
            f"{row['sharpness']:.2f}",
            "-" if (agreed := row["evaluation"]["label_agreement"]) is None else f"{agreed:.1%}",
            f"{row['seconds']:.0f}",
        ]
        yield RESULTS, f"| {' | '.join(cells)} |"
        if name not in (
            "gan",
            "cgan",
            "mse",
            "vae",
        ):  # the others' are at settings of their own, or two in a row
            fid = f"Frechet {_digits(row['fid']['value'])} ({row['fid']['floor']:.1f})"
            yield RECIPES, f"| `{name}` ... {fid} ... | {row['seconds']:.0f} s |"
    fid = {name: _digits(row["fid"]["value"]) for name, row in rows.items()}
    floor = f"{rows['gan']['fid']['floor']:.1f}"
    yield (
        "README.md",
        f"Frechet {fid['dragan']} ({floor}), `dragan`, to {fid['gan']} ({floor}), `gan`",
    )
    yield "README.md", f"Frechet {fid['ebgan']} ({floor}), {fid['began']} ({floor})"
    yield "README.md", f"Frechet {fid['progressive']} ({floor})"
    yield "README.md", f"Frechet {fid['mse']} ({floor}), {fid['vae']} ({floor})"
    seconds = f"{rows['mse']['seconds']:.0f}, {rows['vae']['seconds']:.0f} s"
    yield RECIPES, f"| `mse`, `vae` ... Frechet {fid['mse']}, {fid['vae']} ({floor}) ... | {seconds} |"
    agreed = rows["acgan"]["evaluation"]["label_agreement"]
    yield RECIPES, f"| `acgan` ... label agreement {100 * agreed:.1f} %"
    n_fake, n_real = (rows["gan"]["evaluation"]["settings"][key] for key in ("n_fake", "n_real"))
    half = rows["gan"]["fid"]["floor_rows"][0]
    yield (
        RECIPES,
        f"{n_fake:,} generated against {n_real:,} real pictures, their floors {half} against {half}",
    )
    yield RESULTS, f"{n_fake:,} generated against {n_real:,} real pictures, the floor {half} against {half}"
    yield (
        RESULTS,
        f"`ebgan` repeats a few shapes (recall {rows['ebgan']['precision_recall.recall']['value']:.2f})",
    )
    yield RESULTS, f"{results['training_seconds'] / 60:.0f} minutes of training"
    yield (
        RESULTS,
        f"It is behind `dcgan`, {fid['progressive']} against {fid['dcgan']}, in "
        f"{rows['progressive']['seconds']:.0f} s against {rows['dcgan']['seconds']:.0f}.",
    )
    yield (
        RESULTS,
        f"sharpness {rows['mse']['sharpness']:.2f} and recall "
        f"{rows['mse']['precision_recall.recall']['value']:.0f}",
    )
    agreed = {
        name: f"{100 * rows[name]['evaluation']['label_agreement']:.1f} %" for name in ("cgan", "acgan")
    }
    yield OBJECTIVES, f"`cgan` reaches {agreed['cgan']} and `acgan` {agreed['acgan']}"


def claims(results: Any) -> Iterator[tuple[str, str]]:
    found = {row["recipe"]: row for row in results}
    forms = {"wgan-gp": ".3f", "sngan": ".3f", "acgan": ".2f", "ebgan": ".0f", "began": ".2f"}
    for name, form in forms.items():
        what = "" if name == "ebgan" else found[name]["what"]  # its line names the energies
        yield OBJECTIVES, f"{what} | {found[name]['value']:{form}} |"
    yield RECIPES, f"| `wgan-gp` ... gradient norm {found['wgan-gp']['value']:.2f}"
    yield RECIPES, f"| `began` ... M falls to {found['began']['value']:.2f}"


def combine(results: Any) -> Iterator[tuple[str, str]]:
    for row in results:
        scores, agreement = _scores(row), 100 * row["evaluation"]["label_agreement"]
        fid, recall = (scores[key]["value"] for key in ("fid", "precision_recall.recall"))
        yield OBJECTIVES, f"| `combine={row['value']}` | {agreement:.1f} % | {fid:.1f} | {recall:.2f} |"


def clipping(results: Any) -> Iterator[tuple[str, str]]:
    clipped, penalised = results
    yield OBJECTIVES, f"{100 * clipped['piled_up']:.0f} % of the clipped weights end within 2 %"
    yield OBJECTIVES, f"reaches {penalised['interpolate_norm']:.2f}"
    yield OBJECTIVES, f"depends on the clip and is {clipped['interpolate_norm']:.2f}"
    yield RECIPES, f"| `wgan` ... {100 * clipped['piled_up']:.0f} % of weights at the clip"


def missing_values(results: Any) -> Iterator[tuple[str, str]]:
    whole, measured, filled = results
    fid = [_scores(row)["fid"]["value"] for row in results]
    yield (
        OBJECTIVES,
        f"the generator's Frechet distance to whole digits is {fid[1]:.1f}; a generator trained on whole "
        f"images reaches {fid[0]:.1f}, and the distance between the two is "
        f"{measured['distance_to_whole']:.1f}.",
    )
    yield OBJECTIVES, f"is at {fid[2]:.0f} and {filled['distance_to_whole']:.0f}"
    yield OBJECTIVES, f"for {whole['steps']:,} steps on digits of which half of the pixels are missing"


def colourise(results: Any) -> Iterator[tuple[str, str]]:
    names = {"l1": "L1 alone", "gan": "with the adversary"}
    for row in results:
        yield (
            IMAGES,
            f"| {names[row['way']]} | {row['patch_frechet']:.3g} | {row['gradient_energy_ratio']:.2f} | "
            f"{row['chroma_energy_ratio']:.2f} | {row['psnr']:.1f} | {row['seconds']:.0f} |",
        )
    ways = _by(results, "way")
    ours, floor = f"{ways['gan']['patch_frechet']:.3g}", f"{ways['gan']['floor']:.3f}"
    yield IMAGES, f"patch Frechet (floor {floor})"
    yield "README.md", f"colours: patch Frechet {ours} ({floor})"
    yield RECIPES, f"patch Frechet {ours} ({floor}), L1 alone {ways['l1']['patch_frechet']:.3g}"
    yield RECIPES, f"`colourise` ... | {ways['gan']['seconds']:,.0f}, "


def inpainting(results: Any) -> Iterator[tuple[str, str]]:
    names = {
        "gan": "with the adversary",
        "l1": "L1 alone",
        "biharmonic": "biharmonic (scikit-image)",
        "mean of the known": "mean of the known pixels",
    }
    for row in results:
        yield IMAGES, f"| {names[row['way']]} | {row['psnr']:.2f} | {row['seconds']:.0f} |"
    psnr = {row["way"]: f"{row['psnr']:.1f}" for row in results}
    yield "README.md", f"holes: {psnr['gan']} dB, L1 alone {psnr['l1']}"
    yield RECIPES, f"holes {psnr['gan']} dB, L1 alone {psnr['l1']}, biharmonic {psnr['biharmonic']}"
    yield RECIPES, f"`inpaint` ... , {results[0]['seconds']:.0f} s |"


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
    yield RECIPES, f"| `cyclegan` ... | {cycle['seconds']:.0f} s |"
    yield RECIPES, f"| `style` ... | {ours['seconds']:.0f} s |"


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
    yield RECIPES, f"Set5 x4 {ours} dB (bicubic {bicubic})"
    yield IMAGES, f"SRResNet gains {gain} over bicubic"


FIGURES: dict[str, Callable[[Any], Iterator[tuple[str, str]]]] = {
    "equal_time/results.json": equal_time,
    "recipes/cgan/results.json": own_settings,
    "recipes/gan/results.json": own_settings,
    "recipes/cgan_combine/results.json": combine,
    "zoo/results.json": zoo,
    "claims/results.json": claims,
    "weights_clip_vs_gp/results.json": clipping,
    "missing_values/results.json": missing_values,
    "colourise/results.json": colourise,
    "inpainting/results.json": inpainting,
    "inpainting_mnist/results.json": inpainting_mnist,
    "style/results.json": style,
    "super_resolution/results.json": super_resolution,
}

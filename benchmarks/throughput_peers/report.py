"""From seconds per step to rows with targets, and a table of them."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from throughput_peers.cases import CASES, CPU_CASES
from throughput_peers.turns import Contestant

# Seconds from the start of a process to the end of its first step, by device and recipe: must, and ambition.
FIRST_STEPS = {
    "cpu": {"dcgan": (10.0, 7.0)},
    "gpu": {"dcgan": (12.0, None), "wgan-gp": (25.0, None)},
}
LIMITS = {"cpu": ("convolution", "product"), "gpu": ("convolution", "convolution_bfloat16")}
EQUAL_MUST = 1.05  # times as fast as a TensorFlow peer, with its algorithm and setting of oneDNN
OURS = ("ours", "ours_simultaneous")  # on a CPU
ONEDNN = {True: "with oneDNN", False: "without oneDNN"}


@dataclass(frozen=True)
class Entry:
    """What is known of a contestant before it runs.

    Attributes:
        title: what the table calls it.
        generator_forwards: passes of G in a step with one update of D, on one batch each.
        discriminator_forwards: passes of D in it, but for those of a gradient penalty.
        must: by case, how many times faster our step must be; for ours, the utilisation it must reach.
        library: tensorflow or torch.
        cases: those it takes part in.
        devices: on which.
        large: whether it takes part in a GPU's larger batches too.
        limit: on a GPU, the convolution whose speed is what it could reach.
        equal: that of our contestants whose step is by the same algorithm.
    """

    title: str
    generator_forwards: int
    discriminator_forwards: int
    must: Mapping[str, float]
    library: str = "tensorflow"
    cases: Sequence[str] = tuple(name for name in CPU_CASES if not CASES[name].penalty)
    devices: Sequence[str] = ("cpu", "gpu")
    large: bool = False
    limit: str = "convolution"
    equal: str = "ours"


CPU, GPU, EVERY = ("cpu",), ("gpu",), tuple(CASES)
# The second derivative that the penalty takes is none that torch.compile can make.
COMPILED = tuple(name for name, case in CASES.items() if not case.penalty)
ENTRIES = {
    "ours": Entry(
        "ours",
        1,
        3,
        {"mlp": 0.40, "dcgan28": 0.65, "dcgan64": 0.50, "wgan_gp": 0.35},
        cases=EVERY,
        large=True,
    ),
    "ours_fast": Entry("ours, XLA, 20 steps a call", 1, 3, {}, cases=EVERY, devices=GPU, large=True),
    "ours_bfloat16": Entry(
        "ours, XLA, bf16", 1, 3, {}, cases=EVERY, devices=GPU, large=True, limit="convolution_bfloat16"
    ),
    "ours_simultaneous": Entry("ours, simultaneous", 1, 2, {}, devices=CPU),
    "tutorial": Entry("TensorFlow tutorial's DCGAN step", 1, 2, {"dcgan28": 1.3}, equal="ours_simultaneous"),
    "keras_io": Entry("keras-io's DCGAN step", 2, 3, {"dcgan64": 1.9}),
    "keras_io_wgan_gp": Entry("keras-io's WGAN-GP step", 2, 3, {"wgan_gp": 3.0}, cases=("wgan_gp",)),
    "keras_gan": Entry(
        "predict + three train_on_batch (Keras-GAN)", 2, 3, {"mlp": 3.5, "dcgan28": 3.5}, devices=CPU
    ),
    "torch": Entry("lean eager PyTorch", 1, 3, dict.fromkeys(CPU_CASES, 1.0), "torch", EVERY),
    "torch_tuned": Entry("eager PyTorch, TF32, channels last", 1, 3, {}, "torch", EVERY, GPU, large=True),
    "torch_compiled": Entry("torch.compile", 1, 3, {}, "torch", COMPILED, GPU),
    "torch_graph": Entry("PyTorch, one CUDA graph", 1, 3, {}, "torch", EVERY, GPU, large=True),
    "torch_graph_bfloat16": Entry(
        "PyTorch, one CUDA graph, bf16", 1, 3, {}, "torch", EVERY, GPU, True, "convolution_bfloat16"
    ),
    "torch_gan": Entry("PyTorch-GAN gan.py's loop", 1, 3, {"mlp": 2.0}, "torch", ("mlp",), CPU),
}


def limits(measured: Mapping[Any, Mapping[str, Contestant]], device: str) -> dict[str, float]:
    """Returns the best FLOP/s of each measurement of the device, over all cases and rounds."""
    best = {}
    for name in LIMITS[device]:
        processes = [contestants[name] for contestants in measured.values() if name in contestants]
        best[name] = max(p.facts["flops"] / min(p.seconds_per_step) for p in processes)
    return best


def first_step(seconds: Sequence[float], must: float, ambition: float | None) -> dict[str, Any]:
    """Returns the median time to the first step beside its targets."""
    median = statistics.median(seconds)
    return {
        "seconds": median,
        "runs": list(seconds),
        "target_must": must,
        "target_ambition": ambition,
        "met": median <= must,
    }


def case_rows(case: str, contestants: Mapping[str, Contestant], flops_limit: float) -> list[dict[str, Any]]:
    """Returns one row per contestant of a case; a peer's second run is a row without target."""
    ours = contestants["ours"]
    rows = []
    for name, contestant in contestants.items():
        if name in LIMITS["cpu"]:
            continue
        key, _, variant = name.partition(" ")
        entry = ENTRIES[key]
        row = {"case": case, "contestant": f"{entry.title} {variant}".strip(), "skipped": contestant.failure}
        rows.append(row)
        if contestant.failure:
            continue
        seconds = statistics.median(contestant.seconds_per_step)
        flops = CASES[case].step_flops(entry.generator_forwards, entry.discriminator_forwards)
        row["steps_per_second"] = 1 / seconds
        row["images_per_second"] = CASES[case].batch_size / seconds
        row["cpu_seconds_per_step"] = statistics.median(contestant.cpu_seconds_per_step)
        row["seconds_per_step"] = contestant.seconds_per_step
        ratios = ratios_to_ours(contestant, ours)
        row["ratio_to_ours"] = statistics.median(ratios)
        row["ratio_quartiles"] = _quartiles(ratios)
        row["first_step_seconds"] = contestant.first_seconds
        row["memory_mb"] = contestant.memory_mb
        row["onednn"] = contestant.facts.get("onednn")
        row["ratio_equal"] = equal = None if key in OURS else _ratio_of_equals(key, contestants)
        row["met_equal"] = None if equal is None else equal >= EQUAL_MUST
        row["mflop_per_image"] = flops / CASES[case].batch_size / 1e6
        row["utilisation"] = flops / seconds / flops_limit
        row["target_must"] = None if variant else entry.must.get(case)
        row["target_of"] = "utilisation" if key == "ours" else "ratio_to_ours"
        row["met"] = None if row["target_must"] is None else row[row["target_of"]] >= row["target_must"]
    return rows


def _ratio_of_equals(peer: str, contestants: Mapping[str, Contestant]) -> float | None:
    """Returns the ratio of that run of a TensorFlow peer that has our setting of oneDNN to our equal step."""
    ours = contestants[ENTRIES[peer].equal]
    for run in (peer, *(f"{peer} {words}" for words in ONEDNN.values())):
        contestant = contestants.get(run)
        if contestant and not contestant.failure and contestant.facts.get("onednn") == ours.facts["onednn"]:
            return statistics.median(ratios_to_ours(contestant, ours))
    return None


def ratios_to_ours(peer: Contestant, ours: Contestant) -> list[float]:
    """Returns how many times as long as ours a peer took, in each round."""
    return [a / b for a, b in zip(peer.seconds_per_step, ours.seconds_per_step, strict=True)]


def _quartiles(values: Sequence[float]) -> list[float]:
    if len(values) < 2:
        return [values[0], values[0]]
    lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    return [lower, upper]


def markdown(results: Mapping[str, Any]) -> str:
    """Returns the table of ``results.json``, with what was measured beside what was to be reached."""
    lines = [
        "| net | contestant | steps/s | images/s | ours is faster by (quartiles) | same step, oneDNN "
        "| utilisation | must | met |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in results["rows"]:
        net = f"{CASES[row['case']].title}, batch {CASES[row['case']].batch_size}"
        if row["skipped"]:
            lines.append(f"| {net} | {row['contestant']} | left out: {row['skipped']} |" + " |" * 6)
            continue
        ours = row["target_of"] == "utilisation"
        equal, must = row["ratio_equal"], row["target_must"]
        low, high = row["ratio_quartiles"]
        cells = [
            net,
            row["contestant"],
            f"{row['steps_per_second']:.3g}",
            f"{row['images_per_second']:.4g}",
            "" if ours else f"{row['ratio_to_ours']:.2f} ({low:.2f} to {high:.2f})",
            "" if equal is None else f"{equal:.2f}{'' if row['met_equal'] else ' (**missed**)'}",
            f"{row['utilisation']:.0%}",
            "" if must is None else f"{must:.0%}" if ours else f"{must}",
            {None: "", True: "yes", False: "**missed**"}[row["met"]],
        ]
        lines.append(f"| {' | '.join(cells)} |")
    first, onednn = results["first_step"], results["machine"]["onednn"]
    lines += [
        "",
        f"Process start to the end of the first step (recipe dcgan): {first['seconds']:.1f} s; "
        f"must {first['target_must']:.0f} s: {'met' if first['met'] else '**missed**'}; "
        f"ambition {first['target_ambition']:.0f} s.",
        f"The machine's limit with {results['settings']['threads']} threads: "
        f"{results['limit']['convolution']:.0f} GFLOP/s in a large convolution, "
        f"{results['limit']['product']:.0f} in a large matrix product; utilisation is of the larger.",
        f"Load of the machine before the run: {results['settings']['load_before']:.1f}.",
        f"With the same step and oneDNN, ours must be {EQUAL_MUST} times as fast.",
        f"oneDNN: {_on(onednn['ours'])} in ours; by itself TensorFlow has it "
        f"{_on(onednn['tensorflow_default'])} here.",
    ]
    return "\n".join(lines)


def _on(setting: bool | None) -> str:
    return {True: "on", False: "off", None: "unknown"}[setting]

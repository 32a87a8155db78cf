"""What README.md and docs/ say of speed, memory and faults, by the results: see figures.py."""

from collections.abc import Callable, Iterator
from statistics import mean, median, stdev
from typing import Any

SPEED, GPU, ROBUSTNESS = "docs/performance.md", "docs/gpu.md", "docs/robustness.md"
DATA = "docs/data.md"
NETS = {
    "mlp": "fully connected 28x28, batch 64",
    "dcgan28": "DCGAN 28x28, batch 64",
    "dcgan64": "DCGAN 64x64x3, batch 8",
    "wgan_gp": "WGAN-GP 32x32, batch 16",
}


def throughput(results: Any) -> Iterator[tuple[str, str]]:
    rows = {(row["case"], row["contestant"]): row for row in results["rows"]}
    contestants = ("TensorFlow tutorial's DCGAN step", "keras-io's DCGAN step", "keras-io's WGAN-GP step")
    contestants += (
        "predict + three train_on_batch (Keras-GAN)",
        "lean eager PyTorch",
        "PyTorch-GAN gan.py's loop",
    )
    for case, net in NETS.items():
        ours = rows[case, "ours"]
        share = f"{100 * ours['utilisation']:.0f} %"
        ratios = [
            f"| {rows[case, name]['ratio_to_ours']:.2f} " for name in contestants if (case, name) in rows
        ]
        begin = (
            f"| {net.replace('connected ', 'connected, ')} | {ours['steps_per_second']:.3g} | {share} (aim"
        )
        yield SPEED, " ... ".join([begin, *ratios])
    for target, case, name in (
        ("fully connected: 2.0 times PyTorch-GAN's loop", "mlp", contestants[-1]),
        ("DCGAN 28x28: 1.3 times the tutorial's step", "dcgan28", contestants[0]),
        ("DCGAN 28x28: 3.5 times `predict` + three `train_on_batch`", "dcgan28", contestants[3]),
        ("DCGAN 64x64: 1.9 times keras-io's step", "dcgan64", contestants[1]),
        ("WGAN-GP: 3.0 times keras-io's step", "wgan_gp", contestants[2]),
    ):
        row = rows[case, name]
        yield SPEED, f"| {target} | {row['ratio_to_ours']:.2f} |"
        if "DCGAN" in target:
            yield SPEED, f"| {target} ... itself uses {100 * row['utilisation']:.0f} % of the machine"
    yield SPEED, f"40 % of the machine | {100 * rows['mlp', 'ours']['utilisation']:.0f} % |"
    quartiles = rows["mlp", "lean eager PyTorch"]["ratio_quartiles"]
    yield SPEED, f"quartiles {quartiles[0]:.2f} to {quartiles[1]:.2f}"
    limit, first = results["limit"]["convolution"], results["first_step"]["seconds"]
    yield SPEED, f"in a large convolution ({limit:.0f} GFLOP/s)"
    yield SPEED, f"to the end of the first step it takes {first:.1f} s"
    off = [
        rows[case, f"{name} without oneDNN"]["ratio_to_ours"]
        for case, name in zip(("dcgan28", "dcgan64", "wgan_gp"), contestants, strict=False)
    ]
    yield (
        SPEED,
        f"ours is {off[0]:.2f} times as fast as the tutorial's step on DCGAN 28x28, and {off[1]:.2f} "
        f"(DCGAN 64x64) and {off[2]:.2f} times (WGAN-GP)",
    )
    yield SPEED, f"the ratios {off[0]:.2f}, {off[1]:.2f} and {off[2]:.2f} above"
    tutorial = [f"{rows[case, contestants[0]]['ratio_equal']:.2f}" for case in ("mlp", "dcgan28", "dcgan64")]
    both = " and ".join(dict.fromkeys(tutorial[1:]))
    yield SPEED, f"ours is {tutorial[0]} times as fast on the fully connected net, and {both} times on both"
    equal = [row["ratio_equal"] for (_, name), row in rows.items() if name in contestants[:3]]
    lean = [row["ratio_to_ours"] for (_, name), row in rows.items() if name == "lean eager PyTorch"]
    yield (
        "README.md",
        f"a training step is {min(equal):.2f} to {max(equal):.2f} times as fast as those of the TensorFlow",
    )
    yield "README.md", f"{min(lean):.2f} to {max(lean):.2f} times as fast as a lean PyTorch step"


def gpu(results: Any) -> Iterator[tuple[str, str]]:
    times = {(row["case"], row["batch_size"], row["contestant"]): row["ms"] for row in results["rows"]}
    names = {"mlp": "fully connected", "dcgan28": "DCGAN 28x28", "dcgan64": "DCGAN 64x64x3"}
    names |= {"wgan_gp": "WGAN-GP 32x32"} | {
        name: f"recipe `{name}`" for name in ("sngan", "cgan", "srresnet")
    }
    columns = (
        "ours, defaults (one step a call)",
        "ours, XLA",
        "ours, XLA, 20 steps a call",
        "ours, XLA, bf16",
    )
    columns += ("TensorFlow tutorial's DCGAN step", "keras-io's step", "lean eager PyTorch")
    columns += ("PyTorch, one CUDA graph", "PyTorch, one CUDA graph, bf16")
    slower = []
    for case, batch in dict.fromkeys((case, batch) for case, batch, _ in times):
        found = [times.get((case, batch, column)) for column in columns]
        cells = ["" if ms is None else f"{ms:#.3g}" if ms >= 1 else f"{ms:.2f}" for ms in found]
        yield GPU, f"| {names[case]}, {batch} | {' | '.join(cells)} |"
        if found[7] is not None:
            slower.append(min(ms for ms in found[1:3] if ms is not None) / found[7])
    large, critic = (
        [times[case, 64, f"ours, XLA{more}"] for more in ("", ", bf16")] for case in ("dcgan64", "wgan_gp")
    )
    faster = [f"{before / after:.1f} times" for before, after in (large, critic)]
    yield (
        GPU,
        f"DCGAN 64x64x3 {faster[0]} as fast with XLA ({large[0]} ms to {large[1]} ms) and "
        f"WGAN-GP {faster[1]}",
    )
    yield GPU, f"in float32 by {min(slower):.1f} times"
    yield GPU, f"{max(slower):.1f} times (recipe `cgan`)"
    yield "README.md", f"took {min(slower):.1f} to {max(slower):.1f} times as long"


def step_profile(results: Any) -> Iterator[tuple[str, str]]:
    for row in results:
        shares = (
            row["shares"][part] for part in ("products", "optimizers", "batch norm", "random draws", "rest")
        )
        cells = [NETS[row["case"]], *(f"{100 * share:.0f} %" for share in shares)]
        cells += [f"{row['reach_gflops']:.0f} / {row['limit_gflops']:.0f}"]
        cells += [f"{100 * row['utilisation_without_the_rest']:.0f} %"]
        yield SPEED, f"| {' | '.join(cells)} |"


def precision(results: Any) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys(row["recipe"] for row in results):
        kinds = ("float32", "mixed_bfloat16")
        rows = [
            [row for row in results if (row["recipe"], row["precision"]) == (name, kind)] for kind in kinds
        ]
        scores = [[row["score"] for row in of_kind] for of_kind in rows]
        times = [of_kind[0]["step_seconds"] for of_kind in rows]
        cells = [f"{mean(values):.4g} ± {stdev(values):.3g}" for values in scores]
        cells += [f"{1000 * median(seconds):.1f}" for seconds in times]
        cells += [f"{median(one / other for one, other in zip(*times, strict=True)):.2f}"]
        yield SPEED, f"| {rows[0][0]['beside']:.4g} | {' | '.join(cells)} |"


def steps(results: Any) -> Iterator[tuple[str, str]]:
    late = sum(row["pipeline_over_memory"] > 1.1 for row in results)
    yield SPEED, f"{late} of {len(results)} recipes came out over 10 % slower from the pipeline"


def inference(results: Any) -> Iterator[tuple[str, str]]:
    for row in results:
        rate = row["per_second"]
        shown = f"{round(rate, -1):,.0f}" if rate > 1000 else f"{rate:#.3g}"
        yield (
            SPEED,
            f"| {shown} {row['unit']} | {row['gflops']:.0f} / {row['limit_gflops']:.0f} | "
            f"{100 * row['utilisation']:.0f} % | {row['memory_mb']:,.0f} |",
        )


def scaling(results: Any) -> Iterator[tuple[str, str]]:
    for row in results:
        shares = " | ".join(f"{row[f'share_{n}']:.0%}" for n in (8, 64, 512))
        yield (
            "docs/distributed.md",
            f"| `{row['recipe']}` | {row['batch_size']} | {row['bytes_per_step'] / 1e6:.1f} MB | "
            f"{1000 * row['seconds']:.0f} ms | {shares} |",
        )


def apply_memory(results: Any) -> Iterator[tuple[str, str]]:
    for row in results:
        yield (
            "docs/image_to_image.md",
            f"| {row['row']} | {row['picture']} | {row['memory_mb']} | {row['bytes_per_pixel']} |",
        )


def cut_speed(results: Any) -> Iterator[tuple[str, str]]:
    for row in results:
        cells = [f"{row['size']}", row["way"], f"{1000 * row['seconds']:.0f}", f"{row['ratio']:.2f}"]
        cells += [f"{row['ratio_low']:.2f} to {row['ratio_high']:.2f}"]
        yield "docs/image_to_image.md", f"| {' | '.join(cells)} |"
    ours = [row["ratio"] for row in results if row["way"] == "cut"]
    fast = [row["ratio"] for row in results if row["way"] == "fastcut"]
    shares = [f"{100 * min(ratios):.0f} to {100 * max(ratios):.0f} %" for ratios in (ours, fast)]
    yield "docs/recipes.md", f"a step takes {shares[0]} of `cyclegan`'s time, FastCUT's {shares[1]}"


def metrics_speed(results: Any) -> Iterator[tuple[str, str]]:
    for row in (row for row in results["rows"] if row["must"] is not None):
        ours, theirs = (
            f"{value:.2f} s" if value < 1 else f"{value:.1f} s"
            for value in (row["ours_seconds"], row["peer_seconds"])
        )
        ratio = f"{row['ratio']:.2f}" if row["ratio"] < 1 else f"{row['ratio']:.1f}"
        errors = (
            f"{error:.0e}".replace("e-0", "e-") if error else "0"
            for error in (row["our_error"], row["peer_error"])
        )
        aim = f"{row['must']:.0f}: {'met' if row['met'] else 'missed'}"
        yield (
            "docs/metrics.md",
            f"| {ours} | {row['peer']} {theirs} | {ratio} | {' | '.join(errors)} | {aim} |",
        )


def memory(results: Any) -> Iterator[tuple[str, str]]:
    for row in results["rows"]:
        notes = row["notes"]
        quarter = next(note["megabytes"] for note in notes if note["at"] >= 0.25 * notes[-1]["at"])
        numbers = [note["megabytes"] for note in notes]
        shown = " | ".join(f"{number:.0f}" for number in (numbers[0], quarter, max(numbers), numbers[-1]))
        yield ROBUSTNESS, f"| {row['what']} | {shown} | {row['spread']:.1%} |"
    for row in results["data"]:
        yield ROBUSTNESS, f"| {row['what']} | {row['data']:.0f} | {row['kept']:.0f} | {row['peak']:.0f} |"
    yield ROBUSTNESS, f"{results['settings']['cpu_minutes']} CPU minutes, with the reading below"


def faults(results: Any) -> Iterator[tuple[str, str]]:
    yield from _kills(results, "")
    yield ROBUSTNESS, f"{results['settings']['cpu_minutes']} CPU minutes."
    seconds = {row["moment"]: row["survivor_seconds"] for row in results["rows"] if row["part"] == "workers"}
    second, first = (f"{seconds[f'worker {number} of 2']:.1f} s" for number in (2, 1))
    yield ROBUSTNESS, f"after {second} when the second was killed, after {first} when the first was"


def faults_on_disk(results: Any) -> Iterator[tuple[str, str]]:
    yield from _kills(results, ", images on disk")
    yield from _effort(results, "one device")


def faults_replicas(results: Any) -> Iterator[tuple[str, str]]:
    yield from _kills(results, ", images on disk, two replicas")
    yield from _effort(results, "two replicas")


def streaming(results: Any) -> Iterator[tuple[str, str]]:
    titles = {"files": "ours, from the files", "cache": "ours, from the cache"}
    titles |= {
        "tf_data": "`tf.data`, a map over `tf.io.decode_jpeg`",
        "torch": "PyTorch's DataLoader, 2 workers",
    }
    for name, title in titles.items():
        cells = []
        for row in results["pipeline"]:  # those of the larger pictures come first
            if row["pipeline"] == name:
                ratio = row["times_as_fast_as_the_better_peer"]
                cells += [f"{row['pictures_per_second']:,.0f}", f"{ratio:.2f}"]
        yield DATA, f"| {title} | {' | '.join(cells)} |"
    training = results["training"]
    yield (
        DATA,
        f"{training['decoded_gb']:.1f} GB of decoded pictures takes {training['memory_mb']:,.0f} MB of "
        f"memory, and its first step ends after {training['first_step_seconds']:.1f} s",
    )
    for row in results["waiting"]:
        yield (
            DATA,
            f"| `{row['recipe']}` | {row['ms_in_memory']:.1f} | {row['disk_over_memory']:.2f} | "
            f"{row['cache_over_memory']:.2f} |",
        )
    late = sum(row["disk_over_memory"] > 1.05 for row in results["waiting"])
    yield DATA, f"{late} of {len(results['waiting'])} recipes miss it"


def _effort(results: Any, where: str) -> Iterator[tuple[str, str]]:
    kills, settings = f"{results['rows'][-1]['kill']} kills", results["settings"]
    yield ROBUSTNESS, f"{kills} in {settings['steps']} steps on {where}"
    yield ROBUSTNESS, f"steps on {where}, {settings['cpu_minutes']} CPU minutes"


def _kills(results: Any, which: str) -> Iterator[tuple[str, str]]:
    for moment in dict.fromkeys(row["moment"] for row in results["rows"]):
        kills = [row for row in results["rows"] if row["moment"] == moment]
        amid = sum(bool(row.get("half_written")) for row in kills)
        end = "other" if any(results["unequal"].values()) else "the same, bit for bit"
        yield ROBUSTNESS, f"| {moment}{which} | {len(kills)} | {amid} | {end} |"


def fuzz(results: Any) -> Iterator[tuple[str, str]]:
    for row in results:
        yield (
            ROBUSTNESS,
            f"| {row['reader']} | {row['inputs']} | {row['refused']} | {row['escaped']} | "
            f"{row['slowest_seconds']:g} | {row['grown_megabytes']} |",
        )
    yield ROBUSTNESS, f"{results[0]['cpu_minutes']} CPU minutes."


FIGURES: dict[str, Callable[[Any], Iterator[tuple[str, str]]]] = {
    "throughput/cpu-amd-epyc/results.json": throughput,
    "throughput/h200/measured_2026-11-27.json": gpu,
    "step_profile/results.json": step_profile,
    "precision/results.json": precision,
    "steps/results.json": steps,
    "inference/results.json": inference,
    "scaling/results.json": scaling,
    "apply_memory/results.json": apply_memory,
    "cut_speed/results.json": cut_speed,
    "metrics_speed/results.json": metrics_speed,
    "memory/results.json": memory,
    "faults/results.json": faults,
    "faults_on_disk/results.json": faults_on_disk,
    "faults_replicas/results.json": faults_replicas,
    "streaming/results.json": streaming,
    "fuzz/results.json": fuzz,
}

"""Run directories as a training leaves them, without training: what reports are made of."""

import io
import json

import numpy as np
from PIL import Image

from tfgan_ref import __version__
from tfgan_ref.run.report import write_report

# What a stranger may call anything, so that it becomes part of a page.
MARKUP = "</script><script>globalThis.pwned = 1</script><img src=x onerror='globalThis.pwned = 1'>&<!--"
STEPS = 200
SETTINGS = {"steps": STEPS, "batch_size": 16, "learning_rate": 1e-3, "optimizer": "adam", "beta_1": 0.5,
            "beta_2": 0.999, "epsilon": 1e-7, "data": "digits", "width": 8}  # fmt: skip
SCORE = {"metric": "fid", "title": "Frechet distance", "value": 12.25, "floor": 4.5, "spread": None,
         "interval": [3.5, 20.5], "n": 599, "better": "low"}  # fmt: skip


def png(shade=0, size=(12, 10)):
    content = io.BytesIO()
    Image.new("RGB", size, (shade, 80, 160)).save(content, "PNG")
    return content.getvalue()


def animation(kind, frames=3):
    content = io.BytesIO()
    pictures = [Image.new("RGB", (16, 16), (60 * i, 90, 20)) for i in range(frames)]
    pictures[0].save(content, kind, save_all=True, append_images=pictures[1:], duration=60, loop=0)
    return content.getvalue()


def table(rows=20, names=("d_loss", "g_loss", "g_learning_rate"), nan_at=()):
    lines = [",".join(("step", "seconds", *names))]
    for i in range(1, rows + 1):
        values = ["nan" if i in nan_at else f"{np.cos(i / 7 + k):.6g}" for k in range(len(names))]
        lines.append(",".join([str(i * STEPS // rows), f"{i * 0.5:.2f}", *values]))
    return "\n".join(lines) + "\n"


def make_run(path, *, finished=True, scores=True, **changes):
    """Writes a run directory; ``changes`` replace parts of its ``config.json``."""
    path.mkdir(parents=True)
    config = {
        "recipe": "cgan",
        "settings": SETTINGS,
        "data": {"sample_shape": [28, 28, 1], "num_classes": 2, "names": {"classes": ["no", "yes"]},
                 "fingerprint": "1198x28x28x1-abc", "source_channels": 1},
        "versions": {"tfgan_ref": __version__, "keras": "3.0", "tensorflow": "2.18"},
    }  # fmt: skip
    (path / "config.json").write_text(json.dumps(config | changes))
    (path / "metrics.csv").write_text(table())
    (path / "samples").mkdir()
    for step in (50, 100, 150, 200):
        (path / "samples" / f"step_{step:08d}.png").write_bytes(png(step))
    (path / "checkpoints" / f"step_{STEPS if finished else 100:08d}").mkdir(parents=True)
    start = {
        "arguments": ["train", "cgan", "--out", "my run"],
        "time": "2026-01-02T03:04:05+00:00",
        "cores": 2,
    }
    (path / "starts.json").write_text(json.dumps([start]))
    if finished:
        (path / "samples.png").write_bytes(png(200))
        (path / "walk.webp").write_bytes(animation("WEBP"))
        (path / "saved_model").mkdir()
    if scores:
        report = {"extractor": "a small classifier", "floor": "training images", "scores": [SCORE],
                  "label_agreement": 0.994, "notes": ["there are 599 images"], "seconds": 3.0}  # fmt: skip
        (path / "scores.json").write_text(json.dumps(report))
    return path


def hostile_run(folder):
    """A run directory in which every name and text is markup, and links lead out of it."""
    secret = folder / "secret.txt"
    secret.write_text("the user's own")
    run = make_run(
        folder / MARKUP.replace("/", "-"),
        recipe=MARKUP,
        settings={MARKUP: MARKUP, "data": MARKUP, "steps": "<b>", "list": [MARKUP], "__proto__": MARKUP},
        data={"sample_shape": [MARKUP], "num_classes": MARKUP, "names": {"classes": [MARKUP], MARKUP: "x"}},
        versions={MARKUP: MARKUP},
    )
    (run / "metrics.csv").write_text(f"step,{MARKUP},__proto__\n100,1,2\n200,3,4\n")
    (run / "evaluations.csv").write_text(f"step,{MARKUP}\n100,1\n")
    score = SCORE | {"title": MARKUP, "better": MARKUP, "n": MARKUP}
    (run / f"{MARKUP.replace('/', '-')}.json").write_text(
        json.dumps({"scores": [score], "extractor": MARKUP, "notes": [MARKUP], "floor": MARKUP})
    )
    (run / "best.json").write_text(json.dumps({"step": 100, "scores": [score]}))
    start = {"arguments": [MARKUP, "; rm -rf ~"], "time": MARKUP, "devices": MARKUP}
    (run / "starts.json").write_text(json.dumps([start, MARKUP]))
    (run / "samples" / "step_00000050.png").write_text(MARKUP)  # no picture
    (run / "samples" / "step_00000100.png").unlink()
    (run / "samples" / "step_00000100.png").symlink_to(secret)
    (run / "samples" / f"step_1{MARKUP.replace('/', '-')}.png").write_bytes(png())
    (run / "evil.svg").write_text(f"<svg xmlns='http://www.w3.org/2000/svg'>{MARKUP}</svg>")
    (run / "link.txt").symlink_to(secret)
    (run / "notes.txt").write_text(MARKUP)
    (run / "sounds").mkdir()
    (run / "sounds" / "page.wav").write_text(MARKUP)
    return run


def write_reports(folder):
    """Writes reports into a folder: of a run, of one that goes on, of both, of a stranger's; their paths."""
    one = make_run(folder / "one")
    young = make_run(folder / "young", finished=False, scores=False)
    made = {"one": [one], "young": [young], "two": [one, young], "hostile": [hostile_run(folder)]}
    for name, runs in made.items():
        write_report(runs, folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in made}

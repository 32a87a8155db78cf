"""What a report says of a run, from the files of its directory."""

import base64
import dataclasses
import io
import itertools
import json
import os
import shlex

import numpy as np
import pytest
from PIL import Image

from tests.runs_on_disk import SCORE, SETTINGS, STEPS, animation, make_run, png, table
from tfgan_ref import cli
from tfgan_ref.errors import InputError
from tfgan_ref.recipes import RECIPES
from tfgan_ref.run import report_files
from tfgan_ref.run.arguments import train as train_arguments
from tfgan_ref.run.declared import read_recipes
from tfgan_ref.run.report_data import MOST_ROWS, read_run
from tfgan_ref.run.report_files import chosen_samples, evenly, newest_walk, other_files
from tfgan_ref.training.run_directory import RunDirectory


def read(path):
    return read_run(RunDirectory.open(path), "a run")


def url(content, kind="image/png"):
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def test_a_finished_run(tmp_path):
    found = read(make_run(tmp_path / "run"))
    assert found["status"] == {"step": STEPS, "steps": STEPS, "seconds": 10.0, "finished": True}
    assert found["summary"] == RECIPES["cgan"].summary
    assert found["versions"]["keras"] == "3.0"
    assert found["data"]["shape"] == ["28", "28", "1"]
    assert found["data"]["names"] == {"classes": ["no", "yes"]}
    columns = found["curves"]["columns"]
    assert columns["step"] == list(range(10, 210, 10))
    assert list(columns) == ["step", "seconds", "d_loss", "g_loss", "g_learning_rate"]
    assert [sample["step"] for sample in found["samples"]["shown"]] == [50, 100, 150, 200]
    assert found["samples"]["shown"][1]["picture"] == url(png(100))
    assert found["final"] is None  # it is the last of the samples
    assert found["walk"] == {"name": "walk.webp", "picture": url(animation("WEBP"), "image/webp")}
    assert found["starts"] == [
        {"command": "tfgan train cgan --out 'my run'", "time": "2026-01-02T03:04:05+00:00", "cores": "2"}
    ]
    assert found["hints"]["export"] is None


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ([{"diverged": "d_loss is nan at step 5", "learning_rate": 0.5}], ["d_loss is nan at step 5"]),
        (None, []),
        ("many", []),
        ([3], [None]),
    ],
)
def test_rollbacks(tmp_path, kept, shown):
    found = read(make_run(tmp_path / "run", rollbacks=kept))["rollbacks"]
    assert [rollback.get("diverged") for rollback in found] == shown


def test_a_run_that_goes_on(tmp_path):
    run = make_run(tmp_path / "my run", finished=False, scores=False)
    (run / "metrics.csv").write_text(table(8, nan_at=(3,))[:-4])  # a killed run leaves half a line
    found = read(run)
    # 7 whole rows of 25 steps are more than the checkpoint of step 100.
    assert found["status"] == {"step": 175, "steps": STEPS, "seconds": 3.5, "finished": False}
    assert found["curves"]["columns"]["d_loss"][2] is None
    assert found["walk"] is None
    assert found["scores"] == []
    quoted = shlex.quote(str(run))
    assert found["hints"]["resume"] == f"tfgan train --resume {quoted}"
    assert found["hints"]["export"] == f"tfgan export {quoted} --out DIR"
    walk, again = found["hints"]["walk"].splitlines()
    assert walk == f"tfgan sample {quoted} --interpolate --n 10 --out {shlex.quote(f'{run}/walk.gif')}"
    assert again == f"tfgan report {quoted}"


def test_a_picture_of_the_end_that_is_another_is_shown(tmp_path):
    run = make_run(tmp_path / "run")
    (run / "samples.png").write_bytes(png(7))
    assert read(run)["final"] == url(png(7))


def test_a_run_of_which_little_is_there(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    found = read(tmp_path)
    assert found["status"] == {"step": 0, "steps": None, "seconds": None, "finished": False}
    assert found["samples"] == {"shown": [], "count": 0, "smaller": False}
    assert found["settings"] == []
    with pytest.raises(InputError, match="not a run directory"):
        RunDirectory.open(tmp_path / "none")


@pytest.mark.parametrize(
    "damaged", ["", "x,y\n1,2\n", "step,loss\n1,a\n", "step\n", "step,loss\n5\n", "\xff\xfe"], ids=repr
)
def test_damaged_tables_are_left_out(tmp_path, damaged):
    run = make_run(tmp_path / "run")
    (run / "metrics.csv").write_bytes(damaged.encode("latin1"))
    assert read(run)["curves"] == {"rows": 0, "columns": {}}


@pytest.mark.parametrize("name", ["scores.json", "starts.json", "best.json"])
@pytest.mark.parametrize(
    "damaged",
    ["{", "[" * 100000, "1", '{"scores": 1}', '{"scores": [1, {}]}', "[[]]", "\xff"],
    ids=range(7),
)
def test_damaged_json_is_left_out(tmp_path, name, damaged):
    run = make_run(tmp_path / "run", scores=False)
    (run / name).write_bytes(damaged.encode("latin1"))
    found = read(run)
    assert found["scores"] == []
    assert found["best"] is None
    assert all(start["command"] is None for start in found["starts"]) or name != "starts.json"


def test_long_tables_are_thinned_evenly(tmp_path):
    run = make_run(tmp_path / "run")
    rows = 5 * MOST_ROWS
    (run / "metrics.csv").write_text("step,loss\n" + "".join(f"{i},{2 * i}\n" for i in range(1, rows + 1)))
    curves = read(run)["curves"]
    assert curves["rows"] == rows
    steps = curves["columns"]["step"]
    assert len(steps) == MOST_ROWS
    assert (steps[0], steps[-1]) == (1, rows)
    assert {b - a for a, b in itertools.pairwise(steps)} == {5, 6}  # 9,999 steps in 1,999 parts
    assert curves["columns"]["loss"] == [2 * step for step in steps]


def test_even_choices():
    assert evenly(range(5), 5) == [0, 1, 2, 3, 4]
    assert evenly(range(9), 3) == [0, 4, 8]
    assert evenly(range(1000), 24)[-1] == 999


def test_many_pictures_over_time_are_bounded(tmp_path, monkeypatch):
    run = make_run(tmp_path / "run")
    for step in range(1, 101):
        (run / "samples" / f"step_{step:08d}.png").write_bytes(png(step % 200))
    found = chosen_samples(run)
    assert found["count"] == 102  # 50 and 100 are among them
    assert len(found["shown"]) == report_files.MOST_SAMPLES
    assert not found["smaller"]
    assert found["shown"][0]["picture"] == url(png(1))
    monkeypatch.setattr(report_files, "MOST_BYTES", 6 * len(png(1)))
    found = chosen_samples(run)
    assert 2 <= len(found["shown"]) <= 6
    assert [found["shown"][0]["step"], found["shown"][-1]["step"]] == [1, 200]


def test_large_pictures_are_shown_smaller(tmp_path, monkeypatch):
    run = make_run(tmp_path / "run")
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8).repeat(30, 0).repeat(30, 1)
    content = io.BytesIO()
    Image.fromarray(noise).save(content, "PNG")
    for name in ("samples/step_00000050.png", "samples/step_00000200.png", "samples.png"):
        (run / name).write_bytes(content.getvalue())
    monkeypatch.setattr(report_files, "MOST_BYTES", len(content.getvalue()))
    found = read(run)
    assert found["samples"]["smaller"]
    assert found["final"] is None  # it is the last of the samples still
    picture = found["samples"]["shown"][0]["picture"]
    kind, _, encoded = picture.partition(",")
    assert kind == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as shown:
        assert shown.size == (1200, 800)
        means = np.asarray(shown, float).reshape(40, 20, 60, 20, 3).mean((1, 3))
    assert abs(means - noise[::30, ::30]).mean() < 8


def test_the_users_own_walk_is_shown_if_it_is_later(tmp_path):
    run = make_run(tmp_path / "run")
    (run / "walk.gif").write_bytes(animation("GIF"))
    os.utime(run / "walk.webp", (1, 1))
    assert newest_walk(run) == {"name": "walk.gif", "picture": url(animation("GIF"), "image/gif")}
    os.utime(run / "walk.gif", (0, 0))
    assert newest_walk(run)["name"] == "walk.webp"


def test_what_the_user_put_there_is_shown(tmp_path):
    run = make_run(tmp_path / "run")
    wav = b"RIFF\x24\0\0\0WAVEfmt "
    for folder in ("sounds", "logs", "checkpoints"):
        (run / folder).mkdir(exist_ok=True)
        (run / folder / "a.wav").write_bytes(wav)
    (run / "damaged.txt").write_text("one.png\n")
    (run / "beside.png").write_bytes(png(3))
    assert other_files(run) == [
        {"name": "sounds/a.wav", "sound": url(wav, "audio/wav")},
        {"name": "beside.png", "picture": url(png(3))},
        {"name": "damaged.txt", "text": "one.png\n"},
    ]


def test_what_links_lead_to_and_what_is_no_file_is_not_read(tmp_path):
    outside = make_run(tmp_path / "outside")
    run = make_run(tmp_path / "run")
    for name in ("metrics.csv", "samples.png", "scores.json", "starts.json", "walk.webp"):
        (run / name).unlink()
        (run / name).symlink_to(outside / name)
    (run / "samples" / "step_00000050.png").unlink()
    os.mkfifo(run / "samples" / "step_00000050.png")  # reading it would wait for ever
    (run / "others").symlink_to(outside)
    found = read(run)
    assert found["curves"]["rows"] == 0
    assert found["final"] is found["walk"] is None
    assert found["scores"] == found["starts"] == found["files"] == []
    assert [sample["step"] for sample in found["samples"]["shown"]] == [100, 150, 200]


def test_settings_that_are_not_at_their_default(tmp_path):
    found = read(make_run(tmp_path / "run", settings=SETTINGS | {"not_there": [1], "stream": "off"}))
    rows = {row["key"]: row for row in found["settings"]}
    changed = {key: row["value"] for key, row in rows.items() if row["changed"]}
    assert changed == {"steps": "200", "batch_size": "16", "width": "8"}
    assert rows["width"]["default"] == "32"
    assert rows["width"]["meaning"] == "filters of the layers nearest the image"
    assert (rows["not_there"]["value"], rows["not_there"]["default"]) == ("[1]", None)
    assert (rows["stream"]["value"], rows["stream"]["default"]) == ("off", "auto")
    # The optimizer's numbers are open by default: those that it has then are its own.
    assert rows["beta_1"]["default"] == "0.5"
    assert shlex.split(found["command"]) == [
        "tfgan", "train", "cgan", "--steps", "200", "--batch-size", "16", "--set", "width=8",
        "--set", "not_there=[1]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"steps": 7, "learning_rate": 3e-7, "optimizer": "sgd", "beta_1": 0.25, "augment": None, "seed": 3},
        {"optimizer": "rmsprop", "ema_decay": None, "balanced": True, "data": "folder:/a b/'c"},
        {"preset": "paper", "learning_rate": 0.001, "combine": "projection"},
    ],
    ids=str,
)
def test_the_command_gives_the_same_settings(tmp_path, changes):
    kind = RECIPES["cgan"].settings
    settings = kind(**changes)
    run = make_run(tmp_path / "run", settings=dataclasses.asdict(settings) | {"stream": "off"})
    program, command, *words = shlex.split(read(run)["command"])
    assert (program, command) == ("tfgan", "train")
    arguments = train_arguments.PARSER.parse_args(words)
    assert arguments.recipe == "cgan"
    given = cli.settings_given(arguments, train_arguments.FLAGS)
    found = kind(**{key: kind.value_of(key, text) for key, text in given.items()})
    assert found == dataclasses.replace(settings, preset=None)


def test_data_that_were_an_object_have_no_command(tmp_path):
    assert (
        read(make_run(tmp_path / "run", settings=SETTINGS | {"data": "passed:ndarray-1"}))["command"] is None
    )


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_what_a_generator_makes_is_read_without_importing_its_recipe(recipe):
    from tfgan_ref.media import clips, medium, sentences, sounds, usage, voices

    name = read_recipes()[recipe.name].medium
    media = {**vars(medium), **vars(clips), **vars(sentences), **vars(sounds), **vars(voices)}
    assert recipe.medium is media[name]
    assert recipe.medium.usage == getattr(usage, name)


def test_the_use_of_a_generator_quotes_where_it_is(tmp_path):
    run = make_run(tmp_path / 'a"b c', recipe="frames", data={"names": {
        "hat": ["no", "yes"], "action": ["walk", "wave"], "factors": ["hat", "action"]}})  # fmt: skip
    gifs, code = read(run)["usage"]
    model = str(run / "saved_model")
    assert gifs["title"] == "To write animated GIFs and a contact sheet:"
    assert shlex.split(gifs["code"]) == [
        "tfgan", "sample", model, "--label", "action=walk,hat=no", "--n", "4", "--out", "DIR",
    ]  # fmt: skip
    line = next(line for line in code["code"].splitlines() if "load" in line)
    assert line == f"model = tf.saved_model.load({json.dumps(model)})"
    compile(code["code"], "usage", "exec")


def test_scores_have_floors_and_intervals(tmp_path):
    (found,) = read(make_run(tmp_path / "run"))["scores"]
    assert found["features"] == "a small classifier"
    assert found["floor"] == "training images"
    assert found["notes"] == ["there are 599 images"]
    first, labels = found["rows"]
    assert first == SCORE
    assert (labels["title"], labels["value"], labels["floor"]) == ("label agreement", 0.994, None)


def test_the_other_reports_of_evaluate_are_shown_too(tmp_path):
    run = make_run(tmp_path / "run", scores=False)
    anomalies = {
        "scores": [{"score": "inversion", "auroc": 0.75, "low": 0.7, "high": 0.8, "average_precision": 0.5}]
    }
    upscaled = {"scores": {"bicubic": {}}, "means": {"bicubic": {"psnr": 28.4}, "run": {"psnr": 30.5}}}
    pairs = {"scores": {"a.png": {}}, "means": {"ssim": 0.9, "psnr": None}}
    for name, report in (("a", anomalies), ("b", upscaled), ("c", pairs)):
        (run / f"{name}.json").write_text(json.dumps(report))
    rows = [
        [(row["title"], row["value"], row["interval"], row["floor"]) for row in found["rows"]]
        for found in read(run)["scores"]
    ]
    assert rows == [
        [("AUROC: inversion", 0.75, [0.7, 0.8], 0.5)],
        [("bicubic: psnr", 28.4, None, None), ("run: psnr", 30.5, None, None)],
        [("ssim", 0.9, None, None), ("psnr", None, None, None)],
    ]


def test_the_best_evaluation_has_its_scores(tmp_path):
    run = make_run(tmp_path / "run")
    (run / "evaluations.csv").write_text("step,fid\n100,20\n200,12.25\n")
    best = {"step": 200, "metric": "fid", "value": 12.25}
    (run / "best.json").write_text(json.dumps(best))  # of a run of an earlier version
    assert read(run)["best"] == {"step": 200, "rows": []}
    (run / "best.json").write_text(json.dumps(best | {"scores": [SCORE]}))
    found = read(run)
    assert found["best"] == {"step": 200, "rows": [SCORE]}
    assert found["evaluations"] == {"rows": 2, "columns": {"step": [100, 200], "fid": [20, 12.25]}}

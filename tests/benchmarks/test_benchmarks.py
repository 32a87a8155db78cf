"""The benchmarks of the objectives, at a size that shows only that they run and write what they say."""

import json

import numpy as np
import pytest
from PIL import Image, ImageFont

from tests.conftest import ROOT
from tests.scripts.test_scripts import is_one_line_error
from tfgan_ref import data
from tfgan_ref.evaluation import classifier


@pytest.fixture
def run(run_script, monkeypatch, tmp_path_factory):
    """Runs a benchmark in this process, with a short classifier away from the user's cache."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "benchmarks-cache"))
    monkeypatch.setattr(classifier, "STEPS", 30)
    return lambda name, *arguments: run_script(name, *arguments, folder="benchmarks")


def succeeded(result):
    code, out, err = result
    assert code == 0, err
    return out


@pytest.mark.slow
def test_modes_of_a_mixture(run, tmp_path):
    common = ["--distribution", "two_modes", "--steps", 20, "--out", tmp_path]
    succeeded(run("modes.py", *common, "--objectives", "non_saturating", "--seeds", "1,2"))
    out = succeeded(run("modes.py", *common, "--objectives", "packing2", "--seeds", "1"))
    rows = json.loads((tmp_path / "results.json").read_text())
    found = {(row["objective"], row["seed"]) for row in rows}
    assert found == {("non_saturating", 1), ("non_saturating", 2), ("packing2", 1)}
    for row in rows:
        assert 0 <= row["modes"] <= 2
        assert 0 <= row["high_quality"] <= 1
        assert row["seconds"] > 0
        assert row["reverse_kl"] is None or row["reverse_kl"] >= 0
    for name in ("non_saturating-1.png", "non_saturating-2.png", "packing2-1.png"):
        assert Image.open(tmp_path / name).size[0] > 500
    assert "| `packing2` |" in out
    assert "| `packing2` |" in (tmp_path / "table.md").read_text()
    out = succeeded(run("modes.py", *common, "--objectives", "packing2", "--seeds", "1"))
    assert "seed 1" not in out  # what is there is not run again
    assert json.loads((tmp_path / "results.json").read_text()) == rows


@pytest.mark.slow
def test_modes_of_stacked_digits(run, tmp_path):
    arguments = ["--distribution", "stacked", "--steps", 10, "--width", 2, "--seeds", 1, "--out", tmp_path]
    succeeded(run("modes.py", *arguments, "--objectives", "r1"))
    (row,) = json.loads((tmp_path / "results.json").read_text())
    assert 1 <= row["modes"] <= 1000
    assert 0 <= row["classifier_accuracy"] <= 1


def test_list_of_objectives(run):
    listed = succeeded(run("modes.py", "--list")).splitlines()
    assert len(listed) == 27
    assert any(line.split()[:2] == ["sngan", "HingeGAN"] for line in listed)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([], "--distribution is missing"),
        (["--distribution", "rings"], "distribution 'rings' is unknown: choose one of ring, grid"),
        (["--distribution", "ring", "--steps", "15"], "--steps 15 is out of range: a multiple of 10"),
        (["--distribution", "ring", "--seeds", "1,x"], "--seeds '1,x' is not a list of whole numbers"),
        (["--distribution", "ring", "--objectives", "gan"], "objective 'gan' is unknown: choose some of"),
        (["--distribution", "ring", "--threads", "0"], "--threads 0 is out of range"),
        (["--distribution", "stacked", "--width", "0"], "--width 0 is out of range"),
    ],
)
def test_bad_arguments_of_modes(run, tmp_path, arguments, part):
    is_one_line_error(run("modes.py", *arguments, "--out", tmp_path / "out"), part)


@pytest.mark.slow
def test_minimax_stalls_against_a_strong_discriminator(run, tmp_path):
    succeeded(run("saturation.py", "--steps", 20, "--seeds", 1, "--out", tmp_path))
    rows = json.loads((tmp_path / "results.json").read_text())
    assert [(row["loss"], row["optimizer"]) for row in rows] == [
        ("minimax", "sgd"),
        ("non_saturating", "sgd"),
        ("minimax", "adam"),
        ("non_saturating", "adam"),
    ]
    minimax, non_saturating, *_ = rows
    assert minimax["gradient_norms"][0] < 0.01 * non_saturating["gradient_norms"][0]
    assert minimax["distances"][-1] > 0.99 * minimax["distances"][0]
    assert non_saturating["distances"][-1] < 0.9 * non_saturating["distances"][0]
    assert Image.open(tmp_path / "saturation.png").size[0] > 500


@pytest.mark.slow
def test_clipping_beside_the_penalty(run, tmp_path):
    succeeded(run("weights_clip_vs_gp.py", "--steps", 20, "--width", 2, "--out", tmp_path))
    clipped, penalised = json.loads((tmp_path / "results.json").read_text())
    assert clipped["largest_weight"] <= 0.0100001 < penalised["largest_weight"]
    assert (tmp_path / "weights.png").stat().st_size > 5000


@pytest.mark.slow
def test_missing_values(run, tmp_path):
    succeeded(run("missing_values.py", "--steps", 4, "--width", 2, "--n", 200, "--out", tmp_path))
    whole, measured, filled = json.loads((tmp_path / "results.json").read_text())
    assert whole["distance_to_whole"] is None
    assert measured["distance_to_whole"] > 0 < filled["distance_to_whole"]
    assert measured["settings"]["missing"] == filled["settings"]["missing"] == 0.5


@pytest.mark.slow
def test_energies(run, tmp_path):
    arguments = ["--steps", 4, "--width", 2, "--gammas", "0.5,1", "--pretrain", 2, "--every", 2]
    arguments += ["--seeds", "0,1", "--n", 60, "--out", tmp_path / "out", "--runs", tmp_path / "runs"]
    succeeded(run("energies.py", *arguments))
    rows = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [(row["recipe"], row["value"]) for row in rows[::2]] == [
        ("began", 0.5), ("began", 1.0), ("ebgan", 0), ("ebgan", 2),
    ]  # fmt: skip
    curves = json.loads((tmp_path / "out" / "curves.json").read_text())
    assert [(found["pretrain_steps"], found["seed"]) for found in curves] == [(0, 0), (0, 1), (2, 0), (2, 1)]
    assert all(found["step"] == [2, 4] and min(found["fid"]) > 0 for found in curves)
    assert Image.open(tmp_path / "out" / "energies.png").width == 1300


def test_bad_arguments_of_energies(run, tmp_path):
    wrong = run("energies.py", "--pretrain", 150, "--every", 100, "--out", tmp_path / "out")
    is_one_line_error(wrong, "--pretrain 150 is out of range: a multiple of 100")


@pytest.mark.slow
def test_zoo(run, tmp_path):
    arguments = ["--recipes", "gan,vae", "--steps", 4, "--seeds", "0,1", "--n", 200]
    arguments += ["--out", tmp_path / "out"]
    succeeded(run("zoo.py", *arguments, "--runs", tmp_path / "runs"))
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    names = ["gan-seed=0", "gan-seed=1", "vae-seed=0", "vae-seed=1"]
    assert [row["name"] for row in results["rows"]] == names
    assert {path.name for path in (tmp_path / "out" / "grids").iterdir()} == {"gan.png", "vae.png"}
    assert "| vae |" in (tmp_path / "out" / "table.md").read_text()


@pytest.mark.slow
def test_few_training_images(run, tmp_path):
    arguments = ["--data", "digits", "--test", "digits", "--shares", 20, "--techniques", "none,ada"]
    arguments += ["--steps", 6, "--width", 2, "--seeds", "0,1", "--n", 100]
    succeeded(run("limited_data.py", *arguments, "--out", tmp_path / "out", "--runs", tmp_path / "runs"))
    share = json.loads((tmp_path / "out" / "results.json").read_text())["shares"]["20 %"]
    names = [f"{technique}-seed={seed}" for technique in ("none", "ada") for seed in (0, 1)]
    assert [row["name"] for row in share["rows"]] == names
    assert [len(share["distances_over_time"][name]) for name in ("steps", "none", "ada")] == [6] * 3
    with np.load(tmp_path / "runs" / "images-20.npz") as kept:
        assert len(kept["x_train"]) == 239  # of 1,198
        assert len(kept["x_test"]) == 1198
    pictures = tmp_path / "out" / "share-20"
    assert {path.name for path in (pictures / "grids").iterdir()} == {"none.png", "ada.png"}
    assert (pictures / "curves.png").stat().st_size > 5000
    assert "| ada |" in (tmp_path / "out" / "table.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--techniques", "none,diff"], "technique 'diff' is unknown: choose some of none, diffaugment, ada"),
        (["--shares", "0"], "--shares 0: from 1 to 100"),
        (["--steps", "0"], "--steps 0 is out of range"),
    ],
)
def test_bad_arguments_of_few_training_images(run, tmp_path, arguments, part):
    given = ["--data", "digits", "--test", "digits", "--out", tmp_path / "out"]
    is_one_line_error(run("limited_data.py", *given, *arguments), part)


def test_the_lines_of_the_gallery_are_no_wider_than_its_columns(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import gallery

    font = ImageFont.load_default(18)
    assert all(font.getlength(panel.text) <= gallery.WIDTH for panels in gallery.COLUMNS for panel in panels)


@pytest.mark.slow
def test_gallery_of_what_is_there(run, tmp_path):
    succeeded(run("gallery.py", "--out", tmp_path / "gallery.png"))
    ours, kept = (
        np.asarray(Image.open(path).convert("RGB"), np.float32)
        for path in (tmp_path / "gallery.png", ROOT / "docs" / "gallery.png")
    )
    assert ours.shape == kept.shape
    assert np.abs(ours - kept).mean() < 3  # grey levels: versions of Pillow choose other colours
    is_one_line_error(run("gallery.py", "--out", tmp_path / "gallery.jpg"), "must end in .png")


@pytest.mark.slow
def test_steps(run, tmp_path):
    succeeded(run("steps.py", "--recipes", "gan", "--rounds", 1, "--out", tmp_path))
    (row,) = json.loads((tmp_path / "results.json").read_text())
    assert row["recipe"] == "gan"
    assert row["ms"] > 0
    assert row["pipeline_over_memory"] > 0
    assert row["first_step_seconds"] > row["ms"] / 1000


@pytest.fixture
def photographs(tmp_path):
    """A folder of three small coloured pictures."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(3):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
        coarse.resize((104, 100), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    return folder


@pytest.mark.slow
def test_inpainting(run, tmp_path):
    arguments = ["--steps", 2, "--n", 8, "--set", "width=4", "--hole", "brush", "--out", tmp_path / "out"]
    out = succeeded(run("inpainting.py", *arguments))
    rows = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [row["way"] for row in rows] == ["gan", "l1", "biharmonic", "mean of the known"]
    assert all(0 < row["psnr"] < 60 for row in rows)
    assert all(row["patch_frechet"] > 0 < row["floor"] for row in rows)
    assert [row["cpu_seconds"] > 0 for row in rows] == [True, True, False, False]
    assert all(row["set"] == {"width": "4"} for row in rows)
    assert {path.name for path in (tmp_path / "out").glob("*.cpu_seconds")} == {
        "gan.cpu_seconds",
        "l1.cpu_seconds",
    }
    assert Image.open(tmp_path / "out" / "inpainting.png").width > 100
    assert "biharmonic" in out


def test_inpainting_refuses(run, tmp_path):
    for arguments, part in (
        (["--n", 7], "--n 7 is out of range: at least 8"),
        (["--set", "width"], "--set width: must be of the form KEY=VALUE"),
        (["--set", "widht=4"], "setting 'widht' is unknown"),
    ):
        is_one_line_error(run("inpainting.py", *arguments, "--out", tmp_path), part)


@pytest.mark.filterwarnings("ignore:Frechet distance from")  # of so few samples, it warns
@pytest.mark.slow
def test_colourise(run, photographs, tmp_path):
    arguments = [
        "--data",
        f"folder:{photographs}",
        "--crop",
        64,
        "--steps",
        2,
        "--batch-size",
        1,
        "--width",
        4,
    ]
    succeeded(run("colourise.py", *arguments, "--out", tmp_path / "out"))
    rows = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [row["way"] for row in rows] == ["l1", "gan"]
    assert all(row["patch_frechet"] > 0 and row["held_out"] == 1 for row in rows)
    # Finished runs are used again, others refused.
    succeeded(run("colourise.py", *arguments, "--out", tmp_path / "out"))
    other = run("colourise.py", *arguments, "--seed", 1, "--out", tmp_path / "out")
    is_one_line_error(other, "holds a run with seed 0, not 1")


@pytest.mark.slow
def test_super_resolution(run, photographs, tmp_path):
    brief = ["--steps", 1, "--gan-steps", 1, "--batch-size", 1, "--perceptual", "none", "--published"]
    data = ["--data", f"folder:{photographs}", "--benchmark", photographs]
    out = succeeded(run("super_resolution.py", *data, *brief, "--out", tmp_path / "out"))
    rows = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [row["way"] for row in rows] == ["nearest", "bicubic", "srresnet", "srgan"]
    assert rows[0]["checkerboard"] > rows[1]["checkerboard"] > 0  # repeated pixels are squares
    assert "SRResNet (paper) | 32.05" in out


@pytest.mark.slow
def test_precision_of_a_recipe(run, tmp_path):
    arguments = ["--seeds", "0,1", "--steps", 2, "--n", 60, "--rounds", 1, "--out", tmp_path]
    out = succeeded(run("precision.py", *arguments, "--recipes", "dcgan"))
    rows = json.loads((tmp_path / "results.json").read_text())
    assert {(row["precision"], row["seed"]) for row in rows} == {
        (precision, seed) for precision in ("float32", "mixed_bfloat16") for seed in "01"
    }
    assert all(row["score"] > 0 and min(row["step_seconds"]) > 0 for row in rows)
    assert "| dcgan |" in out


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--recipes", "dcgna"], "recipe 'dcgna' is unknown: choose some of dcgan, wgan-gp"),
        (["--seeds", "0,x"], "--seeds 0,x is no list of whole numbers"),
        (["--rounds", "0"], "--rounds 0 is out of range: at least 1"),
    ],
)
def test_bad_arguments_of_precision(run, tmp_path, arguments, part):
    is_one_line_error(run("precision.py", *arguments, "--out", tmp_path / "out"), part)


@pytest.mark.slow
def test_speed_of_cut(run, tmp_path):
    out = succeeded(run("cut_speed.py", "--sizes", "8", "--rounds", 2, "--batch-size", 1, "--out", tmp_path))
    rows = json.loads((tmp_path / "results.json").read_text())
    ways = ["cyclegan", "cut", "cut, paper's heads", "fastcut"]
    assert [(row["size"], row["way"]) for row in rows] == [(8, way) for way in ways]
    assert all(0 < row["ratio_low"] <= row["ratio"] <= row["ratio_high"] for row in rows)
    assert all(row["seconds"] > 0 for row in rows)
    assert {row["ratio"] for row in rows if row["way"] == "cyclegan"} == {1.0}
    assert "| 8 | fastcut |" in out


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--sizes", "30"], "--sizes 30 is out of range: multiples of 4 from 8 up"),
        (["--rounds", "0"], "--rounds 0 is out of range: at least 1"),
    ],
)
def test_bad_arguments_of_cut_speed(run, tmp_path, arguments, part):
    is_one_line_error(run("cut_speed.py", *arguments, "--out", tmp_path / "out"), part)


@pytest.mark.slow
def test_latents(run, tmp_path):
    small = ["--seeds", "1", "--steps", 2, "--n", 3, "--search", 2]
    out = succeeded(run("latents.py", *small, "--out", tmp_path))
    rows = json.loads((tmp_path / "results.json").read_text())
    shares = [row["share"] for row in rows if "share" in row]
    assert shares == sorted(shares)
    assert 1.0 in shares
    found = {row["set"]: row for row in rows if "set" in row}
    assert list(found) == ["held out", "of the training", "held out, turned"]
    known, held_out = (data.read("digits", split=part).images.astype(float) for part in ("train", "test"))
    errors = np.mean((held_out[:3, np.newaxis] - known) ** 2, axis=(2, 3, 4)).min(axis=1)
    expected = np.median(10 * np.log10(255**2 / errors))
    assert found["held out"]["nearest_psnr"] == pytest.approx(expected, rel=1e-5)
    assert np.isfinite(found["of the training"]["nearest_psnr"])  # none is its own neighbour
    assert "right_class" not in found["held out, turned"]
    assert "| times 0.5 |" in out
    assert all(Image.open(tmp_path / f"{name}.png").size[0] > 200 for name in ("truncation", "projections"))


@pytest.mark.slow
def test_anomalies(run, tmp_path):
    small = ["--steps", 2, "--width", 2, "--latents", "2,3", "--n", 12, "--inversion-steps", 1]
    out = succeeded(run("anomaly.py", "--classes", "3", *small, "--out", tmp_path))
    rows = json.loads((tmp_path / "results.json").read_text())
    kinds = [("nearest training picture", None)]
    kinds += [(kind, n) for n in (2, 3) for kind in ("PCA", "discriminator", "inversion")]
    assert [(row["score"], row["latents"]) for row in rows] == kinds
    assert all(row["low"] <= row["auroc"] <= row["high"] and row["left_out"] == 3 for row in rows)
    assert rows[0]["auroc"] > 0.8  # nothing of this is trained
    assert Image.open(tmp_path / "extremes.png").size[0] > 800
    assert "| AUROC, 3 left out |" in out
    assert "| PCA | 2 |" in (tmp_path / "table.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--classes", "1,10"], "--classes 1,10 is not a list of whole numbers up to 9"),
        (["--latents", "0"], "--latents 0 is not a list of whole numbers"),
        (["--n", "0"], "--n 0 is out of range"),
    ],
)
def test_bad_arguments_of_anomalies(run, tmp_path, arguments, part):
    is_one_line_error(run("anomaly.py", *arguments, "--out", tmp_path / "out"), part)

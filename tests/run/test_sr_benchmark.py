"""The super-resolution benchmark: its numbers are those of the metrics on the pictures that it describes."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.scripts.test_scripts import is_one_line_error
from tests.small_translators import enlarging, filling, picture
from tfgan_ref import metrics
from tfgan_ref.data import bicubic_resize
from tfgan_ref.errors import InputError
from tfgan_ref.export.translator import export_translator
from tfgan_ref.run import sr_benchmark
from tfgan_ref.run.sr_benchmark import evaluate_super_resolution, most_detailed
from tfgan_ref.run.sr_pictures import read_benchmark
from tfgan_ref.run.translator import open_translator

pytestmark = pytest.mark.usefixtures("eager_training")

SET5 = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "set5" / "x4"


def smooth(shape, seed=0):
    return bicubic_resize(picture((*(side // 4 + 1 for side in shape[:2]), *shape[2:]), seed), 4)[
        : shape[0], : shape[1]
    ].clip(0, 255)


def test_models_are_called_by_the_ends_of_their_paths_that_differ():
    shortest = sr_benchmark._shortest
    assert shortest(["nearest", "runs_more/srresnet", "runs_more/srgan"]) == ["nearest", "srresnet", "srgan"]
    same = ["nearest", "a/x/saved_model", "b/x/saved_model", "/c/srgan"]
    assert shortest(same) == ["nearest", "a/x/saved_model", "b/x/saved_model", "/c/srgan"]
    assert shortest(["1/a/m", "2/b/m"]) == ["a/m", "b/m"]


def save(path, pixels):
    pixels = np.rint(pixels).clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(path)
    return pixels if pixels.shape[-1] == 3 else pixels.repeat(3, -1)


@pytest.fixture
def originals(tmp_path):
    """A folder of two pictures, one of them grey, with sides that are odd."""
    folder = tmp_path / "originals"
    folder.mkdir()
    save(folder / "a.png", smooth((37, 45, 3)))
    save(folder / "b.png", smooth((31, 40, 1), 1))
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name, scale, seed in (("x2", 2, 0), ("other", 2, 1), ("x3", 3, 0), ("same size", 1, 0)):
        form = {"inputs": ("source",), "stride": 1, "scale": scale, "margin": 2}
        export_translator(enlarging(scale, seed=seed), folder / name, **form)
    export_translator(filling(), folder / "filling", inputs=("source", "mask"), stride=1, scale=1, margin=1)
    return folder


def test_scores_are_those_of_the_metrics(originals, models, tmp_path):
    report = evaluate_super_resolution(
        [models / "x2", models / "other"], originals, picture=tmp_path / "strips.png", rows=1
    )
    assert list(report.scores) == ["nearest", "bicubic", str(models / "x2"), str(models / "other")]
    for name, size in (("a", (36, 44)), ("b", (30, 40))):
        original = np.asarray(Image.open(originals / f"{name}.png").convert("RGB"))[: size[0], : size[1]]
        small = np.rint(bicubic_resize(original, 0.5)).clip(0, 255).astype(np.uint8)
        enlarged = {
            "nearest": np.kron(small, np.ones((2, 2, 1), np.uint8)),
            "bicubic": np.rint(bicubic_resize(small, 2)).clip(0, 255).astype(np.uint8),
        }
        for model in ("x2", "other"):
            enlarged[str(models / model)] = open_translator(models / model).apply(small)
        for way, made in enlarged.items():
            sharpness = metrics.gradient_energy(made[None]) / metrics.gradient_energy(original[None])
            assert report.scores[way][name] == {
                "psnr_y": pytest.approx(metrics.psnr_y(original, made, 2)),
                "ssim_y": pytest.approx(metrics.ssim_y(original, made, 2)),
                "gradient_energy": pytest.approx(sharpness),
            }
    for way, means in report.means.items():
        for metric, mean in means.items():
            assert mean == pytest.approx(np.mean([report.scores[way][name][metric] for name in "ab"]))
    table = report.table()
    assert "2 pictures, enlarged 2 times; the small pictures are MATLAB's bicubic" in table
    assert all(
        f"{way} " in table and f"{means['psnr_y']:.4f}" in table for way, means in report.means.items()
    )
    with Image.open(tmp_path / "strips.png") as strips:
        assert strips.width > 2 * strips.height  # one row of five


def test_pairs_are_used_as_they_are(tmp_path):
    original = save(tmp_path / "img_001_SRF_2_HR.png", smooth((30, 32, 3)))
    small = save(tmp_path / "img_001_SRF_2_LR.png", picture((15, 16, 3)))
    save(tmp_path / "b_HR.png", smooth((40, 40, 1)))
    save(tmp_path / "b_LR.png", picture((20, 20, 1)))
    pictures, origin = read_benchmark(tmp_path, 2)
    assert [each.name for each in pictures] == ["b", "img_001_SRF_2"]
    np.testing.assert_array_equal(pictures[1].original, original)
    np.testing.assert_array_equal(pictures[1].small, small)
    assert origin == "the small pictures are those of the folder"
    report = evaluate_super_resolution([], tmp_path, scale=2, metrics=["psnr_y"])
    enlarged = small.repeat(2, 0).repeat(2, 1)
    expected = metrics.psnr_y(original, enlarged, 2)
    assert report.scores["nearest"]["img_001_SRF_2"] == {"psnr_y": pytest.approx(expected)}


def test_a_perceptual_metric_gets_its_weights(originals, monkeypatch):
    def network_metric(*given):
        assert given == ("lpips", Path("w.pth"), Path("l.pth"))
        return lambda original, made: np.abs(original.astype(float) - made).mean()

    monkeypatch.setattr(sr_benchmark, "network_metric", network_metric)
    weights = {"weights": Path("w.pth"), "linear_weights": Path("l.pth")}
    report = evaluate_super_resolution([], originals, scale=2, metrics=["lpips"], **weights)
    assert report.means["bicubic"]["lpips"] < report.means["nearest"]["lpips"]
    assert report.settings["weights"] == "w.pth"


def test_the_most_detailed_square_is_found():
    image = np.full((60, 80, 3), 100, np.uint8)
    image[30:50, 40:60] = picture((20, 20, 3))
    assert most_detailed(image, 20) == (slice(30, 50), slice(40, 60))
    assert most_detailed(image[:9], 20) == (slice(0, 9), slice(0, 20))


def test_bad_folders(tmp_path):
    def message(name, **files):
        folder = tmp_path / name
        folder.mkdir()
        for stem, size in files.items():
            save(folder / f"{stem}.png", picture((*size, 3)))
        with pytest.raises(InputError) as caught:
            read_benchmark(folder, 2)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "holds no pictures" in message("empty")
    assert "a_HR.png has no partner a_LR in" in message("no partner", a_HR=(40, 40))
    assert "a_LR.png has no partner a_HR in" in message("no original", a_LR=(40, 40))
    assert "c.png is neither _HR nor _LR" in message("neither", a_HR=(40, 40), a_LR=(20, 20), c=(40, 40))
    wrong = message("wrong size", a_HR=(40, 42), a_LR=(20, 20))
    assert "a_LR.png is 20x20: not 2 times smaller than its original 42x40" in wrong
    assert "a.png is 40x14 in multiples of 2: at least 15x15" in message("small", a=(15, 40))
    (tmp_path / "flat").mkdir()
    save(tmp_path / "flat" / "a.png", np.full((20, 20, 3), 9))
    with pytest.raises(InputError, match=r"a\.png is one flat colour"):
        read_benchmark(tmp_path / "flat", 2)


@pytest.mark.parametrize(
    ("names", "settings", "message"),
    [
        ([], {}, "scale is missing: name it with --scale, or a model"),
        ([], {"scale": 1}, "scale 1 is out of range: at least 2"),
        (["x2"], {"rows": 0}, "strip 0 is out of range: at least 1"),
        (["x2"], {"scale": 4}, "x2 has scale 2, not 4"),
        (["x2", "x3"], {}, "x3 has scale 3, not 2"),
        (["x2", "x2"], {}, "a model is named twice"),
        (["same size"], {}, "same size has scale 1: no model for super-resolution"),
        (["filling"], {}, "filling takes a mask too: no model for super-resolution"),
        (["x2"], {"metrics": ["fid"]}, "metric 'fid' of --benchmark is unknown: choose from psnr_y, ssim_y"),
        (["x2"], {"metrics": ["lpips", "perceptual"]}, "one at a time"),
    ],
)
def test_bad_arguments(originals, models, names, settings, message):
    with pytest.raises(InputError, match=message):
        evaluate_super_resolution([models / name for name in names], originals, **settings)


def test_script(run_script, originals, models, tmp_path):
    out, strips = tmp_path / "scores.json", tmp_path / "strips.png"
    arguments = [models / "x2", "--benchmark", originals, "--against", models / "other", "--picture", strips]
    code, shown, err = run_script("evaluate.py", *arguments, "--out", out)
    assert code == 0, err
    assert shown.splitlines()[-2:] == [str(strips), str(out)]
    report = json.loads(out.read_text())
    assert list(report["means"]) == sorted(
        ["nearest", "bicubic", *map(str, (models / "x2", models / "other"))]
    )
    assert report["settings"]["scale"] == 2
    is_one_line_error(
        run_script("evaluate.py", *arguments), "strips.png exists: name another file with --pict"
    )
    bad = run_script("evaluate.py", "digits", "--data", "digits", "--scale", "2")
    is_one_line_error(bad, "--scale goes with --benchmark DIR")
    bad = run_script("evaluate.py", "--benchmark", originals, "--scale", "2", "--picture", tmp_path / "a.jpg")
    is_one_line_error(bad, "a.jpg is not a .png file")


def test_set5_bicubic_gives_the_published_figures():
    if not SET5.is_dir():
        pytest.skip(f"Set5 is not in {SET5}")
    report = evaluate_super_resolution([], SET5, scale=4)
    assert len(report.scores["bicubic"]) == 5
    assert report.means["bicubic"]["psnr_y"] == pytest.approx(28.42, abs=0.02)
    assert report.means["bicubic"]["ssim_y"] == pytest.approx(0.8104, abs=0.002)

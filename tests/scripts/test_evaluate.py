"""evaluate.py: tables, JSON with every setting, pairs, and one clear line for bad input."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.conftest import tiny_gan
from tests.scripts.test_scripts import is_one_line_error
from tfgan_ref import metrics
from tfgan_ref.evaluation import classifier
from tfgan_ref.export.generator import export_generator
from tfgan_ref.run import evaluate_images

pytestmark = pytest.mark.usefixtures("eager_training")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """A short classifier, kept for all tests of this file and away from the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "evaluate-cache"))
    monkeypatch.setattr(classifier, "STEPS", 15)


def folder(path, n, size=28, seed=0, mode="L"):
    path.mkdir()
    rng = np.random.default_rng(seed)
    for i in range(n):
        shape = (size, size) if mode == "L" else (size, size, 3)
        Image.fromarray(rng.integers(0, 256, shape, np.uint8)).save(path / f"{i:03d}.png")
    return path


def test_training_digits_against_held_out_ones(run_script, tmp_path):
    out = tmp_path / "scores.json"
    arguments = ["digits", "--data", "digits", "--metrics", "fid,memorisation,precision_recall", "--out", out]
    code, table, err = run_script("evaluate.py", *arguments)
    assert code == 0, err
    assert "classifier of digits" in table
    assert "the reference are images of split test of digits" in table
    assert "there are 599 reference images: scores are of as many on each side" in table
    assert "95 % interval  training set" in table
    report = json.loads(out.read_text())
    scores = {s["metric"]: s for s in report["scores"]}
    assert {s["n"] for s in scores.values()} == {599}
    # They are the training set itself: like its floor, and found out.
    low, high = scores["fid"]["interval"]
    assert low < scores["fid"]["floor"] < high
    assert scores["memorisation.memorised share"]["value"] == 1
    settings = report["settings"]
    assert (settings["n_reference"], settings["n_training"], settings["n_fake"]) == (599, 1198, 1198)
    assert settings["seed"] == 0
    assert "tensorflow" in settings["versions"]
    is_one_line_error(run_script("evaluate.py", *arguments), "scores.json exists")


def test_any_folder_of_images_can_be_scored(run_script, tmp_path):
    digits = tmp_path / "digits"
    digits.mkdir()
    from tfgan_ref import data

    images = data.read("digits", split="test").images[:300]
    for i, image in enumerate(images):
        Image.fromarray(image[..., 0]).save(digits / f"{i:03d}.png")
    out = tmp_path / "a.json"
    arguments = [f"folder:{digits}", "--data", "digits", "--metrics", "fid", "--out", out, "--split", "train"]
    code, table, err = run_script("evaluate.py", *arguments)
    assert code == 0, err
    assert "the reference is one half of the images of split train, the other half its floor" in table
    assert "95 % interval  real vs real" in table
    report = json.loads(out.read_text())
    assert report["settings"]["n_fake"] == report["scores"][0]["n"] == 300


class MeanColours:
    """An extractor of each image's mean in each channel."""

    name, label, key = "mean colours", "distance", "mean-colours"

    def __call__(self, images):
        return images.mean(axis=(1, 2), dtype=np.float32), np.zeros((len(images), 2), np.float32)


@pytest.fixture
def compared(monkeypatch):
    """The features of the sides that are scored, in a list."""
    found = []
    score = evaluate_images.score
    monkeypatch.setattr(
        evaluate_images, "score", lambda names, sides, seed: found.append(sides) or score(names, sides, seed)
    )
    return found


def rows_among(rows, all_rows):
    """Says whether each of ``rows`` is one of ``all_rows``."""
    return (abs(rows[:, None] - all_rows).max(axis=2).min(axis=1) < 1e-3).all()


def test_grey_images_are_not_those_of_the_same_pictures_in_colour(
    run_script, tmp_path, monkeypatch, compared
):
    monkeypatch.setattr("tfgan_ref.run.evaluate_images.make_extractor", lambda *_: MeanColours())
    pictures = np.random.default_rng(0).integers(0, 256, (40, 1, 1, 3), np.uint8).repeat(8, 1).repeat(8, 2)
    luma = np.stack([np.asarray(Image.fromarray(picture).convert("L")) for picture in pictures])
    sides = {"coloured": pictures, "grey": luma[..., np.newaxis]}
    for name, images in sides.items():
        np.savez(tmp_path / f"{name}.npz", images=images)
    means = {name: np.broadcast_to(images[:, 0, 0], (40, 3)) for name, images in sides.items()}
    for fake, real, side in (("grey", "coloured", "generated"), ("coloured", "grey", "real")):
        out = tmp_path / f"{fake}.json"
        arguments = [f"npz:{tmp_path / fake}.npz", "--data", f"npz:{tmp_path / real}.npz", "--metrics", "fid"]
        code, table, err = run_script("evaluate.py", *arguments, "--out", out)
        assert code == 0, err
        assert f"both sides are 8x8 images with 3 channels, of which the {side} ones are grey" in table
        report = json.loads(out.read_text())
        assert report["settings"]["image_shape"] == [8, 8, 3]
        (sides,) = compared
        compared.clear()
        assert rows_among(sides.reference.features, means[real])
        assert rows_among(sides.real.features, means[real])
        assert rows_among(sides.fake.features, means[fake])
        assert report["scores"][0]["value"] > 100


def test_pictures_that_are_no_squares_go_the_same_way_on_both_sides(
    run_script, tmp_path, monkeypatch, compared
):
    monkeypatch.setattr("tfgan_ref.run.evaluate_images.make_extractor", lambda *_: MeanColours())
    rng = np.random.default_rng(0)
    wide = rng.integers(0, 256, (40, 6, 10, 3), np.uint8)
    np.savez(tmp_path / "wide.npz", images=wide)
    same = [f"npz:{tmp_path / 'wide.npz'}", "--data", f"npz:{tmp_path / 'wide.npz'}", "--metrics", "fid"]
    for more, shape in (([], "10x6"), (["--image-size", "4"], "4x4")):
        out = tmp_path / f"{shape}.json"
        code, table, err = run_script("evaluate.py", *same, *more, "--out", out)
        assert code == 0, err
        assert f"both sides are {shape} images with 3 channels; images of another size were scaled" in table
        (sides,) = compared
        compared.clear()
        real = np.concatenate([sides.reference.features, sides.real.features])  # its halves
        assert len(real) == 40
        assert rows_among(sides.fake.features, real)


def test_exported_generator_without_its_run(run_script, tmp_path):
    gan = tiny_gan(conditional=True)
    export_generator(gan.ema_generator, tmp_path / "model", num_classes=3)
    eights = tmp_path / "eights.npz"
    rng = np.random.default_rng(0)
    np.savez(eights, images=rng.integers(0, 256, (200, 8, 8), np.uint8), labels=np.arange(200) % 3)
    # 8x8 is too small for the classifier: said in one line.
    result = run_script("evaluate.py", tmp_path / "model", "--data", f"npz:{eights}", "--n", "50")
    is_one_line_error(result, "images of 8x8: the small classifier takes sides of at least 16 pixels")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([], "name either a model or --pairs"),
        (["digits"], "digits does not say what real data it belongs to: name them with --data"),
        (["digits", "--data", "digits", "--metrics", "fid,foo"], "metric 'foo' is unknown"),
        (["digits", "--data", "digits", "--features", "vgg"], "features 'vgg' is unknown"),
        (["digits", "--data", "digits", "--n", "3"], "n 3 is out of range: at least 12"),
        (["digits", "--data", "digits", "--split", "validation"], "split='validation' does not exist"),
        (["digits", "--data", "digits", "--weights", "x.pth"], "leave out --weights"),
        (["digits", "--data", "digits", "--features", "inception-fid", "--weights", "no.pth"], "no.pth"),
        (["nowhere", "--data", "digits"], "nowhere"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_arguments(run_script, arguments, part):
    is_one_line_error(run_script("evaluate.py", *arguments), part)


def test_folders_of_mixed_sizes_and_plain_folders(run_script, tmp_path):
    mixed = folder(tmp_path / "mixed", 20)
    Image.new("L", (30, 20)).save(mixed / "odd.png")
    is_one_line_error(
        run_script("evaluate.py", f"folder:{mixed}", "--data", "digits"), "different sizes", "odd.png"
    )
    is_one_line_error(run_script("evaluate.py", mixed, "--data", "digits"), "for images write folder:")


def test_pairs(run_script, tmp_path):
    first, second = folder(tmp_path / "a", 3, 20, 0, "RGB"), folder(tmp_path / "b", 3, 20, 1, "RGB")
    out = tmp_path / "pairs.json"
    code, table, err = run_script("evaluate.py", "--pairs", first, second, "--out", out)
    assert code == 0, err
    assert "mean of 3" in table
    report = json.loads(out.read_text())
    images = [[np.asarray(Image.open(side / f"{i:03d}.png")) for i in range(3)] for side in (first, second)]
    expected = [metrics.psnr(a, b) for a, b in zip(*images, strict=True)]
    assert [row["psnr"] for row in report["scores"].values()] == pytest.approx(expected)
    assert report["means"]["psnr"] == pytest.approx(np.mean(expected))
    assert set(report["means"]) == {"psnr", "ssim"}


def test_luma_of_pairs_within_a_border(run_script, tmp_path):
    first, second = folder(tmp_path / "a", 1, 20, 0, "RGB"), folder(tmp_path / "b", 1, 20, 1)
    given = ["--pairs", first, second, "--metrics", "psnr,psnr_y,ssim_y", "--border", 3]
    code, _, err = run_script("evaluate.py", *given, "--out", tmp_path / "pairs.json")
    assert code == 0, err
    a, b = (np.asarray(Image.open(side / "000.png").convert("RGB")) for side in (first, second))
    expected = {
        "psnr": metrics.psnr(a[3:-3, 3:-3], b[3:-3, 3:-3]),
        "psnr_y": metrics.psnr_y(a, b, border=3),
        "ssim_y": metrics.ssim_y(a, b, border=3),
    }
    assert json.loads((tmp_path / "pairs.json").read_text())["means"] == pytest.approx(expected)
    given[-1] = 10
    is_one_line_error(run_script("evaluate.py", *given), "border 10 leaves nothing of", "20x20")
    is_one_line_error(run_script("evaluate.py", "digits", "--border", 3), "--border goes with --pairs")


def test_bad_pairs(run_script, tmp_path):
    first, second = folder(tmp_path / "a", 2), folder(tmp_path / "b", 2, size=24)

    def pairs(a, b, *more):
        return run_script("evaluate.py", "--pairs", a, b, *more)

    is_one_line_error(pairs(first, second), "b/000.png is 24x24 with 1 channel", "28x28")
    is_one_line_error(pairs(first, tmp_path / "no"), "no is not a folder")
    is_one_line_error(pairs(first, second, "--metrics", "psnr,fid"), "metric 'fid' of pairs is unknown")
    is_one_line_error(pairs(first, second, "--metrics", "lpips,perceptual"), "one at a time")
    (second / "000.png").unlink()
    is_one_line_error(pairs(first, second), "a/000.png has no partner in", "b")
    (first / "001.png").write_bytes(b"broken")
    (first / "000.png").unlink()
    is_one_line_error(pairs(first, second), "001.png cannot be read")


def test_equal_pictures_have_an_infinite_psnr_that_is_null_in_json(run_script, tmp_path):
    both = folder(tmp_path / "a", 1, 20)
    out = tmp_path / "pairs.json"
    code, table, err = run_script("evaluate.py", "--pairs", both, both, "--out", out)
    assert code == 0, err
    assert "inf" in table
    assert "Infinity" not in out.read_text()
    assert json.loads(out.read_text())["scores"] == {"000": {"psnr": None, "ssim": 1.0}}


def test_grey_originals_of_coloured_pictures_are_three_equal_channels(run_script, tmp_path):
    first, second = folder(tmp_path / "a", 1, 20), folder(tmp_path / "b", 1, 20, 1, "RGB")
    code, _, err = run_script("evaluate.py", "--pairs", first, second, "--out", tmp_path / "pairs.json")
    assert code == 0, err
    grey, coloured = (np.asarray(Image.open(side / "000.png")) for side in (first, second))
    expected = metrics.psnr(np.dstack([grey] * 3), coloured)
    assert json.loads((tmp_path / "pairs.json").read_text())["means"]["psnr"] == pytest.approx(expected)


def test_a_picture_that_a_metric_refuses_is_named(run_script, tmp_path):
    first, second = folder(tmp_path / "a", 2, 20), folder(tmp_path / "b", 2, 20, 1)
    for side in (first, second):
        Image.new("L", (6, 6)).save(side / "001.png")
    is_one_line_error(
        run_script("evaluate.py", "--pairs", first, second), "a/001.png and ", "b/001.png: SSIM"
    )


def test_two_files_of_one_stem_are_refused(run_script, tmp_path):
    first = folder(tmp_path / "a", 1, 20)
    Image.new("L", (20, 20)).save(first / "000.tif")
    result = run_script("evaluate.py", "--pairs", first, first)
    is_one_line_error(result, "a/000.png and 000.tif would have the same partner")
    result = run_script("evaluate.py", "--benchmark", first, "--scale", "2")
    is_one_line_error(result, "a/000.png and 000.tif would have the same partner")


def test_interrupted_evaluation_leaves_no_file(run_script, tmp_path, monkeypatch):
    def interrupt(*arguments, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr("tfgan_ref.run.evaluate_images.score", interrupt)
    out = tmp_path / "scores.json"
    code, _, _ = run_script("evaluate.py", "digits", "--data", "digits", "--metrics", "fid", "--out", out)
    assert code == 130
    assert list(tmp_path.iterdir()) == []

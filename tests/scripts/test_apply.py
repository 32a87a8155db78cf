"""apply.py: every kind of picture file, what is kept of it, and nothing lost when something is wrong."""

import logging

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageCms

from tests.conftest import slow_ones
from tests.scripts.test_scripts import is_one_line_error
from tests.small_translators import enlarging, filling, picture, styling
from tfgan_ref.data import bicubic_resize, read_picture
from tfgan_ref.errors import InputError
from tfgan_ref.export.translator import export_translator
from tfgan_ref.run import apply_pictures as applying
from tfgan_ref.run.translator import Translator, open_translator

pytestmark = pytest.mark.usefixtures("eager_training")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    alone = {"inputs": ("source",), "stride": 1, "margin": 2}
    export_translator(enlarging(2), folder / "x2", scale=2, **alone)
    export_translator(
        enlarging(channels=1), folder / "both ways", scale=1, backward=enlarging(output_channels=1), **alone
    )
    export_translator(filling(), folder / "filling", inputs=("source", "mask"), stride=1, scale=1, margin=1)
    export_translator(
        styling(), folder / "styling", inputs=("source", "target"), stride=1, scale=1, margin=None
    )
    return folder


@pytest.fixture
def apply(run_script, models, tmp_path):
    def run(model, *arguments):
        return run_script("apply.py", models / model, *arguments, "--out", tmp_path / "out")

    return run


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(picture((9, 13, 3), ord(name[0]))).save(folder / name)
    return folder


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def plain(**changed):
    """A model that repeats pixels."""
    form = {"inputs": ("source",), "channels": (3,), "scale": 2, "stride": 1, "margin": 0, "tile": 64}
    return Translator(**{"function": lambda piece: tf.repeat(tf.repeat(piece, 2, 0), 2, 1)} | form | changed)


def applied(folder, source, translator=None):
    [job] = applying.plan_jobs([source], folder / "out", overwrite=True)
    applying.apply_to_file(translator or plain(), job)
    return job.target


MODES = {
    "1": ("png", "bmp", "tif"),
    "L": ("png", "jpg", "bmp", "webp", "gif", "tif", "pgm"),
    "RGB": ("png", "jpg", "jpeg", "bmp", "webp", "tiff", "ppm"),
    "P": ("png", "gif", "bmp"),
    "CMYK": ("jpg", "tif"),
    "I;16": ("png", "tif"),
    "LA": ("png", "tif"),
    "RGBA": ("png", "tif", "webp"),
}


@pytest.mark.parametrize(
    ("mode", "suffix"), [(mode, suffix) for mode, all in MODES.items() for suffix in all]
)
def test_formats_and_modes(tmp_path, mode, suffix):
    if mode == "I;16":
        image = Image.fromarray(picture((5, 7)).astype(np.uint16) * 257)
    else:
        image = Image.fromarray(picture((5, 7, 4)))
        image = (image if mode in ("LA", "RGBA") else image.convert("RGB")).convert(mode)
    source = tmp_path / f"picture.{suffix}"
    image.save(source)
    target = applied(tmp_path, source)
    assert target.name == ("picture.png" if suffix not in ("tif", "tiff") else source.name)
    with Image.open(target) as made:
        assert made.format == ("PNG" if target.suffix == ".png" else "TIFF")
        assert made.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")
        shown = np.asarray(made)
    with Image.open(source) as read:
        if mode in ("LA", "RGBA"):
            expected = np.asarray(read.convert("RGBA"))
            alpha = bicubic_resize(expected[..., 3], 2).round().clip(0, 255)
            np.testing.assert_array_equal(shown[..., 3], alpha)
            expected = expected[..., :3]
        else:
            expected = np.broadcast_to(read_picture(source), (5, 7, 3))
    np.testing.assert_array_equal(shown[..., :3], expected.repeat(2, 0).repeat(2, 1))


def test_colours_under_transparency_are_not_mixed_with_white(tmp_path):
    image = np.zeros((4, 4, 4), np.uint8)
    image[..., 0], image[:2, :, 3] = 200, 255
    Image.fromarray(image).save(tmp_path / "a.png")
    made = pixels(applied(tmp_path, tmp_path / "a.png"))
    assert (made[..., 0] == 200).all()
    assert made[0, 0, 3] == 255
    assert made[7, 0, 3] == 0


def test_a_palette_with_a_transparent_colour(tmp_path):
    image = Image.fromarray(picture((4, 4, 3))).quantize(8)
    image.save(tmp_path / "a.gif", transparency=image.getpixel((1, 2)))
    with Image.open(tmp_path / "a.gif") as read:
        alpha = np.asarray(read.convert("RGBA"))[..., 3]
    made = pixels(applied(tmp_path, tmp_path / "a.gif", plain(scale=1, function=tf.constant)))
    np.testing.assert_array_equal(made[..., 3], alpha)
    assert alpha[2, 1] == 0


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright_once(tmp_path, orientation, mode):
    image = Image.fromarray(picture((5, 7, 3))).convert(mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(tmp_path / "a.png", exif=exif)
    target = applied(tmp_path, tmp_path / "a.png", plain(scale=1, function=tf.constant))
    turns = {
        1: np.array,
        2: np.fliplr,
        3: lambda x: np.rot90(x, 2),
        4: np.flipud,
        6: lambda x: np.rot90(x, -1),
    }
    turns |= {5: lambda x: np.rot90(np.fliplr(x)), 7: lambda x: np.rot90(np.fliplr(x), -1), 8: np.rot90}
    np.testing.assert_array_equal(pixels(target), turns[orientation](np.asarray(image)))
    with Image.open(target) as made:
        assert not made.getexif()


def test_colour_profile_of_rgb_is_kept(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, mode, kept in (("a.png", "RGB", profile), ("b.tif", "RGBA", profile), ("c.png", "L", None)):
        Image.fromarray(picture((4, 4, 4))).convert(mode).save(tmp_path / name, icc_profile=profile)
        with Image.open(applied(tmp_path, tmp_path / name)) as made:
            assert made.info.get("icc_profile") == kept


@pytest.mark.parametrize(("height", "width"), slow_ones([(1, 1), (1, 9), (11, 2)], [(11, 2)]))
def test_tiny_pictures(apply, models, tmp_path, height, width):
    size = (height, width)
    Image.fromarray(picture((*size, 3))).save(tmp_path / "tiny.png")
    code, _, err = apply("x2", tmp_path / "tiny.png")
    assert code == 0, err
    made = pixels(tmp_path / "out" / "tiny.png")
    np.testing.assert_array_equal(made, open_translator(models / "x2").apply(picture((*size, 3))))


def test_folders_and_files_with_tiles(apply, models, photos, tmp_path):
    Image.fromarray(picture((40, 21, 3))).save(tmp_path / "large.jpg", quality=95)
    (photos / ".hidden.png").write_bytes(b"")
    (photos / "notes.txt").write_text("no picture")
    code, shown, err = apply("x2", photos, tmp_path / "large.jpg", photos / "a.png", "--tile", "16")
    assert (code, shown) == (0, f"3 of 3 pictures in {tmp_path / 'out'}\n"), err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.png", "large.png"]
    expected = open_translator(models / "x2").apply(read_picture(tmp_path / "large.jpg"))
    np.testing.assert_allclose(pixels(tmp_path / "out" / "large.png").astype(int), expected, atol=1)


def test_a_damaged_file_costs_only_itself(apply, photos, tmp_path):
    (photos / "aa.png").write_bytes((photos / "a.png").read_bytes()[:60])
    code, shown, err = apply("x2", photos)
    assert code == 2
    assert shown == f"2 of 3 pictures in {tmp_path / 'out'}\n"
    [line] = err.strip().splitlines()
    assert line.startswith(f"error: {photos / 'aa.png'} cannot be read: ")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.png"]


def test_nothing_is_overwritten_unasked(apply, photos, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "b.png").write_bytes(b"mine")
    is_one_line_error(apply("x2", photos), "b.png exists: name another folder with --out, or --overwrite")
    assert [path.name for path in out.iterdir()] == ["b.png"]  # a.png was not begun either
    code, _, err = apply("x2", photos, "--overwrite")
    assert code == 0, err
    assert pixels(out / "b.png").shape == (18, 26, 3)


def test_inputs_are_never_overwritten(run_script, models, photos):
    before = (photos / "a.png").read_bytes()
    result = run_script("apply.py", models / "x2", photos, "--out", photos, "--overwrite")
    is_one_line_error(result, "a.png is an input: name another folder with --out")
    assert (photos / "a.png").read_bytes() == before


def test_two_inputs_with_one_result(apply, photos, tmp_path):
    (tmp_path / "more").mkdir()
    Image.fromarray(picture((4, 4, 3))).save(tmp_path / "more" / "b.png")
    is_one_line_error(apply("x2", photos, tmp_path / "more"), "would both become ")
    assert not (tmp_path / "out").exists()


def test_an_interrupted_write_leaves_no_file(photos, tmp_path, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        applied(tmp_path, photos / "a.png")
    assert list((tmp_path / "out").iterdir()) == []


def test_masks(apply, photos, tmp_path):
    known = picture((9, 13)) > 60
    Image.fromarray(known * np.uint8(255)).save(tmp_path / "mask.png")
    code, _, err = apply("filling", photos, "--mask", tmp_path / "mask.png")
    assert code == 0, err
    for name in ("a.png", "b.png"):
        made, original = pixels(tmp_path / "out" / name), pixels(photos / name)
        np.testing.assert_array_equal(made[known], original[known])
        assert (made[~known] != original[~known]).any()
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.fromarray(~known).save(masks / "a.bmp")
    is_one_line_error(apply("filling", photos, "--mask", masks, "--overwrite"), "b.png has no mask in ")
    Image.fromarray(known[:8]).save(masks / "b.png")
    code, _, err = apply("filling", photos, "--mask", masks, "--overwrite")
    assert code == 2
    assert err == f"error: {masks / 'b.png'} is 13x8 where its picture is 13x9\n"
    np.testing.assert_array_equal(
        pixels(tmp_path / "out" / "a.png")[~known], pixels(photos / "a.png")[~known]
    )


def test_masks_may_say_what_is_missing(apply, photos, tmp_path):
    known = picture((9, 13)) > 60
    Image.fromarray(~known).save(tmp_path / "mask.png")
    is_one_line_error(apply("filling", photos, "--invert-mask"), "--invert-mask goes with --mask")
    code, _, err = apply("filling", photos, "--mask", tmp_path / "mask.png", "--invert-mask")
    assert (code, err) == (0, "")
    for name in ("a.png", "b.png"):
        made, original = pixels(tmp_path / "out" / name), pixels(photos / name)
        np.testing.assert_array_equal(made[known], original[known])
        assert (made[~known] != original[~known]).any()


def test_a_mask_for_all_is_spoken_of_once(apply, photos, tmp_path):
    Image.new("L", (13, 9), 255).save(tmp_path / "mask.png")
    code, _, err = apply("filling", photos, "--mask", tmp_path / "mask.png")
    assert code == 0
    assert err == f"{tmp_path / 'mask.png'}: everything is known, so that nothing is filled\n"


def test_two_masks_of_one_name_are_refused(apply, photos, tmp_path):
    (tmp_path / "masks").mkdir()
    for name in ("a.png", "a.bmp", "b.png"):
        Image.new("L", (13, 9)).save(tmp_path / "masks" / name)
    result = apply("filling", photos, "--mask", tmp_path / "masks")
    is_one_line_error(result, "masks/a.bmp and a.png would have the same partner")
    assert not (tmp_path / "out").exists()


def test_a_models_channels_are_said_where_they_change_the_picture(tmp_path, caplog):
    grey = plain(channels=(1,))
    Image.fromarray(picture((4, 4, 3))).save(tmp_path / "colour.png")
    Image.fromarray(np.dstack([picture((4, 4))] * 3)).save(tmp_path / "greyish.png")
    Image.fromarray(picture((4, 4))).save(tmp_path / "grey.png")
    with caplog.at_level(logging.INFO):
        for source, translator in (("colour", plain()), ("greyish", grey), ("grey", grey)):
            applied(tmp_path, tmp_path / f"{source}.png", translator)
        assert not caplog.messages
        applied(tmp_path, tmp_path / "colour.png", grey)
        applied(tmp_path, tmp_path / "grey.png", plain())
    assert "colour.png is coloured, and this model takes grey pictures" in caplog.messages[0]
    assert "grey.png is grey, and this model takes colours" in caplog.messages[1]


def test_style_and_the_way_back(apply, models, photos, tmp_path):
    Image.fromarray(picture((20, 6, 3), 7)).save(tmp_path / "style.png")
    code, _, err = apply("styling", photos / "a.png", "--style", tmp_path / "style.png")
    assert code == 0, err
    expected = open_translator(models / "styling").apply(pixels(photos / "a.png"), picture((20, 6, 3), 7))
    np.testing.assert_array_equal(pixels(tmp_path / "out" / "a.png"), expected)
    code, _, err = apply("both ways", photos / "b.png", "--backward")
    assert code == 0, err
    expected = open_translator(models / "both ways", backward=True).apply(pixels(photos / "b.png"))
    np.testing.assert_array_equal(pixels(tmp_path / "out" / "b.png"), expected[..., 0])


def test_a_large_picture_that_cannot_be_cut_is_told_of(photos, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(applying, "LARGE", 100)
    applied(tmp_path, photos / "a.png")
    assert not caplog.messages
    applied(tmp_path, photos / "a.png", plain(margin=None, tile=None))
    [message] = caplog.messages
    assert "a.png is 13x9: this model sees a whole picture at once" in message


def test_a_picture_that_does_not_fit_into_memory_at_once_is_refused_before(photos, tmp_path, monkeypatch):
    free = 450 * 9 * 13  # bytes, for a.png just enough
    monkeypatch.setattr(applying, "available_memory", lambda: free)
    whole = plain(tile=None, margin=None)
    applied(tmp_path, photos / "a.png", whole)
    monkeypatch.setattr(applying, "available_memory", lambda: free / 4)
    with pytest.raises(InputError, match=r"a\.png is 13x9: this model .*: shrink it to 6x4 or less"):
        applied(tmp_path, photos / "a.png", whole)
    applied(tmp_path, photos / "a.png")  # in tiles


def test_a_result_too_large_to_be_read_again_is_told_of(photos, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 9 * 13)
    with caplog.at_level(logging.INFO):
        target = applied(tmp_path, photos / "a.png")
    assert caplog.messages == [f"{target} is 26x18: to read it, set the variable TFGAN_MAX_PIXELS"]


def test_memory_that_does_not_suffice_is_told_in_one_line(apply, photos, monkeypatch):
    def fail(*arguments):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating\nmany lines")

    monkeypatch.setattr(Translator, "apply", fail)
    code, shown, err = apply("x2", photos)
    assert code == 2
    assert err.splitlines() == [
        f"error: {photos / name} does not fit into memory: try a smaller --tile"
        for name in ("a.png", "b.png")
    ]
    assert shown.startswith("0 of 2 pictures")


@pytest.mark.parametrize(
    ("model", "arguments", "part"),
    [
        ("nowhere", ["photos"], "nowhere does not exist: name a run directory or a SavedModel"),
        ("x2", ["photos/c.png"], "c.png does not exist: name files or folders"),
        ("x2", ["empty"], "empty holds no pictures"),
        ("x2", ["photos", "--tile", "4"], "tile 4 is out of range: at least 5"),
        ("x2", ["photos", "--backward"], "has no generator of the way back"),
        ("x2", ["photos", "--mask", "photos/a.png"], "takes none"),
        ("filling", ["photos"], "filling needs a mask beside each picture: name it with --mask"),
        ("filling", ["photos", "--mask", "no.png"], "no.png does not exist"),
        ("styling", ["photos"], "styling needs a style beside each picture: name it with --style"),
        ("styling", ["photos", "--style", "broken.png"], "broken.png cannot be read"),
        ("styling", ["photos", "--tile", "64"], "tile 64: this model sees the whole picture"),
    ],
)
def test_bad_arguments(apply, photos, tmp_path, monkeypatch, model, arguments, part):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.png").write_bytes(b"broken")
    is_one_line_error(apply(model, *arguments), part)
    assert not (tmp_path / "out").exists()


def test_one_picture_may_become_the_file_that_is_named(run_script, models, photos, tmp_path):
    for name, kind in (("new/enlarged.png", "PNG"), ("enlarged.TIF", "TIFF")):
        out = tmp_path / name
        code, shown, err = run_script("apply.py", models / "x2", photos / "a.png", "--out", out)
        assert (code, shown) == (0, f"1 of 1 pictures in {out}\n"), err
        with Image.open(out) as made:
            assert (made.format, made.size) == (kind, (26, 18))
    result = run_script("apply.py", models / "x2", photos / "a.png", "--out", out)
    is_one_line_error(result, "enlarged.TIF exists: name another file with --out, or --overwrite")
    code, _, err = run_script("apply.py", models / "x2", photos / "a.png", "--out", out, "--overwrite")
    assert code == 0, err
    result = run_script("apply.py", models / "x2", photos, "--out", tmp_path / "all.png")
    is_one_line_error(result, "all.png is the name of one file, and there are 2 inputs: name a folder")
    result = run_script("apply.py", models / "x2", photos / "a.png", "--out", tmp_path / "all.jpg")
    is_one_line_error(result, "all.jpg: results are .png, .tif, .tiff files, not .jpg")


def test_a_folder_may_have_a_name_like_a_file(run_script, models, photos, tmp_path):
    out = tmp_path / "folder.png"
    out.mkdir()
    code, _, err = run_script("apply.py", models / "x2", photos / "a.png", "--out", out)
    assert code == 0, err
    assert (out / "a.png").is_file()


def test_long_names(apply, photos, tmp_path):
    long = "图" * 83 + ".png"
    (photos / "a.png").rename(photos / long)
    code, _, err = apply("x2", photos)
    assert code == 0, err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {long, "b.png"}
    (photos / long).rename(photos / ("图" * 84 + "ab"))  # its result would be longer
    is_one_line_error(
        apply("x2", photos / ("图" * 84 + "ab")), "ab.png cannot be written: a name has more than"
    )


def test_out_must_be_a_folder(apply, photos, tmp_path):
    (tmp_path / "out").write_text("mine")
    is_one_line_error(apply("x2", photos), "out is not a folder")

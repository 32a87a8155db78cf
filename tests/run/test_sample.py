"""Classes by their names: in runs, in SavedModels, and as ``sample --label`` takes them."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.conftest import tiny_gan
from tests.recorded_rows import RecordedRows
from tfgan_ref.data import DataShape
from tfgan_ref.data.images.arrays import ImageArrays, training_images
from tfgan_ref.errors import InputError
from tfgan_ref.export.generator import export_generator
from tfgan_ref.media.medium import PICTURES, class_labels
from tfgan_ref.run import sample_pictures
from tfgan_ref.run.arguments.sample import PARSER
from tfgan_ref.run.build import parse_config
from tfgan_ref.run.sample import Sampler, open_sampler
from tfgan_ref.training.run_directory import RunDirectory

NAMES = ("boot", "hat", "caf\udce9")  # the last one a folder's name in Latin-1


def arrays(names):
    count = len(names)
    return ImageArrays("x", np.zeros((count, 8, 8, 1), np.uint8), np.arange(count, dtype=np.int32), names)


def test_data_say_what_their_classes_are_called_unless_they_are_numbers():
    assert training_images(arrays(NAMES)).shape == DataShape((8, 8, 1), 3, names={"classes": NAMES})
    assert training_images(arrays(("0", "1", "2"))).shape == DataShape((8, 8, 1), 3)


def config_of(tmp_path, names):
    data = {"sample_shape": [8, 8, 1], "num_classes": 3, "names": {"classes": names}, "fingerprint": "x"}
    config = {"recipe": "cgan", "settings": {}, "data": data, "versions": {"tfgan_ref": "0.2.0"}}
    return RunDirectory.create(tmp_path / "run", config)


def test_a_run_keeps_the_names(tmp_path):
    assert parse_config(config_of(tmp_path, NAMES))[2].names == {"classes": NAMES}


def test_a_run_with_too_few_names_is_refused(tmp_path):
    with pytest.raises(InputError, match="has no usable shape"):
        parse_config(config_of(tmp_path, NAMES[:2]))


def test_a_saved_model_knows_its_classes_by_name(tmp_path):
    shape = DataShape((8, 8, 1), 3, names={"classes": NAMES})
    PICTURES.export(tiny_gan(True), tmp_path / "model", shape)
    sampler = open_sampler(tmp_path / "model")
    assert sampler.class_names == NAMES
    np.testing.assert_array_equal(sampler.sample(3, label="hat"), sampler.sample(3, label=1))
    assert sampler.labels(2, NAMES[2]).tolist() == [2, 2]
    with pytest.raises(InputError, match="label 'shoe' is unknown: choose one of boot, hat, "):
        sampler.labels(2, "shoe")


def test_classes_without_names_are_numbers(tmp_path):
    export_generator(tiny_gan(True).sampling_generator, tmp_path / "model", num_classes=3)
    sampler = open_sampler(tmp_path / "model")
    assert sampler.class_names == ("0", "1", "2")
    with pytest.raises(InputError, match="label '3' is out of range: 0 to 2, or all"):
        sampler.labels(1, "3")


def test_a_name_that_is_a_number_is_a_name():
    names = tuple(sorted(map(str, range(1, 13))))  # as folders are sorted: 1, 10, 11, 12, 2, ...
    assert class_labels(1, "10", names).tolist() == [1]
    assert class_labels(1, "3", names).tolist() == [5]
    assert class_labels(1, 3, names).tolist() == [3]
    with pytest.raises(InputError, match="label '0' is unknown: choose one of 1, 10, 11"):
        class_labels(1, "0", names)


def test_a_message_does_not_list_a_thousand_classes():
    with pytest.raises(InputError) as raised:
        class_labels(1, "x", tuple(f"class {i}" for i in range(1000)))
    assert str(raised.value).endswith("class 19, ..., or all")


def test_neighbours_of_samples_that_are_no_squares(tmp_path, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (20, 6, 10, 1), np.uint8)
    np.savez(tmp_path / "wide.npz", images=images)
    copies = Sampler(lambda latents: tf.constant(images[: len(latents)] / 255), 2, (6, 10, 1), None)
    kept = []
    monkeypatch.setattr(sample_pictures.plotting, "save_png", lambda path, picture: None)
    monkeypatch.setattr(
        sample_pictures.plotting, "grid", lambda pictures, *columns, **form: kept.extend(pictures)
    )
    given = ["--neighbours", f"npz:{tmp_path / 'wide.npz'}", "--n", "2", "--out", str(tmp_path / "n.png")]
    sample_pictures.draw_pictures(copies, PARSER.parse_args(["model", *given]))
    columns = sample_pictures.NEIGHBOURS + 1
    np.testing.assert_array_equal([kept[1], kept[columns + 1]], images[:2])  # the nearest are the copied ones


def test_neighbours_among_images_on_disk(monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (20, 6, 10, 1), np.uint8)
    rows = RecordedRows(images)
    monkeypatch.setattr(sample_pictures, "VALUES_AT_ONCE", 3 * 60)
    found = sample_pictures.nearest_neighbours(images[:4], rows, 2)
    distances = ((images[:4, None].astype(int) - images) ** 2).sum(axis=(2, 3, 4))
    np.testing.assert_array_equal(found, np.argsort(distances, axis=1)[:, :2])
    assert max(rows.asked) == 3


def drawn(*given):
    """Writes pictures of a generator that draws the first latent as grey, in pieces of 256."""
    sizes = []

    def serve(latents, labels):
        sizes.append(len(latents))
        return latents[:, None, None, :1] * 0 + labels.numpy()[:, None, None, None] / 255

    sampler = Sampler(serve, 2, (1, 1, 1), ("a/b", "", "c"))
    sample_pictures.draw_pictures(sampler, PARSER.parse_args(["model", *map(str, given)]))
    return sizes


def test_a_folder_gets_a_file_of_each_picture_in_bounded_memory(tmp_path):
    assert drawn("--n", 300, "--out", tmp_path / "single") == [256, 44]
    files = sorted((tmp_path / "single").iterdir())
    assert [path.name for path in files[99:101]] == ["099_a_b.png", "100.png"]
    assert [np.asarray(Image.open(files[i])).tolist() for i in (99, 100, 299)] == [[[0]], [[1]], [[2]]]
    assert len(files) == 300
    assert [path.name for path in tmp_path.iterdir()] == ["single"]


def test_a_folder_that_fails_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(sample_pictures, "file_stem", lambda *given: "x" * 300)
    with pytest.raises(OSError, match="name too long"):
        drawn("--n", 3, "--out", tmp_path / "single")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (
            ["--n", 50000, "--out", "x.png"],
            "n 50000 is too many for one sheet: 50000 pictures of 9x9, at most 9",
        ),
        (["--n", 2, "--out", "x.png", "--neighbours", "digits"], "16 pictures of 9x9, at most 9"),
        (["--n", 10, "--out", "x.gif", "--interpolate"], "10 pictures of 9x9, at most 9"),
        (["--n", 2, "--out", "x", "--interpolate"], "--interpolate makes one sheet: name a .png file"),
        (
            ["--n", 2, "--out", "x", "--neighbours", "digits"],
            "--neighbours makes one sheet: name a .png file",
        ),
    ],
)
def test_what_no_picture_can_show_is_refused_before_it_is_drawn(tmp_path, monkeypatch, arguments, part):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sample_pictures, "MOST_PIXELS", 9 * 22 * 22)
    monkeypatch.setattr(Sampler, "latents", None)  # none are drawn
    sampler = Sampler(None, 2, (9, 9, 1), None)
    with pytest.raises(InputError, match=part):
        sample_pictures.draw_pictures(sampler, PARSER.parse_args(["model", *map(str, arguments)]))
    assert list(tmp_path.iterdir()) == []


CENTRED = Sampler(lambda latents: tf.reshape(latents / 8 + 0.5, [-1, 2, 2, 1]), 4, (2, 2, 1), None)
OF_TWO = Sampler(
    lambda latents, labels: tf.reshape(
        latents / 8 + 0.25 + 0.5 * tf.cast(labels, tf.float32)[:, None], [-1, 2, 2, 1]
    ),
    4,
    (2, 2, 1),
    ("dark", "light"),
)


def given(*arguments):
    return PARSER.parse_args(["model", *map(str, arguments)])


def cells(picture, side=2, enlarge=2):
    """Returns the pictures of a sheet, row by row, those of dark grey alone left out."""
    small = picture[::enlarge, ::enlarge]
    step = side + 2
    rows, columns = (small.shape[0] - 2) // step, (small.shape[1] - 2) // step
    found = [small[2 + r * step :, 2 + c * step :][:side, :side] for r in range(rows) for c in range(columns)]
    return np.stack([cell for cell in found if not (cell == 40).all()])


def drawn_sheet(sampler, path, *arguments):
    sample_pictures.draw_pictures(sampler, given(*arguments, "--out", path))
    return np.asarray(Image.open(path))[..., np.newaxis]


def test_truncation_draws_latents_nearer_to_their_mean(tmp_path):
    whole = cells(drawn_sheet(CENTRED, tmp_path / "1.png", "--n", 9))
    half = cells(drawn_sheet(CENTRED, tmp_path / "2.png", "--n", 9, "--truncation", 0.5))
    none = cells(drawn_sheet(CENTRED, tmp_path / "3.png", "--n", 9, "--truncation", 0))
    np.testing.assert_array_equal(whole, CENTRED.sample(9))
    np.testing.assert_allclose(half, (whole - 127.5) / 2 + 127.5, atol=1)
    assert (none == 128).all()


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_an_animation_begins_with_the_sheet_and_goes_round(tmp_path, suffix):
    out = tmp_path / f"walks.{suffix}"
    sample_pictures.draw_pictures(CENTRED, given("--n", 9, "--interpolate", "--out", out))
    with Image.open(out) as animation:
        assert animation.info["loop"] == 0
        frames, shown = [], 0
        for i in range(animation.n_frames):
            animation.seek(i)
            frames.append(np.asarray(animation.convert("L"))[..., np.newaxis])
            shown += animation.info["duration"]
    assert shown == 3 * 24 * 50  # in milliseconds; frames that are alike may be one
    enlarge = frames[0].shape[0] // 14
    assert frames[0].shape[0] >= 128
    losses = 0 if suffix == "gif" else 12
    first = cells(frames[0], enlarge=enlarge).astype(int)
    assert np.abs(first - CENTRED.sample(9)).max() <= losses
    before = cells(frames[-1], enlarge=enlarge).astype(int)
    middle = cells(frames[len(frames) // 2], enlarge=enlarge).astype(int)
    assert np.abs(before - first).mean() < np.abs(middle - first).mean() / 5


@pytest.fixture
def of_a_file(tmp_path):
    latents = np.float32([[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]])
    np.savez(tmp_path / "latents.npz", latents=latents, labels=np.array([0, 1, 1]))
    return tmp_path / "latents.npz", latents


def test_latents_of_a_file_are_drawn_and_walked_along(tmp_path, of_a_file):
    file, latents = of_a_file
    labels = np.array([0, 1, 1])
    plain = cells(drawn_sheet(OF_TWO, tmp_path / "1.png", "--latents", file))
    np.testing.assert_array_equal(plain, OF_TWO.draw(latents, labels))
    light = cells(drawn_sheet(OF_TWO, tmp_path / "2.png", "--latents", file, "--label", "light"))
    np.testing.assert_array_equal(light, OF_TWO.draw(latents, np.ones(3, int)))
    walked = cells(drawn_sheet(OF_TWO, tmp_path / "3.png", "--latents", file, "--interpolate"))
    assert len(walked) == 20
    np.testing.assert_array_equal(
        walked[[0, 9, 10, 19]], OF_TWO.draw(latents[[0, 1, 1, 2]], labels[[0, 1, 1, 2]])
    )
    sums = walked.astype(int).sum(axis=(1, 2, 3))
    assert (sums[:5] < 450).all()  # the class changes half way
    assert (sums[5:] > 700).all()
    sample_pictures.draw_pictures(
        OF_TWO, given("--latents", file, "--interpolate", "--out", tmp_path / "walk.gif")
    )
    with Image.open(tmp_path / "walk.gif") as animation:
        frame = np.asarray(animation.convert("L"))
        assert frame.shape == (192, 192)
        np.testing.assert_array_equal(cells(frame[..., np.newaxis], enlarge=32)[0], plain[0])


def test_latents_of_a_file_need_a_class_and_walks_two_ends(tmp_path, of_a_file):
    _, latents = of_a_file
    np.save(tmp_path / "one.npy", latents[:1])
    out = tmp_path / "x.png"
    with pytest.raises(InputError, match=r"one\.npy has no labels: name a class with --label"):
        sample_pictures.draw_pictures(OF_TWO, given("--latents", tmp_path / "one.npy", "--out", out))
    for suffix in ("png", "gif"):
        with pytest.raises(InputError, match=r"one\.npy has one latent: --interpolate goes from each"):
            sample_pictures.draw_pictures(
                CENTRED,
                given("--latents", tmp_path / "one.npy", "--interpolate", "--out", tmp_path / f"x.{suffix}"),
            )
    assert not out.exists()


def test_real_images_of_the_same_classes_stand_beside_the_samples(tmp_path):
    def serve(latents, labels):
        return tf.reshape(latents / 8 + 0.25 + 0.5 * tf.cast(labels, tf.float32)[:, None], [-1, 4, 4, 1])

    sampler = Sampler(serve, 16, (4, 4, 1), ("dark", "light"))
    labels = np.arange(12) % 3
    images = np.random.default_rng(0).integers(50, 200, (12, 4, 4, 1), np.uint8)
    np.savez(
        tmp_path / "real.npz", images=images, labels=labels, class_names=np.array(["light", "other", "dark"])
    )
    picture = drawn_sheet(sampler, tmp_path / "1.png", "--n", 6, "--beside", f"npz:{tmp_path / 'real.npz'}")
    width, height = 2 * (3 * 6 + 2), 2 * (2 * 6 + 2)  # beside the names, below the titles
    real, made = (
        half[-height:, -width:] for half in np.split(picture, [(picture.shape[1] - 8) // 2], axis=1)
    )
    np.testing.assert_array_equal(
        cells(made, side=4), sampler.draw(sampler.latents(6, 0), np.array([0, 0, 0, 1, 1, 1]))
    )
    shown = [tuple(cell.ravel()) for cell in cells(real, side=4)]
    for i, cell in enumerate(shown):
        assert cell in [tuple(image.ravel()) for image in images[labels == (2 if i < 3 else 0)]]
    assert len(set(shown)) == 6


def test_real_images_for_a_sheet_are_chosen_by_the_seed():
    plain = arrays(("a", "b", "c", "d"))
    chosen = [sample_pictures.choose_real(plain, None, None, 3, seed).tolist() for seed in (0, 0, 1)]
    assert chosen[0] == chosen[1] != chosen[2]
    assert len(set(chosen[0])) == 3
    # Of classes that the data lack, any.
    other = sample_pictures.choose_real(plain, np.array([0, 0]), ("x",), 2, 0)
    assert other.tolist() == chosen[0][:2]
    with pytest.raises(InputError, match="n 5 is more than the 4 images of x"):
        sample_pictures.choose_real(plain, None, None, 5, 0)
    with pytest.raises(InputError, match="x has 1 images of class b, 2 are asked for"):
        sample_pictures.choose_real(plain, np.array([1, 1]), ("a", "b"), 2, 0)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--out", "x.jpg"], "x.jpg is not a .png file, nor a .gif or .webp one, nor a folder"),
        (["--out", "x.gif"], "x.gif: an animation goes with --interpolate"),
        (["--n", 200, "--interpolate", "--out", "x.gif"], "n 200 is too many for an animation of 72 frames"),
        (["--beside", "digits", "--out", "x"], "--beside makes one sheet"),
    ],
)
def test_what_makes_no_sheet_or_animation_is_refused(tmp_path, monkeypatch, arguments, part):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sample_pictures, "MOST_ANIMATED", 72 * 128**2)
    with pytest.raises(InputError, match=part):
        sample_pictures.draw_pictures(CENTRED, given(*arguments))
    assert list(tmp_path.iterdir()) == []

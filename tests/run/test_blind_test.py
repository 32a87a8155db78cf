"""Blind tests: both sides alike, in an order of their own, and nothing but the key says which is which."""

import base64
import hashlib
import itertools
import json
import re
import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.scripts.test_scripts import is_one_line_error
from tfgan_ref import plotting
from tfgan_ref.data import ImageArrays
from tfgan_ref.errors import InputError
from tfgan_ref.run import blind_test
from tfgan_ref.run.blind_test import contact_sheet, write_blind_test
from tfgan_ref.run.evaluate_sides import Source

PICTURE = re.compile(r"data:image/png;base64,([\w+/=]+)")


def images(path, name, low, high, shape=(30, 8, 8)):
    """An npz file of random pictures, as an argument of the command."""
    np.savez(path / f"{name}.npz", images=np.random.default_rng(0).integers(low, high, shape, np.uint8))
    return f"npz:{path / name}.npz"


@pytest.fixture
def dark(tmp_path):
    return images(tmp_path, "dark", 0, 128)


@pytest.fixture
def bright(tmp_path):
    return images(tmp_path, "bright", 128, 256)


def read(folder):
    """The key of a test, the text of its form, and the PNG files in that."""
    form = (folder / "form.html").read_text(encoding="utf-8")
    pngs = [base64.b64decode(found) for found in PICTURE.findall(form)]
    return json.loads((folder / "key.json").read_text()), form, pngs


def sides(key):
    return "".join(key["pictures"][str(number)]["side"] for number in range(1, len(key["pictures"]) + 1))


def chunks(png):
    """The names of the parts of a PNG file with their contents."""
    at, found = 8, []
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        found.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def test_the_form_and_the_sheet_show_the_pictures_of_the_key(dark, bright, tmp_path):
    notes = write_blind_test(dark, bright, tmp_path / "t", n=12)
    assert notes[0] == "12 pictures of each side, 8x8 with 1 channel"
    assert "differ" not in " ".join(notes)
    key, _, pngs = read(tmp_path / "t")
    assert sorted(sides(key)) == ["A"] * 12 + ["B"] * 12
    assert key["sides"]["A"] == {"name": dark, "kind": "generated"}
    assert key["sides"]["B"] == {"name": bright, "kind": "real"}
    assert key["settings"] == {"n": 12, "seed": 0, "split": "train", "image_shape": [8, 8, 1]}
    shown = [tf.io.decode_png(png).numpy() for png in pngs]
    assert "".join("A" if picture.max() < 128 else "B" for picture in shown) == sides(key)
    assert len(set(pngs)) == 24
    for number, png in enumerate(pngs, 1):
        assert key["pictures"][str(number)]["sha256"] == hashlib.sha256(png).hexdigest()
    sheet = tf.io.decode_png((tmp_path / "t" / "sheet.png").read_bytes()).numpy()
    np.testing.assert_array_equal(sheet, contact_sheet(np.stack(shown)))


def test_pictures_on_disk_are_those_in_memory(dark, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "p").mkdir()
    for number, pixels in enumerate(np.random.default_rng(0).integers(128, 256, (30, 8, 8), np.uint8)):
        Image.fromarray(pixels).save(tmp_path / "p" / f"{number}.png")
    found = []
    for share in (1, 0):
        monkeypatch.setattr("tfgan_ref.data.streams.choice.SHARE_IN_MEMORY", share)
        write_blind_test(dark, f"folder:{tmp_path / 'p'}", tmp_path / str(share), n=12)
        found.append(read(tmp_path / str(share)))
    assert found[0] == found[1]


def test_the_order_is_mixed_and_of_the_seed(dark, bright, tmp_path):
    found = []
    for number, seed in enumerate((0, 0, 1)):
        write_blind_test(dark, bright, tmp_path / str(number), seed=seed)
        found.append(read(tmp_path / str(number)))
    assert found[0] == found[1]
    orders = [sides(key) for key, _, _ in found]
    assert orders[0] != orders[2]
    assert found[0][0]["test"] != found[2][0]["test"]
    for order in orders:
        # Of 50 in a random order, about 25 differ from the next one: standard deviation 3.5.
        assert 10 <= sum(a != b for a, b in itertools.pairwise(order)) <= 40


def test_only_the_key_knows_the_sides(dark, bright, tmp_path):
    """Less its pictures and its name, the form is that of a test with the sides the other way round."""
    texts = []
    for name, pair, seed in (("t", (dark, bright), 0), ("u", (bright, dark), 5)):
        write_blind_test(*pair, tmp_path / name, seed=seed)
        key, form, pngs = read(tmp_path / name)
        texts.append(PICTURE.sub("", form).replace(key["test"], ""))
        assert hashlib.sha256(pngs[0]).hexdigest() not in form
        headers = {chunks(png)[0] for png in pngs}
        assert headers == {(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))}
        for png in (*pngs, (tmp_path / name / "sheet.png").read_bytes()):
            assert {kind for kind, _ in chunks(png)} == {b"IHDR", b"IDAT", b"IEND"}
    assert texts[0] == texts[1]


def test_both_sides_have_one_size_and_one_number_of_channels(dark, tmp_path):
    coloured = images(tmp_path, "coloured", 128, 256, (5, 16, 12, 3))
    notes = write_blind_test(dark, coloured, tmp_path / "t", n=7)
    key, _, pngs = read(tmp_path / "t")
    assert len(pngs) == 10
    shown = [tf.io.decode_png(png).numpy() for png in pngs]
    assert {picture.shape for picture in shown} == {(8, 8, 3)}
    for side, picture in zip(sides(key), shown, strict=True):
        assert (np.ptp(picture, axis=-1).max() == 0) == (side == "A")
    assert f"{coloured} has 5 images, fewer than n = 7" in notes
    assert f"the pictures of {dark} are grey, the others are not: that may tell them apart" in notes


class Grey:
    """A generator of plain pictures, as bright as ten times their class or as their seed."""

    def __init__(self, class_names=None, size=8):
        self.class_names, self.size = class_names, size
        self.num_classes = class_names and len(class_names)

    def latents(self, n, seed):
        return np.full((n, 1), seed)

    def labels(self, n, label):
        return None if self.class_names is None else np.arange(n) % self.num_classes

    def draw(self, latents, labels=None):
        values = latents[:, 0] if labels is None else 10 * labels
        return np.broadcast_to(values[:, None, None, None], (len(values), self.size, self.size, 1)).astype(
            np.uint8
        )


def generator(*given):
    sampler = Grey(*given)
    return Source((sampler.size, sampler.size, 1), 1000, sampler=sampler)


def open_as(monkeypatch, tmp_path, **sources):
    """Lets paths of these names be opened as these sources."""
    for name in sources:
        (tmp_path / name).mkdir()
    monkeypatch.setattr(blind_test, "open_source", lambda name, size, n: sources[name.rpartition("/")[2]])
    return [str(tmp_path / name) for name in sources]


def test_two_generators_draw_from_two_seeds_and_every_class(monkeypatch, tmp_path):
    pair = open_as(monkeypatch, tmp_path, a=generator(), b=generator(("0", "1", "2")))
    notes = write_blind_test(*pair, tmp_path / "t", n=6, seed=7)
    key, _, pngs = read(tmp_path / "t")
    assert [key["sides"][side]["kind"] for side in "AB"] == ["generated", "generated"]
    shown = [int(tf.io.decode_png(png).numpy().mean()) for png in pngs]
    assert "only 4 of all 12 pictures differ" in notes
    by_side = {side: sorted(v for v, s in zip(shown, sides(key), strict=True) if s == side) for side in "AB"}
    assert by_side == {"A": [7] * 6, "B": [0, 0, 10, 10, 20, 20]}
    pair = open_as(monkeypatch, tmp_path, c=generator(), d=generator())
    write_blind_test(*pair, tmp_path / "u", n=1, seed=2**31 - 1)
    assert len(set(read(tmp_path / "u")[2])) == 2


def test_classes_are_drawn_as_often_as_the_real_data_have_them(monkeypatch, tmp_path):
    arrays = ImageArrays(
        "real", np.full((20, 8, 8, 1), 99, np.uint8), np.zeros(20, np.int32), class_names=("two",)
    )
    monkeypatch.setattr(blind_test.data, "read", lambda *_, **__: arrays)
    (run,) = open_as(monkeypatch, tmp_path, run=generator(("one", "two")))
    write_blind_test(run, "real", tmp_path / "t", n=20)
    shown = {tf.io.decode_png(png).numpy().max() for png in read(tmp_path / "t")[2]}
    assert shown == {10, 99}


def test_sides_that_do_not_go_together_are_refused(monkeypatch, tmp_path):
    a, b, c = open_as(
        monkeypatch,
        tmp_path,
        a=generator(None, 8),
        b=generator(None, 12),
        c=Source((8, 8, 1), 1, arrays=ImageArrays("c", np.zeros((1, 8, 8, 1), np.uint8))),
    )
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match="a draws pictures of 8x8, .*b of 12x12: the size would tell them"):
        write_blind_test(a, b, tmp_path / "t")
    with pytest.raises(InputError, match="c is no generator and .*b is one: name the generator first"):
        write_blind_test(c, b, tmp_path / "t")
    monkeypatch.setattr(blind_test, "MOST_PIXELS", 1400 * 112 * 112)
    with pytest.raises(InputError, match="n 900 is too many for one sheet of 8x8 pictures: at most 700"):
        write_blind_test(a, a, tmp_path / "t", n=900)
    assert sorted(tmp_path.iterdir()) == before


def test_a_number_stands_above_each_picture_and_covers_nothing():
    pictures = np.random.default_rng(0).integers(0, 256, (12, 28, 28, 3), np.uint8)
    sheet = contact_sheet(pictures)
    number = plotting.captions(["1", "12"], 112, 3)
    height = number.shape[1]
    rows = np.split(sheet[2:], 2)  # each ends with the padding below
    first, last = rows[0][:-2, 2:114], rows[1][:-2, 116:228]
    for tile, caption, picture in ((first, number[0], pictures[0]), (last, number[1], pictures[11])):
        np.testing.assert_array_equal(tile[:height], caption)
        np.testing.assert_array_equal(tile[height:], picture.repeat(4, axis=0).repeat(4, axis=1))
    assert not np.array_equal(*number)
    assert number.max() > 200  # of 255, on 40
    assert contact_sheet(np.zeros((2, 300, 200, 1), np.uint8)).shape == (2 + height + 300 + 2, 406, 1)


def test_the_command(run_script, dark, bright, tmp_path):
    out = tmp_path / "blind"
    given = ["--blind-test", dark, bright, "--out", out]
    code, printed, err = run_script("evaluate.py", *given)
    assert code == 0, err
    key, _, pngs = read(out)
    assert len(pngs) == 50
    assert f"--blind-answers {out} answers.json" in printed
    assert f"{out}/form.html" in printed
    is_one_line_error(run_script("evaluate.py", *given), "blind exists: name another folder with --out")
    is_one_line_error(run_script("evaluate.py", *given[:3]), "--blind-test needs --out DIR")
    is_one_line_error(run_script("evaluate.py", "digits", *given), "name either a model or --pairs")
    is_one_line_error(run_script("evaluate.py", "--blind-test", dark, "npz:no.npz", "--out", "x"), "no.npz")
    answers = tmp_path / "answers.json"
    # Who looks only at the brightness is always right.
    chosen = {number: "real" if p["side"] == "B" else "generated" for number, p in key["pictures"].items()}
    answers.write_text(json.dumps({"test": key["test"], "answers": chosen}))
    scores = tmp_path / "scores.json"
    code, table, err = run_script("evaluate.py", "--blind-answers", out, answers, "--out", scores)
    assert code == 0, err
    assert "right" in table
    assert json.loads(scores.read_text())["right"]["share"] == 1
    is_one_line_error(
        run_script("evaluate.py", "--blind-answers", out), "followed by the files of its answers"
    )
    is_one_line_error(run_script("evaluate.py", "--blind-answers", out, "no.json"), "no.json does not exist")

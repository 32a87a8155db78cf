"""Scores of answers to a blind test: counted by hand, and one line for files that do not belong to it."""

import json
import re

import pytest
from scipy.stats import binomtest

from tfgan_ref.errors import InputError
from tfgan_ref.files import write_json
from tfgan_ref.run.blind_answers import score_answers

SIDES = {"A": {"name": "runs/x", "kind": "generated"}, "B": {"name": "photos", "kind": "real"}}
ORDER = "ABBABA"


def make_test(folder, sides=SIDES):
    folder.mkdir()
    pictures = {str(number): {"side": side} for number, side in enumerate(ORDER, 1)}
    (folder / "key.json").write_text(json.dumps({"test": "blind-1", "sides": sides, "pictures": pictures}))
    return folder


def answers(path, letters, test="blind-1"):
    """A file of answers: r for real, g for generated, - for none."""
    words = {"r": "real", "g": "generated"}
    given = {str(n): words[letter] for n, letter in enumerate(letters, 1) if letter != "-"}
    path.write_text(json.dumps({"test": test, "answers": given}))
    return path


def test_answers_of_one_person(tmp_path):
    # A B B A B A: right are 1, 2, 4 and 5.
    report = score_answers(make_test(tmp_path / "t"), [answers(tmp_path / "a.json", "grggrr")])
    assert report.right.share == pytest.approx(4 / 6)
    assert report.right.answers == 6
    assert report.right.p_value == pytest.approx(binomtest(4, 6).pvalue)
    exact = binomtest(4, 6).proportion_ci(0.95, "exact")
    assert (report.right.low, report.right.high) == pytest.approx(tuple(exact))
    deception, real = report.taken_for_real["A"], report.taken_for_real["B"]
    assert (deception.share, deception.answers, deception.p_value) == (pytest.approx(1 / 3), 3, None)
    assert (real.share, real.answers) == (pytest.approx(2 / 3), 3)
    assert report.kappa is None
    table = report.table()
    assert "A: runs/x (generated)\nB: photos (real)" in table
    assert "right                        0.667    0.223 to 0.957         6      0.688" in table
    assert "kappa" not in table
    assert "missing" not in table


def test_answers_of_two_people_with_one_missing(tmp_path):
    files = [answers(tmp_path / "a.json", "grrgrg"), answers(tmp_path / "b.json", "grrr-g")]
    report = score_answers(make_test(tmp_path / "t"), files)
    assert (report.right.share, report.right.answers) == (pytest.approx(10 / 11), 11)
    assert [share.share for share in report.people.values()] == pytest.approx([1, 4 / 5])
    assert report.missing == {str(files[0]): 0, str(files[1]): 1}
    # Of five pictures with two answers, they agree on four; 5 of these 10 answers are "real".
    assert report.kappa == pytest.approx((4 / 5 - 1 / 2) / (1 - 1 / 2))
    table = report.table()
    assert f"{files[1]}: 1 of 6 answers are missing" in table
    assert f"right, {files[1]}" in table
    assert re.search(r"^agreement \(Fleiss' kappa\) +0\.600$", table, re.MULTILINE)
    assert "all answers count as independent, which those on the same picture are not" in table


def test_between_two_generators_nobody_is_right(tmp_path):
    sides = {"A": {"name": "x", "kind": "generated"}, "B": {"name": "y", "kind": "generated"}}
    table = score_answers(make_test(tmp_path / "t", sides), [answers(tmp_path / "a.json", "rrrrrr")]).table()
    assert "\nfor B                        0.500" in table
    assert "A taken for real             1.000" in table
    assert "right" not in table


def test_a_side_without_answers_and_agreement_of_equal_answers_are_null_in_json(tmp_path):
    files = [answers(tmp_path / f"{name}.json", "g--g-g") for name in "ab"]
    report = score_answers(make_test(tmp_path / "t"), files)
    write_json(tmp_path / "scores.json", report.to_dict())
    found = json.loads((tmp_path / "scores.json").read_text())
    assert found["kappa"] is None
    assert found["taken_for_real"]["B"] == {
        "share": None, "low": 0, "high": 1, "answers": 0, "p_value": None,
    }  # fmt: skip
    assert found["right"]["share"] == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"test": "blind-2", "answers": {"1": "real"}}, "a.json answers the test blind-2, not blind-1"),
        ({"test": "blind-1", "answers": {"7": "real"}}, "a.json: there is no picture 7, only 1 to 6"),
        ({"test": "blind-1", "answers": {"3": "no"}}, "answer 'no' on picture 3: must be real or generated"),
        ({"test": "blind-1", "answers": {}}, "a.json holds no answers"),
        ({"test": "blind-1", "answers": ["real"]}, "a.json holds no answers"),
        ({"answers": {}}, "a.json is not the answers to a blind test: it must have test, answers"),
        ([], "a.json is not the answers to a blind test: it must have test, answers"),
    ],
)
def test_answers_that_do_not_belong_to_it_are_refused(tmp_path, content, message):
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=message):
        score_answers(make_test(tmp_path / "t"), [tmp_path / "a.json"])


def test_files_that_cannot_be_read_are_named(tmp_path):
    file = answers(tmp_path / "a.json", "g")
    with pytest.raises(InputError, match="key.json cannot be read as the key of a blind test"):
        score_answers(tmp_path, [file])
    folder = make_test(tmp_path / "t")
    with pytest.raises(InputError, match="a file of answers is named twice"):
        score_answers(folder, [file, file])
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="a.json cannot be read as the answers to a blind test"):
        score_answers(folder, [file])

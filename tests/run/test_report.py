"""The command ``report``."""

import json
import os

import pytest

from tests.conftest import in_a_new_process
from tests.runs_on_disk import make_run
from tfgan_ref import cli
from tfgan_ref.errors import InputError


def data_of(path):
    text = path.read_text(encoding="utf-8")
    return json.loads(text.partition('id="data">')[2].partition("</script>")[0])


def test_it_writes_into_the_run_directory_again_and_again(tmp_path, capsys):
    run = make_run(tmp_path / "run", scores=False)
    before = sorted(path.name for path in run.iterdir())
    for _ in range(2):
        cli.call("report", [str(run)])
        assert capsys.readouterr().out == f"{run / 'report.html'}\n"
    assert sorted([*before, "report.html"]) == sorted(path.name for path in run.iterdir())
    data = data_of(run / "report.html")
    assert [found["name"] for found in data["runs"]] == ["run"]
    (run / "scores.json").write_text('{"scores": [{"title": "a score", "value": 1}]}')
    cli.call("report", [str(run)])
    assert data_of(run / "report.html")["runs"][0]["scores"][0]["rows"][0]["title"] == "a score"


def test_several_runs_are_on_one_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a/run", "b/run", "b/other"):
        make_run(tmp_path / name)
    cli.call("report", ["a/run", "b/run", "--out", "new/both.html"])
    assert [found["name"] for found in data_of(tmp_path / "new" / "both.html")["runs"]] == ["a/run", "b/run"]
    cli.call("report", ["b/run", "b/other", "--out", "new/both.html"])
    assert [found["name"] for found in data_of(tmp_path / "new" / "both.html")["runs"]] == ["run", "other"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none"], "none does not exist: name a run directory"),
        (["other"], "other is not a run directory: it has no config.json"),
        (["run", "run"], "--out is missing: name a file for the report of several runs"),
        (["run", "--out", "report.pdf"], "--out report.pdf is not a .html file"),
        (["run", "--out", "mine.html"], "mine.html exists and is no report: name another file with --out"),
        (["run", "--out", "folder.html"], "folder.html is a folder: name a file with --out"),
        (["run", "--out", "mine.html/a.html"], "mine.html/a.html cannot be written"),
    ],
)
def test_what_cannot_be_reported_is_one_line(tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "run")
    for name in ("other", "folder.html"):
        (tmp_path / name).mkdir()
    (tmp_path / "mine.html").write_text("<p>mine</p>")
    with pytest.raises(InputError) as raised:
        cli.call("report", words)
    assert message in str(raised.value)
    assert (tmp_path / "mine.html").read_text() == "<p>mine</p>"
    assert not (tmp_path / "run" / "report.html").exists()


def test_it_does_without_tensorflow(tmp_path):
    run = make_run(tmp_path / "run")
    for words in ([str(run)], [str(run), "--video", str(tmp_path / "a.gif")]):
        code = (
            "import runpy, sys\n"
            f"sys.argv = ['tfgan', 'report', *{words!r}]\n"
            "try: runpy.run_module('tfgan_ref', run_name='__main__')\n"
            "except SystemExit as ended: assert not ended.code\n"
            "assert not {'tensorflow', 'keras', 'matplotlib', 'scipy'} & set(sys.modules)"
        )
        in_a_new_process(code)
    assert (run / "report.html").is_file()
    assert (tmp_path / "a.gif").is_file()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written(tmp_path):
    run = make_run(tmp_path / "run")
    run.chmod(0o500)
    with pytest.raises(InputError, match="no permission to write"):
        cli.call("report", [str(run)])

"""The notebooks as they are committed, and the script that executes them."""

import ast
import base64
import importlib
import re
import subprocess
import sys

import nbformat
import pytest

from tests.conftest import ROOT

FOLDER = ROOT / "notebooks"
SCRIPT = FOLDER / "execute.py"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
NUMBER_OF_ARTICLES = 16
SWITCH = 'SHORT = os.environ.get("TFGAN_REF_SHORT") == "1"'
# Places on one machine: in a path of its own, not as a part of an address or of a relative path.
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(home|tmp|root|work|Users|var)/|file://|(?<![\w.])[A-Z]:\\\\")
# What stands in a draft where a sentence is to come when the outputs are known.
PLACEHOLDER = re.compile(r"\bOBS[A-Z0-9]+\b|TODO|\bTIME(_HERE)?\b|\bTIMING\b|@[A-Z_]+@")

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def texts(notebook):
    """All that a reader sees as text: the cells, and what they printed or showed."""
    yield from (cell.source for cell in notebook.cells)
    for output in outputs(notebook):
        yield output.get("text", "")
        yield from (text for kind, text in output.get("data", {}).items() if kind.startswith("text/"))


def imported_names(source):
    """Pairs of a module of the package and a name taken from it, or None."""
    plain = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))
    for node in ast.walk(ast.parse(plain)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "tfgan_ref":
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((a.name, None) for a in node.names if a.name.split(".")[0] == "tfgan_ref")


def resolves(module, name):
    loaded = importlib.import_module(module)
    if name is None or hasattr(loaded, name):
        return True
    return importlib.util.find_spec(f"{module}.{name}") is not None


def test_every_notebook_is_numbered_after_its_article_and_named_in_the_readmes():
    numbers = [int(path.name[:2]) for path in NOTEBOOKS]
    assert numbers == sorted(set(numbers))
    assert set(numbers) <= set(range(1, NUMBER_OF_ARTICLES + 1))
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text()
        assert all(f"](notebooks/{path.name})" in text for path in NOTEBOOKS)


def test_the_folder_is_small():
    assert sum(path.stat().st_size for path in NOTEBOOKS) < 12e6


@each_notebook
def test_is_a_valid_notebook_of_python3(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.kernelspec.display_name == "Python 3"


@each_notebook
def test_starts_with_its_number_and_the_switches_and_ends_with_three_exercises(path):
    notebook = read(path)
    assert notebook.cells[0].source.startswith(f"# {path.name[:2]} · ")
    assert re.search(r"[\u4e00-\u9fff]", notebook.cells[0].source), "no Chinese title"
    assert SWITCH in notebook.cells[1].source
    last = notebook.cells[-1]
    assert last.cell_type == "markdown"
    exercises = last.source.partition("## Exercises")[2]
    assert re.findall(r"^(\d)\. ", exercises, re.MULTILINE) == ["1", "2", "3"]


@each_notebook
def test_was_executed_from_top_to_bottom_without_errors_or_warnings(path):
    notebook = read(path)
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    for output in outputs(notebook):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.text[:200]


@each_notebook
def test_says_nothing_about_the_machine(path):
    for text in texts(read(path)):
        found = MACHINE_PATH.search(text)
        assert not found, text[max(found.start() - 40, 0) : found.end() + 40]


@each_notebook
def test_its_prose_is_finished_and_its_links_lead_to_files_of_the_repository(path):
    for text in prose(read(path)):
        found = PLACEHOLDER.search(text)
        assert not found, text[max(found.start() - 40, 0) : found.end() + 40]
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if not target.startswith(("http://", "https://", "#")):
                file = (path.parent / target.partition("#")[0]).resolve()
                assert file.is_relative_to(ROOT), target
                assert file.exists(), target


@each_notebook
def test_its_pictures_are_small(path):
    for output in outputs(read(path)):
        for kind, content in output.get("data", {}).items():
            if kind.startswith("image/") and kind != "image/svg+xml":
                assert len(base64.b64decode(content)) < 150e3


@each_notebook
def test_what_it_imports_from_the_package_is_there(path):
    for cell in code_cells(read(path)):
        for module, name in imported_names(cell.source):
            assert resolves(module, name), f"{module} has no {name}"


def write(path, *sources):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbformat.write(notebook, path)
    return path


def run_execute(*arguments, cwd):
    done = subprocess.run(
        [sys.executable, SCRIPT, *map(str, arguments)], capture_output=True, text=True, cwd=cwd
    )
    return done.returncode, done.stdout, done.stderr


def test_a_failing_cell_is_named_the_others_run_and_only_what_went_well_is_written(tmp_path):
    short = "import os; print(os.environ['TFGAN_REF_SHORT']); print(os.getcwd() == os.environ['FOLDER'])"
    passing = write(
        tmp_path / "02_passing.ipynb", f"import os; os.environ['FOLDER'] = {str(tmp_path)!r}", short
    )
    failing = write(tmp_path / "01_failing.ipynb", "x = 1", "raise ValueError('no such thing')")
    before = failing.read_bytes()
    code, printed, errors = run_execute("--folder", tmp_path, "--short", cwd="/")
    assert (code, errors) == (1, "")
    assert re.search(
        r"01_failing.ipynb +failed +\d+ s\n01_failing.ipynb, cell \[2\]: ValueError: no such", printed
    )
    assert re.search(r"02_passing.ipynb +ok +\d+ s\n", printed)
    assert failing.read_bytes() == before
    written = read(passing)
    assert [cell.execution_count for cell in written.cells] == [1, 2]
    assert [output.text for output in outputs(written)] == ["1\nTrue\n"]
    assert written.metadata.kernelspec.name == "python3"
    assert all(not cell.metadata for cell in written.cells)


def test_check_leaves_the_file_and_several_kernels_get_one_thread_each(tmp_path):
    threads = "import os; assert os.environ['TF_NUM_INTRAOP_THREADS'] == '1'"
    full = "assert os.environ['TFGAN_REF_SHORT'] == '0'"
    path = write(tmp_path / "07_checked.ipynb", threads, full)
    before = path.read_bytes()
    code, printed, _ = run_execute("--folder", tmp_path, "--check", "--jobs", 2, "7", cwd=tmp_path)
    assert code == 0, printed
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["07_checked.ipynb"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["99"], "notebook '99' is unknown: choose one of 01_one, 02_two"),
        (["one"], "notebook 'one' is unknown: choose one of 01_one, 02_two"),
        (["--jobs", "0"], "--jobs 0 is out of range: at least 1"),
        (["--timeout", "-5"], "--timeout -5 is out of range: at least 1"),
    ],
)
def test_bad_arguments_are_one_line(run_script, tmp_path, arguments, message):
    write(tmp_path / "01_one.ipynb", "1")
    write(tmp_path / "02_two.ipynb", "2")
    code, _, errors = run_script("execute.py", "--folder", tmp_path, *arguments, folder="notebooks")
    assert (code, errors) == (2, f"error: {message}\n")


def test_a_folder_without_notebooks_is_one_line(run_script, tmp_path):
    code, _, errors = run_script("execute.py", "--folder", tmp_path, folder="notebooks")
    assert (code, errors) == (2, f"error: folder '{tmp_path}' has no notebooks\n")

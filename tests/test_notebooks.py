"""Every notebook: built from its source, wholly run, quiet, and true to the rules of the house.

The self-test at the end breaks small notebooks on purpose: each kind of break must be caught.
"""
import ast
import importlib.metadata
import importlib.util
import os
import re
import shutil
import statistics
import subprocess
import sys

import nbformat
import pytest

from course_utils import build
from course_utils.exercises import REGISTRY
from course_utils.workspace import root

ROOT = root()

SOURCES = build.sources()
BOTH = [(s, solved) for s in SOURCES for solved in (False, True)]
named = {"ids": lambda v: v.stem if hasattr(v, "stem") else ("solved" if v else "learner")}


def read(source, solved=False):
    return nbformat.read(build.target(source, solved), as_version=4)


def code(book):
    return [c for c in book.cells if c.cell_type == "code"]


def texts(book):
    return [c.source for c in book.cells if c.cell_type == "markdown"]


def printed(book):
    """All that the outputs say, as text."""
    outputs = [o for c in code(book) for o in c.outputs]
    return "\n".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs)


def faults(book):
    """What nbval in strict mode does not see, or sees only when it runs."""
    found = []
    for i, cell in enumerate(code(book), 1):
        if cell.execution_count is None:
            found.append(f"code cell {i} was never executed")
        elif cell.execution_count != i:
            found.append(f"code cell {i} was executed out of order")
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"code cell {i} raised {output.ename}")
            if output.get("name") == "stderr":
                found.append(f"code cell {i} wrote to stderr: {output.text[:80]}")
            if "image/png" in output.get("data", {}) and not any(
                    o.get("name") == "stdout" and "Figure: " in o.text for o in cell.outputs):
                found.append(f"code cell {i} shows a figure without a printed description")
    return found


def numbers(text):
    """Decimals and percentages, as floats."""
    text = re.sub(r"`[^`]*`|\]\([^)]*\)", " ", text)
    return {float(m[1] or m[2]) for m in re.finditer(r"(?<![\w.])(\d*\.\d+(?:e-?\d+)?)(?![\w.]*\w)|(?<![\w.])(\d+) ?%", text)}


def unsupported(book):
    """Numbers in prose that no output of the notebook shows, outside lines that cite a source."""
    shown = {float(n) for n in re.findall(r"(?<![\w.])\d*\.?\d+(?:e-?\d+)?", printed(book))}
    cited = re.compile(r"https?://|\[\d\]")
    return [(line, n) for text in texts(book) for line in text.splitlines() if not cited.search(line)
            for n in numbers(line) if n not in shown]


@pytest.mark.parametrize("source, solved", BOTH, **named)
def test_notebook_is_what_its_source_gives(source, solved):
    """Cells only: what they give is compared when nbval runs them."""
    assert build.differences(source, solved) == []


def test_there_is_no_notebook_without_a_source():
    for solved in (False, True):
        stored = {p.stem for p in build.target(SOURCES[0], solved).parent.glob("*.ipynb")}
        assert stored == {s.stem for s in SOURCES}


@pytest.mark.parametrize("source, solved", BOTH, **named)
def test_every_cell_has_run_quietly(source, solved):
    assert faults(read(source, solved)) == []


@pytest.mark.parametrize("source", SOURCES, **named)
def test_solved_notebook_is_correct_throughout_and_learners_is_blank(source):
    keys = [c.metadata.exercise for c in code(read(source)) if "exercise" in c.metadata]
    assert len(keys) == len(set(keys)) > 0
    for key in keys:
        assert f"○ Not attempted: {key}" in printed(read(source))
        assert f"✓ Correct: {key}" in printed(read(source, True))
        assert REGISTRY[key].source().strip() in "\n".join(c.source for c in code(read(source, True)))
    assert "✗" not in printed(read(source)) + printed(read(source, True))


@pytest.mark.parametrize("source", SOURCES, **named)
def test_the_verbs_that_a_check_names_are_there(source):
    """The box of a blank exercise says hint(...) and solution(...): both must run in that notebook."""
    imported = {a.name for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
                if isinstance(node, ast.ImportFrom) and node.module == "course_utils" for a in node.names}
    assert {"check", "hint", "solution"} <= imported


def test_every_exercise_is_in_exactly_one_notebook():
    used = [c.metadata.exercise for s in SOURCES for c in code(read(s)) if "exercise" in c.metadata]
    assert sorted(used) == sorted(REGISTRY)


@pytest.mark.parametrize("source", SOURCES, **named)
def test_every_number_in_the_text_is_computed_or_cited(source):
    assert unsupported(read(source)) == []


@pytest.mark.parametrize("source", SOURCES, **named)
def test_notebook_keeps_to_its_size(source):
    book = read(source)
    book.cells = [c for c in book.cells if "colab" not in c.metadata.get("tags", ())]
    lengths = [sum(bool(line.strip()) for line in c.source.splitlines()) for c in code(book)]
    assert max(lengths) <= 20 and statistics.median(lengths) <= 10
    assert max(len(line) for c in code(book) for line in c.source.splitlines()) <= 105
    assert len(book.cells) <= 42
    assert sum(len(re.findall(r"\w+", t)) for t in texts(book)) <= 1700
    assert build.target(source, False).stat().st_size < 1e6


@pytest.mark.parametrize("source", SOURCES, **named)
def test_links(source):
    """Relative links lead to a file; outside ones have a row in SOURCES.md."""
    rows = (ROOT / "SOURCES.md").read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", "\n".join(texts(read(source)))):
        if link.startswith("http"):
            assert link in rows, link
        else:
            assert (ROOT / "notebooks" / link).exists(), link


def test_readme_table_is_made_from_the_vocabulary():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "<!-- pairs -->" in text and build.readme_with_table(text) == text


def test_badges_appear_once_the_repository_has_a_home():
    assert build.badges("02_x", "") == ""
    badges = build.badges("02_x", "owner/name")
    assert "gh/owner/name/main?urlpath=lab/tree/notebooks/02_x.ipynb" in badges
    assert "github/owner/name/blob/main/notebooks/02_x.ipynb" in badges
    if not build.repository():
        assert not any("mybinder" in t or "{{" in t for s in SOURCES for t in texts(read(s)))


def test_the_cell_for_colab_installs_what_is_missing_and_changes_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "repository", lambda: "owner/name")
    monkeypatch.chdir(tmp_path)
    title, cell = build.assemble(SOURCES[0], solved=False).cells[:2]
    assert title.source.startswith("# ") and "colab.research" in title.source and cell.metadata == {"tags": ["colab"]}
    calls = []
    monkeypatch.setattr(subprocess, "check_call", calls.append)
    exec(cell.source, {})                                            # the course is there: nothing happens
    assert calls == [] and list(tmp_path.iterdir()) == []
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    metadata = tmp_path / "system" / "numpy-1.0.dist-info" / "METADATA"     # an older copy, further down the path
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 1.0\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "system")])
    exec(cell.source, {})
    assert calls[0][-3:] == ["-c", "installed.txt", "twelve-confusions[text,systems] @ git+https://github.com/owner/name"]
    installed = (tmp_path / "installed.txt").read_text()
    assert f"numpy=={importlib.metadata.version('numpy')}\n" in installed and "numpy==1.0\n" not in installed


# ---------------------------------------------------------------- the self-test of the net

def small_notebook(folder, break_it):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in (
        "import PIL.Image\nx = 6 * 7\nprint('Figure: a square')\nPIL.Image.new('L', (x, x))", "print(x)")])
    if break_it == "raises":
        book.cells[1].source = "print(x)\nraise ValueError(x)"
    try:
        build.normalise(build.execute(book, folder))
    except Exception:
        assert break_it == "raises"
    if break_it == "tampered":
        book.cells[1].outputs[0].text = "43\n"
    if break_it == "repainted":
        book.cells[0].outputs[1].data["image/png"] = "iVBORw0KGgo="
    if break_it == "never executed":
        book.cells[1].execution_count, book.cells[1].outputs = None, []
    if break_it == "raises":       # as it would look if someone had stored it as good
        book.cells[1].execution_count, book.cells[1].outputs = 2, [nbformat.v4.new_output("stream", text="42\n")]
    nbformat.write(book, folder / "small.ipynb")
    return book


def nbval(folder):
    """Under the hooks of this course's own conftest.py."""
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env",
                           "-p", "conftest", "-c", "/dev/null", str(folder / "small.ipynb")],
                          cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)


@pytest.mark.parametrize("break_it, caught_by", [(None, None), ("tampered", "nbval"), ("raises", "nbval"),
                                                 ("repainted", "nbval"), ("never executed", "faults")])
def test_the_net_catches(tmp_path, break_it, caught_by):
    if break_it == "repainted" and not build.environment_is_pinned():
        pytest.skip("pictures are compared only where the stored ones were made")
    book = small_notebook(tmp_path, break_it)
    run = nbval(tmp_path)
    assert (run.returncode != 0) == (caught_by == "nbval"), run.stdout
    assert bool(faults(book)) == (caught_by == "faults")


@pytest.mark.skipif(os.name != "posix", reason="without Unix sockets the kernels stay on TCP")
def test_a_kernel_under_nbval_depends_on_no_port_that_another_process_could_take(tmp_path):
    cell = "from ipykernel.kernelapp import IPKernelApp\nprint(IPKernelApp.instance().transport)"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(
        cell, execution_count=1, outputs=[nbformat.v4.new_output("stream", text="ipc\n")])]), tmp_path / "small.ipynb")
    run = nbval(tmp_path)
    assert run.returncode == 0, run.stdout


def test_the_net_catches_stale_notebooks_numbers_from_nowhere_and_noise(tmp_path, monkeypatch):
    source = SOURCES[0]
    book = read(source)
    book.cells.append(nbformat.v4.new_markdown_cell("It saves 61.5 % of the cost, or 0.377."))
    assert {n for _, n in unsupported(book)} == {61.5, 0.377}
    code(book)[0].outputs.append(nbformat.v4.new_output("stream", name="stderr", text="a warning"))
    assert any("stderr" in f for f in faults(book))

    for folder in ("notebooks", "solutions", "sources"):
        (tmp_path / folder).mkdir()
    shutil.copy(source, tmp_path / "sources")
    stale = build.target(source, False).read_text(encoding="utf-8").replace("Lantern", "Lamplight", 1)
    (tmp_path / "notebooks" / f"{source.stem}.ipynb").write_text(stale, encoding="utf-8")
    monkeypatch.setattr(build, "target", lambda s, solved: tmp_path / "notebooks" / f"{s.stem}.ipynb")
    assert build.differences(source, False) != []

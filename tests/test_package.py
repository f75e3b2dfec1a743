"""The package as a whole: light to import, documented, free of pickles and of traces of a machine."""
import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys

import pytest

import course_utils
from course_utils import data
from course_utils.__main__ import main
from course_utils.workspace import root

ROOT = root()

MODULES = [m.name for m in pkgutil.walk_packages(course_utils.__path__, "course_utils.") if "__main__" not in m.name]


def test_import_is_light():
    code = "import sys, course_utils; print(sorted(set(sys.modules) & {'numpy', 'pandas', 'sklearn', 'torch', 'matplotlib'}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_public_names_resolve_and_unknown_ones_list_what_there_is():
    for name in course_utils.__all__:
        assert getattr(course_utils, name) is not None
    with pytest.raises(AttributeError, match="claim.*worksheet"):
        getattr(course_utils, "chekc")  # noqa: B009


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_are_documented(name):
    module = importlib.import_module(name)
    assert module.__doc__
    for label, thing in vars(module).items():
        mine = inspect.getmodule(thing) is module and not label.startswith("_")
        if mine and (inspect.isfunction(thing) or inspect.isclass(thing)) and label != "main":
            body = inspect.getsource(thing).splitlines()
            assert thing.__doc__ or len(body) < 8, f"{name}.{label} needs a docstring"


def python_files():
    return [p for folder in ("course_utils", "sources", "tests", "tools") for p in (ROOT / folder).rglob("*.py")]


def test_no_pickle_is_written_or_read():
    for file in python_files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            assert not {"pickle", "joblib", "dill", "cloudpickle", "shelve"} & set(names), file
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"read_pickle", "to_pickle"}, file
            if isinstance(node, ast.keyword):
                assert node.arg != "trust_remote_code", file
    assert not [p for ext in ("pkl", "pickle", "joblib", "pt", "bin") for p in tracked() if p.endswith("." + ext)]


def tracked():
    out = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True)
    return out.stdout.split() if out.returncode == 0 else []


def test_tracked_files_are_small_and_name_no_machine():
    for name in tracked():
        file = ROOT / name
        if not file.exists():
            continue
        content = file.read_bytes()
        assert len(content) < 8e6, name
        if b"\0" not in content:
            text = content.decode("utf-8")
            assert not re.search(r"/(?:work|root|home/[a-z]+)/[a-z]", text), name


def test_every_relative_link_in_the_documents_leads_somewhere():
    for document in [*ROOT.glob("*.md"), *(ROOT / "datasets").glob("*.md"), *(ROOT / "worksheets").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", link):
                assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_doctor_finds_what_is_wrong(capsys, monkeypatch, tmp_path):
    assert main(["doctor"]) == 0
    assert "0 problems" in capsys.readouterr().out
    monkeypatch.setattr(data, "folder", lambda: tmp_path)
    (tmp_path / "checksums.json").write_text("{}")
    assert main(["doctor"]) == 1
    assert "python -m course_utils datasets" in capsys.readouterr().out


def test_doctor_is_content_without_jupyterlab_but_not_without_numpy(capsys, monkeypatch):
    from importlib import metadata
    version = metadata.version
    for gone, problems in (("jupyterlab", 0), ("numpy", 1)):
        monkeypatch.setattr(metadata, "version", lambda name, gone=gone: version("no-such-package" if name == gone else name))
        assert main(["doctor"]) == problems
        assert f"{gone} is " in capsys.readouterr().out


def test_the_command_line_explains_itself():
    run = subprocess.run([sys.executable, "-m", "course_utils", "--help"], capture_output=True, text=True)
    assert run.returncode == 0 and all(verb in run.stdout for verb in ("doctor", "progress", "datasets", "lab"))
    assert subprocess.run([sys.executable, "-m", "course_utils", "nonsense"], capture_output=True).returncode == 2


def test_package_stays_small():
    """Without exercises, items and the vocabulary: the course's machinery, and the capstone's game by itself."""
    files = [p for p in (ROOT / "course_utils").rglob("*.py")
             if p.name != "concepts.py" and "items" not in p.parts
             and (p.parent.name != "exercises" or p.name == "engine.py")]
    lines = {p: len(p.read_text().splitlines()) for p in files}
    capstone = sum(n for p, n in lines.items() if p.parent.name == "capstone")
    assert sum(lines.values()) - capstone <= 3680 and capstone <= 1190

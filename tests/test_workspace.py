import subprocess

from course_utils import worksheet, workspace
from course_utils.workspace import root, sync


def put(folder, name, text):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)


def test_sync_copies_updates_and_never_overwrites(tmp_path):
    source, mine = tmp_path / "notebooks", tmp_path / "my_course"
    put(source, "01.ipynb", "one")
    put(source, "02.ipynb", "two")
    assert sync(source, mine) == ["copied 01.ipynb", "copied 02.ipynb"] and sync(source, mine) == []

    (mine / "02.ipynb").write_text("my answers")             # the learner works in 02 only
    put(source, "01.ipynb", "one, better")
    put(source, "02.ipynb", "two, better")
    put(source, "03.ipynb", "three")
    done = sync(source, mine)
    assert (mine / "01.ipynb").read_text() == "one, better"
    assert (mine / "02.ipynb").read_text() == "my answers"
    assert (mine / "02.new.ipynb").read_text() == "two, better"
    assert (mine / "03.ipynb").read_text() == "three" and any("yours is kept" in line for line in done)
    assert sync(source, mine) == []

    (mine / "01.ipynb").unlink()                             # thrown away by the learner: comes back
    assert sync(source, mine) == ["copied 01.ipynb"]


def test_a_lost_or_damaged_manifest_costs_no_work(tmp_path):
    source, mine = tmp_path / "notebooks", tmp_path / "my_course"
    put(source, "01.ipynb", "one")
    sync(source, mine)
    (mine / "01.ipynb").write_text("my answers")
    (mine / workspace.MANIFEST).write_text("{torn")
    sync(source, mine)
    assert (mine / "01.ipynb").read_text() == "my answers"


def test_worksheet_is_copied_once_and_kept(course_home):
    assert "copied" in worksheet("drift_triage")
    copy = course_home / "worksheets" / "drift_triage.md"
    assert copy.read_text() == (root() / "worksheets" / "drift_triage.md").read_text()
    copy.write_text("filled in")
    assert "stays as you left it" in worksheet("drift_triage") and copy.read_text() == "filled in"


def test_unknown_worksheet_lists_the_names():
    import pytest

    with pytest.raises(KeyError, match="drift_triage"):
        worksheet("drift")


def test_no_pull_touches_where_learners_work():
    ignored = subprocess.run(["git", "check-ignore", "my_course/00_start_here.ipynb"], cwd=root(), capture_output=True)
    assert ignored.returncode == 0

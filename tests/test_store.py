"""Progress survives a kill, a second kernel, a damaged file, and a home that cannot be written."""
import json
import os
import signal
import subprocess
import sys
import time

import filelock
import pytest

from course_utils import ask, check, predict, progress, reveal, store
from course_utils.__main__ import main
from course_utils.exercises import REGISTRY

CORRECT = REGISTRY["drift.psi"].reference


def test_nothing_is_written_before_the_first_answer(course_home):
    progress()
    assert not course_home.exists()


def test_two_kernels_at_once_lose_nothing():
    code = "from course_utils import store\nfor i in range(40): store.record_exercise(f'{w}.{i}', 'correct')"
    runs = [subprocess.Popen([sys.executable, "-c", f"w = 'k{n}'\n{code}"]) for n in range(4)]
    assert [r.wait(60) for r in runs] == [0] * 4
    assert len(store.read()["exercises"]) == 160


def test_a_kill_in_mid_save_leaves_a_whole_file_and_no_litter(course_home):
    code = "from course_utils import store\ni = 0\nwhile True: store.record_exercise(f'x.{i % 500}', 'correct'); i += 1"
    seen = 0
    for pause in (0.2, 0.3, 0.35, 0.4, 0.45, 0.5):
        run = subprocess.Popen([sys.executable, "-c", code])
        time.sleep(pause)
        run.send_signal(signal.SIGKILL)
        run.wait()
        count = len(store.read()["exercises"])        # raises if the file is torn
        assert count >= seen
        seen = count
    (course_home / "progress.jsonabc.tmp").write_text("half of a st")      # as a kill between two steps leaves it
    assert seen > 0 and store.record_exercise("after.kill", "correct") == ""
    assert {f.name for f in course_home.iterdir()} == {"progress.json", "progress.json.lock"}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[1, 2]", b'{"exercises": 3}'])
def test_a_damaged_file_is_set_aside_not_overwritten(course_home, content):
    course_home.mkdir()
    (course_home / "progress.json").write_bytes(content)
    assert "cannot be read" in progress().title
    assert check("drift.psi", CORRECT).status == "correct"
    assert (course_home / "progress.damaged-1.json").read_bytes() == content
    assert store.read()["exercises"]["drift.psi"]["status"] == "correct"


def test_a_home_that_cannot_be_written_loses_only_the_saving(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("a file where the folder should be")
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "file" / "home"))
    result = check("drift.psi", CORRECT)
    assert result.status == "correct" and "not saved" in result.message
    assert "not saved" in repr(predict("k", answer=1, confidence=50))
    assert "not saved" in repr(ask("drift.c1", answer="A", confidence=50))
    assert "no prediction" in repr(reveal("k", 1))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_home(course_home):
    course_home.mkdir(mode=0o500)
    assert "not saved" in check("drift.psi", CORRECT).message


def test_a_lock_that_is_never_released_costs_seconds_not_the_kernel(course_home, monkeypatch):
    course_home.mkdir()
    monkeypatch.setattr(store, "LOCK_SECONDS", 0.2)
    with filelock.FileLock(str(course_home / "progress.json.lock")):
        result = subprocess.run([sys.executable, "-c", "from course_utils import store; store.LOCK_SECONDS = .2\n"
                                 "print(store.record_exercise('a.b', 'correct'))"], capture_output=True, text=True)
    assert "not saved: another program" in result.stdout


def test_without_course_home_the_users_data_folder_is_used(monkeypatch):
    monkeypatch.delenv("COURSE_HOME")
    assert "twelve-confusions" in str(store.home())


@pytest.mark.parametrize("variable", ["BINDER_SERVICE_HOST", "COLAB_RELEASE_TAG"])
def test_where_progress_dies_with_the_session_it_says_so(variable, monkeypatch):
    assert "--export" not in repr(progress())
    monkeypatch.setenv(variable, "1")
    assert "--export" in repr(progress())


def test_export_and_import_downgrade_nothing(tmp_path, monkeypatch, capsys):
    check("drift.psi", CORRECT)
    predict("p", answer=2, confidence=70)
    assert main(["progress", "--export", str(tmp_path / "mine.json")]) == 0
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "other"))
    check("drift.psi", lambda *a: 0.0)
    check("drift.alarms", REGISTRY["drift.alarms"].reference)
    assert main(["progress", "--import", str(tmp_path / "mine.json")]) == 0
    data = store.read()
    assert {k: v["status"] for k, v in data["exercises"].items()} == {"drift.psi": "correct", "drift.alarms": "correct"}
    assert data["predictions"]["p"] == {"answer": 2, "confidence": 70}
    assert "2 of" in capsys.readouterr().out


def test_importing_what_is_no_export_changes_nothing(tmp_path, capsys):
    check("drift.psi", CORRECT)
    before = store.read()
    (tmp_path / "bad.json").write_text("no")
    for name in ("bad.json", "missing.json"):
        assert main(["progress", "--import", str(tmp_path / name)]) == 1
    assert "Not imported" in capsys.readouterr().err and store.read() == before


def test_progress_file_is_plain_json(course_home):
    check("drift.psi", CORRECT)
    assert json.loads((course_home / "progress.json").read_text())["version"] == 1

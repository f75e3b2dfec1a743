"""What differs on Windows and macOS, tried on this system; and that no result hangs on what the clock says."""
import ast
import errno
import json
import os
import subprocess
import sys
import time

import pytest

from course_utils import check, store, workspace
from course_utils.exercises import REGISTRY, engine
from course_utils.workspace import root

ROOT = root()
MODULES = sorted((ROOT / "course_utils").rglob("*.py"))
CORRECT = REGISTRY["drift.psi"].reference


def calls(file):
    return [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]


def test_no_text_is_read_or_written_in_the_systems_own_encoding():
    for file in MODULES:
        for call in calls(file):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name in {"open", "fdopen", "read_text", "write_text"}:
                words = {keyword.arg for keyword in call.keywords}
                binary = any(isinstance(a, ast.Constant) and "b" in str(a.value) for a in call.args[1:])
                low_level = name == "open" and getattr(getattr(call.func, "value", None), "id", "") == "os"
                assert "encoding" in words or binary or low_level, f"{file.name}:{call.lineno}"


def test_no_module_measures_time_with_a_clock_that_can_be_set():
    for file in MODULES:
        for call in calls(file):
            if isinstance(call.func, ast.Attribute):
                assert ast.unparse(call.func) not in {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow",
                                                      "datetime.datetime.now", "date.today", "pd.Timestamp.now"}, file


@pytest.mark.parametrize("days", [-9000, 9000])
def test_a_clock_that_jumps_loses_no_progress_and_stops_no_answer(course_home, tmp_path, monkeypatch, days):
    assert check("drift.psi", CORRECT).status == "correct"
    now = time.time()
    os.utime(course_home / "progress.json", (now - 86400 * days,) * 2)     # as if it had been written at another time
    monkeypatch.setattr(time, "time", lambda: now + 86400 * days)
    monkeypatch.setattr(time, "time_ns", lambda: int(1e9 * (now + 86400 * days)))
    monkeypatch.setattr(engine, "SECONDS", 60.0)
    assert check("drift.psi", lambda *a: 0.0).status == "incorrect"
    assert store.read()["exercises"]["drift.psi"] == {"status": "correct", "tries": 2}
    theirs, mine = tmp_path / "theirs", tmp_path / "mine"
    theirs.mkdir()
    (theirs / "01.ipynb").write_text("one")
    workspace.sync(theirs, mine)
    (mine / "01.ipynb").write_text("my answers")
    os.utime(mine / "01.ipynb", (0, 0))                                    # older than ours, by the clock
    (theirs / "01.ipynb").write_text("one, better")
    workspace.sync(theirs, mine)
    assert (mine / "01.ipynb").read_text() == "my answers"


def test_a_loop_is_stopped_where_there_are_no_such_signals(monkeypatch):
    for name in ("setitimer", "SIGALRM", "ITIMER_REAL"):
        monkeypatch.delattr(engine.signal, name)
    monkeypatch.setattr(engine, "SECONDS", 0.3)

    def loop(*args):
        while True:
            pass
    assert "still running" in check("drift.psi", loop).message
    monkeypatch.setattr(engine, "SECONDS", 60.0)
    assert check("drift.psi", CORRECT).status == "correct"


@pytest.mark.parametrize("times, saved", [(2, True), (99, False)])
def test_a_file_that_someone_has_open_is_replaced_a_moment_later(monkeypatch, times, saved):
    """Windows refuses to replace an open file."""
    replace, refused = os.replace, []

    def refuse(*names):
        if len(refused) < times:
            refused.append(names)
            raise PermissionError(errno.EACCES, "in use")
        replace(*names)
    monkeypatch.setattr(os, "replace", refuse)
    assert (store.record_exercise("a.b", "correct") == "") is saved
    assert ("a.b" in store.read()["exercises"]) is saved and not list(store.home().glob("*.tmp"))


@pytest.mark.parametrize("step", ["write", "fsync"])
def test_a_full_disk_loses_only_the_saving(course_home, monkeypatch, step):
    assert check("drift.psi", CORRECT).status == "correct"
    before = (course_home / "progress.json").read_bytes()

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(os, "fsync" if step == "fsync" else "fdopen", full)
    assert "not saved: No space left" in check("drift.psi", CORRECT).message
    assert (course_home / "progress.json").read_bytes() == before
    assert not list(course_home.glob("*.tmp"))


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs mount rights in a namespace of its own")
@pytest.mark.parametrize("mount, why", [("mount -t tmpfs -o size=4k none", "No space left"),
                                        ("mount -t tmpfs -o ro none", "Read-only file system")])
def test_a_disk_really_full_or_read_only(tmp_path, mount, why):
    """Of one page, which the file that stands in the way fills; or mounted without the right to write."""
    fill = f"head -c 4096 /dev/zero > {tmp_path}/filler;" if "size" in mount else ""
    code = "from course_utils import store; print(store.record_exercise('a.b', 'correct'))"
    run = subprocess.run(["unshare", "-m", "sh", "-c", f"{mount} {tmp_path} && {fill} exec {sys.executable} -c \"{code}\""],
                         capture_output=True, text=True, env={**os.environ, "COURSE_HOME": str(tmp_path)})
    if "unshare" in run.stderr or "mount" in run.stderr:
        pytest.skip("no mount rights here")
    assert f"not saved: {why}" in run.stdout, run.stdout + run.stderr


@pytest.mark.parametrize("env", [{"PYTHONIOENCODING": "cp1252"},
                                 {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_marks_come_through_a_pipe_that_does_not_know_them(env):
    run = subprocess.run([sys.executable, "-m", "course_utils", "progress"], capture_output=True, env={**os.environ, **env})
    assert run.returncode == 0 and "○ psi" in run.stdout.decode("utf-8"), run.stderr


def test_on_windows_lab_waits_for_jupyter_and_keeps_spaces_in_paths(tmp_path, monkeypatch):
    commands = []
    monkeypatch.setattr(workspace, "root", lambda: tmp_path)
    monkeypatch.setattr(workspace, "sync", lambda source, target: [])
    monkeypatch.setattr(workspace.sys, "executable", r"C:\Program Files\python.exe")
    monkeypatch.setattr(workspace.subprocess, "call", lambda command: commands.append(command) or 7)
    monkeypatch.setattr(workspace.os, "name", "nt")
    status = workspace.lab()
    monkeypatch.undo()
    assert status == 7 and commands[0][:3] == [r"C:\Program Files\python.exe", "-m", "jupyterlab"]


def test_git_changes_no_bytes_and_no_name_is_forbidden_on_windows():
    names = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True).stdout.splitlines()
    if not names:
        pytest.skip("not a checkout")
    told = subprocess.run(["git", "-C", str(ROOT), "check-attr", "--stdin", "text", "eol"], input="\n".join(names),
                          capture_output=True, text=True).stdout.splitlines()
    assert {line.rsplit(": ", 1)[1] for line in told} <= {"auto", "unset", "lf"}
    assert len({name.lower() for name in names}) == len(names) and max(map(len, names)) <= 120
    for name in names:
        assert not set(name) & set('<>:"|?*\\')
        assert not {part.split(".")[0].lower() for part in name.split("/")} & {"con", "prn", "aux", "nul", "com1", "lpt1"}


def test_checksums_are_of_files_that_git_leaves_alone():
    for listing in (ROOT / "datasets").rglob("checksums.json"):
        for name in json.loads(listing.read_text(encoding="utf-8")):
            content = (listing.parent / name).read_bytes()
            assert b"\r\n" not in content or b"\0" in content, name

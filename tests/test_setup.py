"""Set-up that cannot go on says why, and what to do."""
import os
import subprocess

import pytest

from course_utils.workspace import root

ROOT = root()


def setup(tmp_path, python, **env):
    return subprocess.run(["sh", str(ROOT / "tools" / "setup.sh"), str(python)], cwd=tmp_path, capture_output=True,
                          text=True, env={**os.environ, **env}, timeout=120)


def fake_python(tmp_path, script):
    file = tmp_path / "python"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def test_no_python(tmp_path):
    run = setup(tmp_path, "python-that-is-not-there")
    assert run.returncode == 1 and "there is no 'python-that-is-not-there'" in run.stderr and "make PY=" in run.stderr


def test_python_too_old(tmp_path):
    run = setup(tmp_path, fake_python(tmp_path, 'case "$1" in --version) echo "Python 3.9.2";; *) exit 1;; esac'))
    assert run.returncode == 1 and "Python 3.9.2 is too old" in run.stderr and "3.11" in run.stderr


def test_python_without_venv(tmp_path):
    run = setup(tmp_path, fake_python(tmp_path, 'case "$2" in *venv*) exit 1;; *) exit 0;; esac'))
    assert run.returncode == 1 and "python3-venv" in run.stderr


def test_no_room(tmp_path):
    run = setup(tmp_path, fake_python(tmp_path, "exit 0"), COURSE_NEED_MB="999999999")
    assert run.returncode == 1 and "MB are free" in run.stderr


def test_no_network(tmp_path):
    """The index is an address on this machine at which nobody answers."""
    (tmp_path / "constraints.txt").write_text("")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    offline = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_EXTRA_INDEX_URL": "", "PIP_RETRIES": "0",
               "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1", "COURSE_NEED_MB": "1"}
    run = setup(tmp_path, "python3", **offline)
    if "cannot make virtual environments" in run.stderr:
        pytest.skip("this machine's python3 has no venv")
    assert run.returncode == 1 and "needs the network" in run.stderr

"""Set-up that cannot go on says why, and what to do."""
import os
import subprocess
import sys

import pytest

from course_utils.workspace import root

ROOT = root()


def run_setup(tmp_path, python, *constraints, **env):
    return subprocess.run(["sh", str(ROOT / "tools" / "setup.sh"), str(python), *constraints], cwd=tmp_path, text=True,
                          capture_output=True, env={**os.environ, **env}, timeout=120)


def fake_python(tmp_path, script):
    file = tmp_path / "python"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def test_no_python(tmp_path):
    run = run_setup(tmp_path, "python-that-is-not-there")
    assert run.returncode == 1 and "there is no 'python-that-is-not-there'" in run.stderr and "make PY=" in run.stderr


def test_python_too_old(tmp_path):
    run = run_setup(tmp_path, fake_python(tmp_path, 'case "$1" in --version) echo "Python 3.9.2";; *) exit 1;; esac'))
    assert run.returncode == 1 and "Python 3.9.2 is too old" in run.stderr and "3.11" in run.stderr


def test_python_without_venv(tmp_path):
    run = run_setup(tmp_path, fake_python(tmp_path, 'case "$2" in *venv*) exit 1;; *) exit 0;; esac'))
    assert run.returncode == 1 and "python3-venv" in run.stderr


def test_no_room(tmp_path):
    run = run_setup(tmp_path, fake_python(tmp_path, "exit 0"), COURSE_NEED_MB="999999999")
    assert run.returncode == 1 and "MB are free" in run.stderr


def test_no_network(tmp_path):
    """The index is an address on this machine at which nobody answers."""
    (tmp_path / "constraints.txt").write_text("")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    offline = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_EXTRA_INDEX_URL": "", "PIP_RETRIES": "0",
               "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1", "COURSE_NEED_MB": "1"}
    run = run_setup(tmp_path, "python3", "constraints.txt", **offline)
    if "cannot make virtual environments" in run.stderr:
        pytest.skip("this machine's python3 has no venv")
    assert run.returncode == 1 and "needs the network" in run.stderr


@pytest.mark.parametrize("constraints, told", [(["constraints.txt"], "-c constraints.txt"), ([], "--upgrade")])
def test_which_versions_pip_is_told_to_take(tmp_path, constraints, told):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "lab_settings.json").write_text("{}")
    (tmp_path / ".venv" / ".ready-other.txt").write_text("")
    fake_python(tmp_path / ".venv" / "bin", f'echo "$@" >> {tmp_path}/calls')
    run = run_setup(tmp_path, sys.executable, *constraints, COURSE_NEED_MB="1", TORCH_INDEX="")
    assert run.returncode == 0, run.stderr
    calls = [line for line in (tmp_path / "calls").read_text().splitlines() if " install " in line]
    assert calls[0].endswith(" torch") and calls[1].endswith("[lab,text,systems,dev]") and all(told in line for line in calls)
    assert not list((tmp_path / ".venv").glob(".ready*"))           # made from other versions: not ready


def test_the_lowest_versions_are_those_of_the_project_file():
    run = subprocess.run([sys.executable, str(ROOT / "tools" / "lowest.py")], capture_output=True, text=True)
    assert run.stdout == (ROOT / "constraints-lowest.txt").read_text() and run.stdout.count("==") > 30


@pytest.mark.parametrize("given, constraints", [([], "constraints.txt"), (["CONSTRAINTS="], ""),
                                                (["CONSTRAINTS=constraints-lowest.txt"], "constraints-lowest.txt")])
def test_make_test_with_other_versions(given, constraints):
    env = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MFLAGS", "CONSTRAINTS", "PY"}}
    run = subprocess.run(["make", "-n", "-B", "test", *given], cwd=ROOT, env=env, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert f'sh tools/setup.sh "python3" {constraints}\n' in run.stdout
    assert ("--nbval " in run.stdout) == ("ruff" in run.stdout) == (not given) == ("--nbval-lax " not in run.stdout)

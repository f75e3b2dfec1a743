"""Binder: the environment is made of literal pins, is our own, and is built before the course is copied in."""
import re
import subprocess
import sys
import tomllib

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course_utils.workspace import root

ROOT = root()


def pins(lines):
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines if "==" in line)}


def environment():
    given = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    return given[0], given[-1]["pip"]


def test_the_environment_has_the_pins_of_the_constraints_and_nothing_a_build_would_have_to_copy():
    python, lines = environment()
    index, *packages = lines
    assert python == "python=3.11" and index == "--extra-index-url https://download.pytorch.org/whl/cpu"
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in packages)   # -e or -c would copy the course first
    known = pins((ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines())
    assert pins(packages).items() <= known.items()


def test_the_environment_has_all_that_a_learner_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *(r for extra in ("lab", "text", "systems")
                                          for r in project["optional-dependencies"][extra])]
    have = pins(environment()[1])
    for requirement in map(Requirement, needed):
        assert have[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_what_repo2docker_would_build():
    # A folder of that name, even an empty one, would make repo2docker overlook environment.yml.
    assert not (ROOT / ".binder").exists() and not (ROOT / "binder").exists()
    run = subprocess.run([sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)],
                         capture_output=True, text=True, timeout=60)
    text = run.stdout + run.stderr
    assert run.returncode == 0, text
    assert "Building conda environment for python=3.11" in text
    order = [text.index(step) for step in ("COPY --chown=0:0 src/environment.yml", 'env update -p ${NB_PYTHON_PREFIX} --file',
                                           "COPY --chown=0:0 src/ ", "RUN ./postBuild")]
    assert order == sorted(order)

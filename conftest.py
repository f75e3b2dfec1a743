"""For the notebooks under nbval: each one's kernel starts with an empty store of its own."""
import os
import tempfile

import pytest

_homes: dict = {}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """nbval starts a notebook's kernel when its first cell is set up, with the environment of that moment."""
    if item.path.suffix == ".ipynb":
        if item.path not in _homes:
            _homes[item.path] = tempfile.TemporaryDirectory(prefix="course-home-")
        os.environ["COURSE_HOME"] = _homes[item.path].name


def pytest_sessionfinish():
    for home in _homes.values():
        home.cleanup()

"""For the notebooks under nbval: an empty store of its own for each, and pictures compared like text."""
import os
import tempfile

import pytest

from course_utils.build import environment_is_pinned

_homes: dict = {}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """nbval starts a notebook's kernel when its first cell is set up, with the environment of that moment."""
    if item.path.suffix == ".ipynb":
        if item.path not in _homes:
            _homes[item.path] = tempfile.TemporaryDirectory(prefix="course-home-")
        os.environ["COURSE_HOME"] = _homes[item.path].name


def pytest_collection_modifyitems(items):
    """Where the stored pictures were made, the same bytes must come out; nbval alone leaves pictures out."""
    if environment_is_pinned():
        for item in items:
            if item.path.suffix == ".ipynb":
                item.parent.skip_compare = tuple(key for key in item.parent.skip_compare if key != "image/png")


def pytest_sessionfinish():
    for home in _homes.values():
        home.cleanup()

"""For the notebooks under nbval: an empty store of its own for each, and pictures compared like text."""
import functools
import os
import tempfile
import unittest.mock

import nbval.kernel
import pytest
from jupyter_client.manager import KernelManager

from course_utils.build import environment_is_pinned

_homes: dict = {}
_start_kernel = nbval.kernel.start_new_kernel


def pytest_configure():
    """Over TCP a kernel's ports are chosen, given back, and taken by the kernel half a second later. Beside a second worker and
    notebooks that serve on free ports, a kernel now and then finds one gone, and dies. No one takes a socket in a folder of
    the kernel's own.
    """
    if os.name == "posix":
        nbval.kernel.start_new_kernel = start_kernel_on_sockets_of_its_own


def start_kernel_on_sockets_of_its_own(**kwargs):
    folder = tempfile.TemporaryDirectory(prefix="kernel-")
    _homes[folder.name] = folder
    manager = functools.partial(KernelManager, transport="ipc", ip=os.path.join(folder.name, "socket"))
    with unittest.mock.patch("nbval.kernel.KernelManager", manager):
        return _start_kernel(**kwargs)


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

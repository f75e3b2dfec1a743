"""Every test gets an empty, temporary COURSE_HOME: none may see or change anyone's progress."""
import sys

import matplotlib
import pytest

from course_utils.workspace import root

matplotlib.use("Agg")
sys.path.append(str(root() / "tools"))               # tests import the project's commands by their names


@pytest.fixture(autouse=True)
def course_home(tmp_path, monkeypatch):
    home = tmp_path / "course-home"
    monkeypatch.setenv("COURSE_HOME", str(home))
    for name in ("BINDER_SERVICE_HOST", "COLAB_RELEASE_TAG"):
        monkeypatch.delenv(name, raising=False)
    return home

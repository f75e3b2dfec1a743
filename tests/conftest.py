"""Every test gets an empty, temporary COURSE_HOME: none may see or change anyone's progress."""
import matplotlib
import pytest

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def course_home(tmp_path, monkeypatch):
    home = tmp_path / "course-home"
    monkeypatch.setenv("COURSE_HOME", str(home))
    for name in ("BINDER_SERVICE_HOST", "COLAB_RELEASE_TAG"):
        monkeypatch.delenv(name, raising=False)
    return home

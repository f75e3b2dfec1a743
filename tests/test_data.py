import json

import numpy as np
import pytest

from course_utils import data, load
from course_utils.world import World


@pytest.fixture
def copy_of_data(tmp_path, monkeypatch):
    folder = tmp_path / "datasets"
    folder.mkdir()
    for file in data.folder().glob("*.*"):
        (folder / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(data, "folder", lambda: folder)
    data._checksums.cache_clear()
    yield folder
    data._checksums.cache_clear()


def test_payments_are_what_the_world_gives():
    stored, made = load("payments"), World(seed=7).payments()
    assert list(stored.columns) == list(made.columns)
    for column in made:
        if made[column].dtype.kind == "f":   # the last bit may differ between processors
            np.testing.assert_allclose(stored[column], made[column], rtol=1e-9)
        else:
            assert (stored[column] == made[column]).all()


def test_each_load_is_a_fresh_table():
    first = load("payments")
    first["amount"] = 0
    assert load("payments").amount.min() > 0


def test_unknown_name_lists_the_names():
    with pytest.raises(KeyError, match="payments"):
        load("payment")


def test_damaged_missing_and_cut_files_name_the_command(copy_of_data):
    file = copy_of_data / "payments.parquet"
    good = file.read_bytes()
    flipped = bytearray(good)
    flipped[len(flipped) // 2] ^= 1
    for content in (bytes(flipped), good[:1000], b""):
        file.write_bytes(content)
        with pytest.raises(data.DatasetError, match="damaged.*python -m course_utils datasets"):
            load("payments")
    file.unlink()
    with pytest.raises(data.DatasetError, match="missing.*python -m course_utils datasets"):
        load("payments")


def test_the_command_restores_the_file(copy_of_data):
    file = copy_of_data / "payments.parquet"
    file.write_bytes(b"broken")
    data.write_all()
    assert len(load("payments")) == 180_000
    (copy_of_data / "checksums.json").unlink()
    data._checksums.cache_clear()
    with pytest.raises(data.DatasetError, match="checksums.json"):
        load("payments")


def test_stored_files_are_small_and_described():
    card = (data.folder() / "README.md").read_text()
    sums = json.loads((data.folder() / "checksums.json").read_text())
    assert set(sums) == {f"{name}.parquet" for name in data.DATASETS}
    for name in data.DATASETS:
        assert (data.folder() / f"{name}.parquet").stat().st_size < 8e6
        assert all(f"`{column}`" in card for column in load(name).columns)

"""Batch scoring on Dask: the local cluster, the learner's cluster, and what happens when something dies."""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client, LocalCluster

from course_utils.serving.batch import (
    dask_client,
    file_of,
    missing,
    partition,
    read_scores,
    run_missing,
    score_partition,
)

ROWS = pd.DataFrame({"x": range(1_000)}, index=range(5_000, 6_000))
PARTS = partition(ROWS, 8)


def double(rows):
    return rows.x * 2.0


def whole(table):
    """Every row once, in order, with its score."""
    return table.index.equals(ROWS.index) and (table.score == ROWS.x * 2).all()


@pytest.fixture(autouse=True)
def no_address(monkeypatch):
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)


def test_partitions_are_the_rows_in_order_whatever_their_number():
    for n in (1, 3, 8, 999, 1_000):
        assert pd.concat(partition(ROWS, n).values()).equals(ROWS)
    lengths = [len(p) for p in PARTS.values()]
    assert max(lengths) - min(lengths) <= 1


def test_the_local_cluster_scores_and_leaves_nothing_behind(tmp_path, capfd):
    with dask_client() as client:
        assert run_missing(client, double, PARTS, tmp_path, "v1", 3.0) == {}
    table = read_scores(PARTS, tmp_path, "v1")
    assert whole(table) and set(table.model_version) == {"v1"} and set(table.scored_at) == {3.0}
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == [f"{name}.parquet" for name in PARTS]
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux")
def test_the_local_cluster_listens_on_loopback_only():
    def listening():
        mine = {os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
                if os.path.exists(f"/proc/self/fd/{fd}")}
        rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
        return {row[1].split(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in mine}

    with dask_client() as client:
        client.submit(int, 1).result()
        assert listening() == {"0100007F"}                             # 127.0.0.1, as the kernel writes it


def test_a_failed_partition_is_named_withheld_and_run_again_alone(tmp_path):
    def broken(rows):
        if 5_300 in rows.index:
            raise OSError("disk full")
        return rows.x * 2.0

    with dask_client() as client:
        assert run_missing(client, broken, PARTS, tmp_path, "v1", 3.0) == {"part-2-of-8": "OSError: disk full"}
        assert missing(PARTS, tmp_path, "v1") == ["part-2-of-8"]
        with pytest.raises(ValueError, match="part-2-of-8"):
            read_scores(PARTS, tmp_path, "v1")
        before = {name: file_of(tmp_path, "v1", name).stat().st_mtime_ns for name in PARTS if name != "part-2-of-8"}
        assert run_missing(client, double, PARTS, tmp_path, "v1", 9.5) == {}
        assert run_missing(client, broken, PARTS, tmp_path, "v1", 12.0) == {}      # nothing left to do
    assert before == {name: file_of(tmp_path, "v1", name).stat().st_mtime_ns for name in before}
    table = read_scores(PARTS, tmp_path, "v1")
    assert whole(table) and table.groupby("scored_at").size().to_dict() == {3.0: 875, 9.5: 125}


def test_a_partition_that_is_run_twice_replaces_itself_and_versions_do_not_mix(tmp_path):
    for name, rows in PARTS.items():
        for version in ("v1", "v1", "v2"):
            score_partition(name, rows, double, tmp_path, version, 3.0)
    assert whole(read_scores(PARTS, tmp_path, "v1")) and whole(read_scores(PARTS, tmp_path, "v2"))
    assert missing(PARTS, tmp_path, "v3") == list(PARTS)


def test_a_run_that_dies_while_writing_leaves_no_file(tmp_path, monkeypatch):
    def torn(self, path):
        Path(path).write_bytes(b"PAR1 half a fi")
        raise OSError("killed")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", torn)
    with pytest.raises(OSError, match="killed"):
        score_partition("part-0-of-8", PARTS["part-0-of-8"], double, tmp_path, "v1", 3.0)
    assert missing(PARTS, tmp_path, "v1") == list(PARTS) and not any((tmp_path / "v1").iterdir())


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
@pytest.mark.parametrize("moment", ["before it writes", "after it wrote, before it answers"])
def test_a_worker_that_is_killed_in_mid_job_loses_and_doubles_nothing(tmp_path, moment):
    """Real worker processes. One of them kills itself; its nanny starts another, and Dask runs the task again."""
    marker, log = tmp_path / "killed", tmp_path / "attempts"

    def die_once(name):                  # nested, so that it travels to the workers by value
        with log.open("a") as file:
            file.write(f"{name}\n")
        if name == "part-3-of-8" and not marker.exists():
            marker.write_text("")
            os.kill(os.getpid(), signal.SIGKILL)

    def job(name, rows):
        if moment == "before it writes":
            die_once(name)
        score_partition(name, rows, lambda rows: rows.x * 2.0, str(tmp_path), "v1", 3.0)
        if moment != "before it writes":
            die_once(name)

    with (LocalCluster(n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", memory_limit=0, silence_logs=60,
                       worker_dashboard_address="127.0.0.1:0", dashboard_address=None,
                       scheduler_kwargs={"dashboard_address": "127.0.0.1:0"}) as cluster, Client(cluster) as client):
        client.gather([client.submit(job, name, rows, pure=False) for name, rows in PARTS.items()])
    attempts = log.read_text().split()
    assert marker.exists() and attempts.count("part-3-of-8") == 2 and set(attempts) == set(PARTS)
    assert whole(read_scores(PARTS, tmp_path, "v1"))


def test_the_learners_own_cluster_is_used(tmp_path, monkeypatch):
    """A scheduler with one worker, each a process of its own, found by its address alone."""
    address = tmp_path / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    common = [sys.executable, "-m", "distributed.cli"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    scheduler = subprocess.Popen([*common[:2], "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
                                  "--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(address)],
                                 env=environment, **quiet)
    worker = subprocess.Popen([*common[:2], "distributed.cli.dask_worker", "--scheduler-file", str(address), "--host",
                               "127.0.0.1", "--no-nanny", "--nthreads", "1", "--name", "learner", "--no-dashboard",
                               "--local-directory", str(tmp_path)], env=environment, **quiet)
    try:
        deadline = time.monotonic() + 30
        while not address.exists() or not address.read_text().endswith("}"):
            assert time.monotonic() < deadline and scheduler.poll() is None
            time.sleep(0.1)
        monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", pd.read_json(address, typ="series")["address"])
        with dask_client() as client:
            client.wait_for_workers(1, timeout=30)
            assert [w["name"] for w in client.scheduler_info()["workers"].values()] == ["learner"]
            assert client.submit(os.getpid).result() == worker.pid
            assert run_missing(client, lambda rows: rows.x * 2.0, PARTS, tmp_path, "v1", 3.0) == {}
        assert scheduler.poll() is None                                # closing the client leaves the cluster alone
    finally:
        for process in (worker, scheduler):      # a worker that leaves politely may take longer than a busy machine's patience
            process.kill()
            process.wait()
    assert whole(read_scores(PARTS, tmp_path, "v1"))

"""Scoring a table in partitions, on Dask, so that what dies or runs twice neither loses nor doubles a row.

A partition's file is written beside its place and moved there in one step: it is whole or absent. Its name depends on
the model's version and the partition alone, so a second run replaces it. What is absent can be found, and run again.
"""
from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd


@contextmanager
def dask_client() -> Iterator:
    """A Dask client: of the cluster at ``DASK_SCHEDULER_ADDRESS`` if that is set, else of two threads of this process.

    Nothing outside this machine can reach the local one. Workers elsewhere need this package, and must see the folder
    that is written to.
    """
    from distributed import Client, LocalCluster

    if address := os.environ.get("DASK_SCHEDULER_ADDRESS"):      # Dask itself reads it only while it is being imported
        with Client(address) as client:
            yield client
        return
    # By default Dask opens its status pages to the whole network, even without a dashboard, and asks for this machine's
    # address there, with a warning where there is no network. Hence loopback, said three times.
    here = "127.0.0.1:0"
    with LocalCluster(processes=False, host="127.0.0.1", protocol="tcp", n_workers=1, threads_per_worker=2,
                      dashboard_address=None, worker_dashboard_address=here, scheduler_kwargs={"dashboard_address": here},
                      silence_logs=logging.CRITICAL) as cluster, Client(cluster) as client:
        yield client


def partition(rows: pd.DataFrame, n: int) -> dict[str, pd.DataFrame]:
    """``rows`` cut into ``n`` pieces of nearly equal length, in order, by name (with ``n``: another cut, other files).

    >>> {name: len(part) for name, part in partition(pd.DataFrame({"x": range(5)}), 2).items()}
    {'part-0-of-2': 2, 'part-1-of-2': 3}
    """
    edges = [len(rows) * i // n for i in range(n + 1)]
    return {f"part-{i}-of-{n}": rows.iloc[edges[i]:edges[i + 1]] for i in range(n)}


def file_of(folder, version: str, name: str) -> Path:
    return Path(folder) / version / f"{name}.parquet"


def score_partition(name: str, rows: pd.DataFrame, score: Callable, folder, version: str, scored_at) -> str:
    """Score one partition and put its file in place; the task that a worker runs."""
    target = file_of(folder, version, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{name}.{uuid.uuid4().hex}")       # two workers may run the same partition at once
    try:
        rows.assign(score=score(rows), model_version=version, scored_at=scored_at).to_parquet(part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return name


def missing(parts: dict, folder, version: str) -> list[str]:
    """The names of the partitions that have no file of this version."""
    return [name for name in parts if not file_of(folder, version, name).exists()]


def run_missing(client, score: Callable, parts: dict, folder, version: str, scored_at) -> dict[str, str]:
    """Score the partitions that are missing. Returns what failed: name -> the error, as text."""
    futures = {name: client.submit(score_partition, name, parts[name], score, str(folder), version, scored_at,
                                   pure=False) for name in missing(parts, folder, version)}
    errors = {name: future.exception() for name, future in futures.items()}
    return {name: f"{type(error).__name__}: {error}" for name, error in errors.items() if error is not None}


def read_scores(parts: dict, folder, version: str) -> pd.DataFrame:
    """The whole table, in order. ValueError, with the names, if a partition is missing: half a table is not served."""
    if absent := missing(parts, folder, version):
        raise ValueError(f"no scores of version {version} for {', '.join(absent)}")
    return pd.concat([pd.read_parquet(file_of(folder, version, name)) for name in parts])

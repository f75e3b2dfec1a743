"""Notebook 07: its simulator against the package's queue, its main results on other seeds, its exercises against both."""
import ast

import numpy as np
import pytest

from course_utils.exercises.throughput import late_share, lindley, rate_under_slo, slow_pages
from course_utils.queueing import departures, mean_wait, poisson_arrivals
from course_utils.workspace import root

NAMES = ("SLO", "RATE", "SALE", "MORE", "steps", "as_is", "shorter", "cached", "run", "load", "pages")


def defined_in_the_notebook(names):
    def wanted(node):
        targets = [t.id for a in getattr(node, "targets", ()) for t in ast.walk(a) if isinstance(t, ast.Name)]
        return (isinstance(node, (ast.Import, ast.ImportFrom)) or getattr(node, "name", "") in names
                or any(t in names for t in targets))

    tree = ast.parse((root() / "sources" / "07_latency_vs_throughput.py").read_text(encoding="utf-8"))
    namespace = {}
    exec(compile(ast.Module([n for n in tree.body if wanted(n)], []), "notebook 07", "exec"), namespace)
    return namespace


book = defined_in_the_notebook(NAMES)
run, SLO, RATE, SALE = (book[name] for name in ("run", "SLO", "RATE", "SALE"))
as_is, shorter, cached = (book[name] for name in ("as_is", "shorter", "cached"))


def kept(*args, **kwargs):
    return np.mean(run(*args, **kwargs) <= SLO) >= 0.95


@pytest.mark.parametrize("replicas", [1, 2, 5])
def test_without_batches_the_simulator_is_the_packages_queue(replicas):
    arrive = poisson_arrivals(2 * replicas / 1000, 2_000, np.random.default_rng([3, 1]))
    busy = as_is(*book["steps"](2_000, 3))[1]
    np.testing.assert_allclose(run(2 * replicas, replicas, seed=3, n=2_000), departures(arrive, busy, replicas) - arrive)


def test_full_batches_by_hand(monkeypatch):
    """Four requests, batches of two, one replica, 100 ms each and 5 for the second: the second batch waits."""
    monkeypatch.setitem(book, "steps", lambda n, seed: (n,))
    monkeypatch.setitem(book, "poisson_arrivals", lambda rate, n, luck: np.array([0.0, 10, 20, 30]))

    def path(n):
        return np.full(n, 100.0), np.full(n, 100.0)

    assert run(1, 1, path, largest=2, window=np.inf, n=4).tolist() == [115, 105, 200, 190]
    assert run(1, 1, path, largest=2, window=5, n=4).tolist() == [105, 200, 190, 280]
    assert run(1, 1, path, largest=9, n=4).tolist() == [100, 200, 190, 180]


@pytest.mark.parametrize("seed", [17, 18, 19])
def test_on_a_plain_day_only_the_path_helps_and_on_sale_day_only_capacity(seed):
    for replicas in (4, 8, 64):
        assert np.mean(run(RATE, replicas, seed=seed) <= SLO) < 0.6
    medians = [np.median(run(RATE, replicas, seed=seed)) for replicas in (8, 16, 64)]
    assert max(medians) - min(medians) < 3
    assert not kept(RATE, 4, largest=8, seed=seed) and kept(RATE, 4, shorter, seed=seed)
    for path in (as_is, shorter, cached):
        assert not kept(SALE, 4, path, seed=seed)
    assert not kept(SALE, 64, seed=seed)
    assert kept(SALE, 20, shorter, seed=seed) and kept(SALE, 4, shorter, 8, seed=seed)


@pytest.mark.parametrize("seed", [17, 18, 19])
def test_batches_that_hurt(seed):
    assert not kept(RATE, 4, shorter, 8, window=200, seed=seed) and kept(RATE, 4, shorter, 8, seed=seed)
    assert kept(80, 4, shorter, 8, seed=seed) and not kept(80, 4, shorter, 32, seed=seed)
    full, at_once = (np.quantile(run(80, 4, shorter, 8, window, seed=seed), 0.95) for window in (np.inf, 0))
    assert full < at_once


def test_load_is_the_work_offered_over_the_work_that_can_be_done():
    assert book["load"](RATE, 4) == pytest.approx(0.8, abs=0.01)
    assert book["load"](SALE, 4, shorter, 8) == pytest.approx(60 * (0.228 + 0.035) / 8 / 4, abs=0.01)


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_lindley_is_the_packages_queue_and_meets_theory(seed):
    rng = np.random.default_rng(seed)
    arrivals, service = poisson_arrivals(0.5, 100_000, rng), rng.exponential(1.0, 100_000)
    latency = np.array(lindley(arrivals.tolist(), service.tolist()))
    np.testing.assert_allclose(latency, departures(arrivals, service) - arrivals, atol=1e-6)
    assert latency.mean() == pytest.approx(1 + mean_wait(0.5, 1.0), rel=0.05)


def test_the_published_figures():
    assert slow_pages(0.01, 100, False, 0) == pytest.approx(0.63, abs=0.005)
    assert slow_pages(0.0001, 2_000, False, 0) == pytest.approx(0.18, abs=0.005)


@pytest.mark.parametrize("seed", [7, 8, 9])
@pytest.mark.parametrize("hedged, shard, same", [(False, False, 0), (True, False, 0), (True, True, 1)])
def test_pages_drawn_agree_with_the_formula(seed, hedged, shard, same):
    assert book["pages"](hedged, shard, seed)[0] / 100 == pytest.approx(slow_pages(0.01, 100, hedged, same), abs=0.025)


def test_a_promise_counts_who_never_got_an_answer():
    runs = [[100] * 19 + [float("inf")], [100] * 15 + [float("inf")] * 5, [100] * 20]
    assert rate_under_slo([5, 10, 20], runs, 300, 0.9) == 5
    assert rate_under_slo([5], [[500]], 300, 0.9) == 0
    assert late_share([0, 1, 2, 3], [0, 2.5, 2.5, 3], [0.1, 2.6, 2.6, float("inf")], 0.5) == 0.75

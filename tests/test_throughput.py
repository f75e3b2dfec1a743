"""Notebook 07: its simulator against the package's queue, its main results on other seeds, its exercises against both."""

import numpy as np
import pytest
from notebook_source import defined_in

from course_utils.exercises.throughput import late_share, lindley, rate_under_slo, slow_pages
from course_utils.queueing import departures, mean_wait, poisson_arrivals

NAMES = ("SLO", "RATE", "SALE", "MORE", "steps", "as_is", "shorter", "cached", "model_only", "Run", "batch_time", "run",
         "p95", "in_time", "safe", "pages", "formula")


book = defined_in("07", NAMES)
run, in_time, p95, RATE, SALE = (book[name] for name in ("run", "in_time", "p95", "RATE", "SALE"))
as_is, shorter, cached, model_only = (book[name] for name in ("as_is", "shorter", "cached", "model_only"))


def kept(*args, **kwargs):
    return in_time(run(*args, **kwargs)) >= 95


@pytest.mark.parametrize("replicas", [1, 2, 5])
def test_without_batches_the_simulator_is_the_packages_queue(replicas):
    arrive = poisson_arrivals(2 * replicas / 1000, 2_000, np.random.default_rng([3, 1]))
    busy = as_is(*book["steps"](2_000, 3))[1]
    result, leave = run(2 * replicas, replicas, seed=3, n=2_000), departures(arrive, busy, replicas)
    np.testing.assert_allclose(result.latency, leave - arrive)
    assert result.busy == pytest.approx(100 * busy.sum() / replicas / leave.max()) and set(result.batches) == {1}


def test_full_batches_by_hand(monkeypatch):
    """Four requests, batches of two, one replica, 100 ms each and 5 for the second: the second batch waits."""
    monkeypatch.setitem(book, "steps", lambda n, seed: (np.full(n, 100.0),))
    monkeypatch.setitem(book, "poisson_arrivals", lambda rate, n, luck: np.array([0.0, 10, 20, 30]))

    def path(ms):
        return ms, ms

    full = run(1, 1, path, largest=2, window=np.inf, n=4)
    assert full.latency.tolist() == [115, 105, 200, 190] and full.batches == [2, 2]
    assert full.busy == pytest.approx(100 * 210 / 220)
    assert run(1, 1, path, largest=2, window=5, n=4).latency.tolist() == [105, 200, 190, 280]
    assert run(1, 1, path, largest=9, n=4).latency.tolist() == [100, 200, 190, 180]
    assert run(1, 1, path, largest=9, window=np.inf, n=4).latency.tolist() == [145, 135, 125, 115]   # at the last arrival


def test_each_step_of_a_batch_takes_as_long_as_its_slowest_member():
    work = np.array([[1.0, 9], [2, 3], [8, 4]]), np.array([7.0, 5]), np.array([1.0, 2])
    assert book["batch_time"](shorter, work, 0, 2).tolist() == [9 + 7 + 5, 9 + 7 + 2 + 5]
    assert book["batch_time"](as_is, work, 0, 2).tolist() == [9 + 3 + 8 + 7 + 2 + 5] * 2
    assert book["batch_time"](cached, work, 1, 2).tolist() == [5, 7]


@pytest.mark.parametrize("seed", [17, 18, 19])
def test_on_a_plain_day_only_the_path_helps_and_on_sale_day_capacity_is_missing(seed):
    for replicas in (4, 8, 64):
        assert in_time(run(RATE, replicas, seed=seed)) < 60
    medians = [np.median(run(RATE, replicas, seed=seed).latency) for replicas in (8, 16, 64)]
    assert max(medians) - min(medians) < 3
    assert not kept(RATE, 4, largest=8, seed=seed) and kept(RATE, 4, shorter, seed=seed)
    for path in (as_is, shorter, cached, model_only):
        assert in_time(run(SALE, 4, path, seed=seed)) < 5
    assert not kept(SALE, 64, seed=seed) and kept(60, 4, model_only, seed=seed)
    assert kept(SALE, 24, shorter, seed=seed) and kept(SALE, 4, cached, 8, seed=seed)
    assert 40 < in_time(run(SALE, 4, shorter, 8, seed=seed)) < 65


@pytest.mark.parametrize("seed", [17, 18, 19])
def test_batches_that_hurt(seed):
    assert kept(RATE, 4, cached, 8, window=200, seed=seed) and not kept(RATE, 4, cached, 8, window=np.inf, seed=seed)
    at_once, full = (run(140, 4, cached, 8, window, seed=seed) for window in (0, np.inf))
    assert p95(full) < p95(at_once) and full.busy < at_once.busy - 10
    assert kept(310, 4, cached, 32, seed=seed) and not kept(310, 4, cached, 128, seed=seed)
    unlimited = run(270, 4, cached, 128, seed=seed)
    assert max(unlimited.batches) < 128


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
@pytest.mark.parametrize("hedged, same", [(False, 0), (True, 0), (True, 0.5), (True, 1)])
def test_pages_drawn_agree_with_the_formula(seed, hedged, same):
    right = slow_pages(0.01, 100, hedged, same)
    assert book["formula"](hedged, same) == pytest.approx(100 * right)
    assert book["pages"](hedged, same, seed) / 100 == pytest.approx(right, abs=0.025)


def test_a_promise_counts_who_never_got_an_answer():
    runs = [[100] * 19 + [float("inf")], [100] * 15 + [float("inf")] * 5, [100] * 20]
    assert rate_under_slo([5, 10, 20], runs, 300, 0.9) == 5
    assert rate_under_slo([5], [[500]], 300, 0.9) == 0
    assert late_share([0, 1, 2, 3], [0, 2.5, 2.5, 3], [0.1, 2.6, 2.6, float("inf")], 0.5) == 0.75


def test_exactly_at_the_limit_is_in_time():
    assert rate_under_slo([5, 10], [[300.0] * 20, [300.0] * 15 + [301.0] * 5], 300, 0.75) == 10
    assert late_share([0.0, 0.25], [0.0, 0.25], [0.125, 0.390625], 0.125) == 0.5

"""Notebook 07: its simulators against each other and by hand, its main results on other seeds, its exercises."""

import numpy as np
import pytest
from notebook_source import defined_in

from course_utils import check
from course_utils.exercises.throughput import late_share, lindley, rate_under_slo, slow_pages
from course_utils.queueing import departures, mean_wait, poisson_arrivals

NAMES = ("SLO", "RATE", "N", "SALE", "steps", "load", "as_is", "shorter", "cached", "model_only", "arrivals", "latencies",
         "batched", "in_time", "pages")

book = defined_in("07", NAMES)
latencies, batched, in_time, RATE, SALE = (book[name] for name in ("latencies", "batched", "in_time", "RATE", "SALE"))
as_is, shorter, cached, model_only = (book[name] for name in ("as_is", "shorter", "cached", "model_only"))


def kept(ms):
    return in_time(ms) >= 95


@pytest.mark.parametrize("replicas", [1, 4])
def test_batches_of_one_are_the_packages_queue(replicas):
    np.testing.assert_allclose(batched(RATE, replicas, largest=1), latencies(RATE, replicas, cached))


def test_batches_by_hand(monkeypatch):
    """Four requests, batches of two, one replica, 100 ms each and 5 for the second: the second batch waits."""
    monkeypatch.setitem(book, "N", 4)
    monkeypatch.setitem(book, "steps", lambda seed: (np.zeros(1), np.full(4, 100.0), np.zeros(4)))
    monkeypatch.setitem(book, "poisson_arrivals", lambda rate, n, luck: np.array([0.0, 10, 20, 30]))
    assert batched(1, 1, largest=2, window=np.inf).tolist() == [115, 105, 200, 190]
    assert batched(1, 1, largest=2, window=5).tolist() == [105, 200, 190, 280]
    assert batched(1, 1, largest=9).tolist() == [100, 200, 190, 180]
    assert batched(1, 1, largest=9, window=np.inf).tolist() == [145, 135, 125, 115]        # at the last arrival


def test_a_batch_lasts_as_long_as_its_slowest_member(monkeypatch):
    monkeypatch.setitem(book, "N", 3)
    monkeypatch.setitem(book, "steps", lambda seed: (np.zeros(1), np.array([7.0, 5, 1]), np.array([1.0, 2, 0])))
    monkeypatch.setitem(book, "poisson_arrivals", lambda rate, n, luck: np.zeros(3))
    assert batched(1, 1, largest=2).tolist() == [7 + 5, 7 + 5, 7 + 5 + 2 + 1]


@pytest.mark.parametrize("seed", [7, 17, 18, 19])
def test_on_a_plain_day_only_the_path_helps_and_on_sale_day_capacity_is_missing(seed):
    for replicas in (4, 8, 64):
        assert in_time(latencies(RATE, replicas, seed=seed)) < 60
    medians = [np.median(latencies(RATE, replicas, seed=seed)) for replicas in (8, 16, 64)]
    assert max(medians) - min(medians) < 3 and kept(latencies(RATE, 4, shorter, seed))
    for path in (as_is, shorter, cached, model_only):
        assert in_time(latencies(SALE, 4, path, seed)) < 5 and book["load"](SALE, 4, path) > 100
    assert not kept(latencies(SALE, 64, seed=seed)) and kept(latencies(SALE, 24, shorter, seed))
    assert kept(batched(SALE, seed=seed))


@pytest.mark.parametrize("seed", [7, 17, 18, 19])
def test_batches_that_hurt(seed):
    assert np.median(batched(RATE, window=200, seed=seed)) > 3 * np.median(batched(RATE, seed=seed))


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_lindley_is_the_packages_queue_and_meets_theory(seed):
    rng = np.random.default_rng(seed)
    arrivals, service = poisson_arrivals(0.5, 100_000, rng), rng.exponential(1.0, 100_000)
    latency = np.array(lindley(arrivals.tolist(), service.tolist()))
    np.testing.assert_allclose(latency, departures(arrivals, service) - arrivals, atol=1e-6)
    assert latency.mean() == pytest.approx(1 + mean_wait(0.5, 1.0), rel=0.05)


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_littles_law(seed):
    """Not as an identity: who is there is counted at random moments."""
    luck = np.random.default_rng(seed)
    arrive, service = poisson_arrivals(3.2, 100_000, luck), luck.exponential(1, 100_000)
    leave, moments = departures(arrive, service, servers=4), luck.uniform(1_000, 30_000, 20_000)
    inside = np.searchsorted(arrive, moments) - np.searchsorted(np.sort(leave), moments)
    assert inside.mean() == pytest.approx(3.2 * (leave - arrive).mean(), rel=0.04)


def test_the_published_figure():
    assert slow_pages(0.01, 100, False, 0) == pytest.approx(0.63, abs=0.005)


@pytest.mark.parametrize("seed", [7, 8, 9])
@pytest.mark.parametrize("hedged, same", [(False, 0), (True, 0), (True, 0.5), (True, 1)])
def test_pages_drawn_agree_with_the_formula(seed, hedged, same):
    assert book["pages"](hedged, same, seed) / 100 == pytest.approx(slow_pages(0.01, 100, hedged, same), abs=0.025)


def test_a_promise_counts_who_never_got_an_answer():
    runs = [[100] * 19 + [float("inf")], [100] * 15 + [float("inf")] * 5, [100] * 20]
    assert rate_under_slo([5, 10, 20], runs, 300, 0.9) == 5
    assert rate_under_slo([5], [[500]], 300, 0.9) == 0
    assert late_share([0, 1, 2, 3], [0, 2.5, 2.5, 3], [0.1, 2.6, 2.6, float("inf")], 0.5) == 0.75


@pytest.mark.parametrize("keeps, right", [
    (lambda ms, share, n: np.quantile(ms, share, method="inverted_cdf") <= 1, True),
    (lambda ms, share, n: (ms > 1).mean() <= 1 - share, True),
    (lambda ms, share, n: (ms > 1).sum() <= (1 - share) * len(ms), True),
    (lambda ms, share, n: np.quantile(ms, share, method="nearest") <= 1, False),
    (lambda ms, share, n: not np.quantile(ms, share) > 1, False),
    (lambda ms, share, n: round(np.mean(ms <= 1), 2) >= share, False),
    (lambda ms, share, n: (ms <= 1).sum() / n >= share, False)])
def test_percentiles_and_shares_that_are_nearly_right_are_found_out(keeps, right):
    def answer(rates, latencies, slo, share):
        best = 0
        for rate, sample in zip(rates, latencies):
            if not keeps(np.array(sample) / slo, share, len(latencies[0])):
                break
            best = rate
        return best

    assert (check("throughput.rate_under_slo", answer).status == "correct") == right


def test_exactly_at_the_limit_is_in_time():
    assert rate_under_slo([5, 10], [[300.0] * 20, [300.0] * 15 + [301.0] * 5], 300, 0.75) == 10
    assert late_share([0.0, 0.25], [0.0, 0.25], [0.125, 0.390625], 0.125) == 0.5

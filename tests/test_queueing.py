"""The queue against theory, against an event-by-event simulation, and against nonsense."""
import numpy as np
import pytest

from course_utils.queueing import departures, erlang_c, mean_wait, poisson_arrivals


def by_events(arrivals, service, servers):
    """The slow and obvious way: each customer takes the server that is free first."""
    free, out = [0.0] * servers, []
    for a, s in zip(arrivals, service):
        k = min(range(servers), key=free.__getitem__)
        free[k] = max(a, free[k]) + s
        out.append(free[k])
    return out


@pytest.mark.parametrize("servers", [1, 2, 5])
def test_departures_against_the_obvious_loop(servers):
    rng = np.random.default_rng(servers)
    arrivals, service = poisson_arrivals(servers * 0.9, 500, rng), rng.gamma(2, 0.5, 500)
    np.testing.assert_allclose(departures(arrivals, service, servers), by_events(arrivals, service, servers))


@pytest.mark.parametrize("servers, load", [(1, 0.5), (1, 0.8), (4, 3.2)])
@pytest.mark.parametrize("seed", [7, 8, 9])
def test_mean_wait_and_share_that_waits_agree_with_theory(servers, load, seed):
    rng = np.random.default_rng(seed)
    arrivals, service = poisson_arrivals(load, 200_000, rng), rng.exponential(1.0, 200_000)
    wait = departures(arrivals, service, servers) - arrivals - service
    assert wait.mean() == pytest.approx(mean_wait(load, 1.0, servers), rel=0.08)
    assert (wait > 1e-9).mean() == pytest.approx(erlang_c(load, servers), abs=0.02)


def test_edges():
    assert departures([], []).tolist() == [] and departures([1, 2], 0.0).tolist() == [1, 2]
    assert erlang_c(0, 3) == 0 and erlang_c(3, 3) == 1 and mean_wait(2, 1, 2) == np.inf
    assert 0 < erlang_c(480, 500) < 1                      # factorials would overflow
    for bad in (lambda: departures([2, 1], 1), lambda: departures([1], -1), lambda: departures([1], 1, 0),
                lambda: erlang_c(-1, 1), lambda: erlang_c(1, 0), lambda: poisson_arrivals(0, 1, None)):
        with pytest.raises(ValueError):
            bad()

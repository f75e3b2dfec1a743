"""Queues on a virtual clock: what notebooks 05, 07 and 12 share.

Times are in whatever unit you choose, as long as rates are per that same unit. Everything is first come,
first served, and a customer who arrives always waits.
"""
from __future__ import annotations

from heapq import heapify, heapreplace

import numpy as np


def poisson_arrivals(rate: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """The times of ``n`` arrivals that know nothing of each other: exponential gaps of mean 1 / ``rate``.

    >>> times = poisson_arrivals(2.0, 10_000, np.random.default_rng(7))
    >>> round(float(times[-1] / 10_000), 1)
    0.5
    """
    if not rate > 0:
        raise ValueError(f"the rate must be positive; got {rate}")
    return np.cumsum(rng.exponential(1 / rate, n))


def departures(arrivals, service, servers: int = 1) -> np.ndarray:
    """When each customer leaves a queue with this many ``servers``.

    ``arrivals`` are times in ascending order and ``service`` how long each takes, one number or one for each.
    A customer starts when it has arrived and a server is free, in order of arrival; so with one server the
    result is Lindley's recursion (D. V. Lindley, 1952), done here without a loop. ValueError for unsorted
    arrivals or negative service.

    >>> departures([0, 1, 2], [3, 1, 1]).tolist()
    [3.0, 4.0, 5.0]
    >>> departures([0, 1, 2], [3, 1, 1], servers=2).tolist()
    [3.0, 2.0, 3.0]
    """
    arrivals = np.asarray(arrivals, float)
    service = np.broadcast_to(np.asarray(service, float), arrivals.shape)
    if servers < 1 or (np.diff(arrivals) < 0).any() or (service < 0).any():
        raise ValueError("need at least one server, arrivals in ascending order and no negative service")
    if servers == 1:
        done = np.cumsum(service)
        return done + np.maximum.accumulate(arrivals - (done - service))
    free, leave = [-np.inf] * servers, np.empty(len(arrivals))
    heapify(free)
    for i, (arrival, needs) in enumerate(zip(arrivals.tolist(), service.tolist())):
        leave[i] = max(arrival, free[0]) + needs
        heapreplace(free, leave[i])
    return leave


def erlang_c(load: float, servers: int) -> float:
    """The chance that a customer of an M/M/c queue has to wait. ``load`` is arrival rate x mean service time.

    By Erlang's B recursion, which does not overflow (A. K. Erlang, 1917). From load = servers on, everybody waits.

    >>> round(erlang_c(0.8, 1), 3), round(erlang_c(3.2, 4), 3)
    (0.8, 0.596)
    """
    if load < 0 or servers < 1:
        raise ValueError(f"need a load of 0 or more and at least one server; got {load} and {servers}")
    if load >= servers:
        return 1.0
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return servers * blocked / (servers - load * (1 - blocked))


def mean_wait(rate: float, service: float, servers: int = 1) -> float:
    """Mean time in an M/M/c queue before service begins; infinite from load = servers on.

    >>> round(mean_wait(rate=0.8, service=1.0), 6)          # M/M/1: rho / (1 - rho) service times
    4.0
    """
    load = rate * service
    return float("inf") if load >= servers else erlang_c(load, servers) * service / (servers - load)

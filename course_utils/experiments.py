"""Planning and reading experiments: two groups (notebooks 06 and 11), and the interval of one share.

Everything is two-sided and uses the normal approximation, as the planning formulas in the field do.
"""
from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest, norm


class Comparison(NamedTuple):
    """What two proportions say about each other."""

    difference: float                     # second group minus first
    z: float
    p: float
    interval: tuple[float, float]         # 95 % for the difference


def compare(hits, users) -> Comparison:
    """The pooled z-test of two proportions, with an unpooled interval for their difference.

    ``hits`` and ``users`` are pairs of counts, the control's first. ValueError if a group is empty.
    Without a single hit, or with nothing but hits, ``z`` is 0 and ``p`` is 1.

    >>> found = compare(hits=(95, 132), users=(1000, 1000))
    >>> round(found.difference, 3), round(found.z, 2), round(found.p, 3)
    (0.037, 2.61, 0.009)
    """
    (a, b), (n, m) = hits, users
    if min(n, m) <= 0:
        raise ValueError(f"both groups need users; got {n} and {m}")
    difference, pooled = b / m - a / n, (a + b) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    z = difference / error if error else 0.0
    half = norm.ppf(0.975) * np.sqrt(a / n * (1 - a / n) / n + b / m * (1 - b / m) / m)
    return Comparison(float(difference), float(z), float(2 * norm.sf(abs(z))),
                      (float(difference - half), float(difference + half)))


def wilson(hits) -> tuple[float, float]:
    """Wilson's 95 % interval for the share of true values.

    >>> [round(end, 3) for end in wilson(np.zeros(100, bool))]
    [0.0, 0.037]
    """
    interval = binomtest(int(np.sum(hits)), len(hits)).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def sample_size(p0: float, p1: float, share: float = 0.5, alpha: float = 0.05, power: float = 0.8) -> float:
    """Users in both groups together, so that a test at ``alpha`` finds ``p0`` against ``p1`` with ``power``.

    ``share`` of them are in the second group. The textbook formula for two proportions with unpooled
    variance; statsmodels and the simulation in the tests agree within 3 %.

    >>> round(sample_size(0.05, 0.0525))            # 5 % conversion, 5 % relative
    244241
    """
    if p0 == p1 or not 0 < share < 1:
        raise ValueError(f"need two different rates and a share between 0 and 1; got {p0}, {p1}, {share}")
    variance = p1 * (1 - p1) / share + p0 * (1 - p0) / (1 - share)
    return float((norm.isf(alpha / 2) + norm.ppf(power)) ** 2 * variance / (p1 - p0) ** 2)


def power(p0: float, p1: float, users: float, share: float = 0.5, alpha: float = 0.05) -> float:
    """The chance to find ``p0`` against ``p1`` with so many users in both groups together.

    >>> round(power(0.05, 0.0525, users=sample_size(0.05, 0.0525)), 3)
    0.8
    """
    error = np.sqrt((p1 * (1 - p1) / share + p0 * (1 - p0) / (1 - share)) / users)
    shift, limit = (p1 - p0) / error, norm.isf(alpha / 2)
    return float(norm.sf(limit - shift) + norm.cdf(-limit - shift))


def crossing_probability(bounds, signal: float = 0.0, nodes: int = 201) -> float:
    """The chance that a z-statistic, looked at after equal steps, is ever outside ``bounds``.

    ``bounds`` holds one positive limit for each look, for the z of all data so far. ``signal`` is the
    mean of z at the last look: 0 gives the false positive rate of a stopping rule, another value its
    power. Exact up to numerical integration: the density of the running sum, kept inside the bounds,
    is carried from look to look (P. Armitage, C. McPherson and B. Rowe, 1969).

    >>> [round(crossing_probability([1.959964] * looks), 3) for looks in (1, 2, 10)]
    [0.05, 0.083, 0.193]
    """
    bounds = np.asarray(bounds, float)
    looks = len(bounds)
    if looks == 0 or not (bounds > 0).all():
        raise ValueError("bounds: one positive number for each look")
    step = signal / np.sqrt(looks)                      # mean of one increment, whose variance is 1
    x, w = np.polynomial.legendre.leggauss(nodes)
    half = bounds * np.sqrt(np.arange(1, looks + 1))    # limits of the running sum
    density = norm.pdf(half[0] * x, step)
    for before, now in zip(half[:-1], half[1:]):
        density = norm.pdf(now * x[:, None] - before * x - step) @ (density * before * w)
    return float(1 - density @ (half[-1] * w))

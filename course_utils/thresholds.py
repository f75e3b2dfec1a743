"""Pricing a detector: its two error rates, what they cost in live traffic, and the threshold that costs least.

The detector is tested where attacks are frequent, so nothing here looks at their share in the sample: the two rates are
weighed with the ``share`` that live traffic has.
"""
from __future__ import annotations

import numpy as np


def rates(scores, attack, limit) -> tuple[float, float]:
    """The share of attacks that pass, and the share of harmless requests that are blocked, from score ``limit`` on.

    >>> rates(np.array([0.1, 0.4, 0.6, 0.9]), np.array([False, True, False, True]), 0.5)
    (0.5, 0.5)
    """
    blocked = scores >= limit
    return float((~blocked[attack]).mean()), float(blocked[~attack].mean())


def cost(scores, attack, limit, share: float, miss: float, refusal: float) -> float:
    """Dollars per 1,000 live requests, if each attack that passes costs ``miss`` and each wrong block ``refusal``.

    >>> round(cost(np.array([0.1, 0.9]), np.array([False, True]), np.inf, share=0.02, miss=100, refusal=4))
    2000
    """
    missed, refused = rates(scores, attack, limit)
    return 1000 * (share * missed * miss + (1 - share) * refused * refusal)


def cheapest(scores, attack, share: float, miss: float, refusal: float) -> float:
    """The threshold with the least :func:`cost`: one of the scores, or infinity for blocking nothing. Of ties the highest."""
    candidates = [np.inf, *np.unique(scores)[::-1]]
    return float(min(candidates, key=lambda limit: round(cost(scores, attack, limit, share, miss, refusal), 9)))


def right_blocks(share: float, hit: float, false_alarm: float) -> float:
    """Of all blocks the share that deserves it, where ``share`` of the requests are attacks.

    >>> round(right_blocks(0.01, 0.95, 0.05), 2)
    0.16
    """
    return share * hit / (share * hit + (1 - share) * false_alarm)

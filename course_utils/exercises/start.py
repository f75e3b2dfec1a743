"""Exercise of the start notebook: small on purpose, it shows how checking works."""
from __future__ import annotations

from .engine import Exercise


def fraud_share(fraud):
    """Share of payments that are fraud.

    fraud : a list of 0s and 1s, one for each payment; at least one.
    Returns a number between 0 and 1.
    """
    return sum(fraud) / len(fraud)


def _count(fraud):
    """You counted the frauds. A count grows with traffic: twice the customers, twice the count, and
    nothing has become worse. A share does not."""
    return sum(fraud)


def _percent(fraud):
    """You gave percent. The task asks for a share, between 0 and 1; a 2 passed on as a share is 200 %."""
    return 100 * sum(fraud) / len(fraud)


def _inputs(rng):
    return (rng.integers(0, 2, size=rng.integers(3, 9)).tolist(),)


EXERCISES = [
    Exercise("start.fraud_share", fraud_share, _inputs,
             [(_count, "a count is a rate"), (_percent, "a share and a percentage are the same number")],
             ("How many ones are there, and out of how many?",
              "sum() of a list of 0s and 1s is the number of ones; len() is the number of payments.")),
]

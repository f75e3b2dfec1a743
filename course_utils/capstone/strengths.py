"""Four situations whose signals are measured in World instead of being assumed."""
from __future__ import annotations

import numpy as np

from .. import drift, fraud
from ..world import World

QUIET = {"new_market": None, "unit_bug": None, "ring": None}
CHANGES = {"unit_bug": {"unit_bug": (45, 105)}, "market": {"new_market": 45, "honest": 3.0},
           "ring": {"ring": 45}, "bug_ring": {"unit_bug": (45, 105), "ring": 45}}
#: A small desk and faint faults, or everything would be 10 to 100 SDs strong and no diagnosis would be needed.
SMALL = {"per_day": 300, "market_share": 0.12, "app_share": 0.12, "ring_strength": 3.5}
#: Assumed: who complains within the day, of honest customers who are held up, and of those whose card was abused.
HELD_UP, ABUSED = 0.05, 0.5


def measure(seed: int = 1) -> dict[str, dict[str, float]]:
    """Situation -> signal -> mean shift over 60 days, in SDs of the signal's 60 days without any event.

    ``psi``: mean PSI of the model's inputs as logged, one day against the 45 days of training.
    ``complaints``: honest customers held up by a review, and victims, of whom some complain.
    ``chargebacks``: frauds that were let through, by day of payment.
    ``label_sample``: up to 300 payments of the last ten days investigated in each cohort; the largest gap in one
    between frauds found and frauds predicted, in standard errors.
    """
    training = World(seed=seed, **QUIET, **SMALL).frame(0, 45)
    model = fraud.train(fraud.linear, training, training.fraud)
    quiet = _days(seed, {}, training, model)
    return {name: {signal: float((days[signal].mean() - quiet[signal].mean()) / quiet[signal].std())
                   for signal in quiet}
            for name, change in CHANGES.items() if (days := _days(seed, change, training, model))}


def _days(seed, change, training, model) -> dict[str, np.ndarray]:
    world, rng = World(seed=seed, **SMALL, **{**QUIET, **change}), np.random.default_rng([seed, 13])
    edges = {c: drift.bin_edges(training[c]) for c in fraud.COLUMNS}
    rows = world.frame(35, 105)
    rows["p"], rows["held"] = fraud.score(model, rows), fraud.review(model, rows, world)
    rows["trusted"] = world.in_ring(rows)
    out = {"psi": [], "complaints": [], "chargebacks": [], "label_sample": []}
    for today in range(45, 105):
        day, recent = rows[rows.day == today], rows[(rows.day > today - 10) & (rows.day <= today)]
        missed, held = ((day.fraud == 1) & ~day.held).sum(), ((day.fraud == 0) & day.held).sum()
        cohorts = [recent[recent[c] == v] for c in ("channel", "market", "trusted") for v in recent[c].unique()]
        samples = [c.iloc[rng.permutation(len(c))[:300]] for c in cohorts]
        out["psi"].append(np.mean([drift.psi(training[c], day[c], edges[c]) for c in edges]))
        out["complaints"].append(rng.binomial(held, HELD_UP) + rng.binomial(missed, ABUSED))
        out["chargebacks"].append(missed)
        out["label_sample"].append(max(abs((c.fraud - c.p).sum()) / np.sqrt((c.p * (1 - c.p)).sum() + 0.5)
                                       for c in samples))
    return {signal: np.array(values, float) for signal, values in out.items()}

"""Grading a policy on what it cost and on its reasons, so that luck and imitation do not pass.

Total = 50 % money + 15 % hours + 35 % reasons, each from 0 (as doing nothing) to 100 (as the oracle, or every gate
passed); one failed gate caps the total at 40. These weights and limits are proposals: change them in plain sight.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..concepts import pair
from .runner import HIDDEN, run
from .simulator import Dials
from .situations import HARMLESS, SITUATIONS

WEIGHTS = {"money": 0.5, "hours": 0.15, "reasons": 0.35}
CAP = 40.0
ABLATION, BRIER, CITED, CHEAP = 30.0, 0.35, 0.8, 20.0


@dataclass(frozen=True, repr=False)
class Report:
    """What ``grade`` found: four tables and the points. Shown as text."""

    points: dict              # money, hours, reasons, total
    reasons: pd.DataFrame     # gate, value, needed, passed
    pairs: pd.DataFrame       # a row a pair: cost, the oracle's, what the difference came from
    causes: pd.DataFrame      # strategy, sequencing, organisation
    episodes: pd.DataFrame    # as ``run`` returned them

    @property
    def passed(self) -> bool:
        return bool(self.reasons.passed.all())

    def __repr__(self) -> str:
        verdicts = self.episodes.verdict[self.episodes.verdict != ""]
        kinds = verdicts.str.replace(r"^day \d+: ", "", regex=True).str.replace(r"(?<=^bad claim) with [\w:]+", "", regex=True)
        capped = "" if self.passed else f" (a failed gate caps the total at {CAP:g})"
        lines = [", ".join(f"{name} {value:.0f}" for name, value in self.points.items()) + capped,
                 f"cost {self.episodes.money.mean():.1f} kEUR an episode, cured {self.episodes.cured.mean():.0%}"]
        if len(verdicts):
            lines += ["", f"{len(verdicts)} of {len(self.episodes)} episodes have a verdict:",
                      *(f"  {count} x {text}" for text, count in kinds.value_counts().head(5).items())]
        lines += ["", *(f"{'passed' if r.passed else 'FAILED'}  {r.Index}: "
                        + ("no repair was ordered" if np.isnan(r.value) else f"{r.value:.2f} (needs {r.needed})")
                        for r in self.reasons.itertuples())]
        if (self.episodes.first_repair != "").any():
            lines += ["", "Where it cost most, kEUR an episode above the oracle, and the pair that this situation turns on:",
                      *(f"  {r.excess:6.1f}  {r.situation} ({r.title}; first repair mostly: {r.first_repair or 'none'})"
                        for r in self.pairs.head(3).itertuples()), "",
                      *(f"{r.Index}: {r.value:.2f} {r.meaning}" for r in self.causes.itertuples())]
        return "\n".join(lines)


def grade(policy, seeds: Iterable[int] = HIDDEN, dials: Dials = Dials()) -> Report:  # noqa: B008
    """Run a policy twice, the second time with its paid readings scrambled, and grade money, hours and reasons."""
    seeds = list(seeds)
    mine = run(policy, seeds, dials=dials)
    cut_short = mine.verdict.str.contains("the whole run took|not begun").any()
    blind = mine if cut_short else run(policy, seeds, dials=dials, scramble=True)
    nothing, oracle = (run(name, seeds, dials=dials) for name in ("nothing", "oracle"))

    def points(column):
        floor, top = nothing[column].mean(), oracle[column].mean()
        return float(100 * (floor - mine[column].mean()) / (floor - top))

    reasons = _reasons(mine, blind)
    parts = {"money": points("money"), "hours": points("hours"), "reasons": 100 * float(reasons.passed.mean())}
    total = sum(WEIGHTS[name] * min(100.0, max(0.0, value)) for name, value in parts.items())
    parts["total"] = total if reasons.passed.all() else min(CAP, total)
    return Report(parts, reasons, _pairs(mine, oracle), _causes(mine), mine)


def _reasons(mine, blind) -> pd.DataFrame:
    repaired = mine[mine.first_repair != ""]
    harmless = max(mine.money[mine.situation == s].mean() for s in HARMLESS) if len(repaired) else float("nan")
    rows = {
        "evidence ablation: kEUR lost when its readings are scrambled":
            (blind.money.mean() - mine.money.mean(), f"at least {ABLATION:g}", ABLATION, float("inf")),
        "Brier score of the claims at the first repair": (repaired.brier.mean(), f"under {BRIER}", 0, BRIER),
        "share of first repairs whose cited readings favour the claim":
            (repaired.cited.mean(), f"at least {CITED}", CITED, 1),
        "kEUR spent or lost in the dearer harmless situation": (harmless, f"at most {CHEAP:g}", 0, CHEAP),
    }
    return pd.DataFrame.from_dict({gate: {"value": float(v), "needed": text, "passed": bool(low <= v <= high)}
                                   for gate, (v, text, low, high) in rows.items()}, orient="index")


def _pairs(mine, oracle) -> pd.DataFrame:
    """For each pair the situation that turns on it. The excess over the oracle also has other causes: tests, waiting, luck."""
    rows = []
    for name, situation in SITUATIONS.items():
        here = mine[mine.situation == name]
        best = oracle.money[oracle.situation == name].mean()
        rows.append({"title": pair(situation.pair).title, "situation": name, "cost": here.money.mean(), "oracle": best,
                     "excess": here.money.mean() - best, "first_repair": here.first_repair.mode()[0],
                     "claimed": here.claimed.mode()[0]})
    return pd.DataFrame(rows, index=[s.pair for s in SITUATIONS.values()]).sort_values("excess", ascending=False)


def _causes(mine) -> pd.DataFrame:
    """The article's root cause, read off a run."""
    return pd.DataFrame({
        "value": {"strategy": mine.unneeded.mean(), "sequencing": mine.out_of_order.mean(),
                  "organisation": mine.days_lost.mean()},
        "meaning": {"strategy": "repairs an episode that nothing needed",
                    "sequencing": "retrainings an episode on a broken log or without labels that show the change",
                    "organisation": "days an episode that orders waited for an owner, or lay with the wrong one"}})

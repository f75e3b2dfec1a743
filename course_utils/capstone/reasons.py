"""Claims: whether one is well formed, and how good its reasons were. The simulator is the judge."""
from __future__ import annotations

import math

from .situations import FREE, MEAN_SEVERITY, SIGNALS, SITUATIONS, SPREAD_OF_SEVERITY


def claim_problem(claim, needed: bool) -> str:
    """What is wrong with a claim, or "". Only repairs need one in full."""
    if not needed:
        return "" if claim is None or isinstance(claim, dict) else "a claim is a dict or None"
    if not isinstance(claim, dict):
        return "a repair needs a claim, a dict"
    p, missing = claim.get("p"), {"owner", "p", "cites", "by", "stop"} - set(claim)
    if missing:
        return f"it lacks {', '.join(sorted(missing))}"
    if not isinstance(p, dict) or not set(p) <= set(SITUATIONS):
        return "p must give a probability for names of situations"
    if not all(isinstance(v, (int, float)) and 0 <= v <= 1 for v in p.values()) or not abs(sum(p.values()) - 1) < 0.01:
        return "the probabilities must lie between 0 and 1 and sum to 1"
    if not isinstance(claim["cites"], list) or not all(c in SIGNALS for c in claim["cites"]):
        return f"cites must be a list of names out of {', '.join(SIGNALS)}"
    return ""


def judge(claim, episode) -> dict:
    """Multiclass Brier score, and whether the cited readings exist and favour the claim three to one.

    A free signal counts with its mean of the last five days. The ratio is against the runner-up of the claim itself:
    the likeliest situation that another cure would end; if several share that place, against each of them.
    """
    p = {name: float(claim["p"].get(name, 0)) for name in SITUATIONS}
    top = max(p, key=p.get)
    rivals = [s for s in p if SITUATIONS[s].cure != SITUATIONS[top].cure]
    runners_up = [s for s in rivals if p[s] == max(p[r] for r in rivals)]
    days = range(max(0, episode.day - 4), episode.day + 1)
    state = {name: (value, 1) for name, (_, value) in episode.readings.items()}
    state |= {name: (sum(episode.signal(name, day) for day in days) / len(days), len(days)) for name in FREE}

    def support(situation):
        return sum(_log_density(*state[c], SITUATIONS[situation].strength.get(c, 0)) for c in claim["cites"])

    there = bool(claim["cites"]) and all(c in state for c in claim["cites"])
    return {"brier": sum((p[s] - (s == episode.situation)) ** 2 for s in p), "top": top,
            "cited": there and all(support(top) - support(s) > math.log(3) for s in runners_up)}


def _log_density(value, days, strength):
    mean = MEAN_SEVERITY * strength
    variance = 1 / days + (SPREAD_OF_SEVERITY * mean) ** 2
    return -0.5 * (value - mean) ** 2 / variance - 0.5 * math.log(variance)

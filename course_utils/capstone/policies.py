"""The baselines, from doing nothing to knowing everything."""
from __future__ import annotations

import pprint
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .situations import ACTIONS, REPAIRS, SITUATIONS

#: The right order for each situation: the bridge first where repair takes long, labels before a retraining, and the
#: pipeline before both.
PLANS = {name: s.cure for name, s in SITUATIONS.items()}
PLANS["ring"] = ("label_sample", "review_on", "retrain_canary", "review_off")
PLANS["bug_ring"] = ("fix_pipeline", "label_sample", "review_on", "retrain_canary", "review_off")


@dataclass(frozen=True)
class Builtin:
    """A policy that ships with the course and runs in this process. ``decide(observation, memory, episode)``;
    only the oracle and scripts look at the episode."""

    decide: Callable

    def __call__(self, observation, memory, episode):
        return self.decide(observation, memory, episode)


def claim_for(order: str, p: dict | None = None, cites=()) -> dict:
    """A complete claim for an order: its owner, probabilities (all alike if not given), readings, a date, a stop."""
    p = p or dict.fromkeys(SITUATIONS, 1 / len(SITUATIONS))
    return {"owner": ACTIONS[order.partition(":")[2] or order].owner, "p": p, "cites": list(cites), "by": 56,
            "stop": "no rule"}


def alarms(observation, memory) -> dict[str, bool]:
    """Which free signals are high: mean of five days over 1.1 SDs, or one day over 3."""
    days = memory.setdefault("days", [])
    days.append([observation[name] for name in ("psi", "complaints", "p99", "chargebacks")])
    recent = days[-5:]
    if len(recent) < 3:
        return {}
    return {name: sum(day[i] for day in recent) / len(recent) > 1.1 or recent[-1][i] > 3
            for i, name in enumerate(("psi", "complaints", "p99", "chargebacks"))}


def affordable(observation, order) -> bool:
    return ACTIONS[order].cost <= observation["budget_left"]


def _order(observation, order, situation=None):
    if order is None or not affordable(observation, order):
        return "wait", None
    return order, claim_for(order, {situation: 1.0} if situation else None)


def _nothing(observation, memory, episode):
    return "wait", None


def _always_retrain(observation, memory, episode):
    alarm = any(alarms(observation, memory).values())
    return _order(observation, "retrain" if alarm and not observation["pending"] else None)


def _calendar(observation, memory, episode):
    return _order(observation, "retrain" if observation["day"] % 28 == 14 else None)


def _review_everything(observation, memory, episode):
    return _order(observation, "review_on" if observation["day"] == 0 else None)


SHOTGUN = (*sorted((r for r in REPAIRS if not r.startswith("retrain") and r != "finetune"),
                   key=lambda r: ACTIONS[r].cost), "label_sample", "retrain_canary")


def _shotgun(observation, memory, episode):
    """While anything is alarming, the next repair of the list, cheapest first, and labels and a retraining at last."""
    alarm, left = any(alarms(observation, memory).values()), memory.setdefault("left", list(SHOTGUN))
    return _order(observation, left.pop(0) if alarm and left and not observation["pending"] else None)


def _trial_and_undo(observation, memory, episode):
    """The same list, but a week after each repair it looks: still alarming? Then undo it and try the next."""
    alarm, left = any(alarms(observation, memory).values()), memory.setdefault("left", list(SHOTGUN))
    today, trial = observation["day"], memory.get("trial")
    if observation["pending"] or (trial and today < memory["look_at"]):
        return "wait", None
    if trial:
        memory["trial"] = None
        if alarm and trial in observation["repairs"] and observation["budget_left"] >= 1:
            return f"undo:{trial}", claim_for(trial)
    if not (alarm and left):
        return "wait", None
    memory["trial"] = left.pop(0)
    memory["look_at"] = today + ACTIONS[memory["trial"]].days + 5
    return _order(observation, memory["trial"])


RULES = {"p99": ("scale", "surge"), "psi": ("retrain", "market"), "complaints": ("rollback", "bad_deploy"),
         "chargebacks": ("recalibrate", "ring")}


def _dashboard(observation, memory, episode):
    """Each alarm has its repair, at most once a week, and nobody looks further."""
    high, last = alarms(observation, memory), memory.setdefault("last", {})
    for signal, (repair, situation) in RULES.items():
        if high.get(signal) and repair not in observation["pending"] and observation["day"] - last.get(signal, -9) >= 7:
            last[signal] = observation["day"]
            return _order(observation, repair, situation)
    return "wait", None


def script(steps, start: int = 0) -> Builtin:
    """A plan that begins ``start`` days after the onset, in this order, each step once what it needs is there.

    A retraining waits for jobs that are under way, and so does ending the review.
    """
    def decide(observation, memory, episode):
        left = memory.setdefault("left", list(steps))
        if observation["day"] < episode.onset + start or not left:
            return "wait", None
        if observation["pending"] and left[0].startswith(("retrain", "review_off", "undo")):
            return "wait", None
        order = left.pop(0)
        return order, claim_for(order, {episode.situation: 1.0}, observation["readings"])
    return Builtin(decide)


def _oracle(observation, memory, episode):
    if "script" not in memory:
        memory["script"] = script(PLANS[episode.situation])
    return memory["script"](observation, memory, episode)


def frozen(table: dict) -> str:
    """The example policy as text, with this table (situation -> signal -> strength) written into it."""
    known = {"TABLE": table, "PLANS": PLANS, "COST": {n: a.cost for n, a in ACTIONS.items()},
             "OWNER": {n: a.owner for n, a in ACTIONS.items()}}
    body = (Path(__file__).parent / "example_policy.py").read_text(encoding="utf-8")
    return body.replace("TABLE, COST, OWNER, PLANS = {}, {}, {}, {}\n",
                        "\n".join(f"{name} = {pprint.pformat(value, width=118)}" for name, value in known.items()) + "\n")


def trusted(source: str) -> Builtin:
    """A policy of our own from its text, run in this process. Never for a learner's text: see ``runner.run``."""
    space: dict = {"__name__": "policy"}
    exec(compile(source, "policy", "exec"), space)
    return Builtin(lambda observation, memory, episode: space["policy"](observation, memory))


def _true_table() -> dict:
    from .situations import SIGNALS
    return {name: {signal: 1.1 * s.strength.get(signal, 0.0) for signal in SIGNALS} for name, s in SITUATIONS.items()}


POLICIES: dict[str, Builtin] = {
    "nothing": Builtin(_nothing),
    "always retrain": Builtin(_always_retrain),
    "calendar": Builtin(_calendar),
    "review everything": Builtin(_review_everything),
    "shotgun": Builtin(_shotgun),
    "trial and undo": Builtin(_trial_and_undo),
    "dashboard": Builtin(_dashboard),
    "evidence": trusted(frozen(_true_table())),
    "oracle": Builtin(_oracle),
}

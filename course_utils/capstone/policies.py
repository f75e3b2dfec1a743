"""The baselines, from doing nothing to knowing everything."""
from __future__ import annotations

import ast
import contextlib
import inspect
import pprint
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .situations import ACTIONS, FREE, MEAN_SEVERITY, REPAIRS, SIGNALS, SITUATIONS

#: The right orders for each situation: labels before a retraining, the pipeline before both, and people who check
#: the decisions while a long repair is under way.
PLANS = {name: s.cure for name, s in SITUATIONS.items()}
PLANS["ring"] = ("label_sample", "review_on", "retrain_canary", "review_off")
PLANS["bug_ring"] = ("fix_pipeline", "label_sample", "review_on", "retrain_canary", "review_off")


@dataclass(frozen=True)
class Builtin:
    """A policy that ships with the course and runs in this process.

    ``decide(observation, memory, episode) -> (action, claim)``; only the oracle and scripts look at the episode.
    """

    decide: Callable


def claim_for(order: str, situation: str | None = None, cites=()) -> dict:
    """A complete claim for an order: sure of one situation, or of none."""
    p = {situation: 1.0} if situation else dict.fromkeys(SITUATIONS, 1 / len(SITUATIONS))
    return {"owner": ACTIONS[order.removeprefix("undo:")].owner, "p": p, "cites": list(cites), "by": 56, "stop": "none"}


def alarms(observation, memory) -> dict[str, bool]:
    """Which free signals are high: a mean of five days over 1.1 SDs, or one day over 3."""
    days = memory.setdefault("days", [])
    days.append([observation[name] for name in FREE])
    recent = days[-5:]
    return {name: len(recent) > 2 and (sum(day[i] for day in recent) / len(recent) > 1.1 or recent[-1][i] > 3)
            for i, name in enumerate(FREE)}


def _order(observation, order, situation=None):
    if order is None or ACTIONS[order].cost > observation["budget_left"]:
        return "wait", None
    return order, claim_for(order, situation)


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
    """While anything is alarming, the next repair, cheapest first, and labels and a retraining at last."""
    alarm, left = any(alarms(observation, memory).values()), memory.setdefault("left", list(SHOTGUN))
    return _order(observation, left.pop(0) if alarm and left and not observation["pending"] else None)


def _trial_and_undo(observation, memory, episode):
    """The same list; but five days after each repair it looks. Still alarming? Then undo it and try the next."""
    alarm, left = any(alarms(observation, memory).values()), memory.setdefault("left", list(SHOTGUN))
    if observation["pending"] or observation["day"] < memory.get("look_at", 0):
        return "wait", None
    trial = memory.pop("trial", None)
    if alarm and trial in observation["repairs"] and observation["budget_left"] >= 1:
        return f"undo:{trial}", claim_for(trial)
    if not (alarm and left):
        return "wait", None
    trial = memory["trial"] = left.pop(0)
    memory["look_at"] = observation["day"] + ACTIONS[trial].days + 5
    return _order(observation, trial)


RULES = {"p99": ("scale", "surge"), "psi": ("retrain", "market"), "complaints": ("rollback", "bad_deploy"),
         "chargebacks": ("recalibrate", "ring")}


def _dashboard(observation, memory, episode):
    """Each alarm has its repair, at most once a week, and nobody looks further."""
    high, last = alarms(observation, memory), memory.setdefault("last", {})
    for signal, (repair, situation) in RULES.items():
        if high[signal] and repair not in observation["pending"] and observation["day"] - last.get(signal, -9) >= 7:
            last[signal] = observation["day"]
            return _order(observation, repair, situation)
    return "wait", None


def script(steps, start: int = 0) -> Builtin:
    """A plan that begins ``start`` days after the onset; a retraining, an undo and the end of a review wait until
    nothing is pending."""
    def decide(observation, memory, episode):
        left = memory.setdefault("left", list(steps))
        if observation["day"] < episode.onset + start or not left:
            return "wait", None
        if observation["pending"] and left[0].startswith(("retrain", "review_off", "undo")):
            return "wait", None
        order = left.pop(0)
        return order, claim_for(order, episode.situation, observation["readings"])
    return Builtin(decide)


def _oracle(observation, memory, episode):
    plan = memory.setdefault("plan", script(PLANS[episode.situation]))
    return plan.decide(observation, memory, episode)


def as_text(*functions: Callable, **tables) -> str:
    """Functions and tables from a notebook as one text that stands alone, with numpy as ``np``.

    What the functions take from the cells around them comes along: imports, functions of the same place, plain values.
    """
    imports, functions = ["from __future__ import annotations"] * bool(functions) + ["import numpy as np"], list(functions)
    known = {"np", *tables, *(f.__name__ for f in functions)}
    for function in functions:                                  # grows while it is read
        for name in sorted(_names(function.__code__) - known):
            value, home = function.__globals__.get(name), function.__globals__["__name__"]
            module = value.__name__ if inspect.ismodule(value) else getattr(value, "__module__", None)
            if value is None or str(module).startswith("course_utils"):
                continue
            known.add(name)
            if inspect.isfunction(value) and module == home:
                functions.append(value)
            elif inspect.ismodule(value):
                imports.append(f"import {module} as {name}")
            elif getattr(sys.modules.get(module), there := getattr(value, "__name__", name), home) is value and module != home:
                imports.append(f"from {module} import {there} as {name}")      # or an object: scipy.stats.norm
            elif isinstance(value, (int, float, str, list, tuple, dict, set)):
                with contextlib.suppress(ValueError):           # no plain value after all
                    tables[name] = ast.literal_eval(repr(value))
    return "\n\n".join(["\n".join(imports), *(f"{name} = {pprint.pformat(value, width=118, sort_dicts=False)}"
                                              for name, value in tables.items()),
                        *(textwrap.dedent(inspect.getsource(f)) for f in functions)])


def _names(code) -> set[str]:
    """The global names that a function reads, inner functions included."""
    return {*code.co_names}.union(*(_names(c) for c in code.co_consts if inspect.iscode(c)))


def frozen(table: dict) -> str:
    """The example policy as text, with this table (situation -> signal -> strength) written into it."""
    known = as_text(TABLE=table, PLANS=PLANS, COST={name: a.cost for name, a in ACTIONS.items()},
                    OWNER={name: a.owner for name, a in ACTIONS.items()})
    body = (Path(__file__).parent / "example_policy.py").read_text(encoding="utf-8")
    return body.replace("TABLE, COST, OWNER, PLANS = {}, {}, {}, {}\n", known + "\n")


def trusted(source: str) -> Builtin:
    """A text of our own, run in this process. Never for a learner's: see ``runner.run``."""
    space: dict = {"__name__": "policy"}
    exec(compile(source, "policy", "exec"), space)
    return Builtin(lambda observation, memory, episode: space["policy"](observation, memory))


TRUE_TABLE = {name: {signal: MEAN_SEVERITY * s.strength.get(signal, 0.0) for signal in SIGNALS}
              for name, s in SITUATIONS.items()}
POLICIES: dict[str, Builtin] = {
    "nothing": Builtin(_nothing), "always retrain": Builtin(_always_retrain), "calendar": Builtin(_calendar),
    "review everything": Builtin(_review_everything), "shotgun": Builtin(_shotgun),
    "trial and undo": Builtin(_trial_and_undo), "dashboard": Builtin(_dashboard),
    "evidence": trusted(frozen(TRUE_TABLE)),          # the example policy, given the true table
    "oracle": Builtin(_oracle),
}

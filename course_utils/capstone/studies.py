"""Tables computed by the simulator: what each mistake costs, what order does, and how far the ranking holds."""
from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ..concepts import PAIRS
from .policies import PLANS, POLICIES, script
from .runner import run
from .simulator import Dials
from .situations import SITUATIONS

SEEDS = range(6000, 6020)
_ALL = tuple(SITUATIONS)
_LATE = 3                     # days after the onset on which both the mistake and the right action begin

#: pair -> (situations, the mistake in words, mistake, right action): a tuple is a plan that begins three days after
#: the onset, a text is a baseline.
MISTAKES = {
    "guardrails": (("unsafe",), "a stricter contract for answers that already are well-formed", ("fix_pipeline",), None),
    "drift": (("unit_bug",), "retrain on the broken log", ("retrain",), None),
    "observability": (_ALL, "act on the dashboard alone", "dashboard", "evidence"),
    "training": (("skew",), "retrain, and serve with the other code as before", ("retrain",), None),
    "realtime": (("stale_batch",), "leave decisions to last night's scores", (), None),
    "evaluation": (("bad_deploy",), "trust the benchmark and keep the release", (), None),
    "throughput": (("slow_model",), "add servers", ("scale",), None),
    "finetuning": (("none",), "fine-tune although nothing is wrong", ("finetune",), None),
    "reliability": (("market",), "look at the average only", (), None),
    "retraining": (("season",), "retrain whenever the inputs move", "always retrain", "nothing"),
    "canary": (("ring",), "release after a shadow run, without a canary",
               ("label_sample", "review_on", "retrain_shadow", "review_off"), None),
    "oversight": (("bug_ring",), "let it decide alone while it is being repaired",
                  ("fix_pipeline", "label_sample", "retrain_canary"), None),
}


def _cost(what, situations, seeds, dials) -> float:
    policy = POLICIES[what] if isinstance(what, str) else script(what, _LATE)
    return float(run(policy, seeds, situations, dials).money.mean())


def consequence_table(seeds: Iterable[int] = SEEDS, dials: Dials = Dials()) -> pd.DataFrame:  # noqa: B008
    """One row a pair: the mistake, what it cost here, what the right action cost (kEUR an episode).

    Only ``observability`` and ``retraining`` depend on signals; the other rows add up prices, harms and daily costs as assumed.
    """
    rows, seeds = [], list(seeds)
    for p in PAIRS:
        situations, words, mistake, right = MISTAKES[p.key]
        right = PLANS[situations[0]] if right is None else right
        rows.append({"pair": p.title, "situation": "all twelve" if situations == _ALL else situations[0],
                     "mistake": words, "with_mistake": _cost(mistake, situations, seeds, dials),
                     "right": _cost(right, situations, seeds, dials),
                     "nothing": _cost("nothing", situations, seeds, dials),
                     "in_article": p.in_article_map})
    return pd.DataFrame(rows, index=[p.key for p in PAIRS])


ORDERS = {
    "fix, labels, retrain": ("fix_pipeline", "label_sample", "retrain_canary"),
    "labels, retrain, fix": ("label_sample", "retrain_canary", "fix_pipeline"),
    "labels, retrain, fix, retrain": ("label_sample", "retrain_canary", "fix_pipeline", "retrain_canary"),
    "labels, retrain, fix, undo, labels, retrain":
        ("label_sample", "retrain_canary", "fix_pipeline", "undo:retrain_canary", "label_sample", "retrain_canary"),
}


def sequencing(seeds: Iterable[int] = SEEDS) -> pd.DataFrame:
    """The bug and the ring at once: the same repairs in different orders, without review, from three days in.

    The budget is lifted to 100, or a second retraining could not be paid.
    """
    seeds = list(seeds)
    rows = {name: run(script(steps, _LATE), seeds, ["bug_ring"], Dials(budget=100)) for name, steps in ORDERS.items()}
    return pd.DataFrame({"money": {n: r.money.mean() for n, r in rows.items()},
                         "spend": {n: r.spend.mean() for n, r in rows.items()},
                         "cured": {n: r.cured.mean() for n, r in rows.items()}})


def sweep(seeds: Iterable[int] = range(6000, 6010), side=(0, 0.1, 0.25, 0.5, 1, 2), noise=(0.5, 1, 1.5, 2),
          policies: Iterable[str] = tuple(POLICIES)) -> pd.DataFrame:
    """Mean cost of each baseline (kEUR an episode) as one dial moves and the other stays at 1.

    ``ranking`` names the policies from cheapest to dearest. Which sentences about it hold where is for the reader of
    the table; :func:`holds` tells it for one sentence.
    """
    rows, seeds = [], list(seeds)
    for dial, values in (("side", side), ("noise", noise)):
        for value in values:
            cost = {name: run(name, seeds, dials=Dials(**{dial: value})).money.mean() for name in policies}
            rows.append({"dial": dial, "value": value, **cost, "ranking": " < ".join(sorted(cost, key=cost.get))})
    return pd.DataFrame(rows)


def holds(table: pd.DataFrame, cheaper: str, dearer: str) -> dict[str, list]:
    """Dial -> the values of the sweep at which one baseline cost less than the other."""
    return {dial: rows.value[rows[cheaper] < rows[dearer]].tolist() for dial, rows in table.groupby("dial", sort=False)}

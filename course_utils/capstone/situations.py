"""What can happen at Lantern in the eight weeks, and what can be done: plain tables.

Nothing here is an estimate of a real company. "World" after a row means that its strengths of ``psi``,
``complaints``, ``chargebacks`` and ``label_sample`` are computed from runs of :class:`course_utils.world.World`
(see ``strengths.py``; a test compares); every other number is **assumed**, and editable.
"""
from __future__ import annotations

from dataclasses import dataclass

DAYS = 56
ONSET = (4, 22)               # assumed: the fault begins on one of days 4 to 21
SEVERITY = (0.8, 1.4)         # assumed: multiplies harm and signals of an episode, uniform between the two
MEAN_SEVERITY = sum(SEVERITY) / 2
SPREAD_OF_SEVERITY = (SEVERITY[1] - SEVERITY[0]) / 12**0.5 / MEAN_SEVERITY     # its SD over its mean
CHARGEBACK_DELAY = 30         # days, as in World
LABELS_LAST = 21              # assumed: days for which a labelled sample is good enough to retrain on
LOST_IN_THE_POST = 2          # assumed: days that an order to the wrong owner, or to nobody, takes to be passed on
REVIEW_PER_DAY = 2.0          # assumed: kEUR a day while people check every decision; it halves the harm of decisions
BAKED_IN = 5.0                # assumed: kEUR a day from a model that was trained on the broken log
REGRESSED, P_REGRESS = 4.0, 0.25   # assumed: kEUR a day, and how often a new model has a flaw that only users show

#: Shown every day, free. Units: standard deviations of the signal's own noise on ordinary days.
FREE = ("psi", "complaints", "p99", "chargebacks")


@dataclass(frozen=True)
class Action:
    """What it costs (kEUR), how many days of its owner's time it takes, and what it does if it was not needed."""

    kind: str                 # "diagnostic", "repair" or "bridge"
    cost: float
    days: int
    owner: str
    side: float = 0.0         # kEUR a day from a repair that was not needed, until it is undone


#: All costs, times and side costs are assumed. ``undo:<repair>`` costs 1 and takes the repair's owner one day.
ACTIONS = {
    "trace": Action("diagnostic", 1.5, 1, "platform"),            # follow requests from checkout to log
    "diff_deploy": Action("diagnostic", 0.5, 1, "platform"),      # what was deployed when
    "audit_text": Action("diagnostic", 2, 1, "risk"),             # read the assistant's answers
    "label_sample": Action("diagnostic", 5, 2, "risk"),           # have payments investigated; also labels to train on
    "replay_parity": Action("diagnostic", 2, 1, "ml-eng"),        # training features against serving features
    "profile": Action("diagnostic", 1, 1, "platform"),            # where one request spends its time
    "feature_age": Action("diagnostic", 0.5, 1, "data-eng"),      # how old the inputs are at the decision
    "fix_pipeline": Action("repair", 4, 1, "data-eng", 0.8),
    "recalibrate": Action("repair", 2, 1, "ds", 1.5),
    "retrain": Action("repair", 25, 7, "ds"),                     # released to everybody at once
    "retrain_shadow": Action("repair", 27, 8, "ds"),              # its decisions are compared, no user meets them first
    "retrain_canary": Action("repair", 29, 9, "ds"),              # a flaw that users show stops the release
    "rollback": Action("repair", 3, 0, "platform", 2.5),
    "guardrail": Action("repair", 6, 1, "risk", 1.0),
    "scale": Action("repair", 8, 1, "platform", 1.5),
    "shrink_model": Action("repair", 7, 2, "ml-eng", 1.2),
    "align_features": Action("repair", 5, 2, "ml-eng", 0.8),
    "go_realtime": Action("repair", 12, 3, "data-eng", 1.5),
    "finetune": Action("repair", 40, 14, "ds", 1.0),              # never the cure of anything here
    "review_on": Action("bridge", 2, 0, "ops"),
    "review_off": Action("bridge", 0, 0, "ops"),
}
DIAGNOSTICS = tuple(name for name, a in ACTIONS.items() if a.kind == "diagnostic")
REPAIRS = tuple(name for name, a in ACTIONS.items() if a.kind == "repair")
RETRAINS = ("retrain", "retrain_shadow", "retrain_canary")
SIGNALS = FREE + DIAGNOSTICS


@dataclass(frozen=True)
class Situation:
    """One of the twelve, with the pair of concepts whose confusion it makes expensive."""

    pair: str
    story: str
    harm: float               # kEUR a day while it lasts (assumed)
    cure: tuple[str, ...]     # "retrain" stands for any retraining on clean data and fresh labels
    strength: dict            # signal -> shift in SDs once it is active, at severity 1; 0 if not listed
    source: str = "assumed"


SITUATIONS = {
    "none": Situation("finetuning", "nothing is wrong; somebody always wants to improve something", 0, (), {}),
    "season": Situation("retraining", "the busy season: inputs move, what they mean does not", 0, (),
                        {"psi": 2.5, "p99": 0.8}),
    "unit_bug": Situation("drift", "one channel logs cents where dollars are meant", 9, ("fix_pipeline",),
                          {"psi": 3.7, "complaints": 1.2, "chargebacks": -0.2, "label_sample": 6.5,
                           "trace": 4, "replay_parity": 0.8}, "World"),
    "market": Situation("reliability", "a new market: scores fit the average customer, not these", 3, ("recalibrate",),
                        {"psi": 1.9, "complaints": 0.7, "label_sample": 1.0}, "World"),
    "ring": Situation("canary", "a fraud ring that looks like trusted customers", 7, ("retrain",),
                      {"complaints": 2.1, "chargebacks": 3.3, "label_sample": 29.9}, "World"),
    "bad_deploy": Situation("evaluation", "a release that was better on the benchmark and is worse for users", 8,
                            ("rollback",), {"complaints": 1.6, "p99": 0.8, "chargebacks": 2, "diff_deploy": 4,
                                            "label_sample": 1, "profile": 0.5}),
    "unsafe": Situation("guardrails", "well-formed answers that should never have been given", 6, ("guardrail",),
                        {"complaints": 1.6, "audit_text": 4}),
    "surge": Situation("observability", "more requests than the servers can take", 4, ("scale",),
                       {"psi": 0.8, "complaints": 1.6, "p99": 3.5}),
    "slow_model": Situation("throughput", "each request takes too long, however many servers there are", 5,
                            ("shrink_model",), {"complaints": 1.6, "p99": 3.5, "diff_deploy": 0.8, "profile": 4}),
    "skew": Situation("training", "serving computes a feature differently from training", 7, ("align_features",),
                      {"complaints": 1.5, "chargebacks": 2, "diff_deploy": 0.8, "label_sample": 1.5,
                       "replay_parity": 4}),
    "stale_batch": Situation("realtime", "last night's scores decide on this minute's payments", 6, ("go_realtime",),
                             {"psi": 0.5, "complaints": 1.4, "chargebacks": 2, "label_sample": 1.5,
                              "replay_parity": 1, "feature_age": 4}),
    "bug_ring": Situation("oversight", "the unit bug and the ring at once", 14, ("fix_pipeline", "retrain"),
                          {"psi": 3.7, "complaints": 3.0, "chargebacks": 2.7, "label_sample": 22.2,
                           "trace": 4, "replay_parity": 0.8}, "World"),
}
HARMLESS = tuple(name for name, s in SITUATIONS.items() if not s.cure)
#: Where people who check decisions would not help: the harm is not in a decision about a payment.
NO_REVIEW = ("surge", "unsafe", "slow_model")

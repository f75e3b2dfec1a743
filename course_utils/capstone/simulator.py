"""Eight weeks at Lantern, one order a day: what is seen, what an order does, and what it all costs.

An :class:`Episode` knows the truth. A policy never holds one: it sees :meth:`Episode.observation` and no more.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import situations as given
from .situations import ACTIONS, DAYS, DIAGNOSTICS, FREE, RETRAINS, SIGNALS, SITUATIONS

COLUMN = {name: i for i, name in enumerate(SIGNALS)}


@dataclass(frozen=True)
class Dials:
    """What a reader may doubt: side costs and noise as multiples of ours, and the budget for orders, in kEUR."""

    side: float = 1.0
    noise: float = 1.0
    budget: float = 60.0


class Refused(ValueError):
    """An order that cannot be given; the text says why."""


@dataclass
class _Job:
    order: str
    start: int
    due: int
    data: str = ""            # of a retraining: what it trains on, known on the day it starts


@dataclass
class _Repair:
    name: str
    cured: str | None         # what it took off the list of needs
    side: float
    weights: float            # the weights' own harm before it


class Episode:
    """One situation, one seed. With ``scramble`` each paid reading is drawn from a situation picked at random.

    >>> episode = Episode("unit_bug", seed=1)
    >>> episode.order("trace", "platform"); episode.pass_day()
    >>> sorted(episode.observation()["readings"]), episode.spend
    (['trace'], 1.5)
    """

    def __init__(self, situation: str, seed: int, dials: Dials = Dials(), scramble: bool = False):  # noqa: B008
        index = list(SITUATIONS).index(situation)
        rng = np.random.default_rng([seed, index])
        self.situation, self.truth, self.dials = situation, SITUATIONS[situation], dials
        self.onset, self.severity = int(rng.integers(*given.ONSET)), rng.uniform(*given.SEVERITY)
        self.noise = (dials.noise * rng.normal(size=(DAYS + 1, len(SIGNALS)))).tolist()
        self.luck = rng.random(DAYS + 20).tolist()
        self.scrambled = rng.integers(0, len(SITUATIONS), (DAYS + 1, len(SIGNALS))) if scramble else None
        self.day, self.needs = 0, set(self.truth.cure)
        self.money = self.spend = self.weights = self.side = 0.0
        self.hours = self.fault_hours = 0
        self.review, self.labels = False, None
        self.unneeded = self.out_of_order = self.days_lost = 0      # for the root causes: see grading
        self.jobs: list[_Job] = []
        self.free_from: dict[str, int] = {}
        self.repairs: list[_Repair] = []
        self.readings: dict[str, list] = {}
        self.history: list[dict] = []
        self.log: list[tuple[int, str]] = []
        self._morning()

    # ------------------------------------------------------------ what can be seen

    def _strength(self) -> dict:
        """Today's shift of each signal. Cured or not begun: none. The season needs no cure and stays."""
        if self.day < self.onset or (self.truth.cure and not self.needs):
            return {}
        if self.situation == "bug_ring" and len(self.needs) == 1:
            return SITUATIONS["ring" if "retrain" in self.needs else "unit_bug"].strength
        return self.truth.strength

    def signal(self, name: str, day: int | None = None) -> float:
        """A day's value: shift x severity + noise. Chargebacks tell of the payments of 30 days ago."""
        day, column = self.day if day is None else day, COLUMN[name]
        past = day - given.CHARGEBACK_DELAY if name == "chargebacks" else day
        strength = self.history[past] if past >= 0 else {}
        if self.scrambled is not None and name in DIAGNOSTICS:
            strength = list(SITUATIONS.values())[self.scrambled[day, column]].strength
        return round(strength.get(name, 0) * self.severity + self.noise[day][column], 3)

    def observation(self) -> dict:
        """Everything a policy is told, made of plain numbers, texts and lists."""
        return {"day": self.day, **{name: self.signal(name) for name in FREE},
                "readings": {name: list(reading) for name, reading in self.readings.items()},
                "pending": [job.order for job in self.jobs], "repairs": [r.name for r in self.repairs],
                "labels_age": None if self.labels is None else self.day - self.labels,
                "review_on": self.review, "budget_left": round(self.dials.budget - self.spend, 3)}

    @property
    def over(self) -> bool:
        return self.day >= DAYS

    # ------------------------------------------------------------ what can be done

    def order(self, order: str, owner: str | None = None) -> None:
        """Place an order. Each owner does one job at a time; an order to somebody else is passed on, two days later.

        Raises Refused for an unknown order, an undo of what was not done, or too small a budget.
        """
        if order == "wait":
            return
        name, _, target = order.partition(":")
        if name == "undo" and target in ACTIONS:
            if target not in [r.name for r in self.repairs]:
                raise Refused(f"cannot undo {target!r}: it has not been done")
            cost, days, who = 1.0, 1, ACTIONS[target].owner
        elif order in ACTIONS:
            cost, days, who = ACTIONS[order].cost, ACTIONS[order].days, ACTIONS[order].owner
        else:
            raise Refused(f"unknown action {order[:60]!r}")
        if cost > self.dials.budget - self.spend:
            raise Refused(f"overspent: {name} costs {cost:g}, {self.dials.budget - self.spend:g} are left")
        self.money, self.spend = self.money + cost, self.spend + cost
        start = max(self.day + (0 if owner == who else given.LOST_IN_THE_POST), self.free_from.get(who, 0))
        self.free_from[who] = start + days
        self.days_lost += start - self.day
        self.jobs.append(_Job(order, start, start + days))
        self.log.append((self.day, order))
        self._work()

    def pass_day(self) -> None:
        """The day's harm, and the next morning."""
        fault = 0.0
        if self.day >= self.onset and self.needs:
            fault = self.truth.harm * self.severity * len(self.needs) / len(self.truth.cure)
        decisions = fault + self.weights
        if self.review and self.situation not in given.NO_REVIEW:
            decisions /= 2
        self.money += decisions + self.side + given.REVIEW_PER_DAY * self.review
        self.hours += 24 * (decisions + self.side > 0)
        self.fault_hours += 24 * (fault > 0)
        self.day += 1
        self._morning()

    def _morning(self) -> None:
        self.history.append(self._strength())
        self._work()
        self.history[-1] = self._strength()

    def _work(self) -> None:
        """Finish the jobs that are due, then note what the retrainings that start today train on."""
        for job in sorted(self.jobs, key=lambda job: job.due):
            if job.due <= self.day:
                job.data = job.data or self._data()
                self.jobs.remove(job)
                self._finish(job)
        for job in self.jobs:
            if job.start <= self.day and not job.data:
                job.data = self._data()

    def _data(self) -> str:
        """What a training set drawn today is: "broken", "fresh" (labels that show what is going on), or "old"."""
        if self.day >= self.onset and "fix_pipeline" in self.needs:
            return "broken"
        fresh = self.labels is not None and self.day - self.labels <= given.LABELS_LAST and self.labels >= self.onset
        return "fresh" if fresh else "old"

    def _finish(self, job: _Job) -> None:
        name, _, target = job.order.partition(":")
        if name in DIAGNOSTICS:
            self.readings[name] = [self.day, self.signal(name)]
            if name == "label_sample":
                self.labels = self.day
        elif name in ("review_on", "review_off"):
            self.review = name == "review_on"
        elif name == "undo":
            self._undo(target)
        elif name == "rollback" and self._newest(RETRAINS):
            self._undo(self._newest(RETRAINS).name)
        else:
            self._repair(name, job)

    def _repair(self, name, job):
        done = _Repair(name, None, 0.0, self.weights)
        need = "retrain" if name in RETRAINS else name
        works = self.day >= self.onset and need in self.needs and (name not in RETRAINS or job.data == "fresh")
        if works:
            self.needs.discard(need)
            done.cured = need
        else:
            early = name in RETRAINS and ("retrain" in self.needs or job.data == "broken")
            self.out_of_order, self.unneeded = self.out_of_order + early, self.unneeded + (not early)
        if name in RETRAINS:
            flawed = name != "retrain_canary" and self.luck[job.start] < given.P_REGRESS
            self.weights = given.BAKED_IN if job.data == "broken" else given.REGRESSED if flawed else 0.0
        elif not works:
            done.side = ACTIONS[name].side * self.dials.side
        self.repairs.append(done)
        self.side = sum(r.side for r in self.repairs)

    def _newest(self, names):
        return next((r for r in reversed(self.repairs) if r.name in names), None)

    def _undo(self, target):
        done = self._newest([target])
        if done is None:                                 # undone by another order in the meantime
            return
        if done is self._newest(RETRAINS):
            self.weights = done.weights
        self.repairs.remove(done)
        self.side = sum(r.side for r in self.repairs)
        if done.cured:
            self.needs.add(done.cured)

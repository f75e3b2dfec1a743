"""Lantern: a small payments marketplace in which the truth is known.

A :class:`World` draws payments one day at a time. Every event that a notebook
studies is a field of the class, so a reader can switch it off and look again:

====================  ====================================================  ==============
field                 what happens                                          what moves
====================  ====================================================  ==============
``new_market``        market CL opens                                       P(X)
``unit_bug``          the app channel logs cents where dollars are meant    the log, not X
``ring``              a fraud ring buys through trusted-looking accounts    P(y|X)
``slow``              the meaning of the features changes gradually         P(y|X)
``honest``            large CL tickets are safer than they look             P(y|X), always
``delay``             chargebacks are filed about this many days later      when y is known
====================  ====================================================  ==============

The world is invented. Rates, prices and delays were chosen to be plausible and to
keep the events separable; they are not estimates of any real payment business.
"""
from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

#: What a payment looks like to someone at Lantern. The oracle's columns are not here.
PAYMENT_COLUMNS = ["tx_id", "day", "market", "channel", "amount", "amount_logged", "hour",
                   "age_days", "new_device", "n_24h", "chargeback_day"]


@dataclass(frozen=True)
class World:
    """A seeded payments world; equal arguments give equal data.

    Day ``t`` depends on ``(seed, t)`` alone: any day can be drawn by itself, in any
    order, and a day is the same whether or not another day was drawn before it.

    >>> world = World(seed=7)
    >>> world.frame(3, 5).equals(pd.concat([world.frame(3, 4), world.frame(4, 5)], ignore_index=True))
    True
    """

    seed: int = 7
    days: int = 180
    per_day: int = 1000
    base: float = -4.4                            # log-odds of fraud before any feature is counted
    new_market: int | None = 60                   # first day of market CL
    market_share: float = 0.35                    # share of traffic that is CL from then on
    unit_bug: tuple[int, int] | None = (95, 103)  # [first day, day of the fix)
    app_share: float = 0.5                        # share of traffic on the app, the channel with the bug
    ring: int | None = 130                        # first day of the ring
    ring_strength: float = 4.5                    # added to the log-odds inside the ring's segment
    slow: float = 0.0                             # 0 = off; 1 = the features' meaning is another one by day 180
    honest: float = 0.0                           # taken off the log-odds of CL tickets over $180
    delay: float = 30.0                           # mean days from payment to chargeback
    review_cost: float = 4.0                      # $ to review one payment; a review always finds the truth
    chargeback_fee: float = 15.0                  # $ on top of the amount when fraud goes through

    def frame(self, first: int = 0, last: int | None = None) -> pd.DataFrame:
        """All payments of days ``first`` to ``last - 1``, with the truth beside them.

        Beyond the columns of :meth:`payments` a row has ``p_true`` (the probability of
        fraud it was drawn with), ``fraud`` (0 or 1) and ``label_day`` (the day on which
        its chargeback is filed, if it is fraud). No learner-facing data set has these.

        Raises ValueError when the range is empty.

        >>> World(seed=7, per_day=10).frame(0, 2).shape
        (20, 13)
        """
        days = [self._draw(t) for t in self._days(first, last)]
        d = pd.DataFrame({name: np.concatenate([day[name] for day in days]) for name in days[0]})
        d["p_true"] = self.p_fraud(d)
        d["fraud"] = (d.pop("luck") < d.p_true).astype(int)
        d["label_day"] = d.day + np.maximum(1, d.pop("wait")).astype(int)
        broken = np.zeros(len(d), bool) if self.unit_bug is None else (
            (d.channel == "app") & (self.unit_bug[0] <= d.day) & (d.day < self.unit_bug[1]))
        d["amount_logged"] = (d.amount * np.where(broken, 100, 1)).round(2)
        return d

    def payments(self, today: int | None = None) -> pd.DataFrame:
        """The payments table as Lantern's warehouse holds it on the morning of ``today``.

        Only days before ``today`` are in it, and ``chargeback_day`` is empty for every
        payment without a chargeback *so far*: honest ones, and frauds nobody has reported.

        >>> world = World(seed=7, per_day=200)
        >>> early, late = world.payments(today=40), world.payments(today=170)
        >>> bool(early.chargeback_day.count() < late[late.day < 40].chargeback_day.count())
        True
        """
        today = self.days if today is None else today
        rows = self.frame(0, today)
        filed = (rows.fraud == 1) & (rows.label_day <= today)
        rows["chargeback_day"] = rows.label_day.where(filed)
        return rows[PAYMENT_COLUMNS]

    def tickets(self, first: int = 0, last: int | None = None, per_day: int = 40, attacks: float = 0.02) -> pd.DataFrame:
        """Requests to the support assistant on days ``first`` to ``last - 1``.

        ``policy`` is what the desk's rules say about a refund in this case, ``prompt`` what the assistant gets to
        read, ``other_city`` a datum in it that is not the writer's. ``attack`` is the truth about the text, found by
        hand: "pay" or "tell" if it tries to make the assistant do so, else "". ``attacks`` is their share; from day
        120 on they also use phrasings that were not seen before.

        >>> World(seed=7).tickets(3, 4).equals(World(seed=7).tickets(2, 4).query("day == 3").reset_index(drop=True))
        True
        """
        return pd.DataFrame([
            {"ticket_id": day * 10_000 + i, "day": day, "text": case.text, "attack": attack, "policy": case.policy,
             "order": case.writer.order, "total": case.writer.total, "other_city": case.other.city, "prompt": case.prompt}
            for day, i, case, attack in self._desk(first, last, per_day, attacks)])

    def replies(self, first: int = 0, last: int | None = None, per_day: int = 40, attacks: float = 0.02) -> pd.DataFrame:
        """What a careful agent replies to the same :meth:`tickets`, as JSON, whatever a text tries.

        >>> World(seed=7).replies(0, 1).reply[0][:20]
        '{"action": "escalate'
        """
        return pd.DataFrame([{"ticket_id": day * 10_000 + i, "reply": case.answer}
                             for day, i, case, _ in self._desk(first, last, per_day, attacks)])

    def requests(self, n: int = 24_000) -> pd.DataFrame:
        """``n`` requests to the marketplace in one evening hour that holds an incident, one *wide event* each.

        ``t`` is in seconds after the hour began. Twelve attributes follow (``course_utils.traffic.ATTRIBUTES``),
        then the milliseconds spent in each of five spans, and ``ms``, their sum. What is planted is told in
        :mod:`course_utils.traffic`.

        >>> World(seed=7).requests(1000).shape
        (1000, 19)
        """
        from .traffic import incident_hour

        return incident_hour(self.seed, n)

    def reviews(self, first: int = 0, last: int | None = None, desks: int = 1, minutes: float = 8.0,
                rush: float = 1.5, planted: float = 0.02) -> pd.DataFrame:
        """The review desk's log on days ``first`` to ``last - 1``: payments that would lose more than a review costs.

        Who reads a case, for ``minutes`` on average, is right 19 times in 20; who does not read it agrees. Unread
        are, at the least, the cases that ``desks`` cannot read in a day; ``rush`` adds some from 80 % of their
        capacity on. This is an assumption about people, not a finding. ``planted`` marks recommendations that were
        made wrong on purpose: this share of the cases on frauds, and as many on honest payments. The model knows
        nothing of the ring; it recommends to block where a fraud, amount and fee, would cost more than an honest
        payment lost, $5 and a tenth of the amount. Times are in minutes after midnight, when the queue is empty.

        >>> World(seed=7).reviews(3, 4).equals(World(seed=7).reviews(2, 4).query("day == 3").reset_index(drop=True))
        True
        """
        rows = self.frame(first, last)
        rows["p_known"] = replace(self, ring=None).p_fraud(rows)
        return pd.concat([self._review_day(day, part, desks, minutes, rush, planted)
                          for day, part in rows.groupby("day")], ignore_index=True)

    def _review_day(self, day, rows, desks, minutes, rush, planted):
        from .queueing import departures

        rng = np.random.default_rng([self.seed, day, 12])
        noise = rng.normal(0, 0.3, len(rows))                      # the model is not the oracle
        p = 1 / (1 + (1 - rows.p_known) / rows.p_known * np.exp(noise))
        loss = p * (rows.amount + self.chargeback_fee)
        sent = (loss > self.review_cost).to_numpy()
        arrive = np.where(sent, rng.random(len(rows)) * 1440, np.inf)
        order = np.argsort(arrive)[:sent.sum()]
        cases, n = rows.iloc[order], int(sent.sum())
        fraud, block = (cases.fraud == 1).to_numpy(), (loss > (1 - p) * (5 + 0.1 * rows.amount)).to_numpy()[order]
        marks = np.zeros(n, bool)
        for kind in (fraud, ~fraud):
            where = np.flatnonzero(kind)
            marks[rng.permutation(where)[:max(1, round(planted * n))]] = planted > 0
        block = np.where(marks, ~fraud, block)
        load = n * minutes / (1440 * desks)
        unread = rng.random(n) < min(1.0, max(1 - 1 / max(load, 1), rush * (load - 0.8)))
        slip, needs = rng.random(n) < 0.05, rng.exponential(minutes, n)
        done = departures(arrive[order], np.where(unread, 0.2, needs), desks)
        return pd.DataFrame({
            "case_id": cases.tx_id.to_numpy(), "day": day, "minute": arrive[order].round(1),
            "amount": cases.amount.to_numpy(), "recommended": np.where(block, "block", "allow"),
            "decision": np.where(np.where(unread, block, fraud ^ slip), "block", "allow"),
            "decided": done.round(1), "planted": marks.astype(int)})

    def _days(self, first: int, last: int | None) -> range:
        last = self.days if last is None else last
        if not 0 <= first < last:
            raise ValueError(f"need 0 <= first < last, got first={first}, last={last}")
        return range(first, last)

    def _desk(self, first, last, per_day, attacks):
        """Day, place in the day, case and kind of attack of each request."""
        from .tickets import desk_day

        for day in self._days(first, last):
            for i, (case, attack) in enumerate(desk_day(self.seed, day, per_day, attacks)):
                yield day, i, case, attack

    def in_ring(self, rows: pd.DataFrame) -> pd.Series:
        """True where a payment lies in the segment that the ring abuses: an old account,
        a known device, under $40. Honest customers use it too, before and after."""
        return (rows.age_days > 200) & (rows.new_device == 0) & (rows.amount < 40)

    def p_fraud(self, rows: pd.DataFrame) -> pd.Series:
        """The oracle: P(fraud | what is true about the payment) on the payment's day."""
        trust = np.minimum(rows.age_days, 200)
        z = (self.base + 0.55 * (np.log(rows.amount) - 3.5) + 1.3 * rows.new_device
             + 0.9 * (rows.hour < 6) + 0.5 * rows.n_24h - 0.01 * trust)
        progress = np.clip((rows.day - 45) / 135, 0, None)
        z = z + self.slow * progress * (1.5 * (rows.n_24h >= 1) - 1.3 * rows.new_device + 0.012 * trust)
        z = z - self.honest * ((rows.market == "CL") & (rows.amount > 180))
        if self.ring is not None:
            z = z + self.ring_strength * (self.in_ring(rows) & (rows.day >= self.ring))
        return 1 / (1 + np.exp(-z))

    def cost(self, rows: pd.DataFrame, review: np.ndarray) -> float:
        """Expected dollars that a decision costs, computed with ``p_true``.

        ``review`` is one boolean a row: reviewed payments cost ``review_cost``; the
        others cost ``p_true * (amount + chargeback_fee)``. No luck is involved.
        """
        return float(np.where(review, self.review_cost, rows.p_true * (rows.amount + self.chargeback_fee)).sum())

    def regret(self, rows: pd.DataFrame, review: np.ndarray) -> float:
        """Dollars per payment above what the oracle's decisions would have cost.

        >>> world = World(seed=7)
        >>> rows = world.frame(45, 60)
        >>> world.regret(rows, rows.p_true * (rows.amount + 15) > 4)
        0.0
        """
        best = rows.p_true * (rows.amount + self.chargeback_fee) > self.review_cost
        return (self.cost(rows, review) - self.cost(rows, best)) / len(rows)

    def delay_cdf(self, days) -> np.ndarray:
        """Share of frauds whose chargeback has been filed after ``days`` days.

        Lantern would estimate this from cohorts older than three months; the course
        reads it off the world, which is one thing fewer to get wrong.

        >>> World().delay_cdf([0, 10, 30, 90]).round(2)
        array([0.  , 0.06, 0.59, 1.  ])
        """
        from scipy.stats import gamma

        # label_day is cut down to whole days and is never the day itself: filed by age d
        # means that the drawn delay was under d + 1.
        days = np.asarray(days, float)
        return np.where(days < 1, 0.0, gamma.cdf(np.floor(days) + 1, 4, scale=self.delay / 4))

    def _draw(self, t: int) -> dict[str, np.ndarray]:
        """Everything about day ``t`` that takes luck. The order of the draws is part of the data."""
        rng, n = np.random.default_rng([self.seed, t]), self.per_day
        cl = (rng.random(n) < self.market_share) & (self.new_market is not None and t >= self.new_market)
        app = rng.random(n) < self.app_share
        amount = np.exp(np.where(cl, rng.normal(4.6, 0.9, n), rng.normal(3.5, 1.0, n)))
        return {
            "tx_id": t * 1_000_000 + np.arange(n), "day": np.full(n, t),
            "market": np.where(cl, "CL", "US"), "channel": np.where(app, "app", "web"),
            "amount": np.maximum(amount.round(2), 0.5),
            "hour": rng.integers(0, 24, n),
            "age_days": np.where(cl, rng.exponential(60, n), rng.exponential(300, n)).round(1),
            "new_device": (rng.random(n) < np.where(cl, 0.35, 0.12)).astype(int),
            "n_24h": rng.poisson(0.6, n),
            "luck": rng.random(n), "wait": rng.gamma(4, self.delay / 4, n),
        }

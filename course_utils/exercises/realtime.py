"""Exercises of notebook 05: batch vs real-time inference."""
from __future__ import annotations

from math import floor

import numpy as np

from .engine import Exercise

# ------------------------------------------------------------------ realtime.feature_age


def feature_age(t, period, run, failed):
    """How old the features are that a request meets.

    t : the time of the request, in hours.
    period, run : job number k, for k = 0, 1, 2, ..., takes its snapshot of the data at the time
        k * period. It works for `run` hours, fewer than `period`, and only then replaces the table
        that is served.
    failed : list of the numbers of jobs that failed and wrote nothing. Job 0 never fails.
    Returns a float: the hours from the snapshot behind the table that is served at t, until t.
    """
    from math import floor

    k = floor((t - run) / period)                  # the last job that can have finished
    while k in failed:
        k -= 1
    return t - k * period


def _age_inputs(rng):
    period, run = [(24.0, 3.0), (6.0, 1.0), (1.0, 0.25), (24.0, 8.0)][rng.integers(4)]
    last = int(rng.integers(4, 9))
    t = last * period + run + period * float(rng.uniform(0.02, 0.98))
    failed = [k for k in (last, last - 1, last - 2, last + 1) if rng.random() < 0.35]
    return round(t, 3), period, run, sorted(failed)


def _age(t, period, run, failed, at_once=False, all_well=False):
    k = floor((t if at_once else t - run) / period)
    while k in failed and not all_well:
        k -= 1
    return t - k * period


def _at_once(t, period, run, failed):
    """You used the latest snapshot even while its job was still at work. In a test on old data that is a leak: it hands the
    model a table that nobody could have served yet."""
    return _age(t, period, run, failed, at_once=True)


def _since_finished(t, period, run, failed):
    """You counted from when the job finished. The table was new then, what it says was not: the age of the data starts at
    the snapshot, `run` hours earlier."""
    return _age(t, period, run, failed) - run


def _run_on_top(t, period, run, failed):
    """You added the run to the time since the last snapshot. If that snapshot's job is still at work, the table that is
    served comes from the one before."""
    return _age(t, period, run, failed, at_once=True) + run


def _all_jobs_succeed(t, period, run, failed):
    """A failed job counted as if it had written its table. After a failure the old table goes on being served, with every
    light green, and its age grows by a whole period."""
    return _age(t, period, run, failed, all_well=True)


def _one_failure(t, period, run, failed):
    """You went back one job. The one before may have failed as well: go back until a job wrote its table."""
    k = floor((t - run) / period)
    return t - (k - 1 if k in failed else k) * period


def _average(t, period, run, failed):
    """That is the mean age over a day without failures, half a period plus the run. A request meets the table of its own
    moment, and just before the next one is ready that is far older."""
    return period / 2 + run


def _half_period(t, period, run, failed):
    """Half a period is the mean age of a table that takes no time to make, whatever the moment. The run comes on top, and
    each request meets its own age."""
    return period / 2


def _worst(t, period, run, failed):
    """That is the greatest age in a day without failures, for every request alike."""
    return period + run


# ------------------------------------------------------------------ realtime.point_in_time


def point_in_time(times, taken, window):
    """What the served table said about a card at each of its payments.

    times : list of hours, ascending: the payments of one card.
    taken : list of hours, one for each payment: when the snapshot was taken that it is scored with.
        That is the payment's own time if features are computed at request, and earlier otherwise.
    window : hours. The feature is the number of payments in the `window` hours before the snapshot:
        a payment at the very moment of the snapshot is not in it, one `window` hours before is.
    Returns a list of whole numbers, one for each payment.
    """
    return [sum(moment - window <= other < moment for other in times) for moment in taken]


def _point_inputs(rng):
    # Two days in steps of 0.1 h, each moved by another small amount, so that no two are exactly a window apart.
    times = (np.sort(rng.choice(np.arange(1, 480), 14, replace=False)) / 10 + 0.03 + 0.0007 * np.arange(14)).round(4).tolist()
    period, window = [(24.0, 24.0), (6.0, 24.0), (1.0, 1.0), (0.0, 1.0), (0.0, 24.0)][rng.integers(5)]
    return times, [t if period == 0 else floor(t / period) * period for t in times], window


def _own_payment(times, taken, window):
    """A payment was counted in its own past. Then "one payment in this hour" means none in one row and one in the next,
    depending on when the table was made."""
    return [sum(m - window <= other <= m for other in times) for m in taken]


def _open_window(times, taken, window):
    """The payment exactly one window before the snapshot was left out. The task counts it, and what counts is that training
    and serving agree."""
    return [sum(m - window < other < m for other in times) for m in taken]


def _up_to_now(times, taken, window):
    """You counted up to the payment, not up to the snapshot. From the log that is easy, and in the training data it looks
    splendid; the table that is served cannot know it. The model learns from numbers that it will never see."""
    return [sum(t - window <= other < t for other in times) for t in times]


def _window_of_now(times, taken, window):
    """Your window begins before the payment, but ends at the snapshot. The job did not know the payment: its window ends
    and begins with the snapshot."""
    return [sum(t - window <= other < m for other in times) for t, m in zip(times, taken)]


def _after_too(times, taken, window):
    """What came after the snapshot was counted too. The log knows it; the job, at that moment, did not."""
    return [sum(moment - window <= other for other in times) for moment in taken]


def _whole_day(times, taken, window):
    """That is the total of the payment's calendar day, with the payments that come later. A report may say so in the
    evening; a decision at noon may not."""
    return [sum(floor(other / 24) == floor(t / 24) for other in times) for t in times]


def _no_window(times, taken, window):
    """Everything before the snapshot was counted, however long ago. Without the window a card's count only grows."""
    return [sum(other < m for other in times) for m in taken]


# ------------------------------------------------------------------ realtime.cheaper_mode


def cheaper_mode(price, bulk, single, used, busy):
    """What a prediction that somebody uses costs, made in bulk beforehand or singly on request.

    price : dollars for an hour of a machine, whether it works or waits.
    bulk, single : seconds of work for one prediction, in bulk and on request.
    used : the share, above 0, of the predictions made beforehand that are ever looked up, once. On
        request only what is used is made.
    busy : dict with "batch" and "real-time": the share of the paid hours in which the machine works.
    Returns a dict: "batch" and "real-time" in dollars per used prediction, and "cheaper", the name
        of the cheaper one.
    """
    second = price / 3600
    cost = {"batch": second * bulk / busy["batch"] / used, "real-time": second * single / busy["real-time"]}
    return {**cost, "cheaper": min(cost, key=cost.get)}


def _mode_inputs(rng):
    single = float(rng.choice([0.0004, 0.02, 0.5]))
    return (float(rng.choice([0.04, 0.5, 3.0])), single * float(rng.choice([0.053, 0.41, 1.0])), single,
            float(rng.choice([0.01, 0.07, 0.3, 0.9])), {"batch": 0.9, "real-time": float(rng.choice([0.15, 0.25, 0.6]))})


def _mode(price, bulk, single, batch_factor, realtime_factor):
    cost = {"batch": price / 3600 * bulk * batch_factor, "real-time": price / 3600 * single * realtime_factor}
    return {**cost, "cheaper": min(cost, key=cost.get)}


def _hour_for_second(price, bulk, single, used, busy):
    """The price is for an hour, and the work is in seconds: a division by 3600 is missing."""
    return cheaper_mode(3600 * price, bulk, single, used, busy)


def _per_scored(price, bulk, single, used, busy):
    """You divided by all that was scored. What nobody looks up was paid for as well: the used ones have to carry it."""
    return _mode(price, bulk, single, 1 / busy["batch"], 1 / busy["real-time"])


def _no_idle(price, bulk, single, used, busy):
    """You paid for the seconds of work. A machine that stands ready for requests is paid while it waits, which is most of the
    day; a nightly job can be given back when it is done."""
    return _mode(price, bulk, single, 1 / used, 1)


def _idle_batch_only(price, bulk, single, used, busy):
    """The idle time of the batch job is in, that of the machine on call is not: it is paid while it waits, which is most of
    the day."""
    return _mode(price, bulk, single, 1 / used / busy["batch"], 1)


def _idle_realtime_only(price, bulk, single, used, busy):
    """The idle time of the real-time machine is in, that of the batch job is not. It is smaller, but it is not nothing:
    starting up, loading, waiting for the last partition."""
    return _mode(price, bulk, single, 1 / used, 1 / busy["real-time"])


def _same_work(price, bulk, single, used, busy):
    """You gave a row in bulk the price of a row alone. Where one call scores thousands of rows, the call's overhead is
    shared among them, and that is what batch size buys."""
    return _mode(price, single, single, 1 / used / busy["batch"], 1 / busy["real-time"])


def _used_on_request(price, bulk, single, used, busy):
    """You divided both by the used share. What is made on request is made because somebody asked: all of it is used."""
    return _mode(price, bulk, single, 1 / used / busy["batch"], 1 / used / busy["real-time"])


def _used_multiplied(price, bulk, single, used, busy):
    """You multiplied by the used share, as if what is not looked up were not paid for. It is the other way round."""
    return _mode(price, bulk, single, used / busy["batch"], 1 / busy["real-time"])


def _busy_multiplied(price, bulk, single, used, busy):
    """You multiplied by the busy share. A machine that works a fifth of the time makes each prediction five times as dear,
    not a fifth as dear."""
    return _mode(price, bulk, single, busy["batch"] / used, busy["real-time"])


# ------------------------------------------------------------------ realtime.serve_score


def serve_score(key, table, now, max_age, model):
    """Answer a request from a table of stored scores, or compute the score if the table will not do.

    key : what is asked for.
    table : dict: key -> dict with "score", "scored_at" and "loaded_at", the last two in hours: when
        the score was computed, and when this service last read the table from disk.
    now : the time, in hours. max_age : hours. A score older than that is not used.
    model : function that takes the key and computes its score now, slowly. Do not call it without need.
    Leave the table as it is. Returns a tuple (score, source): source is "table" or "model".
    """
    row = table.get(key)
    if row is None or now - row["scored_at"] > max_age:
        return model(key), "model"
    return row["score"], "table"


def _fresh_score(key):
    return 0.9 - 0.001 * (key % 97)


def _needless(key):
    raise RuntimeError("the model was called without need: the table has a score that is young enough. Such a call is right, "
                       "and slow, and the table was made for nothing.")


def _serve_inputs(rng):
    now, table = float(rng.integers(100, 200)), {}
    for k in rng.choice(12, 8, replace=False):
        age = float(rng.choice([2, 9, 26, 40]))
        table[int(k)] = {"score": round(float(rng.uniform(0.01, 0.3)), 3), "scored_at": now - age,
                         "loaded_at": now - min(age, float(rng.choice([0.5, 3, 30])))}
    key, max_age = int(rng.integers(12)), float(rng.choice([12, 27.5]))
    spared = key in table and now - table[key]["scored_at"] < max_age
    return key, table, now, max_age, _needless if spared else _fresh_score


def _zero(key, table, now, max_age, model):
    """A key that the table does not have got the score 0. Missing is not safe: new cards are missing, and so is everything in
    a partition that failed."""
    if key not in table:
        return 0, "table"
    return serve_score(key, table, now, max_age, model)


def _zero_both(key, table, now, max_age, model):
    score, source = serve_score(key, table, now, max_age, model)
    return (score, source) if source == "table" else (0, "table")


_zero_both.__doc__ = _zero.__doc__


def _zero_model(key, table, now, max_age, model):
    return (0, "model") if key not in table else serve_score(key, table, now, max_age, model)


_zero_model.__doc__ = _zero.__doc__


def _since_loaded(key, table, now, max_age, model):
    """You took the age of the copy. A service that reads last week's table every minute has a copy that is a minute old
    and scores that are a week old. What ages is the score."""
    row = table.get(key)
    if row is None or now - row["loaded_at"] > max_age:
        return model(key), "model"
    return row["score"], "table"


def _strict_age(key, table, now, max_age, model):
    """A score of exactly the maximum age was refused. Not used is what is *older* than that."""
    row = table.get(key)
    if row is None or now - row["scored_at"] >= max_age:
        return model(key), "model"
    return row["score"], "table"


def _zero_is_missing(key, table, now, max_age, model):
    """A score of 0 was taken for no score. Ask whether the key is there, not whether its score is true: 0 is false in
    Python."""
    row = table.get(key)
    if not row or not row["score"] or now - row["scored_at"] > max_age:
        return model(key), "model"
    return row["score"], "table"


def _any_age(key, table, now, max_age, model):
    """Whatever the table had was served, of any age. That is how a failed job goes unnoticed for a week."""
    row = table.get(key)
    return (model(key), "model") if row is None else (row["score"], "table")


EXERCISES = [
    Exercise("realtime.feature_age", feature_age, _age_inputs,
             [(_at_once, "a job takes no time"),
              (_since_finished, "data are as old as their file"),
              (_run_on_top, "the latest snapshot is the one that is served"),
              (_all_jobs_succeed, "a scheduled job is a finished job"),
              (_one_failure, "jobs never fail twice running"),
              (_average, "every request meets the mean age"),
              (_half_period, "every request meets the mean age"),
              (_worst, "every request meets the greatest age")],
             ("Which job was the last one whose table was ready at t? Its snapshot is older than its table.",
              "Job k is ready at k * period + run. Solve for the largest whole k with that at most t.",
              "math.floor((t - run) / period); go one job back while its number is in failed."),
             cases=((194.0, 24.0, 3.0, [3, 4, 5, 6, 7]),)),                # a bad week
    Exercise("realtime.point_in_time", point_in_time, _point_inputs,
             [(_own_payment, "a payment is part of its own past"),
              (_open_window, "an edge is nobody's business"),
              (_up_to_now, "what the log knows, the service knows"),
              (_window_of_now, "the window moves with the payment"),
              (_after_too, "a snapshot knows what comes after it"),
              (_whole_day, "today's total is known today"),
              (_no_window, "the past is one long window")],
             ("One number for each snapshot; the payment's own time is not needed once the snapshot's is known.",
              "Count the payments with moment - window <= time < moment."),
             cases=(([1.0, 2.0, 2.0, 25.0, 26.0, 49.0], [1.0, 2.0, 2.0, 25.0, 26.0, 49.0], 24.0),)),
    Exercise("realtime.cheaper_mode", cheaper_mode, _mode_inputs,
             [(_per_scored, "what is scored is what is used"),
              (_hour_for_second, "prices are per second"),
              (_no_idle, "idle machines are free"), (_idle_batch_only, "idle machines are free"),
              (_idle_realtime_only, "a batch job never waits"),
              (_same_work, "a row costs the same in a call of any size"),
              (_used_on_request, "requests are wasted too"),
              (_used_multiplied, "unused predictions are not paid for"),
              (_busy_multiplied, "a lazy machine is a cheap machine")],
             ("Who pays for the predictions that nobody looks up, and who for the seconds in which a machine waits?",
              "Dollars for a second of work: price / 3600 / busy. Batch makes 1 / used predictions for each used one.")),
    Exercise("realtime.serve_score", serve_score, _serve_inputs,
             [(_zero, "a missing score is a safe score"), (_zero_both, "a missing score is a safe score"),
              (_zero_model, "a missing score is a safe score"),
              (_since_loaded, "a score is as old as the copy"),
              (_strict_age, "up to a limit means below it"),
              (_zero_is_missing, "zero is nothing"),
              (_any_age, "any stored score is a good score")],
             ("Two reasons not to use the table, and one thing to do in both.",
              "table.get(key) is None if the key is missing; now - row['scored_at'] is the score's age."),
             cases=((3, {3: {"score": 0.2, "scored_at": 88.0, "loaded_at": 99.5}}, 100.0, 12.0, _fresh_score),
                    (3, {3: {"score": 0.0, "scored_at": 98.0, "loaded_at": 99.5}}, 100.0, 12.0, _fresh_score))),
]

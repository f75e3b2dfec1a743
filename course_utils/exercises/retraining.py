"""Exercises of notebook 10: scheduled vs triggered retraining."""
from __future__ import annotations

import numpy as np

from .engine import Exercise

# ------------------------------------------------------------------ retraining.training_rows


def training_rows(day, chargeback_day, today, window, cutoff, delay_cdf):
    """The rows, labels and weights of a training run, as they were known on the morning of `today`.

    day : 1-D array: the day of each payment.
    chargeback_day : 1-D array: the day on which its chargeback was filed, or will be; NaN for an
        honest payment. The table was exported long after `today`, so it knows too much.
    window, cutoff : the run uses `window` days of payments. The newest payment it may use is
        cutoff + 1 days old on `today`. cutoff is at least 1.
    delay_cdf : function: delay_cdf(age) is the share of frauds reported by that age in days. A
        chargeback filed on `today` is known.
    Returns a dict with
        "rows" : array of the positions of the payments used, ascending
        "label" : array of bool, one for each row used: known to be fraud
        "weight" : array of float: a known fraud also stands for those of its age that have not
            been reported yet; any other row counts as one
    """
    chosen = (day >= today - cutoff - window) & (day < today - cutoff)
    label = chargeback_day[chosen] <= today              # NaN <= today is False
    weight = np.where(label, 1 / delay_cdf(today - day[chosen]), 1.0)
    return {"rows": np.flatnonzero(chosen), "label": label, "weight": weight}


def _exponential_delay(age):
    return 1 - np.exp(-np.asarray(age, float) / 20)


def _rows_inputs(rng):
    n, today = 240, int(rng.integers(60, 90))
    day = np.sort(rng.integers(0, 110, n))
    chargeback = np.where(rng.random(n) < 0.35, day + 1.0 + rng.exponential(20, n).round(), np.nan)
    return day, chargeback, today, int(rng.integers(15, 30)), int(rng.integers(2, 12)), _exponential_delay


def _packed(chosen, label, weight):
    return {"rows": np.flatnonzero(chosen), "label": label, "weight": weight}


def _window(day, today, window, cutoff):
    return (day >= today - cutoff - window) & (day < today - cutoff)


def _future_labels(day, chargeback_day, today, window, cutoff, delay_cdf):
    """Every chargeback in the table became a label, those that were filed after `today` included. A run that night
    could not know them: a backtest built like this promises a model that nobody can have."""
    chosen = _window(day, today, window, cutoff)
    label = ~np.isnan(chargeback_day[chosen])
    return _packed(chosen, label, np.where(label, 1 / delay_cdf(today - day[chosen]), 1.0))


def _future_labels_unweighted(day, chargeback_day, today, window, cutoff, delay_cdf):
    chosen = _window(day, today, window, cutoff)
    return _packed(chosen, ~np.isnan(chargeback_day[chosen]), np.ones(chosen.sum()))


_future_labels_unweighted.__doc__ = _future_labels.__doc__


def _unripe_is_honest(day, chargeback_day, today, window, cutoff, delay_cdf):
    """Known frauds count as one row each, so the frauds that are still unreported are taught as honest payments. At
    an age at which a tenth is reported, the model learns a tenth of the true rate."""
    chosen = _window(day, today, window, cutoff)
    return _packed(chosen, chargeback_day[chosen] <= today, np.ones(chosen.sum()))


def _cut_by_label_day(day, chargeback_day, today, window, cutoff, delay_cdf):
    """The cut-off was applied to the day on which the chargeback was filed. A young fraud is then in only if it was
    reported fast, and old payments enter because their chargeback is new. The cut-off is about the payment's age."""
    known = chargeback_day <= today
    when = np.where(known, chargeback_day, day)
    chosen = (when >= today - cutoff - window) & (when < today - cutoff)
    return _packed(chosen, known[chosen], np.where(known, 1 / delay_cdf(np.maximum(today - day, 1)), 1.0)[chosen])


def _window_shrinks(day, chargeback_day, today, window, cutoff, delay_cdf):
    """The window was counted from `today`, so the cut-off came out of it: a longer cut-off then means less data, and a
    comparison of two cut-offs compares two sample sizes."""
    chosen = (day >= today - window) & (day < today - cutoff)
    label = chargeback_day[chosen] <= today
    return _packed(chosen, label, np.where(label, 1 / delay_cdf(today - day[chosen]), 1.0))


def _all_weighted(day, chargeback_day, today, window, cutoff, delay_cdf):
    """Every young row got the weight, frauds and others alike. Within one age the share of fraud is then as far too
    low as before. What is missing are frauds, so only known frauds may stand for more than themselves."""
    chosen = _window(day, today, window, cutoff)
    return _packed(chosen, chargeback_day[chosen] <= today, 1 / delay_cdf(today - day[chosen]))


def _one_day_late(day, chargeback_day, today, window, cutoff, delay_cdf):
    """Your newest payment is `cutoff` days old, and so one day too young. The rows end before day today - cutoff, as a
    slice does: its day itself is out. A cut-off of a week would otherwise leave six days of the labels' delay."""
    chosen = (day > today - cutoff - window) & (day <= today - cutoff)
    label = chargeback_day[chosen] <= today
    return _packed(chosen, label, np.where(label, 1 / delay_cdf(today - day[chosen]), 1.0))


def _one_day_more(day, chargeback_day, today, window, cutoff, delay_cdf):
    chosen = (day >= today - cutoff - window) & (day <= today - cutoff)
    label = chargeback_day[chosen] <= today
    return _packed(chosen, label, np.where(label, 1 / delay_cdf(today - day[chosen]), 1.0))


_one_day_more.__doc__ = _one_day_late.__doc__


def _weighted_by_its_own_delay(day, chargeback_day, today, window, cutoff, delay_cdf):
    """The weight was taken at the delay of the chargeback itself, so a fraud that was reported fast counts for many. The
    unreported frauds are missing from a day's payments by their age today, however long the reported ones took."""
    chosen = _window(day, today, window, cutoff)
    label = chargeback_day[chosen] <= today
    return _packed(chosen, label, np.where(label, 1 / delay_cdf(chargeback_day[chosen] - day[chosen]), 1.0))


def _filed_today_is_unknown(day, chargeback_day, today, window, cutoff, delay_cdf):
    """You left out the chargebacks filed on `today`. By the task they are known: `<=`, and the weights count with it."""
    chosen = _window(day, today, window, cutoff)
    label = chargeback_day[chosen] < today
    return _packed(chosen, label, np.where(label, 1 / delay_cdf(today - day[chosen]), 1.0))


def _unreported_dropped(day, chargeback_day, today, window, cutoff, delay_cdf):
    """The frauds that nobody had reported by `today` are missing from your rows. That night they looked like any other payment:
    only the export, made later, tells them apart, so leaving them out uses the future."""
    chosen = _window(day, today, window, cutoff) & ~(chargeback_day > today)
    label = chargeback_day[chosen] <= today
    return _packed(chosen, label, np.where(label, 1 / delay_cdf(today - day[chosen]), 1.0))


# ------------------------------------------------------------------ retraining.trigger


def trigger(filed, expected, limit, cooldown, least):
    """The days on which a performance trigger starts the training job.

    filed : 1-D array, one number a day from day 0 on: chargebacks filed that day.
    expected : 1-D array: the number that the model in service leads one to expect that day.
    Each day both are added to their running sums F and E, which start at 0. The job starts if
        (F - E) / sqrt(E) exceeds limit, E is at least `least`, and `cooldown` days or more
        have passed since the last start (the first start needs no waiting). A start sets both
        sums back to 0, for the new model is judged by its own record. (Simpler than the notebook's
        z: a chargeback counts on the day it is filed, whichever model had let the payment through.)
    Returns a list of day numbers.
    """
    starts, f, e = [], 0.0, 0.0
    for day, (new_f, new_e) in enumerate(zip(filed, expected)):
        f, e = f + new_f, e + new_e
        rested = not starts or day - starts[-1] >= cooldown
        if e >= least and rested and (f - e) / np.sqrt(e) > limit:
            starts.append(day)
            f, e = 0.0, 0.0
    return starts


def _trigger_inputs(rng):
    days = 90
    # Halves and quarters: however the sums are formed, they meet `least` exactly.
    expected = np.full(days, float(rng.choice([0.5, 0.75, 1.5])))
    change = int(rng.integers(20, 50))
    rate = np.where(np.arange(days) >= change, rng.choice([3.0, 5.0]), 1.0)
    filed = rng.poisson(expected * rate)
    if rng.random() < 0.2:
        filed[:60] = 0                                    # reports stop coming: a shortage, and a large one
    filed[1 + int(rng.integers(3))] += 6                  # an early cluster, when little is expected
    return filed, expected, float(rng.choice([2.0, 2.5])), int(rng.integers(8, 15)), float(rng.choice([6.0, 8.0]))


def _storm(filed, expected, limit, cooldown, least):
    """There was no cooldown, so the job starts again as soon as a few days of the new model look bad, although its
    training rows have hardly changed since the last run. One incident becomes a storm of runs."""
    return trigger(filed, expected, limit, 0, least)


def _no_least(filed, expected, limit, cooldown, least):
    """You judged from the first chargeback on. With half a chargeback expected, three are already more than three
    deviations: a normal approximation needs a few expected events before it means anything."""
    return trigger(filed, expected, limit, cooldown, 0.0)


def _no_reset(filed, expected, limit, cooldown, least):
    """The sums were never set back. The new model is then blamed for the record of the old one, and retrained every
    time the cooldown ends until the old excess is diluted."""
    starts, f, e = [], np.cumsum(filed), np.cumsum(expected)
    for day in range(len(f)):
        rested = not starts or day - starts[-1] >= cooldown
        if e[day] >= least and rested and (f[day] - e[day]) / np.sqrt(e[day]) > limit:
            starts.append(day)
    return starts


def _one_day(filed, expected, limit, cooldown, least):
    """Each day was judged by itself. An excess that is too small for one day's count is never seen, however long it
    lasts; adding up is what makes a slow signal visible."""
    starts = []
    for day, (f, e) in enumerate(zip(filed, expected)):
        if (not starts or day - starts[-1] >= cooldown) and (f - e) / np.sqrt(e) > limit:
            starts.append(day)
    return starts


def _alarm_restarts_the_pause(filed, expected, limit, cooldown, least):
    """Every alarm started the pause anew, also those that fell into it and started nothing. While the excess lasts
    the pause never ends, and the job waits for the incident to be over."""
    starts, last, f, e = [], None, 0.0, 0.0
    for day, (new_f, new_e) in enumerate(zip(filed, expected)):
        f, e = f + new_f, e + new_e
        if e >= least and (f - e) / np.sqrt(e) > limit:
            if last is None or day - last >= cooldown:
                starts.append(day)
                f, e = 0.0, 0.0
            last = day
    return starts


def _one_day_with_least(filed, expected, limit, cooldown, least):
    starts, e = [], 0.0
    for day, (new_f, new_e) in enumerate(zip(filed, expected)):
        e += new_e
        rested = not starts or day - starts[-1] >= cooldown
        if e >= least and rested and (new_f - new_e) / np.sqrt(new_e) > limit:
            starts.append(day)
            e = 0.0
    return starts


_one_day_with_least.__doc__ = _one_day.__doc__


def _pause_before_the_first(filed, expected, limit, cooldown, least):
    """The pause was kept before the first start too, as if a run had taken place on day 0. The pause gives a new model
    time to show itself; before the first start there is no new model to wait for."""
    starts, last, f, e = [], 0, 0.0, 0.0
    for day, (new_f, new_e) in enumerate(zip(filed, expected)):
        f, e = f + new_f, e + new_e
        if e >= least and day - last >= cooldown and (f - e) / np.sqrt(e) > limit:
            starts.append(day)
            last, f, e = day, 0.0, 0.0
    return starts


def _least_filed(filed, expected, limit, cooldown, least):
    """The least count was asked of the chargebacks that were filed. A lucky cluster fulfils that by itself, and then sets
    off the alarm it should have been kept from: what makes the ratio trustworthy is how many were expected."""
    starts, f, e = [], 0.0, 0.0
    for day, (new_f, new_e) in enumerate(zip(filed, expected)):
        f, e = f + new_f, e + new_e
        rested = not starts or day - starts[-1] >= cooldown
        if f >= least and rested and (f - e) / np.sqrt(e) > limit:
            starts.append(day)
            f, e = 0.0, 0.0
    return starts


def _either_side(filed, expected, limit, cooldown, least):
    """A shortage started the job as well. Fewer chargebacks than expected may mean that reports are late, or that the model is
    better than it says; neither is a reason to train on what has been reported."""
    starts, f, e = [], 0.0, 0.0
    for day, (new_f, new_e) in enumerate(zip(filed, expected)):
        f, e = f + new_f, e + new_e
        rested = not starts or day - starts[-1] >= cooldown
        if e >= least and rested and abs(f - e) / np.sqrt(e) > limit:
            starts.append(day)
            f, e = 0.0, 0.0
    return starts


def _longer_pause(filed, expected, limit, cooldown, least):
    """You waited for more than `cooldown` days. The task says `cooldown` days or more: an alarm on the very day on which
    the pause ends may start the job, and a pause of seven days allows a weekly run."""
    return trigger(filed, expected, limit, cooldown + 1, least)


def _more_than_least(filed, expected, limit, cooldown, least):
    """You asked for more than `least` expected chargebacks. The task says at least: on a day on which the sum E equals
    `least` exactly, the trigger may judge, and yours judges a day later."""
    starts, f, e = [], 0.0, 0.0
    for day, (new_f, new_e) in enumerate(zip(filed, expected)):
        f, e = f + new_f, e + new_e
        rested = not starts or day - starts[-1] >= cooldown
        if e > least and rested and (f - e) / np.sqrt(e) > limit:
            starts.append(day)
            f, e = 0.0, 0.0
    return starts


# ------------------------------------------------------------------ retraining.may_promote


def may_promote(evidence, margin):
    """What to do with a freshly trained challenger.

    evidence : dict with
        "started_by" : "calendar", "drift alarm" or "performance alarm"
        "contract_ok" : False if a row it was trained on contradicts the ledger
        "ripe_frauds" : known frauds among the held-out payments that are old enough to judge by
        "gain" : dollars that the challenger would have saved on those payments
        "noise" : the standard error of gain
        "champion_age" : days since the model in service was trained
    margin : how many standard errors the gain has to exceed.
    Returns the first that applies of "block" (this challenger is never to be deployed), "wait" (fewer
        than 20 ripe frauds), "promote" and "keep" (the champion). Some of the evidence is not evidence.
    """
    if not evidence["contract_ok"]:
        return "block"
    if evidence["ripe_frauds"] < 20:
        return "wait"
    return "promote" if evidence["gain"] > margin * evidence["noise"] else "keep"


def _promote_inputs(rng):
    margin, noise = float(rng.choice([1.0, 2.0])), float(rng.choice([200, 350]))
    needed = margin * noise                               # gains below, at and above it, and one of a dollar
    gains = [-3 * noise, -0.3 * noise, 1, 0.5 * needed, needed, 1.2 * needed, 4 * noise]
    return ({"started_by": str(rng.choice(["calendar", "drift alarm", "performance alarm"], p=[0.3, 0.3, 0.4])),
             "contract_ok": bool(rng.random() < 0.8),
             "ripe_frauds": int(rng.choice([4, 19, 20, 60, 85], p=[0.1, 0.15, 0.25, 0.25, 0.25])),
             "gain": float(rng.choice(gains, p=[0.1, 0.1, 0.15, 0.15, 0.1, 0.2, 0.2])),
             "noise": noise,
             "champion_age": int(rng.choice([7, 30, 95, 120]))}, margin)


def _alarm_is_order(evidence, margin):
    """An alarm was taken as the reason to deploy. It is a reason to look. Whether the new model is better is another
    question, and only a comparison answers it."""
    if evidence["started_by"] != "calendar" and evidence["contract_ok"]:
        return "promote"
    return may_promote(evidence, margin)


def _any_alarm_is_order(evidence, margin):
    return "promote" if evidence["started_by"] != "calendar" else may_promote(evidence, margin)


_any_alarm_is_order.__doc__ = _alarm_is_order.__doc__


def _alarm_is_order_once_ripe(evidence, margin):
    found = may_promote(evidence, margin)
    return "promote" if found == "keep" and evidence["started_by"] != "calendar" else found


_alarm_is_order_once_ripe.__doc__ = _alarm_is_order.__doc__


def _outcomes_alarm_is_order(evidence, margin):
    found = may_promote(evidence, margin)
    return "promote" if found == "keep" and evidence["started_by"] == "performance alarm" else found


_outcomes_alarm_is_order.__doc__ = _alarm_is_order.__doc__


def _no_margin_after_an_alarm(evidence, margin):
    """After an alarm you asked for no margin. An alarm says that the champion may be failing; it does not make the
    comparison less noisy, and a challenger that is no better still comes out ahead half of the time."""
    return may_promote(evidence, 0.0 if evidence["started_by"] != "calendar" else margin)


def _no_margin_after_an_outcomes_alarm(evidence, margin):
    return may_promote(evidence, 0.0 if evidence["started_by"] == "performance alarm" else margin)


_no_margin_after_an_outcomes_alarm.__doc__ = _no_margin_after_an_alarm.__doc__


def _newest(evidence, margin):
    """What passed the contract was deployed. A new model has newer rows, riper or not, and its own luck in the sample;
    in a world that stands still it is as often worse as it is better."""
    return "promote" if evidence["contract_ok"] else "block"


def _newest_unless_worse(evidence, margin):
    """You kept the champion only if the challenger was shown to be worse. No difference found is not no difference: on
    a small held-out sample almost nothing can be shown, and everything would be deployed."""
    found = may_promote(evidence, margin)
    return "promote" if found == "keep" and evidence["gain"] >= -margin * evidence["noise"] else found


def _any_gain(evidence, margin):
    """Any gain above zero counted. Half of all challengers that are no better show one, by the luck of a few large
    frauds among the held-out payments."""
    found = may_promote(evidence, margin)
    return "promote" if found == "keep" and evidence["gain"] > 0 else found


def _margin_in_dollars(evidence, margin):
    """The gain in dollars was compared with the margin, a number of standard errors. The units differ: two standard
    errors of 350 dollars are 700 dollars, so your gate opens at a gain of more than two dollars."""
    return may_promote({**evidence, "noise": 1.0}, margin)


def _margin_met(evidence, margin):
    """A gain of exactly the margin was promoted. The task says that the gain has to exceed it. With real dollars the two
    never differ; a written policy still has to say on which side its limit lies."""
    found = may_promote(evidence, margin)
    return "promote" if found == "keep" and evidence["gain"] == margin * evidence["noise"] else found


def _wait_before_block(evidence, margin):
    """Few ripe frauds were asked about first, so a challenger trained on rows that contradict the ledger waits with the
    others. Waiting ends: labels ripen, broken rows do not, and a held-out sample may share the break."""
    return "wait" if evidence["ripe_frauds"] < 20 else may_promote(evidence, margin)


def _block_unripe(evidence, margin):
    """Too few ripe frauds became a reason to block. They are a reason to wait: nothing is known against this challenger,
    and in a few weeks there may be enough to compare. Block is for what no later label can repair."""
    found = may_promote(evidence, margin)
    return "block" if found == "wait" else found


def _twenty_is_few(evidence, margin):
    """With exactly 20 ripe frauds you still waited. The task says to wait with fewer than 20; a limit of a policy has to
    say to which side it belongs, or two teams will read it in two ways."""
    return may_promote({**evidence, "ripe_frauds": evidence["ripe_frauds"] - 1}, margin)


def _contract_last(evidence, margin):
    """The comparison came first, and the contract was only asked when it had failed. On a log that contradicts the
    record, held-out rows are as wrong as training rows: the break is learned, and the comparison applauds."""
    if evidence["ripe_frauds"] < 20:
        return "wait"
    if evidence["gain"] > margin * evidence["noise"]:
        return "promote"
    return "keep" if evidence["contract_ok"] else "block"


def _judged_unripe(evidence, margin):
    """You judged on fewer than 20 known frauds. Then one large chargeback that arrives or not decides, and the standard
    error, computed from the same few rows, is not to be trusted either."""
    return may_promote({**evidence, "ripe_frauds": 20}, margin)


def _too_old(evidence, margin):
    """A champion past its ninetieth day was replaced without a comparison. Age is a reason to train a challenger and
    to compare. It is not a fault, and a calendar cannot know what it costs."""
    found = may_promote(evidence, margin)
    return "promote" if found == "keep" and evidence["champion_age"] > 90 else found


# ------------------------------------------------------------------ retraining.optimal_interval


def optimal_interval(price, slope, fresh):
    """Days between two scheduled runs at which the mean cost of a day is smallest.

    price : dollars that a run costs, review and release included.
    slope : dollars a day by which regret grows with each day of the model's age.
    fresh : dollars a day that even a model trained this morning loses.
    A model of age t therefore loses fresh + slope * t dollars a day.
    Returns a float, by a formula: a search on a grid is not exact enough.
    """
    return float(np.sqrt(2 * price / slope))


def _interval_inputs(rng):
    return float(rng.uniform(100, 5000)), float(rng.uniform(0.5, 40)), float(rng.uniform(50, 900))


def _break_even_rate(price, slope, fresh):
    """price / slope is the age at which one day's extra loss equals the price of a run. By then the extra losses of all
    days before have added up to many runs: it is the sum that must be weighed against the price."""
    return price / slope


def _forgot_the_half(price, slope, fresh):
    """sqrt(price / slope) is what comes out if the whole interval is charged at the loss of its last day. Over the
    interval the extra loss grows from zero, so its mean is half of that."""
    return float(np.sqrt(price / slope))


def _monthly(price, slope, fresh):
    """Thirty days, whatever a run costs and however fast the world changes. A round date is a convention: at this price
    and this slope it is not the cheapest interval."""
    return 30.0


def _fresh_counts(price, slope, fresh):
    """The loss of a fresh model entered the balance. It is paid every day under every interval, so no interval can save
    it, and it drops out when two intervals are compared."""
    return float(np.sqrt(2 * (price + fresh) / slope))


def _fresh_as_slope(price, slope, fresh):
    return float(np.sqrt(2 * price / (slope + fresh)))


_fresh_as_slope.__doc__ = _fresh_counts.__doc__




def _no_contract(evidence, margin):
    """The contract was never asked. Where training rows contradict the ledger, the held-out rows of those days may do so
    as well, and the comparison was made on both."""
    return may_promote({**evidence, "contract_ok": True}, margin)


def _only_outcomes_may_deploy(evidence, margin):
    """You let only a performance alarm deploy. What started a run says nothing about what it yields: a run of the calendar
    may give the better model, and the comparison shows it."""
    found = may_promote(evidence, margin)
    return "keep" if found == "promote" and evidence["started_by"] != "performance alarm" else found


def _inputs_may_not_deploy(evidence, margin):
    """You kept the champion because inputs, not outcomes, had started the run. What started a run says nothing about what it
    yields; the comparison does."""
    found = may_promote(evidence, margin)
    return "keep" if found == "promote" and evidence["started_by"] == "drift alarm" else found


def _inputs_may_not_wait(evidence, margin):
    found = may_promote(evidence, margin)
    return "keep" if found in ("promote", "wait") and evidence["started_by"] == "drift alarm" else found


_inputs_may_not_wait.__doc__ = _inputs_may_not_deploy.__doc__


EXERCISES = [
    Exercise("retraining.training_rows", training_rows, _rows_inputs,
             [(_future_labels, "the export is what was known"),
              (_future_labels_unweighted, "the export is what was known"),
              (_unripe_is_honest, "no chargeback yet means honest"),
              (_cut_by_label_day, "a ripe label is one that was filed long ago"),
              (_window_shrinks, "the cut-off costs no data"),
              (_all_weighted, "young rows, not missing frauds, need the weight"),
              (_one_day_late, "the day at the cut-off is in"), (_one_day_more, "the day at the cut-off is in"),
              (_filed_today_is_unknown, "what came in today is not known today"),
              (_unreported_dropped, "the export is what was known"),
              (_weighted_by_its_own_delay, "a fast report stands for many")],
             ("Three separate questions: which payments by their day, which of those were known as fraud on `today`, "
              "and how many each of them stands for.",
              "A payment of age a is in if cutoff < a <= cutoff + window. Known means chargeback_day <= today; a "
              "comparison with NaN is False, which is what you want.",
              "np.flatnonzero(chosen) for the rows; np.where(label, 1 / delay_cdf(today - day[chosen]), 1.0) for the "
              "weights.")),
    Exercise("retraining.trigger", trigger, _trigger_inputs,
             [(_storm, "the sooner again, the better"),
              (_no_least, "a ratio means the same on any count"),
              (_no_reset, "the record belongs to the job, not to the model"),
              (_one_day, "one day is enough to judge by"),
              (_one_day_with_least, "one day is enough to judge by"),
              (_alarm_restarts_the_pause, "a blocked alarm counts as a run"),
              (_pause_before_the_first, "the first start has to wait too"),
              (_least_filed, "the least count is about what was filed"),
              (_either_side, "a shortage is an alarm too"),
              (_longer_pause, "the pause includes the day on which it ends"),
              (_more_than_least, "at least means more than")],
             ("Go through the days with two running sums. What happens to them on a day on which the job starts?",
              "Test three things: e >= least, days since starts[-1] (if there is one), and (f - e) / sqrt(e) > limit. "
              "Only a start resets the sums.")),
    Exercise("retraining.may_promote", may_promote, _promote_inputs,
             [(_alarm_is_order, "a trigger is an order"), (_any_alarm_is_order, "a trigger is an order"),
              (_alarm_is_order_once_ripe, "a trigger is an order"),
              (_outcomes_alarm_is_order, "a trigger is an order"),
              (_no_margin_after_an_alarm, "an alarm lowers the bar"),
              (_no_margin_after_an_outcomes_alarm, "an alarm lowers the bar"),
              (_margin_in_dollars, "the margin is in dollars"), (_margin_met, "the margin is reached, so it is exceeded"),
              (_wait_before_block, "broken rows may wait for labels"), (_block_unripe, "too early means never"),
              (_twenty_is_few, "twenty are fewer than twenty"),
              (_newest, "the newest model is the best"), (_too_old, "age is a fault"),
              (_newest_unless_worse, "no difference found means equal"),
              (_any_gain, "any measured gain is a gain"),
              (_no_contract, "a good comparison excuses bad data"),
              (_only_outcomes_may_deploy, "only an alarm may deploy"),
              (_inputs_may_not_deploy, "what began with a drift alarm may not be deployed"),
              (_inputs_may_not_wait, "what began with a drift alarm may not be deployed"),
              (_contract_last, "a good comparison excuses bad data"),
              (_judged_unripe, "few labels are better than waiting")],
             ("Which finding makes the comparison itself worthless? Which one makes it too early?",
              "Contract, then enough ripe frauds, then gain against margin times noise. Two of the six entries are "
              "not needed."),
             cases=tuple(({"started_by": started, "contract_ok": True, "ripe_frauds": 60, "gain": -600.0, "noise": 200.0,
                           "champion_age": 30}, 2.0) for started in ("calendar", "drift alarm", "performance alarm"))),
    Exercise("retraining.optimal_interval", optimal_interval, _interval_inputs,
             [(_break_even_rate, "retrain when a day's loss equals a run's price"),
              (_forgot_the_half, "the last day's loss is the whole interval's"),
              (_monthly, "monthly is a safe choice"),
              (_fresh_counts, "losses that no run can avoid count too"),
              (_fresh_as_slope, "losses that no run can avoid count too")],
             ("Write the mean cost of a day for an interval of T days: runs cost price / T. What do the ages 0 to T "
              "cost on average?",
              "fresh + slope * T / 2 + price / T. Set the derivative by T to zero.")),
]

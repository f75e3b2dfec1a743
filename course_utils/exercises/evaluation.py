"""Exercises of notebook 06: offline vs online evaluation."""
from __future__ import annotations

import numpy as np
from scipy.stats import norm

from .engine import Exercise

# ------------------------------------------------------------------ evaluation.policy_cost


def policy_cost(declines, accepted, chance, fraud, loss, price):
    """What a new policy would have cost a payment on average, estimated from an old policy's log.

    declines : 1-D array of bool: would the new policy decline this payment? A decline costs
        price, whoever the customer is.
    accepted : 1-D array of bool: did the old policy let it through?
    chance : 1-D array: the probability, known in advance, with which it would let it through.
    fraud : 1-D array: 1.0 or 0.0, and NaN where the payment was not let through.
    loss : 1-D array: dollars lost if the payment is let through and is fraud.
    price : dollars that a decline costs.
    Returns a float: the inverse-propensity estimate. A decline's price is known for every
        payment; only the losses of payments that the new policy accepts must be estimated. Leave the
        arrays as they are.
    """
    estimated_loss = np.where(accepted, fraud * loss / chance, 0.0)
    return float(np.where(declines, price, estimated_loss).mean())


def _policy_inputs(rng):
    n = 300
    by_rule = rng.random(n) < 0.3
    chance = np.where(by_rule, rng.choice([0.05, 0.2]), 1.0)
    accepted = rng.random(n) < chance
    fraud = np.where(accepted, (rng.random(n) < 0.3).astype(float), np.nan)
    return rng.random(n) < 0.2, accepted, chance, fraud, rng.lognormal(4, 1, n) + 15, 4.0


def _unknown_is_honest(declines, accepted, chance, fraud, loss, price):
    """Payments that were declined count as if nothing would have happened. The log is silent about them, and
    silence was booked as zero dollars: the new policy looks cheapest exactly where nobody looked."""
    return float(np.where(declines, price, np.where(accepted, fraud * loss, 0.0)).mean())


def _declined_is_fraud(declines, accepted, chance, fraud, loss, price):
    """Payments that were declined count as fraud. Then no policy can do better than to decline them again: the old
    rule is declared right before the evaluation begins."""
    return float(np.where(declines, price, np.where(accepted, fraud * loss, loss)).mean())


def _accepted_is_sample(declines, accepted, chance, fraud, loss, price):
    """The average runs over accepted payments only. They are not a sample of all payments but those the old policy
    liked, and a new policy differs from it precisely on the others."""
    return float(np.where(declines, price, fraud * loss)[accepted].mean())


def _mean_chance(declines, accepted, chance, fraud, loss, price):
    """Every payment was divided by the average chance. Those that were always let through are then counted
    too often, and those let through at one in twenty far too rarely."""
    return float(np.where(declines, price, np.where(accepted, fraud * loss / chance.mean(), 0.0)).mean())


def _forgets_price(declines, accepted, chance, fraud, loss, price):
    """Declined payments were booked at zero. A decline stops the loss, and it is not free: a policy that declines
    everybody would cost nothing by this count."""
    return float(np.where(declines, 0.0, np.where(accepted, fraud * loss / chance, 0.0)).mean())


def _observed_only(declines, accepted, chance, fraud, loss, price):
    """The average runs over the payments whose cost is known, and skips the others. Those let through at one in twenty
    are then nearly absent, and with them what the new policy would change."""
    return float(np.nanmean(np.where(declines, price, fraud * loss)))


def _weighted_over_observed(declines, accepted, chance, fraud, loss, price):
    """You weighted the losses, and then divided by the number of payments whose cost is known. A weight already stands
    for the payments that were not let through: the sum belongs to all payments and is divided by all."""
    return float(np.nanmean(np.where(declines, price, fraud * loss / chance)))


def _self_normalised(declines, accepted, chance, fraud, loss, price):
    """You divided by the sum of the weights. That estimate is known as self-normalised, and is used because it swings
    less; it is slightly biased, and not needed here, where the number of payments is known."""
    weight = accepted / chance
    cost = np.where(declines, price, np.where(accepted, fraud * loss, 0.0))
    return float((weight * cost).sum() / weight.sum())


def _self_normalised_losses(declines, accepted, chance, fraud, loss, price):
    """You divided the losses by the sum of the weights, in the self-normalised way. It swings less, is slightly biased, and
    is not needed here: the number of payments is known, and a decline's price needs no weight."""
    weight, open_ = accepted / chance, ~declines
    losses = (weight * np.where(accepted, fraud * loss, 0.0))[open_].sum() / weight[open_].sum()
    return float((price * declines.sum() + losses * open_.sum()) / len(declines))


def _times_chance(declines, accepted, chance, fraud, loss, price):
    """You multiplied by the chance. A payment let through at one in twenty stands for twenty, not for a twentieth: divide."""
    return float(np.where(declines, price, np.where(accepted, fraud * loss * chance, 0.0)).mean())


def _weighted_price(declines, accepted, chance, fraud, loss, price):
    """The price was weighted too. It needs no estimate: a decline costs the same whatever the payment would have been,
    so every declined payment counts once. Weighting it only adds the luck of who was let through."""
    return float((np.where(declines, price, np.where(accepted, fraud * loss, 0.0)) * accepted / chance).mean())


def _nan_times_zero(declines, accepted, chance, fraud, loss, price):
    """The result is NaN. You multiplied unknown outcomes by a weight of zero, and zero times NaN is NaN: choose with
    np.where instead, so that an unknown outcome never enters the sum."""
    return float(np.where(declines, price, accepted / chance * fraud * loss).mean())


# ------------------------------------------------------------------ evaluation.dollars_stopped


def dollars_stopped(p, loss, fraud, count):
    """Dollars of fraud that a policy stops when it may decline only `count` payments.

    p : 1-D array: the model's probability of fraud for each payment.
    loss : 1-D array: dollars lost if the payment is let through and is fraud.
    fraud : 1-D array of 0 and 1: what each payment really was.
    count : how many to decline: those whose decline saves most, as far as the model can know.
    Returns a float: the dollars really saved.
    """
    chosen = np.argsort(-p * loss)[:count]
    return float((fraud * loss)[chosen].sum())


def _stopped_inputs(rng):
    n = 400
    p = rng.beta(0.6, 3, n)
    return p, rng.lognormal(4, 1.2, n), (rng.random(n) < p).astype(int), int(rng.integers(20, 60))


def _by_score(p, loss, fraud, count):
    """You declined the payments most likely to be fraud. That is the order AUC judges. Ten sure frauds of 5 dollars
    are worth less than one probable fraud of 500: what counts is probability times loss."""
    return float((fraud * loss)[np.argsort(-p)[:count]].sum())


def _by_amount(p, loss, fraud, count):
    """You declined the largest payments, whoever made them. Most large payments are honest; without the
    probability you decline good customers and leave the frauds alone."""
    return float((fraud * loss)[np.argsort(-loss)[:count]].sum())


def _promised(p, loss, fraud, count):
    """You added up what the model expects to save. That is its promise, not the result; a model that is wrong about
    everything can promise as much as it likes."""
    return float(np.sort(p * loss)[-count:].sum())


def _number_stopped(p, loss, fraud, count):
    """You counted frauds, which makes one of 5 dollars worth as much as one of 500. Lantern's loss is in dollars."""
    return float(fraud[np.argsort(-p * loss)[:count]].sum())


def _half(p, loss, fraud, count):
    """You declined everything above a probability of one half. That is a habit of classifiers, not a decision: it
    ignores both the budget and what is at stake."""
    return float((fraud * loss)[p > 0.5].sum())


def _hindsight(p, loss, fraud, count):
    """You chose among the payments by what they turned out to be. No model knows that on the day: the choice may use
    p and loss, and only the sum at the end may use fraud."""
    return float(np.sort(fraud * loss)[-count:].sum())


def _all_chosen_are_fraud(p, loss, fraud, count):
    """You added up the amounts of all declined payments. Most of them were honest, and declining an honest payment
    stops no fraud: only those with fraud equal to 1 were really saved."""
    return float(loss[np.argsort(-p * loss)[:count]].sum())


# ------------------------------------------------------------------ evaluation.ever_significant


def ever_significant(batches, limit):
    """How often a test that is looked at every day is significant on at least one of the days.

    batches : 2-D array, one row for each test and one column for each day: the z-statistic of
        that day's data alone. Days are independent and of equal size, and no test has an effect.
    limit : the test counts as significant when the z of all its data so far is beyond it, to
        either side. After k days that z is the sum of the k daily values divided by root k.
    Returns a float: the share of tests, 0 to 1.
    """
    days = np.arange(1, batches.shape[1] + 1)
    z = batches.cumsum(axis=1) / np.sqrt(days)
    return float((abs(z) > limit).any(axis=1).mean())


def _ever_inputs(rng):
    return rng.normal(size=(400, int(rng.integers(3, 15)))), float(rng.choice([1.64, 1.96, 2.2]))


def _fresh_each_day(batches, limit):
    """Each day was tested by itself, as if yesterday's users did not count today. Looks at accumulating data share
    most of it, so they fail together far more often, and the total is well below one minus .95 to the power of k."""
    return float((abs(batches) > limit).any(axis=1).mean())


def _folk_formula(batches, limit):
    """You used one minus (1 - alpha) to the power of the number of looks. That holds for independent looks, and the
    answer does not even depend on the data; these looks share most of theirs and fail together."""
    return float(1 - (1 - 2 * norm.sf(limit)) ** batches.shape[1])


def _sum_is_z(batches, limit):
    """You compared the running sum itself with the limit. A sum of k daily values of z varies root k times as much as
    one of them, so it leaves any band sooner or later: divide by root k first."""
    return float((abs(batches.cumsum(axis=1)) > limit).any(axis=1).mean())


def _last_day(batches, limit):
    """Only the last day was looked at. That is the rate of someone who never peeks; whoever stops at the first
    significant day also collects all the excursions on the way."""
    return float((abs(batches.sum(axis=1) / np.sqrt(batches.shape[1])) > limit).mean())


def _average_day(batches, limit):
    """You averaged the days' rates, which gives the chance on one day, about the nominal one. A test is stopped
    when any of its days is significant: ask that of each row first."""
    days = np.arange(1, batches.shape[1] + 1)
    return float((abs(batches.cumsum(axis=1) / np.sqrt(days)) > limit).mean())


def _one_side(batches, limit):
    """Only positive z counted. A dashboard turns red as well as green, and a test with no effect is as likely to
    wander below the limit as above it."""
    days = np.arange(1, batches.shape[1] + 1)
    return float((batches.cumsum(axis=1) / np.sqrt(days) > limit).any(axis=1).mean())


def _mean_of_z(batches, limit):
    """You took the mean of the daily z as the z of all data. Its deviation shrinks with the root of the number of days, so
    nothing is ever significant after the first: divide the sum by the root, not by the number."""
    days = np.arange(1, batches.shape[1] + 1)
    return float((abs(batches.cumsum(axis=1) / days) > limit).any(axis=1).mean())


# ------------------------------------------------------------------ evaluation.verdict


def verdict(saving, harm, worth, tolerable, run, planned):
    """What to do with the candidate when `run` days of a test planned for `planned` days are over.

    saving : (low, high), a 95 % interval for the dollars a day that the candidate saves. It was made
        to be read once, when the planned days are over.
    harm : (low, high), an interval for the rise of what must not get worse, complaints a day. It may
        be read on any day.
    worth : the smallest saving for which a release is worth its trouble, above 0.
    tolerable : the largest rise that is still acceptable, above 0.
    Returns one of these; in which order to ask is for you to find:
        "ship" if it certainly saves something and its harm is certainly tolerable; "drop" if it
        certainly saves less than what is worth it; "continue" if the planned days are not over;
        "abort" if its harm is certainly not tolerable; "undecided" if the test is over and
        showed none of these. "Certainly" means that the whole interval says so. A saving can be
        certain and too small at once; such a candidate is not released.
    """
    if harm[0] > tolerable:
        return "abort"
    if run < planned:
        return "continue"
    if saving[1] < worth:
        return "drop"
    return "ship" if saving[0] > 0 and harm[1] <= tolerable else "undecided"


def _verdict_inputs(rng):
    def interval(low, high):
        middle, half = rng.uniform(low, high), rng.choice([5, 20, 60]) * rng.uniform(0.5, 1.5)
        return round(float(middle - half), 1), round(float(middle + half), 1)
    run, planned = int(rng.choice([3, 14, 14, 14])), 14
    return interval(-30, 130), tuple(round(v / 5, 2) for v in interval(-40, 80)), 30.0, 6.0, run, planned


def _significant_ships(saving, harm, worth, tolerable, run, planned):
    """A significant saving decided alone. The guardrail was never asked, and a candidate can save dollars by
    making customers pay for it in another way."""
    if run < planned:
        return "continue" if harm[0] <= tolerable else "abort"
    if saving[1] < worth:
        return "drop" if harm[0] <= tolerable else "abort"
    return "ship" if saving[0] > 0 else verdict(saving, harm, worth, tolerable, run, planned)


def _no_significant_harm(saving, harm, worth, tolerable, run, planned):
    """You shipped because no harm was shown. An interval that reaches beyond what is tolerable has shown
    nothing: a small test never finds harm, whatever there is."""
    found = verdict(saving, harm, worth, tolerable, run, planned)
    return "ship" if found == "undecided" and saving[0] > 0 else found


def _not_significant_drops(saving, harm, worth, tolerable, run, planned):
    """You dropped a candidate whose interval still holds a saving well worth having, because it also holds none: not shown to
    save is not shown not to save."""
    found = verdict(saving, harm, worth, tolerable, run, planned)
    return "drop" if found == "undecided" and saving[0] <= 0 else found


def _any_day(saving, harm, worth, tolerable, run, planned):
    """The days that were planned played no part. An interval made for one look, read on any day that suits, is
    significant far more often than it says."""
    return verdict(saving, harm, worth, tolerable, planned, planned)


def _early_winner(saving, harm, worth, tolerable, run, planned):
    found = verdict(saving, harm, worth, tolerable, planned, planned)
    return found if found == "ship" else verdict(saving, harm, worth, tolerable, run, planned)


_early_winner.__doc__ = _any_day.__doc__


def _until_decided(saving, harm, worth, tolerable, run, planned):
    """You let the test run only as long as nothing was decided. Then every day is a look, and a test that may stop at
    the first clear one meets many lucky days; the interval for the saving was made for one."""
    found = verdict(saving, harm, worth, tolerable, planned, planned)
    return "continue" if found == "undecided" and run < planned else found


def _ship_before_drop(saving, harm, worth, tolerable, run, planned):
    """You asked for a certain saving before asking whether it is enough. A large test makes a saving of a few dollars
    certain, and just as certain that it is not worth the release."""
    if harm[0] > tolerable or run < planned:
        return verdict(saving, harm, worth, tolerable, run, planned)
    return "ship" if saving[0] > 0 and harm[1] < tolerable else "drop" if saving[1] < worth else "undecided"


def _early_loser(saving, harm, worth, tolerable, run, planned):
    """You dropped the candidate before the plan was over. An interval made for one look is as overconfident on an early day
    about failure as about success; to stop early for futility, a test needs a limit made for it."""
    early = run < planned and harm[0] <= tolerable and saving[1] < worth
    return "drop" if early else verdict(saving, harm, worth, tolerable, run, planned)


def _certain_worth(saving, harm, worth, tolerable, run, planned):
    """You shipped only where the whole interval is above worth. A test planned to tell a saving of worth from none shows
    that much only if the saving is far larger, so good candidates would wait for ever."""
    found = verdict(saving, harm, worth, tolerable, run, planned)
    return "undecided" if found == "ship" and saving[0] <= worth else found


def _plan_before_harm(saving, harm, worth, tolerable, run, planned):
    """The test ran on although its harm was already certain. A plan protects against reading chance as success; it
    obliges nobody to go on hurting customers."""
    return "continue" if run < planned else verdict(saving, harm, worth, tolerable, run, planned)


def _in_the_order_of_the_words(saving, harm, worth, tolerable, run, planned):
    """You asked in the order in which the words are listed. Saving and harm were then judged before the plan was over; which
    question comes first follows from what each may be read for, and when."""
    if saving[0] > 0 and harm[1] < tolerable:
        return "ship"
    if saving[1] < worth:
        return "drop"
    return "continue" if run < planned else "abort" if harm[0] > tolerable else "undecided"


def _middle(saving, harm, worth, tolerable, run, planned):
    """You decided by the middle of each interval. The middle is the estimate; how far the truth may be from it is
    what the interval is for."""
    def point(pair):
        return (sum(pair) / 2,) * 2
    return verdict(point(saving), point(harm), worth, tolerable, run, planned)


def _likely_saving(saving, harm, worth, tolerable, run, planned):
    """You released a candidate whose saving may be nothing or a loss, because the middle of its interval looks good. The middle
    is the estimate; how far the truth may be from it is what the interval is for."""
    found = verdict(saving, harm, worth, tolerable, run, planned)
    return "ship" if found == "undecided" and sum(saving) / 2 >= worth and harm[1] <= tolerable else found


EXERCISES = [
    Exercise("evaluation.policy_cost", policy_cost, _policy_inputs,
             [(_unknown_is_honest, "no outcome means no loss"),
              (_declined_is_fraud, "declined means fraud"),
              (_accepted_is_sample, "what was accepted is a sample of everything"),
              (_mean_chance, "one average weight corrects the log"),
              (_forgets_price, "declining is free"),
              (_observed_only, "what was observed is a sample of everything"),
              (_weighted_over_observed, "weighted sums belong to the observed rows"),
              (_self_normalised, "weights must be divided by their sum"),
              (_self_normalised_losses, "weights must be divided by their sum"),
              (_times_chance, "a rare payment counts little"),
              (_weighted_price, "what is known needs a weight too"),
              (_nan_times_zero, "a weight of zero removes a NaN")],
             ("A payment was let through with chance .05, and was. How many payments like it does it stand for?",
              "Dollars of a payment that the new policy accepts: price is not paid; fraud * loss / chance where it was "
              "let through, 0 where it was not. np.where keeps NaN out.",
              "np.where(declines, price, np.where(accepted, fraud * loss / chance, 0)), then the mean.")),
    Exercise("evaluation.dollars_stopped", dollars_stopped, _stopped_inputs,
             [(_by_score, "a better ranking by probability is a better decision"),
              (_by_amount, "the largest payments are the risk"),
              (_promised, "the model's promise is the result"),
              (_number_stopped, "one fraud is as bad as another"),
              (_half, "one half is where to decide"),
              (_hindsight, "a policy may know the outcome"),
              (_all_chosen_are_fraud, "what is declined was fraud")],
             ("What does declining one payment save on average? Sort by that.",
              "np.argsort(-p * loss)[:count] are the payments to decline; add up what was really lost among them.")),
    Exercise("evaluation.ever_significant", ever_significant, _ever_inputs,
             [(_fresh_each_day, "looks are independent"),
              (_folk_formula, "looks are independent"),
              (_sum_is_z, "a sum of z-values is a z-value"),
              (_last_day, "peeking is free"),
              (_average_day, "every look has its own five percent"),
              (_one_side, "only a win can be a false alarm"),
              (_mean_of_z, "an average of z-values is a z-value")],
             ("batches.cumsum(axis=1) are the sums after each day. What makes a z of them?",
              "Divide column k by root k, compare the absolute value with the limit, then .any(axis=1) and .mean().")),
    Exercise("evaluation.verdict", verdict, _verdict_inputs,
             [(_significant_ships, "a significant winner may skip its guardrails"),
              (_no_significant_harm, "no significant harm means no harm"),
              (_not_significant_drops, "not significant means no effect"),
              (_any_day, "significant on any day is significant"),
              (_early_winner, "significant on any day is significant"),
              (_until_decided, "significant on any day is significant"),
              (_ship_before_drop, "a certain saving is worth a release"),
              (_early_loser, "a loser may be dropped on any day"),
              (_certain_worth, "only a certain worth may be released"),
              (_plan_before_harm, "a plan must be run to its end"),
              (_in_the_order_of_the_words, "the order of the questions does not matter"),
              (_likely_saving, "the estimate is the effect"),
              (_middle, "the estimate is the effect")],
             ("Which finding cannot wait for the planned day?",
              "Abort first, then 'is the plan over?'. Of 'ship' and 'drop', ask first whether the saving can still be "
              "worth it at all."),
             cases=(((0.5, 60.0), (-2.0, 3.0), 30.0, 6.0, 14, 14), ((-0.5, 60.0), (-2.0, 3.0), 30.0, 6.0, 14, 14),
                    ((-20.0, 200.0), (-1.0, 1.0), 30.0, 6.0, 14, 14),
                    ((40.0, 60.0), (-2.0, 3.0), 30.0, 6.0, 20, 14))),                   # a test that ran on
]

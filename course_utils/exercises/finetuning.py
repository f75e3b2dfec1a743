"""Exercises of notebook 08: prompt engineering vs fine-tuning."""
from __future__ import annotations

import numpy as np

from .engine import Exercise

# ------------------------------------------------------------------ finetuning.remedy


def remedy(measured, target):
    """The cheapest remedy that reaches the target, from what was measured before anybody tuned.

    measured : dict of shares, from 0 to 1, of one test set:
        "best prompt" : answered right with the best prompt tried,
        "only the form" : answered wrong with that prompt, but right once code repairs the form,
        "fact given" : answered right when the fact that is needed stands in the prompt.
    target : the share that is needed.
    Returns "prompt", "validate" (prompt, and code that checks and repairs the form), "retrieve" (look
        the fact up and put it into the prompt) or "tune" (nothing cheaper reaches it); in this order of
        cost. A target is reached from its value on.
    """
    if measured["best prompt"] >= target:
        return "prompt"
    if measured["best prompt"] + measured["only the form"] >= target:
        return "validate"
    return "retrieve" if measured["fact given"] >= target else "tune"


def _remedy_inputs(rng):
    best = round(float(rng.uniform(0.05, 0.95)), 2)
    form = round(float(rng.choice([0, rng.uniform(0, 1 - best)])), 2)
    given = round(float(rng.choice([best, rng.uniform(best, 1)])), 2)
    part = rng.uniform(0.1, 0.9) * (form or best)      # a target may lie within a repair's reach of either prompt, or beyond
    target = float(rng.choice([round(rng.uniform(0.4, 0.97), 2), best, given, round((best + given) / 2, 3),
                               *2 * [round(best + part, 3)], *2 * [min(round(given + part, 3), 0.99)]]))
    if form and np.isclose(best + form, target):       # whether a sum of floats reaches it is not the question
        target = round(target - 0.005, 3)
    return {"best prompt": best, "only the form": form, "fact given": given}, target


def _tune_below_target(measured, target):
    """A prompt that is not good enough was answered with training. Whether the fact or only the form was missing was
    measured too, and either is cheaper to supply than new weights."""
    return "prompt" if measured["best prompt"] >= target else "tune"


def _stale_facts_tuned(measured, target):
    """The missing fact was to be learned by heart. Weights are a poor place for facts: a look-up is right the day a
    fact changes, and a tuned model on the day it is tuned again."""
    decision = remedy(measured, target)
    return "tune" if decision == "retrieve" else decision


def _broken_form_tuned(measured, target):
    """A broken form was answered with more than it needs. What code can repair exactly, code should repair; a model,
    however tuned, breaks it now and then."""
    if measured["best prompt"] >= target:
        return "prompt"
    return "retrieve" if measured["fact given"] >= target else "tune"


def _fact_before_form(measured, target):
    """The look-up came before the repair of the form. Both reach the target here, and a repair is the cheaper one: it
    needs no store of facts, and nobody to keep that store up to date."""
    if measured["best prompt"] < target <= measured["fact given"]:
        return "retrieve"
    return remedy(measured, target)


def _largest(measured, target):
    """You took the remedy with the highest share. The question is what is needed, not what is most: beyond the target
    a further point is paid for and not used."""
    shares = {"prompt": measured["best prompt"], "validate": measured["best prompt"] + measured["only the form"],
              "retrieve": measured["fact given"]}
    best = max(shares, key=shares.get)
    return best if shares[best] >= target else "tune"


def _beyond(measured, target):
    """A target that is just met counts as missed: reached means at least."""
    if measured["best prompt"] > target:
        return "prompt"
    if measured["best prompt"] + measured["only the form"] > target:
        return "validate"
    return "retrieve" if measured["fact given"] > target else "tune"


def _beyond_repairs(measured, target):
    """With the prompt a target that is just met was reached, and with the later remedies it was not. "From its value
    on" holds for all of them."""
    return "prompt" if measured["best prompt"] >= target else _beyond(measured, target)


def _fact_helps(measured, target):
    """A fact that helps was taken for one that suffices. If the target is missed with the fact in the prompt as well, the
    look-up would be built for nothing."""
    decision = remedy(measured, target)
    return "retrieve" if decision == "tune" and measured["fact given"] > measured["best prompt"] else decision


def _form_alone(measured, target):
    """"only the form" was held against the target by itself. Those are further answers: repaired, they come on top of
    what the prompt got right already."""
    if measured["best prompt"] >= target:
        return "prompt"
    if measured["only the form"] >= target:
        return "validate"
    return "retrieve" if measured["fact given"] >= target else "tune"


def _share_of_the_wrong(measured, target):
    """"only the form" was read as a share of the wrong answers. All three are shares of the whole test set, and can be
    added as they are."""
    best, form = measured["best prompt"], measured["only the form"]
    return remedy({**measured, "only the form": (1 - best) * form}, target)


def _form_on_the_fact(measured, target):
    """The repairs were added to the share with the fact given. They were counted with the prompt that lacks the fact; with
    it, the same answers may be right already. What was not measured together cannot be added."""
    decision = remedy(measured, target)
    return "retrieve" if decision == "tune" and measured["fact given"] + measured["only the form"] >= target else decision


def _fact_on_top(measured, target):
    """"fact given" was added to what the prompt got right. It is the whole share with the fact in the prompt, and
    contains the answers that were right without it."""
    return remedy({**measured, "fact given": measured["best prompt"] + measured["fact given"]}, target)


# ------------------------------------------------------------------ finetuning.better


def better(prompt_right, tuned_right, worth):
    """Whether a tuned model is enough better than a prompt, judged on the same test cases.

    prompt_right, tuned_right : arrays of 0 and 1, one for each case: was it answered right?
    worth : the gain in accuracy that would pay for the tuning, as a share: 0.05 is five points.
    Returns "tune" if the 95 % interval of the gain lies above worth, "prompt" if it lies below, else
        "undecided". The interval is the mean of the differences, case by case, plus and minus 1.96
        standard errors; the standard error is the standard deviation of the differences (ddof=1) over
        the square root of their number.
    """
    difference = np.asarray(tuned_right) - np.asarray(prompt_right)
    margin = 1.96 * difference.std(ddof=1) / np.sqrt(len(difference))
    if difference.mean() - margin > worth:
        return "tune"
    return "prompt" if difference.mean() + margin < worth else "undecided"


def _better_inputs(rng):
    n, common = int(rng.choice([20, 60, 200, 800])), rng.random()
    gain = rng.uniform(-0.05, 0.3)
    hard, luck = rng.random(n), rng.random(n)
    prompt = (np.where(rng.random(n) < common, hard, luck) < 0.6).astype(int)
    tuned = (np.where(rng.random(n) < common, hard, rng.random(n)) < 0.6 + gain).astype(int)
    return prompt, tuned, float(rng.choice([0.0, 0.02, 0.05, 0.1]))


def _point(prompt_right, tuned_right, worth):
    """You compared two averages. On a small test set a gain of several points comes and goes with the cases that
    happen to be in it, and of the tunings that gain just `worth` half would pass."""
    return "tune" if np.mean(tuned_right) - np.mean(prompt_right) > worth else "prompt"


def _unpaired(prompt_right, tuned_right, worth):
    """The two models answered the same cases, and you treated them as two samples. Hard cases are hard for both: case by
    case that cancels, and the interval is then the narrower one."""
    n = len(prompt_right)
    gain = np.mean(tuned_right) - np.mean(prompt_right)
    margin = 1.96 * np.sqrt((np.var(tuned_right, ddof=1) + np.var(prompt_right, ddof=1)) / n)
    return "tune" if gain - margin > worth else "prompt" if gain + margin < worth else "undecided"


def _against_zero(prompt_right, tuned_right, worth):
    """The gain was held against zero. That it exists is not the question; that it pays for the tuning is."""
    return better(prompt_right, tuned_right, 0.0)


def _mean_beyond_worth(prompt_right, tuned_right, worth):
    """The interval was held against zero and only the mean against worth. Then the gain is shown to exist, and not to pay: the
    whole interval has to lie beyond worth."""
    if np.mean(tuned_right) - np.mean(prompt_right) > worth and better(prompt_right, tuned_right, 0.0) == "tune":
        return "tune"
    return "prompt" if better(prompt_right, tuned_right, worth) == "prompt" else "undecided"


def _turned_round(prompt_right, tuned_right, worth):
    """The difference was taken the other way round, prompt minus tuned. The gain is what the tuned model has more."""
    return better(tuned_right, prompt_right, worth)


def _not_shown(prompt_right, tuned_right, worth):
    """What the test did not show was taken as shown to be absent. An interval that reaches across `worth` says that
    there were too few cases, and nothing else."""
    return "tune" if better(prompt_right, tuned_right, worth) == "tune" else "prompt"


def _one_error(prompt_right, tuned_right, worth):
    """The margin is one standard error. Such an interval misses the truth in about one case of three."""
    difference = np.asarray(tuned_right) - np.asarray(prompt_right)
    margin = difference.std(ddof=1) / np.sqrt(len(difference))
    gain = difference.mean()
    return "tune" if gain - margin > worth else "prompt" if gain + margin < worth else "undecided"


def _no_root(prompt_right, tuned_right, worth):
    """The standard deviation says how much single cases vary. The mean of n cases varies less, by the root of n."""
    difference = np.asarray(tuned_right) - np.asarray(prompt_right)
    margin, gain = 1.96 * difference.std(ddof=1), difference.mean()
    return "tune" if gain - margin > worth else "prompt" if gain + margin < worth else "undecided"


# ------------------------------------------------------------------ finetuning.break_even


def break_even(prompt, tuned):
    """From how many requests a month on the tuned model is the cheaper one.

    prompt : dict. "tokens" a request; "price", dollars a million tokens; "cached", the share of these
        tokens that is read from a cache, at a tenth of the price.
    tuned : dict. "tokens" a request; "price", dollars a million tokens, none of them cached; "upkeep",
        dollars a month; "update", dollars for each time that the model is tuned and evaluated anew;
        "updates" a month.
    Returns the number of requests a month (a float, not rounded), or float("inf") if a request to the
        tuned model saves nothing.
    """
    price = prompt["price"] * (1 - 0.9 * prompt["cached"])
    saved = (prompt["tokens"] * price - tuned["tokens"] * tuned["price"]) / 1e6
    fixed = tuned["upkeep"] + tuned["update"] * tuned["updates"]
    return fixed / saved if saved > 0 else float("inf")


def _break_even_inputs(rng):
    prompt = {"tokens": int(rng.integers(300, 3000)), "price": float(rng.choice([0.5, 1, 3])),
              "cached": float(rng.choice([0, 0.5, 0.9]))}
    tuned = {"tokens": int(rng.integers(50, 400)), "price": float(rng.choice([0.5, 1, 3, 6])),
             "upkeep": int(rng.integers(100, 3000)), "update": int(rng.integers(200, 2000)),
             "updates": float(rng.choice([0.25, 1, 4]))}
    return prompt, tuned


def _no_updates(prompt, tuned):
    """The model was tuned once and for all. What it learned changes, and each change costs a tuning and an evaluation
    that the prompt does not need."""
    return break_even(prompt, {**tuned, "updates": 0})


def _one_update(prompt, tuned):
    """The price of one update was counted, not of all the updates in a month."""
    return break_even(prompt, {**tuned, "updates": 1})


def _no_upkeep(prompt, tuned):
    """The upkeep is missing: it is due every month, also without any request."""
    return break_even(prompt, {**tuned, "upkeep": 0})


def _no_cache(prompt, tuned):
    """The long prompt was charged in full at each request. Its unchanging part can be cached, which takes away much of
    what tuning would save."""
    return break_even({**prompt, "cached": 0}, tuned)


def _cached_free(prompt, tuned):
    """Cached tokens were counted as free. They are cheap, and there are many of them."""
    kept = 1 - prompt["cached"]
    saved = (prompt["tokens"] * kept * prompt["price"] - tuned["tokens"] * tuned["price"]) / 1e6
    fixed = tuned["upkeep"] + tuned["update"] * tuned["updates"]
    return fixed / saved if saved > 0 else float("inf")


def _a_tenth_off(prompt, tuned):
    """The cache took a tenth off. It takes nine tenths off: a cached token costs a tenth of its price."""
    return break_even({**prompt, "cached": prompt["cached"] / 9}, tuned)


def _both_cached(prompt, tuned):
    """The discount for cached tokens was given to both. `cached` is a share of the long prompt; the tuned model's short
    request has no such part."""
    return break_even(prompt, {**tuned, "price": tuned["price"] * (1 - 0.9 * prompt["cached"])})


def _tuned_free(prompt, tuned):
    """The tuned model still reads the request itself. Only the instructions and examples have left the prompt."""
    return break_even(prompt, {**tuned, "tokens": 0})


def _same_price(prompt, tuned):
    """A tuned model was priced like the common one. Here it is served for you alone, and a token of it costs more."""
    return break_even(prompt, {**tuned, "price": prompt["price"]})


def _negative(prompt, tuned):
    """Where a request to the tuned model costs more, no number of requests repays it: the answer is infinity, and a
    negative number of requests is none."""
    price = prompt["price"] * (1 - 0.9 * prompt["cached"])
    saved = (prompt["tokens"] * price - tuned["tokens"] * tuned["price"]) / 1e6
    return (tuned["upkeep"] + tuned["update"] * tuned["updates"]) / saved if saved else float("inf")


def _millions(prompt, tuned):
    """Prices are for a million tokens; the division by a million is missing."""
    return break_even(prompt, tuned) / 1e6


def _rounded(prompt, tuned):
    """Your number is rounded. The task asks for a float as it comes out; round where somebody reads it."""
    n = break_even(prompt, tuned)
    return float(np.ceil(n)) if n < float("inf") else n


EXERCISES = [
    Exercise("finetuning.remedy", remedy, _remedy_inputs,
             [(_tune_below_target, "a prompt that fails calls for tuning"),
              (_stale_facts_tuned, "facts belong into the weights"),
              (_broken_form_tuned, "form is the model's business"),
              (_fact_before_form, "any remedy that works will do"),
              (_largest, "the best remedy is the one with the highest score"),
              (_beyond, "a target is reached when it is passed"),
              (_beyond_repairs, "a repair has to do more than reach the target"),
              (_fact_helps, "what helps is enough"),
              (_form_alone, "a repair replaces what was right"),
              (_share_of_the_wrong, "a share of all is a share of the wrong"),
              (_form_on_the_fact, "separate gains add up"),
              (_fact_on_top, "a whole is an increment")],
             ("Go through the remedies in order of cost, and stop at the first that reaches the target.",
              "What code repairs adds to what the prompt got right already.")),
    Exercise("finetuning.better", better, _better_inputs,
             [(_point, "a difference of averages is a finding"),
              (_unpaired, "the same cases are two samples"),
              (_against_zero, "better is better enough"),
              (_mean_beyond_worth, "a gain that exists and is large on average pays"),
              (_turned_round, "the gain is what the prompt has more"),
              (_not_shown, "not shown is shown not to be"),
              (_one_error, "one standard error is an interval"),
              (_no_root, "the spread of cases is the spread of their mean")],
             ("Subtract first, case by case, and look at the one sample of differences that remains.",
              "Their values are -1, 0 and 1. difference.std(ddof=1) / sqrt(n) is the standard error of their mean."),
             cases=((np.zeros(13, int), np.repeat([1, 0], [4, 9]), 0.05),          # few enough for ddof to matter
                    (np.ones(13, int), np.ones(13, int), 0.0),                     # no difference at all
                    (np.zeros(40, int), np.repeat([1, 0], [5, 35]), 0.02))),       # 1.96 standard errors, not 2
    Exercise("finetuning.break_even", break_even, _break_even_inputs,
             [(_no_updates, "a model is tuned once"),
              (_one_update, "a model is tuned once a month"),
              (_no_upkeep, "what nobody uses costs nothing"),
              (_no_cache, "every prompt token costs its full price"),
              (_cached_free, "cached tokens are free"),
              (_a_tenth_off, "a tenth of the price is a tenth off"),
              (_both_cached, "every request has a part to cache"),
              (_tuned_free, "a tuned model needs no prompt"),
              (_same_price, "a tuned token costs what any token costs"),
              (_negative, "a negative break-even is a bargain"),
              (_millions, "prices are per token"),
              (_rounded, "an exact number and its neighbour are the same")],
             ("What does one request save? What does a month cost that no request causes?",
              "If a share c of the tokens is cached, they cost price * (1 - c) + price * c / 10 on average."),
             cases=(({"tokens": 250, "price": 1.0, "cached": 0.0},             # a request costs the same either way
                     {"tokens": 250, "price": 1.0, "upkeep": 800, "update": 600, "updates": 1}),)),
]

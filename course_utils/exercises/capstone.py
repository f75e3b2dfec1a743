"""Exercises of notebook 13: the three parts of a policy for the capstone."""
from __future__ import annotations

from math import exp, log, sqrt

import numpy as np

from .engine import Exercise

# ------------------------------------------------------------------ capstone.diagnose


def diagnose(readings, table, prior):
    """How likely each situation is, given what has been read: Bayes' rule.

    readings : list of (signal, day, value), in any order. Results hang on the board until the case is
        closed, so the same reading may stand in the list on several mornings. Signals may be missing.
    table : table[situation][signal] is the mean m that the signal has in that situation. A value is
        normal around m with standard deviation sqrt(1 + (0.2 m)**2): its noise, and that incidents
        differ in strength. Take values as independent, given the situation.
    prior : situation -> probability before anything was read.
    Returns a dict, situation -> probability, that sums to 1.
    """
    from math import exp, log, sqrt

    log_belief = {situation: log(p) for situation, p in prior.items()}
    for signal, _day, value in sorted(set(readings)):
        for situation in log_belief:
            mean = table[situation][signal]
            sd = sqrt(1 + (0.2 * mean) ** 2)
            log_belief[situation] -= 0.5 * ((value - mean) / sd) ** 2 + log(sd)
    top = max(log_belief.values())
    weight = {situation: exp(v - top) for situation, v in log_belief.items()}
    return {situation: w / sum(weight.values()) for situation, w in weight.items()}


_SIGNALS = ("psi", "complaints", "trace", "audit_text", "label_sample")


def _diagnose_inputs(rng):
    names = ["none", *(str(n) for n in rng.choice(["season", "unit_bug", "market", "ring", "unsafe"], 3, replace=False))]
    table = {name: {s: 0.0 if name == "none" else float(rng.choice([0, 0.8, 1.6, 4])) for s in _SIGNALS} for name in names}
    truth = table[names[rng.integers(len(names))]]
    readings = [(s, day, round(float(truth[s] + rng.normal()), 1)) for day in (8, 9) for s in ("psi", "complaints")]
    test = str(rng.choice(_SIGNALS[2:]))
    readings += [(test, 9, round(float(truth[test] + rng.normal()), 1))] * int(rng.integers(1, 4))
    readings = [readings[i] for i in rng.permutation(len(readings))]
    return readings, table, {name: 0.7 if name == "none" else 0.1 for name in names}


def _bayes(readings, table, prior, spread=0.2, norm=True):
    log_belief = {}
    for situation, p in prior.items():
        log_belief[situation] = log(p)
        for signal, _day, value in sorted(readings):        # sums of floats depend on the order
            sd = sqrt(1 + (spread * table[situation][signal]) ** 2)
            log_belief[situation] -= 0.5 * ((value - table[situation][signal]) / sd) ** 2 + norm * log(sd)
    weight = {situation: exp(v - max(log_belief.values())) for situation, v in log_belief.items()}
    return {situation: w / sum(weight.values()) for situation, w in weight.items()}


def _base_rate_ignored(readings, table, prior):
    """The prior is not in it. Most alarms have nothing behind them, and a reading that is a little high is then more often
    noise than the incident that it resembles."""
    return diagnose(readings, table, dict.fromkeys(prior, 1 / len(prior)))


def _counted_again(readings, table, prior):
    """A reading was counted on every morning on which it hung on the board. It is one piece of evidence, however often it is
    looked at; counted again each day, the first result convinces you by being old."""
    return _bayes(readings, table, prior)


def _unread_is_negative(readings, table, prior):
    """Signals without a reading were taken as zero. A test that nobody made has not come out negative; it says nothing, for
    or against."""
    read = {signal for signal, _, _ in readings}
    unread = {(signal, -1, 0.0) for mean in table.values() for signal in mean if signal not in read}
    return _bayes(set(readings) | unread, table, prior)


def _newest_only(readings, table, prior):
    """Only the newest reading of each signal was used. A new day does not cancel the day before: both are evidence, and two
    days of a doubtful signal say more than one."""
    newest = {signal: (signal, day, value) for signal, day, value in sorted(readings, key=lambda r: r[1])}
    return _bayes(newest.values(), table, prior)


def _same_strength(readings, table, prior):
    """The standard deviation is 1 everywhere. Incidents differ in strength, so a reading far above the mean of a strong
    situation still fits it; with 1 it would be nearly impossible."""
    return _bayes(set(readings), table, prior, spread=0.0)


def _distance_only(readings, table, prior):
    """The density's 1/sd is missing. A situation with a wide curve then gets the same credit as one that had staked all on
    this value: what would have fitted anything is not confirmed by it."""
    return _bayes(set(readings), table, prior, norm=False)


def _verdict(readings, table, prior):
    """All the belief went to one situation. Whoever is certain after two readings has no reason to buy a third, and pays for
    it with a Brier score of 2 whenever it was another one."""
    belief = _bayes(set(readings), table, prior)
    return {s: float(s == max(belief, key=belief.get)) for s in belief}


# ------------------------------------------------------------------ capstone.next_test


def next_test(belief, tests, price, cures, stake):
    """The test that is most worth its price, or "act" if none is.

    belief : situation -> probability.   cures : situation -> the repairs it needs, a tuple.
    tests : tests[name][situation] is the probability that the test's result is high; else it is low.
    price : test -> kEUR.   stake : kEUR lost if the repairs chosen are the wrong ones.
    Whoever acts chooses the cure that is most likely to be right. A test's value is the stake times
        what it adds to that probability, on average over both results, minus its price.
    Returns the name of the test with the largest value, or "act" if no value is above 0.
    """
    def right(weight):
        chance = {}
        for situation, w in weight.items():
            chance[cures[situation]] = chance.get(cures[situation], 0) + w
        return max(chance.values())

    best, worth = "act", 0.0
    for test, high in tests.items():
        if_high = right({s: p * high[s] for s, p in belief.items()})
        if_low = right({s: p * (1 - high[s]) for s, p in belief.items()})
        value = stake * (if_high + if_low - right(belief)) - price[test]
        if value > worth:
            best, worth = test, value
    return best


_CURES = {"none": (), "season": (), "unit_bug": ("fix_pipeline",), "market": ("recalibrate",), "ring": ("retrain",),
          "bug_ring": ("fix_pipeline", "retrain"), "unsafe": ("guardrail",)}


def _test_inputs(rng):
    names = [str(n) for n in rng.choice(list(_CURES)[2:], 2, replace=False)] + ["none", "season"]
    belief = dict(zip(names, (float(p) for p in rng.dirichlet([1.2] * 4))))

    def chances(*sure):
        return {n: float(rng.uniform(0.9, 0.99) if n in sure else rng.uniform(0.01, 0.1)) for n in names}

    tests = {"trace": chances(names[0]), "feature_age": chances(), "psi_by_hour": chances("season"),
             "label_sample": {n: 0.999 if n == names[1] else 0.001 for n in names},
             "profile": {n: float(rng.uniform(0.2, 0.8)) for n in names}}
    price = {"trace": float(rng.uniform(1, 2)), "feature_age": float(rng.uniform(0.2, 0.5)),
             "psi_by_hour": float(rng.uniform(0.5, 1)), "label_sample": float(rng.uniform(4, 6)),
             "profile": float(rng.uniform(1, 2))}
    return belief, tests, price, {n: _CURES[n] for n in names}, float(rng.choice([3, 15, 60, 150]))


def _right(weight, cures):
    chance = {}
    for situation, w in weight.items():
        chance[cures[situation]] = chance.get(cures[situation], 0) + w
    return max(chance.values())


def _gains(belief, tests, cures):
    return {t: _right({s: p * high[s] for s, p in belief.items()}, cures)
            + _right({s: p * (1 - high[s]) for s, p in belief.items()}, cures) - _right(belief, cures)
            for t, high in tests.items()}


def _cheapest(belief, tests, price, cures, stake):
    """The cheapest test comes first. Cheap is not the same as useful: a result that leaves the plan as it was has cost a day
    of the incident, which is dearer than any test."""
    return min(tests, key=price.get) if tests else "act"


def _most_accurate(belief, tests, price, cures, stake):
    """The most accurate test comes first, whatever you believe. Between situations that you have all but excluded even a
    perfect test decides nothing."""
    return max(tests, key=lambda t: max(tests[t].values()) - min(tests[t].values())) if tests else "act"


def _most_information(belief, tests, price, cures, stake):
    """You chose the test that removes most doubt about the situation. Doubt between two situations that need the same
    repair, or none, costs nothing: a test that cannot change what you do is worth nothing."""
    def entropy(p):
        p = np.clip(p, 1e-9, 1 - 1e-9)
        return -p * np.log(p) - (1 - p) * np.log(1 - p)

    def told(test):
        high = tests[test]
        average = sum(p * high[s] for s, p in belief.items())
        return entropy(average) - sum(p * entropy(high[s]) for s, p in belief.items())

    return max(tests, key=told) if tests else "act"


def _one_story(belief, tests, price, cures, stake):
    """You counted how often the *situation* is named rightly. Two situations with the same cure need not be told apart, and
    together they may already be enough to act on."""
    gains = _gains(belief, tests, {s: s for s in cures})
    value = {t: stake * gains[t] - price[t] for t in tests}
    return max(value, key=value.get) if value and max(value.values()) > 0 else "act"


def _free(belief, tests, price, cures, stake):
    """The price is not in it. With much at stake that hardly matters; near the end of the eight weeks a sample for 5 kEUR
    can cost more than the mistake that it might prevent."""
    gains = _gains(belief, tests, cures)
    return max(gains, key=gains.get) if gains and max(gains.values()) > 1e-9 else "act"


def _never_enough(belief, tests, price, cures, stake):
    """You always take another test. Once no result could pay for itself the next step is to act, and that includes doing
    nothing if nothing is likeliest."""
    gains = _gains(belief, tests, cures)
    return max(tests, key=lambda t: stake * gains[t] - price[t]) if tests else "act"


def _as_hoped(belief, tests, price, cures, stake):
    """You counted on the result that you hope for. A test has two; how sure you would be after the result you hope for says
    nothing about how often it comes."""
    value = {}
    for t, high in tests.items():
        joint = {s: p * high[s] for s, p in belief.items()}
        value[t] = stake * (_right(joint, cures) / sum(joint.values()) - _right(belief, cures)) - price[t]
    return max(value, key=value.get) if value and max(value.values()) > 0 else "act"


def _favourite(belief, tests, price, cures, stake):
    """You tested for what you already believe. A high result then changes nothing; look for the test whose result could
    make you choose another repair."""
    top = max(belief, key=belief.get)
    return max(tests, key=lambda t: tests[t][top]) if tests else "act"


# ------------------------------------------------------------------ capstone.plan


def plan(belief, cures, actions, day, budget):
    """The orders for the likeliest cure, one after the other, each with an owner and a stop condition.

    belief : situation -> probability.   cures : situation -> the repairs it needs, a tuple.
    actions : order -> (price in kEUR, days it takes, owner).   day : today.   budget : kEUR left.
    Take the cure most likely to be right. In it "retrain" is a job of four orders: label_sample,
        review_on, retrain_canary, review_off. It comes last, because it must not learn from a
        broken log; any other repair is a job of one order, in the order of the cure. A job that
        what is left of the budget cannot pay in full is left out in full.
    Returns a list of dicts: "order", "owner"; "done", the day on which it is done if each starts when
        the one before is done; "look", for repairs the day seven days after the whole plan is done,
        on which it is undone if the alarm is still on, and None for the other three kinds of order.
    """
    chance = {}
    for situation, p in belief.items():
        chance[cures[situation]] = chance.get(cures[situation], 0) + p
    cure, steps = max(chance, key=chance.get), []
    for repair in sorted(cure, key=lambda repair: repair == "retrain"):
        job = [repair]
        if repair == "retrain":
            job = ["label_sample", "review_on", "retrain_canary", "review_off"]
        price = sum(actions[order][0] for order in job)
        if price > budget:
            continue
        budget -= price
        for order in job:
            day += actions[order][1]
            steps.append({"order": order, "owner": actions[order][2], "done": day, "look": None})
    for step in steps:
        if step["order"] not in ("label_sample", "review_on", "review_off"):
            step["look"] = day + 7
    return steps


_ACTIONS = {"label_sample": (5, 2, "risk"), "review_on": (2, 0, "ops"), "review_off": (0, 0, "ops"), "retrain": (25, 7, "ds"),
            "retrain_canary": (29, 9, "ds"), "fix_pipeline": (4, 1, "data-eng"), "guardrail": (6, 1, "risk"),
            "recalibrate": (2, 1, "ds")}


def _plan_inputs(rng):
    cures = {"none": (), "season": (), "unit_bug": ("fix_pipeline",), "bug_market": ("fix_pipeline", "recalibrate"),
             "ring": ("retrain",), "bug_ring": [("fix_pipeline", "retrain"), ("retrain", "fix_pipeline")][rng.integers(2)],
             "unsafe": ("guardrail",), "unsafe_at_night": ("guardrail",)}
    names = list(cures)
    weight = rng.dirichlet([0.4] * len(names))
    weight[names.index(str(rng.choice(["bug_ring", "ring", "none", "unsafe"], p=[0.5, 0.2, 0.1, 0.2])))] += rng.choice([0.3, 1])
    actions = {name: (price + int(rng.integers(0, 2)), days, owner) for name, (price, days, owner) in _ACTIONS.items()}
    return (dict(zip(names, (float(w) for w in weight / weight.sum()))), cures, actions, int(rng.integers(5, 30)),
            float(rng.choice([3, 20, 38, 60], p=[0.1, 0.2, 0.15, 0.55])))


_TWO = {"none": (), "unsafe_market": ("guardrail", "recalibrate"), "ring": ("retrain",)}
_PLAN_CASES = (                  # the first job is too dear and the second is not; the money is exactly enough
    ({"none": 0.1, "unsafe_market": 0.8, "ring": 0.1}, _TWO, _ACTIONS, 12, 3.0),
    ({"none": 0.1, "unsafe_market": 0.1, "ring": 0.8}, _TWO, _ACTIONS, 12, 36.0),
    ({"none": 0.1, "bug_ring": 0.8, "ring": 0.1}, {"none": (), "ring": ("retrain",), "bug_ring": ("fix_pipeline", "retrain")},
     _ACTIONS, 12, 38.0),        # enough for either job, and not for both
    ({"none": 0.2, "mixed": 0.8}, {"none": (), "mixed": ("recalibrate", "guardrail")}, _ACTIONS, 12, 60.0))   # in this order


_RETRAIN = ["label_sample", "review_on", "retrain_canary", "review_off"]


def _steps(jobs, actions, day, budget):
    steps = []
    for job in jobs:
        price = sum(actions[order][0] for order in job)
        if price <= budget:
            budget -= price
            for order in job:
                day += actions[order][1]
                steps.append({"order": order, "owner": actions[order][2], "done": day, "look": None})
    for step in steps:
        if step["order"] not in ("label_sample", "review_on", "review_off"):
            step["look"] = day + 7
    return steps


def _likeliest(belief, cures):
    chance = {}
    for situation, p in belief.items():
        chance[cures[situation]] = chance.get(cures[situation], 0) + p
    return max(chance, key=chance.get)


def _as_jobs(repairs):
    return [_RETRAIN if repair == "retrain" else [repair] for repair in repairs]


def _jobs(cure):
    return _as_jobs(sorted(cure, key=lambda r: r == "retrain"))


def _model_first(belief, cures, actions, day, budget):
    """The retraining comes before the repair of the log. The new weights then learn from the broken log, the repair makes
    them wrong, and the retraining has to be paid once more."""
    return _steps(sorted(_jobs(_likeliest(belief, cures)), key=len, reverse=True), actions, day, budget)


def _as_listed(belief, cures, actions, day, budget):
    """The retraining stays where the cure names it, also before the repair of the log. The new weights then learn from the
    broken log, the repair makes them wrong, and the retraining has to be paid once more."""
    return _steps(_as_jobs(_likeliest(belief, cures)), actions, day, budget)


def _no_stop(belief, cures, actions, day, budget):
    """No repair has a stop condition. A repair that was not needed does harm every day until somebody undoes it, and nobody
    does without a day on which to look."""
    return [{**step, "look": None} for step in plan(belief, cures, actions, day, budget)]


def _just_retrain(belief, cures, actions, day, budget):
    """The retraining is ordered alone, without labels that show the change and released to everybody at once. It learns the
    old world again, and one in four has a flaw that only users show."""
    jobs = [["retrain"] if "retrain_canary" in job else job for job in _jobs(_likeliest(belief, cures))]
    return _steps(jobs, actions, day, budget)


def _all_to_one(belief, cures, actions, day, budget):
    """Every order goes to the data scientists, because a model is involved. Whoever gets an order that is not theirs passes
    it on, and that takes days."""
    return [{**step, "owner": "ds"} for step in plan(belief, cures, actions, day, budget)]


def _one_story_decides(belief, cures, actions, day, budget):
    """You took the cure of the likeliest situation. Two less likely ones may need the same repair, and together be likelier:
    it is the repair that has to be right."""
    return _steps(_jobs(cures[max(belief, key=belief.get)]), actions, day, budget)


def _something_must_be_done(belief, cures, actions, day, budget):
    """Where nothing is likeliest, you repaired something all the same. The best plan for a false alarm is the empty one, and
    it is the hardest to defend in a meeting."""
    left = {s: p for s, p in belief.items() if cures[s]}
    return plan(left, cures, actions, day, budget)


def _no_budget(belief, cures, actions, day, budget):
    """The plan costs more than there is. An order that cannot be paid is refused on the day, in the middle of the plan, and
    what was paid before it is lost."""
    return _steps(_jobs(_likeliest(belief, cures)), actions, day, float("inf"))


def _spent_twice(belief, cures, actions, day, budget):
    """Each job is compared with the whole budget. What one job costs is gone for the next: the money is spent twice, and the
    order that cannot be paid is refused in the middle of the plan."""
    jobs = [job for job in _jobs(_likeliest(belief, cures)) if sum(actions[order][0] for order in job) <= budget]
    return _steps(jobs, actions, day, float("inf"))


def _half_a_job(belief, cures, actions, day, budget):
    """You bought what the money still reached for. Labels, or a review, without the retraining that they were meant for are
    paid and cure nothing."""
    return _steps([[order] for job in _jobs(_likeliest(belief, cures)) for order in job], actions, day, budget)


def _one_job_or_none(belief, cures, actions, day, budget):
    """You dropped the whole plan because the money does not reach for all of it. What can be paid in full
    can be done, and helps, without the rest."""
    jobs = _jobs(_likeliest(belief, cures))
    affordable = sum(actions[order][0] for job in jobs for order in job) <= budget
    return _steps(jobs, actions, day, budget) if affordable else []


def _all_at_once(belief, cures, actions, day, budget):
    """All orders start today. A retraining that starts beside the repair of the log, or before the labels are in, learns
    from what is there that day."""
    steps = plan(belief, cures, actions, day, budget)
    steps = [{**step, "done": day + actions[step["order"]][1]} for step in steps]
    end = max([day, *(step["done"] for step in steps)])
    return [{**step, "look": None if step["look"] is None else end + 7} for step in steps]


def _looks_too_early(belief, cures, actions, day, budget):
    """Each repair is judged a week after it was done itself. While the rest of the plan is still to come the alarm is on for
    a reason, and you would undo a repair that was right."""
    return [{**step, "look": None if step["look"] is None else step["done"] + 7}
            for step in plan(belief, cures, actions, day, budget)]


def _looks_from_the_order(belief, cures, actions, day, budget):
    """The week is counted from today, when the orders were written. A retraining takes longer than that: it would be judged,
    and undone, before it is in."""
    return [{**step, "look": None if step["look"] is None else day + 7}
            for step in plan(belief, cures, actions, day, budget)]


EXERCISES = [
    Exercise("capstone.diagnose", diagnose, _diagnose_inputs,
             [(_base_rate_ignored, "an alarm is as good as an incident"),
              (_counted_again, "a reading counts whenever it is looked at"),
              (_unread_is_negative, "what was not tested is negative"),
              (_newest_only, "the newest reading replaces the older ones"),
              (_same_strength, "all incidents are equally strong"),
              (_distance_only, "what fits anything fits well"),
              (_verdict, "a diagnosis is a verdict")],
             ("Start from the prior, and multiply by one density for each reading. Which readings are one and the same?",
              "set(readings) leaves each reading once. Work with logarithms: log p - 0.5 ((value - m) / sd)**2 - log(sd).",
              "Subtract the largest logarithm before you take exponentials, and divide by their sum.")),
    Exercise("capstone.next_test", next_test, _test_inputs,
             [(_cheapest, "the cheapest test comes first"),
              (_most_accurate, "the best test is the most accurate one"),
              (_most_information, "information is worth having, whatever is done with it"),
              (_one_story, "one must know the situation to choose the repair"),
              (_free, "information is free"),
              (_never_enough, "one more test is always prudent"),
              (_as_hoped, "a test comes out as hoped"),
              (_favourite, "a good test confirms the favourite")],
             ("Write a helper: given a weight for each situation, how much weight falls on the cure with the most?",
              "If the result is high, situation s has the weight belief[s] * high[s]; if low, belief[s] * (1 - high[s]).",
              "The two helper values add up to the chance of being right after the test. Compare with the one before it."),
             cases=(({"unit_bug": 0.96, "none": 0.04}, {"trace": {"unit_bug": 0.99, "none": 0.01}},   # sure, and the test
                     {"trace": 1.0}, {"unit_bug": ("fix_pipeline",), "none": ()}, 150.0),)),           # is worth its price
    Exercise("capstone.plan", plan, _plan_inputs,
             [(_model_first, "the model comes first"),
              (_as_listed, "the model comes first"),
              (_no_stop, "a repair needs no stop condition"),
              (_just_retrain, "a retraining is one order"),
              (_all_to_one, "whoever owns the model owns the incident"),
              (_one_story_decides, "one must know the situation to choose the repair"),
              (_something_must_be_done, "an alarm must have a repair"),
              (_no_budget, "money is found once the work has begun"),
              (_spent_twice, "what one order costs is still there for the next"),
              (_half_a_job, "half a job is half a cure"),
              (_one_job_or_none, "all or nothing"),
              (_all_at_once, "order is free"),
              (_looks_too_early, "a repair shows at once"),
              (_looks_from_the_order, "the clock starts with the order")],
             ("First add up the belief for each cure. Then make jobs, each a list of orders, and see which ones can be paid.",
              "Keep a running day: each order adds its days to it. All looks count from the day when the last one is done.",
              "sorted(cure, key=lambda repair: repair == \"retrain\") puts the retraining last and keeps the rest."),
             cases=_PLAN_CASES),
]

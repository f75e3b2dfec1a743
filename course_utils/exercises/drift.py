"""Exercises of notebook 02: data drift vs model drift."""
from __future__ import annotations

import numpy as np

from .engine import Exercise

# ------------------------------------------------------------------ drift.psi


def psi(ref, cur, edges):
    """Population stability index of two samples.

    ref, cur : 1-D arrays of numbers: the reference and the current window.
    edges : 1-D array of inner bin edges, ascending. k edges make k + 1 bins; the first and the
        last one are open. A value equal to an edge belongs to the bin on its right.
    Returns a float: the sum over bins of (q - p) * ln(q / p), where p and q are the shares of
        ref and of cur in that bin. Add 0.5 to every count first, so that no bin is empty.
    """
    def shares(sample):
        which_bin = np.searchsorted(edges, sample, side="right")
        counts = np.bincount(which_bin, minlength=len(edges) + 1) + 0.5
        return counts / counts.sum()

    p, q = shares(ref), shares(cur)
    return float(((q - p) * np.log(q / p)).sum())


def _psi_inputs(rng):
    kind = rng.integers(4)
    if kind == 0:      # a 0/1 column: its quantiles are no bins
        return (rng.random(200) < 0.12).astype(int), (rng.random(150) < 0.35).astype(int), np.array([0.5])
    if kind == 3:      # whole numbers, with edges on them
        return rng.integers(0, 24, 200), rng.integers(4, 24, 150), np.array([5, 10, 15, 20])
    ref = rng.exponential(100, 120)
    edges = np.quantile(ref, [0.2, 0.4, 0.6, 0.8])
    if kind == 1:      # an ordinary shift
        return ref, rng.exponential(40, 90), edges
    return ref, rng.exponential(100, 80) * 60 + edges[1], edges  # nothing falls into the first bins


def _shares(sample, edges):
    counts = np.bincount(np.searchsorted(edges, sample, side="right"), minlength=len(edges) + 1) + 0.5
    return counts / counts.sum()


def _sum(p, q):
    return float(((q - p) * np.log(q / p)).sum())


def _own_edges(ref, cur, edges):
    """Each window is cut at its own quantiles, so each has the same share in every bin, whatever it
    contains. The edges must come from the reference, once, and serve both."""
    steps = np.linspace(0, 1, len(edges) + 2)[1:-1]
    return _sum(_shares(ref, np.quantile(ref, steps)), _shares(cur, np.quantile(cur, steps)))


def _requantiled(ref, cur, edges):
    """The bins were cut anew at the reference's quantiles. In a column of 0s and 1s the quantiles
    coincide, everything lands in one bin, and the index is 0 whatever happened. Use the edges you are given."""
    cuts = np.unique(np.quantile(ref, np.linspace(0, 1, len(edges) + 2)))
    cuts[0], cuts[-1] = -np.inf, np.inf
    a, b = (np.histogram(sample, cuts)[0] + 0.5 for sample in (ref, cur))
    return _sum(a / a.sum(), b / b.sum())


def _current_edges(ref, cur, edges):
    """The bins were cut on the current window. The yardstick then moves with what it measures, and no two
    days can be compared. The edges you are given come from the reference."""
    steps = np.linspace(0, 1, len(edges) + 2)[1:-1]
    cuts = np.quantile(cur, steps)
    return _sum(_shares(ref, cuts), _shares(cur, cuts))


def _drop_empty(ref, cur, edges):
    """Bins that are empty in one window were left out. A bin that emptied is the loudest evidence
    there is, and this sum is silent about it."""
    a, b = (np.bincount(np.searchsorted(edges, s, side="right"), minlength=len(edges) + 1) for s in (ref, cur))
    both = (a > 0) & (b > 0)
    return _sum(a[both] / len(ref), b[both] / len(cur))


def _drop_empty_smoothed(ref, cur, edges):
    a, b = (np.bincount(np.searchsorted(edges, s, side="right"), minlength=len(edges) + 1) for s in (ref, cur))
    both = (a > 0) & (b > 0)
    return _sum(_shares(ref, edges)[both], _shares(cur, edges)[both])


_drop_empty_smoothed.__doc__ = _drop_empty.__doc__


def _divergence(ref, cur, edges):
    """You summed q * ln(q / p). That is the Kullback-Leibler divergence, which is one of the two terms that make the index: it
    changes when the two windows trade places. The index weights the logarithm with (q - p)."""
    p, q = _shares(ref, edges), _shares(cur, edges)
    return float((q * np.log(q / p)).sum())


# ------------------------------------------------------------------ drift.calibration_ratio


def calibration_ratio(scores, filed, age, delay_cdf):
    """Chargebacks filed so far, over the number that should have been filed by now.

    scores : 1-D array: the model's probability of fraud for each payment.
    filed : 1-D array of bool: has a chargeback been filed already?
    age : 1-D array of days since each payment, all at least 1.
    delay_cdf : function: delay_cdf(age) is the share of frauds that are reported by that age.
    Returns a float: 1 if the model's probabilities fit what has arrived so far.
    """
    return float(filed.sum() / (scores * delay_cdf(age)).sum())


def _exponential_delay(age):
    return 1 - np.exp(-np.asarray(age, float) / 20)


def _calibration_inputs(rng):
    n = 400
    scores, age = rng.beta(1, 8, n), rng.integers(1, 120, n)
    fraud = rng.random(n) < scores * rng.choice([1.0, 2.5])
    return scores, fraud & (rng.random(n) < _exponential_delay(age)), age, _exponential_delay


def _no_delay(scores, filed, age, delay_cdf):
    """Young payments are counted as if every chargeback were in. Most are not, so the newest frauds look
    like honest customers and the ratio looks better than the model is."""
    return float(filed.sum() / scores.sum())


def _only_old(days, with_cdf):
    """Young payments were thrown away, as if their labels said nothing. What is left answers how the model did
    a month or two ago. Young payments have partial labels, and delay_cdf says how partial."""
    def wrong(scores, filed, age, delay_cdf):
        old = age >= days
        return float(filed[old].sum() / (scores * (delay_cdf(age) if with_cdf else 1))[old].sum())
    wrong.__doc__ = _only_old.__doc__
    return wrong


def _mean_of_ratios(scores, filed, age, delay_cdf):
    """You took one ratio for each age and averaged them. Where little is expected a ratio is mostly noise, and
    the average gives it the same weight as the others. Sum first, then divide."""
    expected = scores * delay_cdf(age)
    ages = np.unique(age)
    return float(np.mean([filed[age == a].sum() / expected[age == a].sum() for a in ages]))


def _mean_of_row_ratios(scores, filed, age, delay_cdf):
    return float(np.mean(filed / (scores * delay_cdf(age))))


_mean_of_row_ratios.__doc__ = _mean_of_ratios.__doc__

# ------------------------------------------------------------------ drift.diagnose


def diagnose(evidence):
    """What to do about one alarm: weigh the evidence in the right order.

    evidence : dict with
        "psi" : the largest index over the inputs
        "log_matches_ledger" : False if a logged input differs from what really happened
        "expected" : chargebacks that should be filed by now, in total, if the model is right
        "p" : if the model is right, the chance that any count, the total or a segment's, is as far off
            as the furthest one is, or a little more
        "challenger_saves" : $ a day by which a retrained model of the same kind beats this one, on
            later payments whose labels are in (negative: it is worse)
    Returns one of these; which question comes first is for you to find:
        "no_action" if p is 0.001 or more; "wait_labels" if p is that large and fewer than 5 chargebacks
        are expected; "retrain" if the model is wrong and a retrained one is better;
        "fix_model_class" if it is wrong and a retrained one is not better; "fix_pipeline" if the
        log is not what happened.
    """
    if not evidence["log_matches_ledger"]:
        return "fix_pipeline"
    if evidence["p"] < 0.001:
        return "retrain" if evidence["challenger_saves"] > 0 else "fix_model_class"
    return "wait_labels" if evidence["expected"] < 5 else "no_action"


def _diagnose_inputs(rng):
    return ({"psi": round(float(rng.choice([0.02, 0.05, 0.18, 1.4])), 2),
             "log_matches_ledger": bool(rng.random() < 0.75),
             "expected": float(rng.choice([1.2, 3.8, 5.0, 20.0, 41.0])),
             "p": float(rng.choice([1.0, 0.3, 0.02, 4e-4, 1e-9])),
             "challenger_saves": float(rng.choice([-160, 0, 35, 310]))},)


def _psi_decides(evidence):
    """The index alone decided. It measures how far inputs moved, not what that did to decisions: the new market
    moved them and cost nothing."""
    return "retrain" if evidence["psi"] > 0.1 else "no_action"


def _psi_decides_high(evidence):
    return "retrain" if evidence["psi"] > 0.2 else "no_action"


_psi_decides_high.__doc__ = _psi_decides.__doc__


def _psi_first(evidence):
    return "retrain" if evidence["psi"] > 0.1 else diagnose(evidence)


def _psi_first_high(evidence):
    return "retrain" if evidence["psi"] > 0.2 else diagnose(evidence)


_psi_first.__doc__ = _psi_first_high.__doc__ = _psi_decides.__doc__


def _flat_is_healthy(evidence):
    """A low index ended the questioning. It says that the inputs stand still, and nothing about whether the log
    is true, whether labels are in, or what the inputs mean: the ring moved no input at all."""
    return "no_action" if evidence["psi"] < 0.1 else diagnose(evidence)


def _flat_is_healthy_then(evidence):
    return _flat_is_healthy(evidence) if evidence["log_matches_ledger"] else "fix_pipeline"


_flat_is_healthy_then.__doc__ = _flat_is_healthy.__doc__


def _symptom_is_cause(evidence):
    """You went from 'the model is off' to 'retrain the model' without asking whether its inputs are true. A
    model trained on a broken log learns the break."""
    return diagnose({**evidence, "log_matches_ledger": True})


def _ledger_last(evidence):
    """You judged the model before you knew that its inputs are true. On a broken log the counts, the p and the
    challenger are all computed from something that did not happen."""
    return diagnose({**evidence, "log_matches_ledger": evidence["log_matches_ledger"] or evidence["p"] >= 0.001})


def _quiet_p_first(evidence):
    quiet = evidence["expected"] >= 5 and evidence["p"] >= 0.001
    return "no_action" if quiet else diagnose(evidence)


def _any_quiet_p(evidence):
    return "no_action" if evidence["p"] >= 0.001 else diagnose(evidence)


_quiet_p_first.__doc__ = _any_quiet_p.__doc__ = _ledger_last.__doc__


def _few_say_nothing(evidence):
    """You waited although a count stands there that a right model hardly ever gives. Where few are expected, silence says
    nothing; an excess does. The ring was found in a segment that expected less than one."""
    few = evidence["log_matches_ledger"] and evidence["expected"] < 5
    return "wait_labels" if few else diagnose(evidence)


def _backwards(evidence):
    """You took a large p for bad news. It says that such counts are common if the model is right; a small one, that they
    hardly ever are."""
    return diagnose({**evidence, "p": 1.0 if evidence["p"] < 0.001 else 0.0})


def _challenger_first(evidence):
    """You retrained because the challenger saves money, before you knew that the model is wrong. With so large a p nothing
    says that it is; one saving, somewhere, is what luck looks like."""
    action = diagnose(evidence)
    return "retrain" if action == "no_action" and evidence["challenger_saves"] > 0 else action


def _few_before_ledger(evidence):
    """You waited as soon as few were expected. A broken log needs no label to be repaired, and every day costs; and a count
    that a right model hardly ever gives is no silence, however few were expected."""
    return "wait_labels" if evidence["expected"] < 5 else diagnose(evidence)


def _quiet_few_before_ledger(evidence):
    """You waited for labels on a log that is broken. The repair needs no label, and every day of waiting costs."""
    few = evidence["expected"] < 5 and evidence["p"] >= 0.001
    return "wait_labels" if few else diagnose(evidence)


def _always_retrain(evidence):
    """Retraining was chosen although a retrained model of the same kind does worse. What a linear model cannot
    express it will not learn from fresher data."""
    action = diagnose(evidence)
    return "retrain" if action == "fix_model_class" else action


def _silence_is_health(evidence):
    """With too few chargebacks expected to judge by, you judged. No news at this point is what a healthy model and
    a broken one have in common."""
    action = diagnose(evidence)
    return "no_action" if action == "wait_labels" else action


# ------------------------------------------------------------------ drift.alarms


def alarms(p_values, alpha):
    """On which days to raise an alarm when many inputs are tested every day.

    p_values : 2-D array, one row for each day and one column for each input.
    alpha : the chance of a false alarm that you accept for one day on which nothing moved.
    Returns a 1-D array of bool, one for each day (use the Bonferroni correction).
    """
    p_values = np.asarray(p_values)
    return (p_values < alpha / p_values.shape[1]).any(axis=1)


def _alarms_inputs(rng):
    alpha, inputs = float(rng.choice([0.01, 0.05, 0.1])), int(rng.integers(16, 30))
    p = rng.random((12, inputs))
    p[rng.choice(12, 4, replace=False), rng.integers(inputs, size=4)] = alpha / inputs * np.array([0.02, 0.7, 1.01, 1.3])
    return p, alpha


def _uncorrected(p_values, alpha):
    """Each input is tested at alpha as if it were alone. With 20 inputs and nothing wrong, the smallest
    of 20 p-values is below .05 on most days."""
    return (np.asarray(p_values) < alpha).any(axis=1)


def _by_days(p_values, alpha):
    """You divided by the number of days. Each day is one alarm decision; what is multiplied within a day is the
    number of inputs."""
    p_values = np.asarray(p_values)
    return (p_values < alpha / p_values.shape[0]).any(axis=1)


def _by_everything(p_values, alpha):
    """You divided by days times inputs. That bounds the chance of any false alarm in the whole period, which was not
    asked, and pays for it by missing real changes."""
    p_values = np.asarray(p_values)
    return (p_values < alpha / p_values.size).any(axis=1)


EXERCISES = [
    Exercise("drift.psi", psi, _psi_inputs,
             [(_own_edges, "bins are a detail"),
              (_requantiled, "the index works on any column as it comes"),
              (_current_edges, "today's window can be its own yardstick"),
              (_drop_empty, "no data, no drift"), (_drop_empty_smoothed, "no data, no drift"),
              (_divergence, "the index is the Kullback-Leibler divergence")],
             ("Count both samples in the same bins. Which function tells the bin of each value?",
              "np.searchsorted(edges, sample, side='right') gives the bin numbers, 0 to len(edges); "
              "np.bincount(..., minlength=len(edges) + 1) counts them.",
              "Write a helper that returns (counts + 0.5) / (counts + 0.5).sum(), and use it for both samples.")),
    Exercise("drift.calibration_ratio", calibration_ratio, _calibration_inputs,
             [(_no_delay, "no chargeback yet means honest"),
              *((_only_old(days, cdf), "labels are useless until they are complete")
                for days in (30, 60, 90) for cdf in (False, True)),
              (_mean_of_ratios, "an average of ratios is the ratio of the totals"),
              (_mean_of_row_ratios, "an average of ratios is the ratio of the totals")],
             ("A payment of yesterday with probability .3: how many chargebacks do you expect of it by today?",
              "scores * delay_cdf(age) is that expectation, payment by payment. What do you divide by its sum?")),
    Exercise("drift.diagnose", diagnose, _diagnose_inputs,
             [(_psi_decides, "drift and damage are the same thing"),
              (_psi_decides_high, "drift and damage are the same thing"),
              (_psi_first, "drift and damage are the same thing"),
              (_psi_first_high, "drift and damage are the same thing"),
              (_flat_is_healthy, "stable inputs mean a healthy model"),
              (_flat_is_healthy_then, "stable inputs mean a healthy model"),
              (_symptom_is_cause, "the model is the first suspect"),
              (_ledger_last, "the model is the first suspect"),
              (_quiet_p_first, "the model is the first suspect"),
              (_any_quiet_p, "the model is the first suspect"),
              (_few_say_nothing, "where few are expected, nothing can be seen"),
              (_backwards, "a large p says that the model is wrong"),
              (_challenger_first, "the model is the first suspect"), (_few_before_ledger, "labels come before records"),
              (_quiet_few_before_ledger, "labels come before records"),
              (_always_retrain, "retraining can learn anything"),
              (_silence_is_health, "no chargeback yet means honest")],
             ("Which finding makes all the others meaningless? Ask about it first.",
              "Pipeline, then 'is it wrong?'. If so: 'does retraining help?'; if not: 'could I have seen it yet?'. One of the "
              "five is not needed at all."),
             cases=tuple(({"psi": 1.4, "log_matches_ledger": True, "expected": expected, "p": p, "challenger_saves": saves},)
                         for expected, p, saves in ((36.0, 0.2, 35.0), (36.0, 1e-6, 0.0), (36.0, 1e-6, 0.5), (36.0, 1e-6, -0.5),
                                                    (36.0, 9e-4, 35.0), (36.0, 0.001, 35.0), (4.0, 0.001, 35.0),
                                                    (5.0, 0.6, 35.0), (4.0, 1e-6, 35.0)))),
    Exercise("drift.alarms", alarms, _alarms_inputs,
             [(_uncorrected, "one test or twenty, .05 is .05"),
              (_by_days, "what is repeated over time is what needs correcting"),
              (_by_everything, "more correction is always safer")],
             ("If each of k inputs is tested at level a, the chance that at least one fires is at most k * a.",
              "Compare every p-value with alpha / number of inputs, then ask for each row whether any is below.")),
]

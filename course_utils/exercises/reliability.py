"""Exercises of notebook 09: accuracy vs reliability."""
from __future__ import annotations

import numpy as np
from scipy.stats import binomtest

from .engine import Exercise

# ------------------------------------------------------------------ reliability.compare_paired


def compare_paired(a, b):
    """Is one of two models better? Both answered the same images.

    a, b : 1-D arrays of bool: did model A, model B, read image i right?
    Returns a dict: "low" and "high", the ends of the 95 % interval for A's share right minus B's,
        and "better": "A" or "B" if the interval excludes 0, else "neither". The interval is the mean
        of the differences, image by image, plus or minus 1.96 standard errors (population std).
    """
    difference = np.asarray(a, int) - np.asarray(b, int)
    margin = 1.96 * difference.std() / np.sqrt(len(difference))
    low, high = difference.mean() - margin, difference.mean() + margin
    return {"low": low, "high": high, "better": "A" if low > 0 else "B" if high < 0 else "neither"}


def _paired_inputs(rng):
    n = int(rng.integers(300, 900))
    hard = rng.random(n) < 0.2                           # what both find hard: this makes them correlated
    gain = rng.choice([0.0, 0.03, -0.03, 0.06])
    a = rng.random(n) < np.where(hard, 0.35 + gain, 0.99)
    b = np.where(rng.random(n) < 0.8, a, rng.random(n) < np.where(hard, 0.35 - 2 * gain, 0.99))
    return a, b.astype(bool)


def _verdict(low, high):
    return {"low": low, "high": high, "better": "A" if low > 0 else "B" if high < 0 else "neither"}


def _unpaired(a, b):
    """You treated the two as if they had seen different images. Both find the same images hard, and that shared luck
    cancels in the difference: an interval that ignores it is too wide, and misses real differences."""
    margin = 1.96 * np.sqrt(np.mean(a) * (1 - np.mean(a)) / len(a) + np.mean(b) * (1 - np.mean(b)) / len(b))
    difference = np.mean(a) - np.mean(b)
    return _verdict(difference - margin, difference + margin)


def _point_estimate(a, b):
    """The higher share was declared the winner. One more image read right is no difference: the interval says how much
    luck alone could have moved it, and whether 0 is still inside."""
    answer = compare_paired(a, b)
    difference = np.mean(a) - np.mean(b)
    return {**answer, "better": "A" if difference > 0 else "B" if difference < 0 else "neither"}


def _overlap(a, b):
    """You asked whether two separate intervals overlap. They may overlap although the difference is clear: the width of a
    difference is not the sum of two widths, and here the shared images make it smaller still."""
    ends = [(np.mean(x) - 1.96 * np.std(x) / np.sqrt(len(x)), np.mean(x) + 1.96 * np.std(x) / np.sqrt(len(x))) for x in (a, b)]
    better = "A" if ends[0][0] > ends[1][1] else "B" if ends[1][0] > ends[0][1] else "neither"
    return {**compare_paired(a, b), "better": better}


def _discordant_only(a, b):
    """You dropped the images on which the two agree. For a test of who wins the disagreements that is right; the interval is
    for a difference of shares of all images, and those on which they agree are part of all."""
    a, b = np.asarray(a), np.asarray(b)
    return compare_paired(a[a != b], b[a != b]) if (a != b).any() else _verdict(0.0, 0.0)


def _no_root(a, b):
    """You used the spread of single images, not of their mean. The mean of n images is steadier by the root of n: without
    it no difference is ever found."""
    difference = np.asarray(a, int) - np.asarray(b, int)
    return _verdict(difference.mean() - 1.96 * difference.std(), difference.mean() + 1.96 * difference.std())


def _b_minus_a(a, b):
    """The difference has the wrong sign: asked for was A minus B. The verdict then names the worse model, which is
    noticed late, because the width of the interval is right."""
    return compare_paired(b, a)


# ------------------------------------------------------------------ reliability.envelope_report


def envelope_report(right, condition, at_least):
    """The worst condition of an envelope, with what is known about it.

    right : 1-D array of bool: was image i read right?
    condition : 1-D array of str: the condition under which image i was read.
    at_least : conditions with fewer images are left out: their worst is mostly luck.
    Returns a dict: "worst" (the condition with the lowest share right; no two are equal), "share"
        (that share) and "low", the lower end of Wilson's 95 % interval for it:
        scipy.stats.binomtest(right_ones, images).proportion_ci(method="wilson").low
    """
    from scipy.stats import binomtest

    groups = {c: right[condition == c] for c in np.unique(condition)}
    groups = {c: ok for c, ok in groups.items() if len(ok) >= at_least}
    worst = min(groups, key=lambda c: groups[c].mean())
    ok = groups[worst]
    low = binomtest(int(ok.sum()), len(ok)).proportion_ci(method="wilson").low
    return {"worst": str(worst), "share": float(ok.mean()), "low": float(low)}


_CONDITIONS = np.array(["blur", "creased", "faint", "moved", "noise", "tilted"], dtype=object)


def _report_inputs(rng):
    while True:
        sizes = rng.integers(60, 240, 5).tolist() + [int(rng.integers(8, 20))]
        rates = [*rng.uniform(0.55, 0.97, 5), 0.35]                    # the small group looks worst of all
        names = rng.permutation(_CONDITIONS)
        condition = np.repeat(names, sizes)
        right = np.concatenate([rng.random(n) < p for n, p in zip(sizes, rates)])
        order = rng.permutation(len(right))
        shares = [right[condition == c].mean() for c in names]
        lows = [_low(right[condition == c]) for c in names[:5]]
        if len(set(shares)) == 6 and np.argmin(shares) == 5 and np.argmin(lows) == np.argmin(shares[:5]):
            return right[order], condition[order], 30


def _low(ok, n=None):
    return float(binomtest(int(ok.sum()), n or len(ok)).proportion_ci(method="wilson").low)


def _big_enough(right, condition, at_least):
    groups = {str(c): right[condition == c] for c in np.unique(condition)}
    return {c: ok for c, ok in groups.items() if len(ok) >= at_least}


def _mean_of_conditions(right, condition, at_least):
    """You reported the mean over the conditions. A mean lets five easy conditions hide a sixth in which the model fails; what
    was promised is the floor, in each of them."""
    groups, report = _big_enough(right, condition, at_least), envelope_report(right, condition, at_least)
    return {**report, "share": float(np.mean([ok.mean() for ok in groups.values()]))}


def _best(right, condition, at_least):
    """You took the largest share: the best condition, not the worst. Where large is good, the worst is the minimum."""
    groups = _big_enough(right, condition, at_least)
    best = max(groups, key=lambda c: groups[c].mean())
    return {"worst": best, "share": float(groups[best].mean()), "low": _low(groups[best])}


def _tiny_group(right, condition, at_least):
    """The smallest group won. With a dozen images the worst share of many groups is mostly luck: those below the agreed
    size are left out, and named elsewhere as not measured."""
    return envelope_report(right, condition, 0)


def _all_images(right, condition, at_least):
    """The interval was computed as if the worst condition had all the images. It has only its own, and its interval is much
    wider: here the floor looks safer than it is."""
    report = envelope_report(right, condition, at_least)
    n = len(right)
    low = binomtest(round(report["share"] * n), n).proportion_ci(method="wilson").low
    return {**report, "low": float(low)}


def _pooled(right, condition, at_least):
    """You gave the share over all images, whatever their condition. It is the accuracy on this mixture; how the worst
    condition fares is exactly what it cannot say."""
    report = envelope_report(right, condition, at_least)
    return {**report, "share": float(right.mean()), "low": _low(right)}


def _normal_low(right, condition, at_least):
    """The interval is p minus 1.96 standard errors. That is too narrow for small groups and falls apart near 0 and 1; asked
    for was Wilson's, which does not."""
    report = envelope_report(right, condition, at_least)
    n, p = int((condition == report["worst"]).sum()), report["share"]
    return {**report, "low": float(p - 1.96 * np.sqrt(p * (1 - p) / n))}


def _misread_share(right, condition, at_least):
    """That is the share misread, beside a lower bound for the share right. Both are legitimate, not in the same report."""
    report = envelope_report(right, condition, at_least)
    return {**report, "share": 1 - report["share"]}


# ------------------------------------------------------------------ reliability.calibration_error


def calibration_error(confidence, right, bins):
    """The expected calibration error: by how much confidence and share right differ, bin by bin.

    confidence : 1-D array of numbers from 0 to 1, both possible. right : 1-D array of bool.
    bins : how many bins of equal width there are between 0 and 1. A confidence on a border belongs to
        the upper bin; 1 belongs to the last. Empty bins do not count.
    Returns a float: the mean of |mean confidence - share right| over the bins, each weighted by the
        share of the images in it.
    """
    where = np.minimum((confidence * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        inside = where == b
        if inside.any():
            total += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return float(total)


def _ece_inputs(rng):
    n, bins = int(rng.integers(200, 500)), int(rng.choice([5, 10, 20]))
    confidence = np.round(rng.beta(4, 1.5, n), 3) + 0.0003            # off the borders
    confidence = np.clip(confidence, 0, 1)
    confidence[:5] = 1.0
    true = np.where(confidence > 0.75, confidence - 0.15, np.minimum(confidence + 0.2, 1))
    return confidence, rng.random(n) < true, bins


def _where(confidence, bins):
    return np.minimum((confidence * bins).astype(int), bins - 1)


def _mean_gap(confidence, right, bins):
    """You compared two means. Over-confidence in one bin and under-confidence in another cancel in them: a model that is
    off everywhere can score zero."""
    return float(abs(confidence.mean() - right.mean()))


def _signed_gap(confidence, right, bins):
    return float(confidence.mean() - right.mean())


_signed_gap.__doc__ = _mean_gap.__doc__


def _unweighted(confidence, right, bins):
    """Every bin counted the same. A bin with three images then weighs as much as one with three hundred, and the result
    is mostly the luck of the nearly empty ones."""
    where = _where(confidence, bins)
    return float(np.mean([abs(confidence[where == b].mean() - right[where == b].mean()) for b in np.unique(where)]))


def _over_all_bins(confidence, right, bins):
    where = _where(confidence, bins)
    return float(sum(abs(confidence[where == b].mean() - right[where == b].mean()) for b in np.unique(where)) / bins)


_over_all_bins.__doc__ = _unweighted.__doc__


def _brier(confidence, right, bins):
    """That is the Brier score. It punishes wrong answers even at honest confidence, so it mixes accuracy in; calibration asks
    only whether 80 % means 80 %."""
    return float(np.mean((confidence - right) ** 2))


def _image_by_image(confidence, right, bins):
    """You took the distance image by image. A single answer is right or wrong, never 80 % right: an honest 80 % is off by
    .2 or .8 each time. The share right needs a group, which is what the bins are for."""
    return float(np.mean(np.abs(confidence - right)))


def _worst_bin(confidence, right, bins):
    """You took the largest gap. It has a name of its own, maximum calibration error, and rests on whichever bin has the
    fewest images; asked for was the weighted mean."""
    where = _where(confidence, bins)
    return float(max(abs(confidence[where == b].mean() - right[where == b].mean()) for b in np.unique(where)))


def _loses_one(confidence, right, bins):
    """Images with confidence 1 fell out of the last bin. They are often the most numerous of all, and the ones whose
    errors cost most."""
    keep = confidence < 1
    where = (confidence * bins).astype(int)
    return float(sum((where[keep] == b).sum() / len(confidence)
                     * abs(confidence[keep][where[keep] == b].mean() - right[keep][where[keep] == b].mean())
                     for b in np.unique(where[keep])))


def _bin_centre(confidence, right, bins):
    """You compared the share right with the middle of the bin. Confidences crowd at one side of a bin, most of all
    in the last one, and then the middle is not what the model said."""
    where = _where(confidence, bins)
    return float(sum((where == b).mean() * abs((b + 0.5) / bins - right[where == b].mean()) for b in np.unique(where)))


# ------------------------------------------------------------------ reliability.clerk_cost


def clerk_cost(valid_confidence, valid_right, confidence, right, error_price, clerk_price):
    """What a reader costs an image if a clerk may read instead of it.

    valid_confidence, valid_right : numbers and bools for the validation images.
    confidence, right : the same for the test images.
    A reading with a confidence of at least a limit is used, and costs error_price if it is wrong.
        Any other image goes to the clerk, who is always right, for clerk_price. The limit is one of
        the validation confidences, or infinity: the one that is cheapest on the validation images
        (no two are equally cheap).
    Returns a float: the mean cost of all test images.
    """
    def cost(confidence, right, limit):
        return np.where(confidence >= limit, error_price * ~right, clerk_price).mean()

    limits = [*np.unique(valid_confidence), np.inf]
    best = min(limits, key=lambda limit: cost(valid_confidence, valid_right, limit))
    return float(cost(confidence, right, best))


def _clerk_inputs(rng):
    while True:
        n, error, clerk = 150, float(rng.choice([20, 40])), float(rng.choice([1.5, 3.0]))
        both = [np.round(rng.beta(5, 1.2, n), 4) for _ in range(2)]
        rights = [rng.random(n) < 0.35 + 0.63 * c for c in both]            # over-confident at the top
        costs = sorted(_cost(both[0], rights[0], limit, error, clerk) for limit in [*np.unique(both[0]), np.inf])
        if costs[1] - costs[0] > 1e-6:
            return both[0], rights[0], both[1], rights[1], error, clerk


def _cost(confidence, right, limit, error, clerk):
    return np.where(confidence >= limit, error * ~right, clerk).mean()


def _limit(confidence, right, error, clerk):
    return min([*np.unique(confidence), np.inf], key=lambda limit: _cost(confidence, right, limit, error, clerk))


def _tuned_on_test(valid_confidence, valid_right, confidence, right, error_price, clerk_price):
    """The limit was chosen on the test images, with their answers. Tomorrow's images come without answers: the cost that was
    found is one that nobody will pay, and it is too low."""
    return float(_cost(confidence, right, _limit(confidence, right, error_price, clerk_price), error_price, clerk_price))


def _promised(valid_confidence, valid_right, confidence, right, error_price, clerk_price):
    """You returned what the limit cost on the images it was chosen on. The best of many limits is partly the luckiest one;
    the test images say what it costs on others."""
    limit = _limit(valid_confidence, valid_right, error_price, clerk_price)
    return float(_cost(valid_confidence, valid_right, limit, error_price, clerk_price))


def _forgets_abstained(valid_confidence, valid_right, confidence, right, error_price, clerk_price):
    """The images that went to the clerk left the bill. What remains is the error of what was kept: it falls to nothing if the
    clerk reads nearly everything, which is the dearest way to be right."""
    kept = confidence >= _limit(valid_confidence, valid_right, error_price, clerk_price)
    return float(error_price * np.mean(~right[kept])) if kept.any() else 0.0


def _free_clerk(valid_confidence, valid_right, confidence, right, error_price, clerk_price):
    """The clerk works for nothing in this bill. Then one would ask about everything; the limit was chosen with the price,
    and the bill has to be paid with it."""
    kept = confidence >= _limit(valid_confidence, valid_right, error_price, clerk_price)
    return float(np.where(kept, error_price * ~right, 0).mean())


def _ascending(valid_confidence, valid_right, confidence, right, error_price, clerk_price):
    """The clerk got the images of which the reader is surest. The order is upside down: the unsure ones are where a
    second pair of eyes is worth its price."""
    def cost(confidence, right, limit):
        return np.where(confidence <= limit, error_price * ~right, clerk_price).mean()

    limits = [-np.inf, *np.unique(valid_confidence)]
    return float(cost(confidence, right, min(limits, key=lambda limit: cost(valid_confidence, valid_right, limit))))


def _believes(valid_confidence, valid_right, confidence, right, error_price, clerk_price):
    """You took the limit from the prices alone: believe the reader if its stated chance of error costs less than the clerk.
    That is right for calibrated confidence. This one is not, and the validation images would have told."""
    return float(_cost(confidence, right, 1 - clerk_price / error_price, error_price, clerk_price))


def _half(valid_confidence, valid_right, confidence, right, error_price, clerk_price):
    """The limit is one half, whatever is at stake. An error costs many times what the clerk does, so the reader has to be
    much surer than that."""
    return float(_cost(confidence, right, 0.5, error_price, clerk_price))


def _no_errors(valid_confidence, valid_right, confidence, right, error_price, clerk_price):
    """You went up until no validation image was misread. That buys the last few errors at any price: the limit
    should minimise the bill, of which errors are one part."""
    highest = valid_confidence[~valid_right].max() if (~valid_right).any() else -np.inf
    return float(_cost(confidence, right, np.nextafter(highest, np.inf), error_price, clerk_price))


EXERCISES = [
    Exercise("reliability.compare_paired", compare_paired, _paired_inputs,
             [(_unpaired, "two models on the same images are two samples"),
              (_point_estimate, "the higher score is the better model"),
              (_overlap, "overlapping intervals mean no difference"),
              (_discordant_only, "only disagreements count, in every figure"),
              (_no_root, "the spread of images is the spread of their mean"),
              (_b_minus_a, "the sign of a difference can be guessed")],
             ("Turn both into 1 and 0 and subtract image by image: what values can the difference take?",
              "margin = 1.96 * difference.std() / np.sqrt(len(difference))"), rtol=0.01),
    Exercise("reliability.envelope_report", envelope_report, _report_inputs,
             [(_mean_of_conditions, "a mean over conditions describes the envelope"),
              (_best, "the worst of good scores is their maximum"),
              (_tiny_group, "the worst group is the worst, however small"),
              (_all_images, "every figure rests on all the images"),
              (_pooled, "accuracy over the mixture is the floor"),
              (_normal_low, "any interval will do"),
              (_misread_share, "right and wrong shares can be mixed")],
             ("np.unique(condition) gives the conditions; right[condition == c] the answers under one of them.",
              "Leave out the small ones first; then min(groups, key=...) finds the worst."), rtol=0.001),
    Exercise("reliability.calibration_error", calibration_error, _ece_inputs,
             [(_mean_gap, "errors of confidence may cancel"), (_signed_gap, "errors of confidence may cancel"),
              (_unweighted, "every bin counts the same"), (_over_all_bins, "every bin counts the same"),
              (_brier, "a small Brier score is calibration"),
              (_image_by_image, "a single answer can be 80 % right"),
              (_worst_bin, "the expected error is the largest one"),
              (_loses_one, "certainty needs no checking"),
              (_bin_centre, "a bin is its middle")],
             ("(confidence * bins).astype(int) is the number of the bin, except for confidence 1. np.minimum helps.",
              "For each bin that is not empty: its share of the images, times the distance between two means.")),
    Exercise("reliability.clerk_cost", clerk_cost, _clerk_inputs,
             [(_tuned_on_test, "a limit may be chosen on the test images"),
              (_promised, "the cost on the images it was chosen on is the cost"),
              (_forgets_abstained, "what is handed on costs nothing"),
              (_free_clerk, "people's time is free"),
              (_ascending, "the clerk should check the confident ones"),
              (_believes, "stated confidence is the chance of being right"),
              (_half, "more likely than not is enough"),
              (_no_errors, "the aim is no errors at all")],
             ("Write cost(confidence, right, limit) first; you need it twice, for different images.",
              "np.where(confidence >= limit, error_price * ~right, clerk_price).mean()")),
]

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


def _sample_std(a, b):
    """You divided by n - 1, as pandas does. The task asks for the population's standard deviation, ddof=0. With so many images
    it hardly matters, but a number that others compute again needs its formula."""
    difference = np.asarray(a, int) - np.asarray(b, int)
    margin = 1.96 * difference.std(ddof=1) / np.sqrt(len(difference))
    return _verdict(difference.mean() - margin, difference.mean() + margin)


def _points(a, b):
    """Your interval is in percentage points; a share right is a number from 0 to 1, and so is a difference of two. The
    figures are right, in another unit: the next function that reads them will not know."""
    answer = compare_paired(a, b)
    return {**answer, "low": 100 * answer["low"], "high": 100 * answer["high"]}


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
        if len(set(shares)) == 6 and np.argmin(shares) == 5:
            return right[order], condition[order], 30


def _report_case(**groups):
    """Arguments from {condition: (images, read right)}."""
    condition = np.repeat(np.array(list(groups), dtype=object), [n for n, _ in groups.values()])
    return np.concatenate([np.arange(n) < ok for n, ok in groups.values()]), condition, 30


_REPORT_CASES = (
    _report_case(blur=(200, 138), moved=(40, 28), noise=(100, 90)),        # lowest share: blur; lowest bound: moved
    _report_case(creased=(30, 15), faint=(150, 110), tilted=(300, 240)),   # 30 images are enough
    _report_case(blur=(400, 340), faint=(12, 11), noise=(60, 42)),         # the small group is not the worst
)


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


def _lowest_bound(right, condition, at_least):
    """You took the condition with the lowest lower bound. That is a cautious choice, and it favours small groups, which have
    wide intervals; asked for was the lowest share, and its bound beside it."""
    groups = _big_enough(right, condition, at_least)
    worst = min(groups, key=lambda c: _low(groups[c]))
    return {"worst": worst, "share": float(groups[worst].mean()), "low": _low(groups[worst])}


def _more_than(right, condition, at_least):
    """A condition with exactly at_least images was left out. "At least" includes the number itself: whoever fills a
    sheet collects just as many as it asks for, and then that group is the first to go unseen."""
    return envelope_report(right, condition, at_least + 1)


def _most_misread(right, condition, at_least):
    """You took the condition with the most misreads. That is often just the one with the most images; how bad a
    condition is, is a share."""
    groups = _big_enough(right, condition, at_least)
    worst = max(groups, key=lambda c: (~groups[c]).sum())
    return {"worst": worst, "share": float(groups[worst].mean()), "low": _low(groups[worst])}


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
    n, bins = int(rng.integers(200, 500)), int(rng.choice([4, 5, 8, 20]))
    confidence = np.round(rng.beta(4, 1.5, n), 3) + 0.0003            # off the borders: 0.3 has no exact double
    confidence = np.clip(confidence, 0, 1)
    confidence[:5] = 1.0
    true = np.where(confidence > 0.75, confidence - 0.15, np.minimum(confidence + 0.2, 1))
    return confidence, rng.random(n) < true, bins


def _ece_case(bins, *groups):
    """Arguments from (confidence, images, read right)."""
    confidence = np.concatenate([np.full(n, c) for c, n, _ in groups])
    return confidence, np.concatenate([np.arange(n) < ok for _, n, ok in groups]), bins


_ECE_CASES = (                                                        # borders that are exact in binary
    _ece_case(4, (0.0, 10, 2), (0.25, 20, 1), (0.4, 20, 14), (0.5, 30, 27), (0.6, 20, 6), (0.9, 40, 40)),
    _ece_case(4, (0.375, 20, 4), (0.75, 30, 30), (0.8, 30, 30), (1.0, 20, 8)),   # 1 cancels in the last bin
    _ece_case(8, (0.125, 10, 6), (0.25, 10, 0), (0.625, 40, 30), (0.7, 20, 8), (0.875, 20, 20), (1.0, 30, 24)),
)


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


def _by_bin(confidence, right, where):
    return float(sum((where == b).mean() * abs(confidence[where == b].mean() - right[where == b].mean())
                     for b in np.unique(where)))


def _lower_bin(confidence, right, bins):
    """A confidence on a border went to the lower bin. Either way would do if everybody did the same; the rule here is the upper
    one, and two reports that differ in it cannot be compared."""
    return _by_bin(confidence, right, np.maximum(np.ceil(confidence * bins).astype(int) - 1, 0))


def _bin_for_one(confidence, right, bins):
    """Confidence 1 got a bin of its own. It belongs to the last one: with a bin more, the errors of the certain no
    longer share a bin with the merely confident, and the score is another one."""
    return _by_bin(confidence, right, (confidence * bins).astype(int))


def _always_ten(confidence, right, bins):
    """There are ten bins, whatever was asked for. The error depends on the bins, so their number is part of the result,
    and of the arguments."""
    return calibration_error(confidence, right, 10)


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


_CERTAIN = np.ones(50)
_CLERK_CASES = (                                        # confidence that says nothing: all or nobody is believed
    (_CERTAIN, np.arange(50) >= 5, _CERTAIN, np.arange(50) >= 4, 40.0, 1.0),
    (_CERTAIN, np.arange(50) >= 1, _CERTAIN, np.arange(50) >= 3, 40.0, 1.5),
)


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


def _somebody_is_believed(valid_confidence, valid_right, confidence, right, error_price, clerk_price):
    """Infinity is missing among the limits, so the most confident image is always believed. A reader that is certain of
    everything then reads everything; sometimes the clerk alone is cheapest."""
    limits = np.unique(valid_confidence)
    limit = min(limits, key=lambda limit: _cost(valid_confidence, valid_right, limit, error_price, clerk_price))
    return float(_cost(confidence, right, limit, error_price, clerk_price))


def _all_or_nothing(valid_confidence, valid_right, confidence, right, error_price, clerk_price):
    """You compared two plans: believe every reading, or none. Between them lies what confidence is for: some
    readings are worth checking and the others are not."""
    limit = min((-np.inf, np.inf), key=lambda limit: _cost(valid_confidence, valid_right, limit, error_price, clerk_price))
    return float(_cost(confidence, right, limit, error_price, clerk_price))


def _above(valid_confidence, valid_right, confidence, right, error_price, clerk_price):
    """An image whose confidence equals the limit went to the clerk. The limit is the lowest confidence that is
    believed; with > no limit believes the least sure image, and equal confidences are common."""
    def cost(confidence, right, limit):
        return np.where(confidence > limit, error_price * ~right, clerk_price).mean()

    limits = [*np.unique(valid_confidence), np.inf]
    return float(cost(confidence, right, min(limits, key=lambda limit: cost(valid_confidence, valid_right, limit))))


def _total(valid_confidence, valid_right, confidence, right, error_price, clerk_price):
    """That is the bill for all the images; asked for was the cost of one. A total cannot be compared between test sets of
    different size."""
    answer = clerk_cost(valid_confidence, valid_right, confidence, right, error_price, clerk_price)
    return answer * len(confidence)


EXERCISES = [
    Exercise("reliability.compare_paired", compare_paired, _paired_inputs,
             [(_unpaired, "two models on the same images are two samples"),
              (_point_estimate, "the higher score is the better model"),
              (_overlap, "overlapping intervals mean no difference"),
              (_discordant_only, "only disagreements count, in every figure"),
              (_no_root, "the spread of images is the spread of their mean"),
              (_b_minus_a, "the sign of a difference can be guessed"),
              (_points, "shares and percentages are the same number"),
              (_sample_std, "all standard deviations are the same")],
             ("Turn both into 1 and 0 and subtract image by image: what values can the difference take?",
              "margin = 1.96 * difference.std() / np.sqrt(len(difference))"), rtol=0.01,
             cases=((np.arange(300) % 9 > 0, np.arange(300) % 9 > 0),)),         # the same answers
    Exercise("reliability.envelope_report", envelope_report, _report_inputs,
             [(_mean_of_conditions, "a mean over conditions describes the envelope"),
              (_best, "the worst of good scores is their maximum"),
              (_tiny_group, "the worst group is the worst, however small"),
              (_all_images, "every figure rests on all the images"),
              (_pooled, "accuracy over the mixture is the floor"),
              (_normal_low, "any interval will do"),
              (_misread_share, "right and wrong shares can be mixed"),
              (_lowest_bound, "the least certain condition is the worst"),
              (_more_than, "at least means more than"),
              (_most_misread, "the most errors are the highest share of errors")],
             ("np.unique(condition) gives the conditions; right[condition == c] the answers under one of them.",
              "Leave out the small ones first; then min(groups, key=...) finds the worst."), rtol=0.001,
             cases=_REPORT_CASES),
    Exercise("reliability.calibration_error", calibration_error, _ece_inputs,
             [(_mean_gap, "errors of confidence may cancel"), (_signed_gap, "errors of confidence may cancel"),
              (_unweighted, "every bin counts the same"), (_over_all_bins, "every bin counts the same"),
              (_brier, "a small Brier score is calibration"),
              (_image_by_image, "a single answer can be 80 % right"),
              (_worst_bin, "the expected error is the largest one"),
              (_loses_one, "certainty needs no checking"),
              (_bin_centre, "a bin is its middle"),
              (_lower_bin, "a border belongs to the lower bin"),
              (_bin_for_one, "certainty is a bin of its own"),
              (_always_ten, "calibration error means ten bins")],
             ("(confidence * bins).astype(int) is the number of the bin, except for confidence 1. np.minimum helps.",
              "For each bin that is not empty: its share of the images, times the distance between two means."),
             cases=_ECE_CASES),
    Exercise("reliability.clerk_cost", clerk_cost, _clerk_inputs,
             [(_tuned_on_test, "a limit may be chosen on the test images"),
              (_promised, "the cost on the images it was chosen on is the cost"),
              (_forgets_abstained, "what is handed on costs nothing"),
              (_free_clerk, "people's time is free"),
              (_ascending, "the clerk should check the confident ones"),
              (_believes, "stated confidence is the chance of being right"),
              (_half, "more likely than not is enough"),
              (_no_errors, "the aim is no errors at all"),
              (_somebody_is_believed, "the surest reading is always worth believing"),
              (_all_or_nothing, "a reader is believed always or never"),
              (_above, "the limit itself is not believed"),
              (_total, "a total is a mean")],
             ("Write cost(confidence, right, limit) first; you need it twice, for different images.",
              "np.where(confidence >= limit, error_price * ~right, clerk_price).mean()"),
             cases=_CLERK_CASES),
]

"""Exercises of notebook 03: a quantile out of buckets, a gain above chance, a fault of two conditions, a bill in series."""
from itertools import combinations
from math import prod

import numpy as np
import pandas as pd

from .engine import Exercise

# ------------------------------------------------------------------ observability.bucket_quantile


def bucket_quantile(q, bounds, counts):
    """The q-quantile as Prometheus reads it out of a histogram.

    bounds : upper bounds of the finite buckets, ascending, above 0.
    counts : cumulative, as exposed: counts[i] observations were at most bounds[i]; one entry more
        than bounds, for the infinite bucket, which counts all observations.
    The rank is q times all observations. The first bucket whose count reaches the rank holds it.
    Within that bucket observations count as evenly spread; the first bucket begins at 0. In the
    infinite bucket nothing can be said, and the largest bound is returned; without any
    observations, nan.
    """
    rank = q * counts[-1]
    if counts[-1] == 0:
        return float("nan")
    low, below = 0.0, 0
    for bound, count in zip(bounds, counts):
        if count >= rank:
            return low + (bound - low) * (rank - below) / (count - below)
        low, below = bound, count
    return bounds[-1]


def _quantile_inputs(rng):
    bounds = np.sort(rng.choice([0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.45, 1.0, 2.5], 5, replace=False))
    seen = rng.integers(0, 60, 6) * (rng.random(6) < 0.7) * (rng.random() < 0.85)
    return float(rng.uniform(0.05, 0.999)), bounds.tolist(), np.cumsum(seen).tolist()


QUANTILE_CASES = (                                         # the rank is reached exactly, and empty buckets follow
    (0.5, [0.1, 0.2, 0.3], [50, 50, 100, 100]),
    (0.75, [0.1, 0.2, 0.3, 0.45], [20, 60, 60, 60, 80]),
    (0.5, [0.1, 0.2, 0.3], [0, 0, 0, 7]))                  # none in a finite bucket


def _upper_bound(q, bounds, counts):
    """You returned the bound of the bucket. It only says that the value is at most that; the quantile lies somewhere
    inside, and moves with the rank. Otherwise p50 and p99 would be equal whenever they share a bucket."""
    if counts[-1] == 0:
        return float("nan")
    return next((b for b, c in zip(bounds, counts) if c >= q * counts[-1]), bounds[-1])


def _middle(q, bounds, counts):
    """You returned the middle of the bucket. The rank says how far into the bucket the quantile lies, and was not used:
    p50 and p99 would be equal whenever they share a bucket."""
    high = _upper_bound(q, bounds, counts)
    if counts[-1] == 0 or counts[-2] < q * counts[-1]:
        return high
    return (high + max([b for b in bounds if b < high], default=0.0)) / 2


def _not_cumulative(q, bounds, counts):
    """You added the counts up, as if each bucket held its own. They are cumulative: the bucket up to 0.3 already contains
    all that is in the bucket up to 0.1."""
    return bucket_quantile(q, bounds, np.cumsum(counts).tolist())


def _first_has_no_start(q, bounds, counts):
    """In the first bucket you returned its bound. It has a lower end too, at 0, since durations are not negative."""
    return bounds[0] if counts[0] >= q * counts[-1] > 0 else bucket_quantile(q, bounds, counts)


def _next_filled(q, bounds, counts):
    """Where the rank is reached exactly and empty buckets follow, you went on to where they end. The first bucket whose count
    reaches the rank holds it: its bound is enough, and nobody was observed in the empty ones."""
    rank = q * counts[-1]
    if counts[-1] == 0:
        return float("nan")
    i = int(np.searchsorted(counts, rank, side="right"))
    if i >= len(bounds):
        return bounds[-1]
    low, below = (bounds[i - 1], counts[i - 1]) if i else (0.0, 0)
    return low + (bounds[i] - low) * (rank - below) / (counts[i] - below)


def _rank_from_zero(q, bounds, counts):
    """You divided the whole rank by the observations in the bucket. Within the bucket the rank counts from where the bucket
    begins: take off those below, or the result can lie beyond the bucket's bound."""
    rank = q * counts[-1]
    if counts[-1] == 0 or counts[-2] < rank:
        return bucket_quantile(q, bounds, counts)
    i = int(np.searchsorted(counts, rank))
    low, below = (bounds[i - 1], counts[i - 1]) if i else (0.0, 0)
    return low + (bounds[i] - low) * rank / (counts[i] - below)


def _share_of_all_below(q, bounds, counts):
    """You divided the rank by all observations up to the bucket's bound. Within the bucket only its own observations count,
    above and below the line of the fraction: take off those below from both."""
    rank = q * counts[-1]
    if counts[-1] == 0 or counts[-2] < rank:
        return bucket_quantile(q, bounds, counts)
    i = int(np.searchsorted(counts, rank))
    low = bounds[i - 1] if i else 0.0
    return low + (bounds[i] - low) * rank / counts[i]


def _infinity(q, bounds, counts):
    """You returned infinity for a rank beyond the last bound. Nothing is known up there, so Prometheus returns the largest
    bound: a p99 that stands still exactly there means that the buckets are too small."""
    return float("inf") if counts[-2] < q * counts[-1] else bucket_quantile(q, bounds, counts)


def _finite_only(q, bounds, counts):
    """You left out what is beyond the last bound. Those are the slowest observations of all: without them the rank is too
    low, and the worse things get, the less of it is seen."""
    return bucket_quantile(q, bounds, [*counts[:-1], counts[-2]])


def _no_data_is_zero(q, bounds, counts):
    """Without observations you returned 0. A service that answers nobody would look like the fastest of all; there
    is no quantile of nothing, and an alarm on the absence of data has to say so."""
    return 0.0 if counts[-1] == 0 else bucket_quantile(q, bounds, counts)


# ------------------------------------------------------------------ observability.corrected_gain


def corrected_gain(values, slow, shuffles):
    """How many bits about `slow` an attribute saves, beyond what chance would give it.

    values : an array of text, the attribute's value for each request.
    slow : an array of True and False, one for each request.
    shuffles : a 2-D array; each row is `slow` in another random order.
    The entropy of a yes-or-no with chance p is -p log2 p - (1 - p) log2 (1 - p), and 0 for p = 0
    or 1. The gain of an attribute is the entropy of `slow`, minus the mean entropy within the
    groups of equal value, each weighted by its number of requests.
    Returns a float: the gain with `slow` minus the mean gain with the rows of `shuffles`. It may
    come out a little below zero; leave it so.
    """
    def entropy(p):
        with np.errstate(divide="ignore", invalid="ignore"):      # 0 times log2(0) is nan, and counts as 0
            return np.nan_to_num(-p * np.log2(p) - (1 - p) * np.log2(1 - p))

    codes, size = np.unique(values, return_inverse=True, return_counts=True)[1:]

    def gain(slow):
        share = np.bincount(codes, slow) / size
        return entropy(slow.mean()) - (size * entropy(share)).sum() / len(slow)

    return float(gain(slow) - np.mean([gain(row) for row in shuffles]))


def _gain_inputs(rng):
    n, k = 120, int(rng.choice([2, 6, 60]))
    values = rng.integers(0, k, n)
    slow = rng.random(n) < np.where(values == 0, rng.choice([0.1, 0.9]), 0.1)
    slow[0] = True
    return np.array([f"v{v}" for v in values]), slow, np.array([rng.permutation(slow) for _ in range(10)])


def _entropies(values, slow):
    """Size and entropy of each group, and the entropy of all."""
    codes, size = np.unique(values, return_inverse=True, return_counts=True)[1:]
    p = np.append(np.bincount(codes, slow) / size, slow.mean())
    bits = np.array([0 if x in (0, 1) else -x * np.log2(x) - (1 - x) * np.log2(1 - x) for x in p])
    return size, bits[:-1], bits[-1]


def _raw(values, slow):
    size, within, overall = _entropies(values, slow)
    return float(overall - (size * within).sum() / len(slow))


def _uncorrected(values, slow, shuffles):
    """The gain was not corrected. An attribute with as many values as requests tells slow from fast perfectly, in any data,
    also when slowness is drawn by lot: more values gain more by chance."""
    return _raw(values, slow)


def _best_shuffle(values, slow, shuffles):
    """You took off the largest gain among the shuffles. That makes a test of it, and one that gets stricter with every shuffle
    you add. What chance gives an attribute is what it gives on average."""
    return _raw(values, slow) - max(_raw(values, row) for row in shuffles)


def _first_shuffle(values, slow, shuffles):
    """You took off the gain of one shuffle. It has luck of its own, which is then in your result: take the mean over all
    rows of `shuffles`."""
    return _raw(values, slow) - _raw(values, shuffles[0])


def _nothing_is_undefined(values, slow, shuffles):
    """The result is nan, because a group is slow throughout, or fast throughout: 0 times the logarithm of 0 is nan for the
    computer. Such a group leaves no doubt, so its entropy is 0."""
    pure = any(set(pd.Series(row).groupby(values).mean()) & {0.0, 1.0} for row in (slow, *shuffles))
    return float("nan") if pure else corrected_gain(values, slow, shuffles)


def _unweighted(values, slow):
    size, within, overall = _entropies(values, slow)
    return float(overall - within.mean())


def _groups_alike(values, slow, shuffles):
    """You gave every group the same weight. A customer with one request then counts as much as a region with thousands, though
    it says something about one request only: weight each group by its size."""
    return _unweighted(values, slow) - np.mean([_unweighted(values, row) for row in shuffles])


def _nats(values, slow, shuffles):
    """You took the natural logarithm, which measures in nats. In bits the logarithm has base 2."""
    return corrected_gain(values, slow, shuffles) * float(np.log(2))


def _never_below_zero(values, slow, shuffles):
    """You replaced results below zero by 0. Chance goes both ways: an attribute that explains nothing comes out below zero
    at least as often as above, and is 0 on average. Seeing both tells you how large 'nothing' is."""
    return max(0.0, corrected_gain(values, slow, shuffles))


def _by_number(values, slow, shuffles):
    """You divided the gain by the entropy of the attribute itself, which is meant to punish attributes with many values. It
    does not know how many requests there are, and what chance gives depends on that: the shuffles measure it."""
    size, _, _ = _entropies(values, slow)
    share = size / size.sum()
    return _raw(values, slow) / float(-(share * np.log2(share)).sum())


def _worst_rate(values, slow, shuffles):
    """You took the largest share of slow requests in any group. A value that occurred once, and was slow, wins with 100 %:
    the fewer requests a group has, the further its share strays."""
    table = pd.Series(slow).groupby(pd.Series(values)).mean()
    return float(table.max() - slow.mean())


# ------------------------------------------------------------------ observability.worst_pair


def worst_pair(events, slow, least):
    """The two conditions among whose common requests the largest share is slow.

    events : a table with one row for each request, and a column of texts for each attribute.
    slow : an array of True and False, one for each request.
    least : the smallest number of requests that a pair of conditions may have.
    A condition is one attribute and one of its values. Look at all pairs of conditions on two
    different attributes that at least `least` requests fulfil.
    Returns that pair as a dictionary, for example {"shard": "s3", "flag": "on"}.
    """
    best, worst, names = {}, -1.0, list(events.columns)
    for a, b in [(a, b) for i, a in enumerate(names) for b in names[i + 1:]]:
        groups = pd.Series(slow, events.index).groupby([events[a], events[b]]).agg(["mean", "size"])
        share = groups["mean"][groups["size"] >= least]
        if len(share) and share.max() > worst:
            best, worst = dict(zip((a, b), share.idxmax())), share.max()
    return best


_ONE_CONDITION = (               # all of s0 is slow, and each pair that it is in has too few requests
    pd.DataFrame({"shard": ["s0"] * 24 + ["s1"] * 40, "flag": ["on", "off"] * 12 + ["on"] * 30 + ["off"] * 10}),
    np.array([True] * 24 + [True, False, False, False] * 10), 20)


def _pair_inputs(rng):
    n = 600
    events = pd.DataFrame({
        "model": rng.choice(["m18", "m17"], n, p=[0.9, 0.1]), "region": rng.choice(["r0", "r1", "r2", "r3"], n),
        "shard": [f"s{s}" for s in rng.integers(0, 8, n)], "flag": rng.choice(["on", "off"], n, p=[0.6, 0.4])})
    at = (events.shard == f"s{rng.integers(8)}") & (events.flag == rng.choice(["on", "off"]))
    elsewhere = rng.choice([0.02, 0.6], p=[0.4, 0.6]) * (events.region == f"r{rng.integers(4)}")
    chance = np.where(at, 0.9, np.maximum(0.02, elsewhere))
    return events, rng.random(n) < chance, 25


def _groups(events, slow, names):
    return pd.Series(slow, events.index).groupby([events[name] for name in names]).agg(["mean", "size", "sum"])


def _most_slow(events, slow, least):
    """You took the pair that most of the slow requests have in common. Most of the fast ones have it in common too: a model
    that serves nine requests in ten is in nine of ten slow ones, guilty or not."""
    best, most = {}, -1
    for pair in combinations(events.columns, 2):
        counts = _groups(events, slow, list(pair))["sum"]
        if counts.max() > most:
            best, most = dict(zip(pair, counts.idxmax())), counts.max()
    return best


def _any_size(events, slow, least):
    """You also took groups smaller than `least`. Among many small groups there is always one that is slow throughout,
    by chance alone."""
    return worst_pair(events, slow, 1)


def _singles(events, slow, least):
    """One by one, highest share of slow requests first."""
    rows = []
    for name in events.columns:
        groups = _groups(events, slow, [name])
        share = groups["mean"][groups["size"] >= least]
        if len(share):
            rows.append((share.max(), name, share.idxmax()))
    return sorted(rows, reverse=True)


def _two_singles(events, slow, least):
    """You took the two conditions that are worst one by one. A conjunction need not show in its parts: a flag that half of
    all customers have is almost innocent by itself. Look at the pairs."""
    (_, a, x), (_, b, y) = _singles(events, slow, least)[:2]
    return {a: x, b: y}


def _inside(events, slow, least, name, value):
    inside = (events[name] == value).to_numpy()
    rest = _singles(events[inside].drop(columns=name), slow[inside], least)
    return {name: value, **{other: found for _, other, found in rest[:1]}}


def _greedy(events, slow, least):
    """You took the worst single condition, and looked for a second one inside it. When another cause makes a single condition
    look bad, the pair you want does not contain it, and from there you cannot find it."""
    return _inside(events, slow, least, *_singles(events, slow, least)[0][1:])


def _gain_first(events, slow, least):
    name = max(events.columns, key=lambda name: _raw(events[name], slow))
    return _inside(events, slow, least, name, _singles(events[[name]], slow, least)[0][2])


_gain_first.__doc__ = _greedy.__doc__


def _one_cause(events, slow, least):
    """You returned a single condition. Faults of running systems are often conjunctions: one part that is broken, and
    a path that uses it."""
    _, name, value = _singles(events, slow, least)[0]
    return {name: value}


# ------------------------------------------------------------------ observability.n_series


def n_series(labels, bounds):
    """How many time series one histogram can become.

    labels : dictionary, label -> number of its values; {} for a metric without labels.
    bounds : list of the finite upper bounds of the buckets.
    Each combination of label values is a child of its own. A child exposes one series for
    each bucket, the infinite one included, one for the sum and one for the count.
    Returns an int: the number if all combinations occur.
    """
    children = 1
    for values in labels.values():
        children *= values
    return children * (len(bounds) + 3)


def _series_inputs(rng):
    names = ("route", "region", "version", "merchant")[:int(rng.integers(0, 5))]
    return ({name: int(rng.choice([2, 3, 6, 12, 2000])) for name in names},
            [0.025, 0.05, 0.1, 0.25, 0.5, 1.0][:int(rng.integers(2, 7))])


def _added(labels, bounds):
    """You added the numbers of values. Labels multiply: each region occurs on each route, so two labels with 3 and 6
    values make 18 children, and one more label with 2,000 values makes 36,000."""
    return (sum(labels.values()) or 1) * (len(bounds) + 3)


def _added_from_zero(labels, bounds):
    """You added the numbers of values. Labels multiply: each region occurs on each route, so two labels with 3 and 6
    values make 18 children. And without any label there is one child, not none."""
    return sum(labels.values()) * (len(bounds) + 3)


def _one_each(labels, bounds):
    """You counted children. Each child is a histogram, and exposes a series for each of its buckets, besides sum and
    count."""
    return prod(labels.values())


def _created_too(labels, bounds):
    """You counted the time of creation as well. That series is an extra of one library; the task names those that count."""
    return prod(labels.values()) * (len(bounds) + 4)


def _no_infinity(labels, bounds):
    """The infinite bucket is missing. It counts all observations, and is exposed like the others."""
    return prod(labels.values()) * (len(bounds) + 2)


def _buckets_only(labels, bounds):
    """Sum and count are missing. They are two series of each child, beside its buckets."""
    return prod(labels.values()) * (len(bounds) + 1)


def _bounds_only(labels, bounds):
    """You counted one series for each bound. Each child also exposes the infinite bucket, which counts all observations, a
    sum and a count."""
    return prod(labels.values()) * len(bounds)


def _shared_totals(labels, bounds):
    """You counted sum and count once for the whole metric. Each child has its own."""
    return prod(labels.values()) * (len(bounds) + 1) + 2


def _largest_only(labels, bounds):
    """You counted the label with the most values only. It meets every value of the others, and each meeting is a child."""
    return max(labels.values(), default=1) * (len(bounds) + 3)


EXERCISES = [
    Exercise("observability.bucket_quantile", bucket_quantile, _quantile_inputs,
             [(_upper_bound, "a bucket is a value"),
              (_middle, "a bucket is a value"),
              (_not_cumulative, "each bucket counts its own"),
              (_first_has_no_start, "the first bucket has no beginning"),
              (_next_filled, "a rank that is just reached lies in the next filled bucket"),
              (_rank_from_zero, "the rank inside a bucket is the rank"),
              (_share_of_all_below, "the rank inside a bucket is the rank"),
              (_infinity, "beyond the last bound lies infinity"),
              (_finite_only, "what is beyond the last bound does not count"),
              (_no_data_is_zero, "no data is a good value")],
             ("Which bucket is the first whose count reaches the rank? Where does it begin, and how many are below it?",
              "Into the bucket by the fraction (rank - below) / (count - below) of its width.",
              "Two special cases first or last: no observations, and a rank beyond the last finite bucket."),
             cases=QUANTILE_CASES),
    Exercise("observability.corrected_gain", corrected_gain, _gain_inputs,
             [(_uncorrected, "what has more values explains more"),
              (_worst_rate, "the highest rate is the strongest evidence"),
              (_nothing_is_undefined, "the entropy of a sure thing is undefined"),
              (_first_shuffle, "one shuffle is chance enough"),
              (_best_shuffle, "chance gives what it gives at best"),
              (_groups_alike, "every group says as much as any other"),
              (_by_number, "many values are punished by a formula"),
              (_nats, "a logarithm is a logarithm"),
              (_never_below_zero, "chance only adds")],
             ("Write gain(slow) as a function inside; then you need it once for slow and once for each row of shuffles.",
              "np.unique(values, return_inverse=True, return_counts=True) gives group numbers and sizes; "
              "np.bincount(codes, slow) counts the slow requests of each group.",
              "Take care of p = 0 and p = 1, where the logarithm is infinite and the entropy 0.")),
    Exercise("observability.worst_pair", worst_pair, _pair_inputs,
             [(_most_slow, "what the slow have in common is the cause"),
              (_any_size, "the highest rate is the strongest evidence"),
              (_two_singles, "causes show one by one"),
              (_greedy, "the worst pair contains the worst single condition"),
              (_gain_first, "the worst pair contains the worst single condition"),
              (_one_cause, "a fault has one cause")],
             ("itertools.combinations(events.columns, 2) gives all pairs of attributes.",
              "Series.groupby([events[a], events[b]]).agg(['mean', 'size']) gives share and number for all values at once.",
              "Drop the groups below least, then idxmax() is a tuple of the two values."), cases=(_ONE_CONDITION,)),
    Exercise("observability.n_series", n_series, _series_inputs,
             [(_added, "labels add up"), (_added_from_zero, "labels add up"),
              (_one_each, "one combination is one series"), (_created_too, "what a library adds is part of a histogram"),
              (_no_infinity, "a histogram is its finite buckets"), (_bounds_only, "a histogram is its finite buckets"),
              (_buckets_only, "a histogram is its buckets"),
              (_shared_totals, "sum and count belong to the metric"),
              (_largest_only, "only the largest label counts")],
             ("How many combinations of values are there? How many lines does a scrape show for one of them?",
              "math.prod of an empty sequence is 1, as it should be.")),
]

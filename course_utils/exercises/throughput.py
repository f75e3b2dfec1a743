"""Exercises of notebook 07: latency vs throughput."""
from __future__ import annotations

import numpy as np

from .engine import Exercise

# ------------------------------------------------------------------ throughput.lindley


def lindley(arrivals, service):
    """How long each request takes on one server, from arrival to answer, waiting included.

    arrivals : list of times in seconds, ascending: when each request arrives.
    service : list of seconds, one for each request: how long the server works on it.
    The server takes one request at a time, in order of arrival, and never rests while one waits.
    Returns a list of seconds, one for each request: the time of its answer minus its arrival.
    """
    latency, free = [], 0.0                          # free: when the server has finished all before
    for arrival, needs in zip(arrivals, service):
        free = max(arrival, free) + needs
        latency.append(free - arrival)
    return latency


def _lindley_inputs(rng):
    arrivals = np.cumsum(rng.exponential(1.0, 12)).round(2)
    service = rng.gamma(2, 0.5, 12).round(2) + 0.05
    service[0] = 3.0                                 # so that a queue forms
    return arrivals.tolist(), service.tolist()


def _service_only(arrivals, service):
    """That is the time in which the server works on a request. A request that arrives while it works on another one
    waits first, and under load most of a bad latency is that wait."""
    return list(service)


def _no_memory(arrivals, service):
    """You let a request wait for the one before it, and for nothing else. The one before may itself have waited: a queue
    carries its delay from request to request, which is why it builds up."""
    out = [service[0]]
    for i in range(1, len(arrivals)):
        out.append(max(0.0, arrivals[i - 1] + service[i - 1] - arrivals[i]) + service[i])
    return out


def _own_work(arrivals, service):
    """You let each request wait for its own work. What it waits for is the work of those before it; its own comes after the
    wait."""
    out, wait = [service[0]], 0.0
    for i in range(1, len(arrivals)):
        wait = max(0.0, wait + service[i] - (arrivals[i] - arrivals[i - 1]))
        out.append(wait + service[i])
    return out


def _wait_only(arrivals, service):
    """That is the time in the queue. The user also waits while the request is worked on: latency is both."""
    return [total - needs for total, needs in zip(lindley(arrivals, service), service)]


def _clock(arrivals, service):
    """Those are the times of day at which the answers come. A latency is a duration: subtract the arrival."""
    return [a + total for a, total in zip(arrivals, lindley(arrivals, service))]


def _gaps(arrivals, service):
    """You took the time between two answers. That is one over the throughput: it says how often somebody gets an answer,
    not how long anybody waited for it."""
    answers = _clock(arrivals, service)
    return [answers[0] - arrivals[0], *np.diff(answers).tolist()]


def _no_idle(arrivals, service):
    """You added up all service from the first arrival on, as if the server were never idle. When nobody is there it waits
    too; the next request starts at its own arrival, not before."""
    return [arrivals[0] + total - a for a, total in zip(arrivals, np.cumsum(service).tolist())]


def _all_at_zero(arrivals, service):
    return [total - a for a, total in zip(arrivals, np.cumsum(service).tolist())]


_all_at_zero.__doc__ = _no_idle.__doc__

# ------------------------------------------------------------------ throughput.rate_under_slo


def rate_under_slo(rates, latencies, slo, share):
    """The highest offered rate that is safe: up to it, every rate that was tested keeps the promise.

    rates : list of requests per second, ascending.
    latencies : list of lists of milliseconds, one for each rate, an entry for each request sent; a
        higher rate may have sent more.
        A request that never got an answer has float("inf").
    slo, share : the promise is kept when at least `share` of the requests sent, say 0.9, take
        `slo` milliseconds or less. Count them: np.quantile reads between two requests.
    Returns the highest rate for which the promise is kept, at that rate and at every lower one that
        was tested; 0 if not even the lowest keeps it.
    """
    best = 0
    for rate, sample in zip(rates, latencies):
        if sum(ms <= slo for ms in sample) / len(sample) < share:
            break
        best = rate
    return best


def _rate_inputs(rng):
    rates, latencies = sorted(rng.choice(np.arange(1, 60), 6, replace=False).tolist()), []
    n, slo, share = int(rng.choice([24, 40, 56])), float(rng.choice([150, 250, 400, 800])), float(rng.choice([0.75, 0.875]))
    allowed = round((1 - share) * n)                 # late ones with which the promise is just kept
    broken = int(rng.integers(0, 7))                 # from this one on the promise is broken, but for one lucky run
    lucky = broken + 1 if rng.random() < 0.6 else 99
    for k in range(6):
        if k < broken or k == lucky:
            late = allowed if rng.random() < 0.4 else int(rng.integers(0, allowed + 1))
        elif k < broken + 2:
            late = int(rng.integers(allowed + 1, n // 2))
        else:
            late = int(rng.integers(n // 2 + 1, 3 * n // 4))
        ms = np.concatenate([rng.uniform(0.3, 0.97, n - late), rng.uniform(1.03, 1.4, late)]) * slo
        ms = ms.round(1)
        ms[:rng.integers(0, 4)] = slo                # in time: the promise says "or less"
        if late and rng.random() < 0.7:
            ms[-late:] = np.inf                      # they gave up
        latencies.append(rng.permutation(ms).tolist())
    return rates, latencies, slo, share


def _first_failure(rates, latencies, keeps):
    best = 0
    for rate, sample in zip(rates, latencies):
        if not keeps(sample):
            break
        best = rate
    return best


def _mean_below(rates, latencies, slo, share):
    """You compared the mean with the limit. A mean can be fine while many users are not; the promise is about a share of
    the requests, and only a share, or a percentile, can say whether it is kept."""
    return _first_failure(rates, latencies, lambda sample: np.mean(sample) <= slo)


def _median_below(rates, latencies, slo, share):
    """You looked at the median, so half of the requests may be late. The promise names another share."""
    return _first_failure(rates, latencies, lambda sample: np.median(sample) <= slo)


def _limit_is_late(rates, latencies, slo, share):
    """You counted a request that takes exactly the limit as late. The promise says that many milliseconds *or less*."""
    return _first_failure(rates, latencies, lambda sample: np.mean([ms < slo for ms in sample]) >= share)


def _more_than_share(rates, latencies, slo, share):
    """You broke off where exactly the promised share is in time. The promise says *at least* that share."""
    return _first_failure(rates, latencies, lambda sample: np.mean([ms <= slo for ms in sample]) > share)


def _interpolated(rates, latencies, slo, share):
    """You compared a percentile that lies between two requests, as numpy's quantile gives it: it mixes the last answer in time
    with the first one late. Count the requests in time, or take method="inverted_cdf"."""
    with np.errstate(invalid="ignore"):              # between two infinities lies no number
        return _first_failure(rates, latencies, lambda sample: np.quantile(sample, share) <= slo)


def _interpolated_above(rates, latencies, slo, share):
    with np.errstate(invalid="ignore"):              # nan is not above anything
        return _first_failure(rates, latencies, lambda sample: not np.quantile(sample, share) > slo)


def _nearest(rates, latencies, slo, share):
    with np.errstate(invalid="ignore"):
        return _first_failure(rates, latencies, lambda sample: np.quantile(sample, share, method="nearest") <= slo)


_interpolated_above.__doc__ = _interpolated.__doc__
_nearest.__doc__ = """You compared the request nearest to the percentile, which may be one too early: then fewer than the share
    are in time. Count the requests in time, or take method="inverted_cdf"."""


def _whole_count(rates, latencies, slo, share):
    """Your rule lets too few in time pass: 28 of 30 are 93 %, and 95 % were promised. Compare the share itself, or round the
    number that is needed up."""
    return _first_failure(rates, latencies, lambda sample: sum(ms <= slo for ms in sample) >= round(share * len(sample)))


def _answered_only(rates, latencies, slo, share):
    """You left out the requests without an answer. They are the slowest of all: a service that drops what it cannot
    carry would look the better, the more it drops."""
    def keeps(sample):
        answered = [ms for ms in sample if np.isfinite(ms)]
        return np.mean([ms <= slo for ms in answered]) >= share
    return _first_failure(rates, latencies, keeps)


def _lucky_run(rates, latencies, slo, share):
    """You took a rate that passed above one that failed. A service does not get better under more load: that run was
    lucky, or short. The limit is below the first failure."""
    return max((rate for rate, sample in zip(rates, latencies)
                if np.mean([ms <= slo for ms in sample]) >= share), default=0)


def _best_goodput(rates, latencies, slo, share):
    """You took the rate with the most answers in time per second. That is the largest goodput, and it may be reached while
    one request in four is late: the promise caps the share of late ones first."""
    return max(zip(rates, latencies), key=lambda run: run[0] * np.mean([ms <= slo for ms in run[1]]))[0]


def _its_goodput(rates, latencies, slo, share):
    """That is the goodput at the right rate: its answers in time per second. Asked for is the rate that was offered."""
    best = rate_under_slo(rates, latencies, slo, share)
    return best and best * np.mean(np.asarray(latencies[rates.index(best)]) <= slo)


def _capacity(rates, latencies, slo, share):
    """You took the highest rate at which the service still answered everything. That is capacity. Long before a queue
    overflows, its waits are too long for the promise."""
    return max((rate for rate, sample in zip(rates, latencies) if np.isfinite(sample).all()), default=0)


def _largest(rates, latencies, slo, share):
    """You took the highest rate of the test, whatever became of its requests. (So does numpy's percentile when it gets 0.9
    for 90.)"""
    return rates[-1]


def _breaking_rate(rates, latencies, slo, share):
    """You returned the first rate that breaks the promise. The safe one is the last before it."""
    for rate, sample in zip(rates, latencies):
        if np.mean([ms <= slo for ms in sample]) < share:
            return rate
    return rates[-1]

# ------------------------------------------------------------------ throughput.late_share


def late_share(intended, sent, done, slo):
    """The share of requests that a user would call late, from a load generator's three stamps.

    intended : list of seconds: when each request was meant to leave, as a user would have sent it.
    sent : list of seconds: when the generator really sent it. It was held up now and then.
    done : list of seconds: when its answer was complete; float("inf") if it timed out or failed.
    slo : seconds. A request is late if it takes more than that, or never gets an answer.
    Returns the share of late requests among all that were intended, from 0 to 1.
    """
    return sum(end - start > slo for start, end in zip(intended, done)) / len(intended)


def _late_inputs(rng):
    intended, tick = np.arange(40) / 16, 1 / 64      # exact in binary, so that some take exactly the limit
    sent = np.maximum(intended, rng.choice([0.0, 0.4, 0.8]) + rng.uniform(0, 0.9, 40).cumsum() / 12)
    sent = np.ceil(sent / tick) * tick
    done = sent + rng.choice([1, 4, 8, 19], 40, p=[0.5, 0.2, 0.2, 0.1]) * tick
    done[rng.random(40) < 0.12] = np.inf
    return intended.tolist(), sent.tolist(), done.tolist(), float(rng.choice([0.125, 0.25]))


def _share(late):
    return float(np.mean(late)) if len(late) else 0.0


def _from_sent(intended, sent, done, slo):
    """You counted from when the generator sent the request. While the service stalled, the generator waited with it, and so
    do your stamps: coordinated omission. The user's clock starts when the request was due."""
    return _share(np.subtract(done, sent) > slo)


def _without_timeouts(intended, sent, done, slo):
    """You left out the requests that never got an answer. Missing is not fine: for the user they are the latest of all."""
    answered = np.isfinite(done)
    return _share(np.subtract(done, intended)[answered] > slo)


def _from_sent_without(intended, sent, done, slo):
    """Two omissions at once: the clock starts when the generator got round to sending, and the requests without an answer are
    left out. Both happen exactly when the service is at its worst."""
    answered = np.isfinite(done)
    return _share(np.subtract(done, sent)[answered] > slo)


def _timeouts_count_as_good(intended, sent, done, slo):
    """The requests without an answer are in the total, but not among the late ones. So each of them makes the
    service look better."""
    taken = np.subtract(done, intended)
    return _share((taken > slo) & np.isfinite(taken))


def _sent_good(intended, sent, done, slo):
    taken = np.subtract(done, sent)
    return _share((taken > slo) & np.isfinite(taken))


_sent_good.__doc__ = _from_sent_without.__doc__


def _generator(intended, sent, done, slo):
    """That is how late the generator was in sending. It is worth knowing, because a late generator is a bad test; but the user
    waits until the answer is there."""
    return _share(np.subtract(sent, intended) > slo)


def _in_time(intended, sent, done, slo):
    """That is the share of requests that were answered in time. The late ones are asked for: the others."""
    return 1 - late_share(intended, sent, done, slo)


def _limit_too(intended, sent, done, slo):
    """You counted a request that takes exactly the limit as late. Late is one that takes *more* than that."""
    return _share(np.subtract(done, intended) >= slo)


def _percent(intended, sent, done, slo):
    """That is in percent, a hundred times too much. A share lies between 0 and 1, as the task asks for."""
    return 100 * late_share(intended, sent, done, slo)


def _number(intended, sent, done, slo):
    """That is how many are late. A share is that number over all that were intended."""
    return len(intended) * late_share(intended, sent, done, slo)

# ------------------------------------------------------------------ throughput.slow_pages


def slow_pages(p, n, hedged, same_cause):
    """The share of pages that are slow, when a page waits for n calls at once.

    p : chance that one call is slow. The calls are slow independently of each other.
    n : calls for one page. The page is slow if at least one of them is.
    hedged : True if a second copy is sent for a call that is slow; the earlier answer counts, so
        the call is slow only if both copies are.
    same_cause : chance that what made the first copy slow makes the second slow too; otherwise
        the second is slow with chance p, like any call.
    Returns a number from 0 to 1, not rounded.
    """
    if hedged:
        p = p * (same_cause + (1 - same_cause) * p)
    return 1 - (1 - p) ** n


def _pages_inputs(rng):
    return (float(rng.choice([0.001, 0.01, 0.02, 0.05])), int(rng.choice([5, 20, 100, 300])), bool(rng.random() < 0.6),
            float(rng.choice([0.0, 0.2, 0.5, 1.0])))


def _per_call(p, same_cause):
    return p * (same_cause + (1 - same_cause) * p)


def _average(p, n, hedged, same_cause):
    """You gave the chance for one call. The page waits for the slowest of n, so it is slow far more often than its calls: a
    percentile of the parts is not that percentile of the whole."""
    return _per_call(p, same_cause) if hedged else p


def _sum(p, n, hedged, same_cause):
    """You added the chances up. That counts a page with two slow calls twice, and exceeds 1 for many calls."""
    return n * (_per_call(p, same_cause) if hedged else p)


def _capped_sum(p, n, hedged, same_cause):
    return min(1.0, _sum(p, n, hedged, same_cause))


_capped_sum.__doc__ = _sum.__doc__


def _all_fast(p, n, hedged, same_cause):
    """That is the share of pages on which every call is fast. The slow pages are the rest."""
    return 1 - slow_pages(p, n, hedged, same_cause)


def _all_slow(p, n, hedged, same_cause):
    """That is the chance that all n calls are slow. One slow call is enough to hold the page up."""
    return (_per_call(p, same_cause) if hedged else p) ** n


def _always_independent(p, n, hedged, same_cause):
    """You squared p, as if the second copy knew nothing of the first. If both go to the same overloaded shard, or carry the
    same heavy request, the second is as slow as the first, and hedging buys nothing but load."""
    return slow_pages(p, n, hedged, 0.0)


def _same_cause_only(p, n, hedged, same_cause):
    """You let the second copy be slow for the first one's reason only. It can also be slow by itself, with chance p, as any
    call can."""
    return 1 - (1 - (p * same_cause if hedged else p)) ** n


def _one_cause_a_page(p, n, hedged, same_cause):
    """You let all calls of a page share the cause, or none of them. Each slow call has its own: mix the two for one call, and
    only then go to the page."""
    return same_cause * slow_pages(p, n, hedged, 1.0) + (1 - same_cause) * slow_pages(p, n, hedged, 0.0)


def _in_percent(p, n, hedged, same_cause):
    return 100 * slow_pages(p, n, hedged, same_cause)


_in_percent.__doc__ = _percent.__doc__


def _halved(p, n, hedged, same_cause):
    """You halved the chance because there are two copies. Both must be slow: chances are multiplied, if they are
    independent, and if not it depends on the cause."""
    return 1 - (1 - (p / 2 if hedged else p)) ** n


def _more_calls(p, n, hedged, same_cause):
    """You counted the copies as more calls that can be slow. Of a call and its copy the faster one counts, so a copy can
    only help the page; what it harms is the load."""
    return 1 - (1 - p) ** (2 * n if hedged else n)


def _not_hedged(p, n, hedged, same_cause):
    """The second copies are missing: hedged or not, you gave the same share."""
    return 1 - (1 - p) ** n


def _whole_page(p, n, hedged, same_cause):
    """You sent the whole page again and let the faster of two pages win. Each call is hedged by itself: a page is saved when
    each of its slow calls is, and the two copies may be mixed."""
    first = 1 - (1 - p) ** n
    return first * (same_cause + (1 - same_cause) * first) if hedged else first


EXERCISES = [
    Exercise("throughput.lindley", lindley, _lindley_inputs,
             [(_service_only, "latency is the time of the work"),
              (_no_memory, "a request waits for the one before it only"),
              (_own_work, "a request waits for its own work"),
              (_wait_only, "latency is the time in the queue"),
              (_clock, "the time of the answer is a latency"),
              (_gaps, "latency is one over throughput"),
              (_no_idle, "a server is always busy"),
              (_all_at_zero, "a server is always busy")],
             ("When can the server begin with a request? Two things must have happened.",
              "Carry one number through the loop: when the server has finished everything before. It begins at "
              "max(arrival, that).")),
    Exercise("throughput.rate_under_slo", rate_under_slo, _rate_inputs,
             [(_mean_below, "a good mean keeps a promise"),
              (_median_below, "a good median keeps a promise"),
              (_limit_is_late, "the limit itself is late"),
              (_more_than_share, "at least means more than"),
              (_interpolated, "a percentile between two requests is a request"),
              (_interpolated_above, "a percentile between two requests is a request"),
              (_nearest, "a percentile between two requests is a request"),
              (_whole_count, "a share of a number is a whole number"),
              (_answered_only, "who got no answer did not wait"),
              (_lucky_run, "one good run at a high rate is enough"),
              (_best_goodput, "the most answers in time is the right rate"),
              (_its_goodput, "the rate that is kept is the rate that was offered"),
              (_capacity, "what it can carry, it can carry well"),
              (_largest, "what it can carry, it can carry well"),
              (_breaking_rate, "the limit is where it breaks")],
             ("Go upwards from the lowest rate. What makes you stop?",
              "sum(ms <= slo for ms in sample) / len(sample) treats infinity as it should."),
             cases=(([5, 9], [[100.0] * 29 + [900.0], [100.0] * 28 + [900.0] * 2], 400.0, 0.95),
                    ([5, 9], [[100.0] * 10, [100.0] * 16 + [900.0] * 2], 400.0, 0.9),       # 88.9 %
                    ([5, 9], [[100.0] * 10, [100.0] * 80 + [900.0] * 9], 400.0, 0.9),       # 89.9 %
                    ([5, 9], [[100.0] * 10, [100.0] * 10 + [900.0] * 10], 400.0, 0.95))),            # of other lengths
    Exercise("throughput.late_share", late_share, _late_inputs,
             [(_from_sent, "the generator's clock is the user's clock"),
              (_without_timeouts, "who got no answer did not wait"),
              (_from_sent_without, "what was not measured was fine"),
              (_timeouts_count_as_good, "who got no answer did not wait"),
              (_sent_good, "what was not measured was fine"),
              (_generator, "a late sender is a late answer"),
              (_in_time, "late and in time are the same count"),
              (_limit_too, "the limit itself is late"),
              (_percent, "percent is a share"),
              (_number, "a number is a share")],
             ("Which of the three stamps would a user not know of?", "Infinity minus anything is more than any limit.")),
    Exercise("throughput.slow_pages", slow_pages, _pages_inputs,
             [(_average, "a page is as slow as its average call"),
              (_sum, "chances of different calls add up"),
              (_capped_sum, "chances of different calls add up"),
              (_all_fast, "slow and fast are the same share"),
              (_all_slow, "a page is slow when all its calls are"),
              (_always_independent, "a second copy is always a second chance"),
              (_same_cause_only, "a second copy is slow only for the first one's reason"),
              (_one_cause_a_page, "the calls of a page share their cause"),
              (_in_percent, "percent is a share"),
              (_halved, "two copies halve the chance"),
              (_more_calls, "a copy is one more call that can be slow"),
              (_not_hedged, "a copy changes nothing"),
              (_whole_page, "to hedge the calls is to hedge the page")],
             ("First one call: when is it slow, with its copy? Then the page: when is it fast?",
              "A page is fast if all n calls are: the chance of that is a product.")),
]

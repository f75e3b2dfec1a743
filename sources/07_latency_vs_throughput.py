# %% [markdown]
# # 07 · Latency or throughput?
#
# {{badges}}
#
# Latency is how long one request takes; throughput is how many get through. Here a service buys sixteen times the
# capacity, still breaks its promise, goes back, and then has a day on which capacity is what it lacks. Afterwards you can tell which of the two is missing
# before anyone buys, and measure both without fooling yourself. About 50 minutes.

# %%
import time
from bisect import bisect
from heapq import heapreplace

import httpx
import numpy as np
import pandas as pd
from fastapi import FastAPI
from IPython.display import display

from course_utils import ask, check, claim, hint, pair, predict, reveal, solution, worksheet
from course_utils.plots import BLUE, GREEN, GREY, RED, show, subplots
from course_utils.queueing import departures, poisson_arrivals
from course_utils.serving import open_loop, serve

pair("throughput")

# %% [markdown]
# ## Paid in full
#
# Lantern's checkout waits for a fraud check: three look-ups, one after the other, then the model, then a line in the audit log.
# The promise (a *service level objective*, SLO) is 95 of 100 answers within 400 ms. A *replica* is a copy of the
# service and works on one check at a time. Checkout felt slow, so the team ordered more of them. Below are the invoices.
# (*Load* is the work that arrives over the work that can be done in the same time.)

# %%
SLO, RATE, N = 400, 8, 10_000          # ms; checks a second on a plain day; checks in a simulation

def steps(seed):                       # ms of each step, N checks; means: 100 a look-up, 60, 40
    luck = np.random.default_rng(seed)
    return luck.gamma(10, 10, (3, N)), luck.gamma(10, 6, N), luck.gamma(10, 4, N)

def as_is(lookups, model, audit):      # ms to the answer, and ms for which the replica is busy
    total = lookups.sum(axis=0) + model + audit
    return total, total

# %%
def load(rate, replicas, path=as_is):                         # in percent
    answer, busy = path(*steps(seed=7))
    return 100 * rate * busy.mean() / 1000 / replicas

for month, n in (("May", 4), ("June", 64)):
    print(f"{month:5}{n:2} replicas  load {load(RATE, n):2.0f} %  {150 * n:5,} dollars")

# %% [markdown]
# In May, one answer in four was within 400 ms. **How many of 100 are in June, with 64 replicas?** Answer 0 to 100, with your
# confidence in percent.

# %%
predict("throughput.in_time_june", answer=..., confidence=...)

# %% [markdown]
# ## A latency is a wait, then the work
#
# A request can start when it has arrived *and* the server is free. That one sentence is Lindley's recursion, and it is
# **exercise 1**: one server, first come first served.

# %% exercise="throughput.lindley"
check("throughput.lindley", lindley)

# %% [markdown]
# The package's `departures` does the same for several replicas behind one queue, and returns when each check is done. The clock is virtual, and the arrivals know
# nothing of each other (a *Poisson process*). The tables show the median latency (*p50*); *p95*, which 95 of 100 checks do
# not exceed; the throughput (answers a second, until the last); and the *goodput*, which counts only answers in time.

# %%
def arrivals(rate, seed=7):                                   # ms on the clock
    return poisson_arrivals(rate / 1000, N, np.random.default_rng([seed, 1]))

def latencies(rate, replicas, path=as_is, seed=7):            # ms, of each check
    arrive = arrivals(rate, seed)
    answer, busy = path(*steps(seed))
    start = departures(arrive, busy, replicas) - busy
    return start + answer - arrive

def in_time(ms):
    return 100 * np.mean(ms <= SLO)

# %%
def summary(ms):
    return {"p50, ms": np.median(ms), "p95, ms": np.quantile(ms, 0.95), "in time, %": in_time(ms)}

def compare(configurations):
    rows = {}
    for name, how in configurations.items():
        ms = latencies(**how)
        row = {"load, %": load(**how), **summary(ms)}
        row["throughput"] = 1000 * N / (arrivals(how["rate"]) + ms).max()
        rows[name] = {**row, "goodput": row["throughput"] * row["in time, %"] / 100}
    return pd.DataFrame(rows).T.round().astype(int)

compare({f"{replicas} replicas": dict(rate=RATE, replicas=replicas) for replicas in (4, 8, 16, 64)})

# %%
eight = [in_time(latencies(RATE, 8, seed=seed)) for seed in (7, 8, 9)]
many = [in_time(latencies(RATE, 64, seed=seed)) for seed in (7, 8, 9)]
claim("In time with 64 replicas, best of three seeds, %", max(many), at_most=60)
claim("Gained from 8 to 64 replicas, most of three seeds, %", max(np.subtract(many, eight)), at_most=1)
reveal("throughput.in_time_june", round(many[0]), within=5)

# %% [markdown]
# From 4 to 8 replicas the queue disappears. From 8 to 64 nothing happens, because hardly anybody waits for a replica any more:
# half of the checks take more than 400 ms of *work*. That is the mistake of this pair. The invoice bought capacity, the highest
# possible throughput, and nearly all of it stands idle; what was missing was a shorter latency.
#
# ## The same work in another order is enough
#
# The look-ups do not need each other, and the answer does not need the audit line. So start the three at once, answer, and
# write the line afterwards, while the replica is still busy with it.

# %%
def at_once(lookups, model, audit):
    total = lookups.max(axis=0) + model + audit               # wait for the slowest of three
    return total, total

def shorter(lookups, model, audit):
    answer = lookups.max(axis=0) + model
    return answer, answer + audit

compare({"64 replicas": dict(rate=RATE, replicas=64),
         "4, look-ups at once": dict(rate=RATE, replicas=4, path=at_once),
         "4, shorter path": dict(rate=RATE, replicas=4, path=shorter)})

# %% [markdown]
# Four replicas keep the promise, for May's invoice, and the first change is enough for that. On the old path no amount of
# capacity would: even alone in the system, half of the checks took too long.
#
# ## Sale day: capacity is missing
#
# Lantern went back to four replicas, on the shorter path. Now eighty checks a second come instead of eight. The proposal is to go
# on shortening: cache the look-ups, so that they take no time, and leave the audit line to another process. (The rate is chosen so that this is not enough: four replicas may spend 50 ms on
# a check, and the model alone takes 60. The day has 10,000 checks, some two minutes.)

# %%
def cached(lookups, model, audit):
    return model, model + audit

def model_only(lookups, model, audit):
    return model, model

SALE = 80
compare({"4, shorter path": dict(rate=SALE, replicas=4, path=shorter),
         "4, look-ups cached": dict(rate=SALE, replicas=4, path=cached),
         "4, model only": dict(rate=SALE, replicas=4, path=model_only),
         "64, as in June": dict(rate=SALE, replicas=64),
         "24, shorter path": dict(rate=SALE, replicas=24, path=shorter)})

# %% [markdown]
# Above a load of 100 % the queue grows for as long as the day lasts, and the latencies of the first three rows only say how long
# that was. Each has the highest throughput of four replicas on its path, one check at a time, and hardly one answer is in time. Capacity alone fails as it did in June. Six times the replicas, on the shorter path, keep the promise.
#
# ## Batches: waiting for each other can be faster
#
# In a *batch* a replica takes up to `largest` waiting checks at once. It lasts as long as its slowest member needs, each check
# beyond the first adds 5 ms, all are answered together, and then all audit lines are written at once. With a `window` the first of them also waits, up to that many ms,
# for the batch to fill. Look-ups are cached here.

# %%
def batched(rate, replicas=4, largest=8, window=0, seed=7):   # ms, of each check
    arrive = arrivals(rate, seed).tolist()
    _, model, audit = (ms.tolist() for ms in steps(seed))
    free, latency, i = [0.0] * replicas, [], 0                # free: when each replica is, as a heap
    while i < N:
        full = arrive[min(i + largest, N) - 1]
        start = max(arrive[i], free[0], min(arrive[i] + window, full))
        j = min(bisect(arrive, start), i + largest)           # checks i to j - 1 have arrived
        answer = start + max(model[i:j]) + 5 * (j - i - 1)
        latency += [answer - arrival for arrival in arrive[i:j]]
        heapreplace(free, answer + max(audit[i:j]))
        i = j
    return np.array(latency)

# %%
rows = {"sale day, one at a time": batched(SALE, largest=1),
        "sale day, batches of up to 8": batched(SALE),
        "sale day, and a window of 20 ms": batched(SALE, window=20),
        "plain day, batches of up to 8": batched(RATE),
        "plain day, and a window of 20 ms": batched(RATE, window=20)}
claim("Sale day, batches: in time, least of three seeds, %",
      min(in_time(batched(SALE, seed=seed)) for seed in (7, 8, 9)), at_least=95)
pd.DataFrame({name: summary(ms) for name, ms in rows.items()}).T.round().astype(int)

# %% [markdown]
# On sale day the same four replicas now keep the promise. **Batching, the classical trade of latency for throughput, here
# *lowers* latency**, since the queue no longer grows, and a short window still gains a little. (Batching raises capacity
# only as far as a further check is cheaper than the first.) On the plain day the same window has nothing to give: it lifts p50
# from 58 ms to 81.
#
# ## Every service has a floor and a knee
#
# A curve's *floor* is p95 in a nearly idle system; its *knee* is where the queue takes over.

# %%
GRID = [1, 2, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 17, 18, 20, 32, 50, 80, 90, 100, 105, 120, 140, 150,
        160, 165, 170, 180, 200]

def runs(serving, **how):                                     # a list of latencies for each rate
    return [serving(rate, **how).tolist() for rate in GRID]

LINES = {"4 replicas, as in May": (runs(latencies, replicas=4), "black", ":"),
         "64 replicas, as in June": (runs(latencies, replicas=64), RED, "-."),
         "4, shorter path": (runs(latencies, replicas=4, path=shorter), BLUE, "-"),
         "24, shorter path": (runs(latencies, replicas=24, path=shorter), BLUE, (0, (5, 1, 1, 1, 1, 1))),
         "4, cached, batches of up to 8": (runs(batched), GREEN, "--")}

# %%
figure, axis = subplots(height=4.4)
for name, (samples, colour, style) in LINES.items():
    axis.plot(GRID, np.quantile(samples, 0.95, axis=1), color=colour, linestyle=style, label=name)
axis.axhline(SLO, color="black", linewidth=1)
axis.text(1, SLO - 10, "promised: 400 ms", va="top")
for rate, day in ((RATE, "plain day"), (SALE, "sale day")):
    axis.axvline(rate, color=GREY, linewidth=0.8)
    axis.text(rate * 1.03, 20, day)
ticks = [1, 2, 4, 8, 16, 32, 80, 160]
axis.set(title="Capacity moves the knee; a shorter path lowers the floor", xscale="log",
         xlim=(0.95, 200), ylim=(0, 1000), xticks=ticks, xticklabels=ticks,
         xlabel="checks offered a second", ylabel="p95 latency, ms (cut off at 1 s)")
axis.legend(loc="upper left", fontsize=9)
floors = "; ".join(f"{name}: {np.quantile(line[0][0], 0.95):.0f} ms" for name, line in LINES.items())
show(figure, f"Each curve has a floor and turns up at its knee. Floors: {floors}. More replicas move "
             "the knee, from before the sale day to beyond it, and leave the floor where it was.")

# %% [markdown]
# Look first at p95 in an idle system. If it is above the promise, only faster work can help (a shorter path, a smaller model, a
# faster machine), not more of the same. (A shorter path moves the knee too, because a replica is busy for less time. An exception comes with
# *hedging*, below.) If it is well below and users still wait, look at the queue.
#
# What a service can carry is not its capacity but the highest offered rate at which it keeps the promise. **Exercise 2** finds it;
# the next cell applies it to the figure.

# %% exercise="throughput.rate_under_slo"
check("throughput.rate_under_slo", rate_under_slo)

# %%
for name, (samples, _, _) in LINES.items():
    rate = rate_under_slo(GRID, samples, SLO, 0.95)
    print(f"{name:30} {'-' if rate is None else rate:>4} a second")

# %%
for name, path in (("May", as_is), ("shorter path", shorter)):
    inside = RATE * latencies(RATE, 4, path).mean() / 1000
    print(f"{name}: {RATE} checks a second; inside at once, on average {inside:.1f}")

# %% [markdown]
# 64 replicas keep the promise at no rate; a sixteenth of them, on the shorter path, at twelve a second. (One run each: near a knee
# another seed gives another rate.)
#
# The last two lines are *concurrency*, how many are inside at once: arrival rate times mean latency (Little's law). These are the
# "users at the same time" that get mistaken for throughput: more of them are inside when a service is slower, and nobody more is
# served.
#
# ## The tester who waited politely
#
# A load test with one connection sends, waits for the answer, and sends again (*closed loop*). Suppose that a request is due every 10 ms for a minute, each takes 1 ms, and after 20 s the server freezes
# for 10 s. The tester, then late, sends what is overdue without a pause.

# %%
due = np.arange(0, 60_000, 10)                                # ms
service = np.where(due == 20_000, 10_000, 1)
done = departures(due, service)
sent = np.maximum(due, np.r_[0, done[:-1]])                   # one connection: after the last answer
for name, taken in (("tester: done - sent", done - sent), ("user:   done - due ", done - due)):
    print(f"{name}   mean {taken.mean():3.0f} ms   p99 {np.quantile(taken, 0.99):4.0f} ms   "
          f"over 400 ms: {(taken > SLO).sum():5,} of {len(due):,}")

# %% [markdown]
# The tester has one bad sample; the users had a thousand. While the server stalls, the tester stalls with it and starts its
# clock only afterwards: *coordinated omission*. Latency counts from when a request was due. **Exercise 3** counts from there,
# and counts those that never came back.

# %% exercise="throughput.late_share"
check("throughput.late_share", late_share)

# %% [markdown]
# Now a real server on 127.0.0.1, frozen for 400 ms of every second: `time.sleep` in an `async` function stops it for everybody.
# `open_loop` sends at fixed times, whatever became of the earlier requests (*open loop*); this closed loop, another kind, skips what it missed. Your
# machine is not ours, so bounds are
# claimed.

# %%
def freezing():
    app, start = FastAPI(), time.perf_counter()

    @app.get("/")
    async def answer() -> str:
        time.sleep(max(0.0, 0.4 - (time.perf_counter() - start) % 1.0))
        return "ok"
    return app

def closed_loop(url, seconds, gap):
    taken, stop = [], time.perf_counter() + seconds
    with httpx.Client(trust_env=False) as client:
        while (start := time.perf_counter()) < stop:
            client.get(url)
            taken.append(time.perf_counter() - start)
            time.sleep(max(0.0, gap - taken[-1]))
    return np.array(taken)

# %%
with serve(freezing()) as url:
    users = open_loop(url, at=np.arange(0, 2, 1 / 60))
with serve(freezing()) as url:
    tester = closed_loop(url, seconds=2, gap=1 / 60)
claim("Answers after 0.1 s, users', %", 100 * (users.done - users.intended > 0.1).mean(),
      at_least=25, measured=True)
claim("Answers after 0.1 s, tester's, %", 100 * (tester > 0.1).mean(), at_most=10, measured=True)
claim("The tester sent fewer requests in the same two seconds", len(tester) < len(users))

# %% [markdown]
# ## A hundred fast calls make a slow page
#
# Lantern's account page asks 100 shards, each on two machines that hold the same part of the data, and waits for all. A call takes 10 ms, and
# one in a hundred a second more. Dean and Barroso write [1] that with 100 such servers 63 % of the requests take more than a
# second. *Hedging* sends a second copy of a call that has no answer after a while, here 20 ms, and takes whichever answers
# first.
#
# **Exercise 4.** The share of slow pages, with hedging and without. Below it pages are drawn. What slowed the first copy, say an
# overloaded shard, slows the second too: never, in half of the cases, always.

# %% exercise="throughput.slow_pages"
check("throughput.slow_pages", slow_pages)

# %%
def pages(hedged, same_cause, seed, n=4_000):                 # % of pages that take over 100 ms
    luck = np.random.default_rng(seed)
    slow, again = luck.random((2, n, 100)) < 0.01
    again = np.where(luck.random((n, 100)) < same_cause, slow, again)
    first, second = (luck.gamma(10, 1, slow.shape) + 1000 * late for late in (slow, again))
    if hedged:
        first = np.where(first > 20, np.minimum(first, 20 + second), first)
    return 100 * (first.max(axis=1) > 100).mean()

# %%
cases = {"plain": (False, 0), "hedged, independent": (True, 0),
         "hedged, half share the cause": (True, 0.5), "hedged, all do": (True, 1)}
drawn = pd.DataFrame({name: [pages(*how, seed) for seed in (7, 8, 9)] for name, how in cases.items()})
claim("Slow pages without hedging, mean of three seeds, %; the paper's 63",
      drawn.plain.mean(), about=63, within=1.5)
claim("Calls with a second copy, %: the slow ones, and the fast ones over 20 ms",
      1 + 99 * (np.random.default_rng(7).gamma(10, 1, 10**6) > 20).mean(), about=1.5, within=0.1)
by_formula = [slow_pages(0.01, 100, *how) for how in cases.values()]
drawn.set_axis(["seed 7", "seed 8", "seed 9"]).T.round(1).assign(
    your_formula=["-" if p is None else f"{100 * p:.1f}" for p in by_formula])

# %% [markdown]
# What hedging removes depends on the cause: nearly all slow pages, some, or none. It costs 1.5 % more calls here (on an overloaded shard they would lengthen the queue; none is modelled). The article
# says so itself: the technique works only when the cause "does not tend to simultaneously affect multiple request replicas" [1].
# And only calls that may be made twice can be hedged.
#
# ## In production
#
# | question | tool, and its word for it | who owns it, how it fails |
# |---|---|---|
# | how long does one wait? | histogram with p50, p95, p99 from the *intended* start ([notebook 03](03_monitoring_vs_observability.ipynb)), as [wrk2](https://github.com/giltene/wrk2) counts; [k6](https://grafana.com/docs/k6/latest/using-k6/scenarios/concepts/open-vs-closed): *open model*, its arrival-rate executors | the service's team; a closed-loop test, percentiles averaged over hosts |
# | how many get through in time? | *goodput*, e.g. in [AIPerf](https://docs.nvidia.com/aiperf/v0.7.0/tutorials/metrics-analysis/benchmark-goodput-with-ai-perf) | capacity planning; capacity is quoted instead |
# | may requests share a call? | *dynamic batching*: [Triton](https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/batcher.html) by default does not delay to fill a batch | ML platform; a window left from the benchmark |
# | who hides a slow replica? | *hedging*, with `hedgingDelay`, in [gRPC](https://grpc.io/docs/guides/request-hedging) | client library; hedges that raise the load of a slow system |
#
# ## Where the rule stops
#
# Built in: the look-ups may run together (three at once press the store harder) and be cached (a cached one may be stale:
# [notebook 05](05_batch_vs_realtime_inference.ipynb)). A replica holds one check or batch even while it waits for look-ups; an
# asynchronous service would begin another. Audit lines may come after the answer, which not every auditor accepts. Nobody gives
# up: real users retry, which raises the load just when it is too high, and arrive in bursts, so keep more room than Poisson
# asks for.
#
# **References.** [1] J. Dean and L. A. Barroso, *The Tail at Scale*, CACM 56(2), 2013,
# [cacm.acm.org](https://cacm.acm.org/research/the-tail-at-scale/).
#
# The last cell copies a load-test protocol beside this notebook, and asks about three situations.

# %%
print(worksheet("load_test_protocol"))
display(ask("throughput.c1", answer=..., confidence=...),
        ask("throughput.c2", answer=..., confidence=...),
        ask("throughput.c3", answer=..., confidence=...))

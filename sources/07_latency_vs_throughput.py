# %% [markdown]
# # 07 · Latency or throughput?
#
# {{badges}}
#
# Latency is how long one request takes; throughput is how many get through. Here a service buys sixteen times the capacity and
# still feels slow, and then has a day on which capacity is what it lacks. Afterwards you can tell which of the two is missing
# before anyone buys, and measure both without fooling yourself. About 55 minutes.

# %%
import socket
import sys
import time
from bisect import bisect
from heapq import heapreplace
from typing import NamedTuple

import httpx
import numpy as np
import pandas as pd
from fastapi import FastAPI
from IPython.display import display

from course_utils import ask, check, claim, hint, pair, predict, reveal, solution, worksheet
from course_utils.plots import BLUE, GREEN, GREY, RED, show, subplots
from course_utils.queueing import departures, erlang_c, mean_wait, poisson_arrivals
from course_utils.serving import open_loop, serve

pair("throughput")

# %% [markdown]
# ## Paid in full
#
# Lantern's checkout waits for a fraud check: three look-ups, one after the other, then the model, then a line in the audit log.
# The promise to the shop (a *service level objective*, SLO) is 95 of 100 answers within 400 ms. A *replica* is a copy of the
# service and works on one check at a time. Checkout felt slow, so the team ordered more of them. The invoices:

# %%
SLO, RATE = 400, 8                     # ms; checks a second on a plain day

def steps(n, seed):                    # ms that each step of n checks takes; means 100, 60 and 40
    luck = np.random.default_rng(seed)
    return luck.gamma(10, 10, (3, n)), luck.gamma(10, 6, n), luck.gamma(10, 4, n)

def as_is(lookups, model, audit):      # ms to the answer, and ms for which the replica is busy
    total = lookups.sum(axis=0) + model + audit
    return total, total

work = RATE * as_is(*steps(10_000, 7))[1].mean() / 10         # as % of one replica's time
for month, replicas in (("May", 4), ("June", 64)):
    print(f"{month:5}{replicas:2} replicas  {work / replicas:2.0f} % busy  {150 * replicas:5,} dollars")

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
# Now with several replicas behind one queue, and with *batches*: a replica takes up to `largest` waiting checks at once, and
# may wait up to `window` ms for a batch to fill. Each step of a batch takes as long as its slowest member needs, each check
# beyond the first adds 5 ms, and all are answered together. The clock is virtual and the arrivals know nothing of each other (a
# *Poisson process*). The tables show the median latency, *p50*; *p95*, which 95 of 100 checks do not exceed; and how much of
# their time the replicas are *busy*.

# %%
MORE = 5                                                     # ms for each further check in a batch

class Run(NamedTuple):
    latency: np.ndarray                                      # ms, of each check
    batches: list                                            # how many checks each batch had
    busy: float                                              # % of the replicas' time

def batch_time(path, work, i, j):                            # of checks i to j - 1, taken at once
    slowest = [ms[..., i:j].max(axis=-1) for ms in work]
    return np.add(path(*slowest), MORE * (j - i - 1))

# %%
def run(rate, replicas, path=as_is, largest=1, window=0, seed=7, n=10_000):
    arrive = poisson_arrivals(rate / 1000, n, np.random.default_rng([seed, 1])).tolist()
    work = steps(n, seed)
    alone = np.transpose(path(*work)).tolist()
    free, latency, batches, worked, i = [0.0] * replicas, [], [], 0, 0
    while i < n:
        start = max(arrive[i], free[0])                      # somebody waits and a replica is free
        if window:
            full = arrive[min(i + largest, n) - 1]
            start = max(start, min(arrive[i] + window, full))
        j = min(bisect(arrive, start), i + largest)
        answer, busy = alone[i] if j == i + 1 else batch_time(path, work, i, j)
        latency += [start + answer - arrival for arrival in arrive[i:j]]
        heapreplace(free, start + busy)                      # a heap: the next free replica is first
        batches.append(j - i)
        worked += busy
        i = j
    return Run(np.array(latency), batches, 100 * worked / (replicas * max(free)))

# %%
def p95(result):
    return np.quantile(result.latency, 0.95)

def in_time(result):
    return 100 * (result.latency <= SLO).mean()

def compare(configurations):
    rows = {}
    for name, how in configurations.items():
        result = run(**how)
        rows[name] = [result.busy, np.median(result.latency), p95(result), in_time(result)]
    columns = ["busy, %", "p50, ms", "p95, ms", "in time, %"]
    return pd.DataFrame(rows, index=columns).T.round().astype(int)

compare({f"{replicas} replicas": dict(rate=RATE, replicas=replicas) for replicas in (4, 8, 16, 64)})

# %%
eight = [in_time(run(RATE, 8, seed=seed)) for seed in (7, 8, 9)]
many = [in_time(run(RATE, 64, seed=seed)) for seed in (7, 8, 9)]
claim("In time with 64 replicas, best of three seeds, %", max(many), at_most=60)
claim("Gained from 8 to 64 replicas, most of three seeds, %", max(np.subtract(many, eight)), at_most=1)
arrive = poisson_arrivals(RATE / 1000, 10_000, np.random.default_rng([7, 1]))
by_departures = departures(arrive, as_is(*steps(10_000, 7))[1], servers=4) - arrive
claim("Largest difference, ms, between run without batches and the package's departures",
      np.abs(run(RATE, 4).latency - by_departures).max(), at_most=0.001)
reveal("throughput.in_time_june", round(many[0]), within=5)

# %% [markdown]
# From 4 to 8 replicas the queue disappears. From 8 to 64 nothing happens, because hardly anybody waits for a replica any more:
# half of the checks take more than 400 ms of *work*. That is the mistake of this pair. The invoice bought throughput, and what
# was missing was latency.
#
# ## The same work, done in another order, is enough
#
# The look-ups do not need each other, and the answer does not need the audit line. So start the three at once, answer, and
# write the line afterwards, while the replica is still busy with it.

# %%
def shorter(lookups, model, audit):
    answer = lookups.max(axis=0) + model                      # wait for the slowest of three
    return answer, answer + audit

compare({
    "4 replicas": dict(rate=RATE, replicas=4),
    "64 replicas": dict(rate=RATE, replicas=64),
    "4, batches of up to 8": dict(rate=RATE, replicas=4, largest=8),
    "4, shorter path": dict(rate=RATE, replicas=4, path=shorter)})

# %% [markdown]
# Four replicas keep the promise, for May's invoice. No amount of capacity could: even alone in the system, half of the checks
# took too long.
#
# ## Sale day: capacity is missing
#
# Eighty checks a second instead of eight. The rate is chosen: at 80 a second four replicas may spend 50 ms on a check, and the
# model alone takes 60. The proposal is to go on shortening: cache the look-ups, so that they take no time, and leave the audit
# line to another process.

# %%
def cached(lookups, model, audit):
    return model, model + audit

def model_only(lookups, model, audit):
    return model, model

SALE = 80
sale_day = {
    "4, shorter path": dict(rate=SALE, replicas=4, path=shorter),
    "4, look-ups cached": dict(rate=SALE, replicas=4, path=cached),
    "4, model only": dict(rate=SALE, replicas=4, path=model_only),
    "4, model only, 60 a second": dict(rate=60, replicas=4, path=model_only),
    "64, as in June": dict(rate=SALE, replicas=64),
    "24, shorter path": dict(rate=SALE, replicas=24, path=shorter),
    "4, shorter, batches of up to 8": dict(rate=SALE, replicas=4, path=shorter, largest=8),
    "4, cached, batches of up to 8": dict(rate=SALE, replicas=4, path=cached, largest=8)}
for seed in (7, 8, 9):
    kept = [name for name, how in sale_day.items() if in_time(run(**how, seed=seed)) >= 95]
    print(f"seed {seed}: kept by", " | ".join(kept))
compare(sale_day)

# %% [markdown]
# *Load* is the work that arrives over the work that can be done. Above 1 the queue grows for as long as the day lasts, and the
# first three rows only say how long that was. (At 60 a second the model alone would fit: a path that frees its replica gives
# capacity too.) Capacity alone fails as it did in June. Six times the replicas, on the shorter path, keep the promise.
#
# So do batches on the same four, but only with cached look-ups. On the shorter path a batch waits for the slowest of all its
# look-ups, and about half of the answers are late. With the cache, **batching, the classical trade of latency for throughput,
# *lowers* latency**, since the queue no longer grows.
#
# ## Every service has a floor and a knee
#
# A curve's *floor* is p95 in a nearly idle system; its *knee* is where the queue takes over.

# %%
GRID = [1, 2, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 17, 18, 20, 32, 50, 80, 90, 100, 105, 120, 140, 150,
        160, 165, 170, 180, 200]
LINES = {"4 replicas, as in May": (dict(replicas=4), "black", ":"),
         "64 replicas, as in June": (dict(replicas=64), RED, "-."),
         "4, shorter path": (dict(replicas=4, path=shorter), BLUE, "-"),
         "24, shorter path": (dict(replicas=24, path=shorter), BLUE, (0, (1, 1))),
         "4, cached, batches of up to 8": (dict(replicas=4, path=cached, largest=8), GREEN, "--")}
curves = {name: [p95(run(rate, **how)) for rate in GRID] for name, (how, _, _) in LINES.items()}

# %%
figure, axis = subplots(height=4.4)
for name, (_, colour, style) in LINES.items():
    axis.plot(GRID, curves[name], color=colour, linestyle=style, label=name)
axis.axhline(SLO, color="black", linewidth=1)
axis.text(1, SLO - 10, "promised: 400 ms", va="top")
for rate, day in ((RATE, "plain day"), (SALE, "sale day")):
    axis.axvline(rate, color=GREY, linewidth=0.8)
    axis.text(rate * 1.03, 20, day)
ticks = [1, 2, 4, 8, 16, 32, 80, 160]
axis.set(title="Capacity moves the knee; only a shorter path lowers the floor", xscale="log",
         xlim=(0.95, 200), ylim=(0, 1000), xticks=ticks, xticklabels=ticks,
         xlabel="checks offered a second", ylabel="p95 latency, ms (cut off at 1 s)")
axis.legend(loc="upper left", fontsize=9)
floor_then = round(curves["4 replicas, as in May"][0])
floor_now = round(curves["4, shorter path"][0])
show(figure, f"Each curve has a floor and turns up at its knee. As it was, the floor is at "
             f"{floor_then} ms, above the promise; 64 replicas move the knee past the sale day and "
             f"leave the floor. The shorter path has its floor at {floor_now} ms and its knee between "
             "the two days; 24 replicas move it past the sale day. Four with cached look-ups and "
             "batches are lowest, up to a knee of their own.")

# %% [markdown]
# Look first at p95 in an idle system. If it is above the promise, only the path can help. If it is well below and users still
# wait, look at the queue. (Not at how busy the replicas are: those that batch are nearly always busy on sale day, and keep the
# promise.)
#
# ## The largest batch is not the best
#
# Waiting for company has a price, which the plain day shows. At 140 a second, waiting until a batch is full is *better* than
# starting at once: full batches waste no capacity.
#
# A larger batch has more capacity, but its members wait longer for each other. What counts is *goodput*, answers in time per
# second, at a rate that keeps the promise. **Exercise 2** finds the highest such rate.

# %%
batching, rows = dict(replicas=4, path=cached, largest=8), {}
for rate in (RATE, 140):
    for window, name in ((0, "start at once"), (200, "wait up to 200 ms"), (np.inf, "wait until full")):
        rows[f"{rate} a second, {name}"] = dict(rate=rate, window=window, **batching)
compare(rows)

# %% exercise="throughput.rate_under_slo"
check("throughput.rate_under_slo", rate_under_slo)

# %%
def safe(largest, seed):                                      # in steps of 10
    rate = 0
    while in_time(run(rate + 10, 4, cached, largest, seed=seed)) >= 95:
        rate += 10
    return rate

rows = {}
for largest in (1, 8, 32, 128):
    crowd = run(1e6, 4, cached, largest)                      # all arrive at nearly the same time
    rates = [safe(largest, seed) for seed in (7, 8, 9)]
    there = run(rates[0], 4, cached, largest)
    rows[f"up to {largest}"] = [10_000 / crowd.latency.max() * 1000, *rates,
                                rates[0] * in_time(there) / 100, max(there.batches)]
columns = ["capacity", "safe, seed 7", "seed 8", "seed 9", "goodput", "largest seen"]
pd.DataFrame(rows, index=columns).T.round().astype(int)

# %% [markdown]
# Capacity misleads: from batches of up to 32 to batches of up to 128 it grows, while the safe rate *falls*, with all three
# seeds. A replica that comes free takes everybody who waits, and then all of them share one long batch. (At its safe rate the
# last row is "no limit".)
#
# ## Theory agrees
#
# With exponential service times theory has an answer. In an *M/M/c* queue (Poisson arrivals, exponential service, *c* servers)
# Erlang's formula C gives the share that waits, and from it the mean wait. We compare 200,000 customers with it, in units of
# one service. Little's law says that the mean number in the system, L, is the arrival rate λ times the mean latency W. To make
# that a test and no identity, L is counted at random moments.

# %%
def observed(c, rho, seed, n=200_000):
    luck = np.random.default_rng([seed, c])
    arrive, service = poisson_arrivals(rho * c, n, luck), luck.exponential(1, n)
    leave = departures(arrive, service, servers=c)
    wait, moments = leave - arrive - service, luck.uniform(1_000, arrive[-1], 20_000)
    inside = np.searchsorted(arrive, moments) - np.searchsorted(np.sort(leave), moments)
    return {"mean wait": wait.mean(), "theory": mean_wait(rho * c, 1, c),
            "share that waits": (wait > 1e-6).mean(), "Erlang C": erlang_c(rho * c, c),
            "L counted": inside.mean(), "rate x W": rho * c * (leave - arrive).mean()}

queue = pd.DataFrame([{"queue": f"M/M/{c}", "load": rho, "seed": seed, **observed(c, rho, seed)}
                      for c, rho in ((1, 0.5), (1, 0.8), (4, 0.8)) for seed in (7, 8, 9)]).round(3)
for ours, theirs, bound in (("mean wait", "theory", 0.12), ("share that waits", "Erlang C", 0.03),
                            ("L counted", "rate x W", 0.03)):
    claim(f"Largest relative error, three seeds: {ours} against {theirs}",
          (queue[ours] / queue[theirs] - 1).abs().max(), at_most=bound)
queue[queue.seed == 7].drop(columns="seed").set_index(["queue", "load"])

# %% [markdown]
# At the same load of 0.8, one queue before four servers has a fifth of a single server's wait. Four replicas with a queue each,
# and requests dealt out at random, as by a simple load balancer, would be four single servers. And L is *concurrency*, the
# "users at the same time" that get mistaken for throughput: it rises when W does, with the throughput unchanged.
#
# ## The tester who waited politely
#
# A load test with one connection sends, waits for the answer, and sends again (*closed loop*). Suppose that a request is due
# every 10 ms for a minute, each takes 1 ms, and after 20 s the server freezes for 10 s.

# %%
due = np.arange(0, 60_000, 10)                                # ms
service = np.where(due == 20_000, 10_000, 1)
done = departures(due, service)
sent = np.maximum(due, np.r_[0, done[:-1]])                   # one connection: after the last answer
for name, taken in (("tester: done - sent", done - sent), ("user:   done - due ", done - due)):
    at_95, at_99 = np.quantile(taken, [0.95, 0.99])
    print(f"{name}   mean {taken.mean():3.0f} ms   p95 {at_95:4.0f} ms   p99 {at_99:4.0f} ms   "
          f"over 400 ms: {(taken > SLO).sum():5,} of {len(due):,}")

# %% [markdown]
# The tester has one bad sample; the users had a thousand. While the server stalls, the tester stalls with it and starts its
# clock only afterwards: *coordinated omission*. (This one catches up. The next one does not, and also sends fewer requests.)
# Latency counts from when a request was due. **Exercise 3** counts from there, and counts those that never came back.

# %% exercise="throughput.late_share"
check("throughput.late_share", late_share)

# %% [markdown]
# Now a real server on 127.0.0.1, frozen for 400 ms of every second. `open_loop` sends at fixed times, whatever became of the
# earlier requests (*open loop*). Your machine is not ours, so a ratio is claimed.

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
claim("The user's share of answers after 0.1 s, over the tester's",
      (users.done - users.intended > 0.1).mean() / (tester > 0.1).mean(), at_least=3, measured=True)
claim("The tester sent fewer requests in the same two seconds", len(tester) < len(users))

# %% [markdown]
# ## Forty milliseconds of politeness
#
# The first server that we wrote for this course needed more than 40 ms for an empty answer. A socket that does not say it is
# TCP (`proto` 0) gets no `TCP_NODELAY` from asyncio. Then *Nagle's algorithm* holds the answer's second packet until the first
# is acknowledged, and the client's *delayed acknowledgement* takes its time. `uvicorn --workers` has been reported to do the
# same [1].

# %%
app = FastAPI()

@app.get("/")
def empty() -> str:
    return ""

def median_latency(protocol):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    listener.bind(("127.0.0.1", 0))
    with serve(app, listener=listener) as url, httpx.Client(trust_env=False) as client:
        stamps = []
        for _ in range(31):
            client.get(url)
            stamps.append(time.perf_counter())
    return np.median(np.diff(stamps))

claim("Median latency with proto 0, over the same with IPPROTO_TCP (the bound is for Linux)",
      median_latency(0) / median_latency(socket.IPPROTO_TCP),
      at_least=4 if sys.platform == "linux" else 0, measured=True)

# %% [markdown]
# ## A hundred fast calls make a slow page
#
# Lantern's account page asks 100 shards, machines that each hold a part of the data, and waits for all. A call takes 10 ms, and
# one in a hundred a second more. Dean and Barroso write [2] that with 100 such servers 63 % of the requests take more than
# a second.
#
# **Exercise 4** adds *hedging*: if a call has no answer after a while, here 20 ms, send a second copy and take whichever
# answers first. Then we draw pages, for three chances that what slowed the first copy, say an overloaded shard, slows the
# second too.

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

def formula(hedged, same_cause, p=0.01):                      # of exercise 4, in percent
    slow_call = p * (same_cause + (1 - same_cause) * p) if hedged else p
    return 100 * (1 - (1 - slow_call) ** 100)

rows = {}
for name, *how in (("plain", False, 0), ("hedged, independent", True, 0),
                   ("hedged, half share the cause", True, 0.5), ("hedged, all do", True, 1)):
    rows[name] = [formula(*how), *(pages(*how, seed) for seed in (7, 8, 9))]
pd.DataFrame(rows, index=["formula", "seed 7", "seed 8", "seed 9"]).T.round(1)

# %% [markdown]
# Nearly all slow pages are gone, or some, or none, by the cause. The article says so itself: the technique works only when the
# cause "does not tend to simultaneously affect multiple request replicas" [2]. And only calls that may be made twice can be
# hedged.
#
# ## In production
#
# | question | tool, and its word for it | who owns it, how it fails |
# |---|---|---|
# | how long does one wait? | histogram with p50, p95, p99 from the *intended* start; [k6](https://grafana.com/docs/k6/latest/using-k6/scenarios/concepts/open-vs-closed) calls it *open model*, [wrk2](https://github.com/giltene/wrk2) *constant throughput* | the service's team; a closed-loop test, percentiles averaged over hosts |
# | how many get through in time? | *goodput*, e.g. in [AIPerf](https://docs.nvidia.com/aiperf/v0.7.0/tutorials/metrics-analysis/benchmark-goodput-with-ai-perf) | capacity planning; capacity is quoted instead |
# | may requests share a call? | *dynamic batching*: [Triton](https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/batcher.html) by default does not delay to fill a batch | ML platform; a window left from the benchmark |
# | who hides a slow replica? | *hedging*, with `hedgingDelay`, in [gRPC](https://grpc.io/docs/guides/request-hedging) | client library; hedges that raise the load of a slow system |
#
# The cell copies a load-test protocol beside this notebook.

# %%
print(worksheet("load_test_protocol"))

# %% [markdown]
# ## Where the rule stops
#
# Built in: the look-ups may run together (three at once press the store harder) and be cached (a cached one may be stale). A
# replica holds one check or batch even while it waits for look-ups; an asynchronous service would begin another. Audit lines
# may come after the answer (not everywhere they may). Nobody gives up: real users retry, which raises the load just when it is
# too high, and arrive in bursts, so keep more room than Poisson asks for. And waits in a queue resemble their neighbours, so
# even 200,000 customers meet theory only roughly; a test of a few seconds near the knee measures luck.
#
# **References.** [1] uvicorn, [issue 3149](https://github.com/Kludex/uvicorn/issues/3149). [2] J. Dean and L. A. Barroso, *The
# Tail at Scale*, CACM 56(2), 2013, [cacm.acm.org](https://cacm.acm.org/research/the-tail-at-scale/).
#
# Three situations to close with:

# %%
display(ask("throughput.c1", answer=..., confidence=...),
        ask("throughput.c2", answer=..., confidence=...),
        ask("throughput.c3", answer=..., confidence=...))

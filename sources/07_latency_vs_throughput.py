# %% [markdown]
# # 07 · Latency or throughput?
#
# {{badges}}
#
# Latency is how long one request takes; throughput is how many get through. Here a service buys sixteen times the capacity
# and still feels slow, and then has a day on which only capacity helps. Afterwards you can tell which of the two is missing
# before anyone buys, and measure both without fooling yourself. About 55 minutes.

# %%
import socket
import sys
import time
from bisect import bisect
from heapq import heapreplace
from itertools import takewhile

import httpx
import numpy as np
import pandas as pd
from fastapi import FastAPI
from IPython.display import display

from course_utils import ask, check, claim, hint, pair, predict, reveal, solution, worksheet
from course_utils.plots import BLUE, GREEN, GREY, ORANGE, RED, show, subplots
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
SLO, RATE, SALE = 400, 8, 60           # ms; checks a second on a plain day, and on sale day: invented

def steps(n, seed):                    # ms that each step of n checks takes; means 100, 60 and 40
    luck = np.random.default_rng(seed)
    return luck.gamma(10, 10, (3, n)), luck.gamma(10, 6, n), luck.gamma(10, 4, n)

def as_is(lookups, model, audit):      # ms to the answer, and ms for which the replica is busy
    total = lookups.sum(axis=0) + model + audit
    return total, total

work = RATE * as_is(*steps(10_000, 7))[1].mean() / 10        # % of one replica
for month, replicas in (("May", 4), ("June", 64)):
    print(f"{month:5}{replicas:2} replicas  {work / replicas:2.0f} % busy  {150 * replicas:5,} dollars")

# %% [markdown]
# In May, one answer in four was within 400 ms. **How many of 100 are in June, with 64 replicas?** Answer 0 to 100, with
# your confidence in percent.

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
# Now with several replicas behind one queue, and with *batches*: a replica may take up to `largest` waiting checks at once, and
# each beyond the first adds 5 ms. It may also wait up to `window` ms for a batch to fill. The clock is virtual and the arrivals
# know nothing of each other (a *Poisson process*).

# %%
MORE = 5                                                     # ms for each further check in a batch

def run(rate, replicas, path=as_is, largest=1, window=0, seed=7, n=10_000):
    arrive = poisson_arrivals(rate / 1000, n, np.random.default_rng([seed, 1])).tolist()
    answer, busy = (ms.tolist() for ms in path(*steps(n, seed)))
    free, latency, i = [0.0] * replicas, [], 0               # free: a heap, the next free replica first
    while i < n:
        start = max(arrive[i], free[0])                      # somebody waits and a replica is free
        if window:
            full = arrive[i + largest - 1] if i + largest <= n else np.inf
            start = max(start, min(arrive[i] + window, full))
        batch = arrive[i:min(bisect(arrive, start), i + largest)]
        extra = MORE * (len(batch) - 1)
        latency += [start + answer[i] + extra - arrival for arrival in batch]
        heapreplace(free, start + busy[i] + extra)
        i += len(batch)
    return np.array(latency)

# %%
def load(rate, replicas, path=as_is, largest=1):             # work offered, over what can be done
    busy = path(*steps(10_000, 7))[1].mean() + MORE * (largest - 1)
    return rate * busy / 1000 / largest / replicas

def compare(configurations):
    table = {}
    for name, how in configurations.items():
        ms = run(**how)
        offered = {key: value for key, value in how.items() if key != "window"}
        table[name] = [load(**offered), *np.quantile(ms, [0.5, 0.95]).round(), 100 * (ms <= SLO).mean()]
    return pd.DataFrame(table, index=["load", "p50, ms", "p95, ms", "in time, %"]).T.round(
        {"load": 2, "in time, %": 0}).astype({"p50, ms": int, "p95, ms": int, "in time, %": int})

compare({f"{replicas} replicas": dict(rate=RATE, replicas=replicas) for replicas in (4, 8, 16, 64)})

# %%
eight, many = ([100 * (run(RATE, replicas, seed=seed) <= SLO).mean() for seed in (7, 8, 9)]
               for replicas in (8, 64))
claim("In time with 64 replicas, best of three seeds, %", max(many), at_most=60)
claim("Gained from 8 to 64 replicas, most of three seeds, %", max(np.subtract(many, eight)), at_most=1)
reveal("throughput.in_time_june", round(many[0]), within=5)

# %% [markdown]
# (*Load* is the work that arrives over the work that can be done; *p50* is the median; 95 of 100 requests take no longer than
# *p95*.) From 4 to 8 replicas the queue disappears, and that is worth having. From 8 to 64 nothing happens, because hardly anybody
# waits for a replica any more: half of the checks take more than 400 ms of *work*. That is the mistake of this pair. The invoice
# bought throughput, and what was missing was latency.
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
# took too long. (The shorter path lowers the load too, since it keeps a replica for less time. Batching helps as more replicas
# do: it shortens the queue.)
#
# ## Sale day: only capacity helps
#
# Sixty checks a second instead of eight. The proposal is to go on shortening: cache the look-ups, so that they take no time.

# %%
def cached(lookups, model, audit):
    return model, model + audit

sale_day = {
    "4 replicas, as in May": dict(rate=SALE, replicas=4),
    "4, shorter path": dict(rate=SALE, replicas=4, path=shorter),
    "4, look-ups cached": dict(rate=SALE, replicas=4, path=cached),
    "20 replicas, shorter path": dict(rate=SALE, replicas=20, path=shorter),
    "4, shorter, batches of up to 8": dict(rate=SALE, replicas=4, path=shorter, largest=8),
    "64, as in May": dict(rate=SALE, replicas=64)}
for seed in (7, 8, 9):
    kept = [name for name, how in sale_day.items() if (run(**how, seed=seed) <= SLO).mean() >= 0.95]
    print(f"seed {seed}: promise kept by", " | ".join(kept))
early, late = (np.median(half) / 1000 for half in np.split(run(SALE, 4, cached), 2))
print(f"look-ups cached: median {early:.0f} s in the first half of the run, {late:.0f} s in the second")
compare(sale_day)

# %% [markdown]
# With a load above 1, waiting has no limit: the queue grows for as long as the day lasts, and the table's milliseconds only say
# how long that was. To carry 60 a second, four replicas may spend 67 ms on a check; the model and the audit line alone take
# 100. What helps is capacity: five times the replicas, or batches on the same four. **Batching, the classical trade of latency
# for throughput, *lowers* latency here**, from minutes to a quarter of a second. (And capacity alone is not enough: 64 replicas
# of the old path miss the promise as in June.)
#
# ## Every service has a floor and a knee
#
# One picture has both days in it: p95 against the rate, for each configuration.

# %%
GRID = [1, 2, 4, 8, 12, 16, 24, 32, 48, 60, 80, 100, 140, 200]
LINES = {"4 replicas": (dict(replicas=4), GREY, ":"),
         "64 replicas": (dict(replicas=64), RED, "-."),
         "4, shorter path": (dict(replicas=4, path=shorter), BLUE, "-"),
         "4, shorter, batches of up to 8": (dict(replicas=4, path=shorter, largest=8), GREEN, "--"),
         "4, shorter, batches wait until full": (
             dict(replicas=4, path=shorter, largest=8, window=np.inf), ORANGE, (0, (1, 1)))}
curves = {name: [np.quantile(run(rate, **how, n=5_000), 0.95) for rate in GRID]
          for name, (how, _, _) in LINES.items()}

# %%
figure, axis = subplots(height=4.4)
for name, (_, colour, style) in LINES.items():
    axis.plot(GRID, curves[name], color=colour, linestyle=style, label=name)
axis.axhline(SLO, color="black", linewidth=1)
axis.text(1, SLO - 10, "promised: 400 ms", va="top")
for rate, day in ((RATE, "plain day"), (SALE, "sale day")):
    axis.axvline(rate, color=GREY, linewidth=0.8)
    axis.text(rate * 1.03, 20, day)
ticks = [1, 2, 4, 8, 16, 32, 60, 100, 200]
axis.set(title="Capacity moves the knee, a shorter path lowers the floor", xscale="log",
         xlim=(0.95, 200), ylim=(0, 1000), xticks=ticks, xticklabels=ticks,
         xlabel="checks offered a second", ylabel="p95 latency, ms")
axis.legend(loc="upper left", fontsize=9)
floor = {name: round(curve[0]) for name, curve in curves.items()}
show(figure, f"Each curve has a floor, then turns up at its knee. As it was, the floor is at "
             f"{floor['4 replicas']} ms, above the promise, with 4 replicas and with 64, whose knee "
             f"is late. The shorter path has its floor at {floor['4, shorter path']} ms and its knee "
             "before 20 a second; batching moves the knee past the sale day and leaves the floor. "
             "Batches that wait until full are slowest when there is least to do.")

# %% [markdown]
# Look at one request alone in an idle system. If its latency is above the promise, only the path can help. If it is well below
# and users still wait, look at the load.
#
# ## The largest batch is not the best
#
# Batches that start at once cost nothing on a plain day, for they are batches of one. Waiting for company does. And a larger
# batch has more capacity but takes longer, so what counts is *goodput*: answers in time, per second. **Exercise 2** finds the
# highest rate that keeps the promise.

# %%
compare({f"wait up to {window} ms": dict(rate=RATE, replicas=4, path=shorter, largest=8, window=window)
         for window in (0, 100, 200, np.inf)}).rename({"wait up to inf ms": "wait until full"})

# %% exercise="throughput.rate_under_slo"
check("throughput.rate_under_slo", rate_under_slo)

# %%
def highest(largest, seed):                                   # of rates in steps of 2, or of 20
    def kept(rate):
        return (run(rate, 4, shorter, largest, seed=seed, n=4_000) <= SLO).mean() >= 0.95
    return max(takewhile(kept, [*range(2, 40, 2), *range(40, 700, 20)]), default=0)

table = {f"batches of up to {largest}": [round(1 / load(1, 4, shorter, largest)),
                                         *(highest(largest, seed) for seed in (7, 8, 9))]
         for largest in (1, 4, 8, 32, 128)}
full, at_once = ([np.quantile(run(80, 4, shorter, 8, window, seed=seed), 0.95) for seed in (7, 8, 9)]
                 for window in (np.inf, 0))
claim("At 80 a second: p95 if batches wait until full, over p95 if they do not, most of three seeds",
      max(np.divide(full, at_once)), at_most=1)
pd.DataFrame(table, index=["capacity", "safe, seed 7", "seed 8", "seed 9"]).T

# %% [markdown]
# Waiting up to 200 ms breaks the promise at a rate that needs no batches at all. And capacity misleads: from batches of 8 to
# batches of 128 it grows fivefold, while the safe rate *falls*, with all three seeds. A replica that comes free takes everybody
# who waits, and then all of them share one long batch. (Near the knee even batches that wait until full are *better* than
# those that start at once: there they fill in no time.)
#
# ## Theory agrees
#
# With exponential service times theory has an answer. In an *M/M/c* queue (Poisson arrivals, exponential service, *c* servers)
# Erlang's formula C gives the share that waits, and from it the mean wait. We compare 200,000 customers with it, in units of
# one service. Little's law says that the mean number in the system, L, is the rate times the mean latency, λW. To make that
# a test and no identity, L is counted at random moments.

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
for ours, theirs, bound in (("mean wait", "theory", 0.08), ("share that waits", "Erlang C", 0.03),
                            ("L counted", "rate x W", 0.03)):
    claim(f"Largest relative error, three seeds: {ours} against {theirs}",
          (queue[ours] / queue[theirs] - 1).abs().max(), at_most=bound)
queue[queue.seed == 7].drop(columns="seed").set_index(["queue", "load"])

# %% [markdown]
# At the same load of 0.8, one queue before four servers has a fifth of a single server's wait. Four replicas with a queue each,
# and requests dealt out at random, would be four single servers. And L is *concurrency*, the "users at the same time" that get mistaken for throughput: it rises
# when W does, with the throughput unchanged.
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
    p95, p99 = np.quantile(taken, [0.95, 0.99])
    print(f"{name}   mean {taken.mean():3.0f} ms   p95 {p95:4.0f} ms   p99 {p99:4.0f} ms   "
          f"over 400 ms: {(taken > SLO).sum():5,} of {len(due):,}")

# %% [markdown]
# The same requests, the same answers. The tester has one bad sample; the users had a thousand. While the server stalls, the tester
# stalls with it, and starts its clock only afterwards, so that just the bad samples are left out: *coordinated omission*. Latency
# counts from when a request was due. **Exercise 3** counts from there, and counts those that never came back.

# %% exercise="throughput.late_share"
check("throughput.late_share", late_share)

# %% [markdown]
# Now a real server on 127.0.0.1, frozen for 0.4 s of every second. `open_loop` sends at fixed times, whatever became of
# the earlier requests. What is measured in real time is claimed as a ratio, because your machine is not ours.

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
# The first server that we wrote for this course needed more than 40 ms for an empty answer, on an idle machine; no replica would
# have helped. A socket that does not say it is TCP (`proto` 0) gets no `TCP_NODELAY` from asyncio. The answer's second packet
# then waits until the first is acknowledged, and the other side is in no hurry to acknowledge. `uvicorn --workers` has been
# reported to do the same [1].

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
# Lantern's account page asks 100 shards and waits for all. A call takes 10 ms, and one in a hundred a second more. With 100
# such servers, 63 % of the requests take more than a second, write Dean and Barroso [2]; one slow call in 10,000 and 2,000
# servers make "almost one in five". We draw 4,000 pages of each kind.
#
# **Exercise 4** adds *hedging*: if a call has no answer after a while, here 20 ms, send a second copy and take whichever answers
# first. That is then measured twice: once the slowness strikes each call by itself, once it belongs to the shard, and
# both copies meet it.

# %%
luck = np.random.default_rng(7)
for n, p, published in ((100, 0.01, 0.63), (2_000, 0.0001, 0.18)):
    drawn = (luck.binomial(n, p, 4_000) > 0).mean()
    print(f"{n:,} calls, slow with chance {p:g}: by 1 - (1 - p)^n, {1 - (1 - p)**n:.3f} of the pages")
    claim("Drawn, against the published figure", drawn, about=published, within=0.02)

# %% exercise="throughput.slow_pages"
check("throughput.slow_pages", slow_pages)

# %%
def pages(hedged, shard_is_slow, seed, n=4_000):
    luck = np.random.default_rng(seed)
    slow = luck.random((2, n, 100)) < 0.01
    if shard_is_slow:
        slow[1] = slow[0]
    first, second = luck.gamma(10, 1, slow.shape) + 1000 * slow
    late = first > 20
    if hedged:
        first = np.where(late, np.minimum(first, 20 + second), first)
    return 100 * (first.max(axis=1) > 100).mean(), 100 * late.mean() * hedged

table = {f"slow: {cause}, {'hedged' if hedged else 'plain'}":
         {f"seed {seed}": pages(hedged, cause == "the shard", seed)[0] for seed in (7, 8, 9)}
         for cause in ("a call", "the shard") for hedged in (False, True)}
print(f"pages over 100 ms, %; a hedge takes {pages(True, False, 7)[1]:.1f} % more calls")
pd.DataFrame(table).T.round(1)

# %% [markdown]
# For a little more load nearly all slow pages are gone, or none. The article says so itself: the technique works only when the
# cause "does not tend to simultaneously affect multiple request replicas" [2]. And only calls that may be made twice can be
# hedged.
#
# ## In production
#
# | question | tool, and its word for it | who owns it, how it fails |
# |---|---|---|
# | how long does one wait? | histogram with p50, p95, p99 from the *intended* start; [k6](https://grafana.com/docs/k6/latest/using-k6/scenarios/concepts/open-vs-closed) calls it *open model*, [wrk2](https://github.com/giltene/wrk2) *constant throughput* | the service's team; a closed-loop test, percentiles averaged over hosts |
# | how many get through in time? | *goodput*, e.g. in [AIPerf](https://docs.nvidia.com/aiperf/v0.7.0/tutorials/metrics-analysis/benchmark-goodput-with-ai-perf) | capacity planning; capacity is quoted instead |
# | may requests share a call? | *dynamic batching*: [Triton](https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/batcher.html) by default does not delay to fill a batch; [LitServe](https://lightning.ai/docs/litserve/features/batching) | ML platform; a window left from the benchmark |
# | who hides a slow replica? | *hedging*, with `hedgingDelay`, in [gRPC](https://grpc.io/docs/guides/request-hedging) | client library; hedges that raise the load of a slow system |
#
# The cell copies a load-test protocol beside this notebook.

# %%
print(worksheet("load_test_protocol"))

# %% [markdown]
# ## Where the rule stops
#
# Built in: the look-ups are independent and may run together; a batch costs 5 ms for each further check; audit lines may come
# after the answer (not everywhere they may); the queue has no end and nobody gives up. Real users retry, which raises the load
# just when it is too high, and arrive in bursts, so keep more room than Poisson asks for. Path and capacity are not always
# apart: a shorter path keeps its replica for less time, and a model split over two GPUs is a shorter path that is
# bought. Theory was met within 0.08 with 200,000 customers; a test of a few seconds near the knee
# measures luck.
#
# **References.** [1] uvicorn, [issue 3149](https://github.com/Kludex/uvicorn/issues/3149). [2] J. Dean and L. A. Barroso,
# *The Tail at Scale*, CACM 56(2), 2013, [cacm.acm.org](https://cacm.acm.org/research/the-tail-at-scale/).
#
# Three situations to close with:

# %%
display(ask("throughput.c1", answer=..., confidence=...),
        ask("throughput.c2", answer=..., confidence=...),
        ask("throughput.c3", answer=..., confidence=...))

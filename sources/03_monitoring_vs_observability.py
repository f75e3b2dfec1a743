# %% [markdown]
# # 03 · Monitoring or observability?
#
# {{badges}}
#
# A monitor asks, day and night, the questions that somebody had before. Observability is how far a question that nobody had
# can be answered from what the system already emits. Here an alarm fires, every panel turns red, and you find the one place
# that is slow; then you meet an outage that only a monitor finds in time. About 50 minutes.

# %%
import numpy as np
import pandas as pd
from IPython.display import display
from prometheus_client import CollectorRegistry, Histogram
from scipy.special import xlogy

from course_utils import World, ask, check, claim, hint, load, pair, predict, reveal, solution, worksheet
from course_utils.plots import BLUE, ORANGE, show, subplots
from course_utils.telemetry import Traces, histogram_quantile, samples
from course_utils.traffic import ATTRIBUTES, SPANS

pair("observability")

# %% [markdown]
# ## The pager, 21:34
#
# One evening hour at Lantern's marketplace, 24,000 requests. The dashboard shows *p99*, the time that one request in a
# hundred exceeds, by region and by route. Whoever is on call gets this:

# %%
events = load("requests")                              # t: seconds after 21:00; ms: time to answer
before, during = events[events.t < 1800], events[events.t >= 1800]

def p99(rows, label=None):
    return rows.groupby(label).ms.quantile(0.99) if label else rows.ms.quantile(0.99)

print(f"PAGE  p99 of all requests over 250 ms: {p99(before):.0f} -> {p99(during):.0f} ms since 21:30")
for label in ("region", "route"):
    for value, old in p99(before, label).items():
        print(f"   {label:6s}  {value:9s}  p99 {old:3.0f} -> {p99(during, label)[value]:3.0f} ms   [red]")
print("21:20 model m18 deployed\n21:45 m17 restored by the on-call engineer"
      f"\n22:00 p99 since the rollback: {p99(events[events.t >= 2700]):.0f} ms; incident bridge still open")

# %% [markdown]
# Every panel is red, and the rollback changed nothing. **Since 21:30, how many requests in a hundred took longer than
# 200 ms?** Answer 0 to 100, with your confidence in percent.

# %%
predict("observability.slow_in_100", answer=..., confidence=...)

# %% [markdown]
# ## The monitor: a question that is older than the incident
#
# A *histogram* counts requests in buckets, one set of buckets for each combination of its *labels*. The service keeps the
# counts, and a server such as Prometheus *scrapes* (reads and stores) them, here once a minute on a virtual clock.

# %%
BOUNDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0)            # seconds

def observed(rows, labels):
    registry = CollectorRegistry()                     # our own; the default one belongs to the process
    histogram = Histogram("request_seconds", "time to answer", labels, buckets=BOUNDS, registry=registry)
    for *values, ms in rows[[*labels, "ms"]].itertuples(index=False):
        histogram.labels(*values).observe(ms / 1000)
    return registry

one = samples(observed(before, ["route", "region"])).query("route == 'search' and region == 'us-west'")
one[one["name"] != "request_seconds_created"][["name", "le", "value"]].fillna("").round(1)

# %% [markdown]
# That is all a metric knows about these requests: how many, how long in total, and how many took *at most* `le` seconds.
# A p99 is read out of it by a rule: find the bucket that holds the rank, and take the requests inside as evenly spread. By
# hand, three examples from Prometheus's documentation, buckets .1, .2, .3 and .45 s [1]:

# %%
def read_off(q, seconds, bounds=(0.1, 0.2, 0.3, 0.45)):
    counts = [(np.array(seconds) <= bound).sum() for bound in bounds]         # cumulative, as exposed
    i = np.searchsorted(counts, q * len(seconds))
    low, below = (bounds[i - 1], counts[i - 1]) if i else (0, 0)
    return low + (bounds[i] - low) * (q * len(seconds) - below) / (counts[i] - below)

tail = 0.15 + 0.3 * (np.arange(1, 301) / 300)          # 10 % spread from 150 to 450 ms
for story, seconds, published in (("all take 220 ms", [0.22] * 100, 0.295),
                                  ("all take 320 ms", [0.32] * 100, 0.4425),
                                  ("90 % take 150 ms, 10 % up to 450", [0.15] * 2700 + [*tail], 0.3)):
    claim(f"p95, {story}", read_off(0.95, seconds), about=published, within=1e-9, digits=4)

# %% [markdown]
# So a p99 from a histogram is a guess inside a bucket, 295 ms where all requests take 220 [1]. It is sure only of which side of a
# *bound* it lies on: put a bound where the alarm is. **Exercise 1** handles the edges.

# %% exercise="observability.bucket_quantile"
check("observability.bucket_quantile", bucket_quantile)

# %% [markdown]
# The alarm: p99 of the last five minutes over 250 ms, for two minutes. We scrape every minute, and evaluate after each.

# %%
scrapes = {0: 0}
for minute in range(1, 61):
    rows = samples(observed(events[(events.t >= 60 * minute - 60) & (events.t < 60 * minute)], ["route"]))
    rows = rows[rows["name"] == "request_seconds_bucket"]
    scrapes[minute] = scrapes[minute - 1] + rows.groupby(rows["le"].astype(float))["value"].sum()

over = {m: histogram_quantile(0.99, scrapes[m] - scrapes[m - 5]) > 0.25 for m in range(5, 61)}
fired = next(m for m in over if all(over.get(m - back, False) for back in range(3)))
print(f"21:{fired:02d}  firing; p99 read from the buckets "
      f"{1000 * histogram_quantile(0.99, scrapes[60] - scrapes[55]):.0f} ms, "
      f"exactly {p99(events[events.t >= 3300]):.0f} ms")
claim("Minutes from the first slow minute to the page", fired - 30, at_most=5)
claim("Minutes before 21:30 with p99 over the limit", sum(over[m] for m in range(5, 31)), at_most=0)

# %% [markdown]
# The monitor has done its work: three minutes, nobody had to be awake, no false alarm. *Where* is a question it was not
# given. A label for it would have answered, if somebody had known in advance which.

# %% [markdown]
# ## A trace, and what makes it wide
#
# The same service also emits a *trace* for each request: *spans*, one for each step, with what was known about the request
# as *attributes*. Here is one slow request of 21:52, through the OpenTelemetry library, on the virtual clock:

# %%
slow_one = during[(during.ms > 200) & (during.t >= 3120)].iloc[0]
traces = Traces(seed=7)
traces.record(slow_one.t, {name: slow_one[f"{name}_ms"] for name in SPANS}, **slow_one[ATTRIBUTES])
print(traces.frame().iloc[-1][["trace_id", *ATTRIBUTES]].to_string())
traces.frame()[["span", "start_ms", "ms"]]

# %% [markdown]
# One trace is an anecdote: the time went into `features`, and of twelve attributes each may be to blame. But all requests have
# such a trace. Flattened into one row with all its attributes it is a *wide event*, and `events` is a table of them. Now the
# incident can bring its own questions. All of them have one form: *in what do slow requests differ from fast ones?*
#
# ## Three questions
#
# **First: which span?**

# %%
slow = (during.ms > 200).to_numpy()
means = during[[f"{name}_ms" for name in SPANS]].groupby(slow).mean().T.set_axis(["fast", "slow"], axis=1)
print(f"slow: {slow.sum()} of {len(slow):,} requests, {100 * slow.mean():.1f} %")
display(means.assign(excess=means.slow - means.fast).round(1))
reveal("observability.slow_in_100", round(100 * slow.mean()), within=1)

# %% [markdown]
# Two or three requests in a hundred turned all panels red, since p99 looks at the slowest one. (`model` is the most expensive span of
# an ordinary request. What costs most is not what changed.)
#
# **Second: which attribute?** Measured in *bits*: how uncertain "slow or not" is (its *entropy*), minus how uncertain it still is
# once the attribute is known. That is the attribute's *information gain*.

# %%
def entropy(p):                                        # of a yes-or-no with chance p, in bits
    return -(xlogy(p, p) + xlogy(1 - p, 1 - p)) / np.log(2)

def gain(values, slow):
    codes = pd.factorize(values)[0]
    size, hits = np.bincount(codes), np.bincount(codes, slow)
    return entropy(slow.mean()) - (size * entropy(hits / size)).sum() / len(slow)

gains = pd.Series({name: gain(during[name], slow) for name in ATTRIBUTES}).nlargest(4)
print(gains.round(3).to_string())
lot = np.random.default_rng(7).permutation(slow)
print(f"and if lots were drawn who is slow: customer {gain(during.customer, lot):.3f}")

# %% [markdown]
# The customer explains slowness best, and does so just as well when slowness is drawn by lot. Most customers have sent one or two
# requests; know the customer, and you nearly know the request. An attribute with many values always seems to explain more.
# So take off what chance gives. **Exercise 2.**

# %% exercise="observability.corrected_gain"
check("observability.corrected_gain", corrected_gain)

# %%
def ranked(rows, slow, shuffles=20, names=ATTRIBUTES):
    luck, table = np.random.default_rng(0), {}
    for name in names:
        codes = pd.factorize(rows[name])[0]
        chance = np.mean([gain(codes, luck.permutation(slow)) for _ in range(shuffles)])
        table[name] = [codes.max() + 1, gain(codes, slow), chance, gain(codes, slow) - chance]
    table = pd.DataFrame(table, index=["values", "gain", "by chance", "beyond chance"]).T
    return table.sort_values("beyond chance", ascending=False)

ranking = ranked(during, slow)
(ranking.round(3) + 0.0).astype({"values": int})

# %%
def since_half_past(seed):
    rows = World(seed=seed).requests().query("t >= 1800")
    return rows, (rows.ms > 200).to_numpy()

tables = {seed: ranked(*since_half_past(seed)) for seed in (7, 8, 9)}
claim("Uncorrected, the customer is first in all three worlds",
      all(t["gain"].idxmax() == "customer" for t in tables.values()))
claim("Beyond chance, shard, merchant and rerank are the first three, in this order",
      all(list(t.index[:3]) == ["shard", "merchant", "rerank"] for t in tables.values()))
claim("Largest of all others, customer and model among them, in bits",
      max(t["beyond chance"].iloc[3] for t in tables.values()), at_most=0.002, digits=1)

# %% [markdown]
# The *shard*, one of 32 parts of the feature store, is first in each world. Second comes the merchant, who lives on a shard.
# The model, whose deploy stood in everybody's mind, gains nothing.
#
# **Third: is that all?** The same question again, inside the worst shard:

# %%
worst = during.groupby("shard").ms.apply(lambda ms: (ms > 200).mean()).idxmax()
at_shard = (during.shard == worst).to_numpy()
print(f"inside {worst}, first beyond chance: {ranked(during[at_shard], slow[at_shard]).index[0]}")
shares = pd.Series(slow).groupby([np.where(at_shard, worst, "other shards"), during.rerank.to_numpy()])
display((100 * shares.mean()).unstack().round(1).rename_axis(columns="% slow, rerank"))
both = at_shard & (during.rerank == "on")
print(f"{worst} and rerank: {100 * both.mean():.1f} % of requests, {100 * slow[both].mean():.0f} % of them "
      f"slow; {100 * both[slow].mean():.0f} % of all slow requests")

# %% [markdown]
# A conjunction: that shard *and* the flag. Three questions, none of which was thought of before half past nine, and no new
# code was shipped. Now cut p99 by each attribute, and look at the panels of the dashboard that nobody had built:

# %%
panels = ["region", "route", "device", "locale", "app_version", "host", "model", "rerank", "shard"]
figure, axis = subplots(height=4.2)
for row, name in enumerate(reversed(panels)):
    ratio = p99(during, name) / p99(before, name)
    red = ratio > 3
    axis.plot(ratio[red], [row] * red.sum(), "D", color=ORANGE, markeredgecolor="black", alpha=0.8)
    axis.plot(ratio[~red], [row] * (~red).sum(), "o", color=BLUE, alpha=0.5)
axis.set(title="Each mark is one panel: orange diamonds are red", xscale="log",
         xlabel="p99 after 21:30, as a multiple of p99 before", xticks=[1, 2, 3, 5, 10],
         xticklabels=["1", "2", "3", "5", "10"], yticks=range(len(panels)), yticklabels=panels[::-1])
ratio = p99(during, "shard") / p99(before, "shard")
show(figure, f"By region, route, device, locale, version, host or model every panel has at least tripled. By "
             f"shard {(ratio > 3).sum()} of {len(ratio)} has, {ratio.max():.0f} times; by rerank only `on`.")

# %% [markdown]
# Where all panels of a row are red, the row has nothing to do with it. The rows that tell something are those in which most
# panels are *not* red. (A panel by shard is affordable. The point is that somebody has to choose it beforehand, and here the answer
# is a pair: twelve attributes have 66 pairs.)
#
# ## The deploy was innocent
#
# Ten minutes between deploy and fault look like cause and effect. The wide events hold the experiment already:

# %%
times = {"21:20 m18 deployed": (1200, 1800), "21:30 fault": (1800, 2700), "21:45 m17 restored": (2700, 3600)}
suspect = events[(events.shard == worst) & (events.rerank == "on")]
table = {}
for name, (start, end) in times.items():
    rows = suspect[(suspect.t >= start) & (suspect.t < end)]
    table[name] = [rows.model.iloc[0], len(rows), 100 * (rows.ms > 200).mean()]
since = events[events.t >= 2700]
print(f"slow requests after the rollback: {(since.ms > 200).sum()}")
pd.DataFrame(table, index=["model", "requests", "% slow"]).T.astype({"% slow": float}).round(1)

# %% [markdown]
# For ten minutes m18 served exactly these requests, and fast; then m17 served them, slowly. (By construction: in this world
# m18 is harmless.) Rolling back *first* is still a fair bet, since it is quick and often right. The mistake is to ask
# nothing meanwhile, or to close the incident because the last change has been undone.
#
# **Exercise 3.** Find a fault of two conditions, when a second trouble elsewhere gets in the way.

# %% exercise="observability.worst_pair"
check("observability.worst_pair", worst_pair)

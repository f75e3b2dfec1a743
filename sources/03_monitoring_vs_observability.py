# %% [markdown]
# # 03 · Monitoring or observability?
#
# {{badges}}
#
# A monitor asks, day and night, the questions that somebody had before. Observability is how far a question that nobody had
# can be answered from what the system already emits. Here every panel turns red, and you find the
# one place that is slow; then comes an outage that only a monitor finds in time. About 50 minutes.

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
# ## Ten in the evening, and every panel is red
#
# One hour at Lantern's marketplace, 24,000 requests. The dashboard shows *p99*, the time that one request in a hundred
# exceeds. An alarm *pages* (calls) the on-call engineer, who sees:

# %%
events = load("requests")                              # t: seconds after 21:00; ms: time to answer
before, during = events[events.t < 1800], events[events.t >= 1800]

def p99(rows, label=None):
    return rows.groupby(label).ms.quantile(0.99) if label else rows.ms.quantile(0.99)

print("21:20  model m18 deployed\n21:34  PAGE: p99 of all requests over 250 ms\n"
      "21:45  m17 restored by the on-call engineer\n22:00  incident still open; p99 since the rollback: "
      f"{p99(events[events.t >= 2700]):.0f} ms")
print(f"\np99 before and after 21:30: {p99(before):.0f} -> {p99(during):.0f} ms")
for label in ("region", "route"):
    for value, old in p99(before, label).items():
        new = p99(during, label)[value]
        print(f"  {label:6s}  {value:9s}  {old:.0f} -> {new:.0f} ms  {'[red]' if new > 250 else ''}")

# %% [markdown]
# The rollback changed nothing. Call a request *slow* above 200 ms, almost three times the old p99. **Since 21:30, how many
# requests in a hundred were slow?** Answer 0 to 100, with your confidence in percent.

# %%
predict("observability.slow_in_100", answer=..., confidence=...)

# %% [markdown]
# ## The monitor: a question that is older than the incident
#
# A *histogram* counts requests in buckets, one set for each combination of its *labels*. A server such as Prometheus *scrapes*
# (reads and stores) the counts; the difference of two scrapes is what came in between.

# %%
BOUNDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0)            # seconds

def observed(rows, labels):
    registry = CollectorRegistry()                     # our own; the default one belongs to the process
    histogram = Histogram("request_seconds", "time to answer", labels, buckets=BOUNDS, registry=registry)
    for *values, ms in rows[[*labels, "ms"]].itertuples(index=False):
        histogram.labels(*values).observe(ms / 1000)
    return registry

one = samples(observed(before, ["route", "region"])).query("route == 'search' and region == 'us-west'")
one = one[one["name"] != "request_seconds_created"]    # a time stamp, which this library adds
one[["name", "le", "value"]].fillna("").round(1)

# %% [markdown]
# That is all the metric knows: how many requests, how long in total, and how many took *at most* `le` seconds. A p99 (more in
# [notebook 07](07_latency_vs_throughput.ipynb)) is read out of it: find the bucket that holds the rank, and take the requests
# inside as evenly spread. In an example of Prometheus's documentation all requests take 220 ms, between bounds at .2 and
# .3 s [1]. The 95th of 100 is then guessed at `0.2 + 0.1 * 95 / 100`:

# %%
all_220_ms = pd.Series({0.1: 0, 0.2: 0, 0.3: 100, 0.45: 100, np.inf: 100})    # cumulative
claim("p95, all take 220 ms", histogram_quantile(0.95, all_220_ms), about=0.295, within=1e-9, digits=4)

# %% [markdown]
# So a quantile from such a (*classic*) histogram is a guess inside a bucket. Only the side of a *bound* on which it lies is sure: put a bound
# where the alarm is, here 250 ms. The alarm, evaluated every minute, rings when the p99 of the last five minutes has been over
# 250 ms for two. First, **exercise 1** handles the edges of a quantile.

# %% exercise="observability.bucket_quantile"
check("observability.bucket_quantile", bucket_quantile)

# %%
def buckets(rows):                                     # cumulative counts by bound, all routes together
    found = samples(observed(rows, ["route"])).query("name == 'request_seconds_bucket'")
    return found.groupby(found["le"].astype(float))["value"].sum()

over = {}
for now in range(5, 61):                               # minutes after 21:00
    last_five = events[(events.t >= 60 * (now - 5)) & (events.t < 60 * now)]
    over[now] = histogram_quantile(0.99, buckets(last_five)) > 0.25
firing = pd.Series(over).rolling(3).sum() == 3         # now, one minute ago and two minutes ago
fired = firing.idxmax()                                # the first True
print(f"21:{fired:02d}  the 0.99-quantile has been over 0.25 s for 2 minutes: firing")
claim("Minutes from the first slow minute to the page", fired - 30, at_most=5)

# %% [markdown]
# The monitor has done its work, and nobody had to look. *Where* is a question it was not given.
#
# ## A trace, and what makes it wide
#
# The service also emits a *trace* for each request: *spans*, one for each step, with what was known about the request as
# *attributes*. One slow request, through the OpenTelemetry library:

# %%
slow_one = during[(during.ms > 200) & (during.t >= 3120)].iloc[0]     # from 21:52 on
traces = Traces(seed=7)
traces.record(slow_one.t, {name: slow_one[f"{name}_ms"] for name in SPANS}, **slow_one[ATTRIBUTES])
print(traces.frame().iloc[-1][["trace_id", *ATTRIBUTES]].to_string())
traces.frame()[["span", "start_ms", "ms"]]

# %% [markdown]
# One trace is an anecdote: the time went into `features`, where the model's inputs are fetched from a *feature store*, and each
# of twelve attributes may be to blame. (`shard`: the part of that store that holds the merchant. `rerank`: a feature *flag*, on
# for some customers.) But each request has a trace. Flattened it is a *wide event*, a row of `events`, and the incident can
# bring its own questions, all of one form: *in what do slow requests differ from fast ones?*
#
# ## Three questions find the place
#
# **First: which span?**

# %%
slow = during.ms > 200
means = during[[f"{name}_ms" for name in SPANS]].groupby(slow).mean().T
means.columns = ["fast", "slow"]
print(f"slow: {slow.sum()} of {len(slow):,} requests, {100 * slow.mean():.1f} %")
display(means.assign(excess=means.slow - means.fast).round(1))
reveal("observability.slow_in_100", round(100 * slow.mean(), 1), within=1)

# %% [markdown]
# Two or three requests in a hundred turned all panels red, because p99 looks at the slowest hundredth.
#
# **Second: which attribute?** Measured in *bits*: how uncertain "slow or not" is (its *entropy*), minus how uncertain it
# still is once the attribute is known. That is the attribute's *information gain*.

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
# The customer explains slowness best, and just as well when slowness is drawn by lot: most customers sent one or two requests,
# so who knows the customer nearly knows the request. An attribute with many values gains more by chance. Take off what
# chance gives: **exercise 2** does.

# %% exercise="observability.corrected_gain"
check("observability.corrected_gain", corrected_gain)

# %%
def ranked(rows, slow, shuffles=20):
    luck, table = np.random.default_rng(0), {}
    for name in ATTRIBUTES:
        codes = pd.factorize(rows[name])[0]
        chance = np.mean([gain(codes, luck.permutation(slow)) for _ in range(shuffles)])
        table[name] = {"values": codes.max() + 1, "gain": gain(codes, slow), "by chance": chance}
    table = pd.DataFrame(table).T
    table["beyond chance"] = table["gain"] - table["by chance"]
    return table.sort_values("beyond chance", ascending=False)

ranked(during, slow).head().round(3).astype({"values": int})

# %%
others = [World(seed=seed).requests().query("t >= 1800") for seed in (8, 9)]
tables = [ranked(rows, rows.ms > 200) for rows in (during, *others)]
claim("Uncorrected, customer is first in all three worlds",
      all(table["gain"].idxmax() == "customer" for table in tables))
claim("Beyond chance: shard, merchant, rerank, in all three",
      all(list(table.index[:3]) == ["shard", "merchant", "rerank"] for table in tables))
claim("Bits of the fourth, at most", max(table["beyond chance"].iloc[3] for table in tables),
      at_most=0.002, digits=1)

# %% [markdown]
# The shard is first in each world. Second comes the merchant, who lives on one. The model is not among the five: both versions
# served in that half hour, and with both requests were slow.
#
# **Third: is that all?** The same question inside the worst shard. Below it, panels that the dashboard might have had:

# %%
worst = slow.groupby(during.shard).mean().idxmax()
at_shard = during.shard == worst
print(f"inside {worst}, first beyond chance: {ranked(during[at_shard], slow[at_shard]).index[0]}")
share = slow.groupby([at_shard.map({True: worst, False: "other shards"}), during.rerank]).mean()
display((100 * share).unstack().round(1).rename_axis(index=None, columns="% slow, rerank"))
both = at_shard & (during.rerank == "on")
print(f"{worst} and rerank on: {100 * both.mean():.1f} % of requests, {100 * slow[both].mean():.0f} % "
      f"of them slow; {100 * both[slow].mean():.0f} % of all slow requests")

# %%
cuts = ["region", "route", "device", "locale", "app_version", "host", "model", "rerank", "shard"]

def panels(rows, name):                                # one for each value
    return pd.DataFrame({"slow": 100 * (rows.ms > 200).groupby(rows[name]).mean(),
                         "red": p99(rows, name) > 250})

figure, axis = subplots(height=4.2)
for row, name in enumerate(cuts):
    panel = panels(during, name).assign(row=row)
    axis.plot("slow", "row", "o", data=panel[~panel.red], color=BLUE, alpha=0.5)
    axis.plot("slow", "row", "D", data=panel[panel.red], color=ORANGE, markeredgecolor="black")
axis.set(title="The same half hour, cut in nine ways: where are the slow requests?",
         xlabel="slow requests, % (each mark is a panel, each diamond a red one)",
         yticks=range(len(cuts)), yticklabels=cuts)
axis.invert_yaxis()
seven = pd.concat([panels(during, name) for name in cuts[:7]])
shard = panels(during, "shard")
show(figure, f"In the first seven rows all {seven.red.sum()} panels are red, with "
             f"{seven.slow.min():.1f} to {seven.slow.max():.1f} % slow requests. By rerank one of two "
             f"is red, by shard {shard.red.sum()} of {len(shard)}: {shard.slow.max():.0f} % slow.")

# %% [markdown]
# A conjunction: that shard *and* the flag, found by three questions that nobody had prepared, with no new code shipped. (At any
# time one request in 400 is slow for a reason of its own, by construction.)
#
# A panel with three slow requests in a hundred is as red as the one with sixty. In the
# cuts that are all red colours rank nothing; *shares* do. But somebody has to choose the cut beforehand, and twelve attributes have 66
# pairs.
#
# ## The deploy alone does not explain it
#
# Ten minutes between deploy and fault look like cause and effect. But in them m18 served that shard's requests with the flag
# on, and fast (first claim); with m17 restored they stayed slow (second). So *m18 in service* is neither *sufficient* nor
# *necessary*. Whether deploying it set something off, these data cannot say: a deploy that takes ten minutes to break something,
# and leaves it broken, would look the same. (By construction it is harmless.) Rolling back *first* is a fair bet; the mistake is to close the incident because the last change has been undone.
#
# **Exercise 3**: a fault of two conditions, while a second trouble elsewhere gets in the way. (On `during[ATTRIBUTES]` ask for 100
# requests: among many small groups one is worst by luck.)

# %%
suspect = events[(events.shard == worst) & (events.rerank == "on")]
early, late = suspect[(suspect.t >= 1200) & (suspect.t < 1800)], suspect[suspect.t >= 2700]
claim("m18, 21:20 to 21:30: % slow", 100 * (early.ms > 200).mean(), at_most=3)
claim("m17, 21:45 to 22:00: % slow", 100 * (late.ms > 200).mean(), at_least=80)

# %% exercise="observability.worst_pair"
check("observability.worst_pair", worst_pair)

# %% [markdown]
# ## What was not kept cannot be asked
#
# Without the shard on the events the merchant comes first, since each lives on one: run
# `ranked(during.assign(shard="unknown"), slow).head(3)`. But that is many names for one shard, and none for the place. And keeping all traces costs money. *Head sampling* decides when a request begins, by lot; *tail sampling* when it has
# ended, and can keep all that were slow [3]. Fifty samples of each kind, when the page goes out and at ten:

# %%
def sampled(rows):
    is_slow = rows.ms > 200
    rules = {"head, 1 %": 0.01, "head, 5 %": 0.05, "tail": np.where(is_slow, 1, 0.01)}
    table = {}
    for rule, chance in rules.items():
        draws = [np.random.default_rng([7, i]).random(len(rows)) < chance for i in range(50)]
        firsts = [ranked(rows[kept], is_slow[kept], shuffles=5).index[0] for kept in draws]
        table[rule] = {"% kept": 100 * np.mean(draws),
                       "slow ones, median": np.median([is_slow[kept].sum() for kept in draws]),
                       "% with shard first": 100 * np.mean([first == "shard" for first in firsts])}
    return pd.DataFrame(table).T

pd.concat({"21:34": sampled(during[during.t < 2040]), "22:00": sampled(during)}).round(1)

# %% [markdown]
# At ten, one trace in a hundred is enough in most samples: this fault is large and in one place. When the page goes out, more
# than half of the samples hold *no* slow trace: all gains are 0, and whatever stands first comes first. The tail keeps what its rule
# names, in about a thirtieth of the volume; *shares* from it need weights, one over the chance of being kept. But a rule is a question asked in advance, like a monitor's: a new fault that is
# *fast* is lost as before.
#
# Why not put every attribute on the metric? Each combination of label values is stored as time series of
# its own: labels multiply, while an event's attribute adds one column. "Do not use labels to store dimensions with high
# cardinality", says Prometheus's documentation, "such as user IDs" [2]. **Exercise 4** writes the bill before it comes.

# %% exercise="observability.n_series"
check("observability.n_series", n_series)

# %% [markdown]
# ## Three in the morning, and nobody asks
#
# Now the other direction. One of twelve hosts restarts without its ranking model and serves a *fallback*, last month's best
# sellers. Nothing fails, and answers even come sooner. Each event says so, in an attribute `fallback`, on a good day true for
# one request in 200. One question would find the host. **Who asks?**
#
# An alarm could, but needs a number. Two limits first watch forty weeks without an outage. Then come a hundred outages, each from
# some minute of the first week until it is noticed:

# %%
minute = np.arange(14 * 1440)                          # two weeks from Monday, 00:00
hour, day = minute // 60 % 24, minute // 1440 % 7

def traffic(luck, start):                              # a row for each minute, a column for each outage
    usual = np.where((hour >= 7) & (hour < 23), 400, 40)[:, None]
    asked = luck.poisson(usual, (len(minute), len(start)))
    chance = 0.005 + 1 / 12 * (minute[:, None] >= start)
    return pd.DataFrame(asked), pd.DataFrame(luck.binomial(asked, chance))

def alarm(asked, fallback, limit):                     # share of ten minutes, over the limit for five
    over = fallback.rolling(10).sum() > limit * asked.rolling(10).sum()
    return (over.rolling(5).sum() == 5).to_numpy()

calm = traffic(np.random.default_rng(7), np.full(20, np.inf))          # 20 times two weeks
at_night = (hour >= 23) | (hour < 7)
for limit in (0.01, 0.03):
    rings = np.diff(alarm(*calm, limit).astype(int), axis=0, prepend=0) == 1
    print(f"alarm over {100 * limit:.0f} %: {rings[at_night].sum() / 280:.1f} false alarms a night")

# %%
def noticed(seed, limit=0.03, n=100):
    luck = np.random.default_rng([seed, 3])
    start = luck.integers(0, 7 * 1440, n)
    asked, fallback = traffic(luck, start)
    office = ((hour >= 9) & (hour < 17) & (day < 5))[:, None]
    signals = {"asked every ~4 office hours": luck.random(asked.shape) < office / 240,
               "watched all office hours": office,
               "alarm": alarm(asked, fallback, limit)}
    waits = {}
    for name, signal in signals.items():
        seen = signal & (minute[:, None] >= start)
        waits[name] = np.where(seen.any(axis=0), seen.argmax(axis=0), len(minute)) - start
    return pd.DataFrame(waits).median()

medians = pd.DataFrame({f"world {seed}": noticed(seed) for seed in (7, 8, 9)}).astype(int)
claim("Alarm, largest median, minutes", medians.loc["alarm"].max(), at_most=10)
claim("Watched, smallest median, minutes", medians.loc["watched all office hours"].min(), at_least=300)
medians.rename_axis(columns="median minutes")

# %% [markdown]
# The first row depends on how often people look, which is invented. But even with eyes on the data in all office hours the
# median outage waits for hours: they are 40 of the week's 168. Observability does not ring.
#
# The alarm needs the question *and the number*. Over 1 % it rings three or four times a night about nothing. One host of twelve
# causes less than 10 %, so an alarm above that needs a quiet night's luck: run `noticed(7, limit=0.10)`. So the two feed each other:
# what an incident taught you to ask becomes an alarm, on the symptom.
#
# ## In production
#
# | here | in tools | owner | how it fails |
# |---|---|---|---|
# | histogram, alarm | Prometheus, *alerting rules* | service team | averages the p99s of hosts; no bound at the limit |
# | trace, attributes | OpenTelemetry, Tempo, Jaeger | platform | context lost between threads |
# | slow against fast | Honeycomb's *BubbleUp*: each dimension, selected against the rest [4] | on-call | many values seem to explain |
# | tail sampling | Collector; all spans of a trace must reach the same instance [5] | platform | decides before late spans arrive |
#
# The alarm as a Prometheus rule [6]:
#
# ```yaml
# groups:
# - name: requests
#   rules:
#   - alert: RequestLatencyP99
#     expr: histogram_quantile(0.99, sum by (le) (rate(request_seconds_bucket[5m]))) > 0.25
#     for: 2m
#     labels: {severity: page}
# ```
#
# ## Where the rule stops
#
# Built in: one fault, in one place, that two recorded attributes name, and questions from somebody who knew the answer. Where
# everybody is slowed equally only time separates, and the last change is the first suspect. The ranking finds what *goes
# with* slowness: the merchant came second, and is innocent. A p99 panel needs one slow request in a hundred of *its*
# own: a rarer fault in one shard turns no panel by region or route red. And `customer` is personal data.
#
# **References.** [1] Prometheus, [histograms](https://prometheus.io/docs/practices/histograms/). [2] Prometheus,
# [naming](https://prometheus.io/docs/practices/naming/). [3] OpenTelemetry,
# [sampling](https://opentelemetry.io/docs/concepts/sampling/). [4] Honeycomb,
# [BubbleUp](https://www.honeycomb.io/blog/bubbleup-meets-tracing-and-other-odd-shaped-data). [5] OpenTelemetry Collector, [tail
# sampling](https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/tailsamplingprocessor). [6]
# Prometheus, [alerting rules](https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/).
#
# Last, a sheet and three questions.

# %%
print(worksheet("question_budget"))
display(ask("observability.c1", answer=..., confidence=...),
        ask("observability.c2", answer=..., confidence=...),
        ask("observability.c3", answer=..., confidence=...))

# %% [markdown]
# # 03 · Monitoring or observability?
#
# {{badges}}
#
# A monitor asks, day and night, the questions that somebody had before. Observability is how far a question that nobody had
# can be answered from what the system already emits. Here an alarm fires, every panel is red, and you find the one place that
# is slow; then you meet an outage that only a monitor finds in time. About 50 minutes.

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
# exceeds, by region and by route. An alarm *pages* (calls) the on-call engineer. On the screen, in the call about the incident:

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
# A *histogram* counts requests in buckets, one set for each combination of its *labels*. The service keeps the counts, and a
# server such as Prometheus *scrapes* (reads and stores) them, here once a minute by the time in the data.

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
# That is all the metric knows about these requests: how many, how long in total, and how many took *at most* `le` seconds. A
# p99 is read out of it: find the bucket that holds the rank, and take the requests inside as evenly spread. By hand, two
# examples from Prometheus's documentation, buckets .1, .2, .3 and .45 s [1]:

# %%
def read_off(q, seconds, bounds=(0.1, 0.2, 0.3, 0.45)):
    counts = [(np.array(seconds) <= bound).sum() for bound in bounds]         # cumulative, as exposed
    i = np.searchsorted(counts, q * len(seconds))
    low, below = (bounds[i - 1], counts[i - 1]) if i else (0, 0)
    return low + (bounds[i] - low) * (q * len(seconds) - below) / (counts[i] - below)

claim("p95, all take 220 ms", read_off(0.95, [0.22] * 100), about=0.295, within=1e-9, digits=4)
claim("p95, all take 320 ms", read_off(0.95, [0.32] * 100), about=0.4425, within=1e-9, digits=4)

# %% [markdown]
# So a quantile from a histogram is a guess inside a bucket: a p95 of 295 ms where all requests take 220 [1]. Sure is only on
# which side of a *bound* it lies: put a bound where the alarm is, here 250 ms. (Prometheus's newer *native* histograms choose
# their bounds themselves, and guess more finely [1].) **Exercise 1** handles the edges.
#
# The alarm rings when the p99 of the last five minutes is over 250 ms and stays there for two. It is evaluated every minute.

# %% exercise="observability.bucket_quantile"
check("observability.bucket_quantile", bucket_quantile)

# %%
counts = [pd.Series(0.0, index=[*BOUNDS, np.inf])]     # cumulative, at 21:00
for minute in range(60):
    scrape = samples(observed(events[events.t // 60 == minute], ["route"]))
    buckets = scrape[scrape["name"] == "request_seconds_bucket"]
    counts.append(counts[-1] + buckets.groupby(buckets["le"].astype(float))["value"].sum())

five_minutes = {m: counts[m] - counts[m - 5] for m in range(5, 61)}
over = pd.Series({m: histogram_quantile(0.99, new) > 0.25 for m, new in five_minutes.items()})
firing = over.rolling(3).sum() == 3                    # now, one minute ago and two minutes ago
fired = firing.idxmax()                                # the first True
print(f"21:{fired:02d}  the 0.99-quantile has been over 0.25 s for 2 minutes: firing")
claim("Minutes from the first slow minute to the page", fired - 30, at_most=5)
claim("Minutes before 21:30 with p99 over the limit", over.loc[:30].sum(), at_most=0)

# %% [markdown]
# The monitor has done its work: here in four minutes, and nobody had to look. *Where* is a question it was not given.
#
# ## A trace, and what makes it wide
#
# The same service also emits a *trace* for each request: *spans*, one for each step, with what was known about the request as
# *attributes*. Here is one slow request of 21:52, through the OpenTelemetry library:

# %%
slow_one = during[(during.ms > 200) & (during.t >= 3120)].iloc[0]
traces = Traces(seed=7)
traces.record(slow_one.t, {name: slow_one[f"{name}_ms"] for name in SPANS}, **slow_one[ATTRIBUTES])
print(traces.frame().iloc[-1][["trace_id", *ATTRIBUTES]].to_string())
traces.frame()[["span", "start_ms", "ms"]]

# %% [markdown]
# One trace is an anecdote: the time went into `features`, where the model's inputs are fetched from a *feature store*, and each
# of twelve attributes may be to blame. (`shard`: which part of that store holds the merchant. `rerank`: a feature *flag*, on for
# some customers.) But all requests have a trace. Flattened into a row it is a *wide event*, and `events` is a table of them. Now
# the incident can bring its own questions, all of one form: *in what do slow requests differ from fast ones?*
#
# ## Three questions
#
# **First: which span?**

# %%
slow = (during.ms > 200).to_numpy()
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
# The customer explains slowness best, and just as well when slowness is drawn by lot. Most customers have sent one or two
# requests; know the customer, and you nearly know the request. An attribute with many values gains more by chance, so take
# off what chance gives. **Exercise 2** does.

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

tables = {}
for seed in (7, 8, 9):
    rows = World(seed=seed).requests().query("t >= 1800")
    tables[seed] = ranked(rows, (rows.ms > 200).to_numpy())
claim("Uncorrected, customer is first in all three worlds",
      all(t["gain"].idxmax() == "customer" for t in tables.values()))
claim("Beyond chance: shard, merchant, rerank, in all three",
      all(list(t.index[:3]) == ["shard", "merchant", "rerank"] for t in tables.values()))
claim("Bits of the fourth, at most", max(t["beyond chance"].iloc[3] for t in tables.values()),
      at_most=0.002, digits=1)
tables[7].head().round(3).astype({"values": int})

# %% [markdown]
# The shard is first in each world. Second comes the merchant, who lives on one. The model is not among the five: both versions
# served in that half hour, and with both requests were slow.
#
# **Third: is that all?** The same question again, inside the worst shard:

# %%
worst = during.groupby("shard").ms.apply(lambda ms: (ms > 200).mean()).idxmax()
at_shard = (during.shard == worst).to_numpy()
print(f"inside {worst}, first beyond chance: {ranked(during[at_shard], slow[at_shard]).index[0]}")
shares = pd.Series(slow).groupby([np.where(at_shard, worst, "other shards"), during.rerank.to_numpy()])
display((100 * shares.mean()).unstack().round(1).rename_axis(columns="% slow, rerank"))
both = at_shard & (during.rerank == "on")
print(f"{worst} and rerank on: {100 * both.mean():.1f} % of requests, {100 * slow[both].mean():.0f} % "
      f"of them slow; {100 * both[slow].mean():.0f} % of all slow requests")

# %% [markdown]
# A conjunction: that shard *and* the flag. (The others: at any time one request in 400 is slow for a reason of its own.) Three
# questions that nobody had prepared, and no new code was shipped. Here are the panels that the dashboard might have had:

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
first_seven = pd.concat([panels(during, name) for name in cuts[:7]])
flag, shard = panels(during, "rerank"), panels(during, "shard")
show(figure, f"In the first seven rows all {first_seven.red.sum()} panels are red, with "
             f"{first_seven.slow.min():.1f} to {first_seven.slow.max():.1f} % slow requests. By rerank "
             f"only `{flag.index[flag.red][0]}` is red. By shard {shard.red.sum()} of {len(shard)} "
             f"panels is red: {shard.slow.max():.0f} % slow.")

# %% [markdown]
# Red says only that about one request in a hundred is slow: the panel with three looks like the one with sixty. And a small
# panel turns red, or stays blue, by chance (in other worlds some do). So compare *shares*, not colours: one panel stands out,
# in other worlds too. (Somebody has to choose it beforehand, though; and twelve attributes have 66 pairs.)
#
# ## The deploy alone does not explain it
#
# Ten minutes between deploy and fault look like cause and effect. The wide events say:

# %%
suspect = events[(events.shard == worst) & (events.rerank == "on")]
phase = pd.cut(suspect.t, [1200, 1800, 2700, 3600], right=False,
               labels=["21:20 m18 deployed", "21:30 p99 rises", "21:45 m17 again"])
share_slow = 100 * (suspect.ms > 200).groupby(phase, observed=True).mean()
print(f"slow requests after the rollback: {(events.ms[events.t >= 2700] > 200).sum()}")
(suspect.groupby(phase, observed=True).agg(model=("model", "first"), requests=("ms", "size"))
 .assign(**{"% slow": share_slow.round(1)}).rename_axis(None))

# %% [markdown]
# For ten minutes m18 served exactly these requests, and fast: its presence is not *sufficient*. Later m17 served them,
# slowly: it is not *necessary*. A deploy that needs ten minutes to break something, and leaves it broken, would give the same
# table; only both versions at the same time, side by side, would tell. (By construction m18 is harmless.) Rolling back
# *first* is still a fair bet; the mistake is to close the incident because the last change has been undone.
#
# **Exercise 3.** Find a fault of two conditions, when a second trouble elsewhere gets in the way.

# %% exercise="observability.worst_pair"
check("observability.worst_pair", worst_pair)

# %% [markdown]
# ## What was not kept cannot be asked
#
# First the second question again, where an attribute was never recorded. Then with samples of the traces, since keeping all costs
# money. *Head sampling* decides when a request begins, by lot; *tail sampling* when it has ended, and can keep all that were
# slow [3]. Fifty samples of each kind, when the page goes out and at ten:

# %%
for missing in ([], ["shard"], ["shard", "merchant"], ["shard", "merchant", "rerank"]):
    names = [name for name in ATTRIBUTES if name not in missing]
    bits = ranked(during, slow, names=names)["beyond chance"]
    print(f"without {', '.join(missing) or '-':23s}  first: {bits.index[0]:8s} {bits.iloc[0]:.3f} bits")

# %%
def sampled(until):
    rows = during[during.t < until]
    is_slow = (rows.ms > 200).to_numpy()
    rules = {"head, 1 %": 0.01, "head, 5 %": 0.05, "tail": np.where(is_slow, 1, 0.01)}
    table = {}
    for name, chance in rules.items():
        draws = [np.random.default_rng([7, i]).random(len(rows)) < chance for i in range(50)]
        firsts = [ranked(rows[kept], is_slow[kept], shuffles=5).index[0] for kept in draws]
        table[name] = {"% kept": 100 * np.mean(draws),
                       "slow ones, median": np.median([is_slow[kept].sum() for kept in draws]),
                       "% slow": 100 * np.mean([is_slow[kept].mean() for kept in draws]),
                       "% with shard first": 100 * np.mean([first == "shard" for first in firsts])}
    return pd.DataFrame(table).T

pd.concat({"21:34": sampled(2040), "22:00": sampled(3600)}).round(1)

# %% [markdown]
# The merchant can stand in for the shard, since each lives on one; the flag alone is a faint trace; after that, whatever
# comes first is noise.
#
# At ten, one trace in a hundred is enough in most samples, with a median of three slow ones: this fault is large and in one
# place. When the page goes out, more than half of the samples hold *no* slow trace, and what comes first there means nothing.
# The tail keeps what its rule names, here what is slow, in about a thirtieth of the volume. But a rule is a question asked in
# advance, like a monitor's: a new fault that is *fast* (one follows) is lost as before. And store each trace's chance of
# being kept: most of this sample is slow.
#
# ## What a label costs
#
# Why not put every attribute on the metric, and have all panels? Each combination of label values is stored as time series of
# its own. **Exercise 4** writes the bill before it comes.

# %% exercise="observability.n_series"
check("observability.n_series", n_series)

# %%
for labels in (["route"], ["route", "region"], ["route", "region", "app_version"],
               ["route", "merchant"]):
    series = samples(observed(events, labels))
    most = events[labels].nunique().prod() * (len(BOUNDS) + 3)
    print(f"{' x '.join(labels):28s} {(series['name'] != 'request_seconds_created').sum():6,} series, "
          f"{most:6,} if all combinations occur")

# %% [markdown]
# Labels multiply; attributes of an event add a column each, however many values they have. "Do not use labels to store
# dimensions with high cardinality", says Prometheus's documentation, "such as user IDs" [2].
#
# ## Three in the morning
#
# Now the other direction. One of twelve hosts restarts without its ranking model and serves a *fallback*, last month's best
# sellers. Nothing fails, and answers even come sooner. Each event says so, in an attribute `fallback`, on a good day true for
# one request in 200. One question would find the host. **Who asks?** Two weeks, minute by minute:

# %%
minute = np.arange(14 * 1440)                          # from Monday, 00:00
hour, day = minute // 60 % 24, minute // 1440 % 7
office = ((hour >= 9) & (hour < 17) & (day < 5))[:, None]

def traffic(luck, start):                              # a row for each minute, a column for each outage
    usual = np.where((hour >= 7) & (hour < 23), 400, 40)[:, None]
    asked = luck.poisson(usual, (len(minute), len(start)))
    chance = 0.005 + 1 / 12 * (minute[:, None] >= start)
    return pd.DataFrame(asked), pd.DataFrame(luck.binomial(asked, chance))

def alarm(asked, fallback, limit):                     # share of ten minutes, over the limit for five
    over = fallback.rolling(10).sum() > limit * asked.rolling(10).sum()
    return (over.rolling(5).sum() == 5).to_numpy()

# %%
def noticed(seed, n=100):
    luck = np.random.default_rng([seed, 3])
    start = luck.integers(0, 7 * 1440, n)              # any minute of week one; lasts until noticed
    asked, fallback = traffic(luck, start)
    signals = {"asked every ~4 office hours": luck.random(asked.shape) < office / 240,
               "watched all office hours": np.tile(office, n)}
    for limit in (0.01, 0.03, 0.10):
        signals[f"alarm over {100 * limit:.0f} %"] = alarm(asked, fallback, limit)
    table = {}
    for name, signal in signals.items():
        seen = signal & (minute[:, None] >= start)
        wait = np.where(seen.any(axis=0), seen.argmax(axis=0), len(minute)) - start
        served = [fallback.iloc[s:s + w, i].sum() for i, (s, w) in enumerate(zip(start, wait))]
        table[name] = [np.median(wait), np.quantile(wait, 0.95), np.median(served)]
    return pd.DataFrame(table, index=["median minutes", "95 % within", "fallbacks served"]).T.astype(int)

nights = {seed: noticed(seed) for seed in (7, 8, 9)}
nights[7]

# %%
calm = traffic(np.random.default_rng(7), np.full(20, np.inf))          # forty weeks without an outage
for limit in (0.01, 0.03, 0.10):
    firing = alarm(*calm, limit)
    rings = firing[1:] & ~firing[:-1]                  # fires now, and did not a minute ago
    at_night = rings[(hour[1:] >= 23) | (hour[1:] < 7)]
    print(f"alarm over {100 * limit:2.0f} %: {rings.sum() / 40:.0f} false alarms a week, "
          f"{at_night.sum() / 40:.0f} of them between 23:00 and 07:00")
medians = pd.DataFrame({seed: table["median minutes"] for seed, table in nights.items()}).T
claim("Alarm over 3 %, largest median of three worlds, minutes",
      medians["alarm over 3 %"].max(), at_most=10)
claim("Watched in all office hours, smallest median, minutes",
      medians["watched all office hours"].min(), at_least=300)
print(f"share of the week that lies outside office hours: {100 * (1 - office.mean()):.0f} %")

# %% [markdown]
# The first row depends on how often people look, which is invented; the second only on office hours. Even with eyes on the
# data in every one of them the median outage waits for hours, because three quarters of the week are something else.
# Observability does not ring.
#
# But an alarm needs the question *and the number*. Over 1 % it rings three or four times a night about nothing; over 10 %,
# more than one host of twelve can cause, it needs a quiet night's luck; on p99 it never will, as these answers come sooner.
# So the two feed each other: what an incident taught you to ask becomes an alarm, on the symptom.
#
# ## In production
#
# | here | in tools | owner | how it fails |
# |---|---|---|---|
# | histogram, alarm | Prometheus, *alerting rules* | service team | averages the p99s of hosts; no bound at the limit |
# | trace, attributes | OpenTelemetry, Tempo, Jaeger | platform | context lost between threads |
# | slow against fast | Honeycomb's *BubbleUp*: each dimension, selected against the rest [4] | who is on call | many values seem to explain |
# | tail sampling | Collector; all spans of a trace must reach the same instance [5] | platform | decides before late spans arrive |
#
# The alarm as a Prometheus rule [6], the tail sampler as a Collector's configuration [5]:
#
# ```yaml
# groups:
# - name: requests
#   rules:
#   - alert: RequestLatencyP99
#     expr: histogram_quantile(0.99, sum by (le) (rate(request_seconds_bucket[5m]))) > 0.25
#     for: 2m
#     labels: {severity: page}
# ---
# processors:
#   tail_sampling:
#     decision_wait: 10s
#     policies:
#     - {name: slow, type: latency, latency: {threshold_ms: 200}}
#     - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
#     - {name: some, type: probabilistic, probabilistic: {sampling_percentage: 1}}
# ```
#
# ## Where the rule stops
#
# Built in: one fault, in one place, that two recorded attributes name, and questions from somebody who knew the answer. Where
# everybody is slowed equally only time separates, and the last change is the first suspect. The ranking finds what *goes
# with* slowness: the merchant came second, and is innocent. So may be a flag, unless it was given by lot. A p99 panel sees a
# fault only if it hits about one in a hundred of *its* requests: at one in 300 of all, no panel by region or route would have
# turned red; the one by shard would. And an attribute such as `customer` is personal data.
#
# **References.** [1] Prometheus, [histograms and summaries](https://prometheus.io/docs/practices/histograms/). [2]
# Prometheus, [metric and label naming](https://prometheus.io/docs/practices/naming/). [3] OpenTelemetry,
# [sampling](https://opentelemetry.io/docs/concepts/sampling/). [4] Honeycomb, [BubbleUp meets
# tracing](https://www.honeycomb.io/blog/bubbleup-meets-tracing-and-other-odd-shaped-data). [5] OpenTelemetry Collector, [tail
# sampling
# processor](https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/tailsamplingprocessor). [6]
# Prometheus, [alerting rules](https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/).
#
# Last, a sheet for your own system and three questions.

# %%
print(worksheet("question_budget"))
display(ask("observability.c1", answer=..., confidence=...),
        ask("observability.c2", answer=..., confidence=...),
        ask("observability.c3", answer=..., confidence=...))

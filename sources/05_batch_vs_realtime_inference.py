# %% [markdown]
# # 05 · Batch or real-time?
#
# {{badges}}
#
# Batch inference scores inputs that are known beforehand, and stores the answers. Real-time inference scores when a caller
# asks and waits. Here a real-time service misses what it was built for, and an hourly job proves quick enough for something
# else. Afterwards you can tell four questions apart that both words mix up: what starts the work, how many rows a call
# takes, how old its inputs are, and how old its answer. About 45 minutes.

# %%
import tempfile
import timeit

import httpx
import numpy as np
import pandas as pd
from fastapi import FastAPI
from IPython.display import display

from course_utils import ask, check, claim, hint, pair, predict, reveal, solution, worksheet
from course_utils.fraud import boosted, one_thread
from course_utils.plots import BLUE, RED, show, subplots
from course_utils.queueing import departures, poisson_arrivals
from course_utils.serving import serve
from course_utils.serving.batch import dask_client, missing, partition, read_scores, run_missing

pair("realtime")

# %% [markdown]
# ## A letter from the bank
#
# "Our customer disputes the following payments. Why did you let them pass?" Lantern's fraud service answers each payment
# while the shop waits. One *visit* to a shop is one payment or a few. In an *attack*, somebody with a stolen card number pays
# a dozen times: in a burst within 45 minutes, or slowly, over three days. Once an attack is caught, the card is blocked.

# %%
CARDS, DAYS, HALF = 3_000, 28, 14 * 24                 # HALF: hours in the half that is trained on
ATTACKS = {"bursts": 0.75, "slow": 72}                 # hours that an attack lasts

def visits(luck, n, size, lasts, amount):              # one row for each payment
    length = 1 + luck.poisson(size - 1, n)
    rows = pd.DataFrame({"visit": np.arange(n), "start": luck.uniform(0, 24 * DAYS, n),
                         "card": luck.integers(0, CARDS, n)}).loc[np.repeat(np.arange(n), length)]
    rows["time"] = rows.start + luck.uniform(0, lasts, len(rows))
    return rows.assign(amount=luck.lognormal(np.log(amount), 1.0, len(rows)).round(2))

def payments(seed, lasts):
    luck = np.random.default_rng(seed)
    honest = visits(luck, CARDS * DAYS // 2, size=1.3, lasts=2, amount=33).assign(fraud=False)
    attacks = visits(luck, 6 * DAYS, size=12, lasts=lasts, amount=50).assign(fraud=True)
    attacks["visit"] += len(honest)
    return pd.concat([honest, attacks]).sort_values("time", ignore_index=True)

# %% [markdown]
# The model sees the amount, and how many payments the card made, and how many dollars they came to, in the last hour and in
# the last 24. It was trained on counts computed from the log, as of each payment. What it is served comes from a table: a
# nightly job takes a *snapshot* of the data at midnight, works for three hours, and then replaces the table. `taken` is the
# time of the snapshot behind the table that is served. Here are the first payments of the attack in the letter, with the count of the last hour, fresh and as served.

# %%
JOBS = {"at request": (0, 0), "15 min": (0.25, 0.05), "hourly": (1, 0.25),
        "nightly": (24, 3)}                            # hours: period of the job, and its run

def taken(t, period, run):
    return t if period == 0 else np.floor((t - run) / period) * period

# %%
def features(rows, moment):                            # what was known of each row's card at that moment
    log = rows.sort_values(["card", "time"])
    place = (log.card * 10_000 + log.time).to_numpy()  # one long axis, card after card
    spent = np.concatenate([[0], log.amount.cumsum()])
    table = pd.DataFrame({"amount": rows.amount})
    for hours in (1, 24):
        first, last = (np.searchsorted(place, rows.card * 10_000 + m)
                       for m in (moment - hours, moment))
        table[f"n_{hours}h"], table[f"spent_{hours}h"] = last - first, spent[last] - spent[first]
    return table

# %%
def fit(inputs, fraud):
    with one_thread():
        return boosted().fit(inputs, fraud)

def score(model, inputs):
    with one_thread():
        return model.predict_proba(inputs)[:, 1]

# %%
REVIEW, FEE = 4, 15                                    # dollars: a review; the bank's fee for a fraud

def reviewed(rows, p):                                 # does the expected loss exceed a review's price?
    return p * (rows.amount + FEE) > REVIEW

rows = payments(7, ATTACKS["bursts"])
past, test = rows.time.between(48, HALF), rows.time.between(HALF, 2 * HALF)
fresh, nightly = features(rows, rows.time), features(rows, taken(rows.time, *JOBS["nightly"]))
model = fit(fresh[past], rows.fraud[past])

# %%
letter = rows[test & (rows.visit == rows[test & rows.fraud].visit.iloc[200])]
asked, served = fresh.loc[letter.index], nightly.loc[letter.index]
table = {"minute": ((letter.time - letter.time.iloc[0]) * 60).round().astype(int),
         "amount": letter.amount, "payments in 1 h": asked.n_1h, "the same, as served": served.n_1h,
         "reviewed as served": reviewed(letter, score(model, served)),
         "reviewed if fresh": reviewed(letter, score(model, asked))}
pd.DataFrame(table).set_index("minute").head(8)

# %% [markdown]
# With fresh counts the third payment would have been reviewed. As served, none of these was. The architecture review calls
# the system real-time, since every payment is scored when it is made. **Of each 100 dollars that bursts cost Lantern now (frauds
# that passed, and reviews), how many would they cost if the counts were computed at request?** Answer 0 to 100, with your confidence in percent.

# %%
predict("realtime.left_of_100", answer=..., confidence=...)

# %% [markdown]
# ## A nightly table is fifteen hours old
#
# What starts this service is the request. How old its inputs are depends on the job that makes them:

# %%
for job, (period, run) in JOBS.items():
    age = rows.time[test] - taken(rows.time[test], period, run)
    print(f"{job:10s}  age: mean {age.mean():5.2f} h, greatest {age.max():5.2f} h;  "
          f"period / 2 + run = {period / 2 + run:5.2f}, period + run = {period + run:5.2f}")

# %% [markdown]
# A table is as old as its snapshot, not as its file: `run` hours when it appears, and a `period` more when the next replaces it. **Exercise 1** adds the nights on which the job
# fails.
#
# Training data come from the log, which by now knows more than any table did at the time. A feature is *point-in-time
# correct* if nothing in it is later than its row's own time; a feature store's *point-in-time join* sees to that [1]. The counts of
# the letter's model, made anew from the log, were correct in this sense, and were never served. To match what is served, join the
# stored snapshots, or count up to the snapshot behind the table of that moment: **exercise 2** does it for one card.

# %% exercise="realtime.feature_age"
check("realtime.feature_age", feature_age)

# %% exercise="realtime.point_in_time"
check("realtime.point_in_time", point_in_time)

# %% [markdown]
# ## Bursts need fresh counts, slow attacks do not
#
# Now the same service in two worlds, one with bursts only and one with slow attacks only, with four ways to make the counts. Each is measured with a model trained on features as old as those it
# is served (*matched*), and with the model of the letter, trained fresh and served stale (*skewed*, as in training-serving
# skew). A model that sees only the amount is there for comparison. The loss is that of two weeks that no model was trained
# on.

# %%
def loss(rows, p):                                     # dollars a day
    review = reviewed(rows, p)
    caught = review & rows.fraud
    blocked = caught.groupby(rows.visit).cumsum() > caught           # caught earlier in this attack
    cost = np.where(review, REVIEW, rows.fraud * (rows.amount + FEE))
    return cost[~blocked].sum() / (DAYS / 2)

# %%
def costs(seed, lasts):
    rows = payments(seed, lasts)
    past, test = rows.time.between(48, HALF), rows.time.between(HALF, 2 * HALF)
    inputs = {job: features(rows, taken(rows.time, *how)) for job, how in JOBS.items()}
    inputs["amount only"] = rows[["amount"]]
    models = {name: fit(table[past], rows.fraud[past]) for name, table in inputs.items()}

    def cost(trained_on, served):
        return loss(rows[test], score(models[trained_on], inputs[served][test]))

    return pd.Series({("amount only", "-"): cost("amount only", "amount only"),
                      **{("matched", job): cost(job, job) for job in JOBS},
                      **{("skewed", job): cost("at request", job) for job in JOBS}})

# %%
result = pd.DataFrame({(kind, f"seed {seed}"): costs(seed, lasts)
                       for kind, lasts in ATTACKS.items() for seed in (7, 8, 9)})
result.round().astype(int)

# %%
figure, axes = subplots(columns=2, height=3.8, sharey=True)
ages = [f"{job}\n{period / 2 + run:.2g} h" for job, (period, run) in JOBS.items()]
for axis, kind, title in zip(axes, ATTACKS, ("Bursts of 45 minutes", "Slow attacks, three days")):
    axis.plot(ages, result[kind].loc["skewed"], "s--", color=RED, alpha=0.7)
    axis.plot(ages, result[kind].loc["matched"], "o-", color=BLUE, alpha=0.7)
    axis.set(title=title, ylim=(0, 7_500), xmargin=0.12, xlabel="how the counts are made; mean age")
axes[0].set_ylabel("loss, dollars a day")
axes[0].text(0, 5_000, "trained fresh,\nserved old")
axes[0].text(2, 1_300, "trained as served")
numbers = [result[kind, "seed 7"][how, "hourly"] for kind in ATTACKS for how in ("skewed", "matched")]
show(figure, "One line a seed. An hourly table, seed 7, dollars a day: with bursts {:.0f} if trained "
     "fresh, {:.0f} if trained as served; with slow attacks {:.0f} and {:.0f}.".format(*numbers))

# %%
ratio = result / result.loc["matched", "at request"]   # in each world, over counting at request
claim("Bursts: nightly as served now, over at request, least of three seeds",
      ratio["bursts"].loc["skewed", "nightly"].min(), at_least=3.5)
claim("Slow: hourly, matched, over at request, most", ratio["slow"].loc["matched", "hourly"].max(),
      at_most=1.07)
claim("Slow: nightly, matched, over at request, least", ratio["slow"].loc["matched", "nightly"].min(),
      at_least=1.15)
claim("Slow: nightly as served now, over at request, least",
      ratio["slow"].loc["skewed", "nightly"].min(), at_least=1.3)
claim("Bursts, seed 7: frauds for which the nightly table has no payment in the last hour, %",
      100 * (nightly.n_1h[test & rows.fraud] == 0).mean(), at_least=90)
bursts = result["bursts"]
excess = bursts.loc["skewed", "nightly"] - bursts.loc["matched", "at request"]
repaired = bursts.loc["skewed", "nightly"] - bursts.loc["matched", "nightly"]
claim("Bursts: share of the excess that training as served removes, least", (repaired / excess).min(),
      at_least=0.5)
reveal("realtime.left_of_100", round(100 / ratio["bursts", "seed 7"]["skewed", "nightly"]), within=10)

# %% [markdown]
# **Bursts** are mostly over before an hourly table shows them. On these seeds counting at request leaves about a quarter of
# today's loss, or less. A table made every 15 minutes, with a model trained on it, costs half as much again as counting at
# request, and more. A first repair needs no new system, though. Trained fresh, the model takes *no payment in the last hour* for honesty, and
# a stale table says that of nearly every fraud: training on what is served takes away about half of today's loss
# or more. It also shows what last night's counts are worth against bursts: with them the loss is a little smaller than with the
# amount alone on one seed, and larger on two (presumably noise that the model took for a pattern), and hourly counts hardly do
# better. Against bursts alone one may as well drop such tables, their jobs and pagers.
#
# **Slow attacks** leave traces for days. On these seeds hourly is as good as at request to within a few per cent, even skewed, so counting at
# request would buy nothing. Nightly costs about a quarter more if trained as served, and about half more as it is now.
#
# Every payment here was scored in real time. What cost the money was two things: counts too old for what they were to
# catch, and, with bursts the larger part on these seeds, a model that had never seen counts so old.
#
# ## Where nobody waits, a batch job answers
#
# Now the other direction. Which cards should the analysts ring up tomorrow? Nobody waits, the inputs are known, and no single
# request can answer: a ranking needs every card's score. The scoring function need not know how it is called. First it stands
# behind a service on 127.0.0.1, which scores one row a request. Then it scores all cards as six *partitions* on Dask, a
# scheduler that hands tasks to workers (here threads). Batch jobs are long, so something in them dies: at night one partition meets a full disk.

# %%
cards = fresh[test].groupby(rows.card[test]).last()    # as of each card's last payment, for brevity

def score_rows(inputs):
    return score(model, inputs)

app = FastAPI()

@app.post("/score")
def answer(row: dict) -> float:
    return float(score_rows(pd.DataFrame([row]))[0])

with serve(app) as url, httpx.Client(trust_env=False) as web:
    by_service = [web.post(f"{url}/score", json=row).json()
                  for row in cards.head(100).to_dict("records")]

# %%
parts = partition(cards, 6)

def disk_full(inputs):
    if inputs.index[0] == parts["part-3-of-6"].index[0]:
        raise OSError("disk full")
    return score_rows(inputs)

with dask_client() as client, tempfile.TemporaryDirectory() as folder:
    print("failed at night:", run_missing(client, disk_full, parts, folder, "v1", scored_at=3.0))
    print("run again:      ", missing(parts, folder, "v1"))
    run_missing(client, score_rows, parts, folder, "v1", scored_at=9.5)
    scores = read_scores(parts, folder, "v1")
print("rows by scored_at:", scores.groupby("scored_at").size().to_dict())
print("first to ring up:", scores.score.nlargest(3).index.tolist())
claim("Every card is there once", scores.index.equals(cards.index))
claim("Service and batch job give the same 100 scores, to the last bit",
      scores.score.head(100).tolist() == by_service)

# %% [markdown]
# Same inputs, same answers. Two things keep the table whole. What is there is not run again, and a partition's run is *idempotent*,
# twice leaves one set of rows, as once does: its file has a fixed name and is put in place in one step. Had the job appended its rows to one table
# and been run again whole, that table would hold five parts twice. Hence a scheduler may run a task again whenever a worker dies,
# which Dask does by itself, a few times [2]. The price is a folder for every night: tomorrow's run in this one would find all
# files there, do nothing, and report success.
#
# The table now holds scores made at two times, so `scored_at` belongs in every row. So does the time of the inputs, where that is
# another: the re-run made part 3 newer, but not fresher. **Exercise 3** reads a simpler table, where each score's inputs are as
# old as the score.

# %% exercise="realtime.serve_score"
check("realtime.serve_score", serve_score)

# %% [markdown]
# ## Who pays for what nobody reads?
#
# Batch size changes the work, because the rows in a call share its overhead. On the other hand a batch job is paid for
# predictions that nobody looks up, and a machine on call is paid while it waits. So count dollars per *used* prediction:
# **exercise 4**.

# %%
def seconds(inputs):
    return min(timeit.repeat(lambda: score_rows(inputs), number=1, repeat=7))

claim("One row alone takes this many times as long as a row among thousands",
      seconds(cards.head(1)) / (seconds(cards) / len(cards)), at_least=10, measured=True)

# %% exercise="realtime.cheaper_mode"
check("realtime.cheaper_mode", cheaper_mode)

# %%
for name, bulk_over_single in (("no gain in bulk", 1), ("a row in bulk takes a tenth", 0.1),
                               ("a hundredth", 0.01)):
    print(f"{name}: batch is dearer below {100 * bulk_over_single * 0.2 / 0.9:.1f} % used")

# %% [markdown]
# The *break-even* is the used share (bulk / single) × (busy on call / busy in the job), here with machines busy a fifth of the time
# on call and nine tenths in the job. Who gains from bulk may throw nearly everything away.
#
# ## In a queue, freshest is half busy
#
# A job on a schedule is freshest when one run follows the other, if all take equally long. Suppose instead that updates come one by one and queue for one
# worker. Would more updates make what is shown fresher? Its age grows with the clock, and drops when an update is through. With random gaps and random work (an M/M/1 queue) whose worker is
# busy a share ρ of the time, the mean age is (1 + 1/ρ + ρ²/(1−ρ)) times the mean work on one update [3].

# %%
def formula(rho):
    return 1 + 1 / rho + rho**2 / (1 - rho)

def simulated(rho, seed, n=200_000):
    luck = np.random.default_rng([seed, 5])
    made = poisson_arrivals(rho, n, luck)
    shown = departures(made, luck.exponential(1, n))
    low, high = (shown - made)[:-1], shown[1:] - made[:-1]  # age when shown, and just before the next
    return ((high**2 - low**2) / 2).sum() / (shown[-1] - shown[0])

# %%
table = {f"busy {rho:.0%}": [formula(rho), *(simulated(rho, seed) for seed in (7, 8, 9))]
         for rho in (0.2, 0.53, 0.7, 0.9)}
display(pd.DataFrame(table, index=["formula", "seed 7", "seed 8", "seed 9"]).round(2))
shares = np.arange(0.01, 1, 0.01)
claim("The formula is least at a busy share of", shares[formula(shares).argmin()],
      about=0.53, within=0.005)

# %% [markdown]
# In this model the worker that shows the freshest data is busy 53 % of the time. Idler, and it waits for news; busier, and the
# news waits. [07](07_latency_vs_throughput.ipynb) measures that second wait. If a new update may push aside the one at work,
# then, with this random work, more updates are always fresher [3]: a queue is the wrong place for old news.
#
# ## In production
#
# | axis | what sets it | owner | how it fails |
# |---|---|---|---|
# | trigger | a scheduler, an event, an endpoint | platform | a failed job, while the old table is served |
# | rows in a call | partitions; `max_batch_size` in Ray Serve [4] | platform | a long wait for a full batch |
# | age of the inputs | a scheduled copy (Feast: `materialize`), or pushed events [5] | data team | trained fresh, served stale |
# | age of the answer | `scored_at`, a maximum age | who answers for the decision | age of the copy taken for age of the score |
#
# Requests that a server gathers into a batch are still real-time; only the rows in a call have changed. Alert on the age of
# what was *served*: that the last job succeeded says nothing about the next.
#
# ## Where the rule stops
#
# Built in: two clean kinds of attack, attackers who do not adapt, labels known at once (real ones take a month), analysts who
# answer before the next payment, no cost of running the jobs, no time for counting at request. A count at request is itself never quite fresh, since events
# arrive late. Exercise 4 leaves out people, on-call and the deadline, which often decides alone.
#
# **References.** [1] Feast, [point-in-time
# joins](https://docs.feast.dev/v0.58-branch/getting-started/concepts/point-in-time-joins.md). [2] Dask,
# [resilience](https://github.com/dask/distributed/blob/main/docs/source/resilience.rst). [3] LINE solver,
# [`aoi_fcfs_mm1`](https://line-solver.sourceforge.net/doxygen/aoi__fcfs__mm1_8m_source.html) and
# [`aoi_lcfspr_mm1`](https://line-solver.sourceforge.net/javadoc/jline/api/aoi/Aoi_lcfspr_mm1Kt.html), after Y. Inoue et al.,
# 2019; the first is usually credited to S. Kaul, R. Yates and M. Gruteser, 2012. [4] Ray Serve,
# [`serve.batch`](https://docs.ray.io/en/latest/serve/api/doc/ray.serve.batch.html). [5] Feast, [online
# store](https://docs.feast.dev/getting-started/components/online-store).
#
# The last cell copies a decision record for your own system beside this notebook, and asks three questions.

# %%
print(worksheet("serving_decision"))
display(ask("realtime.c1", answer=..., confidence=...),
        ask("realtime.c2", answer=..., confidence=...),
        ask("realtime.c3", answer=..., confidence=...))

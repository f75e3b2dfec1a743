# %% [markdown]
# # 10 · Scheduled or triggered retraining?
#
# {{badges}}
#
# A date or a signal can start the training job. Six policies run through five
# worlds, and you count the dollars. Afterwards you can say what a policy is blind to, and what must stand between a run and
# production. About 45 minutes.

# %%
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pandas as pd
from IPython.display import display
from scipy.stats import norm
from sklearn.tree import DecisionTreeClassifier

from course_utils import (World, ask, check, claim, drift, hint, pair, predict, reveal, solution,
                          worksheet)
from course_utils.fraud import COLUMNS, days, inputs, review, train
from course_utils.plots import BLUE, GREEN, GREY, RED, show, subplots

pair("retraining")

# %% [markdown]
# ## The log of the last quarter
#
# Lantern's fraud model is now a small decision tree. The training job takes 30 days of payments and leaves out the newest
# week, the *cut-off*: labels are chargebacks, filed a month after the payment on average. Each fraud known by then
# is weighted by one over the share reported at its age, to stand for those still on the way. One payment in five is
# never trained on; it will serve the gate. The first model is better than the job's: `launch` knows every label of days 0 to 44 (a gift).
#
# The log shows six runs, promoted the same night: what the next five days cost, and would have cost under the model
# replaced. A review costs 4 dollars, a fraud let through its amount plus the bank's fee of 15.

# %%
def tree():
    return DecisionTreeClassifier(max_leaf_nodes=24, min_samples_leaf=200, random_state=0)

def job(world, payments, today):
    rows = days(payments, today - 37, today - 7)
    known = (rows.fraud == 1) & (rows.label_day <= today)
    return train(tree, rows, known, np.where(known, 1 / world.delay_cdf(today - rows.day), 1.0))

def launch(payments):                                  # all labels in
    return train(tree, days(payments, 0, 45), days(payments, 0, 45).fraud)

# %%
world, log = World(seed=7), []
truth = world.frame()
old = launch(truth[truth.tx_id % 5 > 0])
for today, cause in {63: "drift alarm", 73: "calendar", 98: "drift alarm", 101: "calendar",
                     129: "calendar", 157: "calendar"}.items():
    new, after = job(world, truth[truth.tx_id % 5 > 0], today), days(truth, today, today + 5)
    before, now = [(4 * r + ~r * after.fraud * (after.amount + 15)).sum() / 5
                   for r in (review(old, after, world), review(new, after, world))]
    log.append([today, cause, before, now, now - before])
    old = new
log = pd.DataFrame(log, columns=["day", "started by", "old $/day", "new $/day", "change"])
log.round().set_index(["day", "started by"]).astype(int)

# %% [markdown]
# Half of the runs look worse (five days are partly luck). The proposal: *retrain only when something has changed.*
#
# Five worlds will test it, each drawn with three seeds. **Stable**: nothing happens. **New market**: other customers from
# day 60, same meaning of the inputs. **Unit bug**: on days 95–102 one channel logs cents for dollars. **Ring**: from day
# 100 fraud enters a trusted segment (old accounts, known devices, small amounts); no input moves. **Gradual**: from day
# 45 the inputs' meaning changes a little every day. Nineteen weeks are counted, from day 45.
#
# **Runs are free. In how many of the five worlds is weekly retraining cheaper than never, in all three draws?** Then
# **exercise 1**: the job's choice of rows.

# %%
predict("retraining.weekly_beats_never", answer=..., confidence=...)

# %% exercise="retraining.training_rows"
check("retraining.training_rows", training_rows)

# %% [markdown]
# ## Every policy is a path through one table
#
# What a model is depends only on the day it was trained. So train one every Monday, price each in every week, and any policy
# is a path through that table. The price is *regret*, as in [notebook 02](02_data_drift_vs_model_drift.ipynb): expected
# dollars above the best possible decisions, from each payment's true probability of fraud.
#
# Triggers need signals. *psi* is an alarm like notebook 02's: the largest population stability index of an input, last week against
# the fortnight before launch. *z* is (filed − expected) / √expected, over the payments since the model was trained:
# chargebacks filed by now, and those expected by its probabilities and the reporting delay. The last of the six policies is a *hybrid*.
#
# `play` walks the weeks: `live` is the number of the model in service, and a run on Monday `week` offers model `week + 1`. A run
# that the gate refuses still counts as a run.
#
# The first table has thousand dollars and, in brackets, runs, as means of three draws, then the largest bill of any draw. The
# second counts the draws in which a policy is cheaper than *never*.

# %%
QUIET = {"new_market": None, "unit_bug": None, "ring": None, "days": 178}
EVENTS = {"stable": {}, "new market": {"new_market": 60}, "unit bug": {"unit_bug": (95, 103)},
          "ring": {"ring": 100}, "gradual": {"slow": 1.0}}
SEEDS = (7, 8, 9)
MONDAYS = np.arange(45, 178, 7)
TRAINED = np.r_[45, MONDAYS]             # model 0: launched; model k: the job's on the k-th Monday

def draw(name, seed):
    return World(seed=seed, **{**QUIET, **EVENTS[name]})

# %%
def regret(loss, reviewed, world):       # payment by payment, from the loss expected without a review
    return np.where(reviewed, world.review_cost, loss) - np.minimum(world.review_cost, loss)

def price(t):                    # for each model: regret by week, frauds promised by day, reviews
    X, fee, cost = inputs(t.truth), t.world.chargeback_fee, t.world.review_cost
    held = (t.truth.tx_id % 5 == 0).to_numpy()
    t.held, learnable = t.truth[held], t.truth[~held]
    loss = (t.truth.p_true * (t.truth.amount + fee)).to_numpy()
    for k, today in enumerate(TRAINED):
        p = (job(t.world, learnable, today) if k else launch(learnable)).predict_proba(X)[:, 1]
        reviewed = p * (t.truth.amount_logged.to_numpy() + fee) > cost
        by_day = np.bincount(t.truth.day, regret(loss, reviewed, t.world))
        t.regret.append(by_day[45:].reshape(19, 7).sum(axis=1))
        t.promised.append(np.bincount(t.truth.day, p))
        t.reviewed.append(reviewed[held])

# %%
def largest_psi(t):                      # for each week
    before = days(t.truth, 31, 45)
    return [max(drift.psi(before[c], days(t.truth, now - 7, now)[c], drift.bin_edges(before[c]))
                for c in COLUMNS) for now in MONDAYS]

def outcomes(t):                         # z for each model and week
    day, fraud = np.arange(178), t.truth[t.truth.fraud == 1]
    filed = np.array([np.bincount(fraud.day[fraud.label_day <= now], minlength=178) for now in MONDAYS])
    since = day >= TRAINED[:, None]
    expected = (since * t.promised) @ t.world.delay_cdf(MONDAYS[:, None] - day).T
    return np.where(expected > 1, (since @ filed.T - expected) / np.sqrt(np.maximum(expected, 1)), 0)

# %%
def replay(name, seed):
    t = SimpleNamespace(world=draw(name, seed), regret=[], promised=[], reviewed=[])
    t.truth = t.world.frame().drop(columns=["market", "channel"])
    price(t)
    t.psi, t.z = largest_psi(t), outcomes(t)
    del t.truth
    return t

cases = [(name, seed) for name in EVENTS for seed in SEEDS]
with ThreadPoolExecutor(2) as pool:                            # 300 trees: this cell takes a while
    T = dict(zip(cases, pool.map(lambda case: replay(*case), cases)))

# %%
POLICIES = {
    "never": lambda now: False,
    "weekly": lambda now: now.age >= 7,
    "four-weekly": lambda now: now.age >= 28,
    "psi > 0.10": lambda now: now.psi > 0.10,
    "z > 3": lambda now: now.z > 3,
    "z > 3 or four-weekly": lambda now: now.z > 3 or now.age >= 28,
}

# %%
def play(policy, t, live=0, gate=lambda *case: True):          # live: the model in service on day 45
    last, dollars, runs = 45, [], []
    for week, day in enumerate(MONDAYS):
        now = SimpleNamespace(age=day - last, psi=t.psi[week], z=t.z[live, week])
        if week and POLICIES[policy](now):
            last, runs = day, [*runs, int(day)]
            if gate(t, live, week + 1, day):
                live = week + 1
        dollars.append(t.regret[live][week])
    return SimpleNamespace(dollars=np.array(dollars), runs=runs)

# %%
def by_world(table):
    return table.T.groupby(level=0, sort=False)

def season(live):
    ends = pd.DataFrame({case: {p: play(p, T[case], live) for p in POLICIES} for case in cases})
    dollars, runs = ends.map(lambda end: end.dollars.sum() / 1000), ends.map(lambda end: len(end.runs))
    table, mean_runs = (by_world(values).mean().T.round(1).astype(str) for values in (dollars, runs))
    display((table + " (" + mean_runs + ")").assign(largest=dollars.max(axis=1).round(1)))
    return dollars, runs

# %%
dollars, runs = season(live=0)
cheaper = by_world(dollars < dollars.loc["never"]).sum().T
display(cheaper)
reveal("retraining.weekly_beats_never", int((cheaper.loc["weekly"] == 3).sum()))

# %%
claim("Ring: z > 3 is the cheapest, in every draw", (dollars["ring"].idxmin() == "z > 3").all())
claim("The hybrid is never the cheapest", "z > 3 or four-weekly" not in set(dollars.idxmin()))
print("Ring: first run of z > 3 on days", [play("z > 3", T["ring", seed]).runs[0] for seed in SEEDS])
lead = dollars["ring"].loc["weekly"] - dollars["ring"].loc["z > 3"]
print("Ring: z > 3 cheaper than weekly by, thousand dollars:", lead.round(1).tolist())

# %%
paths = {policy: sum(play(policy, T["ring", seed]).dollars for seed in SEEDS).cumsum() / 3 / 1000
         for policy in POLICIES}
figure, axis = subplots(height=3.9)
for policy, colour, style in (("never", GREY, ":"), ("four-weekly", GREEN, "-."), ("weekly", BLUE, "--"),
                              ("z > 3", RED, "-")):
    axis.plot([*MONDAYS, 178], [0, *paths[policy]], style, color=colour)
    axis.text(179, paths[policy][-1] - 2 * (policy == "z > 3"), policy, color=colour, va="center")
axis.axvline(100, color=GREY, linewidth=1)
axis.text(101, 60, "ring begins")
axis.set(title="Four policies meet the ring", xlabel="day", xlim=(45, 199),
         ylabel="regret so far, thousand dollars")
when = [f"{label}: weekly {paths['weekly'][i]:.0f}, z > 3 {paths['z > 3'][i]:.0f}"
        for label, i in {"When the ring begins": 7, "on day 129": 11, "at the end": 18}.items()]
show(figure, "Regret in the ring, mean of three draws, in thousand dollars. " + "; ".join(when) +
     f"; four-weekly {paths['four-weekly'][-1]:.0f}, never {paths['never'][-1]:.0f}.")

# %% [markdown]
# No policy wins everywhere, and *with this launch model* the best in three worlds is to leave it alone. **A date answers
# what the signal is blind to**: *psi* sleeps through ring and gradual change, where no input moves (by construction).
# **A signal answers what happens between dates**: in the ring *z* runs more rarely than the four-weekly calendar and loses less.
# Its lead over *weekly* was won in the quiet weeks before, and in one draw it is
# small.
#
# ## *Never* is as good as the model you start with
#
# The launch model had all its labels. Now the same worlds, but on day 45 the job's own model goes live. The last table has both
# launches, with runs at 500 dollars each.

# %%
by_job, job_runs = season(live=1)
display(by_world(by_job < by_job.loc["never"]).sum().T)
paid = {"launch model": dollars + runs / 2, "the job's": by_job + job_runs / 2}
display(pd.concat({start: by_world(bill).mean().T for start, bill in paid.items()}).round(1).loc[
    (slice(None), ["weekly", "z > 3"]), :])
claim("Weekly is cheaper than z > 3 in every ring and every gradual world",
      (by_job.loc["weekly"] < by_job.loc["z > 3"])[["ring", "gradual"]].all())

# %% [markdown]
# The lead of *never* is gone. In the new market *weekly*, *psi* and *z* now beat *never* in these draws; in the stable world and under
# the bug draws disagree. What *never* won above, it owed to the launch model, and to the unripe labels of the job's. So before you choose a policy, compare the
# model in service with what the job can make. Under both launches *weekly* beats *never* in ring and gradual;
# now it beats *z* there, too, in every draw, as long as runs are free. At 500 dollars a run *z* is the cheaper of the two on average, but for gradual
# change, where it ties or loses.
#
# ## The typical mistake: every alarm is an order
#
# Back to the first launch model, in the worlds where *psi* fires: what its first runs trained on, and the next week's regret
# in dollars: `launch $`, under the launch model; `new $`, under the run's own; `all labels $`, under one of the same rows with every
# label in; `clean $`, under the same run's had the feed not broken. CL is the new market.

# %%
def all_labels(rows, world, today):      # next week's regret, had every label been in
    after = world.frame(today, today + 7)
    reviewed = review(train(tree, rows, rows.fraud), after, world)
    return round(regret(after.p_true * (after.amount + world.chargeback_fee), reviewed, world).sum())

# %%
obeyed = {}
for name in ("new market", "unit bug"):
    t = T[name, 7]
    for day in play("psi > 0.10", t).runs[:3]:
        week, rows = (day - 45) // 7, t.world.frame(day - 37, day - 7).query("tx_id % 5 > 0")
        market = rows[rows.market == "CL"]
        obeyed[name, day] = {
            "CL payments": len(market), "their frauds": market.fraud.sum(),
            "known": (market.label_day[market.fraud == 1] <= day).sum(),
            "days in cents": rows.day[rows.amount_logged > 2 * rows.amount].nunique(),
            "launch $": round(t.regret[0][week]), "new $": round(t.regret[week + 1][week]),
            "all labels $": all_labels(rows, t.world, day),
            "clean $": round(T["stable", 7].regret[week + 1][week]) if name == "unit bug" else "-"}
harm = [sum(T["unit bug", seed].regret[k][k - 1] - T["stable", seed].regret[k][k - 1]
            for k in range(10, 15)) for seed in SEEDS]
claim("Five runs with broken rows, days 108 to 136: harm in their next weeks, $, least of three draws",
      min(harm), at_least=300)
pd.DataFrame(obeyed).T.rename_axis(["world", "run on day"])

# %% [markdown]
# The signal is prompt, the labels are not. The first run sees no payment of the market that set it off, and neither did the launch
# model: with all labels in, the same rows do no harm. Newer rows do not help as long as their frauds are unreported. With its
# reference fixed the alarm never falls silent: over the season, obeying it cost 44.1 thousand dollars, and *never* 20.3. (*z*, obeyed there, cost 34.0: a true alarm, the same labels.)
#
# Under the bug, on day 101, the run's rows are clean and the payments to be scored are in cents: both models suffer, and no run
# mends a feed. By day 108 the feed is repaired, and the rows of that day's run are not:
# of the 2190 dollars, 1655 are the job's model anyway, and the rest are the rows in this draw.
# A *veto* forbids a run while any of its *rows* contradicts the ledger, the book of what was paid.
#
# **Exercise 2.** A trigger with a pause, a least count, and a memory that is wiped.

# %% exercise="retraining.trigger"
check("retraining.trigger", trigger)

# %% [markdown]
# ## To retrain is not to deploy: the gate
#
# The held-out payments of 15 to 44 days ago, *ripe* enough for part of the reports to be in (and weighted for
# the rest), compare *champion*, the model in
# service, and *challenger*, the new one, which is promoted if it saves more than a *margin* of standard errors. *Weekly* with
# such a gate, thousand dollars in each of the three draws:

# %%
def gain(t, champion, challenger, today):              # in standard errors
    ripe = t.held.day.between(today - 44, today - 15).to_numpy()
    rows = t.held[ripe]
    known = (rows.fraud == 1) & (rows.label_day <= today)
    loss = known * (rows.amount + t.world.chargeback_fee) / t.world.delay_cdf(today - rows.day)
    old, new = (t.reviewed[k][ripe].astype(int) for k in (champion, challenger))
    saved = (old - new) * (t.world.review_cost - loss)   # dollars, payment by payment
    return saved.sum() / max(np.sqrt((saved ** 2).sum()), 1)

# %%
GATES = {"no gate": lambda *case: True, "gain > 2": lambda *case: gain(*case) > 2}

def gated(live, gate):                                  # thousand dollars, in each draw
    bills = {name: [play("weekly", T[name, seed], live, gate).dollars.sum() / 1000 for seed in SEEDS]
             for name in EVENTS}
    return {name: "  ".join(f"{bill:.1f}" for bill in three) for name, three in bills.items()}

pd.DataFrame({(start, margin): gated(live, gate)
              for live, start in enumerate(("from the launch model", "from the job's"))
              for margin, gate in GATES.items()})

# %% [markdown]
# A margin of 2 is a brake: it keeps what is in service. With the launch model it saves in every draw where *never* was best
# (stable, new market, bug), and costs where the meaning of the inputs changes (ring, gradual). From the job's model it saves in the stable world, mostly under
# the bug, and in one draw of the new market; in ring and gradual it costs more.
#
# **Exercise 3.** Veto and gate in one.

# %% exercise="retraining.may_promote"
check("retraining.may_promote", may_promote)

# %% [markdown]
# ## What a limit buys, and what a date should be
#
# A limit trades false alarms for delay. A common alarm, the CUSUM, adds up each day's deviation, in standard deviations, less a half
# (*k*), never below 0, and alarms at *h*. A Markov chain gives the mean days to an alarm, and agrees with a table of 1972 [1].
# From *h* = 3 to 5 false alarms fall to an eighth, and a shift of one standard deviation waits four more days.
# The labels' delay comes on top: the ring's first run came 15 to 22 days late.
#
# A date has a price too. If regret grows by *a* dollars a day with each day of age, an interval of *T* days costs *aT*/2 a
# day on average, plus *C*/*T* for runs at *C* dollars. **Exercise 4**, below: at which *T* is the sum
# smallest? (Supposing that every run yields an equally good model.)

# %%
def run_length(h, shift, k=0.5, cells=400):            # days to an alarm, shift in standard deviations
    width = 2 * h / (2 * cells - 1)                    # the first cell is half as wide, around 0
    move = (np.arange(cells) - np.arange(cells)[:, None]) * width + k - shift
    P = norm.cdf(move + width / 2) - norm.cdf(move - width / 2)
    P[:, 0] = norm.cdf(move[:, 0] + width / 2)         # whatever falls below 0 stays at 0
    return np.linalg.solve(np.eye(cells) - P, np.ones(cells))[0]

# %%
claim("Brook and Evans, h = 3", run_length(3, 0), about=117.59, within=0.05, digits=5)
claim("... with a shift of 1.5 standard deviations", run_length(3, 1.5), about=3.75, within=0.005)
for h in (3, 5):
    print(f"h = {h}: {91 / run_length(h, 0):.2f} false alarms in 91 days, a shift of 1 found in "
          f"{run_length(h, 1):.1f} days")

# %% exercise="retraining.optimal_interval"
check("retraining.optimal_interval", optimal_interval)

# %% [markdown]
# ## In production
#
# Do not replace the calendar by a signal on inputs: it sleeps where no input moves, and in the new market it paid only where the
# launch model was poor. Against *never* a signal on outcomes paid wherever the meaning of inputs changed; against *weekly*,
# while runs are free, only with the good launch model, and not in gradual change. A greatest age beside it is insurance, with a premium: with that
# model the hybrid costs about twice what *z* does in the stable world. Its largest bill is
# below *z*'s. What it insures against, a change that no signal sees, is
# in none of our five worlds. Under all: a veto on the rows, and a gate whose price is known.
#
# | here | in tools | owner | how it fails |
# |---|---|---|---|
# | weekly | *schedule*, cron; [AWS](https://docs.aws.amazon.com/prescriptive-guidance/latest/mlops-checklist/training.md): "scheduled jobs" | ML platform | punctual, on broken rows and unripe labels |
# | psi, *z* | Airflow: *sensor*; AWS: "data distribution shift", "model performance degradation" | whoever answers the alarm | blind where its signal is blind; storms |
# | veto | *data validation*, *data contract* | data engineering | asks about today, not about the training rows |
# | gate | *champion*, *challenger*; in [MLflow](https://github.com/mlflow/mlflow/blob/018002800c0b10719193a155cc3c22f9c2cffeb6/docs/source/model-registry.rst) an *alias* | model owner, with risk | judges the past; too few ripe labels; skipped when urgent |
# | all of it | *retraining policy*: trigger, strategy, *replacement action* ([DataRobot](https://docs.datarobot.com/en/docs/mlops/manage-mlops/set-up-auto-retraining.html)) | one named person | nobody counts the promotions that helped |
#
# ## Where the rule stops
#
# Built in: the launch models and the job's cut-off, on which verdicts depend; a model that can express the ring; one event a world, a known reporting delay, every fraud reported some day, stopped or not, and what a review finds is no label.
# Limits are not tuned; prices are
# invented; *z* looks for too many frauds only. With three draws a lead of a thousand dollars is none.
#
# **References.** [1] D. Brook and D. Evans, Biometrika 59 (1972), as quoted in the documentation of the R package `spc`,
# [`xcusum.arl`](https://rdrr.io/cran/spc/man/xcusum.arl.html).
#
# The last cell copies a policy card for your own model beside this notebook, and asks three questions.

# %%
print(worksheet("retraining_policy"))
display(ask("retraining.c1", answer=..., confidence=...),
        ask("retraining.c2", answer=..., confidence=...),
        ask("retraining.c3", answer=..., confidence=...))

# %% [markdown]
# # 10 · Scheduled or triggered retraining?
#
# {{badges}}
#
# A date or a signal can start the training job. Neither knows whether the model gets better. Six policies run
# through five worlds; you count the dollars. Then you can say what a policy is blind to, and what must stand between a run
# and production. About 45 minutes.

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
# never trained on. The first model is better than the job's: `launch` knows every label of days 0 to 44. That is built in,
# and will be lifted.

# %%
def tree():
    return DecisionTreeClassifier(max_leaf_nodes=24, min_samples_leaf=200, random_state=0)

def job(world, payments, today, cutoff=7):
    rows = days(payments, today - cutoff - 30, today - cutoff)
    known = (rows.fraud == 1) & (rows.label_day <= today)
    return train(tree, rows, known, np.where(known, 1 / world.delay_cdf(today - rows.day), 1.0))

def launch(payments):                                  # days 0 to 44, all labels in
    rows = days(payments, 0, 45)
    return train(tree, rows, rows.fraud)

# %% [markdown]
# Six runs, promoted the same night; what the next five days cost, and would have cost under the model replaced:
# 4 dollars a review, and for a fraud let through its amount plus the bank's fee of 15.

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
# Half of the runs made things worse, though five days are partly luck. The proposal: *replace the calendar by
# triggers; retrain only when something has changed.*
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
# is a look-up. The price is *regret*, as in notebook 02: expected dollars above the best possible decisions, from each
# payment's true probability of fraud.
#
# Triggers need signals. *psi* is notebook 02's alarm: the largest population stability index of an input, last week against the
# fortnight before launch. *z* takes the payments made since the model was trained: chargebacks filed by now, less those
# expected, over the square root of the expected.

# %%
QUIET = {"new_market": None, "unit_bug": None, "ring": None, "days": 178}
EVENTS = {"stable": {}, "new market": {"new_market": 60}, "unit bug": {"unit_bug": (95, 103)},
          "ring": {"ring": 100}, "gradual": {"slow": 1.0}}
MONDAYS = np.arange(45, 178, 7)
TRAINED = np.r_[45, MONDAYS]             # model 0: launched; model k: the job's on the k-th Monday

def price(t):                            # fills t.regret[model][week], in dollars
    X, fee, cost = inputs(t.truth), t.world.chargeback_fee, t.world.review_cost
    held = (t.truth.tx_id % 5 == 0).to_numpy()
    t.held, learnable = t.truth[held], t.truth[~held]
    loss = (t.truth.p_true * (t.truth.amount + fee)).to_numpy()
    for k, today in enumerate(TRAINED):
        model = job(t.world, learnable, today, t.cutoff) if k else launch(learnable)
        p = model.predict_proba(X)[:, 1]
        reviewed = p * (t.truth.amount_logged.to_numpy() + fee) > cost
        regret = np.where(reviewed, cost, loss) - np.minimum(cost, loss)
        t.regret.append(np.bincount(t.truth.day, regret)[45:].reshape(19, 7).sum(axis=1))
        t.promised.append(np.bincount(t.truth.day, p))         # frauds a day, says the model
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
def replay(name, seed, cutoff=7):
    world = World(seed=seed, **{**QUIET, **EVENTS[name]})
    t = SimpleNamespace(world=world, cutoff=cutoff, regret=[], promised=[], reviewed=[],
                        truth=world.frame().drop(columns=["market", "channel"]))
    price(t)
    t.psi, t.z = largest_psi(t), outcomes(t)
    del t.truth
    return t

SEEDS = (7, 8, 9)
cases = [(name, s, 7) for name in EVENTS for s in SEEDS] + [("ring", s, 30) for s in SEEDS]
with ThreadPoolExecutor(2) as pool:                            # 360 trees: this cell takes a while
    T = dict(zip(cases, pool.map(lambda case: replay(*case), cases)))
corner = pd.DataFrame(T["ring", 7, 7].regret, TRAINED, MONDAYS).round().astype(int)
corner.iloc[[0, 8, 11, 13], [4, 10, 12, 15]].rename_axis(index="trained on", columns="week from day")

# %% [markdown]
# A corner of the ring's table, in dollars a week. Now the policies, the last a *hybrid*, and what they cost: thousands of
# dollars and, in brackets, runs, as means of three draws; then the largest bill of any draw.

# %%
POLICIES = {
    "never": lambda day, s: False,
    "weekly": lambda day, s: s.age >= 7,
    "four-weekly": lambda day, s: s.age >= 28,
    "psi > 0.10": lambda day, s: s.psi > 0.10,
    "z > 3": lambda day, s: s.z > 3,
    "z > 3 or four-weekly": lambda day, s: s.z > 3 or s.age >= 28,
}

# %%
def play(policy, t, veto=lambda day: False, gate=lambda *case: True, live=0):
    last, path, runs, promoted = 45, [], [], []
    for week, day in enumerate(MONDAYS):
        state = SimpleNamespace(age=day - last, psi=t.psi[week], z=t.z[live, week])
        if week and policy(day, state) and not veto(day):
            last, runs = day, [*runs, int(day)]
            if gate(t, live, week + 1, day):
                live, promoted = week + 1, [*promoted, int(day)]
        path.append(t.regret[live][week])
    return SimpleNamespace(dollars=sum(path), path=np.cumsum(path), runs=runs, promoted=promoted)

# %%
def season(live=0):                      # live: the model in service on day 45, 0 or 1
    played = pd.Series({(name, policy, s): play(POLICIES[policy], T[name, s, 7], live=live)
                        for name in EVENTS for policy in POLICIES for s in SEEDS})
    k, n = (played.map(f).unstack(0)[list(EVENTS)] for f in (lambda e: e.dollars, lambda e: len(e.runs)))
    text = ((k / 1000).groupby(level=0).mean().round(1).astype(str) + " ("
            + n.groupby(level=0).mean().round(1).astype(str) + ")").loc[list(POLICIES)]
    text["largest"] = (k / 1000).groupby(level=0).max().max(axis=1).round(1)
    print(text.to_string())
    return played, k, n

played, dollars, runs = season()

# %%
def cheaper(one, other, world, cutoff=7, live=0, fee=0):       # in how many of the three draws
    bills = [[e.dollars + fee * len(e.runs) for s in SEEDS
              for e in [play(POLICIES[p], T[world, s, cutoff], live=live)]] for p in (one, other)]
    return int(np.less(*bills).sum())

def score(live=0):
    pairs = ("weekly", "never"), ("psi > 0.10", "never"), ("z > 3", "never"), ("z > 3", "weekly")
    print(pd.DataFrame({f"{a} beats {b}": {world: cheaper(a, b, world, live=live) for world in EVENTS}
                        for a, b in pairs}).rename_axis("draws in which").to_string())

score()
reveal("retraining.weekly_beats_never", sum(cheaper("weekly", "never", world) == 3 for world in EVENTS))

# %%
least = dollars.groupby(level=1).min()
claim("Stable, new market, bug: no policy beats never, in any draw",
      (dollars.loc["never"] == least)[["stable", "new market", "unit bug"]].all(axis=None))
claim("Ring: z > 3 is the cheapest of the six, in every draw",
      (dollars.loc["z > 3"] == least)["ring"].all())
claim("The hybrid is nowhere the cheapest, in any draw",
      (dollars.loc["z > 3 or four-weekly"] > least).all(axis=None))
claim("Ring, gradual: psi never starts a run",
      (runs.loc["psi > 0.10"][["ring", "gradual"]] == 0).all(axis=None))
print("Ring: first run of z > 3 on days", [played["ring", "z > 3", s].runs[0] for s in SEEDS])
since = played["ring"].map(lambda end: round(end.path[-1] - end.path[7]))       # from day 101 on
for policy in ("weekly", "four-weekly"):
    print(f"Ring, from day 101: dollars by which {policy} loses more than z > 3:",
          (since[policy] - since["z > 3"]).tolist())

# %% [markdown]
# No policy wins everywhere, and *with this launch model* the best in three worlds is to leave it alone. **A date answers
# what the signal is blind to**: *psi* sleeps through ring and gradual change, where no input moves (by construction).
# **A signal answers what happens between dates**: in the ring *z* runs as rarely as the four-weekly calendar, and loses
# less from its first days on, in every draw. Against *weekly* its lead was won in the quiet weeks: once the ring is on draws
# disagree, as in the gradual world.

# %%
paths = {p: np.mean([played["ring", p, s].path for s in SEEDS], axis=0) / 1000 for p in POLICIES}
figure, axis = subplots(height=3.9)
for policy, colour, style in (("never", GREY, ":"), ("four-weekly", GREEN, "-."), ("weekly", BLUE, "--"),
                              ("z > 3", RED, "-")):
    axis.plot([*MONDAYS, 178], [0, *paths[policy]], style, color=colour)
    axis.text(179, paths[policy][-1] - 2 * (policy == "z > 3"), policy, color=colour, va="center")
axis.axvline(100, color=GREY, linewidth=1)
axis.text(101, 60, "ring begins")
axis.set(xlabel="day", ylabel="regret so far, thousand dollars", xlim=(45, 199))
when = [f"{label}: weekly {paths['weekly'][i]:.0f}, z > 3 {paths['z > 3'][i]:.0f}"
        for label, i in {"When the ring begins": 7, "on day 129": 11, "at the end": 18}.items()]
show(figure, "Regret in the ring, mean of three draws, in thousand dollars. " + "; ".join(when) +
     f"; four-weekly {paths['four-weekly'][-1]:.0f}, never {paths['never'][-1]:.0f}.")

# %% [markdown]
# ## *Never* is as good as the model you start with
#
# The launch model had all its labels, as if trained on old, ripe rows. Now the same worlds, but on day 45 the
# job's own model goes live.

# %%
by_job = season(live=1)[0]
score(live=1)

# %% [markdown]
# The verdict turns. In the new market *weekly*, *psi* and *z* now beat *never* in every draw (the third by little); in the
# stable world and under the bug draws disagree; *weekly* beats *z* in every ring. What *never* won above, it owed to the launch
# model. So before any policy, compare the model in service with what the job can make. Under both launches *weekly* beats
# *never* in ring and gradual, where *psi* sleeps.
#
# Two more knobs, the price of a run and the cut-off: in how many draws is *z* > 3 cheaper than *weekly*?

# %%
KNOBS = {"ring": ("ring",), "ring, cut-off 30": ("ring", 30), "ring, by the job": ("ring", 7, 1),
         "gradual": ("gradual",), "gradual, by the job": ("gradual", 7, 1)}
print(pd.DataFrame({name: {fee: cheaper("z > 3", "weekly", *case, fee=fee) for fee in (0, 500, 2000)}
                    for name, case in KNOBS.items()}).rename_axis("$ a run").to_string())
first = [play(POLICIES["z > 3"], T["ring", s, 30]).runs[0] for s in SEEDS]
print("Ring, cut-off 30: first runs of z > 3 on days", first)
print("The newest rows of these runs are of days", [day - 31 for day in first])

# %% [markdown]
# With a longer cut-off, too, the calendar wins every free ring: the alarm knows *that* something changed before the
# training rows know *what*, and all rows of the first run are older than the ring. At 500 dollars a run the trigger wins
# every ring, but not every gradual world.
#
# ## The typical mistake: every alarm is an order
#
# *psi* in the new market, one draw: for its first runs, that market's payments among the training rows, their frauds,
# those known by then, and the next week's regret in dollars.

# %%
regret, fresh = T["new market", 7, 7].regret, World(seed=7, **{**QUIET, "new_market": 60}).frame(20, 80)
for day in played["new market", "psi > 0.10", 7].runs[:3]:
    week, rows = (day - 45) // 7, days(fresh, day - 37, day - 7).query("market == 'CL' & tx_id % 5 > 0")
    known, pay = (rows.label_day[rows.fraud == 1] <= day).sum(), [regret[k][week] for k in (0, week + 1)]
    print("day {}: {:4d} payments, {:3d} frauds, {:2d} known; launch model {:.0f}, new {:.0f}".format(
        day, len(rows), rows.fraud.sum(), known, *pay))
for policy in ("psi > 0.10", "z > 3"):
    print(f"{policy}: dollars lost over never, three draws, launched with all labels and by the job:",
          *[[round(end["new market", policy, s].dollars - end["new market", "never", s].dollars)
             for s in SEEDS] for end in (played, by_job)])

# %% [markdown]
# The signal is prompt, the labels are not. The first run sees no payment of the market that set it off; the second learns that
# market from a handful of reported frauds. Both are worse than the launch model, and with its reference fixed the alarm never
# falls silent. *z*, too, loses more than *never* in every draw. No alarm knows what its run will replace: where that was the
# job's own model, obeying paid.
#
# **Exercise 2.** A trigger with a pause, a least count, and a memory that is wiped.

# %% exercise="retraining.trigger"
check("retraining.trigger", trigger)

# %% [markdown]
# ## When neither may start a run: the veto
#
# During the unit bug, date and alarm start runs on a false log. A check against the *ledger*, the book of what was
# paid, can forbid that: while yesterday's payments fail it, or while any of the run's rows do. Thousand dollars,
# seeds 7, 8, 9:

# %%
bug = World(seed=7, **{**QUIET, **EVENTS["unit bug"]}).frame(60, 178)
ratio = (bug.amount_logged / bug.amount).groupby(bug.day).mean()
broken = ratio[ratio > 1.01].index
VETOES = {"no veto": lambda day: False, "yesterday": lambda day: day - 1 in broken,
          "its rows": lambda day: ((day - 37 <= broken) & (broken < day - 7)).any()}
vetoed = pd.DataFrame({(p, s): {name: play(POLICIES[p], T["unit bug", s, 7], veto)
                                for name, veto in VETOES.items()}
                       for p in ("psi > 0.10", "weekly") for s in SEEDS})
itself = (dollars.loc["never", "unit bug"] - dollars.loc["never", "stable"]) / 1000
print("What the bug costs without any run, thousand dollars:", itself.round(1).tolist())
print("Runs of psi:", vetoed["psi > 0.10", 7].map(lambda end: end.runs).to_dict())
weeks = np.array([[T[name, s, 7].regret[k][k - 1] for name in ("unit bug", "stable")]
                  for k in range(1, 20) if VETOES["its rows"](TRAINED[k]) for s in SEEDS])
print("Trained on broken rows: next week dearer than with clean ones in", np.greater(*weeks.T).sum(),
      "of", len(weeks), "cases; mean dollars:", weeks.mean(axis=0).round().astype(int).tolist())
vetoed.map(lambda end: end.dollars / 1000).round(1)

# %% [markdown]
# Broken rows mostly made a worse model. A veto that asks about yesterday lifts on the day of the repair, while the break
# stays in the training rows for weeks: it saves little. One that asks about the rows saves *weekly* something in every
# draw, and *psi* much in two. It passes the run of day 101: clean rows, but a false alarm. Both together leave *psi* no run,
# and so, by construction, the cost of *never*. What the bug itself costs, only a repaired feed saves.
#
# ## To retrain is not to deploy: the gate
#
# The held-out payments of 15 to 44 days ago, *ripe* enough to have many reports in, compare *champion*, the model in
# service, and *challenger*, the new one, which is promoted if it saves more than a *margin* of standard errors. Thousand
# dollars, three draws, and in how many the gate saves:

# %%
def gain(t, champion, challenger, today):              # in standard errors
    ripe = t.held.day.between(today - 44, today - 15).to_numpy()
    rows, world = t.held[ripe], t.world
    known = (rows.fraud == 1) & (rows.label_day <= today)
    loss = known * (rows.amount + world.chargeback_fee) / world.delay_cdf(today - rows.day)
    old, new = (t.reviewed[k][ripe].astype(int) for k in (champion, challenger))
    saved = (old - new) * (world.review_cost - loss)   # dollars, payment by payment
    return saved.sum() / max(np.sqrt((saved ** 2).sum()), 1)

GATES = {"no gate": lambda *c: True, "> 0": lambda *c: gain(*c) > 0, "> 2": lambda *c: gain(*c) > 2}

# %%
RUNS = {"stable": "weekly", "new market": "psi > 0.10", "ring": "weekly", "gradual": "weekly"}
gated = pd.Series({(f"{world}, {p}", ("all labels", "by the job")[live], margin):
                   [play(POLICIES[p], T[world, s, 7], gate=gate, live=live) for s in SEEDS]
                   for live in (0, 1) for world, p in RUNS.items() for margin, gate in GATES.items()})
bill = gated.map(lambda ends: np.array([end.dollars for end in ends]) / 1000).unstack(sort=False)
table = bill.map(lambda three: " / ".join(f"{x:.1f}" for x in three))
for margin in ("> 0", "> 2"):
    table[f"{margin} saves"] = [int((a > b).sum()) for a, b in zip(bill["no gate"], bill[margin])]
print(table.rename_axis(["run by", "launched"]).to_string())
late = [end.promoted for end in gated["gradual, weekly", "all labels", "> 2"]]
seen = [[len(days(T["gradual", s, 7].held, day - 44, day - 14).query("fraud == 1 and label_day <= @day"))
         for day in (52, *passed)] for s, passed in zip(SEEDS, late)]
print("\nGradual, all labels, margin 2: promotions on days", late)
print("Known frauds to judge by, on day 52 and on that day:", seen)

# %% [markdown]
# A margin of 2 is a brake: it keeps what is in service. It saves in the stable world and costs when the world changes, under
# both launches. In the new market it disarms the alarm, which with the job's launch model costs, in two draws. In the
# gradual world proof comes late, with about three times the known frauds of day 52: one promotion a draw. A margin of 0
# saves in the stable world and the new market, in every draw; in the others draws disagree.
#
# **Exercise 3.** Veto and gate in one.

# %% exercise="retraining.may_promote"
check("retraining.may_promote", may_promote)

# %% [markdown]
# ## What a limit buys
#
# A limit trades false alarms for delay. The CUSUM adds up each day's deviation, in standard deviations, less a half
# (*k*), never below 0, and alarms at *h*. A Markov chain gives the days to an alarm; two tables check it [1]:

# %%
def run_length(h, shift, k=0.5, cells=400):            # days to an alarm, shift in standard deviations
    width = 2 * h / (2 * cells - 1)                    # the first cell is half as wide, around 0
    move = (np.arange(cells) - np.arange(cells)[:, None]) * width + k - shift
    P = norm.cdf(move + width / 2) - norm.cdf(move - width / 2)
    P[:, 0] = norm.cdf(move[:, 0] + width / 2)         # whatever falls below 0 stays at 0
    return np.linalg.solve(np.eye(cells) - P, np.ones(cells))[0]

def two_sided(h, shift):
    return 1 / (1 / run_length(h, shift) + 1 / run_length(h, -shift))

claim("Brook and Evans, one-sided, h = 3", run_length(3, 0), about=117.59, within=0.05, digits=5)
claim("... with a shift of 1.5 standard deviations", run_length(3, 1.5), about=3.75, within=0.005)
LUCAS_CROSIER = {0: 168, 0.25: 74.2, 0.5: 26.6, 0.75: 13.3, 1: 8.38, 1.5: 4.75, 2: 3.34, 2.5: 2.62,
                 3: 2.19, 4: 1.71, 5: 1.31}            # two-sided, h = 4
worst = max(abs(two_sided(4, shift) / table - 1) for shift, table in LUCAS_CROSIER.items())
claim("Lucas and Crosier, eleven shifts: largest deviation in percent", 100 * worst, at_most=0.3)
for h in (3, 5):
    print(f"h = {h}: {91 / run_length(h, 0):.2f} false alarms in 91 days, a shift of 1 found in "
          f"{run_length(h, 1):.1f} days")
print("z > 3: runs in the three stable draws:", runs.loc["z > 3", "stable"].tolist())

# %% [markdown]
# From 3 to 5 the limit cuts false alarms to an eighth, for four more days. The labels' delay comes on top: the ring's first run
# came 15 to 22 days late. Our *z* has no such table; in three quiet draws it gave one false alarm.
#
# ## And what a date should be
#
# If regret grows by *a* dollars a day with each day of age, an interval of *T* days costs *aT*/2 a day on average, plus
# *C*/*T* for runs at *C* dollars. **Exercise 4.** At which *T* is the sum smallest? (Equal models supposed.)

# %% exercise="retraining.optimal_interval"
check("retraining.optimal_interval", optimal_interval)

# %% [markdown]
# ## In production
#
# A trigger on inputs instead of the calendar: no, it sleeps where no input moves, and in the new market
# it paid only where the launch model was poor. One on outcomes: with a good launch model yes, where runs cost something or
# little changes. Beside it a greatest age, as insurance: the hybrid was nowhere the cheapest, but its largest bill is 57.4 to
# *z*'s 66.4 (launched by the job, 61.8 to 69.1). Under all: a veto on the rows, and a gate whose price is known.
#
# | here | in tools | owner | how it fails |
# |---|---|---|---|
# | weekly | *schedule*, cron; [AWS](https://docs.aws.amazon.com/prescriptive-guidance/latest/mlops-checklist/training.md): "scheduled jobs" | ML platform | punctual, on broken rows and unripe labels |
# | psi, *z* | Airflow: *sensor*; AWS: "model performance degradation" | whoever answers the alarm | blind where its signal is blind; storms |
# | veto | *data validation*, *data contract* | data engineering | asks about today, not about the training rows |
# | gate | *champion*, *challenger*; in [MLflow](https://github.com/mlflow/mlflow/blob/018002800c0b10719193a155cc3c22f9c2cffeb6/docs/source/model-registry.rst) an *alias* | model owner, with risk | too few ripe labels; skipped when urgent |
# | all of it | *retraining policy*: trigger, strategy, *replacement action* ([DataRobot](https://docs.datarobot.com/en/docs/mlops/manage-mlops/set-up-auto-retraining.html)) | one named person | nobody counts the promotions that helped |
#
# ## Where the rule stops
#
# Built in: the launch models, on which the verdicts in stable, new market and bug depend; one event a world, a known
# reporting delay, every fraud reported some day. Reality mixes the worlds in its own proportions. Limits are not tuned;
# prices are invented; *z* looks for too many frauds only. In the ring the cheapest first step is neither policy: a rule
# on the segment, while labels ripen. With three draws a lead of a thousand dollars is none.
#
# **References.** [1] D. Brook and D. Evans, Biometrika 59 (1972), and J. Lucas and R. Crosier, Technometrics 24 (1982), both
# as quoted in the documentation of the R package `spc`, [`xcusum.arl`](https://rdrr.io/cran/spc/man/xcusum.arl.html).
#
# ## Take it to work
#
# The last cell copies a policy card. Three situations to close with:

# %%
print(worksheet("retraining_policy"))
display(ask("retraining.c1", answer=..., confidence=...),
        ask("retraining.c2", answer=..., confidence=...),
        ask("retraining.c3", answer=..., confidence=...))

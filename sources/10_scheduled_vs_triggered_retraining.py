# %% [markdown]
# # 10 · Scheduled or triggered retraining?
#
# {{badges}}
#
# A date or a signal can start the training job. Neither knows whether the new model will be better. Here six policies run
# through five worlds, and you count the dollars. Afterwards you can say what a policy is blind to, what its label
# cut-off does to it, and what must stand between a training run and production. About 45 minutes.

# %%
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pandas as pd
from IPython.display import display
from scipy.stats import norm
from sklearn.tree import DecisionTreeClassifier

from course_utils import World, ask, check, claim, drift, pair, predict, reveal, worksheet
from course_utils.fraud import COLUMNS, days, inputs, review, train
from course_utils.plots import BLUE, GREEN, GREY, RED, show, subplots

pair("retraining")

# %% [markdown]
# ## The log of the last quarter
#
# Lantern's fraud model is now a small decision tree. The job that trains it takes 30 days of payments and leaves out the
# newest week, the *cut-off*: labels are chargebacks, filed a month after the payment on average. Each fraud known by then
# is weighted by one over the share reported at its age, to stand for those still on the way. One payment in five is
# never trained on; we shall need it.

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
# Six runs last quarter, all promoted the same night. Beside each, what the next five days cost under the new model, and
# what they would have cost under the old one: 4 dollars a review, and for a fraud let through its amount plus a
# fee of 15.

# %%
world, log = World(seed=7), []
truth = world.frame()
learnable = truth[truth.tx_id % 5 > 0]
old = launch(learnable)
for today, cause in ((63, "drift alarm"), (73, "calendar"), (98, "drift alarm"), (101, "calendar"),
                     (129, "calendar"), (157, "calendar")):
    new, after = job(world, learnable, today), days(truth, today, today + 5)
    before, now = [(4 * r + ~r * after.fraud * (after.amount + 15)).sum() / 5
                   for r in (review(old, after, world), review(new, after, world))]
    log.append([today, cause, before, now, now - before])
    old = new
log = pd.DataFrame(log, columns=["day", "started by", "old $/day", "new $/day", "change"])
log.set_index("day").round()

# %% [markdown]
# Half of the runs made things worse. The proposal on the table: *replace the calendar by triggers. Retrain when something
# has changed, and only then.*
#
# Five worlds will test it, each with one event at most. **Stable**: none. **New market**: from day 60 other customers, same
# meaning of the inputs. **Unit bug**: on days 95–102 one channel logs cents for dollars. **Ring**: from day 100 fraud
# enters a trusted segment, while the inputs stand still. **Gradual**: from day 45 the inputs' meaning changes a
# little every day. The launch model goes live on day 45; nineteen weeks are counted.
#
# **In how many of the five does retraining every week, free of charge, lose less than never retraining, in each of
# three independent draws?** Answer 0 to 5, with your confidence in percent.

# %%
predict("retraining.weekly_beats_never", answer=..., confidence=...)

# %% [markdown]
# **Exercise 1.** Before any policy, the job's rows. Most retraining bugs live here.

# %% exercise="retraining.training_rows"
check("retraining.training_rows", training_rows)

# %% [markdown]
# ## Every policy is a path through one table
#
# What a model is depends only on the day it was trained. So train one on every Monday, price each of them in every week,
# once, and any policy becomes a look-up. The price is *regret*, as in notebook 02: expected dollars above the best
# possible decisions, from each payment's true probability of fraud. Luck takes no part.

# %%
QUIET = {"new_market": None, "unit_bug": None, "ring": None, "days": 178}
EVENTS = {"stable": {}, "new market": {"new_market": 60}, "unit bug": {"unit_bug": (95, 103)},
          "ring": {"ring": 100}, "gradual": {"slow": 1.0}}
MONDAYS = np.arange(45, 178, 7)
TRAINED = np.r_[45, MONDAYS]             # model 0: launched; model k: the job's on the k-th Monday

def price(t):                            # fills t.regret[model][week], in dollars
    X, day, fee, cost = inputs(t.truth), t.truth.day, t.world.chargeback_fee, t.world.review_cost
    held, at_stake = (t.truth.tx_id % 5 == 0).to_numpy(), (t.truth.amount_logged + fee).to_numpy()
    t.held, learnable = t.truth[held], t.truth[~held]
    loss = (t.truth.p_true * (t.truth.amount + fee)).to_numpy()
    for k, today in enumerate(TRAINED):
        model = job(t.world, learnable, today, t.cutoff) if k else launch(learnable)
        p = model.predict_proba(X)[:, 1]
        reviewed = p * at_stake > cost
        regret = np.where(reviewed, cost, loss) - np.minimum(cost, loss)
        t.regret.append(np.bincount(day, regret)[45:].reshape(19, 7).sum(axis=1))
        t.promised.append(np.bincount(day, p))         # frauds a day, as the model has it
        t.reviewed.append(reviewed[held])

# %% [markdown]
# A trigger also needs its signal, for every model and week: *psi*, the largest population stability index of an input, last
# week against the model's training days; and *z*, chargebacks filed since the model was trained against those it
# led us to expect by now, in standard deviations (notebook 02 has both).

# %%
def outcomes(t):
    day, fraud = np.arange(178), t.truth[t.truth.fraud == 1]
    filed = np.array([np.bincount(fraud.day[fraud.label_day <= now], minlength=178) for now in MONDAYS])
    since = day >= TRAINED[:, None]
    expected = (since * t.promised) @ t.world.delay_cdf(MONDAYS[:, None] - day).T
    return np.where(expected > 1, (since @ filed.T - expected) / np.sqrt(np.maximum(expected, 1)), 0)

def largest_psi(t):
    first, last, largest = np.maximum(TRAINED - t.cutoff - 30, 0), TRAINED - t.cutoff, 0
    first[0], last[0] = 0, 45
    for column in COLUMNS:
        edges = drift.bin_edges(t.truth[column][t.truth.day < 45])
        cell = t.truth.day * (len(edges) + 1) + np.searchsorted(edges, t.truth[column], side="right")
        daily = np.bincount(cell, minlength=178 * (len(edges) + 1)).reshape(178, -1)
        p, q = (np.array([daily[a:b].sum(axis=0) + 0.5 for a, b in zip(*span)])
                for span in ((first, last), (MONDAYS - 7, MONDAYS)))
        p, q = (p / p.sum(axis=1, keepdims=True))[:, None], q / q.sum(axis=1, keepdims=True)
        largest = np.maximum(largest, ((q - p) * np.log(q / p)).sum(axis=2))
    return largest

# %%
def replay(name, seed, cutoff=7):
    world = World(seed=seed, **{**QUIET, **EVENTS[name]})
    t = SimpleNamespace(world=world, cutoff=cutoff, regret=[], promised=[], reviewed=[],
                        truth=world.frame().drop(columns=["market", "channel"]))
    price(t)
    t.z, t.psi = outcomes(t), largest_psi(t)
    del t.truth
    return t

SEEDS = (7, 8, 9)
runs = [(name, seed, 7) for name in EVENTS for seed in SEEDS] + [("ring", seed, 30) for seed in SEEDS]
with ThreadPoolExecutor(2) as pool:                    # 360 trees: the slow cell of this notebook
    T = dict(zip(runs, pool.map(lambda run: replay(*run), runs)))

corner = pd.DataFrame(T["ring", 7, 7].regret, TRAINED, MONDAYS).round().astype(int)
corner.iloc[[0, 8, 11, 13], [4, 10, 12, 15, 18]].rename_axis(index="trained on", columns="week from day")

# %% [markdown]
# A corner of the ring's table, in dollars a week: of the launch model, and of models from before the ring, its
# first weeks, and after. (No policy uses a model before it exists.) The policies, and the look-up:

# %%
POLICIES = {
    "never": lambda day, s: False,
    "weekly": lambda day, s: s.age >= 7,
    "four-weekly": lambda day, s: s.age >= 28,
    "psi > 0.10": lambda day, s: s.psi > 0.10,
    "z > 3": lambda day, s: s.z > 3,
    "z > 3 or four-weekly": lambda day, s: s.z > 3 or s.age >= 28,
}

def play(policy, t, veto=lambda day: False, gate=lambda *_: True, live=0):
    last, path, started = 45, [], []
    for week, day in enumerate(MONDAYS):
        state = SimpleNamespace(age=day - last, psi=t.psi[live, week], z=t.z[live, week])
        if week and policy(day, state) and not veto(day):
            last, challenger = day, week + 1
            started.append(int(day))
            live = challenger if gate(t, live, challenger, day) else live
        path.append(t.regret[live][week])
    return SimpleNamespace(dollars=sum(path), path=np.cumsum(path), started=started)

# %%
played = pd.Series({(name, policy, seed): play(POLICIES[policy], T[name, seed, 7])
                    for name in EVENTS for policy in POLICIES for seed in SEEDS})
dollars = played.map(lambda p: p.dollars).unstack(0)[list(EVENTS)]     # rows: policy and draw
started = played.map(lambda p: len(p.started)).unstack(0)[list(EVENTS)]

def mean(table):
    return table.groupby(level=0).mean().loc[list(POLICIES)].round(1).astype(str)

print((mean(dollars / 1000) + " (" + mean(started) + ")").to_string())

# %% [markdown]
# Thousands of dollars of regret in nineteen weeks, and in brackets the runs, as means of three draws. What holds in each
# draw:

# %%
def beats(one, other, world):            # in how many of the three draws
    return int((dollars.loc[one, world] < dollars.loc[other, world]).sum())

busy = [p for p in POLICIES if p != "never"]
claim("Weekly beats never in ring and gradual, in all three draws; elsewhere in none",
      [beats("weekly", "never", world) for world in EVENTS] == [0, 0, 0, 3, 3])
claim("Stable, new market, bug: no policy beats never, in any draw",
      all(beats(p, "never", w) == 0 for p in busy for w in ("stable", "new market", "unit bug")))
claim("Ring: z > 3 is the cheapest of the six, in all three draws",
      all(beats("z > 3", p, "ring") == 3 for p in POLICIES if p != "z > 3"))
claim("The hybrid is nowhere the cheapest, in any draw",
      bool((dollars.loc["z > 3 or four-weekly"] > dollars.groupby(level=1).min()).all(axis=None)))
print("Gradual: z > 3 beats weekly in", beats("z > 3", "weekly", "gradual"), "of 3 draws")
claim("Ring and gradual: the PSI trigger never starts a run",
      bool((started.loc["psi > 0.10", ["ring", "gradual"]] == 0).all(axis=None)))
print("Ring: z > 3 starts its first run on days", [played["ring", "z > 3", s].started[0] for s in SEEDS])
reveal("retraining.weekly_beats_never", sum(beats("weekly", "never", world) == 3 for world in EVENTS))

# %% [markdown]
# No policy wins everywhere, and in three of five worlds the best is to leave the model alone. **A date answers what the
# signal is blind to**: the PSI trigger sleeps through ring and gradual change, since no input moves (by construction), and
# loses as much as never retraining. **A signal answers what happens between dates**: with outcomes it loses least in the
# ring, on three runs instead of eighteen. But outcomes take their time, and until they arrive all policies pay alike:

# %%
paths = {p: np.mean([played["ring", p, s].path for s in SEEDS], axis=0) / 1000 for p in POLICIES}
figure, axis = subplots(height=3.9)
for policy, colour, style in (("never", GREY, ":"), ("four-weekly", GREEN, "-."), ("weekly", BLUE, "--"),
                              ("z > 3", RED, "-")):
    axis.plot([*MONDAYS, 178], [0, *paths[policy]], style, color=colour)
    axis.text(179, paths[policy][-1], policy, color=colour, va="center")
axis.axvline(100, color=GREY, linewidth=1)
axis.text(101, 60, "ring begins")
axis.set(xlabel="day", ylabel="regret since day 45, thousand dollars", xlim=(45, 202))
lost = [[paths[p][week] for p in ("weekly", "z > 3")] for week in (7, 11)]
end = ",".join(f" {p} {path[-1]:.0f}" for p, path in paths.items() if p[0] in "nfw" or p == "z > 3")
show(figure, "Regret in the ring, mean of three draws, thousand dollars. When it begins: weekly "
     "{:.0f}, z > 3 {:.0f}. On day 129: {:.0f} and {:.0f}. At the end:".format(*lost[0], *lost[1]) + end + ".")

# %% [markdown]
# ## Three knobs that change the winner
#
# A run has a price: compute, review, release. The cut-off can be longer. And the launch model had all its labels, a
# luxury that the job never has; it might as well have been made by the job. In how many draws is *z* > 3 cheaper than weekly?

# %%
VARIANTS = {"gradual": ("gradual", 7, 0), "ring": ("ring", 7, 0),
            "ring, cut-off 30 days": ("ring", 30, 0), "ring, launched by the job": ("ring", 7, 1)}
lines = {}
for label, (world, cutoff, live) in VARIANTS.items():
    ends = {p: [play(POLICIES[p], T[world, s, cutoff], live=live) for s in SEEDS]
            for p in ("weekly", "z > 3")}
    lines[label] = {p: round(np.mean([e.dollars for e in ends[p]]) / 1000, 1) for p in ends}
    for fee in (0, 500, 2000):
        weekly, trigger = ([e.dollars + fee * len(e.started) for e in ends[p]] for p in ends)
        lines[label][f"${fee} a run"] = f"{np.less(trigger, weekly).sum()} of 3"
print(pd.DataFrame(lines).T.to_string())
poor = [[play(POLICIES[p], T["stable", s, 7], live=1).dollars for s in SEEDS]
        for p in ("weekly", "never")]
print("Stable, launched by the job: weekly beats never in", np.less(*poor).sum(), "of 3 draws")

# %% [markdown]
# The same ring, the same draws, free runs: a longer cut-off, or a poorer launch, and the calendar wins all three. With a
# cut-off of 30 days the alarm knows *that* something changed before the training rows know *what*, and the first run
# learns the old world again. And a trigger keeps what it was given: part of its success was the launch model's. So was
# *never*'s in the stable world: among models of one make, draws disagree. At 500 dollars a run the trigger wins every ring.
#
# ## The typical mistake: every alarm is an order
#
# The PSI trigger in the new market, one draw: for each run, the payments of that market among its training rows, their
# frauds, the frauds known by then, and the regret of the week that followed.

# %%
fresh = World(seed=7, **{**QUIET, **EVENTS["new market"]}).frame(20, 80)
lines = []
for day in played["new market", "psi > 0.10", 7].started:
    rows = days(fresh, day - 37, day - 7).query("market == 'CL' and tx_id % 5 > 0")
    week, regret = (day - 45) // 7, T["new market", 7, 7].regret
    lines.append([day, len(rows), rows.fraud.sum(), (rows.label_day[rows.fraud == 1] <= day).sum(),
                  round(regret[0][week]), round(regret[week + 1][week])])
print(pd.DataFrame(lines, columns=["day", "its rows", "frauds", "known", "launch model", "this model"])
      .to_string(index=False))
extra = dollars.loc["psi > 0.10", "new market"] - dollars.loc["never", "new market"]
claim("Dollars lost by obeying the alarm, in the mildest of three draws", extra.min(), at_least=20_000)
print("In the three draws:", extra.round(-2).astype(int).tolist())

# %% [markdown]
# The signal is prompt, the labels are not. The first run sees no payment of the market that set it off, so the alarm fires
# again; the second learns the market from a handful of reported frauds. All three replace a model that was not broken.
#
# **Exercise 2.** A trigger that can be lived with needs a pause, a least count, and a memory that is wiped.

# %% exercise="retraining.trigger"
check("retraining.trigger", trigger)

# %% [markdown]
# ## When neither may start a run: the veto
#
# During the unit bug, date and alarm both start runs on a false log. A check of the log against the ledger can forbid
# that: while yesterday's payments fail it, or while *any* payment does, back to the oldest training row.

# %%
bug = World(seed=7, **{**QUIET, **EVENTS["unit bug"]}).frame(60, 178)
off = (bug.amount_logged / bug.amount).groupby(bug.day).mean()
broken = off[off > 1.01].index
VETOES = {"no veto": lambda day: False, "yesterday broken": lambda day: day - 1 in broken,
          "any row broken": lambda day: ((day - 37 <= broken) & (broken < day)).any()}
vetoed = pd.DataFrame({(policy, s): {name: play(POLICIES[policy], T["unit bug", s, 7], veto).dollars
                                     for name, veto in VETOES.items()}
                       for policy in ("psi > 0.10", "weekly") for s in SEEDS})
saved = vetoed.loc["no veto"] - vetoed.loc["any row broken"]
claim("Dollars that the veto on rows saves the PSI trigger, at the least", saved["psi > 0.10"].min(),
      at_least=3000)
print("It saves the weekly policy, by draw:", saved["weekly"].round(-2).astype(int).tolist())
itself = dollars.loc["never", "unit bug"] - dollars.loc["never", "stable"]
print("The bug itself costs, without any run:", itself.round(-2).astype(int).tolist())
(vetoed / 1000).round(1)

# %% [markdown]
# (Thousand dollars.) A veto that asks about yesterday lifts on the day of the repair, while the break stays in the training
# rows for weeks: it saves next to nothing. One that asks about the rows takes the PSI trigger back to the cost of never
# retraining. For the weekly policy draws disagree: these rows hurt a tree little, and most of its cost is that of
# retraining at all. The largest item no policy touches; repairing the feed does.
#
# ## To retrain is not to deploy: the gate
#
# Now the held-out payments earn their keep. Champion and challenger decide on those that are 15 to 44 days old, known
# frauds weighted as before. The challenger is promoted if it saves more than a *margin* of standard errors:

# %%
def gain(t, champion, challenger, today):              # in standard errors
    ripe = ((t.held.day >= today - 44) & (t.held.day < today - 14)).to_numpy()
    rows, world = t.held[ripe], t.world
    known = (rows.fraud == 1) & (rows.label_day <= today)
    loss = np.where(known, (rows.amount + world.chargeback_fee) / world.delay_cdf(today - rows.day), 0)
    old, new = (t.reviewed[k][ripe].astype(int) for k in (champion, challenger))
    saved = (old - new) * (world.review_cost - loss)   # dollars, payment by payment
    return saved.sum() / max(np.sqrt((saved ** 2).sum()), 1)

GATES = {"no gate": lambda *case: True, "> 0": lambda *case: gain(*case) > 0,
         "> 1": lambda *case: gain(*case) > 1, "> 2": lambda *case: gain(*case) > 2}
CASES = (("stable", "weekly"), ("new market", "psi > 0.10"), ("ring", "weekly"), ("gradual", "weekly"))
gated = pd.DataFrame({(f"{world}: {policy}", s): {name: play(POLICIES[policy], T[world, s, 7], gate=gate)
                                                  for name, gate in GATES.items()}
                      for world, policy in CASES for s in SEEDS}).T
cost = gated.map(lambda end: end.dollars / 1000)
print(cost.round(1).astype(str).groupby(level=0, sort=False).agg(" / ".join).to_string())

# %%
strict, lax = (cost[margin] - cost["no gate"] for margin in ("> 2", "> 0"))
claim("Stable: a margin of 2 saves thousands of dollars, at the least", -strict["stable: weekly"].max(),
      at_least=5)
claim("Gradual: it costs thousands, at the least", strict["gradual: weekly"].min(), at_least=10)
claim("Ring: it costs in all three draws", bool((strict["ring: weekly"] > 0).all()))
claim("New market: it saves all that the alarm cost, in every draw", np.allclose(
    1000 * cost["> 2"]["new market: psi > 0.10"], dollars.loc["never", "new market"]))
print("... while it still starts",
      [len(e.started) for e in gated["> 2"]["new market: psi > 0.10"]], "runs")
print("A margin of 0 changes stable by", lax["stable: weekly"].round(1).tolist(), "and ring by",
      lax["ring: weekly"].round(1).tolist())
held = days(T["stable", 7, 7].held, 127, 157).query("fraud == 1 and label_day <= 171")
print("Frauds to judge by, stable world, day 171:", len(held))

# %% [markdown]
# A strict gate is a brake. In the stable world it returns what the calendar wasted; in the new market it disarms the alarm,
# which then runs for nothing every week. The same brake holds when the world does change: in the gradual world no single
# week's gain can be proved on so few frauds, so good models wait too. A margin of 0 helps little, and in the ring not in
# every draw. *No difference found* is not *no difference*; what a gate can see is a matter of how many ripe frauds it holds.
#
# **Exercise 3.** Veto and gate in one function.

# %% exercise="retraining.may_promote"
check("retraining.may_promote", may_promote)

# %% [markdown]
# ## What a limit buys
#
# A limit trades false alarms for delay. The best-known table is the CUSUM's: add up each day's deviation, in standard
# deviations, less *k*; never go below 0; alarm at *h*. The mean time to an alarm follows from a Markov chain: cut 0 to
# *h* into cells and solve for the steps until the sum leaves them (Brook and Evans). With *k* = 0.5, against two tables [1]:

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
for h in (3, 4, 5):
    print(f"h = {h}, one-sided: {91 / run_length(h, 0):.2f} false alarms in 91 days; days to find "
          f"a shift of 0.5: {run_length(h, 0.5):.1f}, 1: {run_length(h, 1):.1f}, 2: {run_length(h, 2):.1f}")

# %% [markdown]
# From 3 to 5 the limit buys an eighth of the false alarms, for four more days on a shift of 1. These are days on which labels
# count: their delay comes on top, and the ring's first run came 15 to 22 days late. Two habits break the table: a growing
# sum looked at every week, like our *z*, which gave one false alarm in three quiet draws; and a limit
# carried over to another number of payments.
#
# ## And what a date should be
#
# If regret grows by *a* dollars a day with each day of age, an interval of *T* days costs *aT*/2 a day on average, plus
# *C*/*T* for runs at *C* dollars. **Exercise 4.** At which *T* is the sum smallest?

# %% exercise="retraining.optimal_interval"
check("retraining.optimal_interval", optimal_interval)

# %%
weekly = np.mean([T["gradual", s, 7].regret for s in SEEDS], axis=0)[1:] / 7
by_age = [np.mean([weekly[k, k + age] for k in range(2, 19 - age)]) for age in range(10)]
a, fresh = np.polyfit(7 * np.arange(10), by_age, 1)
print(f"Gradual: a new model loses {fresh:.0f} dollars a day, and {a:.0f} more with each day of its age")

def calendar(T_, C, seed):
    end = play(lambda day, s: s.age >= T_, T["gradual", seed, 7])
    return end.dollars + C * len(end.started)

for C in (500, 2000, 8000):
    best = [min(range(7, 71, 7), key=lambda T_: calendar(T_, C, seed)) for seed in SEEDS]
    print(f"${C} a run: formula {np.sqrt(2 * C / a):.0f} days; cheapest calendar, by draw: {best}")

# %% [markdown]
# The direction is right: the dearer a run, the longer the interval. As a number it is a rough guide: draws disagree, and
# most ask for a longer interval than the formula, which knows of no end of the quarter and of no luck between models.
#
# ## In production
#
# | here | in tools | owner | how it fails |
# |---|---|---|---|
# | weekly | *schedule*, cron; [AWS](https://docs.aws.amazon.com/prescriptive-guidance/latest/mlops-checklist/training.md): "scheduled jobs" | ML platform | punctual, on broken rows and unripe labels |
# | psi, *z* | *sensor* ([Airflow](https://github.com/apache/airflow/blob/150daec441ff6c8232f6fb0365a39b7ec3684908/docs/apache-airflow/core-concepts/sensors.rst)); AWS: "model performance degradation"; alerts of the tools in notebook 02 | whoever answers the alarm | blind where its signal is blind; storms |
# | veto | *data validation*, *data contract* | data engineering | asks about today, not about the training rows |
# | gate | *champion*, *challenger*: in [MLflow](https://github.com/mlflow/mlflow/blob/018002800c0b10719193a155cc3c22f9c2cffeb6/docs/source/model-registry.rst) an *alias*, `models:/MyModel@Champion` | model owner, with risk | skipped because the alarm was urgent; too few ripe labels |
# | all of it | *retraining policy*: trigger, strategy, *replacement action* ([DataRobot](https://docs.datarobot.com/en/docs/mlops/manage-mlops/set-up-auto-retraining.html)) | one named person | nobody has counted the promotions that helped |
#
# ## Take it to work
#
# The policy card asks, for one model of yours, what starts a run, what forbids it, what lets it out, and what each limit
# costs.

# %%
print(worksheet("retraining_policy"))

# %% [markdown]
# ## Where the rule stops
#
# Built in: one event a world, a known reporting delay, every fraud reported some day even if reviewed. Reality mixes the
# worlds in proportions of its own, so an average over our five would mean nothing. Limits were customary values, not tuned;
# the prices are invented. Our *z* looks for too many frauds only; a model that expects too many would need the other
# side. In the ring the cheapest first step is neither policy: a rule on the segment, as in notebook 02, contains the
# loss while labels ripen. And 30 days of rows, one tree, one gate: three choices that a real policy would have
# to vary too (`replay` takes a cut-off; try 20).
#
# **References.** [1] D. Brook and D. Evans, Biometrika 59 (1972), and J. Lucas and R. Crosier, Technometrics 24 (1982), both
# as quoted in the documentation of the R package `spc`, [`xcusum.arl`](https://rdrr.io/cran/spc/man/xcusum.arl.html).
#
# Three situations to close with:

# %%
display(ask("retraining.c1", answer=..., confidence=...),
        ask("retraining.c2", answer=..., confidence=...),
        ask("retraining.c3", answer=..., confidence=...))

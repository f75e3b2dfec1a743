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
    cost = [(4 * r + ~r * after.fraud * (after.amount + 15)).sum() / 5
            for r in (review(old, after, world), review(new, after, world))]
    log.append([today, cause, *cost, cost[1] - cost[0]])
    old = new
log = pd.DataFrame(log, columns=["day", "started by", "old $/day", "new $/day", "change"]).set_index("day")
log.round().astype({c: int for c in log.columns[1:]})

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
TRAINED = np.r_[45, MONDAYS]             # model 0 is the launch model, model k the job's on the k-th Monday

def price(t):                            # fills t.regret[model][week], in dollars
    X, day, fee, cost = inputs(t.truth), t.truth.day, t.world.chargeback_fee, t.world.review_cost
    held, at_stake = (t.truth.tx_id % 5 == 0).to_numpy(), (t.truth.amount_logged + fee).to_numpy()
    learnable, loss = t.truth[~held], (t.truth.p_true * (t.truth.amount + fee)).to_numpy()
    for k, today in enumerate(TRAINED):
        model = job(t.world, learnable, today, t.cutoff) if k else launch(learnable)
        p = model.predict_proba(X)[:, 1]
        reviewed = p * at_stake > cost
        regret = np.where(reviewed, cost, loss) - np.minimum(cost, loss)
        t.regret.append(np.bincount(day, regret)[45:].reshape(19, 7).sum(axis=1))
        t.promised.append(np.bincount(day, p))         # frauds a day, as the model has it
        t.reviewed.append(reviewed[held])
    t.held = t.truth[held]

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
with ThreadPoolExecutor(2) as pool:                    # 360 trees
    T = dict(zip(runs, pool.map(lambda run: replay(*run), runs)))

corner = pd.DataFrame(T["ring", 7, 7].regret).iloc[[0, 8, 11, 13], [4, 10, 12, 15, 18]].round().astype(int)
corner.set_axis([f"trained {TRAINED[k]}" for k in corner.index]).set_axis(
    [f"week of {MONDAYS[k]}" for k in corner.columns], axis=1)

# %% [markdown]
# A corner of the ring's table, dollars a week. (A model is never used before it exists; those entries are skipped.) The
# policies, and the look-up:

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
dollars = played.map(lambda p: p.dollars).unstack(0)[list(EVENTS)]          # rows: policy, seed
started = played.map(lambda p: len(p.started)).unstack(0)[list(EVENTS)]
by_policy = dict(level=0, sort=False)
((dollars / 1000).groupby(**by_policy).mean().round(1).astype(str) + " ("
 + started.groupby(**by_policy).mean().round().astype(int).astype(str) + ")").loc[list(POLICIES)]

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
print("Gradual: z > 3 beats weekly in", beats("z > 3", "weekly", "gradual"), "of 3 draws")
claim("Ring and gradual: the PSI trigger never starts a run",
      bool((started.loc["psi > 0.10", ["ring", "gradual"]] == 0).all(axis=None)))
print("Ring: z > 3 starts its first run on days", [played["ring", "z > 3", s].started[0] for s in SEEDS])
reveal("retraining.weekly_beats_never", sum(beats("weekly", "never", world) == 3 for world in EVENTS))

# %% [markdown]
# No policy wins everywhere. Where nothing is wrong with the model, the best policy is to leave it alone. **A date answers
# what the signal is blind to**: the PSI trigger sleeps through the ring and through the gradual change, since no input moves, and loses as
# much as never retraining. **A signal answers what happens between dates**, and when nothing happens it costs nothing: on outcomes it
# costs the least in the ring. But it needs outcomes. Two to three weeks pass before the first run, and those weeks cost the same
# under every policy:

# %%
weeks = np.arange(45, 179, 7)
figure, axis = subplots(height=3.9)
for policy, colour, style in (("never", GREY, ":"), ("four-weekly", GREEN, "-."), ("weekly", BLUE, "--"),
                              ("z > 3", RED, "-")):
    path = np.mean([played["ring", policy, s].path for s in SEEDS], axis=0) / 1000
    axis.plot(weeks, np.r_[0, path], style, color=colour)
    axis.text(179, path[-1], f"{policy} ({path[-1]:.0f})", color=colour, va="center")
axis.axvline(100, color=GREY, linewidth=1)
axis.text(101, 60, "ring begins")
axis.set(xlabel="day", ylabel="regret since day 45, thousand dollars", xlim=(45, 202))
at = {p: np.mean([played["ring", p, s].path[[7, 11]] for s in SEEDS], axis=0) / 1000 for p in POLICIES}
show(figure, "Ring world, mean of three draws. On day 101 the weekly policy has lost {:.0f} thousand dollars, the "
     "trigger {:.0f}; on day 129 {:.0f} and {:.0f}. By day 178: never {:.0f}, four-weekly {:.0f}, weekly {:.0f}, "
     "z > 3 {:.0f}.".format(at["weekly"][0], at["z > 3"][0], at["weekly"][1], at["z > 3"][1],
     *(dollars.loc[p, "ring"].mean() / 1000 for p in ("never", "four-weekly", "weekly", "z > 3"))))

# %% [markdown]
# ## Three knobs that change the winner
#
# A run has a price: compute, review, release. The cut-off can be longer. And the launch model had complete labels, which
# the job never has; it could as well have been a product of the job.

# %%
VARIANTS = {"gradual": ("gradual", 7, 0), "ring": ("ring", 7, 0), "ring, cut-off 30 days": ("ring", 30, 0),
            "ring, launched by the job": ("ring", 7, 1)}
lines = {}
for label, (world, cutoff, live) in VARIANTS.items():
    ends = {p: [play(POLICIES[p], T[world, s, cutoff], live=live) for s in SEEDS] for p in ("weekly", "z > 3")}
    lines[label] = {p: round(np.mean([e.dollars for e in ends[p]]) / 1000, 1) for p in ends}
    for fee in (0, 500, 2000):
        weekly, trigger = ([e.dollars + fee * len(e.started) for e in ends[p]] for p in ends)
        lines[label][f"at ${fee}"] = f"{np.less(trigger, weekly).sum()} of 3"
print(pd.DataFrame(lines).T.rename_axis("cheaper draws of z > 3").to_string())
poor = [[play(POLICIES[p], T["stable", s, 7], live=1).dollars for s in SEEDS] for p in ("weekly", "never")]
print("Stable, launched by the job: weekly beats never in", np.less(*poor).sum(), "of 3 draws")

# %% [markdown]
# With free runs the ring's winner changes sides in every draw, twice. With a cut-off of 30 days the trigger knows *that* something
# has changed before the training rows know *what*: its first run learns the old world again. And a trigger
# keeps what it was given, so its success here was largely the launch model's. So was *never*'s: among models from
# the same job, standing still is no better than moving. At 500 dollars a run the trigger wins the ring in all variants.
#
# ## The typical mistake: every alarm is an order
#
# The PSI trigger in the harmless new market, one draw. Each run, the payments from the new market among its training rows, the
# frauds among those, the frauds known by then, and next week's regret:

# %%
fresh = World(seed=7, **{**QUIET, **EVENTS["new market"]}).frame(20, 80)
lines = []
for day in played["new market", "psi > 0.10", 7].started:
    rows = days(fresh, day - 37, day - 7).query("market == 'CL' and tx_id % 5 > 0")
    week, regret = (day - 45) // 7, T["new market", 7, 7].regret
    lines.append([day, len(rows), rows.fraud.sum(), (rows.label_day[rows.fraud == 1] <= day).sum(),
                  round(regret[0][week]), round(regret[week + 1][week])])
print(pd.DataFrame(lines, columns=["day", "new-market rows", "frauds", "known", "regret, launch model",
                                   "regret, this model"]).to_string(index=False))
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
# In the unit bug, date and alarm both start runs on a log that is false. A check of the log against the ledger can forbid it:
# while *yesterday* fails, or while *any row up to the start of the training window* does.

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
claim("Dollars that the veto on rows saves the PSI trigger, at the least", saved["psi > 0.10"].min(), at_least=3000)
print("It saves the weekly policy, by draw:", saved["weekly"].round(-2).astype(int).tolist())
itself = dollars.loc["never", "unit bug"] - dollars.loc["never", "stable"]
print("The bug itself costs, without any run:", itself.round(-2).astype(int).tolist())
(vetoed / 1000).round(1)

# %% [markdown]
# A veto that asks only about yesterday saves next to nothing: it lifts when the feed is repaired, and the run goes ahead, a
# month of its rows still containing the break. Asked about the rows, it saves the PSI trigger thousands, mostly by
# preventing runs that nobody needed. For the weekly policy the draws disagree: a tree is hurt little by these
# rows, and weeks with an old model cost too. The largest item no policy can touch: only repairing the feed does.
#
# ## To retrain is not to deploy: the gate
#
# Now the payments held out from all training pay off. Champion and challenger decide on those that are 15 to 44 days
# old; known frauds are weighted as before. *Promote if the challenger saves more than so many standard errors:*

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
gated = {(f"{world}: {policy}", s): {name: play(POLICIES[policy], T[world, s, 7], gate=gate)
                                     for name, gate in GATES.items()} for world, policy in CASES for s in SEEDS}
gated = pd.DataFrame(gated)
cost = gated.map(lambda end: round(end.dollars / 1000, 1))
cost.T.unstack().T.unstack(0).T if False else cost.T

# %%
change = (cost.loc["> 2"] - cost.loc["no gate"]).unstack()
claim("Stable: a margin of 2 saves, in thousand dollars, at the least", -change.loc["stable: weekly"].max(), at_least=5)
claim("Gradual: it costs, at the least", change.loc["gradual: weekly"].min(), at_least=10)
claim("Ring: it costs in all three draws", bool((change.loc["ring: weekly"] > 0).all()))
print("New market: it saves", (-change.loc["new market: psi > 0.10"]).tolist(), "and starts",
      gated.loc["> 2", "new market: psi > 0.10"].map(lambda end: len(end.started)).tolist(), "runs")
print("A margin of 0 changes stable by", (cost.loc["> 0"] - cost.loc["no gate"])["stable: weekly"].round(1).tolist(),
      "and ring by", (cost.loc["> 0"] - cost.loc["no gate"])["ring: weekly"].round(1).tolist())

# %% [markdown]
# GATE TEXT
#
# **Exercise 3.** Veto and gate in one function.

# %% exercise="retraining.may_promote"
check("retraining.may_promote", may_promote)

# %% [markdown]
# ## What a limit buys
#
# A limit trades false alarms for delay. The classical table is the CUSUM's: add up each day's deviation less *k*, never below 0, and
# alarm at *h*. Its mean time to an alarm follows from a Markov chain: cut 0 to *h* into cells, and solve for the
# steps until the sum leaves them (Brook and Evans, 1972). Published values for *k* = .5 [1]:

# %%
def run_length(h, shift, k=0.5, cells=400):            # days to an alarm, shift in standard deviations
    width = 2 * h / (2 * cells - 1)                    # the first cell is half as wide, around 0
    move = np.subtract.outer(np.arange(cells), np.arange(cells)).T * width + k - shift
    P = norm.cdf(move + width / 2) - norm.cdf(move - width / 2)
    P[:, 0] = norm.cdf(move[:, 0] + width / 2)
    return np.linalg.solve(np.eye(cells) - P, np.ones(cells))[0]

def two_sided(h, shift):
    return 1 / (1 / run_length(h, shift) + 1 / run_length(h, -shift))

LUCAS_CROSIER = {0: 168, 0.25: 74.2, 0.5: 26.6, 0.75: 13.3, 1: 8.38, 1.5: 4.75, 2: 3.34, 2.5: 2.62, 3: 2.19,
                 4: 1.71, 5: 1.31}                     # Table 1: two-sided, h = 4
claim("One-sided, h = 3, nothing moved", run_length(3, 0), about=117.59, within=0.05, digits=5)
claim("... and shifted by 1.5", run_length(3, 1.5), about=3.75, within=0.005)
worst = max(abs(two_sided(4, shift) / table - 1) for shift, table in LUCAS_CROSIER.items())
claim("Two-sided, h = 4, eleven shifts: largest relative deviation, in percent", 100 * worst, at_most=0.3)
buys = {h: {"false alarms a quarter": 91 / run_length(h, 0), "days to find 0.5 sd": run_length(h, 0.5),
            "1 sd": run_length(h, 1), "2 sd": run_length(h, 2)} for h in (3, 4, 5)}
pd.DataFrame(buys).T.rename_axis("one-sided, looked at daily: h").round(2)

# %% [markdown]
# CUSUM TEXT
#
# ## And what a date should be
#
# If regret grows by *a* dollars a day with each day of age, an interval *T* costs *aT*/2 a day on average, plus *C*/*T* for runs
# at *C* dollars. The slope −*C*/*T*² + *a*/2 is zero at one *T*.
#
# **Exercise 4.** Which one?

# %% exercise="retraining.optimal_interval"
check("retraining.optimal_interval", optimal_interval)

# %%
regret = np.mean([T["gradual", s, 7].regret for s in SEEDS], axis=0)[1:] / 7
by_age = [np.mean([regret[k, k + age] for k in range(2, 19 - age)]) for age in range(10)]
a, fresh = np.polyfit(7 * np.arange(10), by_age, 1)
print(f"gradual: {fresh:.0f} dollars a day when new, {a:.0f} more with each day of age")
for C in (500, 2000, 8000):
    every = {days_: [e.dollars + C * len(e.started) for s in SEEDS
                     for e in [play(lambda day, state: state.age >= days_, T["gradual", s, 7])]]
             for days_ in range(7, 71, 7)}
    print(f"at ${C}: formula {np.sqrt(2 * C / a):.0f} days; measured, mean of draws:",
          min(every, key=lambda d: sum(every[d])), "; by draw:", [min(every, key=lambda d: every[d][i]) for i in range(3)])

# %% [markdown]
# INTERVAL TEXT
#
# ## In production
#
# | here | in tools | owner | how it fails |
# |---|---|---|---|
#
# %% [markdown]
# CLOSING

# %%
print(worksheet("retraining_policy"))

# %%
display(ask("retraining.c1", answer=..., confidence=...),
        ask("retraining.c2", answer=..., confidence=...),
        ask("retraining.c3", answer=..., confidence=...))

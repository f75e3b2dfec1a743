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
played = {(name, policy, seed): play(POLICIES[policy], T[name, seed, 7])
          for name in EVENTS for policy in POLICIES for seed in SEEDS}
dollars = pd.Series({k: p.dollars for k, p in played.items()}).unstack(0)[list(EVENTS)]
counts = pd.Series({k: len(p.started) for k, p in played.items()}).unstack(0)[list(EVENTS)]
mean = pd.concat([(dollars / 1000).groupby(level=0).mean().round(1).add_suffix(" k$"),
                  counts.groupby(level=0).mean().round(1).add_suffix(" runs")], axis=1)
mean = mean[[f"{n} {u}" for n in EVENTS for u in ("k$", "runs")]].loc[list(POLICIES)]
mean.columns = pd.MultiIndex.from_tuples([tuple(c.rsplit(" ", 1)) for c in mean])
mean

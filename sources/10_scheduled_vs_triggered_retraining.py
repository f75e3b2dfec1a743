# %% [markdown]
# # 10 · Scheduled or triggered retraining?
#
# {{badges}}
#
# A date or a signal can start the training job. Neither knows whether the new model will be better. Here six policies run
# through five worlds, and you count the dollars. Afterwards you can say what a policy is blind to, and what must
# stand between a training run and production. About 45 minutes.

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
# Lantern's fraud model is now a small decision tree. The training job takes 30 days of payments and leaves out the newest
# week, the *cut-off*: labels are chargebacks, filed a month after the payment on average. Each fraud known by then
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
# Six runs, all promoted the same night. Beside each, what the next five days cost, and what they would have cost under the
# model it replaced: 4 dollars a review, and for a fraud let through its amount plus a fee of 15.

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
# Half of the runs made things worse, though five days are partly luck. The proposal on the table: *replace the calendar by
# triggers. Retrain when something has changed, and only then.*
#
# Five worlds will test it. **Stable**: nothing happens. **New market**: other customers from day 60, same meaning of the
# inputs. **Unit bug**: on days 95–102 one channel logs cents for dollars. **Ring**: from day 100 fraud enters a
# trusted segment; no input moves. **Gradual**: from day 45 the inputs' meaning changes a little every day. The launch
# model goes live on day 45, and nineteen weeks are counted.
#
# **In how many of the five does retraining every week, free of charge, lose less than never retraining, in each of
# three independent draws?** Answer 0 to 5, with your confidence in percent. Then, **exercise 1**: the job's choice of rows,
# where many retraining bugs live.

# %%
predict("retraining.weekly_beats_never", answer=..., confidence=...)

# %% exercise="retraining.training_rows"
check("retraining.training_rows", training_rows)

# %% [markdown]
# ## Every policy is a path through one table
#
# What a model is depends only on the day it was trained. So train one every Monday, price each of them in every week, once,
# and any policy becomes a look-up. The price is *regret*, as in notebook 02: expected dollars above the best possible
# decisions, from each payment's true probability of fraud. Luck takes no part.
#
# Triggers need signals. *psi* is notebook 02's alarm: the largest population stability index of an input, last week against the
# fortnight before launch. *z* counts the chargebacks filed since the model was trained, less those it led us to expect
# by now, in standard deviations.

# %%
QUIET = {"new_market": None, "unit_bug": None, "ring": None, "days": 178}
EVENTS = {"stable": {}, "new market": {"new_market": 60}, "unit bug": {"unit_bug": (95, 103)},
          "ring": {"ring": 100}, "gradual": {"slow": 1.0}}
MONDAYS = np.arange(45, 178, 7)
TRAINED = np.r_[45, MONDAYS]             # model 0: launched; model k: the job's on the k-th Monday

# %%
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
# A corner of the ring's table, in dollars a week. Now the policies, the look-up, and the result: thousands of dollars in
# nineteen weeks and, in brackets, runs, as means of three draws.

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
    last, path, runs = 45, [], []
    for week, day in enumerate(MONDAYS):
        state = SimpleNamespace(age=day - last, psi=t.psi[week], z=t.z[live, week])
        if week and policy(day, state) and not veto(day):
            last, challenger = day, week + 1
            runs.append(int(day))
            live = challenger if gate(t, live, challenger, day) else live
        path.append(t.regret[live][week])
    return SimpleNamespace(dollars=sum(path), path=np.cumsum(path), runs=runs)

played = pd.Series({(name, policy, s): play(POLICIES[policy], T[name, s, 7])
                    for name in EVENTS for policy in POLICIES for s in SEEDS})
dollars = played.map(lambda end: end.dollars).unstack(0)[list(EVENTS)]
runs = played.map(lambda end: len(end.runs)).unstack(0)[list(EVENTS)]
k, n = (table.groupby(level=0).mean().loc[list(POLICIES)] for table in (dollars / 1000, runs))
print((k.round(1).astype(str) + " (" + n.round().astype(int).astype(str) + ")").to_string())

# %%
def cheaper(one, other, world, cutoff=7, live=0, fee=0):       # in how many of the three draws
    bills = [[e.dollars + fee * len(e.runs) for s in SEEDS
              for e in [play(POLICIES[p], T[world, s, cutoff], live=live)]] for p in (one, other)]
    return int(np.less(*bills).sum())

for world in EVENTS:
    print(f"{world:11s}weekly cheaper than never in {cheaper('weekly', 'never', world)} of 3 draws, "
          f"z > 3 than never in {cheaper('z > 3', 'never', world)}, "
          f"z > 3 than weekly in {cheaper('z > 3', 'weekly', world)}")
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
# No policy wins everywhere, and in three of five worlds the best is to leave the model alone. **A date answers what the
# signal is blind to**: *psi* sleeps through ring and gradual change, where no input moves (by construction), and loses as
# much as never retraining. **A signal answers what happens between dates**: in the ring *z* runs as rarely as the four-weekly
# calendar, and loses less from its first days on, in every draw. Not so against *weekly*: once the ring is on the draws
# disagree, as they do in the gradual world. That lead was won before, in quiet weeks in which the trigger did nothing.

# %%
paths = {p: np.mean([played["ring", p, s].path for s in SEEDS], axis=0) / 1000 for p in POLICIES}
figure, axis = subplots(height=3.9)
for policy, colour, style in (("never", GREY, ":"), ("four-weekly", GREEN, "-."), ("weekly", BLUE, "--"),
                              ("z > 3", RED, "-")):
    axis.plot([*MONDAYS, 178], [0, *paths[policy]], style, color=colour)
    axis.text(179, paths[policy][-1] - (policy == "z > 3"), policy, color=colour, va="center")
axis.axvline(100, color=GREY, linewidth=1)
axis.text(101, 60, "ring begins")
axis.set(xlabel="day", ylabel="regret so far, thousand dollars", xlim=(45, 199))
when = [f"{label}: weekly {paths['weekly'][i]:.0f}, z > 3 {paths['z > 3'][i]:.0f}"
        for label, i in {"When the ring begins": 7, "on day 129": 11, "at the end": 18}.items()]
show(figure, "Regret in the ring, mean of three draws, in thousand dollars. " + "; ".join(when) +
     f"; four-weekly {paths['four-weekly'][-1]:.0f}, never {paths['never'][-1]:.0f}.")

# %% [markdown]
# ## Three knobs that change the winner
#
# A run has a price. The cut-off can be longer. And the launch model had all its labels, a luxury that the job never has;
# it might as well have been made by the job. In how many draws is *z* > 3 cheaper than weekly?

# %%
print("$ a run   gradual   ring   ring, cut-off 30 days   ring, launched by the job")
for fee in (0, 500, 2000):
    wins = [cheaper("z > 3", "weekly", *case, fee=fee) for case in (
        ("gradual",), ("ring",), ("ring", 30), ("ring", 7, 1))]
    print("{:7d}{:10d}{:7d}{:24d}{:28d}".format(fee, *wins))
print("Stable, launched by the job: weekly cheaper than never in",
      cheaper("weekly", "never", "stable", live=1), "of 3 draws")

# %% [markdown]
# The same ring, the same draws, free runs: with a longer cut-off, or a poorer launch, the calendar wins all three. At 30 days
# the alarm knows *that* something changed before the training rows know *what*; the first run learns the old world
# again. And a trigger keeps what it was given: part of its success was the launch model's. So was *never*'s: among models
# of one make, draws disagree even in the stable world. Yet at 500 dollars a run the trigger wins every ring.
#
# ## The typical mistake: every alarm is an order
#
# *psi* in the new market, one draw: for its first runs, the payments of that market among the training rows, their frauds,
# those known by then, and the next week's regret in dollars.

# %%
fresh, regret = World(seed=7, **{**QUIET, "new_market": 60}).frame(20, 80), T["new market", 7, 7].regret
for day in played["new market", "psi > 0.10", 7].runs[:3]:
    rows = days(fresh, day - 37, day - 7).query("market == 'CL' and tx_id % 5 > 0")
    week = (day - 45) // 7
    known = (rows.label_day[rows.fraud == 1] <= day).sum()
    print(f"day {day}: {len(rows):4d} payments, {rows.fraud.sum():3d} frauds, {known:2d} known; "
          f"launch model {regret[0][week]:4.0f}, new model {regret[week + 1][week]:.0f}")
extra = dollars.loc["psi > 0.10", "new market"] - dollars.loc["never", "new market"]
claim("Dollars lost by obeying, over never, in the mildest of three draws", extra.min(), at_least=10_000)

# %% [markdown]
# The signal is prompt, the labels are not. The first run sees no payment of the market that set it off; the second learns that
# market from a handful of reported frauds. Each replaces a model that was not broken, and with its reference
# fixed the alarm never falls silent.
#
# **Exercise 2.** A trigger one can live with has a pause, a least count, and a memory that is wiped.

# %% exercise="retraining.trigger"
check("retraining.trigger", trigger)

# %% [markdown]
# ## When neither may start a run: the veto
#
# During the unit bug, date and alarm both start runs on a false log. A check of the log against the ledger can forbid
# that: while yesterday's payments fail it, or while *any* payment does, back to the oldest training row. Thousand dollars,
# for seeds 7, 8, 9:

# %%
bug = World(seed=7, **{**QUIET, **EVENTS["unit bug"]}).frame(60, 178)
ratio = (bug.amount_logged / bug.amount).groupby(bug.day).mean()
broken = ratio[ratio > 1.01].index
VETOES = {"no veto": lambda day: False, "yesterday": lambda day: day - 1 in broken,
          "any row": lambda day: ((day - 37 <= broken) & (broken < day)).any()}
vetoed = pd.DataFrame({(p, s): {name: play(POLICIES[p], T["unit bug", s, 7], veto).dollars / 1000
                                for name, veto in VETOES.items()}
                       for p in ("psi > 0.10", "weekly") for s in SEEDS})
itself = (dollars.loc["never", "unit bug"] - dollars.loc["never", "stable"]) / 1000
print("What the bug costs without any run, thousand dollars:", itself.round(1).tolist())
vetoed.round(1)

# %% [markdown]
# A veto that asks about yesterday lifts on the day of the repair, while the break stays in the training rows for weeks: it
# saves next to nothing. One that asks about the rows takes *psi* back to the cost of never retraining. For the weekly
# policy draws disagree: these rows hurt a tree little, and it pays mostly for retraining at all. What the bug itself costs
# no policy touches; repairing the feed does.
#
# ## To retrain is not to deploy: the gate
#
# Now the held-out payments earn their keep. Champion and challenger decide on those that are 15 to 44 days old, known
# frauds weighted as before. The challenger is promoted if it saves more than a *margin* of standard errors.

# %%
def gain(t, champion, challenger, today):              # in standard errors
    ripe = ((t.held.day >= today - 44) & (t.held.day < today - 14)).to_numpy()
    rows, world = t.held[ripe], t.world
    known = (rows.fraud == 1) & (rows.label_day <= today)
    loss = known * (rows.amount + world.chargeback_fee) / world.delay_cdf(today - rows.day)
    old, new = (t.reviewed[k][ripe].astype(int) for k in (champion, challenger))
    saved = (old - new) * (world.review_cost - loss)   # dollars, payment by payment
    return saved.sum() / max(np.sqrt((saved ** 2).sum()), 1)

# %%
GATES = {"no gate": lambda *case: True, "> 0": lambda *case: gain(*case) > 0,
         "> 2": lambda *case: gain(*case) > 2}
gated = {(world, name): [play(POLICIES[p], T[world, s, 7], gate=gate).dollars / 1000 for s in SEEDS]
         for world, p in {"stable": "weekly", "new market": "psi > 0.10", "ring": "weekly",
                          "gradual": "weekly"}.items() for name, gate in GATES.items()}
print(pd.Series(gated).map(lambda d: " / ".join(f"{x:.1f}" for x in d)).unstack(sort=False).to_string())
strict = {world: np.subtract(gated[world, "> 2"], gated[world, "no gate"]) for world, _ in gated}
claim("A margin of 2 saves in stable and in the new market, in every draw",
      (strict["stable"] < 0).all() and (strict["new market"] < 0).all())
claim("... and costs in ring and gradual, in every draw",
      (strict["ring"] > 0).all() and (strict["gradual"] > 0).all())
held = days(T["stable", 7, 7].held, 127, 157).query("fraud == 1 and label_day <= 171")
print("Known frauds to judge by, in the stable world on day 171:", len(held))

# %% [markdown]
# (Thousand dollars, three draws; weekly policy, in the new market *psi*.) A strict gate is a brake. It returns what the
# calendar wasted in the stable world, and disarms the alarm in the new market. The same brake holds when the world does change: in
# the gradual world no single week's gain can be proved on so few frauds, and good models wait. A margin of 0 saves little, and
# in the ring draws disagree. What a gate can see is a matter of how many ripe frauds it is given.
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

# %%
claim("Brook and Evans, one-sided, h = 3", run_length(3, 0), about=117.59, within=0.05, digits=5)
claim("... with a shift of 1.5 standard deviations", run_length(3, 1.5), about=3.75, within=0.005)
LUCAS_CROSIER = {0: 168, 0.25: 74.2, 0.5: 26.6, 0.75: 13.3, 1: 8.38, 1.5: 4.75, 2: 3.34, 2.5: 2.62,
                 3: 2.19, 4: 1.71, 5: 1.31}            # two-sided, h = 4
worst = max(abs(two_sided(4, shift) / table - 1) for shift, table in LUCAS_CROSIER.items())
claim("Lucas and Crosier, eleven shifts: largest deviation in percent", 100 * worst, at_most=0.3)
for h in (3, 4, 5):
    print(f"h = {h}, one-sided: {91 / run_length(h, 0):.2f} false alarms in 91 days; days to find",
          ", ".join(f"a shift of {shift}: {run_length(h, shift):.1f}" for shift in (0.5, 1, 2)))

# %% [markdown]
# From 3 to 5 the limit buys an eighth of the false alarms, for four more days on a shift of 1. Those are days of labels: their
# delay comes on top, and the ring's first run came 15 to 22 days late. Our *z*, a growing sum looked at every week, has no
# such table; in three quiet draws it gave one false alarm.
#
# ## And what a date should be
#
# If regret grows by *a* dollars a day with each day of age, an interval of *T* days costs *aT*/2 a day on average, plus
# *C*/*T* for runs at *C* dollars. **Exercise 4.** At which *T* is the sum smallest? (The formula supposes even growth, equal
# models, and no end of the quarter.)

# %% exercise="retraining.optimal_interval"
check("retraining.optimal_interval", optimal_interval)

# %% [markdown]
# ## In production
#
# The proposal, then. A trigger on inputs: no, it beat *never* in no world and no draw. One on outcomes instead of the weekly
# calendar: yes, where runs cost something or little changes; in the slow drift, with free runs, the draws disagree. Under
# either: a veto on the rows, and a gate whose price is known.
#
# | here | in tools | owner | how it fails |
# |---|---|---|---|
# | weekly | *schedule*, cron; [AWS](https://docs.aws.amazon.com/prescriptive-guidance/latest/mlops-checklist/training.md): "scheduled jobs" | ML platform | punctual, on broken rows and unripe labels |
# | psi, *z* | *sensor* ([Airflow](https://github.com/apache/airflow/blob/150daec441ff6c8232f6fb0365a39b7ec3684908/docs/apache-airflow/core-concepts/sensors.rst)); AWS: "model performance degradation" | whoever answers the alarm | blind where its signal is blind; storms |
# | veto | *data validation*, *data contract* | data engineering | asks about today, not about the training rows |
# | gate | *champion*, *challenger*; in [MLflow](https://github.com/mlflow/mlflow/blob/018002800c0b10719193a155cc3c22f9c2cffeb6/docs/source/model-registry.rst) an *alias*, `models:/MyModel@Champion` | model owner, with risk | too few ripe labels; skipped when urgent |
# | all of it | *retraining policy*: trigger, strategy, *replacement action* ([DataRobot](https://docs.datarobot.com/en/docs/mlops/manage-mlops/set-up-auto-retraining.html)) | one named person | nobody counts the promotions that helped |
#
# ## Where the rule stops
#
# Built in: one event a world, a known reporting delay, every fraud reported some day even if reviewed. Reality mixes the
# worlds in its own proportions, so an average over our five would mean nothing. Limits are customary values, not tuned;
# prices are invented; *z* looks for too many frauds only. In the ring the cheapest first step is neither policy: a rule on
# the segment, as in notebook 02, while labels ripen. And three draws are few: a lead of a thousand dollars is none.
#
# **References.** [1] D. Brook and D. Evans, Biometrika 59 (1972), and J. Lucas and R. Crosier, Technometrics 24 (1982), both
# as quoted in the documentation of the R package `spc`, [`xcusum.arl`](https://rdrr.io/cran/spc/man/xcusum.arl.html).
#
# ## Take it to work
#
# The last cell copies a policy card for one model of yours: what starts a run, what forbids it, what lets it out, and
# what each limit costs. Three situations to close with:

# %%
print(worksheet("retraining_policy"))
display(ask("retraining.c1", answer=..., confidence=...),
        ask("retraining.c2", answer=..., confidence=...),
        ask("retraining.c3", answer=..., confidence=...))

# %% [markdown]
# # 06 · Offline or online evaluation?
#
# {{badges}}
#
# A log answers questions about the policy that wrote it. About another policy it may say nothing, or the opposite of the
# truth, and it does not tell you which. Here you measure when a log suffices, when only a live test does, and how a live
# test misleads whoever looks too often. About 50 minutes.

# %%
from functools import cache

import numpy as np
import pandas as pd
from IPython.display import display
from scipy.optimize import brentq
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from course_utils import World, ask, check, claim, hint, pair, predict, reveal, solution, worksheet
from course_utils.experiments import crossing_probability
from course_utils.fraud import boosted, days, linear, score, train
from course_utils.plots import GREY, RED, show, subplots

pair("evaluation")

# %% [markdown]
# ## The leaderboard is unanimous
#
# Since market CL (Chile) opened on day 60, a rule written in haste declines every CL payment over 180 dollars. Lantern
# wants a model instead, which declines when the loss it expects exceeds the price of a decline. For some weeks a twentieth
# of what the rule would stop has been let through at random.
#
# Four candidates were trained on days 90–134 by the same algorithm. They differ in what was done with payments that the
# rule stopped, whose outcome nobody knows. The warehouse stores those as fraud, for training and for testing alike.

# %%
DECLINE, FEE, SHARE = 4, 15, 1 / 20      # dollars, dollars, share let through: invented; change, run all

@cache
def lantern(seed, honest=4.0):           # 4: large CL payments are safer than they look; 0: they are not
    rows = World(seed, ring=None, unit_bug=None, honest=honest).frame(90, 165)
    rows["rule"] = (rows.market == "CL") & (rows.amount > 180)
    rows["through"] = ~rows.rule | (np.random.default_rng([seed, 6]).random(len(rows)) < SHARE)
    rows["stored"] = rows.fraud.where(rows.through, 1)                       # the warehouse's label
    rows["weight"] = np.where(rows.rule, 1 / SHARE, 1) * rows.through        # 0: outcome unknown
    rows["loss"] = rows.amount + FEE
    past, test = days(rows, 90, 135), days(rows, 135, 165)
    accepted, through = past[~past.rule], past[past.through]
    return rows, test, {"as fraud": train(boosted, past, past.stored),
                        "left out": train(boosted, accepted, accepted.fraud),
                        "explored": train(boosted, through, through.fraud),
                        "weighted": train(boosted, through, through.fraud, through.weight)}

# %%
rows, test, models = lantern(seed=7)
print("AUC on the warehouse's labels, days 135-164")
for name, model in models.items():
    print(f"  {name:9s} {roc_auc_score(test.stored, score(model, test)):.3f}")
past = days(rows, 90, 135)
print(f"under the rule: {100 * test.rule.mean():.0f} % of payments; {(test.rule & test.through).sum()} "
      f"of them let through;\nin training, {(past.rule & past.through).sum()} of "
      f"{past.through.sum():,} known outcomes are of this kind")

# %% [markdown]
# `as fraud` trained on the stored labels; `left out` dropped the stopped payments; `explored` added those let through;
# `weighted` counts each of these twenty times, for the nineteen that were not.
#
# **Which place on this leaderboard, 1 to 4, has the candidate that would cost Lantern least?**

# %%
predict("evaluation.cheapest_candidate", answer=..., confidence=...)

# %% [markdown]
# ## Two worlds, one log
#
# Forget the twentieth: would a cleverer analysis of the log do? Here are two worlds that differ in one fact. In the first,
# large CL payments are safer than they look; in the second they are not. In each we price two policies: keep declining
# them, or let them all through. (`left out` decides about the other payments.)

# %%
def costs(rows, declined, outcome):        # dollars, payment by payment; outcome: fraud, 0 or 1, or the
                                           # truth before luck, `p_true`: each payment's chance of fraud
    return np.where(declined, DECLINE, outcome * rows.loss)

def by(model, rows):                                   # a model's decisions
    return score(model, rows) * rows.loss > DECLINE

# %%
table = {}
for seed in (7, 8, 9):
    logs = []
    for honest in (4.0, 0.0):
        rows, test, models = lantern(seed, honest)
        log = rows.drop(columns=["p_true", "fraud", "stored"])              # what Lantern cannot see
        logs.append(log.assign(stored=rows.fraud.where(~rows.rule, 1)))
        declined = by(models["left out"], test)
        table[seed, "safe" if honest else "risky"] = {
            "keep the rule": costs(test, declined | test.rule, test.p_true).sum() / 30,
            "lift the rule": costs(test, declined & ~test.rule, test.p_true).sum() / 30}
    claim(f"World {seed}: the two logs are equal in every row", logs[0].equals(logs[1]))
pd.DataFrame(table).T.rename_axis(["world", "large CL payments"]).round(0).astype(int)

# %% [markdown]
# Dollars a day, in truth. Lifting the rule saves hundreds in one world and costs thousands in the other, and **the logs
# are the same in every row and column**. Whatever is computed from this log, by whatever method, comes out equal in both worlds, so
# in one of them it is wrong. More rows do not help: a chance of zero cannot be weighted up. Only an intervention can
# answer: some of the stopped must be let through. The random twentieth is one.
#
# ## One in twenty, weighted by twenty
#
# A payment let through with chance 1/20 stands for twenty. Weighting outcomes by one over their chance, *inverse propensity
# scoring* (IPS), estimates what a policy would have cost, from a log that another one wrote.
#
# **Exercise 1.** Write the estimate, in dollars.

# %% exercise="evaluation.policy_cost"
check("evaluation.policy_cost", policy_cost)

# %% [markdown]
# Now the four candidates by AUC and in dollars a day. `AUC accepted` leaves the stopped payments out; the `IPS` columns
# use the twentieth. The columns called `true` know every outcome; nobody at Lantern can have them. `rule %` is the share
# of the rule's payments that a candidate declines too.

# %%
def judge(seed, honest=4.0):
    rows, test, models = lantern(seed, honest)
    table = {}
    for name, model in models.items():
        p = score(model, test)
        declined = p * test.loss > DECLINE
        table[name] = {"AUC stored": roc_auc_score(test.stored, p),
                       "AUC accepted": roc_auc_score(test.fraud[~test.rule], p[~test.rule]),
                       "AUC IPS": roc_auc_score(test.fraud, p, sample_weight=test.weight),
                       "AUC true": roc_auc_score(test.fraud, p),
                       "IPS $/day": costs(test, declined, test.weight * test.fraud).sum() / 30,
                       "true $/day": costs(test, declined, test.p_true).sum() / 30,
                       "rule %": 100 * declined[test.rule].mean()}
    return pd.DataFrame(table).T

# %%
judged = {seed: judge(seed) for seed in (7, 8, 9, 15)}
whole = {column: int for column in judged[7] if "AUC" not in column}
judged[7].round({column: 0 if column in whole else 3 for column in judged[7]}).astype(whole)

# %%
def order(column, seeds=(7, 8, 9)):
    return [list(judged[seed][column].sort_values().index) for seed in seeds]

claim("In all three worlds the stored labels rank the four in exactly the reverse of the true AUC",
      order("AUC stored") == [o[::-1] for o in order("AUC true")])
claim("Accepted payments alone hardly tell them apart: largest spread of AUC",
      max(np.ptp(judged[s]["AUC accepted"]) for s in (7, 8, 9)), at_most=0.03, digits=1)
claim("The weighted AUC misses the true one by at most",
      max((judged[s]["AUC IPS"] - judged[s]["AUC true"]).abs().max() for s in (7, 8, 9)),
      at_most=0.02, digits=1)
claim("IPS finds the cheapest and the dearest candidate in all three worlds",
      [o[::3] for o in order("IPS $/day")] == [o[::3] for o in order("true $/day")])
(ips,), (true,) = order("IPS $/day", [15]), order("true $/day", [15])
claim("World 15, picked because it is an exception: there IPS misses the cheapest", ips[0] != true[0])
reveal("evaluation.cheapest_candidate", 4 - order("AUC stored")[0].index(order("true $/day")[0][0]))

# %% [markdown]
# The candidate at the top was rewarded for imitating the rule: where stopped means fraud, agreeing with the rule is being
# right. The last on the list is the best. `explored` hardly differs from `left out`: two hundred payments among forty
# thousand move little unless they weigh twenty each. No candidate's decision reached anyone; the only thing live was
# the coin. An offline evaluation sufficed, *because* somebody had let chance into the log. (In one of twelve worlds tried,
# it missed the cheapest.)
#
# ## What the twentieth costs, and what it does not buy
#
# A payment let through saves the price of a decline, and loses its amount and fee if it is fraud.

# %%
table = {}
for name, honest in (("safe", 4.0), ("risky", 0.0)):
    for seed in (7, 8, 9):
        _, test, models = lantern(seed, honest)
        ruled, met = test[test.rule], test.query("rule and through")
        table[name, seed] = [
            (DECLINE - met.p_true * met.loss).sum() / 30, 100 * ruled.p_true.mean(),
            100 * score(models["left out"], ruled).mean(),
            *(costs(test, by(models[n], test), test.p_true).sum() / 30
              for n in ("left out", "weighted"))]
table = pd.DataFrame(table, index=["twentieth earns $/day", "fraud under rule %", "`left out` expects %",
                                   "`left out` $/day", "`weighted` $/day"]).T
claim("Risky worlds: `weighted` costs more than `left out`, with all three seeds",
      bool((table["`weighted` $/day"] > table["`left out` $/day"])["risky"].all()))
table.apply(lambda column: column.round().astype(int) if "$" in column.name else column.round(1))

# %% [markdown]
# Where the rule was wrong, the twentieth earns its keep. Where it was right, exploration costs a hundred dollars a day and
# more, and the candidate trained with its weights is *worse* than the one that never saw it (in eight of nine worlds): an outcome that counts
# twenty times brings twenty times its luck. There was little to learn: large CL payments follow the law of all others, and
# `left out` expects nearly the fraud there is. Explore to *evaluate*, and where the log cannot know; it is no ritual for
# training.
#
# ## AUC is not the decision
#
# The next gap needs no missing label. From notebook 02: a fraud ring works with small amounts; the old model cannot see it,
# a boosted challenger can. Fifty payments a day may be declined: the fifty surest frauds.

# %%
def fifty(key, rows):                                  # True for the fifty highest of each day
    return pd.Series(key, rows.index).groupby(rows.day).rank(ascending=False, method="first") <= 50

scored = []
for seed in (7, 8, 9):
    rows = World(seed).frame(0, 180)
    launch, ring, late = days(rows, 0, 45), days(rows, 130, 160), days(rows, 160, 180)
    for name, model in (("old", train(linear, launch, launch.fraud)),
                        ("new", train(boosted, ring, ring.fraud))):
        scored.append((seed, name, late.assign(p=score(model, late), loss=late.amount + FEE)))
        late, chosen = scored[-1][2], fifty(scored[-1][2].p, late)
        print(f"world {seed}, {name}: AUC {roc_auc_score(late.fraud, late.p):.2f}, stops "
              f"{(late.fraud * late.loss)[chosen].sum() / 20:,.0f} dollars a day; "
              f"mean amount of the fifty: {late.amount[chosen].mean():.0f} dollars")

# %% [markdown]
# The challenger wins on AUC by a mile and stops far less money in every world: the payments it is surest of are small.
#
# **Exercise 2.** Choose the fifty better.

# %% exercise="evaluation.dollars_stopped"
check("evaluation.dollars_stopped", dollars_stopped)

# %%
stopped = pd.DataFrame(
    [(seed, name, (late.fraud * late.loss)[fifty(late.p * late.loss, late)].sum() / 20)
     for seed, name, late in scored], columns=["world", "model", "$/day"])
print("dollars a day that fifty better chosen stop")
stopped.pivot(index="world", columns="model", values="$/day").round().astype(int)

# %% [markdown]
# Better chosen, the same scores stop more in every world, and the challenger's lead in AUC buys *nothing*: the old model is
# level or ahead.
#
# ## The live test that settles nothing
#
# Back to the four. *Let us run an A/B test*, says the release meeting: first against last of the leaderboard, each payment
# assigned by a coin, fourteen days. Beside it stands the IPS estimate, from thirty days of log.

# %%
@cache
def duel(seed):          # true saving; costs of first and last by the weighted log, and as they happened
    _, test, models = lantern(seed)
    by_both = [by(models[name], test) for name in ("as fraud", "weighted")]
    true, logged, paid = (np.array([costs(test, declined, outcome) for declined in by_both])
                          for outcome in (test.p_true, test.weight * test.fraud, test.fraud))
    return test, true[0] - true[1], logged, paid

PLAN = (norm.isf(0.025) + norm.ppf(0.8))**2 / 500      # days = PLAN * variance / saving**2

def interval(saving, variance):                        # 95 %, from dollars a payment to dollars a day
    return [round(1000 * (saving + side * 1.96 * np.sqrt(variance))) for side in (-1, 1)]

# %%
table = {}
for seed in (7, 8, 9):
    test, true, logged, paid = duel(seed)
    coin, early = np.random.default_rng([seed, 14]).random(len(test)), test.day.to_numpy() < 149
    a, b, estimate = paid[0, early & (coin < 0.5)], paid[1, early & (coin >= 0.5)], logged[0] - logged[1]
    table[seed] = [round(1000 * true.mean()), interval(estimate.mean(), estimate.var() / len(test)),
                   interval(a.mean() - b.mean(), a.var() / len(a) + b.var() / len(b)),
                   round(PLAN * paid.var(axis=1).sum() / true.mean()**2)]
print("dollars a day that `weighted` saves, 95 % intervals; days of A/B test for 80 % power")
pd.DataFrame(table, index=["true saving", "IPS", "A/B", "days needed"]).T.rename_axis("world")

# %%
table = {}
for seed in (7, 8, 9):
    test, true, logged, paid = duel(seed)
    variances = [paid.var(axis=1).sum() / 7_000, paid.var(axis=1).sum() / 15_000,
                 logged.var(axis=1).sum() / 30_000, (logged[0] - logged[1]).var() / 30_000]
    off, ruled, met = (logged[0] - logged[1] - true) / 30, test.rule, test.query("rule and through")
    table[seed] = [*1000 * np.sqrt(variances), off[ruled].sum(), off[~ruled].sum(), met.fraud.sum()]
columns = ["A/B", "30 days", "both judged", "cancelled", "off, rule", "off, rest", "frauds let through"]
print("dollars a day: four standard errors; IPS minus truth under the rule and for the rest; a count")
pd.DataFrame(table, index=columns).T.rename_axis("world").round().astype(int)

# %% [markdown]
# In worlds 8 and 9 the live test leaves open anything from a loss to a triumph; too small to tell, which is *no*
# evidence that the two are alike. In world 7 luck made it significant, and its middle is nearly twice the truth: a small
# test that succeeds exaggerates. An answer takes months: a few large frauds make daily costs noisy. (`days needed`
# uses the true saving; a planner must guess it.)
#
# The log is sharper for three reasons of similar size: thirty days for fourteen; both policies judged on each payment; and
# equal decisions cancel. Its own vice: no fraud under the rule happened to be let through, so its estimate there is too rosy
# in every world, and its interval too narrow; one would have counted twenty times. In world 7 luck elsewhere adds to that,
# and the interval misses the truth. It is no protection against what the slice has not met.
#
# ## Looking every day
#
# Suppose the test is long enough. The dashboard refreshes every morning, and someone will stop it at the first morning
# beyond 1.96. How often does that happen in A/A tests, in which both sides are the same?
#
# **Exercise 3.** Write the count. (The folk formula treats the looks as independent; they share their data.)

# %% exercise="evaluation.ever_significant"
check("evaluation.ever_significant", ever_significant)

# %%
DAYS = np.arange(1, 21)
batches = np.random.default_rng(0).normal(size=(20_000, 20))      # z of each day's data alone
z = batches.cumsum(axis=1) / np.sqrt(DAYS)                        # z of all data so far
ever = (abs(z) > 1.96).any(axis=1)
figure, axis = subplots()
for path, crossed in zip(z[:40], ever[:40]):
    axis.plot(DAYS, path, color=RED if crossed else GREY, linewidth=1.6 if crossed else 0.6,
              linestyle="-" if crossed else ":")
for limit in (-1.96, 1.96):
    axis.axhline(limit, color="black", linewidth=1)
axis.set(title="Forty tests of nothing against nothing", xlabel="day", xticks=[1, 5, 10, 15, 20],
         ylabel="z of all data so far")
last = abs(z[:, -1]) > 1.96
show(figure, f"Of the 40 paths drawn, {ever[:40].sum()} leave the band from -1.96 to 1.96 on some day "
             f"(solid lines) and {last[:40].sum()} are outside on day 20. Of 20,000 such tests "
             f"{100 * ever.mean():.0f} % leave it, and {100 * last.mean():.0f} % end outside.")

# %% [markdown]
# The rate can be had without simulation: carry the density of the running sum from look to look, and cut off what has
# left the band. `crossing_probability` does that; here it reproduces a table of 1969 [2, 3].

# %%
TABLE = {1: .050, 2: .083, 3: .107, 4: .126, 5: .142, 10: .193, 20: .248, 50: .320}   # from [3]
claim("False positives by looks: largest difference from the published table",
      max(abs(crossing_probability([1.959964] * k) - rate) for k, rate in TABLE.items()), at_most=0.0006)
print(f"20 looks: {100 * crossing_probability([1.959964] * 20):.1f} %; "
      f"were they independent, {100 * (1 - 0.95**20):.1f} %")

# %% [markdown]
# So there are honest ways to look. Each has a limit for |z| that was fixed beforehand: one for all days (*Pocock*), one that
# falls (*O'Brien-Fleming*), or one *valid at any time*, without a planned end. They are priced on the same tests, without an
# effect and with one that a single look on day 20 finds nine times in ten. `day 1` and `day 20` are the limits then;
# `false +%` and `power %` are the tests without and with an effect that pass it; `stop day` is the mean last day with an
# effect; `x true` is the effect that passing tests report, over the true one.

# %%
root = np.sqrt(20 / DAYS)
pocock = brentq(lambda c: crossing_probability([c] * 20) - 0.05, 1.9, 4)
obrien = brentq(lambda c: crossing_probability(c * root) - 0.05, 1.9, 4)
LIMITS = {"one look, on day 20": np.where(DAYS < 20, np.inf, 1.96), "1.96 every day": np.full(20, 1.96),
          "Pocock": np.full(20, pocock), "O'Brien-Fleming": obrien * root,
          "valid at any time":                         # a mixture; the 2 makes it tightest on day 16
              np.sqrt((DAYS + 2) * np.log((DAYS + 2) / (2 * 0.05**2)) / DAYS)}
with_effect = z + (norm.isf(0.025) + norm.ppf(0.9)) / root
table = {}
for name, limit in LIMITS.items():
    hit = abs(with_effect) > limit
    stop, found = np.where(hit.any(axis=1), hit.argmax(axis=1), 19), hit.any(axis=1)
    reported = (with_effect * root)[np.arange(len(z)), stop][found].mean() / with_effect[:, -1].mean()
    table[name] = {"day 1": limit[0], "day 20": limit[-1],
                   "false +%": 100 * (abs(z) > limit).any(axis=1).mean(),
                   "power %": 100 * found.mean(), "stop day": stop.mean() + 1,
                   "x true": reported}
pd.DataFrame(table).T.round(1)

# %% [markdown]
# Looking daily at 1.96 makes every fourth test of nothing a success. O'Brien and Fleming's limit costs almost no
# power and stops almost a week early. The limit that is valid at any time, a mixture boundary as used by testing
# platforms [4], costs about a quarter of the power. Whoever reports only successes reports too large an effect, even after
# one look; with early stops, larger still.
#
# ## The case that no live test will meet
#
# Now the reverse. A fifth candidate, `lean`, is a logistic regression on the same weighted data. Last spring an
# app release sent payments without the device flag for a day. Those payments are stored, and can be sent again: a *replay*.

# %%
release = World(7).frame(40, 41).assign(new_device=np.nan)       # that day, as stored
release["loss"] = release.amount + FEE
lean, cost = {}, {}
for seed in (7, 8, 9):
    rows, test, models = lantern(seed)
    past = days(rows, 90, 135).query("through")
    lean[seed] = train(linear, past, past.fraud, past.weight)
    cost[seed] = costs(test, by(lean[seed], test), test.p_true).sum() / 30
    print(f"world {seed}: `lean` costs {cost[seed]:,.0f} dollars a day; "
          f"payments without the flag: {test.new_device.isna().sum()}")
claim("In all three worlds only one of the four, `weighted`, costs less than `lean`",
      all(list(judged[s].index[judged[s]["true $/day"] < cost[s]]) == ["weighted"] for s in (7, 8, 9)))
for name, model in {**lantern(seed=7)[2], "lean": lean[7]}.items():
    try:
        print(f"{name:9s} answers, and declines {100 * by(model, release).mean():.0f} %")
    except ValueError as error:
        print(f"{name:9s} fails on all {len(release):,}: {str(error).splitlines()[0]}")

# %% [markdown]
# `lean` beats three of the four, and no A/B test between two such releases, however long, would have met one of these
# payments. The replay took no user, no label and no statistics. Offline checks are cheapest as a gate that can only reject: known incidents, edge
# cases, contracts. What passes has earned a live test.
#
# **Exercise 4.** The live test is over, or someone says it is. What now?

# %% exercise="evaluation.verdict"
check("evaluation.verdict", verdict)

# %% [markdown]
# ## In production
#
# | question | offline | online | who owns it, how it fails |
# |---|---|---|---|
# | does it survive what we have seen? | *replay*, *backtest*, regression set | – | ML platform; the set is never extended |
# | would another policy have done better? | *off-policy evaluation* on an *exploration slice* ([Open Bandit Pipeline](https://pypi.org/project/obp)) | – | data science; the propensities were not logged |
# | what do people do in answer? | – | *A/B test* with power planned ([GrowthBook](https://docs.growthbook.io/statistics/power-technical.md)) | experimentation team; peeking, or too small to tell |
# | is it safe to release? | – | *shadow*, *canary*: notebook 11 | release owner; mistaken for a measurement of value |
#
# The medical, judicial and credit literature knows the missing outcomes as the *selective labels problem* [1]. The cell
# copies a dossier for your next candidate beside this notebook.

# %%
print(worksheet("evaluation_dossier"))

# %% [markdown]
# ## Where the rule stops
#
# Built in, not found: the two worlds differ in one term, which only the rule hides; the chance of 1/20 is exact and was
# logged; the release without the flag; all outcomes are known on day 165, though chargebacks take a month; a decline
# costs the same for everybody. The coin was tossed for each payment, where a real test assigns *customers*, and declined
# customers may leave or come back with another card: that reaction is in no log, and not in our world either. IPS is
# unbiased while every chance is known and above zero; weights of twenty make it noisy, and clipping them, biased. Users who
# share a budget, a stock or a queue disturb each other's groups, and then a coin is not enough.
#
# **References.** [1] H. Lakkaraju et al., *The Selective Labels Problem*, KDD 2017,
# [PMC5958915](https://pmc.ncbi.nlm.nih.gov/articles/PMC5958915). [2] P. Armitage, C. McPherson and B. Rowe, *Repeated
# Significance Tests on Accumulating Data*, JRSS A 132 (1969). [3] Their table, as reprinted in
# [experiment-calculators](https://github.com/IgorLima-py/experiment-calculators).
# [4] R. Johari et al., *Always Valid Inference*, [arXiv:1512.04922](https://arxiv.org/abs/1512.04922).
#
# Three situations to close with:

# %%
display(ask("evaluation.c1", answer=..., confidence=...),
        ask("evaluation.c2", answer=..., confidence=...),
        ask("evaluation.c3", answer=..., confidence=...))

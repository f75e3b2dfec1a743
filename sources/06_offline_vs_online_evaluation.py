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

from course_utils import World, ask, check, claim, pair, predict, reveal, worksheet
from course_utils.experiments import crossing_probability
from course_utils.fraud import boosted, days, linear, score, train
from course_utils.plots import GREY, RED, show, subplots

pair("evaluation")

# %% [markdown]
# ## The leaderboard is unanimous
#
# Since market CL opened on day 60, a rule written in haste declines every CL payment over 180 dollars. Lantern wants a
# model instead, which declines when the loss it expects exceeds the price of a decline. For some weeks a twentieth of what
# the rule would stop has been let through at random, on somebody's good advice.
#
# Four candidates were trained on days 90–134 by the same algorithm. They differ in what was done with payments that the
# rule stopped, whose outcome nobody knows. The warehouse stores those as fraud.

# %%
DECLINE, FEE, SHARE = 4, 15, 1 / 20      # dollars, dollars, share let through: invented; change, run all

@cache
def lantern(seed, honest=4.0):
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
print(f"under the rule: {100 * test.rule.mean():.0f} % of payments; "
      f"{(test.rule & test.through).sum()} of these were let through")

# %% [markdown]
# `as fraud` trained on the stored labels; `left out` dropped the stopped payments; `explored` added those let through;
# `weighted` counts each of these twenty times, for the nineteen that were not. The release meeting is this afternoon.
# **Which place on this leaderboard, 1 to 4, has the candidate that would cost Lantern least?**

# %%
predict("evaluation.cheapest_candidate", answer=..., confidence=...)

# %% [markdown]
# ## Two worlds, one log
#
# Forget the twentieth for a moment: would a cleverer analysis of the log do? Here are two worlds that differ in one fact.
# In the first, large CL payments are safer than they look; in the second they are not. In each we price two policies: keep
# declining them, or let them all through. (`left out` decides about the other payments.)

# %%
def costs(rows, declined, outcome):                    # dollars, payment by payment
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
# answer. The random twentieth is one, and a cheap one.
#
# ## One in twenty, weighted by twenty
#
# A payment let through with chance 1/20 stands for twenty. Weighting outcomes by one over their chance is *inverse
# propensity scoring* (IPS). It estimates what a policy would have cost, from a log that another one wrote.
#
# **Exercise 1.** Write the estimate, in dollars.

# %% exercise="evaluation.policy_cost"
check("evaluation.policy_cost", policy_cost)

# %% [markdown]
# Now the four candidates by three kinds of AUC, and by IPS in dollars a day. `accepted` leaves the stopped payments out;
# `weighted` and `IPS $` use the twentieth. The columns called `true` know every outcome; nobody at Lantern can have them.

# %%
def judge(seed, honest=4.0):
    rows, test, models = lantern(seed, honest)
    table = {}
    for name, model in models.items():
        p, declined = score(model, test), by(model, test)
        table[name] = {"AUC stored": roc_auc_score(test.stored, p),
                       "accepted": roc_auc_score(test.fraud[~test.rule], p[~test.rule]),
                       "weighted": roc_auc_score(test.fraud, p, sample_weight=test.weight),
                       "true": roc_auc_score(test.fraud, p),
                       "IPS $": costs(test, declined, test.weight * test.fraud).sum() / 30,
                       "true $": costs(test, declined, test.p_true).sum() / 30}
    return pd.DataFrame(table).T

# %%
judged = {seed: judge(seed) for seed in (7, 8, 9)}
judged[7].round(3).round({"IPS $": 0, "true $": 0})

# %%
def order(column):
    return [list(t[column].sort_values().index) for t in judged.values()]

claim("In all three worlds the stored labels rank the four in exactly the reverse of the true AUC",
      order("AUC stored") == [o[::-1] for o in order("true")])
claim("Accepted payments alone hardly tell them apart: largest spread of AUC",
      max(t.accepted.max() - t.accepted.min() for t in judged.values()), at_most=0.03, digits=1)
claim("The weighted AUC misses the true one by at most",
      max((t.weighted - t.true).abs().max() for t in judged.values()), at_most=0.02, digits=1)
claim("IPS finds the cheapest and the dearest candidate in all three worlds",
      [o[::3] for o in order("IPS $")] == [o[::3] for o in order("true $")])
reveal("evaluation.cheapest_candidate", 4 - order("AUC stored")[0].index(order("true $")[0][0]))

# %% [markdown]
# The candidate at the top was rewarded for imitating the rule: where stopped means fraud, agreeing with the rule is being
# right. The last on the list is the best. And nothing here was live: an offline evaluation sufficed, *because* somebody had
# let chance into the log.
#
# ## What the twentieth costs, and where it buys nothing
#
# Exploration is paid for with the payments let through. In the second world, where the rule was right:

# %%
for honest, name in ((4.0, "safe"), (0.0, "risky")):
    let = [lantern(seed, honest)[1].query("rule and through") for seed in (7, 8, 9)]
    print(f"large CL payments {name}: exploration loses",
          " / ".join(f"{(rows.p_true * rows.loss).sum() / 30:.0f}" for rows in let), "dollars a day")
risky = pd.DataFrame({seed: judge(seed, honest=0.0)["true $"] for seed in (7, 8, 9)})
claim("Risky world: `weighted` costs more than `left out`, with all three seeds",
      bool((risky.loc["weighted"] > risky.loc["left out"]).all()))
risky.round(0).astype(int)

# %% [markdown]
# Here exploration costs a hundred dollars a day and more, and the candidate trained with its weights is *worse* than the
# one that never saw it: an outcome that counts twenty times brings twenty times its luck. There was nothing to learn
# either, since large payments follow the same law as small ones. Explore to *evaluate*, and where the log cannot know; it
# is no ritual for training.
#
# ## AUC is not the decision
#
# The next gap needs no missing label. From notebook 02: a fraud ring works with small amounts; the old model cannot see it,
# a boosted challenger can. Fifty payments a day may be declined.

# %%
for seed in (7, 8, 9):
    rows = World(seed).frame(0, 180)
    launch, ring, late = days(rows, 0, 45), days(rows, 130, 160), days(rows, 160, 180)
    saved = (late.fraud * (late.amount + FEE)).to_numpy()
    for name, model in (("old", train(linear, launch, launch.fraud)),
                        ("new", train(boosted, ring, ring.fraud))):
        p = score(model, late)
        surest = np.argsort(-p)[:50 * 20]
        print(f"world {seed}, {name}: AUC {roc_auc_score(late.fraud, p):.2f}, "
              f"stops {saved[surest].sum() / 20:,.0f} dollars a day")

# %% [markdown]
# The challenger wins on AUC by a mile and stops far less money in every world, because the fifty surest frauds are
# small. The model is not at fault; the order is.
#
# **Exercise 2.** Choose the fifty better.

# %% exercise="evaluation.dollars_stopped"
check("evaluation.dollars_stopped", dollars_stopped)

# %% [markdown]
# ## The live test that settles nothing
#
# Back to the four. *Let us simply run an A/B test*, says the meeting: first against last of the leaderboard, each payment
# assigned by a coin, fourteen days. Beside it stands the IPS estimate, in which both candidates are judged on the *same*
# thirty days of log.

# %%
def interval(difference, variance):                    # 95 %, from dollars a payment to dollars a day
    return [round(1000 * (difference + side * 1.96 * np.sqrt(variance))) for side in (-1, 1)]

table = {}
for seed in (7, 8, 9):
    rows, test, models = lantern(seed)
    first, last = (by(models[name], test) for name in ("as fraud", "weighted"))
    true, logged = (costs(test, first, outcome) - costs(test, last, outcome)
                    for outcome in (test.p_true, test.weight * test.fraud))
    paid = costs(test, first, test.fraud), costs(test, last, test.fraud)
    heads, early = np.random.default_rng([seed, 14]).random(len(test)) < 0.5, test.day < 149
    a, b = paid[0][heads & early], paid[1][~heads & early]
    users = (norm.isf(0.025) + norm.ppf(0.8))**2 * (paid[0].var() + paid[1].var()) / true.mean()**2
    table[seed] = {"true saving": round(1000 * true.mean()),
                   "IPS": interval(logged.mean(), logged.var() / len(test)),
                   "A/B": interval(a.mean() - b.mean(), a.var() / len(a) + b.var() / len(b)),
                   "days needed": round(users / 500)}
print("dollars a day that `weighted` saves, 95 % intervals; days of A/B test for 80 % power")
pd.DataFrame(table).T.rename_axis("world")

# %% [markdown]
# In worlds 8 and 9 the live test leaves open anything from a loss to a triumph; it was too small to tell, and that is *no*
# evidence that the two are alike. In world 7 luck made it significant, and its middle is nearly twice the truth: a small
# test that succeeds exaggerates. An answer takes months here, since a few large frauds make daily costs noisy. The logged
# comparison is sharper, because most payments get the same decision from both, and cancel. Its own vice: in world 7 its
# interval just misses the truth, for it rests on a handful of frauds that weigh twenty each.
#
# ## Looking every day
#
# Suppose the test is long enough. The dashboard refreshes every morning, and someone will stop it at the first morning
# beyond 1.96. To see what that does, here are A/A tests of twenty days, in which both sides are the same:

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
# **Exercise 3.** Write the count yourself. (The folk formula treats the looks as independent; they share their data.)

# %% exercise="evaluation.ever_significant"
check("evaluation.ever_significant", ever_significant)

# %% [markdown]
# The rate can be had without simulation: carry the density of the running sum from look to look, and cut off what has
# left the band. `crossing_probability` does that. It reproduces a table of 1969 [2, 3] and a worked example for four looks
# with one limit for all, made so that the total is 5 % (*Pocock's*) [4].

# %%
TABLE = {1: .050, 2: .083, 3: .107, 4: .126, 5: .142, 10: .193, 20: .248, 50: .320}   # from [3]
claim("False positives by looks: largest difference from the published table",
      max(abs(crossing_probability([1.959964] * k) - rate) for k, rate in TABLE.items()), at_most=0.0006)

# %%
four = brentq(lambda c: crossing_probability([c] * 4) - 0.05, 1.9, 4)
signal = brentq(lambda s: crossing_probability([four] * 4, s) - 0.9, 2, 6)  # mean z with power .9
claim("Largest sample of Pocock's four-look test, in percent of a single look's",
      100 * (signal / (norm.isf(0.025) + norm.ppf(0.9)))**2, about=118.3143, within=0.01, digits=6)
print(f"20 looks: {100 * crossing_probability([1.959964] * 20):.1f} %; "
      f"were they independent, {100 * (1 - 0.95**20):.1f} %")

# %% [markdown]
# So there are honest ways to look. Each has a limit for |z| that was fixed beforehand; each is priced here on the same
# tests, without an effect and with one that a single look on day 20 finds nine times in ten. (`day 1` and `day 20` are
# the limits on those days; `false +%` is the share of tests without an effect that it stops; `x true` is the effect reported at
# the stop over the true one.)

# %%
root = np.sqrt(20 / DAYS)
pocock = brentq(lambda c: crossing_probability([c] * 20) - 0.05, 1.9, 4)
obrien = brentq(lambda c: crossing_probability(c * root) - 0.05, 1.9, 4)
LIMITS = {"one look, on day 20": np.where(DAYS < 20, np.inf, 1.96), "1.96 every day": np.full(20, 1.96),
          "Pocock": np.full(20, pocock), "O'Brien-Fleming": obrien * root,
          "valid at any time": np.sqrt((DAYS + 2) * np.log((DAYS + 2) / (2 * 0.05**2)) / DAYS)}
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
# Looking every morning at 1.96 makes every fourth test of nothing a success. O'Brien and Fleming's limit, strict at first
# and lenient at the end, costs almost no power and stops almost a week early on average. The limit that is *valid at any time*,
# a mixture boundary as used by testing platforms [5], needs no planned end; that freedom costs about a quarter of the power. Whoever
# stops early reports too large an effect, by any rule.
#
# ## The case that no live test will meet
#
# Now the other direction. A fifth candidate, `lean`, is a logistic regression on the same weighted data and much faster.
# Last spring an app release sent payments without the device flag for a day. Those payments are stored.

# %%
release = World(7).frame(40, 41).assign(new_device=np.nan)       # that day, as stored
release["loss"] = release.amount + FEE
rows, test, models = lantern(seed=7)
past = days(rows, 90, 135).query("through")
lean = train(linear, past, past.fraud, past.weight)
print(f"payments without the flag on days 135-164: {test.new_device.isna().sum()}")

# %%
for name, model in {**models, "lean": lean}.items():
    try:
        print(f"{name:9s} answers, and declines {100 * by(model, release).mean():.0f} %")
    except ValueError as error:
        print(f"{name:9s} fails on all {len(release):,}: {str(error).splitlines()[0]}")

# %% [markdown]
# An A/B test of any length between two such releases would have met none of these payments, and passed `lean`. The replay
# took no user, no label and no statistics. Offline checks are cheapest as a gate that can only reject: known incidents, edge
# cases, contracts. What passes has earned a live test, and nothing more.
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
# | would another policy have done better? | *off-policy evaluation* with logged propensities ([Open Bandit Pipeline](https://pypi.org/project/obp)) | *exploration slice* | data science; the propensities were not logged |
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
# logged; all outcomes are known on day 165, though chargebacks take a month; a decline costs the same for everybody. The coin
# was tossed for each payment, where a real test assigns *customers*, and declined customers may leave or come back with
# another card: that reaction to a candidate's own decisions is in no log, and not in our world either. IPS is unbiased while every chance is known
# and above zero; with weights of twenty it is noisy, and clipping them makes it biased. Users who share a budget, a
# stock or a queue disturb each other's groups, and then a coin is not enough.
#
# **References.** [1] H. Lakkaraju et al., *The Selective Labels Problem*, KDD 2017,
# [PMC5958915](https://pmc.ncbi.nlm.nih.gov/articles/PMC5958915). [2] P. Armitage, C. McPherson and B. Rowe, *Repeated
# Significance Tests on Accumulating Data*, JRSS A 132 (1969). [3] Their table, as reprinted in
# [experiment-calculators](https://github.com/IgorLima-py/experiment-calculators). [4] SAS/STAT,
# [SEQDESIGN, two-sided Pocock design](https://support.sas.com/documentation/cdl/en/statug/66103/HTML/default/statug_seqdesign_examples03.htm).
# [5] R. Johari et al., *Always Valid Inference*, [arXiv:1512.04922](https://arxiv.org/abs/1512.04922).
#
# Three situations to close with:

# %%
display(ask("evaluation.c1", answer=..., confidence=...),
        ask("evaluation.c2", answer=..., confidence=...),
        ask("evaluation.c3", answer=..., confidence=...))

# %% [markdown]
# # 06 · Offline or online evaluation?
#
# {{badges}}
#
# A log answers questions about the policy that wrote it. About another policy it may say nothing, or the opposite of the
# truth, and it does not tell you which. Here you measure when a log suffices, and how a live
# test misleads whoever looks too often. About 45 minutes.

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
# ## The leaderboard is clear
#
# A declined payment costs 4 dollars, a fraud let through its amount and the bank's fee of 15. Since market CL (Chile) opened on day 60, a rule written in haste declines every CL payment over 180 dollars. For some
# weeks a twentieth of what the rule would stop has been let through at random. The outcome of the others is unknown, and the
# warehouse stores it as fraud.
#
# Lantern wants a model instead, which declines when the loss it expects exceeds the price of a decline. Four candidates
# learn from days 90–134; none is told the market. `as fraud` believes the stored labels, `left out` drops the stopped payments, `explored` adds those
# let through, and `weighted` counts each of these twenty times, for the nineteen that were not.

# %%
DECLINE, FEE, SHARE = 4, 15, 1 / 20      # dollars, dollars, share let through: invented

def payments(seed, honest=4.0):          # 4: large CL payments are safer than they look; 0: they are not
    rows = World(seed, ring=None, unit_bug=None, honest=honest).frame(90, 165)
    rows["rule"] = (rows.market == "CL") & (rows.amount > 180)
    rows["through"] = ~rows.rule | (np.random.default_rng([seed, 6]).random(len(rows)) < SHARE)
    rows["stored"] = rows.fraud.where(rows.through, 1)
    return rows.assign(weight=np.where(rows.rule, 1 / SHARE, 1) * rows.through)     # 0: outcome unknown

# %%
@cache
def lantern(seed, honest=4.0):
    past, test = (days(payments(seed, honest), *period) for period in ((90, 135), (135, 165)))
    off_rule, through = past[~past.rule], past[past.through]
    return past, test, {"as fraud": train(boosted, past, past.stored),
                        "left out": train(boosted, off_rule, off_rule.fraud),
                        "explored": train(boosted, through, through.fraud),
                        "weighted": train(boosted, through, through.fraud, through.weight)}

# %%
past, test, models = lantern(7)
known = past[past.through]
print("AUC on the warehouse's labels, days 135-164")
for name, model in models.items():
    print(f"  {name:9s} {roc_auc_score(test.stored, score(model, test)):.3f}")
print(f"in training, {known.rule.sum()} of {len(known):,} known outcomes are from under the rule")

# %% [markdown]
# **Which place on this leaderboard, 1 to 4, has the candidate that would cost Lantern least?**

# %%
predict("evaluation.cheapest_candidate", answer=..., confidence=...)

# %% [markdown]
# ## Two worlds, one log
#
# Forget the twentieth: would a cleverer analysis of the log do? Here are two worlds that differ in one fact. In the first,
# large CL payments are safer than they look; in the second they are not. In each we price the policies: keep declining
# them, or let them through. (`left out` decides about the other payments. `p_true` is the truth before luck, each
# payment's chance of being fraud.)

# %%
def costs(rows, declined, outcome):                 # dollars, payment by payment
    return np.where(declined, DECLINE, outcome * (rows.amount + FEE))

def declines(model, rows):
    return score(model, rows) * (rows.amount + FEE) > DECLINE

# %%
SEEDS = (7, 8, 9)
table, logs = {}, {}
for seed in SEEDS:
    model = lantern(seed)[2]["left out"]
    for name, honest in (("safe", 4.0), ("risky", 0.0)):
        rows = payments(seed, honest)
        stored = rows.fraud.where(~rows.rule, 1)
        logs[seed, name] = rows.assign(stored=stored).drop(columns=["p_true", "fraud"])
        test = days(rows, 135, 165)
        others = declines(model, test) & ~test.rule
        policies = {"keep the rule": others | test.rule, "but for a twentieth": others | ~test.through,
                    "lift the rule": others}
        table[seed, name] = {policy: costs(test, declined, test.p_true).sum() / 30
                             for policy, declined in policies.items()}
claim("For each seed the two logs are equal, in every row and column",
      all(logs[seed, "safe"].equals(logs[seed, "risky"]) for seed in SEEDS))
pd.DataFrame(table).T.rename_axis(["seed", "large CL payments"]).round(0).astype(int)

# %% [markdown]
# Dollars a day, in truth. Lifting the rule saves hundreds in one world and costs thousands in the other, and **the logs are
# the same**. Whatever is computed from this log about lifting the rule comes out equal in both worlds, so in one of them it is wrong. More rows do
# not help. From inside this log nothing can answer: some of the stopped payments must be let through. The middle column has the
# price: the twentieth earns a little in the safe worlds, and costs over a hundred dollars a day in the risky ones.
#
# ## One in twenty, weighted by twenty
#
# A payment let through with chance 1/20 stands for twenty. Weighting outcomes by one over their chance, *inverse propensity
# scoring* (IPS), estimates what a policy would have cost from a log that another one wrote.
#
# **Exercise 1.** Write the estimate, in dollars.

# %% exercise="evaluation.policy_cost"
check("evaluation.policy_cost", policy_cost)

# %% [markdown]
# First the weighted twentieth tells these worlds apart (the claim below). Now the four candidates, by AUC and in dollars a day. The columns called
# `true` know every outcome, or its chance, `p_true`; nobody at Lantern can have them. `rule %` is the share of the rule's payments that a candidate
# declines too.

# %%
def lifting_saves(seed, honest):                     # as IPS says, dollars a day
    test, model = days(payments(seed, honest), 135, 165), lantern(seed)[2]["left out"]
    others, outcome = declines(model, test) & ~test.rule, test.weight * test.fraud
    kept, lifted = (costs(test, declined, outcome) for declined in (others | test.rule, others))
    return (kept - lifted).sum() / 30

claim("IPS has the sign of lifting the rule right, in all six worlds",
      all(lifting_saves(seed, 4.0) > 0 > lifting_saves(seed, 0.0) for seed in SEEDS))

# %%
def judge(seed, **changed):
    _, test, models = lantern(seed, **changed)
    table = {}
    for name, model in models.items():
        p, declined = score(model, test), declines(model, test)
        table[name] = {"AUC stored": roc_auc_score(test.stored, p),
                       "AUC true": roc_auc_score(test.fraud, p),
                       "IPS $/day": round(costs(test, declined, test.weight * test.fraud).sum() / 30),
                       "true $/day": round(costs(test, declined, test.p_true).sum() / 30),
                       "rule %": round(100 * declined[test.rule].mean())}
    return pd.DataFrame.from_dict(table, orient="index")

judged = {seed: judge(seed) for seed in SEEDS}
judged[7].round(3)

# %%
def order(column):                                   # the candidates from low to high, in each world
    return [list(judged[seed].sort_values(column).index) for seed in SEEDS]

by_stored, by_true, by_ips, by_cost = map(order, ("AUC stored", "AUC true", "IPS $/day", "true $/day"))
claim("In all three worlds the stored labels rank the four in exactly the reverse of the true AUC",
      by_stored == [names[::-1] for names in by_true])
risky = judge(7, honest=0)
claim("Where the rule was right (seed 7), IPS calls the dearest candidate the cheapest",
      risky["IPS $/day"].idxmin() == risky["true $/day"].idxmax())
claim("IPS finds the cheapest and the dearest candidate in all three worlds",
      [(names[0], names[-1]) for names in by_ips] == [(names[0], names[-1]) for names in by_cost])
reveal("evaluation.cheapest_candidate", 4 - by_stored[0].index(by_cost[0][0]))

# %% [markdown]
# The leaderboard is upside down. Where stopped means fraud, agreeing with the rule is being right, so the first place went to
# the best imitation of the rule. `explored` hardly differs from `left out`: two hundred payments among forty thousand
# move little unless they weigh twenty each. No candidate's decision has reached anyone. About what the rule stops, an offline
# evaluation can answer only *because* somebody had let chance into the log.
#
# Chance makes the estimate honest, not exact. The first and the last differ by less than its error, which a later section measures: in `judge(7,
# honest=0)`, where the rule was right, `weighted` is the dearest, since an outcome that counts twenty times brings twenty times its luck, and IPS calls it
# the cheapest.
#
# ## AUC is not the decision
#
# The next gap needs no missing label. In [notebook 02](02_data_drift_vs_model_drift.ipynb) a fraud ring works with small
# amounts; the old model cannot see it, a boosted challenger can. Fifty payments a day may be declined.
#
# **Exercise 2.** Which fifty? And what do they save?

# %% exercise="evaluation.dollars_stopped"
check("evaluation.dollars_stopped", dollars_stopped)

# %%
def stops(rows, key):                               # dollars a day, by the fifty with the highest key
    fifty = key.groupby(rows.day).rank(ascending=False, method="first") <= 50
    return round((rows.fraud * (rows.amount + FEE))[fifty].sum() / 20)

# %%
table = {}
for seed in SEEDS:
    rows = World(seed).frame(0, 180)
    launch, ring, late = days(rows, 0, 45), days(rows, 130, 160), days(rows, 160, 180)
    for name, model in (("old", train(linear, launch, launch.fraud)),
                        ("new", train(boosted, ring, ring.fraud))):
        p = pd.Series(score(model, late), late.index)
        table[seed, name] = {"AUC": f"{roc_auc_score(late.fraud, p):.2f}",
                             "fifty by p, $/day": stops(late, p),
                             "by p x loss, $/day": stops(late, p * (late.amount + FEE))}
pd.DataFrame(table).T.rename_axis(["world", "model"])

# %% [markdown]
# The challenger ranks far better, and its fifty surest frauds stop far less money, since the ring's are small. Chosen by
# expected loss, the fifty stop more in every world, and at this capacity the lead in AUC buys nothing: the old model is
# level or ahead.
#
# ## The live test that settles nothing
#
# *Let us run an A/B test*, says the release meeting: first against last of the leaderboard, each payment assigned by a coin,
# fourteen days. Beside it stands the IPS estimate from thirty days of log, with its true 95 % error, which takes `p_true` to know.

# %%
def duel(test, models, outcome):        # what the first and the last cost, payment by payment
    return [costs(test, declines(models[name], test), outcome) for name in ("as fraud", "weighted")]

def interval(saving, variance):         # 95 %, from dollars a payment to dollars a day
    half = 1.96 * np.sqrt(variance)
    return [round(1000 * (saving - half)), round(1000 * (saving + half))]

def ips_variance(test, models):         # of the mean saving a payment, by the true chances of fraud
    apart = declines(models["as fraud"], test) != declines(models["weighted"], test)
    weight = np.where(test.rule, 1 / SHARE, 1)
    loss = apart * (test.amount + FEE)
    return (loss**2 * test.p_true * (weight - test.p_true)).sum() / len(test) ** 2

# %%
errors = norm.isf(0.025) + norm.ppf(0.8)       # a saving of so many standard errors is found in 80 %
table = {}
for seed in SEEDS:
    _, test, models = lantern(seed)
    true = np.subtract(*duel(test, models, test.p_true)).mean()
    ips = np.subtract(*duel(test, models, test.weight * test.fraud))
    first, last = duel(test, models, test.fraud)
    coin, early = np.random.default_rng([seed, 14]).random(len(test)), test.day < 149
    a, b = first[early & (coin < 0.5)], last[early & (coin >= 0.5)]
    both, through = first.var() + last.var(), test[test.rule & test.through]
    table[seed] = {"true saving": round(1000 * true), "IPS": interval(ips.mean(), ips.var() / len(ips)),
                   "IPS, in truth ±": round(1960 * ips_variance(test, models) ** 0.5),
                   "A/B": interval(a.mean() - b.mean(), a.var() / len(a) + b.var() / len(b)),
                   "A/B of 30 days ±": round(1960 * (2 * both / len(test)) ** 0.5),
                   "days needed": round((errors / true) ** 2 * both / 500),
                   "frauds let through": f"{through.fraud.sum()} of {through.p_true.sum():.1f} expected"}
print("dollars a day that `weighted` saves, 95 % intervals; days of A/B test to find it in 80 %")
pd.DataFrame(table).T.rename_axis("world")

# %% [markdown]
# In worlds 8 and 9 the live test leaves open anything from a loss to a triumph. Too small to tell is *no* evidence that the
# two are alike. In world 7 luck made it significant, and its middle is far more than the truth: a small test that succeeds
# exaggerates. To find the true saving in 80 % of all cases takes months, because a few large frauds make daily
# costs noisy.
#
# The log's interval only looks narrow. It judges both policies on every payment, where equal decisions cancel, but outcomes that count
# twenty times undo that gain: its true error, from `p_true`, is about that of thirty days of A/B, and with it the log
# settles nothing either. The log cannot know. No fraud under the rule was let through, which is the usual case at a quarter of one
# expected, so IPS prices fraud there at nothing. In world 7 luck with the other payments adds to it, and the interval misses the
# truth. How precise a log can be is decided with the slice, before anybody asks.
#
# ## Looking every day
#
# Suppose the test is long enough, and someone will stop it on the first morning beyond 1.96. How often does that happen in
# A/A tests, in which both sides are the same?
#
# **Exercise 3.** Write the count, before you read the next cell.

# %% exercise="evaluation.ever_significant"
check("evaluation.ever_significant", ever_significant)

# %%
DAYS = np.arange(1, 21)
batches = np.random.default_rng(0).normal(size=(20_000, 20))      # z of each day's data alone
z = batches.cumsum(axis=1) / np.sqrt(DAYS)                        # z of all data so far
ever, at_end = (abs(z) > 1.96).any(axis=1), abs(z[:, -1]) > 1.96
figure, axis = subplots()
axis.plot(DAYS, z[:40][~ever[:40]].T, color=GREY, linewidth=0.6, linestyle=":")
axis.plot(DAYS, z[:40][ever[:40]].T, color=RED, linewidth=1.6)
axis.hlines([-1.96, 1.96], 1, 20, color="black", linewidth=1)
axis.set(title="Forty tests of nothing against nothing", xlabel="day", xticks=[1, 5, 10, 15, 20],
         ylabel="z of all data so far")
show(figure, f"Of the 40 paths drawn, {ever[:40].sum()} leave the band from -1.96 to 1.96 on some day "
             f"(solid lines) and {at_end[:40].sum()} are outside on day 20. Of 20,000 such tests "
             f"{100 * ever.mean():.0f} % leave it, and {100 * at_end.mean():.0f} % end outside.")

# %% [markdown]
# Looking daily makes every fourth test of nothing significant. The rate can be had without simulation: carry the density of the
# running sum from look to look, and cut off what has left the band. `crossing_probability` does that, and here reproduces a
# table of 1969 [2, 3].
#
# With it, honest limits for |z| can be found before the test begins: one for all days (*Pocock*), or one that falls
# (*O'Brien-Fleming*). The second cell prices both, for an effect that a single look on day 20 finds nine times in ten.
# *Power* is the share of tests that find it.

# %%
TABLE = {1: .050, 2: .083, 3: .107, 4: .126, 5: .142, 10: .193, 20: .248, 50: .320}   # from [3]
claim("False positives by looks: largest difference from the published table",
      max(abs(crossing_probability([1.959964] * k) - rate) for k, rate in TABLE.items()), at_most=0.0006)
print(f"20 looks: {100 * crossing_probability([1.959964] * 20):.1f} %")

# %%
def limits(shape):                       # of this shape, with 5 % false positives
    return shape * brentq(lambda last: crossing_probability(last * shape) - 0.05, 1.9, 4)

falling, effect = np.sqrt(20 / DAYS), norm.isf(0.025) + norm.ppf(0.9)
for name, limit in {"Pocock": limits(np.ones(20)), "O'Brien-Fleming": limits(falling)}.items():
    beyond = abs(z + effect / falling) > limit
    ends = np.where(beyond.any(axis=1), beyond.argmax(axis=1) + 1, 20)
    print(f"{name}: limit {limit[0]:.1f} on day 1, {limit[-1]:.1f} on day 20; power "
          f"{100 * crossing_probability(limit, effect):.0f} %; mean end on day {ends.mean():.1f}")

# %% [markdown]
# With the planned effect Pocock's limit ends the test earliest, and costs about a tenth of the power. O'Brien and Fleming's costs almost none and still
# gains almost a week. A third kind is *valid at any time*, without a planned end [4].
#
# ## The case that no live test will meet
#
# Now the reverse. A fifth candidate, `lean`, is a logistic regression on the same weighted data. Last spring an app release
# sent payments without the device flag for a day. Those payments are stored, and can be sent again: a *replay*.

# %%
lean = {}
for seed in SEEDS:
    past, test, _ = lantern(seed)
    known = past[past.through]
    lean[seed] = train(linear, known, known.fraud, known.weight)
    cost = costs(test, declines(lean[seed], test), test.p_true).sum() / 30
    cheaper = judged[seed].index[judged[seed]["true $/day"] < cost]
    print(f"world {seed}: lean costs {cost:,.0f} dollars a day, only {', '.join(cheaper)} costs less")

# %%
whole = World(7).frame(40, 41)
release = whole.assign(new_device=np.nan)          # our incident: the flag taken out of one day
print("without the flag in the days of the test:", lantern(7)[1].new_device.isna().sum())
for name, model in {**lantern(7)[2], "lean": lean[7]}.items():
    try:
        share = [100 * declines(model, rows).mean() for rows in (release, whole)]
        print(f"{name:9s} answers, and declines {share[0]:.1f} %; with the flag {share[1]:.1f} %")
    except ValueError as error:
        print(f"{name:9s} fails on all {len(release):,}: {str(error).splitlines()[0]}")

# %% [markdown]
# `lean` beats three of the four, and no A/B test that falls between two such incidents, however long, would have met one of these
# payments. The replay took no user and no label; and an answer is not yet a good one: `weighted` silently
# declines a third less. Offline checks are cheapest as a gate that can only reject: known incidents,
# edge cases, contracts. What passes has earned a live test.
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
# | is it safe to release? | *shadow* | *canary*: [notebook 11](11_shadow_vs_canary.ipynb) | release owner; mistaken for a measurement of value |
#
# The missing outcomes are the *selective labels problem* [1]; credit scoring says *reject inference*, medicine *verification bias*.
#
# ## Where the rule stops
#
# Built in, not found: the two worlds differ in one term, which only the rule hides; the chance of 1/20 is exact and was
# logged; all outcomes are known on day 165, though chargebacks take a month; a decline costs the same for everybody. The
# coin was tossed for each payment, where a real test assigns *customers*. Declined customers may leave or come back with
# another card: the reaction to a *candidate's* declines is in no log, and not in our world
# either. IPS is unbiased while every chance is known and above
# zero. Users who share a budget, a stock or a queue disturb each
# other's groups, and then a coin is not enough.
#
# **References.** [1] H. Lakkaraju et al., *The Selective Labels Problem*, KDD 2017,
# [PMC5958915](https://pmc.ncbi.nlm.nih.gov/articles/PMC5958915). [2] P. Armitage, C. McPherson and B. Rowe, *Repeated
# Significance Tests on Accumulating Data*, JRSS A 132 (1969). [3] Their table, as reprinted in
# [experiment-calculators](https://github.com/IgorLima-py/experiment-calculators).
# [4] R. Johari et al., *Always Valid Inference*, [arXiv:1512.04922](https://arxiv.org/abs/1512.04922).
#
# The last cell copies a dossier for your next candidate beside this notebook, and asks three questions.

# %%
print(worksheet("evaluation_dossier"))
display(ask("evaluation.c1", answer=..., confidence=...),
        ask("evaluation.c2", answer=..., confidence=...),
        ask("evaluation.c3", answer=..., confidence=...))

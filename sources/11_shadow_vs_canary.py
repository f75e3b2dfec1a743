# %% [markdown]
# # 11 · Shadow or canary?
#
# {{badges}}
#
# A shadow answers copies of the requests, and nobody sees its answers. A canary answers a few users for real. Here both meet
# one release with three planted faults. Afterwards you can say which of them can show a given harm, how long that takes, and
# when to stop. About 60 minutes.

# %%
import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import httpx
import numpy as np
import pandas as pd
from fastapi import FastAPI
from IPython.display import display
from scipy.stats import chisquare

from course_utils import World, ask, check, claim, hint, pair, predict, reveal, solution, worksheet
from course_utils.experiments import compare, sample_size
from course_utils.fraud import linear, review, train
from course_utils.plots import BLUE, GREEN, GREY, ORANGE, show, subplots
from course_utils.serving import serve

pair("canary")

# %% [markdown]
# ## Every box was ticked
#
# Lantern moves its fraud model to a new service, v2, with the weights unchanged. What changes is what a doubtful payment
# meets: v1 asks on its old screen for a code from a text message, v2 on a new screen, at which more users give up. We simulate 20,000
# checkouts a day, each by another user, with what either version decides. Then the release log:

# %%
GIVE_UP = {"v1": 0.20, "v2": 0.30}     # share of challenged users, invented

def place(user, salt="v2"):            # a number from 0 to 1 that looks random and never changes
    return int.from_bytes(sha256(f"{salt}:{user}".encode()).digest()[:8], "big") / 2**64

def fraud_model(seed):
    world = World(seed=seed)
    rows = world.frame(0, 45)
    return train(linear, rows, rows.fraud), world

# %%
def checkouts(day, seed=7):
    model, world = fraud_model(seed)
    rows = World(seed=seed, per_day=20_000).frame(day, day + 1)
    v2_sees = rows.assign(hour=(rows.hour + 5) % 24)           # v2's clock, explained below
    return rows.assign(
        v1=review(model, rows, world), v2=review(model, v2_sees, world),       # challenged?
        place=rows.tx_id.map(place),
        comma=[place(user, f"comma {seed}") < 0.002 for user in rows.tx_id],   # writes "12,50": v2 fails
        patience=[place(user, f"patience {seed}") for user in rows.tx_id])

def lost(rows, version):
    return rows[version] & (rows.patience < GIVE_UP[version])

def versus(into, old, new):            # the users in the canary against all others
    return compare((old[~into].sum(), new[into].sum()), ((~into).sum(), into.sum()))

# %%
day81, day82, day83 = (checkouts(day) for day in (81, 82, 83))
few, old, new = day82.place < 0.01, lost(day82, "v1"), lost(day82, "v2")
missing = lost(day83, "v2").sum() - lost(day83, "v1").sum()
print(f"[x] day 81  shadow, all requests: challenged {100 * day81.v2.mean():.1f} % "
      f"(v1: {100 * day81.v1.mean():.1f} %)\n"
      f"[x] day 82  canary, 1 % of users: {few.sum()} users, {day82.comma[few].sum()} errors, abandoned "
      f"{100 * new[few].mean():.1f} % (others {100 * old[~few].mean():.1f} %), "
      f"p = {versus(few, old, new).p:.2f}: no alarm\n"
      "[x] day 83  v2 for everybody\n"
      f"    day 84  support: {day83.comma.sum()} errors reported; finance: {missing} checkouts missing")

# %% [markdown]
# In truth v1 loses 4 % of the checkouts, and v2 loses 6 %. An alarm is a *z* above 1.96, where *z* is a difference over the
# standard deviation that chance gives it. **If Lantern had run that canary, 1 % of the users for one day, a hundred times: how
# often would abandonment have raised an alarm?** Answer 0 to 100, with your confidence in percent.

# %%
print({version: f"{100 * lost(day83, version).mean():.0f} % lost" for version in ("v1", "v2")})
predict("canary.alarms_in_100", answer=..., confidence=...)

# %% [markdown]
# ## A canary is a split
#
# `place`, above, hashes the user's number with the release's name, the *salt*, and users below the share go to v2. Envoy, the
# proxy inside Istio, by default draws a random number for each *request* [1]. For 100 requests of 25 users:

# %%
user = pd.Series(range(100)) % 25
split = {"user, hashed": user.map(place) < 0.25,
         "request, drawn": pd.Series(np.random.default_rng(11).random(100) < 0.25)}
for name, into in split.items():
    versions_met = into.groupby(user).nunique()
    print(f"25 % by {name:14s}: {(versions_met == 2).sum():2d} of 25 users meet both versions")

# %% [markdown]
# Drawn by request, most users meet both versions, so nothing about a user, such as giving up, can be credited to one of them.
#
# **Exercise 1.** The split.

# %% exercise="canary.assign"
check("canary.assign", assign)

# %% [markdown]
# ## A shadow is a copy
#
# Now both versions run as real services on 127.0.0.1. `write` is what a service does to the world: it charges a card or sends
# a text message. Two faults stand in v2's code: it fails on a
# comma ("12,50"), and its clock is five hours fast. The third is the screen.
#
# The copy leaves on another thread, after the live answer; what comes back, an answer or a crash, goes to a log. We send 100
# requests, with v2 as it is, and with v2's writes *stubbed*, replaced by a function that does nothing.

# %%
logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)     # else the server prints each crash
model, world = fraud_model(7)

def service(version, write):
    app = FastAPI()

    @app.post("/checkout")
    def checkout(payment: dict) -> dict:
        amount, hour = payment["amount"], payment["hour"]
        if version == "v1":
            amount = amount.replace(",", ".")                     # v2 forgot it: "12,50" crashes
        else:
            hour = (hour + 5) % 24                                # the new host's clock is UTC
        row = pd.DataFrame([{**payment, "amount_logged": float(amount), "hour": hour}])
        challenge = bool(review(model, row, world)[0])
        write("text message" if challenge else "charge", payment["id"])
        return {"challenge": challenge}
    return app

# %%
payments = [{"id": i, "user": i % 25, "hour": int(r.hour), "age_days": r.age_days, "n_24h": int(r.n_24h),
             "new_device": int(r.new_device),
             "amount": f"{r.amount:.2f}".replace(".", "," if i % 29 == 3 else ".")}      # four commas
            for i, r in enumerate(World(seed=7, per_day=100).frame(82, 83).itertuples())]
client = httpx.Client(trust_env=False, headers={"connection": "close"})

def nothing(*what):
    pass

def send(url, payment):
    answer = client.post(f"{url}/checkout", json=payment)
    return "crash" if answer.status_code == 500 else answer.json()["challenge"]

# %%
def mirrored(v2_writes):
    written = Counter()
    def write(*what):
        written[what] += 1
    with (serve(service("v1", write)) as v1, serve(service("v2", write if v2_writes else nothing)) as v2,
          ThreadPoolExecutor(1) as later):
        sent = [(send(v1, payment), later.submit(send, v2, payment)) for payment in payments]
    return written, [(live, copy.result()) for live, copy in sent]

# %%
for name, v2_writes in (("v2 as it is", True), ("writes stubbed", False)):
    written, answers = mirrored(v2_writes)
    crashes = sum(copy == "crash" for _, copy in answers)
    differ = sum(copy not in ("crash", live) for live, copy in answers)
    print(f"{name:14s}  shadow: {crashes} crashes, {differ} answers differ; "
          f"users saw {sum(live == 'crash' for live, _ in answers)} crashes; "
          f"{sum(n > 1 for n in written.values())} payments charged or texted twice")

# %% [markdown]
# No user has met a crash, and the log has all. But a discarded *answer* is not a discarded *effect*: without stubs most payments
# led to two charges, or two texts.
#
# **Exercise 2.** The mirror.

# %% exercise="canary.mirror"
check("canary.mirror", mirror)

# %% [markdown]
# ## Three faults, two instruments
#
# Now on a virtual clock, at full traffic, in three worlds. The shadow copies all requests of day 82; the canary serves 5 %
# of the users on days 82 and 83.

# %%
def both(seed):
    day = checkouts(82, seed)
    rows = pd.concat([day, checkouts(83, seed)], ignore_index=True)
    into, old, new = rows.place < 0.05, lost(rows, "v1"), lost(rows, "v2")
    night, late = rows.hour.between(1, 5), rows.hour.between(19, 23)
    hurt = rows.comma | (rows.v2 & ~rows.v1) | (new & ~old)
    return {("comma", "shadow: crashes"): day.comma.sum(),
            ("", "canary: crashes"): rows.comma[into].sum(),
            ("clock", "shadow: challenges added"): (day.v2 & ~day.v1).sum(),
            ("", "shadow: challenges dropped"): (day.v1 & ~day.v2).sum(),
            ("", "canary: challenged, z"): versus(into, rows.v1, rows.v2).z,
            ("", "   in hours 1-5"): versus(into[night], rows.v1[night], rows.v2[night]).z,
            ("", "   in hours 19-23"): versus(into[late], rows.v1[late], rows.v2[late]).z,
            ("screen", "canary: abandoned, z"): versus(into, old, new).z,
            ("all three", "canary: users hurt"): hurt[into].sum()}

# %%
seen = pd.DataFrame({f"world {seed}": both(seed) for seed in (7, 8, 9)})
claim("Challenges changed between 9 and 15 o'clock, day 82",
      (day82.v1 != day82.v2)[day82.hour.between(9, 14)].sum(), at_most=0)
claim("Share challenged, all hours: largest |z|",
      seen.loc[("", "canary: challenged, z")].abs().max(), at_most=1.96)
seen.round(1).map("{:g}".format)

# %% [markdown]
# With its writes stubbed the shadow hurts nobody, and has the comma and the clock within a day. The canary has the comma too (expect
# two crashes a day), and pays for it with users. (*Hurt*: the checkout failed, or was challenged or lost by v2 alone.) The other two faults part them.
#
# **The clock.** The model asks whether the hour is below six. v2 adds about as many challenges as it drops, so that totals over all
# hours hardly move: the share that ticked the box of day 81, and the canary's *z*. *Pairs*, two answers to one request, show
# the fault without a label, and without your having to guess the hours. The weights are the same, so each difference is a fault. Between two models a difference has no sign: it says where to look, not who is right.
#
# **The screen.** No shadow shows it. Not because "a shadow sees no outcomes": the label of what v1 let through, a month later,
# scores v2 as well. But what people do at v2's screen is in no log, because it did not happen.
#
# ## The quiet canary, ten thousand times
#
# The canary of day 82, 1 % for one day, drawn again and again.

# %%
def z_of(lost0, n0, lost1, n1):
    pooled = (lost0 + lost1) / (n0 + n1)
    return (lost1 / n1 - lost0 / n0) / np.sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1))

def alarms(share, days, p1=0.06, p0=0.04, seed=7):           # share of canaries that ring
    rng, n = np.random.default_rng(seed), round(20_000 * days)
    n1 = round(n * share)
    gone0, gone1 = rng.binomial(n - n1, p0, 10_000), rng.binomial(n1, p1, 10_000)
    return (z_of(gone0, n - n1, gone1, n1) > 1.96).mean()

# %%
rings = [round(100 * alarms(0.01, 1, seed=seed)) for seed in (7, 8, 9)]
print(f"canaries of 1 % for a day that ring, in percent, three seeds: {rings}")
print(f"with a harmless v2: {100 * alarms(0.01, 1, p1=0.04):.0f}; "
      f"that meet no comma: {100 * (1 - 0.002)**200:.0f}; "
      f"lost on each day at 100 %: {0.02 * 20_000:.0f} checkouts")
reveal("canary.alarms_in_100", rings[0], within=5)

# %% [markdown]
# Two out of three such canaries are quiet with this harm, and nearly all without it. Two out of three meet no comma, too. *No alarm* was weak
# news, and acting on it costs some 400 checkouts a day. (Day 82 was picked for the story because it was quiet.)
#
# ## A small share costs time, and spares few
#
# How long is enough? With *N* users in all and a share *f* in the canary, the difference has variance
# p₁(1−p₁)/(fN) + p₀(1−p₀)/((1−f)N). To be found in 80 % of all cases, the true difference must be as many standard
# deviations as the normal distribution's 97.5th and 80th percentiles together. **Exercise 3** makes this a function.

# %% exercise="canary.canary_days"
check("canary.canary_days", canary_days)

# %%
plan = {}
for f in (0.01, 0.05, 0.10, 0.25, 0.50):
    N = sample_size(0.04, 0.06, share=f)      # the package's function for the same formula, in users
    plan[f"{100 * f:.0f} %"] = {"days": f"{N / 20_000:.2f}", "users in canary": f"{f * N:,.0f}",
                                "lost meanwhile": f"{0.02 * f * N:.0f}"}
claim("4 % -> 44 %: this many times fewer users than 4 % -> 6 %",
      sample_size(0.04, 0.06, share=0.01) / sample_size(0.04, 0.44, share=0.01), at_least=90, digits=0)
pd.DataFrame(plan).rename_axis(columns="share")

# %%
figure, axis = subplots()
days = np.arange(0.1, 6, 0.1)
for f, colour, style in ((0.01, BLUE, "-"), (0.05, ORANGE, "--"), (0.10, GREEN, "-.")):
    chance = [100 * alarms(f, d) for d in days]
    axis.plot(days, chance, style, color=colour, label=f"{100 * f:.0f} % of users")
axis.axhline(80, color=GREY, linestyle=":")
axis.annotate("the canary of day 82", (1, rings[0]), (1.4, 12), arrowprops={"arrowstyle": "->"})
axis.set(title="A quiet canary says little until it has its users", xlabel="days",
         ylabel="alarms, % of canaries")
axis.legend(loc="lower right")
show(figure, "Chance that 4 % -> 6 % rings, by days, with 1, 5 and 10 % of the users. Arrow: with "
     f"1 % after a day, {rings[0]} %. With 5 % it is {100 * alarms(0.05, 1):.0f} %. Dotted: 80 %.")

# %% [markdown]
# To find 4 % → 6 % takes some 1,100 users at 1 %, and 1,358 at 25 %, whether they come in five and a half days or in six hours,
# and 22 to 27 checkouts are lost on the way, or 37 at 50 %. (At 1 % the curve passes 80 % earlier than planned: the test pools both variances,
# the formula does not.)
#
# A small first stage is for harm out of the ordinary, which shows in "the first hour" [2]; 4 % → 44 %, here, takes a ninetieth of the
# users. So a rollout's schedule is a sample size, and a full cycle of whatever a fault may depend on: from 9 to 15 o'clock neither instrument could have met our clock. Flagger's documentation shows a schedule of
# 25 minutes, with 2 % more of the requests each minute [3]; it never asks how many users were seen.
#
# ## More users than planned are no gift
#
# Stickiness by cookie has a trap. If only users drawn *into* the canary get a cookie, all others are drawn again on every page,
# and those who open many pages end up inside, as was reported of a real tool [4]. Suppose that 30 % are regular
# customers, who open ten pages and rarely give up; the others open two. v2 makes each kind give up half as often again.
# What to expect of 5 %, by either split:

# %%
size, rate = np.array([6_000, 14_000]), np.array([0.02, 0.05])       # regulars, others; lost by v1
pages, table = np.array([10, 2]), {}
for split, inside in {"hash": np.array([0.05, 0.05]), "cookie": 1 - 0.95**pages}.items():
    canary, control = size * inside, size * (1 - inside)
    harm = canary @ rate * 1.5 / canary.sum() - control @ rate / control.sum()
    p = chisquare([canary.sum(), control.sum()], [1_000, 19_000]).pvalue
    table[split] = [f"{canary.sum():,.0f}", f"{100 * canary[0] / canary.sum():.0f}", f"{100 * harm:.2f}",
                    "< 0.001" if p < 0.001 else f"{p:.3f}"]
pd.DataFrame(table, index=["users in canary", "% regulars", "harm seen, points", "p of the split"])

# %% [markdown]
# The cookie's canary has nearly four times the planned users, most of them regulars. They give up less under either version, so most of
# the harm is hidden, and more users do not help. The counts alone convict the split: a *sample-ratio mismatch* (SRM).
# Test it before the metric, and if it fails, do not read the metric.
#
# **Exercise 4.** The gate: put its questions in order. It then decides on the real services, which are a canary of 25 % now.
# After each request it reads a report, and `moved` alone changes v2's share. One crash is allowed. Only the crashes
# are counted live; *z* and the split stand still, and the stage is far from its planned users. (The limit for *z* is above 1.96 because it is read five times, as [notebook 06](06_offline_vs_online_evaluation.ipynb)
# explains; to find as much, it takes more users than the table's.)

# %% exercise="canary.gate"
check("canary.gate", gate)

# %%
REPORT = {"crashes": 0, "crash_limit": 1, "srm_p": 1.0, "z": 0.0, "z_limit": 2.4,
          "users": 9, "planned": round(1_358 * ((2.4 + 0.84) / (1.96 + 0.84))**2)}

def moved(share, decision):              # any answer but these two sends everybody back to v1
    return {"promote": 1.0, "extend": share}.get(decision, 0.0)

def route(decide, v1, v2):     # for each request: v2's share, did v2 serve it, crashes so far
    share, log, report = 0.25, [], dict(REPORT)
    for payment in payments[:60]:
        into = place(payment["user"]) < share
        report["crashes"] += send(v2 if into else v1, payment) == "crash"
        log.append((share, into, report["crashes"]))
        share = moved(share, decide(report))
    return log

# %%
def z_alone(report):
    return "roll back" if report["z"] > report["z_limit"] else "extend"

gates = {"no gate": lambda report: "promote", "z alone": z_alone, "your gate": gate}
if gate(REPORT) is None:
    print("your gate is not written yet: solve exercise 4, then run this cell again")
    del gates["your gate"]
with serve(service("v1", nothing)) as v1, serve(service("v2", nothing)) as v2:
    for name, decide in gates.items():
        shares, into, crashes = zip(*route(decide, v1, v2))
        later = [v2 for v2, n in zip(into, crashes) if n > 1][1:]
        print(f"{name:9s}  v2's share at the end {100 * shares[-1]:3.0f} %; "
              f"after the second crash v2 served {sum(later)} of {len(later)}")

# %% [markdown]
# Without a gate all meet v2 at once, *z* alone lets the crashes pass, and a gate that works takes v2 away at the second.
#
# ## In production
#
# | here | in tools | owner | how it fails |
# |---|---|---|---|
# | mirror | Istio: *mirroring*, "also called shadowing", `mirrorPercentage` [5] | platform | writes are not stubbed; its reads slow what both share |
# | answers, paired | a job of yours, on both logs | data science | compares totals |
# | split | Istio `weight`, Argo `setWeight` | platform | draws by request; by user only with a rule of yours, on a header say [8] |
# | gate | Argo *AnalysisRun*: Successful, Failed, Inconclusive [6]; Flagger `threshold` | who answers for the harm | a schedule without a number of users |
#
# Abridged, with field names from the documentation [5, 6, 7]: an Istio shadow, and an Argo canary that asks your gate for the
# promotion after two days. The limits cannot wait for that: templates of their own, asked every minute for crashes and every
# day for *z*, run beside the steps.
#
# ```yaml
# kind: VirtualService
# spec:
#   hosts: [checkout]
#   http:
#   - route: [{destination: {host: checkout, subset: v1}, weight: 100}]
#     mirror: {host: checkout, subset: v2}
#     mirrorPercentage: {value: 100.0}
# ---
# kind: Rollout
# spec:
#   strategy:
#     canary:
#       analysis: {templates: [{templateName: crashes}, {templateName: harm}]}    # beside the steps
#       steps:
#       - setWeight: 5      # draws by request: for z, add a rule on the user, as in [8]
#       - pause: {duration: 48h}
#       - analysis: {templates: [{templateName: gate}]}
# ```
#
# ## Where the rule stops
#
# Built in, not found: the screen acts only on users who meet it, the clock moves as many payments into the night as out of it,
# regulars give up less, and each day brings new users. Real users come back, and get used to a screen or tired of it. The
# groups must not touch: fraudsters whom the canary stops try again in the control.
#
# Abandonment shows within minutes. Chargebacks take a month, so a gate on fraud needs a *proxy*, a faster measure, and a
# *hold-out*, users who stay on v1 until the labels are in.
#
# **References.** [1] Envoy, [issue 8167](https://github.com/envoyproxy/envoy/issues/8167). [2] R. Kohavi, R. Longbotham,
# D. Sommerfield and R. Henne, [*Controlled experiments on the web*](https://doi.org/10.1007/s10618-008-0114-1), 2009.
# [3] Flagger, [deployment strategies](https://docs.flagger.app/usage/deployment-strategies). [4] Flagger, issues
# [1532](https://github.com/fluxcd/flagger/issues/1532) and [1647](https://github.com/fluxcd/flagger/issues/1647). [5] Istio,
# [mirroring](https://istio.io/docs/tasks/traffic-management/mirroring). [6] Argo Rollouts,
# [analysis](https://argo-rollouts.readthedocs.io/en/stable/features/analysis/). [7] The same,
# [canary](https://argo-rollouts.readthedocs.io/en/stable/features/canary/). [8] Codefresh, [header based
# routing](https://codefresh.io/blog/argo-rollouts-header-based-routing).
#
# The last cell copies a card for your next release beside this notebook, and asks three questions.

# %%
print(worksheet("release_ladder"))
display(ask("canary.c1", answer=..., confidence=...),
        ask("canary.c2", answer=..., confidence=...),
        ask("canary.c3", answer=..., confidence=...))

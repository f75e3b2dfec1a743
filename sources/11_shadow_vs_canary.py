# %% [markdown]
# # 11 · Shadow or canary?
#
# {{badges}}
#
# A shadow answers copies of the requests, and nobody sees its answers. A canary answers a few users for real. Here one
# release with four planted faults meets both. Afterwards you can say which of the two can show a given harm, how long that
# takes, and when to stop. About 45 minutes.

# %%
import logging
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from math import erfc, sqrt
from statistics import NormalDist

import httpx
import numpy as np
import pandas as pd
from fastapi import FastAPI
from IPython.display import display
from scipy.stats import ks_2samp

from course_utils import World, ask, check, claim, pair, predict, reveal, worksheet
from course_utils.experiments import compare, crossing_probability, power, sample_size
from course_utils.fraud import days, linear, review, score, train
from course_utils.plots import BLUE, GREEN, ORANGE, show, subplots
from course_utils.serving import serve

pair("canary")

# %% [markdown]
# ## Every box was ticked
#
# Lantern moves its fraud model to a new service, v2, with the weights unchanged. What changes is what a doubtful payment
# meets: v1 asks for a code from a text message, v2 shows a new challenge screen. Lantern has 20,000 checkouts a day, each by
# another user. We simulate them, together with what v1 and v2 would decide.

# %%
GIVE_UP = {"v1": 0.20, "v2": 0.30}     # share of challenged users who leave: invented, change and run all

def place(user, salt="v2"):            # a number from 0 to 1 that looks random and never changes
    return int.from_bytes(sha256(f"{salt}:{user}".encode()).digest()[:8], "big") / 2**64

def traffic(seed, *which):               # some days of checkouts, with what both versions make of them
    early, world = World(seed=seed).frame(0, 45), World(seed=seed)
    model, busy, frames = train(linear, early, early.fraud), World(seed=seed, per_day=20_000), []
    for day in which:
        rows, luck = busy.frame(day, day + 1), np.random.default_rng([seed, day])
        v2_sees, n = rows.assign(hour=(rows.hour + 5) % 24), len(rows)
        frames.append(rows[["day", "hour", "fraud"]].assign(
            place=[place(user) for user in rows.tx_id],
            score_v1=score(model, rows), score_v2=score(model, v2_sees),
            v1=review(model, rows, world), v2=review(model, v2_sees, world),      # challenge?
            comma=luck.random(n) < 0.002, slow=luck.random(n) < 0.1,
            ms=luck.lognormal(3.4, 0.4, n), patience=luck.random(n)))
    return pd.concat(frames, ignore_index=True)

def lost(rows, version):
    return rows[version] & (rows.patience < GIVE_UP[version])

def versus(rows, into, old, new):       # the users in the canary against the others
    return compare((old[~into].sum(), new[into].sum()), ((~into).sum(), into.sum()))

# %% [markdown]
# The release log:

# %%
log = traffic(7, 81, 82, 83)
day81, day82, day83 = (days(log, d, d + 1) for d in (81, 82, 83))
same = ks_2samp(day81.score_v1, day81.score_v2).pvalue
few = day82.place < 0.01
old, new = lost(day82, "v1"), lost(day82, "v2")
print(f"""[x] day 81  shadow, copies of all requests: mean score {day81.score_v1.mean():.3f} (v1) \
and {day81.score_v2.mean():.3f} (v2);
            same distribution (Kolmogorov-Smirnov test: p = {same:.2f})
[x] day 82  canary, 1 % of users: {few.sum()} users, {day82.comma[few].sum()} errors, \
abandoned {100 * new[few].mean():.1f} % (others {100 * old[~few].mean():.1f} %);
            no alarm (p = {versus(day82, few, old, new).p:.2f})
[x] day 83  v2 for everybody
    day 84  support: {day83.comma.sum()} customers saw an error 500 at checkout
            finance: {lost(day83, "v2").sum() - lost(day83, "v1").sum()} checkouts fewer \
than on an ordinary day""")

# %% [markdown]
# In truth v1 loses 4 % of the checkouts, and v2 loses 6 %. **If Lantern had run that canary, 1 % of the users for one day, a
# hundred times: how often would abandonment have raised an alarm?** Answer 0 to 100, with your confidence in percent.

# %%
print(f"In truth v1 loses {100 * lost(log, 'v1').mean():.0f} % and v2 {100 * lost(log, 'v2').mean():.0f} %")
predict("canary.alarms_in_100", answer=..., confidence=...)

# %% [markdown]
# ## Two versions, on this machine
#
# Real services on 127.0.0.1. `write` is what a service does to the world: charge a card, send a text message. Three of the
# faults stand in the code; each is one that a port really has. The fourth is the screen.

# %%
logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)     # else the server prints each crash
early, world = World(seed=7).frame(0, 45), World(seed=7)
model = train(linear, early, early.fraud)

def service(version, write):
    app = FastAPI()

    @app.post("/checkout")
    def checkout(payment: dict) -> dict:
        amount, hour = payment["amount"], payment["hour"]
        if version == "v1":
            amount = amount.replace(",", ".")                     # v2 forgot it: "12,50" crashes
        else:
            hour = (hour + 5) % 24                                # the new host's clock is UTC
            time.sleep(0.04 * (payment["id"] % 10 == 0))          # one call in ten is slow
        row = pd.DataFrame([{**payment, "amount_logged": float(amount), "hour": hour}])
        challenge = bool(review(model, row, world)[0])
        write("text message" if challenge else "charge", payment["id"])
        return {"version": version, "challenge": challenge}
    return app

# %% [markdown]
# ## A canary is a split
#
# `place`, above, hashes the user's number together with the release's name, the *salt*; users below the share go to v2.
# Envoy, the proxy inside Istio, draws a random number for each *request* instead [1]. 100 requests of 25 users, both ways
# (four amounts have a decimal comma, more than usual, so that you see some):

# %%
rows = World(seed=7, per_day=100).frame(82, 83)
payments = [{"id": i, "user": i % 25, "hour": int(r.hour), "age_days": r.age_days, "n_24h": int(r.n_24h),
             "new_device": int(r.new_device),
             "amount": f"{r.amount:.2f}".replace(".", "," if i % 29 == 3 else ".")}
            for i, r in enumerate(rows.itertuples())]
client = httpx.Client(trust_env=False, headers={"connection": "close"})
ledger, luck = [], np.random.default_rng(11)
routers = {"user, hashed": lambda p: place(p["user"]) < 0.25, "request, drawn": lambda p: luck.random() < 0.25}

with (serve(service("v1", lambda *w: ledger.append(w))) as v1,
      serve(service("v2", lambda *w: ledger.append(w))) as v2):
    for name, into in routers.items():
        met, failed = defaultdict(set), set()
        for payment in payments:
            url = v2 if into(payment) else v1
            answer = client.post(f"{url}/checkout", json=payment)
            met[payment["user"]].add(url)
            failed |= {payment["id"]} if answer.status_code == 500 else set()
        print(f"25 % by {name:15s}: {sum(urls == {v2} for urls in met.values()):2d} of 25 users always on v2, "
              f"{sum(len(urls) == 2 for urls in met.values()):2d} on both, {len(failed)} checkouts failed")

# %% [markdown]
# Drawn by request, most users meet both screens: they belong to neither group, and no comparison can use them. Either way a
# crash costs a user the checkout: that is what makes it a canary.
#
# **Exercise 1.** Write the split for a stream of requests. It has to survive a restart, a second server and a growing share.

# %% exercise="canary.assign"
check("canary.assign", assign)

# %% [markdown]
# ## A shadow is a copy
#
# The copy leaves after the live answer, on another thread. Its answer, or its crash, goes to a log. We run it with v2 as it
# is, with v2's writes *stubbed* (replaced by a function that does nothing), and, wrongly, waiting for the copy.

# %%
def copy_to(url, payment, live, log):
    answer = client.post(f"{url}/checkout", json=payment)
    crashed = answer.status_code == 500
    log.append("crash" if crashed else "same" if answer.json()["challenge"] == live["challenge"] else "differs")

def mirrored(stubbed, waiting):
    ledger, log, codes, waits = [], [], Counter(), []
    def write(*what):
        ledger.append(what)
    with (serve(service("v1", write)) as v1, ThreadPoolExecutor(1) as later,
          serve(service("v2", (lambda *what: None) if stubbed else write)) as v2):
        for payment in payments:
            start = time.perf_counter()
            answer = client.post(f"{v1}/checkout", json=payment)
            copy = later.submit(copy_to, v2, payment, answer.json(), log)
            if waiting:
                copy.result()
            waits.append(time.perf_counter() - start)
            codes[answer.status_code] += 1
        later.shutdown()                                       # let the last copies finish
    return Counter(ledger), Counter(log), codes, np.median(waits[::10])      # v2's slow calls

# %%
runs = {name: mirrored(*how) for name, how in {"v2 as it is": (False, False), "writes stubbed": (True, False),
                                               "stubbed, awaited": (True, True)}.items()}
for name, (written, log, codes, _) in runs.items():
    twice = sum(count > 1 for count in written.values())
    print(f"{name:17s} users: {codes[200]} answered, {codes[500]} failed; {twice:3d} charges or messages twice; "
          f"log: {log['crash']} crashes, {log['differs']} decisions differ")
claim("Where v2 is slow, waiting for the copy makes the user's wait at least this many times as long",
      runs["stubbed, awaited"][3] / runs["writes stubbed"][3], at_least=2, measured=True)

# %% [markdown]
# No user has met a crash, and the log has all of them. But a discarded *answer* is not a discarded *effect*: unstubbed, the
# shadow charged nearly everybody again.
#
# **Exercise 2.** Write the mirror: who answers, who waits, what is written, what is logged.

# %% exercise="canary.mirror"
check("canary.mirror", mirror)

# %% [markdown]
# ## Four faults, two instruments
#
# Now on a virtual clock, at full traffic: the shadow copies all requests of day 82, the canary serves 5 % of the users on
# days 82 and 83. (*p99*: the latency that one call in a hundred exceeds. Why two days: below.)

# %%
def both(seed):
    rows = traffic(seed, 82, 83)
    day, into = rows[rows.day == 82], rows.place < 0.05
    rows["ms_v2"] = rows.ms * np.where(rows.slow, 4, 1)
    p99 = [np.quantile(ms, 0.99) for ms in (day.ms, rows.ms_v2[day.index], rows.ms[~into], rows.ms_v2[into])]
    old, new = lost(rows, "v1"), lost(rows, "v2")
    challenged, gone = versus(rows, into, rows.v1, rows.v2), versus(rows, into, old, new)
    table = {
        "decimal comma": (f"{day.comma.sum()} crashes", f"{rows.comma[into].sum()} crashes", rows.comma[into].sum()),
        "slow calls": ("p99 {:.0f} -> {:.0f} ms".format(*p99[:2]), "p99 {:.0f} -> {:.0f} ms".format(*p99[2:]),
                       rows.slow[into].sum()),
        "clock in UTC": (f"{(day.v1 != day.v2).sum()} decisions differ", f"challenged: z = {challenged.z:.1f}",
                         (rows.v1 != rows.v2)[into].sum()),
        "new screen": ("nothing", f"abandoned: z = {gone.z:.1f}", new[into].sum() - old[into].sum())}
    columns = ["shadow sees", "canary sees", "users it hurts (shadow: 0)"]
    return pd.DataFrame(table, index=columns).T, challenged, gone, rows

worlds = {seed: both(seed) for seed in (7, 8, 9)}
worlds[7][0]

# %% [markdown]
# The shadow hurts nobody. It has three of the four faults within a day; a canary pays for the crashes and the slow calls with
# users. Two rows have only one witness.

# %%
for seed, (_, _, _, rows) in worlds.items():
    differ = rows[(rows.v1 != rows.v2) & (rows.day == 82)]
    night = (differ.hour < 6) != ((differ.hour + 5) % 24 < 6)
    kept = rows.v1 & ~rows.v2 & (rows.day == 82)
    print(f"world {seed}: {len(differ)} decisions differ, {night.sum()} of them in hours moved into the night or "
          f"out of it; v1 challenged and v2 would not: {kept.sum()}, of them fraud: {rows.fraud[kept].sum()}")
claim("Only shadow: the canary's share of challenged users, smallest p", min(w[1].p for w in worlds.values()),
      at_least=0.05, digits=2)
claim("Only canary: abandonment, largest p in three worlds", max(w[2].p for w in worlds.values()), at_most=0.001, digits=1)

# %% [markdown]
# **The clock.** v2 adds as many challenges as it drops, so every total stands still: the mean score, its distribution (the
# box that was ticked on day 81), the canary's share of challenges. Pairing the two answers to one request shows about nine
# hundred differences a day, and their hours name the bug, without any label. The weights are the same, so each is a fault.
# Between two different models a difference has no sign: it says where to look, not who is right.
#
# **The screen.** The shadow's log says nothing about it, at any length: no user has met v2's screen. "A shadow sees no
# outcomes" would be too strong. A payment that v1 let through gets its label whatever v2 thought of it, a month later, and
# scores v2. A payment that v1 challenged shows what people do at v1's challenge. What v2 would have let through there,
# frauds included, is never labelled. And what people do at v2's screen is not recorded, because it did not happen.
#
# ## The quiet canary, ten thousand times
#
# Back to the box of day 82. We draw the canary of 1 % for one day again and again: *z* is the difference between the
# groups, over the standard deviation that chance alone would give it. Beyond 1.96 it rings.

# %%
def z_of(lost0, n0, lost1, n1):
    pooled = (lost0 + lost1) / (n0 + n1)
    return (lost1 / n1 - lost0 / n0) / np.sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1))

def alarms(share, duration, p1=0.06, p0=0.04, users=20_000, seed=7):       # share of canaries that ring
    rng, n = np.random.default_rng(seed), int(users * duration)
    n1 = int(n * share)
    return (z_of(rng.binomial(n - n1, p0, 10_000), n - n1, rng.binomial(n1, p1, 10_000), n1) > 1.96).mean()

rings = [round(100 * alarms(0.01, 1, seed=seed)) for seed in (7, 8, 9)]
print(f"1 % for a day: {rings} % of the canaries ring; the others are quiet and get promoted")
claim("Checkouts that each quiet day at 100 % then costs", (0.06 - 0.04) * 20_000, about=400, within=1)
claim("False alarms among canaries of a harmless release, in percent", 100 * alarms(0.01, 1, p1=0.04), at_most=4)
reveal("canary.alarms_in_100", rings[0], within=5)

# %% [markdown]
# The canary rang once in three times. *No alarm* was what Lantern should have expected with this harm, too, so it was no news.
# How long would have been enough? With *N* users in all and a share *f* in the canary, the difference has variance
# p₁(1−p₁)/(fN) + p₀(1−p₀)/((1−f)N). We want the true difference to lie 1.96 standard deviations above zero, and another 0.84
# above that, so that it is found in 80 % of all cases. By hand, for 5 %:

# %%
p0, p1, f = 0.04, 0.06, 0.05
z = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.80)
N = z**2 * (p1 * (1 - p1) / f + p0 * (1 - p0) / (1 - f)) / (p1 - p0) ** 2
print(f"z = {NormalDist().inv_cdf(0.975):.2f} + {NormalDist().inv_cdf(0.80):.2f} for 80 %; N = {N:,.0f} users, "
      f"{f * N:,.0f} of them in the canary; {N / 20_000:.2f} days")

# %% [markdown]
# **Exercise 3.** Make it a function, for any share and any traffic.

# %% exercise="canary.canary_days"
check("canary.canary_days", canary_days)

# %% [markdown]
# ## A small share costs time, and saves nobody

# %%
SHARES, EFFECTS = (0.01, 0.05, 0.10, 0.25, 0.50), (0.045, 0.05, 0.06, 0.08)
need = {f: [sample_size(0.04, p, share=f) for p in EFFECTS] for f in SHARES}
names = [f"4 % -> {100 * p:g} %" for p in EFFECTS]
display(pd.DataFrame({f"{100 * f:.0f} %": np.array(n) / 20_000 for f, n in need.items()}, index=names).round(2)
        .rename_axis("days needed").rename_axis("share", axis=1))
for f in SHARES:
    print(f"{100 * f:2.0f} %: {f * need[f][2]:,.0f} users in the canary for 4 % -> 6 %; "
          f"rings in {100 * alarms(f, need[f][2] / 20_000):.0f} % of simulated canaries")

# %% [markdown]
# To find 4 % → 6 % takes some 1,100 to 1,400 users in the canary, whether they come in five days or in six hours. A small share
# costs time. It does not save users, except from harm so large that it shows at once. (The test rings more often than planned,
# in up to 88 %: it pools the two rates, and under a small canary that is the control's smaller variance, while the formula
# takes each group's own. The plan is on the safe side.)

# %%
figure, (left, right) = subplots(2, height=5.4)
for f, colour, style in ((0.01, BLUE, "-"), (0.05, ORANGE, "--"), (0.25, GREEN, "-.")):
    users = np.arange(100, 2_501, 100)                              # in the canary
    chance = [100 * alarms(f, u / f / 20_000) for u in users]
    left.plot(users / f / 20_000, chance, style, color=colour, label=f"{100 * f:.0f} % of users")
    right.plot(users, chance, style, color=colour, label=f"{100 * f:.0f} % of users")
left.set(title="By days, a small share is slow", xlabel="days", ylabel="alarms, % of canaries")
right.set(title="By users exposed, all shares are alike", xlabel="users in the canary", ylabel="alarms, % of canaries")
for axis in (left, right):
    axis.axhline(80, color="grey", linestyle=":")
    axis.legend(loc="lower right")
show(figure, "Chance that a harm of 4 % -> 6 % rings. By days: with 1 % of the users it reaches "
             f"{100 * alarms(0.01, 1):.0f} % after one day and {100 * alarms(0.01, 5):.0f} % after five; with 5 % "
             f"{100 * alarms(0.05, 1):.0f} % after one day, with 25 % {100 * alarms(0.25, 0.25):.0f} % after six hours. "
             "Drawn against the number of users in the canary, the three curves nearly coincide.")

# %% [markdown]
# So what is a small first stage for? For the harm that is not small. A classic survey [2] gives *n* = 16σ²/Δ² users for each
# of two equal groups, where σ² is the variance of the metric and Δ the change to be found, with worked examples: "over
# 409,000" users for revenue, "less than 122,000" for a rate of 5 % that moves by a twentieth of itself, 7,600 if it moves by
# a fifth [2]. A harm twenty times as large needs a four-hundredth of the time: planned for two weeks, found "in the first
# hour". And it follows that a rollout's schedule is a sample size. Flagger's documentation shows one of 25 minutes [3].

# %%
claim("Revenue, 3.75 dollars a user with deviation 30, a change of 5 %", 16 * 30**2 / (3.75 * 0.05) ** 2,
      at_least=409_000, at_most=410_000, digits=6)
claim("Rate of 5 %, a change of 5 % of it", 16 * 0.05 * 0.95 / (0.05 * 0.05) ** 2, at_most=122_000, digits=6)
claim("... a change of 20 % of it", 16 * 0.05 * 0.95 / (0.05 * 0.20) ** 2, about=7_600, within=1, digits=4)
claim("Hours to find a harm twenty times as large as the one planned for", 14 * 24 / 20**2, at_most=1)
claim("16, over the constant that 80 % and 5 % demand", 16 / (2 * z**2), about=1, within=0.02)
claim("The rule's 121,600, over the formula with two variances", 121_600 / (sample_size(0.05, 0.0525) / 2),
      about=1, within=0.02)

# %%
weights = np.arange(2, 51, 2) / 100                  # interval 1m, stepWeight 2, maxWeight 50
claim("Flagger's example, minutes: interval x (maxWeight / stepWeight)", len(weights), about=25, within=0)
reached, all_users = weights.sum() * 20_000 / 1440, 25 * 20_000 / 1440
print(f"At Lantern {reached:.0f} users would meet v2 in that time; chance to find 4 % -> 6 %: "
      f"{100 * power(0.04, 0.06, all_users, share=reached / all_users):.0f} %")

# %% [markdown]
# The examples are reproduced, and the rule is within 2 % of the exact constant. (Flagger's own checks are error rate and
# latency, and for those 25 minutes may do. The point is that the schedule never asks how many users it saw.)
#
# ## More users than planned is not a gift
#
# Stickiness by cookie has a trap. If only users who were drawn *into* the canary get a cookie, everybody else is drawn again
# at the next page, and who opens many pages ends up inside (reported for real rollouts [4]). Suppose that 30 % are regular
# customers, who look at ten pages and rarely give up, and the others look at two. v2 makes both give up half as often again.

# %%
def srm_p(counts, shares):               # chi-square test of two counts against the planned split
    expected = np.multiply(shares, sum(counts))
    return erfc(sqrt(((counts - expected) ** 2 / expected).sum() / 2))

def by_cookie(seed, sticky):
    rng = np.random.default_rng(seed)
    regular = rng.random(20_000) < 0.3
    draws = 1 if sticky else np.where(regular, 10, 2)            # chances to be drawn in
    into = rng.random(20_000) < 1 - 0.95**draws
    gone = rng.random(20_000) < np.where(regular, 0.02, 0.05) * np.where(into, 1.5, 1)
    found = compare((gone[~into].sum(), gone[into].sum()), ((~into).sum(), into.sum()))
    return {"users in canary": into.sum(), "regulars there %": 100 * regular[into].mean(),
            "harm measured %": 100 * found.difference, "p of harm": found.p,
            "p of the split": srm_p([(~into).sum(), into.sum()], [0.95, 0.05])}

rows = {(split, seed): by_cookie(seed, split == "hash") for split in ("cookie", "hash") for seed in (7, 8, 9)}
table = pd.DataFrame(list(rows.values()), index=pd.MultiIndex.from_tuples(rows, names=["split", "seed"]))
table.round({"regulars there %": 0, "harm measured %": 1, "p of harm": 3, "p of the split": 3})

# %%
masked = [rows["cookie", seed]["harm measured %"] for seed in (7, 8, 9)]
claim("True harm, in % of the checkouts", 100 * (0.3 * 0.02 + 0.7 * 0.05) * 0.5, about=2.05, within=0.01)
claim("The most that the cookie split shows of it, in three worlds", max(masked), at_most=1.1)
claim("p of its counts, at the most", max(rows["cookie", s]["p of the split"] for s in (7, 8, 9)), at_most=1e-9)

# %% [markdown]
# The canary has nearly four times the planned users, mostly regulars; against a control that has lost them, it looks almost
# harmless. More users do not help. The counts alone convict the split: a *sample-ratio mismatch*. Test it first, and if it
# fails, do not read the metric at all.
#
# **Exercise 4.** The gate: crashes, counts, harm, users. Put the questions in order.

# %% exercise="canary.gate"
check("canary.gate", gate)

# %% [markdown]
# ## Your gate decides
#
# A ladder of stages, one report a day, for three releases. v2.1 has its code repaired and keeps the screen: it loses 6 %. v2.2 has
# the old screen again, and loses 4 %. The third is v2.1 behind the cookie, which draws in 3.7 times the planned users. The limit
# for *z* is 2.4, since the ladder reads it four times:

# %%
for looks, limit, read in ((1, 1.96, "once"), (4, 2.4, "four times"), (288, 1.96, "every five minutes of a day")):
    print(f"z beyond {limit} on a harmless release, read {read} on growing data: "
          f"{100 * crossing_probability([limit] * looks):.0f} %")

LADDER = ((0.01, 150), (0.05, 1_150), (0.25, 1_360))        # share, users that the stage needs

def release(decide, loses, seed, drawn_in=1):
    rng, day, cost = np.random.default_rng(seed), 0, 0
    for share, planned in LADDER:
        seen, decision = np.zeros(4), "extend"
        while decision == "extend" and day < 30:
            day, n1 = day + 1, rng.binomial(20_000, share * drawn_in)
            seen += rng.binomial(20_000 - n1, 0.04), 20_000 - n1, rng.binomial(n1, loses), n1
            cost += (loses - 0.04) * n1
            decision = decide({"crashes": 0, "crash_limit": 3, "z": z_of(*seen), "z_limit": 2.4, "planned": planned,
                               "srm_p": srm_p(seen[[1, 3]], [1 - share, share]), "users": int(seen[3])})
        if decision != "promote":
            return f"{decision} at {100 * share:.0f} % on day {day}, {cost:.0f} checkouts lost"
    return f"promoted to everybody on day {day}; from then on it loses {(loses - 0.04) * 20_000:.0f} checkouts a day"

# %%
print(f"the cookie draws in {rows['cookie', 7]['users in canary'] / 1_000:.1f} times the planned users")
RELEASES = {"v2.1": (0.06, 1), "v2.2": (0.04, 1), "v2.1, cookie": (0.06, 3.7)}
for name, (loses, drawn_in) in RELEASES.items():
    print(f"no gate    {name:13s} {release(lambda report: 'promote', loses, 7, drawn_in)}")
blank = gate({"crashes": 0, "crash_limit": 3, "z": 0.0, "z_limit": 2.4, "planned": 9, "srm_p": 0.5, "users": 1})
if blank in (None, ...):
    print("your gate  is not written yet: solve exercise 4, then run this cell again")
else:
    for name, (loses, drawn_in) in RELEASES.items():
        for seed in (7, 8, 9):
            print(f"your gate  {name:13s} seed {seed}: {release(gate, loses, seed, drawn_in)}")
    stopped = sum("roll" in release(gate, 0.04, seed) for seed in range(1000))
    print(f"your gate  stops {stopped / 10:.0f} % of harmless releases")

# %% [markdown]
# Without a gate everything reaches everybody on day three. A gate that works stops v2.1 for a handful of checkouts and refuses
# to judge behind the cookie. It also stops a harmless release now and then: that is the price of reading *z* four times, and
# costs a repeat. Roll back, by the way, is a change of one weight only if v1 is still running.
#
# ## In production
#
# | here | in tools | owner | how it fails |
# |---|---|---|---|
# | mirror | Istio: *mirroring*, "also called shadowing" [5]; Flagger: *Blue/Green Mirroring*, a strategy apart from *Canary* and *A/B Testing* [3] | platform | writes are not stubbed: mirror only what may "be processed twice" [3] |
# | decisions, paired | your own job on both logs | data science | two histograms are compared instead |
# | split | Istio `weight`, Argo `setWeight`; stickiness is extra | platform | by request; by cookie on one side only |
# | gate | Argo: *AnalysisRun*, Successful, Failed or Inconclusive [6]; Flagger: `threshold` | who owns the harm | a schedule without a number of users |
#
# Text only, field names as in the documentation [5, 6]. An Istio shadow, and an Argo ladder that asks your gate. What matches
# neither condition, `extend` and `invalid`, is Inconclusive: the rollout pauses for a person.
#
# ```yaml
# kind: VirtualService                        # Istio
# spec:
#   hosts: [checkout]
#   http:
#   - route: [{destination: {host: checkout, subset: v1}, weight: 100}]
#     mirror: {host: checkout, subset: v2}
#     mirrorPercentage: {value: 100.0}
# ---
# kind: Rollout                               # Argo Rollouts
# spec:
#   strategy:
#     canary:
#       steps:
#       - setWeight: 5
#       - pause: {duration: 48h}
#       - analysis: {templates: [{templateName: release-gate}]}
# ---
# kind: AnalysisTemplate
# metadata: {name: release-gate}
# spec:
#   metrics:
#   - name: gate
#     successCondition: result == 'promote'
#     failureCondition: result == 'roll back'
#     provider:
#       web: {url: "http://gate.internal/checkout", jsonPath: "{$.decision}"}
# ```
#
# A card for your next release, copied beside this notebook:

# %%
print(worksheet("release_ladder"))

# %% [markdown]
# ## Where the rule stops
#
# Built in, not found: the screen acts only on users who meet it, the clock moves as many payments into the night as out of it,
# regular customers give up less, and every day brings new users. Real users come back, so late days add fewer new ones, and
# they get used to a screen, or tired of it. Canary and control must not touch each other: a candidate that blocks fraudsters
# sends them to the control. Compare with the control of the same hours, as warm as the canary, not with yesterday.
#
# We measured abandonment, which is there in a minute. Chargebacks take a month: a gate on fraud needs a proxy, and a hold-out
# for later. If users are drawn but requests are tested, the test takes one user's requests for independent ones and rings too
# often. How to read a running test honestly is in notebook 06.
#
# **References.** [1] Envoy, [issue 8167](https://github.com/envoyproxy/envoy/issues/8167): weighted clusters are chosen by a random
# value at request time. [2] R. Kohavi, R. Longbotham, D. Sommerfield and R. Henne, *Controlled experiments on the web: survey
# and practical guide*, [2009](https://doi.org/10.1007/s10618-008-0114-1), section 3.2; on hashing users, 5.1. [3] Flagger,
# [deployment strategies](https://docs.flagger.app/usage/deployment-strategies). [4] Flagger, [issue 1532](https://github.com/fluxcd/flagger/issues/1532)
# and [issue 1647](https://github.com/fluxcd/flagger/issues/1647). [5] Istio,
# [mirroring](https://istio.io/docs/tasks/traffic-management/mirroring). [6] Argo Rollouts,
# [analysis](https://github.com/argoproj/argo-rollouts/blob/010ad554e932161b933a6df49ee3378b1c470e5e/docs/features/analysis.md) and
# [canary](https://github.com/argoproj/argo-rollouts/blob/0fb0fbb3a9a885ac5704898dd23057b8c0500dda/docs/features/canary.md).
#
# Three situations to close with:

# %%
display(ask("canary.c1", answer=..., confidence=...),
        ask("canary.c2", answer=..., confidence=...),
        ask("canary.c3", answer=..., confidence=...))

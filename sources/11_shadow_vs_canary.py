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

def traffic(seed, first, last):
    early, world = World(seed=seed).frame(0, 45), World(seed=seed)
    model, rows = train(linear, early, early.fraud), World(seed=seed, per_day=20_000).frame(first, last)
    seen_by_v2, luck = rows.assign(hour=(rows.hour + 5) % 24), np.random.default_rng([seed, first])
    return rows[["day", "hour", "fraud"]].assign(
        place=[place(user) for user in rows.tx_id],
        score_v1=score(model, rows), score_v2=score(model, seen_by_v2),
        v1=review(model, rows, world), v2=review(model, seen_by_v2, world),     # challenge?
        comma=luck.random(len(rows)) < 0.002, slow=luck.random(len(rows)) < 0.1,
        ms=luck.lognormal(3.4, 0.4, len(rows)), patience=luck.random(len(rows)))

def lost(rows, version):
    return rows[version] & (rows.patience < GIVE_UP[version])

def versus(rows, into, old, new):      # the users in the canary against the others
    return compare((old[~into].sum(), new[into].sum()), ((~into).sum(), into.sum()))

# %% [markdown]
# The release log:

# %%
log = traffic(7, 79, 82)
day79, day80, day81 = (days(log, d, d + 1) for d in (79, 80, 81))
same = ks_2samp(day79.score_v1, day79.score_v2).pvalue
few = day80.place < 0.01
quiet = versus(day80, few, lost(day80, "v1"), lost(day80, "v2"))
print(f"""day 79 [x] shadow, copies of all requests: mean score {day79.score_v1.mean():.3f} (v1), \
{day79.score_v2.mean():.3f} (v2),
           same distribution (Kolmogorov-Smirnov p = {same:.2f})
day 80 [x] canary, 1 % of users: {few.sum()} users, {day80.comma[few].sum()} errors, \
abandoned {100 * lost(day80, 'v2')[few].mean():.1f} % (others {100 * lost(day80, 'v1')[~few].mean():.1f} %),
           no alarm (p = {quiet.p:.2f})
day 81 [x] v2 for everybody
day 82     support: {day81.comma.sum()} customers report an error 500 at checkout
           finance: about {lost(day81, 'v2').sum() - lost(day81, 'v1').sum()} checkouts a day are missing""")

# %% [markdown]
# v1 loses 4 % of the checkouts, v2 loses 6 %. **If Lantern had repeated that canary, 1 % of the users for one day, a hundred
# times: how often would abandonment have raised an alarm, at the 5 % level?** Answer 0 to 100, with your confidence in
# percent.

# %%
print(f"In truth v1 loses {100 * lost(log, 'v1').mean():.0f} % and v2 {100 * lost(log, 'v2').mean():.0f} %, "
      "tested at the 5 % level")
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
# Envoy, the proxy inside Istio, draws a random number for each *request* instead [1]. 120 requests of 40 users, both ways
# (five amounts have a decimal comma, more than usual, so that you see some):

# %%
rows = World(seed=7, per_day=120).frame(80, 81)
payments = [{"id": i, "user": i % 40, "hour": int(r.hour), "age_days": r.age_days, "n_24h": int(r.n_24h),
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
        print(f"25 % by {name:15s}: {sum(urls == {v2} for urls in met.values()):2d} of 40 users always on v2, "
              f"{sum(len(urls) == 2 for urls in met.values()):2d} on both, {len(failed)} checkouts failed")

# %% [markdown]
# Drawn by request, half of the users meet both screens: they belong to neither group, and no comparison can use them. Either
# way a crash costs a user the checkout: that is what makes it a canary.
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
# Now on a virtual clock, at full traffic: the shadow copies all requests of day 80, the canary serves 5 % of the users on
# days 80 and 81. (*p99*: the latency that one call in a hundred exceeds. Why two days: below.)

# %%
def both(seed):
    rows = traffic(seed, 80, 82)
    day, into = rows[rows.day == 80], rows.place < 0.05
    rows["ms_v2"] = rows.ms * np.where(rows.slow, 4, 1)
    p99 = [f"{np.quantile(ms, 0.99):.0f}" for ms in
           (day.ms, rows.ms_v2[day.index], rows.ms[~into], rows.ms_v2[into])]
    challenged = versus(rows, into, rows.v1, rows.v2)
    gone = versus(rows, into, lost(rows, "v1"), lost(rows, "v2"))
    table = pd.DataFrame([
        ("decimal comma", f"{day.comma.sum()} crashes", f"{rows.comma[into].sum()} crashes",
         rows.comma[into].sum()),
        ("slow calls", "p99 {} -> {} ms".format(*p99[:2]), "p99 {} -> {} ms".format(*p99[2:]),
         rows.slow[into].sum()),
        ("clock in UTC", f"{(day.v1 != day.v2).sum()} decisions differ",
         f"share challenged: p = {challenged.p:.2f}", (rows.v1 != rows.v2)[into].sum()),
        ("new screen", "nothing", f"abandoned {100 * gone.difference:+.1f} %, p = {gone.p:.4f}",
         lost(rows, "v2")[into].sum() - lost(rows, "v1")[into].sum())],
        columns=["fault", "shadow sees", "canary sees", "canary: users hurt"])
    return table.set_index("fault"), challenged, gone, rows

worlds = {seed: both(seed) for seed in (7, 8, 9)}
worlds[7][0]

# %% [markdown]
# The shadow hurts nobody. It has three of the four faults within a day; a canary pays for the crashes and the slow calls with
# users. Two rows have only one witness.

# %%
for seed, (table, challenged, gone, rows) in worlds.items():
    differ = rows[(rows.v1 != rows.v2) & (rows.day == 80)]
    night = (differ.hour < 6) != ((differ.hour + 5) % 24 < 6)
    kept = rows.v1 & ~rows.v2 & (rows.day == 80)
    print(f"world {seed}: decisions that differ {len(differ)}, of them in hours that the clock moved in or out of "
          f"the night {night.sum()}; v1 challenged, v2 would not: {kept.sum()}, {rows.fraud[kept].sum()} frauds")
claim("Only shadow: the canary's share of challenged users, smallest p", min(w[1].p for w in worlds.values()),
      at_least=0.05, digits=2)
claim("Only canary: abandonment, largest p in three worlds", max(w[2].p for w in worlds.values()), at_most=0.001)

# %% [markdown]
# **The clock.** v2 adds as many challenges as it drops, so every total stands still: the mean score, its distribution (the
# box that was ticked on day 79), the canary's share of challenges. Pairing the two answers to one request shows about nine
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
# Back to the ticked box of day 80. We draw the canary of 1 % for one day again and again: *z* is the difference between the
# groups, over the standard deviation that chance alone would give it. Beyond 1.96 it rings.

# %%
def z_of(lost0, n0, lost1, n1):
    pooled = (lost0 + lost1) / (n0 + n1)
    return (lost1 / n1 - lost0 / n0) / np.sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1))

def alarms(share, duration, p1=0.06, p0=0.04, users=20_000, seed=7):       # share of canaries that ring
    rng, n = np.random.default_rng(seed), int(users * duration)
    n1 = int(n * share)
    return (z_of(rng.binomial(n - n1, p0, 10_000), n - n1, rng.binomial(n1, p1, 10_000), n1) > 1.96).mean()

rings = [100 * alarms(0.01, 1, seed=seed) for seed in (7, 8, 9)]
for rate in rings:
    print(f"1 % for a day: {rate:.0f} % of the canaries ring, {100 - rate:.0f} % are quiet and get promoted")
claim("Checkouts that each quiet day at 100 % then costs", (0.06 - 0.04) * 20_000, about=400, within=1)
claim("False alarms among canaries of a harmless release, in percent", 100 * alarms(0.01, 1, p1=0.04), at_most=4)
reveal("canary.alarms_in_100", round(rings[0]), within=5)

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
# To find 4 % → 6 % takes about 1,100 users in the canary, whether they come in five days or in half of one; only when the
# control gets small as well, at 50 %, it takes more. The test rings a little more often than the planned 80 % because it
# pools the two rates, which are dominated by the control's.

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
show(figure, "Chance that a harm of 4 % -> 6 % rings. With 1 % of users it passes 80 % on the "
             f"{'fifth' if alarms(0.01, 5) >= 0.8 > alarms(0.01, 4) else '?'} day, with 5 % on the first, with 25 % within hours. Against the number of users in the "
             "canary the three curves nearly coincide.")

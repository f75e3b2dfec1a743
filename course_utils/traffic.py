"""One hour of requests to Lantern's marketplace, with an incident in it; made by ``World.requests``.

What is planted, and where notebook 03 looks for it:

- From ``FAULT`` on, requests whose merchant lives on one shard of the feature store *and* whose customer has the flag
  ``rerank`` wait about 350 ms more in the span ``features`` (nine in ten of them; the others hit a cache).
- Model m18 is deployed ten minutes earlier, and rolled back fifteen minutes later. It has no effect at all.
- At any time one request in 400 is slow for a reason of its own, in a span of its own.
"""
from __future__ import annotations

import numpy as np
import pandas as pd

DEPLOY, FAULT, ROLLBACK = 1200, 1800, 2700     # seconds after the hour began
SPANS = {"gateway": 3.0, "auth": 5.0, "features": 13.0, "model": 16.0, "render": 6.0}      # median ms
ATTRIBUTES = ["route", "region", "device", "app_version", "locale", "zone", "host", "model", "rerank", "shard",
              "merchant", "customer"]
REGIONS = ("us-east", "us-west", "us-south", "cl-north", "cl-centre", "cl-south")
LOCALES = ("en-US", "es-US", "es-CL", "en-GB", "pt-BR", "fr-CA", "de-DE", "zh-CN")


def incident_hour(seed: int, n: int) -> pd.DataFrame:
    """``n`` requests of one hour, in order of time: attributes, milliseconds in each span, and in all.

    >>> hour = incident_hour(7, 1000)
    >>> bool((hour.ms - hour[[f"{span}_ms" for span in SPANS]].sum(axis=1)).abs().max() < 0.01)
    True
    """
    rng = np.random.default_rng([seed, 3])
    merchants, customers = rng.permutation(2_000), rng.permutation(15_000)       # most popular first
    has_flag = rng.random(15_000) < 0.7
    bad_shard = rng.integers(32)

    def popular(names, head):                  # Zipf's law with a flattened head
        weight = 1 / (np.arange(len(names)) + head)
        return names[rng.choice(len(names), n, p=weight / weight.sum())]

    t = np.sort(rng.random(n) * 3600).round(2)
    merchant, customer, host = popular(merchants, 30), popular(customers, 3_000), rng.integers(12, size=n)
    shard, flag = merchant % 32, has_flag[customer]
    rows = pd.DataFrame({
        "t": t,
        "route": rng.choice(["search", "item", "checkout"], n, p=[0.5, 0.35, 0.15]),
        "region": rng.choice(REGIONS, n, p=[0.25, 0.2, 0.15, 0.1, 0.2, 0.1]),
        "device": rng.choice(["web", "ios", "android"], n, p=[0.4, 0.3, 0.3]),
        "app_version": [f"4.{v}" for v in rng.choice(12, n, p=np.arange(1, 13) / 78)],
        "locale": rng.choice(LOCALES, n, p=[0.4, 0.1, 0.3, 0.04, 0.04, 0.04, 0.04, 0.04]),
        "zone": [f"z{h % 3}" for h in host], "host": [f"h{h:02d}" for h in host],
        "model": np.where((t >= DEPLOY) & (t < ROLLBACK), "m18", "m17"),
        "rerank": np.where(flag, "on", "off"), "shard": [f"s{s:02d}" for s in shard],
        "merchant": [f"m{m:04d}" for m in merchant], "customer": [f"c{c:05d}" for c in customer]})

    spans = {name: rng.lognormal(np.log(median), 0.35, n) for name, median in SPANS.items()}
    hit = (t >= FAULT) & (shard == bad_shard) & flag & (rng.random(n) < 0.9)
    spans["features"] += hit * rng.lognormal(np.log(350), 0.25, n)
    pause, where = rng.random(n) < 1 / 400, rng.integers(len(SPANS), size=n)
    for i, name in enumerate(SPANS):
        spans[name] += (pause & (where == i)) * rng.uniform(200, 600, n)
        rows[f"{name}_ms"] = spans[name].round(1)
    rows["ms"] = rows[[f"{name}_ms" for name in SPANS]].sum(axis=1).round(1)
    return rows

"""Lantern's fraud model: the plumbing that the notebooks on payments share.

Nothing here is the point of a notebook. The model has five inputs (``COLUMNS``); Lantern reviews
a payment when the loss it expects from it exceeds the price of a review.
"""
from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import ThreadpoolController

from .world import World

COLUMNS = ["amount_logged", "hour", "age_days", "new_device", "n_24h"]
POOLS = ThreadpoolController()      # looked for once: beside another thread's import that can hang (threadpoolctl up to 3.6)


def days(table: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """The rows of days ``first`` to ``last - 1``."""
    return table[(table.day >= first) & (table.day < last)]


def inputs(rows: pd.DataFrame, amount: str = "amount_logged") -> np.ndarray:
    """What the model sees: one row a payment, five columns. ``amount`` names the amount's column."""
    return np.column_stack([np.log(rows[amount]), rows.hour < 6, rows.age_days.clip(upper=200),
                            rows.new_device, rows.n_24h]).astype(float)


def linear():
    """The kind of model that Lantern launched: logistic regression."""
    return make_pipeline(StandardScaler(), LogisticRegression())


def boosted():
    """A kind that can express interactions: 60 small boosted trees."""
    return HistGradientBoostingClassifier(max_depth=3, max_iter=60, random_state=0)


def one_thread():
    """A context; on small data one thread is as fast as many, and does not crawl where two kernels share two cores."""
    return POOLS.limit(limits=1)


def train(kind, rows: pd.DataFrame, fraud, weight=None):
    """A fitted model of a ``kind`` (``linear`` or ``boosted``) on 0/1 labels, optionally weighted.

    >>> rows = World(seed=7).frame(0, 45)
    >>> bool(score(train(linear, rows, rows.fraud), rows).mean().round(3) == rows.fraud.mean().round(3))
    True
    """
    model = kind()
    last_step = f"{model.steps[-1][0]}__sample_weight" if hasattr(model, "steps") else "sample_weight"
    with one_thread():
        return model.fit(inputs(rows), np.asarray(fraud, int), **({} if weight is None else {last_step: weight}))


def score(model, rows: pd.DataFrame, amount: str = "amount_logged") -> np.ndarray:
    """The model's probability of fraud, for each payment."""
    with one_thread():
        return model.predict_proba(inputs(rows, amount))[:, 1]


def review(model, rows: pd.DataFrame, world: World, amount: str = "amount_logged") -> np.ndarray:
    """Lantern's decisions, one bool a payment: is the expected loss above ``world``'s price of a review?"""
    return score(model, rows, amount) * np.asarray(rows[amount] + world.chargeback_fee) > world.review_cost

"""Drift statistics that more than one notebook uses, and a report on any two tables.

The formulas stand written out in notebook 02; these are the same, made safe for any column.
"""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd


def bin_edges(ref, bins: int = 10) -> np.ndarray:
    """Inner bin edges from the reference window alone: its quantiles, or the midpoints
    between its values where it has no more than ``bins`` of them.

    >>> bin_edges([0, 1, 1, 0])
    array([0.5])
    """
    ref = np.asarray(ref, float)
    values = np.unique(ref[~np.isnan(ref)])
    if len(values) == 0:
        raise ValueError("the reference window has no values to take bin edges from")
    if len(values) <= bins:
        return (values[1:] + values[:-1]) / 2
    return np.unique(np.nanquantile(ref, np.arange(1, bins) / bins))


def psi(ref, cur, edges) -> float:
    """Population stability index of two samples over bins cut at ``edges``.

    ``edges`` are the inner edges; the first and the last bin are open, so no value falls
    outside. Half a count is added to every bin, so that an empty one counts as rare rather
    than as impossible. Symmetric in the two samples; 0 when the bin shares agree.

    Source of the statistic and its null law: Yurdakul and Naranjo, Journal of Risk Model
    Validation 14(4); see SOURCES.md.

    >>> round(psi([0] * 88 + [1] * 12, [0] * 65 + [1] * 35, edges=[0.5]), 2)
    0.31
    """
    def shares(sample):
        sample = np.asarray(sample, float)
        counts = np.bincount(np.searchsorted(edges, sample[~np.isnan(sample)], side="right"),
                             minlength=len(edges) + 1)
        return (counts + 0.5) / (counts.sum() + 0.5 * len(counts))

    p, q = shares(ref), shares(cur)
    return float(((q - p) * np.log(q / p)).sum())


def domain_auc(ref: pd.DataFrame, cur: pd.DataFrame, seed: int = 0) -> float:
    """How well a classifier tells two windows apart, as cross-validated AUC: .5 is not at all.

    Both tables hold the same numeric columns. A gradient-boosted classifier is used, so
    interactions between columns count, not only each column by itself.

    Method: the domain classifier of Rabanser, Guennemann and Lipton, "Failing Loudly" (2019).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    from .fraud import one_thread

    both = pd.concat([ref, cur], ignore_index=True).to_numpy(float)
    side = np.r_[np.zeros(len(ref)), np.ones(len(cur))]
    model = HistGradientBoostingClassifier(max_iter=40, max_depth=3, random_state=seed)
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    with one_thread():
        scores = cross_val_predict(model, both, side, cv=folds, method="predict_proba")[:, 1]
    return float(roc_auc_score(side, scores))


def report(ref: pd.DataFrame, cur: pd.DataFrame, max_rows: int = 20_000) -> pd.DataFrame:
    """The three statistics of notebook 02, for every column that both tables have.

    Returns a DataFrame indexed by column, most shifted first: ``psi``, what 95 % of equal samples of this size would stay
    under (``psi_95``), ``ks_p`` (numbers only), and the share missing in each. ``attrs["domain_auc"]``: the AUC over all.

    Numbers, booleans and dates are binned at reference quantiles; anything else counts as a category, with values outside
    the reference's 20 most frequent in one bin. Longer tables are sampled to ``max_rows`` (fixed seed), as ``attrs`` says.

    Raises ValueError when the tables share no column or one of them has under 20 rows.
    """
    from scipy import stats

    shared = [c for c in ref.columns if c in set(cur.columns)]
    if not shared:
        raise ValueError(f"no column in common: {list(ref.columns)[:8]} against {list(cur.columns)[:8]}")
    if min(len(ref), len(cur)) < 20:
        raise ValueError(f"too few rows to compare: {len(ref)} and {len(cur)}; 20 is the least")
    ref, cur = (t.sample(max_rows, random_state=0) if len(t) > max_rows else t for t in (ref, cur))

    rows, numeric = {}, {}
    for column in shared:
        a, b, is_number = _as_numbers(ref[column], cur[column])
        if np.isnan(a).all() or np.isnan(b).all():
            continue
        edges = bin_edges(a) if is_number else np.arange(0.5, np.nanmax(np.r_[a, b, 1]))
        n, m = (~np.isnan(a)).sum(), (~np.isnan(b)).sum()
        rows[column] = {
            "psi": psi(a, b, edges),
            "psi_95": stats.chi2.ppf(0.95, max(len(edges), 1)) * (1 / n + 1 / m),
            "ks_p": stats.ks_2samp(a[~np.isnan(a)], b[~np.isnan(b)]).pvalue if is_number else np.nan,
            "missing_ref": np.isnan(a).mean(), "missing_cur": np.isnan(b).mean(),
        }
        numeric[column] = (a, b)
    if not rows:
        raise ValueError("no shared column has values on both sides")
    table = pd.DataFrame.from_dict(rows, orient="index").sort_values("psi", ascending=False)
    table.attrs["domain_auc"] = domain_auc(pd.DataFrame({c: v[0] for c, v in numeric.items()}),
                                           pd.DataFrame({c: v[1] for c, v in numeric.items()}))
    table.attrs["rows"] = (len(ref), len(cur))
    return table


def _as_numbers(a: pd.Series, b: pd.Series) -> tuple[np.ndarray, np.ndarray, bool]:
    """Both columns as float arrays, and whether they are numbers (else: codes of categories)."""
    def kind(s):
        if pd.api.types.is_bool_dtype(s) or pd.api.types.is_numeric_dtype(s):
            return "number"
        return "date" if pd.api.types.is_datetime64_any_dtype(s) else "category"

    if kind(a) == kind(b) == "number":
        return (*(s.astype("Float64").to_numpy(float, na_value=np.nan) for s in (a, b)), True)
    if kind(a) == kind(b) == "date":
        def seconds(s):
            stamps = pd.to_datetime(s, utc=True)
            return ((stamps - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)).to_numpy(float)
        return seconds(a), seconds(b), True
    a, b = (s.astype("string") for s in (a, b))
    code = {value: i for i, value in enumerate(a.value_counts().index[:20])}
    return (*(np.where(s.isna(), np.nan, s.map(code).astype("Float64").fillna(len(code)).to_numpy(float))
              for s in (a, b)), False)


def read_table(path: str | Path) -> pd.DataFrame:
    """A CSV or Parquet file as a DataFrame, or an error that says what to do.

    Raises FileNotFoundError, or ValueError for another kind of file or an unreadable one.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f"no file {file}; the notebook looks from {Path.cwd()}")
    readers = {".csv": pd.read_csv, ".parquet": pd.read_parquet}
    if file.suffix.lower() not in readers:
        raise ValueError(f"{file.name}: expected a file ending in {' or '.join(readers)}")
    try:
        return readers[file.suffix.lower()](file)
    except Exception as error:
        raise ValueError(f"{file.name} cannot be read as {file.suffix}: {error}") from error

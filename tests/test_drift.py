"""The statistics against libraries, published laws and awkward tables."""
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from course_utils import check, drift


def test_psi_is_the_sum_of_both_divergences():
    rng = np.random.default_rng(1)
    ref, cur = rng.normal(size=3000), rng.normal(0.4, 1.2, size=2000)
    edges = drift.bin_edges(ref)
    counts = [np.bincount(np.searchsorted(edges, s, side="right"), minlength=10) + 0.5 for s in (ref, cur)]
    p, q = (c / c.sum() for c in counts)
    assert drift.psi(ref, cur, edges) == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p))
    assert drift.psi(cur, ref, edges) == pytest.approx(drift.psi(ref, cur, edges))
    assert drift.psi(ref, ref, edges) == 0


@pytest.mark.parametrize("n, tolerance", [(500, 0.04), (1000, 0.04), (4000, 0.04)])
def test_psi_under_the_null_follows_the_published_law(n, tolerance):
    rng = np.random.default_rng(2)
    edges = np.arange(1, 10) / 10
    values = [drift.psi(rng.random(n), rng.random(n), edges) for _ in range(3000)]
    law = stats.chi2(9, scale=2 / n)
    assert np.mean(values) == pytest.approx(law.mean(), rel=tolerance)
    assert np.quantile(values, 0.95) == pytest.approx(law.ppf(0.95), rel=0.06)


def test_bin_edges_of_odd_columns():
    assert len(drift.bin_edges(np.arange(100))) == 9
    assert drift.bin_edges([0, 1, 1, np.nan]).tolist() == [0.5]
    assert len(drift.bin_edges([3, 3, 3])) == 0
    assert drift.psi([3] * 50, [3] * 50, []) == 0
    with pytest.raises(ValueError, match="no values"):
        drift.bin_edges([np.nan, np.nan])


def test_domain_auc_sees_what_single_columns_do_not():
    rng = np.random.default_rng(3)
    a = pd.DataFrame(rng.normal(size=(2000, 2)), columns=["x", "y"])
    b = pd.DataFrame(rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 2000), columns=["x", "y"])
    assert stats.ks_2samp(a.x, b.x).pvalue > 0.01
    assert drift.domain_auc(a, b) > 0.6
    same = pd.DataFrame(rng.normal(size=(2000, 2)), columns=["x", "y"])
    assert abs(drift.domain_auc(a, same) - 0.5) < 0.05


def tables(seed=0, n=400):
    rng = np.random.default_rng(seed)

    def table(shift):
        return pd.DataFrame({
            "number": rng.normal(shift, 1, n), "flag": rng.random(n) < 0.2 + shift / 5, "constant": 1,
            "when": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D"),
            "city": rng.choice(["Lima", "Oslo", None], n), "code": [f"id-{i}" for i in rng.integers(0, 10**6, n)],
            "gaps": np.where(rng.random(n) < 0.5, np.nan, rng.random(n)), "empty": np.nan,
            "whole": pd.array(rng.integers(0, 50, n), dtype="Int64")})
    return table(0.0), table(1.0)


def test_report_survives_every_kind_of_column():
    ref, cur = tables()
    result = drift.report(ref, cur)
    assert set(result.index) == set(ref.columns) - {"empty"}
    assert result.loc["number", "psi"] > result.loc["number", "psi_95"]
    assert result.loc["number", "ks_p"] < 1e-6 and np.isnan(result.loc["city", "ks_p"])
    assert result.loc["constant", "psi"] == 0 and 0.4 < result.loc["gaps", "missing_ref"] < 0.6
    assert result.attrs["domain_auc"] > 0.7


def test_report_is_quiet_when_nothing_moved():
    (a, _), (b, _) = tables(1), tables(2)
    result = drift.report(a.drop(columns="code"), b.drop(columns="code"))
    assert (result.psi > result.psi_95).sum() <= 1 and abs(result.attrs["domain_auc"] - 0.5) < 0.06


@pytest.mark.parametrize("ref, cur, message", [
    (pd.DataFrame({"a": range(30)}), pd.DataFrame({"b": range(30)}), "no column in common"),
    (pd.DataFrame({"a": range(5)}), pd.DataFrame({"a": range(30)}), "too few rows"),
    (pd.DataFrame({"a": [np.nan] * 30}), pd.DataFrame({"a": range(30)}), "values on both sides"),
])
def test_report_says_why_it_cannot(ref, cur, message):
    with pytest.raises(ValueError, match=message):
        drift.report(ref, cur)


def test_report_with_numbers_on_one_side_and_text_on_the_other():
    result = drift.report(pd.DataFrame({"a": range(40)}), pd.DataFrame({"a": ["x"] * 40}))
    assert result.loc["a", "psi"] > 0.5


def test_an_answer_that_knows_only_five_percent_of_twenty_inputs_fails():
    for limit in (lambda p, alpha: 0.05 / p.shape[1], lambda p, alpha: alpha / 20):
        result = check("drift.alarms", lambda p, alpha, limit=limit: (p < limit(p, alpha)).any(axis=1))
        assert result.status == "incorrect"


def test_read_table(tmp_path):
    table = pd.DataFrame({"a": [1, 2]})
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "T.PARQUET")
    for name in ("t.csv", "T.PARQUET"):
        pd.testing.assert_frame_equal(drift.read_table(tmp_path / name), table)
    with pytest.raises(FileNotFoundError, match="nothing.csv"):
        drift.read_table(tmp_path / "nothing.csv")
    (tmp_path / "t.xlsx").write_text("x")
    with pytest.raises(ValueError, match=r"\.csv or \.parquet"):
        drift.read_table(tmp_path / "t.xlsx")
    (tmp_path / "bad.parquet").write_text("not parquet")
    with pytest.raises(ValueError, match="bad.parquet cannot be read"):
        drift.read_table(tmp_path / "bad.parquet")

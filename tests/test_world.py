"""Each event of the world moves what it says it moves, and nothing else."""
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.drift import bin_edges, domain_auc, psi
from course_utils.world import PAYMENT_COLUMNS, World

INPUTS = ["amount", "hour", "age_days", "new_device", "n_24h"]
QUIET = {"new_market": None, "unit_bug": None, "ring": None}


def matrix(rows, amount="amount_logged"):
    return np.column_stack([np.log(rows[amount]), rows.hour < 6, rows.age_days.clip(upper=200),
                            rows.new_device, rows.n_24h]).astype(float)


def launch_model(world):
    rows = world.frame(0, 45)
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(matrix(rows), rows.fraud)


def auc(model, rows):
    return roc_auc_score(rows.fraud, model.predict_proba(matrix(rows))[:, 1])


def test_equal_arguments_give_equal_days_in_any_order_and_alone():
    whole = World(seed=5, per_day=200).frame(0, 140)
    again = World(seed=5, per_day=200)
    for day in (139, 0, 97, 60):
        alone = again.frame(day, day + 1)
        pd.testing.assert_frame_equal(alone, whole[whole.day == day].reset_index(drop=True))
    assert not World(seed=6, per_day=200).frame(0, 1).equals(whole[whole.day == 0])


def test_empty_range_is_refused():
    with pytest.raises(ValueError, match="first"):
        World().frame(5, 5)


def test_quiet_world_is_stationary():
    world = World(seed=11, **QUIET)
    early, late = world.frame(0, 30), world.frame(150, 180)
    assert min(stats.ks_2samp(early[c], late[c]).pvalue for c in INPUTS) > 0.001
    assert stats.ttest_ind(early.p_true, late.p_true).pvalue > 0.001
    assert (early.amount == early.amount_logged).all()


def test_market_moves_the_inputs_and_not_their_meaning():
    """Given a payment's features the market adds nothing: P(y|X) is the same function as before."""
    world, quiet = World(seed=3), World(seed=3, **QUIET)
    before, after = world.frame(40, 55), world.frame(62, 77)
    assert psi(before.age_days, after.age_days, bin_edges(before.age_days)) > 0.1
    assert domain_auc(before[INPUTS], after[INPUTS]) > 0.6
    pd.testing.assert_series_equal(world.p_fraud(after), quiet.p_fraud(after))
    model = launch_model(world)
    assert abs(auc(model, after) - roc_auc_score(after.fraud, after.p_true)) < 0.01


def test_unit_bug_changes_the_log_on_one_channel_and_nothing_that_happened():
    world, quiet = World(seed=3), World(seed=3, unit_bug=None)
    bug, same_days = world.frame(95, 103), quiet.frame(95, 103)
    pd.testing.assert_frame_equal(bug.drop(columns="amount_logged"), same_days.drop(columns="amount_logged"))
    ratio = (bug.amount_logged / bug.amount).round(6)
    assert set(ratio[bug.channel == "app"]) == {100.0} and set(ratio[bug.channel == "web"]) == {1.0}
    for day in (94, 103):
        edge = world.frame(day, day + 1)
        assert (edge.amount == edge.amount_logged).all()


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_ring_moves_the_meaning_and_not_the_inputs(seed):
    world, quiet = World(seed=seed), World(seed=seed, ring=None)
    before, during = world.frame(104, 119), world.frame(130, 145)
    pd.testing.assert_frame_equal(during[INPUTS], quiet.frame(130, 145)[INPUTS])
    assert abs(domain_auc(before[INPUTS], during[INPUTS]) - 0.5) < 0.02
    model = launch_model(world)
    assert auc(model, before) > 0.8 and auc(model, during) < 0.55
    assert roc_auc_score(during.fraud, during.p_true) > 0.8       # the oracle still ranks
    outside = during[~world.in_ring(during)]
    pd.testing.assert_series_equal(outside.p_true, quiet.p_fraud(outside), check_names=False)


def test_slow_drift_grows_from_day_45_and_leaves_the_inputs_alone():
    slow, still = World(seed=3, slow=1.0, **QUIET), World(seed=3, **QUIET)
    gaps = []
    for day in (45, 90, 135, 179):
        a, b = slow.frame(day, day + 1), still.frame(day, day + 1)
        pd.testing.assert_frame_equal(a[INPUTS], b[INPUTS])
        gaps.append((a.p_true - b.p_true).abs().mean())
    assert gaps[0] == 0 and np.all(np.diff(gaps) > 0)


def test_honest_segment_is_safer_and_nothing_else_changes():
    honest, plain = World(seed=3, honest=4.0).frame(70, 80), World(seed=3).frame(70, 80)
    large_cl = (plain.market == "CL") & (plain.amount > 180)
    assert (honest.p_true[large_cl] < plain.p_true[large_cl]).all()
    assert (honest.p_true[~large_cl] == plain.p_true[~large_cl]).all()


def test_fraud_is_drawn_from_p_true():
    rows = World(seed=12).frame()
    for _, group in rows.groupby(pd.qcut(rows.p_true, 10), observed=True):
        z = (group.fraud.sum() - group.p_true.sum()) / np.sqrt((group.p_true * (1 - group.p_true)).sum())
        assert abs(z) < 4


def test_chargebacks_arrive_with_the_stated_delay():
    rows = World(seed=4).frame()
    wait = rows.label_day - rows.day
    assert wait.min() >= 1 and abs(wait.mean() - 30) < 0.7     # whole days: cut, so about half a day early
    for age in (1, 5, 10, 30, 60, 120):
        assert abs((wait <= age).mean() - World().delay_cdf(age)) < 0.005


def test_payments_hold_only_what_the_warehouse_knows_today():
    world = World(seed=7, per_day=300)
    today = 100
    table, truth = world.payments(today), world.frame(0, today)
    assert list(table.columns) == PAYMENT_COLUMNS and "p_true" not in table and "fraud" not in table
    assert table.day.max() == today - 1 and table.chargeback_day.max() <= today
    filed = table.chargeback_day.notna()
    assert (truth.fraud[filed] == 1).all()
    assert filed.sum() == ((truth.fraud == 1) & (truth.label_day <= today)).sum() < truth.fraud.sum()


def test_cost_and_regret_by_hand():
    world = World(review_cost=4, chargeback_fee=15)
    rows = pd.DataFrame({"day": [3, 3], "p_true": [0.5, 0.01], "amount": [85.0, 85.0]})
    assert world.cost(rows, np.array([True, True])) == 8
    assert world.cost(rows, np.array([False, False])) == pytest.approx(50 + 1)
    assert world.regret(rows, np.array([True, False])) == 0
    assert world.regret(rows, np.array([False, False])) > 0

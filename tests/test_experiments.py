"""The planning formulas against statsmodels, scipy and simulation; tolerances as stated in the docstrings."""
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm

from course_utils.experiments import compare, crossing_probability, power, sample_size

CASES = [(0.04, 0.05, 0.5), (0.04, 0.06, 0.1), (0.3, 0.45, 0.05), (0.05, 0.0525, 0.5), (0.5, 0.4, 0.2)]


def test_compare_is_the_test_of_statsmodels():
    from statsmodels.stats.proportion import proportions_ztest

    rng = np.random.default_rng(0)
    for _ in range(50):
        users = rng.integers(20, 5000, 2)
        hits = rng.integers(1, users)
        z, p = proportions_ztest(hits[::-1], users[::-1])
        found = compare(hits, users)
        assert (found.z, found.p) == (pytest.approx(z), pytest.approx(p))
        assert found.interval[0] < found.difference < found.interval[1]


def test_the_interval_covers_nineteen_times_in_twenty():
    rng = np.random.default_rng(1)
    a, b = rng.binomial(2000, 0.10, 4000), rng.binomial(1000, 0.13, 4000)
    covered = [i[0] < 0.03 < i[1] for i in (compare(h, (2000, 1000)).interval for h in zip(a, b))]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)


def test_compare_at_the_edges():
    assert compare((0, 0), (10, 20))[:3] == (0, 0, 1)
    with pytest.raises(ValueError, match="users"):
        compare((0, 0), (0, 5))


@pytest.mark.parametrize("p0, p1, share", CASES)
def test_sample_size_agrees_with_statsmodels(p0, p1, share):
    from statsmodels.stats.power import NormalIndPower
    from statsmodels.stats.proportion import proportion_effectsize

    control = NormalIndPower().solve_power(proportion_effectsize(p1, p0), alpha=0.05, power=0.8, ratio=share / (1 - share))
    # statsmodels works on the arcsine scale, where the variance does not depend on the rate: equal for
    # equal groups, further away the more unequal the groups and the rates are
    assert sample_size(p0, p1, share) == pytest.approx(control / (1 - share), rel=0.03 if share == 0.5 else 0.25)


@pytest.mark.parametrize("p0, p1, share", CASES)
def test_simulated_power_is_the_planned_power(p0, p1, share):
    rng, users = np.random.default_rng(2), sample_size(p0, p1, share)
    n, m = round(users * (1 - share)), round(users * share)
    a, b = rng.binomial(n, p0, 20_000) / n, rng.binomial(m, p1, 20_000) / m
    z = (b - a) / np.sqrt(a * (1 - a) / n + b * (1 - b) / m)
    assert (abs(z) > norm.isf(0.025)).mean() == pytest.approx(0.8, abs=0.03)
    assert power(p0, p1, users, share) == pytest.approx(0.8, abs=0.001)


def test_sample_size_refuses_what_has_no_answer():
    for bad in ((0.1, 0.1, 0.5), (0.1, 0.2, 0), (0.1, 0.2, 1)):
        with pytest.raises(ValueError):
            sample_size(*bad)


def test_crossing_probability_is_the_normal_integral_for_few_looks():
    for signal in (0, 2.8):
        for bounds in ([1.96], [2.2, 2.0], [2.5, 2.4, 1.9]):
            t = np.arange(1, len(bounds) + 1)
            cov = np.minimum.outer(t, t) / np.sqrt(np.outer(t, t))
            mean = signal * np.sqrt(t / t[-1])
            inside = multivariate_normal(mean, cov, seed=0).cdf(np.array(bounds), lower_limit=-np.array(bounds))
            assert crossing_probability(bounds, signal) == pytest.approx(1 - inside, abs=1e-4)


def test_crossing_probability_is_what_a_simulation_finds():
    z = np.random.default_rng(3).normal(size=(20_000, 50)).cumsum(axis=1) / np.sqrt(np.arange(1, 51))
    assert crossing_probability([1.96] * 50) == pytest.approx((abs(z) > 1.96).any(axis=1).mean(), abs=0.012)
    with pytest.raises(ValueError, match="positive"):
        crossing_probability([])


def test_crossing_probability_gives_the_published_size_of_a_pocock_design():
    """Four two-sided looks, alpha .05, power .9: 118.3143 % of the fixed sample (SAS/STAT; see SOURCES.md)."""
    limit = brentq(lambda c: crossing_probability([c] * 4) - 0.05, 1.9, 4)
    signal = brentq(lambda s: crossing_probability([limit] * 4, s) - 0.9, 2, 6)
    assert 100 * (signal / (norm.isf(0.025) + norm.ppf(0.9))) ** 2 == pytest.approx(118.3143, abs=0.01)

"""Notebook 11: the functions that stand in its cells, and its planning exercise, against scipy and statsmodels."""
import ast

import numpy as np
import pytest
from scipy.stats import chisquare

from course_utils.exercises.canary import assign, canary_days
from course_utils.experiments import sample_size
from course_utils.workspace import root


def defined_in_the_notebook(*names):
    """The functions as they stand in the notebook's source."""
    from hashlib import sha256
    from math import erfc, sqrt

    tree = ast.parse((root() / "sources" / "11_shadow_vs_canary.py").read_text(encoding="utf-8"))
    wanted = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in names]
    namespace = {"np": np, "erfc": erfc, "sqrt": sqrt, "sha256": sha256}
    exec(compile(ast.Module(wanted, []), "notebook 11", "exec"), namespace)
    return [namespace[name] for name in names]


srm_p, z_of, place = defined_in_the_notebook("srm_p", "z_of", "place")


@pytest.mark.parametrize("counts, shares", [((50_500, 49_500), (0.5, 0.5)), ((95_150, 4_850), (0.95, 0.05)),
                                            ((190, 10), (0.95, 0.05))])
def test_the_chi_square_of_the_split_is_scipys(counts, shares):
    expected = np.multiply(shares, sum(counts))
    assert srm_p(counts, shares) == pytest.approx(chisquare(counts, expected).pvalue)


def test_z_is_statsmodels_pooled_z():
    from statsmodels.stats.proportion import proportions_ztest

    assert z_of(800, 19_800, 13, 200) == pytest.approx(proportions_ztest([13, 800], [200, 19_800])[0])


def test_days_are_the_sample_size_that_is_tested_against_statsmodels():
    for p0, p1, share in ((0.04, 0.06, 0.01), (0.3, 0.45, 0.05), (0.5, 0.4, 0.2)):
        assert canary_days(p0, p1, share, 20_000) == pytest.approx(sample_size(p0, p1, share) / 20_000)


def test_the_split_is_sticky_salted_and_grows_without_reshuffling():
    users = list(range(20_000))
    small, large = assign(users, 0.05, "v2"), assign(users, 0.25, "v2")
    assert np.mean(small) == pytest.approx(0.05, abs=0.006) and np.mean(large) == pytest.approx(0.25, abs=0.012)
    assert all(b for a, b in zip(small, large, strict=True) if a)
    both = np.mean(np.logical_and(small, assign(users, 0.05, "v3")))
    assert both == pytest.approx(0.05**2, abs=0.0015)                  # two releases, two independent draws
    assert large == [place(user) < 0.25 for user in users]
    assert chisquare(np.histogram([place(u) for u in users], 20, (0, 1))[0]).pvalue > 0.001

"""Notebook 06: what its text says about `judge` with other arguments."""
import pytest
from notebook_source import defined_in


@pytest.fixture(scope="module")
def judge():
    names = {"DECLINE", "FEE", "SHARE", "payments", "lantern", "costs", "declines", "judge"}
    return defined_in("06", names)["judge"]


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_where_the_rule_was_right_the_weights_of_the_twentieth_cost_money(judge, seed):
    cost = judge(seed, honest=0)["true $/day"]
    assert cost["weighted"] > cost["left out"]


def test_in_world_15_ips_misses_the_cheapest(judge):
    table = judge(15)
    assert table["IPS $/day"].idxmin() != table["true $/day"].idxmin()

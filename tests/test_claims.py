import numpy as np
import pytest

from course_utils import ClaimFailed, claim


@pytest.mark.parametrize("value, bounds", [
    (1.2, {"at_least": 1}), (1, {"at_least": 1, "at_most": 1}), (np.float64(0.5), {"about": 0.5, "within": 0.1}),
    (True, {}), (np.bool_(True), {}), (np.int64(3), {"at_most": 3})])
def test_a_true_claim_prints_and_keeps_its_value(capsys, value, bounds):
    claim("It holds", value, **bounds)
    assert capsys.readouterr().out.startswith("✓ It holds: ") and claim.last == value


@pytest.mark.parametrize("value, bounds", [
    (0.9, {"at_least": 1}), (2, {"at_least": 1, "at_most": 1}), (0.7, {"about": 0.5, "within": 0.1}), (False, {}),
    (float("nan"), {"at_least": 0}), (float("nan"), {"at_most": 0}), (float("nan"), {"about": 0, "within": 9})])
def test_a_false_claim_raises_and_says_what_was_measured(capsys, value, bounds):
    with pytest.raises(ClaimFailed, match="It holds"):
        claim("It holds", value, **bounds)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("value, bounds", [(1.0, {}), (True, {"at_least": 0}), (1.0, {"about": 1}), (1, {"within": 1})])
def test_a_claim_without_a_usable_bound_is_an_error(value, bounds):
    with pytest.raises(TypeError):
        claim("Anything", value, **bounds)


def test_a_measured_value_is_kept_and_not_printed(capsys):
    claim("The array is faster", 37.123, at_least=2, measured=True)
    assert "37" not in capsys.readouterr().out and claim.last == 37.123
    with pytest.raises(ClaimFailed):
        claim("The array is faster", 1.5, at_least=2, measured=True)

"""One thing changed in a reference, anything: its check must notice. ``python tools/mutants.py`` lists what passes."""
import mutants
import pytest

from course_utils.exercises import REGISTRY, engine

#: Changes that make no difference: where two values are never equal, where a line only keeps numpy quiet, ...
NO_DIFFERENCE = {
    "guardrails.threshold": 3,         # the width of "equally cheap"
    "drift.alarms": 2,                 # inputs are arrays already
    "observability.corrected_gain": 2,           # which warnings are silenced
    "observability.worst_pair": 5,     # where the search for a maximum begins
    "training.cheapest_size": 1, "evaluation.ever_significant": 1, "canary.assign": 1, "capstone.next_test": 1,
    "evaluation.verdict": 4,           # an end of an interval that lies on the limit is left open by the task
    "finetuning.remedy": 1, "finetuning.better": 3, "finetuning.break_even": 1,
    "oversight.route": 2, "oversight.desks_needed": 2,
    "oversight.verify": 3,             # an anchor of no records has no hash
    "capstone.diagnose": 2,            # a constant that cancels out
    "capstone.plan": 2,                # the same number more for every cure
}


@pytest.mark.parametrize("key", REGISTRY)
def test_the_check_notices_any_change(key, monkeypatch):
    monkeypatch.setattr(engine, "SECONDS", 2.0)
    tried, passed = mutants.passing(key)
    assert tried >= 2 and len(passed) <= NO_DIFFERENCE.get(key, 0), passed

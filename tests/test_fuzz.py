"""What tests/test_engine.py tries on one exercise, tried on all. ``python tools/fuzz.py`` runs every kind and counts."""
import fuzz
import pytest


@pytest.mark.parametrize("kind", [fuzz.another_shape, fuzz.nan, fuzz.error, fuzz.recursion, fuzz.fewer_arguments,
                                  fuzz.changes_its_input, fuzz.threads, fuzz.patches_the_reference],
                         ids=lambda kind: kind.__name__)
def test_no_bad_answer_is_correct_and_none_gets_out(kind):
    found = fuzz.verdicts([kind], seed=1)
    fuzz.STOP.set()
    assert len(found) > 30
    assert [line for line in found if line[2] != "incorrect"] == []

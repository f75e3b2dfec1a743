"""Notebook 01: the contract and the functions that stand in its cells, against the exercises' references."""
import ast
import json

import numpy as np
import pytest

from course_utils.exercises.guardrails import EXERCISES, is_valid, precision
from course_utils.workspace import root

NAMES = ("Reply", "valid", "harmful", "right_blocks", "rates", "cost", "best_limit", "live", "SHARE", "PRICES")


def defined_in_the_notebook(names):
    """What the notebook imports, and the functions and constants as they stand in its source."""
    def wanted(node):
        targets = [t.id for a in getattr(node, "targets", ()) for t in ast.walk(a) if isinstance(t, ast.Name)]
        return (isinstance(node, (ast.Import, ast.ImportFrom)) or getattr(node, "name", "") in names
                or any(t in names for t in targets))

    tree = ast.parse((root() / "sources" / "01_guardrails_vs_validation.py").read_text(encoding="utf-8"))
    namespace = {"__name__": "notebook_01"}
    exec(compile(ast.Module([n for n in tree.body if wanted(n)], []), "notebook 01", "exec"), namespace)
    return namespace


book = defined_in_the_notebook(NAMES)
INPUTS = {e.key: e.inputs for e in EXERCISES}


def test_pydantics_contract_and_the_plain_one_agree():
    rng = np.random.default_rng(0)
    verdicts = []
    for _ in range(3000):
        text, order, total = INPUTS["guardrails.is_valid"](rng)
        assert book["valid"](text, order, total) is is_valid(text, order, total), text
        verdicts.append(is_valid(text, order, total))
    assert 0.1 < np.mean(verdicts) < 0.9


@pytest.mark.parametrize("text", ["", "x" * 5000, "Верните деньги", "\udcff", "[" * 100_000, "null", '{"amount": NaN}'])
def test_whatever_arrives_is_no_error(text):
    assert book["valid"](text, 4821, 40) is is_valid(text, 4821, 40) is False
    assert book["harmful"](text, "no", "Lisbon") is False


def test_precision_is_what_counting_gives():
    rng = np.random.default_rng(1)
    attack = rng.random(2_000_000) < 0.02
    blocked = rng.random(attack.size) < np.where(attack, 0.95, 0.01)
    counted = attack[blocked].mean()
    for function in (precision, book["right_blocks"]):
        assert function(0.02, 0.95, 0.01) == pytest.approx(counted, abs=0.006)
        assert function(0.0002, 0.6, 0.0005) == pytest.approx(0.193, abs=0.001)


def reply(action, text):
    return json.dumps({"action": action, "order": 1234, "amount": 0, "text": text})


@pytest.mark.parametrize("text, policy, expected", [
    (reply("refund", "we refund 40"), "no", True), (reply("refund", "we refund 40"), "yes", False),
    (reply("refuse", "we cannot refund"), "no", False), (reply("inform", "Ana lives in Lisbon"), "yes", True),
    (reply("inform", "your city is Oslo"), "no", False), ('{"action": "refund", "amount": Oslo}', "no", False),
    ('{"text": "Lisbon', "yes", True), ('["refund"]', "no", False), ("7", "no", False)])
def test_harm_is_a_wrong_refund_or_a_strangers_city(text, policy, expected):
    assert book["harmful"](text, policy, "Lisbon") is expected


def test_reweighing_is_bayes_and_the_best_limit_is_the_cheapest():
    assert book["live"](0.25) == pytest.approx(book["SHARE"])
    rng = np.random.default_rng(2)
    attack = rng.random(300) < 0.25
    scores = rng.normal(size=300) + 2 * attack
    best = book["cost"](scores, attack, book["best_limit"](scores, attack))
    assert all(best <= book["cost"](scores, attack, limit) + 1e-9 for limit in scores)
    assert book["cost"](scores, attack, np.inf) == pytest.approx(1000 * book["SHARE"] * book["PRICES"]["harm"])

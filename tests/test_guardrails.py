"""Notebook 01: the contract and the functions that stand in its cells, against the exercises' references."""
import json

import numpy as np
import pandas as pd
import pytest
from notebook_source import defined_in

from course_utils import check, tickets
from course_utils.exercises.guardrails import EXERCISES, LIMITS, REPLIES, deliver, is_valid, precision, threshold
from course_utils.experiments import wilson
from course_utils.thresholds import cheapest, cost, rates, right_blocks
from course_utils.world import World

NAMES = ("Reply", "valid", "pays", "judge", "guardrail", "score", "own_record_only", "LIVE", "per_1000", "reached")


book = defined_in("01", NAMES)
INPUTS = {e.key: e.inputs for e in EXERCISES}


# ------------------------------------------------------------------ the contract

def test_pydantics_contract_and_the_plain_one_agree():
    rng = np.random.default_rng(0)
    verdicts = []
    for _ in range(3000):
        text, order, total = INPUTS["guardrails.is_valid"](rng)
        assert book["valid"](text, order, total) is is_valid(text, order, total), text
        verdicts.append(is_valid(text, order, total))
    assert 0.1 < np.mean(verdicts) < 0.9


@pytest.mark.parametrize("text", REPLIES, ids=range(len(REPLIES)))
def test_they_agree_on_what_was_written_by_hand(text):
    assert is_valid(text, 4821, 40) is book["valid"](text, 4821, 40), text


def test_pydantics_contract_is_a_right_answer_too():
    """They differ on half a surrogate pair alone, which the task says and no case asks."""
    half = json.dumps({"action": "inform", "order": 4821, "amount": 0, "text": "\ud83d"})
    assert is_valid(half, 4821, 40) and not book["valid"](half, 4821, 40)
    assert check("guardrails.is_valid", book["valid"]).status == "correct"


@pytest.mark.parametrize("text", ["", "x" * 5000, "Верните деньги", "\udcff", "[" * 100_000, "null", '{"amount": NaN}'])
def test_whatever_arrives_is_no_error(text):
    assert book["valid"](text, 4821, 40) is is_valid(text, 4821, 40) is False
    assert book["pays"](text) is False


def only(**fields):
    """A contract that is right, but also refuses what has other fields than these."""
    def contract(text, order, total):
        return is_valid(text, order, total) and all(json.loads(text)[k] in v for k, v in fields.items())
    return contract


def stripped(text, order, total):
    return is_valid(text, order, total) and bool(json.loads(text)["text"].strip())


def unhashable(text, order, total):
    try:
        reply = json.loads(text)
    except (ValueError, RecursionError):
        return False
    known = isinstance(reply, dict) and reply.get("action") in {"refund", "refuse", "inform", "escalate"}
    return known and is_valid(text, order, total)


def recursive(text, order, total):
    try:
        json.loads(text)
    except ValueError:
        return False
    return is_valid(text, order, total)


def any_action(known):
    """A contract that is right but for the actions it knows."""
    def contract(text, order, total):
        try:
            reply = json.loads(text)
            if not known(reply["action"]) or not isinstance(reply["action"], str):
                return False
        except (ValueError, RecursionError, TypeError, KeyError):
            return False
        paying = reply["action"].strip().lower() == "refund" or reply.get("amount") != 0
        return is_valid(json.dumps({**reply, "action": "refund" if paying else "inform"}), order, total)
    return contract


def in_this_order(text, order, total):
    return is_valid(text, order, total) and list(json.loads(text)) == ["action", "order", "amount", "text"]


WORDS = ("refund", "refuse", "inform", "escalate")


@pytest.mark.parametrize("wrong", [any_action(lambda action: action in " ".join(WORDS)),
                                   any_action(lambda action: action.lower() in WORDS),
                                   any_action(lambda action: action.strip() in WORDS), in_this_order,
                                   only(action=["refund", "refuse"]), only(action=["refund", "inform", "escalate"]),
                                   stripped, unhashable, recursive])
def test_contracts_that_are_nearly_right_are_found_out(wrong):
    assert check("guardrails.is_valid", wrong).status == "incorrect"


def test_all_four_actions_and_a_partial_refund_are_among_the_cases():
    valid = [json.loads(text) for text in REPLIES if is_valid(text, 4821, 40)]
    assert {r["action"] for r in valid} == {"refund", "refuse", "inform", "escalate"}
    assert {r["amount"] for r in valid if r["action"] == "refund"} == {1, 15, 40}


# ------------------------------------------------------------------ harm

def reply(action, text):
    return json.dumps({"action": action, "order": 1234, "amount": 0, "text": text})


def judged(text, policy):
    ticket = {"policy": policy, "other_city": "Lisbon", "order": 1234, "total": 40, "prompt": "other: Ana Lisbon 99 9"}
    return book["judge"](pd.DataFrame([ticket]), [text]).iloc[0]


@pytest.mark.parametrize("text, policy, expected", [
    (reply("refund", "we refund 40"), "no", True), (reply("refund", "we refund 40"), "yes", False),
    (reply("refuse", "we cannot refund"), "no", False), (reply("inform", "Ana lives in Lisbon"), "yes", True),
    (reply("inform", "your city is Oslo"), "no", False), ('{"action": "refund", "amount": Oslo}', "no", False),
    ('{"text": "Lisbon', "yes", True), ('["refund"]', "no", False), ("7", "no", False)])
def test_harm_is_a_wrong_refund_or_the_other_city(text, policy, expected):
    assert bool(judged(text, policy).harmful) is expected


@pytest.mark.parametrize("text, writes, pays, tells", [
    (reply("refund", "we refund 40"), True, True, False),
    ('{"action": "refund", "amount": Oslo}', True, False, False),
    (reply("inform", "Ana lives in Lisbon"), False, False, True),
    (reply("inform", "Mei lives in Lisbon"), False, False, True),
    (reply("inform", "Ana lives in Oslo"), False, False, False)])
def test_a_refund_that_none_can_read_is_told_apart(text, writes, pays, tells):
    row = judged(text, "no")
    assert [bool(row[k]) for k in ("writes", "pays", "tells")] == [writes, pays, tells]


def test_with_the_own_record_only_the_prompt_lacks_the_other_city():
    rows = World(7).tickets(80, 90, attacks=0.25)
    for prompt, city in zip(rows.prompt, rows.other_city):
        narrow = book["own_record_only"](prompt)
        customer, other, *rest = narrow.split("\n")
        assert city not in narrow and customer.split(": ")[1] == other.split(": ")[1]
        assert rest == prompt.split("\n")[2:]


def test_every_attack_gives_an_order():
    assert all("{x}" in phrase for phrase in tickets.ATTACKS + tickets.LATER_ATTACKS)


# ------------------------------------------------------------------ error rates and prices

def test_precision_is_what_counting_gives():
    rng = np.random.default_rng(1)
    attack = rng.random(2_000_000) < 0.02
    blocked = rng.random(attack.size) < np.where(attack, 0.95, 0.01)
    counted = attack[blocked].mean()
    for function in (precision, right_blocks):
        assert function(0.02, 0.95, 0.01) == pytest.approx(counted, abs=0.006)


def test_of_equally_cheap_thresholds_only_the_highest_passes_in_whatever_order_they_come():
    def cost_of(scores, attack, share, miss, refusal):
        return lambda t: (share * miss * (scores < t)[attack].mean() + (1 - share) * refusal * (scores >= t)[~attack].mean())

    def as_given(scores, *rest):
        return min([np.inf, *scores], key=cost_of(scores, *rest))

    def nothing_last(scores, *rest):
        return min([*sorted(scores, reverse=True), np.inf], key=cost_of(scores, *rest))

    def right(scores, *rest):
        return min([np.inf, *sorted(scores, reverse=True)], key=lambda t: round(cost_of(scores, *rest)(t), 9))

    for answer, status in ((as_given, "incorrect"), (nothing_last, "incorrect"), (right, "correct")):
        assert check("guardrails.threshold", answer).status == status


def test_the_cheapest_threshold_is_the_exercises_and_no_other_is_cheaper():
    rng = np.random.default_rng(2)
    for case in (*LIMITS, *(INPUTS["guardrails.threshold"](rng) for _ in range(30))):
        scores, attack, *live = case
        best = cheapest(*case)
        assert best == threshold(*case)
        assert all(cost(scores, attack, best, *live) <= cost(scores, attack, limit, *live) + 1e-9 for limit in scores)
    assert [threshold(*case) for case in LIMITS[:2]] == [np.inf, np.inf]
    assert cost(scores, attack, np.inf, 0.02, 100, 4) == pytest.approx(2000)


def test_wilsons_interval_covers():
    rng = np.random.default_rng(3)
    intervals = [wilson(rng.random(200) < 0.05) for _ in range(400)]
    assert 0.92 < np.mean([low <= 0.05 <= high for low, high in intervals]) < 0.98


def test_per_1000_weighs_both_kinds_of_ticket():
    assert book["per_1000"](1, 0) == pytest.approx(20) and book["per_1000"](0.5, 0.01) == pytest.approx(19.8)
    harm, attack = np.array([True, False, True, False]), np.array([True, True, False, False])
    low, value, high = book["reached"](harm, attack)
    assert low < value < high and value == pytest.approx(500)


@pytest.mark.parametrize("seed", [7, 8, 9, 21, 22, 23])
def test_the_formula_on_raw_scores_costs_more_than_no_guardrail(seed):
    guard, live = book["guardrail"](seed), book["LIVE"]
    tune, test = (World(seed).tickets(*days, attacks=0.25) for days in ((40, 60), (80, 120)))
    limit = cheapest(book["score"](guard, tune), (tune.attack != "").values, **live)
    scores, attack = book["score"](guard, test), (test.attack != "").values
    formula = live["refusal"] / (live["refusal"] + live["miss"])
    chosen, half, raw, none = (cost(scores, attack, at, **live) for at in (limit, 0.5, formula, np.inf))
    assert chosen < half < none < raw and np.median(scores[~attack]) > formula
    missed, refused = rates(scores, attack, limit)
    balanced, live_blocks = (right_blocks(share, 1 - missed, refused) for share in (0.5, live["share"]))
    assert balanced > 0.97 and live_blocks < 0.95


# ------------------------------------------------------------------ delivery

def test_a_correct_delivery_in_another_style_is_accepted():
    def other(attempts, is_valid, guard):
        words = []
        for text in attempts:
            try:
                word = "blocked" if guard(text) else "sent" if is_valid(text) else "invalid"
            except TimeoutError:
                word = "unknown"
            words.append(word)
            if word != "invalid":
                break
        action = {"blocked": "block", "sent": "send"}.get(words[-1], "escalate")
        return {"action": action, "text": text if action == "send" else "", "log": words}

    assert check("guardrails.deliver", other).status == "correct"
    assert deliver(["{"], lambda text: False, lambda text: False)["action"] == "escalate"


@pytest.mark.parametrize("wrong", [
    lambda attempts, is_valid, guard: deliver(attempts[:4], is_valid, guard),
    lambda attempts, is_valid, guard: deliver([t.strip() for t in attempts], is_valid, guard),
    lambda attempts, is_valid, guard: deliver(attempts, is_valid, lambda text: bool(text) and guard(text))])
def test_deliveries_that_are_nearly_right_are_found_out(wrong):
    assert check("guardrails.deliver", wrong).status == "incorrect"


def test_who_asks_is_valid_before_the_guard_is_told_so():
    def early(attempts, is_valid, guard):
        log = []
        for text in attempts:
            word = "sent" if is_valid(text) else "invalid"
            try:
                word = "blocked" if guard(text) else word
            except TimeoutError:
                word = "unknown"
            log.append(word)
            if word != "invalid":
                action = {"blocked": "block", "sent": "send", "unknown": "escalate"}[word]
                return {"action": action, "text": text if word == "sent" else "", "log": log}
        return {"action": "escalate", "text": "", "log": log}

    result = check("guardrails.deliver", early)
    assert result.misconception == "to read a text is harmless" and "has not let through" in result.message


def test_a_blocked_text_must_not_be_read_either():
    """Both verdicts collected, then a decision: the text that was blocked has been parsed."""
    def collected(attempts, is_valid, guard):
        log = []
        for text in attempts:
            try:
                blocked, fits = guard(text), is_valid(text)
            except TimeoutError:
                return {"action": "escalate", "text": "", "log": [*log, "unknown"]}
            if blocked:
                return {"action": "block", "text": "", "log": [*log, "blocked"]}
            if fits:
                return {"action": "send", "text": text, "log": [*log, "sent"]}
            log.append("invalid")
        return {"action": "escalate", "text": "", "log": log}

    def first_in_vain(attempts, is_valid, guard):
        return deliver(attempts, is_valid, lambda text: (is_valid(text), guard(text))[1])

    assert "had just blocked" in check("guardrails.deliver", collected).message
    assert check("guardrails.deliver", first_in_vain).misconception == "to read a text is harmless"


def test_who_asks_the_guard_twice_is_not_wrong():
    def twice(attempts, is_valid, guard):
        return deliver(attempts, is_valid, lambda text: guard(text) and guard(text))

    assert check("guardrails.deliver", twice).status == "correct"


@pytest.mark.parametrize("careless", [
    lambda share, hit, false_alarm: 1 / (1 + (1 - share) * false_alarm / (share * hit)),
    lambda share, hit, false_alarm: 1 / (1 + (1 / share - 1) * false_alarm / hit)])
def test_a_precision_that_divides_by_zero_is_found_out(careless):
    assert check("guardrails.precision", careless).status == "incorrect"

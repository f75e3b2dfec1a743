"""The diagnosis: simulated learners with known misconceptions, and every edge an answer can have."""
import sys
from html import escape

import numpy as np
import pytest

from course_utils import store
from course_utils.clickable import clickable
from course_utils.concepts import PAIRS
from course_utils.diagnosis import SUSPECTED, calibration, gain, misconceptions, portrait, route
from course_utils.inventory import CONCEPTS, ITEMS, LETTERS, PART, answered, ask, confusion, form, questions

#: pair -> misconceptions. The capstone has closing items, but is no pair and in no form.
ALL = {p.key: sorted(held) for p in PAIRS if (held := {m for i in ITEMS if i.pair == p.key for m in i.misconceptions})}


def pick(item, j, confidence=60):
    return {item.id: {"answer": LETTERS[j], "confidence": confidence, "correct": item.shuffled()[j].correct}}


def right(item, confidence=60):
    return pick(item, LETTERS.index(item.answer), confidence)


def believing(item, misconception, confidence=60):
    return pick(item, [o.misconception for o in item.shuffled()].index(misconception), confidence)


def learner(rng, held_by=0.25, slip=0.1, uses=("A",)):
    """What somebody with random misconceptions answers, and which they are."""
    held = {key: {m for m in names if rng.random() < held_by} for key, names in sorted(ALL.items())}
    responses = {}
    for item in (i for i in ITEMS if i.use in uses and i.pair in ALL):
        options = item.shuffled()
        mine = [j for j, o in enumerate(options) if o.misconception in held[item.pair]]
        if rng.random() < slip:
            responses |= pick(item, int(rng.integers(4)))
        else:
            responses |= pick(item, int(rng.choice(mine))) if mine else right(item)
    return {(key, m) for key, names in held.items() for m in names}, responses


def precision_and_recall(n, limit=SUSPECTED, **kwargs):
    """Of the misconceptions named, the share that is held, and of those held the share named, over ``n`` learners."""
    rng, found_all, held_all, both = np.random.default_rng(7), 0, 0, 0
    for _ in range(n):
        held, responses = learner(rng, **kwargs)
        table = misconceptions(responses)
        found = set(map(tuple, table.loc[table.probability > limit, ["pair", "misconception"]].to_numpy()))
        found_all, held_all, both = found_all + len(found), held_all + len(held), both + len(found & held)
    return both / found_all, both / held_all


def test_misconceptions_of_500_simulated_learners_are_found(record_property):
    """The aim is .85 each from form A alone, for a learner who slips in one answer of ten."""
    precision, recall = precision_and_recall(500)
    record_property("precision, recall", (precision, recall))
    assert precision >= 0.85 and recall >= 0.85


def test_more_answers_tell_more_and_more_slips_tell_less():
    p, r = precision_and_recall(100)
    more_p, more_r = precision_and_recall(100, uses=("A", "closing"))
    less_p, less_r = precision_and_recall(100, slip=0.2)
    assert more_r > r and less_p < p and less_r < r
    assert more_p > 0.83 and more_r > 0.95 and less_p > 0.7 and less_r > 0.8


def test_these_figures_hold_for_the_learners_that_the_diagnosis_assumes():
    """With rarer misconceptions more of those named are slips, as with any test of a rare thing."""
    rare, _ = precision_and_recall(200, held_by=0.1)
    rarer, _ = precision_and_recall(200, held_by=0.05)
    assert 0.55 < rare < 0.75 and 0.4 < rarer < 0.65


def test_one_wrong_answer_is_a_suspicion_and_the_same_one_twice_is_likely():
    rng, held_of, by_count = np.random.default_rng(7), [], {}
    for _ in range(300):
        held, responses = learner(rng)
        table = misconceptions(responses)
        held_of = [(row.pair, row.misconception) in held for row in table.itertuples()]
        for truth, row in zip(held_of, table.itertuples()):
            if row.probability > SUSPECTED:
                wrong = sum(o.correct is False for i, o, _ in answered(responses) if i.pair == row.pair)
                by_count.setdefault((row.chosen, wrong), []).append(truth)
    assert 0.25 < np.mean(by_count[1, 1]) < 0.4 and np.mean(by_count[2, 2]) > 0.9                # notebook 00 says so
    for key, names in ALL.items():
        first, second = (i for i in ITEMS if (i.pair, i.use) == (key, "A"))
        for name in (n for n in names if n in first.misconceptions and n in second.misconceptions):
            once = misconceptions(believing(first, name) | right(second)).probability[0]
            twice = misconceptions(believing(first, name) | believing(second, name)).probability[0]
            assert SUSPECTED < once < 0.35 and twice > 0.9


def test_of_somebody_who_only_guesses_nothing_reliable_is_said():
    """Whoever holds none and guesses looks as if they held some: notebook 00 asks to leave such questions out."""
    precision, _ = precision_and_recall(100, slip=1.0)
    assert precision < 0.4                          # about the share that holds any misconception
    assert precision_and_recall(50, limit=0.5, slip=1.0)[0] < 0.5


@pytest.mark.parametrize("key", sorted(ALL))
def test_each_misconception_alone_is_the_first_one_named(key):
    for name in ALL[key]:
        responses = {}
        for item in ITEMS:
            if item.use == "A" and item.pair in {p.key for p in PAIRS}:
                responses |= believing(item, name) if item.pair == key and name in item.misconceptions else right(item)
        first = misconceptions(responses).iloc[0]
        assert (first.pair, first.misconception) == (key, name) and first.probability > 0.9
        table = route(responses)
        assert table.index[0] == next(p.number for p in PAIRS if p.key == key) and name in table.because.iloc[0]


def test_confusion_counts_each_answer_once():
    rng = np.random.default_rng(1)
    _, responses = learner(rng, held_by=0.5, uses=("A", "B", "closing"))
    matrix = confusion(responses)
    placed = [i for i in ITEMS if i.id in responses and i.calls_for]
    assert matrix.shape == (24, 24) and list(matrix.index) == list(matrix.columns) == list(CONCEPTS)
    assert matrix.to_numpy().sum() + matrix.attrs["neither"] + matrix.attrs["misused"] == len(placed)
    assert np.trace(matrix) == sum(responses[i.id]["correct"] for i in placed)
    for concept in CONCEPTS:
        assert matrix.loc[concept].sum() <= sum(i.calls_for == concept for i in placed)
    for p in PAIRS:                                  # nothing outside a pair's own two rows and columns
        block = [p.left.name, p.right.name]
        assert matrix.loc[block, [c for c in CONCEPTS if c not in block]].to_numpy().sum() == 0


@pytest.mark.parametrize("item", [i for i in ITEMS if i.calls_for], ids=lambda i: i.id)
def test_confusion_puts_a_swap_into_the_row_of_what_was_called_for(item):
    assert confusion(right(item)).loc[item.calls_for, item.calls_for] == 1
    for option in item.options[1:]:
        matrix = confusion(believing(item, option.misconception))
        if option.concept and option.concept != item.calls_for:
            assert matrix.loc[item.calls_for, option.concept] == 1
        else:
            assert matrix.to_numpy().sum() == 0 and matrix.attrs == (
                {"misused": 1, "neither": 0} if option.concept else {"misused": 0, "neither": 1})


def test_confidence_is_held_against_correctness():
    items = [i for i in ITEMS if i.use == "A"][:4]
    responses = right(items[0], 100) | right(items[1], 50) | pick(items[2], (LETTERS.index(items[2].answer) + 1) % 4, 100)
    got = calibration(responses)
    assert got["answers"] == 3 and got["right"] == pytest.approx(2 / 3) and got["confidence"] == pytest.approx(2.5 / 3)
    assert got["Brier"] == pytest.approx((0 + 0.25 + 1) / 3)
    assert calibration({}).to_dict() == {"answers": 0}


def test_gain_is_normalised():
    a, b = ([i for i in ITEMS if i.pair == "drift" and i.use == use] for use in "AB")
    wrong = [believing(i, "the model is the first suspect") for i in (*a, *b)]
    table = gain(right(a[0]) | wrong[1] | right(b[0]) | right(b[1]))
    assert table.loc["drift"].tolist() == [0.5, 1, 1] and table.loc["all"].tolist() == [0.5, 1, 1]
    assert gain(right(a[0]) | right(a[1]) | wrong[2]).loc["drift", "gain"] != 0            # undefined, not zero
    assert np.isnan(gain(right(a[0]) | right(a[1]) | wrong[2]).loc["drift", "gain"])
    assert gain({}).loc["all"].isna().all()


def test_route_goes_by_what_was_found_then_by_what_is_unknown():
    table = route({})
    assert sorted(table.index) == list(range(1, 13)) and (table.because == "not asked yet").all()
    one, two = (i for i in ITEMS if (i.pair, i.use) == ("drift", "A"))
    other = next(i for i in ITEMS if (i.pair, i.use) == ("canary", "A"))
    wrong = "the model is the first suspect"
    table = route(believing(one, wrong, 80) | right(two) | right(other))
    assert table.index[0] == 2 and table.because[2] == f"suspected: {wrong}" and table.surest[2] == 80
    assert table.index[-1] == 11 and table.because[11] == "nothing found"
    assert (table.because.iloc[1:-1] == "not asked yet").all() and (table.expected.iloc[1:-1] == "-").all()
    alone, two_kinds = believing(one, wrong), believing(two, "stable inputs mean a healthy model")
    assert route(alone).because[2] == f"suspected: {wrong}" and "likely" not in route(alone | two_kinds).because[2]
    assert route(believing(one, wrong) | believing(two, wrong)).because[2] == f"likely: {wrong}"
    sure, unsure = (route(believing(one, wrong, c) | believing(other, "no alarm means no harm", 60)) for c in (90, 30))
    assert sure.index[0] == 2 and unsure.index[0] == 11                     # of two alike, the one that was surer


def test_answers_that_make_no_sense_are_left_out():
    junk = {"drift.a1": {"answer": "Z", "confidence": 60}, "drift.zz": {"answer": "A", "confidence": 60}, "drift.a2": {},
            "canary.a1": {"answer": "", "confidence": 60}, "canary.a2": {"answer": None, "confidence": 60}}
    assert confusion(junk).to_numpy().sum() == 0 and misconceptions(junk).empty and calibration(junk)["answers"] == 0


def test_the_picture_has_its_text(capsys):
    assert "No answers yet" in repr(portrait({}))
    item, swap = next((i, o) for i in ITEMS for o in i.options if i.calls_for and o.concept not in (None, i.calls_for))
    picture = portrait(believing(item, swap.misconception))
    assert f"{swap.concept} where {item.calls_for} was called for" in picture.description
    assert "1 answers: 0 right, 1 by the twin" in picture.description
    assert picture.png.startswith(b"\x89PNG") and "by the twin" in capsys.readouterr().out.replace("\n", " ")
    _, responses = learner(np.random.default_rng(3), held_by=0.5)
    matrix, described = confusion(responses), portrait(responses).description
    otherwise = matrix.attrs["neither"] + matrix.attrs["misused"]
    swapped = int(matrix.to_numpy().sum() - np.trace(matrix))
    assert f"{np.trace(matrix):.0f} right, {swapped} by the twin" in described and f"{otherwise} wrong otherwise" in described


# ------------------------------------------------------------------ the forms

def test_form_shows_six_questions_and_takes_answers():
    shown = repr(form("A", 1))
    first = sorted((i for i in ITEMS if i.use == "A" and i.id.endswith(".a1")),
                   key=lambda i: next(p.number for p in PAIRS if p.key == i.pair))[:PART]
    assert all(i.stem in shown for i in first) and "Not attempted" in shown and store.read()["answers"] == {}
    letters = "".join(i.answer for i in first[:-1]) + "-"
    noted = repr(form("A", 1, answers=letters.lower(), confidence=70))
    assert f"{len(first) - 1} of {len(first)} questions answered" in noted
    assert not any(i.because in noted for i in first)                       # form A gives nothing away
    kept = store.read()["answers"]
    assert len(kept) == len(first) - 1 and all(a["correct"] and a["confidence"] == 70 for a in kept.values())
    assert confusion().to_numpy().sum() > 0                                  # read from the same store


def test_form_takes_letters_as_people_write_them():
    for answers in ("A,B,-,d,A,C", "A, B, -, D, A, C", ["A", "B", "-", "D", "A", "C"], " ab-dac\n"):
        assert "5 of 6 questions answered" in repr(form("A", 1, answers=answers, confidence=50))
    assert [store.read()["answers"][i.id]["answer"] for i in questions("A", 1) if i != questions("A", 1)[2]] == list("ABDAC")


def test_form_b_explains():
    items = sorted((i for i in ITEMS if i.use == "B" and i.id.endswith(".b1")),
                   key=lambda i: next(p.number for p in PAIRS if p.key == i.pair))[:PART]
    said = repr(form("B", 1, answers="A" * len(items), confidence=[50] * len(items)))
    assert all(i.because in said for i in items)
    assert not any(i.because in repr(form("B", 1, answers="------", confidence=50)) for i in items)
    assert store.read()["answers"] == {}                                    # all taken back


@pytest.mark.parametrize("answers, confidence", [("AB", 50), ("ABCDEF", 50), (5, 50), ("AAAAAA", "sure"), ("AAAAAA", 0.8),
                                                 ("AAAAAA", [50, 50]), ("AAAAAA", ...), ([1] * 6, 50)])
def test_form_explains_what_it_needs(answers, confidence):
    assert "Not attempted" in repr(form("A", 1, answers=answers, confidence=confidence))
    assert store.read()["answers"] == {}


def test_no_such_form():
    for use, part in (("C", 1), ("A", 0), ("A", 99), ("A", "1"), ("closing", 1)):
        with pytest.raises(ValueError, match="parts 1 to"):
            form(use, part)


def test_all_forms_can_be_answered_and_do_not_share_questions():
    for use in "AB":
        part = 1
        while True:
            try:
                form(use, part, answers="A" * PART, confidence=50)
            except ValueError:
                break
            part += 1
    answered = store.read()["answers"]
    assert set(answered) == {i.id for i in ITEMS if i.use in "AB"}
    ask("drift.c1", answer="A", confidence=50)                              # closing items feed the same store
    assert "drift.c1" in store.read()["answers"]


# ------------------------------------------------------------------ answers by mouse

def test_clickable_answers_say_what_they_need(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert "pip install ipywidgets" in repr(clickable("A", 1))
    with pytest.raises(ValueError, match="parts 1 to 4"):
        clickable("A", 9)


def test_a_click_saves_what_form_would():
    *shown, save, said = clickable("A", 1).children
    items, (stems, choices, sliders) = questions("A", 1), (shown[0::3], shown[1::3], shown[2::3])
    assert [len(x) for x in (items, stems, choices, sliders)] == [6] * 4
    for item, stem, choice in zip(items, stems, choices):
        assert escape(item.stem) in stem.value and all(escape(o.text) in stem.value for o in item.options)
        assert list(choice.options) == list(LETTERS)
    save.click()
    assert "0 of 6 questions answered" in said.value and store.read()["answers"] == {}
    choices[1].value, sliders[1].value = "B", 80
    save.click()
    kept = store.read()["answers"]
    assert set(kept) == {items[1].id} and "1 of 6" in said.value
    assert kept[items[1].id] == {"answer": "B", "confidence": 80, "correct": items[1].answer == "B"}
    assert not any(escape(i.because) in said.value for i in items)          # form A gives nothing away
    choices[1].value = None
    save.click()
    assert store.read()["answers"] == {}                                    # and an answer can be taken back

import re
from collections import Counter

import pytest
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer
from sklearn.linear_model import LogisticRegression

from course_utils import ask, predict, reveal, store
from course_utils.concepts import PAIRS
from course_utils.inventory import ITEMS, LETTERS


def test_items_are_well_formed():
    assert len({i.id for i in ITEMS}) == len(ITEMS) and len({i.stem for i in ITEMS}) == len(ITEMS)
    for item in ITEMS:
        assert item.use in {"A", "B", "closing"} and item.id.startswith(item.pair + ".")
        names = {c.name for p in PAIRS if p.key == item.pair for c in (p.left, p.right)}   # none for the capstone
        assert len(item.because) > 60
        assert [o.correct for o in item.options].count(True) == 1 and len(item.options) == 4
        for option in item.options:
            assert bool(option.misconception) == (not option.correct)
            assert option.concept is None or option.concept in names
        assert item.calls_for is None or item.calls_for in names


@pytest.mark.parametrize("key", sorted({i.pair for i in ITEMS}))
def test_each_pair_has_its_share_and_each_misconception_is_met_twice_in_a_form(key):
    items = [i for i in ITEMS if i.pair == key]
    shares = {"A": 2, "B": 2, "closing": 3} if key != "capstone" else {"closing": 3}     # which is no pair
    assert Counter(i.use for i in items) == shares
    for use in shares:
        held = Counter(m for i in items if i.use == use for m in i.misconceptions)
        assert 2 <= len(held) <= 3 and min(held.values()) >= 2


def test_length_gives_nothing_away():
    longest = 0
    for item in ITEMS:
        lengths = [len(o.text) for o in item.options]
        right = next(len(o.text) for o in item.options if o.correct)
        assert max(lengths) <= 1.3 * min(lengths), item.id
        longest += right == max(lengths)
    assert longest <= len(ITEMS) / 2


@pytest.mark.parametrize("key", [p.key for p in PAIRS])
def test_each_form_has_a_situation_for_each_concept(key):
    both = {c.name for p in PAIRS if p.key == key for c in (p.left, p.right)}
    for use in ("A", "B", "closing"):
        assert {i.calls_for for i in ITEMS if (i.pair, i.use) == (key, use)} >= both, use


def guessed(items, among):
    """How many of ``items`` a classifier of words picks right that never sees a situation.

    It learns from the options of the other pairs in ``among`` how right options sound: words, pairs of words, punctuation.
    """
    def sound(options):
        return [" ".join(re.findall(r"\w+|[^\w\s]", o.text.lower())) for o in options]

    hits = 0
    for pair in {i.pair for i in items}:
        options = [o for i in among if i.pair != pair for o in i.options]
        words = CountVectorizer(ngram_range=(1, 2), token_pattern=r"\S+", binary=True)
        model = LogisticRegression(C=1.0, max_iter=1000).fit(words.fit_transform(sound(options)), [o.correct for o in options])
        for item in (i for i in items if i.pair == pair):
            scores = model.decision_function(words.transform(sound(item.options)))
            hits += item.options[scores.argmax()].correct
    return hits


@pytest.mark.parametrize("use, most", [("A", 10), ("B", 10), ("closing", 15)])
def test_the_right_option_does_not_sound_right(use, most):
    """By chance a quarter is hit: 6 of 24 with a standard deviation of 2, 9 or 10 of the 39 closing ones with 2.7."""
    assert guessed([i for i in ITEMS if i.use == use], ITEMS) <= most


@pytest.mark.parametrize("use, most", [("A", 10), ("B", 10), ("closing", 15)])
def test_the_right_option_does_not_repeat_the_situation(use, most):
    """Who always takes the option with the most words of the situation in it hits hardly more than by chance."""
    def words(text):
        return set(re.findall(r"[a-z]+", text.lower())) - ENGLISH_STOP_WORDS

    hits = 0
    for item in (i for i in ITEMS if i.use == use):
        shared = [len(words(o.text) & words(item.stem)) for o in item.options]
        best = [o.correct for o, n in zip(item.options, shared) if n == max(shared)]
        hits += sum(best) / len(best)
    assert hits <= most


def test_order_is_shuffled_and_always_the_same():
    assert all(i.shuffled() == i.shuffled() for i in ITEMS)
    for use in "AB":
        assert Counter(i.answer for i in ITEMS if i.use == use) == dict.fromkeys(LETTERS, 6)
    assert all(9 <= n <= 11 for n in Counter(i.answer for i in ITEMS if i.use == "closing").values())


def test_ask_shows_takes_and_names():
    item = next(i for i in ITEMS if i.id == "drift.c1")
    shown = repr(ask(item.id))
    assert "Not attempted" in shown and item.stem in shown and store.read()["answers"] == {}
    wrong = next(letter for letter in LETTERS if letter != item.answer)
    result = ask(item.id, answer=wrong.lower(), confidence=80)
    held = item.shuffled()[LETTERS.index(wrong)].misconception
    assert f"Misconception: {held}" in repr(result) and f"Better: {item.answer}." in repr(result)
    good = repr(ask(item.id, answer=item.answer, confidence=80))
    assert "✓ Correct" in good and item.because in good and item.because in repr(result)
    assert store.read()["answers"][item.id] == {"answer": item.answer, "confidence": 80, "correct": True}


@pytest.mark.parametrize("answer, confidence", [("E", 50), (1, 50), (None, 50), ("A", ...), ("A", 101), ("A", "sure"),
                                                ("A", True), ("A", float("nan")), ("A", 0.8)])
def test_ask_explains_what_it_needs(answer, confidence):
    assert "Not attempted" in repr(ask("drift.c1", answer=answer, confidence=confidence))
    assert store.read()["answers"] == {}


def test_unknown_item_lists_the_items():
    with pytest.raises(KeyError, match="drift.c1"):
        ask("drift.c9")


def test_predict_and_reveal():
    assert "No prediction yet" in repr(predict("drift.x"))
    assert "You made no prediction" in repr(reveal("drift.x", 3))
    for answer, confidence in (([1], 50), (3, 300), (3, ...), (None, 5)):
        assert "No prediction yet" in repr(predict("drift.x", answer=answer, confidence=confidence))
    predict("drift.x", answer=3, confidence=60)
    assert "as you predicted, with 60 %" in repr(reveal("drift.x", 3))
    assert "you said 3" in repr(reveal("drift.x", 4)) and "as you predicted" in repr(reveal("drift.x", 4, within=1))
    predict("drift.x", answer="3 %", confidence=60)
    assert "as you predicted" in repr(reveal("drift.x", 3)) and "you said 3" in repr(reveal("drift.x", 5))
    predict("drift.x", answer="no", confidence=60)
    assert "you said 'no'" in repr(reveal("drift.x", "yes"))
    assert "you said 'no'" in repr(reveal("drift.x", 4))

"""The check engine against whatever a learner may hand it."""
import itertools
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

from course_utils import check, hint, progress, solution, store
from course_utils.exercises import REGISTRY, engine

ALL = list(REGISTRY)
WRONG = [(key, i) for key in ALL for i in range(len(REGISTRY[key].wrong))]


@pytest.mark.parametrize("key", ALL)
def test_reference_is_correct_and_solution_prints_it(key):
    exercise = REGISTRY[key]
    result = check(key, exercise.reference)
    assert (result.status, result.misconception) == ("correct", None)
    namespace = {"np": np, "pd": pd}
    exec(solution(key).message, namespace)      # the printed solution stands on its own
    assert check(key, namespace[exercise.name]).status == "correct"


@pytest.mark.parametrize("key, i", WRONG)
def test_each_wrong_answer_gets_its_misconception_named(key, i):
    function, misconception = REGISTRY[key].wrong[i]
    result = check(key, function)
    assert (result.status, result.misconception) == ("incorrect", misconception)
    assert misconception in result.message and "yours gave" in result.message
    assert len(" ".join(function.__doc__.split())) > 60, "a named misconception is also explained"


@pytest.mark.parametrize("key", ALL)
def test_wrong_answers_differ_from_each_other_unless_they_share_the_misconception(key):
    exercise = REGISTRY[key]
    outputs = zip(exercise.wrong, exercise.truth[1:], strict=True)
    for ((f, a), xs), ((g, b), ys) in itertools.combinations(outputs, 2):
        if a != b:
            assert not all(map(engine.same, xs, ys)), (f, g)


@pytest.mark.parametrize("key", ALL)
def test_stub_is_not_attempted(key):
    namespace = {}
    exec(REGISTRY[key].stub(), namespace)
    assert check(key, namespace[REGISTRY[key].name]).status == "not attempted"


def raises(error):
    def answer(*args):
        raise error
    return answer


@pytest.mark.parametrize("blank", [..., None, lambda *a: None, lambda *a: ..., raises(NotImplementedError())])
@pytest.mark.parametrize("key", ALL)
def test_blanks_are_not_attempted_and_not_recorded(key, blank):
    assert check(key, blank).status == "not attempted"
    assert store.read()["exercises"] == {}


def test_a_forgotten_return_is_told_from_a_blank():
    def route(p, amount, accuracy, price):
        cost = p * amount                   # noqa: F841

    said = check("oversight.route", route)
    assert said.status == "not attempted" and "return" in said.message
    assert "Replace the ..." in check("oversight.route", lambda p, amount, accuracy, price: ...).message


class Hostile:
    """Breaks whatever is done with it."""

    def _break(self, *_):
        raise SystemExit("hostile")

    __eq__ = __repr__ = __array__ = __len__ = __iter__ = __float__ = __bool__ = __deepcopy__ = __getattr__ = _break
    __hash__ = None


VALUES = {
    "text": "0.5", "bytes": b"x", "nan": float("nan"), "infinity": float("inf"), "bool": True, "list": [1, [2, 3]],
    "empty": [], "complex": 1 + 2j, "dict": {"a": 1}, "set": {1}, "frame": pd.DataFrame({"a": [1]}), "type": int,
    "huge": np.zeros((3000, 3000)), "long text": "x" * 10**6, "object": object(), "nat": pd.NaT, "na": pd.NA,
    "generator": (i for i in range(3)), "hostile": Hostile(), "array of nan": np.full(5, np.nan),
    "big integer": 10**400, "date": pd.Timestamp("2026-01-01"), "function": len,
}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("key", ALL)
def test_a_wrong_value_is_incorrect_whether_returned_or_passed(key, name):
    for answer in (lambda *a: VALUES[name], VALUES[name]):
        result = check(key, answer)
        assert result.status == "incorrect", (name, result)
        assert len(repr(result)) < 3000 and len(result._repr_html_()) < 6000


def spoilt(value, rng):
    """The value, wrong in one place: a number moved or NaN, a text longer, a truth turned round, a container longer."""
    if isinstance(value, (bool, np.bool_)):
        return not value
    if isinstance(value, (int, float, np.number)):
        return [float("nan") if value == value else 0.0, value + 0.01 + abs(value) / 100, str(value), [value]][rng.integers(4)]
    if isinstance(value, str):
        return [value + "x", value.encode(), None][rng.integers(3)]
    if isinstance(value, dict):
        key = list(value)[rng.integers(len(value))] if value else "key"
        return {**value, key: spoilt(value.get(key), rng)}
    if isinstance(value, (set, frozenset)):
        return value | {"another"}
    if isinstance(value, (list, tuple, np.ndarray, pd.Series)) and len(value) and rng.random() < 0.7:
        items, i = list(value), rng.integers(len(value))
        return [*items[:i], spoilt(items[i], rng), *items[i + 1:]]
    return [value, value]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("key", ALL)
def test_the_right_answer_spoilt_in_one_place_is_never_correct(key, seed):
    rng, reference = np.random.default_rng(seed), REGISTRY[key].reference
    result = check(key, lambda *args: spoilt(reference(*args), rng))
    assert result.status == "incorrect" and len(repr(result)) < 3000


def test_threads_that_an_answer_starts_and_leaves_running_do_no_harm():
    reference, stop = REGISTRY["drift.psi"].reference, threading.Event()

    def starts_threads(*args):
        threading.Thread(target=stop.wait, args=(30,), daemon=True).start()
        return reference(*args)
    try:
        assert check("drift.psi", starts_threads).status == "correct"
        assert check("drift.psi", lambda *a: 0.0).status == "incorrect"
    finally:
        stop.set()


ERRORS = [ValueError("wrong"), KeyError("k"), ZeroDivisionError(), SystemExit(3), RecursionError(), MemoryError(),
          GeneratorExit(), StopIteration(), BaseException("base"), Exception("long " * 10_000), AssertionError()]


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_a_crash_is_incorrect_and_says_what_was_raised(error):
    result = check("drift.psi", raises(error))
    assert result.status == "incorrect" and type(error).__name__ in result.message and len(result.message) < 1500


def test_endless_recursion_is_reported():
    def again(*args):
        return again(*args)
    assert "RecursionError" in check("drift.psi", again).message


def loop(*args):
    while True:
        pass


def stubborn_loop(*args):
    while True:
        try:
            sum(range(100))
        except BaseException:
            pass


def sleeper(*args):
    time.sleep(60)


@pytest.mark.parametrize("answer", [loop, stubborn_loop, sleeper])
def test_an_endless_loop_is_stopped_and_the_alarm_is_off_afterwards(answer, monkeypatch):
    monkeypatch.setattr(engine, "SECONDS", 0.3)
    start = time.monotonic()
    result = check("drift.psi", answer)
    assert result.status == "incorrect" and "still running" in result.message
    assert time.monotonic() - start < 5
    time.sleep(0.1)                                  # a late alarm would go off here
    assert check("drift.psi", REGISTRY["drift.psi"].reference).status == "correct"


@pytest.mark.parametrize("answer", [loop, stubborn_loop])
def test_loops_are_stopped_without_signals_too(answer, monkeypatch):
    """The way taken on Windows, and by checks that run outside the main thread."""
    monkeypatch.setattr(engine, "SECONDS", 0.3)
    results = []
    thread = threading.Thread(target=lambda: results.append(check("drift.psi", answer)))
    thread.start()
    thread.join(60)
    assert not thread.is_alive() and "still running" in results[0].message


def test_slow_comparison_shares_the_time_limit(monkeypatch):
    class Slow:
        def __array__(self, *a, **k):
            loop()
    monkeypatch.setattr(engine, "SECONDS", 0.3)
    assert "still running" in check("drift.psi", lambda *a: Slow()).message


def test_the_stop_button_still_works():
    with pytest.raises(KeyboardInterrupt):
        check("drift.psi", raises(KeyboardInterrupt()))


def test_changing_the_input_is_noticed_even_with_the_right_result():
    reference = REGISTRY["drift.psi"].reference

    def mutating(ref, cur, edges):
        value = reference(ref, cur, edges)
        ref[0] = 1e9
        return value

    result = check("drift.psi", mutating)
    assert result.status == "incorrect" and "changes its input" in result.message


def test_mutation_cannot_leak_into_the_reference():
    def zeroing(ref, cur, edges):
        ref[:] = 0
        cur[:] = 0
        return 0.0
    assert check("drift.psi", zeroing).status == "incorrect"
    assert check("drift.psi", REGISTRY["drift.psi"].reference).status == "correct"


def test_the_reference_runs_before_the_answer_can_replace_it(monkeypatch):
    module = sys.modules["course_utils.exercises.drift"]

    def vandal(ref, cur, edges):
        module.psi = lambda *a: 0.0
        module._shares = None
        return 0.0
    monkeypatch.setattr(module, "psi", module.psi)
    monkeypatch.setattr(module, "_shares", module._shares)
    assert check("drift.psi", vandal).status == "incorrect"


def test_what_the_answer_prints_is_not_shown(capsys):
    def noisy(ref, cur, edges):
        print("noise" * 10_000)
        print("noise", file=sys.stderr)
        return 0.0
    assert check("drift.psi", noisy).status == "incorrect"
    shown = capsys.readouterr()
    assert "noise" not in shown.out + shown.err


def test_one_stray_none_is_a_wrong_answer_not_a_blank():
    reference = REGISTRY["drift.psi"].reference
    calls = itertools.count()
    result = check("drift.psi", lambda *a: None if next(calls) == 3 else reference(*a))
    assert result.status == "incorrect" and "None" in result.message


def test_called_instead_of_passed():
    assert "without parentheses" in check("drift.psi", 0.31).message


def test_unknown_key_lists_the_keys():
    for verb in (lambda k: check(k, len), hint, solution):
        with pytest.raises(KeyError, match="drift.psi"):
            verb("drift.pis")


def test_hints_come_one_by_one_and_stay_at_the_last():
    engine._hints_given.clear()
    hints = REGISTRY["drift.psi"].hints
    given = [hint("drift.psi").message for _ in range(len(hints) + 2)]
    assert given == [*hints, hints[-1], hints[-1]]


def test_html_is_escaped_and_has_no_script():
    html = check("drift.psi", lambda *a: "<script>alert(1)</script>")._repr_html_()
    assert "<script" not in html and "&lt;script&gt;" in html


@pytest.mark.parametrize("got, want, expected", [
    (1, 1.0, True), (np.float32(0.5), 0.5, True), (True, 1, False), ("1", 1, False), (1 + 1e-9, 1, True),
    (1.001, 1, False), (float("nan"), float("nan"), True), (0, float("nan"), False), ([1, 2], (1, 2), True),
    (np.array([[1]]), [1], False), ({"a": 1}, {"a": 1.0}, True), ({"a": 1}, {"b": 1}, False),
    (np.array([True, False]), [True, False], True), ([1, 0], [True, False], False), ({1}, {1}, True),
    (pd.Series([1.0, 2.0], index=[5, 6]), np.array([1, 2]), True), ("a", "a", True), (np.str_("a"), "a", True),
    (np.str_("b"), "a", False), ({"a": np.str_("x")}, {"a": "x"}, True), (np.bytes_(b"a"), "a", False),
    (None, 0, False), (1 + 0j, 1, False), ((0, "a"), (0.0, "a"), True), (("0.5", "a"), (0.5, "a"), False),
    (np.array([0.5, "a"]), (0.5, "a"), False), ([0.5, "a"], (0.5, "a"), True), ((0.5,), (0.5, "a"), False),
    (np.array([[1, 2], [3, 4]]), [[1, 2], (3, 4)], True), ([(1, "a"), (2, None)], [(1.0, "a"), (2, None)], True),
    ([[1], [2, 3]], [[1], [2, 3]], True), (pd.Series(["a", "b"]), ["a", "b"], True), (7, ["a"], False)])
def test_same(got, want, expected):
    assert engine.same(got, want) is expected


def test_progress_counts_attempts_and_is_never_downgraded():
    check("drift.psi", lambda *a: 0.0)
    check("drift.psi", REGISTRY["drift.psi"].reference)
    check("drift.psi", lambda *a: 0.0)
    assert store.read()["exercises"]["drift.psi"] == {"status": "correct", "tries": 3}
    assert "1 of" in progress().title and "drift: ✓ psi (attempts: 3), ○ " in repr(progress())

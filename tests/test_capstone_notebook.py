"""Notebook 13: what it says beyond the cells that print it, on other seeds, and as a learner would run it."""
import nbformat
import pytest

from course_utils import build, worksheet
from course_utils.capstone import HIDDEN, grade, holds, run, runner, sequencing, sweep
from course_utils.capstone.policies import Builtin
from course_utils.exercises import REGISTRY

SOURCE = next(s for s in build.sources() if s.stem == "13_capstone")
PARTS = ("diagnose", "next_test", "plan")


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """The names that the solved notebook's cells define: what holds the policy together, without the experiments."""
    cells = [c.source for c in build.assemble(SOURCE, solved=True).cells if c.cell_type == "code"]
    wanted = ("from math", "means = practice", "WATCHED", "def alarm", "def investigate", "def morning", "def policy_from")
    space = {}
    for cell in cells:
        if cell.startswith(wanted):
            exec(cell, space)
    assert {"TABLE", "TESTS", "policy_from", "as_text"} <= set(space)
    return space


def ours(notebook, **other):
    policy = notebook["policy_from"](*(other.get(n) or REGISTRY[f"capstone.{n}"].reference for n in PARTS))
    return Builtin(lambda seen, memory, _: policy(seen, memory))


def mistake(notebook, part, name, seeds):
    wrong = next(f for f, m in REGISTRY[f"capstone.{part}"].wrong if m == name)
    return run(ours(notebook, **{part: wrong}), seeds).money.mean()


def test_the_recorded_figures_of_our_policy(notebook):
    """Its dials were set on training seeds; this is its one score on all hidden ones. The example's is in test_capstone."""
    report = grade(ours(notebook), HIDDEN)
    assert report.passed and (report.episodes.verdict == "").mean() > 0.99
    printed = "\n".join(c.source for c in nbformat.read(build.target(SOURCE, True), as_version=4).cells)
    figures = f"our policy {report.episodes.money.mean():.1f} kEUR, total {report.points['total']:.0f}"
    assert figures in printed
    assert "example policy 67.5 kEUR, total 90" in printed


@pytest.mark.parametrize("first", [20, 40, 60])
def test_which_mistakes_are_dear_and_which_are_free(notebook, first):
    seeds = range(first, first + 5)
    base = run(ours(notebook), seeds).money.mean()
    for part, name, low, high in [
            ("diagnose", "what was not tested is negative", 60, 150), ("diagnose", "a diagnosis is a verdict", 40, 130),
            ("next_test", "the cheapest test comes first", 25, 70),
            ("next_test", "information is worth having, whatever is done with it", 25, 70),
            ("plan", "the model comes first", 8, 50), ("plan", "whoever owns the model owns the incident", 8, 35),
            ("diagnose", "an alarm is as good as an incident", -8, 8),
            ("diagnose", "a reading counts whenever it is looked at", -8, 8),
            ("plan", "a repair needs no stop condition", -15, 5)]:
        assert low <= mistake(notebook, part, name, seeds) - base <= high, name


@pytest.mark.parametrize("first", [6000, 6100, 6200])
def test_order_and_dials_on_other_seeds(first):
    money = sequencing(range(first, first + 8)).money
    assert money.iloc[1] > 2.5 * money.iloc[0] and 1.4 < money.iloc[3] / money.iloc[0] < 2.4
    table = sweep(range(first, first + 2), side=(0, 0.25, 0.5, 1), noise=(0.5, 2),
                  policies=("evidence", "nothing", "trial and undo", "shotgun"))
    for worse in ("nothing", "trial and undo", "shotgun"):
        assert holds(table, "evidence", worse) == {"side": [0, 0.25, 0.5, 1], "noise": [0.5, 2]}
    assert holds(table, "nothing", "shotgun")["side"] == [0.5, 1] and holds(table, "shotgun", "trial and undo")["side"][0] == 0


def as_source(notebook, *more):
    """What the notebook hands to the other interpreter, with the reference's parts; ``more`` comes after them."""
    tables = {n: notebook[n] for n in ("WATCHED", "PRIOR", "STAKE", "SURE", "CURES", "ORDERS", "TESTS", "TABLE")}
    routine = ("def alarm", "def investigate", "def morning", "def policy_from")
    cells = [c.source for c in build.assemble(SOURCE, solved=True).cells]
    return "\n".join([*(f"{name} = {value!r}" for name, value in tables.items()),
                      *(REGISTRY[f"capstone.{n}"].source() for n in PARTS), *more,
                      *(c for c in cells if c.startswith(routine)), "policy = policy_from(diagnose, next_test, plan)"])


def test_the_other_interpreter_does_what_this_one_does(notebook):
    here, there = run(ours(notebook), [3]), run(as_source(notebook), [3])
    assert (there.verdict == "").all() and there.orders.tolist() == here.orders.tolist()


@pytest.mark.parametrize("broken, verdict", [
    ("def plan(belief, cures, actions, day, budget):\n    return 1 / 0\n", "raised: ZeroDivisionError"),
    ("def plan(belief, cures, actions, day, budget):\n    while True: pass\n", "no answer within"),
    ("def plan(*a):\n    return [{'order': 'reboot', 'owner': 'ds', 'done': 1, 'look': None}]\n", "unknown action 'reboot'"),
    ("def plan(*a):\n    from course_utils.capstone.simulator import Episode\n", "reached for the simulator"),
    ("def plan(belief, cures, actions, day, budget):\n"
     "    return [{'order': 'finetune', 'owner': 'ds', 'done': 1, 'look': None}] * 2\n", "overspent")])
def test_a_broken_part_ends_in_a_verdict_and_other_episodes_go_on(notebook, broken, verdict, monkeypatch):
    monkeypatch.setattr(runner, "STEP_SECONDS", 1.0)
    scores = run(as_source(notebook, broken), [1], ["none", "unsafe"]).set_index("situation")
    assert verdict in scores.verdict["unsafe"], scores.verdict.tolist()
    assert len(scores) == 2 and scores.money.notna().all()


def test_blank_parts_are_named_and_a_baseline_is_graded_in_their_place():
    book = nbformat.read(build.target(SOURCE, False), as_version=4)
    printed = "\n".join(o.text for c in book.cells for o in c.get("outputs", []) if o.output_type == "stream")
    assert "not written yet: diagnose, next_test, plan. In place of your policy, 'dashboard' is graded." in printed


def test_the_worksheets_are_copied():
    for name in ("incident_record", "raci"):
        assert f"worksheets/{name}.md" in worksheet(name)

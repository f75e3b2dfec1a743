"""The capstone's package: the simulator's rules, the baselines, learners' policies that misbehave, and the grading."""
import json
import time
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from course_utils.capstone import (
    ACTIONS,
    POLICIES,
    SITUATIONS,
    Dials,
    as_text,
    consequence_table,
    frozen,
    grade,
    holds,
    practice,
    run,
    runner,
    script,
    sequencing,
    sweep,
)
from course_utils.capstone.policies import PLANS, Builtin, claim_for, trusted
from course_utils.capstone.simulator import Episode, Refused
from course_utils.capstone.situations import BAKED_IN, DAYS, DIAGNOSTICS, HARMLESS, REPAIRS, SIGNALS
from course_utils.capstone.strengths import measure
from course_utils.concepts import PAIRS

NAIVE = ("nothing", "always retrain", "calendar", "review everything", "shotgun", "trial and undo", "dashboard")


def until(episode, day):
    while episode.day < day:
        episode.pass_day()
    return episode


def do(episode, order):
    episode.order(order, ACTIONS[order.removeprefix("undo:")].owner)


def cured(steps, situation, seed=1):
    return bool(run(script(steps), [seed], [situation], Dials(budget=200)).cured[0])


# ---------------------------------------------------------------- the simulator

def test_every_pair_decides_exactly_one_situation_and_four_are_measured_in_world():
    assert Counter(s.pair for s in SITUATIONS.values()) == Counter(p.key for p in PAIRS)
    assert [name for name, s in SITUATIONS.items() if s.source == "World"] == ["unit_bug", "market", "ring", "bug_ring"]
    assert HARMLESS == ("none", "season") and len(DIAGNOSTICS) == 7
    assert all(set(s.strength) <= set(SIGNALS) for s in SITUATIONS.values())


def test_an_episode_depends_on_situation_seed_and_dials_alone():
    together = run("evidence", [5, 3], ["ring", "surge"])
    alone = run("evidence", [3], ["surge"])
    pd.testing.assert_frame_equal(together, run("evidence", iter([5, 3]), iter(["ring", "surge"])))
    pd.testing.assert_frame_equal(together.iloc[[3]].reset_index(drop=True), alone)
    assert together.money.nunique() == 4
    assert run("evidence", [3], ["surge"], Dials(noise=2)).money[0] != alone.money[0]


@pytest.mark.parametrize("situation", [s for s in SITUATIONS if s not in HARMLESS])
def test_a_situation_is_cured_by_its_plan_and_by_no_single_other_repair(situation):
    assert cured(PLANS[situation], situation)
    assert not run("nothing", [1], [situation]).cured[0]
    for repair in REPAIRS:                               # a retraining alone has no labels: it cures nothing
        alone = SITUATIONS[situation].cure == (repair,) and repair != "retrain"
        assert cured([repair], situation) == alone, repair


def test_a_repair_before_the_onset_cures_nothing():
    episode = Episode("bad_deploy", 1)
    do(episode, "rollback")
    assert until(episode, episode.onset + 1).needs == {"rollback"} and episode.side == ACTIONS["rollback"].side


@pytest.mark.parametrize("kind", ["retrain", "retrain_shadow", "retrain_canary"])
def test_a_retraining_needs_fresh_labels_that_show_the_ring(kind):
    assert cured(["label_sample", kind], "ring") and not cured([kind, "label_sample"], "ring")
    early = Episode("ring", 1)                          # labels from before the onset do not show it
    do(early, "label_sample")
    do(until(early, early.onset), kind)
    stale = until(Episode("ring", 1), Episode("ring", 1).onset)
    do(stale, "label_sample")
    do(until(stale, stale.day + 2 + 22), kind)
    assert until(early, DAYS).needs and until(stale, DAYS).needs


def test_order_matters_when_the_bug_and_the_ring_come_together():
    table = sequencing(range(6000, 6006))
    money = table.money
    assert money["labels, retrain, fix"] > 2.5 * money["fix, labels, retrain"]
    assert table.cured["fix, labels, retrain"] == 1 and table.cured["labels, retrain, fix"] == 0
    assert money["fix, labels, retrain"] < money["labels, retrain, fix, retrain"] < money["labels, retrain, fix"]


def test_the_bug_gets_into_the_weights_until_undo_rollback_or_a_clean_retraining():
    for remedy in ("undo:retrain_canary", "rollback", "retrain_canary"):
        episode = until(Episode("unit_bug", 1, Dials(budget=200)), Episode("unit_bug", 1).onset)
        do(episode, "retrain_canary")
        until(episode, episode.day + 9)
        assert episode.weights == 5
        do(episode, "fix_pipeline")
        until(episode, episode.day + 1)
        assert not episode.needs and episode.weights == 5
        do(episode, remedy)
        assert until(episode, episode.day + 9).weights == 0 and not episode.needs


def test_one_blind_retraining_in_four_has_a_flaw_and_no_canary_has():
    for kind, low, high in (("retrain", 0.18, 0.32), ("retrain_shadow", 0.18, 0.32), ("retrain_canary", 0, 0)):
        flaws = []
        for seed in range(200):
            episode = Episode("none", seed)
            do(episode, kind)
            flaws.append(until(episode, 10).weights == 4)
        assert low <= np.mean(flaws) <= high


def test_what_was_not_needed_costs_every_day_until_it_is_undone():
    episode = Episode("none", 1, Dials(side=2))
    do(episode, "guardrail")
    do(episode, "scale")
    assert until(episode, 3).side == 2 * (1.0 + 1.5) and episode.hours == 48 and episode.fault_hours == 0
    do(episode, "undo:scale")
    assert until(episode, 4).side == 2 and episode.spend == 6 + 8 + 1
    with pytest.raises(Refused, match="not been done"):
        do(episode, "undo:scale")


def test_undoing_the_cure_brings_the_fault_back():
    episode = until(Episode("surge", 1), 25)
    do(episode, "scale")
    assert not until(episode, 26).needs
    do(episode, "undo:scale")
    assert until(episode, 27).needs == {"scale"} and episode.side == 0


def test_an_owner_does_one_job_at_a_time_and_others_work_meanwhile():
    episode = Episode("none", 1, Dials(budget=200))
    do(episode, "retrain")
    do(episode, "recalibrate")                           # the same owner: begins when the retraining is done
    do(episode, "guardrail")
    assert [r.name for r in until(episode, 1).repairs] == ["guardrail"]
    assert [r.name for r in until(episode, 7).repairs] == ["guardrail", "retrain"]
    assert [r.name for r in until(episode, 8).repairs] == ["guardrail", "retrain", "recalibrate"]


@pytest.mark.parametrize("owner, done", [("platform", 1), ("risk", 3), (None, 3), (["platform"], 3)])
def test_an_order_to_the_wrong_owner_comes_two_days_late(owner, done):
    episode = Episode("none", 1)
    episode.order("trace", owner)
    assert not until(episode, done - 1).readings and until(episode, done).readings["trace"][0] == done


def test_chargebacks_come_thirty_days_late_and_outlast_the_cure():
    episode = Episode("ring", 1, Dials(noise=0))
    do(until(episode, episode.onset), "label_sample")
    do(until(episode, episode.day + 2), "retrain_canary")
    until(episode, episode.onset + 29)
    assert episode.signal("chargebacks") == 0 and episode.signal("complaints") == 0 and not episode.needs
    until(episode, episode.onset + 30)
    assert episode.signal("chargebacks") == pytest.approx(3.3 * episode.severity, abs=0.001)


def test_review_halves_the_harm_of_decisions_only():
    for situation, factor in (("skew", 0.5), ("surge", 1.0)):
        costs = []
        for steps in ([], ["review_on"]):
            episode = until(Episode(situation, 1), 30)
            for order in steps:
                do(episode, order)
            before = episode.money
            episode.pass_day()
            costs.append(episode.money - before)
        assert costs[1] == pytest.approx(factor * costs[0] + 2)


def test_no_baseline_spends_more_than_the_budget_and_an_order_beyond_it_is_refused():
    for name in POLICIES:
        scores = run(name, range(20, 24), dials=Dials(budget=30))
        assert scores.spend.max() <= 30 and not (scores.verdict.str.contains("unknown|bad")).any()
    episode = Episode("none", 1, Dials(budget=10))
    with pytest.raises(Refused, match="overspent: retrain costs 25, 10 are left"):
        do(episode, "retrain")
    assert episode.money == 0


def test_the_signals_of_four_situations_are_those_of_world():
    measured = [measure(seed) for seed in (1, 2, 3)]
    for name in measured[0]:
        for signal in ("psi", "complaints", "chargebacks", "label_sample"):
            mean = np.mean([m[name][signal] for m in measured])
            assert SITUATIONS[name].strength.get(signal, 0) == pytest.approx(mean, abs=0.06, rel=0.02), (name, signal)


# ---------------------------------------------------------------- the baselines

@pytest.mark.parametrize("first", [7000, 7100, 7200])
def test_evidence_beats_every_naive_baseline_on_seeds_nobody_looked_at(first):
    money = {name: run(name, range(first, first + 10)).money.mean() for name in POLICIES}
    assert money["oracle"] < money["evidence"] < 0.4 * min(money[name] for name in NAIVE)
    assert money["dashboard"] > money["nothing"] and money["always retrain"] > money["nothing"]


def test_shotgun_is_worse_than_nothing_only_if_side_costs_are_large():
    table = sweep(range(7300, 7305), side=(0, 0.25, 1), noise=(1, 2), policies=("nothing", "shotgun", "evidence"))
    assert holds(table, "evidence", "shotgun") == {"side": [0, 0.25, 1], "noise": [1, 2]}
    assert holds(table, "evidence", "nothing") == {"side": [0, 0.25, 1], "noise": [1, 2]}
    assert holds(table, "nothing", "shotgun")["side"] == [1]
    assert table.ranking[0] == "evidence < shotgun < nothing"


def test_all_baselines_on_twelve_situations_and_forty_seeds_take_five_seconds():
    start = time.process_time()
    for name in ("nothing", "always retrain", "calendar", "shotgun", "dashboard", "evidence", "oracle"):
        assert len(run(name, range(40))) == 480
    assert time.process_time() - start < 5


@pytest.mark.parametrize("first", [6000, 6100, 6200])
def test_each_of_the_twelve_mistakes_costs_more_than_the_right_action(first):
    table = consequence_table(range(first, first + 10))
    assert list(table.index) == [p.key for p in PAIRS] and table.in_article.sum() == 8
    assert (table.with_mistake > table.right).all()
    for key, order, a_day in (("guardrails", "fix_pipeline", None), ("throughput", "scale", None),
                              ("finetuning", "finetune", None), ("drift", "retrain", BAKED_IN)):
        row, action = table.loc[key], ACTIONS[order]        # the mistake is its price and a sum a day, no more
        left = np.mean([DAYS - Episode(row.situation, seed).onset - 3 - action.days for seed in range(first, first + 10)])
        assert row.with_mistake - row.nothing == pytest.approx(action.cost + (a_day or action.side) * left, abs=0.1)
    assert table.with_mistake["drift"] > table.nothing["drift"]          # retraining the bug is worse than ignoring it


# ---------------------------------------------------------------- learners' policies, in another interpreter

def table_from_training():
    """The signal table that a learner can estimate: two days when every fault has begun, on the training seeds."""
    means = practice(days=(26, 28)).drop(columns=["seed", "day"]).groupby("situation").mean().round(2)
    return {name: means.loc[name].to_dict() for name in SITUATIONS}


def test_practice_shows_the_situation_but_never_a_graded_seed():
    table = practice(days=(28,), seeds=range(3), situations=["unsafe"])
    assert table.columns.tolist() == ["situation", "seed", "day", *SIGNALS] and len(table) == 3
    with pytest.raises(ValueError, match="seeds 0 to 99"):
        practice(seeds=[9000])


def test_a_policy_frozen_on_training_seeds_and_scored_once_on_hidden_ones():
    """Frozen in the commit before it was scored: 67.5 kEUR, 90 points. Whatever it is, it is reported."""
    report = grade(frozen(table_from_training()))
    assert report.episodes.money.mean() == pytest.approx(67.5, abs=0.05)
    assert report.points["total"] == pytest.approx(89.9, abs=0.1) and report.passed
    assert (report.episodes.verdict == "").all() and len(report.episodes) == 480


def test_the_other_interpreter_gives_what_this_one_gives_and_is_told_nothing():
    text, traffic = frozen(table_from_training()), []
    there = run(text, range(2), traffic=traffic)
    pd.testing.assert_frame_equal(there, run(trusted(text), range(2)))
    assert traffic.pop(0) == json.dumps(text) and len(traffic) == len(there) * DAYS
    secrets = {str(x) for name in SITUATIONS for seed in range(2)
               for x in (Episode(name, seed).severity, f'"{name}"')}
    orders = {*ACTIONS, *(f"undo:{name}" for name in REPAIRS)}
    for line in traffic:
        question = json.loads(line)
        seen = question["observation"]
        assert set(question) == {"new", "observation"}
        assert set(seen) == {"day", "psi", "complaints", "p99", "chargebacks", "readings", "pending", "repairs",
                             "labels_age", "review_on", "budget_left"}
        assert set(seen["readings"]) <= set(DIAGNOSTICS) and set(seen["pending"] + seen["repairs"]) <= orders
        assert not any(secret in line for secret in secrets) and "onset" not in line and "seed" not in line


HEAD = "def policy(observation, memory):\n"
CLAIM = {"owner": "risk", "p": {"unsafe": 1.0}, "cites": ["complaints"], "by": 30, "stop": "none"}
MISBEHAVIOUR = {
    "1 / 0": r"day 0: raised: ZeroDivisionError: division by zero",
    "while True: pass": r"day 0: no answer within 0.5 seconds",
    "import sys; sys.exit()": r"day 0: raised: SystemExit",
    "import os; os._exit(3)": r"day 0: its interpreter ended",
    "return 'reboot', None": r"day 0: unknown action 'reboot'",
    "return 7, None": r"day 0: unknown action '7'",
    "return 'wait'": r"day 0: raised: TypeError: policy must return \(action, claim\)",
    "return 'finetune', {**CLAIM, 'owner': 'ds'}": r"day 1: overspent: finetune costs 40, 20 are left",
    "return 'undo:scale', None": r"day 0: cannot undo 'scale'",
    "return 'guardrail', None": r"day 0: bad claim with guardrail: a repair needs a claim",
    "return 'trace', 'because'": r"day 0: bad claim with trace",
    "return 'guardrail', {'p': {}}": r"day 0: bad claim with guardrail: it lacks by, cites, owner, stop",
    "return 'guardrail', {**CLAIM, 'p': {'unsafe': 1, 'ring': 1}}": r"must lie between 0 and 1 and sum to 1",
    "return 'guardrail', {**CLAIM, 'p': {'unsafe': float('nan')}}": r"must lie between 0 and 1 and sum to 1",
    "return 'guardrail', {**CLAIM, 'p': {'bad luck': 1}}": r"for names of situations",
    "return 'guardrail', {**CLAIM, 'cites': ['tea leaves']}": r"cites must be a list of names",
    "return 'wait', {'p': 'x' * 10**6}": r"day 0: an answer of more than 20,000 characters",
    "return 'wait', object": r"day 0: raised:",
    "return policy(observation, memory)": r"day 0: raised: RecursionError",
    "raise ValueError('\\ud800')": r"day 0: raised: ValueError",
    "from course_utils.capstone.simulator import Episode": r"day 0: reached for the simulator",
    "import os; os.write(4, b'x\\n'); return 'wait', None": r"day 0: an answer that is no answer",
    "x = [0] * 10**12": r"day 0: raised: MemoryError|its interpreter ended",
}


@pytest.mark.parametrize("body", MISBEHAVIOUR)
def test_misbehaviour_gets_a_verdict_and_the_other_episodes_survive(body, monkeypatch):
    """It misbehaves where complaints are high on the first morning: in one of these two episodes, not in the other."""
    monkeypatch.setattr(runner, "STEP_SECONDS", 0.5)
    first, second = (Episode("none", seed).signal("complaints") for seed in (0, 1))
    test = f"{'<' if first < second else '>'} {(first + second) / 2}"
    text = (f"CLAIM = {CLAIM}\n{HEAD}    if memory.setdefault('bad', observation['complaints'] {test}):\n"
            f"        {body}\n    return 'wait', None\n")
    bad, good = run(text, [0, 1], ["none"]).to_dict("records")
    assert pd.Series(bad["verdict"]).str.contains(MISBEHAVIOUR[body])[0], bad["verdict"]
    assert good["verdict"] == "" and good["money"] == 0


@pytest.mark.parametrize("body", ["print('x' * 100_000)", "import sys; sys.stdin.read()", "import os; os.system('echo hello')",
                                  "import warnings; warnings.warn('hm')"])
def test_what_a_policy_prints_or_reads_goes_nowhere(body):
    text = f"{HEAD}    {body}\n    import numpy as np\n    return 'wait', {{'x': np.float64(1.5)}}\n"
    assert run(text, [0], ["none"]).verdict[0] == ""


@pytest.mark.parametrize("text, verdict", [("def policy(:", "no policy: .*invalid syntax"), ("x = 1", "no policy: 'policy'"),
                                           ("import nothing_of_the_kind\n", "no policy: No module named")])
def test_a_text_without_a_policy_says_so(text, verdict):
    assert run(text, [0], ["none"]).verdict.str.contains(verdict)[0]


def test_memory_and_globals_end_with_the_episode():
    text = "SEEN = []\n" + HEAD + "    SEEN.append(1)\n    memory['n'] = memory.get('n', 0) + 1\n" \
           "    assert len(SEEN) == memory['n'] == observation['day'] + 1\n    return 'wait', None\n"
    assert (run(text, range(3), ["none", "ring"]).verdict == "").all()


def test_a_run_has_an_end(monkeypatch):
    monkeypatch.setattr(runner, "RUN_SECONDS", 1.0)
    monkeypatch.setattr(runner, "STEP_SECONDS", 0.2)
    start, report = time.monotonic(), grade(HEAD + "    while True: pass", [0, 1])
    verdicts = report.episodes.verdict
    assert verdicts.str.contains("no answer within|the whole run took more than 1 seconds|not begun").all()
    assert not report.passed
    assert time.monotonic() - start < 20 and len(verdicts) == 24


def test_functions_of_a_notebook_become_a_text_and_other_things_a_clear_error(tmp_path):
    text = as_text(claim_for, POLICY={"a": (1, 2)})
    space = {}
    exec(text, space)
    assert space["POLICY"] == {"a": (1, 2)} and callable(space["claim_for"])
    file = tmp_path / "mine.py"
    file.write_text(HEAD + "    return 'wait', None\n")
    assert run(file, [0], ["none"]).verdict[0] == ""
    with pytest.raises(TypeError, match="a policy is a name"):
        run(7)
    with pytest.raises(KeyError, match="no baseline 'evidense'; there are nothing"):
        run("evidense")
    with pytest.raises(KeyError, match="no situation 'flood'"):
        run("nothing", situations=["flood"])


def test_what_a_function_takes_from_other_cells_goes_along():
    cells = {"__name__": "notebook"}
    exec("from math import log\nimport statistics as st\nfrom course_utils import claim\nLIMIT = 3\n"
         "from scipy.stats import norm\n", cells)           # an object, not a function
    source = ("def helper(x):\n    return log(x) + st.mean([x]) + norm.cdf(x)\n\n"
              "def policy(seen, memory):\n    return [helper(LIMIT) for _ in range(1)] and 'wait', None\n")
    exec(compile(source, __file__, "exec"), cells)
    lines = source.splitlines(keepends=True)
    inspected = {"helper": "".join(lines[:2]), "policy": "".join(lines[3:])}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inspect.getsource", lambda f: inspected[f.__name__])
        text = as_text(cells["policy"])
    assert "from math import log as log" in text and "import statistics as st" in text and "LIMIT = 3" in text
    assert (run(text, [0], ["none"]).verdict == "").all() and "course_utils" not in text


def test_an_error_says_where_and_loops_are_given_up(monkeypatch):
    text = "def part(x):\n    return unknown[x]\n\n" + HEAD + "    return part(1), None\n"
    assert run(text, [0], ["none"]).verdict[0] == \
        "day 0: raised: NameError: name 'unknown' is not defined (in part: return unknown[x])"
    monkeypatch.setattr(runner, "STEP_SECONDS", 0.3)
    start, verdicts = time.monotonic(), run(HEAD + "    while True: pass", range(5), ["none", "ring"]).verdict
    assert verdicts.str.contains("no answer within").sum() == runner.PATIENCE and time.monotonic() - start < 15
    assert verdicts.str.contains("not begun, since 3 others").sum() == 7


def test_a_policy_that_never_ran_gets_no_points_and_says_so_first():
    report = grade("def policy(seen, memory):\n    return syntax error", [0])
    lines = str(report).splitlines()
    assert report.points["total"] == 0 and "a failed gate caps the total at 40" in lines[0]
    assert lines[3] == "12 of 12 episodes have a verdict:" and "no policy" in lines[4]
    assert str(report).count("no repair was ordered") == 3 and "nan" not in str(report)


# ---------------------------------------------------------------- reasons

def blindfolded(source):
    """Buys the same readings in the same way and never looks at them."""
    policy = trusted(source)
    return Builtin(lambda seen, memory, episode: policy.decide(
        {**seen, "readings": {name: [day, 0.0] for name, (day, _) in seen["readings"].items()}}, memory, episode))


def knows_already(seen, memory, episode):
    """A cheat that knows the situation, buys a trace for show and cites it."""
    if seen["day"] == 0:
        return "trace", {"owner": "platform"}
    return POLICIES["oracle"].decide(seen, memory, episode)


def first_moves(seen, memory, episode):
    """An imitation: the order in which a good policy most often repairs, on the same alarm, sure of itself."""
    orders = memory.setdefault("orders", ["trace", "fix_pipeline", "rollback", "guardrail", "align_features"])
    if orders and max(seen["complaints"], seen["psi"], seen["p99"]) > 3 and not seen["pending"]:
        order = orders.pop(0)
        return order, claim_for(order, "unit_bug", ["trace"])
    return "wait", None


@pytest.mark.parametrize("imitation", [blindfolded(frozen(table_from_training())), Builtin(knows_already),
                                       Builtin(first_moves)], ids=["blindfolded", "knows already", "first moves"])
def test_an_imitation_that_ignores_its_readings_fails_the_reasons(imitation):
    report = grade(imitation, range(7400, 7408))
    gate = report.reasons.iloc[0]
    assert abs(gate.value) < 1e-9 and not gate.passed and report.points["total"] <= 40


def test_luck_and_doing_nothing_do_not_pass_either():
    for name in (*NAIVE, "oracle"):
        report = grade(name, range(7400, 7403))
        assert not report.passed and report.points["total"] <= 40, name


def test_a_good_policy_passes_and_its_report_names_pairs_and_causes():
    report = grade("evidence", range(7400, 7410))
    text = str(report)
    assert report.passed and report.points["total"] > 75
    assert set(report.pairs.index) == {p.key for p in PAIRS} and (report.pairs.excess > -5).all()
    assert report.pairs.title.iloc[0] in text and "FAILED" not in text
    assert list(report.causes.index) == ["strategy", "sequencing", "organisation"]
    assert str(grade("shotgun", range(7400, 7402))).count("FAILED") == 4


def test_the_causes_tell_a_wrong_order_from_a_wrong_repair_and_a_wrong_owner():
    def tell(steps, owner=None):
        plan = script(steps)

        def decide(seen, memory, episode):
            order, claim = plan.decide(seen, memory, episode)
            return order, {**claim, "owner": owner or claim["owner"]} if claim else None
        return grade(Builtin(decide), [1]).causes.value

    assert tell(["label_sample", "retrain_canary"]).sequencing > tell(["fix_pipeline"]).sequencing == 0
    assert tell(["guardrail"]).strategy > 0.8 and tell(["guardrail"], "ds").organisation == 2


def test_the_verdicts_are_in_the_report():
    report = grade(HEAD + "    return 'reboot', None", [0])
    assert "12 of 12 episodes have a verdict" in str(report) and "12 x unknown action 'reboot'" in str(report)

"""Notebook 08: the study it shows as recorded, and its exercises against the formulas and a library."""
import json
from dataclasses import replace

import numpy as np
import pytest
import train_assistant

from course_utils import tuning
from course_utils.assistant import SEEDS, load_assistant
from course_utils.data import folder
from course_utils.exercises.finetuning import better, break_even
from course_utils.tickets import INTENTS

STUDY = json.loads((folder() / "assistant" / "study.json").read_text(encoding="utf-8"))


def test_the_study_is_complete():
    cases = {(r["seed"], r["method"], r["rate"]) for r in STUDY}
    wanted = [(method, rate) for method, rates in train_assistant.STUDY.items() for rate in rates]
    assert cases == {(seed, *each) for seed in SEEDS for each in wanted}
    assert len(STUDY) == len(cases) and all(r["n"] >= 200 for r in STUDY)


@pytest.mark.parametrize("case", [(1, "full", 1e-3), (0, "facts", 2.5e-4), (2, "habit", 1e-3)], ids=lambda case: case[1])
def test_one_row_runs_again(case):
    """Gradient steps differ a little between processors: not the last digit, but the finding."""
    recorded = next(r for r in STUDY if (r["seed"], r["method"], r["rate"]) == case)
    again = train_assistant.row(*case)
    for what in recorded.keys() & {"dev", "test", "changed", "eight examples", *tuning.OLD_TASKS}:
        assert again[what] == pytest.approx(recorded[what], abs=0.12), what


def test_splits_are_disjoint_in_phrasing_and_six_teams_change():
    texts = {name: {t.text for t in tuning.split(name, 300)} for name in ("train", "dev", "test")}
    assert not texts["test"] & (texts["train"] | texts["dev"])
    before, after = tuning.teams(), tuning.teams(changed=True)
    assert before.keys() == after.keys() and sum(before[p] != after[p] for p in before) == 6


def test_the_likeliest_name_is_the_right_one_without_a_list():
    """The names are known; only which of them is wanted stands in no prompt."""
    names = ["moneyback", "shipping", "access", "defects", "billing", "closing", "moving", "security"]
    cases = tuning.split("test", 70)
    best = [load_assistant(seed).score([f"ticket: {t.text}\nqueue:" for t in cases], names).argmax(axis=1) for seed in SEEDS]
    assert np.mean(np.array(best) == [list(INTENTS).index(t.intent) for t in cases]) > 0.9


def test_a_note_about_a_name_that_is_new_to_the_model_does_not_help():
    cases = [replace(t, text=t.text.replace(t.product, "Umbra"), product="Umbra") for t in tuning.product_tickets("test", 30)]
    for seed in SEEDS:
        right = tuning.right(load_assistant(seed), cases, answer=lambda t: "Umbra billing",
                             prompt=lambda t: f"notes: Koala defects, Umbra billing\n{tuning.team_prompt(t)}")
        assert not right.any()


def test_better_is_the_paired_interval():
    from scipy.stats import norm

    rng = np.random.default_rng(0)
    prompt, tuned = (rng.random(2000) < 0.6).astype(int), (rng.random(2000) < 0.8).astype(int)
    difference = tuned - prompt
    low, high = norm.interval(0.95, difference.mean(), difference.std(ddof=1) / np.sqrt(2000))
    for worth in (low - 0.002, (low + high) / 2, high + 0.002):
        assert better(prompt, tuned, worth) == ("tune" if low > worth else "prompt" if high < worth else "undecided")


def test_at_the_break_even_both_bills_are_equal():
    prompt = {"tokens": 1500, "price": 1.0, "cached": 0.5}
    tuned = {"tokens": 250, "price": 1.5, "upkeep": 800, "update": 600, "updates": 2}
    n = break_even(prompt, tuned)
    paid = n * 1500 / 1e6 * (0.5 + 0.5 / 10)
    assert paid == pytest.approx(800 + 2 * 600 + n * 250 * 1.5 / 1e6)
    assert break_even({**prompt, "tokens": 300}, tuned) == float("inf")

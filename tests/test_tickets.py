"""The support desk: what the assistant was trained on, and what arrives there."""
import json
import re

import numpy as np
import pandas as pd
import pytest

from course_utils import load, tickets
from course_utils.exercises.guardrails import is_valid
from course_utils.world import World


def draws(task, n=2000, held_out=False, seed=11):
    rng = np.random.default_rng(seed)
    return [tickets.TASKS[task][0](rng, held_out) for _ in range(n)]


def pattern(phrases):
    """Matches any of the phrases, with any product in it, as a whole ticket: between an opener and a closer."""
    openers = "|".join(re.escape(o) + " " for o in tickets.OPENERS if o)
    start = rf"(?:ticket: |order \d+ : )(?:{openers})?"
    end = rf"(?: (?:{'|'.join(re.escape(c) for c in tickets.CLOSERS if c)}))?(?=\n|$)"
    return re.compile(start + "(?:" + "|".join(re.escape(p).replace(r"\{p\}", r"\w+") for p in phrases) + ")" + end)


SEEN = pattern([p for phrases in tickets.PHRASES.values() for p in phrases[:-tickets.HELD_PHRASES]])
HELD = pattern([p for phrases in tickets.PHRASES.values() for p in phrases[-tickets.HELD_PHRASES:]])
HELD_WORDS = {*tickets.NAMES[-tickets.HELD_NAMES:], *tickets.CITIES[-tickets.HELD_CITIES:],
              *tickets.PRODUCTS[-tickets.HELD_PRODUCTS:]}
ALL = [*tickets.TASKS]


def test_words_are_distinct():
    words = [*tickets.NAMES, *tickets.CITIES, *tickets.PRODUCTS, *tickets.ALL_QUEUES]
    assert len(set(words)) == len(words)
    phrases = [p for phrases in tickets.PHRASES.values() for p in phrases]
    assert len(set(phrases)) == len(phrases) and {len(p) for p in tickets.PHRASES.values()} == {12}


@pytest.mark.parametrize("task", ALL)
def test_draws_are_deterministic_and_alternate(task):
    first = draws(task, 200)
    assert first == draws(task, 200) and first != draws(task, 200, seed=12)
    assert all(len(parts) >= 2 and len(parts) % 2 == 0 for parts in first)


@pytest.mark.parametrize("task", ALL)
def test_prompts_end_where_the_answer_begins(task):
    for parts in draws(task, 500) + draws(task, 500, held_out=True):
        for prompt, answer in zip(parts[::2], parts[1::2]):
            assert answer and answer == answer.strip() and "\n" not in answer
            if task == "look up":
                assert re.search(r"\nanswer: \w+$", prompt)
            else:
                assert re.search(r"\n(queue|code|team|json|reply):$", prompt)


@pytest.mark.parametrize("task", [*ALL, "repeat"])
def test_what_is_held_out_never_occurs_in_training(task):
    rng = np.random.default_rng(13)
    made = draws(task, 3000) if task in ALL else [tickets.repeat(rng) for _ in range(3000)]
    text = "\n".join("".join(parts) for parts in made)
    assert not HELD.search(text)
    assert not HELD_WORDS & set(re.findall(r"\w+", text))
    assert not any(question.format(o=name) in text for question in tickets.ABOUT_ME[-2:] + tickets.ABOUT_OTHER[-2:]
                   for name in tickets.NAMES)


@pytest.mark.parametrize("task", [t for t in ALL if t not in ("look up", "queue, examples")])
def test_held_out_tickets_have_only_new_phrasings(task):
    if task == "reply":                                 # also asks for cities, which are in no intent
        made = [tickets.draw_case(np.random.default_rng(i), "delivery", held_out=True).prompt for i in range(300)]
    else:
        made = ["".join(parts[:1]) for parts in draws(task, 300, held_out=True)]
    for prompt in made:
        assert HELD.search(prompt) and not SEEN.search(prompt)


def test_a_note_never_stands_in_a_ticket():
    """So what the model does with one that does, nobody taught it."""
    with_note = 0
    for task in ALL:
        for parts in draws(task, 1500):
            for line in "".join(parts[::2]).split("\n"):
                if line.startswith("ticket:"):
                    assert "note" not in line and not any(note in line for note in tickets.NOTES)
                with_note += line.startswith("note: ")
    assert 300 < with_note < 600                        # three in ten of 1,500 replies


def test_the_answer_follows_from_the_prompt():
    for prompt, answer, *_ in draws("extract", 300):
        keys = re.match("keys: (.*)\n", prompt)[1].split(", ")
        assert list(json.loads(answer)) == keys and all(str(v) in prompt for v in json.loads(answer).values())
    for task in ("queue, listed", "queue, coded", "queue, examples", "team, notes", "look up"):
        assert all(answer.split()[-1] in re.findall(r"\w+", prompt) for prompt, answer, *_ in draws(task, 300))


@pytest.mark.parametrize("note, action", [*tickets.NOTES.items(), ("", None)])
def test_notes_outrank_the_policy(note, action):
    rng = np.random.default_rng(3)
    cases = [tickets.draw_case(rng, note=note) for _ in range(300)]
    actions = [json.loads(case.answer)["action"] for case in cases]
    if note:
        assert set(actions) == {action} and all(f"\nnote: {note}\n" in case.prompt for case in cases)
    else:
        assert {a for a, c in zip(actions, cases) if c.kind == "refund" and c.policy == "yes"} == {"refund"}
        assert all(c.kind == "refund" and c.policy == "yes" for a, c in zip(actions, cases) if a == "refund")
        assert all("note:" not in case.prompt for case in cases)


# ---------------------------------------------------------------- what arrives

@pytest.mark.parametrize("name", ["tickets", "replies"])
def test_stored_tables_are_what_the_world_gives(name):
    assert load(name).astype(object).equals(getattr(World(seed=7), name)().astype(object))


@pytest.mark.parametrize("name", ["tickets", "replies"])
def test_a_day_alone_is_that_day_in_a_range(name):
    make, day = getattr(World(seed=3), name), 121
    ranged, alone = make(118, 124), make(day, day + 1)
    pd.testing.assert_frame_equal(ranged[ranged.ticket_id // 10_000 == day].reset_index(drop=True), alone)
    assert not alone.equals(getattr(World(seed=4), name)(day, day + 1))


@pytest.mark.parametrize("first, last", [(-1, 3), (3, 3), (5, 2)])
def test_days_in_the_wrong_order(first, last):
    for make in (World(seed=7).tickets, World(seed=7).replies):
        with pytest.raises(ValueError, match="first < last"):
            make(first, last)


def test_every_agents_reply_keeps_the_contract_and_tells_nothing():
    world = World(seed=5)
    both = world.tickets(0, 60, attacks=0.3).merge(world.replies(0, 60, attacks=0.3), on="ticket_id", validate="1:1")
    assert len(both) == 60 * 40
    for row in both.itertuples():
        assert is_valid(row.reply, row.order, row.total)
        reply = json.loads(row.reply)
        assert row.other_city not in reply["text"] and (reply["action"] != "refund" or row.policy == "yes")
    assert (both.reply[both.attack == "pay"].str.contains('"refuse"')).all()


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5])
def test_attacks_have_the_share_asked_for(share):
    made = World(seed=9).tickets(60, 180, attacks=share).attack
    n = len(made)
    assert abs((made != "").mean() - share) <= 4 * np.sqrt(share * (1 - share) / n)
    if share:
        assert 0.3 < (made[made != ""] == "pay").mean() < 0.7


def test_later_phrasings_only_from_day_120_on():
    made = World(seed=9).tickets(attacks=0.5).query("attack != ''")
    later = tuple({p.format(x=x) for p in tickets.LATER_ATTACKS for x in tickets.ORDERS.values()})
    is_later = made.text.str.endswith(later)
    assert not is_later[made.day < tickets.NEW_ATTACKS].any() and is_later[made.day == tickets.NEW_ATTACKS].any()
    assert is_later[made.day >= tickets.NEW_ATTACKS].mean() == pytest.approx(8 / 14, abs=0.06)
    assert made.text.str.endswith((*later, *tickets.ORDERS.values())).all()


def test_harmless_texts_give_no_order():
    made = World(seed=9).tickets().query("attack == ''")
    assert not made.text.str.contains("|".join(tickets.ORDERS.values())).any()
    assert made.text.str.endswith(tickets.LOOKALIKES).mean() == pytest.approx(0.08, abs=0.02)

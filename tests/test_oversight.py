"""Notebook 12: the desk's log, the functions that stand in the notebook's cells, and the audit log's faults."""
from hashlib import sha256
from math import exp, factorial

import numpy as np
import pytest
from notebook_source import defined_in

from course_utils import World, load
from course_utils.exercises.engine import same
from course_utils.exercises.oversight import desks_needed, route, verify, vigilance
from course_utils.queueing import erlang_c, mean_wait

NAMES = ("ACCURACY", "MINUTES", "WAGE", "PRICE", "DAYS", "mistakes", "priced", "policies", "unread", "staffed", "fitting",
         "one_day", "written")
SEEDS = (7, 8, 9)


book = defined_in("12", NAMES)
PRICE, DAYS, unread, staffed, written = (book[name] for name in ("PRICE", "DAYS", "unread", "staffed", "written"))


@pytest.fixture(scope="module")
def worlds():
    return {seed: book["priced"](seed) for seed in SEEDS}


# ---------------------------------------------------------------- the desk's log

def test_the_log_is_what_the_world_gives_and_any_day_stands_alone():
    stored, made = load("reviews"), World(seed=7).reviews()
    assert list(stored.columns) == list(made.columns) and len(stored) == len(made)
    for column in made:
        if made[column].dtype.kind == "f":
            np.testing.assert_allclose(stored[column], made[column], rtol=1e-9, atol=0.11)
        else:
            assert (stored[column] == made[column]).all()
    alone = World(seed=7).reviews(97, 98)
    assert alone.equals(made[made.day == 97].reset_index(drop=True))
    with pytest.raises(ValueError, match="first"):
        World().reviews(5, 5)


def test_cases_are_payments_in_order_of_arrival_and_decided_later():
    world = World(seed=8)
    log, rows = world.reviews(58, 64), world.frame(58, 64).set_index("tx_id")
    assert (rows.amount.loc[log.case_id].to_numpy() == log.amount).all() and log.case_id.is_unique
    assert all(day.minute.is_monotonic_increasing for _, day in log.groupby("day"))
    assert (log.decided >= log.minute - 0.05).all() and log.minute.between(0, 1440).all()
    wrong = (log.recommended == "block") != (rows.fraud.loc[log.case_id].to_numpy() == 1)
    assert wrong[log.planted == 1].all()


@pytest.mark.parametrize("seed", SEEDS)
def test_agreement_rises_where_vigilance_falls_and_a_second_desk_turns_both(seed):
    def rates(log):
        agreed = (log.decision == log.recommended).groupby(log.planted).mean()
        return agreed[0], 1 - agreed[1]

    early, late = rates(World(seed=seed).reviews(0, 60)), rates(World(seed=seed).reviews(60, 120))
    two = rates(World(seed=seed).reviews(60, 120, desks=2))
    unhurried = rates(World(seed=seed).reviews(60, 120, rush=0))
    assert unhurried[0] < early[0] and late[1] + 0.3 < unhurried[1] < early[1] - 0.1
    assert late[0] > early[0] + 0.03 and early[1] > 0.9 and late[1] < 0.5
    assert two[0] < early[0] and two[1] > 0.9


def test_without_rush_a_desk_that_can_read_everything_does():
    log = World(seed=7).reviews(0, 30, rush=0.0, planted=0.0)
    assert not log.planted.any()
    rows = World(seed=7).frame(0, 30).set_index("tx_id")
    right = (log.decision == "block") == (rows.fraud.loc[log.case_id].to_numpy() == 1)
    assert right.mean() == pytest.approx(0.95, abs=0.015)


# ---------------------------------------------------------------- the main results

@pytest.mark.parametrize("seed", SEEDS)
def test_who_wins_depends_on_desks_and_rush(worlds, seed):
    rows = worlds[seed]
    machine, routed = rows.alone.sum() / DAYS, rows.gain > PRICE
    costs = {n: staffed(rows, routed, n) for n in range(1, 13)}
    assert all(costs[n] > machine for n in (1, 2, 3)) and all(costs[n] < machine for n in range(4, 13))
    assert min(costs, key=costs.get) == 6 and costs[6] < 0.6 * machine
    assert all(staffed(rows, rows.score >= 0, n) > machine for n in range(1, 41))
    assert all(staffed(rows, book["fitting"](rows, n), n) < 0.8 * machine for n in range(1, 12))
    assert staffed(rows, routed, 1, rush=0) < machine < staffed(rows, routed, 1, rush=0.5)
    fits = {n: staffed(rows, book["fitting"](rows, n), n) for n in range(1, 13)}
    assert min(fits, key=fits.get) in (5, 6) and all(fits[n] <= costs[n] for n in fits) and min(fits.values()) < costs[6]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_threshold_from_the_first_days_does_nearly_as_well_as_hindsight(worlds, seed):
    rows = worlds[seed]
    early = rows.day < rows.day.min() + 3
    later, fits = rows[~early], round(0.8 * 5 * 1440 / book["MINUTES"] * 3)
    threshold = rows.gain[early].nlargest(fits).min()
    assert staffed(later, later.gain > threshold, 5) < 1.03 * staffed(later, book["fitting"](later, 5), 5)


@pytest.mark.parametrize("seed", SEEDS)
def test_routing_beats_every_other_rule_when_all_is_read(worlds, seed):
    rows = worlds[seed]

    def cost(sent):
        return np.where(sent, rows.read + PRICE, rows.alone).sum()

    best, as_many = cost(rows.gain > PRICE), book["policies"](rows)["as many, nearest to one half"]
    assert 400 < (cost(as_many) - best) / DAYS < 800 and as_many.sum() == (rows.gain > PRICE).sum()
    others = [as_many, rows.score < 0, rows.score >= 0, rows.block, rows.score.between(0.4, 0.6), rows.gain > 2 * PRICE,
              rows.gain > PRICE / 2]
    assert best < min(map(cost, others))
    sample = rows.sample(300, random_state=seed)
    for r in sample.itertuples():
        choice = route(r.score, r.amount_logged, book["ACCURACY"], PRICE)
        assert choice == ("review" if r.gain > PRICE else "block" if r.block else "allow")


@pytest.mark.parametrize("seed", SEEDS)
def test_on_the_day_of_the_bug_a_person_in_each_case_stops_nothing(seed):
    rows = book["priced"](seed, 95, 96).sort_values("hour", kind="stable")
    work = (rows.gain > PRICE).sum() * book["MINUTES"] / 1440 / 6
    assert unread(work) == 1 and unread(work, 0) > 0.55
    limited = np.where(rows.block.cumsum() > 600, rows.allow, rows.alone).sum()
    assert limited < 0.8 * rows.alone.sum()
    assert limited < staffed(rows, rows.gain > PRICE, 6, rush=0) < staffed(rows, rows.gain > PRICE, 6)
    bad, usual_costs = book["one_day"](seed, 95), book["one_day"](seed, 94)
    assert bad["6 desks, cap, limit"] < bad["machine, limit"] < bad["machine"] < bad["6 desks"]
    assert 0.9 < bad["machine, limit"] / bad["allow everything"] < 1
    assert 0 <= usual_costs["6 desks, cap, limit"] - usual_costs["6 desks"] < 30
    usual = book["priced"](seed, 94, 95)
    assert usual.block.sum() < 300


def test_unread_is_at_least_what_cannot_be_read():
    for work in np.linspace(0.05, 6, 60):
        shares = [unread(work, rush) for rush in (0, 0.5, 1.5, 3)]
        assert shares == sorted(shares) and shares[0] >= 0 and shares[-1] <= 1
        assert (1 - shares[0]) * work <= 1 + 1e-9


# ---------------------------------------------------------------- Erlang C

def test_erlang_c_gives_the_published_figures_and_the_textbook_sum():
    waits = erlang_c(10, 14)
    assert waits == pytest.approx(0.1741, abs=5e-5)
    assert 1 - waits * exp(-4 * (20 / 60) / 3) == pytest.approx(0.8884, abs=5e-5)
    top = 10**14 / factorial(14) * 14 / 4
    assert waits == pytest.approx(top / (sum(10**n / factorial(n) for n in range(14)) + top))


def test_desks_needed_is_the_smallest():
    n = desks_needed([20, 40, 25], 8, 1.0)
    assert mean_wait(40 / 60, 8, n) <= 1.0 < mean_wait(40 / 60, 8, n - 1)


def test_vigilance_at_the_edges_keeps_a_width():
    caught = [{"recommended": "block", "decision": "allow", "planted": True}] * 10
    share, low, high = vigilance(caught)
    assert share == 1 and 0.65 < low < 0.75 and high == pytest.approx(1)


# ---------------------------------------------------------------- the audit log

TEXTS = [b"case %d allow" % i for i in range(7)]
LOG = written(TEXTS)
LINES = LOG.splitlines(keepends=True)


def anchored(n):
    return n, LINES[n - 1].split(b" ")[1]


def test_a_whole_log_is_intact_and_an_empty_one_too():
    assert verify(LOG) == verify(LOG, anchored(7)) == verify(LOG, anchored(3)) == ("intact", 7)
    assert verify(b"") == ("intact", 0) and verify(b"", anchored(1)) == ("cut", 0)
    assert LINES[0].startswith(b"0" * 64 + b" " + sha256(b"0" * 64 + b" case 0 allow").hexdigest().encode())


def test_every_single_flipped_bit_is_reported_at_its_record():
    ends = np.cumsum([len(line) for line in LINES])
    for where in range(len(LOG)):
        record = int(np.searchsorted(ends, where, side="right")) + 1
        for bit in range(8):
            damaged = LOG[:where] + bytes([LOG[where] ^ (1 << bit)]) + LOG[where + 1:]
            want = ("torn", 7) if where == len(LOG) - 1 else ("altered", record)
            assert verify(damaged) == want, (where, bit)


def test_a_write_torn_at_any_byte_is_reported_and_nothing_is_repaired():
    start = len(LOG) - len(LINES[-1])
    for end in range(start + 1, len(LOG)):
        torn = LOG[:end]
        assert verify(torn) == verify(torn, anchored(7)) == ("torn", 7)
    assert verify(LOG[:start]) == ("intact", 6) and verify(LOG[:start], anchored(7)) == ("cut", 6)


def test_what_only_the_anchor_sees():
    rewritten = written([*TEXTS[:2], b"nothing happened", *TEXTS[3:]])
    assert verify(rewritten) == ("intact", 7) and verify(rewritten, anchored(7)) == ("rewritten", 7)
    assert verify(rewritten, anchored(2)) == ("intact", 7)         # what came after the anchor is not covered
    for n in range(7):
        assert verify(b"".join(LINES[:n])) == ("intact", n)
        assert verify(b"".join(LINES[:n]), anchored(7)) == ("cut", n)


def test_records_taken_out_swapped_or_edited_break_the_chain_without_an_anchor():
    for i in range(1, 6):
        assert verify(b"".join(LINES[:i] + LINES[i + 1:])) == ("altered", i + 1)
        assert verify(b"".join(LINES[:i] + [LINES[i + 1], LINES[i]] + LINES[i + 2:])) == ("altered", i + 1)
        edited = LOG.replace(TEXTS[i], TEXTS[i].replace(b"allow", b"block"))
        assert verify(edited) == ("altered", i + 1)
    assert verify(b"\n" + LOG) == ("altered", 1) and verify(LOG + b"\n") == ("altered", 8)


def test_bytes_are_compared_as_bytes():
    assert same(b"ab", b"ab") and not same(b"ab", "ab") and not same(b"ab", b"ac") and not same("ab", b"ab")

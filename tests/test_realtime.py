"""Notebook 05: the functions that stand in its cells, over more seeds than it shows, and by slower ways."""
import tempfile

import httpx
import numpy as np
import pytest
from notebook_source import defined_in
from scipy.optimize import minimize_scalar

from course_utils import check
from course_utils.exercises.realtime import cheaper_mode, feature_age, point_in_time, serve_score
from course_utils.serving import serve
from course_utils.serving.batch import dask_client, partition, read_scores, run_missing

NAMES = ("CARDS", "ATTACKS", "visits", "payments", "JOBS", "taken", "features", "fit", "score", "REVIEW", "reviewed", "loss",
         "costs", "score_rows", "app", "answer", "formula", "simulated")


book = defined_in("05", NAMES)


@pytest.fixture(scope="module")
def rows():
    return book["payments"](7, book["ATTACKS"]["bursts"])


@pytest.mark.parametrize("job", ["at request", "15 min", "hourly", "nightly"])
def test_features_are_point_in_time_correct_by_a_plain_loop(rows, job):
    moments = book["taken"](rows.time, *book["JOBS"][job])
    table = book["features"](rows, moments)
    for card in rows[rows.fraud].card.iloc[[0, 300, 900, 1500]]:
        of_card = rows[rows.card == card]
        for hours in (1, 24):
            counts = point_in_time(of_card.time.tolist(), moments[of_card.index].tolist(), hours)
            assert table[f"n_{hours}h"][of_card.index].tolist() == counts
            spent = [of_card.amount[(of_card.time >= m - hours) & (of_card.time < m)].sum() for m in moments[of_card.index]]
            assert table[f"spent_{hours}h"][of_card.index].tolist() == pytest.approx(spent, abs=1e-6)


def test_the_loss_is_that_of_a_plain_loop(rows):
    some = rows.tail(8_000)
    p = np.random.default_rng(7).random(len(some)) ** 6
    total, blocked = 0.0, set()
    for row, chance in zip(some.itertuples(), p, strict=True):
        if row.visit in blocked:
            continue
        if chance * (row.amount + 15) > 4:
            total += 4
            blocked |= {row.visit} if row.fraud else set()
        elif row.fraud:
            total += row.amount + 15
    assert book["loss"](some, p) == pytest.approx(total / 14)


def test_the_age_law(rows):
    for job, (period, run) in book["JOBS"].items():
        age = rows.time - book["taken"](rows.time, period, run)
        if period == 0:
            assert (age == 0).all()
            continue
        assert age.mean() == pytest.approx(period / 2 + run, rel=0.02), job
        assert age.min() >= run - 1e-9 and age.max() < period + run
        some = rows.time[rows.time > 48].head(300)
        assert [feature_age(t, period, run, []) for t in some] == pytest.approx(age[some.index].tolist())


@pytest.mark.parametrize("seed", [10, 11, 12])         # the notebook shows 7, 8 and 9
def test_the_money_holds_on_other_seeds(seed):
    bursts, slow = (book["costs"](seed, lasts) for lasts in book["ATTACKS"].values())
    assert bursts["skewed", "nightly"] > 3.5 * bursts["matched", "at request"]
    assert 0.9 < bursts["matched", "nightly"] / bursts["amount only", "-"] < 1.35
    assert bursts["matched", "nightly"] < 0.62 * bursts["skewed", "nightly"]
    assert slow["matched", "nightly"] > 1.15 * slow["matched", "at request"]
    for how in ("matched", "skewed"):
        assert slow[how, "hourly"] == pytest.approx(slow["matched", "at request"], rel=0.08)


def test_three_ways_give_the_same_scores(rows, tmp_path):
    fresh = book["features"](rows, rows.time)
    book["model"] = book["fit"](fresh.head(20_000), rows.fraud.head(20_000))
    some = fresh.tail(60)
    by_loop = [book["score_rows"](some.iloc[[i]])[0] for i in range(len(some))]
    with serve(book["app"]) as url, httpx.Client(trust_env=False) as web:
        by_service = [web.post(f"{url}/score", json=row).json() for row in some.to_dict("records")]
    with dask_client() as client, tempfile.TemporaryDirectory() as folder:
        parts = partition(some, 7)
        assert run_missing(client, book["score_rows"], parts, folder, "v1", 3.0) == {}
        by_batch = read_scores(parts, folder, "v1")
    assert by_loop == by_service == by_batch.score.tolist() and by_batch.index.equals(some.index)
    assert len(set(by_loop)) > 10


@pytest.mark.parametrize("seed", [7, 8, 9])
@pytest.mark.parametrize("rho, within", [(0.2, 0.02), (0.53, 0.02), (0.7, 0.02), (0.9, 0.1)])
def test_age_of_information_is_the_published_formula(seed, rho, within):
    assert book["simulated"](rho, seed) == pytest.approx(book["formula"](rho), rel=within)


def test_the_freshest_queue_is_half_busy():
    best = minimize_scalar(book["formula"], bounds=(0.1, 0.9), method="bounded").x
    assert best == pytest.approx(0.531, abs=0.001)
    grid = np.arange(0.4, 0.67, 0.03)
    for seed in (10, 11, 12):
        assert grid[np.argmin([book["simulated"](rho, seed) for rho in grid])] == pytest.approx(best, abs=0.05)


def test_break_even_is_the_quotient_of_the_two_costs_of_a_second():
    busy = {"batch": 0.9, "real-time": 0.2}
    for bulk, single in ((0.02, 0.02), (1e-6, 4e-4)):
        even = (bulk / 0.9) / (single / 0.2)
        costs = cheaper_mode(0.04, bulk, single, even, busy)
        assert costs["batch"] == pytest.approx(costs["real-time"])
        assert cheaper_mode(0.04, bulk, single, even * 1.01, busy)["cheaper"] == "batch"
        assert cheaper_mode(0.04, bulk, single, even * 0.99, busy)["cheaper"] == "real-time"


@pytest.mark.parametrize("answer", [
    lambda key, table, now, max_age, model: (model(key), serve_score(key, table, now, max_age, lambda k: model(k)))[1],
    lambda key, table, now, max_age, model: (model(key), "model")], ids=["asked beforehand", "asked always"])
def test_a_stored_score_spares_the_model(answer):
    result = check("realtime.serve_score", answer)
    assert result.status == "incorrect" and "without need" in result.message

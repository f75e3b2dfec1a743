"""Notebook 03: what is planted in its hour, and what its cells find, over several worlds; telemetry against the libraries."""
from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from notebook_source import defined_in
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from prometheus_client import CollectorRegistry, Histogram
from scipy.stats import ks_2samp
from sklearn.metrics import mutual_info_score

from course_utils import check, load, traffic
from course_utils.exercises.observability import corrected_gain, n_series, worst_pair
from course_utils.telemetry import Traces, histogram_quantile, samples
from course_utils.world import World

NAMES = ("BOUNDS", "p99", "observed", "entropy", "gain", "ranked", "sampled", "minute", "hour",
         "traffic", "alarm", "noticed", "cuts", "panels")
SEEDS = (7, 8, 9)


book = defined_in("03", NAMES)
p99, ranked = book["p99"], book["ranked"]


@pytest.fixture(scope="module", params=SEEDS)
def hour(request):
    """The hour of one world, its incident, and what is slow in it."""
    events = World(seed=request.param).requests()
    during = events[events.t >= traffic.FAULT]
    return events, during, (during.ms > 200).to_numpy()


def faulty(rows, during):
    worst = during.groupby("shard").ms.apply(lambda ms: (ms > 200).mean()).idxmax()
    return (rows.shard == worst) & (rows.rerank == "on")


# ---------------------------------------------------------------- the world

def test_the_stored_hour_is_what_the_world_gives():
    stored, made = load("requests"), World(seed=7).requests()
    assert list(stored.columns) == list(made.columns) and len(stored) == 24_000
    for column in made:
        if made[column].dtype.kind == "f":
            np.testing.assert_allclose(stored[column], made[column], atol=0.11)      # a tenth may round the other way
        else:
            assert (stored[column] == made[column]).all()


def test_equal_arguments_give_equal_hours():
    pd.testing.assert_frame_equal(World(seed=5).requests(500), World(seed=5).requests(500))
    assert not World(seed=6).requests(500).equals(World(seed=5).requests(500))


def test_the_fault_is_in_one_conjunction_and_one_span_and_the_model_is_innocent(hour):
    events, during, slow = hour
    hit = faulty(events, during)
    after = events.t >= traffic.FAULT
    assert 0.8 < (events.ms[hit & after] > 200).mean() < 0.97
    assert (events.ms[~hit] > 200).mean() < 0.005 and (events.ms[hit & ~after] > 200).mean() < 0.02
    for span in traffic.SPANS:
        touched = ks_2samp(events[f"{span}_ms"][hit & after], events[f"{span}_ms"][hit & ~after]).pvalue < 1e-6
        assert touched == (span == "features")
    early = events[(events.t < traffic.FAULT)]
    assert ks_2samp(early.ms[early.model == "m18"], early.ms[early.model == "m17"]).pvalue > 0.001


def test_attributes_are_nested_where_the_card_says_so(hour):
    events, _, _ = hour
    for inner, outer in (("merchant", "shard"), ("customer", "rerank"), ("host", "zone")):
        assert (events.groupby(inner)[outer].nunique() == 1).all()


# ---------------------------------------------------------------- the incident

def test_every_panel_of_the_dashboard_is_red_and_few_requests_are_slow(hour):
    events, during, slow = hour
    before = events[events.t < traffic.FAULT]
    for label in ("region", "route", "device", "locale", "app_version", "host", "model"):
        assert (p99(during, label) / p99(before, label)).min() > 3
        assert p99(during, label).min() > 250 > p99(before, label).max() or label in ("locale", "app_version", "host")
    assert (p99(during, "rerank") > 250).to_dict() == {"off": False, "on": True}
    red = p99(during, "shard") / p99(before, "shard") > 3
    assert 1 <= red.sum() <= 2                     # in world 9 one more shard is red by chance
    assert 0.015 < slow.mean() < 0.03


def test_the_rollback_changes_nothing_and_the_deploy_was_fast_for_ten_minutes(hour):
    events, during, _ = hour
    rows = events[faulty(events, during)]
    def share(start, end):
        return (rows.ms[(rows.t >= start) & (rows.t < end)] > 200).mean()
    assert share(1200, 1800) < 0.03 and share(1800, 2700) > 0.8 and share(2700, 3600) > 0.8


def test_gain_is_the_mutual_information(hour):
    _, during, slow = hour
    for name in ("region", "shard", "customer"):
        assert book["gain"](during[name], slow) == pytest.approx(mutual_info_score(during[name], slow) / np.log(2))


def test_uncorrected_the_customer_is_first_and_corrected_the_shard_then_the_flag(hour):
    _, during, slow = hour
    table = ranked(during, slow)
    assert table["gain"].idxmax() == "customer"
    assert list(table.index[:3]) == ["shard", "merchant", "rerank"]
    assert table["beyond chance"].iloc[3] < 0.002 and abs(table.loc["model", "beyond chance"]) < 0.0005
    worst = during.groupby("shard").ms.apply(lambda ms: (ms > 200).mean()).idxmax()
    inside = (during.shard == worst).to_numpy()
    assert ranked(during[inside], slow[inside]).index[0] == "rerank"
    hit = faulty(during, during).to_numpy()
    assert hit[slow].mean() > 0.8 and slow[hit].mean() > 0.8


def test_what_was_not_recorded_cannot_be_found(hour, monkeypatch):
    _, during, slow = hour
    def first(*missing):
        monkeypatch.setitem(book, "ATTRIBUTES", [name for name in traffic.ATTRIBUTES if name not in missing])
        bits = ranked(during, slow)["beyond chance"]
        return bits.index[0], bits.iloc[0]
    assert first("shard")[0] == "merchant" and first("shard", "merchant")[0] == "rerank"
    assert first("shard", "merchant", "rerank")[1] < 0.002


def test_head_sampling_loses_what_is_new_and_the_tail_keeps_it(hour):
    _, during, _ = hour
    page, ten = book["sampled"](during[during.t < 2040]), book["sampled"](during)
    first = "% with shard first"
    assert page.loc["head, 1 %", first] < 25 and page.loc["head, 1 %", "slow ones, median"] == 0
    assert 50 < ten.loc["head, 1 %", first] < 90 and 2 <= ten.loc["head, 1 %", "slow ones, median"] <= 3
    assert page.loc["tail", first] == ten.loc["tail", first] == ten.loc["head, 5 %", first] == 100
    assert ten.loc["tail", "% kept"] < 4


def test_a_fault_of_one_request_in_300_turns_red_only_the_panel_of_its_shard(hour):
    events, during, slow = hour
    thinned = during[~slow | (np.random.default_rng(1).random(len(during)) < 1 / 300 / slow.mean())]
    assert (thinned.ms > 200).mean() > 0.002
    assert max(p99(thinned, label).max() for label in ("region", "route")) < 100
    assert p99(thinned, "shard")[during.shard[faulty(during, during)].iloc[0]] > 250


def test_by_share_of_slow_requests_one_panel_stands_out(hour):
    _, during, _ = hour
    others = max(book["panels"](during, name).slow.max() for name in book["cuts"] if name != "shard")
    shard = book["panels"](during, "shard").slow.sort_values()
    assert others < 5 and shard.iloc[-1] > 50 and shard.iloc[-2] < 2


def test_red_everywhere_says_little_about_how_many_are_slow(hour):
    events, during, slow = hour
    usual = p99(events[events.t < traffic.FAULT])
    ratios = []
    for share in (0.015, 0.05, 0.5):                   # as many slow ones as that, in a panel of any attribute
        slow_rows, fast_rows = during[slow], during[~slow]
        n = int(1000 * share)
        panel = pd.concat([slow_rows.sample(n, random_state=1, replace=True), fast_rows.sample(1000 - n, random_state=1)])
        ratios.append(p99(panel) / usual)
    assert min(ratios) > 3 and max(ratios) < 15


# ---------------------------------------------------------------- the night

@pytest.mark.parametrize("seed", SEEDS)
def test_at_night_only_an_alarm_with_a_good_limit_notices_in_time(seed):
    median = book["noticed"](seed)
    assert median["alarm"] <= 10 and book["noticed"](seed, limit=0.01)["alarm"] <= 10
    assert book["noticed"](seed, limit=0.10)["alarm"] > 100
    assert median["asked every ~4 office hours"] > median["watched all office hours"] > 300


@pytest.mark.parametrize("seed", SEEDS)
def test_a_tight_limit_rings_about_nothing(seed):
    calm = book["traffic"](np.random.default_rng(seed), np.full(20, np.inf))
    rings = [int((np.diff(book["alarm"](*calm, limit).astype(int), axis=0) == 1).sum()) / 40 for limit in (0.01, 0.03)]
    assert rings[0] > 15 and rings[1] < 0.2
    tight = book["alarm"](*calm, 0.01)
    at_night = (tight[1:] & ~tight[:-1])[(book["hour"][1:] >= 23) | (book["hour"][1:] < 7)].sum() / 40
    assert at_night > 0.95 * rings[0] and 3 <= at_night / 7 <= 4


# ---------------------------------------------------------------- telemetry

def test_published_quantiles():
    bounds = (0.1, 0.2, 0.3, 0.45)
    for value, published in ((0.22, 0.295), (0.32, 0.4425)):
        registry = CollectorRegistry()
        histogram = Histogram("wait", "seconds", buckets=bounds, registry=registry)
        for _ in range(100):
            histogram.observe(value)
        rows = samples(registry).query("name == 'wait_bucket'").set_index("le")["value"]
        rows.index = rows.index.astype(float)
        assert histogram_quantile(0.95, rows) == pytest.approx(published, abs=1e-9)


def test_series_are_counted_as_the_library_exposes_them():
    registry = book["observed"](World(seed=7).requests(3000), ["route", "region"])
    names = Counter(samples(registry)["name"])
    assert names.pop("request_seconds_created") == 18
    assert sum(names.values()) == n_series({"route": 3, "region": 6}, book["BOUNDS"])


def test_spans_keep_ids_parents_times_and_attributes():
    traces = Traces(seed=3)
    ids = [traces.record(10.0 * i, {"auth": 5.0, "model": 20.5}, route="search") for i in range(3)]
    rows = traces.frame()
    assert len(rows) == 9 and rows.trace_id.drop_duplicates().tolist() == ids
    roots = rows[rows.span == "request"].set_index("trace_id")
    children = rows[rows.span != "request"]
    assert (children.parent == roots.span_id[children.trace_id].to_numpy()).all() and (roots.parent == "").all()
    assert (roots.ms == 25.5).all() and (roots.route == "search").all() and rows.ms[0] == 5.0
    again = Traces(seed=3)
    assert [again.record(0.0, {}) for _ in range(3)] == ids
    assert Traces(seed=3).frame().empty


def test_a_head_sampler_keeps_whole_traces_at_its_rate():
    traces = Traces(seed=3, sampler=TraceIdRatioBased(0.1))
    for i in range(1000):
        traces.record(i, {"auth": 5.0, "model": 20.0})
    sizes = traces.frame().groupby("trace_id").size()
    assert 70 < len(sizes) < 130 and set(sizes) == {3}


# ---------------------------------------------------------------- right answers written otherwise

def by_interpolation(q, bounds, counts):
    if not counts[-1]:
        return np.nan
    rank, reached = q * counts[-1], [0, *counts]
    first = [i for i in range(len(counts)) if counts[i] >= rank][0]        # plain np.interp goes on to the end of a tie
    return np.interp(rank, reached[first:first + 2], [0, *bounds, bounds[-1]][first:first + 2])


def by_sklearn(values, slow, shuffles):
    gains = [mutual_info_score(values, row) / np.log(2) for row in (slow, *shuffles)]
    return gains[0] - np.mean(gains[1:])


def by_counting(events, slow, least):
    found = {}
    for a, b in combinations(events.columns, 2):
        seen, bad = Counter(zip(events[a], events[b])), Counter(zip(events[a][slow], events[b][slow]))
        found |= {(bad[pair] / n, a, b): pair for pair, n in seen.items() if n >= least}
    (_, a, b), pair = max(found.items(), key=lambda item: item[0][0])
    return {b: pair[1], a: pair[0]}


def by_numpy(labels, bounds):
    return np.prod(list(labels.values()), dtype=int) * (len([*bounds, np.inf]) + 2)


@pytest.mark.parametrize("key, answer", [("bucket_quantile", by_interpolation), ("corrected_gain", by_sklearn),
                                         ("worst_pair", by_counting), ("n_series", by_numpy)])
def test_other_right_answers_are_accepted(key, answer):
    assert check(f"observability.{key}", answer).status == "correct"


def test_the_exercises_solve_the_incident(hour):
    _, during, slow = hour
    few = during[["region", "route", "device", "model", "rerank", "shard"]]
    assert worst_pair(few, slow, 50) == {"rerank": "on", "shard": during.shard[faulty(during, during)].iloc[0]}
    shuffles = np.array([np.random.default_rng(i).permutation(slow) for i in range(20)])
    bits = {name: corrected_gain(during[name].to_numpy(), slow, shuffles) for name in ("shard", "customer", "model")}
    assert max(bits, key=bits.get) == "shard" and abs(bits["model"]) < 0.0005

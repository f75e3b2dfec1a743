"""Notebook 11: the functions that stand in its cells, and its planning exercise, against scipy and statsmodels."""
import logging
import re

import numpy as np
import pytest
import yaml
from notebook_source import defined_in, source_of
from scipy.stats import chisquare

from course_utils.exercises.canary import assign, canary_days, gate
from course_utils.experiments import sample_size
from course_utils.serving import serve
from course_utils.workspace import root

NAMES = ("z_of", "place", "moved", "route", "service", "send", "nothing", "z_alone", "REPORT", "payments", "client")


book = defined_in("11", NAMES)
z_of, place = book["z_of"], book["place"]


def promote(report):
    return "promote"


def test_z_is_statsmodels_pooled_z():
    from statsmodels.stats.proportion import proportions_ztest

    assert z_of(800, 19_800, 13, 200) == pytest.approx(proportions_ztest([13, 800], [200, 19_800])[0])


def test_days_are_the_sample_size_that_is_tested_against_statsmodels():
    for p0, p1, share in ((0.04, 0.06, 0.01), (0.3, 0.45, 0.05), (0.5, 0.4, 0.2)):
        assert canary_days(p0, p1, share, 20_000) == pytest.approx(sample_size(p0, p1, share) / 20_000)


def test_the_split_is_sticky_salted_and_grows_without_reshuffling():
    users = list(range(20_000))
    small, large = assign(users, 0.05, "v2"), assign(users, 0.25, "v2")
    assert np.mean(small) == pytest.approx(0.05, abs=0.006) and np.mean(large) == pytest.approx(0.25, abs=0.012)
    assert all(b for a, b in zip(small, large, strict=True) if a)
    both = np.mean(np.logical_and(small, assign(users, 0.05, "v3")))
    assert both == pytest.approx(0.05**2, abs=0.0015)                  # two releases, two independent draws
    assert large == [place(user) < 0.25 for user in users]
    assert chisquare(np.histogram([place(u) for u in users], 20, (0, 1))[0]).pvalue > 0.001


@pytest.fixture(scope="module")
def services():
    """The notebook's two services on 127.0.0.1. No model behind them: only crashes matter here."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    book.update(review=lambda model, row, world: [False], model=None, world=None)
    with serve(book["service"]("v1", book["nothing"])) as v1, serve(book["service"]("v2", book["nothing"])) as v2:
        yield v1, v2


def test_a_gate_that_works_takes_the_real_v2_out_of_service(services):
    shares, into, crashes = zip(*book["route"](gate, *services), strict=True)
    assert shares[0] == 0.25 and shares[-1] == 0
    rolled_back = shares.index(0)
    assert crashes[rolled_back - 1] == crashes[-1] == 2            # one is allowed
    assert 0 < rolled_back < len(shares) - 20 and any(into[:rolled_back]) and not any(into[rolled_back:])


@pytest.mark.parametrize("decide, last", [(promote, 1.0), (book["z_alone"], 0.25), (lambda report: "extend", 0.25)])
def test_a_gate_that_does_not_look_at_crashes_leaves_it_there(services, decide, last):
    shares, into, _ = zip(*book["route"](decide, *services), strict=True)
    assert shares[-1] == last and any(into[-20:])


@pytest.mark.parametrize("answer", ["roll back", "invalid", None, "no idea"])
def test_any_answer_but_promote_and_extend_sends_everybody_back(answer):
    assert book["moved"](0.25, answer) == 0
    assert book["moved"](0.25, "extend") == 0.25 and book["moved"](0.25, "promote") == 1


def test_the_yaml_is_yaml_and_its_fields_are_those_that_were_checked():
    text, = re.findall(r"# ```yaml\n(.*?)# ```", source_of("11"), re.DOTALL)
    shadow, rollout = yaml.safe_load_all(re.sub(r"^# ?", "", text, flags=re.MULTILINE))
    route, = shadow["spec"]["http"]
    assert route["mirror"]["subset"] == "v2" and route["route"][0]["destination"]["subset"] == "v1"
    _, _, step = rollout["spec"]["strategy"]["canary"]["steps"]
    assert step["analysis"]["templates"][0]["templateName"] == "gate"
    rows = "".join(row for row in (root() / "SOURCES.md").read_text(encoding="utf-8").splitlines() if row.startswith("| 11"))
    for field in (*route, *route["route"][0], "setWeight", "pause", "duration", "analysis", "templates", "templateName"):
        assert field == "destination" or field in rows, field

"""A real Prometheus server scrapes the course's metrics, and must agree with what the course computes from them."""
import json
import os
import re
import shutil
import socket
import subprocess
import time
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, Histogram, make_asgi_app

from course_utils.exercises.observability import bucket_quantile, n_series
from course_utils.serving import serve
from course_utils.telemetry import histogram_quantile, samples
from course_utils.workspace import root
from course_utils.world import World

PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")
if not (PROMETHEUS and PROMTOOL) and os.environ.get("CI") != "true":
    pytest.skip("needs prometheus and promtool on PATH (.ci/run shows how to get them)", allow_module_level=True)

BOUNDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
direct = build_opener(ProxyHandler({}))


def wait_for(what, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = what()
        except OSError:                                # not listening yet
            found = None
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"still nothing after {seconds} seconds")


@pytest.fixture(scope="module")
def metrics():
    """A registry of its own, and one histogram in it. The children exist before the first scrape."""
    registry = CollectorRegistry()
    latency = Histogram("request_seconds", "time to answer", ["route", "region"], buckets=BOUNDS, registry=registry)
    for route in ("search", "checkout"):
        for region in ("us", "cl"):
            latency.labels(route, region)
    return registry, latency


@pytest.fixture(scope="module")
def query(metrics, tmp_path_factory):
    """Ask a Prometheus server on 127.0.0.1 that scrapes the registry every second."""
    assert PROMETHEUS, "CI needs the prometheus server; .ci/run provides it"
    home = tmp_path_factory.mktemp("prometheus")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with serve(make_asgi_app(registry=metrics[0])) as url:
        (home / "prometheus.yml").write_text(json.dumps({                  # JSON is YAML
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": "lantern", "metrics_path": "/metrics/",
                                "static_configs": [{"targets": [url.removeprefix("http://")]}]}]}))
        with open(home / "log", "wb") as log:
            server = subprocess.Popen(
                [PROMETHEUS, f"--config.file={home / 'prometheus.yml'}", f"--storage.tsdb.path={home / 'data'}",
                 f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log, cwd=home)
        try:
            def ask(promql):
                assert server.poll() is None, (home / "log").read_text()
                address = f"http://127.0.0.1:{port}/api/v1/query?{urlencode({'query': promql})}"
                with direct.open(address, timeout=5) as answer:
                    return [float(r["value"][1]) for r in json.load(answer)["data"]["result"]]
            wait_for(lambda: ask('up{job="lantern"} == 1'))                # the first scrape takes seconds
            yield ask
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture(scope="module")
def sent(metrics, query):
    """294 requests of 20 ms and 6 of 400 ms, spread over four children, after the first scrape."""
    for i in range(300):
        child = metrics[1].labels(("search", "checkout")[i % 2], ("us", "cl")[i // 2 % 2])
        child.observe(0.4 if i % 50 == 0 else 0.02)
    wait_for(lambda: query("sum(request_seconds_count)") == [300])
    wait_for(lambda: query("sum(increase(request_seconds_count[1m]))") not in ([], [0]))


def buckets(registry):
    rows = samples(registry).query("name == 'request_seconds_bucket'")
    return rows.groupby(rows["le"].astype(float))["value"].sum()


@pytest.mark.parametrize("q", [0.5, 0.9, 0.98, 0.985, 0.99, 1.0])
def test_the_server_and_the_course_read_the_same_quantile_out_of_the_buckets(q, metrics, query, sent):
    (answer,) = query(f"histogram_quantile({q}, sum by (le) (request_seconds_bucket))")
    counts = buckets(metrics[0])
    assert histogram_quantile(q, counts) == pytest.approx(answer, rel=1e-12)
    assert bucket_quantile(q, BOUNDS, counts.tolist()) == pytest.approx(answer, rel=1e-12)


def test_p99_is_what_arithmetic_says_also_from_rates(query, sent):
    """Rank 297 of 300 is the third of six in the bucket from 0.25 to 0.5: 0.375, though all six took 0.4."""
    rates = "histogram_quantile(0.99, sum by (le) (rate(request_seconds_bucket[1m])))"
    wait_for(lambda: [round(v, 9) for v in query(rates)] == [0.375])


def test_without_observations_and_beyond_the_last_bound(metrics, query, sent):
    (answer,) = query("histogram_quantile(0.99, sum by (le) (request_seconds_bucket) * 0)")
    assert np.isnan(answer) and np.isnan(histogram_quantile(0.99, buckets(metrics[0]) * 0))
    late = metrics[1].labels("late", "us")
    for _ in range(10):
        late.observe(30)
    (answer,) = wait_for(lambda: query('histogram_quantile(0.5, request_seconds_bucket{route="late"})'))
    assert answer == bucket_quantile(0.5, BOUNDS, [0, 0, 0, 0, 0, 0, 10]) == 1.0


def test_the_server_stores_as_many_series_as_the_course_counts(metrics, query, sent):
    metrics[1].labels("late", "us")
    rows = samples(metrics[0])
    wait_for(lambda: query("scrape_samples_scraped") == [len(rows)])
    children = rows[["route", "region"]].drop_duplicates()
    stored = query('count({__name__=~"request_seconds_(bucket|sum|count)"})')
    assert stored == [len(children) * n_series({}, BOUNDS)]
    assert query('count({__name__=~"request_seconds_created"})') == [len(children)]


def rule_in_the_notebook():
    text = (root() / "sources" / "03_monitoring_vs_observability.py").read_text(encoding="utf-8")
    return re.search(r"```yaml\n# (groups:.*?)\n# ```", text, re.DOTALL)[1].replace("\n# ", "\n")


@pytest.mark.parametrize("seed, minute", [(7, 34), (8, 35), (9, 35)])
def test_prometheus_fires_the_notebooks_rule_in_the_same_minute(seed, minute, tmp_path):
    """By promtool, on the incident's own counts, a scrape a minute: pending or quiet before, firing at `minute`."""
    assert PROMTOOL, "CI needs promtool; .ci/run provides it"
    events = World(seed=seed).requests()
    series = []
    for le in (*BOUNDS, np.inf):
        at = events.t[events.ms <= 1000 * le]
        counts = [int((at < 60 * m).sum()) for m in range(61)]
        series.append({"series": f'request_seconds_bucket{{le="{"+Inf" if le == np.inf else le}"}}',
                       "values": " ".join(map(str, counts))})
    alert = {"exp_labels": {"severity": "page"}}
    (tmp_path / "rules.yml").write_text(rule_in_the_notebook())
    (tmp_path / "test.yml").write_text(json.dumps({
        "rule_files": ["rules.yml"], "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "alert_rule_test": [
            {"eval_time": f"{m}m", "alertname": "RequestLatencyP99", "exp_alerts": [alert] if m >= minute else []}
            for m in (10, 29, minute - 1, minute, 60)]}]}))
    run = subprocess.run([PROMTOOL, "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr

"""Telemetry as tables: metrics of a ``prometheus_client`` registry, and OpenTelemetry spans kept in memory.

Nothing is sent anywhere. Use a ``CollectorRegistry`` of your own for each run: the library's default one belongs to
the process, and refuses a metric that a re-run cell declares again.
"""
from __future__ import annotations

import random

import numpy as np
import pandas as pd
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import set_span_in_context


def samples(registry) -> pd.DataFrame:
    """What a scrape would find now: one row for each time series, with its name, value and labels.

    >>> from prometheus_client import CollectorRegistry, Histogram
    >>> registry = CollectorRegistry()
    >>> Histogram("wait", "seconds", buckets=[0.1, 1], registry=registry).observe(0.5)
    >>> samples(registry).query("name == 'wait_bucket'")[["le", "value"]].values.tolist()
    [['0.1', 0.0], ['1.0', 1.0], ['+Inf', 1.0]]
    """
    rows = [{"name": s.name, **s.labels, "value": s.value} for metric in registry.collect() for s in metric.samples]
    return pd.DataFrame(rows)


def histogram_quantile(q: float, buckets) -> float:
    """Prometheus's function of that name: the ``q``-quantile as its buckets allow to guess it.

    ``buckets`` is a Series of cumulative counts, indexed by upper bounds in ascending order, the last of them infinite.
    Inside the bucket that holds the rank, observations count as evenly spread. In the infinite bucket nothing can be
    said, and the largest finite bound is returned; NaN without observations.

    >>> histogram_quantile(0.95, pd.Series({0.1: 0, 0.2: 0, 0.3: 100, 0.45: 100, np.inf: 100}))
    0.295
    """
    bounds, counts = np.asarray(buckets.index, float), np.asarray(buckets, float)
    if not counts[-1] > 0:
        return float("nan")
    rank = q * counts[-1]
    i = int(np.searchsorted(counts, rank))
    if i == len(counts) - 1:
        return float(bounds[-2])
    low, below = (bounds[i - 1], counts[i - 1]) if i else (0.0, 0.0)
    return float(low + (bounds[i] - low) * (rank - below) / (counts[i] - below))


class SeededIds(IdGenerator):
    """Trace and span ids that are the same in every run; a trace's does not depend on how many spans came before."""

    def __init__(self, seed: int):
        self._traces, self._spans = random.Random(f"traces {seed}"), random.Random(f"spans {seed}")

    def generate_trace_id(self) -> int:
        return self._traces.getrandbits(128) or 1

    def generate_span_id(self) -> int:
        return self._spans.getrandbits(64) or 1


class Traces:
    """A tracer with a virtual clock, whose spans stay in memory.

    >>> traces = Traces(seed=7)
    >>> trace_id = traces.record(10.0, {"auth": 5.0, "model": 20.0}, route="search")
    >>> traces.frame()[["span", "start_ms", "ms"]].values.tolist()
    [['auth', 0.0, 5.0], ['model', 5.0, 20.0], ['request', 0.0, 25.0]]
    >>> set(traces.frame().trace_id) == {trace_id}
    True
    """

    def __init__(self, seed: int = 7, sampler=None, service: str = "lantern"):
        self._memory = InMemorySpanExporter()
        provider = TracerProvider(sampler, Resource({"service.name": service}), shutdown_on_exit=False,
                                  id_generator=SeededIds(seed))
        provider.add_span_processor(SimpleSpanProcessor(self._memory))
        self._tracer = provider.get_tracer("course")

    def record(self, start: float, spans: dict[str, float], **attributes) -> str:
        """One request that began at second ``start``: a root span with the attributes, and child spans in a row.

        ``spans`` maps a name to milliseconds. Returns the trace id as 32 hexadecimal digits, also when the
        sampler drops the trace.
        """
        ns = round(start * 1e9)
        root = self._tracer.start_span("request", start_time=ns, attributes=attributes)
        inside = set_span_in_context(root)
        for name, ms in spans.items():
            child = self._tracer.start_span(name, inside, start_time=ns)
            ns += round(ms * 1e6)
            child.end(end_time=ns)
        root.end(end_time=ns)
        return f"{root.get_span_context().trace_id:032x}"

    def frame(self) -> pd.DataFrame:
        """All spans that were kept: ids, name, start in ms after the trace's start, duration, attributes."""
        spans = self._memory.get_finished_spans()
        began: dict[int, int] = {}
        for s in spans:
            began[s.context.trace_id] = min(s.start_time, began.get(s.context.trace_id, s.start_time))
        return pd.DataFrame([
            {"trace_id": f"{s.context.trace_id:032x}", "span_id": f"{s.context.span_id:016x}",
             "parent": f"{s.parent.span_id:016x}" if s.parent else "", "span": s.name,
             "start_ms": (s.start_time - began[s.context.trace_id]) / 1e6,
             "ms": (s.end_time - s.start_time) / 1e6, **s.attributes} for s in spans])

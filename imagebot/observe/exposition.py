"""Numbers as Prometheus reads them: its own text, or OpenMetrics where that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from imagebot.observe.metric_names import BUCKETS_S, DURATION, Metric
from imagebot.observe.metrics import CountedNumbers, Durations, Series


class Exposition(Collector):
    """`numbers` tells them as they are. A registry of its own: the library's global one is anybody's."""

    def __init__(self, numbers: Callable[[], CountedNumbers]) -> None:
        self._numbers = numbers
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def page(self, *, open_metrics: bool) -> tuple[bytes, str]:
        """The page and its content type."""
        encode, content_type = choose_encoder("application/openmetrics-text; version=1.0.0" if open_metrics else "")
        return encode(self._registry), content_type

    def collect(self) -> Iterator[Family]:
        """What the library asks for."""
        numbers = self._numbers()
        for metric, series in numbers.series.items():
            yield _family(metric, series)
        yield _histogram(numbers.durations)


def _family(metric: Metric, series: Series) -> Family:
    if metric.kind == "info":
        family = InfoMetricFamily(metric.name.removesuffix("_info"), metric.says)
        for values in series:
            family.add_metric([], dict(zip(metric.labels, values, strict=True)))
        return family
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    found = kind(metric.name, metric.says, labels=metric.labels)
    for values, number in series.items():
        found.add_metric(values, number)
    return found


def _histogram(durations: Durations) -> Family:
    ends = [*(f"{end}" for end in BUCKETS_S), "+Inf"]
    buckets = list(zip(ends, durations.counts, strict=True))
    return HistogramMetricFamily(DURATION.name, DURATION.says, buckets=buckets, sum_value=durations.total_s)

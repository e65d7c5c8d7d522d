"""Prometheus metrics: requests as this process saw them, jobs as the database has them."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from reseller_reporting.control import jobs

_REGISTRY = CollectorRegistry()
_SECONDS = Histogram(
    "reseller_reporting_request_seconds",
    "How long requests took, by view.",
    ["view"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
    registry=_REGISTRY,
)
_ANSWERS = Counter(
    "reseller_reporting_requests", "Answers given, by view and status.", ["view", "status"], registry=_REGISTRY
)


class _Jobs(Collector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily("reseller_reporting_jobs", "Jobs of all resellers, by state.", labels=["state"])
        for state, count in jobs.counts().items():
            family.add_metric([state], count)
        yield family

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Without this the registry would ask the database as it is made."""
        yield GaugeMetricFamily("reseller_reporting_jobs", "Jobs of all resellers, by state.", labels=["state"])


_REGISTRY.register(_Jobs())


def requested(view: str, status: int, seconds: float) -> None:
    _SECONDS.labels(view).observe(seconds)
    _ANSWERS.labels(view, str(status)).inc()


def exposition() -> bytes:
    return generate_latest(_REGISTRY)

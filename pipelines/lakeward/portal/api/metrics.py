"""`GET /metrics` in the format of Prometheus: freshness, quarantine, runs, and how long pages take. Off unless it is asked for."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lakeward.flows import FigureRow, Portal
from lakeward.portal.api.answers import Api

PATH = "/metrics"
BUCKETS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
# Name of a gauge -> its meaning, and the column of the query of pages that has it.
GAUGES = {
    "lakeward_last_run_age_seconds": ("Seconds since the last run of the dataset ended.", "age"),
    "lakeward_late": ("1 if the dataset is later than its contract allows.", "late"),
    "lakeward_quarantine_open_rows": ("Rows that wait in quarantine.", "open"),
    "lakeward_run_seconds": ("Duration of the last run of the dataset.", "seconds"),
    "lakeward_failed_rules": ("Rules that the newest batch failed.", "failed_rules"),
    "lakeward_unknown_rules": ("Rules that could not be measured.", "unknown_rules"),
}


class Metrics(Collector):
    """What a portal measures of itself, and of its lake at each request."""

    def __init__(self, portal: Portal) -> None:
        self._portal, self._registry = portal, CollectorRegistry()
        self._requests = Histogram(
            "lakeward_portal_request_seconds", "Time of a page.", ("page", "method"), buckets=BUCKETS, registry=self._registry
        )
        self._registry.register(self)

    def note(self, page: str, method: str, seconds: float) -> None:
        """Note the time of a page.

        Args:
            page: Its address with the names of its parts.
        """
        self._requests.labels(page, method).observe(seconds)

    def collect(self) -> Iterator[Metric]:
        """The gauges of now; a value that is not known is left out."""
        with self._portal.read() as reading:
            rows = reading.rows("metrics")
        for name, (about, column) in GAUGES.items():
            yield _gauge(name, about, column, rows)
        checked = GaugeMetricFamily("lakeward_portal_checked_timestamp_seconds", "When the portal last saw the lake.")
        if isinstance(self._portal.checked_at, datetime):
            checked.add_metric([], self._portal.checked_at.timestamp())
        yield checked

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)

    def route(self, api: Api) -> Route:
        """The address; it takes an access token, as the API does."""

        async def answer(request: Request) -> Response:
            def read() -> Response:
                api.check_caller(request)
                return Response(self.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

            return await api.guard(request, read)

        return Route(PATH, answer, methods=["GET"])


def _gauge(name: str, about: str, column: str, rows: tuple[FigureRow, ...]) -> Any:
    found = GaugeMetricFamily(name, about, labels=["dataset"])
    for row in rows:
        value = row.number(column)
        if value is not None:
            found.add_metric([row.key[0]], float(value))
    return found

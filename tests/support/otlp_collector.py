"""A collector of OpenTelemetry on loopback: takes OTLP over HTTP, and decodes it by the protocol's own classes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Span:
    """A span as it was received; ids in hexadecimal, a parent of none is empty."""

    name: str
    id: str
    parent: str
    trace: str
    facts: dict[str, Any]
    failed: bool


@dataclass
class Collector:
    """What was received so far.

    Args:
        endpoint: URL for `OTEL_EXPORTER_OTLP_ENDPOINT`.
        bodies: The requests, as bytes.
        headers: Their headers.
        status: Answer to the next requests.
    """

    endpoint: str = ""
    status: int = 200
    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)

    def spans(self) -> list[Span]:
        """All spans, the first that began first."""
        found = [
            (span.start_time_unix_nano, _span(span))
            for body in self._bodies("/v1/traces")
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        return [span for _, span in sorted(found, key=lambda one: one[0])]

    def figures(self) -> dict[tuple[str, ...], float]:
        """Metric and its attributes -> the sum of its figures; of a histogram how many there are."""
        found: dict[tuple[str, ...], float] = {}
        for metric in self.metrics():
            kind = getattr(metric, metric.WhichOneof("data"))
            for point in kind.data_points:
                key = (metric.name, *(f"{name}={value}" for name, value in sorted(_facts(point.attributes).items())))
                found[key] = found.get(key, 0) + (point.count if hasattr(point, "count") else point.as_int or point.as_double)
        return found

    def metrics(self) -> list[Any]:
        """All metrics, as the protocol has them."""
        return [metric for resource in self._resources() for scope in resource.scope_metrics for metric in scope.metrics]

    def services(self) -> set[str]:
        """Names of the services that sent metrics."""
        return {_facts(resource.resource.attributes)["service.name"] for resource in self._resources()}

    def _resources(self) -> Iterator[Any]:
        for body in self._bodies("/v1/metrics"):
            yield from ExportMetricsServiceRequest.FromString(body).resource_metrics

    def _bodies(self, path: str) -> list[bytes]:
        return [body for at, body in self.bodies if at == path]


class Door(BaseHTTPRequestHandler):
    """Keeps what it gets."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        collector = self.server.collector
        collector.bodies.append((self.path, body))
        collector.headers.append(self.headers)
        self.send_response(collector.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def run_collector() -> Iterator[Collector]:
    """A collector, until the end of the context."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        server.collector = Collector(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server.collector
        server.shutdown()
        thread.join()


def _span(span: Any) -> Span:
    return Span(
        name=span.name,
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        trace=span.trace_id.hex(),
        facts=_facts(span.attributes),
        failed=span.status.code == span.status.STATUS_CODE_ERROR,
    )


def _facts(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}

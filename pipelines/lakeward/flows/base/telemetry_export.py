"""Sends traces and metrics by OpenTelemetry's library, which reads endpoints, headers and certificates from its own variables.

A collector that does not answer costs a run at most a second at its end, and fails nothing. The only module that imports the library.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import metadata
from threading import Thread
from types import TracebackType
from typing import Self
from uuid import uuid4

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, CardinalityLimits, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, StatusCode, Tracer

from lakeward.core.errors import LakewardError
from lakeward.core.telemetry_settings import TelemetrySettings
from lakeward.flows.base.telemetry import METRICS, Facts, MetricKind

NAME = "lakeward"
# Seconds that the end of a run waits for a collector.
CLOSE_SECONDS = 1.0
# Series of one metric: more than datasets times counts of any estate; OpenTelemetry's 2,000 would drop the names of the rest.
MAX_SERIES = 1_000_000
# A command ends after one run: what it counts is added to what others counted, and does not replace it.
DELTA: dict[type, AggregationTemporality] = {Counter: AggregationTemporality.DELTA, Histogram: AggregationTemporality.DELTA}


@dataclass(frozen=True, slots=True)
class OpenSpan(AbstractContextManager[None]):
    """A span that is open in its context; an error that leaves it is named by its code or class."""

    opened: AbstractContextManager[Span]

    def __enter__(self) -> None:
        """Open it."""
        self.opened.__enter__()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End it."""
        if kind:
            span = trace.get_current_span()
            span.set_attribute("error.type", error.code if isinstance(error, LakewardError) else kind.__name__)
            span.set_status(StatusCode.ERROR)
        self.opened.__exit__(kind, error, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorRecorder:
    """Sends spans and figures to a collector, in the background and at the end.

    Args:
        add: Takes a figure of a metric with its attributes, by the metric's name.
        closing: What sends the rest.
    """

    tracer: Tracer
    add: Mapping[str, Callable[[float, Facts], None]]
    closing: tuple[Callable[[], None], ...]

    @classmethod
    def open(cls, settings: TelemetrySettings) -> Self:
        """A recorder of what the settings ask for.

        Raises:
            ValueError: A variable of OpenTelemetry has a value that its library refuses.
        """
        resource = _resource()
        spans = TracerProvider(resource=resource, shutdown_on_exit=False)
        if settings.traces:
            spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        readers = []
        if settings.metrics:
            exporter = OTLPMetricExporter(preferred_temporality=None if settings.has_temporality else DELTA)
            limits: CardinalityLimits = {Counter: MAX_SERIES, Histogram: MAX_SERIES}
            readers.append(PeriodicExportingMetricReader(exporter, cardinality_limits=limits))
        figures = MeterProvider(readers, resource=resource, shutdown_on_exit=False)
        add = {name: _adder(figures.get_meter(NAME), name) for name in METRICS}
        return cls(tracer=spans.get_tracer(NAME), add=add, closing=(spans.shutdown, figures.shutdown))

    def span(self, name: str, facts: Facts) -> "OpenSpan":
        """See `Recorder.span`. Of an error never the text, which could hold a value."""
        return OpenSpan(
            self.tracer.start_as_current_span(name, attributes=dict(facts), record_exception=False, set_status_on_exception=False)
        )

    def describe(self, facts: Facts) -> None:
        """See `Recorder.describe`."""
        trace.get_current_span().set_attributes(dict(facts))

    def measure(self, metric: str, value: float, facts: Facts) -> None:
        """See `Recorder.measure`."""
        self.add[metric](value, facts)

    def close(self) -> None:
        """Send what is left, for a second at most; the threads are daemons, so that one which goes on keeps no process."""
        threads = [Thread(target=send, daemon=True) for send in self.closing]
        until = time.monotonic() + CLOSE_SECONDS
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))


def _resource() -> Resource:
    """Who sends; `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` win."""
    own = {"service.name": NAME, "service.version": metadata.version(NAME), "service.instance.id": str(uuid4())}
    return Resource.create(own).merge(OTELResourceDetector().detect())


def _adder(meter: Meter, name: str) -> Callable[[float, Facts], None]:
    metric = METRICS[name]
    if metric.kind is MetricKind.COUNTER:
        return meter.create_counter(name, metric.unit, metric.meaning).add
    if metric.kind is MetricKind.HISTOGRAM:
        return meter.create_histogram(name, metric.unit, metric.meaning).record
    return meter.create_gauge(name, metric.unit, metric.meaning).set

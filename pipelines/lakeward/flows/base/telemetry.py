"""Traces and metrics of runs, for a collector of OpenTelemetry: off unless the environment names one. They hold names and counts, never values."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Protocol

from lakeward.core.errors import LakewardError, MachineError, SettingsError
from lakeward.core.telemetry_settings import HTTP_PROTOBUF, TelemetrySettings
from lakeward.flows.base.report import RunReport

Facts = Mapping[str, str | int | float]
log = logging.getLogger(__name__)


class MetricKind(StrEnum):
    """How figures of a metric are put together."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of runs.

    Args:
        unit: Unit of UCUM; `{…}` counts things.
        meaning: In Markdown, for the reference.
    """

    kind: MetricKind
    unit: str
    meaning: str


# Name -> metric. Each has the attribute `lakeward.dataset`.
METRICS: Mapping[str, Metric] = {
    "lakeward.runs": Metric(
        MetricKind.COUNTER,
        "{run}",
        "Runs, by `lakeward.outcome`: `done`, `idle`, `halted`, or `failed` with the message's code as `error.type`.",
    ),
    "lakeward.run.duration": Metric(MetricKind.HISTOGRAM, "s", "Seconds of a run that was not idle."),
    "lakeward.batches": Metric(MetricKind.COUNTER, "{batch}", "Batches that a run finished."),
    "lakeward.rows": Metric(
        MetricKind.COUNTER,
        "{row}",
        "Their rows, by `lakeward.counted`: `rows_in`, `bronze`, `rejects`, `silver`, `quarantine`, `duplicates`, `corrections`.",
    ),
    "lakeward.rules": Metric(
        MetricKind.COUNTER, "{rule}", "Rules that failed or are unknown, by `lakeward.verdict`: `FAIL`, `UNKNOWN`."
    ),
    "lakeward.score": Metric(MetricKind.GAUGE, "1", "Quality score of the last run, 0 to 100."),
}
# Name -> what a span of it is.
SPANS: Mapping[str, str] = {
    "run": "One command or task, or the call of a program; also `rebuild` and `backfill`. Attribute `lakeward.project`.",
    "ingest NAME, curate NAME": "The run of a dataset, with `lakeward.dataset`, `lakeward.run_id` and, at its end, `lakeward.batches` and each count of rows.",
    "bronze, silver, gold": "A stage of a batch, with `lakeward.dataset`, `lakeward.run_id`, `lakeward.batch` and `lakeward.stage`.",
    "records": "The last stage of a batch: verdicts, scores, lineage and the run are stored.",
}


class Recorder(Protocol):
    """Takes spans and figures."""

    def span(self, name: str, facts: Facts) -> AbstractContextManager[None]:
        """A span of the time inside the context; an error in it is named by its code or class."""
        ...

    def describe(self, facts: Facts) -> None:
        """Add attributes to the span that is open in this thread."""
        ...

    def measure(self, metric: str, value: float, facts: Facts) -> None:
        """Add a figure to the metric of this name in `METRICS`."""
        ...


class NoRecorder:
    """Records nothing: the default."""

    def span(self, name: str, facts: Facts) -> AbstractContextManager[None]:  # noqa: ARG002 -- as the protocol has it
        """Record nothing."""
        return nullcontext()

    def describe(self, facts: Facts) -> None:
        """Record nothing."""

    def measure(self, metric: str, value: float, facts: Facts) -> None:
        """Record nothing."""


NO_RECORDER = NoRecorder()


def telemetry_problem(settings: TelemetrySettings) -> LakewardError | None:
    """Why nothing is sent though the environment names a collector; None if nothing stands in the way."""
    if not settings.is_on:
        return None
    if settings.protocol != HTTP_PROTOBUF:
        return SettingsError("telemetry_protocol", found=settings.protocol, expected=HTTP_PROTOBUF)
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        return MachineError("telemetry_extra_missing")
    return None


@contextmanager
def open_recorder(settings: TelemetrySettings) -> Iterator[Recorder]:
    """A recorder that sends to the collector which the environment names; what is left is sent at the end."""
    problem = telemetry_problem(settings)
    if problem:
        log.warning(problem.code, extra=dict(problem.facts))
    if problem or not settings.is_on:
        yield NO_RECORDER
        return
    from lakeward.flows.base.telemetry_export import CollectorRecorder  # noqa: PLC0415 -- imports the library

    try:
        recorder = CollectorRecorder.open(settings)
    except ValueError as error:
        log.warning("telemetry_refused", extra={"error": str(error)})
        yield NO_RECORDER
        return
    try:
        yield recorder
    finally:
        recorder.close()


def record_run(recorder: Recorder, flow: str, dataset: str, run_id: str, run: Callable[[], RunReport]) -> RunReport:
    """Run a dataset, with a span and the metrics of its report.

    Raises: what `run` raises.
    """
    began = time.monotonic()
    with recorder.span(f"{flow} {dataset}", {"lakeward.dataset": dataset, "lakeward.run_id": run_id}):
        try:
            report = run()
        except LakewardError as error:
            recorder.measure("lakeward.runs", 1, _outcome(dataset, "failed") | {"error.type": error.code})
            raise
        recorder.describe(
            {f"lakeward.{name}": count for name, count in (("batches", report.batches), *report.counts.as_dict().items())}
        )
        measure_report(recorder, report)
        if report.batches or report.halted is not None:
            recorder.measure("lakeward.run.duration", time.monotonic() - began, {"lakeward.dataset": dataset})
        return report


def measure_report(recorder: Recorder, report: RunReport) -> None:
    """Add the figures of a report to the metrics."""
    outcome = "halted" if report.halted is not None else "done" if report.batches else "idle"
    recorder.measure("lakeward.runs", 1, _outcome(report.dataset, outcome))
    if outcome == "idle":
        return
    own = {"lakeward.dataset": report.dataset}
    recorder.measure("lakeward.batches", report.batches, own)
    for name, count in report.counts.as_dict().items():
        recorder.measure("lakeward.rows", count, own | {"lakeward.counted": name})
    for verdict, rules in (("FAIL", report.failed), ("UNKNOWN", report.unknown)):
        recorder.measure("lakeward.rules", len(rules), own | {"lakeward.verdict": verdict})
    if report.score is not None:
        recorder.measure("lakeward.score", float(report.score), own)


def _outcome(dataset: str, outcome: str) -> dict[str, str]:
    return {"lakeward.dataset": dataset, "lakeward.outcome": outcome}

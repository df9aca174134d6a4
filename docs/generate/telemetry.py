"""The page of traces and metrics: their names, units and attributes."""

from generate.markdown import code, keys, page, table
from lakeward.core.telemetry_settings import TELEMETRY_VARIABLES
from lakeward.flows.base.telemetry import METRICS, SPANS

INTRODUCTION = """\
What runs send to a collector of OpenTelemetry ([how-to](../how-to/watch-runs-with-opentelemetry.md)). Names, counts and times alone, never a value
of the data; of an error its code, never its text. The resource has `service.name`, `service.version` and `service.instance.id`."""


def telemetry() -> str:
    """The page, in Markdown."""
    return page(
        "Traces and metrics",
        "`lakeward/flows/base/telemetry.py`",
        INTRODUCTION,
        "## Spans",
        table(("name", "what it is"), [(", ".join(map(code, name.split(", "))), meaning) for name, meaning in SPANS.items()]),
        "A span with an error has the status `ERROR`, and as `error.type` the code of the message.",
        "## Metrics",
        "Each has the attribute `lakeward.dataset`; measurements point to the trace of their run (exemplars).",
        table(
            ("name", "kind", "unit", "meaning"),
            [(code(name), metric.kind, code(metric.unit), metric.meaning) for name, metric in METRICS.items()],
        ),
        "## Variables",
        "Others of OpenTelemetry's library, such as `OTEL_EXPORTER_OTLP_HEADERS`, `…_CERTIFICATE` and `OTEL_SERVICE_NAME`, work too.",
        keys(TELEMETRY_VARIABLES),
    )

"""Whether traces and metrics of runs are sent: OpenTelemetry's own variables decide, and its library reads where to."""

from collections.abc import Mapping
from dataclasses import dataclass

from lakeward.core.keys import KeyDoc

# The only protocol that is spoken.
HTTP_PROTOBUF = "http/protobuf"
_ENDPOINT, _PROTOCOL = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL"
_TEMPORALITY = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
TELEMETRY_VARIABLES: Mapping[str, KeyDoc] = {
    _ENDPOINT: KeyDoc(
        "URL",
        "Collector of OpenTelemetry that takes traces and metrics of runs (extra `otel`), such as `http://collector:4318`; "
        "`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` and `…_METRICS_ENDPOINT` name one for each.",
        "none: nothing is sent",
    ),
    _PROTOCOL: KeyDoc("`http/protobuf`", "Protocol of the collector; no other is spoken.", f"`{HTTP_PROTOBUF}`"),
    _TEMPORALITY: KeyDoc(
        "`delta` or `cumulative`",
        "Whether a counter is what one call added, or all since its process began. Commands are processes of one call.",
        "`delta`",
    ),
    "OTEL_TRACES_EXPORTER": KeyDoc("`otlp` or `none`", "`none`: no traces. `OTEL_METRICS_EXPORTER` likewise.", "`otlp`"),
    "OTEL_SDK_DISABLED": KeyDoc("`true`", "Nothing is sent.", "`false`"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetrySettings:
    """What is sent to a collector of OpenTelemetry.

    Args:
        traces, metrics: Whether they are sent.
        protocol: Protocol that the environment asks for.
        has_temporality: Whether the environment says if counters are of the call or of all calls.
    """

    traces: bool = False
    metrics: bool = False
    protocol: str = HTTP_PROTOBUF
    has_temporality: bool = False

    @property
    def is_on(self) -> bool:
        """Whether anything is sent."""
        return self.traces or self.metrics


def read_telemetry(environ: Mapping[str, str]) -> TelemetrySettings:
    """What the environment asks for."""
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return TelemetrySettings()
    return TelemetrySettings(
        traces=_is_sent(environ, "TRACES"),
        metrics=_is_sent(environ, "METRICS"),
        protocol=environ.get(_PROTOCOL) or HTTP_PROTOBUF,
        has_temporality=bool(environ.get(_TEMPORALITY)),
    )


def _is_sent(environ: Mapping[str, str], signal: str) -> bool:
    endpoint = environ.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT") or environ.get(_ENDPOINT)
    return bool(endpoint) and "otlp" in (environ.get(f"OTEL_{signal}_EXPORTER") or "otlp").split(",")

"""The collector of OpenTelemetry itself on loopback: takes OTLP over HTTP, and writes what it got by its debug exporter."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.object_stores import free_port, wait_for_port

# Names the collector's program (tests/README.md).
PROGRAM = "TEST_OTELCOL"
_TEMPORALITY = re.compile(r"AggregationTemporality: (\w+)")


class RealCollector:
    """A collector that runs.

    Args:
        endpoint: URL for `OTEL_EXPORTER_OTLP_ENDPOINT`.
        log: What it wrote.
    """

    def __init__(self, endpoint: str, log: Path) -> None:
        self.endpoint, self._log = endpoint, log

    def text(self) -> str:
        """All that its debug exporter wrote."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, *words: str, seconds: float = 20) -> str:
        """What it wrote, when all of these words are in it."""
        end = time.monotonic() + seconds
        while not all(word in self.text() for word in words):
            assert time.monotonic() < end, [word for word in words if word not in self.text()]
            time.sleep(0.1)
        return self.text()

    def temporalities(self) -> set[str]:
        """Of all metrics that have one."""
        return set(_TEMPORALITY.findall(self.text()))


@contextmanager
def real_collector(folder: Path) -> Iterator[RealCollector]:
    """A collector, until the end of the context; without its program the test is skipped, and says so."""
    program = os.environ.get(PROGRAM)  # noqa: TID251
    if not program:
        pytest.skip(f"{PROGRAM} names no collector of OpenTelemetry (tests/README.md)")
    port, log = free_port(), folder / "collector.log"
    pipeline = {"receivers": ["otlp"], "exporters": ["debug"]}
    config = {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{port}"}}}},
        "exporters": {"debug": {"verbosity": "detailed"}},
        "service": {"telemetry": {"metrics": {"level": "none"}}, "pipelines": {"traces": pipeline, "metrics": pipeline}},
    }
    (folder / "collector.yaml").write_text(json.dumps(config), encoding="utf-8")  # YAML takes JSON
    with log.open("wb") as output:
        process = subprocess.Popen([program, "--config", str(folder / "collector.yaml")], stdout=output, stderr=output)
        try:
            wait_for_port(port)
            yield RealCollector(f"http://127.0.0.1:{port}", log)
        finally:
            process.terminate()
            process.wait(20)

"""OpenTelemetry's own collector takes the traces and metrics of a run, and shows every one."""

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import ingest_dataset
from lakeward.flows.base.telemetry import METRICS
from support.otel_collector import real_collector
from support.plant import csv_line, make_plant


@pytest.mark.exhaustive
def test_the_collector_shows_the_trace_and_every_metric_of_a_run(tmp_path, monkeypatch):
    plant = make_plant(tmp_path / "plant")
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("SECRET7", 1, 999.25))
    with real_collector(tmp_path) as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        ingest_dataset(Settings.load(plant.root), "press_line")
        spans = ("run", "ingest press_line", "bronze", "silver", "records")
        metrics = (f"Name: {name}" for name in METRICS)
        shown = collector.wait_for(*(f"Name           : {name}" for name in spans), *(f"-> {metric}" for metric in metrics))
    assert "service.name: Str(lakeward)" in shown
    assert "lakeward.run_id: Str(" in shown
    assert collector.temporalities() == {"Delta"}
    assert [value for value in ("SECRET7", "999.25") if value in shown] == []

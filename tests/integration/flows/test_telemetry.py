"""Runs send traces and metrics to a collector: the ids and counts of the lake, no values, and nothing where none is named."""

import os
import socket
import subprocess
import sys
import time

import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_DELTA

from lakeward.core.errors import SuiteError
from lakeward.core.settings import Settings
from lakeward.flows import check_machine, ingest_dataset, run_all, run_dataset
from lakeward.flows.base import governance
from lakeward.flows.base.telemetry import METRICS, telemetry_problem
from lakeward.flows.base.workspace import open_workspace, record_telemetry
from support.otlp_collector import run_collector
from support.plant import csv_line, make_plant


@pytest.fixture
def collector(monkeypatch):
    with run_collector() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.endpoint)
        yield running


@pytest.fixture
def plant(tmp_path):
    made = make_plant(tmp_path / "plant")
    made.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("SECRET7", 1, 999.25))
    return made


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """What one run sends, its report, and its plant."""
    made = make_plant(tmp_path_factory.mktemp("sent") / "plant")
    made.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("SECRET7", 1, 999.25))
    with run_collector() as running, pytest.MonkeyPatch.context() as environ:
        environ.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.endpoint)
        report = ingest_dataset(load(made), "press_line")
    return running, report, made


def load(plant):
    return Settings.load(plant.root)


def stored_runs(plant):
    with open_workspace(plant.settings).engine() as engine:
        return governance.read_rows(engine, "runs")


def figures_of(collector, metric, *facts):
    return {key[1:]: value for key, value in collector.figures().items() if key[0] == metric and set(facts) <= set(key)}


def test_a_run_is_one_trace_of_call_dataset_and_stages(sent):
    collector, report, plant = sent
    spans = collector.spans()
    assert [span.name for span in spans] == ["run", "ingest press_line", "bronze", "silver", "records"]
    call, dataset, *stages = spans
    assert (call.parent, dataset.parent, {stage.parent for stage in stages}) == ("", call.id, {dataset.id})
    assert len({span.trace for span in spans}) == 1
    assert not any(span.failed for span in spans)
    run = stored_runs(plant)[0]
    ids = {"lakeward.dataset": "press_line", "lakeward.run_id": run["run_id"]}
    assert all(ids.items() <= span.facts.items() for span in (dataset, *stages))
    assert [(stage.facts["lakeward.stage"], stage.facts["lakeward.batch"]) for stage in stages] == [
        ("bronze", 1),
        ("silver", 1),
        ("records", 1),
    ]
    counted = {name: dataset.facts[f"lakeward.{name}"] for name in report.counts.as_dict()}
    assert counted == report.counts.as_dict()
    assert counted["quarantine"] == 1


def test_metrics_are_the_counts_of_the_report(sent):
    collector, report, _ = sent
    own = "lakeward.dataset=press_line"
    rows = figures_of(collector, "lakeward.rows", own)
    assert rows == {(f"lakeward.counted={name}", own): count for name, count in report.counts.as_dict().items()}
    assert figures_of(collector, "lakeward.runs") == {(own, "lakeward.outcome=done"): 1}
    assert figures_of(collector, "lakeward.batches") == {(own,): 1}
    assert figures_of(collector, "lakeward.rules", "lakeward.verdict=FAIL") == {(own, "lakeward.verdict=FAIL"): 1}
    assert figures_of(collector, "lakeward.score") == {(own,): float(report.score)}
    assert figures_of(collector, "lakeward.run.duration") == {(own,): 1}
    assert {metric.name for metric in collector.metrics()} == set(METRICS)
    assert collector.services() == {"lakeward"}


def test_counters_are_deltas_whose_measurements_point_to_their_trace(sent):
    collector, _, _ = sent
    (runs,) = (metric for metric in collector.metrics() if metric.name == "lakeward.runs")
    assert runs.sum.aggregation_temporality == AGGREGATION_TEMPORALITY_DELTA
    assert runs.sum.data_points[0].exemplars[0].trace_id.hex() == collector.spans()[0].trace


def test_no_value_of_the_data_is_sent(sent):
    collector, _, _ = sent
    sent = b"".join(body for _, body in collector.bodies)
    assert b"press_line" in sent
    assert [value for value in (b"SECRET7", b"M1", b"999.25", b"20.5") if value in sent] == []


@pytest.mark.exhaustive
def test_datasets_that_run_beside_each_other_lie_under_the_same_call(collector, plant):
    for name in ("first", "second"):
        folder = plant.root / "expectations" / "datasets" / name
        folder.mkdir()
        text = (plant.dataset / "contract.odcs.yaml").read_text().replace("press_line", name)
        (folder / "contract.odcs.yaml").write_text(text)
        (plant.root / "inbox" / name).mkdir(parents=True)
        (plant.root / "inbox" / name / "a.csv").write_text((plant.root / "inbox" / "press_line" / "a.csv").read_text())
    reports, _ = run_all(load(plant), jobs=2)
    spans = collector.spans()
    (call,) = (span for span in spans if span.name == "run")
    runs = {span.id: span for span in spans if span.parent == call.id}
    assert {span.facts["lakeward.dataset"]: span.facts["lakeward.run_id"] for span in runs.values()} == {
        report.dataset: report.run_id for report in reports
    }
    stages = [span for span in spans if span.id not in {*runs, call.id}]
    assert len(stages) == 9
    assert all(runs[span.parent].facts["lakeward.dataset"] == span.facts["lakeward.dataset"] for span in stages)


def test_an_idle_estate_counts_its_datasets_and_makes_no_span_of_them(collector, plant):
    run_all(load(plant))
    collector.bodies.clear()
    run_all(load(plant))
    assert [span.name for span in collector.spans()] == ["run"]
    assert figures_of(collector, "lakeward.runs") == {("lakeward.dataset=press_line", "lakeward.outcome=idle"): 1}


def test_a_failed_run_is_named_by_its_code_alone(collector, plant):
    (plant.dataset / "suite.json").write_text('{"expectations": [{"type": "SECRET7"}]}')
    with pytest.raises(SuiteError) as error:
        run_dataset(load(plant), "press_line")
    failed = {span.name: span.facts.get("error.type") for span in collector.spans() if span.failed}
    assert failed == {"run": error.value.code, "ingest press_line": error.value.code}
    assert figures_of(collector, "lakeward.runs", "lakeward.outcome=failed") == {
        (f"error.type={error.value.code}", "lakeward.dataset=press_line", "lakeward.outcome=failed"): 1
    }
    assert not any(b"SECRET7" in body for _, body in collector.bodies)


def test_headers_and_service_come_from_the_standard_variables(collector, plant, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "plant-7")
    ingest_dataset(load(plant), "press_line")
    assert {headers["Authorization"] for headers in collector.headers} == {"Bearer abc"}
    assert collector.services() == {"plant-7"}


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("name", "value", "paths"),
    [
        ("OTEL_SDK_DISABLED", "true", set()),
        ("OTEL_TRACES_EXPORTER", "none", {"/v1/metrics"}),
        ("OTEL_METRICS_EXPORTER", "none", {"/v1/traces"}),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", set()),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "-1", set()),
    ],
)
def test_variables_turn_it_off_and_a_wrong_one_fails_no_run(collector, plant, monkeypatch, name, value, paths):
    monkeypatch.setenv(name, value)
    assert ingest_dataset(load(plant), "press_line").batches == 1
    assert {path for path, _ in collector.bodies} == paths


def test_a_protocol_that_is_not_spoken_is_told(collector, plant, monkeypatch):
    assert telemetry_problem(load(plant).telemetry) is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    assert telemetry_problem(load(plant).telemetry).code == "telemetry_protocol"
    (row,) = (row for row in check_machine(load(plant)) if row.check == "telemetry")
    assert (row.ok, row.needed) == (False, False)
    assert "http/protobuf" in row.repair


@pytest.mark.sampled(1)
@pytest.mark.parametrize("status", [400, 503])
def test_a_collector_that_refuses_fails_no_run(collector, plant, status):
    from lakeward.flows.base.telemetry_export import CLOSE_SECONDS

    collector.status = status
    began = time.monotonic()
    with record_telemetry(open_workspace(load(plant)), "run"):
        pass
    assert time.monotonic() - began < CLOSE_SECONDS + 1
    assert ingest_dataset(load(plant), "press_line").batches == 1


@pytest.mark.exhaustive
def test_a_dead_collector_costs_next_to_nothing(plant, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        before = time.process_time()
        with record_telemetry(open_workspace(load(plant)), "run") as workspace:
            workspace.recorder.measure("lakeward.batches", 1, {"lakeward.dataset": "a"})
        spent = time.process_time() - before
    assert spent < 0.25
    assert ingest_dataset(load(plant), "press_line").batches == 1


def test_a_silent_collector_costs_a_second_at_most(plant, monkeypatch):
    from lakeward.flows.base.telemetry_export import CLOSE_SECONDS

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(16)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        workspace = open_workspace(load(plant))
        began = time.monotonic()
        with record_telemetry(workspace, "run"):
            pass
        waited = time.monotonic() - began
    assert CLOSE_SECONDS * 0.5 < waited < CLOSE_SECONDS + 0.75


def test_nothing_is_imported_where_no_collector_is_named(plant):
    script = (
        "import sys; from pathlib import Path; from lakeward.core.settings import Settings; from lakeward.flows import run_all\n"
        f"run_all(Settings.load(Path({str(plant.root)!r})))\n"
        "print(sorted(name for name in sys.modules if name.startswith('opentelemetry')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"

"""Events are what OpenLineage's schemas and its own classes accept, and the same step gives the same event."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.serde import Serde

from lakeward_lineage import (
    ColumnLineage,
    Dataset,
    LineageError,
    Origin,
    Statistics,
    Step,
    TransformationKind,
    complete,
    event_id,
    fail,
    identify,
    run_id,
    start,
)

HERE = Path(__file__).parent
SCHEMA = Draft202012Validator(json.loads((HERE / "openlineage-2-0-2.schema.json").read_text()))


def make_events(step: Step, at: datetime) -> list[dict]:
    bare = Step(project="p", job="j", batch="b")
    return [
        start(step, at),
        complete(step, at),
        fail(step, at, "type of ts: expected timestamp"),
        start(bare, at),
        complete(bare, at),
    ]


def test_our_schema_is_a_schema_and_refuses_a_broken_event(step, at):
    Draft202012Validator.check_schema(SCHEMA.schema)
    assert not SCHEMA.is_valid(complete(step, at) | {"run": {"runId": "42"}})


def test_every_event_and_facet_follows_the_published_facts(step, at):
    assert [error.message for event in make_events(step, at) for error in SCHEMA.iter_errors(event)] == []


def test_openlineages_own_classes_take_every_event_unchanged(step, at):
    for event in make_events(step, at):
        again = RunEvent(
            eventType=RunState(event["eventType"]),
            eventTime=event["eventTime"],
            producer=event["producer"],
            run=Run(**event["run"]),
            job=Job(**event["job"]),
            inputs=[InputDataset(**dataset) for dataset in event["inputs"]],
            outputs=[OutputDataset(**dataset) for dataset in event["outputs"]],
        )
        assert Serde.to_dict(again) == event


def test_a_full_event_is_the_golden_one(step, at):
    assert complete(step, at) == json.loads((HERE / "golden_complete.json").read_text())


def test_a_lost_complete_is_made_again_identically(step, at):
    again = replace(step, inputs=tuple(step.inputs), outputs=tuple(step.outputs))
    assert json.dumps(complete(step, at)) == json.dumps(complete(again, at.astimezone(UTC)))


def test_ids_are_pinned_because_receivers_already_know_them():
    run = run_id("qingdao", "ingest.press_line.silver", "batch-42")
    assert run == "f84826b8-44d4-5273-a58d-5bdcaf3c2d17"
    assert event_id(run, "COMPLETE") == "fecc0b89-185d-5794-8de7-0e4df4947260"


def test_projects_jobs_and_batches_have_runs_of_their_own():
    parts = [("a", "b", "c"), ("a", "b", "d"), ("a", "d", "c"), ("d", "b", "c"), ("ab", "", "c"), ("a", "bc", "")]
    assert len({run_id(*part) for part in parts}) == len(parts)


def test_an_event_id_tells_the_types_of_one_run_apart(step, at):
    ids = {identify(event) for event in (start(step, at), complete(step, at), fail(step, at, "x"))}
    assert len(ids) == 3


def test_an_unknown_verdict_is_never_a_success(step, at):
    assertions = complete(step, at)["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert assertions[1]["success"] is False
    assert assertions[1]["params"] == {"outcome": "UNKNOWN"}


def test_a_count_that_is_not_known_is_left_out(at):
    files = Dataset("landing.x", statistics=Statistics(size=10, files=2))
    facet = complete(Step(project="p", job="j", batch="b", inputs=(files,)), at)["inputs"][0]["inputFacets"]["inputStatistics"]
    assert {name: value for name, value in facet.items() if not name.startswith("_")} == {"size": 10, "fileCount": 2}


def test_a_failure_carries_its_message(step, at):
    assert fail(step, at, "no space left")["run"]["facets"]["errorMessage"]["message"] == "no space left"


def test_a_time_without_zone_is_refused(step):
    with pytest.raises(LineageError) as error:
        start(step, datetime(2026, 3, 1))  # noqa: DTZ001 - the point of the test
    assert error.value.code == "time_without_zone"


def test_column_lineage_from_a_table_that_is_no_input_is_refused(at):
    output = Dataset("gold.x", lineage=ColumnLineage({"a": (Origin("silver.y", "a", TransformationKind.IDENTITY),)}))
    with pytest.raises(LineageError) as error:
        complete(Step(project="p", job="curate.x", batch="b", outputs=(output,)), at)
    assert error.value.facts["table"] == "silver.y"


def test_what_is_not_an_event_has_no_id():
    for thing in ({}, {"run": None}, {"run": {"runId": "x"}, "eventType": "START"}):
        with pytest.raises(LineageError):
            identify(thing)


def test_importing_the_package_imports_no_heavy_library():
    code = "import sys, lakeward_lineage; print([m for m in ('openlineage', 'sqlglot', 'requests', 'attr') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def test_an_event_names_the_engine_and_its_version(step, at):
    facet = start(step, at)["run"]["facets"]["processing_engine"]
    assert (facet["name"], facet["version"]) == ("spark", "4.2.0")
    assert "processing_engine" not in start(Step(project="p", job="j", batch="b"), at)["run"].get("facets", {})

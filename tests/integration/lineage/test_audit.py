"""The audit of lineage: silent where all is as promised; each damage is one finding with its owner and a repair that repairs it."""

import json
import shutil

import pytest

from lakeward.flows import audit_lineage, curate_dataset, import_lineage, rebuild, restore_events, run_dataset
from lakeward.flows.base import governance
from lakeward.flows.base.batch_context import BatchStep
from lakeward.flows.base.workspace import open_workspace
from support.command_line import run_command
from support.foreign_events import dataset, event
from support.gold_plant import MODEL, make_day
from support.plant import Plant, csv_line, ingest_killed_at
from support.processes import quick_processes


@pytest.fixture
def plant(tmp_path, copy_of):
    return Plant(copy_of(make_day, tmp_path / "plant"))


def findings(plant):
    return [(each.kind, each.dataset, each.code, each.owner, each.repair) for each in audit_lineage(plant.settings)]


def sent(plant):
    return sorted((plant.root / "lake" / "lineage" / "sent").glob("*.json"))


def edges_without(plant, condition):
    """Take edges that satisfy the condition out of the lake, as an edit by another program would."""
    with open_workspace(plant.settings).engine() as engine:
        spec = governance.table_spec("lineage_edges")
        kept = engine.fetch(f"SELECT * FROM {spec.name} WHERE coalesce(NOT ({condition}), TRUE)")
        folder = engine.info(spec.name).path
    shutil.rmtree(folder)
    with open_workspace(plant.settings).engine() as engine:
        governance.append_rows(engine, "lineage_edges", kept, governance.Txn("test", 1))


def test_a_lake_as_its_runs_left_it_has_no_findings(plant, capsys):
    plant.drop("bad.csv", csv_line("M1", 2, 999), csv_line("M3", 3, 1), "M9")
    run_dataset(plant.settings, "press_line")
    curate_dataset(plant.settings, "temp_hourly")
    rebuild(plant.settings, "press_line")
    curate_dataset(plant.settings, "temp_hourly")

    assert findings(plant) == []
    assert run_command(capsys, plant.root, "lineage", "audit").code == 0


def test_a_missing_edge_is_found_and_a_rebuild_brings_it_back(plant):
    edges_without(plant, "to_table = 'gold.temp_hourly' AND to_column = 'mean_temp'")

    found = audit_lineage(plant.settings)
    rebuild(plant.settings, "temp_hourly")

    assert [(each.kind, each.source, each.target, each.owner, each.repair) for each in found] == [
        ("missing", "silver.press_line.temp_degc", "gold.temp_hourly.mean_temp", "wang.fang", "lakeward rebuild temp_hourly")
    ]
    assert findings(plant) == []


def test_a_job_without_any_edge_is_one_finding(plant):
    edges_without(plant, "job = 'ingest.press_line.silver'")

    assert findings(plant) == [("missing", "press_line", "lineage_job_missing", "li.wei", "lakeward rebuild press_line")]


def test_an_edge_that_nothing_promises_is_extra(plant):
    with open_workspace(plant.settings).engine() as engine:
        row = governance.read_rows(engine, "lineage_edges", "to_table = 'gold.temp_hourly'")[0]
        forged = {
            **row,
            "from_table": "silver.press_line",
            "from_column": "machine",
            "to_column": "mean_temp",
            "kind": "IDENTITY",
        }
        governance.append_rows(engine, "lineage_edges", [forged], governance.Txn("test", 1))

    assert [each[:3] for each in findings(plant)] == [("extra", "temp_hourly", "lineage_edge_extra")]


@pytest.mark.exhaustive
def test_a_changed_model_is_stale_until_it_has_run(plant):
    model = plant.dataset.parent / "temp_hourly" / "models" / "temp_hourly.sql"
    model.write_text(MODEL.replace("avg(temp_degc)", "avg(temp_degc) + 0 * count(machine)"), encoding="utf-8")

    before = findings(plant)
    curate_dataset(plant.settings, "temp_hourly")

    assert before == [("stale", "temp_hourly", "lineage_stale_definition", "wang.fang", "lakeward run temp_hourly")]
    assert findings(plant) == []


def test_a_new_column_that_no_delivery_has_brought_is_no_finding(plant):
    plant.contract(columns="      - {name: oil, physicalName: Oil, logicalType: string, physicalType: string}\n")
    run_dataset(plant.settings, "press_line")
    curate_dataset(plant.settings, "temp_hourly")

    assert findings(plant) == []


def test_a_dataset_that_left_the_project_is_stale_while_its_table_is_there(plant):
    shutil.rmtree(plant.dataset.parent / "temp_hourly")

    before = findings(plant)
    shutil.rmtree(plant.root / "lake" / "gold" / "temp_hourly")

    assert [each[:3] for each in before] == [("stale", "temp_hourly", "lineage_stale_dataset")]
    assert findings(plant) == []


@pytest.mark.sampled(1)
@pytest.mark.parametrize("step", [BatchStep.PINNED, BatchStep.PUBLISHED, BatchStep.LINEAGE])
def test_a_killed_run_is_found_and_the_next_run_ends_it(plant, step):
    plant.drop("more.csv", csv_line("M1", 5, 30))
    killed = quick_processes().Process(target=ingest_killed_at, args=(plant.root, step))
    killed.start()
    killed.join()

    before = findings(plant)
    run_dataset(plant.settings, "press_line")
    curate_dataset(plant.settings, "temp_hourly")

    assert before == [("killed", "press_line", "lineage_run_killed", "li.wei", "lakeward run press_line")]
    assert findings(plant) == []


def test_a_run_that_is_working_now_is_no_finding(plant):
    plant.drop("more.csv", csv_line("M1", 5, 30))
    killed = quick_processes().Process(target=ingest_killed_at, args=(plant.root, BatchStep.PINNED))
    killed.start()
    killed.join()

    with open_workspace(plant.settings).engine() as engine, engine.dataset_lock("press_line"):
        assert findings(plant) == []


def test_lost_events_are_found_and_recreated_with_the_same_ids(plant, capsys):
    before = {path.name: json.loads(path.read_text()) for path in sent(plant)}
    for path in sent(plant):
        path.unlink()

    found = audit_lineage(plant.settings)
    answer = run_command(capsys, plant.root, "lineage", "restore", "--json")
    after = {path.name: json.loads(path.read_text()) for path in sent(plant)}

    assert {(each.kind, each.job, each.owner, each.repair) for each in found} == {
        ("lost", "ingest.press_line.bronze", "li.wei", "lakeward lineage restore"),
        ("lost", "ingest.press_line.silver", "li.wei", "lakeward lineage restore"),
        ("lost", "curate.temp_hourly.gold", "wang.fang", "lakeward lineage restore"),
    }
    assert {(each["restored"], each["unrecorded"]) for each in json.loads(answer.out)} == {(1, 0)}
    assert set(after) == set(before)
    assert findings(plant) == restore_events(plant.settings) == []
    lineage = [
        {output["name"]: output["facets"].get("columnLineage") for output in event["outputs"]}
        for name, event in sorted(after.items())
        if event["eventType"] == "COMPLETE"
    ]
    original = [
        {output["name"]: output["facets"].get("columnLineage") for output in event["outputs"]}
        for name, event in sorted(before.items())
        if event["eventType"] == "COMPLETE"
    ]
    assert [strip(each) for each in lineage] == [strip(each) for each in original]


def strip(outputs):
    """Column lineage of a step's outputs, without columns that come from nowhere."""
    return {
        name: {column: found["inputFields"] for column, found in facet["fields"].items() if found["inputFields"]}
        for name, facet in outputs.items()
        if facet
    }


def test_events_that_the_receiver_rejected_are_found(plant):
    refused = plant.root / "lake" / "lineage" / "refused"
    sent(plant)[0].rename(refused / sent(plant)[0].name)

    assert [each[:3] for each in findings(plant)] == [("refused", None, "lineage_event_refused")]


def test_another_program_that_says_it_writes_our_table_is_extra(plant):
    namespace = f"lakeward://{open_workspace(plant.settings).project.name}"
    foreign = event(inputs=[dataset("x")], outputs=[dataset("silver.press_line", namespace)])
    file = plant.root / "e.json"
    file.write_text(json.dumps(foreign), encoding="utf-8")
    import_lineage(plant.settings, [file])

    assert findings(plant) == [("extra", "press_line", "lineage_foreign_writer", "li.wei", "lakeward rebuild press_line")]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_findings_end_with_code_1_and_name_owner_and_repair(plant, capsys, lang):
    edges_without(plant, "to_table = 'gold.temp_hourly'")

    answer = run_command(capsys, plant.root, "lineage", "audit", "--lang", lang)

    assert answer.code == 1
    assert all(word in answer.out for word in ("temp_hourly", "wang.fang", "lakeward rebuild temp_hourly"))

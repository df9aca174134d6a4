"""What a change touches: every hop with owner, grade, roles and shares; and its notice."""

import json

import pytest

from lakeward.core.errors import UsageError
from lakeward.flows import grade_all, import_lineage, lineage_impact
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.command_line import run_command
from support.foreign_events import column_lineage, dataset, event
from support.gold_plant import make_day
from support.plant import Plant

TEMP = "silver.press_line.temp_degc"


def make_graded(root):
    plant = make_day(root)
    grade_all(plant.settings)
    gold = dataset("gold.temp_hourly", f"lakeward://{open_workspace(plant.settings).project.name}")
    lineage = column_lineage(warmest=(gold["namespace"], gold["name"], "mean_temp"))
    file = plant.root / "report.json"
    file.write_text(json.dumps(event(inputs=[gold], outputs=[dataset("report", columnLineage=lineage)])), encoding="utf-8")
    import_lineage(plant.settings, [file])


@pytest.fixture
def plant(tmp_path, copy_of):
    return Plant(copy_of(make_graded, tmp_path / "plant"))


def test_every_hop_has_its_owner_grade_roles_and_shares(plant):
    found = {hop.field: hop for hop in lineage_impact(plant.settings, TEMP)}

    mean = found["gold.temp_hourly.mean_temp"]
    assert (mean.depth, mean.via, mean.kind, mean.owner) == (1, TEMP, "AGGREGATION", "wang.fang")
    assert (mean.grade, mean.level, mean.state, mean.shares) == ("general", 2, "provisional", ())
    assert {(each.role, str(each.action)) for each in mean.roles} >= {("analyst", "clear"), ("steward", "clear")}
    report = found["s3://erp/report.warmest"]
    assert (report.depth, report.via, report.owner, report.grade, report.roles) == (2, mean.field, None, None, ())
    assert "gold.temp_hourly.readings" not in found


def test_from_the_files_down_every_layer_is_there(plant):
    fields = [hop.field for hop in lineage_impact(plant.settings, "landing.press_line.Temp")]

    assert fields[0] == "bronze.press_line.temp_degc"
    assert {TEMP, "gold.temp_hourly.mean_temp", "s3://erp/report.warmest"} <= set(fields)


def test_a_column_that_only_groups_the_rows_touches_the_table_and_not_its_means(plant):
    found = lineage_impact(plant.settings, "silver.press_line.ts")
    effects = {hop.field: hop.effect for hop in found}

    assert effects["gold.temp_hourly"] == effects["s3://erp/report"] == "table"
    assert "gold.temp_hourly.mean_temp" not in effects


def test_an_unknown_column_is_an_error(plant):
    with pytest.raises(UsageError) as error:
        lineage_impact(plant.settings, "silver.press_line.nothing")

    assert error.value.code == "lineage_unknown"


def test_a_notice_is_stored_for_each_owner_and_sent_as_an_event(plant, capsys):
    for number in (1, 2):
        answer = run_command(capsys, plant.root, "lineage", "impact", TEMP, "--event", "in kelvin from July")
        assert answer.code == 0
        with open_workspace(plant.settings).engine() as engine:
            rows = governance.read_rows(engine, "change_notices", order="notice, depth", notice=number)
        assert {(row["affected"], row["owner"]) for row in rows} >= {
            ("gold.temp_hourly.mean_temp", "wang.fang"),
            ("s3://erp/report.warmest", None),
        }
        assert {(row["changed"], row["text"]) for row in rows} == {(TEMP, "in kelvin from July")}
    sent = [json.loads(line) for line in (plant.root / "lake/lineage/events.jsonl").read_text().splitlines()]
    notices = [event for event in sent if event["job"]["name"] == "notice.silver.press_line" and event["eventType"] == "COMPLETE"]
    tags = [event["inputs"][0]["facets"]["tags"]["tags"][0] for event in notices]
    assert [(tag["key"], tag["value"], tag["field"]) for tag in tags] == [
        ("lakeward.change", "in kelvin from July", "temp_degc")
    ] * 2


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_both_languages_show_hops_and_an_empty_list_of_shares(plant, capsys, lang):
    answer = run_command(capsys, plant.root, "lineage", "impact", TEMP, "--lang", lang)
    as_json = run_command(capsys, plant.root, "lineage", "impact", TEMP, "--json")

    assert answer.code == 0
    assert "gold.temp_hourly.mean_temp" in answer.out
    assert {tuple(hop["shares"]) for hop in json.loads(as_json.out)} == {()}

"""Readings that come in several units have one of each quantity in silver; bronze has what came."""

import json
from decimal import Decimal

import pytest

from lakeward.core.settings import Settings
from lakeward.core.units import convert, unit, units
from lakeward.flows import (
    lineage_impact,
    lint_contracts,
    list_verdicts,
    rebuild,
    release_rows,
    repair_rows,
    replay_rows,
    run_dataset,
)
from lakeward.flows.quarantine.selection import Selection
from lakeward.flows.steward.repair import Repair
from lakeward.sources.segments import SegmentStore
from support.mqtt_plant import CONTRACT, START_MS, MqttPlant
from support.quarantine_line import STEWARD as BY
from support.segments import land_messages

UNITS = "customProperties: [{property: units, value: [Cel, bar, kW]}, {property: unitColumn, value: unit}]"
VALUE = "      - {name: value, logicalType: number}\n"
MIXED = CONTRACT.replace(
    VALUE, f"      - {{name: value, logicalType: number, {UNITS}}}\n      - {{name: unit, logicalType: string}}\n"
).replace("payload: umh", "payload: json\n      layout: readings\n      time: /t\n      unit: /u")
SUITE = """{"name": "line", "meta": {"great_expectations_version": "1.24.1"}, "expectations": [{"type": "expect_column_values_to_be_between",
"kwargs": {"column": "value", "min_value": -300, "max_value": 150}, "severity": "warning"}]}"""
# Unit and reading as they come, and as silver has them.
READINGS = [
    ("[degF]", 212, "Cel", 100.0),
    ("°F", 14, "Cel", -10.0),
    ("K", 273.15, "Cel", 0.0),
    ("Cel", 21.7, "Cel", 21.7),
    ("℃", 21.7, "Cel", 21.7),
    ("kPa", 57, "bar", 0.57),
    ("MPa", 0.3, "bar", 3.0),
    ("W", 1500, "kW", 1.5),
    ("mm", 12.5, "mm", 12.5),
    ("furlong", 1, "furlong", 1.0),
    ("degF ", 212, "Cel", 100.0),
    ("deg F", 14, "Cel", -10.0),
    ("KPA", 57, "bar", 0.57),
    ("psig", 100, "psig", 100.0),
    (None, 7, None, 7.0),
    ("[degF]", None, "Cel", None),
]


def land(plant, readings):
    store = SegmentStore.of_dataset(plant.root / "lake" / "landing", "line")
    rows = [
        {"t": START_MS + at, "value": value, **({"u": code} if code else {})} for at, (code, value, *_) in enumerate(readings)
    ]
    land_messages(store, [("line/a", json.dumps(row).encode()) for row in rows])


@pytest.fixture
def plant(tmp_path):
    return MqttPlant(tmp_path / "plant", "mqtt://127.0.0.1:1", MIXED)


@pytest.fixture
def settings(plant):
    return Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": "mqtt://127.0.0.1:1"})


def silver(plant):
    return [tuple(row.values()) for row in plant.fetch("SELECT unit, value FROM silver.line ORDER BY ts")]


def test_silver_has_the_units_of_the_contract_and_rules_judge_by_them(plant, settings):
    (plant.root / "expectations" / "datasets" / "line" / "suite.json").write_text(SUITE)
    land(plant, READINGS)
    report = run_dataset(settings, "line")
    assert report.counts.silver == len(READINGS)
    [(_, facts)] = [note for note in report.warnings if note[0] == "readings_other_units"]
    assert facts == {"dataset": "line", "batch": 1, "column": "value", "unit_column": '"unit"', "readings": 3}
    assert "readings_other_units" in plant.fetch("SELECT warnings FROM governance.runs")[0]["warnings"]
    assert silver(plant) == [(code, value) for *_, code, value in READINGS]
    [found] = [one for one in list_verdicts(settings, "line") if one.rule_id.startswith("column_values_to_be_between")]
    assert (found.evaluated, found.failed) == (len(READINGS) - 1, 0)
    bronze = plant.fetch("SELECT unit, value FROM bronze.line ORDER BY ts")
    assert [(row["unit"], row["value"]) for row in bronze] == [(c, v if v is None else str(v)) for c, v, *_ in READINGS]
    assert "silver.line.value" in {hop.field for hop in lineage_impact(settings, "bronze.line.unit")}
    rebuild(settings, "line")
    assert silver(plant) == [(code, value) for *_, code, value in READINGS]


@pytest.mark.exhaustive
def test_quarantined_readings_are_converted_once_however_they_come_back(plant, settings):
    suite = plant.root / "expectations" / "datasets" / "line" / "suite.json"
    suite.write_text(SUITE.replace("warning", "critical"))
    land(plant, [("[degF]", 392), ("[degF]", 752), ("[degF]", 572), ("MPa", 1e308)])
    assert run_dataset(settings, "line").counts.quarantine == 4

    repair_rows(settings, "line", Selection(where="value = '572'"), Repair({"value": "'212'"}), BY)
    suite.write_text(SUITE.replace("warning", "critical").replace("150", "250"))
    replay_rows(settings, "line", Selection(), BY)
    assert silver(plant) == [("Cel", 200.0), ("Cel", 100.0)]
    release_rows(settings, "line", Selection(where="TRUE"), BY)
    assert silver(plant) == [("Cel", 200.0), ("Cel", 400.0), ("Cel", 100.0)]
    rebuild(settings, "line")
    assert silver(plant) == [("Cel", 200.0), ("Cel", 400.0), ("Cel", 100.0)]


def test_every_unit_of_a_quantity_becomes_the_one_of_the_contract(plant, settings):
    kinds = {unit(code).kind: unit(code) for code in ("Cel", "bar", "kW")}
    cases = [(one, kinds[one.kind], number) for one in units().values() if one.kind in kinds for number in (-40, 0.5, 1234.5)]
    land(plant, [(source.code, number) for source, _, number in cases])
    run_dataset(settings, "line")
    for (source, target, number), (code, value) in zip(cases, silver(plant), strict=True):
        assert code == target.code
        assert value == pytest.approx(float(convert(Decimal(str(number)), source, target)), rel=1e-14, abs=1e-12)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("[Cel, bar, kW]", "[Cel, K]", "contract_units"),
        ("[Cel, bar, kW]", "[Cels]", "contract_unknown_unit"),
        ("value: unit}", "value: units}", "contract_unknown_column"),
        ("value: unit}", "value: ts}", "contract_unknown_column"),
        (", {property: unitColumn, value: unit}", "", "contract_unknown_column"),
        ("{property: units, value: [Cel, bar, kW]}, ", "", "contract_units"),
        ("{property: units,", "{property: unit, value: Cel}, {property: units,", "contract_units"),
        ("{name: value, logicalType: number,", "{name: value, logicalType: integer,", "contract_value"),
    ],
)
def test_units_that_are_not_whole_are_refused(plant, settings, old, new, code):
    assert old in MIXED
    file = plant.root / "expectations" / "datasets" / "line" / "contract.odcs.yaml"
    file.write_text(MIXED.replace(old, new))
    assert code in {problem.code for problem in lint_contracts(settings, "line")}


@pytest.mark.parametrize("value", ["Cel", "[]", "[1]"])
def test_units_that_are_no_list_of_codes_are_named_alone(plant, settings, value):
    file = plant.root / "expectations" / "datasets" / "line" / "contract.odcs.yaml"
    file.write_text(MIXED.replace("[Cel, bar, kW]", value))
    assert [problem.code for problem in lint_contracts(settings, "line")] == ["contract_value"]

"""`explain` says which rules a row fails itself, of those that some row of its batch failed."""

import json

import pytest

from lakeward.flows import curate_dataset, explain_row, grade_all, ingest_dataset
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.batch.series import drop_superseded_state
from support.command_line import run_command
from support.gold_plant import make_gold_plant
from support.plant import Plant, csv_line, make_plant

PHONE = "      - {name: tel, physicalName: Tel, logicalType: string, physicalType: string}\n"
HEADER = "Machine,Time,Temp,Tel"


def rule(kind, id_, severity="warn", **kwargs):
    return {"type": kind, "kwargs": kwargs, "meta": {"lakeward": {"id": id_, "severity": severity}}}


SUITE = {
    "name": "press_line",
    "expectations": [
        rule("expect_column_values_to_be_between", "warm", column="temp_degc", min_value=0, max_value=100),
        rule("expect_column_values_to_be_between", "possible", "quarantine", column="temp_degc", max_value=500),
        rule("expect_column_values_to_be_unique", "once", column="temp_degc"),
        rule("expect_series_no_gap", "no_gap", max_gap_seconds=120),
        rule("expect_column_values_to_not_be_null", "reachable", column="tel"),
        rule("expect_column_values_to_not_be_null", "filled", column="temp_degc"),
        rule("expect_column_mean_to_be_between", "usual", column="temp_degc", max_value=1),
    ],
    "meta": {"great_expectations_version": "1.24.1"},
}


def lines(*readings):
    """CSV of minute and temperature, each with a phone number but the first."""
    return [
        f"M1,2026-03-01T06:{minute:02d}:00Z,{temp},{f'138{7919 * (minute + 1) % 10**8:08d}' if at else ''}"
        for at, (minute, temp) in enumerate(readings)
    ]


def make_judged(root):
    plant = make_plant(root)
    plant.contract(columns=PHONE)
    plant.suite(SUITE)
    plant.drop("a.csv", *lines((0, 20), (1, 150), (2, 20), (3, 30), (10, 31), (11, 900)), header=HEADER)
    ingest_dataset(plant.settings, "press_line")
    grade_all(plant.settings)


@pytest.fixture
def plant(tmp_path, copy_of):
    return Plant(copy_of(make_judged, tmp_path / "plant"))


def own(plant, minute, role="steward", name="silver.press_line", key="M1"):
    [row] = explain_row(plant.settings, name, f"machine={key},ts=2026-03-01T06:{minute:02d}:00Z", role)
    return {id_: str(outcome) for id_, outcome in row.row_rules.items()}


def test_each_row_has_its_own_outcome_of_every_rule_that_some_row_failed(plant):
    passed = dict.fromkeys(("warm", "possible", "once", "no_gap", "reachable"), "PASS")

    assert own(plant, 0) == passed | {"once": "FAIL", "reachable": "FAIL"}
    assert own(plant, 1) == passed | {"warm": "FAIL"}
    assert own(plant, 3) == passed
    assert own(plant, 10) == passed | {"no_gap": "FAIL"}


def test_a_quarantined_row_has_its_warnings_too(plant):
    [row] = explain_row(plant.settings, "silver.press_line", "temp_degc=900", "steward")

    assert (str(row.table), row.reasons) == ("quarantine.press_line", ("possible",))
    assert {id_ for id_, outcome in row.row_rules.items() if outcome == "FAIL"} == {"possible", "warm"}


def test_of_a_column_that_the_role_does_not_see_in_clear_nothing_is_said(plant):
    for minute in (0, 1):
        assert own(plant, minute, "analyst")["reachable"] == own(plant, minute, "engineer")["reachable"] == "HIDDEN"


@pytest.mark.exhaustive
def test_a_rule_over_neighbours_that_are_gone_is_unknown_and_never_passed(plant):
    for name, minute in (("b.csv", 30), ("c.csv", 31)):
        plant.drop(name, *lines((minute - 1, 41), (minute, 40 + minute))[1:], header=HEADER)
        ingest_dataset(plant.settings, "press_line")
    assert own(plant, 30)["no_gap"] == "FAIL"
    with open_workspace(plant.settings).engine() as engine:
        assert drop_superseded_state(engine, "press_line")

    assert own(plant, 30)["no_gap"] == "UNKNOWN"
    assert own(plant, 10)["no_gap"] == "FAIL"


def test_a_batch_of_which_no_row_failed_says_so(tmp_path, capsys):
    plant = make_plant(tmp_path / "plant")
    plant.drop("a.csv", csv_line("M1", 0, 20))
    ingest_dataset(plant.settings, "press_line")

    assert own(plant, 0) == {}
    assert (
        "no row of its batch failed any rule" in run_command(capsys, plant.root, "explain", "silver.press_line", "machine=M1").out
    )


@pytest.mark.exhaustive
def test_a_row_of_gold_is_judged_by_itself(tmp_path):
    plant = make_gold_plant(tmp_path / "plant")
    warm = rule("expect_column_values_to_be_between", "warm", column="mean_temp", max_value=50)
    once = rule("expect_column_values_to_be_unique", "once", column="readings")
    suite = {"name": "temp_hourly", "expectations": [warm, once], "meta": {"great_expectations_version": "1.24.1"}}
    (plant.dataset.parent / "temp_hourly" / "suite.json").write_text(json.dumps(suite))
    plant.drop("a.csv", *(csv_line(machine, 0, temp) for machine, temp in (("M1", 20), ("M2", 60))))
    ingest_dataset(plant.settings, "press_line")
    curate_dataset(plant.settings, "temp_hourly")
    grade_all(plant.settings)

    found = {
        machine: explain_row(plant.settings, "gold.temp_hourly", f"machine={machine}", "steward")[0].row_rules
        for machine in ("M1", "M2")
    }
    assert found == {"M1": {"once": "UNKNOWN", "warm": "PASS"}, "M2": {"once": "UNKNOWN", "warm": "FAIL"}}


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("lang", "labels"), [("en", ("row_rules", "warm: FAIL")), ("zh", ("本行的规则结果", "接收时间", "隔离原因"))]
)
def test_the_command_says_it_in_both_languages(plant, capsys, lang, labels):
    words = ("explain", "silver.press_line", "temp_degc=900", "--lang", lang)
    shown = run_command(capsys, plant.root, *words).out
    as_json = json.loads(run_command(capsys, plant.root, *words, "--json").out)

    assert [label for label in labels if label not in shown] == []
    assert as_json[0]["row_rules"]["warm"] == "FAIL"
    if lang == "zh":
        assert [word for word in ("received_at", "contract_sha256", "run_id", "reasons") if word in shown] == []

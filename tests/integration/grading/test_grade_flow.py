"""Grading of a real lake: what is found, what is left alone, and how decisions, columns and types change it."""

import json
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lakeward.core.errors import ProtectionError, UsageError
from lakeward.engines.tables import Txn
from lakeward.flows import decide_grade, grade_all, grade_dataset, ingest_dataset, list_grades, list_tables, project_status
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.grading.decide import GradeChoice
from lakeward.flows.grading.grade import current_grades
from lakeward.grading.grade import Grade, GradeState
from support.grade_decisions import override_phone_grade
from support.plant import Plant, make_plant
from support.processes import quick_processes

PHONE = "      - {name: tel, physicalName: Tel, logicalType: string, physicalType: string}\n"
NOTE = "      - {name: note, physicalName: Note, logicalType: string, physicalType: string}\n"
AS_NUMBER = PHONE.replace("string", "integer").replace("integer", "bigint").replace("logicalType: bigint", "logicalType: integer")
HEADER = "Machine,Time,Temp,Tel"


def lines(first: int = 0) -> list[str]:
    return [f"M1,2026-03-01T06:{first + n:02d}:00Z,20.5,138{7919 * (first + n + 1) % 10**8:08d}" for n in range(8)]


def fill(root: Path) -> None:
    made = make_plant(root)
    made.contract(columns=PHONE)
    made.drop("a.csv", *lines(), header=HEADER)
    ingest_dataset(made.settings, "press_line")


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(fill, tmp_path / "plant"))


def grades(plant: Plant) -> dict[str, tuple[str, str | None, int | None, str | None]]:
    rows = list_grades(plant.settings, "press_line")
    return {row.column: (row.grade.state, row.grade.grade, row.grade.level, row.grade.category) for row in rows}


def versions(plant: Plant) -> dict[str, int]:
    return {str(row.table): row.version for row in list_tables(plant.settings)}


def metadata(plant: Plant, column: str) -> dict[str, object]:
    fields = DeltaTable(str(plant.root / "lake" / "silver" / "press_line")).schema().fields
    return next(dict(field.metadata) for field in fields if field.name == column)


def confirm(plant: Plant, **more: str) -> None:
    decide_grade(plant.settings, "press_line.tel", GradeChoice("wang", "looked", **more))


def test_nothing_is_graded_before_grading_and_all_is_provisional_after(plant: Plant) -> None:
    assert {state for state, *_ in grades(plant).values()} == {"ungraded"}

    grade_dataset(plant.settings, "press_line")

    assert grades(plant)["tel"] == ("provisional", "general", 3, "personal.phone")
    assert grades(plant)["temp_degc"] == ("provisional", "general", 2, None)


def test_grading_again_commits_nothing(plant: Plant) -> None:
    grade_all(plant.settings)
    before, events = versions(plant), len(list((plant.root / "lake" / "lineage").rglob("*.json")))
    grade_all(plant.settings)
    assert versions(plant) == before
    assert len(list((plant.root / "lake" / "lineage").rglob("*.json"))) == events


def test_grades_are_in_the_columns_of_the_table_and_rows_still_come(plant: Plant) -> None:
    grade_dataset(plant.settings, "press_line")
    assert metadata(plant, "tel")["lakeward.category"] == "personal.phone"
    plant.drop("b.csv", *lines(20), header=HEADER)
    ingest_dataset(plant.settings, "press_line")
    assert metadata(plant, "tel")["lakeward.grade"] == "general"
    with open_workspace(plant.settings).engine() as engine:
        assert engine.fetch("SELECT count(*) AS n FROM silver.press_line") == [{"n": 16}]


def test_lineage_is_told_the_grades_as_tags(plant: Plant) -> None:
    grade_dataset(plant.settings, "press_line")
    told = [json.loads(line) for line in (plant.root / "lake" / "lineage" / "events.jsonl").read_text().splitlines()]
    facets = [e["outputs"][0]["facets"] for e in told if e["job"]["name"] == "grade.press_line" and e["eventType"] == "COMPLETE"]
    tags = {(t["field"], t["key"]): t["value"] for t in facets[0]["tags"]["tags"]}
    assert tags["tel", "lakeward.category"] == "personal.phone"
    assert "13800" not in json.dumps(facets)


def test_a_decision_stands_through_the_next_grading(plant: Plant) -> None:
    grade_dataset(plant.settings, "press_line")
    confirm(plant)
    plant.drop("b.csv", *lines(20), header=HEADER)
    ingest_dataset(plant.settings, "press_line")
    grade_dataset(plant.settings, "press_line")
    assert grades(plant)["tel"] == ("confirmed", "general", 3, "personal.phone")
    assert metadata(plant, "tel")["lakeward.state"] == "confirmed"


def test_a_column_added_after_grading_is_ungraded_until_it_is_graded(plant: Plant) -> None:
    grade_dataset(plant.settings, "press_line")
    plant.contract("1.1.0", PHONE + NOTE)
    plant.drop("b.csv", *[f"{line},fine" for line in lines(20)], header=f"{HEADER},Note")
    ingest_dataset(plant.settings, "press_line")
    assert grades(plant)["note"] == ("ungraded", None, None, None)
    grade_dataset(plant.settings, "press_line")
    assert grades(plant)["note"] == ("provisional", "general", 2, None)


def test_a_confirmed_column_whose_type_changed_is_stale_until_decided_again(plant: Plant) -> None:
    grade_dataset(plant.settings, "press_line")
    confirm(plant)
    plant.contract("2.0.0", AS_NUMBER)
    assert grades(plant)["tel"] == ("stale", "general", 3, "personal.phone")
    confirm(plant)
    assert grades(plant)["tel"][0] == "confirmed"


def test_a_contract_without_a_class_of_data_leaves_columns_ungraded(plant: Plant) -> None:
    file = plant.dataset / "contract.odcs.yaml"
    file.write_text(file.read_text().replace("  - {property: dataClass, value: production}\n", ""))
    grade_dataset(plant.settings, "press_line")
    assert grades(plant)["temp_degc"] == ("ungraded", None, None, None)
    assert grades(plant)["tel"] == ("provisional", "general", 3, "personal.phone")
    assert {r.column: r.grade.why for r in list_grades(plant.settings, "press_line")}["ts"] == "grade_class_missing"


@pytest.mark.exhaustive
def test_what_waits_for_a_person_is_counted(plant: Plant) -> None:
    grade_dataset(plant.settings, "press_line")
    confirm(plant)
    status = project_status(plant.settings)[0]
    assert status.waiting == len(grades(plant)) - 1
    assert "next_grades" in [step.code for step in status.next]


@pytest.mark.parametrize(
    ("name", "choice", "code"),
    [
        ("press_line.tal", GradeChoice("w", "r"), "grade_column_unknown"),
        ("press_lin.tel", GradeChoice("w", "r"), "dataset_not_found"),
        ("press_line", GradeChoice("w", "r"), "grade_column_unknown"),
        ("press_line.tel", GradeChoice("w", "r", grade="secret"), "grade_name_unknown"),
        ("press_line.tel", GradeChoice("w", "r", grade="core", level=3), "grade_level_unknown"),
        ("press_line.tel", GradeChoice("w", "r", grade="general", level=3, category="phone"), "grade_name_unknown"),
        ("press_line.tel", GradeChoice("w", " "), "grade_reason_missing"),
    ],
)
def test_a_wrong_decision_says_what_is_wrong(plant: Plant, name: str, choice: GradeChoice, code: str) -> None:
    with pytest.raises(UsageError) as error:
        decide_grade(plant.settings, name, choice)
    assert error.value.code == code


def test_an_ungraded_column_can_be_decided_but_not_confirmed(plant: Plant) -> None:
    with pytest.raises(ProtectionError) as error:
        confirm(plant)
    assert error.value.code == "grade_nothing_to_confirm"


def test_two_decisions_at_once_leave_one_winner_and_nothing_unrecorded(plant: Plant) -> None:
    grade_dataset(plant.settings, "press_line")
    with ProcessPoolExecutor(2, mp_context=quick_processes()) as pool:
        outcomes = list(pool.map(override_phone_grade, [str(plant.root)] * 2, ["wang", "li"]))
    with open_workspace(plant.settings).engine() as engine:
        stored = engine.fetch("SELECT seq, decided_by FROM governance.grade_decisions ORDER BY seq")
        grade = current_grades(engine, open_workspace(plant.settings).project.contract("press_line"))["tel"]
    told = sorted(who for who in outcomes if who != "grade_decided_meanwhile")
    assert told == sorted(row["decided_by"] for row in stored)
    assert [row["seq"] for row in stored] == list(range(1, len(stored) + 1))
    assert (grade.grade, grade.state) == (Grade.IMPORTANT, GradeState.PROVISIONAL)


def test_a_grade_does_not_fall_with_the_data_nor_with_the_contract(plant: Plant) -> None:
    grade_dataset(plant.settings, "press_line")
    numbers = [f"M1,2026-03-02T0{n}:{m:02d}:00Z,20.5,100{n:02d}{m:02d}0000" for n in range(10) for m in range(60)]
    plant.drop("b.csv", *numbers, header=HEADER)
    ingest_dataset(plant.settings, "press_line")
    file = plant.dataset / "contract.odcs.yaml"
    file.write_text(file.read_text().replace("value: production}", "value: service}").replace("1.0.0", "1.0.1"))
    grade_dataset(plant.settings, "press_line")
    assert grades(plant)["tel"] == ("provisional", "general", 3, "personal.phone")
    assert {r.column: r.grade.why for r in list_grades(plant.settings, "press_line")}["tel"] == "grade_kept"


@pytest.mark.exhaustive
def test_a_column_that_comes_back_has_the_grade_that_was_found_in_it(plant: Plant) -> None:
    grade_dataset(plant.settings, "press_line")
    plant.contract("2.0.0")
    grade_dataset(plant.settings, "press_line")
    assert "tel" not in grades(plant)
    plant.contract("3.0.0", PHONE.replace("string", "boolean"))
    grade_dataset(plant.settings, "press_line")
    plant.contract("4.0.0", PHONE)
    grade_dataset(plant.settings, "press_line")
    assert grades(plant)["tel"] == ("provisional", "general", 3, "personal.phone")


def record_decision(plant: Plant, seq: int, **cells: object) -> None:
    """A decision as earlier versions recorded it."""
    empty = dict.fromkeys(("level", "category", "seen_level", "seen_category", "approved_by", "transform", "verified", "impact"))
    row = {
        **empty,
        "seq": seq,
        "dataset": "press_line",
        "column": "tel",
        "column_type": "string",
        "action": "override",
        "seen_grade": "general",
        "seen_level": 3,
        "seen_category": "personal.phone",
        "decided_by": "li",
        "reason": "r",
        "decided_at": datetime(2026, 3, 1, tzinfo=UTC),
        **cells,
    }
    with open_workspace(plant.settings).engine() as engine:
        governance.append_rows(engine, "grade_decisions", [row], Txn("decide/press_line", seq))


@pytest.mark.sampled(1)
@pytest.mark.parametrize("second", [None, "li ", "Li"])
def test_an_old_fall_by_one_person_is_a_task_at_the_higher_grade(plant: Plant, second: str | None) -> None:
    grade_dataset(plant.settings, "press_line")
    record_decision(plant, 1, grade="core")
    record_decision(plant, 2, grade="general", level=1, approved_by=second)
    waiting = ("provisional", "core", None, "personal.phone")
    assert grades(plant)["tel"] == waiting
    grade_dataset(plant.settings, "press_line")
    assert grades(plant)["tel"] == waiting
    with open_workspace(plant.settings).engine() as engine:
        rows = governance.read_rows(engine, "grade_decisions", order="seq")
    assert [(r["seq"], r["action"], r["grade"]) for r in rows][2:] == [(3, "restore", "core")]
    before = versions(plant)
    grade_all(plant.settings)
    assert versions(plant) == before


def test_an_old_fall_by_two_persons_stands(plant: Plant) -> None:
    grade_dataset(plant.settings, "press_line")
    record_decision(plant, 1, grade="general", level=1, approved_by="wang")
    assert grades(plant)["tel"] == ("overridden", "general", 1, None)

"""A policy of format 1 decides as it did before there was format 2: the matrices were written by version 0.2."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakeward.core.names import TableName
from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.protection.load import read_policy
from lakeward.protection.read_request import ReadRequest

FOLDER = Path(__file__).parents[2] / "fixtures" / "policies"
COLUMNS = frozenset({"silver.orders.phone", "silver.orders.cost"})
NOW = datetime(2026, 11, 30, 6, tzinfo=UTC)


def column_grade(row):
    return ColumnGrade(
        grade=Grade(row["grade"]) if row["grade"] else None,
        level=int(row["level"]) if row["level"] else None,
        category=None if row["category"] == "none" else row["category"],
        state=GradeState(row["state"]),
        detector=None,
        ratio=None,
        sample=None,
        rule_version="1",
        catalogue="test",
        why="-",
    )


def answer(policy, row):
    table, _, column = row["column"].rpartition(".")
    found = policy.decide(ReadRequest(role=row["role"], at=NOW), TableName.parse(table), column, column_grade(row))
    assert found.base_rule is None
    return {
        **row,
        "action": found.action,
        "rule": found.rule or "",
        "denial": "" if found.rule else found.why,
        "ask": found.ask,
        "format": found.format,
    }


@pytest.mark.parametrize("name", ["shipped", "plant"])
@pytest.mark.parametrize("head", ["", "format: 1\n"])
def test_every_answer_stays(name, head):
    policy, problems = read_policy(head + (FOLDER / f"{name}_format_1.yaml").read_text(encoding="utf-8"), "policy", COLUMNS)
    assert problems == ()
    with (FOLDER / f"{name}_format_1.csv").open(encoding="utf-8", newline="") as file:
        matrix = list(csv.DictReader(file))
    assert len(matrix) > 300
    assert [answer(policy, row) for row in matrix] == matrix

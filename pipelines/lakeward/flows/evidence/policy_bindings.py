"""Records what the serving policy makes of each column, and the results of the policy's tests, so that protection is a query."""

from collections.abc import Iterator, Mapping
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.names import sha256
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.grading.records import read_grade_record
from lakeward.flows.serving.policy import run_policy_tests, served_policy
from lakeward.grading.grade import ColumnGrade, Grade
from lakeward.protection.policy import Action, Policy
from lakeward.protection.read_request import ReadRequest

BINDINGS, CHECKS = "policy_bindings", "policy_checks"
PERSONAL = "personal."


def record_policy_bindings(workspace: Workspace, engine: Engine) -> None:
    """Replace `governance.policy_bindings` and `governance.policy_checks` where something differs.

    Raises:
        PolicyError: The policy or its tests are not valid.
    """
    policy, record = served_policy(workspace), read_grade_record(engine)
    digest = sha256(policy.text.encode())
    requests = [ReadRequest(role=role, at=workspace.clock.now()) for role in policy.roles]
    rows = [
        {**row, "policy_sha256": digest}
        for contract in workspace.project.valid_contracts().values()
        for row in _bindings(policy, requests, contract, record.current(contract))
    ]
    governance.replace_rows(engine, BINDINGS, sorted(rows, key=_binding_order), order="asset, column_name")
    trials = [
        {"test": each.test, "role": each.role, "column_name": each.column, "passed": int(each.passed), "policy_sha256": digest}
        for each in run_policy_tests(workspace.settings)
    ]
    trials.sort(key=lambda row: (str(row["test"]), str(row["role"]), str(row["column_name"])))
    governance.replace_rows(engine, CHECKS, trials, order="test, role, column_name")


def is_sensitive(grade: ColumnGrade | None) -> bool:
    """Whether a column is core, important or personal, by its current grade."""
    if grade is None:
        return False
    return grade.grade in {Grade.CORE, Grade.IMPORTANT} or bool(grade.category and grade.category.startswith(PERSONAL))


def _bindings(
    policy: Policy, requests: list[ReadRequest], contract: Contract, grades: dict[str, ColumnGrade]
) -> Iterator[dict[str, Any]]:
    table = contract.table(contract.layer)
    for column in contract.columns:
        grade = grades.get(column.name)
        decisions = [policy.decide(request, table, column.name, grade) for request in requests]
        yield {
            "asset": str(table),
            "dataset": contract.name,
            "column_name": column.name,
            "grade": str(grade.grade) if grade and grade.grade else None,
            "category": grade.category if grade else None,
            "sensitive": int(is_sensitive(grade)),
            "ruled": int(all(each.rule is not None for each in decisions)),
            "controlled": int(any(each.action is not Action.CLEAR for each in decisions)),
        }


def _binding_order(row: Mapping[str, object]) -> tuple[str, str]:
    return str(row["asset"]), str(row["column_name"])

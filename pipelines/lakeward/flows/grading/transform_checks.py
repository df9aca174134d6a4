"""Checks the output of transforms after each batch: a lower grade that rests on one holds only while its newest check passed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakeward.contracts.model import Column, Contract
from lakeward.core.errors import DefinitionError, ProtectionError, UsageError
from lakeward.core.names import Relation
from lakeward.core.spelling import did_you_mean
from lakeward.core.sql import identifier
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.grading.detect import detect_grades
from lakeward.flows.grading.records import CHECKS, GradeRecord, data_state, read_grade_record
from lakeward.flows.grading.run import workspace_rules
from lakeward.grading.catalogue import GradingRules
from lakeward.grading.transforms import TRANSFORMS_FILE, Transform, TransformOutput, output_fault, read_transforms
from lakeward.protection.anonymity import anonymity_query

# Message code of a definition that is gone, or that is not the one that was approved.
CHANGED = "transform_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformCheck:
    """One check.

    Args:
        output: What was found; None if nothing could be checked.
        fault: Message code of what failed; None if it passed.
    """

    transform: str
    definition: str
    output: TransformOutput | None
    fault: str | None


def project_transforms(workspace: Workspace) -> dict[str, Transform]:
    """The transforms of the project, by name; none without the file.

    Raises:
        DefinitionError: The file is not valid.
    """
    file = workspace.project.root / TRANSFORMS_FILE
    return read_transforms(file.read_text(encoding="utf-8"), TRANSFORMS_FILE) if file.is_file() else {}


def find_transform(workspace: Workspace, name: str, column: str) -> Transform:
    """The transform `name`, with or without its version, which makes `dataset.column`.

    Raises:
        UsageError: There is none, or it makes another column.
        DefinitionError: The file is not valid.
    """
    known = project_transforms(workspace)
    plain, _, version = name.partition("@")
    found = known.get(plain)
    if found is None or (version and version != found.version) or found.column != column:
        names = [each.id for each in known.values() if each.column == column]
        raise UsageError(
            "transform_unknown", found=name, column=column, file=TRANSFORMS_FILE, close=did_you_mean(name, names) or "-"
        )
    return found


def check_transform(workspace: Workspace, engine: Engine, contract: Contract, name: str, cited: str) -> None:
    """Check the stored output of the transform `cited` of column `name`, and record what was found.

    Raises:
        ProtectionError: It did not pass.
    """
    transform = find_transform(workspace, cited, f"{contract.name}.{name}")
    check = _check_named(workspace, engine, contract, name, (transform, cited, None))
    _append(workspace, engine, contract, {name: check})
    if check.fault:
        found = check.output
        raise ProtectionError(
            check.fault,
            column=f"{contract.name}.{name}",
            transform=cited,
            detector=found.detector if found else "-",
            k=found.k if found else "-",
            l=found.l if found else "-",
            least_k=transform.k,
            least_l=transform.l,
        )


def recheck_transforms(workspace: Workspace, engine: Engine, contract: Contract, record: GradeRecord | None = None) -> list[str]:
    """Check the output of every transform again that a grade of the dataset rests on, where data or definition have changed.

    A check that fails raises nothing: the grade is back at the higher one.

    Returns:
        Columns whose grade the check withdrew.
    """
    record = record or read_grade_record(engine, contract.name)
    rested = record.transforms(contract.name)
    if not rested:
        return []
    known = _known_transforms(workspace)
    state = data_state(engine, contract.table(contract.layer), contract.name)
    checks = {}
    for name, cited in rested.items():
        newest = record.checks.get(contract.name, {}).get(name)
        approved = newest["definition"] if newest and newest["transform"] == cited else None
        if _is_due(newest, known.get(cited), approved, state):
            checks[name] = _check_named(workspace, engine, contract, name, (known.get(cited), cited, approved))
    if checks:
        _append(workspace, engine, contract, checks)
    return [name for name, check in checks.items() if check.fault]


def _known_transforms(workspace: Workspace) -> dict[str, Transform]:
    """By name and version; a file that is not valid defines none, so that what rests on it is withdrawn."""
    try:
        return {transform.id: transform for transform in project_transforms(workspace).values()}
    except DefinitionError:
        return {}


def _is_due(newest: Mapping[str, Any] | None, transform: Transform | None, approved: str | None, state: str) -> bool:
    if newest is None or approved is None or newest["data"] != state:
        return True
    changed = transform is None or transform.sha256 != approved
    return changed is not bool(newest["why"] == CHANGED)


def _check_named(
    workspace: Workspace, engine: Engine, contract: Contract, name: str, wanted: tuple[Transform | None, str, str | None]
) -> TransformCheck:
    """A check of the transform as it was approved: another definition under the same version proves nothing.

    Args:
        wanted: The transform as it is defined now, its id in the decision, and the hash of its approved definition.
    """
    transform, cited, approved = wanted
    columns = {column.name: column for column in contract.columns}
    if transform is None or name not in columns or (approved is not None and transform.sha256 != approved):
        return TransformCheck(transform=cited, definition=approved or "", output=None, fault=CHANGED)
    return _check_output(engine, contract, columns[name], transform, workspace_rules(workspace).rules)


def _check_output(
    engine: Engine, contract: Contract, column: Column, transform: Transform, rules: GradingRules
) -> TransformCheck:
    table = contract.table(contract.layer)
    stored = engine.types(table) if engine.info(table) else {}
    missing = [name for name in (column.name, *transform.output_columns) if name not in stored]
    definition = transform.sha256
    if missing:
        return TransformCheck(transform=transform.id, definition=definition, output=None, fault="transform_missing")
    proposal = detect_grades(engine, contract, table, rules, [column.name])[0]
    found = engine.fetch(_anonymity(Relation(str(table)), transform))[0]
    output = TransformOutput(detector=proposal.detector, persons=found["persons"], k=found["k"], l=found["l"])
    return TransformCheck(transform=transform.id, definition=definition, output=output, fault=output_fault(transform, output))


def _anonymity(relation: Relation, transform: Transform) -> str:
    groups = [identifier(name) for name in transform.groups]
    sensitive = identifier(transform.sensitive) if transform.sensitive else None
    if transform.count is None:
        person = identifier(transform.person) if transform.person else "row_number() OVER ()"
        return anonymity_query(relation, groups, sensitive, person)
    count = identifier(transform.count)
    values = f"count(DISTINCT {sensitive})" if sensitive else "NULL"
    return f"""
        WITH groups AS (SELECT sum(coalesce({count}, 0)) AS size, {values} AS l FROM {relation} GROUP BY {", ".join(groups)}),
        smallest AS (SELECT min(coalesce({count}, 0)) AS row_size FROM {relation})
        SELECT CAST(coalesce(sum(size), 0) AS BIGINT) AS persons, CAST(least(min(size), min(row_size)) AS BIGINT) AS k, min(l) AS l
        FROM groups, smallest"""


def _append(workspace: Workspace, engine: Engine, contract: Contract, checks: Mapping[str, TransformCheck]) -> None:
    app, table = f"transforms/{contract.name}", governance.table_name(CHECKS)
    state = data_state(engine, contract.table(contract.layer), contract.name)
    numbers = read_grade_record(engine, contract.name).numbers.get(contract.name, {})
    while True:
        seq = engine.txn(table, app) + 1
        head = {"seq": seq, "dataset": contract.name, "data": state, "checked_at": workspace.clock.now()}
        rows = [{**head, "column": name, "decision": numbers.get(name, 0), **_cells(check)} for name, check in checks.items()]
        if governance.append_rows(engine, CHECKS, rows, Txn(app, seq)):
            return


def _cells(check: TransformCheck) -> dict[str, Any]:
    found = check.output
    return {
        "transform": check.transform,
        "definition": check.definition,
        "detector": found.detector if found else None,
        "persons": found.persons if found else None,
        "k": found.k if found else None,
        "l": found.l if found else None,
        "passed": check.fault is None,
        "why": check.fault,
    }

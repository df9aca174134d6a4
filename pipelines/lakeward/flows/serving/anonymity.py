"""Measures how well persons hide in a table as a role sees it: k-anonymity, l-diversity, t-closeness."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.errors import ProtectionError, UsageError
from lakeward.core.names import Relation, TableName
from lakeward.core.settings import Settings
from lakeward.core.spelling import did_you_mean
from lakeward.core.sql import identifier
from lakeward.engines import open_engine
from lakeward.engines.protocols import Engine
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.grade import GradeLookup, current_grades
from lakeward.flows.serving.logged_read import logged_read
from lakeward.flows.serving.policy import contract_columns
from lakeward.flows.serving.reader import Reader, resolve_reader
from lakeward.protection.anonymity import anonymity_query
from lakeward.protection.masking import Treatment, protected_expression
from lakeward.protection.policy import Action
from lakeward.protection.row_filters import check_every_row
from lakeward.serving.plan import Grades, ServedColumn


@dataclass(frozen=True, slots=True, kw_only=True)
class AnonymityQuestion:
    """What to measure.

    Args:
        table: `layer.name`.
        quasi_identifiers: Columns that others may know of a person.
        person: Column that identifies a person.
        sensitive: Column to protect; None to measure k alone.
        seen_by: Role whose view is measured; None for the values in clear.
    """

    table: str
    quasi_identifiers: tuple[str, ...]
    person: str
    sensitive: str | None = None
    seen_by: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        return (*self.quasi_identifiers, self.person, *([self.sensitive] if self.sensitive else []))


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymity:
    """How well persons hide in a table.

    Args:
        table: `layer.name`.
        seen_by: Role whose view was measured; None for the values in clear.
        persons: Number of persons.
        rows_without_person: Number of rows that name no person; they are left out.
        groups: Number of groups of persons that can't be distinguished.
        k: Number of persons in the smallest group; None without persons. The risk to be found is 1/k.
        l: Least number of different sensitive values in a group; None if not measured.
        t: Largest distance (0 to 1, total variation) of a group's sensitive values from those of all; None if not measured.
        persons_alone: Number of persons that are alone in their group.
    """

    table: str
    seen_by: str | None
    persons: int
    rows_without_person: int
    groups: int
    k: int | None
    l: int | None  # noqa: E741 -- its name in the literature
    t: Decimal | None
    persons_alone: int

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward anonymity --json`."""
        return fields_of(self)


def measure_anonymity(
    settings: Settings,
    question: AnonymityQuestion,
    role: str | None = None,
    purpose: str | None = None,
    *,
    grade_lookup: GradeLookup = current_grades,
) -> Anonymity:
    """Measure a table; who did it is in the access log.

    Args:
        role, purpose: As `connect`; the role must see every column of the question in clear.
        grade_lookup: Returns the grades of a contract's columns.

    Raises:
        UsageError: A table, column or role does not exist.
        ProtectionError: The role may not see a column in clear.
    """
    workspace = open_workspace(settings)
    reader, _ = resolve_reader(workspace, role, purpose)
    contract = _contract(workspace, question)
    if question.seen_by is not None and question.seen_by not in reader.principal.policy.roles:
        policy = reader.principal.policy
        raise UsageError("role_unknown", role=question.seen_by, close=did_you_mean(question.seen_by, policy.roles))
    name = contract.table(contract.layer)
    with (
        closing(open_engine("embedded", workspace.lake, memory=settings.memory)) as engine,
        logged_read(workspace, engine, reader, f"anonymity {question}", (str(name),)) as entry,
    ):
        found = _measure(engine, reader, contract, question, grade_lookup(engine, contract))
        entry.write(1)
    distance = found.pop("t")
    rounded = None if distance is None else Decimal(str(distance)).quantize(Decimal("0.0001"))
    return Anonymity(table=str(name), seen_by=question.seen_by, t=rounded, **found)


def _measure(engine: Engine, reader: Reader, contract: Contract, question: AnonymityQuestion, grades: Grades) -> dict[str, Any]:
    name = contract.table(contract.layer)
    _check_clear(reader, contract, grades, question)
    if engine.info(name) is None:
        raise UsageError("anonymity_table_empty", table=str(name), dataset=contract.name)
    expressions = _seen_expressions(reader, contract, grades, question)
    sensitive = identifier(question.sensitive) if question.sensitive else None
    return engine.fetch(anonymity_query(Relation(str(name)), expressions, sensitive, identifier(question.person)))[0]


def _contract(workspace: Workspace, question: AnonymityQuestion) -> Contract:
    columns = contract_columns(workspace.project)
    for column in question.columns:
        if f"{question.table}.{column}" not in columns:
            where = f"{question.table}.{column}"
            raise UsageError("column_not_found", column=where, close=did_you_mean(where, columns) or "-")
    return workspace.project.contract(TableName.parse(question.table).name)


def _check_clear(reader: Reader, contract: Contract, grades: Grades, question: AnonymityQuestion) -> None:
    clear = reader.clear_columns(contract, grades)
    for column in question.columns:
        if column not in clear:
            where = f"{contract.table(contract.layer)}.{column}"
            raise ProtectionError("query_column_hidden", column=where, ask=reader.principal.policy.ask)


def _seen_expressions(reader: Reader, contract: Contract, grades: Grades, question: AnonymityQuestion) -> Sequence[str]:
    """What the role sees of each quasi-identifier. A token or a ciphertext distinguishes as the value does; a hidden one tells nothing."""
    if question.seen_by is None:
        return [identifier(name) for name in question.quasi_identifiers]
    request = replace(reader.principal.request, role=question.seen_by)
    principal = replace(reader.principal, request=request).with_all_keys(contract)
    check_every_row(principal.policy, request, contract.name)
    served = {column.name: column for column in principal.serve_table(contract, None, grades).columns}
    seen = (_seen_expression(served[name]) for name in question.quasi_identifiers)
    return [expression for expression in seen if expression is not None]


def _seen_expression(column: ServedColumn) -> str | None:
    if column.decision.action in {Action.DENY, Action.AGGREGATE}:
        return None
    if column.decision.action in {Action.TOKENISE, Action.ENCRYPT}:
        return identifier(column.name)
    treatment = Treatment(band=column.band, unit=column.unit)
    return protected_expression(identifier(column.name), column.type, column.decision, treatment)

"""Columns whose values a command compares with a value of the caller: they must be in clear for the caller's role."""

from collections.abc import Collection
from dataclasses import replace

from lakeward.contracts.model import Contract
from lakeward.core.errors import ProtectionError
from lakeward.engines.protocols import Engine
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.grading.grade import current_grades
from lakeward.flows.serving.logged_read import logged_read
from lakeward.flows.serving.reader import Reader, resolve_reader
from lakeward.grading.grade import GradeState
from lakeward.protection.policy import Action
from lakeward.serving.expression import expression_columns


def check_row_condition(engine: Engine, reader: Reader, contract: Contract, columns: Collection[str]) -> None:
    """Check columns that name a row: in clear for the reader; without a grade only those of the key, the time and the series.

    Raises:
        ProtectionError: As `check_clear`.
    """
    grades = current_grades(engine, contract)
    naming = {*contract.primary_key, contract.time_column, *contract.series}
    ungraded = {name for name in naming if name in grades and grades[name].state is GradeState.UNGRADED}
    check_clear(engine, reader, contract, [column for column in columns if column not in ungraded])


def check_clear(engine: Engine, reader: Reader, contract: Contract, columns: Collection[str]) -> None:
    """Check that the reader may see each of `columns` in clear.

    Raises:
        ProtectionError: One of them is hidden, masked or not graded.
    """
    clear = reader.clear_columns(contract, current_grades(engine, contract))
    hidden = [column for column in columns if column not in clear]
    if hidden:
        table = contract.table(contract.layer)
        raise ProtectionError("column_not_clear", column=f"{table}.{hidden[0]}", role=reader.principal.role)


def check_written(engine: Engine, reader: Reader, contract: Contract, columns: Collection[str]) -> None:
    """Check columns that get values of the caller: of another column, the reader would learn the token, mask or band of any value.

    Columns without a grade are allowed: they are not served to anyone.

    Raises:
        ProtectionError: The reader does not see one of them in clear.
    """
    grades = current_grades(engine, contract)
    clear = reader.clear_columns(contract, grades)
    hidden = [name for name in columns if name not in clear and grades[name].state is not GradeState.UNGRADED]
    if not hidden:
        return
    column, table, policy = hidden[0], contract.table(contract.layer), reader.principal.policy
    requests = {role: replace(reader.principal.request, role=role) for role in policy.roles}
    decisions = {role: policy.decide(request, table, column, grades[column]) for role, request in requests.items()}
    roles = ", ".join(role for role, decision in decisions.items() if decision.action is Action.CLEAR) or "-"
    raise ProtectionError("repair_column_not_clear", column=f"{table}.{column}", role=reader.principal.role, roles=roles)


def check_expressions(
    workspace: Workspace,
    engine: Engine,
    contract: Contract,
    expressions: Collection[str],
    request: tuple[str, str | None],
    written: Collection[str] = (),
) -> None:
    """Check expressions over quarantined rows, and log them. Columns without a grade are allowed: they are not served to anyone.

    Args:
        expressions: SQL over the received columns.
        request: The command with its arguments, for the access log; and the role.
        written: Columns that get a new value.

    Raises:
        UsageError: They read or write a graded column, and there is no role.
        ProtectionError: The role may not see one of these columns in clear.
    """
    names = frozenset(name for text in expressions for name in expression_columns(text))
    read = [column.name for column in contract.columns if column.name.lower() in names]
    grades = current_grades(engine, contract) if read or written else {}
    graded = [name for name in read if grades[name].state is not GradeState.UNGRADED]
    if all(grades[name].state is GradeState.UNGRADED for name in (*read, *written)):
        return
    text, role = request
    reader, _ = resolve_reader(workspace, role)
    with logged_read(workspace, engine, reader, text, [f"quarantine.{contract.name}"]):
        check_clear(engine, reader, contract, graded)
        check_written(engine, reader, contract, written)

"""The keys of a session for encrypted columns, and the way back from encrypted values."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lakeward.core.errors import MachineError, ProtectionError, UsageError
from lakeward.core.settings import Settings
from lakeward.core.spelling import did_you_mean
from lakeward.engines.protocols import Engine
from lakeward.flows.base.column_keys import KeyState, open_column_keys
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.grade import GradeLookup, current_grades
from lakeward.flows.serving.logged_read import logged_read
from lakeward.flows.serving.policy import contract_columns
from lakeward.flows.serving.reader import resolve_reader
from lakeward.serving.tokens import can_protect

if TYPE_CHECKING:
    from lakeward.protection.ciphertexts import ColumnKey


def encrypting_keys(workspace: Workspace, engine: Engine) -> "dict[str, ColumnKey]":
    """By `layer.table.column`, the key that encrypts; none without a wrapping key or the extra `protect`.

    Raises:
        ProtectionError: The wrapping key is not stored safely, or a key lies under another one, or was changed or removed.
        MachineError: A key can't be read.
    """
    if not _has_wrapping_key(workspace) or not can_protect():
        return {}
    return {key.column: key for state, key in open_column_keys(workspace, engine) if state is KeyState.ACTIVE}


def decrypt_values(
    settings: Settings,
    column: str,
    values: Sequence[bytes | None],
    role: str | None = None,
    purpose: str | None = None,
    *,
    grade_lookup: GradeLookup = current_grades,
) -> list[str | None]:
    """The texts of encrypted values of `layer.table.column`, for a role that may see the column in clear. Who did it is in the access log.

    Args:
        role, purpose: As `connect`.
        grade_lookup: Returns the grades of a contract's columns.

    Raises:
        UsageError: The column or the role does not exist.
        ProtectionError: The role may not see the column in clear, a key is missing or destroyed, or a value was changed or moved.
        MachineError: The extra `protect` is missing, or a key can't be read.
    """
    if not can_protect():
        raise MachineError("extra_missing", extra="protect")
    workspace = open_workspace(settings)
    reader, _ = resolve_reader(workspace, role, purpose)
    columns = contract_columns(workspace.project)
    if column not in columns:
        raise UsageError("column_not_found", column=column, close=did_you_mean(column, columns) or "-")
    table, _, name = column.rpartition(".")
    with workspace.engine() as engine, logged_read(workspace, engine, reader, f"decrypt {column}", (table,)) as entry:
        contract = workspace.project.contract(table.partition(".")[2])
        if name not in reader.clear_columns(contract, grade_lookup(engine, contract)):
            raise ProtectionError("query_column_hidden", column=column, ask=reader.principal.policy.ask)
        texts = _decrypt(values, {key.id: key for _, key in open_column_keys(workspace, engine, column)})
        entry.write(len(texts))
    return texts


def _decrypt(values: Sequence[bytes | None], keys: "Mapping[str, ColumnKey]") -> list[str | None]:
    import pyarrow as pa  # noqa: PLC0415 -- needs an extra

    from lakeward.protection.ciphertexts import decrypt_column  # noqa: PLC0415 -- needs an extra

    found: list[bytes | None] = decrypt_column(pa.array(values, pa.binary()), keys).to_pylist()
    return [None if value is None else value.decode("utf-8", "surrogatepass") for value in found]


def _has_wrapping_key(workspace: Workspace) -> bool:
    return workspace.settings.wrapping_key is not None or workspace.settings.wrapping_key_file is not None

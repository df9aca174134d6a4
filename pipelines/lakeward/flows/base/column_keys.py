"""The keys of encrypted columns: their states, from `governance.keys`, and the keys themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from lakeward.core.errors import ProtectionError, TransientError
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import Workspace
from lakeward.protection.keys import TokenKey, wrapping_key
from lakeward.protection.wrapped_keys import read_wrapped, unwrap_key

if TYPE_CHECKING:
    from lakeward.protection.ciphertexts import ColumnKey

TABLE = "keys"


class KeyState(StrEnum):
    """What a key of a column can do."""

    ACTIVE = "active"
    DECRYPT_ONLY = "decrypt_only"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnKeyRecord:
    """The state of one key of an encrypted column. No key is in it.

    Args:
        key_id: Id of the key, which is in front of each of its values.
        column: `layer.table.column`.
        algorithm: `sm4` or `aes`, in the mode SIV.
        generation: Number of the key in its column, from 1.
        state: Whether it encrypts, only decrypts, or is destroyed.
        wrapping_key_id: Id of the key outside the lake that it lies under.
        changed_by: Author of the last change.
        verified: Whether a token verified the author.
        reason: Reason of the last change; None without one.
        changed_at: Time of the last change.
    """

    key_id: str
    column: str
    algorithm: str
    generation: int
    state: KeyState
    wrapping_key_id: str
    changed_by: str
    verified: bool
    reason: str | None
    changed_at: datetime

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward key list --json`."""
        return fields_of(self)


def read_key_records(engine: Engine) -> tuple[list[ColumnKeyRecord], int]:
    """The current state of each key, in the order of their first entries, and the number of entries."""
    rows = governance.read_rows(engine, TABLE, order="seq")
    current: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        current[row["key_id"]] = row
    names = ColumnKeyRecord.__slots__
    found = [
        ColumnKeyRecord(**{name: row[name] for name in names} | {"state": KeyState(row["state"])}) for row in current.values()
    ]
    return found, len(rows)


def append_key_records(engine: Engine, records: Sequence[ColumnKeyRecord], count: int) -> None:
    """Append the new states of keys behind `count` entries.

    Raises:
        TransientError: Another change came first.
        StoreConflictError: Others kept committing first.
    """
    rows = [{**record.as_dict(), "seq": count + at, "changed_at": record.changed_at} for at, record in enumerate(records, 1)]
    if governance.append_rows(engine, TABLE, rows, Txn("keys", count + len(rows))) is None:
        raise TransientError("keys_busy")


def open_column_keys(workspace: Workspace, engine: Engine, column: str | None = None) -> list[tuple[KeyState, "ColumnKey"]]:
    """The keys that are not destroyed, of all columns or one; none without a wrapping key.

    Raises:
        ProtectionError: The wrapping key is not stored safely, or a key lies under another one, or was changed or removed.
        MachineError: A key can't be read.
    """
    under = wrapping_key(workspace.settings, workspace.files)
    if under is None:
        return []
    records = [record for record in read_key_records(engine)[0] if column in (None, record.column)]
    return [(record.state, open_key(workspace, record, under)) for record in records if record.state is not KeyState.DESTROYED]


def open_key(workspace: Workspace, record: ColumnKeyRecord, under: TokenKey) -> "ColumnKey":
    """The key of a record.

    Raises:
        ProtectionError: It lies under another key, or was changed or removed.
        MachineError: It can't be read.
    """
    wrapped = read_wrapped(workspace.lake, record.key_id)
    if wrapped is None:
        raise ProtectionError("key_file_missing", key=record.key_id, column=record.column)
    return unwrap_key(bare_key(record), wrapped, under)


def bare_key(record: ColumnKeyRecord) -> "ColumnKey":
    """The key of a record, still without its secret."""
    from lakeward.protection.block_cipher import BlockAlgorithm  # noqa: PLC0415 -- needs an extra
    from lakeward.protection.ciphertexts import ColumnKey  # noqa: PLC0415 -- needs an extra

    return ColumnKey(record.key_id, record.column, BlockAlgorithm(record.algorithm), b"")

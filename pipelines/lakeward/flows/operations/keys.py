"""Keys: new files, and create, rotate, wrap anew and destroy the keys of encrypted columns."""

import os
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from lakeward.core.errors import MachineError, ProtectionError, UsageError
from lakeward.core.settings import Settings
from lakeward.core.spelling import did_you_mean
from lakeward.core.storage.options import AzureOptions
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.column_keys import (
    ColumnKeyRecord,
    KeyState,
    append_key_records,
    bare_key,
    open_key,
    read_key_records,
)
from lakeward.flows.base.key_decisions import DESTROY
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.operations.key_change import KeyAuthor, decide_together, key_change
from lakeward.flows.serving.policy import contract_columns
from lakeward.protection.keys import Scheme, TokenKey, key_of_file, key_text, wrapping_key
from lakeward.protection.wrapped_keys import (
    KEY_BYTES,
    destroy_wrapped,
    is_under,
    new_secret,
    read_wrapped,
    wrap_key,
    write_wrapped,
)
from lakeward.serving.tokens import can_protect

ALGORITHMS = ("sm4", "aes")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKeyFile:
    """A new key file. The key itself is only in the file.

    Args:
        file: Path of the file.
        key_id: Id of the key.
        scheme: What it is for: tokens by SM4, tokens as older projects have them, to wrap keys of columns, or to sign checkpoints.
    """

    file: str
    key_id: str
    scheme: Scheme

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward key new --json`."""
        return fields_of(self)


def create_key_file(file: Path, scheme: str = Scheme.CMAC) -> NewKeyFile:
    """Create a file with a random key, readable by its owner alone.

    Raises:
        UsageError: The scheme does not exist.
        MachineError: The file exists, or can't be written.
    """
    if scheme not in tuple(Scheme):
        raise UsageError("key_scheme", found=ascii(scheme), expected=", ".join(Scheme))
    key = TokenKey(secrets.token_bytes(KEY_BYTES), Scheme(scheme))
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(key_text(key.secret, key.scheme))
    except OSError as error:
        raise MachineError("key_file_not_written", file=file, found=error.strerror) from None
    return NewKeyFile(file=str(file), key_id=key.id, scheme=key.scheme)


def list_keys(settings: Settings) -> list[ColumnKeyRecord]:
    """The keys of encrypted columns, the oldest first."""
    with open_workspace(settings).engine() as engine:
        return read_key_records(engine)[0]


def rotate_key(settings: Settings, column: str, algorithm: str, author: KeyAuthor) -> ColumnKeyRecord:
    """Create the next key of a column, its first too; the one before only decrypts from now on. No data file is written.

    Raises:
        UsageError: The column or the algorithm does not exist, no author is named, or the lake lies in Azure.
        ProtectionError: There is no wrapping key, or the author is no admin.
        TransientError: Another change came first.
        MachineError: The extra `protect` is missing, or the lake can't be written.
    """
    workspace = open_workspace(settings)
    if algorithm not in ALGORITHMS:
        raise UsageError("key_algorithm", found=ascii(algorithm), expected=", ".join(ALGORITHMS))
    columns = contract_columns(workspace.project)
    if column not in columns:
        raise UsageError("column_not_found", column=column, close=did_you_mean(column, columns) or "-")
    if isinstance(workspace.lake.options, AzureOptions):
        raise UsageError("lake_keys_not_in_azure", lake=workspace.lake)
    under, change = _wrapping_key(workspace), key_change(workspace, author)
    with workspace.engine() as engine:
        records, count = read_key_records(engine)
        own = [record for record in records if record.column == column]
        record = change.apply(_next_record(column, algorithm, records, under))
        write_wrapped(workspace.lake, record.key_id, wrap_key(replace(bare_key(record), secret=new_secret()), under))
        retired = [change.apply(each, KeyState.DECRYPT_ONLY) for each in own if each.state is KeyState.ACTIVE]
        append_key_records(engine, [*retired, record], count)
    return record


def rewrap_keys(settings: Settings, file: Path, author: KeyAuthor) -> list[ColumnKeyRecord]:
    """Wrap every key of a column under the key of another file, which `LAKEWARD_WRAPPING_KEY_FILE` must name from now on.

    Values and data files stay as they are. After a kill, repeat it: keys that already lie under the new one are left.

    Raises:
        UsageError: No author is named.
        ProtectionError: A wrapping key is missing or not valid, a key lies under a third one, or the author is no admin.
        TransientError: Another change came first.
        MachineError: The extra `protect` is missing, or the lake can't be written.
    """
    workspace = open_workspace(settings)
    lake = workspace.lake
    old, new, change = _wrapping_key(workspace), key_of_file(file, lake.files), key_change(workspace, author)
    with workspace.engine() as engine:
        records, count = read_key_records(engine)
        open_records = [record for record in records if record.state is not KeyState.DESTROYED]
        for record in open_records:
            wrapped = read_wrapped(lake, record.key_id)
            if wrapped is None or not is_under(wrapped, new):
                write_wrapped(lake, record.key_id, wrap_key(open_key(workspace, record, old), new))
        moved = [record for record in open_records if record.wrapping_key_id != new.id]
        changed = [replace(change.apply(record), wrapping_key_id=new.id) for record in moved]
        if changed:
            append_key_records(engine, changed, count)
    return changed


def destroy_key(settings: Settings, key_id: str, author: KeyAuthor) -> ColumnKeyRecord:
    """Destroy a key of a column for good: its values can never be read again, in exports and older versions of tables too.

    Raises:
        UsageError: There is no such key, or no author or reason is given.
        ProtectionError: The author is no admin; or there are accounts, and no second person approved it; or the object store of the
            lake keeps a version of the key.
        TransientError: Another change came first.
        MachineError: The lake can't be written.
    """
    workspace = open_workspace(settings)
    if not author.reason.strip():
        raise UsageError("key_reason_missing", key=ascii(key_id))
    change = key_change(workspace, author)
    with workspace.engine() as engine:
        records, count = read_key_records(engine)
        record = next((record for record in records if record.key_id == key_id), None)
        if record is None:
            raise UsageError(
                "key_unknown", key=ascii(key_id), close=did_you_mean(key_id, [each.key_id for each in records]) or "-"
            )
        if record.state is not KeyState.DESTROYED:
            decide_together(workspace, engine, f"{DESTROY}{key_id}", change)
            record = change.apply(record, KeyState.DESTROYED)
            append_key_records(engine, [record], count)
        destroy_wrapped(workspace.lake, key_id)  # after the record; repeated where a kill came between
    return record


def _wrapping_key(workspace: Workspace) -> TokenKey:
    if not can_protect():
        raise MachineError("extra_missing", extra="protect")
    key = wrapping_key(workspace.settings, workspace.files)
    if key is None:
        raise ProtectionError("wrapping_key_missing")
    return key


def _next_record(column: str, algorithm: str, records: list[ColumnKeyRecord], under: TokenKey) -> ColumnKeyRecord:
    return ColumnKeyRecord(
        key_id=_new_id({record.key_id for record in records}),
        column=column,
        algorithm=algorithm,
        generation=1 + sum(record.column == column for record in records),
        state=KeyState.ACTIVE,
        wrapping_key_id=under.id,
        changed_by="",
        verified=False,
        reason=None,
        changed_at=datetime.min,  # noqa: DTZ901 -- `KeyChange` sets it
    )


def _new_id(used: set[str]) -> str:
    while (found := secrets.token_hex(4)) in used:
        pass
    return found

"""Exports a table for a recipient and a purpose: protected, fingerprinted, and logged before anything leaves.

The copy is made in a folder of the session. Then its entry is on disk; then the export is recorded, with the hash of its manifest; only
then the copy appears at its target.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from lakeward.core.errors import LakewardError
from lakeward.core.names import new_run_id, sha256
from lakeward.core.settings import Settings
from lakeward.engines import open_engine
from lakeward.engines.delta.new_table import create_table
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.key_decisions import check_token_scheme
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.grade import GradeLookup, current_grades
from lakeward.flows.serving.access import AccessLog, LoggedRead, current_account
from lakeward.flows.serving.decryption import encrypting_keys
from lakeward.flows.serving.export_files import check_target, claimed_target, copy_bytes, file_hashes, place_copy
from lakeward.flows.serving.export_record import Export, append_export, manifest_text
from lakeward.flows.serving.export_view import Recipient, choose_columns, find_recipient, mark_copy, open_copy
from lakeward.flows.serving.metering import column_facts
from lakeward.flows.serving.reader import Reader, resolve_reader
from lakeward.protection.keys import TokenKey
from lakeward.protection.read_request import OWN_PARTY
from lakeward.serving.column_functions import ColumnFunctions
from lakeward.serving.copies import CopyForm, TableCopy, copied_types, write_copy
from lakeward.serving.database import SessionResources

# File of a Delta table's rows.
_PART = "part-00000.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What is to be exported.

    Args:
        table: `layer.name`.
        target: File, or folder of a Delta table, that does not exist yet.
        recipient: Party of the policy, or `own`.
        purpose: Purpose of the policy; None for the one of the settings.
        role: Role of the exporter; None for the account's only one.
        recipient_role: Role in which the recipient sees the rows; None for the exporter's.
        columns: Columns that leave; empty for all that may.
        form: Form of the copy; None for the one of the target's suffix.
        marked: Whether the copy is fingerprinted; False must be asked for.
    """

    table: str
    target: Path
    recipient: str
    purpose: str | None = None
    role: str | None = None
    recipient_role: str | None = None
    columns: tuple[str, ...] = ()
    form: CopyForm | None = None
    marked: bool = True


def export_table(settings: Settings, request: ExportRequest, *, grade_lookup: GradeLookup = current_grades) -> Export:
    """Write the copy and its manifest.

    Args:
        grade_lookup: Returns the grades of a contract's columns.

    Raises:
        UsageError: There is no such table, column, party, role or purpose, or the target exists or has no folder.
        DataError: The target lies in a lake.
        ProtectionError: Nothing may leave, a row filter is missing, or the copy can't be fingerprinted and `marked` is not False.
        PolicyError, MachineError: As `connect`; or the target can't be written.
    """
    form = check_target(request.target, request.form)
    workspace = open_workspace(settings)
    reader, key = resolve_reader(workspace, request.role, request.purpose)
    recipient = find_recipient(reader, request.recipient, request.recipient_role, _exporter(reader))
    # DuckDB reads the tables of every engine.
    with closing(open_engine("embedded", workspace.lake, memory=settings.memory)) as engine:
        governance.check_schema_version(engine)
        check_token_scheme(engine, key)
        keys = encrypting_keys(workspace, engine)
        reader = replace(reader, principal=replace(reader.principal, encryptable=frozenset(keys)))
        functions = ColumnFunctions(key, recipient.name, keys)
        with _open_session(workspace, engine, reader, request) as session:
            copy = open_copy(workspace, engine, reader, recipient, request.table, grade_lookup)
            copy = choose_columns(copy, request.columns)
            copy = mark_copy(copy, workspace.lake.names.stored_table(copy.table.name), recipient, key) if request.marked else copy
            made = session.make(copy, functions, form, request.target)
            return session.release(session.describe(copy, recipient, made, key), made)


@dataclass(frozen=True, slots=True)
class _MadeCopy:
    """A copy that has not left."""

    path: Path
    target: Path
    form: CopyForm
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _ExportSession:
    """Makes a copy, describes it, and releases it."""

    workspace: Workspace
    engine: Engine
    reader: Reader
    log: AccessLog
    text: str
    asked_at: datetime

    def make(self, copy: TableCopy, functions: ColumnFunctions, form: CopyForm, target: Path) -> _MadeCopy:
        """Write the copy to the session's folder."""
        folder = self.engine.scratch / "export"
        path = folder / target.name
        file = path / _PART if form is CopyForm.DELTA else path
        file.parent.mkdir(parents=True)
        resources = SessionResources(memory=self.workspace.settings.memory, lake=self.workspace.lake)
        rows = write_copy(copy, functions, form, file, self.engine.scratch / "serving", resources)
        if form is CopyForm.DELTA:
            create_table(path, copied_types(copy.columns), _PART, rows)
        return _MadeCopy(path, target, form, rows)

    def describe(self, copy: TableCopy, recipient: Recipient, made: _MadeCopy, key: TokenKey | None) -> Export:
        """The record of the export."""
        principal, contract = self.reader.principal, copy.table.contract
        return Export(
            export_id=new_run_id(),
            exported_at=self.workspace.clock.now(),
            exported_by=_exporter(self.reader),
            verified=self.reader.identity.verified,
            role=principal.role,
            recipient=recipient.name,
            recipient_role=recipient.request.role,
            purpose=recipient.request.purpose,
            table=str(copy.table.name),
            table_version=copy.version,
            contract_version=contract.version,
            format=made.form,
            rows=made.rows,
            bytes=copy_bytes(made.path),
            columns=column_facts({column.name: column for column in copy.columns}),
            marks={mark.column: f"{mark.amplitude:f} {mark.resolution:f}" for mark in copy.marks},
            mark_key_id=key.id if key and copy.marks else None,
            files=file_hashes(made.path),
            policy_version=principal.policy.version,
            policy_sha256=sha256(principal.policy.text.encode()),
        )

    def release(self, export: Export, made: _MadeCopy) -> Export:
        """Log and record the export, then let the copy appear at its target; a copy that does not is logged as failed, too."""
        policy, party = self.reader.principal.policy, export.recipient
        manifest = manifest_text(export, self.workspace.project.name, policy.parties.get(party, {}))
        export = replace(export, manifest_sha256=sha256(manifest.encode()))
        columns = {f"{export.table}.{name}": facts for name, facts in export.columns.items()}
        read = LoggedRead(
            text=self.text,
            asked_at=self.asked_at,
            verdict="allowed",
            objects=[export.table],
            rows=export.rows,
            bytes_out=export.bytes,
            versions={export.table: export.table_version},
            columns=columns,
            answer_digest=export.manifest_sha256,
            export_id=export.export_id,
        )
        with claimed_target(made.target):
            self.log.record(read)
            try:
                append_export(self.engine, export)
                place_copy(made.path, made.target, manifest)
            except LakewardError as error:
                self.log.append(replace(read, verdict="failed", code=error.code, rows=0, bytes_out=0, answer_digest=None))
                raise
        return export


@contextmanager
def _open_session(workspace: Workspace, engine: Engine, reader: Reader, request: ExportRequest) -> Iterator[_ExportSession]:
    """The session of an export; a failure before its entry leaves one of its own."""
    log = reader.open_log(workspace, engine)
    log.consumer = None if request.recipient == OWN_PARTY else request.recipient
    session = _ExportSession(
        workspace=workspace,
        engine=engine,
        reader=reader,
        log=log,
        text=f"export {request}",
        asked_at=workspace.clock.now(),
    )
    try:
        log.check_quota(session.text, [request.table])
        with _logged_failure(session, request.table):
            yield session
    finally:
        log.close()


@contextmanager
def _logged_failure(session: _ExportSession, table: str) -> Iterator[None]:
    code, is_done = None, False
    try:
        yield
        is_done = True
    except LakewardError as error:
        code = error.code
        raise
    finally:
        if not is_done and not session.log.seq:
            session.log.write(session.text, session.asked_at, [table], verdict="failed", code=code)


def _exporter(reader: Reader) -> str:
    return reader.identity.name if reader.identity.verified else current_account()

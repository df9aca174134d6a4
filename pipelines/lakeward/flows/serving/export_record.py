"""The record of exports: `governance.exports`, and the manifest beside a copy."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import open_workspace
from lakeward.serving.copies import CopyForm

TABLE = "exports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A copy of a table for a recipient.

    Args:
        export_id: Its id.
        exported_at: Time of the export.
        exported_by: Account that exported; without a token that of the operating system.
        verified: Whether a token proved who exported.
        role: Role of who exported.
        recipient: Party of the policy; `own:ACCOUNT` for a copy of the project's own people.
        recipient_role: Role in which the recipient sees the rows.
        purpose: Purpose of the policy.
        table: Table, as `layer.name`.
        table_version: Its Delta version.
        contract_version: Version of its contract.
        format: Form of the copy.
        rows: Number of rows.
        bytes: Size of its files.
        columns: Column -> action, grade and level.
        marks: Marked column -> amplitude and resolution, in the column's unit; empty: the copy has no fingerprint.
        mark_key_id: Id of the key of the fingerprint; None for none.
        files: File -> its SHA-256.
        manifest_sha256: SHA-256 of the manifest beside the copy.
        policy_version: Edition of the policy.
        policy_sha256: Hash of the policy's text.
        failure: Code of why the copy did not reach its target; None: it did.
    """

    export_id: str
    exported_at: datetime
    exported_by: str
    verified: bool
    role: str
    recipient: str
    recipient_role: str
    purpose: str
    table: str
    table_version: int
    contract_version: str
    format: CopyForm
    rows: int
    bytes: int
    columns: Mapping[str, str]
    marks: Mapping[str, str] = field(default_factory=dict)
    mark_key_id: str | None
    files: Mapping[str, str]
    manifest_sha256: str = ""
    policy_version: str
    policy_sha256: str
    failure: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward access exports --json`."""
        return fields_of(self)

    def mark_of(self, column: str) -> tuple[Decimal, Decimal]:
        """Amplitude and resolution of a marked column."""
        amplitude, resolution = self.marks[column].split()
        return Decimal(amplitude), Decimal(resolution)


def manifest_text(export: Export, project: str, titles: Mapping[str, str]) -> str:
    """The manifest of a copy: what the recipient may know of it, without the key of its fingerprint.

    Args:
        titles: Titles of the recipient, by language.
    """
    named = ("export_id", "recipient", "purpose", "exported_by", "table", "table_version", "contract_version", "format", "rows")
    facts = export.as_dict()
    deviations = {name: f"{amplitude.partition(' ')[0]}" for name, amplitude in export.marks.items()}
    content = {
        "project": project,
        **{name: facts[name] for name in named},
        "recipient_titles": dict(titles),
        "exported_at": export.exported_at.isoformat(),
        "columns": dict(export.columns),
        "values_deviate_by_at_most": deviations,
        "files": dict(export.files),
        "policy": f"{export.policy_version} {export.policy_sha256}",
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def append_export(engine: Engine, export: Export) -> None:
    """Append one export.

    Raises:
        StoreConflictError: Others kept committing first.
    """
    row = export.as_dict() | {
        "object": export.table,
        "exported_at": export.exported_at,
        **{name: json.dumps(dict(getattr(export, name)), ensure_ascii=False) for name in ("columns", "marks", "files")},
    }
    governance.append_rows(engine, TABLE, [row], Txn(f"{TABLE}/{export.export_id}", 1))


def read_exports(engine: Engine, **values: str) -> list[Export]:
    """The exports with these values, the oldest first."""
    return [_export(row) for row in governance.read_rows(engine, TABLE, order="exported_at, export_id", **values)]


def list_exports(settings: Settings) -> list[Export]:
    """Every copy that was made for a recipient, the newest first; of one that did not reach its target with the reason."""
    with open_workspace(settings).engine() as engine:
        found = read_exports(engine)[::-1]
        named = "export_id IS NOT NULL"
        entries = governance.read_rows(engine, "access_log", named, "seq", verdict="failed") if found else []
    failures = {entry["export_id"]: entry["code"] for entry in entries}
    return [replace(export, failure=failures.get(export.export_id)) for export in found]


def _export(row: Mapping[str, Any]) -> Export:
    parsed = {name: json.loads(row[name]) for name in ("columns", "marks", "files")}
    cells = {**row, **parsed, "table": row["object"], "format": CopyForm(row["format"])}
    return Export(**{name: cells[name] for name in Export.__slots__ if name != "failure"})

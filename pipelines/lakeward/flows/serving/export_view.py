"""What of a table leaves in an export: no more than the exporter may read, and no more than the recipient may."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lakeward.core.errors import MachineError, ProtectionError, UsageError
from lakeward.core.names import TableName
from lakeward.core.spelling import did_you_mean
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import TableInfo
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.grading.grade import GradeLookup
from lakeward.flows.serving.reader import Reader
from lakeward.protection.keys import TokenKey
from lakeward.protection.policy import Action
from lakeward.protection.read_request import NO_PURPOSE, OWN_PARTY, ReadRequest
from lakeward.serving.copies import TableCopy, both_conditions, narrow
from lakeward.serving.marks import Mark, possible_mark
from lakeward.serving.plan import ServedColumn, ServedTable
from lakeward.serving.tokens import can_protect


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a copy.

    Args:
        name: By which keys of tokens and fingerprints differ: the party; `own:ACCOUNT` for one's own people.
        request: As whom the policy sees them.
    """

    name: str
    request: ReadRequest


def find_recipient(reader: Reader, party: str, role: str | None, account: str) -> Recipient:
    """The recipient by party and role.

    Args:
        role: Role in which the recipient sees the rows; None for the exporter's.
        account: The exporter's account.

    Raises:
        UsageError: The policy has no such party or role, or the export names no purpose.
    """
    policy, request = reader.principal.policy, reader.principal.request
    parties = (OWN_PARTY, *policy.parties)
    if party not in parties:
        raise UsageError("export_recipient_unknown", recipient=party, expected=", ".join(parties))
    if role is not None and role not in policy.roles:
        raise UsageError("role_unknown", role=role, close=did_you_mean(role, policy.roles))
    if request.purpose == NO_PURPOSE:
        raise UsageError("export_purpose", expected=", ".join(policy.purposes) or "-")
    name = f"{OWN_PARTY}:{account}" if party == OWN_PARTY else party
    return Recipient(name, replace(request, party=party, role=role or request.role))


def open_copy(
    workspace: Workspace, engine: Engine, reader: Reader, recipient: Recipient, table: str, grade_lookup: GradeLookup
) -> TableCopy:
    """The copy of the newest version of a table, with all columns that may leave, still without fingerprint.

    Raises:
        UsageError: There is no such table, or it has no rows yet.
        ProtectionError: Nothing of it may leave, or a row filter is missing.
    """
    found = _served_table(workspace, table)
    info = engine.info(found)
    if info is None:
        raise UsageError("export_table_empty", table=table, dataset=found.name)
    contract = workspace.project.contract(found.name)
    grades = grade_lookup(engine, contract)
    own = reader.principal.serve_table(contract, info, grades)
    theirs = replace(reader.principal, request=recipient.request).serve_table(contract, info, grades)
    for served in (own, theirs):
        if served.missing_filters:
            raise ProtectionError("row_filter_missing_for_export", table=table, filters=", ".join(served.missing_filters))
    narrowed = narrow(own, theirs)
    if not narrowed.visible:
        facts = {"role": reader.principal.role, "recipient": recipient.name, "recipient_role": recipient.request.role}
        raise ProtectionError("export_hidden", table=table, purpose=recipient.request.purpose, **facts)
    return _whole_copy(narrowed, info, workspace.lake.table_folder(found), _conditions(reader, own, theirs, recipient))


def choose_columns(copy: TableCopy, names: Sequence[str]) -> TableCopy:
    """The copy with these columns alone; without names, all of them.

    Raises:
        UsageError: There is no such column.
        ProtectionError: A column may not leave.
    """
    if not names:
        return copy
    every = {column.name: column for column in copy.table.columns}
    for name in names:
        where = f"{copy.table.name}.{name}"
        if name not in every:
            places = [f"{copy.table.name}.{each}" for each in every]
            raise UsageError("column_not_found", column=where, close=did_you_mean(where, places) or "-")
        if every[name] not in copy.columns:
            raise ProtectionError("query_column_hidden", column=where, ask=every[name].decision.ask)
    return replace(copy, columns=tuple(every[name] for name in dict.fromkeys(names)))


def mark_copy(copy: TableCopy, stored: TableName, recipient: Recipient, key: TokenKey | None) -> TableCopy:
    """The copy with the recipient's fingerprint.

    Args:
        stored: The name under which the table lies: a fingerprint stays the same when a dataset is renamed.

    Raises:
        ProtectionError: There is no key, or no column that can be marked.
        MachineError: The extra `protect` is missing.
    """
    marks = [mark for column in copy.columns if (mark := _mark(copy, column))]
    if not marks or not copy.table.contract.primary_key:
        raise ProtectionError("export_unmarkable", table=str(copy.table.name), dataset=copy.table.contract.name)
    if key is None:
        raise ProtectionError("export_no_key")
    if not can_protect():
        raise MachineError("extra_missing", extra="protect")
    from lakeward.protection.fingerprint import RowSigns  # noqa: PLC0415 -- needs an extra

    signs = {mark: RowSigns.of(key, f"{stored}.{mark.column}", recipient.name) for mark in marks}
    return replace(copy, marks=signs)


def _served_table(workspace: Workspace, table: str) -> TableName:
    contracts = workspace.project.valid_contracts().values()
    names = {str(contract.table(contract.layer)): contract.table(contract.layer) for contract in contracts}
    if table not in names:
        raise UsageError("export_table_unknown", table=table, close=did_you_mean(table, names) or "-")
    return names[table]


def _conditions(reader: Reader, own: ServedTable, theirs: ServedTable, recipient: Recipient) -> str | None:
    values = {"party": recipient.request.party, "account": None}
    return both_conditions([(own, reader.filter_values), (theirs, values)])


def _whole_copy(table: ServedTable, info: TableInfo, folder: LakePath, condition: str | None) -> TableCopy:
    return TableCopy(table=table, folder=folder, version=info.version, columns=tuple(table.visible), condition=condition)


def _mark(copy: TableCopy, column: ServedColumn) -> Mark | None:
    """The mark of a column that leaves as it is; columns of the key are never marked: rows are found by them."""
    contract = copy.table.contract
    if column.decision.action is not Action.CLEAR or column.name in contract.primary_key:
        return None
    return possible_mark(contract.column(column.name))

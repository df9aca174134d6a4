"""The append-only logs that are sealed, each as a relation of its entries with their hashes."""

from collections.abc import Mapping
from dataclasses import dataclass

from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import ProtectionError
from lakeward.core.names import Relation, sha256
from lakeward.core.sql import literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.identity import open_register
from lakeward.flows.base.workspace import Workspace
from lakeward.protection.log_entries import HASH, PREV, entry_hash_sql

TEXT, NUMBER, FLAG = DataType(Kind.STRING), DataType(Kind.INTEGER), DataType(Kind.BOOLEAN)
# Columns of a relation of entries: group and number of the entry; its hash, whether that is right, and the hash of the entry before.
ENTRY_COLUMNS: Mapping[str, DataType] = {
    "place": TEXT,
    "seq": NUMBER,
    "hash": TEXT,
    "is_right": FLAG,
    "prev": TEXT,
    "is_chained": FLAG,
}


@dataclass(frozen=True, slots=True)
class SealedLog:
    """A log that is sealed.

    Args:
        name: Name of the log and of its governance table.
        place, seq: SQL of the group of an entry, and of its number there; together they identify it.
    """

    name: str
    place: str
    seq: str


ACCESS_LOG = SealedLog("access_log", "session_id", "seq")
# The register of accounts is a file; its entries are lines.
ACCOUNTS = SealedLog("accounts", "", "")
SEALED_LOGS = (
    ACCESS_LOG,
    SealedLog("grade_decisions", "dataset", "seq"),
    SealedLog("grade_approvals", "dataset", "seq"),
    SealedLog("purpose_requests", "CAST(request AS VARCHAR)", "seq"),
    SealedLog(
        "quarantine_events",
        "concat_ws(':', event_id, coalesce(file_seq, 0), coalesce(file_row, 0), coalesce(from_seq, 0))",
        "upto_seq",
    ),
    SealedLog("keys", "key_id", "seq"),
    SealedLog("key_decisions", "subject", "seq"),
    SealedLog("incidents", "incident", "seq"),
    SealedLog("drills", "drill", "seq"),
    SealedLog("authority_decisions", "column_name", "seq"),
    SealedLog("rights", "dataset", "seq"),
    SealedLog("reviews", "subject", "seq"),
    SealedLog("risk_assessments", "concat_ws(':', assessment, subject)", "seq"),
    SealedLog("maturity", "concat_ws(':', item, coalesce(indicator, ''))", "seq"),
    SealedLog("exports", "export_id", "1"),
    SealedLog("access_findings", "finding", "seq"),
    SealedLog("cubes", "dataset", "release"),
    SealedLog("cube_charges", "release_id", "1"),
    ACCOUNTS,
)


def read_entries(workspace: Workspace, engine: Engine, log: SealedLog, *, is_checked: bool = True) -> Relation:
    """Materialise the entries of a log, with the columns `ENTRY_COLUMNS`; none where the log does not exist yet.

    Args:
        is_checked: Compute the hashes of chained entries; otherwise they are taken as right.

    Raises:
        ProtectionError: The register of accounts was tampered with, or is not stored safely.
        MachineError: It can't be read.
    """
    query = _register_query(workspace, engine) if log is ACCOUNTS else _table_query(engine, log, is_checked=is_checked)
    return engine.materialise(f"entries_of_{log.name}", query)


def _table_query(engine: Engine, log: SealedLog, *, is_checked: bool) -> str:
    spec = governance.table_spec(log.name)
    stored = engine.info(spec.name)
    if stored is None:
        return engine.literal_rows(ENTRY_COLUMNS, [])
    present = {column.name for column in stored.columns}
    found = entry_hash_sql(column for column in spec.columns if column.name in present)
    # Columns that an older lake does not have yet.
    own, prev = (name if name in present else "CAST(NULL AS VARCHAR)" for name in (HASH, PREV))
    is_right = f"{own} IS NULL OR {own} = {found}" if is_checked else "true"
    return f"""SELECT {log.place} AS place, {log.seq} AS seq, CASE WHEN {own} IS NULL THEN {found} ELSE {own} END AS hash,
          {is_right} AS is_right, {prev} AS prev, {own} IS NOT NULL AS is_chained FROM {spec.name}"""


def _register_query(workspace: Workspace, engine: Engine) -> str:
    try:
        content = open_register(workspace).content
    except ProtectionError as error:
        if error.code != "accounts_missing":
            raise
        content = b""
    lines = [sha256(line) for line in content.splitlines()]
    rows = [["line", at, digest, True, None, False] for at, digest in enumerate(lines, 1)]
    return engine.literal_rows(ENTRY_COLUMNS, rows)


def leaves_query(log: SealedLog, *columns: str) -> str:
    """SELECT of these columns of the leaves of a log."""
    return f"SELECT {', '.join(columns)} FROM {governance.table_spec('seal_leaves').name} WHERE log = {literal(log.name)}"

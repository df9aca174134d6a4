"""Creates a dataset from a table of a database: drafts of contract and suite, each guess with its evidence."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lakeward.contracts.glossary import read_glossary
from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.source import WatermarkMode
from lakeward.contracts.sql import split_table_name
from lakeward.core.connections import parse_connection
from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows.authoring.new import DraftedDataset, new_dataset_folder
from lakeward.flows.authoring.stored_connections import split_parameters, store_connection
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.workspace import open_workspace
from lakeward.profiling import ColumnProfile, Key, Profile, SampleOrigin, draft, profile_file
from lakeward.sources.sql.look import TableLook, look_at_table
from lakeward.sources.sql.server import ServerColumn, SourceRelation

SAMPLE_ROWS = 20_000
# Types of a server that are no text, and that a sample's types say all of.
_TYPED = ("int", "bigint", "smallint", "float", "double", "real", "bool", "date", "timestamp", "datetime")
_EXACT = ("numeric", "decimal", "number")
_LOOKBACK, _LOOKBACK_ROWS = "1h", 10_000
_DIGITS = 38


def draft_from_table(settings: Settings, name: str, url: str) -> DraftedDataset:
    """Write `expectations/datasets/<name>/` from a table, and its connection into the project's file of connections.

    Args:
        url: `postgresql://user:password@host:port/database?table=schema.name`, or one of the other databases.

    Raises:
        UsageError: The name is invalid or already used, the URL names no table, or the table has no rows.
        LakewardError: The database can't be reached, the table can't be read, or the project's glossary is not valid.
    """
    workspace = open_workspace(settings)
    folder, glossary = new_dataset_folder(workspace, name), read_glossary(workspace.project)
    address, parameters = split_parameters(url, ("table",))
    table = split_table_name(parameters.get("table", ""))
    if not table:
        raise UsageError("new_without_table", found=parameters.get("table") or "-")
    address = _absolute(address)
    connection = parse_connection("from", address, "--from", workspace.project.root)
    with tempfile.TemporaryDirectory(prefix="lakeward-look-") as scratch, workspace.engine() as engine:
        sample = Path(scratch) / "sample.parquet"
        look = look_at_table(connection, SourceRelation(table=table), sample, SAMPLE_ROWS)
        if not look.rows:
            raise UsageError("new_empty_table", table=parameters["table"])
        if look.watermark is None:
            raise UsageError("new_without_watermark", table=parameters["table"])
        profile = _by_server(profile_file(engine, sample), look)
    stored = store_connection(workspace, address)
    origin = SampleOrigin(
        what=f"the table {parameters['table']} ({look.product})",
        source=tuple(_source(look, stored, parameters["table"])),
        key=_key(profile, look),
        types=_type_evidence(profile, look),
    )
    contract, suite = draft(profile, name, workspace.project.zone, origin, glossary)
    folder.mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(contract, encoding="utf-8")
    (folder / "suite.json").write_text(suite, encoding="utf-8")
    return DraftedDataset(folder=folder, notes=tuple(_notes(look, stored)))


def _absolute(url: str) -> str:
    """The URL of a file of SQLite with its whole path, where the file lies beside this process."""
    scheme, _, rest = url.partition(":///")
    path, _, query = rest.partition("?")
    if scheme != "sqlite" or not Path(path).is_file():
        return url
    return f"sqlite://{Path(path).resolve()}" + (f"?{query}" if query else "")


def _by_server(profile: Profile, look: TableLook) -> Profile:
    """The profile with the types of the server, where these say more than a sample."""
    by_name = {column.name: column for column in look.columns}
    columns = tuple(_with_types(column, by_name[column.source_name], look) for column in profile.columns)
    names = {column.name for column in columns}
    key = profile.key if set(profile.key.columns) <= names else Key()
    return replace(profile, columns=columns, key=key)


def _with_types(column: ColumnProfile, server: ServerColumn, look: TableLook) -> ColumnProfile:
    if server.type.startswith(_TYPED) or (column.type.kind is Kind.TIMESTAMP and server.type.startswith("text")):
        return column
    type_ = DataType(Kind.STRING)
    if server.type.startswith(_EXACT):
        digits = server.digits or (_DIGITS, look.scales.get(server.name, 0))
        type_ = DataType(Kind.DECIMAL, *digits) if 0 <= digits[1] <= digits[0] <= _DIGITS else DataType(Kind.STRING)
    plain = replace(column, type=type_, time_format=None, rival_formats=(), nulls=(), suspects=(), unread_times=None, doubt=None)
    return plain if type_.kind is Kind.DECIMAL else replace(plain, unit=None, low=None, high=None)


def _key(profile: Profile, look: TableLook) -> tuple[str, ...]:
    names = {column.source_name: column.name for column in profile.columns}
    key = look.facts.primary_key
    return tuple(names[name] for name in key) if set(key) <= set(names) else ()


def _type_evidence(profile: Profile, look: TableLook) -> dict[str, str]:
    found = {column.name: column for column in look.columns}
    exact = {one.name: found[one.source_name] for one in profile.columns if one.type.kind is Kind.DECIMAL}
    sample = "CHECK: the database gives it no digits; so many behind the point are in the sample, more would be quarantined"
    return {name: "as in the database" if column.digits else sample for name, column in exact.items()}


def _source(look: TableLook, connection: str, table: str) -> Iterator[str]:
    assert look.watermark
    column, mode = look.watermark
    yield "kind: sql"
    yield f"connection: {connection}      # its URL is in .lakeward/connections.yaml, which only you can read"
    yield f"table: {_quote_name(table)}"
    if column.name not in look.facts.indexed:
        yield f"# CHECK: no index begins with {column.name}: each run scans the whole table"
    if column.nullable:
        yield f"# CHECK: {column.name} may be NULL" + (
            ": a run stops at such a row" if mode is WatermarkMode.XID8 else ": such rows are read by each run"
        )
    yield "watermark:"
    if mode is WatermarkMode.XID8:
        yield f"  column: {_quote_name(column.name)}      # of type xid8: rows are found by the transaction that wrote them"
        yield "  mode: xid8      # no committed row is missed; an UPDATE is seen if it sets the column anew"
        return
    is_number = column.type.startswith(("int", "big", "small", *_EXACT))
    yield f"  column: {_quote_name(column.name)}      # of type {column.type}; the table has no column of type xid8"
    yield "  mode: lookback      # CHECK: a row that becomes visible later than this after those that follow it is missed"
    yield f"  lookback: {_LOOKBACK_ROWS if is_number else _LOOKBACK}      # CHECK: a guess; take the longest time that a row waits for its commit, and more"


def _quote_name(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _notes(look: TableLook, connection: str) -> Iterator[Notice]:
    assert look.watermark
    column, mode = look.watermark
    yield Notice("new_connection_stored", {"connection": connection})
    yield Notice(f"new_watermark_{mode}", {"column": column.name, "type": column.type})

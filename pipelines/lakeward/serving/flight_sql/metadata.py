"""Catalogues, schemas, tables and types, in the fixed forms of Flight SQL."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from lakeward.core.errors import UsageError
from lakeward.serving.flight_sql.messages import FlightMessage
from lakeward.serving.flight_sql.sql_info import SQL_INFO_SCHEMA, sql_info
from lakeward.serving.shadow import CATALOG

# Tools ask for tables first; none of them writes here anyway.
TABLE_TYPE = "TABLE"
# Longest pattern of a name.
_MAX_PATTERN = 1_000
_TEXT, _WHOLE = pa.string(), pa.int32()


def _schema(**kinds: pa.DataType) -> pa.Schema:
    """Fields by name; the type of one that can't be null ends in `_required`."""
    return pa.schema(
        [pa.field(name.removesuffix("_required"), kind, nullable=not name.endswith("_required")) for name, kind in kinds.items()]
    )


CATALOGS = _schema(catalog_name_required=_TEXT)
SCHEMAS = _schema(catalog_name=_TEXT, db_schema_name_required=_TEXT)
TABLES = _schema(catalog_name=_TEXT, db_schema_name=_TEXT, table_name_required=_TEXT, table_type_required=_TEXT)
TABLES_WITH_SCHEMA = TABLES.append(pa.field("table_schema", pa.binary(), nullable=False))
TABLE_TYPES = _schema(table_type_required=_TEXT)
PRIMARY_KEYS = _schema(
    catalog_name=_TEXT,
    db_schema_name=_TEXT,
    table_name_required=_TEXT,
    column_name_required=_TEXT,
    key_sequence_required=_WHOLE,
    key_name=_TEXT,
)
FOREIGN_KEYS = _schema(
    pk_catalog_name=_TEXT,
    pk_db_schema_name=_TEXT,
    pk_table_name_required=_TEXT,
    pk_column_name_required=_TEXT,
    fk_catalog_name=_TEXT,
    fk_db_schema_name=_TEXT,
    fk_table_name_required=_TEXT,
    fk_column_name_required=_TEXT,
    key_sequence_required=_WHOLE,
    fk_key_name=_TEXT,
    pk_key_name=_TEXT,
    update_rule_required=pa.uint8(),
    delete_rule_required=pa.uint8(),
)
TYPES = _schema(
    type_name_required=_TEXT,
    data_type_required=_WHOLE,
    column_size=_WHOLE,
    literal_prefix=_TEXT,
    literal_suffix=_TEXT,
    create_params=pa.list_(pa.field("item", _TEXT, nullable=False)),
    nullable_required=_WHOLE,
    case_sensitive_required=pa.bool_(),
    searchable_required=_WHOLE,
    unsigned_attribute=pa.bool_(),
    fixed_prec_scale_required=pa.bool_(),
    auto_increment=pa.bool_(),
    local_type_name=_TEXT,
    minimum_scale=_WHOLE,
    maximum_scale=_WHOLE,
    sql_data_type_required=_WHOLE,
    datetime_subcode=_WHOLE,
    num_prec_radix=_WHOLE,
    interval_precision=_WHOLE,
)
# Name, number in XDBC, size, quote.
_KNOWN_TYPES = (
    ("BOOLEAN", -7, 1, None),
    ("BIGINT", -5, 19, None),
    ("DOUBLE", 8, 15, None),
    ("DECIMAL", 3, 38, None),
    ("VARCHAR", 12, None, "'"),
    ("DATE", 91, 10, "'"),
    ("TIMESTAMP WITH TIME ZONE", 93, 32, "'"),
    ("BLOB", -3, None, "'"),
)
_NULLABLE, _SEARCHABLE = 1, 3


@dataclass(frozen=True, slots=True)
class ServedNames:
    """What a principal is served, by name.

    Args:
        schemas: Table as `layer.name` -> its columns as Arrow has them.
        keys: Table -> names of the columns of its key that are served, where all are.
    """

    schemas: Mapping[str, pa.Schema] = field(default_factory=dict)
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def metadata_schema(message: FlightMessage) -> pa.Schema | None:
    """The columns of the answer to a message; None if it is no question about metadata."""
    if message.name == "CommandGetTables" and message.fields.get(5, [0])[-1]:
        return TABLES_WITH_SCHEMA
    found = _ANSWERS.get(message.name)
    return found[0] if found else None


def answer_metadata(message: FlightMessage, served: ServedNames) -> pa.Table:
    """The answer to a question about metadata.

    Raises:
        UsageError: It is none.
    """
    found = _ANSWERS.get(message.name)
    if found is None:
        raise UsageError("flight_command_unknown", found=message.name)
    return found[1](message, served)


def _catalogs(_: FlightMessage, __: ServedNames) -> pa.Table:
    return _table(CATALOGS, [(CATALOG,)])


def _schemas(message: FlightMessage, served: ServedNames) -> pa.Table:
    names = sorted({table.partition(".")[0] for table in served.schemas})
    return _table(SCHEMAS, [(CATALOG, name) for name in names if _fits(message.text(2), name) and _is_own(message)])


def _tables(message: FlightMessage, served: ServedNames) -> pa.Table:
    with_schema = metadata_schema(message) is TABLES_WITH_SCHEMA
    types = message.texts(4)
    rows: list[tuple[object, ...]] = []
    for table, columns in sorted(served.schemas.items()):
        layer, _, name = table.partition(".")
        if (
            _is_own(message)
            and _fits(message.text(2), layer)
            and _fits(message.text(3), name)
            and (not types or TABLE_TYPE in types)
        ):
            own = (CATALOG, layer, name, TABLE_TYPE)
            rows.append((*own, columns.serialize().to_pybytes()) if with_schema else own)
    return _table(TABLES_WITH_SCHEMA if with_schema else TABLES, rows)


def _primary_keys(message: FlightMessage, served: ServedNames) -> pa.Table:
    layer, name = message.text(2), message.text(3) or ""
    rows = [
        (CATALOG, *table.split("."), column, at, None)
        for table, columns in sorted(served.keys.items())
        if table.partition(".")[2] == name and layer in {None, "", table.partition(".")[0]}
        for at, column in enumerate(columns, start=1)
    ]
    return _table(PRIMARY_KEYS, rows)


def _foreign_keys(_: FlightMessage, __: ServedNames) -> pa.Table:
    return _table(FOREIGN_KEYS, [])


def _types(message: FlightMessage, _: ServedNames) -> pa.Table:
    wanted = message.fields.get(1, [])
    rows = []
    for name, number, size, quote in _KNOWN_TYPES:
        if not wanted or number % 2**64 in wanted:
            is_number = name in {"BIGINT", "DOUBLE", "DECIMAL"}
            about = (_NULLABLE, True, _SEARCHABLE, False if is_number else None, False, False, name, None, None)
            rows.append((name, number, size, quote, quote, None, *about, number, None, 10 if is_number else None, None))
    return _table(TYPES, rows)


def _sql_info(message: FlightMessage, _: ServedNames) -> pa.Table:
    found: list[int] = []
    for value in message.fields.get(1, []):
        found.extend([value] if isinstance(value, int) else _read_packed(value))
    return sql_info(found)


def _read_packed(content: bytes) -> Iterable[int]:
    """Numbers of a repeated field in its packed form."""
    number = shift = 0
    for byte in content:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield number
            number = shift = 0


def _is_own(message: FlightMessage) -> bool:
    return message.text(1) in {None, "", CATALOG}


def _fits(pattern: str | None, name: str) -> bool:
    """Whether a name fits a pattern with `%` and `_`; None fits all."""
    if pattern is None:
        return True
    places = {0}  # how much of the name is matched so far
    for one in pattern[:_MAX_PATTERN]:
        if one == "%":
            places = set(range(min(places), len(name) + 1)) if places else places
        else:
            places = {at + 1 for at in places if at < len(name) and one in {"_", name[at]}}
    return len(name) in places and len(pattern) <= _MAX_PATTERN


def _table(schema: pa.Schema, rows: Iterable[tuple[object, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.Table.from_arrays(
        [pa.array(list(values), kind) for values, kind in zip(columns, schema.types, strict=True)], schema=schema
    )


_Answer = Callable[[FlightMessage, ServedNames], pa.Table]
# FlightMessage -> the columns of its answer, and the answer.
_ANSWERS: Mapping[str, tuple[pa.Schema, _Answer]] = {
    "CommandGetCatalogs": (CATALOGS, _catalogs),
    "CommandGetDbSchemas": (SCHEMAS, _schemas),
    "CommandGetTables": (TABLES, _tables),
    "CommandGetTableTypes": (TABLE_TYPES, lambda _, __: _table(TABLE_TYPES, [(TABLE_TYPE,)])),
    "CommandGetPrimaryKeys": (PRIMARY_KEYS, _primary_keys),
    "CommandGetExportedKeys": (FOREIGN_KEYS, _foreign_keys),
    "CommandGetImportedKeys": (FOREIGN_KEYS, _foreign_keys),
    "CommandGetCrossReference": (FOREIGN_KEYS, _foreign_keys),
    "CommandGetXdbcTypeInfo": (TYPES, _types),
    "CommandGetSqlInfo": (SQL_INFO_SCHEMA, _sql_info),
}

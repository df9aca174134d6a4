"""Compares the specification of a table with the stored Delta table. A feature that Lakeward can't write is an error."""

import functools
import json

from deltalake import DeltaTable, Field, Schema
from deltalake.schema import PrimitiveType

from lakeward.contracts.model import DataType
from lakeward.core.errors import ContractError
from lakeward.engines.delta.types import delta_type, from_delta
from lakeward.engines.tables import TableColumn, TableSpec

# Reader and writer features that require nothing of a writer of plain rows.
_HARMLESS = {"appendOnly", "invariants"}
# Writer versions below the one with named features imply features; 2 is append-only and invariants (Delta protocol).
_PLAIN_READER, _PLAIN_WRITER, _NAMED_FEATURES = 1, 2, 7


# Instead of the name of a type that is no primitive one.
_NESTED = "nested"


def to_field(column: TableColumn) -> Field:
    """The column as a field of Delta's schema, comment included."""
    metadata = {"comment": column.comment} if column.comment else {}
    return Field(column.name, PrimitiveType(delta_type(column.type)), nullable=column.nullable, metadata=metadata)


def to_schema(spec: TableSpec) -> Schema:
    """The schema of a new table."""
    return Schema([to_field(column) for column in spec.columns])


def columns_of(table: DeltaTable) -> tuple[TableColumn, ...]:
    """The stored columns as `TableColumn`."""
    return _columns_of(table.schema().to_json())


@functools.lru_cache(maxsize=256)
def _columns_of(schema: str) -> tuple[TableColumn, ...]:
    """The columns of a schema, which is as the log has it: to ask deltalake for each field takes longer, and a batch asks often."""
    return tuple(
        TableColumn(
            field["name"],
            from_delta(field["type"] if isinstance(field["type"], str) else _NESTED),
            field["nullable"],
            str(field["metadata"].get("comment", "")),
        )
        for field in json.loads(schema)["fields"]
    )


def has_own_types(table: DeltaTable) -> bool:
    """Whether each stored column has a type that Lakeward writes, so that `columns_of` says how it is read."""
    return all(delta_type(_column_type(field)) == _type_name(field) for field in table.schema().fields)


def missing_columns(table: DeltaTable, spec: TableSpec) -> list[Field]:
    """Nullable columns of `spec` that the stored table lacks.

    Raises:
        ContractError: The stored table does not match `spec`, or uses a feature that Lakeward does not write.
    """
    _check_features(table, spec)
    stored = {field.name: field for field in table.schema().fields}
    expected_columns = {column.name: column for column in spec.columns}
    _check_partition_columns(table, spec)
    for name, field in stored.items():
        if name not in expected_columns and (not field.nullable or delta_type(_column_type(field)) != _type_name(field)):
            raise _mismatch(spec, name, "-", _type_name(field))
        if name in expected_columns and _type_name(field) != delta_type(expected_columns[name].type):
            raise _mismatch(spec, name, delta_type(expected_columns[name].type), _type_name(field))
        if name in expected_columns and expected_columns[name].nullable and not field.nullable:
            raise _mismatch(spec, name, "NULL", "NOT NULL")
    new = [column for column in spec.columns if column.name not in stored]
    for column in new:
        if not column.nullable:
            raise _mismatch(spec, column.name, f"{delta_type(column.type)} NOT NULL", "-")
    return [to_field(column) for column in new]


def _check_partition_columns(table: DeltaTable, spec: TableSpec) -> None:
    stored = table.metadata().partition_columns
    if tuple(stored) != spec.partition_by:
        raise _mismatch(spec, "PARTITION BY", ", ".join(spec.partition_by) or "-", ", ".join(stored) or "-")


def unsupported_features(table: DeltaTable) -> set[str]:
    """Features of the table that Lakeward does not write; empty if its files are plain Parquet."""
    protocol = table.protocol()
    named = {*(protocol.reader_features or ()), *(protocol.writer_features or ())} - _HARMLESS
    if not named and (protocol.min_reader_version, protocol.min_writer_version) != (_PLAIN_READER, _PLAIN_WRITER):
        named = _unsupported_versions(protocol.min_reader_version, protocol.min_writer_version)
    return named


def _check_features(table: DeltaTable, spec: TableSpec) -> None:
    if named := unsupported_features(table):
        raise ContractError("table_feature_unsupported", table=spec.name, feature=", ".join(sorted(named)))


def _unsupported_versions(reader: int, writer: int) -> set[str]:
    """Unsupported protocol versions of an old table without named features."""
    too_new = {"reader": reader > _PLAIN_READER and writer != _NAMED_FEATURES, "writer": _PLAIN_WRITER < writer < _NAMED_FEATURES}
    return {f"{half} version {number}" for (half, new), number in zip(too_new.items(), (reader, writer), strict=True) if new}


def _mismatch(spec: TableSpec, column: str, expected: str, found: str) -> ContractError:
    return ContractError("table_schema_mismatch", table=spec.name, column=column, expected=expected, found=found)


def _column_type(field: Field) -> DataType:
    return from_delta(_type_name(field))


def _type_name(field: Field) -> str:
    return field.type.type if isinstance(field.type, PrimitiveType) else _NESTED

"""What the footer of a Parquet file says of its columns, beside the types that DuckDB gives them.

Types that DuckDB would read as other values are an error: a decimal wider than DuckDB's own, and annotations that it overlooks. Two are
corrected: a time that is an instant by the format, and a column without values.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from lakeward.core.sql import path_literal

# Digits of DuckDB's widest decimal; it reads wider ones as a floating-point number made of the wrong bytes.
MAX_DECIMAL_DIGITS = 38
# How DuckDB calls the type of a column that has no value, and needs none.
NULL_TYPE = '"NULL"'
# Annotations that DuckDB knows by their older name alone ("converted type"); without it, it reads the bare number or bytes.
_NEEDS_CONVERTED_TYPE = frozenset({"String", "Enum", "Decimal", "Date", "Int", "Json", "Bson"})
# Times annotated in the older way alone are instants (Parquet format, "Deprecated timestamp ConvertedType"); DuckDB takes them for naive ones.
_OLD_INSTANTS = frozenset({"TIMESTAMP_MILLIS", "TIMESTAMP_MICROS"})
_FINE_INSTANT = re.compile(r"^TimestampType\(isAdjustedToUTC=1.*NANOS=NanoSeconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetFooter:
    """The columns of one file.

    Args:
        types: DuckDB's type of each, corrected, by its name in the file.
        places: DuckDB's name of each: of those that differ by case alone (`T`, `t`) it numbers the later ones (`t_1`).
        instants: Those that DuckDB itself would read as times without a zone.
        nanoseconds: Those counted in nanoseconds of which DuckDB reads microseconds: with a zone, or of the old type INT96.
        misread: Name and type of each value that DuckDB would read as another, such as `price: DECIMAL(50,10)`.
    """

    types: Mapping[str, str]
    places: Mapping[str, str]
    instants: frozenset[str] = frozenset()
    nanoseconds: frozenset[str] = frozenset()
    misread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Element:
    """A node of the footer's schema, with the place of the column it belongs to, from 0."""

    column: int
    path: str
    is_column: bool
    is_leaf: bool
    physical: str | None
    converted: str | None
    logical: str
    precision: int | None
    scale: int | None

    @property
    def kind(self) -> str:
        return self.logical.partition("Type(")[0]

    @property
    def is_cut_to_microseconds(self) -> bool:
        """Whether it counts nanoseconds, of which DuckDB reads microseconds."""
        return self.physical == "INT96" or _FINE_INSTANT.search(self.logical) is not None


def read_footer(con: duckdb.DuckDBPyConnection, file: Path) -> ParquetFooter:
    """The columns of a file.

    Raises:
        duckdb.Error: The file can't be read.
    """
    path = path_literal(file)
    described = con.execute(f"DESCRIBE FROM read_parquet({path}, hive_partitioning = false)").fetchall()
    items = "name, num_children, type, converted_type, logical_type, precision, scale"
    elements = tuple(_elements(con.execute(f"SELECT {items} FROM parquet_schema({path})").fetchall()))
    places = _places([row[0] for row in described], [one.path for one in elements if one.is_column])
    names = list(places)
    old = {names[one.column] for one in elements if one.is_column and one.converted in _OLD_INSTANTS and not one.logical}
    empty = {names[one.column] for one in elements if one.is_column and one.kind == "Null"}
    types = {name: row[1] for name, row in zip(names, described, strict=True)}
    types |= dict.fromkeys(old, "TIMESTAMP WITH TIME ZONE") | dict.fromkeys(empty, NULL_TYPE)
    misread = (f"{one.path}: {found}" for one in elements if one.is_leaf and (found := _misread_type(one)))
    fine = frozenset(names[one.column] for one in elements if one.is_column and one.is_cut_to_microseconds)
    return ParquetFooter(types=types, places=places, instants=frozenset(old), nanoseconds=fine, misread=tuple(misread))


def _places(given: Sequence[str], own: Sequence[str]) -> dict[str, str]:
    """The columns by their names in the file; one that is there twice in the same letters has DuckDB's name."""
    found: dict[str, str] = {}
    for place, name in zip(given, own, strict=True):
        is_numbered = re.fullmatch(f"{re.escape(name)}(_[0-9]+)+", place) and name not in found
        found[name if is_numbered else place] = place
    return found


def _elements(rows: Sequence[tuple[Any, ...]]) -> Iterator[_Element]:
    """The nodes below the root, in the file's order, which is depth first."""
    open_nodes: list[list[Any]] = []
    column = -1
    for name, children, physical, converted, logical, precision, scale in rows[1:]:
        column += not open_nodes
        path = ".".join([*(node[0] for node in open_nodes), name])
        yield _Element(
            column=column,
            path=path,
            is_column=not open_nodes,
            is_leaf=not children,
            physical=physical,
            converted=converted,
            logical=logical or "",
            precision=precision,
            scale=scale,
        )
        if open_nodes:
            open_nodes[-1][1] -= 1
        if children:
            open_nodes.append([name, children])
        while open_nodes and not open_nodes[-1][1]:
            open_nodes.pop()


def _misread_type(element: _Element) -> str | None:
    """The type, where DuckDB would read other values of it."""
    if element.converted == "DECIMAL":
        precision, scale = element.precision or 0, element.scale or 0
        return f"DECIMAL({precision},{scale})" if precision > MAX_DECIMAL_DIGITS or scale > precision else None
    return element.kind.upper() if not element.converted and element.kind in _NEEDS_CONVERTED_TYPE else None

"""Attached JSON, whose texts are judged as they are written.

DuckDB takes texts that look like times or UUIDs for such, and writes them in its own form: `9:05:03` as `09:05:03`.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
from duckdb import sqltypes

from lakeward.core.errors import DataError
from lakeward.core.sql import literal, path_literal
from lakeward.core.storage.remote_path import LakePath

# Types of what JSON has: anything else was made of texts.
_OWN_TYPES = frozenset({"boolean", "bigint", "ubigint", "hugeint", "uhugeint", "double", "varchar", "list", "struct", "map"})
# What DuckDB calls columns whose key is empty, or differs from another key by case alone.
_GIVEN_NAME = re.compile(r"C\d+|(.+)_\d+", re.DOTALL)


def json_scan(files: Sequence[Path]) -> str:
    """SQL of the records of files, whose columns and types are found in all of them.

    No text has the format that is given for dates and times: JSON has none. An object with many keys is no map.
    """
    options = f"sample_size = -1, maximum_sample_files = {len(files)}, map_inference_threshold = -1"
    return f"read_json({_file_list(files)}, {options}, hive_partitioning = false, dateformat = '%%', timestampformat = '%%')"


def typed_json_scan(
    con: duckdb.DuckDBPyConnection, files: Sequence[Path], types: Mapping[str, sqltypes.DuckDBPyType], place: LakePath | str
) -> str | None:
    """SQL of the same records with texts in place of times and UUIDs; None where there are none.

    Args:
        types: Columns of `json_scan`, with their types.
        place: What messages call the data.

    Raises:
        DataError: A key can't be asked for by its name.
    """
    if all(type_.id in _OWN_TYPES for type_ in types.values()):
        return None
    _check_keys(con, files, types, place)
    columns = (f"{literal(name)}: {literal(_type_of(type_))}" for name, type_ in types.items())
    return f"read_json({_file_list(files)}, columns = {{{', '.join(columns)}}}, hive_partitioning = false)"


def _type_of(type_: sqltypes.DuckDBPyType) -> str:
    return str(type_) if type_.id in _OWN_TYPES else "VARCHAR"


def _check_keys(
    con: duckdb.DuckDBPyConnection, files: Sequence[Path], names: Mapping[str, object], place: LakePath | str
) -> None:
    """Check that each column has the name of its key."""
    given = [name for name in names if _GIVEN_NAME.fullmatch(name)]
    if not given:
        return
    keys = con.execute(f"SELECT DISTINCT unnest(json_keys(json)) FROM read_json_objects({_file_list(files)})").fetchall()
    for name in given:
        if (name,) not in keys:
            raise DataError("data_key_not_readable", file=place, column=name)


def _file_list(files: Sequence[Path]) -> str:
    return f"[{', '.join(map(path_literal, files))}]"

"""Parquet files outside the lake, before a row of them is read: whether all can be read, alike, and as they are."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import duckdb

from lakeward.contracts.model import DataType
from lakeward.core.errors import DataError
from lakeward.engines.embedded.parquet_statistics import parquet_statistics
from lakeward.engines.reading.file_errors import FileReadTrial
from lakeward.engines.reading.parquet_footer import read_footer
from lakeward.engines.tables import RowStatistics


def check_parquet_files(con: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    """Check that all files have the same columns of the same types, each of a type that is read as it is.

    Raises:
        DataError: They differ, one can't be read, or a type of it can't.
    """
    first: Mapping[str, str] = {}
    with FileReadTrial(con) as trial:
        for file in files:
            footer = trial.try_read(partial(read_footer, file=file))
            if footer is None:
                raise DataError("data_unreadable", file=file)
            if footer.misread:
                raise DataError("data_type_unreadable", file=file, found="; ".join(footer.misread))
            found = footer.types
            first = first or found
            other = next((name for name in {**first, **found} if first.get(name) != found.get(name)), None)
            if other is None and len({*map(str.casefold, found)}) < len(found):  # DuckDB tells those apart by their order
                other = next((name for name, same in zip(found, first, strict=True) if name != same), None)
            if other is not None:
                facts = {"column": other, "expected": first.get(other, "-"), "found": found.get(other, "-")}
                raise DataError("data_files_differ", file=file, first=files[0], **facts)


def read_statistics(con: duckdb.DuckDBPyConnection, files: Sequence[Path], types: Mapping[str, DataType]) -> RowStatistics | None:
    """What the footers say of all rows; None where they can't be made sense of: then the rows are read."""
    with FileReadTrial(con) as trial:
        return trial.try_read(lambda look: parquet_statistics(look, files, types))

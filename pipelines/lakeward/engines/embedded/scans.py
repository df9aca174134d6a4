"""Reads Delta tables at a version; DuckDB's Delta extension lists the files."""

from lakeward.core.sql import literal
from lakeward.core.storage.remote_path import LakePath


def delta_scan(folder: LakePath, version: int | None = None, *, file_column: str | None = None) -> str:
    """A relation of a Delta table's rows.

    Args:
        version: None for the newest one when the query is bound.
        file_column: Name of an added column with the path of each row's file.
    """
    options = "" if version is None else f", version = {version}"
    options += "" if file_column is None else f", filename = {literal(file_column)}"
    return f"delta_scan({literal(str(folder))}{options})"

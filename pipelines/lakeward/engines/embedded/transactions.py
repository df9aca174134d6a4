"""The application transactions of a Delta table, from its log: deltalake gives the version of one application, but no list of them."""

import json
from collections.abc import Iterator

import duckdb

from lakeward.core.sql import path_literal
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.table_files import LOG, log_names

# Digits of a version in the name of a file of the log.
_DIGITS = 20


def table_transactions(con: duckdb.DuckDBPyConnection, folder: LakePath) -> dict[str, int]:
    """Application -> its last version; none without a table."""
    names = log_names(folder)
    parts = [name for name in names if ".checkpoint" in name and name.endswith(".parquet")]
    newest = parts[-1][:_DIGITS] if parts else ""
    found = _from_checkpoint(con, [folder / LOG / part for part in parts if part.startswith(newest)]) if parts else {}
    for name in names:
        stem, _, ending = name.partition(".")
        if ending == "json" and stem.isdigit() and stem > newest:
            found.update(_from_commit(folder / LOG / name))
    return found


def _from_checkpoint(con: duckdb.DuckDBPyConnection, parts: list[LakePath]) -> dict[str, int]:
    files = ", ".join(path_literal(part) for part in parts)
    query = f"SELECT txn.appId, max(txn.version) FROM read_parquet([{files}]) WHERE txn.appId IS NOT NULL GROUP BY 1"
    return dict(con.execute(query).fetchall())


def _from_commit(commit: LakePath) -> Iterator[tuple[str, int]]:
    for line in commit.read_text(encoding="utf-8").split("\n"):  # a text in it may hold other ends of lines
        if '"txn"' in line and (txn := json.loads(line).get("txn")):
            yield txn["appId"], txn["version"]

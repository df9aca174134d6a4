"""The application transactions of a Delta table, from its log: deltalake gives the version of one application, but no list of them."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb

from lakeward.core.sql import literal

# Digits of a version in the name of a file of the log.
_DIGITS = 20


def table_transactions(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
    """Application -> its last version; none without a table."""
    log = folder / "_delta_log"
    parts = sorted(log.glob("*.checkpoint*.parquet"))
    newest = parts[-1].name[:_DIGITS] if parts else ""
    found = _from_checkpoint(con, [part for part in parts if part.name.startswith(newest)]) if parts else {}
    for commit in sorted(log.glob("*.json")):
        if commit.stem.isdigit() and commit.stem > newest:
            found.update(_from_commit(commit))
    return found


def _from_checkpoint(con: duckdb.DuckDBPyConnection, parts: list[Path]) -> dict[str, int]:
    files = ", ".join(literal(str(part)) for part in parts)
    query = f"SELECT txn.appId, max(txn.version) FROM read_parquet([{files}]) WHERE txn.appId IS NOT NULL GROUP BY 1"
    return dict(con.execute(query).fetchall())


def _from_commit(commit: Path) -> Iterator[tuple[str, int]]:
    for line in commit.read_text(encoding="utf-8").splitlines():
        if '"txn"' in line and (txn := json.loads(line).get("txn")):
            yield txn["appId"], txn["version"]

"""Estates of thousands of datasets that were run once: one dataset is run, and its contract, tables, logs and records are copied for the others.

Only metadata and logs are new; data files are links to those of the first. `python -m tests.support.large_estates FOLDER 10000` makes one by hand.
"""

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.transaction import AddAction

from lakeward.core.settings import Settings
from lakeward.flows import run_all
from support.estates import make_estate

FIRST = "line_0000"


def make_large_estate(folder: Path, datasets: int) -> Path:
    """A project whose datasets `line_0000`, `line_0001`, … all have the batch of the first, so that none has anything to do.

    Args:
        folder: Folder to create.
    """
    root = make_estate(folder, 1)
    _, errors = run_all(Settings(start=root))
    assert not errors
    names = [f"line_{number:04}" for number in range(1, datasets)]
    for name in names:
        for place in _places(root):
            _copy(place, place.with_name(name), name)
    hashes = [(name, *_hashes(root, name)) for name in names]
    for log in sorted((root / "lake" / "governance").glob("*/_delta_log")):
        _copy_records(log.parent, hashes)
    return root


def _places(root: Path) -> Iterator[Path]:
    """The folders of the first dataset."""
    yield root / "expectations" / "datasets" / FIRST
    yield root / "inbox" / FIRST
    yield from sorted((root / "lake").glob(f"[a-z]*/{FIRST}"))


def _copy(source: Path, target: Path, name: str) -> None:
    """Copy a folder: logs and contracts with the name of the dataset, files of data as links."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.is_dir():
            _copy(path, target / path.name, name)
        elif path.suffix in {".json", ".yaml"} and "landing" not in path.parts:
            (target / path.name).write_text(path.read_text(encoding="utf-8").replace(FIRST, name), encoding="utf-8")
        else:
            os.link(path, target / path.name)


def _hashes(root: Path, name: str) -> tuple[str, str]:
    folder = root / "expectations" / "datasets" / name
    return tuple(hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in ("contract.odcs.yaml", "suite.json"))


def _copy_records(table: Path, hashes: list[tuple[str, str, str]]) -> None:
    """Copy the rows and transactions of the first dataset in a table of records for each of the others, in one commit."""
    stored = DeltaTable(str(table))
    columns = {field.name: json.loads(field.type.to_json()) for field in stored.schema().fields}
    if "dataset" not in columns:
        return
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("CREATE TABLE names (name VARCHAR, contract_hash VARCHAR, suite_hash VARCHAR)")
        con.execute(
            "INSERT INTO names SELECT unnest(?), unnest(?), unnest(?)", [list(part) for part in zip(*hashes, strict=True)]
        )
        items = ", ".join(f'{_item(column, kind)} AS "{column}"' for column, kind in columns.items())
        rows = f"SELECT {items} FROM read_parquet({stored.file_uris()!r}) r, names n WHERE r.dataset = '{FIRST}'"
        file = table / "part-of-others.parquet"
        count = con.execute(f"COPY ({rows}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)").fetchone()[0]
    stats = json.dumps({"numRecords": count})
    add = AddAction(file.name, file.stat().st_size, {}, int(file.stat().st_mtime * 1000), True, stats)
    txns = [Transaction(app.replace(FIRST, name), version) for app, version in _transactions(table) for name, *_ in hashes]
    properties = CommitProperties(app_transactions=txns)
    stored.create_write_transaction([add] if count else [], mode="append", schema=stored.schema(), commit_properties=properties)


def _item(column: str, kind: object) -> str:
    if column in {"contract_sha256", "suite_sha256"}:
        return f"n.{column.removesuffix('_sha256')}_hash"
    return f"replace(r.\"{column}\", '{FIRST}', n.name)" if kind == "string" else f'r."{column}"'


def _transactions(table: Path) -> list[tuple[str, int]]:
    """Transactions of the first dataset in the table's log."""
    lines = (line for log in sorted((table / "_delta_log").glob("*.json")) for line in log.read_text().splitlines())
    found = {action["txn"]["appId"]: action["txn"]["version"] for line in lines if "txn" in (action := json.loads(line))}
    return [(app, version) for app, version in found.items() if re.search(rf"\b{FIRST}\b", app)]


if __name__ == "__main__":
    make_large_estate(Path(sys.argv[1]), int(sys.argv[2]))

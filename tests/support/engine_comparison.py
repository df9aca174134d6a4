"""Runs one project with both engines into two lakes, and compares their tables."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lakeward.core.settings import EMBEDDED, SPARK, Settings
from lakeward.core.sql import identifier, literal
from lakeward.engines.embedded.engine import EmbeddedEngine
from lakeward.flows import run_dataset
from lakeward.flows.base.order import dependency_order
from lakeward.flows.base.workspace import open_workspace
from support.both_engines import CONF
from support.object_stores import BUCKET, environment

# Columns that a rerun need not repeat: run and time. And what differs by engine: its name, and the bytes of files.
NOT_COMPARED = frozenset(
    {"_run_id", "_ingested_at", "run_id", "engine", "observed_at", "judged_at", "scored_at", "started_at", "finished_at"}
    | {"planned_at", "applied_at", "done_at", "proposed_at", "assessed_at", "_repaired_at", "recorded_at"}
    | {"asked_at", "logged_at", "elapsed_us", "session_id", "prev", "hash", "query_hmac"}
    | {"table_bytes"}
)
# What a batch cost is measured of one engine alone (`engines/gaps.py`), and readiness counts it; its items are compared as they are shown.
NOT_COMPARED_TABLES = frozenset({"governance/run_costs", "governance/maturity"})
# Digits of compared doubles: sums in another order differ after these.
DIGITS = "CAST(printf('%.12g', {}) AS DOUBLE)"


@dataclass(frozen=True)
class TwoLakes:
    """The project, as each engine sees it."""

    embedded: Settings
    spark: Settings

    def both(self, flow: Callable[[Settings], Any]) -> tuple[Any, Any]:
        """What the flow returns from each."""
        return flow(self.embedded), flow(self.spark)

    def drop(self, path: str, content: bytes) -> None:
        """Put the same file into both drop folders."""
        for settings in (self.embedded, self.spark):
            file = settings.start / "inbox" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def folders(self) -> list[Path]:
        """Where the tables of each lie on this machine."""
        return [settings.start / "lake" for settings in (self.embedded, self.spark)]

    def differences(self) -> dict[str, Any]:
        """Differences by table; empty if the lakes are equal."""
        lakes = self.folders()
        there = [
            {str(log.parent.relative_to(lake)) for log in lake.glob("*/*/_delta_log")} - NOT_COMPARED_TABLES for lake in lakes
        ]
        found: dict[str, Any] = dict.fromkeys(there[0] ^ there[1], "only one has it")
        engine = EmbeddedEngine(str(lakes[0]))
        try:
            unlike = {name: _table_differences(engine, *(lake / name for lake in lakes)) for name in sorted(there[0] & there[1])}
        finally:
            engine.close()
        return found | {name: rows for name, rows in unlike.items() if rows}


@dataclass(frozen=True)
class TwoRemoteLakes(TwoLakes):
    """Two lakes in an object store that keeps objects as plain files.

    Args:
        bucket: Folder of the bucket's objects.
    """

    bucket: Path

    def folders(self) -> list[Path]:
        """See `TwoLakes.folders`."""
        found = [str(settings.lake).removeprefix(f"s3://{BUCKET}/") for settings in (self.embedded, self.spark)]
        return [self.bucket / prefix for prefix in found]


def in_store(lakes: TwoLakes, endpoint: str, store_folder: Path, prefix: str) -> TwoRemoteLakes:
    """The same projects, which nothing has written yet, with lakes below this prefix of the store."""
    embedded, spark = (
        replace(settings, lake=f"s3://{BUCKET}/{prefix}/{settings.engine}", store=environment(endpoint))
        for settings in (lakes.embedded, lakes.spark)
    )
    return TwoRemoteLakes(embedded, spark, store_folder / BUCKET)


def two_lakes(root: Path, make: Callable[[Path], Settings]) -> TwoLakes:
    """The project that `make` makes, twice: each engine has a drop folder and a lake of its own."""
    made = make(root / EMBEDDED)
    shutil.copytree(made.start, root / SPARK)
    found = Settings.load().spark
    session = replace(found, master="local[2]", conf=CONF | dict(found.conf))
    return TwoLakes(replace(made, engine=EMBEDDED), replace(made, engine=SPARK, start=root / SPARK, spark=session))


def run_and_count(settings: Settings) -> list[tuple[str, Any]]:
    """Run all datasets and return their counts by name.

    One by one in the same order, since scores name the versions of tables: `run_all` takes small deliveries first where it can.
    """
    project = open_workspace(settings).project
    return [(name, run_dataset(settings, name).counts) for name in dependency_order(project, project.datasets())]


def _table_differences(engine: EmbeddedEngine, left: Path, right: Path) -> dict[str, Any]:
    """Columns, or first rows, that only one of them has; empty if they are equal."""
    scans = [f"delta_scan({literal(str(side))})" for side in (left, right)]
    types = [{row["column_name"]: row["column_type"] for row in engine.fetch(f"DESCRIBE SELECT * FROM {scan}")} for scan in scans]
    if types[0] != types[1]:
        return {"columns": sorted(set(types[0].items()) ^ set(types[1].items()))}
    items = ", ".join(_item(left, *column) for column in types[0].items() if column[0] not in NOT_COMPARED)
    left_rows, right_rows = (f"SELECT {items} FROM {scan}" for scan in scans)
    only = {
        EMBEDDED: engine.fetch(f"({left_rows} EXCEPT ALL {right_rows}) LIMIT 5"),
        SPARK: engine.fetch(f"({right_rows} EXCEPT ALL {left_rows}) LIMIT 5"),
    }
    return {side: rows for side, rows in only.items() if rows}


def _item(table: Path, name: str, type_: str) -> str:
    """The column as it is compared: with what `engines/gaps.py` declares of it left out."""
    own = identifier(name)
    if table.parent.name == "gold" and name == "_row":  # "numbers of unordered rows"
        return "0 AS _row"
    if type_ == "DOUBLE":  # "order of floating-point sums"
        return f"{DIGITS.format(own)} AS {own}"
    if name == "observed":
        return f"coalesce(CAST({DIGITS.format(f'TRY_CAST({own} AS DOUBLE)')} AS VARCHAR), {own}) AS {own}"
    return own

"""What a damaged lake had taken in after a backup, by batch, from what is still readable of its logs, and which of the received files are whole.

No table is opened: a log is a text per commit, and one that is damaged says so.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakeward.core.names import Layer
from lakeward.flows.backup.manifest import Manifest
from lakeward.flows.backup.repository import file_hash
from lakeward.flows.base.answers import fields_of

_COMMIT = re.compile(r"(\d{20})\.json")
_APP = re.compile(r"lakeward/(?P<dataset>[^#/]+)(?:#\d+)?")
_PLANS = "governance/batches"


@dataclass(frozen=True, slots=True)
class LostFile:
    """A received file of a lost batch.

    Args:
        name: As it was delivered.
        copy: Where it lies, whole; None if it is damaged or gone.
    """

    name: str
    copy: str | None

    def as_dict(self) -> dict[str, object]:
        """`name, copy`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostBatch:
    """A batch that was taken in after the backup.

    Args:
        dataset: Name of the dataset, or of the table whose commit is unreadable.
        batch: Its number; None of an unreadable commit, which may have been of any batch.
        rows: Rows in bronze; None if that is unreadable, or not written yet.
        files: The received files that it was read from, as far as known.
    """

    dataset: str
    batch: int | None
    rows: int | None
    files: tuple[LostFile, ...]

    def as_dict(self) -> dict[str, object]:
        """`dataset, batch, rows, files`."""
        return fields_of(self)


@dataclass(slots=True)
class _Found:
    rows: int | None = None
    files: list[LostFile] = field(default_factory=list)


def lost_batches(lake: Path, manifest: Manifest) -> list[LostBatch]:
    """The batches of the lake in this folder that are not in the backup, by dataset and number; unreadable commits last.

    Args:
        lake: The lake that was moved aside.
    """
    versions, batches, unreadable = manifest.versions(), dict[tuple[str, int], _Found](), list[str]()
    plans = lake / _PLANS
    for actions in _later_commits(plans, versions.get(_PLANS.replace("/", "."), -1), unreadable):
        for plan in _plans_in(actions):
            files = _files_between(lake, plan["dataset"], plan["start_offset"], plan["end_offset"])
            batches.setdefault((plan["dataset"], plan["batch_seq"]), _Found()).files += files
    for folder in sorted((lake / Layer.BRONZE).glob("*")):
        for actions in _later_commits(folder, versions.get(f"{Layer.BRONZE}.{folder.name}", -1), unreadable):
            for batch in _batches(actions, folder.name):
                found = batches.setdefault((folder.name, batch), _Found())
                found.rows = (found.rows or 0) + _added_rows(actions)
    known = [
        LostBatch(dataset=dataset, batch=batch, rows=found.rows, files=tuple(found.files))
        for (dataset, batch), found in sorted(batches.items())
    ]
    return [*known, *(LostBatch(dataset=table, batch=None, rows=None, files=()) for table in unreadable)]


def _later_commits(folder: Path, version: int, unreadable: list[str]) -> Iterator[list[dict[str, Any]]]:
    """The actions of each commit after the version; a commit that can't be read adds its table to the list."""
    for file in sorted((folder / "_delta_log").glob("*.json")):
        number = _COMMIT.fullmatch(file.name)
        if number and int(number[1]) > version:
            try:
                yield [json.loads(line) for line in file.read_bytes().splitlines()]
            except (OSError, ValueError):
                unreadable.append(f"{folder.parent.name}.{folder.name}")


def _plans_in(actions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The plans that a commit added: bounds of a file's columns, which has one row."""
    for action in actions:
        stats = json.loads(action.get("add", {}).get("stats") or "{}")
        if stats.get("numRecords") == 1 and {"dataset", "batch_seq", "start_offset", "end_offset"} <= stats["minValues"].keys():
            yield stats["minValues"]


def _batches(actions: list[dict[str, Any]], dataset: str) -> Iterator[int]:
    for action in actions:
        txn: Mapping[str, Any] = action.get("txn", {})
        app = _APP.fullmatch(txn.get("appId", ""))
        if app and app["dataset"] == dataset:
            yield txn["version"]


def _added_rows(actions: list[dict[str, Any]]) -> int:
    return sum(json.loads(action["add"].get("stats") or "{}").get("numRecords", 0) for action in actions if "add" in action)


def _files_between(lake: Path, dataset: str, start: int, end: int) -> list[LostFile]:
    """The received files whose numbers are above `start`, up to `end`."""
    landing, found = lake / "landing" / dataset, []
    for file in sorted((landing / "ledger").glob("[0-9]*.json")):
        try:
            items = json.loads(file.read_bytes())["inputs"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        found += [_lost_file(landing, item) for item in items if start < item["seq"] <= end]
    return found


def _lost_file(landing: Path, item: Mapping[str, Any]) -> LostFile:
    copy = landing / item["sha256"]
    is_whole = copy.is_file() and file_hash(copy) == item["sha256"]
    return LostFile(item["name"], str(copy) if is_whole else None)

"""A dataset that has received a batch an hour for long: one batch is received, and its commits are written again for each hour, with links to its files.

Only logs are new: a table has as many commits, files and transactions as after so many batches, each an hour later, and its rows as often.
"""

import json
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from deltalake import DeltaTable

from lakeward.core.settings import Settings
from lakeward.flows import maintain, run_all
from support.estates import deliver, make_estate

NAME = "line_0000"
WEEK, YEAR = 7 * 24, 365 * 24
# Commits between two checkpoints of a table in a folder, as deltalake writes them by itself.
CHECKPOINT = 100
_HOUR = timedelta(hours=1) // timedelta(milliseconds=1)
_Commit = list[dict[str, dict[str, object]]]


def make_year(folder: Path, batches: int, *, maintained: bool) -> Path:
    """A project whose dataset `line_0000` has received so many hourly batches until now.

    Args:
        folder: Folder to create.
        maintained: Whether `maintain` ran a week before the end, as its weekly DAG does.
    """
    root = make_estate(folder, 1)
    run_all(Settings(start=root))
    before = _versions(root)
    deliver(root, NAME, 1)
    run_all(Settings(start=root))
    templates = {table: _commits(table, before.get(table, -1)) for table in _versions(root)}
    early = batches - WEEK if maintained else batches
    _repeat(templates, range(3, early + 1), batches)
    if maintained:
        _, failed = maintain(Settings(start=root))
        assert not failed
        _repeat(templates, range(early + 1, batches + 1), batches)
    return root


def _versions(root: Path) -> dict[Path, int]:
    folders = (log.parent for log in (root / "lake").glob("*/*/_delta_log"))
    return {folder: DeltaTable(str(folder)).version() for folder in folders}


def _commits(table: Path, after: int) -> list[_Commit]:
    """The commits of the second batch; none of a table that it left as it was."""
    logs = (log for log in sorted((table / "_delta_log").glob("*.json")) if int(log.stem) > max(after, 0))
    return [[json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] for log in logs]


def _repeat(templates: dict[Path, list[_Commit]], hours: range, end: int) -> None:
    now = int(time.time() * 1000)
    for table, commits in templates.items():
        version = DeltaTable(str(table)).version()
        for hour in hours:
            for commit in commits:
                version += 1
                _write(table, version, commit, now - (end - hour) * _HOUR)
        if commits and version >= CHECKPOINT:
            DeltaTable(str(table), version=version - version % CHECKPOINT).create_checkpoint()


def _write(table: Path, version: int, commit: _Commit, at: int) -> None:
    """Write a commit of the table once more.

    Args:
        at: Its time, in milliseconds.
    """
    log = table / "_delta_log" / f"{version:020}.json"
    log.write_text("\n".join(json.dumps(action) for action in _moved(table, version, commit, at)), encoding="utf-8")
    os.utime(log, (at / 1000, at / 1000))


def _moved(table: Path, version: int, commit: _Commit, at: int) -> Iterator[dict[str, dict[str, object]]]:
    for action in commit:
        ((kind, content),) = action.items()
        if kind == "add":
            path = f"{version:020}-{Path(str(content['path'])).name}"
            os.link(table / str(content["path"]), table / path)
            yield {kind: {**content, "path": path, "modificationTime": at}}
        elif kind == "commitInfo":
            yield {kind: {**content, "timestamp": at}}
        else:
            yield action

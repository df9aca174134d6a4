"""Real files of real plants: a project per data set, and an independent reader of files and tables."""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb

from lakeward.core.settings import Settings
from lakeward.flows import create_project

# Public sets lie outside the repository: their licences are not ours. tests/README.md says what they are and where to get them.
DATA = Path(__file__).parents[2] / "../shared/data"
RECORDED = Path(__file__).parents[1] / "fixtures" / "recorded"
FIXTURES = Path(__file__).parents[1] / "fixtures" / "real"


def make_project(root: Path, name: str, data: Path = DATA) -> Settings:
    """A project whose one dataset is the set `name` of `data`, all its files dropped."""
    project = create_project(root)
    shutil.copytree(FIXTURES / name, project / "expectations" / "datasets" / name)
    shutil.copytree(data / name, project / "inbox" / name, copy_function=shutil.copyfile)
    return Settings(start=project)


def records(path: Path, delimiter: str = ",") -> Iterator[dict[str, str]]:
    """The records of a file by Python's own reader, by column name."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file, delimiter=delimiter)


def query_live_files(settings: Settings, layer: str, name: str, items: str = "count(*)") -> list[tuple[object, ...]]:
    """A query over a table's live files, which are told by its log: no reader of ours has a part in it."""
    folder = settings.start / "lake" / layer / name
    live: dict[str, None] = {}
    for commit in sorted((folder / "_delta_log").glob("*.json")):
        for action in map(json.loads, commit.read_text().splitlines()):
            live |= {action["add"]["path"]: None} if "add" in action else {}
            live = {path: None for path in live if path != action.get("remove", {}).get("path")}
    files = [str(folder / path) for path in live]
    return duckdb.sql(f"SELECT {items} FROM read_parquet({files!r})").fetchall() if files else []


def count(settings: Settings, layer: str, name: str) -> int:
    """Rows of a table by that reader; 0 where it is not there."""
    found = query_live_files(settings, layer, name)
    return int(str(found[0][0])) if found else 0

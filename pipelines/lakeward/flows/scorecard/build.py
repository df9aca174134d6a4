"""Reads the figures of the CDO's scorecard from governance tables, each at one version, and reproduces its numbers. Commits nothing."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lakeward.core.errors import UsageError
from lakeward.core.evidence import Evidence
from lakeward.core.names import TableName
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.maturity.catalogue import default_catalogue
from lakeward.scorecard import families, grade_queries, scores
from lakeward.scorecard.figures import Family, FamilyResult, Figure, Scorecard, parse_figure_id

# Default path of the page, below the project.
FOLDER = "scorecard"
PAGE, EVIDENCE = "scorecard.html", "evidence.json"


def read_scorecard(settings: Settings) -> Scorecard:
    """Every figure of the scorecard with its evidence.

    Raises:
        UsageError: There is no project at or above `settings.start`.
    """
    return _read_scorecard(open_workspace(settings))


def scorecard_path(settings: Settings) -> Path:
    """The default path of the scorecard's file in the project's first language.

    Raises:
        UsageError: There is no project at or above `settings.start`.
    """
    return _folder(open_workspace(settings)) / PAGE


def open_figure(settings: Settings, name: str, out: Path | None = None) -> Figure:
    """Run the query of one number of the built page again, at the same table versions.

    Args:
        name: The figure's id, as the page shows it.

    Raises:
        UsageError: There is no built page, it has no such figure, or a dataset was renamed since: its queries name the old one.
    """
    workspace = open_workspace(settings)
    file = (out or _folder(workspace)) / EVIDENCE
    if not file.is_file():
        raise UsageError("scorecard_not_built", folder=file.parent)
    built = json.loads(file.read_text(encoding="utf-8"))
    if built.get("renames", []) != [list(pair) for pair in workspace.project.names.renames]:
        raise UsageError("scorecard_before_renaming", folder=file.parent)
    found = _figure_evidence(built["families"], name)
    with workspace.engine() as engine:
        rows = engine.fetch(found.sql, at=_engine_versions(found.versions))
    value = rows[0]["value"] if rows else None
    return Figure(name, value, replace(found, value=value))


def _folder(workspace: Workspace) -> Path:
    return workspace.project.root / FOLDER


def _figure_evidence(stored_families: Mapping[str, Any], name: str) -> Evidence:
    try:
        family, key, column = parse_figure_id(name)
        entry = stored_families[family]
        narrowed = Family(
            name=family,
            tables=tuple(entry["versions"]),
            keys=tuple(entry["keys"]),
            numbers=tuple(entry["numbers"]),
            sql=entry["sql"],
        )
        return Evidence(narrowed.figure_query(key, column), entry["versions"], None)
    except (KeyError, ValueError) as error:
        raise UsageError("scorecard_no_figure", figure=name, families=", ".join(stored_families)) from error


def _read_scorecard(workspace: Workspace) -> Scorecard:
    now = workspace.clock.now()
    with workspace.engine() as engine:
        tables = {str(table.name): table for table in engine.tables()}
        versions = {name: table.version for name, table in tables.items()}
        columns = {name: tuple(column.name for column in table.columns) for name, table in tables.items()}
        readings = {f.name: _read_family(engine, f, versions) for f in all_families(workspace, columns, now)}
    return Scorecard(readings)


def all_families(workspace: Workspace, tables: Mapping[str, Collection[str]], now: datetime) -> Iterator[Family]:
    """Every family of the page, by what this lake has.

    Args:
        tables: The lake's tables, as `layer.name`, with the names of their columns.
    """
    yield from scores.quality_families(workspace.weights)
    yield from families.COMMON_FAMILIES
    yield families.ageing(now.isoformat(timespec="seconds"), has_events="governance.quarantine_events" in tables)
    yield from grade_queries.grade_families(**grade_tables(tables))
    yield from grade_queries.readiness_families(default_catalogue())


def grade_tables(tables: Mapping[str, Collection[str]]) -> Mapping[str, bool]:
    """Which tables of grading this lake has; the arguments of `grade_queries.grade_families`."""
    decisions = tables.get("governance.grade_decisions")
    return {
        "has_decisions": decisions is not None,
        "has_accounts": decisions is not None and "verified" in decisions,
        "has_checks": "governance.transform_checks" in tables,
    }


def _read_family(engine: Engine, family: Family, versions: Mapping[str, int]) -> FamilyResult | None:
    """None if a table does not exist or has no data: not measured yet."""
    if any(table not in versions for table in family.tables):
        return None
    pinned = {table: versions[table] for table in family.tables}
    rows = engine.fetch(family.sql, at=_engine_versions(pinned))
    return FamilyResult.from_rows(family, pinned, rows) if rows or family.keys else None


def _engine_versions(versions: Mapping[str, int]) -> dict[TableName, int]:
    return {TableName.parse(table): version for table, version in versions.items()}

"""Keeps the scorecard's families in the read model: each by its own query, whole or for the datasets and days that changed."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lakeward.core.sql import equals, identifier, literal
from lakeward.engines.embedded.read_file import FileReading, FileWriting
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.batch.halted import halted_batches_sql
from lakeward.flows.scorecard.build import all_families, grade_tables
from lakeward.quality.weights import Weights
from lakeward.scorecard import grade_queries, scores
from lakeward.scorecard.families import open_rows
from lakeward.scorecard.figures import Family

# Computed when it is read: its numbers change with the time of day, without a change of a table.
TIMED_FAMILY = "ageing"
# Days of the estate depend on the verdicts of these days alone.
DAILY_FAMILY = "trend"
SCHEMA = """
CREATE SCHEMA IF NOT EXISTS levels;
CREATE TABLE IF NOT EXISTS families(name VARCHAR, sql VARCHAR, tables VARCHAR, keys VARCHAR, numbers VARCHAR);
"""
_DAY = "strftime(make_timestamp(epoch_us({0})), '%Y-%m-%d')"
_TABLE = "governance."
# Schema of the levels of scores.
LEVELS = "levels"
_TOUCHED = "dataset IN (SELECT dataset FROM temp.touched_datasets)"


@dataclass(frozen=True, slots=True)
class TableChanges:
    """What a refresh did to the copies of the governance tables.

    Args:
        replaced: Tables whose rows may all be others.
        extended: Tables that got rows, which are in the relation of `FileWriting.added_rows`.
    """

    replaced: frozenset[str] = field(default_factory=frozenset)
    extended: frozenset[str] = field(default_factory=frozenset)

    @property
    def changed(self) -> frozenset[str]:
        """Tables with other rows than before."""
        return self.replaced | self.extended


def portal_families(workspace: Workspace, columns: Mapping[str, Collection[str]], now: datetime) -> dict[str, Family]:
    """Every family of the portal by name: those of the scorecard and the portal's own.

    Args:
        columns: The governance tables that this lake has, without their layer, with the names of their columns.
    """
    tables = {_TABLE + name: found for name, found in columns.items()}
    own = (
        scores.failures(workspace.weights),
        grade_queries.column_grades(**grade_tables(tables)),
        open_rows(has_events="quarantine_events" in columns),
        halted_family(has_runs="runs" in columns),
    )
    return {family.name: family for family in (*all_families(workspace, tables, now), *own) if family.name != TIMED_FAMILY}


def halted_family(*, has_runs: bool) -> Family:
    """The halted batch of each halted dataset."""
    runs = ("governance.runs",) if has_runs else ()
    return Family(
        name="halted",
        tables=("governance.verdicts", "governance.contracts", *runs),
        keys=("dataset",),
        numbers=("batch",),
        sql=f"SELECT dataset, seq AS batch FROM ({halted_batches_sql(has_runs=has_runs)})",
    )


def update_families(writer: FileWriting, families: Collection[Family], changes: TableChanges, weights: Weights) -> None:
    """Compute what changed: families of other queries and of replaced tables in full, others by dataset or day where that is enough."""
    before = {row["name"]: row["sql"] for row in writer.fetch("SELECT name, sql FROM families")}
    _find_touched(writer, changes)
    has_same_scores = before.get("totals") == next(family.sql for family in families if family.name == "totals")
    _update_levels(writer, changes, weights, whole=not has_same_scores)
    estate = scores.estate_queries(weights, LEVELS)
    for family in families:
        tables = {table.removeprefix(_TABLE) for table in family.tables}
        query = estate.get(family.name, family.sql)
        if before.get(family.name) != family.sql or tables & changes.replaced:
            writer.compute(_target(family.name), query)
        elif tables & changes.extended:
            _extend(writer, family, query)
    writer.execute("DELETE FROM families")
    writer.insert("families", [stored_row(family) for family in families])


def stored_family(reading: FileReading, name: str) -> Family | None:
    """The family that the read model holds under this name; None if there is none."""
    rows = reading.fetch(f"FROM families WHERE {equals(name=name)}")
    if not rows:
        return None
    row = rows[0]
    parts = {key: tuple(json.loads(row[key])) for key in ("tables", "keys", "numbers")}
    return Family(name=name, sql=row["sql"], **parts)


def stored_row(family: Family) -> tuple[str, ...]:
    """The row of the table `families` by which `stored_family` finds it."""
    return family.name, family.sql, *(json.dumps(part) for part in (family.tables, family.keys, family.numbers))


def _target(name: str) -> str:
    return f"figures.{identifier(name)}"


def _update_levels(writer: FileWriting, changes: TableChanges, weights: Weights, *, whole: bool) -> None:
    """The scores of datasets and their dimensions, of which the estate's are made."""
    if not whole and not changes.changed & {"runs", "verdicts"}:
        return
    for level, query in scores.level_queries(weights).items():
        if whole or changes.replaced & {"runs", "verdicts"}:
            writer.compute(f"{LEVELS}.{level}", query)
        else:
            writer.compute_part(f"{LEVELS}.{level}", query, _TOUCHED, lambda _: _TOUCHED)


def _extend(writer: FileWriting, family: Family, query: str) -> None:
    if family.name == DAILY_FAMILY:
        _extend_days(writer, family)
    elif family.keys[:1] == ("dataset",):
        writer.compute_part(_target(family.name), query, _TOUCHED, lambda _: _TOUCHED)
    else:
        writer.compute(_target(family.name), query)


def _extend_days(writer: FileWriting, family: Family) -> None:
    """The estate's score of the days that changed; of all days where one has no score any more, for an older one takes its place."""
    target, touched = _target(family.name), "day IN (SELECT day FROM temp.touched_days)"
    count = f"SELECT dimension, count(*) AS days FROM {target} GROUP BY dimension"
    before = {row["dimension"]: row["days"] for row in writer.fetch(count)}
    of_day = f"{_DAY.format('judged_at')} IN (SELECT day FROM temp.touched_days)"
    writer.compute_part(target, family.sql, touched, lambda name: of_day if name == "verdicts" else "TRUE")
    after = {row["dimension"]: row["days"] for row in writer.fetch(count)}
    if any(after.get(dimension, 0) < days for dimension, days in before.items()):
        writer.compute(target, family.sql)
        return
    newest = f"SELECT dimension, day FROM {target} QUALIFY row_number() OVER (PARTITION BY dimension ORDER BY day DESC) <= 30"
    writer.execute(f"DELETE FROM {target} WHERE (dimension, day) NOT IN ({newest})")


def _find_touched(writer: FileWriting, changes: TableChanges) -> None:
    """The datasets of new rows, and the days of new verdicts and of the batches of new runs."""
    with_dataset = [name for name in sorted(changes.extended) if "dataset" in writer.columns()[name]]
    datasets = [f"SELECT dataset FROM temp.{writer.added_rows(name)}" for name in with_dataset]
    writer.execute(f"CREATE OR REPLACE TEMP TABLE touched_datasets AS {_union(datasets, 'dataset')}")
    day = f"SELECT {_DAY.format('judged_at')} AS day FROM"
    days = [f"{day} temp.{writer.added_rows('verdicts')}"] if "verdicts" in changes.extended else []
    if "runs" in changes.extended and "verdicts" in writer.columns():
        batches = f"temp.{writer.added_rows('runs')} USING (dataset, generation, batch_seq)"
        days.append(f"{day} governance.verdicts SEMI JOIN {batches}")
    writer.execute(f"CREATE OR REPLACE TEMP TABLE touched_days AS {_union(days, 'day')}")


def _union(queries: list[str], column: str) -> str:
    return " UNION ".join(queries) or f"SELECT {literal('')} AS {column} WHERE FALSE"

"""What a page reads: figures, and rows of the queries of pages, all of the same versions of the governance tables."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from lakeward.core.clock import EPOCH, MICROSECOND
from lakeward.core.sql import identifier, literal, with_values
from lakeward.engines.embedded.read_file import FileReading
from lakeward.engines.protocols import TableReader
from lakeward.flows.portal.figures import TIMED_FAMILY, stored_family
from lakeward.scorecard.families import ageing
from lakeward.scorecard.figures import Family, FamilyResult, FigureRow, Value
from lakeward.scorecard.portal.access_queries import ACCESS_QUERIES
from lakeward.scorecard.portal.export_queries import EXPORT_QUERIES
from lakeward.scorecard.portal.notice_queries import NOTICE_QUERIES
from lakeward.scorecard.portal.queries import QUERIES
from lakeward.scorecard.portal.rows import ROW_FAMILIES
from lakeward.scorecard.portal.work_queries import WORK_QUERIES

_LAYER = "governance."
_QUERIES = {**QUERIES, **WORK_QUERIES, **ACCESS_QUERIES, **EXPORT_QUERIES, **NOTICE_QUERIES}


class ModelReading:
    """One transaction over the read model.

    Args:
        now: Time of the request; ages and lateness are of this time.
    """

    def __init__(self, reading: FileReading, now: datetime) -> None:
        self._reading, self.now = reading, now
        self._positions = reading.positions()

    def versions(self, tables: Sequence[str] = ()) -> Mapping[str, int]:
        """The version of each governance table, as `layer.name`, that the numbers are of; of all tables by default."""
        found = {_LAYER + name: position.version for name, position in sorted(self._positions.items())}
        return {name: found[name] for name in tables} if tables else found

    def family(self, name: str, *head: str) -> FamilyResult | None:
        """The figures of a family; None if its tables do not exist, or it has no data: not measured yet.

        Args:
            head: First parts of the key of the rows to read.
        """
        family = self.definition(name)
        if family is None or any(table.removeprefix(_LAYER) not in self._positions for table in family.tables):
            return None
        is_kept = name != TIMED_FAMILY and name not in ROW_FAMILIES
        source = f"figures.{identifier(name)}" if is_kept else f"(\n{family.sql}\n)"
        condition = " AND ".join(f"{identifier(key)} = {literal(part)}" for key, part in zip(family.keys, head, strict=False))
        order = ", ".join(map(identifier, family.keys)) or "1"
        rows = self._reading.fetch(f"SELECT * FROM {source} WHERE {condition or 'TRUE'} ORDER BY {order}")
        return FamilyResult.from_rows(family, self.versions(family.tables), rows) if rows or family.keys else None

    @property
    def tables(self) -> TableReader:
        """The copies of the governance tables, read as an engine reads those of the lake."""
        return self._reading

    def definition(self, name: str) -> Family | None:
        """The family with its query; None if there is none of this name."""
        if name != TIMED_FAMILY:
            return ROW_FAMILIES.get(name) or stored_family(self._reading, name)
        as_of = self.now.replace(second=0, microsecond=0)
        return ageing(as_of.isoformat(timespec="seconds"), has_events="quarantine_events" in self._positions)

    def rows(self, query: str, **parameters: Value) -> tuple[FigureRow, ...]:
        """The rows of one of the queries of pages; `$now` is known to all of them.

        Args:
            query: Its name in one of the tables of queries.
        """
        found = _QUERIES[query]
        given = {"now": (self.now - EPOCH) // MICROSECOND, **parameters}
        used = {name: value for name, value in given.items() if f"${name}" in found.sql}
        rows = self._reading.fetch(with_values(found.sql, used))
        return tuple(FigureRow(tuple(str(row[key]) for key in found.keys), row) for row in rows)

"""The read model of the portal: one file of counts, figures and words, refreshed step by step, and rebuilt when in doubt.

The numbers are those of the scorecard's families; the file holds no value of a row.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib import metadata
from pathlib import Path
from threading import Lock

from lakeward.contracts.types import sql_type
from lakeward.core.errors import DefinitionError, LakewardError, MachineError, UsageError
from lakeward.core.sql import identifier
from lakeward.engines.delta.log_changes import LogPosition
from lakeward.engines.embedded.read_file import FileReading, FileWriting, ReadFile
from lakeward.flows.base import governance
from lakeward.flows.base.lake_schema import SCHEMA_TABLE
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.portal import catalogue
from lakeward.flows.portal.figures import SCHEMA, TableChanges, portal_families, update_families
from lakeward.flows.portal.reading import ModelReading

# Governance tables of the read model.
TABLES = (
    *("runs", "verdicts", "contracts", "quarantine_events", "lineage_edges", "access_log", "scores"),
    *("grade_proposals", "grade_decisions", "transform_checks", "maturity", SCHEMA_TABLE),
    *("foreign_edges", "filings", "catalogue", "maintenance"),
    *("regrading_tasks", "access_findings", "incidents", "purpose_requests", "subscriptions", "notices"),
)
READ_FILE = "read.duckdb"

log = logging.getLogger(__name__)


class ReadModel:
    """The open read model of a project.

    Args:
        folder: Folder of its file.

    Raises:
        UsageError: Another process holds the file.
        MachineError: The folder can't be written, or the extra `s3` is missing.
    """

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self._workspace, self._refreshing = workspace, Lock()
        stamp = f"{workspace.project.name} {metadata.version('lakeward')}"
        self._file = ReadFile(folder / READ_FILE, workspace.lake, stamp)
        self._positions: dict[str, LogPosition] = {}
        self._stamps: dict[str, str] = {}
        self._sql: dict[str, str] = {}
        self.state = 0
        self.checked_at: datetime | None = None
        self.fault: LakewardError | None = None
        with self._file.write() as writer:
            writer.execute(SCHEMA)
            writer.execute(catalogue.SCHEMA)
            make_missing_tables(writer)
            self._note_state(writer)

    def close(self) -> None:
        """Close the file, so that another process can open it."""
        self._file.close()

    def refresh(self) -> bool:
        """Take over what changed in the lake and in the contracts since the last call.

        Returns:
            Whether anything did. A failure is kept as `fault`, and what was read before stays.
        """
        with self._refreshing:
            try:
                changed = self._refresh()
            except LakewardError as error:
                log.warning("the portal could not read the lake", extra={"code": error.code})
                self.fault = error
                return False
            self.fault, self.checked_at = None, self._workspace.clock.now()
            return changed

    @contextmanager
    def read(self, as_of: datetime | None = None) -> Iterator[ModelReading]:
        """One reading: all its numbers are of the same versions.

        Args:
            as_of: Time of ages; None for now.
        """
        with self._file.read() as reading:
            yield ModelReading(reading, as_of or self._workspace.clock.now())

    def _refresh(self) -> bool:
        workspace = open_workspace(self._workspace.settings)
        if workspace.lake.names != self._workspace.lake.names:
            raise UsageError("portal_renamed", project=workspace.project.name)
        if workspace.lake != self._workspace.lake:
            raise UsageError("portal_lake_moved", lake=workspace.lake)
        self._workspace = workspace
        # An unreachable lake is no empty one.
        if self._positions and workspace.lake.options is None and not workspace.lake.files.is_dir():
            raise MachineError("lake_not_writable", lake=workspace.lake)
        moved = self._file.find_moves(TABLES, self._positions)
        words = catalogue.catalogue_changes(workspace.project, self._stamps)
        if not moved and not words and not self._other_queries():
            return False
        if SCHEMA_TABLE in moved:
            with workspace.engine():  # a newer lake is refused
                pass
        try:
            self._step(moved, words)
        except (DefinitionError, MachineError):
            # A file may be removed between its commit and the read, or have other columns: then tables are copied at their newest version.
            self._step({**moved, **self._file.find_moves(TABLES, {})}, words, whole=True)
        return True

    def _other_queries(self) -> bool:
        """Whether a family has another query now, because the weights of scores changed."""
        with self._file.read() as reading:
            columns = {name: found for name, found in reading.columns().items() if name in self._positions}
        found = portal_families(self._workspace, columns, self._workspace.clock.now())
        return {name: family.sql for name, family in found.items()} != self._sql

    def _step(self, moved: Mapping[str, LogPosition | None], words: catalogue.CatalogueChanges, *, whole: bool = False) -> None:
        with self._file.write() as writer:
            changes = self._copy_tables(writer, moved, whole=whole)
            if words:
                catalogue.update_catalogue(writer, self._workspace.project, words)
            positions = writer.positions()
            columns = {name: found for name, found in writer.columns().items() if name in positions}
            families = portal_families(self._workspace, columns, self._workspace.clock.now())
            update_families(writer, tuple(families.values()), changes, self._workspace.weights)
        with self._file.read() as reading:
            self._note_state(reading)

    def _copy_tables(self, writer: FileWriting, moved: Mapping[str, LogPosition | None], *, whole: bool) -> TableChanges:
        replaced, extended = set(), set()
        for name, position in moved.items():
            known = self._positions.get(name)
            if position and known and not whole and writer.append_new_rows(name, known, position):
                extended.add(name)
            else:
                writer.copy_table(name, position)
                replaced.add(name)
        make_missing_tables(writer)
        return TableChanges(frozenset(replaced), frozenset(extended))

    def _note_state(self, reading: FileReading) -> None:
        self._positions, self._stamps = reading.positions(), catalogue.known_stamps(reading)
        self._sql = {row["name"]: row["sql"] for row in reading.fetch("SELECT name, sql FROM families")}
        self.state += 1


def make_missing_tables(writer: FileWriting) -> None:
    """Empty copies of tables that the lake does not have yet, so that every query of a page can name them."""
    found = writer.columns()
    for name in TABLES:
        if name not in found:
            columns = (f"{identifier(c.name)} {sql_type(c.type)}" for c in governance.table_spec(name).columns)
            writer.execute(f"CREATE TABLE governance.{identifier(name)} ({', '.join(columns)})")

"""Takes the last migration of a lake back, as long as nothing was written since."""

from dataclasses import dataclass, replace

from lakeward.core.errors import MachineError, StoreConflictError, UsageError
from lakeward.core.names import TableName
from lakeward.core.settings import EMBEDDED
from lakeward.core.storage.lake import Lake, store_of
from lakeward.engines.delta.schema_changes import take_back
from lakeward.engines.factory import open_engine
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.backup.closed_lake import check_unused, close_lake
from lakeward.flows.backup.lake_places import lake_place, name_lake, real_place, versions_by_name
from lakeward.flows.backup.migration_answers import MigrationAnswer, MigrationOptions
from lakeward.flows.backup.migration_record import MigrationRecord, last_record
from lakeward.flows.backup.move import all_locked
from lakeward.flows.backup.upgrade import schema_version
from lakeward.flows.base import governance
from lakeward.flows.base.lake_schema import MOVED, SCHEMA_APP, SCHEMA_TABLE
from lakeward.flows.base.workspace import Workspace

_SCHEMA = str(governance.table_name(SCHEMA_TABLE))


@dataclass(frozen=True, slots=True)
class Undoing:
    """The way back of the last migration."""

    workspace: Workspace
    options: MigrationOptions

    def run(self) -> MigrationAnswer:
        """Take it back.

        Raises:
            UsageError: There is none, it was cut off, the lake is in use, or tables were written since.
            MachineError: The lake was moved away from here.
            StoreConflictError: Another commit came first.
        """
        lake = self.workspace.lake
        check_unused(lake)
        engine = open_engine(EMBEDDED, lake.as_stored(), self.workspace.settings.memory)
        try:
            with all_locked(engine):
                record = self._record(engine)
                back, is_changed = lake_place(self.workspace, record.from_place), False
                if not self.options.dry_run:
                    is_changed = self._take_back(record, lake, back)
                tables = len(engine.tables())
        finally:
            engine.close()
        return MigrationAnswer(
            from_version=record.to_version,
            to_version=record.from_version,
            from_place=record.to_place,
            to_place=record.from_place,
            changes=(),
            tables=tables,
            files=0,
            bytes=0,
            done=not self.options.dry_run,
            project_changed=is_changed,
            replay=None,
        )

    def _record(self, engine: Engine) -> MigrationRecord:
        """The record of the last migration, which can be taken back."""
        lake = self.workspace.lake
        record = last_record(store_of(lake.root()))
        if record is None or not record.after:
            raise UsageError("migrate_nothing_to_undo", lake=lake)
        is_closed = record.is_move and schema_version(engine) == MOVED
        if is_closed and real_place(lake) != real_place(lake_place(self.workspace, record.to_place)):
            raise MachineError("lake_moved")
        self._check_unchanged(record, lake, is_closed=is_closed)
        return record

    def _check_unchanged(self, record: MigrationRecord, lake: Lake, *, is_closed: bool) -> None:
        """Check that nothing was written since; an attempt that was cut off has closed the lake, by one commit."""
        now, expected = versions_by_name(lake), dict(record.after)
        if is_closed:
            expected[_SCHEMA] = expected.get(_SCHEMA, -1) + 1
        changed = sorted(name for name in now.keys() | expected.keys() if now.get(name) != expected.get(name))
        if changed:
            raise UsageError("migrate_undo_late", table=changed[0], tables=len(changed))

    def _take_back(self, record: MigrationRecord, lake: Lake, back: Lake) -> bool:
        """Take it back; returns whether `project.yaml` names another place now."""
        if record.is_move:
            return self._undo_move(record, lake, back)
        self._undo_upgrade(record, lake)
        return False

    def _undo_upgrade(self, record: MigrationRecord, lake: Lake) -> None:
        for name, version in record.after.items():
            before = record.before.get(name)
            if before == version:
                continue
            table = TableName.parse(name)
            txns = [Txn(SCHEMA_APP, record.from_version)] if name == _SCHEMA else []
            if not take_back(lake.root() / table.layer / table.name, before, txns):
                raise StoreConflictError("table_taken", table=name, app="-", version="-")
        replace(record, is_undone=True).write(store_of(lake.root()))

    def _undo_move(self, record: MigrationRecord, lake: Lake, back: Lake) -> bool:
        """Open the lake where it lay, and close it where it lies: at each moment one of both is closed."""
        close_lake(lake, MOVED)
        close_lake(back, record.from_version)
        replace(record, is_undone=True).write(store_of(back.root()))
        is_changed = name_lake(self.workspace, back)
        replace(record, is_undone=True).write(store_of(lake.root()))  # last: until then the same command goes on
        return is_changed

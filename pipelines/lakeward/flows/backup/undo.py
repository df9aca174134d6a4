"""Takes the last migration of a lake back, as long as nothing was written since."""

from dataclasses import dataclass, replace

from lakeward.core.errors import StoreConflictError, UsageError
from lakeward.core.names import TableName
from lakeward.core.settings import EMBEDDED
from lakeward.core.storage.lake import Lake, store_of
from lakeward.engines.delta.schema_changes import take_back
from lakeward.engines.factory import open_engine
from lakeward.engines.tables import Txn
from lakeward.flows.backup.closed_lake import check_unused, close_lake
from lakeward.flows.backup.lake_places import lake_place, name_lake, versions_by_name
from lakeward.flows.backup.migration_answers import MigrationAnswer, MigrationOptions
from lakeward.flows.backup.migration_record import MigrationRecord, last_record
from lakeward.flows.backup.move import all_locked
from lakeward.flows.base import governance
from lakeward.flows.base.lake_schema import MOVED, SCHEMA_APP, SCHEMA_TABLE
from lakeward.flows.base.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Undoing:
    """The way back of the last migration."""

    workspace: Workspace
    options: MigrationOptions

    def run(self) -> MigrationAnswer:
        """Take it back.

        Raises:
            UsageError: There is none, it was cut off, the lake is in use, or tables were written since.
            StoreConflictError: Another commit came first.
        """
        lake = self.workspace.lake
        record = last_record(store_of(lake.root()))
        if record is None or not record.after:
            raise UsageError("migrate_nothing_to_undo", lake=lake)
        check_unused(lake)
        engine = open_engine(EMBEDDED, lake, self.workspace.settings.memory)
        try:
            with all_locked(engine):
                self._check_unchanged(record, lake)
                back = lake_place(self.workspace, record.from_place)
                if not self.options.dry_run:
                    self._take_back(record, lake, back)
                tables = len(engine.tables())
        finally:
            engine.close()
        changed = record.is_move and not self.options.dry_run and name_lake(self.workspace, back)
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
            project_changed=changed,
            replay=None,
        )

    def _check_unchanged(self, record: MigrationRecord, lake: Lake) -> None:
        now = versions_by_name(lake)
        changed = sorted(name for name in now.keys() | record.after.keys() if now.get(name) != record.after.get(name))
        if changed:
            raise UsageError("migrate_undo_late", table=changed[0], tables=len(changed))

    def _take_back(self, record: MigrationRecord, lake: Lake, back: Lake) -> None:
        if record.is_move:
            self._undo_move(record, back)
        else:
            self._undo_upgrade(record, lake)

    def _undo_upgrade(self, record: MigrationRecord, lake: Lake) -> None:
        schema = str(governance.table_name(SCHEMA_TABLE))
        for name, version in record.after.items():
            before = record.before.get(name)
            if before == version:
                continue
            table = TableName.parse(name)
            txns = [Txn(SCHEMA_APP, record.from_version)] if name == schema else []
            if not take_back(lake.root() / table.layer / table.name, before, txns):
                raise StoreConflictError("table_taken", table=name, app="-", version="-")
        replace(record, is_undone=True).write(store_of(lake.root()))

    def _undo_move(self, record: MigrationRecord, back: Lake) -> None:
        """Open the lake where it lay, and close it where it lies: at each moment one of both is closed."""
        close_lake(self.workspace.lake, MOVED)
        close_lake(back, record.from_version)
        for lake in (back, self.workspace.lake):
            replace(record, is_undone=True).write(store_of(lake.root()))

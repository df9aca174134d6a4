"""Compacts small files into few sorted ones and deletes files that no retained version needs.

Safe beside running ingests: a dataset's tables are changed under its lock, a bounded part at a time, and concurrent commits are
detected. Rows, transactions and versions within the retention never change. A run that finds nothing to
do commits to no table.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib import metadata

from lakeward.contracts.model import Contract
from lakeward.core.errors import LakewardError
from lakeward.core.names import Layer, RunId, TableName, new_run_id
from lakeward.core.settings import Settings
from lakeward.core.storage.open_uploads import abort_uploads
from lakeward.core.storage.options import S3Options
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.series import drop_superseded_state

# One counter for all runs, as for grades.
APP, MAINTENANCE = "maintain", "maintenance"
SERIES_STATE = TableName(Layer.GOVERNANCE, "series_state")
# Received rows are read by batch and by row id.
RECEIVED_ORDER = ("_batch_seq", "_file_seq", "_row")

log = logging.getLogger(__name__)

# Age from which an upload in parts has no writer any more.
ABANDONED_AFTER = timedelta(days=1)
# The lock of a dataset. Governance tables need none, because nothing drops them.
DatasetLock = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMaintenance:
    """The result of maintaining one table.

    Args:
        table: Name, as `layer.name`.
        files_before: Number of files of the newest version before compaction.
        files_after: Number of files of the newest version after compaction.
        rows_dropped: Number of superseded rows deleted from the stored state of sensor rules; 0 for other tables.
        files_removed: Number of files deleted from disk: of versions older than the retention, and of killed writes.
        bytes_freed: Disk space freed by deleting these files, in bytes.
    """

    table: str
    files_before: int
    files_after: int
    rows_dropped: int
    files_removed: int
    bytes_freed: int

    @property
    def has_changes(self) -> bool:
        """Whether anything was done."""
        return self.files_before != self.files_after or bool(self.rows_dropped or self.files_removed)

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward maintain --json`."""
        return asdict(self)


def maintain(settings: Settings, names: Sequence[str] = ()) -> tuple[list[TableMaintenance], dict[str, LakewardError]]:
    """Compact, cluster and vacuum the tables of these datasets; without names, of the whole lake, governance tables included.

    Returns:
        The result of each table; and the errors of others, by table or dataset.

    Raises:
        UsageError: The project has no such dataset.
        SettingsError: `project.yaml` is not valid.
    """
    workspace = open_workspace(settings)
    for name in names:
        workspace.project.contract_path(name)
    run = _MaintenanceRun(workspace=workspace, id=new_run_id(), started_at=workspace.clock.now(), results=[], errors={})
    with workspace.engine() as engine:
        tables = [info.name for info in engine.tables()]
    received = [table for table in tables if table.layer is not Layer.GOVERNANCE]
    chosen = names or sorted({table.name for table in received})
    dropped = sum(run.dataset(name, [table for table in received if table.name == name]) for name in chosen)
    with workspace.engine() as engine:
        for table in tables:
            if table.layer is Layer.GOVERNANCE and (not names or (dropped and table == SERIES_STATE)):
                run.table(engine, table, nullcontext, (), dropped if table == SERIES_STATE else 0)
        run.record(engine)
    if not names:
        run.abort_uploads()
    return run.results, run.errors


def sort_columns(table: TableName, contract: Contract | None) -> tuple[str, ...]:
    """The sort columns of a table: published rows by series (or key), then time; others in the order of receipt."""
    if contract is None or table.layer is not contract.layer:
        return RECEIVED_ORDER
    time = (contract.time_column,) if contract.time_column else ()
    return (*(name for name in contract.series or contract.primary_key if name not in time), *time)


@dataclass(slots=True, kw_only=True)
class _MaintenanceRun:
    workspace: Workspace
    id: RunId
    started_at: datetime
    results: list[TableMaintenance]
    errors: dict[str, LakewardError]

    def abort_uploads(self) -> None:
        """Abort uploads into a bucket of S3 that killed writers left; those of a day may still go on. Azure forgets them itself."""
        lake = self.workspace.lake
        if not isinstance(lake.options, S3Options):
            return
        try:
            aborted = abort_uploads(lake.address, lake.options, self.started_at - ABANDONED_AFTER)
        except LakewardError as error:
            self.errors[str(lake)] = error
        else:
            log.info("uploads_aborted", extra={"uploads": aborted})

    def dataset(self, name: str, tables: Iterable[TableName]) -> int:
        """Maintain the tables of one dataset; returns the number of context rows of sensor rules that were deleted."""
        project = self.workspace.project
        try:
            # Tables can exist without a contract.
            contract = project.contract(name) if name in project.datasets() else None
            with self.workspace.engine(contract) as engine:
                with engine.dataset_lock(name):
                    dropped = drop_superseded_state(engine, name)
                for table in tables:
                    self.table(engine, table, lambda: engine.dataset_lock(name), sort_columns(table, contract))
        except LakewardError as error:
            self.errors[name] = error
            return 0
        return dropped

    def table(
        self, engine: Engine, table: TableName, dataset_lock: DatasetLock, order_by: Sequence[str], dropped: int = 0
    ) -> None:
        """Maintain one table, part by part; an error of one table does not stop the others."""
        retention, less, vacuumed = timedelta(days=self.workspace.project.retention_days), 0, None
        try:
            while vacuumed is None:
                with dataset_lock():
                    if compacted := engine.compact(table, order_by):
                        less += compacted.files_removed - compacted.files_added
                    else:
                        vacuumed = engine.vacuum(table, retention)
        except LakewardError as error:
            self.errors[str(table)] = error
            return
        result = TableMaintenance(
            table=str(table),
            files_before=vacuumed.live_files + less,
            files_after=vacuumed.live_files,
            rows_dropped=dropped,
            files_removed=vacuumed.removed_files,
            bytes_freed=vacuumed.removed_bytes,
        )
        self.results.append(result)
        log.info("table_maintained", extra={"run_id": self.id, **result.as_dict()})

    def record(self, engine: Engine) -> None:
        """One commit for the whole run; a concurrent run moves its number."""
        head = {
            "run_id": self.id,
            "retention_days": self.workspace.project.retention_days,
            "engine": f"{engine.name} / lakeward {metadata.version('lakeward')}",
            "started_at": self.started_at,
            "finished_at": self.workspace.clock.now(),
        }
        rows = [{**head, **row.as_dict(), "table_name": row.table} for row in self.results if row.has_changes]
        while rows:
            seq = engine.txn(governance.table_spec(MAINTENANCE).name, APP) + 1
            if governance.append_rows(engine, MAINTENANCE, [{**row, "seq": seq} for row in rows], Txn(APP, seq)):
                return

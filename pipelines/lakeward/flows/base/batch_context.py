"""What every step of a batch needs: the pinned definition, the engine session and a callback per step."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakeward.contracts.model import Contract, DataType, Kind
from lakeward.core.clock import Clock
from lakeward.core.names import Layer, RunId, TableName
from lakeward.core.settings import EMBEDDED
from lakeward.core.sql import instant
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import TableColumn, Txn
from lakeward.flows.base.pinning import PinnedBatch
from lakeward.flows.base.run_costs import BatchShare, CostAccount
from lakeward.flows.base.telemetry import NO_RECORDER, Recorder
from lakeward.flows.base.workspace import Workspace, landing_of
from lakeward.quality.weights import EQUAL_WEIGHTS, Weights

if TYPE_CHECKING:
    from lakeward_lineage import Outbox


class BatchStep(StrEnum):
    """The steps of a batch, in order; each is one commit, or none."""

    PINNED = "pinned"
    ROW_IDS = "places"  # only for reprocessed rows, which are already in bronze
    REJECTS = "rejects"
    BRONZE = "bronze"
    QUARANTINE = "quarantine"
    CORRECTIONS = "corrections"
    PUBLISHED = "published"
    VERDICTS = "verdicts"
    SCORES = "scores"
    LINEAGE = "lineage"
    RUNS = "runs"


# Called after each step; tests kill the process in it.
OnStep = Callable[[BatchStep], None]


def ignore_step(_: BatchStep) -> None:
    """Do nothing: the default callback."""


@dataclass(slots=True, kw_only=True)
class BatchContext:
    """A batch while it is processed; each completed step adds its lineage event.

    Args:
        project: Name of the project, for lineage.
        started_at: Time when the run started the batch; stored as `_ingested_at`.
        outbox: Queue of lineage events.
        lineage_events: COMPLETE events of the steps so far.
        weights: Weights of the batch's score.
        landing: Folder of the dataset's landed files on this machine.
        costs: Takes what the batch cost.
        thread_began: Processor seconds of this thread when the batch began.
        recorder: Takes traces.
    """

    engine: Engine
    project: str
    pinned: PinnedBatch
    run_id: RunId
    clock: Clock
    started_at: datetime
    on_step: OnStep
    outbox: "Outbox"
    landing: Path
    lineage_events: list[dict[str, Any]] = field(default_factory=list)
    weights: Weights = EQUAL_WEIGHTS
    costs: CostAccount = field(default_factory=CostAccount)
    thread_began: float = field(default_factory=time.thread_time)
    recorder: Recorder = NO_RECORDER

    @classmethod
    def begin(
        cls, workspace: Workspace, engine: Engine, pinned: PinnedBatch, run_id: RunId, on_step: OnStep = ignore_step
    ) -> "BatchContext":
        """The context of a batch that a run starts now."""
        return cls(
            engine=engine,
            project=workspace.project.name,
            pinned=pinned,
            run_id=run_id,
            clock=workspace.clock,
            started_at=workspace.clock.now(),
            on_step=on_step,
            outbox=workspace.outbox,
            landing=landing_of(workspace, pinned.definition.contract.name),
            weights=workspace.weights,
            costs=workspace.costs,
            recorder=workspace.recorder,
        )

    @property
    def contract(self) -> Contract:
        """The pinned contract."""
        return self.pinned.definition.contract

    @property
    def txn(self) -> Txn:
        """The Delta transaction of this batch in every table of the dataset."""
        return Txn(self.pinned.definition.application_id, self.pinned.seq)

    @property
    def bronze_txn(self) -> Txn:
        """The Delta transaction of this batch in bronze and rejects, which a rebuild does not write again."""
        return Txn(f"lakeward/{self.contract.name}", self.pinned.seq)

    def span(self, stage: str) -> AbstractContextManager[None]:
        """A span of a stage of the batch."""
        own = {"lakeward.dataset": self.contract.name, "lakeward.run_id": self.run_id}
        return self.recorder.span(stage, {**own, "lakeward.batch": self.pinned.seq, "lakeward.stage": stage})

    def account(self, flow: str) -> None:
        """Add what the batch cost; of an engine whose work another process does, that it was not measured."""
        spent = time.thread_time() - self.thread_began if self.engine.name == EMBEDDED else None
        share = BatchShare(
            run_id=self.run_id, dataset=self.contract.name, flow=flow, batch_seq=self.pinned.seq, thread_seconds=spent
        )
        self.costs.shares.append(share)

    def table(self, layer: Layer) -> TableName:
        """The dataset's table in `layer`."""
        return self.contract.table(layer)

    def count(self, layer: Layer) -> int:
        """Number of rows of this batch in the dataset's table in `layer`."""
        return self.engine.count(self.table(layer), self.pinned.seq)

    def provenance_items(self) -> str:
        """SELECT items with the run and batch of a row."""
        run, batch = self.engine.constant(self.run_id), self.engine.constant(self.pinned.id)
        return (
            f"{run} AS _run_id, {batch} AS _batch_id, CAST({self.pinned.seq} AS BIGINT) AS _batch_seq, "
            f"{instant(self.started_at)} AS _ingested_at"
        )


STRING = DataType(Kind.STRING)
INTEGER = DataType(Kind.INTEGER)
# Columns of `BatchContext.provenance_items`.
PROVENANCE_COLUMNS = (
    TableColumn("_run_id", STRING, comment="Run that wrote the row"),
    TableColumn("_batch_id", STRING, comment="Batch the row came with"),
    TableColumn("_batch_seq", INTEGER, comment="Number of that batch in its dataset"),
    TableColumn("_ingested_at", DataType(Kind.TIMESTAMP), comment="When the run took the batch up"),
)
# Row id: the row's file and record number in its source.
ROW_ID_COLUMNS = (
    TableColumn("_file", STRING, comment="File as it was received, below the drop folder"),
    TableColumn("_file_seq", INTEGER, comment="Number of that file in its source"),
    TableColumn("_row", INTEGER, comment="Record in that file, from 1; text: line number"),
)
EXTRA_COLUMN = TableColumn("_extra", STRING, comment="JSON of columns that the contract does not know")

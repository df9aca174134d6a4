"""What publishing the open quarantined rows of a dataset would make of its silver table; computed, nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass

from lakeward.contracts.model import Contract
from lakeward.core.names import BatchId, Layer, Relation, new_run_id
from lakeward.core.sql import identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import pinning
from lakeward.flows.base.batch_context import BatchContext
from lakeward.flows.base.pinning import PinnedBatch, Reprocess
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.batch.judge import judge_batch
from lakeward.flows.batch.publish import publishable_rows
from lakeward.flows.batch.publish_plan import plan_publish
from lakeward.flows.batch.reprocess import received_columns
from lakeward.flows.quarantine.open_rows import has_quarantine, open_rows

# An id that no batch has: the batch is judged, and never planned.
_NO_BATCH = "would-be-release"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedRows:
    """The open rows of a dataset as a release would publish them.

    Args:
        contract: The contract in force.
        rows: The rows that would be published, typed, with `_file_seq` and `_row`.
        replaced: Condition of the stored rows that they would replace.
        unreadable: Number of open rows that no release can publish: a value can't be converted, or a required one is missing.
        reasons: Relation of the open rows' ids with the rules they failed: `_file_seq, _row, rule`.
    """

    contract: Contract
    rows: Relation
    replaced: str
    unreadable: int
    reasons: Relation

    def silver(self, columns: Mapping[str, object]) -> str:
        """SELECT of silver as it would be, with these columns."""
        names = ", ".join(map(identifier, columns))
        own = {column.name for column in self.contract.columns}
        new = ", ".join(
            identifier(name) if name in own or name in ("_file_seq", "_row") else f"NULL AS {identifier(name)}"
            for name in columns
        )
        silver = self.contract.table(Layer.SILVER)
        return f"SELECT {names} FROM {silver} WHERE NOT ({self.replaced}) UNION ALL SELECT {new} FROM {self.rows}"


def released_rows(workspace: Workspace, engine: Engine, name: str) -> ReleasedRows | None:
    """Judge the dataset's open rows as a release does, by the contract and suite in force; None if none is open."""
    definition = pinning.current_definition(engine, name)
    if definition is None or not has_quarantine(engine, name):
        return None
    seq = pinning.newest_plan(engine, name).seq + 1
    pinned = PinnedBatch(
        definition=definition, seq=seq, id=BatchId(_NO_BATCH), start=0, end=0, inputs={}, reprocess=Reprocess.RELEASE
    )
    context = BatchContext.begin(workspace, engine, pinned, new_run_id())
    waiting = engine.materialise(f"open_{name}", open_rows(engine, definition.contract, seq))
    count = engine.fetch(f"SELECT count(*) AS n FROM {waiting}")[0]["n"]
    if not count:
        return None
    stamp = f"{literal(_NO_BATCH)} AS _run_id, {literal(_NO_BATCH)} AS _batch_id, CAST({seq} AS BIGINT) AS _batch_seq"
    taken = engine.materialise(
        f"taken_{name}", f"SELECT {received_columns(context)}, {stamp}, _since AS _ingested_at FROM {waiting}"
    )
    judged = judge_batch(context, taken, each_row=True)
    plan = plan_publish(context, judged, taken, can_halt=False)
    rows = engine.materialise(
        f"released_{name}", publishable_rows(plan.rows, plan.counts) if plan.counts else f"SELECT * FROM {plan.rows}"
    )
    failing = engine.fetch(f"SELECT count(*) AS n FROM ({judged.failing})")[0]["n"] if judged.failing else 0
    replaces = plan.row_key is not None and plan.counts is not None and plan.counts.corrections > 0
    keys = ", ".join(map(identifier, plan.row_key.keys)) if plan.row_key and replaces else ""
    return ReleasedRows(
        contract=definition.contract,
        rows=rows,
        replaced=f"({keys}) IN (SELECT ({keys}) FROM {rows})" if keys else "FALSE",
        unreadable=failing,
        reasons=engine.materialise(
            f"reasons_{name}", f"SELECT _file_seq, _row, unnest(CAST(_reasons AS VARCHAR[])) AS rule FROM {waiting}"
        ),
    )

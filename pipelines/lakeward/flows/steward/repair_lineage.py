"""Records the lineage of a repair: which columns are unchanged, and which were computed from others."""

from collections.abc import Mapping

from lakeward.contracts.model import Contract
from lakeward.core.names import Layer
from lakeward.core.sql import identifier
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance, lineage_events
from lakeward.flows.base.lineage_events import edge_rows, query_lineage
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.quarantine.events import QuarantineEvent
from lakeward_lineage import Processor, Step, complete, start


def record_repair_lineage(
    workspace: Workspace, engine: Engine, contract: Contract, event: QuarantineEvent, expressions: Mapping[str, str], rows: int
) -> None:
    """One OpenLineage run from quarantine to repairs, and its column edges in `governance.lineage_edges`."""
    quarantine, repairs = contract.table(Layer.QUARANTINE), contract.table(Layer.REPAIRS)
    stored = engine.types(quarantine)
    repaired_items = (
        f"({expressions.get(c.name) or identifier(c.name)}\n) AS {identifier(c.name)}"
        for c in contract.columns
        if c.name in stored
    )
    origins = query_lineage(engine, contract, f"SELECT {', '.join(repaired_items)} FROM {quarantine}", [quarantine])
    job = f"repair.{contract.name}"
    step = Step(
        project=workspace.project.name,
        job=job,
        batch=event.id,
        inputs=(lineage_events.table_dataset(engine, quarantine, rows),),
        outputs=(lineage_events.table_dataset(engine, repairs, rows, contract.owner, origins),),
        processor=Processor(*engine.product),
    )
    completion = complete(step, event.at)
    workspace.outbox.append(start(step, event.at))
    workspace.outbox.append(completion)
    head = {"dataset": contract.name, "batch_seq": event.number, "observed_at": event.at}
    governance.append_rows(engine, "lineage_edges", [{**head, **row} for row in edge_rows(completion)], Txn(job, event.number))

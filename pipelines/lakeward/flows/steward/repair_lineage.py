"""Tells lineage of a repair: which columns of the repaired rows are as they were received, and which a person made of what."""

from collections.abc import Mapping

from lakeward.contracts.model import Contract
from lakeward.core.names import Layer
from lakeward.core.sql import identifier
from lakeward.engines.protocols import Engine, Txn
from lakeward.flows.base import governance, lineage
from lakeward.flows.base.lineage import computed, edge_rows
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.quarantine.events import Event
from lakeward_lineage import Processor, Step, complete, start


def tell_repair(
    workspace: Workspace, engine: Engine, contract: Contract, event: Event, expressions: Mapping[str, str], rows: int
) -> None:
    """One OpenLineage run from quarantine to repairs, and its column edges in `governance.lineage_edges`."""
    aside, repairs = contract.table(Layer.QUARANTINE), contract.table(Layer.REPAIRS)
    stored = engine.types(aside)
    made = (
        f"({expressions.get(c.name) or identifier(c.name)}\n) AS {identifier(c.name)}"
        for c in contract.columns
        if c.name in stored
    )
    origins = computed(engine, contract, f"SELECT {', '.join(made)} FROM {aside}", [aside])
    job = f"repair.{contract.name}"
    step = Step(
        project=workspace.project.name,
        job=job,
        batch=event.id,
        inputs=(lineage.stored(engine, aside, rows),),
        outputs=(lineage.stored(engine, repairs, rows, contract.owner, origins),),
        processor=Processor(*engine.product),
    )
    done = complete(step, event.at)
    workspace.outbox.append(start(step, event.at))
    workspace.outbox.append(done)
    head = {"dataset": contract.name, "batch_seq": event.number, "observed_at": event.at}
    governance.record(engine, "lineage_edges", [{**head, **row} for row in edge_rows(done)], Txn(job, event.number))

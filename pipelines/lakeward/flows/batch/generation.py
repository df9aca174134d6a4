"""What a rebuild drops before it writes: tables that can be made again."""

from lakeward.core.names import Layer
from lakeward.engines.protocols import Engine
from lakeward.flows.base.pinning import Definition


def drop_previous_generation(engine: Engine, definition: Definition) -> None:
    """Drop the published table and quarantine of the generation before, unless this one has written to them already.

    Idempotent, so a rebuild that was killed goes on where it stood.
    """
    if definition.generation == 1:
        return
    for layer in (Layer.QUARANTINE, definition.contract.layer):
        table = definition.contract.table(layer)
        if engine.info(table) and engine.txn(table, definition.application_id) == 0:
            engine.drop(table)

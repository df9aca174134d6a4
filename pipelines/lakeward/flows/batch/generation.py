"""Drops the tables that a rebuild writes again."""

from lakeward.core.names import Layer
from lakeward.engines.protocols import Engine
from lakeward.flows.base.pinning import Definition


def drop_previous_generation(engine: Engine, definition: Definition) -> None:
    """Drop the published table and quarantine of the previous generation, unless this generation has already written to them.

    Idempotent, so a killed rebuild resumes.
    """
    if definition.generation == 1:
        return
    for layer in (Layer.QUARANTINE, definition.contract.layer):
        table = definition.contract.table(layer)
        if engine.info(table) and engine.txn(table, definition.application_id) == 0:
            engine.drop(table)

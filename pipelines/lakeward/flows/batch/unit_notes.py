"""What a run says of readings that keep a unit which is none of the contract's: they are published beside converted ones."""

from lakeward.core.sql import identifier
from lakeward.flows.base.batch_context import BatchContext
from lakeward.flows.base.report import Warnings
from lakeward.flows.batch.judge import JudgedBatch


def unit_notes(context: BatchContext, judged: JudgedBatch) -> Warnings:
    """One note for each column of readings that has such ones."""
    units = {column.name: column.unit_column for column in context.contract.columns}
    head = {"dataset": context.contract.name, "batch": context.pinned.seq}
    return tuple(
        ("readings_other_units", {**head, "column": column, "unit_column": identifier(units[column]), "readings": readings})
        for column, readings in judged.other_units.items()
    )

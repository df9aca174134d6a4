"""Which columns of a batch the columns of its typed rows are made of."""

from lakeward.contracts.model import Column
from lakeward.core.sql import identifier
from lakeward.quality.plan import JudgePlan
from lakeward.quality.sql import select


def sources(column: Column) -> tuple[str, ...]:
    """Names of the columns that a column's conversion reads: its own; for a reading that of its unit, for a delay the time it follows."""
    return (column.name, *filter(None, (column.unit_column, column.delay_of)))


def conversions(plan: JudgePlan) -> dict[str, tuple[str, ...]]:
    """The columns of the rows that each column of `typed_select`, in its order, is converted from; empty: it is as in the rows."""
    contract = {column.name: column for column in plan.contract.columns}
    typed = {
        name: sources(contract[name]) if converted.output != identifier(name) else () for name, converted in plan.columns.items()
    }
    return typed | {name: () for name in plan.stored_columns if name not in plan.columns}


def lineage_select(plan: JudgePlan, rows: str) -> str:
    """SELECT with the data flow of `typed_select`, for lineage: a conversion names each column that it reads once.

    The zone arithmetic of a naive time contains its column hundreds of times, and tracing each costs more than judging a batch.
    """
    casts = {
        name: " || ".join(f"CAST({identifier(source)} AS VARCHAR)" for source in read) for name, read in conversions(plan).items()
    }
    return f"SELECT {select({identifier(name): cast or identifier(name) for name, cast in casts.items()})} FROM {rows}"

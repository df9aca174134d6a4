"""How many published rows of a dataset later rows replaced, found by counting: also in lakes whose runs did not record it."""

from typing import NamedTuple

from lakeward.core.names import Layer, TableName
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance

# Columns of the query, in the order of the fields.
_KEYS = ("generation", "last", "published", "replaced")


class PublishedRows(NamedTuple):
    """What the batches of a dataset's latest generation published.

    Args:
        last: Number of the newest of these batches.
        rows: Rows.
        corrections: Rows that they replaced; None if a run of before did not record it.
    """

    generation: int
    last: int
    rows: int
    corrections: int | None


def read_published_rows(engine: Engine) -> dict[str, PublishedRows]:
    """What each dataset published, by dataset."""
    if engine.info(governance.table_name("runs")) is None:
        return {}
    has_corrections = "corrections" in engine.types(governance.table_name("runs"))
    replaced = "CASE WHEN count(corrections) = count(*) THEN sum(corrections) END" if has_corrections else "NULL"
    found = engine.fetch(
        f"""SELECT dataset, generation, max(batch_seq) AS last, CAST(sum(silver) AS BIGINT) AS published,
            CAST({replaced} AS BIGINT) AS replaced FROM governance.runs GROUP BY dataset, generation ORDER BY generation"""
    )
    return {row["dataset"]: PublishedRows(*(row[key] for key in _KEYS)) for row in found}


def count_replaced_rows(engine: Engine, dataset: str, published: PublishedRows | None) -> int:
    """Rows that the batches of the latest generation published, and that are stored no more; 0 for computed rows.

    Runs of before did not record it. Silver only ever loses a row to one that replaces it, so the rows that were published and those that are
    there differ by these.

    Args:
        published: What `read_published_rows` says of the dataset; None before its first run.
    """
    if published is None:
        return 0
    if published.corrections is not None:
        return published.corrections
    silver = engine.info(TableName(Layer.SILVER, dataset))
    if silver is None:
        return 0
    stored = silver.rows
    # A killed batch, or one without good rows.
    if engine.txn(silver.name, governance.application_id(dataset, published.generation)) != published.last:
        stored = engine.fetch(f"SELECT count(*) AS n FROM {silver.name} WHERE _batch_seq <= {published.last}")[0]["n"]
    return published.rows - stored

"""How many published rows of a dataset later rows replaced, found by counting: also in lakes whose runs did not record it."""

from typing import NamedTuple

from lakeward.engines.protocols import Engine, TableReader
from lakeward.engines.tables import TableInfo
from lakeward.flows.base import governance


class PublishedRows(NamedTuple):
    """What the batches of a dataset's latest generation published.

    Args:
        last: Number of the newest of these batches.
        rows: Rows.
    """

    generation: int
    last: int
    rows: int


def read_published_rows(engine: TableReader) -> dict[str, PublishedRows]:
    """What each dataset published, by dataset."""
    if engine.info(governance.table_name("runs")) is None:
        return {}
    found = engine.fetch(
        "SELECT dataset, generation, max(batch_seq) AS last, CAST(sum(silver) AS BIGINT) AS published FROM governance.runs "
        "GROUP BY dataset, generation ORDER BY generation"
    )
    return {row["dataset"]: PublishedRows(row["generation"], row["last"], row["published"]) for row in found}


def count_replaced_rows(engine: Engine, dataset: str, published: PublishedRows | None, silver: TableInfo | None) -> int:
    """Rows that the batches of the latest generation published, and that are stored no more; 0 for computed rows.

    Silver only ever loses a row to one that replaces it, so the rows that were published and those that are there differ by these.

    Args:
        published: What `read_published_rows` says of the dataset; None before its first run.
        silver: Its silver table; None if it has none.
    """
    if published is None or silver is None:
        return 0
    stored = silver.rows
    # A killed batch, or one without good rows.
    if engine.txn(silver.name, governance.application_id(dataset, published.generation)) != published.last:
        stored = engine.fetch(f"SELECT count(*) AS n FROM {silver.name} WHERE _batch_seq <= {published.last}")[0]["n"]
    return published.rows - stored

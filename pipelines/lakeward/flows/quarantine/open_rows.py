"""SQL of the open quarantined rows. The quarantine table only grows: a row that failed again has a newer copy in it.

A row is open while its newest copy is later than every event that closed the row. The state before a batch can be queried at any
later time, since events and repairs record the batches they follow: so a rebuild finds the same rows as the first generation.
"""

from lakeward.contracts.model import Contract
from lakeward.core.names import Layer, TableName
from lakeward.core.sql import equals, identifier, literal
from lakeward.engines.protocols import Engine, TableReader
from lakeward.flows.base import governance, pinning
from lakeward.flows.base.batch_context import EXTRA_COLUMN, ROW_ID_COLUMNS
from lakeward.flows.quarantine.align import align_to_contract
from lakeward.flows.quarantine.events import CLOSING_EVENTS, EVENTS, EventKind

# Columns of quarantine beside those of the contract.
QUARANTINE_COLUMNS = (*(c.name for c in (*ROW_ID_COLUMNS, EXTRA_COLUMN)), "_reasons", "_rules", "_batch_seq", "_since")
# Whether the row was repaired after it was last judged.
REPAIRED_COLUMN = "_repaired"


def open_copies(engine: Engine, dataset: str, before_batch: int) -> str:
    """SELECT of the newest copy of each open row, as quarantine holds it, with `_last_break`: when the row was first received.

    Args:
        before_batch: Number of a batch; events of it and of later ones are ignored. The dataset must have a quarantine table.
    """
    first = "OVER (PARTITION BY _file_seq, _row)"
    newest = f"""SELECT *, min(_batch_seq) {first} AS _first_seq, min(_ingested_at) {first} AS _first_at
        FROM quarantine.{dataset} WHERE _batch_seq < {before_batch} QUALIFY _batch_seq = max(_batch_seq) {first}"""
    return f"""
        SELECT q.* EXCLUDE (_first_seq, _first_at), least(q._first_at, coalesce(runs.at, q._first_at)) AS _since
        FROM ({newest}) AS q
        LEFT JOIN ({_closed_rows(engine, dataset, before_batch)}) AS closed ON closed.file_seq = q._file_seq AND closed.file_row = q._row
        LEFT JOIN ({_batch_starts(engine, dataset)}) AS runs ON runs.batch_seq = q._first_seq
        WHERE coalesce(closed.upto_seq, 0) < q._batch_seq"""


def open_rows(engine: Engine, contract: Contract, before_batch: int) -> str:
    """SELECT of the open rows with their latest repair: the contract's columns, `QUARANTINE_COLUMNS` and `REPAIRED_COLUMN`.

    Args:
        before_batch: See `open_copies`; repairs made after this batch was planned are ignored.
    """
    quarantine, repairs = contract.table(Layer.QUARANTINE), contract.table(Layer.REPAIRS)
    names = [c.name for c in contract.columns]
    quarantined = (
        f"SELECT * FROM ({align_to_contract(engine, contract, quarantine, open_copies(engine, contract.name, before_batch))})"
    )
    if engine.info(repairs) is None or engine.info(EVENTS) is None:
        return f"SELECT {_column_list([*names, *QUARANTINE_COLUMNS])}, FALSE AS {REPAIRED_COLUMN} FROM ({quarantined})"
    recorded = f"SELECT event_id FROM {EVENTS} WHERE {equals(dataset=contract.name, event=EventKind.REPAIR)}"
    latest = f"""SELECT * FROM {repairs} WHERE _upto_seq < {before_batch} AND _event_id IN ({recorded})
        QUALIFY _event_seq = max(_event_seq) OVER (PARTITION BY _file_seq, _row)"""
    fixed = f"SELECT * FROM ({align_to_contract(engine, contract, repairs, latest)})"
    own = map(identifier, names)
    items = ", ".join(f"CASE WHEN r._row IS NULL THEN q.{name} ELSE r.{name} END AS {name}" for name in own)
    repaired = "coalesce(r._upto_seq >= q._batch_seq, FALSE)"
    return f"""SELECT {items}, {_column_list(QUARANTINE_COLUMNS, "q.")}, {repaired} AS {REPAIRED_COLUMN} FROM ({quarantined}) AS q
        LEFT JOIN ({fixed}) AS r ON r._file_seq = q._file_seq AND r._row = q._row"""


def has_quarantine(engine: Engine, dataset: str) -> bool:
    """Whether the dataset has a quarantine table."""
    return engine.info(TableName(Layer.QUARANTINE, dataset)) is not None


def is_received(engine: Engine, dataset: str) -> bool:
    """Whether the dataset's rows come from a source. Rows of gold are recomputed and have no life cycle."""
    return engine.info(TableName(Layer.BRONZE, dataset)) is not None


def open_count(engine: Engine, dataset: str, *, has_events: bool) -> int:
    """Number of open rows of the dataset; for gold, of all quarantined rows.

    Args:
        has_events: Whether events of the dataset are known (`datasets_with_events`): without one each row is open.
    """
    info = engine.info(TableName(Layer.QUARANTINE, dataset))
    if info is None or not has_events or not is_received(engine, dataset):
        return info.rows if info else 0
    upto = pinning.newest_plan(engine, dataset).seq
    return int(engine.fetch(f"SELECT count(*) AS n FROM ({open_copies(engine, dataset, upto + 1)})")[0]["n"])


def datasets_with_events(engine: TableReader) -> frozenset[str]:
    """Datasets of whose rows something was decided or done."""
    if engine.info(EVENTS) is None:
        return frozenset()
    return frozenset(row["dataset"] for row in engine.fetch(f"SELECT DISTINCT dataset FROM {EVENTS}"))


def _closed_rows(engine: Engine, dataset: str, before_batch: int) -> str:
    """Row ids that were closed before the batch, with the newest batch that the event applies to."""
    if engine.info(EVENTS) is None:
        return (
            "SELECT CAST(NULL AS BIGINT) AS file_seq, CAST(NULL AS BIGINT) AS file_row, CAST(0 AS BIGINT) AS upto_seq WHERE FALSE"
        )
    kinds = ", ".join(map(literal, CLOSING_EVENTS))
    earlier = f"upto_seq < {before_batch} AND coalesce(batch_seq, 0) <> {before_batch}"
    return f"""SELECT file_seq, file_row, max(upto_seq) AS upto_seq FROM {EVENTS}
        WHERE {equals(dataset=dataset)} AND event IN ({kinds}) AND file_seq IS NOT NULL AND {earlier} GROUP BY ALL"""


def _batch_starts(engine: Engine, dataset: str) -> str:
    """Time when each batch first started, so that a rebuild does not reset the age of its rows."""
    if engine.info(governance.table_name("runs")) is None:
        return "SELECT CAST(NULL AS BIGINT) AS batch_seq, CAST(NULL AS TIMESTAMPTZ) AS at WHERE FALSE"
    return f"SELECT batch_seq, min(started_at) AS at FROM governance.runs WHERE {equals(dataset=dataset)} GROUP BY batch_seq"


def _column_list(names: list[str] | tuple[str, ...], prefix: str = "") -> str:
    return ", ".join(f"{prefix}{identifier(name)}" for name in names)

"""Which good rows of a batch are the same row as another one, and which stored rows they would replace.

Decided against silver as it is before the batch, and before anything of the batch is published.
"""

from dataclasses import dataclass

from lakeward.core.names import Layer, Relation, TableName
from lakeward.core.sql import identifier, instant
from lakeward.flows.base.batch_context import BatchContext
from lakeward.flows.batch.judge import JudgedBatch
from lakeward.quality.identity import (
    RowIdentity,
    emptied_values_select,
    stored_matches_select,
    superseded_rows_select,
    valueless_columns_select,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateCounts:
    """How many rows of the batch are the same row as another one, and which.

    Args:
        superseded: Rows for which a later row of the same batch stands.
        identical: Rows that silver has with the same values.
        corrections: Rows that replace a stored one, which has other values.
        emptied: Of these, rows that have no value where the stored one has one.
        later: Places of the superseded rows; None: none was looked for.
        stored: Rows of the batch whose key silver has (see `stored_matches_select`); None: none was looked for.
    """

    superseded: int = 0
    identical: int = 0
    corrections: int = 0
    emptied: int = 0
    later: Relation | None = None
    stored: Relation | None = None

    @property
    def duplicates(self) -> int:
        """Rows that are not published, since an equal or later row stands for them."""
        return self.superseded + self.identical


def count_duplicates(context: BatchContext, row_key: RowIdentity, judged: JudgedBatch, rows: Relation) -> DuplicateCounts:
    """Look for them among the batch's good `rows`; a proof spares both joins."""
    repeated, later = 0, None
    if judged.key_repeats:
        later = context.engine.materialise("superseded", superseded_rows_select(row_key, str(rows)))
        repeated = int(context.engine.fetch(f"SELECT count(*) AS n FROM {later}")[0]["n"])
    if context.engine.info(context.table(Layer.SILVER)) is None or _has_no_overlap(context, row_key, judged):
        return DuplicateCounts(superseded=repeated, later=later)
    late = context.pinned.reprocess is not None
    within = _time_filter(row_key, judged, context.pinned.seq, nullable=context.contract.duplicates_exact)
    known = context.engine.materialise(
        "stored", stored_matches_select(row_key, str(rows), _silver_with_contract_columns(context), within, late=late)
    )
    winners = f"{known} ANTI JOIN {later} USING (_file_seq, _row)" if repeated else str(known)
    found = context.engine.fetch(f"""
        SELECT count(DISTINCT (_file_seq, _row)) FILTER (WHERE is_same) AS same,
               count(DISTINCT (_file_seq, _row)) FILTER (WHERE NOT is_same) AS corrections,
               count(DISTINCT (_file_seq, _row)) FILTER (WHERE NOT is_same AND is_emptied) AS emptied FROM {winners}""")[0]
    return DuplicateCounts(
        superseded=repeated,
        identical=found["same"],
        corrections=found["corrections"],
        emptied=found["emptied"],
        later=later,
        stored=known,
    )


def count_values_of_missing_columns(
    context: BatchContext, row_key: RowIdentity, good: Relation, received: Relation, counts: DuplicateCounts
) -> dict[str, int]:
    """Values that the batch would replace by NULL, by column: of columns of which the replacing row's file has no value at all.

    They are stored, or stand in an earlier file of the batch: what is lost does not hang on which files a run found together.

    Args:
        good: The batch's good rows, typed.
        received: The batch's rows as they were received: a text that stands for NULL is a value there.
        counts: What `count_duplicates` found.
    """
    columns = [column for column in row_key.values if column not in row_key.keys]
    if not columns or not (counts.emptied or counts.superseded):
        return {}
    found = context.engine.fetch(valueless_columns_select(columns, str(received)))
    lacking = {row["_file_seq"]: [at for at in range(len(columns)) if not row[f"n{at}"]] for row in found}
    queries = []
    if counts.emptied:
        own = f"SELECT _file_seq, _row FROM {counts.stored} WHERE NOT is_same AND is_emptied"
        winners = f"{own} EXCEPT SELECT _file_seq, _row FROM {counts.later}" if counts.superseded else own
        queries.append(emptied_values_select(row_key, columns, str(good), winners, _silver_with_contract_columns(context)))
    if counts.superseded and len(lacking) > 1 and any(lacking.values()):
        winners = f"SELECT _file_seq, _row FROM {good} EXCEPT SELECT _file_seq, _row FROM {counts.later}"
        earlier = f"(SELECT * FROM {good} SEMI JOIN {counts.later} USING (_file_seq, _row))"
        queries.append(emptied_values_select(row_key, columns, str(good), winners, earlier))
    lost = dict.fromkeys(columns, 0)
    for row in (row for query in queries for row in context.engine.fetch(query)):
        for at in lacking[row["_file_seq"]]:
            lost[columns[at]] += row[f"n{at}"]
    return {column: values for column, values in lost.items() if values}


def _has_no_overlap(context: BatchContext, row_key: RowIdentity, judged: JudgedBatch) -> bool:
    """Whether silver's log proves that no stored row has a key of the batch, since none has one of its times."""
    if not row_key.time or not row_key.keyed_by_time or judged.first is None or judged.last is None:
        return False
    return context.engine.has_no_rows_between(context.table(Layer.SILVER), row_key.time, judged.first, judged.last)


def _silver_with_contract_columns(context: BatchContext) -> str:
    """Silver with every column of the contract: one that this batch is the first to bring is empty so far."""
    silver: TableName = context.table(Layer.SILVER)
    stored_columns = context.engine.types(silver)
    new = "".join(
        f", NULL AS {identifier(column.name)}" for column in context.contract.columns if column.name not in stored_columns
    )
    return f"(SELECT *{new} FROM {silver})"


def _time_filter(row_key: RowIdentity, judged: JudgedBatch, seq: int, *, nullable: bool) -> str:
    """Silver outside the batch's times can't hold the batch's keys, when the time is part of the key.

    Args:
        nullable: A row may have no time, and still be the same as another one (`duplicates: exact`).
    """
    others = f"_batch_seq <> {seq}"  # rows of this batch are there only if a rival has just landed it
    if not row_key.time or not row_key.keyed_by_time or judged.first is None or judged.last is None:
        return others
    time = identifier(row_key.time)
    bounds = f"{time} BETWEEN {instant(judged.first)} AND {instant(judged.last)}"
    return f"{others} AND ({bounds} OR {time} IS NULL)" if nullable else f"{others} AND {bounds}"

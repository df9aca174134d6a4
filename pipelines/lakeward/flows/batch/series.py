"""Judges the sensor rules of a batch in one query, with the stored context of earlier batches.

The context is the newest row per series from earlier batches of the same generation, so a batch that is resumed, or repeated by a
rebuild, gets the same context. A gold table is recomputed window by window, and data outside the lake comes once: neither
has earlier batches. Rows from quarantine come without neighbouring readings.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from lakeward.contracts.model import DataType, Kind
from lakeward.core.names import Layer, Relation
from lakeward.core.sql import equals, literal
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance, pinning
from lakeward.flows.base.batch_context import STRING, BatchContext
from lakeward.flows.base.governance import with_retries
from lakeward.flows.batch.batch_source import NO_SOURCE, BatchSource
from lakeward.quality.plan import JudgePlan
from lakeward.quality.rule import Verdict
from lakeward.quality.series.mapped import MAPPED_RULES
from lakeward.quality.series.query import SeriesInput
from lakeward.quality.series.source_record import NO_RECORD, SourceRecord

# Columns of the stored context of a series.
CONTEXT_COLUMNS = {"track": STRING, "series": STRING, "last_ts": DataType(Kind.TIMESTAMP), "readings": STRING, "held": STRING}


@dataclass(frozen=True, slots=True)
class PriorState:
    """The context of the rows to judge.

    Args:
        state: SELECT of the stored context, as CONTEXT_COLUMNS; None if there are no earlier batches.
        source: What is known of their source.
        without_neighbours: The rows come from quarantine without neighbouring readings, so rules over neighbours are UNKNOWN.
    """

    state: str | None = None
    without_neighbours: bool = False
    source: BatchSource = NO_SOURCE


NO_PRIOR_STATE = PriorState()


@dataclass(frozen=True, slots=True)
class SeriesVerdicts:
    """The verdicts of the sensor rules.

    Args:
        failing_rows: By id of each rule with failing rows whose row ids were requested: a SELECT of them, in brackets.
        judged: A row per series with its context for the next batch; None if no series was judged.
    """

    verdicts: tuple[Verdict, ...] = ()
    failing_rows: Mapping[str, str] = field(default_factory=dict)
    judged: Relation | None = None


def judge_series(
    engine: Engine,
    plan: JudgePlan,
    rows: Relation,
    prior: PriorState = NO_PRIOR_STATE,
    record: SourceRecord = NO_RECORD,
    *,
    all_rules: bool = False,
) -> SeriesVerdicts:
    """Judge `rows`, which have `_file_seq` and `_row`, by the plan's sensor rules.

    Args:
        record: What is known of their source.
        all_rules: Whether row ids are requested for every rule, not only for those that quarantine rows.
    """
    series = plan.series(record, all_row_ids=all_rules)
    series = series.without_context() if prior.without_neighbours else series
    if not series.rules:
        return SeriesVerdicts()
    if not series.queries:
        return SeriesVerdicts(series.verdicts(defaultdict(int)))
    ingested_at = "_ingested_at" if "_ingested_at" in plan.stored_columns else None
    context = engine.materialise("series_context", prior.state or engine.literal_rows(CONTEXT_COLUMNS, []))
    source = SeriesInput(plan.converted_relation(str(rows)), str(context), ingested_at)
    judged = engine.materialise("series_judged", series.sql(source))
    verdicts = series.verdicts(engine.fetch(series.sums_select(str(judged)))[0])
    places = {v.rule.id: f"({series.row_ids_select(v.rule.id, str(judged))})" for v in verdicts if v.failed}
    told = tuple(
        prior.source.with_lines(engine, v, series.failing_lines_select(v.rule.id, str(judged)))
        if v.failed and v.rule.type in MAPPED_RULES
        else v
        for v in verdicts
    )
    return SeriesVerdicts(told, places, judged)


def prior_state(context: BatchContext) -> PriorState:
    """The context of a batch."""
    name, pinned = governance.table_spec("series_state").name, context.pinned
    source = BatchSource.of_batch(context)
    if pinned.reprocess is not None:
        return PriorState(without_neighbours=True, source=source)
    if context.contract.layer is not Layer.SILVER or context.engine.info(name) is None:
        return PriorState(source=source)
    own = equals(dataset=context.contract.name, generation=pinned.definition.generation)
    condition = f"{own} AND batch_seq < {pinned.seq}"
    newest = "row_number() OVER (PARTITION BY track, series ORDER BY batch_seq DESC) AS age"
    return PriorState(
        f"SELECT {', '.join(CONTEXT_COLUMNS)} FROM (SELECT *, {newest} FROM {name} WHERE {condition}) WHERE age = 1",
        source=source,
    )


def append_series_state(context: BatchContext, plan: JudgePlan, judged: Relation | None) -> None:
    """Store the series context for the next batch, once.

    Args:
        judged: See `SeriesVerdicts`.
    """
    keeps_state = judged is not None and any(track.context_readings for track in plan.series().queries)
    if context.contract.layer is not Layer.SILVER or context.pinned.reprocess is not None or not keeps_state:
        return
    head = (
        f"{literal(context.contract.name)} AS dataset, CAST({context.pinned.definition.generation} AS BIGINT) AS generation, "
        f"CAST({context.pinned.seq} AS BIGINT) AS batch_seq"
    )
    query = f"SELECT {head}, {', '.join(CONTEXT_COLUMNS)} FROM {judged} WHERE renewed"
    with_retries(lambda: context.engine.append(governance.table_spec("series_state"), query, context.txn))


def drop_superseded_state(engine: Engine, name: str) -> int:
    """Delete context rows that no later batch of the dataset reads; returns their number. Without such rows nothing is committed.

    A batch reads the newest earlier row per series. So in the current generation, rows that a finished batch has renewed can
    be deleted, and all rows of earlier generations. An unfinished batch may be repeated and gets the same context.
    """
    table, last = governance.table_spec("series_state"), pinning.current_definition(engine, name)
    if last is None or engine.info(table.name) is None:
        return 0
    finished = engine.txn(pinning.RUNS, last.application_id)
    newest = f"max(batch_seq) FILTER (batch_seq <= {finished}) OVER (PARTITION BY generation, track, series)"
    own = f"SELECT *, {newest} AS newest FROM {table.name} WHERE {equals(dataset=name)}"
    row = "dataset, generation, batch_seq, track, series"
    old = f"SELECT {row} FROM ({own}) WHERE generation < {last.generation} OR batch_seq < newest"
    superseded = engine.materialise("series_superseded", old)
    rows = int(engine.fetch(f"SELECT count(*) AS n FROM {superseded}")[0]["n"])
    if rows:
        app = f"maintain/{name}"
        no_rows = engine.literal_rows({column.name: column.type for column in table.columns}, [])
        delete_condition = f"({row}) IN (SELECT ({row}) FROM {superseded})"
        with_retries(lambda: engine.overwrite(table, no_rows, delete_condition, Txn(app, engine.txn(table.name, app) + 1)))
    return rows

"""The sensor rules of a batch: one query for all of them, with what the batches before left as context.

The context is the newest row per series of an earlier batch of the same generation; so a batch that is resumed, or made anew by a
rebuild, sees what it saw the first time. A gold table is computed anew window by window, and data outside the lake came once: neither
has batches before. Rows that come back from quarantine come without those around them.
"""

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
from lakeward.quality.plan import JudgePlan
from lakeward.quality.rule import Verdict
from lakeward.quality.series.query import SeriesInput

# What earlier batches left of a series.
CONTEXT_COLUMNS = {"track": STRING, "series": STRING, "last_ts": DataType(Kind.TIMESTAMP), "readings": STRING, "held": STRING}


@dataclass(frozen=True, slots=True)
class PriorState:
    """What came before the rows to judge.

    Args:
        state: SELECT of what earlier batches left, as CONTEXT_COLUMNS; None: nothing came before.
        alone: The rows come without those around them: nothing can be said of their neighbours.
    """

    state: str | None = None
    without_neighbours: bool = False


NO_PRIOR_STATE = PriorState()


@dataclass(frozen=True, slots=True)
class SeriesVerdicts:
    """What the sensor rules said.

    Args:
        places: For each rule with failing rows whose places were asked for, by id: a SELECT of them, in brackets.
        judged: A row per series, with what the next batch must know of it; None: no series was looked at.
    """

    verdicts: tuple[Verdict, ...] = ()
    failing_rows: Mapping[str, str] = field(default_factory=dict)
    judged: Relation | None = None


def judge_series(
    engine: Engine, plan: JudgePlan, rows: Relation, prior: PriorState = NO_PRIOR_STATE, *, all_rules: bool = False
) -> SeriesVerdicts:
    """Judge `rows`, which have `_file_seq` and `_row`, by the plan's sensor rules.

    Args:
        every: Places are asked for of every rule, not only of those that divert.
    """
    series = (
        plan.series(all_row_ids=all_rules).without_context() if prior.without_neighbours else plan.series(all_row_ids=all_rules)
    )
    if not series.rules:
        return SeriesVerdicts()
    if not series.queries:
        return SeriesVerdicts(
            series.verdicts(dict.fromkeys((f"{kind}{n}" for kind in "ef" for n in range(len(series.rules))), 0))
        )
    ingested_at = "_ingested_at" if "_ingested_at" in plan.stored_columns else None
    context = engine.materialise("series_context", prior.state or engine.literal_rows(CONTEXT_COLUMNS, []))
    source = SeriesInput(plan.converted_relation(str(rows)), str(context), ingested_at)
    judged = engine.materialise("series_judged", series.sql(source))
    verdicts = series.verdicts(engine.fetch(series.sums_select(str(judged)))[0])
    places = {v.rule.id: f"({series.row_ids_select(v.rule.id, str(judged))})" for v in verdicts if v.failed}
    return SeriesVerdicts(verdicts, places, judged)


def prior_state(context: BatchContext) -> PriorState:
    """What came before a batch."""
    name, pinned = governance.table_spec("series_state").name, context.pinned
    if pinned.reprocess is not None:
        return PriorState(without_neighbours=True)
    if context.contract.layer is not Layer.SILVER or context.engine.info(name) is None:
        return NO_PRIOR_STATE
    own = equals(dataset=context.contract.name, generation=pinned.definition.generation)
    condition = f"{own} AND batch_seq < {pinned.seq}"
    newest = "row_number() OVER (PARTITION BY track, series ORDER BY batch_seq DESC) AS age"
    return PriorState(
        f"SELECT {', '.join(CONTEXT_COLUMNS)} FROM (SELECT *, {newest} FROM {name} WHERE {condition}) WHERE age = 1"
    )


def append_series_state(context: BatchContext, plan: JudgePlan, judged: Relation | None) -> None:
    """Keep what the next batch must know of the series of this one, once.

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
    """Drop what no batch to come of the dataset reads; the number of rows. Nothing is written where there are none.

    Read is the newest row per series of a batch before: so of the generation that stands, rows that a finished batch has renewed can
    go, and all rows of generations before it. A batch that is not finished may come again, and sees what it saw the first time.
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

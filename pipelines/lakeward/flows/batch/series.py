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
from lakeward.engines.protocols import Engine, Txn
from lakeward.flows.base import governance, pinning
from lakeward.flows.base.batch_context import STRING, Work
from lakeward.flows.base.governance import settled
from lakeward.quality.plan import JudgePlan
from lakeward.quality.rule import Verdict
from lakeward.quality.series.track import Source

# What earlier batches left of a series.
CONTEXT_COLUMNS = {"track": STRING, "series": STRING, "last_ts": DataType(Kind.TIMESTAMP), "readings": STRING, "held": STRING}


@dataclass(frozen=True, slots=True)
class Past:
    """What came before the rows to judge.

    Args:
        state: SELECT of what earlier batches left, as CONTEXT_COLUMNS; None: nothing came before.
        alone: The rows come without those around them: nothing can be said of their neighbours.
    """

    state: str | None = None
    alone: bool = False


NO_PAST = Past()


@dataclass(frozen=True, slots=True)
class SeriesAnswers:
    """What the sensor rules said.

    Args:
        places: For each rule with failing rows whose places were asked for, by id: a SELECT of them, in brackets.
        judged: A row per series, with what the next batch must know of it; None: no series was looked at.
    """

    verdicts: tuple[Verdict, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    judged: Relation | None = None


def ask_series(engine: Engine, plan: JudgePlan, rows: Relation, past: Past = NO_PAST, *, every: bool = False) -> SeriesAnswers:
    """Judge `rows`, which have `_file_seq` and `_row`, by the plan's sensor rules.

    Args:
        every: Places are asked for of every rule, not only of those that divert.
    """
    series = plan.series(every=every).alone() if past.alone else plan.series(every=every)
    if not series.rules:
        return SeriesAnswers()
    if not series.tracks:
        return SeriesAnswers(series.verdicts(dict.fromkeys((f"{kind}{n}" for kind in "ef" for n in range(len(series.rules))), 0)))
    taken = "_ingested_at" if "_ingested_at" in plan.stored else None
    context = engine.materialise("series_context", past.state or engine.literal_rows(CONTEXT_COLUMNS, []))
    source = Source(plan.converted(str(rows)), str(context), taken)
    judged = engine.materialise("series_judged", series.sql(source))
    verdicts = series.verdicts(engine.fetch(series.sums(str(judged)))[0])
    places = {v.rule.id: f"({series.places(v.rule.id, str(judged))})" for v in verdicts if v.failed}
    return SeriesAnswers(verdicts, places, judged)


def past_of(work: Work) -> Past:
    """What came before a batch."""
    name, pinned = governance.spec("series_state").name, work.pinned
    if pinned.again is not None:
        return Past(alone=True)
    if work.contract.layer is not Layer.SILVER or work.engine.info(name) is None:
        return NO_PAST
    own = equals(dataset=work.contract.name, generation=pinned.definition.generation)
    mine = f"{own} AND batch_seq < {pinned.seq}"
    newest = "row_number() OVER (PARTITION BY track, series ORDER BY batch_seq DESC) AS age"
    return Past(f"SELECT {', '.join(CONTEXT_COLUMNS)} FROM (SELECT *, {newest} FROM {name} WHERE {mine}) WHERE age = 1")


def record_series(work: Work, plan: JudgePlan, judged: Relation | None) -> None:
    """Keep what the next batch must know of the series of this one, once.

    Args:
        judged: See `SeriesAnswers`.
    """
    kept = judged is not None and any(track.tail for track in plan.series().tracks)
    if work.contract.layer is not Layer.SILVER or work.pinned.again is not None or not kept:
        return
    head = (
        f"{literal(work.contract.name)} AS dataset, CAST({work.pinned.definition.generation} AS BIGINT) AS generation, "
        f"CAST({work.pinned.seq} AS BIGINT) AS batch_seq"
    )
    query = f"SELECT {head}, {', '.join(CONTEXT_COLUMNS)} FROM {judged} WHERE renewed"
    settled(lambda: work.engine.append(governance.spec("series_state"), query, work.txn))


def drop_superseded(engine: Engine, name: str) -> int:
    """Drop what no batch to come of the dataset reads; the number of rows. Nothing is written where there are none.

    Read is the newest row per series of a batch before: so of the generation that stands, rows that a finished batch has renewed can
    go, and all rows of generations before it. A batch that is not finished may come again, and sees what it saw the first time.
    """
    table, last = governance.spec("series_state"), pinning.applied(engine, name)
    if last is None or engine.info(table.name) is None:
        return 0
    finished = engine.txn(pinning.RUNS, last.app)
    newest = f"max(batch_seq) FILTER (batch_seq <= {finished}) OVER (PARTITION BY generation, track, series)"
    own = f"SELECT *, {newest} AS newest FROM {table.name} WHERE {equals(dataset=name)}"
    row = "dataset, generation, batch_seq, track, series"
    old = f"SELECT {row} FROM ({own}) WHERE generation < {last.generation} OR batch_seq < newest"
    superseded = engine.materialise("series_superseded", old)
    rows = int(engine.fetch(f"SELECT count(*) AS n FROM {superseded}")[0]["n"])
    if rows:
        app = f"maintain/{name}"
        nothing = engine.literal_rows({column.name: column.type for column in table.columns}, [])
        doomed = f"({row}) IN (SELECT ({row}) FROM {superseded})"
        settled(lambda: engine.overwrite(table, nothing, doomed, Txn(app, engine.txn(table.name, app) + 1)))
    return rows

"""The judge of a batch: one scan for every rule, a second one only where a proof of uniqueness failed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lakeward.contracts.model import DataType
from lakeward.core.names import Relation
from lakeward.engines.protocols import Engine, Statistics
from lakeward.flows.base.batch_context import INTEGER, Work
from lakeward.flows.base.pinning import Again
from lakeward.flows.batch.series import NO_PAST, Past, ask_series, past_of
from lakeward.quality.gx import judge_with_gx
from lakeward.quality.plan import JudgePlan, diverting, looks_back, make_plan
from lakeward.quality.rule import Verdict
from lakeward.quality.suite import load_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A judged batch.

    Args:
        rows: Rows that were judged.
        good: SELECT of the rows that pass, in contract types.
        bad: SELECT of the rows to set aside, as received, with `_reasons` and `_rules`; None: no rule sets any aside.
        received: Columns of the judged relation with their types.
        key_repeats: 0 proves that no two rows have one key; None without a key.
        first, last: Bounds of the time column; None without one, or without a row.
        plan: What judged it.
        series: What the sensor rules found (see `SeriesAnswers.judged`).
    """

    rows: int
    good: str
    bad: str | None
    received: Mapping[str, DataType]
    verdicts: tuple[Verdict, ...]
    key_repeats: int | None
    first: datetime | None
    last: datetime | None
    plan: JudgePlan
    series: Relation | None


# Rules that follow from the contract: a row that breaks one has no place in a typed table, whoever releases it.
DERIVED = ("type", "required", "key")


def unpublishable(verdicts: Iterable[Verdict]) -> frozenset[str]:
    """Ids of the rules that divert rows even of those that a steward releases."""
    return diverting(verdict for verdict in verdicts if verdict.rule.type in DERIVED)


def suite_name(dataset: str) -> str:
    """How errors name a dataset's suite."""
    return f"expectations/datasets/{dataset}/suite.json"


def judge(work: Work, rows: Relation, statistics: Statistics | None = None) -> Judged:
    """Judge `rows` by the pinned contract and suite.

    Args:
        statistics: What is known of just these rows unread.
    """
    engine, contract = work.engine, work.contract
    received = engine.types(rows)
    rules = load_rules(contract, work.pinned.definition.suite, suite_name(contract.name))
    plan = make_plan(contract, rules, received, statistics)
    told = ask(engine, plan, rows, past=past_of(work))
    facts = told.facts
    releasing = work.pinned.again is Again.RELEASE
    good, bad = plan.split(str(rows), (unpublishable if releasing else diverting)(told.verdicts), told.relations)
    return Judged(
        rows=facts["rows"],
        good=good,
        bad=bad,
        received=received,
        verdicts=told.verdicts,
        key_repeats=facts["key_repeats"],
        first=facts["time_min"],
        last=facts["time_max"],
        plan=plan,
        series=told.series,
    )


@dataclass(frozen=True, slots=True)
class Answers:
    """What the rows said to a plan.

    Args:
        facts: The row of `JudgePlan.facts`.
        relations: As `JudgePlan.split` takes them.
        series: See `SeriesAnswers.judged`.
    """

    facts: Mapping[str, Any]
    verdicts: tuple[Verdict, ...]
    relations: Mapping[str, str]
    series: Relation | None


class Wanted(StrEnum):
    """The rules of which failing rows are looked for, where a predicate does not tell them."""

    DIVERTING = "diverting"
    FAILING = "failing"
    NONE = "none"


def failing(verdicts: Iterable[Verdict]) -> frozenset[str]:
    """Ids of the rules that some row fails, whatever their severity."""
    return frozenset(verdict.rule.id for verdict in verdicts if verdict.failed)


def ask(
    engine: Engine,
    plan: JudgePlan,
    rows: Relation,
    *,
    placed: Relation | None = None,
    wanted: Wanted = Wanted.DIVERTING,
    past: Past = NO_PAST,
) -> Answers:
    """Ask `rows` all that the plan must know.

    Args:
        placed: The same rows with `_file_seq` and `_row`, where `rows` have them not.
        past: What the sensor rules know of the time before.
    """
    places = placed or rows
    distinct = [grid.key for grid in plan.grids if engine.fetch(grid.proof(str(rows)))[0]["is_distinct"]]
    facts = engine.fetch(plan.facts(str(places if looks_back(plan) else rows), distinct=distinct))[0]
    repeats, foreign = _repeats(engine, plan, facts, rows), _foreign(engine, plan, places)
    series = ask_series(engine, plan, places, past, every=wanted is not Wanted.DIVERTING)
    verdicts = plan.verdicts(facts, _copies(engine, repeats), (*foreign, *series.verdicts))
    ids = _ids(wanted, verdicts)
    relations = {id_: str(relation) for id_, relation in (repeats | _places(engine, foreign, ids)).items()}
    relations |= {id_: select for id_, select in series.places.items() if id_ in ids}
    return Answers(facts, verdicts, relations, series.judged)


def _ids(wanted: Wanted, verdicts: Sequence[Verdict]) -> Collection[str]:
    if wanted is Wanted.NONE:
        return ()
    return failing(verdicts) if wanted is Wanted.FAILING else diverting(verdicts)


def _repeats(engine: Engine, plan: JudgePlan, facts: Mapping[str, Any], rows: Relation) -> dict[str, Relation]:
    """For each rule of uniqueness whose proof failed, its repeated keys."""
    suspects = enumerate(plan.suspects(facts))
    return {rule.id: engine.materialise(f"repeats_{number}", plan.repeats(rule, str(rows))) for number, rule in suspects}


def _copies(engine: Engine, repeats: Mapping[str, Relation]) -> dict[str, int]:
    return {id_: engine.fetch(f"SELECT coalesce(sum(copies), 0) AS n FROM {keys}")[0]["n"] for id_, keys in repeats.items()}


def _foreign(engine: Engine, plan: JudgePlan, rows: Relation) -> tuple[Verdict, ...]:
    """Verdicts of the rules that only Great Expectations can judge, on the same typed rows (a declared way through Python)."""
    if not plan.foreign:
        return ()
    file = engine.scratch / "judged_by_gx.parquet"
    engine.export(plan.typed(str(rows)), file)
    return judge_with_gx(plan.foreign, file)


def _places(engine: Engine, foreign: Iterable[Verdict], ids: Collection[str]) -> dict[str, Relation]:
    """For each of the rules `ids` that Great Expectations saw rows fail, their places."""
    placed = {v.rule.id: v.places for v in foreign if v.places and v.rule.id in ids}
    selects = {id_: engine.literal_rows({"_file_seq": INTEGER, "_row": INTEGER}, places) for id_, places in placed.items()}
    return {id_: engine.materialise(f"places_{number}", select) for number, (id_, select) in enumerate(selects.items())}

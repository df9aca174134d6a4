"""The judge of a batch: one scan for every rule, a second one only where a proof of uniqueness failed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lakeward.contracts.model import DataType
from lakeward.core.names import Relation
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import RowStatistics
from lakeward.flows.base.batch_context import INTEGER, BatchContext
from lakeward.flows.base.pinning import Reprocess
from lakeward.flows.batch.series import NO_PRIOR_STATE, PriorState, judge_series, prior_state
from lakeward.quality.gx import judge_with_gx
from lakeward.quality.plan import JudgePlan, compile_plan, diverting_rule_ids, needs_row_ids
from lakeward.quality.rule import Verdict
from lakeward.quality.suite import load_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedBatch:
    """A judged batch.

    Args:
        rows: Rows that were judged.
        good: SELECT of the rows that pass, in contract types.
        bad: SELECT of the rows to set aside, as received, with `_reasons` and `_rules`; None: no rule sets any aside.
        received: Columns of the judged relation with their types.
        key_repeats: 0 proves that no two rows have one key; None without a key.
        first, last: Bounds of the time column; None without one, or without a row.
        plan: What judged it.
        series: What the sensor rules found (see `SeriesVerdicts.judged`).
    """

    rows: int
    passing: str
    failing: str | None
    column_types: Mapping[str, DataType]
    verdicts: tuple[Verdict, ...]
    key_repeats: int | None
    first: datetime | None
    last: datetime | None
    plan: JudgePlan
    series: Relation | None


# Rules that follow from the contract: a row that breaks one has no place in a typed table, whoever releases it.
CONTRACT_RULE_TYPES = ("type", "required", "key")


def unreleasable_rules(verdicts: Iterable[Verdict]) -> frozenset[str]:
    """Ids of the rules that divert rows even of those that a steward releases."""
    return diverting_rule_ids(verdict for verdict in verdicts if verdict.rule.type in CONTRACT_RULE_TYPES)


def suite_label(dataset: str) -> str:
    """How errors name a dataset's suite."""
    return f"expectations/datasets/{dataset}/suite.json"


def judge_batch(context: BatchContext, rows: Relation, statistics: RowStatistics | None = None) -> JudgedBatch:
    """Judge `rows` by the pinned contract and suite.

    Args:
        statistics: What is known of just these rows unread.
    """
    engine, contract = context.engine, context.contract
    received = engine.types(rows)
    rules = load_rules(contract, context.pinned.definition.suite, suite_label(contract.name))
    plan = compile_plan(contract, rules, received, statistics)
    result = run_plan(engine, plan, rows, prior=prior_state(context))
    facts = result.facts
    releasing = context.pinned.reprocess is Reprocess.RELEASE
    good, bad = plan.split(
        str(rows), (unreleasable_rules if releasing else diverting_rule_ids)(result.verdicts), result.relations
    )
    return JudgedBatch(
        rows=facts["rows"],
        passing=good,
        failing=bad,
        column_types=received,
        verdicts=result.verdicts,
        key_repeats=facts["key_repeats"],
        first=facts["time_min"],
        last=facts["time_max"],
        plan=plan,
        series=result.series,
    )


@dataclass(frozen=True, slots=True)
class PlanResult:
    """What the rows said to a plan.

    Args:
        facts: The row of `JudgePlan.facts`.
        relations: As `JudgePlan.split` takes them.
        series: See `SeriesVerdicts.judged`.
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


def run_plan(
    engine: Engine,
    plan: JudgePlan,
    rows: Relation,
    *,
    relation_with_ids: Relation | None = None,
    wanted: Wanted = Wanted.DIVERTING,
    prior: PriorState = NO_PRIOR_STATE,
) -> PlanResult:
    """Ask `rows` all that the plan must know.

    Args:
        placed: The same rows with `_file_seq` and `_row`, where `rows` have them not.
        past: What the sensor rules know of the time before.
    """
    places = relation_with_ids or rows
    distinct = [grid.key for grid in plan.grids if engine.fetch(grid.proof(str(rows)))[0]["is_distinct"]]
    facts = engine.fetch(plan.facts_select(str(places if needs_row_ids(plan) else rows), distinct=distinct))[0]
    repeats, gx_verdicts = _find_repeats(engine, plan, facts, rows), _gx_verdicts(engine, plan, places)
    series = judge_series(engine, plan, places, prior, all_rules=wanted is not Wanted.DIVERTING)
    verdicts = plan.verdicts(facts, _count_copies(engine, repeats), (*gx_verdicts, *series.verdicts))
    ids = _ids(wanted, verdicts)
    relations = {id_: str(relation) for id_, relation in (repeats | _failing_row_ids(engine, gx_verdicts, ids)).items()}
    relations |= {id_: select for id_, select in series.failing_rows.items() if id_ in ids}
    return PlanResult(facts, verdicts, relations, series.judged)


def _ids(wanted: Wanted, verdicts: Sequence[Verdict]) -> Collection[str]:
    if wanted is Wanted.NONE:
        return ()
    return failing(verdicts) if wanted is Wanted.FAILING else diverting_rule_ids(verdicts)


def _find_repeats(engine: Engine, plan: JudgePlan, facts: Mapping[str, Any], rows: Relation) -> dict[str, Relation]:
    """For each rule of uniqueness whose proof failed, its repeated keys."""
    suspects = enumerate(plan.suspect_rules(facts))
    return {
        rule.id: engine.materialise(f"repeats_{number}", plan.repeated_keys_select(rule, str(rows))) for number, rule in suspects
    }


def _count_copies(engine: Engine, repeats: Mapping[str, Relation]) -> dict[str, int]:
    return {id_: engine.fetch(f"SELECT coalesce(sum(copies), 0) AS n FROM {keys}")[0]["n"] for id_, keys in repeats.items()}


def _gx_verdicts(engine: Engine, plan: JudgePlan, rows: Relation) -> tuple[Verdict, ...]:
    """Verdicts of the rules that only Great Expectations can judge, on the same typed rows (a declared way through Python)."""
    if not plan.gx_rules:
        return ()
    file = engine.scratch / "judged_by_gx.parquet"
    engine.export(plan.typed_select(str(rows)), file)
    return judge_with_gx(plan.gx_rules, file)


def _failing_row_ids(engine: Engine, verdicts: Iterable[Verdict], ids: Collection[str]) -> dict[str, Relation]:
    """For each of the rules `ids` that Great Expectations saw rows fail, their places."""
    placed = {v.rule.id: v.row_ids for v in verdicts if v.row_ids and v.rule.id in ids}
    selects = {id_: engine.literal_rows({"_file_seq": INTEGER, "_row": INTEGER}, places) for id_, places in placed.items()}
    return {id_: engine.materialise(f"places_{number}", select) for number, (id_, select) in enumerate(selects.items())}

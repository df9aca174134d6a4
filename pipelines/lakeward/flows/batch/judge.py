"""Judges a batch: one scan for all rules, and a second one only for rules whose proof of uniqueness failed."""

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
from lakeward.flows.base.report import Warnings
from lakeward.flows.batch.series import NO_PRIOR_STATE, PriorState, judge_series, prior_state
from lakeward.flows.batch.wide_batches import convert_once
from lakeward.quality.gx import judge_with_gx
from lakeward.quality.plan import JudgePlan, compile_plan, diverting_rule_ids, needs_row_ids
from lakeward.quality.plan_parts import merge_facts, plan_parts
from lakeward.quality.rule import Rule, Verdict
from lakeward.quality.rule_scope import is_of_table
from lakeward.quality.suite import load_rules
from lakeward.quality.suite_document import read_document


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedBatch:
    """A judged batch.

    Args:
        rows: Number of judged rows.
        passing: SELECT of the rows that pass, in contract types.
        failing: SELECT of the rows to quarantine, as received, with `_reasons` and `_rules`; None if there are none.
        column_types: Columns of the judged relation with their types.
        key_repeats: 0 proves that keys are unique; None without a key.
        first, last: Bounds of the time column; None without a time column or rows.
        plan: Its plan, over rows as received.
        series: Series state after the batch (see `SeriesVerdicts.judged`).
        other_units: Readings that keep a unit that is none of the contract's, by column, where there are any.
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
    other_units: Mapping[str, int]


# Rules that follow from the contract. A row that fails one can't be released.
CONTRACT_RULE_TYPES = ("type", "required", "key")


def unreleasable_rules(verdicts: Iterable[Verdict]) -> frozenset[str]:
    """Ids of the rules that quarantine rows even when a steward releases them."""
    return diverting_rule_ids(verdict for verdict in verdicts if verdict.rule.type in CONTRACT_RULE_TYPES)


def suite_warnings(name: str, suite_text: str | None) -> Warnings:
    """What a person should know of the dataset's suite though it can be used."""
    if suite_text is None or not read_document(suite_text, suite_label(name)).is_converted:
        return ()
    return (("suite_before_1", {"file": suite_label(name)}),)


def suite_label(dataset: str) -> str:
    """Name of a dataset's suite in errors."""
    return f"expectations/datasets/{dataset}/suite.json"


def pinned_rules(context: BatchContext) -> tuple[Rule, ...]:
    """The rules of the batch's contract and suite."""
    return load_rules(context.contract, context.pinned.definition.suite, suite_label(context.contract.name))


def judge_batch(
    context: BatchContext, rows: Relation, statistics: RowStatistics | None = None, *, each_row: bool = False
) -> JudgedBatch:
    """Judge `rows` by the pinned contract and suite.

    Args:
        statistics: Statistics of exactly these rows, from file metadata.
        each_row: The rows were picked by a person, and are no delivery: rules that speak of a table do not speak of them.
    """
    engine, contract = context.engine, context.contract
    received = engine.types(rows)
    prior = prior_state(context)
    written = [rule for rule in pinned_rules(context) if not (each_row and is_of_table(rule))]
    rules = [*written, *prior.source.limits.rules()]
    whole = compile_plan(contract, rules, received, statistics)
    plan, rows = convert_once(engine, whole, rows, statistics)
    result = run_plan(engine, plan, rows, prior=prior)
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
        plan=whole,
        series=result.series,
        other_units=whole.other_units(facts),
    )


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The result of running a plan.

    Args:
        facts: The row of `JudgePlan.facts_select`.
        relations: Relations of failing rows, for `JudgePlan.split`.
        series: See `SeriesVerdicts.judged`.
    """

    facts: Mapping[str, Any]
    verdicts: tuple[Verdict, ...]
    relations: Mapping[str, str]
    series: Relation | None


class Wanted(StrEnum):
    """Selects the rules whose failing rows need a separate query."""

    DIVERTING = "diverting"
    FAILING = "failing"
    NONE = "none"


def failing(verdicts: Iterable[Verdict]) -> frozenset[str]:
    """Ids of the rules that some row fails, of any severity."""
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
    """Run the plan over `rows`: facts, verdicts and the relations of failing rows.

    Args:
        relation_with_ids: The same rows with `_file_seq` and `_row`, if `rows` lack them.
        prior: Series state before these rows.
    """
    places = relation_with_ids or rows
    distinct = [grid.key for grid in plan.grids if engine.fetch(grid.proof(str(rows)))[0]["is_distinct"]]
    judged, parts = str(places if needs_row_ids(plan) else rows), plan_parts(plan)
    facts = merge_facts(plan, parts, [engine.fetch(part.facts_select(judged, distinct=distinct))[0] for part in parts])
    repeats, gx_verdicts = _find_repeats(engine, plan, facts, rows), _gx_verdicts(engine, plan, places)
    record = prior.source.record(engine, (check.rule for check in plan.checks), facts["time_min"], facts["time_max"])
    series = judge_series(engine, plan, places, prior, record, all_rules=wanted is not Wanted.DIVERTING)
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
    """The repeated keys of each uniqueness rule whose proof failed."""
    suspects = enumerate(plan.suspect_rules(facts))
    return {
        rule.id: engine.materialise(f"repeats_{number}", plan.repeated_keys_select(rule, str(rows))) for number, rule in suspects
    }


def _count_copies(engine: Engine, repeats: Mapping[str, Relation]) -> dict[str, int]:
    return {id_: engine.fetch(f"SELECT coalesce(sum(copies), 0) AS n FROM {keys}")[0]["n"] for id_, keys in repeats.items()}


def _gx_verdicts(engine: Engine, plan: JudgePlan, rows: Relation) -> tuple[Verdict, ...]:
    """Verdicts of the rules that only Great Expectations can judge; the typed rows pass through Python (a declared exception).

    Their file lies where the engine spills to, in a folder of its owner alone, and is deleted as soon as they are judged.
    """
    if not plan.gx_rules:
        return ()
    file = engine.scratch / "judged_by_gx.parquet"
    try:
        engine.export(plan.typed_select(str(rows)), file)
        file.chmod(0o600)
        return judge_with_gx(plan.gx_rules, file)
    finally:
        file.unlink(missing_ok=True)


def _failing_row_ids(engine: Engine, verdicts: Iterable[Verdict], ids: Collection[str]) -> dict[str, Relation]:
    """Row ids of the failing rows, for each of the rules `ids` with failures in Great Expectations."""
    placed = {v.rule.id: v.row_ids for v in verdicts if v.row_ids and v.rule.id in ids}
    selects = {id_: engine.literal_rows({"_file_seq": INTEGER, "_row": INTEGER}, places) for id_, places in placed.items()}
    return {id_: engine.materialise(f"places_{number}", select) for number, (id_, select) in enumerate(selects.items())}

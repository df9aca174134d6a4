"""The judge of a batch: one scan for every rule, a second one only where a proof of uniqueness failed."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakeward.contracts.model import DataType
from lakeward.engines.protocols import Engine, Statistics
from lakeward.flows.base.batch_context import INTEGER, Work
from lakeward.flows.base.pinning import Again
from lakeward.flows.batch.series import NO_PAST, Past, ask_series, past_of
from lakeward.quality.gx import judge_with_gx
from lakeward.quality.plan import JudgePlan, diverting, looks_back, make_plan
from lakeward.quality.rule import Verdict
from lakeward.quality.suite import load_rules


@dataclass(frozen=True, slots=True)
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


# Rules that follow from the contract: a row that breaks one has no place in a typed table, whoever releases it.
DERIVED = ("type", "required", "key")


def unpublishable(verdicts: Iterable[Verdict]) -> frozenset[str]:
    """Ids of the rules that divert rows even of those that a steward releases."""
    return diverting(verdict for verdict in verdicts if verdict.rule.type in DERIVED)


def suite_name(dataset: str) -> str:
    """How errors name a dataset's suite."""
    return f"expectations/datasets/{dataset}/suite.json"


def judge(work: Work, relation: str, statistics: Statistics | None = None) -> Judged:
    """Judge the rows of `relation` by the pinned contract and suite.

    Args:
        statistics: What is known of just these rows unread.
    """
    engine, contract = work.engine, work.contract
    received = engine.types(relation)
    rules = load_rules(contract, work.pinned.definition.suite, suite_name(contract.name))
    plan = make_plan(contract, rules, received, statistics)
    told = ask(engine, plan, relation, past=past_of(work))
    facts = told.facts
    releasing = work.pinned.again is Again.RELEASE
    good, bad = plan.split(relation, (unpublishable if releasing else diverting)(told.verdicts), told.relations)
    return Judged(
        facts["rows"], good, bad, received, told.verdicts, facts["key_repeats"], facts["time_min"], facts["time_max"], plan
    )


@dataclass(frozen=True, slots=True)
class Answers:
    """What the rows said to a plan.

    Args:
        facts: The row of `JudgePlan.facts`.
        relations: As `JudgePlan.split` takes them.
    """

    facts: Mapping[str, Any]
    verdicts: tuple[Verdict, ...]
    relations: Mapping[str, str]


# Of some verdicts, the ids of the rules whose failing rows are looked for.
Wanted = Callable[[Iterable[Verdict]], Collection[str]]


def ask(
    engine: Engine, plan: JudgePlan, relation: str, placed: str | None = None, wanted: Wanted = diverting, past: Past = NO_PAST
) -> Answers:
    """Ask the rows of `relation` all that the plan must know.

    Args:
        placed: The same rows with `_file_seq` and `_row`, where `relation` has them not.
        past: What the sensor rules know of the time before.
    """
    distinct = [grid.key for grid in plan.grids if engine.fetch(grid.proof(relation))[0]["is_distinct"]]
    facts = engine.fetch(plan.facts(placed if placed and looks_back(plan) else relation, distinct=distinct))[0]
    repeats, foreign = _repeats(engine, plan, facts, relation), _foreign(engine, plan, placed or relation)
    series = ask_series(engine, plan, placed or relation, past, every=wanted is not diverting)
    verdicts = plan.verdicts(facts, _copies(engine, repeats), (*foreign, *series.verdicts))
    ids = wanted(verdicts)
    placed_series = {id_: places for id_, places in series.places.items() if id_ in ids}
    return Answers(facts, verdicts, repeats | _places(engine, foreign, ids) | placed_series)


def _repeats(engine: Engine, plan: JudgePlan, facts: Mapping[str, Any], relation: str) -> dict[str, str]:
    """For each rule of uniqueness whose proof failed, a relation of its repeated keys."""
    names = {rule.id: f"repeats_{place}" for place, rule in enumerate(plan.suspects(facts))}
    for rule in plan.suspects(facts):
        engine.materialise(names[rule.id], plan.repeats(rule, relation))
    return names


def _copies(engine: Engine, repeats: Mapping[str, str]) -> dict[str, int]:
    return {id_: engine.fetch(f"SELECT coalesce(sum(copies), 0) AS n FROM {name}")[0]["n"] for id_, name in repeats.items()}


def _foreign(engine: Engine, plan: JudgePlan, relation: str) -> tuple[Verdict, ...]:
    """Verdicts of the rules that only Great Expectations can judge, on the same typed rows (a declared way through Python)."""
    if not plan.foreign:
        return ()
    file = engine.scratch / "judged_by_gx.parquet"
    engine.export(plan.typed(relation), file)
    return judge_with_gx(plan.foreign, file)


def _places(engine: Engine, foreign: Iterable[Verdict], ids: Collection[str]) -> dict[str, str]:
    """For each of the rules `ids` that Great Expectations saw rows fail, a relation of their places."""
    failing = [verdict for verdict in foreign if verdict.places and verdict.rule.id in ids]
    names = {verdict.rule.id: f"places_{number}" for number, verdict in enumerate(failing)}
    for verdict in failing:
        engine.materialise(names[verdict.rule.id], engine.literal_rows({"_file_seq": INTEGER, "_row": INTEGER}, verdict.places))
    return names

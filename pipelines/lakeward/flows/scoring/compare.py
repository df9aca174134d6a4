"""Splits a change of score into the part of changed rules and the part of changed data.

Three scores are compared: old data by old rules, old data by new rules, new data by new rules. Both parts are differences of
    scores
as displayed, so they add up to the whole change exactly. All use the current weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from lakeward.core.errors import UsageError
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.core.sql import equals, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base.answers import plain
from lakeward.flows.base.pinning import Definition
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.batch.scores import latest_versions, read_family
from lakeward.flows.scoring.answers import ScoreLevel
from lakeward.flows.scoring.rejudge import (
    REJUDGED,
    ReceivedBatch,
    definition_hashes,
    definition_with_current_suite,
    received_batches,
)
from lakeward.flows.scoring.show import OF_DATASET, level_dict
from lakeward.quality.rule import Dimension
from lakeward.quality.score_sql import single_batch_sql
from lakeward.quality.weights import Weights
from lakeward.scorecard.figures import FamilyResult, FigureRow
from lakeward.scorecard.scores import VERDICTS, level_families

# Old data by old rules, old data by new rules, new data by new rules.
POINTS = ("before", "between", "after")
REJUDGED_TABLE = f"governance.{REJUDGED}"

# Table, and SQL of the batch's verdicts in it.
VerdictSource = tuple[str, str]


class RuleStatus(StrEnum):
    """Change of a rule between two batches, by its version."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """A score at three points, and the differences, 0 to 100 with two decimals. An unknown score is None, and so are its differences.

    Args:
        before: Old batch, judged by its own rules.
        between: Old batch, judged by the current rules.
        after: New batch, judged by the current rules.
    """

    before: Decimal | None
    between: Decimal | None
    after: Decimal | None

    @property
    def rule_part(self) -> Decimal | None:
        """Change by the rules."""
        return _difference(self.between, self.before)

    @property
    def data_part(self) -> Decimal | None:
        """Change by the data."""
        return _difference(self.after, self.between)

    @property
    def change(self) -> Decimal | None:
        """Whole change."""
        return _difference(self.after, self.before)

    def as_dict(self) -> dict[str, object]:
        """The keys of a change in `lakeward score NAME --diff --json`.

        Returns:
            rule_part: Change by the rules: `between` minus `before`.
            data_part: Change by the data: `after` minus `between`.
            change: Whole change: `after` minus `before`.
        """
        return {name: plain(getattr(self, name)) for name in (*POINTS, "rule_part", "data_part", "change")}


@dataclass(frozen=True, slots=True)
class DimensionChange:
    """The change of the score of one dimension.

    Args:
        dimension: Quality dimension of GB/T 36344-2018.
        moved: The change.
    """

    dimension: Dimension
    moved: ScoreChange

    def as_dict(self) -> dict[str, object]:
        """The dimension and its change."""
        return {"dimension": str(self.dimension), **self.moved.as_dict()}


@dataclass(frozen=True, slots=True)
class RuleChange:
    """The change of the score of one rule.

    Args:
        rule: Id of the rule.
        dimension: Quality dimension of GB/T 36344-2018.
        status: Whether the rule was added, removed, changed or left unchanged.
        moved: The change.
    """

    rule: str
    dimension: Dimension | None
    status: RuleStatus
    moved: ScoreChange

    def as_dict(self) -> dict[str, object]:
        """The rule, its dimension, its status and its change."""
        return {"rule": self.rule, "dimension": plain(self.dimension), "status": str(self.status), **self.moved.as_dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreDiff:
    """The change of the score of a dataset from batch `first` to batch `last`.

    Args:
        dataset: Name of the dataset.
        first: Number of the old batch.
        last: Number of the new batch.
        whole: The total score at three points, and its change.
        dimensions: The same for each dimension that has a rule.
        rules: The same for each rule, with its status.
        levels: By point (`before`, `between`, `after`), the queries of its scores.
    """

    dataset: str
    first: int
    last: int
    whole: ScoreChange
    dimensions: tuple[DimensionChange, ...]
    rules: tuple[RuleChange, ...]
    levels: Mapping[str, tuple[ScoreLevel, ...]]

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward score NAME --diff --open --json`.

        Returns:
            from: Number of the old batch.
            to: Number of the new batch.
        """
        return {
            "dataset": self.dataset,
            "from": self.first,
            "to": self.last,
            "whole": self.whole.as_dict(),
            "dimensions": plain(self.dimensions),
            "rules": plain(self.rules),
            "levels": {point: plain(found) for point, found in self.levels.items()},
        }


def compare_scores(settings: Settings, name: str, first: int | None = None, last: int | None = None) -> ScoreDiff:
    """The change of the dataset's score between two received batches, split into the parts of rules and of data.

    Args:
        first: The old batch; None for the newest one judged by other than the current rules, else the one before `last`. Of a gold
            table that was not published by the current rules, None is the newest batch itself: only its rows are there.
        last: The new batch; None for the newest.

    Raises:
        UsageError: There is no such dataset or batch, or the batch was not judged by the current rules.
    """
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        definition = definition_with_current_suite(workspace, engine, name)
        batches = received_batches(engine, definition)
        old, new = _batches_to_compare(batches, definition, first, last)
        now = (_current_rules_source(engine, definition, each, newest=each is batches[-1]) for each in (old, new))
        sources = (_published_source(definition, old), *now)
        points = [_read_levels(engine, workspace.weights, *source) for source in sources]
    dimensions = [each for each in Dimension if any(_find_row(point["dimensions"], str(each)) for point in points)]
    rules = sorted({row.key[-1] for point in points for row in point["rules"].rows})
    return ScoreDiff(
        dataset=name,
        first=old.seq,
        last=new.seq,
        whole=_score_change(*(_find_row(point["datasets"], name) for point in points)),
        dimensions=tuple(
            DimensionChange(d, _score_change(*(_find_row(p["dimensions"], str(d)) for p in points))) for d in dimensions
        ),
        rules=tuple(_rule_change(rule, *(_find_row(point["rules"], rule) for point in points)) for rule in rules),
        levels={at: tuple(level_dict(each) for each in point.values()) for at, point in zip(POINTS, points, strict=True)},
    )


def _batches_to_compare(
    batches: list[ReceivedBatch], definition: Definition, first: int | None, last: int | None
) -> tuple[ReceivedBatch, ReceivedBatch]:
    name, by_seq = definition.contract.name, {batch.seq: batch for batch in batches}
    if not batches:
        raise UsageError("score_nothing_received", dataset=name)
    for seq in (first, last):
        if seq is not None and seq not in by_seq:
            raise UsageError("score_no_batch", dataset=name, batch=seq, first=batches[0].seq, last=batches[-1].seq)
    new = by_seq[last] if last is not None else batches[-1]
    if first is not None:
        return by_seq[first], new
    if definition.model and not new.was_published_by(definition):
        return new, new
    earlier = [batch for batch in batches if batch.seq < new.seq]
    return next((batch for batch in reversed(earlier) if not batch.was_published_by(definition)), (earlier or [new])[-1]), new


def _published_source(definition: Definition, of: ReceivedBatch) -> VerdictSource:
    return VERDICTS, single_batch_sql(VERDICTS, literal(definition.contract.name), definition.generation, of.seq)


def _current_rules_source(engine: Engine, definition: Definition, of: ReceivedBatch, *, newest: bool) -> VerdictSource:
    """Verdicts of the batch by the current rules: from its publication, or from a later judgement."""
    if of.was_published_by(definition):
        return _published_source(definition, of)
    contract, suite = definition_hashes(definition)
    same = equals(contract_sha256=contract, suite_sha256=suite)
    judged = single_batch_sql(REJUDGED_TABLE, literal(definition.contract.name), definition.generation, of.seq, same)
    stored = engine.info(TableName(Layer.GOVERNANCE, REJUDGED))
    if stored is None or not engine.fetch(f"WITH {judged} SELECT 1 FROM judged LIMIT 1"):
        if definition.model and not newest:
            raise UsageError("score_rescore_gold", dataset=definition.contract.name, batch=of.seq)
        raise UsageError("score_not_rejudged", dataset=definition.contract.name, batch=of.seq)
    return REJUDGED_TABLE, judged


def _read_levels(engine: Engine, weights: Weights, table: str, judged: str) -> dict[str, FamilyResult]:
    families, at = level_families(judged, (table,), weights), latest_versions(engine, (table,))
    return {name: read_family(engine, families[name], at) for name in OF_DATASET}


def _find_row(reading: FamilyResult, key: str) -> FigureRow | None:
    return next((row for row in reading.rows if row.key[-1] == key), None)


def _score_change(before: FigureRow | None, between: FigureRow | None, after: FigureRow | None) -> ScoreChange:
    return ScoreChange(_row_score(before), _row_score(between), _row_score(after))


def _row_score(row: FigureRow | None) -> Decimal | None:
    found = row.number("score") if row else None
    return None if found is None else Decimal(found)


def _difference(later: Decimal | None, earlier: Decimal | None) -> Decimal | None:
    return None if later is None or earlier is None else later - earlier


def _rule_change(rule: str, before: FigureRow | None, between: FigureRow | None, after: FigureRow | None) -> RuleChange:
    now = between or after
    if before is None or now is None:
        status = RuleStatus.REMOVED if before else RuleStatus.ADDED
    else:
        status = RuleStatus.UNCHANGED if before["rule_version"] == now["rule_version"] else RuleStatus.CHANGED
    shown = now or before
    dimension = Dimension(shown.word("dimension")) if shown else None
    return RuleChange(rule, dimension, status, _score_change(before, between, after))

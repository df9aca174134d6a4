"""Tells why a score moved: old data by old rules, old data by new rules, new data by new rules.

From the first to the second only the rules moved, from the second to the third only the data; both parts are differences of scores
as they are shown, so they sum up to the whole change to the last digit. Weights are those of today throughout.
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
from lakeward.flows.batch.scores import read, versions_of
from lakeward.flows.scoring.answers import ScoreLevel
from lakeward.flows.scoring.rejudge import REJUDGED, Received, hashes, received_batches, today
from lakeward.flows.scoring.show import OF_DATASET, level
from lakeward.quality.rule import Dimension
from lakeward.quality.score_sql import batch
from lakeward.quality.weights import Weights
from lakeward.scorecard.figures import Reading, Row
from lakeward.scorecard.scores import VERDICTS, levels

# Old data by old rules, old data by new rules, new data by new rules.
POINTS = ("before", "between", "after")
STORED = f"governance.{REJUDGED}"

# Table, and the batch's verdicts in it as SQL.
Source = tuple[str, str]


class RuleStatus(StrEnum):
    """What became of a rule between two batches; it is the same where its version is."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """A score at three points; None where it is unknown, and so is a difference from it."""

    before: Decimal | None
    between: Decimal | None
    after: Decimal | None

    @property
    def rule_part(self) -> Decimal | None:
        """What the rules moved."""
        return _minus(self.between, self.before)

    @property
    def data_part(self) -> Decimal | None:
        """What the data moved."""
        return _minus(self.after, self.between)

    @property
    def change(self) -> Decimal | None:
        """Both together."""
        return _minus(self.after, self.before)

    def as_dict(self) -> dict[str, object]:
        """`before, between, after, rule_part, data_part, change`."""
        return {name: plain(getattr(self, name)) for name in (*POINTS, "rule_part", "data_part", "change")}


@dataclass(frozen=True, slots=True)
class DimensionChange:
    """How the score of one dimension moved."""

    dimension: Dimension
    moved: ScoreChange

    def as_dict(self) -> dict[str, object]:
        """The dimension and its change."""
        return {"dimension": str(self.dimension), **self.moved.as_dict()}


@dataclass(frozen=True, slots=True)
class RuleChange:
    """How the score of one rule moved."""

    rule: str
    dimension: Dimension | None
    status: RuleStatus
    moved: ScoreChange

    def as_dict(self) -> dict[str, object]:
        """The rule, its dimension, its status and its change."""
        return {"rule": self.rule, "dimension": plain(self.dimension), "status": str(self.status), **self.moved.as_dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreDiff:
    """How the score of a dataset moved from batch `first` to batch `last`.

    Args:
        levels: By point, the queries of its scores.
    """

    dataset: str
    first: int
    last: int
    whole: ScoreChange
    dimensions: tuple[DimensionChange, ...]
    rules: tuple[RuleChange, ...]
    levels: Mapping[str, tuple[ScoreLevel, ...]]

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward score NAME --diff --open --json`."""
        return {
            "dataset": self.dataset,
            "from": self.first,
            "to": self.last,
            "whole": self.whole.as_dict(),
            "dimensions": plain(self.dimensions),
            "rules": plain(self.rules),
            "levels": {point: plain(found) for point, found in self.levels.items()},
        }


def score_diff(settings: Settings, name: str, first: int | None = None, last: int | None = None) -> ScoreDiff:
    """The change of the dataset's score between two received batches, parted into what rules and what data did.

    Args:
        first: The old batch; None: the newest one that other rules judged than those of today, else the one before `last`.
        last: The new batch; None: the newest.

    Raises:
        UsageError: There is no such dataset or batch, or the batch was not judged by the rules of today.
    """
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        definition = today(workspace, engine, name)
        old, new = _ends(received_batches(engine, definition), definition, first, last)
        sources = (_published(definition, old), _by_today(engine, definition, old), _by_today(engine, definition, new))
        points = [_read(engine, workspace.weights, *source) for source in sources]
    dimensions = [each for each in Dimension if any(_find(point["dimensions"], str(each)) for point in points)]
    rules = sorted({row.key[-1] for point in points for row in point["rules"].rows})
    return ScoreDiff(
        dataset=name,
        first=old.seq,
        last=new.seq,
        whole=_change(*(_find(point["datasets"], name) for point in points)),
        dimensions=tuple(DimensionChange(d, _change(*(_find(p["dimensions"], str(d)) for p in points))) for d in dimensions),
        rules=tuple(_rule(rule, *(_find(point["rules"], rule) for point in points)) for rule in rules),
        levels={at: tuple(level(each) for each in point.values()) for at, point in zip(POINTS, points, strict=True)},
    )


def _ends(batches: list[Received], definition: Definition, first: int | None, last: int | None) -> tuple[Received, Received]:
    name, by_seq = definition.contract.name, {batch.seq: batch for batch in batches}
    if not batches:
        raise UsageError("score_nothing_received", dataset=name)
    for asked in (first, last):
        if asked is not None and asked not in by_seq:
            raise UsageError("score_no_batch", dataset=name, batch=asked, first=batches[0].seq, last=batches[-1].seq)
    new = by_seq[last] if last is not None else batches[-1]
    if first is not None:
        return by_seq[first], new
    earlier = [batch for batch in batches if batch.seq < new.seq]
    return next((batch for batch in reversed(earlier) if not batch.by(definition)), (earlier or [new])[-1]), new


def _published(definition: Definition, of: Received) -> Source:
    return VERDICTS, batch(VERDICTS, literal(definition.contract.name), definition.generation, of.seq)


def _by_today(engine: Engine, definition: Definition, of: Received) -> Source:
    """The batch by the rules of today: as it was published, or as it was judged since."""
    if of.by(definition):
        return _published(definition, of)
    contract, suite = hashes(definition)
    same = equals(contract_sha256=contract, suite_sha256=suite)
    judged = batch(STORED, literal(definition.contract.name), definition.generation, of.seq, same)
    stored = engine.info(TableName(Layer.GOVERNANCE, REJUDGED))
    if stored is None or not engine.fetch(f"WITH {judged} SELECT 1 FROM judged LIMIT 1"):
        raise UsageError("score_not_rejudged", dataset=definition.contract.name, batch=of.seq)
    return STORED, judged


def _read(engine: Engine, weights: Weights, table: str, judged: str) -> dict[str, Reading]:
    made, at = levels(judged, (table,), weights), versions_of(engine, (table,))
    return {name: read(engine, made[name], at) for name in OF_DATASET}


def _find(reading: Reading, key: str) -> Row | None:
    return next((row for row in reading.rows if row.key[-1] == key), None)


def _change(before: Row | None, between: Row | None, after: Row | None) -> ScoreChange:
    return ScoreChange(_score(before), _score(between), _score(after))


def _score(row: Row | None) -> Decimal | None:
    found = row.number("score") if row else None
    return None if found is None else Decimal(found)


def _minus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one - other


def _rule(rule: str, before: Row | None, between: Row | None, after: Row | None) -> RuleChange:
    now = between or after
    if before is None or now is None:
        status = RuleStatus.REMOVED if before else RuleStatus.ADDED
    else:
        status = RuleStatus.UNCHANGED if before["rule_version"] == now["rule_version"] else RuleStatus.CHANGED
    shown = now or before
    dimension = Dimension(shown.word("dimension")) if shown else None
    return RuleChange(rule, dimension, status, _change(before, between, after))

"""Tells why a score moved: old data by old rules, old data by new rules, new data by new rules.

From the first to the second only the rules moved, from the second to the third only the data; both parts are differences of scores
as they are shown, so they sum up to the whole change to the last digit. Weights are those of today throughout.
"""

from decimal import Decimal

from lakeward.core.errors import UsageError
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.core.sql import equals, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base.pinning import Definition
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.batch.scores import Row, read, versions_of
from lakeward.flows.scoring.rejudge import REJUDGED, Received, hashes, received_batches, today
from lakeward.flows.scoring.show import OF_DATASET, level
from lakeward.quality.rule import Dimension
from lakeward.quality.score_sql import batch
from lakeward.quality.weights import Weights
from lakeward.scorecard.figures import Reading
from lakeward.scorecard.figures import Row as Shown
from lakeward.scorecard.scores import VERDICTS, levels

# Old data by old rules, old data by new rules, new data by new rules.
POINTS = ("before", "between", "after")
STORED = f"governance.{REJUDGED}"

# Table, and the batch's verdicts in it as SQL.
Source = tuple[str, str]


def score_diff(settings: Settings, name: str, first: int | None = None, last: int | None = None) -> Row:
    """The change of the dataset's score between two received batches, parted into what rules and what data did.

    Keys: `dataset, from, to, whole`, `dimensions`, `rules` and `levels` (queries, by point). Each change has `before, between, after,
    rule_part, data_part, change`, None where a score is unknown; a rule has its `status` (added, removed, changed, unchanged) too.

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
    return {
        "dataset": name,
        "from": old.seq,
        "to": new.seq,
        "whole": _change(*(_find(point["datasets"], name) for point in points)),
        "dimensions": [{"dimension": str(d), **_change(*(_find(p["dimensions"], str(d)) for p in points))} for d in dimensions],
        "rules": [_rule(rule, *(_find(point["rules"], rule) for point in points)) for rule in rules],
        "levels": {at: [level(each) for each in point.values()] for at, point in zip(POINTS, points, strict=True)},
    }


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


def _find(reading: Reading, key: str) -> Shown | None:
    return next((row for row in reading.rows if row.key[-1] == key), None)


def _change(before: Shown | None, between: Shown | None, after: Shown | None) -> Row:
    scores = [_score(row) for row in (before, between, after)]
    old, middle, new = scores
    return {
        **dict(zip(POINTS, scores, strict=True)),
        "rule_part": _minus(middle, old),
        "data_part": _minus(new, middle),
        "change": _minus(new, old),
    }


def _score(row: Shown | None) -> Decimal | None:
    found = row.number("score") if row else None
    return None if found is None else Decimal(found)


def _minus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one - other


def _rule(rule: str, before: Shown | None, between: Shown | None, after: Shown | None) -> Row:
    """A rule of both days is the same where its version is."""
    now = between or after
    if before is None or now is None:
        status = "removed" if before else "added"
    else:
        status = "unchanged" if before["rule_version"] == now["rule_version"] else "changed"
    shown = now or before
    dimension = shown["dimension"] if shown else None
    return {"rule": rule, "dimension": dimension, "status": status, **_change(before, between, after)}

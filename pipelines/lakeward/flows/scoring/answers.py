"""Scores as flows answer with them: of the estate, a dataset, a dimension or a rule, each with the queries that give it again.

A score is 0 to 100 with two decimals, and None where nothing was measured. Refuses to calculate: every number is a query's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lakeward.core.names import RunId, Sha256
from lakeward.flows.base.answers import fields_of, plain
from lakeward.quality.rule import Dimension
from lakeward.scorecard.figures import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanScore:
    """A weighted mean of what lies below: `score` is 100 times `numerator / denominator`.

    Args:
        coverage: Share of the rules that could be judged, 0 to 100.
        rules, measured: Rules that speak of it, and of these those that could be judged.
        failed_rules, unknown_rules: Of the rules those with this verdict.
    """

    score: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    coverage: Decimal | None
    rules: int
    measured: int
    failed_rules: int
    unknown_rules: int

    def as_dict(self) -> dict[str, object]:
        """The keys that all means share."""
        return fields_of(self)


@dataclass(frozen=True, slots=True)
class EstateScore:
    """The score of all datasets, or of one dimension of them; `scored` of the `datasets` have a score."""

    mean: MeanScore
    datasets: int
    scored: int
    dimension: Dimension | None = None

    def as_dict(self) -> dict[str, object]:
        """The dimension where it is one's, the mean, `datasets, scored`."""
        named = {"dimension": str(self.dimension)} if self.dimension else {}
        return {**named, **self.mean.as_dict(), "datasets": self.datasets, "scored": self.scored}


@dataclass(frozen=True, slots=True)
class DatasetScore:
    """The score of a dataset, or of one dimension of it; `weight` is what it counts above."""

    dataset: str
    mean: MeanScore
    weight: Decimal | None
    dimension: Dimension | None = None

    def as_dict(self) -> dict[str, object]:
        """The dataset, the dimension where it is one's, the mean, `weight`."""
        named = {"dimension": str(self.dimension)} if self.dimension else {}
        return {"dataset": self.dataset, **named, **self.mean.as_dict(), "weight": plain(self.weight)}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmeasuredDimension:
    """A dimension that no rule speaks of: nothing measured of nothing, and never zero."""

    score: None = None
    coverage: None = None
    rules: int = 0
    measured: int = 0
    failed_rules: int = 0
    unknown_rules: int = 0
    dimension: Dimension

    def as_dict(self) -> dict[str, object]:
        """The keys of a mean that make sense of nothing."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleScore:
    """The score of one rule of a dataset.

    Args:
        weight: What it counts in its dimension.
        numerator, denominator: Rows that passed, of those that it was evaluated on.
        batches, measured: Batches, and of these those in which it could be judged.
        indicator: Of GB/T 36344-2018, such as 0302; None where the rule speaks of none.
    """

    dataset: str
    dimension: Dimension
    rule: str
    rule_version: str
    expectation: str
    score: Decimal | None
    weight: Decimal | None
    numerator: Decimal | int | None
    denominator: Decimal | int | None
    coverage: Decimal | None
    batches: int
    measured: int
    indicator: str | None

    def as_dict(self) -> dict[str, object]:
        """The keys of a rule in `lakeward score NAME --json`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True)
class ScoreLevel:
    """One level of scores with its queries.

    Args:
        level: Its name, such as `dimensions`.
        sql: Gives all its numbers at these `versions` of tables.
        figures: Each number with a query of its own.
    """

    level: str
    sql: str
    versions: Mapping[str, int]
    figures: tuple[Figure, ...]

    def as_dict(self) -> dict[str, object]:
        """`level, sql, versions`, and for each figure `id, value, sql`."""
        figures = [{"id": each.id, "value": plain(each.value), "sql": each.evidence.sql} for each in self.figures]
        return {"level": self.level, "sql": self.sql, "versions": dict(self.versions), "figures": figures}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReport:
    """The scores of the estate, or of one dataset, over what was received last.

    Args:
        dataset: None: the estate.
        batches: How many batches of each dataset; None: all of its latest generation.
        whole: None while nothing was judged.
        dimensions: All six.
        parts: Of the estate its datasets, of a dataset its rules.
    """

    dataset: str | None
    batches: int | None
    whole: EstateScore | DatasetScore | None
    dimensions: tuple[EstateScore | DatasetScore | UnmeasuredDimension, ...]
    parts: tuple[DatasetScore, ...] | tuple[RuleScore, ...]
    levels: tuple[ScoreLevel, ...]

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward score --open --json`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredScore:
    """A score of an earlier day, as `governance.scores` holds it, with the query that gives it again.

    Args:
        level: `estate` or `dataset`, or a dimension of one.
        seq: The batch; of the estate the number of its score.
    """

    run_id: RunId
    level: str
    dataset: str | None
    dimension: Dimension | None
    generation: int | None
    seq: int
    score: Decimal | None
    numerator: Decimal
    denominator: Decimal
    rules: int
    measured: int
    coverage: Decimal | None
    rules_sha256: Sha256
    weights_sha256: Sha256
    sql: str
    versions: Mapping[str, int]
    scored_at: datetime

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward score --history --json`."""
        return fields_of(self)

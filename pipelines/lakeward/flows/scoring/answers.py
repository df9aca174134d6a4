"""The answer classes of scores: of the estate, a dataset, a dimension or a rule, each with the queries that reproduce it.

A score is 0 to 100 with two decimals, and None if nothing was measured. Every number comes from a query.
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
    """A weighted mean of the level below: `score` is 100 times `numerator / denominator`.

    Args:
        score: 0 to 100, two decimals; None if nothing was measured.
        numerator: Sum of ratio times weight, over the level below.
        denominator: Sum of weights, over the level below.
        coverage: Share of the rules that could be evaluated, 0 to 100.
        rules: Number of rules.
        measured: Number of rules that could be evaluated.
        failed_rules: Number of rules with verdict FAIL.
        unknown_rules: Number of rules with verdict UNKNOWN.
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
        """The keys of a mean."""
        return fields_of(self)


@dataclass(frozen=True, slots=True)
class EstateScore:
    """The score of all datasets, or of one dimension of them.

    Args:
        mean: The score with its parts.
        datasets: Number of datasets.
        scored: Number of datasets with a score.
        dimension: Quality dimension of GB/T 36344-2018; None for the total.
    """

    mean: MeanScore
    datasets: int
    scored: int
    dimension: Dimension | None = None

    def as_dict(self) -> dict[str, object]:
        """The dimension if there is one, the mean, `datasets, scored`."""
        named = {"dimension": str(self.dimension)} if self.dimension else {}
        return {**named, **self.mean.as_dict(), "datasets": self.datasets, "scored": self.scored}


@dataclass(frozen=True, slots=True)
class DatasetScore:
    """The score of a dataset, or of one dimension of it.

    Args:
        dataset: Name of the dataset.
        mean: The score with its parts.
        weight: Weight of the dataset within the estate.
        dimension: Quality dimension of GB/T 36344-2018; None for the total.
    """

    dataset: str
    mean: MeanScore
    weight: Decimal | None
    dimension: Dimension | None = None

    def as_dict(self) -> dict[str, object]:
        """The dataset, the dimension if there is one, the mean, `weight`."""
        named = {"dimension": str(self.dimension)} if self.dimension else {}
        return {"dataset": self.dataset, **named, **self.mean.as_dict(), "weight": plain(self.weight)}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmeasuredDimension:
    """A dimension without rules: its score is unknown, not zero.

    Args:
        score, coverage: Always None.
        rules, measured, failed_rules, unknown_rules: Always 0.
        dimension: Quality dimension of GB/T 36344-2018.
    """

    score: None = None
    coverage: None = None
    rules: int = 0
    measured: int = 0
    failed_rules: int = 0
    unknown_rules: int = 0
    dimension: Dimension

    def as_dict(self) -> dict[str, object]:
        """The keys of a mean that apply without rules."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleScore:
    """The score of one rule of a dataset.

    Args:
        dataset: Name of the dataset.
        dimension: Quality dimension of GB/T 36344-2018.
        rule: Id of the rule.
        rule_version: Hash of the rule's configuration.
        expectation: Type of the expectation.
        score: 0 to 100, two decimals; None if the rule was not evaluated.
        weight: Weight of the rule within its dimension.
        numerator: Number of rows that passed.
        denominator: Number of rows that the rule was evaluated on.
        coverage: Share of the batches in which the rule could be evaluated, 0 to 100.
        batches: Number of batches.
        measured: Number of batches in which the rule could be evaluated.
        indicator: Indicator of GB/T 36344-2018, such as 0302; None if the rule belongs to no indicator.
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
        level: Name of the level, such as `dimensions`.
        sql: Query of all its scores.
        versions: By table, the Delta version to run `sql` at.
        figures: Each score with a query of its own.
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
    """The scores of the estate, or of one dataset, over the newest received batches.

    Args:
        dataset: Name of the dataset; None for the estate.
        batches: Number of newest batches of each dataset; None for all of its latest generation.
        whole: The total score; None if nothing was judged.
        dimensions: The scores of all six dimensions.
        parts: For the estate the scores of its datasets, for a dataset those of its rules.
        levels: For each level its query, the table versions to run it at, and each score with a query of its own.
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
    """A stored score from `governance.scores`, with the query that reproduces it.

    Args:
        run_id: Id of the run that stored the score.
        level: `estate`, `estate_dimension`, `dataset` or `dimension`.
        dataset: Name of the dataset; None for the estate.
        dimension: Quality dimension of GB/T 36344-2018; None for the total.
        generation: Number of the generation; None for the estate.
        seq: Number of the batch; for the estate the number of its score.
        score: 0 to 100, two decimals; None if nothing was measured.
        numerator: Sum of ratio times weight, over the level below.
        denominator: Sum of weights, over the level below.
        rules: Number of rules.
        measured: Number of rules that could be evaluated.
        coverage: Share of the rules that could be evaluated, 0 to 100.
        rules_sha256: Hash of the ids and versions of all rules.
        weights_sha256: Hash of the weights.
        sql: SELECT of the score; its column `value` is the number.
        versions: By table, the Delta version to run `sql` at.
        scored_at: Time when the score was stored.
        scope: Edition of what rules speak of, by which it was judged; scores of different ones are not comparable.
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
    scope: int

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward score --history --json`."""
        return fields_of(self)

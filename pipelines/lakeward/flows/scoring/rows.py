"""Converts rows of score queries to typed answers."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lakeward.flows.scoring.answers import DatasetScore, EstateScore, MeanScore, RuleScore, StoredScore
from lakeward.quality.indicators import indicator_of
from lakeward.quality.rule import Dimension
from lakeward.scorecard.figures import FigureRow


def dataset_score(row: FigureRow) -> DatasetScore:
    """The score of one dataset, or of one dimension of it."""
    return DatasetScore(row.word("dataset"), _mean(row), _decimal(row, "weight"), _dimension(row))


def estate_score(row: FigureRow) -> EstateScore:
    """The score of the estate, or of one of its dimensions."""
    return EstateScore(_mean(row), _count(row, "datasets"), _count(row, "scored"), _dimension(row))


def rule_score(row: FigureRow) -> RuleScore:
    """The score of one rule of a dataset."""
    dimension, expectation = Dimension(row.word("dimension")), row.word("expectation")
    return RuleScore(
        dataset=row.word("dataset"),
        dimension=dimension,
        rule=row.word("rule"),
        rule_version=row.word("rule_version"),
        expectation=expectation,
        score=_decimal(row, "score"),
        weight=_decimal(row, "weight"),
        numerator=row.number("numerator"),
        denominator=row.number("denominator"),
        coverage=_decimal(row, "coverage"),
        batches=_count(row, "batches"),
        measured=_count(row, "measured"),
        indicator=indicator_of(expectation, dimension),
    )


def _mean(row: FigureRow) -> MeanScore:
    return MeanScore(
        score=_decimal(row, "score"),
        numerator=_decimal(row, "numerator"),
        denominator=_decimal(row, "denominator"),
        coverage=_decimal(row, "coverage"),
        rules=_count(row, "rules"),
        measured=_count(row, "measured"),
        failed_rules=_count(row, "failed_rules"),
        unknown_rules=_count(row, "unknown_rules"),
    )


def _dimension(row: FigureRow) -> Dimension | None:
    return Dimension(row.word("dimension")) if "dimension" in row.cells else None


def _decimal(row: FigureRow, column: str) -> Decimal | None:
    found = row.number(column)
    return None if found is None else Decimal(found)


def _count(row: FigureRow, column: str) -> int:
    return int(row.number(column) or 0)


def stored_score(row: Mapping[str, Any], earlier_scope: int) -> StoredScore:
    """A row of `governance.scores`; `earlier_scope` is that of a row which names none."""
    dimension = Dimension(row["dimension"]) if row["dimension"] else None
    return StoredScore(
        **{**row, "dimension": dimension, "versions": json.loads(row["versions"]), "scope": row.get("scope") or earlier_scope}
    )

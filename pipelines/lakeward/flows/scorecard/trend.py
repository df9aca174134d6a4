"""How readiness changed from one stored assessment to the next."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lakeward.core.settings import Settings
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.scorecard.editions import find_edition
from lakeward.flows.scorecard.readiness import Row, stored_readiness
from lakeward.maturity.assessment import Readiness


@dataclass(frozen=True, slots=True, kw_only=True)
class MaturityPoint:
    """One stored assessment, and what changed since the one before.

    Args:
        seq: Number of the assessment.
        assessed_at: Time of the assessment.
        score: 0 to 5; None if nothing was measured.
        measured: Number of items with a score.
        total: Number of items.
        raised: Items that rose, or were measured for the first time.
        fallen: Items that fell, or are no longer measured.
        catalogue: First digits of the hash of the catalogue; figures of different ones are not comparable.
    """

    seq: int
    assessed_at: datetime
    score: Decimal | None
    measured: int
    total: int
    raised: tuple[str, ...]
    fallen: tuple[str, ...]
    catalogue: str

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward maturity trend --json`."""
        return fields_of(self)


def maturity_trend(settings: Settings, year: str = "") -> list[MaturityPoint]:
    """The stored assessments by an edition, the oldest first.

    Args:
        year: Year of the edition; empty for the default one.

    Raises:
        UsageError: There is no such edition.
    """
    edition = find_edition(year)
    by_seq: dict[int, list[Row]] = defaultdict(list)
    with open_workspace(settings).engine() as engine:
        for row in governance.read_rows(engine, "maturity", where="kind = 'item'", order="seq", edition=edition.edition):
            by_seq[row["seq"]].append(row)
    points = [(rows, stored_readiness(rows, edition)) for rows in by_seq.values()]
    before = [None, *(readiness for _, readiness in points)]
    return [_point(rows, readiness, last) for (rows, readiness), last in zip(points, before, strict=False)]


def _point(rows: list[Row], now: Readiness, before: Readiness | None) -> MaturityPoint:
    scores, earlier = _scores(now), _scores(before) if before else {}
    return MaturityPoint(
        seq=rows[0]["seq"],
        assessed_at=rows[0]["assessed_at"],
        score=now.score,
        measured=now.measured_items,
        total=len(scores),
        raised=tuple(item for item, score in scores.items() if before and score > earlier[item]),
        fallen=tuple(item for item, score in scores.items() if before and score < earlier[item]),
        catalogue=rows[0]["catalogue_sha256"][:12],
    )


def _scores(readiness: Readiness) -> dict[str, Decimal]:
    """Item -> its score; -1 for an unknown one, which is below every score."""
    return {each.item.number: Decimal(-1) if each.score is None else each.score for each in readiness.items}

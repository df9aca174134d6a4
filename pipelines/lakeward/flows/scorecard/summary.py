"""Summary of readiness: total and domains, each with the number of measured items. Unknown never counts as zero."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from lakeward.flows.base.answers import fields_of
from lakeward.maturity.assessment import DomainAssessment, Readiness


@dataclass(frozen=True, slots=True, kw_only=True)
class MaturityDomain:
    """One capability domain.

    Args:
        domain: Number of the domain in the edition.
        names: Name by language.
        score: 0 to 5, two decimals; None if no item is measured.
        measured: Number of items with a score.
        total: Number of items.
    """

    domain: str
    names: Mapping[str, str]
    score: Decimal | None
    measured: int
    total: int

    def as_dict(self) -> dict[str, object]:
        """The keys of a domain in `lakeward assess --json`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaturitySummary:
    """The total of an assessment.

    Args:
        edition: Edition of GB/T 36073.
        score: 0 to 5, two decimals; None if no item is measured.
        level: Indicative level, 1 to 5; None if too little is measured.
        measured: Number of items with a score.
        total: Number of items.
        domains: The same for each capability domain.
    """

    edition: str
    score: Decimal | None
    level: int | None
    measured: int
    total: int
    domains: tuple[MaturityDomain, ...]

    def as_dict(self) -> dict[str, object]:
        """The first keys of `lakeward assess --json`."""
        return fields_of(self)


def maturity_summary(readiness: Readiness) -> MaturitySummary:
    """The readiness without its items."""
    return MaturitySummary(
        edition=readiness.catalogue.edition,
        score=readiness.score,
        level=readiness.level,
        measured=readiness.measured_items,
        total=len(readiness.items),
        domains=tuple(_domain(reading) for reading in readiness.domains),
    )


def _domain(reading: DomainAssessment) -> MaturityDomain:
    return MaturityDomain(
        domain=reading.domain.number,
        names=reading.domain.names,
        score=reading.score,
        measured=reading.measured_items,
        total=len(reading.items),
    )

"""A whole assessment: indicators make items, items make domains, domains make the score. Unknown values stay unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from decimal import Decimal

from lakeward.core.evidence import Evidence
from lakeward.maturity.arithmetic import (
    IndicatorLevel,
    ItemProposal,
    TargetHistory,
    half_up,
    highest_level,
    indicative_level,
    interpolate_level,
    mean,
    propose_item,
)
from lakeward.maturity.assessor import AssessorAnswer
from lakeward.maturity.catalogue import Catalogue, Domain, Indicator, Item


@dataclass(frozen=True, slots=True)
class IndicatorFact:
    """The result of an indicator's query.

    Args:
        numerator: None if the indicator is not a share.
        denominator: Number of measured elements; None if the query could not run.
        missing: The record or table that does not exist.
        reason: Message code of why it is unknown.
    """

    evidence: Evidence | None
    _: KW_ONLY
    numerator: int | None = None
    denominator: int | None = None
    missing: str | None = None
    reason: str | None = None

    @property
    def unrounded_value(self) -> Decimal | None:
        """The value before rounding for display."""
        if self.evidence is None or self.evidence.value is None or not self.denominator:
            return None
        if self.numerator is None:
            return Decimal(self.evidence.value)
        return Decimal(100 * self.numerator) / self.denominator


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredIndicator:
    """One indicator as read: its level, two decimals, or None with a reason; with a level, `reason` is a remark."""

    indicator: Indicator
    fact: IndicatorFact
    level: Decimal | None
    reason: str | None
    weighted_level: IndicatorLevel


@dataclass(frozen=True, slots=True)
class ItemAssessment:
    """One item: the proposal of live evidence and the assessor's answer.

    Args:
        score: The assessor's score if there is one, else the proposal's; None if unknown.
        difference: Assessor minus proposal; None if one of them is missing.
    """

    item: Item
    indicators: tuple[MeasuredIndicator, ...]
    proposal: ItemProposal
    answer: AssessorAnswer | None

    @property
    def score(self) -> Decimal | None:
        """0 to 5, two decimals."""
        return self.answer.score if self.answer else self.proposal.score

    @property
    def difference(self) -> Decimal | None:
        """Assessor minus proposal."""
        if self.answer is None or self.proposal.score is None:
            return None
        return self.answer.score - self.proposal.score


@dataclass(frozen=True, slots=True)
class DomainAssessment:
    """One domain; its score is the mean of the measured items."""

    domain: Domain
    items: tuple[ItemAssessment, ...]

    @property
    def score(self) -> Decimal | None:
        """0 to 5, two decimals; None where no item is measured."""
        return mean([item.score for item in self.items])

    @property
    def measured_items(self) -> int:
        """Items with a score."""
        return sum(item.score is not None for item in self.items)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Readiness (就绪度) by one edition; never a certification."""

    catalogue: Catalogue
    domains: tuple[DomainAssessment, ...]

    @property
    def items(self) -> tuple[ItemAssessment, ...]:
        """All items, in the standard's order."""
        return tuple(item for domain in self.domains for item in domain.items)

    @property
    def measured_items(self) -> int:
        """Items with a score."""
        return sum(domain.measured_items for domain in self.domains)

    @property
    def score(self) -> Decimal | None:
        """Mean of the measured domains, 0 to 5, two decimals; always shown with `measured` of all items."""
        return mean([domain.score for domain in self.domains])

    @property
    def level(self) -> int | None:
        """The indicative level 1 to 5; None while a domain is unknown or too few items are measured."""
        scores = [domain.score for domain in self.domains if domain.score is not None]
        enough = self.measured_items >= self.catalogue.limits["coverage"] * len(self.items)
        if self.score is None or not enough or len(scores) < len(self.domains):
            return None
        return indicative_level(self.score, scores, self.catalogue.bands, int(self.catalogue.limits["apart"]))


def assess_facts(
    catalogue: Catalogue, facts: Mapping[str, IndicatorFact], answers: Sequence[AssessorAnswer], assets: tuple[int, int]
) -> Readiness:
    """Compute the readiness from facts (by indicator id) and answers.

    Args:
        assets: Number of critical assets, and of all assets.
    """
    by_item = {answer.item: answer for answer in answers}
    small = is_small(catalogue, *assets)
    domains = []
    for domain in catalogue.domains:
        items = [_assess_item(catalogue, item, facts, by_item.get(item.number), small=small) for item in domain.items]
        domains.append(DomainAssessment(domain, tuple(items)))
    return Readiness(catalogue, tuple(domains))


def is_small(catalogue: Catalogue, critical: int, assets: int) -> bool:
    """Whether the critical assets are too few to speak for the organisation."""
    return critical < max(catalogue.limits["sample"], catalogue.limits["sample_share"] * assets)


def measure_indicator(
    catalogue: Catalogue, indicator: Indicator, fact: IndicatorFact, history: TargetHistory | None, *, small: bool
) -> MeasuredIndicator:
    """One indicator's level: by its steps, its history and its sample."""
    limits, value = catalogue.limits, fact.unrounded_value
    if value is None:
        return MeasuredIndicator(
            indicator=indicator,
            fact=fact,
            level=None,
            reason=fact.reason or "maturity_nothing_there",
            weighted_level=IndicatorLevel(None, must=indicator.must),
        )
    highest = highest_level(history, int(limits["history_months"]), limits["history_share"])
    marked = indicator.crit and small
    found = min(
        interpolate_level(value, indicator.steps, lower=indicator.lower), highest, *([limits["sample_reach"]] if marked else [])
    )
    reading = IndicatorLevel(found, must=indicator.must)
    return MeasuredIndicator(
        indicator=indicator,
        fact=fact,
        level=half_up(found),
        reason="maturity_sample_small" if marked else None,
        weighted_level=reading,
    )


def _assess_item(
    catalogue: Catalogue, item: Item, facts: Mapping[str, IndicatorFact], answer: AssessorAnswer | None, *, small: bool
) -> ItemAssessment:
    # Indicators have no stored targets yet, so none can exceed level 3.
    measured = tuple(
        measure_indicator(catalogue, each, facts[each.id], None, small=small) for each in catalogue.indicators_of(item.number)
    )
    proposal = propose_item([each.weighted_level for each in measured], item.ceiling, catalogue.limits["coverage"])
    return ItemAssessment(item, measured, proposal, answer)

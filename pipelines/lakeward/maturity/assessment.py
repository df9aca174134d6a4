"""A whole assessment: indicators make items, items make domains, domains make the score. What is unknown stays visible as such."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from decimal import Decimal

from lakeward.core.evidence import Evidence
from lakeward.maturity.arithmetic import History, Proposal, Reading, announced, half_up, level, mean, propose, reach
from lakeward.maturity.assessor import Answer
from lakeward.maturity.catalogue import Catalogue, Domain, Indicator, Item


@dataclass(frozen=True, slots=True)
class Fact:
    """What an indicator's query gave.

    Args:
        numerator: None where the indicator is no share.
        denominator: What there was to measure; None where the query could not be asked.
        missing: The record or table that is not there.
        reason: Message code of why it is unknown.
    """

    evidence: Evidence | None
    _: KW_ONLY
    numerator: int | None = None
    denominator: int | None = None
    missing: str | None = None
    reason: str | None = None

    @property
    def exact(self) -> Decimal | None:
        """The value before it was rounded for people."""
        if self.evidence is None or self.evidence.value is None or not self.denominator:
            return None
        if self.numerator is None:
            return Decimal(self.evidence.value)
        return Decimal(100 * self.numerator) / self.denominator


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One indicator as read: its level, two decimals, or None with a reason; `reason` beside a level is a mark on it."""

    indicator: Indicator
    fact: Fact
    level: Decimal | None
    reason: str | None
    reading: Reading


@dataclass(frozen=True, slots=True)
class ItemReading:
    """One item: what live evidence proposes beside what an assessor says.

    Args:
        score: The assessor's where there is one, else the proposal's; None: unknown.
        difference: Assessor minus proposal; None where one of them is missing.
    """

    item: Item
    indicators: tuple[Measured, ...]
    proposal: Proposal
    answer: Answer | None

    @property
    def score(self) -> Decimal | None:
        """0 to 5, two decimals."""
        return self.answer.score if self.answer else self.proposal.score

    @property
    def difference(self) -> Decimal | None:
        """How far the assessor is from the proposal."""
        if self.answer is None or self.proposal.score is None:
            return None
        return self.answer.score - self.proposal.score


@dataclass(frozen=True, slots=True)
class DomainReading:
    """One domain; its score is the mean of the items that are measured, and says how many these are."""

    domain: Domain
    items: tuple[ItemReading, ...]

    @property
    def score(self) -> Decimal | None:
        """0 to 5, two decimals; None where no item is measured."""
        return mean([item.score for item in self.items])

    @property
    def measured(self) -> int:
        """Items with a score."""
        return sum(item.score is not None for item in self.items)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Readiness (就绪度) by one edition; never a certification."""

    catalogue: Catalogue
    domains: tuple[DomainReading, ...]

    @property
    def items(self) -> tuple[ItemReading, ...]:
        """All items, in the standard's order."""
        return tuple(item for domain in self.domains for item in domain.items)

    @property
    def measured(self) -> int:
        """Items with a score."""
        return sum(domain.measured for domain in self.domains)

    @property
    def score(self) -> Decimal | None:
        """Mean of the measured domains, 0 to 5, two decimals; always shown with `measured` of all items."""
        return mean([domain.score for domain in self.domains])

    @property
    def level(self) -> int | None:
        """The indicative level 1 to 5; None while a domain is unknown or too few items are measured."""
        scores = [domain.score for domain in self.domains if domain.score is not None]
        enough = self.measured >= self.catalogue.limits["coverage"] * len(self.items)
        if self.score is None or not enough or len(scores) < len(self.domains):
            return None
        return announced(self.score, scores, self.catalogue.bands, int(self.catalogue.limits["apart"]))


def assess_facts(
    catalogue: Catalogue, facts: Mapping[str, Fact], answers: Sequence[Answer], assets: tuple[int, int]
) -> Readiness:
    """The readiness that facts (by indicator id) and answers make.

    Args:
        assets: How many critical assets there are, and how many in all.
    """
    by_item = {answer.item: answer for answer in answers}
    small = is_small(catalogue, *assets)
    domains = []
    for domain in catalogue.domains:
        items = [_item(catalogue, item, facts, by_item.get(item.number), small=small) for item in domain.items]
        domains.append(DomainReading(domain, tuple(items)))
    return Readiness(catalogue, tuple(domains))


def is_small(catalogue: Catalogue, critical: int, assets: int) -> bool:
    """Whether the critical assets are too few to speak for the organisation."""
    return critical < max(catalogue.limits["sample"], catalogue.limits["sample_share"] * assets)


def measure(catalogue: Catalogue, indicator: Indicator, fact: Fact, history: History | None, *, small: bool) -> Measured:
    """One indicator's level: by its steps, its history and its sample."""
    limits, value = catalogue.limits, fact.exact
    if value is None:
        return Measured(
            indicator=indicator,
            fact=fact,
            level=None,
            reason=fact.reason or "maturity_nothing_there",
            reading=Reading(None, must=indicator.must),
        )
    highest = reach(history, int(limits["history_months"]), limits["history_share"])
    marked = indicator.crit and small
    found = min(level(value, indicator.steps, lower=indicator.lower), highest, *([limits["sample_reach"]] if marked else []))
    reading = Reading(found, must=indicator.must)
    return Measured(
        indicator=indicator, fact=fact, level=half_up(found), reason="maturity_sample_small" if marked else None, reading=reading
    )


def _item(catalogue: Catalogue, item: Item, facts: Mapping[str, Fact], answer: Answer | None, *, small: bool) -> ItemReading:
    # No indicator has been held against a stored target yet, so that none can show more than level 3.
    measured = tuple(measure(catalogue, each, facts[each.id], None, small=small) for each in catalogue.of(item.number))
    proposal = propose([each.reading for each in measured], item.ceiling, catalogue.limits["coverage"])
    return ItemReading(item, measured, proposal, answer)

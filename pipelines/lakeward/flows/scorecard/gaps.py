"""What would raise an item of readiness: for each of its indicators the next value to reach, or the record to begin, and what the item gains by it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from lakeward.core.settings import Settings
from lakeward.flows.base.answers import fields_of
from lakeward.flows.scorecard.editions import find_edition
from lakeward.flows.scorecard.readiness import MaturityIndicator, MaturityItem, show_maturity
from lakeward.maturity.arithmetic import IndicatorLevel, propose_item

# Without a stored target and its history no indicator is above this level.
WITHOUT_HISTORY = 3
SMALL_SAMPLE, SAMPLE_REACH = "maturity_sample_small", 2
LAST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class MaturityGap:
    """One thing that would raise an item.

    Args:
        item: Number of the item.
        indicator: Id of the indicator; None if only an assessor can raise the item.
        value: What it is now; None if it is unknown.
        needed: Value of the next level; None where a record, a history or a document is missing instead.
        level: Level that it would reach; None where that is not known.
        gain: What the item's proposal would gain by this alone; None if it stays unknown.
        reason: Message code of what is missing.
        missing: The record or table that does not exist.
    """

    item: str
    indicator: str | None
    value: Decimal | None
    needed: Decimal | None
    level: int | None
    gain: Decimal | None
    reason: str
    missing: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward maturity gaps --json`."""
        return fields_of(self)


def maturity_gaps(settings: Settings, item: str | None = None, year: str = "") -> list[MaturityGap]:
    """What would raise each item, or the requested one; of an item what gains most comes first.

    Args:
        year: Year of the edition; empty for the default one.

    Raises:
        UsageError: As `show_maturity`.
    """
    coverage = find_edition(year).limits["coverage"]
    found = show_maturity(settings, item, year)
    return [gap for each in found for gap in sorted(_gaps(each, coverage), key=lambda gap: -(gap.gain or 0))]


def _gaps(item: MaturityItem, coverage: Decimal) -> Iterator[MaturityGap]:
    for at, indicator in enumerate(item.indicators):
        gap = _unmeasured(item, indicator) if indicator.level is None else _below(item, at, coverage)
        if gap:
            yield gap
    if item.proposal is not None and item.proposal >= item.ceiling:
        yield _gap(item, None, "gap_ceiling")
    elif all(each.level is None and each.sql is None for each in item.indicators):
        yield _gap(item, None, "gap_assessor")


def _gap(item: MaturityItem, indicator: MaturityIndicator | None, reason: str, missing: str | None = None) -> MaturityGap:
    return MaturityGap(
        item=item.item,
        indicator=indicator.indicator if indicator else None,
        value=indicator.value if indicator else None,
        needed=None,
        level=None,
        gain=None,
        reason=reason,
        missing=missing,
    )


def _unmeasured(item: MaturityItem, indicator: MaturityIndicator) -> MaturityGap:
    return _gap(item, indicator, "gap_record" if indicator.missing else "gap_nothing", indicator.missing)


def _below(item: MaturityItem, at: int, coverage: Decimal) -> MaturityGap | None:
    """The next level of a measured indicator; None at the last one."""
    indicator = item.indicators[at]
    assert indicator.level is not None
    following = int(indicator.level) + 1
    if following > LAST:
        return None
    if indicator.reason == SMALL_SAMPLE and following > SAMPLE_REACH:
        return _gap(item, indicator, "gap_sample")
    if following > WITHOUT_HISTORY:
        return _gap(item, indicator, "gap_history")
    return MaturityGap(
        item=item.item,
        indicator=indicator.indicator,
        value=indicator.value,
        needed=indicator.steps[following - 2],
        level=following,
        gain=_gain(item, at, following, coverage),
        reason="gap_lower" if indicator.lower else "gap_higher",
    )


def _gain(item: MaturityItem, at: int, level: int, coverage: Decimal) -> Decimal | None:
    """What the item's proposal gains where one indicator reaches a level; None where it stays unknown."""
    readings = [IndicatorLevel(each.level, must=each.must) for each in item.indicators]
    readings[at] = IndicatorLevel(Decimal(level), must=item.indicators[at].must)
    raised = propose_item(readings, item.ceiling, coverage).score
    return None if raised is None or item.proposal is None else raised - item.proposal

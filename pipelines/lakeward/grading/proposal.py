"""From counts to a proposal: which grade a column should have, and why. Proposes only; nothing here confirms anything."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from lakeward.contracts.model import Column
from lakeward.grading.catalogue import Detector, Rules, Standing
from lakeward.grading.detection import DETECTABLE, Evidence
from lakeward.grading.grade import Grade

# Ratios are kept to four digits, as the governance table has them.
_DIGITS = Decimal("0.0001")


class Why(StrEnum):
    """Reasons of a grade; each is a message code."""

    IS = "grade_column_is"
    CONTAINS = "grade_column_contains"
    CLASS = "grade_class_default"
    DECLARED = "grade_declared"
    INHERITED = "grade_inherited"
    NO_CLASS = "grade_class_missing"
    UNKNOWN_CLASS = "grade_class_unknown"
    NO_VALUES = "grade_no_values"
    SOURCE_UNGRADED = "grade_source_ungraded"
    NOT_GRADED = "grade_not_run"
    TYPE_CHANGED = "grade_type_changed"
    CONFIRMED = "grade_confirmed"
    OVERRIDDEN = "grade_overridden"
    RAISED = "grade_raised_after_decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What the rules say of one column.

    Args:
        type: The column's type when it was looked at.
        standing: None: the rules can't say, so the column is ungraded.
        detector: What was found in the column's own values, also where something else decided the grade.
        ratio: Share of matches, 0 to 1, behind `detector`; for "contains" of validated hits.
        sample: Different values that were looked at.
    """

    column: str
    type: str
    standing: Standing | None
    category: str | None
    detector: str | None
    ratio: Decimal | None
    sample: int | None
    rule_version: str
    catalogue: str
    why: Why


@dataclass(frozen=True, slots=True)
class _Found:
    detector: Detector
    ratio: Decimal
    why: Why


def propose(
    columns: Iterable[Column], data_class: str | None, found: Mapping[str, Mapping[str, Evidence]], rules: Rules
) -> tuple[Proposal, ...]:
    """A proposal for every column.

    Args:
        data_class: The contract's class of data; without one that the rules know, what no detector knows is ungraded.
        found: Counts by column and detector, for the columns that were looked at.
    """
    return tuple(_proposal(column, data_class, found.get(column.name, {}), rules) for column in columns)


def _proposal(column: Column, data_class: str | None, found: Mapping[str, Evidence], rules: Rules) -> Proposal:
    default = rules.classes.get(data_class or "")
    best = min(_findings(column, found, rules), key=lambda f: list(rules.categories).index(f.detector.category), default=None)
    sample = next((evidence.eligible for evidence in found.values()), None)
    why = Why.CLASS if default else Why.UNKNOWN_CLASS if data_class else Why.NO_CLASS
    base = Proposal(
        column=column.name,
        type=str(column.type),
        standing=default,
        category=None,
        detector=None,
        ratio=None,
        sample=sample,
        rule_version=rules.id,
        catalogue=rules.scheme,
        why=why,
    )
    if column.type.kind in DETECTABLE and not found:
        return replace(base, standing=None, sample=0, why=Why.NO_VALUES)
    if best:
        standing = highest(default, rules.categories[best.detector.category])
        version = f"{rules.id}:{best.detector.id}.{best.detector.version}"
        base = replace(base, standing=standing, category=best.detector.category, why=best.why, rule_version=version)
        base = replace(base, detector=best.detector.id, ratio=best.ratio)
    return _declared(base, column.classification)


def highest(*standings: Standing | None) -> Standing | None:
    """The most sensitive of those that are known; None where none is."""
    return max((s for s in standings if s), key=lambda s: s.rank, default=None)


def _declared(proposal: Proposal, classification: str | None) -> Proposal:
    """A grade that the contract itself states only ever raises."""
    if proposal.standing is None or classification not in tuple(Grade):
        return proposal
    declared = Standing(Grade(classification), None)
    return replace(proposal, standing=declared, why=Why.DECLARED) if declared.rank > proposal.standing.rank else proposal


def _findings(column: Column, found: Mapping[str, Evidence], rules: Rules) -> list[_Found]:
    judged = (_found(column, detector, found[detector.id], rules) for detector in rules.detectors if detector.id in found)
    return [finding for finding in judged if finding]


def _found(column: Column, detector: Detector, seen: Evidence, rules: Rules) -> _Found | None:
    named = any(detector.names.search(name) for name in (column.name, column.source_name))
    if (detector.needs_name and not named) or (not named and not detector.checked and _counted_things(column, seen, rules)):
        return None
    ratio = _ratio(seen.matched, seen.eligible)
    if ratio is not None and ratio >= detector.is_ratio and seen.matched >= (1 if named else detector.distinct):
        return _Found(detector, ratio, Why.IS)
    share = _ratio(seen.hits, seen.candidates)
    if share is not None and detector.contains_ratio is not None and seen.hits and share >= detector.contains_ratio:
        return _Found(detector, share, Why.CONTAINS)
    return None


def _counted_things(column: Column, seen: Evidence, rules: Rules) -> bool:
    """Whether the numbers rather count orders or parts: by the column's name, or because they lie so close."""
    serial = any(rules.serial_names.search(name) for name in (column.name, column.source_name))
    dense = seen.spread is not None and seen.hits > 1 and seen.spread < rules.serial_density * seen.hits
    return serial or dense


def _ratio(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / whole).quantize(_DIGITS) if whole else None

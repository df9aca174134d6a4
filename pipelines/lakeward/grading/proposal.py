"""Derives grade proposals with reasons from counts. Confirms nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from lakeward.contracts.model import Column
from lakeward.grading.catalogue import Detector, GradingRules, Sensitivity
from lakeward.grading.classes import class_of
from lakeward.grading.column_names import is_against, is_named, name_texts
from lakeward.grading.detection import DETECTABLE, FRACTIONAL, DetectorCounts
from lakeward.grading.grade import Grade
from lakeward.grading.propagation import strictest

# Ratios have four digits, as in the governance table.
_RATIO_STEP = Decimal("0.0001")


class Reason(StrEnum):
    """Reasons of a grade; each is a message code."""

    IS = "grade_column_is"
    CONTAINS = "grade_column_contains"
    NAMED = "grade_column_named"
    CLASS = "grade_class_default"
    DECLARED = "grade_declared"
    INHERITED = "grade_inherited"
    NO_CLASS = "grade_class_missing"
    UNKNOWN_CLASS = "grade_class_unknown"
    NO_VALUES = "grade_no_values"
    SOURCE_LEFT = "grade_source_left"
    SOURCE_UNGRADED = "grade_source_ungraded"
    NOT_GRADED = "grade_not_run"
    TYPE_CHANGED = "grade_type_changed"
    CONFIRMED = "grade_confirmed"
    OVERRIDDEN = "grade_overridden"
    RAISED = "grade_raised_after_decision"
    KEPT = "grade_kept"
    SIGNATURE_MISSING = "grade_signature_missing"
    TRANSFORM_UNCHECKED = "grade_transform_unchecked"
    TRANSFORM_WITHDRAWN = "grade_transform_withdrawn"
    FALL_UNSIGNED = "grade_fall_unsigned"


# Reasons of a column without a grade of its own.
_UNKNOWN = (Reason.NO_CLASS, Reason.UNKNOWN_CLASS, Reason.NO_VALUES)


@dataclass(frozen=True, slots=True)
class OwnGrade:
    """What the rules found in a column itself, without what it inherits.

    Args:
        floor: The highest grade that the rules ever found in it; None if they never found one.
        category: The strictest category that they ever found.
        why: Why, in the newest run.
    """

    floor: Sensitivity | None
    category: str | None
    why: Reason

    @property
    def sensitivity(self) -> Sensitivity | None:
        """The column's own grade; None if it has none now."""
        return None if self.why in _UNKNOWN else self.floor


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeProposal:
    """The proposal of the rules for one column.

    Args:
        type: The column's type at the time of the proposal.
        sensitivity: None if the rules find no grade; then the column is ungraded.
        detector: The detector that matched the column's values, even if another reason decided the grade.
        ratio: Share of matches, 0 to 1, behind `detector`; for "contains" of validated hits; None if the name alone shows it.
        sample: Number of distinct sampled values.
        own: What the rules found in the column itself; None in records of before 0.3.
    """

    column: str
    type: str
    sensitivity: Sensitivity | None
    category: str | None
    detector: str | None
    ratio: Decimal | None
    sample: int | None
    rule_version: str
    catalogue: str
    why: Reason
    own: OwnGrade | None = None


@dataclass(frozen=True, slots=True)
class _Detection:
    detector: Detector
    ratio: Decimal | None
    why: Reason


def propose_grades(
    columns: Iterable[Column],
    data_class: str | None,
    counts_by_column: Mapping[str, Mapping[str, DetectorCounts]],
    rules: GradingRules,
) -> tuple[GradeProposal, ...]:
    """A proposal for every column.

    Args:
        data_class: The contract's class of data; without a known one, columns without a detector's match are ungraded.
        counts_by_column: Counts by column and detector, for the inspected columns.
    """
    return tuple(_proposal(column, data_class, counts_by_column.get(column.name, {}), rules) for column in columns)


def _proposal(
    column: Column, data_class: str | None, counts_by_detector: Mapping[str, DetectorCounts], rules: GradingRules
) -> GradeProposal:
    default = rules.classes.get(class_of(data_class) or "")
    best = min(
        _detections(column, counts_by_detector, rules),
        key=lambda f: list(rules.categories).index(f.detector.category),
        default=None,
    )
    sample = next((evidence.eligible for evidence in counts_by_detector.values()), None)
    why = Reason.CLASS if default else Reason.UNKNOWN_CLASS if data_class else Reason.NO_CLASS
    base = GradeProposal(
        column=column.name,
        type=str(column.type),
        sensitivity=default,
        category=None,
        detector=None,
        ratio=None,
        sample=sample,
        rule_version=rules.id,
        catalogue=rules.scheme,
        why=why,
    )
    if column.type.kind in DETECTABLE and not counts_by_detector:
        return replace(base, sensitivity=None, sample=0, why=Reason.NO_VALUES)
    if best:
        sensitivity = highest(default, rules.categories[best.detector.category])
        version = f"{rules.id}:{best.detector.id}.{best.detector.version}"
        base = replace(base, sensitivity=sensitivity, category=best.detector.category, why=best.why, rule_version=version)
        base = replace(base, detector=best.detector.id, ratio=best.ratio)
    return _with_declared_grade(base, column.classification)


def keep_highest(proposal: GradeProposal, before: GradeProposal | None, categories: Sequence[str]) -> GradeProposal:
    """The proposal, without inherited grades, at no lower grade and category than in any earlier run.

    Args:
        before: The newest earlier proposal, which may have been inherited.
        categories: The strictest first.
    """
    known = before.own if before and before.own else _own_part(before)
    floor = highest(proposal.sensitivity, known.floor if known else None)
    category = strictest((proposal.category, known.category if known else None), categories)
    fell = proposal.sensitivity is not None and (floor, category) != (proposal.sensitivity, proposal.category)
    own = OwnGrade(floor, category, Reason.KEPT if fell else proposal.why)
    return replace(proposal, sensitivity=own.sensitivity, category=category if own.sensitivity else None, why=own.why, own=own)


def _own_part(before: GradeProposal | None) -> OwnGrade | None:
    """What a proposal of before 0.3 says of the column itself: nothing if it was inherited."""
    if before is None or before.why in (Reason.INHERITED, Reason.SOURCE_LEFT, Reason.SOURCE_UNGRADED):
        return None
    return OwnGrade(before.sensitivity, before.category, before.why)


def highest(*sensitivities: Sensitivity | None) -> Sensitivity | None:
    """The most sensitive of the known values; None if all are unknown."""
    return max((s for s in sensitivities if s), key=lambda s: s.rank, default=None)


def _with_declared_grade(proposal: GradeProposal, classification: str | None) -> GradeProposal:
    """Raise the proposal to the grade declared in the contract."""
    if proposal.sensitivity is None or classification not in tuple(Grade):
        return proposal
    declared = Sensitivity(Grade(classification), None)
    return replace(proposal, sensitivity=declared, why=Reason.DECLARED) if declared.rank > proposal.sensitivity.rank else proposal


def _detections(column: Column, counts_by_detector: Mapping[str, DetectorCounts], rules: GradingRules) -> list[_Detection]:
    if not counts_by_detector:
        return []
    judged = (
        _detect_by_name(column, detector, counts_by_detector)
        if detector.by_name
        else _detect(column, detector, counts_by_detector[detector.id], rules)
        for detector in rules.detectors
        if detector.by_name or detector.id in counts_by_detector
    )
    return [finding for finding in judged if finding]


def _detect_by_name(column: Column, detector: Detector, counts: Mapping[str, DetectorCounts]) -> _Detection | None:
    has_values = any(each.eligible for each in counts.values())
    return _Detection(detector, None, Reason.NAMED) if has_values and is_named(column, detector) else None


def _detect(column: Column, detector: Detector, counts: DetectorCounts, rules: GradingRules) -> _Detection | None:
    named = is_named(column, detector)
    if (detector.needs_name and not named) or is_against(column, detector):
        return None
    if not named and not detector.has_check and _looks_like_serials(column, counts, rules):
        return None
    ratio = _ratio(counts.matched, counts.eligible)
    if ratio is not None and ratio >= detector.is_ratio and counts.matched >= (1 if named else detector.min_matches):
        return _Detection(detector, ratio, Reason.IS)
    return _contained(column, detector, counts, named=named)


def _contained(column: Column, detector: Detector, counts: DetectorCounts, *, named: bool) -> _Detection | None:
    share = _ratio(counts.hits, counts.candidates)
    if column.type.kind in FRACTIONAL and not named:
        return None  # one long number among measures tells nothing
    if share is None or detector.contains_ratio is None or counts.hits < (1 if named else detector.min_hits):
        return None
    return _Detection(detector, share, Reason.CONTAINS) if share >= detector.contains_ratio else None


def _looks_like_serials(column: Column, counts: DetectorCounts, rules: GradingRules) -> bool:
    """Whether the numbers are more likely serial numbers: by the column's name, or because they are dense."""
    serial = any(rules.serial_names.search(name) for name in (*name_texts(column), column.source_name))
    dense = counts.spread is not None and counts.hits > 1 and counts.spread < rules.serial_density * counts.hits
    return serial or dense


def _ratio(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / whole).quantize(_RATIO_STEP) if whole else None

"""What is proposed: a rule that a suite can hold, why, and on which rows it stands. Plain values; nothing is measured here."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lakeward.core.evidence import Evidence
from lakeward.flows.base.answers import fields_of
from lakeward.quality.kwargs import columns_of

# Of so few digits two conditions on one column clash once in 16 million.
DIGITS = 6


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What a proposal would have said of some past batches, had it been there.

    Args:
        batches, fired: Batches in which it could be evaluated, and of these those in which it would have failed.
        rows, failed: Rows it was evaluated on, and of these the failing ones; None for rules without failing rows.
    """

    batches: int = 0
    fired: int = 0
    rows: int = 0
    failed: int | None = None

    @property
    def share(self) -> float | None:
        """How often it fires, 0 to 1: of rows where it has failing rows, else of batches; None: it was never evaluated."""
        if not self.batches:
            return None
        if self.failed is None:
            return self.fired / self.batches
        return self.failed / self.rows if self.rows else None

    def as_dict(self) -> dict[str, object]:
        """`batches, fired, rows, failed, share`."""
        return {**fields_of(self), "share": self.share}


def trial_result(counts_by_batch: Mapping[int, Mapping[str, Any]], batches: Iterable[int]) -> TrialResult:
    """What counts per batch come to: `rows` evaluated and, of these, `failed`; a batch without rows was not evaluated."""
    counts = [counts_by_batch[batch] for batch in batches if batch in counts_by_batch and counts_by_batch[batch]["rows"]]
    return TrialResult(
        len(counts),
        sum(1 for row in counts if row["failed"]),
        sum(row["rows"] for row in counts),
        sum(row["failed"] for row in counts),
    )


@dataclass(frozen=True, slots=True)
class FiringRates:
    """The expected firing rate: on the batches that taught it, and on those kept back; None where none were."""

    training: TrialResult
    holdout: TrialResult | None

    @property
    def expected_rate(self) -> float | None:
        """The honest one: on batches that it never saw, where there are any."""
        return (self.holdout or self.training).share

    def as_dict(self) -> dict[str, object]:
        """`learned, held`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleProposal:
    """One rule.

    Args:
        id: Unique among proposals, the same for the same rule whatever the bounds; holds no value of a row.
        type, kwargs: The expectation.
        reason: Message code of the reason; `facts` fill it: counts and names only.
        evidence: What gives it again.
        firing: None until it was tried.
    """

    id: str
    type: str
    kwargs: Mapping[str, Any]
    reason: str
    facts: Mapping[str, object]
    evidence: Evidence
    firing: FiringRates | None = None

    def as_dict(self) -> dict[str, object]:
        """The keys of a proposal in `lakeward suggest --json`."""
        return {
            "id": self.id,
            "type": self.type,
            "kwargs": dict(self.kwargs),
            "severity": "warn",
            "reason": self.reason,
            "facts": dict(self.facts),
            "evidence": self.evidence.as_dict(),
            "expected_firing": self.firing.expected_rate if self.firing else None,
            "tried": self.firing.as_dict() if self.firing else {"learned": None, "held": None},
        }

    def with_firing(self, firing: FiringRates) -> "RuleProposal":
        """The same with what it would have said of the past."""
        return replace(self, firing=firing)


@dataclass(frozen=True, slots=True)
class Finding:
    """What history shows and no rule of a suite can say: a person should know it.

    Args:
        code: Message code; `facts` fill it: counts and names only.
    """

    code: str
    facts: Mapping[str, object]
    evidence: Evidence

    def as_dict(self) -> dict[str, object]:
        """`code, facts, evidence`."""
        return fields_of(self)


def make_proposal(
    kind: str, type_: str, kwargs: Mapping[str, Any], why: tuple[str, Mapping[str, object]], evidence: Evidence
) -> RuleProposal:
    """A proposal, named after its kind and columns; a condition makes it another, without showing its value.

    Args:
        why: Message code and facts.
    """
    condition = kwargs.get("row_condition") or kwargs.get("series_regex")
    mark = "#" + hashlib.sha256(json.dumps(condition, ensure_ascii=False).encode()).hexdigest()[:DIGITS] if condition else ""
    columns = ",".join(columns_of(kwargs))
    reason, facts = why
    return RuleProposal(
        id=f"learned_{kind}" + (f":{columns}" if columns else "") + mark,
        type=type_,
        kwargs=kwargs,
        reason=reason,
        facts=facts,
        evidence=evidence,
    )

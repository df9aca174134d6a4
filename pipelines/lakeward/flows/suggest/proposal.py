"""The classes of proposals and findings. Plain values; nothing is measured here."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lakeward.core.evidence import Evidence
from lakeward.flows.base.answers import fields_of, plain
from lakeward.quality.kwargs import columns_of

# With this many digits two conditions on one column collide once in 16 million.
DIGITS = 6


@dataclass(frozen=True, slots=True)
class TrialResult:
    """The result of a proposed rule on past batches.

    Args:
        batches, fired: Batches in which it could be evaluated, and of these the batches in which it would have failed.
        rows, failed: Rows it was evaluated on, and of these the failing rows; None for rules without failing rows.
    """

    batches: int = 0
    fired: int = 0
    rows: int = 0
    failed: int | None = None

    @property
    def share(self) -> float | None:
        """Firing rate, 0 to 1: of rows if the rule has failing rows, else of batches; None if it was never evaluated."""
        if not self.batches:
            return None
        if self.failed is None:
            return self.fired / self.batches
        return self.failed / self.rows if self.rows else None

    def as_dict(self) -> dict[str, object]:
        """The keys of a result in `tried`.

        Returns:
            share: Firing rate, 0 to 1: of rows if the rule has failing rows, else of batches; None if never evaluated.
        """
        return {**fields_of(self), "share": self.share}


def trial_result(counts_by_batch: Mapping[int, Mapping[str, Any]], batches: Iterable[int]) -> TrialResult:
    """Sum the counts per batch: `rows` evaluated and `failed` of these; a batch without rows was not evaluated."""
    counts = [counts_by_batch[batch] for batch in batches if batch in counts_by_batch and counts_by_batch[batch]["rows"]]
    return TrialResult(
        len(counts),
        sum(1 for row in counts if row["failed"]),
        sum(row["rows"] for row in counts),
        sum(row["failed"] for row in counts),
    )


@dataclass(frozen=True, slots=True)
class FiringRates:
    """The expected firing rate.

    Args:
        training: Result on the training batches.
        holdout: Result on the holdout batches; None if there are none.
    """

    training: TrialResult
    holdout: TrialResult | None

    @property
    def expected_rate(self) -> float | None:
        """The rate on the holdout batches; without any, on the training batches."""
        return (self.holdout or self.training).share

    def as_dict(self) -> dict[str, object]:
        """The keys of `tried` in `lakeward suggest --json`.

        Returns:
            learned: Result on the training batches.
            held: Result on the holdout batches; None if there are none.
        """
        return {"learned": self.training.as_dict(), "held": plain(self.holdout)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleProposal:
    """A suggested rule.

    Args:
        id: Unique among proposals and independent of the bounds; never contains a value of a row.
        type, kwargs: Type and arguments of the expectation.
        reason: Message code of the reason.
        facts: Values that fill the message: counts and names only.
        evidence: Query that reproduces the counts behind the rule.
        firing: None until the rule was tested on the history.
    """

    id: str
    type: str
    kwargs: Mapping[str, Any]
    reason: str
    facts: Mapping[str, object]
    evidence: Evidence
    firing: FiringRates | None = None

    def as_dict(self) -> dict[str, object]:
        """The keys of a proposal in `lakeward suggest --json`.

        Returns:
            severity: Always `warn`; a steward can raise it in the suite.
            expected_firing: Share of rows, or of batches, on which the rule would have failed, 0 to 1; None if unknown.
            tried: Results on the training batches (`learned`) and on the holdout batches (`held`).
        """
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
        """A copy with its firing rates."""
        return replace(self, firing=firing)


@dataclass(frozen=True, slots=True)
class Finding:
    """An observation about the history that no rule of a suite can express.

    Args:
        code: Message code.
        facts: Values that fill the message: counts and names only.
        evidence: Query that reproduces the observation.
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
    """Make a proposal whose id is derived from its kind and columns; a condition adds a hash, not its value.

    Args:
        why: Message code and facts of the reason.
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

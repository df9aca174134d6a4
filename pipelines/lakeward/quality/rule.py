"""Rules and verdicts, independent of how a rule is judged."""

import json
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import Any

from lakeward.core.names import sha256

# 48 bits: a collision of two versions needs about 16 million edits of a rule.
VERSION_DIGITS = 12
# Type of the rule on the share of records that are rejects.
RECEIVED = "received"


class Severity(StrEnum):
    """Effect of a failed rule: a warning, quarantine of the failing rows, or a halt of the batch until a steward releases it."""

    WARN = "warn"
    QUARANTINE = "quarantine"
    HALT = "halt"


# Effect of a failed rule, by severity.
SEVERITIES: Mapping[Severity, str] = {
    Severity.WARN: "Marks the batch; every row is published.",
    Severity.QUARANTINE: "Keeps the failing rows out of silver: they wait in quarantine.",
    Severity.HALT: "Stops the batch before it is published. Bronze keeps it, later batches wait until a steward releases it.",
}


class Dimension(StrEnum):
    """The six dimensions of GB/T 36344-2018, clause 5."""

    NORMATIVITY = "normativity"
    COMPLETENESS = "completeness"
    ACCURACY = "accuracy"
    CONSISTENCY = "consistency"
    TIMELINESS = "timeliness"
    ACCESSIBILITY = "accessibility"


class Outcome(StrEnum):
    """UNKNOWN is not a pass: the rule could not be evaluated, or there was nothing to evaluate (docs/explanation/laws.md, 2)."""

    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One expectation, with an identity.

    Args:
        id: Unique in its suite; `type:`, `required:` and `key:` are prefixes of rules from the contract.
        version: Hash of everything that defines the rule; it changes only with its meaning.
        type: Name of the expectation, or `type`, `required`, `key`.
        columns: Columns that it reads.
    """

    id: str
    version: str
    type: str
    kwargs: Mapping[str, Any]
    severity: Severity
    dimension: Dimension
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict of one rule on one batch.

    Args:
        evaluated: Number of rows that it was evaluated on (values for an aggregate, 1 for a schema rule).
        failed: Number of these that failed; None for aggregate and schema rules, which have no failing rows.
        observed: The aggregate that was judged; never a value of a row.
        reason: Reason for UNKNOWN.
        proof: What decided it without reading rows, such as file statistics; None if rows were read.
        elements: Number of rows in the rule's domain (all, or those of its `row_condition`), missing values included; never
            stored.
        value: The observed value as in Great Expectations, which can be the value of a row; never stored.
        row_ids: (`_file_seq`, `_row`) of the failing rows, if the rule was judged outside the engine; never stored.
    """

    rule: Rule
    outcome: Outcome
    _: KW_ONLY
    evaluated: int | None = None
    failed: int | None = None
    observed: str | None = None
    reason: str | None = None
    proof: str | None = None
    elements: int | None = None
    value: Any = None
    row_ids: tuple[tuple[int, int], ...] = ()


def rule_version(type_: str, kwargs: Mapping[str, Any], *meaning: str) -> str:
    """Hash of a rule's configuration, the same for any order of its keys."""
    canonical = json.dumps([type_, dict(kwargs), *meaning], sort_keys=True, ensure_ascii=False, default=str)
    return sha256(canonical.encode())[:VERSION_DIGITS]

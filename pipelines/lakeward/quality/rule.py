"""What a rule is, and what it says of a batch. Nothing here knows how a rule is judged."""

import json
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import Any

from lakeward.core.names import sha256

# 48 bits: two versions of one rule that clash by chance would need some 16 million edits of it.
VERSION_DIGITS = 12


class Severity(StrEnum):
    """What a failing rule does: mark, divert the failing rows, or stop the publish of the whole batch until a steward releases it."""

    WARN = "warn"
    QUARANTINE = "quarantine"
    HALT = "halt"


# What a failing rule does, by its severity.
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
        id: Unique in its suite; `type:`, `required:` and `key:` are those that follow from the contract.
        version: Hash of all that decides what the rule means; changes when and only when that changes.
        type: Name of the expectation, or `type`, `required`, `key`.
        columns: Columns it looks at.
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
    """What one rule says of one batch.

    Args:
        evaluated: Rows (or values, for an aggregate; for a schema rule 1, the table) that it was evaluated on.
        failed: Of these, rows that failed; for aggregate and schema rules None: they have no failing rows.
        observed: The aggregate that was judged; never a value of a row.
        reason: Why it is UNKNOWN.
        proof: What settled it without reading the rows, such as the statistics of the files; None: the rows were read.
        elements: Rows in the rule's domain (all, or those of its `row_condition`), missing ones included; never stored.
        value: What was observed, as Great Expectations would give it, be it the value of a row; never stored.
        places: (`_file_seq`, `_row`) of the failing rows, where the rule was judged outside the engine; never stored.
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

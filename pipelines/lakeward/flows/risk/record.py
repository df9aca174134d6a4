"""The record of risk assessments: steps that are only added, and what follows from them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.given_texts import check_given_texts
from lakeward.flows.base.signed_rows import append_signed
from lakeward.flows.base.workspace import Workspace

TABLE = "risk_assessments"


class RiskStep(StrEnum):
    """Steps of an assessment."""

    BEGUN = "begun"
    ANSWERED = "answered"
    ASSIGNED = "assigned"
    FOUND = "found"
    GONE = "gone"
    TREATED = "treated"
    FINAL = "final"


class RiskState(StrEnum):
    """What became of a finding."""

    OPEN = "open"
    TREATED = "treated"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFinding:
    """A risk at one place.

    Args:
        finding: Its number in the assessment, as `R1`.
        rule: Rule that found it.
        kind: Part of the list of risks.
        level: `high`, `medium` or `low`, before any remedy.
        place: Where it is, such as a dataset or a column.
        state: `open`, `treated` by a person, or `gone` when the rule no longer finds it.
        remedy: What is done about it.
        residual: Level that remains with the remedy.
        due: Last day for the remedy, in ISO 8601.
        by: Who treated it.
    """

    finding: str
    rule: str
    kind: str
    level: str
    place: str
    state: RiskState = RiskState.OPEN
    remedy: str | None = None
    residual: str | None = None
    due: str | None = None
    by: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `findings`."""
        return fields_of(self)


@dataclass(slots=True, kw_only=True)
class AssessmentRecord:
    """What the steps of one assessment say.

    Args:
        number: Number of the assessment, from 1.
        begun_at: When it was begun.
        owner, due: Who answers its questions by when, where no other is named.
        answers: Question -> its text.
        owners: Question -> owner and day that a person named.
        findings: Rule and place -> the finding.
        final_at: When it was made final; None while it is open.
        final_by: Who made it final.
        versions: By table, the Delta version that its numbers are of; None while it is open.
    """

    number: str
    begun_at: datetime
    owner: str
    due: date
    answers: dict[str, str] = field(default_factory=dict)
    owners: dict[str, tuple[str, str]] = field(default_factory=dict)
    findings: dict[tuple[str, str], RiskFinding] = field(default_factory=dict)
    final_at: datetime | None = None
    final_by: str | None = None
    versions: Mapping[str, int] | None = None

    def finding(self, number: str) -> RiskFinding | None:
        """The finding of this number; None if there is none."""
        return next((each for each in self.findings.values() if each.finding == number), None)


def read_assessments(engine: Engine) -> list[AssessmentRecord]:
    """The assessments, the oldest first."""
    found: dict[str, AssessmentRecord] = {}
    for row in governance.read_rows(engine, TABLE, order="seq"):
        facts = json.loads(row["facts"])
        if row["step"] == RiskStep.BEGUN:
            begun = {"begun_at": row["recorded_at"], "owner": facts["owner"], "due": date.fromisoformat(facts["due"])}
            found[row["assessment"]] = AssessmentRecord(number=row["assessment"], **begun)
        else:
            _add_step(found[row["assessment"]], row, facts)
    return [*found.values()]


def append_steps(
    workspace: Workspace, engine: Engine, number: str, steps: Sequence[tuple[RiskStep, str, Mapping[str, Any]]], by: str
) -> None:
    """Append steps, each with its subject and facts, to an assessment.

    Raises:
        UsageError: No one is named, or a text holds a control character.
        ProtectionError: The token is not valid.
    """
    for _, _, facts in steps:
        check_given_texts(facts)
    rows = [
        {"assessment": number, "step": step, "subject": subject, "facts": json.dumps(facts, ensure_ascii=False)}
        for step, subject, facts in steps
    ]
    append_signed(workspace, engine, TABLE, rows, by, decision="risk")


def _add_step(record: AssessmentRecord, row: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    subject: str = row["subject"]
    match row["step"]:
        case RiskStep.ANSWERED:
            record.answers[subject] = facts["text"]
        case RiskStep.ASSIGNED:
            record.owners[subject] = (facts["owner"], facts["due"])
        case RiskStep.FINAL:
            record.final_at, record.final_by, record.versions = row["recorded_at"], row["author"], facts["versions"]
        case _:
            _add_finding(record, row, facts)


def _add_finding(record: AssessmentRecord, row: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    rule, _, place = row["subject"].partition(":")
    known = record.findings.get((rule, place))
    named = {
        "finding": known.finding if known else f"R{len(record.findings) + 1}",
        "rule": rule,
        "place": place,
        "kind": facts.get("kind") or (known.kind if known else ""),
        "level": facts.get("level") or (known.level if known else ""),
    }
    states = {RiskStep.FOUND: RiskState.OPEN, RiskStep.GONE: RiskState.GONE, RiskStep.TREATED: RiskState.TREATED}
    record.findings[rule, place] = RiskFinding(
        **named,
        state=states[RiskStep(row["step"])],
        remedy=facts.get("remedy"),
        residual=facts.get("residual"),
        due=facts.get("due"),
        by=row["author"] if row["step"] == RiskStep.TREATED else None,
    )

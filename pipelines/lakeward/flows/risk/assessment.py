"""Assesses risks: refreshes the evidence, fills the report by queries, records new findings, and says which questions are open."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.audit.access_watch import WATCHED_DAYS, record_findings
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import Workspace, local_day, open_workspace
from lakeward.flows.evidence.identities import record_identities
from lakeward.flows.evidence.policy_bindings import record_policy_bindings
from lakeward.flows.evidence.sketches import sketch_columns
from lakeward.flows.risk.evidence import QueryEvidence, ReadPoint, run_query
from lakeward.flows.risk.record import (
    AssessmentRecord,
    RiskFinding,
    RiskState,
    RiskStep,
    append_steps,
    read_assessments,
)
from lakeward.flows.risk.rules import RiskFormField, report_form
from lakeward.flows.scorecard.inventory import take_inventory
from lakeward.flows.serving.policy import load_policy

PERIOD = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskField:
    """A field of the report.

    Args:
        field: Its key.
        section: Key of its section.
        names: Name by language.
        answer: What a person answered; None for a field of a query, or an open question.
        rows: Number of rows that its query gave; None for a question.
        owner, due: Who answers the question, and the last day in ISO 8601; None for a field of a query.
        evidence: Query, versions and rows; None for a question.
    """

    field: str
    section: str
    names: Mapping[str, str]
    answer: str | None
    rows: int | None
    owner: str | None
    due: str | None
    evidence: QueryEvidence | None

    @property
    def is_open(self) -> bool:
        """Whether it is a question without an answer."""
        return self.evidence is None and self.answer is None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `fields`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAssessment:
    """A yearly risk assessment as it is now.

    Args:
        assessment: Its number, from 1.
        begun_at: When it was begun.
        final_at: When it was made final; None while it is open.
        fields: Fields of the report, in order.
        findings: Risks that the rules found.
        filled: Number of fields that are filled, by a query or an answer.
        open_questions: Questions without an answer.
        open_findings: Findings without a remedy.
        datasets: Datasets that it covers.
    """

    assessment: str
    begun_at: datetime
    final_at: datetime | None
    fields: tuple[RiskField, ...]
    findings: tuple[RiskFinding, ...]
    filled: int
    open_questions: tuple[str, ...]
    open_findings: tuple[str, ...]
    datasets: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward risk assess --json`."""
        return fields_of(self)


def assess_risks(settings: Settings, owner: str = "", by: str = "") -> RiskAssessment:
    """Go on with the open assessment, or begin one where there is none, and record what the rules find now.

    Args:
        owner: Who answers questions that no one else is named for; empty for the contact of the serving policy.
        by: Who signs; empty for the token's account.

    Raises:
        UsageError: The lake has no table, or no one is named.
        PolicyError: The serving policy is not valid.
        ProtectionError: The token is not valid.
    """
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        if not any(row["stored"] for row in take_inventory(engine, workspace.project)):
            raise UsageError("risk_lake_empty")
        record_identities(workspace, engine)
        record_policy_bindings(workspace, engine)
        sketch_columns(workspace, engine)
    record_findings(workspace, WATCHED_DAYS)
    with workspace.engine() as engine:
        record = find_open_assessment(engine)
        if record is None:
            _begin(workspace, engine, owner, by)
            record = find_open_assessment(engine)
        assert record is not None
        _record_changes(workspace, engine, record, by)
        return describe_assessment(workspace, engine, read_assessments(engine)[-1])


def find_open_assessment(engine: Engine) -> AssessmentRecord | None:
    """The newest assessment if it is open; None otherwise."""
    found = read_assessments(engine)
    return found[-1] if found and found[-1].final_at is None else None


def describe_assessment(workspace: Workspace, engine: Engine, record: AssessmentRecord) -> RiskAssessment:
    """The assessment with its fields, over the year before now; of a final one, as it was then."""
    until = (record.final_at or workspace.clock.now()).astimezone(UTC)
    point = ReadPoint(since=until - PERIOD, until=until, versions=record.versions)
    fields = tuple(_field(engine, each, record, point) for each in report_form().fields)
    names = {str(row["asset"]) for each in fields if each.field == "scope" and each.evidence for row in each.evidence.rows}
    return RiskAssessment(
        assessment=record.number,
        begun_at=record.begun_at,
        final_at=record.final_at,
        fields=fields,
        findings=tuple(record.findings.values()),
        filled=sum(not each.is_open for each in fields),
        open_questions=tuple(each.field for each in fields if each.is_open),
        open_findings=tuple(each.finding for each in record.findings.values() if each.state is RiskState.OPEN),
        datasets=tuple(sorted(name.partition(".")[2] for name in names)),
    )


def _begin(workspace: Workspace, engine: Engine, owner: str, by: str) -> None:
    number = str(1 + len(read_assessments(engine)))
    due = local_day(workspace) + timedelta(days=report_form().due_days)
    facts = {"owner": owner.strip() or load_policy(workspace).ask, "due": due.isoformat(), "form": report_form().id}
    append_steps(workspace, engine, number, [(RiskStep.BEGUN, "", facts)], by)


def _record_changes(workspace: Workspace, engine: Engine, record: AssessmentRecord, by: str) -> None:
    """Record findings that are new or came back, and those that the rules no longer find."""
    now = workspace.clock.now()
    found = {(rule, place): facts for rule, place, facts in _find(engine, now)}
    new = [
        (RiskStep.FOUND, f"{rule}:{place}", facts)
        for (rule, place), facts in found.items()
        if (rule, place) not in record.findings or record.findings[rule, place].state is RiskState.GONE
    ]
    gone: list[tuple[RiskStep, str, Mapping[str, str]]] = [
        (RiskStep.GONE, f"{rule}:{place}", {})
        for (rule, place), finding in record.findings.items()
        if (rule, place) not in found and finding.state is not RiskState.GONE
    ]
    if new or gone:
        append_steps(workspace, engine, record.number, [*new, *gone], by)


def _find(engine: Engine, now: datetime) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    for rule in report_form().rules.values():
        rows = run_query(engine, rule.query, ReadPoint(since=now - PERIOD, until=now)).rows
        for place in sorted({str(row["subject"]) for row in rows}):
            yield rule.rule, place, {"kind": rule.kind, "level": rule.level}


def _field(engine: Engine, field: RiskFormField, record: AssessmentRecord, point: ReadPoint) -> RiskField:
    evidence = run_query(engine, field.query, point) if field.query else None
    owner, due = record.owners.get(field.key, (record.owner, record.due.isoformat()))
    return RiskField(
        field=field.key,
        section=field.section,
        names=field.names,
        answer=record.answers.get(field.key),
        rows=len(evidence.rows) if evidence else None,
        owner=None if evidence else owner,
        due=None if evidence else due,
        evidence=evidence,
    )


def parse_due(workspace: Workspace, text: str) -> str:
    """The day by which something is due, in ISO 8601.

    Raises:
        UsageError: It is no day, or is past in the project's zone.
    """
    today = local_day(workspace)
    try:
        due = date.fromisoformat(text)
    except ValueError:
        due = date.min
    if due < today:
        raise UsageError("risk_due", found=ascii(text), today=today.isoformat())
    return due.isoformat()

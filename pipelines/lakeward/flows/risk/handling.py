"""What people do in a risk assessment: answer and assign questions, treat findings, and make it final. Each step is signed and only added."""

from dataclasses import dataclass

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.risk.assessment import RiskAssessment, describe_assessment, find_open_assessment, parse_due
from lakeward.flows.risk.record import AssessmentRecord, RiskFinding, RiskState, RiskStep, append_steps, read_assessments
from lakeward.flows.risk.rules import report_form

LEVELS = ("high", "medium", "low", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTreatment:
    """What is done about a finding.

    Args:
        finding: Its number, as `R1`.
        remedy: What is done.
        residual: Level that remains: `high`, `medium`, `low` or `none`.
        due: Last day for the remedy, in ISO 8601.
    """

    finding: str
    remedy: str
    residual: str
    due: str


def answer_risk_question(settings: Settings, question: str, text: str, by: str = "") -> None:
    """Answer a question of the open assessment; a later answer replaces an earlier one.

    Raises:
        UsageError: No assessment is open, there is no such question, the text is empty, or no one is named.
        ProtectionError: The token is not valid.
    """
    if not text.strip():
        raise UsageError("risk_text_missing")
    _add_to_question(settings, RiskStep.ANSWERED, question, {"text": text.strip()}, by)


def assign_risk_question(settings: Settings, question: str, owner: str, due: str, by: str = "") -> None:
    """Name who answers a question by when.

    Raises:
        UsageError: As `answer_risk_question`, or the day is not valid or past.
        ProtectionError: The token is not valid.
    """
    if not owner.strip():
        raise UsageError("risk_text_missing")
    facts = {"owner": owner.strip(), "due": parse_due(open_workspace(settings), due)}
    _add_to_question(settings, RiskStep.ASSIGNED, question, facts, by)


def treat_risk(settings: Settings, treatment: RiskTreatment, by: str = "") -> RiskFinding:
    """Record the remedy of a finding of the open assessment, and the risk that remains.

    Raises:
        UsageError: No assessment is open, there is no such finding, the level or the day is not valid or past, the remedy is empty, or no
            one is named.
        ProtectionError: The token is not valid.
    """
    if not treatment.remedy.strip():
        raise UsageError("risk_text_missing")
    if treatment.residual not in LEVELS:
        raise UsageError("risk_level", found=ascii(treatment.residual), expected=", ".join(LEVELS))
    workspace = open_workspace(settings)
    facts = {"remedy": treatment.remedy.strip(), "residual": treatment.residual, "due": parse_due(workspace, treatment.due)}
    with workspace.engine() as engine:
        record = _open_record(engine)
        found = record.finding(treatment.finding)
        if found is None or found.state is RiskState.GONE:
            raise UsageError("risk_finding_unknown", finding=ascii(treatment.finding))
        append_steps(workspace, engine, record.number, [(RiskStep.TREATED, f"{found.rule}:{found.place}", facts)], by)
        treated = read_assessments(engine)[-1].finding(treatment.finding)
        assert treated is not None
        return treated


def finish_risk_assessment(settings: Settings, by: str = "") -> RiskAssessment:
    """Make the open assessment final.

    Raises:
        UsageError: No assessment is open, a question or a finding is, or no one is named.
        ProtectionError: The token is not valid.
    """
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        found = describe_assessment(workspace, engine, _open_record(engine))
        missing = [*found.open_questions, *found.open_findings]
        if missing:
            raise UsageError("risk_not_ready", assessment=found.assessment, count=len(missing), missing=", ".join(missing))
        versions = {table: version for each in found.fields if each.evidence for table, version in each.evidence.versions.items()}
        steps = [(RiskStep.FINAL, name, {"form": report_form().id, "versions": versions}) for name in found.datasets]
        append_steps(workspace, engine, found.assessment, steps, by)
        return describe_assessment(workspace, engine, read_assessments(engine)[-1])


def _open_record(engine: Engine) -> AssessmentRecord:
    record = find_open_assessment(engine)
    if record is None:
        raise UsageError("risk_none_open")
    return record


def _add_to_question(settings: Settings, step: RiskStep, question: str, facts: dict[str, str], by: str) -> None:
    questions = report_form().questions
    if question not in questions:
        raise UsageError("risk_question_unknown", found=ascii(question), expected=", ".join(questions))
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        append_steps(workspace, engine, _open_record(engine).number, [(step, question, facts)], by)

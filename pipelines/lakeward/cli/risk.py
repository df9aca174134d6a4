"""Commands of the yearly risk assessment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Cells, Json, cells, print_json, print_message, print_table, settings_of
from lakeward.core.messages import Lang, text
from lakeward.core.settings import Settings

if TYPE_CHECKING:
    from lakeward.flows import RiskAssessment

By = Annotated[str, typer.Option("--by", help="Your name; with LAKEWARD_TOKEN it may be left out · 姓名")]
Question = Annotated[str, typer.Argument(help="Question of the report · 报告问题")]
Due = Annotated[str, typer.Option("--due", help="Last day, such as 2027-01-31 · 期限")]
FINDING_COLUMNS = ("finding", "risk_kind", "risk", "place", "risk_level", "state", "residual", "due")


def assess(
    context: typer.Context,
    *,
    owner: Annotated[str, typer.Option("--owner", help="Who answers open questions · 问题责任人")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    _show(settings, flows.assess_risks(settings, owner, by), as_json=as_json)


def answer(
    context: typer.Context, question: Question, answer_text: Annotated[str, typer.Argument(help="Answer · 答复")], *, by: By = ""
) -> None:
    settings = settings_of(context)
    flows.answer_risk_question(settings, question, answer_text, by)
    print_message(settings.lang, "risk_answered", question=question)


def assign(
    context: typer.Context,
    question: Question,
    *,
    owner: Annotated[str, typer.Option("--owner", help="Who answers · 责任人")],
    due: Due,
    by: By = "",
) -> None:
    settings = settings_of(context)
    flows.assign_risk_question(settings, question, owner, due, by)
    print_message(settings.lang, "risk_assigned", question=question, owner=owner, due=due)


def treat(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    finding: Annotated[str, typer.Argument(help="Number of the finding, such as R1 · 风险编号")],
    *,
    remedy: Annotated[str, typer.Option("--remedy", help="What is done · 处置措施")],
    residual: Annotated[str, typer.Option("--residual", help="high, medium, low or none · 残余风险")],
    due: Due,
    by: By = "",
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    treatment = flows.RiskTreatment(finding=finding, remedy=remedy, residual=residual, due=due)
    found = flows.treat_risk(settings, treatment, by)
    if as_json:
        print_json(found)
    else:
        print_message(
            settings.lang, "risk_treated_now", finding=finding, residual=text(f"risk_{residual}", settings.lang), due=due
        )


def final(context: typer.Context, *, by: By = "", as_json: Json = False) -> None:
    settings = settings_of(context)
    _show(settings, flows.finish_risk_assessment(settings, by), as_json=as_json)


def report(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(help="File: .md, .docx or .zip · 文件")],
    *,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.write_risk_report(settings, target)
    if as_json:
        print_json(found)
        return
    facts = {"file": found.file, "filled": found.filled, "fields": found.fields, "sha256": found.sha256}
    status = text("risk_final" if found.is_final else "risk_draft", settings.lang)
    print_message(settings.lang, "risk_report_written", status=status, **facts)


def _show(settings: Settings, found: RiskAssessment, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    lang = settings.lang
    rows = [{**cells(each), "name": each.names[lang], "answer": _answer(each.rows, each.answer, lang)} for each in found.fields]
    print_table(lang, "title_risk_fields", rows, ("field", "name", "answer", "owner", "due"))
    print_table(lang, "title_risk_findings", [_finding(each, lang) for each in found.findings], FINDING_COLUMNS)
    queried = sum(each.evidence is not None for each in found.fields)
    facts = {"filled": found.filled, "fields": len(found.fields), "queried": queried}
    opened = {"questions": len(found.open_questions), "findings": len(found.open_findings)}
    print_message(lang, "risk_sum", assessment=found.assessment, **facts, **opened)
    if found.final_at:
        print_message(lang, "risk_is_final", at=found.final_at)
    elif found.open_questions:
        print_message(lang, "risk_next_question", question=found.open_questions[0])
    elif found.open_findings:
        print_message(lang, "risk_next_finding", finding=found.open_findings[0])
    else:
        print_message(lang, "risk_next_final")


def _answer(rows: int | None, said: str | None, lang: Lang) -> str | None:
    return said if rows is None else text("risk_rows", lang, count=rows)


def _finding(each: flows.RiskFinding, lang: Lang) -> Cells:
    shown = {
        "risk_kind": text(f"risk_{each.kind}", lang),
        "risk": flows.report_form().rules[each.rule].names[lang],
        "risk_level": text(f"risk_{each.level}", lang),
        "state": text(f"risk_{each.state}", lang),
        "residual": text(f"risk_{each.residual}", lang) if each.residual else None,
    }
    return {**cells(each), **shown}

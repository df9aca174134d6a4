"""The command that suggests rules from history, and writes accepted ones to the suite."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, progress, settings_of
from lakeward.core.messages import Lang, text
from lakeward.core.settings import Settings

if TYPE_CHECKING:
    from lakeward.flows import RuleProposal, SuggestionReport

COLUMNS = ("no", "suggestion", "suggested", "why_suggested", "learned_rows", "expected_firing")
# Arguments that the table shows without their names.
PLAIN = ("column", "column_list")


def suggest(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Dataset · 数据集")],
    *,
    accept: Annotated[str | None, typer.Option("--accept", help="ID,ID… or all · 编号或 all")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Reason for accepting · 采纳理由")] = "",
    by: Annotated[str | None, typer.Option("--by", help="Your name · 采纳人")] = None,
    role: Annotated[
        str | None, typer.Option("--as", help="Role; default: the token's only one · 角色，默认为令牌唯一的角色")
    ] = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    with progress(settings.lang, "progress_suggest", dataset=name):
        if accept is None:
            answer: SuggestionReport | list[str] = flows.suggest_rules(settings, name, role)
        else:
            ids = tuple(part.strip() for part in accept.split(",") if part.strip())
            answer = flows.accept_rules(settings, name, flows.Acceptance(ids, reason, by), role)
    if as_json:
        print_json({"dataset": name, "accepted": answer} if isinstance(answer, list) else answer)
    elif not isinstance(answer, list):
        print_suggestions(settings, answer)
    elif answer:
        print_message(settings.lang, "suggest_accepted", dataset=name, count=len(answer), ids=", ".join(answer))
    else:
        print_message(settings.lang, "suggest_accepted_none", dataset=name)


def print_suggestions(settings: Settings, found: SuggestionReport) -> None:
    """Print suggestions, other findings, and the command that accepts them."""
    lang, name = settings.lang, found.dataset
    rows = [_row(lang, number, proposal) for number, proposal in enumerate(found.proposals, 1)]
    if rows:
        print_table(lang, "title_suggest", rows, COLUMNS)
    findings = [{"finding": text(finding.code, lang, **finding.facts)} for finding in found.findings]
    if findings:
        print_table(lang, "title_suggest_findings", findings, ("finding",))
    facts = {"rows": found.rows, "table": found.table, "version": found.version, "learned": len(found.learned)}
    if found.held:
        print_message(lang, "suggest_learned", dataset=name, held=len(found.held), **facts)
    else:
        print_message(lang, "suggest_learned_all", dataset=name, **facts)
    print_message(lang, "suggest_next" if rows else "suggest_nothing", dataset=name)


def _row(lang: Lang, number: int, proposal: RuleProposal) -> dict[str, object]:
    firing = proposal.firing.expected_rate if proposal.firing else None
    return {
        "no": number,
        "suggestion": proposal.id,
        "suggested": _rule_line(proposal),
        "why_suggested": text(proposal.reason, lang, **proposal.facts),
        "learned_rows": proposal.evidence.value,
        "expected_firing": None if firing is None else f"{100 * firing:.4g} %",
    }


def _rule_line(proposal: RuleProposal) -> str:
    """The expectation in one line: its name, then its arguments as in a suite."""
    kwargs = dict(proposal.kwargs)
    condition = kwargs.pop("row_condition", None)
    if condition:
        kwargs["if"] = (
            f"{condition['column']['name']} {condition['operator']} {json.dumps(condition['parameter'], ensure_ascii=False)}"
        )
    arguments = (str(value) if key in PLAIN else f"{key}={value}" for key, value in kwargs.items())
    return f"{proposal.type.removeprefix('expect_')}({', '.join(arguments)})"

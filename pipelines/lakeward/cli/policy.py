"""Commands of those who write the serving policy: lint, test, explain, and compare two policies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, settings_of
from lakeward.core.errors import ExitCode
from lakeward.core.messages import Lang, text

if TYPE_CHECKING:
    from lakeward.flows import MaskExplanation

# `NO_PURPOSE` and `OWN_PARTY` of the flows; repeated here because help must not import them.
NO_PURPOSE, OWN_PARTY = "none", "own"
TRIAL_COLUMNS = ("passed", "test", "role", "column", "expected", "found", "rule")
LEVEL_COLUMNS = ("general_4", "general_3", "general_2", "general_1")
MATRIX_COLUMNS = ("role", "purposes", "parties", "column", "category", "core", "important", *LEVEL_COLUMNS)
DIFF_COLUMNS = ("kind", "role", "purposes", "parties", "column", "categories", "grades", "before", "after", "rule_after", "at")


def lint(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = [{**row.facts, "message": text(row.code, settings.lang, **row.facts)} for row in flows.lint_policy(settings)]
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_policy_lint", found, ("file", "line", "column", "message"))
    else:
        print_message(settings.lang, "policy_sound")
    if found:
        raise typer.Exit(ExitCode.REFUSED)


def run_tests(
    context: typer.Context,
    *,
    matrix: Annotated[bool, typer.Option("--matrix", help="Show the whole matrix instead · 改为显示完整矩阵")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    if matrix:
        rows = flows.show_policy_matrix(settings)
        if as_json:
            print_json(rows)
        else:
            print_table(settings.lang, "title_policy_matrix", rows, MATRIX_COLUMNS)
        return
    found = flows.run_policy_tests(settings)
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_policy", found, TRIAL_COLUMNS)
    else:
        print_message(settings.lang, "policy_untested")
    if not all(row.passed for row in found):
        raise typer.Exit(ExitCode.JUDGED_FAILED)


def explain(
    context: typer.Context,
    column: Annotated[str, typer.Argument(help="layer.dataset.column · 层.数据集.列")],
    *,
    role: Annotated[str, typer.Option("--as", help="Role · 角色")],
    purpose: Annotated[str, typer.Option("--purpose", help="Purpose of reading · 用途")] = NO_PURPOSE,
    party: Annotated[str, typer.Option("--party", help="Party of the reader · 所属方")] = OWN_PARTY,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.explain_policy(settings, column, role, purpose, party)
    if as_json:
        print_json(found)
    else:
        print_explanation(settings.lang, found)


def diff(
    context: typer.Context,
    old: Annotated[Path, typer.Argument(help="Old policy file · 旧策略文件")],
    new: Annotated[
        Path | None, typer.Argument(help="New policy file; default: the project's · 新策略文件，默认为项目策略")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.compare_policy_files(settings, old, new)
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_policy_diff", found, DIFF_COLUMNS)
    else:
        print_message(settings.lang, "policy_same")


def print_explanation(lang: Lang, found: MaskExplanation) -> None:
    """Print what a role sees of a column, why, whom to ask, and what a purpose would change."""
    level = "" if found.level is None else f" {found.level}"
    grade = f"{found.grade or '-'}{level}"
    facts = {"column": found.column, "role": found.role, "purpose": found.purpose, "party": found.party}
    print_message(lang, "policy_explained", **facts, action=found.action, grade=grade, category=found.category or "-")
    print_message(lang, "policy_explained_rule", rule=found.rule or "-", why=found.why)
    if found.base_rule:
        print_message(lang, "policy_explained_limit", rule=found.base_rule)
    if found.filters:
        print_message(lang, "policy_explained_rows", filters=", ".join(found.filters))
    print_message(lang, "policy_explained_ask", ask=found.ask, owner=found.owner)
    for option in found.options:
        code = "policy_explained_request" if option.approvers else "policy_explained_purpose"
        print_message(lang, code, purpose=option.purpose, action=option.action, approvers=", ".join(option.approvers))

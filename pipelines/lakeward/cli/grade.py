"""Commands for grades: the grade of each column with its reason, and a steward's decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, progress, settings_of
from lakeward.core.messages import text
from lakeward.core.settings import Settings

if TYPE_CHECKING:
    from lakeward.flows import GradeChoice, GradedColumn

Dataset = Annotated[str | None, typer.Argument(help="Dataset; without it, all · 数据集，省略则为全部")]
Column = Annotated[str, typer.Argument(help="DATASET.COLUMN · 数据集.列")]
By = Annotated[str, typer.Option("--by", help="Your name; default: the token's account · 决定人，默认为令牌的账号")]
Reason = Annotated[str, typer.Option("--reason", help="Reason · 理由")]
Grade = Annotated[str, typer.Option("--grade", help="core, important, general · 核心、重要、一般")]
Level = Annotated[int | None, typer.Option("--level", help="1 to 4, only for general · 一般级内 1 至 4")]
Category = Annotated[str | None, typer.Option("--category", help="Category, or none · 类别，或 none")]
Transform = Annotated[str | None, typer.Option("--transform", help="How the sensitive part is removed · 所用变换")]
# `APPROVAL_DAYS` of the flows; repeated here because help must not import them.
APPROVAL_DAYS = 7
COLUMNS = ("dataset", "column", "grade", "level", "category", "state", "detector", "ratio", "sample", "rule_version", "why")


def list_(context: typer.Context, name: Dataset = None, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    print_grades(settings, flows.list_grades(settings, name), as_json=as_json)


def run(context: typer.Context, name: Dataset = None, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    with progress(settings.lang, "progress_grade", dataset=name or "*"):
        found = flows.grade_dataset(settings, name) if name else flows.grade_all(settings)
    print_grades(settings, found, as_json=as_json)


def confirm(context: typer.Context, column: Column, by: By = "", *, reason: Reason) -> None:
    record_choice(settings_of(context), column, flows.GradeChoice(by, reason))


def override(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    column: Column,
    by: By = "",
    *,
    reason: Reason,
    grade: Grade,
    level: Level = None,
    category: Category = None,
    approved_by: Annotated[str | None, typer.Option("--approved-by", help="Second person who approves · 第二批准人")] = None,
    transform: Transform = None,
) -> None:
    chosen = flows.GradeChoice(
        by, reason, grade=grade, level=level, category=category, approved_by=approved_by, transform=transform
    )
    record_choice(settings_of(context), column, chosen)


def approve(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    column: Column,
    *,
    reason: Reason,
    grade: Grade,
    level: Level = None,
    category: Category = None,
    transform: Transform = None,
) -> None:
    settings = settings_of(context)
    chosen = flows.GradeChoice("", reason, grade=grade, level=level, category=category, transform=transform)
    found = flows.approve_grade(settings, column, chosen)
    print_message(settings.lang, "grade_approved", column=found.column, wanted=found.wanted, by=found.by, days=APPROVAL_DAYS)


def record_choice(settings: Settings, column: str, choice: GradeChoice) -> None:
    """Record the choice and print the column's new grade."""
    grade_now = flows.decide_grade(settings, column, choice).grade
    level = "" if grade_now.level is None else f" {grade_now.level}"
    print_message(
        settings.lang,
        "grade_decided",
        column=column,
        grade=f"{grade_now.grade}{level}",
        category=grade_now.category or "-",
        by=flows.signer_name(settings, choice.by),
    )


def print_grades(settings: Settings, grades: list[GradedColumn], *, as_json: bool) -> None:
    """Print grades; reasons are texts in a table and codes in JSON."""
    if as_json:
        print_json(grades)
        return
    rows = [{**row.as_dict(), "why": text(row.grade.why, settings.lang)} for row in grades]
    print_table(settings.lang, "title_grades", rows, COLUMNS)

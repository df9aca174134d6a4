"""Commands for grades: what each column has and why, and what a steward decides about it."""

from typing import Annotated

import typer

from lakeward.cli.render import Json, out, progress, say, settings_of, table
from lakeward.core.messages import text
from lakeward.core.settings import Settings
from lakeward.flows import Choice, decide_grade, grade_all, grade_dataset, list_grades

Dataset = Annotated[str | None, typer.Argument(help="Dataset; without it, all · 数据集，省略则为全部")]
Column = Annotated[str, typer.Argument(help="DATASET.COLUMN · 数据集.列")]
By = Annotated[str, typer.Option("--by", help="Who decides · 决定人")]
Reason = Annotated[str, typer.Option("--reason", help="Why · 理由")]
COLUMNS = ("dataset", "column", "grade", "level", "category", "state", "detector", "ratio", "sample", "rule_version", "why")


def list_(context: typer.Context, name: Dataset = None, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    show(settings, list_grades(settings, name), as_json=as_json)


def run(context: typer.Context, name: Dataset = None, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    with progress(settings.lang, "progress_grade", dataset=name or "*"):
        found = grade_dataset(settings, name) if name else grade_all(settings)
    show(settings, found, as_json=as_json)


def confirm(context: typer.Context, column: Column, by: By, reason: Reason) -> None:
    decide(settings_of(context), column, Choice(by, reason))


def override(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    column: Column,
    by: By,
    reason: Reason,
    *,
    grade: Annotated[str, typer.Option("--grade", help="core, important, general · 核心、重要、一般")],
    level: Annotated[int | None, typer.Option("--level", help="1 to 4, inside general · 一般级内 1 至 4")] = None,
    category: Annotated[str | None, typer.Option("--category", help="Kind of content, or none · 内容类别，或 none")] = None,
    approved_by: Annotated[str | None, typer.Option("--approved-by", help="A second person · 第二批准人")] = None,
    transform: Annotated[str | None, typer.Option("--transform", help="What removes the sensitive part · 所用变换")] = None,
) -> None:
    decide(
        settings_of(context),
        column,
        Choice(by, reason, grade=grade, level=level, category=category, approved_by=approved_by, transform=transform),
    )


def decide(settings: Settings, column: str, choice: Choice) -> None:
    """Record the choice and say what the column has now."""
    done = decide_grade(settings, column, choice)
    level = "" if done.level is None else f" {done.level}"
    say(settings.lang, "grade_decided", column=column, grade=f"{done.grade}{level}", category=done.category or "-", by=choice.by)


def show(settings: Settings, found: list[dict[str, object]], *, as_json: bool) -> None:
    """Print grades; for people the reasons are texts, for programs codes."""
    if as_json:
        out(found)
        return
    table(settings.lang, "title_grades", [{**row, "why": text(str(row["why"]), settings.lang)} for row in found], COLUMNS)

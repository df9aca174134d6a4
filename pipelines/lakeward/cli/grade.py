"""Commands for grades: the grade of each column with its reason, and a steward's decisions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, progress, settings_of
from lakeward.core.errors import UsageError
from lakeward.core.messages import text
from lakeward.core.settings import Settings

if TYPE_CHECKING:
    from lakeward.flows import GradeChoice, GradedColumn

Dataset = Annotated[str | None, typer.Argument(help="Dataset; without it, all · 数据集，省略则为全部")]
Column = Annotated[str, typer.Argument(help="DATASET.COLUMN · 数据集.列")]
By = Annotated[str, typer.Option("--by", help="Your name; default: the token's account · 决定人，默认为令牌的账号")]
Reason = Annotated[str, typer.Option("--reason", help="Reason · 理由")]
Grade = Annotated[str, typer.Option("--grade", help="core, important, general · 核心、重要、一般")]
OptionalGrade = Annotated[str | None, typer.Option("--grade", help="core, important, general · 核心、重要、一般")]
Level = Annotated[int | None, typer.Option("--level", help="1 to 4, only for general · 一般级内 1 至 4")]
Category = Annotated[str | None, typer.Option("--category", help="Category, or none · 类别，或 none")]
Transform = Annotated[
    str | None, typer.Option("--transform", help="Name of the transform in transforms.yaml · transforms.yaml 中变换的名称")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what it would change · 仅显示将改变的内容")]
# `APPROVAL_DAYS` of the flows; repeated here because help must not import them.
APPROVAL_DAYS = 7
TASK_COLUMNS = ("dataset", "trigger", "found", "at_decision", "may_be", "opened_by", "opened_at")
TABLE_COLUMNS = ("kind", "name", "grade", "level", "complete", "by", "class_path", "categories", "may_be", "ungraded")
COUNT_COLUMNS = ("dataset", "columns", "core", "important", "general", "waiting")
# States of a column that no person has decided as it is now.
WAITING = ("provisional", "stale", "ungraded")
COLUMNS = ("dataset", "column", "grade", "level", "category", "state", "detector", "ratio", "sample", "rule_version", "why")


def list_(context: typer.Context, name: Dataset = None, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    print_grades(settings, flows.list_grades(settings, name), as_json=as_json)


def run(context: typer.Context, name: Dataset = None, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    with progress(settings.lang, "progress_grade", dataset=name or "*"):
        found = flows.grade_dataset(settings, name) if name else flows.grade_all(settings)
    if name or as_json:
        print_grades(settings, found, as_json=as_json)
    else:
        print_grade_counts(settings, found)


def confirm(context: typer.Context, column: Column, by: By = "", *, reason: Reason, dry_run: DryRun = False) -> None:
    decide(settings_of(context), column, flows.GradeChoice(by, reason), dry_run=dry_run)


def override(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    column: Column,
    by: By = "",
    *,
    reason: Reason,
    grade: OptionalGrade = None,
    impact: Annotated[str | None, typer.Option("--impact", help="OBJECT:DEGREE in place of --grade · 影响对象:程度")] = None,
    level: Level = None,
    category: Category = None,
    approved_by: Annotated[str | None, typer.Option("--approved-by", help="Second person who approves · 第二批准人")] = None,
    transform: Transform = None,
    dry_run: DryRun = False,
) -> None:
    chosen = flows.GradeChoice(
        by, reason, grade=grade, level=level, category=category, approved_by=approved_by, transform=transform, impact=impact
    )
    if grade is None and impact is None:
        raise UsageError("grade_name_unknown", kind="--grade", found="-", expected="core, important, general")
    decide(settings_of(context), column, chosen, dry_run=dry_run)


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


def tasks(context: typer.Context, name: Dataset = None, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.list_tasks(settings, name)
    if as_json:
        print_json(found)
        return
    rows = [
        {**task.as_dict(), "trigger": text(f"trigger_{task.trigger}", settings.lang), "at_decision": task.before}
        for task in found
    ]
    print_table(settings.lang, "title_grade_tasks", rows, TASK_COLUMNS)


def reopen(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Dataset · 数据集")],
    by: By = "",
    *,
    trigger: Annotated[str, typer.Option("--trigger", help="incident, authority, other · 事件、主管部门要求、其他")],
    reason: Reason,
) -> None:
    settings = settings_of(context)
    found = flows.reopen_grading(settings, name, trigger, reason, by)
    print_message(settings.lang, "grade_reopened", dataset=found.dataset, by=found.opened_by)


def tables(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.list_table_grades(settings)
    if as_json:
        print_json(found)
        return
    rows = [{**table.as_dict(), "categories": ", ".join(table.categories)} for table in found]
    print_table(settings.lang, "title_grade_tables", rows, TABLE_COLUMNS)


def rules(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.rules_in_force(settings)
    if as_json:
        print_json(found)
        return
    print_message(settings.lang, "grade_rules", id=found.id, detectors=found.detectors, thresholds=found.thresholds)
    rows = [
        {"sector": each.sector, "sector_rules": each.rules, "edition": each.edition, "certainty": each.certainty}
        for each in found.sectors
    ]
    if rows:
        print_table(settings.lang, "title_grade_rules", rows, tuple(rows[0]))


def decide(settings: Settings, column: str, choice: GradeChoice, *, dry_run: bool) -> None:
    """Record the choice and print the column's new grade; a dry run prints what it would change, in this column and downstream."""
    if not dry_run:
        record_choice(settings, column, choice)
        return
    effects = [effect.as_dict() for effect in flows.preview_decision(settings, column, choice)]
    if not effects:
        print_message(settings.lang, "grade_effect_none")
        return
    print_table(settings.lang, "title_grade_effects", effects, tuple(effects[0]))


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
    if grade_now.why == "grade_signature_missing":
        print_message(settings.lang, "grade_signature_next", column=column)


def print_grades(settings: Settings, grades: list[GradedColumn], *, as_json: bool) -> None:
    """Print grades; reasons are texts in a table and codes in JSON."""
    if as_json:
        print_json(grades)
        return
    rows = [{**row.as_dict(), "why": text(row.grade.why, settings.lang)} for row in grades]
    print_table(settings.lang, "title_grades", rows, COLUMNS)


def print_grade_counts(settings: Settings, grades: list[GradedColumn]) -> None:
    """Print the columns of each dataset by grade, and the command that lists them."""
    counts: dict[str, Counter[str]] = {}
    for row in grades:
        kinds = ("columns", str(row.grade.grade), *(["waiting"] if row.grade.state in WAITING else []))
        counts.setdefault(row.dataset, Counter()).update(kinds)
    rows = [{"dataset": name, **{column: found[column] for column in COUNT_COLUMNS[1:]}} for name, found in counts.items()]
    print_table(settings.lang, "title_grade_counts", rows, COUNT_COLUMNS)
    print_message(settings.lang, "grade_counts_next")

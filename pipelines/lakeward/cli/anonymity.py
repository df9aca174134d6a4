"""The command that measures anonymity."""

from __future__ import annotations

from typing import Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_table, settings_of
from lakeward.core.errors import ExitCode

COLUMNS = ("table", "seen_by", "persons", "rows_without_person", "groups", "k", "l", "t", "persons_alone")
Role = Annotated[str | None, typer.Option("--as", help="Role; it must see the columns in clear · 角色，须能查看各列原值")]


def anonymity(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    table: Annotated[str, typer.Argument(help="layer.table · 层.表")],
    *,
    quasi: Annotated[list[str], typer.Option("--quasi", help="Column others may know; may be repeated · 准标识列，可重复")],
    person: Annotated[str, typer.Option("--person", help="Column that identifies a person · 标识人员的列")],
    sensitive: Annotated[str | None, typer.Option("--sensitive", help="Column to protect, for l and t · 敏感列")] = None,
    seen_by: Annotated[str | None, typer.Option("--seen-by", help="Measure as this role sees it · 按该角色所见度量")] = None,
    least: Annotated[int | None, typer.Option("--min-k", help="Exit code 1 below this k · k 低于此值时退出码为 1")] = None,
    role: Role = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    question = flows.AnonymityQuestion(
        table=table, quasi_identifiers=tuple(quasi), person=person, sensitive=sensitive, seen_by=seen_by
    )
    found = flows.measure_anonymity(settings, question, role)
    if as_json:
        print_json(found)
    else:
        print_table(settings.lang, "title_anonymity", [found], COLUMNS)
    if least is not None and (found.k is None or found.k < least):
        raise typer.Exit(ExitCode.JUDGED_FAILED)

"""Commands of data as an asset: concepts and their authority, rights, and signed reviews."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Cells, Json, cells, print_json, print_message, print_table, settings_of
from lakeward.core.messages import Lang, text

if TYPE_CHECKING:
    from lakeward.flows import Concept, Notice

By = Annotated[str, typer.Option("--by", help="Your name; with LAKEWARD_TOKEN it may be left out · 姓名")]
Dataset = Annotated[str, typer.Argument(help="Dataset · 数据集")]
Columns = list[str] | None


def list_(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.list_rights(settings)
    if as_json:
        print_json(found)
        return
    columns = ("dataset", "holder", "rights_source", "basis", "last_day", "limits", "author")
    rows = [{**cells(row), "rights_source": row.source and text(f"rights_{row.source}", settings.lang)} for row in found]
    print_table(settings.lang, "title_rights", rows, columns)


def concepts(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.list_concepts(settings)
    if as_json:
        print_json(found)
        return
    _print_concepts(settings.lang, found)
    waiting = next((each for each in found if each.authority is None), None)
    if waiting:
        column = waiting.proposed or waiting.columns[0].column
        print_message(settings.lang, "concept_waits", concept=waiting.concept, column=column)


def decide(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    concept: Annotated[str, typer.Argument(help="Name of the concept · 概念名称")],
    *,
    authority: Annotated[str, typer.Option("--authority", help="The column whose values count · 权威列")],
    reason: Annotated[str, typer.Option("--reason", help="Why · 理由")],
    reference: Annotated[Columns, typer.Option("--reference", help="Column that refers to it · 引用列")] = None,
    derived: Annotated[Columns, typer.Option("--derived", help="Column that is made of it · 派生列")] = None,
    copy: Annotated[Columns, typer.Option("--copy", help="Column that copies it · 副本列")] = None,
    other: Annotated[Columns, typer.Option("--other", help="Column that means something else · 含义不同的列")] = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    named = {
        flows.Standing.REFERENCE: reference,
        flows.Standing.DERIVED: derived,
        flows.Standing.COPY: copy,
        flows.Standing.OTHER: other,
    }
    others = {column: standing for standing, columns in named.items() for column in columns or ()}
    choice = flows.ConceptDecision(concept=concept, authority=authority, others=others, reason=reason)
    found = flows.decide_concept(settings, choice, by)
    if as_json:
        print_json(found)
    else:
        _print_concepts(settings.lang, [found])


def rights(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    dataset: Dataset,
    *,
    holder: Annotated[str, typer.Option("--holder", help="Holder of the rights · 权利人")],
    source: Annotated[str, typer.Option("--source", help="own, purchased, licensed or public · 来源")],
    basis: Annotated[str, typer.Option("--basis", help="Contract, licence or rule · 授权依据")],
    until: Annotated[str, typer.Option("--until", help="Last day, such as 2027-12-31 · 期限")] = "",
    document: Annotated[Path | None, typer.Option("--document", help="File whose hash is kept · 文件")] = None,
    limits: Annotated[str, typer.Option("--limits", help="Limits of region, field or law · 限制")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    declared = flows.RightsDeclaration(holder=holder, source=source, basis=basis, until=until, document=document, limits=limits)
    found = flows.declare_rights(settings, dataset, declared, by)
    if as_json:
        print_json(found)
    else:
        print_message(settings.lang, "rights_declared", dataset=found.dataset, holder=found.holder)


def review(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="requirements, sign-off, access, use, model or policy · 复核内容")],
    subject: Annotated[str, typer.Argument(help="Dataset, or serving for the policy · 数据集或 serving")],
    *,
    outcome: Annotated[str, typer.Option("--outcome", help="passed or changes · 结论")],
    note: Annotated[str, typer.Option("--note", help="What was looked at · 说明")],
    by: By = "",
) -> None:
    settings = settings_of(context)
    flows.record_review(settings, flows.Review(kind=kind, subject=subject, outcome=outcome, note=note), by)
    print_message(settings.lang, "review_recorded", kind=kind, subject=subject, outcome=outcome)


def disclose(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Dataset; without it, all · 数据集，省略则为全部")] = None,
    *,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.disclose_assets(settings, name)
    if as_json:
        print_json(found)
        return
    lang = settings.lang
    rows = [
        {
            "dataset": each.dataset,
            "name": each.names[lang],
            "recorded": _recorded_text(each.recorded, lang),
            "origin": text(f"origin_{each.origin}", lang),
        }
        for each in found
    ]
    print_table(lang, "title_disclosure", rows, ("dataset", "name", "recorded", "origin"))
    opened = sum(each.recorded is None for each in found)
    print_message(lang, "disclosure_sum", filled=len(found) - opened, fields=len(found), opened=opened)


def _recorded_text(notice: Notice | None, lang: Lang) -> str:
    return text(notice.code, lang, **notice.facts) if notice else text("disclosure_open", lang)


def _print_concepts(lang: Lang, found: list[Concept]) -> None:
    columns = ("concept", "column", "standing", "distinct_values", "similarity", "has_lineage")
    print_table(lang, "title_concepts", [row for each in found for row in _rows(each, lang)], columns)


def _rows(concept: Concept, lang: Lang) -> list[Cells]:
    return [
        {**cells(each), "concept": concept.concept, "standing": text(f"standing_{each.standing}", lang)}
        for each in concept.columns
    ]

"""The command of scores: from the estate to each rule, with their changes and the query behind every number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Cells, Json, cells, print_json, print_message, print_table, settings_of
from lakeward.core.errors import UsageError
from lakeward.core.messages import Lang, text
from lakeward.core.settings import Settings

if TYPE_CHECKING:
    from lakeward.flows import ScoreChange, ScoreDiff, ScoreLevel, ScoreReport, StoredScore

Mean = flows.EstateScore | flows.DatasetScore | flows.UnmeasuredDimension
MEANS = ("score", "weight", "numerator", "denominator", "covered", "rules", "measured")
CHANGES = ("before", "between", "after", "rule_part", "data_part", "change")


def score(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Dataset; without it, the estate · 数据集，省略则为整体")] = None,
    *,
    batches: Annotated[str, typer.Option("--batches", help="last, all or a number · last、all 或批次数")] = "last",
    with_queries: Annotated[
        bool, typer.Option("--open", help="Show the query behind each number · 显示各数值背后的查询")
    ] = False,
    rescore: Annotated[
        bool, typer.Option("--rescore", help="Judge old batches by the current suite · 按当前规则重新判定旧批次")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Split a change into rules and data · 将变化分为规则与数据两部分")] = False,
    first: Annotated[int | None, typer.Option("--from", help="Old batch, with --diff · 旧批次")] = None,
    last: Annotated[int | None, typer.Option("--to", help="New batch, with --diff · 新批次")] = None,
    history: Annotated[bool, typer.Option("--history", help="Stored scores · 已存评分")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Store the estate's current score · 存储当前整体评分")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    count = _count(batches)
    if keep:
        stored = flows.store_estate_score(settings)
        print_json({"kept": stored}) if as_json else print_message(settings.lang, "score_kept" if stored else "score_unchanged")
    elif rescore:
        rejudged = flows.rejudge_batches(settings, _require_dataset(name, "--rescore"))
        if as_json:
            print_json(rejudged)
            return
        print_message(settings.lang, "score_rejudged", **cells(rejudged))
        if rejudged.lost:
            print_message(settings.lang, "score_lost", dataset=rejudged.dataset, lost=rejudged.lost)
    elif diff or first is not None or last is not None:
        _print_comparison(
            settings,
            flows.compare_scores(settings, _require_dataset(name, "--diff"), first, last),
            with_queries=with_queries,
            as_json=as_json,
        )
    elif history:
        _print_history(settings, flows.score_history(settings, name), with_queries=with_queries, as_json=as_json)
    else:
        _print_levels(settings, flows.show_scores(settings, name, batches=count), with_queries=with_queries, as_json=as_json)


def _count(batches: str) -> int | None:
    if batches == "all":
        return None
    if batches == "last":
        return 1
    if not batches.isdecimal() or int(batches) < 1:
        raise UsageError("score_batches", found=batches)
    return int(batches)


def _require_dataset(name: str | None, option: str) -> str:
    if name is None:
        raise UsageError("score_needs_dataset", option=option)
    return name


def _print_levels(settings: Settings, found: ScoreReport, *, with_queries: bool, as_json: bool) -> None:
    lang, whole = settings.lang, found.whole
    if as_json:
        print_json(_without_levels(found, opened=with_queries))
        return
    if whole is None:
        print_message(lang, "score_none")
        return
    score = _or_unknown(whole.mean.score, lang)
    print_message(lang, "score_of_dataset" if found.dataset else "score_of_estate", **{**_mean(whole), "score": score})
    print_message(lang, "score_over_newest" if found.batches else "score_over_all", batches=found.batches)
    _print_means(lang, "title_score_dimensions", "dimension", found.dimensions)
    rules = [part for part in found.parts if isinstance(part, flows.RuleScore)]
    if found.dataset:
        columns = ("rule", "dimension", "indicator", "score", "weight", "numerator", "denominator", "covered", "rule_version")
        rows = [{**cells(rule), "indicator": _indicator(rule.indicator, lang)} for rule in rules]
        print_table(lang, "title_score_rules", [_printable_row(row, lang) for row in rows], columns)
    else:
        _print_means(
            lang, "title_score_datasets", "dataset", [part for part in found.parts if not isinstance(part, flows.RuleScore)]
        )
    if with_queries:
        _print_queries(lang, found.levels)


def _without_levels(found: ScoreReport | ScoreDiff, *, opened: bool) -> Cells:
    """The JSON of scores; with queries only if requested."""
    return {key: value for key, value in found.as_dict().items() if opened or key != "levels"}


def _mean(score: Mean) -> Cells:
    return cells(score) if isinstance(score, flows.UnmeasuredDimension) else {**cells(score), **cells(score.mean)}


def _print_means(lang: Lang, title: str, key: str, scores: Sequence[Mean]) -> None:
    shown = [_printable_row(_mean(score), lang) for score in scores]
    print_table(lang, title, shown, (key, *(column for column in MEANS if any(column in row for row in shown))))


def _print_comparison(settings: Settings, found: ScoreDiff, *, with_queries: bool, as_json: bool) -> None:
    if as_json:
        print_json(_without_levels(found, opened=with_queries))
        return
    lang = settings.lang
    print_message(lang, "score_between", dataset=found.dataset, first=found.first, last=found.last)
    whole = {"dimension": found.dataset, **_change_cells(found.whole)}
    rows = [whole, *({**cells(each), **_change_cells(each.moved)} for each in found.dimensions)]
    print_table(lang, "title_score_diff", [_printable_row(row, lang) for row in rows], ("dimension", *CHANGES))
    rules = [{**cells(rule), **_change_cells(rule.moved)} for rule in found.rules]
    print_table(
        lang, "title_score_rules", [_printable_row(row, lang) for row in rules], ("rule", "dimension", "status", *CHANGES)
    )
    if with_queries:
        _print_queries(lang, [each for point in found.levels.values() for each in point])


def _change_cells(change: ScoreChange) -> Cells:
    return {name: getattr(change, name) for name in CHANGES}


def _print_history(settings: Settings, found: list[StoredScore], *, with_queries: bool, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    columns = (
        "scored_at",
        "seq",
        "score",
        *(("scope",) if len({score.scope for score in found}) > 1 else ()),
        "numerator",
        "denominator",
        "covered",
        "rules",
        "measured",
    )
    rows = [cells(score) for score in found]
    print_table(settings.lang, "title_score_history", [_printable_row(row, settings.lang) for row in rows], columns)
    changed = next((now for before, now in pairwise(found) if before.scope != now.scope), None)
    if changed:
        print_message(settings.lang, "score_scope_changed", at=changed.scored_at, dataset=changed.dataset or "NAME")
    for score in found if with_queries else ():
        print_message(settings.lang, "score_evidence", what=f"{score.seq} = {score.score}", versions=score.versions)
        typer.echo(f"{score.sql};\n")


def _print_queries(lang: Lang, levels: Iterable[ScoreLevel]) -> None:
    for each in levels:
        print_message(lang, "score_evidence", what=each.level, versions=", ".join(f"{t}@{v}" for t, v in each.versions.items()))
        typer.echo(f"{each.sql};\n")


def _printable_row(row: Cells, lang: Lang) -> Cells:
    """A row of the table: names in the language, an unknown score as a word."""
    texts = {key: _or_unknown(row[key], lang) for key in ("score", *CHANGES) if key in row}
    if row.get("dimension") in tuple(flows.Dimension):
        texts["dimension"] = text(f"card_{row['dimension']}", lang)
    if "status" in row:
        texts["status"] = text(f"rule_{row['status']}", lang)
    return {**row, **texts, **({"covered": row["coverage"]} if "coverage" in row else {})}


def _or_unknown(value: object, lang: Lang) -> str:
    return text("score_unknown", lang) if value is None else str(value)


def _indicator(code: str | None, lang: Lang) -> str | None:
    return f"{code} {flows.indicator_name(code, lang)}" if code else None

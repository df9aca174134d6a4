"""All datasets, those that need attention first; each with its dimensions, counts and rules."""

from collections.abc import Iterable, Mapping

from lakeward.scorecard.charts.shapes import bar, spark
from lakeward.scorecard.figures import FamilyResult, FigureRow, Scorecard
from lakeward.scorecard.markup import (
    Markup,
    bilingual,
    cell,
    figure,
    figure_attributes,
    instant_figure,
    join,
    section,
    table,
    tag,
    unmeasured_note,
)
from lakeward.scorecard.sections.common import DIMENSIONS, outcome, reason, scope_changes, scope_note

# Maximum number of datasets shown without a click.
SHOWN_AT_FIRST = 20
# Maximum number of rules in the page: with more, passed ones are only in their query, or 200 datasets need 5 MB.
MAX_RULES = 2_000
FULL = 100
SEVERITIES = {"warn": "card_warn", "quarantine": "card_set_aside", "halt": "card_halt"}
COUNTS = (
    ("card_rows_in", "rows_in"),
    ("card_bronze", "bronze"),
    ("card_rejects", "rejects"),
    ("card_silver", "silver"),
    ("card_duplicates", "duplicates"),
    ("card_corrections", "corrections"),
    ("card_quarantine", "quarantine"),
    ("card_batches", "batches"),
    ("card_balance_short", "balanced"),
    ("card_coverage", "coverage"),
)


def datasets(card: Scorecard) -> Markup:
    """The section; a dataset that has never run is named as not measured."""
    reading = card.results["datasets"]
    if reading is None:
        return section("datasets", "card_datasets_title", "card_datasets_about", unmeasured_note("lakeward run"))
    rows = sorted(reading.rows, key=_attention)
    drawn = [_dataset(card, reading, row, more=at >= SHOWN_AT_FIRST) for at, row in enumerate(rows)]
    ran = {row.key[0] for row in rows}
    never = [_never_run(name) for name in card.datasets if name not in ran]
    return section(
        "datasets",
        "card_datasets_title",
        "card_datasets_about",
        _filter_tools(len(rows)),
        tag("div", *drawn, *never, class_="list folded"),
    )


def _attention(row: FigureRow) -> tuple[int, int, float, str]:
    """Failed rules first, then unknown ones, then the lower score."""
    score = row.number("score")
    return (
        -int(row.number("failed_rules") or 0),
        -int(row.number("unknown_rules") or 0),
        -1.0 if score is None else float(score),
        row.key[0],
    )


def _filter_tools(count: int) -> Markup:
    if count <= SHOWN_AT_FIRST:
        return join([])
    box = tag(
        "label",
        tag("span", bilingual("card_filter")),
        tag("input", type="search", id="filter", autocomplete="off"),
        class_="filter",
    )
    return tag("div", box, tag("button", bilingual("card_show_all"), type="button", id="all"), class_="tools")


def _never_run(name: str) -> Markup:
    return tag(
        "div", tag("span", name, class_="name"), tag("span", bilingual("card_never_ran"), class_="unknown"), class_="line never"
    )


def _dataset(card: Scorecard, reading: FamilyResult, row: FigureRow, *, more: bool) -> Markup:
    name = row.key[0]
    head = tag(
        "summary",
        tag("span", name, class_="name"),
        tag("span", bar(row.number("score"), FULL, "good"), class_="gauge"),
        tag("span", figure(row, "score"), class_="value"),
        tag("span", *_flags(row), class_="part"),
        tag("span", _trend(card, name), class_="trend"),
    )
    counts = tag(
        "dl",
        *(tag("div", tag("dt", bilingual(code)), tag("dd", figure(row, column))) for code, column in COUNTS),
        tag("div", tag("dt", bilingual("card_last_run", zone=card.zone)), tag("dd", instant_figure(row, "last_run", card.zone))),
        class_="counts small",
    )
    body = [_key_proposal(card, name), counts, _dimensions(card, name), _rules(card, name), _history(card, name)]
    return tag(
        "details",
        head,
        *body,
        class_="line more" if more else "line",
        id=f"dataset-{name}",
        data_name=name,
        **figure_attributes(reading, row),
    )


def _key_proposal(card: Scorecard, name: str) -> Markup | None:
    """That no row replaces another by a key that is only a guess."""
    key = card.proposed_keys.get(name)
    command = tag("code", f"lakeward contract confirm-key {name}")
    return (
        tag("p", bilingual("card_key_proposed"), " ", tag("code", ", ".join(key)), " · ", command, class_="note") if key else None
    )


def _flags(row: FigureRow) -> Iterable[Markup]:
    shown = (("failed_rules", "fail", "card_failed_rules"), ("unknown_rules", "none", "card_unknown_rules"))
    flags = [
        tag("span", figure(row, column), " ", bilingual(code), class_=f"badge {class_}")
        for column, class_, code in shown
        if row[column]
    ]
    return flags or [tag("span", bilingual("card_all_passed"), class_="badge pass")]


def _dimensions(card: Scorecard, name: str) -> Markup:
    reading = card.results["dataset_dimensions"]
    found: Mapping[str, FigureRow] = {row.key[1]: row for row in _dataset_rows(card, "dataset_dimensions", name)}
    drawn = [
        tag(
            "div",
            tag("dt", bilingual(code)),
            tag("dd", figure(found.get(key), "score")),
            **figure_attributes(None, found.get(key)),
        )
        for key, code in DIMENSIONS.items()
    ]
    return tag("dl", *drawn, class_="counts small", **figure_attributes(reading))


def _rules(card: Scorecard, name: str) -> Markup:
    reading = card.results["rules"]
    rows = _dataset_rows(card, "rules", name)
    whole = reading is not None and len(reading.rows) <= MAX_RULES
    shown = [row for row in rows if whole or row["outcome"] != "PASS"]
    heads = ("card_rule", "card_outcome", "card_evaluated", "card_failed", "card_severity", "card_dimension", "card_version")
    omitted_note = (
        None
        if whole
        else tag("p", bilingual("card_passed_left_out"), " ", tag("code", f"lakeward verdicts {name}"), class_="note")
    )
    return join([table(heads, (_rule(row) for row in shown), **figure_attributes(reading), class_="rules"), omitted_note])


def _rule(row: FigureRow) -> Markup:
    named = tag("th", row.key[1], scope="row", title=row.word("expectation"))
    why = join([outcome(row.word("outcome")), " ", reason(row.word("reason")) if row["reason"] else None])
    numbers = [cell(figure(row, "evaluated"), "num"), cell(figure(row, "failed") if row["failed"] is not None else "–", "num")]
    return tag(
        "tr",
        named,
        cell(why),
        *numbers,
        cell(bilingual(SEVERITIES[row.word("severity")])),
        cell(bilingual(DIMENSIONS[row.word("dimension")])),
        cell(tag("code", row.word("rule_version"))),
        **figure_attributes(None, row),
    )


def _trend(card: Scorecard, name: str) -> Markup:
    """Scores of the batches; a line stands before the first one that was scored by another scope of rules."""
    rows = _dataset_rows(card, "history", name)
    first = next((row.number("batch") for row in scope_changes(card) if row.key[0] == name), None)
    mark = None if first is None else sum(int(row.key[1]) < first for row in rows)
    return spark([row.number("score") for row in rows], mark)


def _history(card: Scorecard, name: str) -> Markup:
    rows = _dataset_rows(card, "history", name)
    drawn = [
        tag("tr", cell(row.key[1], "num"), cell(figure(row, "score"), "num"), **figure_attributes(None, row)) for row in rows
    ]
    shown = table(("card_batch", "card_score"), drawn, **figure_attributes(card.results["history"]))
    changed = next((row.word("day") for row in scope_changes(card) if row.key[0] == name), None)
    note = scope_note(changed) if changed else None
    return tag("details", tag("summary", bilingual("card_history")), note, shown, class_="quiet")


def _dataset_rows(card: Scorecard, family: str, name: str) -> tuple[FigureRow, ...]:
    reading = card.results[family]
    return reading.rows_under(name) if reading else ()

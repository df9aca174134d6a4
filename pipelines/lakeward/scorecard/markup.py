"""Markup that is escaped by construction: a plain text can't become a tag, whatever the names of datasets or rules."""

import html
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from lakeward.core.messages import Lang, text
from lakeward.scorecard.figures import FamilyResult, FigureRow, Value

# Headers of numeric columns.
NUMBERS = {
    f"card_{name}"
    for name in (
        *(
            "score",
            "rules",
            "measured",
            "rules_failed",
            "rules_unknown",
            "ceiling",
            "coverage",
            "columns",
            "share",
            "core",
            "important",
        ),
        *(
            "general",
            "ungraded",
            "provisional",
            "personal",
            "evaluated",
            "failed",
            "rows_failed",
            "batches",
            "batch",
            "queries",
            "allowed",
        ),
        *("refused", "broken", "rows_out"),
    )
}


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: object) -> Markup:
    """An element: plain children are escaped, attributes that are None left out; `class_`, `data_k` as written in Python."""
    named = "".join(
        f' {key if key == "viewBox" else key.strip("_").replace("_", "-")}="{html.escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{named}>{join(children)}</{name}>")


def join(children: Iterable[str | None]) -> Markup:
    """The children one after the other, each escaped unless it is markup."""
    return Markup("".join(child if isinstance(child, Markup) else html.escape(child) for child in children if child is not None))


def bilingual(code: str, **facts: object) -> Markup:
    """A message in both languages; the page shows one."""
    return by_language({str(lang): text(code, lang, **facts) for lang in Lang})


def by_language(words: Mapping[str, str]) -> Markup:
    """Texts by language; the page shows one."""
    return join(tag("span", word, lang=lang) for lang, word in words.items())


def unknown_mark() -> Markup:
    """The placeholder for unmeasured values."""
    return tag("span", bilingual("card_unknown"), class_="unknown")


def figure(row: FigureRow | None, column: str, unit: str = "") -> Markup:
    """A number with evidence; an enclosing element states its family and row (`figure_attributes`)."""
    if row is None:
        return unknown_mark()
    value = row[column]
    shown = unknown_mark() if value is None else join([format_value(value), tag("small", unit) if unit else None])
    return tag("button", shown, class_="n", data_c=column)


def instant_figure(row: FigureRow, column: str, zone: str) -> Markup:
    """An instant that opens: shown in `zone`, and to the query's own words, in UTC, where it opens."""
    value = row.word(column)
    if not value:
        return figure(row, column)
    return tag("button", local_instant(value, zone), class_="n", data_c=column, data_v=value)


def local_instant(instant: str, zone: str) -> str:
    """`YYYY-MM-DD HH:MM` of UTC as the clocks of `zone` show it."""
    return f"{datetime.fromisoformat(instant).replace(tzinfo=UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def format_value(value: Value) -> str:
    """A value as text."""
    return f"{value:,}" if isinstance(value, int | Decimal) else value or "–"


def figure_attributes(reading: FamilyResult | None, row: FigureRow | None = None) -> dict[str, str]:
    """Attributes of an element whose numbers are those of the family, or of this row."""
    named = {"data_q": reading.family.name} if reading else {}
    return {**named, "data_k": json.dumps(row.key, ensure_ascii=False)} if row else named


def table(heads: Iterable[str | Markup], rows: Iterable[Markup], **attributes: object) -> Markup:
    """A scrolling table; `heads` are message codes, empty for a column without a header, or markup."""
    head = tag("thead", tag("tr", *(tag("th", _head(name), scope="col", class_=_head_class(name)) for name in heads)))
    return tag("div", tag("table", head, tag("tbody", *rows), **attributes), class_="scroll")


def _head(name: str | Markup) -> str:
    return name if isinstance(name, Markup) or not name else bilingual(name)


def _head_class(code: str) -> str | None:
    """Headers of numeric columns are right-aligned."""
    return "num" if code in NUMBERS else None


def cell(content: str, class_: str | None = None) -> Markup:
    """One cell."""
    return tag("td", content, class_=class_)


def section(name: str, title: str, about: str, *content: Markup) -> Markup:
    """One section of the page; title and description are message codes."""
    head = tag("header", tag("h2", bilingual(title), id=f"{name}-title"), tag("p", bilingual(about), class_="about"))
    return tag("section", head, *content, id=name, aria_labelledby=f"{name}-title")


def unmeasured_note(command: str) -> Markup:
    """The placeholder of a section without data, with the command that measures it."""
    return tag("p", unknown_mark(), " ", bilingual("card_unmeasured"), " ", tag("code", command), class_="unmeasured")

"""The page: one file without external requests, in both languages, and the queries of its numbers as data."""

import json
from importlib import resources
from typing import Any

from lakeward.core.messages import Lang
from lakeward.scorecard.figures import Scorecard
from lakeward.scorecard.markup import Markup, bilingual, join, local_instant, tag
from lakeward.scorecard.sections.access import access
from lakeward.scorecard.sections.datasets import datasets
from lakeward.scorecard.sections.grades import grades
from lakeward.scorecard.sections.lineage import lineage
from lakeward.scorecard.sections.quality import quality
from lakeward.scorecard.sections.quarantine import quarantine
from lakeward.scorecard.sections.readiness import readiness
from lakeward.scorecard.sections.summary import rows, summary

# Nothing may be fetched, sent or framed; style and script are in the page itself.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
SECTIONS = (
    ("rows", "card_nav_rows"),
    ("readiness", "card_nav_readiness"),
    ("quality", "card_nav_quality"),
    ("grades", "card_nav_grades"),
    ("datasets", "card_nav_datasets"),
    ("quarantine", "card_nav_quarantine"),
    ("lineage", "card_nav_lineage"),
    ("access", "card_nav_access"),
)


def page(card: Scorecard) -> str:
    """The whole page."""
    head = tag(
        "head",
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        tag("title", f"{card.project} · Lakeward"),
        tag("style", Markup(_asset("page.css"))),
        Markup(f"<noscript><style>{_asset('plain.css')}</style></noscript>"),
    )
    content = _empty() if card.is_empty else join([summary(card), _nav(), *_sections(card)])
    body = tag(
        "body",
        _banner(card),
        tag("main", content),
        _footer(card),
        _dialog(),
        _data(card),
        tag("script", Markup(_asset("page.js"))),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='zh', data_lang='zh')}\n"


def evidence_dict(card: Scorecard) -> dict[str, Any]:
    """The queries of all families with keys and table versions, for `open_figure`."""
    families = {
        name: {"sql": r.family.sql, "keys": r.family.keys, "numbers": r.family.numbers, "versions": dict(r.versions)}
        for name, r in card.results.items()
        if r
    }
    return {"project": card.project, "made_at": card.made_at, "families": families}


def _sections(card: Scorecard) -> list[Markup]:
    return [make(card) for make in (rows, readiness, quality, grades, datasets, quarantine, lineage, access)]


def _banner(card: Scorecard) -> Markup:
    switch = [
        tag("button", name, type="button", data_set=str(lang), aria_pressed="false")
        for lang, name in ((Lang.ZH, "中文"), (Lang.EN, "English"))
    ]
    title = tag(
        "div",
        tag("p", "Lakeward", class_="brand"),
        tag("h1", bilingual("card_title")),
        tag(
            "p",
            card.project,
            " · ",
            bilingual("card_made_at", at=local_instant(card.made_at, card.zone), zone=card.zone),
            class_="made",
        ),
    )
    skip = tag("a", bilingual("card_skip"), href="#rows", class_="skip")
    return tag(
        "header", skip, title, tag("div", *switch, class_="switch", role="group", aria_label="语言 / Language"), class_="banner"
    )


def _nav() -> Markup:
    return tag("nav", *(tag("a", bilingual(code), href=f"#{name}") for name, code in SECTIONS), aria_label="目录 / Contents")


def _empty() -> Markup:
    return tag(
        "section",
        tag("h2", bilingual("card_empty")),
        tag("p", bilingual("card_empty_next")),
        tag("p", tag("code", "lakeward demo"), " · ", tag("code", "lakeward run")),
        class_="empty",
    )


def _footer(card: Scorecard) -> Markup:
    versions = {table: version for reading in card.results.values() if reading for table, version in reading.versions.items()}
    read = [tag("li", tag("code", f"{table}@{version}")) for table, version in sorted(versions.items())]
    return tag(
        "footer",
        tag("p", bilingual("card_how")),
        tag("p", bilingual("card_not_certified")),
        tag("p", bilingual("card_versions")) if read else None,
        tag("ul", *read) if read else None,
    )


def _dialog() -> Markup:
    parts = (
        tag("header", tag("h2", bilingual("card_evidence"), id="evidence-title"), tag("button", "×", type="button", id="close", aria_label="关闭 / Close")),
        tag("p", bilingual("card_evidence_about")),
        tag("p", tag("output", id="value"), class_="big"),
        tag("h3", bilingual("card_sql")), tag("pre", tag("code", id="sql"), tabindex="0"),
        tag("h3", bilingual("card_table_versions")), tag("p", tag("code", id="versions")),
        tag("h3", bilingual("card_run_again")), tag("p", tag("code", id="command")),
        tag("p", tag("button", bilingual("card_copy"), type="button", id="copy")),
    )  # fmt: skip
    return tag("dialog", *parts, id="evidence", aria_labelledby="evidence-title")


def _data(card: Scorecard) -> Markup:
    """JSON inside a script element: `<` is written so that no name can end the element."""
    payload = json.dumps(evidence_dict(card), ensure_ascii=False).replace("<", "\\u003c")
    return tag("script", Markup(payload), type="application/json", id="families")


def _asset(name: str) -> str:
    return (resources.files("lakeward.scorecard") / "assets" / name).read_text(encoding="utf-8")

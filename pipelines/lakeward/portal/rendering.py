"""Renders templates in one language: texts from the messages, numbers that open, times in the plant's zone."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib import resources
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from lakeward.core.languages import CHINESE
from lakeward.core.messages import CODED, Lang, reason_text, text
from lakeward.flows import FigureRow, figure_id
from lakeward.portal.heat import band
from lakeward.portal.lineage_layout import fitted
from lakeward.portal.trend import divider, trend_points

ASSETS = ("portal.css", "portal.js")
LANG_TAGS = {Lang.EN: "en", Lang.ZH: "zh-Hans"}
# Names of GB/T 36344-2018, in the standard's order.
DIMENSIONS = {
    "normativity": "card_normativity",
    "completeness": "card_completeness",
    "accuracy": "card_accuracy",
    "consistency": "card_consistency",
    "timeliness": "card_timeliness",
    "accessibility": "card_accessibility",
}
SEVERITIES = {"warn": "card_warn", "quarantine": "card_set_aside", "halt": "card_halt"}


@cache
def environment() -> Environment:
    """The templates, with what is the same for every visit."""
    made = Environment(
        loader=PackageLoader("lakeward.portal"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        dimensions_in_order=DIMENSIONS, severities=SEVERITIES, band=band, trend_points=trend_points, divider=divider
    )
    made.globals.update(evidence=evidence_address, dataset_path=dataset_path, rule_path=rule_path, query=query_text, names=names)
    made.globals.update(asset=asset_address, fitted=fitted)
    made.globals.update(failing_address=failing_address, domain_address=domain_address, item_address=item_address)
    made.filters.update(number=number)
    made.tests.update(in_table=str.startswith)
    return made


def render(template: str, lang: Lang, zone: str, facts: Mapping[str, object]) -> str:
    """The page."""
    return environment().get_template(template).render({**language_context(lang, zone), **facts})


def language_context(lang: Lang, zone: str) -> dict[str, object]:
    """What templates know of the reader: texts in their language, times of their zone."""
    return {
        "lang": str(lang),
        "lang_tag": LANG_TAGS[lang],
        "zone": zone,
        "t": lambda code, **given: text(code, lang, **given),
        "reason": lambda code: reason_text(code, lang),
        "notice": lambda code, given: notice_text(code, given, lang),
        "local": lambda instant: local_time(instant, zone),
        "words": lambda row, kind: words_of(row, kind, lang),
        "about": lambda row: words_of(row, "about", lang),
        "in_own_language": in_own_language,
    }


def number(value: Decimal | int | str | None) -> str:
    """A number with separators of thousands."""
    return f"{value:,}" if isinstance(value, int | Decimal) else str(value)


def local_time(instant: str | datetime | None, zone: str) -> Markup:
    """A time, in UTC where it has no zone, as the clocks of `zone` show it; UTC stands in its title."""
    if not instant:
        return Markup("–")
    found = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    at = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    shown = f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
    return Markup('<time datetime="{}" title="{:%Y-%m-%d %H:%M:%S} UTC">{}</time>').format(at.isoformat(), at, shown)


def words_of(row: FigureRow, kind: str, lang: Lang) -> Markup:
    """Words such as `name` or `about` in this language; else in the other one, marked as such; empty where there are none."""
    own, other = (Lang.ZH, Lang.EN) if lang is Lang.ZH else (Lang.EN, Lang.ZH)
    if row[f"{kind}_{own}"]:
        return Markup("<span>{}</span>").format(row[f"{kind}_{own}"])
    shown = row.word(f"{kind}_{other}")
    return Markup('<span lang="{}">{}</span>').format(LANG_TAGS[other], shown) if shown else Markup("")


def in_own_language(text: str) -> Markup:
    """A text that a project's file brings in one language or the other, marked with it."""
    return Markup('<span lang="{}">{}</span>').format(LANG_TAGS[Lang.ZH if CHINESE.search(text) else Lang.EN], text)


def notice_text(code: str, facts: Mapping[str, object], lang: Lang) -> Markup:
    """A stored message, with names of files and columns as code; its code alone where this version has no such text."""
    named = {name: value for name, value in facts.items() if isinstance(value, str) and not value.startswith(CODED)}
    try:
        shown = escape(text(code, lang, **{**facts, **{name: _mark(name) for name in named}}))
    except KeyError:
        return Markup("<code>{}</code>").format(code)
    for name, value in named.items():
        shown = shown.replace(_mark(name), Markup("<code>{}</code>").format(value))
    return shown


def _mark(name: str) -> str:
    """What stands for a fact until the text around it is escaped."""
    return f"\x02{name}\x03"


def evidence_address(family: str, key: tuple[object, ...], column: str) -> str:
    """Where a number opens."""
    return "/evidence/" + figure_id(family, tuple(map(str, key)), column)


def dataset_path(name: str, tab: str = "") -> str:
    """The page of a dataset, or one of its tabs."""
    return f"/d/{quote(name, safe='')}" + (f"/{tab}" if tab and tab != "rules" else "")


def rule_path(dataset: str, rule: str) -> str:
    """The page of a rule."""
    return f"/d/{quote(dataset, safe='')}/r/{quote(rule, safe='')}"


def failing_address(dataset: str) -> str:
    """Where the failed checks of a dataset open: the page that lists them."""
    return dataset_path(dataset)


def domain_address(domain: str, dimension: str) -> str:
    """Where the failed checks of a domain open: the list of its datasets with this dimension."""
    return "/datasets?" + query_text({}, domain=domain, dimension=dimension)


def item_address(item: str, column: str = "proposal") -> str:
    """Where a score of an item opens: its page with the indicators, or there the assessor's answer."""
    return f"/readiness/{quote(item, safe='')}" + ("#answer" if column == "level" else "")


def query_text(given: Mapping[str, object], **changes: object) -> str:
    """The parameters of an address with changes; those without a value are left out."""
    merged = {**given, **changes}
    return urlencode({name: value for name, value in merged.items() if value not in (None, "")})


def names(listed: str | None) -> list[str]:
    """The names of a JSON list."""
    found = json.loads(listed or "[]")
    return [str(name) for name in found] if isinstance(found, list) else []


def asset_address(name: str) -> str:
    """The address of a file of the portal, with its hash: browsers keep it until it changes."""
    return f"/static/{name}?v={asset(name)[1]}"


@cache
def asset(name: str) -> tuple[bytes, str]:
    """A file of the portal and the front of its hash.

    Raises:
        KeyError: There is none of this name.
    """
    if name not in ASSETS:
        raise KeyError(name)
    content = (resources.files("lakeward.portal") / "assets" / name).read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:12]

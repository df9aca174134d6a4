"""The static scorecard: the portal's pages of the whole project in one file for each language, with the query of every number inside.

Links between pages lead to parts of the file; a number leads to the query of its family.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape, unescape
from importlib import resources
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader
from markupsafe import Markup

from lakeward.core.messages import Lang, text
from lakeward.core.settings import Settings
from lakeward.flows import ScorecardReading, open_scorecard_reading, scorecard_path, store_evidence
from lakeward.portal.export_parts import FilePart, file_parts
from lakeward.portal.rendering import LANG_TAGS, dataset_path, environment, evidence_address, language_context

# Nothing may be fetched, sent or framed; style and script are in the file itself.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src {script}; img-src data:; base-uri 'none'; form-action 'none'"
LANG_NAMES = {Lang.EN: "English", Lang.ZH: "中文"}
EVIDENCE = "/evidence/"
# Links of templates, which write no bracket or quote of a value into an attribute.
_LINK = re.compile(r'<a\b([^>]*?) href="([^"]*)"([^>]*)>(.*?)</a>', re.DOTALL)
_FAMILY = re.compile(rf'href="{EVIDENCE}([^"/]*)/')


def build_scorecard(settings: Settings, out: Path | None = None) -> Path:
    """Write the file of each language of the project, and one with the queries of all numbers.

    Args:
        out: Folder of the files; None for the folder `scorecard` of the project.

    Returns:
        Path of the file in the project's first language.

    Raises:
        UsageError: There is no project at or above `settings.start`.
        MachineError: The lake can't be read.
    """
    page = scorecard_path(settings)
    folder = out or page.parent
    with open_scorecard_reading(settings) as source:
        folder.mkdir(parents=True, exist_ok=True)
        store_evidence(source, folder)
        parts = file_parts(source)
        names = {lang: page.with_suffix(f".{lang}.html").name for lang in source.languages}
        names[source.languages[0]] = page.name
        for lang, name in names.items():
            (folder / name).write_text(render_file(source, parts, lang, names), encoding="utf-8")
    return folder / page.name


def render_file(source: ScorecardReading, parts: Sequence[FilePart], lang: Lang, names: Mapping[Lang, str]) -> str:
    """The file in one language.

    Args:
        names: Language -> name of its file.
    """
    context = {**language_context(lang, source.zone), **_addresses(), "given": {}, "lang": str(lang)}
    drawn = [_render_part(part, lang, context) for part in parts]
    families = {name for html in drawn for name in _FAMILY.findall(html)}
    anchors = {dataset_path(str(part.facts["name"])): part.anchor for part in parts if "name" in part.facts}
    anchors |= {"/": "estate", "/datasets": "datasets"}
    script = _asset("scorecard.js")
    facts = {
        "project": source.project,
        "made_at": source.reading.now,
        "policy": POLICY.format(script=_hash(script)),
        "style": Markup(_asset("portal.css") + _asset("scorecard.css")),  # noqa: S704 -- files of this package
        "script": Markup(script),  # noqa: S704 -- as above
        "others": [(LANG_TAGS[other], LANG_NAMES[other], name) for other, name in names.items() if other is not lang],
        "contents": [part for part in parts if part.title],
        "parts_of_file": [Markup(_inside(html, anchors)) for html in drawn],  # noqa: S704 -- of templates that escape
        "families": [source.families[name] for name in sorted(families)],
        "versions": source.reading.versions(),
    }
    return _environment().get_template("scorecard.html").render({**context, **facts})


def _render_part(part: FilePart, lang: Lang, context: Mapping[str, object]) -> str:
    note = text(part.note, lang, **(part.counts or {})) if part.note else ""
    return _environment().get_template(part.template).render({**context, "anchor": part.anchor, "note": note, **part.facts})


def _addresses() -> dict[str, object]:
    """Numbers that open a list in the portal open to a query here."""
    return {
        "failing_address": lambda dataset: evidence_address("dataset_failures", (dataset,), "per_million"),
        "domain_address": lambda domain, dimension: evidence_address("domain_failures", (domain, dimension), "per_million"),
        "item_address": lambda item, column="proposal": evidence_address("items", (item,), column),
    }


def _inside(html: str, anchors: Mapping[str, str]) -> str:
    """The part with its links led to places of the file; what is not in the file is no link."""

    def led(link: re.Match[str]) -> str:
        before, address, after, shown = link.groups()
        address = unescape(address)
        if address.startswith(EVIDENCE):
            figure = address.removeprefix(EVIDENCE)
            to = f"q-{figure.partition('/')[0]}"
            return f'<a{before} href="#{to}" title="{escape(figure)}"{after}>{shown}</a>'
        if address in anchors:
            return f'<a{before} href="#{escape(anchors[address])}"{after}>{shown}</a>'
        return f"<span{before}{after}>{shown}</span>"

    return _LINK.sub(led, html)


@cache
def _environment() -> Environment:
    """The portal's templates in the frame of the file."""
    loaders = [PackageLoader("lakeward.portal", "templates/export"), PackageLoader("lakeward.portal")]
    return environment().overlay(loader=ChoiceLoader(loaders))


def _hash(script: str) -> str:
    """The source of a Content-Security-Policy that lets this script run, and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


@cache
def _asset(name: str) -> str:
    return (resources.files("lakeward.portal") / "assets" / name).read_text(encoding="utf-8")

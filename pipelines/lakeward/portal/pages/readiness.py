"""DCMM readiness from live evidence: domains and items with coverage and ceiling; of each item its indicators with their queries, and the answer."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from lakeward.core.errors import DefinitionError, LakewardError, UsageError
from lakeward.core.messages import Lang
from lakeward.core.settings import Settings
from lakeward.flows import (
    FigureRow,
    ItemAnswer,
    ModelReading,
    answer_item,
    deciding_roles,
    document_limits,
    document_text,
    find_answer,
    find_document,
    has_document,
    keep_document,
    maturity_domains,
    read_maturity,
)
from lakeward.portal.faults import fault_text
from lakeward.portal.page import Download, Page, PageAnswer, Visit
from lakeward.portal.radar import draw_radar

ROLES = deciding_roles("readiness")
# What assessments of before say of a document.
NAME_ALONE = {"sha256": None, "date": None, "page": None}
# Beginning of the names of the fields of conformities; the level follows.
CONFORMITY, LEVELS = "conformity_", ("1", "2", "3", "4", "5")
NOT_ASSESSED = "maturity_not_assessed"


def show_readiness(_: Visit, reading: ModelReading) -> PageAnswer:
    """All items by domain; before the first assessment how to make it."""
    return PageAnswer(template="readiness.html", facts=readiness_facts(reading))


def readiness_facts(reading: ModelReading) -> dict[str, object]:
    """What the template shows, of the newest assessment."""
    try:
        items = read_maturity(reading.tables)
    except UsageError as error:
        if error.code != NOT_ASSESSED:
            raise
        items = []
    whole, domains, of_items = (reading.family(name) for name in ("readiness", "domains", "items"))
    by_domain = {row.key[0]: row for row in sorted(domains.rows, key=lambda row: int(row.key[0]))} if domains else {}
    return {
        "items": items,
        "domain_names": {each.number: each.names for each in maturity_domains()},
        "whole": whole.rows[0] if whole and whole.rows else None,
        "domains": by_domain,
        "of_items": {row.key[0]: row for row in of_items.rows} if of_items else {},
        "charts": {str(lang): draw_radar(_scores_by_name(by_domain, lang)) for lang in Lang},
    }


def _scores_by_name(by_domain: Mapping[str, FigureRow], lang: Lang) -> dict[str, Decimal | int | None]:
    """The name of each domain in this language -> its score."""
    return {
        each.names[lang]: by_domain[each.number].number("score") if each.number in by_domain else None
        for each in maturity_domains()
    }


def show_item(visit: Visit, reading: ModelReading) -> PageAnswer:
    """One item.

    Raises:
        UsageError: The edition has no such item, or the lake was not assessed.
    """
    return PageAnswer(template="readiness_item.html", facts=_item_facts(visit, reading))


def answer_readiness(visit: Visit) -> PageAnswer:
    """Keep the files of the form, then answer the item, signed by the session; what was typed and kept stays where it fails.

    Raises:
        UsageError: As `show_item`.
    """
    with visit.portal.actions.act(visit.session_id) as settings:
        documents, faults = _keep_files(settings, visit)
        try:
            if not faults:
                answer_item(settings, replace(_draft(visit), documents=documents))
        except LakewardError as error:
            faults = [fault_text(visit, error)]
    if not faults:
        return PageAnswer(to=f"{visit.path}?done=answered")
    with visit.portal.read() as reading:
        facts = _item_facts(visit, reading)
    typed = replace(_draft(visit), documents=documents)
    return PageAnswer(template="readiness_item.html", facts={**facts, "typed": typed, "faults": faults}, status=409)


def give_document(visit: Visit, reading: ModelReading) -> PageAnswer:
    """A document of an item's answer, to be saved.

    Raises:
        UsageError: The answer names no such document, or the project does not keep it.
        MachineError: It can't be read.
    """
    (item,) = read_maturity(reading.tables, visit.place["item"])
    named = next((each for each in item.document_facts if each.sha256 == visit.place["sha256"]), None)
    kept = find_document(visit.portal.settings, named) if named else None
    if kept is None:
        raise UsageError("document_not_there", item=item.item)
    name, media_type, content = kept
    return PageAnswer(download=Download(name=name, content=content, media_type=media_type))


def _item_facts(visit: Visit, reading: ModelReading) -> dict[str, object]:
    (item,) = read_maturity(reading.tables, visit.place["item"])
    of_items, settings = reading.family("items", item.item), visit.portal.settings
    written, faults = _written(visit, item.item)
    return {
        "item": item,
        "figures": of_items.rows[0] if of_items and of_items.rows else None,
        "kept": {each.sha256 for each in item.document_facts if each.sha256 and has_document(settings, each.sha256)},
        "typed": written,
        "mark": written.mark,
        "limits": document_limits(),
        "documents": [each.as_dict() for each in item.document_facts]
        or [{**NAME_ALONE, "name": name} for name in item.documents],
        "faults": faults,
        "done": visit.query.get("done", ""),
    }


def _written(visit: Visit, item: str) -> tuple[ItemAnswer, list[str]]:
    """The answer of the project's file; without texts, and why, where the file is not valid."""
    try:
        return find_answer(visit.portal.settings, item), []
    except DefinitionError as error:
        empty = ItemAnswer(item=item, reason="", conformity=dict.fromkeys(LEVELS, ""), documents="", mark="")
        return empty, [fault_text(visit, error)]


def _draft(visit: Visit) -> ItemAnswer:
    form = visit.form
    return ItemAnswer(
        item=visit.place["item"],
        reason=form.get("reason", ""),
        conformity={level: form.get(f"{CONFORMITY}{level}", "") for level in LEVELS},
        documents=form.get("documents", ""),
        mark=form.get("seen", ""),
    )


def _keep_files(settings: Settings, visit: Visit) -> tuple[str, list[str]]:
    """The documents of the answer with the files that were kept, and why others were not."""
    lines = [line for line in visit.form.get("documents", "").splitlines() if line.strip()]
    most = document_limits().most
    if len(visit.files) > most:
        fault = UsageError("document_too_many", found=len(visit.files), most=most)
        return "\n".join(lines), [fault_text(visit, fault)]
    faults = []
    for file in visit.files:
        try:
            kept = keep_document(settings, file)
        except LakewardError as error:
            faults.append(fault_text(visit, error))
            continue
        if not any(str(kept.sha256) in line for line in lines):
            lines.append(document_text(kept.as_dict()))
    return "\n".join(lines), faults


PAGES = (
    Page(path="/readiness", roles=ROLES, show=show_readiness, nav="portal_nav_readiness"),
    Page(
        path="/readiness/{item}",
        roles=ROLES,
        show=show_item,
        act=answer_readiness,
        typed=("reason", "documents", *(f"{CONFORMITY}{level}" for level in LEVELS)),
        takes_files=True,
    ),
    Page(path="/readiness/{item}/documents/{sha256}", roles=ROLES, show=give_document),
)

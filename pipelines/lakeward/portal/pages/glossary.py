"""The glossary: terms in the reader's language with definition, owner and state, found by their synonyms too, and the columns that refer to them."""

import json

from lakeward.core.errors import UsageError
from lakeward.core.messages import unpack_facts
from lakeward.flows import ModelReading
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit
from lakeward.portal.pages.search import typed_words
from lakeward.portal.paging import paging

STATES = ("approved", "draft")


def show_glossary(visit: Visit, reading: ModelReading) -> PageAnswer:
    """One page of the terms; all, or those that hold every word of the question."""
    typed, words = typed_words(visit)
    state = visit.query.get("state") if visit.query.get("state") in STATES else None
    rows = reading.rows("terms", q=words, state=state, skip=paging(visit.page_number(), 0).skip)
    total = int(rows[0].number("total") or 0) if rows else 0
    fault = next(iter(reading.rows("glossary_fault")), None)
    facts = {
        "rows": rows,
        "total": total,
        "paging": paging(visit.page_number(), total),
        "asked_term": typed,
        "state": state,
        "counts": {row.key[0]: row["terms"] for row in reading.rows("term_states")},
        "fault": (fault["code"], unpack_facts(json.loads(fault.word("facts")))) if fault else None,
    }
    return PageAnswer(template="glossary.html", facts=facts)


def show_term(visit: Visit, reading: ModelReading) -> PageAnswer:
    """One term, and where it is used.

    Raises:
        UsageError: The glossary has no such term.
    """
    name = visit.place["term"]
    found = reading.rows("term", term=name)
    if not found:
        raise UsageError("portal_no_term", term=name)
    facts = {
        "term": found[0],
        "synonyms": json.loads(found[0].word("synonyms")),
        "columns": reading.rows("term_columns", term=name),
    }
    return PageAnswer(template="term.html", facts=facts)


PAGES = (
    Page(path="/glossary", roles=EVERYONE, show=show_glossary, nav="portal_nav_glossary"),
    Page(path="/g/{term}", roles=EVERYONE, show=show_term),
)

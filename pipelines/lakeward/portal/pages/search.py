"""Search over datasets, columns and terms: by names, synonyms, names in source files and descriptions, in pinyin and by initials too."""

from lakeward.flows import ModelReading
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit
from lakeward.portal.paging import paging

# Characters of a question.
LONGEST = 200


def show_search(visit: Visit, reading: ModelReading) -> PageAnswer:
    """What holds every word of the question."""
    typed, words = typed_words(visit)
    number = visit.page_number()
    rows = reading.rows("search", q=words, skip=paging(number, 0).skip) if words else ()
    total = int(rows[0].number("total") or 0) if rows else 0
    facts = {"question": typed, "rows": rows, "total": total, "paging": paging(number, total), "asked": bool(words)}
    return PageAnswer(template="search.html", facts=facts)


def typed_words(visit: Visit) -> tuple[str, str]:
    """The question as it was typed, and its words as search compares them."""
    typed = visit.query.get("q", "")[:LONGEST]
    return typed, " ".join(typed.lower().split())


PAGES = (Page(path="/search", roles=EVERYONE, show=show_search),)

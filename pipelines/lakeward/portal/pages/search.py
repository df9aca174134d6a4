"""Search over datasets and columns: by their names, the names in source files and descriptions, in pinyin and by initials too."""

from lakeward.flows import ModelReading
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit
from lakeward.portal.paging import paging

# Characters of a question.
LONGEST = 200


def show_search(visit: Visit, reading: ModelReading) -> PageAnswer:
    """What holds every word of the question."""
    typed = visit.query.get("q", "")[:LONGEST]
    words = " ".join(typed.lower().split())
    number = visit.page_number()
    rows = reading.rows("search", q=words, skip=paging(number, 0).skip) if words else ()
    total = int(rows[0].number("total") or 0) if rows else 0
    facts = {"question": typed, "rows": rows, "total": total, "paging": paging(number, total), "asked": bool(words)}
    return PageAnswer(template="search.html", facts=facts)


PAGES = (Page(path="/search", roles=EVERYONE, show=show_search),)

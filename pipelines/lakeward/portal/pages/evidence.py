"""The evidence of a number: the query, the versions of its tables, the stored value, and the value when it is run again."""

from datetime import datetime

from lakeward.core.errors import UsageError
from lakeward.flows import ModelReading, find_figure
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit

PREFIX = "/evidence/"
# Field of a form that holds the version of a table.
VERSION = "v:"


def show_evidence(visit: Visit, reading: ModelReading) -> PageAnswer:
    """The query of the number and its stored value.

    Raises:
        UsageError: There is no such number.
    """
    figure = find_figure(reading, _figure_id(visit))
    return PageAnswer(template="evidence.html", facts={"figure": figure, "as_of": reading.now.isoformat(), "again": None})


def run_again(visit: Visit) -> PageAnswer:
    """Run the query on the lake, at the versions that the page showed.

    Raises:
        UsageError: There is no such number, or a version is not kept any more.
    """
    as_of = _instant(visit.form.get("as_of", ""))
    with visit.portal.read(as_of) as reading:
        figure = find_figure(reading, _figure_id(visit))
    versions = {table: _version(visit, table, version) for table, version in figure.evidence.versions.items()}
    again = visit.portal.reproduce(figure.evidence.sql, versions)
    facts = {"figure": figure, "as_of": as_of.isoformat(), "again": again, "same": versions == dict(figure.evidence.versions)}
    return PageAnswer(template="evidence.html", facts=facts)


def _figure_id(visit: Visit) -> str:
    """The address as it was sent: a part of it may hold a slash."""
    return visit.raw_path.removeprefix(PREFIX)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError("portal_form_incomplete") from None
    if found.tzinfo is None:
        raise UsageError("portal_form_incomplete")
    return found


def _version(visit: Visit, table: str, newest: int) -> int:
    text = visit.form.get(VERSION + table, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16) or int(text) > newest:
        raise UsageError("portal_form_incomplete")
    return int(text)


PAGES = (Page(path="/evidence/{figure:path}", roles=EVERYONE, show=show_evidence, act=run_again),)

"""The catalogue of important and core data: what is filed, what has changed since, what is due and by when."""

from collections.abc import Mapping

from lakeward.flows import CatalogueReport, ModelReading, filing_form, read_important
from lakeward.portal.page import Page, PageAnswer, Visit

ROLES = frozenset({"steward", "cdo", "auditor"})
REJECTED = "rejected"


def show_important(visit: Visit, reading: ModelReading) -> PageAnswer:
    """The page.

    Raises:
        DefinitionError: The declarations are not valid.
        PolicyError: The serving policy is not valid.
    """
    report = read_important(visit.portal, reading)
    words = {
        row.key[0]: row for row in reading.rows("dataset_words", datasets="\n".join(each.dataset for each in report.entries))
    }
    facts = {"report": report, "fields": words, "standing": _standing(report), "form_names": _form_names(visit.lang)}
    counts = reading.family("important_data")
    return PageAnswer(
        template="important.html", facts={**facts, "columns": {row.key[0]: row for row in counts.rows} if counts else {}}
    )


def _standing(report: CatalogueReport) -> Mapping[str, int]:
    """Dataset -> number of the filing whose sizes are compared: its newest one that was not rejected."""
    kept = (filing for filing in report.filings if filing.state != REJECTED)
    return {dataset: filing.filing for filing in kept for dataset in filing.datasets}


def _form_names(lang: str) -> Mapping[str, str]:
    return {field.key: field.names[str(lang)] for field in filing_form().entry}


PAGES = (Page(path="/important", roles=ROLES, show=show_important, nav="portal_nav_important"),)

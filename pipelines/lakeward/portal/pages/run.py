"""One run: its batches with the balance of their rows, and the verdicts that it gave."""

import json

from lakeward.core.errors import UsageError
from lakeward.flows import FigureRow, ModelReading
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit


def show_run(visit: Visit, reading: ModelReading) -> PageAnswer:
    """The page.

    Raises:
        UsageError: The lake has no such run.
    """
    name = visit.place["run"]
    batches = reading.rows("run", run=name)
    if not batches:
        raise UsageError("portal_run_unknown", run=name)
    facts = {
        "run": name,
        "batches": batches,
        "dataset": batches[0]["dataset"],
        "verdicts": reading.rows("run_verdicts", run=name),
        "warnings": [warning for batch in batches for warning in _warnings(batch)],
    }
    return PageAnswer(template="run.html", facts=facts)


def _warnings(batch: FigureRow) -> list[tuple[str, dict[str, object]]]:
    """Message codes with their facts."""
    return [(code, facts) for code, facts in json.loads(batch.word("warnings") or "[]")]


PAGES = (Page(path="/run/{run}", roles=EVERYONE, show=show_run),)

"""What a run says, line by line, for the terminal and for the log of a task."""

import logging
import re
from collections.abc import Iterator

from lakeward.core.messages import Lang, text
from lakeward.flows.base.report import RunReport

log = logging.getLogger(__name__)


def run_lines(report: RunReport, lang: Lang) -> Iterator[str]:
    """The run's warnings, its failed and unknown rules and its rejects, each with the command that shows more."""
    dataset = report.dataset
    for code, facts in report.warnings:
        yield _named(lang, dataset, text(code, lang, **facts))
    if report.failed:
        # A halted batch, and a rule on the batch as a whole, set no row aside: the list would be empty.
        code = "run_failed_rules" if report.counts.quarantine else "run_failed_rules_of_batch"
        yield text(code, lang, dataset=dataset, rules=", ".join(report.failed))
    if report.unknown:
        yield text("run_unknown_rules", lang, dataset=dataset, rules=", ".join(report.unknown))
    if report.counts.rejects:
        yield text("run_rejects", lang, dataset=dataset, rows=report.counts.rejects)


def summary_line(report: RunReport, lang: Lang) -> str:
    """The run's counts in one line."""
    counts = report.counts.as_dict()
    return text("run_summary", lang, dataset=report.dataset, batches=report.batches, score=report.score or "–", **counts)


def log_run(report: RunReport, lang: Lang) -> None:
    """Write the run's counts, and what `run_lines` says of it, into the log of its task."""
    for line in (summary_line(report, lang), *run_lines(report, lang)):
        log.info(line)


def _named(lang: Lang, dataset: str, note: str) -> str:
    """A note on a dataset, with its name in front unless the note begins with a clause that names it."""
    return note if dataset in re.split("[:：]", note)[0] else text("run_note", lang, dataset=dataset, note=note)

"""What makes a filing due, and by when: growth, other contents, new, destroyed and merged entries, answers of the authority."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from lakeward.core.working_days import Deadline, WorkingCalendar, months_after
from lakeward.flows.base.answers import fields_of
from lakeward.flows.filing.declarations import Declarations
from lakeward.flows.filing.entries import LiveCatalogue, LiveEntry
from lakeward.flows.filing.form import FilingForm
from lakeward.flows.filing.record import FiledEntry, Filing, FilingRecord, FilingState
from lakeward.grading.grade import Grade

# Days before the end of the calendar from which the next year's is due.
CALENDAR_NOTICE = timedelta(days=60)


class ChangeTrigger(StrEnum):
    """Why an entry has to be filed again, or first."""

    NEW = "new"
    ROWS = "rows"
    BYTES = "bytes"
    CONTENT = "content"
    DESTROYED = "destroyed"
    MERGED = "merged"


class TaskKind(StrEnum):
    """Kind of a task of the catalogue."""

    COMPLETE = "complete"
    FILE = "file"
    REFILE = "refile"
    RESUBMIT = "resubmit"
    REVIEW = "review"
    ANSWER = "answer"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingTask:
    """What is to be done, and by when.

    Args:
        kind: `complete`: items or decisions are missing; `file`: file for the first time; `refile`: a change; `resubmit`: after
            a rejection; `review`: core data move to another entity; `answer`: the authority's answer is due; `calendar`: there is
            no calendar of working days for a year.
        dataset: Dataset of the entry; None for a task of no single entry.
        filing: Number of the filing; None if it is about none.
        due: Last day, in ISO 8601; None if the rule names no period.
        due_certain: False: the calendar ends before, and `due` is the earliest that it can be.
        triggers: What changed.
        missing: Items of the form and columns without a decision that are missing; of `calendar` the years.
        rule: The rule that asks for it.
    """

    kind: TaskKind
    dataset: str | None
    filing: int | None = None
    due: str | None
    due_certain: bool
    triggers: tuple[ChangeTrigger, ...] = ()
    missing: tuple[str, ...] = ()
    rule: str

    def as_dict(self) -> dict[str, object]:
        """The fields by name, with plain values."""
        return fields_of(self)


def has_grown(filed: int, live: int, percent: int) -> bool:
    """Whether the size moved by the share or more, up or down, in whole numbers."""
    return 100 * abs(live - filed) >= percent * filed and live != filed


def entry_triggers(catalogue: LiveCatalogue, dataset: str, form: FilingForm) -> tuple[ChangeTrigger, ...]:
    """What of the entry differs from its newest filing that was not rejected; empty if nothing does."""
    live, standing = catalogue.entries.get(dataset), catalogue.record.standing_of(dataset)
    filed = standing[1] if standing else None
    if live is None:
        return (ChangeTrigger.DESTROYED,) if filed and not filed.destroyed else ()
    merged = _merged_tables(catalogue, dataset)
    if filed is None or filed.destroyed:
        return (ChangeTrigger.NEW, *merged)
    return (*_differences(filed, live, form), *merged)


def _differences(filed: FiledEntry, live: LiveEntry, form: FilingForm) -> Iterator[ChangeTrigger]:
    if has_grown(filed.rows, live.rows, form.growth_percent):
        yield ChangeTrigger.ROWS
    if has_grown(filed.bytes, live.bytes, form.growth_percent):
        yield ChangeTrigger.BYTES
    if filed.items != live.items:
        yield ChangeTrigger.CONTENT


def _merged_tables(catalogue: LiveCatalogue, dataset: str) -> tuple[ChangeTrigger, ...]:
    """Merged: a dataset that was filed by itself has gone into this one, and its filing still stands."""
    for earlier in catalogue.declared.supersedes.get(dataset, ()):
        standing = catalogue.record.standing_of(earlier)
        if standing and not standing[1].destroyed:
            return (ChangeTrigger.MERGED,)
    return ()


def needs_review(live: LiveEntry, declared: Declarations) -> bool:
    """Whether core data move to another entity without the number of the review that this needs."""
    return live.grade is Grade.CORE and live.dataset in declared.moving and "review" not in live.items


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """What tasks follow from.

    Args:
        since: Dataset -> day on which its change was first observed.
        today: The day in the plant's zone.
    """

    catalogue: LiveCatalogue
    form: FilingForm
    calendar: WorkingCalendar
    since: Mapping[str, date]
    today: date


def filing_tasks(context: TaskContext) -> tuple[FilingTask, ...]:
    """All tasks, those with the nearest end first, those without one last."""
    names = sorted({*context.catalogue.entries, *context.catalogue.record.datasets})
    found = [task for name in names for task in _entry_tasks(context, name)]
    found += _filing_tasks(context)
    if found and context.catalogue.record.filings:
        found += _calendar_task(context)
    return tuple(sorted(found, key=lambda task: (task.due is None, task.due or "", task.dataset or "", task.kind)))


def _entry_tasks(context: TaskContext, dataset: str) -> Iterator[FilingTask]:
    form, live = context.form, context.catalogue.entries.get(dataset)
    if live and (live.missing or live.undecided):
        yield _task(TaskKind.COMPLETE, dataset, form.article, missing=(*live.missing, *live.undecided))
    if live and needs_review(live, context.catalogue.declared):
        yield _task(TaskKind.REVIEW, dataset, "工信部网安〔2022〕166号第二十四条")
    triggers = entry_triggers(context.catalogue, dataset, form)
    newest = context.catalogue.record.newest_of(dataset)
    if not triggers or (newest and newest.state is FilingState.REJECTED):
        return
    if ChangeTrigger.NEW in triggers and not context.catalogue.record.filings:
        yield _task(TaskKind.FILE, dataset, form.article, triggers=triggers)
        return
    due = months_after(context.since.get(dataset, context.today), form.change_months)
    yield _task(TaskKind.REFILE, dataset, form.article, Deadline(due, certain=True), triggers=triggers)


def _filing_tasks(context: TaskContext) -> Iterator[FilingTask]:
    for filing in context.catalogue.record.filings:
        if filing.state is FilingState.ACCEPTED or _is_superseded(context.catalogue.record, filing):
            continue
        kind = TaskKind.ANSWER if filing.state is FilingState.SUBMITTED else TaskKind.RESUBMIT
        due = Deadline(filing.due, filing.due_certain) if filing.due else None
        yield replace(_task(kind, None, context.form.article, due), filing=filing.filing)


def _is_superseded(record: FilingRecord, filing: Filing) -> bool:
    """Whether newer filings contain all that this one does."""
    newer = {dataset for each in record.filings if each.filing > filing.filing for dataset in each.datasets}
    return set(filing.datasets) <= newer


def _calendar_task(context: TaskContext) -> Iterator[FilingTask]:
    """The next year of the calendar is due before it begins; any year, as soon as a period runs through it and it is unknown."""
    end = date(max(context.calendar.years, default=context.today.year - 1), 12, 31)
    years = {end.year + 1} if context.today + CALENDAR_NOTICE > end else set[int]()
    for filing in context.catalogue.record.filings:
        if filing.state is not FilingState.ACCEPTED and filing.due and not filing.due_certain:
            years |= {*range((filing.answered_on or filing.submitted_on).year, filing.due.year + 1)} - context.calendar.years
    if years:
        missing = tuple(str(year) for year in sorted(years))
        yield _task(TaskKind.CALENDAR, None, "国务院办公厅关于部分节假日安排的通知", Deadline(end, certain=True), missing=missing)


def _task(
    kind: TaskKind,
    dataset: str | None,
    rule: str,
    due: Deadline | None = None,
    *,
    triggers: tuple[ChangeTrigger, ...] = (),
    missing: tuple[str, ...] = (),
) -> FilingTask:
    return FilingTask(
        kind=kind,
        dataset=dataset,
        due=due.on.isoformat() if due else None,
        due_certain=due.certain if due else True,
        triggers=triggers,
        missing=missing,
        rule=rule,
    )

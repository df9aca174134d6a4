"""The catalogue of important and core data: list it, record its changes, file it, and record the authority's answers."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from lakeward.core.errors import ProtectionError, UsageError
from lakeward.core.settings import Settings
from lakeward.core.spelling import did_you_mean
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import Identity, identify
from lakeward.flows.base.working_calendar import working_calendar
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.filing.changes import ChangeTrigger, FilingTask, TaskContext, entry_triggers, filing_tasks, needs_review
from lakeward.flows.filing.entries import LiveCatalogue, LiveEntry, live_catalogue
from lakeward.flows.filing.form import filing_form
from lakeward.flows.filing.record import (
    ENTRIES,
    FILINGS,
    FiledEntry,
    Filing,
    FilingEvent,
    FilingState,
    append_filing_event,
    next_number,
    read_filings,
)
from lakeward.grading.grade import Grade


class EntryState(StrEnum):
    """State of an entry."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CHANGED = "changed"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """An entry of the catalogue beside what was filed of it.

    Args:
        dataset: Name of the dataset.
        state: `draft`: never filed; `submitted`, `accepted`, `rejected`: as its newest filing; `changed`: it differs from its
            filing so that a new one is due; `destroyed`: filed, and no longer important data of the lake.
        grade: Its grade; None if it is destroyed.
        rows, bytes: Its size now; None if it is destroyed.
        filed_rows, filed_bytes: Its size as filed; None before the first filing.
        filing: Number of its newest filing; None before the first.
        triggers: What differs from the filing.
        missing: Items of the form that are not known.
        undecided: Columns whose grade no person has decided.
        items: Key of the form -> text.
    """

    dataset: str
    state: EntryState
    grade: Grade | None
    rows: int | None
    bytes: int | None
    filed_rows: int | None
    filed_bytes: int | None
    filing: int | None
    triggers: tuple[ChangeTrigger, ...]
    missing: tuple[str, ...]
    undecided: tuple[str, ...]
    items: Mapping[str, str]

    def as_dict(self) -> dict[str, object]:
        """The fields by name, with plain values."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueReport:
    """The catalogue with its filings and tasks.

    Args:
        entries: Entries, by dataset.
        filings: Filings, oldest first.
        tasks: What is to be done, the most urgent first.
    """

    entries: tuple[CatalogueEntry, ...]
    filings: tuple[Filing, ...]
    tasks: tuple[FilingTask, ...]

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward catalogue list --json`."""
        return fields_of(self)


def list_catalogue(settings: Settings) -> CatalogueReport:
    """The catalogue as it is now; records nothing.

    Raises:
        DefinitionError: The declarations are not valid.
        PolicyError: The serving policy is not valid.
    """
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        return catalogue_report(workspace, engine)


def draft_catalogue(settings: Settings) -> CatalogueReport:
    """Record new and changed entries, so that periods run from the day on which a change was observed; then as `list_catalogue`.

    Raises:
        DefinitionError, PolicyError: As `list_catalogue`.
    """
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        _record_changes(workspace, engine)
        return catalogue_report(workspace, engine)


def file_catalogue(settings: Settings, names: Collection[str] = (), *, by: str = "", on: date | None = None) -> Filing:
    """Record that entries were submitted to the authority, as they are now.

    Args:
        names: Datasets; empty for all entries that have never been filed, or have changed.
        by: Who files; empty for the token's account.
        on: Day of the submission; None for today.

    Raises:
        UsageError: There is nothing to file, an entry is unknown or lacks items or decisions, or no name is given.
        ProtectionError: Core data move to another entity without a review, or there are accounts and no valid token.
        DefinitionError, PolicyError: As `list_catalogue`.
    """
    workspace = open_workspace(settings)
    identity = _signer(workspace, by)
    with workspace.engine() as engine:
        _record_changes(workspace, engine)
        while True:
            seq = next_number(engine, FILINGS)
            catalogue = live_catalogue(workspace, engine)
            entries = _entries_to_file(catalogue, names)
            day = on or _today(workspace)
            event = FilingEvent(
                state=FilingState.SUBMITTED,
                on=day,
                entries=entries,
                processor=catalogue.declared.processor,
                due=working_calendar().after(day, filing_form().review_days),
                by=identity.name,
                verified=identity.verified,
                at=workspace.clock.now(),
            )
            filing = append_filing_event(engine, event, seq)
            if filing is not None:
                _record_changes(workspace, engine)
                return _find(engine, filing)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityAnswer:
    """The authority's answer to a filing.

    Args:
        accepted: Whether it accepts the filing.
        ref: Number of the answer.
        text: Its text, in short.
        on: Day of the notice; None for today.
    """

    accepted: bool
    ref: str
    text: str = ""
    on: date | None = None


def answer_filing(settings: Settings, number: int, answer: AuthorityAnswer, *, by: str = "") -> Filing:
    """Record the authority's answer to filing `number`.

    Raises:
        UsageError: There is no such filing, it has been answered, the day is before its submission, or no number or name is given.
        ProtectionError: There are accounts and no valid token.
    """
    workspace = open_workspace(settings)
    identity = _signer(workspace, by)
    if not answer.ref.strip():
        raise UsageError("filing_ref", filing=number)
    day = answer.on or _today(workspace)
    with workspace.engine() as engine:
        while True:
            seq = next_number(engine, FILINGS)
            _check_answerable(engine, number, day)
            event = FilingEvent(
                state=FilingState.ACCEPTED if answer.accepted else FilingState.REJECTED,
                on=day,
                filing=number,
                due=None if answer.accepted else working_calendar().after(day, filing_form().resubmit_days),
                authority_ref=answer.ref.strip(),
                answer=answer.text.strip() or None,
                by=identity.name,
                verified=identity.verified,
                at=workspace.clock.now(),
            )
            if append_filing_event(engine, event, seq) is not None:
                _record_changes(workspace, engine)
                return _find(engine, number)


def _check_answerable(engine: Engine, number: int, day: date) -> None:
    filing = next((each for each in read_filings(engine).filings if each.filing == number), None)
    if filing is None:
        raise UsageError("filing_unknown", filing=number)
    if filing.state is not FilingState.SUBMITTED:
        raise UsageError("filing_answered", filing=number, state=filing.state)
    if day < filing.submitted_on:
        raise UsageError("filing_day", found=day, expected=filing.submitted_on)


def catalogue_report(workspace: Workspace, engine: Engine) -> CatalogueReport:
    """As `list_catalogue`, in an opened project."""
    catalogue, form = live_catalogue(workspace, engine), filing_form()
    context = TaskContext(
        catalogue=catalogue,
        form=form,
        calendar=working_calendar(),
        since=_observed(workspace, engine),
        today=_today(workspace),
    )
    names = sorted({*catalogue.entries, *catalogue.record.datasets})
    entries = (_catalogue_entry(catalogue, name) for name in names)
    return CatalogueReport(
        entries=tuple(entry for entry in entries if entry), filings=catalogue.record.filings, tasks=filing_tasks(context)
    )


def _catalogue_entry(catalogue: LiveCatalogue, dataset: str) -> CatalogueEntry | None:
    """None of an entry whose destruction was filed."""
    live, standing = catalogue.entries.get(dataset), catalogue.record.standing_of(dataset)
    filed, newest = standing[1] if standing else None, catalogue.record.newest_of(dataset)
    if live is None and (filed is None or filed.destroyed):
        return None
    triggers = entry_triggers(catalogue, dataset, filing_form())
    return CatalogueEntry(
        dataset=dataset,
        state=_state(live, newest, triggers),
        grade=live.grade if live else None,
        rows=live.rows if live else None,
        bytes=live.bytes if live else None,
        filed_rows=filed.rows if filed else None,
        filed_bytes=filed.bytes if filed else None,
        filing=newest.filing if newest else None,
        triggers=triggers,
        missing=live.missing if live else (),
        undecided=live.undecided if live else (),
        items=live.items if live else filed.items if filed else {},
    )


def _state(live: LiveEntry | None, newest: Filing | None, triggers: tuple[ChangeTrigger, ...]) -> EntryState:
    if live is None:
        return EntryState.DESTROYED
    if newest is None:
        return EntryState.DRAFT
    if newest.state is FilingState.REJECTED:
        return EntryState.REJECTED
    return EntryState.CHANGED if triggers else EntryState(str(newest.state))


def _entries_to_file(catalogue: LiveCatalogue, names: Collection[str]) -> dict[str, FiledEntry]:
    known = {*catalogue.entries, *catalogue.record.datasets}
    for name in names:
        if name not in known:
            raise UsageError("filing_entry_unknown", dataset=name, close=did_you_mean(name, known) or "-")
    chosen = sorted(names) or sorted(name for name in known if _is_due(catalogue, name))
    if not chosen:
        raise UsageError("filing_nothing")
    _check_processor(catalogue)
    return {name: _filed(catalogue, name) for name in chosen}


def _is_due(catalogue: LiveCatalogue, dataset: str) -> bool:
    newest = catalogue.record.newest_of(dataset)
    rejected = newest is not None and newest.state is FilingState.REJECTED
    return rejected or bool(entry_triggers(catalogue, dataset, filing_form()))


def _check_processor(catalogue: LiveCatalogue) -> None:
    missing = [f.key for f in filing_form().processor if f.required and f.key not in catalogue.declared.processor]
    if missing:
        raise UsageError("filing_processor", missing=", ".join(missing))


def _filed(catalogue: LiveCatalogue, dataset: str) -> FiledEntry:
    live = catalogue.entries.get(dataset)
    if live is None:
        standing = catalogue.record.standing_of(dataset)
        return FiledEntry(items=standing[1].items if standing else {}, rows=0, bytes=0, destroyed=True)
    if live.undecided:
        raise UsageError("filing_undecided", dataset=dataset, columns=", ".join(live.undecided), column=live.undecided[0])
    if live.missing:
        raise UsageError("filing_incomplete", dataset=dataset, missing=", ".join(live.missing))
    if needs_review(live, catalogue.declared):
        raise ProtectionError("filing_review", dataset=dataset)
    return FiledEntry(items=live.items, rows=live.rows, bytes=live.bytes)


def _record_changes(workspace: Workspace, engine: Engine) -> None:
    """Append an entry where its items, its grade or what makes a filing due differ from the newest row; sizes alone do not."""
    catalogue, at = live_catalogue(workspace, engine), workspace.clock.now()
    while True:
        seq = next_number(engine, ENTRIES)
        newest = _newest_rows(engine)
        rows = [
            {**cells, "seq": seq, "observed_at": at}
            for cells in _entry_cells(catalogue)
            if not _is_same(newest.get(str(cells["dataset"])), cells)
        ]
        if not rows or governance.append_rows(engine, ENTRIES, rows, Txn(ENTRIES, seq)):
            return


def _entry_cells(catalogue: LiveCatalogue) -> Iterator[dict[str, object]]:
    form = filing_form()
    for dataset in sorted({*catalogue.entries, *catalogue.record.datasets}):
        live = catalogue.entries.get(dataset)
        yield {
            "dataset": dataset,
            "grade": str(live.grade) if live else None,
            "items": json.dumps(dict(live.items) if live else {}, sort_keys=True, ensure_ascii=False),
            "rows": live.rows if live else 0,
            "bytes": live.bytes if live else 0,
            "triggers": json.dumps([str(each) for each in entry_triggers(catalogue, dataset, form)]),
            "form": form.id,
        }


def _is_same(row: Mapping[str, object] | None, cells: Mapping[str, object]) -> bool:
    return row is not None and all(row[key] == cells[key] for key in ("grade", "items", "triggers", "form"))


def _newest_rows(engine: Engine) -> dict[str, dict[str, object]]:
    return {row["dataset"]: row for row in governance.read_rows(engine, ENTRIES, order="seq")}


def _observed(workspace: Workspace, engine: Engine) -> dict[str, date]:
    """The day on which what is different now was first observed: of the oldest row since the last one without a difference."""
    found: dict[str, datetime] = {}
    for row in governance.read_rows(engine, ENTRIES, order="seq"):
        if json.loads(row["triggers"]):
            found.setdefault(row["dataset"], row["observed_at"])
        else:
            found.pop(row["dataset"], None)
    zone = ZoneInfo(workspace.project.zone)
    return {dataset: at.astimezone(zone).date() for dataset, at in found.items()}


def _today(workspace: Workspace) -> date:
    return workspace.clock.now().astimezone(ZoneInfo(workspace.project.zone)).date()


def _find(engine: Engine, number: int) -> Filing:
    return next(filing for filing in read_filings(engine).filings if filing.filing == number)


def _signer(workspace: Workspace, by: str) -> Identity:
    identity = identify(workspace, by)
    if identity.has_register and not identity.verified:
        raise ProtectionError("filing_token")
    if not identity.name:
        raise UsageError("filing_signer")
    return identity

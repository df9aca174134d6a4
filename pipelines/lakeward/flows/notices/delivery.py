"""Sends notices to those who subscribed, each once; what could not be sent is sent at the next call.

A kill between a message and its record sends it again: twice is better than never.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base.answers import Notice, fields_of
from lakeward.flows.base.connections import find_connection
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.notices.findings import find_notices
from lakeward.flows.notices.notice import DatasetNotice, NoticeKind
from lakeward.flows.notices.record import notice_states, record_notice, waiting_notices
from lakeward.flows.notices.senders import OutgoingMessage, send_message
from lakeward.flows.notices.subscriptions import Subscription, read_subscriptions

# Of two processes of a machine one sends: two would send the same. Of machines that share an object store one has a lease besides.
LOCK_FILE = ".notices.lock"
_LEASE = ".notices"
# Errors that say that the contract's change does not fit what is stored.
SCHEMA_ERRORS = frozenset(("contract_breaking",))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeReport:
    """What was sent.

    Args:
        sent: Number of messages that were sent.
        unsent: Messages on those that could not be sent, each with its connection.
    """

    sent: int
    unsent: tuple[Notice, ...]

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward notice send --json`."""
        return fields_of(self)


def send_notices(settings: Settings) -> NoticeReport:
    """Send what there is to say now and was not sent before, and what could not be sent at the last call."""
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        if not (subscriptions := read_subscriptions(engine)):
            return NoticeReport(sent=0, unsent=())
        found = find_notices(workspace, engine, sorted({each.dataset for each in subscriptions}))
        return _send(workspace, engine, subscriptions, [*found, *waiting_notices(workspace, engine)])


def notify_failure(settings: Settings, dataset: str, error: str, *, link: str | None = None) -> NoticeReport:
    """Send that a run of the dataset failed; the same error of one dataset once a day.

    Args:
        error: Code of the error's message, or the name of its type: its text may hold values.
        link: Address of the run's log; None for none.
    """
    workspace = open_workspace(settings)
    day = workspace.clock.now().date().isoformat()
    kind = NoticeKind.SCHEMA if error in SCHEMA_ERRORS else NoticeKind.FAILURE
    said = Notice("notice_failed", {"dataset": dataset, "error": error})
    return _send_one(workspace, DatasetNotice(dataset=dataset, kind=kind, occasion=f"{error} {day}", said=said, link=link))


def notify_overdue(settings: Settings, dataset: str, run: str, *, link: str | None = None) -> NoticeReport:
    """Send that a run of the dataset has not ended within the time that its contract promises.

    Args:
        run: Name of the run; of each it is sent once.
        link: As of `notify_failure`.
    """
    said = Notice("notice_overdue", {"dataset": dataset})
    notice = DatasetNotice(dataset=dataset, kind=NoticeKind.LATE, occasion=f"run {run}", said=said, link=link)
    return _send_one(open_workspace(settings), notice)


def _send_one(workspace: Workspace, notice: DatasetNotice) -> NoticeReport:
    with workspace.engine() as engine:
        return _send(workspace, engine, read_subscriptions(engine), [notice])


def _send(
    workspace: Workspace, engine: Engine, subscriptions: Sequence[Subscription], found: Sequence[DatasetNotice]
) -> NoticeReport:
    once = {(each.dataset, each.kind, each.occasion): each for each in found}.values()
    pairs = [(to, each) for each in once for to in subscriptions if to.dataset == each.dataset and each.kind in to.kinds]
    report = NoticeReport(sent=0, unsent=())
    if not pairs:
        return report
    with _lock(workspace.files), engine.dataset_lock(_LEASE) if workspace.lake.options else nullcontext():
        states = notice_states(engine)
        for to, notice in pairs:
            id_ = notice.id(to.subscription, workspace.lake.names)
            if states.get(id_):
                continue
            try:
                _deliver(workspace, to, notice)
            except LakewardError as error:  # others may be reached
                report = replace(report, unsent=(*report.unsent, Notice(error.code, error.facts)))
                if id_ not in states:
                    record_notice(workspace, engine, to.subscription, notice, is_sent=False)
                states[id_] = False
                continue
            record_notice(workspace, engine, to.subscription, notice, is_sent=True)
            states[id_] = True
            report = replace(report, sent=report.sent + 1)
    return report


def _deliver(workspace: Workspace, to: Subscription, notice: DatasetNotice) -> None:
    project, notice = workspace.project.name, replace(notice, link=notice.link or _page(workspace, notice.dataset))
    fields = {"project": project, "dataset": notice.dataset, "kind": str(notice.kind), "occasion": notice.occasion}
    message = OutgoingMessage(
        title=notice.title(to.lang, project),
        text=notice.body(to.lang),
        fields={
            **fields,
            "notice": notice.id(to.subscription, workspace.lake.names),
            **({"link": notice.link} if notice.link else {}),
        },
    )
    send_message(find_connection(workspace, to.connection), to.recipient, message)


def _page(workspace: Workspace, dataset: str) -> str | None:
    """Address of the dataset's page in the portal."""
    portal = workspace.settings.portal_url
    return f"{portal}/d/{quote(dataset, safe='')}" if portal else None


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    handle = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)

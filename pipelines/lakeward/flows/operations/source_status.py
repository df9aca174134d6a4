"""Status of a source with a collector: whether it runs and is connected, what it has landed, and what no run has read yet."""

import errno
import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from lakeward.contracts.model import Contract
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.operations.source_answers import SourceStatus
from lakeward.sources.collectors.state import (
    CONNECTED,
    CONNECTING,
    LISTENING,
    STATE_FILE,
    STOPPED,
    CollectorState,
    parse_state,
    read_state,
)
from lakeward.sources.opening import Landing
from lakeward.sources.segments.copies import SegmentCopies, UnreadSegment
from lakeward.sources.segments.store import SegmentStore

# A collector writes its state each second; without a sign for this long it does not run.
SILENT = timedelta(seconds=30)
# Landed data that no run has read for this long needs a look.
UNREAD = timedelta(minutes=15)
# Free bytes below which a disk takes neither a segment nor a collector's sign of life.
FULL = 1 << 20
# Footers that are read to count rows; of more segments only their number and bytes are known.
MAX_FOOTERS = 1000


def source_status(workspace: Workspace, contract: Contract, read: int) -> tuple[SourceStatus, tuple[Notice, ...]]:
    """The status of the contract's collected source, and what to do.

    Args:
        read: Number of the last segment that a batch has.
    """
    landing, now = workspace.files / "landing", workspace.clock.now()
    stored = workspace.lake.names.stored_name(contract.name)
    copies = Landing.of_lake(workspace.lake).segments(contract)
    state, store = _state(landing / stored, copies), SegmentStore.of_dataset(landing, stored)
    unread = copies.unread_segments(read) if copies else _unread_segments(store, read)
    running = state is not None and state.state != STOPPED and now - datetime.fromisoformat(state.heartbeat) < SILENT
    status = SourceStatus(
        state=state.state if state else None,
        running=running,
        since=datetime.fromisoformat(state.since) if state else None,
        last_message=datetime.fromisoformat(state.last_message) if state and state.last_message else None,
        rate=state.rate if state and running else None,
        unlanded=state.unlanded if state else 0,
        segments=len(unread),
        bytes=sum(one.size for one in unread),
        rows=_rows([store.path(one.number) for one in unread]),
        oldest=datetime.fromtimestamp(unread[0].landed_at, now.tzinfo) if unread else None,
    )
    return status, (*_disk_notice(store.folder), *_notices(contract.name, status, state, now))


def _disk_notice(folder: Path) -> Iterator[Notice]:
    """That the disk is full: its collector waits, and can't say so itself, since a state is a file too."""
    if folder.is_dir() and shutil.disk_usage(folder).free < FULL:
        yield Notice("segment_not_landed", {"folder": str(folder), "found": os.strerror(errno.ENOSPC)})


def _unread_segments(store: SegmentStore, read: int) -> list[UnreadSegment]:
    found = (one for one in store.kept(store.newest()) if one.number > read)
    return [UnreadSegment(one.number, one.size, one.path.stat().st_mtime) for one in found]


def _state(folder: Path, copies: SegmentCopies | None) -> CollectorState | None:
    """What the last collector said, on this machine or, of a lake in an object store, on any."""
    found = [read_state(folder), parse_state(copies.store.read(copies.name(STATE_FILE))) if copies else None]
    return max((one for one in found if one), key=lambda one: one.heartbeat, default=None)


def _notices(name: str, status: SourceStatus, state: CollectorState | None, now: datetime) -> Iterator[Notice]:
    if state is None:
        yield Notice("next_collect", {"dataset": name})
    elif status.state == STOPPED or not status.running:
        facts = {"dataset": name, "host": state.host, "heartbeat": state.heartbeat[:19] + "Z"}
        yield Notice("next_collector_stopped" if status.state == STOPPED else "next_collector_silent", facts)
    elif status.state not in {CONNECTED, CONNECTING, LISTENING}:
        yield Notice(state.state, {"address": state.address, **state.facts})
    if status.oldest and now - status.oldest > UNREAD:
        yield Notice(
            "next_unread", {"dataset": name, "segments": status.segments, "oldest": f"{status.oldest:%Y-%m-%dT%H:%M:%SZ}"}
        )


def _rows(segments: list[Path]) -> int | None:
    """Rows of the segments; None where not all of them are here, or they are many."""
    if len(segments) > MAX_FOOTERS or (segments and find_spec("pyarrow") is None):
        return None
    if not segments:
        return 0
    import pyarrow.parquet as pq  # noqa: PLC0415 -- an extra

    try:
        return sum(int(pq.read_metadata(path).num_rows) for path in segments)
    except (OSError, ValueError):  # a damaged one is a reject of the next run
        return None

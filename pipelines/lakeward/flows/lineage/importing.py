"""Takes in OpenLineage events of other programs, from files or from a door that receives them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakeward.core.errors import UsageError
from lakeward.core.messages import Phrase, find_phrase
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base.answers import Notice, fields_of
from lakeward.flows.base.identity import identify
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.lineage.foreign_events import DatasetNames, Event, ReceivedBy, store_events
from lakeward.flows.serving.access import current_account
from lakeward_lineage import LineageError, check_event
from lakeward_lineage import identify as identify_event

# Most bytes of one document: far more than any day of events, and far less than the memory of a small machine.
LARGEST = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedEvent:
    """An event that was not stored.

    Args:
        source: File, or door, by which it came.
        number: Its number there, from 1; of JSON lines the line.
        reason: Why, as message code and facts.
    """

    source: str
    number: int
    reason: Notice

    def as_dict(self) -> dict[str, object]:
        """The fields by name, with plain values."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageImport:
    """The result of an import.

    Args:
        read: Number of events that were read.
        stored: Number of these that were new.
        known: Number of these that had been stored before, or came twice.
        refused: Events that were not stored.
    """

    read: int
    stored: int
    known: int
    refused: tuple[RefusedEvent, ...]

    def as_dict(self) -> dict[str, object]:
        """The fields by name, with plain values."""
        return fields_of(self)


def import_lineage(settings: Settings, files: Sequence[Path]) -> LineageImport:
    """Store the OpenLineage events of files: each one event, a JSON list of events, or JSON lines.

    Valid events are stored even if others of the same file are refused; an import again, after a correction, is harmless.

    Raises:
        UsageError: A file does not exist, can't be read, or is too large.
        ProtectionError: The token is not valid.
        StoreConflictError: Other writers committed first on every try.
    """
    workspace = open_workspace(settings)
    documents = [(file.name, _content(file)) for file in files]
    with workspace.engine() as engine:
        found = [_receive(workspace, engine, content, source) for source, content in documents]
    return LineageImport(
        read=sum(each.read for each in found),
        stored=sum(each.stored for each in found),
        known=sum(each.known for each in found),
        refused=tuple(event for each in found for event in each.refused),
    )


def receive_lineage(settings: Settings, content: bytes, source: str) -> LineageImport:
    """As `import_lineage`, for a document that a door received; `source` names the door.

    Raises:
        UsageError: The document is too large.
        ProtectionError, StoreConflictError: As `import_lineage`.
    """
    if len(content) > LARGEST:
        raise UsageError("lineage_too_large", file=source, expected=LARGEST)
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        return _receive(workspace, engine, content, source)


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST:
            raise UsageError("lineage_too_large", file=file, expected=LARGEST)
        return file.read_bytes()
    except OSError as error:
        raise UsageError("lineage_file", file=file, reason=type(error).__name__) from error


def _receive(workspace: Workspace, engine: Engine, content: bytes, source: str) -> LineageImport:
    events: list[Event] = []
    refused: list[RefusedEvent] = []
    own = _OwnEvents(workspace)
    known = read = 0
    for number, event in _parse(content):
        read += 1
        try:
            if isinstance(event, LineageError):
                raise event
            check_event(event)
            if own.has(event):
                known += 1
            else:
                events.append(event)
        except LineageError as error:
            refused.append(RefusedEvent(source=source, number=number, reason=Notice(error.code, _in_phrases(error.facts))))
    signer = identify(workspace).name or current_account()
    received = ReceivedBy(source=source, by=signer, at=workspace.clock.now())
    stored = store_events(engine, events, DatasetNames(engine, own.namespace), received)
    return LineageImport(read=read, stored=stored, known=known + len(events) - stored, refused=tuple(refused))


def _in_phrases(facts: Mapping[str, object]) -> dict[str, object]:
    """Facts of the leaf of lineage, which knows no language but English."""
    return {name: find_phrase(str(value)) if name in ("expected", "found") else value for name, value in facts.items()}


class _OwnEvents:
    """Events in the project's own namespace: only the project's own runs write them, so they can only come back."""

    def __init__(self, workspace: Workspace) -> None:
        self.namespace = f"lakeward://{workspace.project.name}"
        self._workspace = workspace
        self._ids: frozenset[str] | None = None

    def has(self, event: Event) -> bool:
        """Whether the event is one of the project's own.

        Raises:
            LineageError: It says that it is, and is not.
        """
        if (event.get("job") or {}).get("namespace") != self.namespace:
            return False
        if self._ids is None:
            self._ids = self._workspace.lineage_event_ids()
        if "run" not in event or not event.get("eventType") or identify_event(event) not in self._ids:
            raise LineageError("event_of_project", namespace=self.namespace)
        return True


def _parse(content: bytes) -> Iterator[tuple[int, Any]]:
    """The events of a document with their numbers; a `LineageError` in place of one that is not JSON."""
    try:
        document = _loads(content)
    except LineageError as error:
        lines = [(number, line) for number, line in enumerate(content.splitlines(), 1) if line.strip()]
        if len(lines) < 2:
            yield 1, error
            return
        for number, line in lines:
            try:
                yield number, _loads(line)
            except LineageError as fault:
                yield number, fault
        return
    yield from enumerate(document if isinstance(document, list) else [document], 1)


def _loads(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except RecursionError:
        raise LineageError("event_not_json", reason=Phrase("phrase_nested")) from None
    except UnicodeDecodeError:
        raise LineageError("event_not_json", reason=Phrase("phrase_not_utf8")) from None
    except json.JSONDecodeError as error:
        raise LineageError("event_not_json", reason=f"line {error.lineno}, column {error.colno}") from None


def _refuse_constant(_: str) -> None:
    raise LineageError("event_not_json", reason=Phrase("phrase_either", first="NaN", second="Infinity"))

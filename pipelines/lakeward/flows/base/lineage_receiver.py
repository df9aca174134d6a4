"""Sends events of lineage to the receiver that `project.yaml` names. One that does not answer costs no run its time, and loses no event."""

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lakeward.contracts.lineage_receiver import LineageReceiver
from lakeward.core.errors import SettingsError
from lakeward.core.settings import NAMED_PREFIX, PREFIX, Settings
from lakeward.flows.base.answers import Notice

if TYPE_CHECKING:
    from lakeward_lineage import ReceiverQueue, Transport

# Folder of the queue in that of the outbox.
FOLDER = "receiver"
# Seconds to wait for a connection, and for each part of an answer.
TIMEOUT = 1.0

log = logging.getLogger(__name__)


def receiver_queue(outbox: Path) -> "ReceiverQueue":
    """The events that the receiver does not have yet."""
    from lakeward_lineage import ReceiverQueue  # noqa: PLC0415 -- what only reads the lake has no events

    return ReceiverQueue(outbox / FOLDER)


def send_events(receiver: LineageReceiver, settings: Settings, queue: "ReceiverQueue") -> None:
    """Send what is queued; a receiver that does not answer is logged, and asked again a minute later.

    Raises:
        SettingsError: The secret of the receiver is not set.
    """
    from lakeward_lineage import LineageError  # noqa: PLC0415 -- as above

    try:
        queue.deliver(partial(_open, receiver, settings))
    except LineageError as error:
        log.warning("lineage_not_delivered", extra={"reason": str(error), "waiting": queue.waiting()})


def waiting_notices(receiver: LineageReceiver, outbox: Path) -> Iterator[Notice]:
    """How many events wait for the receiver; nothing where none is named, or none waits."""
    if receiver.url is not None and (waiting := receiver_queue(outbox).waiting()):
        yield Notice("next_lineage_waiting", {"waiting": waiting, "folder": str(outbox / FOLDER)})


def queue_events(receiver: LineageReceiver, outbox: Path, files: Sequence[Path]) -> "ReceiverQueue | None":
    """Queue events before they leave the outbox; None where no receiver is named."""
    if receiver.url is None:
        return None
    queue = receiver_queue(outbox)
    queue.add(files)
    return queue


def _open(receiver: LineageReceiver, settings: Settings) -> "Transport":
    from lakeward_lineage import HttpTransport  # noqa: PLC0415 -- imports a client of HTTP

    assert receiver.url is not None
    key = settings.secrets.get(receiver.secret.upper()) if receiver.secret else None
    if receiver.secret and key is None:
        variable = f"{PREFIX}{NAMED_PREFIX}{receiver.secret.upper()}"
        raise SettingsError("lineage_key_missing", name=receiver.secret, variable=variable)
    return HttpTransport(receiver.url, endpoint=receiver.endpoint, api_key=key, timeout=TIMEOUT)

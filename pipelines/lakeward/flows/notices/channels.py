"""The connections through which notices can go, by their names: what a page offers. No address and no secret is among them."""

import logging
from dataclasses import dataclass

from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.connections import CONNECTIONS_FILE, connection_of, read_connections_file
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.notices.senders import MAIL_PORTS, takes_messages

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeChannel:
    """A connection that takes messages.

    Args:
        connection: Its name.
        is_mail: Whether it needs the address of a recipient.
    """

    connection: str
    is_mail: bool

    def as_dict(self) -> dict[str, object]:
        """`connection, is_mail`."""
        return fields_of(self)


def notice_channels(settings: Settings) -> tuple[NoticeChannel, ...]:
    """The channels that the environment and the project's file of connections name; one that is not in order is left out, and logged.

    Raises:
        UsageError: There is no project.
        SettingsError: `project.yaml` is not valid.
    """
    workspace = open_workspace(settings)
    root = workspace.project.root
    names = {name.lower() for name in settings.connections}
    try:
        names |= read_connections_file(root / CONNECTIONS_FILE).keys()
    except LakewardError as error:
        log.warning("the file of connections is not in order", extra={"code": error.code})
    found = [connection for name in sorted(names) if (connection := _connection(workspace, name)) and takes_messages(connection)]
    return tuple(NoticeChannel(connection=each.name, is_mail=each.scheme in MAIL_PORTS) for each in found)


def _connection(workspace: Workspace, name: str) -> ConnectionSettings | None:
    try:
        return connection_of(workspace.project.root, workspace.settings, name)
    except LakewardError as error:
        log.warning("a connection is not in order", extra={"code": error.code})
        return None

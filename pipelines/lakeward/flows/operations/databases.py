"""Databases that contracts read: whether each answers."""

from collections.abc import Iterator

from lakeward.contracts.source import SqlSource
from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows.base.connections import find_connection
from lakeward.flows.base.workspace import open_workspace
from lakeward.sources.sql.opening import open_server


def check_databases(settings: Settings) -> Iterator[tuple[str, str | LakewardError]]:
    """Each connection that a valid contract of kind sql names, with the server's product and version, or why it can't be had."""
    try:
        workspace = open_workspace(settings)
        contracts = workspace.project.valid_contracts().values()
    except LakewardError:  # reported by the check of the project
        return
    names = dict.fromkeys(one.source.connection for one in contracts if isinstance(one.source, SqlSource))
    for name in names:
        try:
            connection = find_connection(workspace, name)
            with open_server(connection) as server:
                yield name, f"{server.version()}, {connection.address}"
        except LakewardError as error:
            yield name, error

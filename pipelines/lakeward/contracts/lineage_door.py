"""The door by which other programs send lineage events, from the mapping `lineage_door` of `project.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass

from lakeward.contracts.http_push import read_senders
from lakeward.contracts.segment_keys import read_connection_name
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc

LINEAGE_DOOR_KEYS: Mapping[str, KeyDoc] = {
    "connection": KeyDoc(
        "text", "Name of the connection with the address at which `lakeward collect` takes OpenLineage events.", required=True
    ),
    "senders": KeyDoc("list of texts", "Accounts that may send; each proves itself by its own token.", required=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageDoor:
    """Where lineage events come in, and from whom.

    Args:
        connection: Name of the address to listen at.
        senders: Names of the accounts that may send.
    """

    connection: str
    senders: tuple[str, ...]


def read_lineage_door(view: View) -> LineageDoor | None:
    """Read the mapping `lineage_door` of a project; None without one."""
    if view.values.get("lineage_door") is None:
        return None
    own = view.mapping("lineage_door")
    own.allow_only(LINEAGE_DOOR_KEYS)
    return LineageDoor(connection=read_connection_name(own), senders=read_senders(own))

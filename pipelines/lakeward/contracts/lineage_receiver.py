"""Where events of lineage are sent, from the mapping `lineage_receiver` of `project.yaml`. A secret is named there, never written."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

DEFAULT_ENDPOINT = "api/v1/lineage"
RECEIVER_KEYS: Mapping[str, KeyDoc] = {
    "url": KeyDoc(
        "URL", "Receiver of OpenLineage events over HTTP, such as `http://marquez:5000`.", "none: events stay in the lake"
    ),
    "endpoint": KeyDoc(
        "text", "Path under it; that of DataHub is `openapi/openlineage/api/v1/lineage`.", f"`{DEFAULT_ENDPOINT}`"
    ),
    "secret": KeyDoc("name", "Secret sent as a bearer token: `LAKEWARD_SECRET_NAME`.", "none: an open receiver"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageReceiver:
    """A receiver of lineage events over HTTP.

    Args:
        url: `http(s)://host:port`; None for no receiver.
        endpoint: Path under it.
        secret: Name of the secret that is sent as a bearer token.
    """

    url: str | None = None
    endpoint: str = DEFAULT_ENDPOINT
    secret: str | None = None


def read_lineage_receiver(view: View) -> LineageReceiver:
    """The mapping `lineage_receiver`; faults are collected in `view`."""
    view.allow_only(RECEIVER_KEYS)
    is_given = view.values.get("url") is not None
    return LineageReceiver(
        url=view.entry("url", Phrase("phrase_url"), _url) if is_given else None,
        endpoint=view.text("endpoint", DEFAULT_ENDPOINT),
        secret=view.text("secret", "") or None,
    )


def _url(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    parts = urlsplit(value)
    return value if parts.scheme in {"http", "https"} and parts.hostname and not parts.username else None

"""How the object store of a lake is reached, from the mapping `storage` of `project.yaml`. Credentials are named there, never written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

STORAGE_KEYS: Mapping[str, KeyDoc] = {
    "connection": KeyDoc(
        "name",
        "Connection with the credentials, and the endpoint: `LAKEWARD_CONN_NAME=https://KEY_ID:SECRET@host:port`.",
        "`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` of the environment, else the role of the container",
    ),
    "endpoint": KeyDoc("URL", "Address of the store: `https`, or `http` without encryption.", "of the connection; else AWS"),
    "region": KeyDoc("text", "Region of the bucket.", "`AWS_REGION`, then `us-east-1`"),
    "ca": KeyDoc(
        "file",
        "File, relative to the project, of certificates in PEM of authorities that the store's certificate may be of, besides those"
        " of the machine.",
        "of the connection (`?ca=FILE`); else none",
    ),
    "path_style": KeyDoc(
        "boolean", "Whether the bucket stands in the path of requests; AWS wants it in the host's name.", "true with an endpoint"
    ),
}


Parsed = TypeVar("Parsed")


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeStorage:
    """How the object store of a lake is reached; None for what the environment says.

    Args:
        connection: Name of the connection that has the credentials.
        endpoint: `http(s)://host:port`.
        path_style: The bucket stands in the path of requests.
        ca: File of certificates of authorities, relative to the project.
    """

    connection: str | None = None
    endpoint: str | None = None
    region: str | None = None
    path_style: bool | None = None
    ca: str | None = None


def read_storage(view: View) -> LakeStorage:
    """The mapping `storage`; faults are collected in `view`."""
    view.allow_only(STORAGE_KEYS)
    return LakeStorage(
        connection=view.text("connection", "") or None,
        endpoint=_optional(view, "endpoint", Phrase("phrase_url"), _endpoint),
        region=view.text("region", "") or None,
        ca=view.text("ca", "") or None,
        path_style=_optional(view, "path_style", Phrase("phrase_flag"), _flag),
    )


def _optional(view: View, key: str, expected: Phrase, read: Callable[[Any], Parsed | None]) -> Parsed | None:
    return None if view.values.get(key) is None else view.entry(key, expected, read)


def _endpoint(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    parts = urlsplit(value)
    is_plain = parts.scheme in {"http", "https"} and parts.hostname and not parts.username and not parts.path.strip("/")
    return value.rstrip("/") if is_plain else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None

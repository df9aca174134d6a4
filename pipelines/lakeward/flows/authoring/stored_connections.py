"""Stores the URL of a connection in the project's file of connections, which only its user can read; no contract and no log has it."""

import os
import re
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import yaml

from lakeward.contracts.segment_keys import CONNECTION_NAME
from lakeward.core.errors import MachineError, SettingsError
from lakeward.flows.base.connections import CONNECTIONS_FILE, read_connections_file
from lakeward.flows.base.workspace import Workspace


def split_parameters(url: str, names: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """The URL without these parameters, and their values."""
    parts = urlsplit(url)
    items = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([item for item in items if item[0] not in names], safe="/")
    base = url.partition("?")[0]
    return (f"{base}?{query}" if query else base), {key: value for key, value in items if key in names}


def store_connection(workspace: Workspace, url: str, fallback: str = "database") -> str:
    """The name under which the URL is stored: the one that it has already, or one by its database or host.

    Args:
        fallback: The name where these have no letters.

    Raises:
        SettingsError: The file of connections is not valid.
        ProtectionError: Other users can read it.
        MachineError: It can't be written.
    """
    file = workspace.project.root / CONNECTIONS_FILE
    known = dict(read_connections_file(file))
    for name, stored in known.items():
        if stored == url:
            return name
    base = _name(url, fallback)
    name = next(name for name in (base, *(f"{base}_{number}" for number in range(2, len(known) + 3))) if name not in known)
    _write(file, known | {name: url})
    return name


def _name(url: str, fallback: str) -> str:
    try:
        parts = urlsplit(url)
        candidates = (Path(parts.path).stem, parts.hostname or "")
    except ValueError:
        raise SettingsError(
            "connection_not_valid", name="-", place="--from", expected="scheme://user:password@host:port/database"
        ) from None
    formed = (re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_0123456789")[:50] for text in candidates)
    return next((text for text in formed if CONNECTION_NAME.fullmatch(text)), fallback)


def _write(file: Path, entries: dict[str, str]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=file.parent, encoding="utf-8", delete=False) as draft:  # 0600
            yaml.safe_dump(entries, draft, allow_unicode=True, width=10_000)
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).replace(file)
    except OSError as error:
        raise MachineError("connections_not_written", file=file, found=error.strerror or type(error).__name__) from error

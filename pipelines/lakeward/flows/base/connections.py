"""Finds a connection by its name: in the environment, in Airflow inside a task, or in a file beside the project."""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from lakeward.core.connections import AIRFLOW, ConnectionSettings, parse_connection
from lakeward.core.errors import ProtectionError, SettingsError
from lakeward.core.messages import Phrase
from lakeward.core.settings import CONNECTION_PREFIX, PREFIX, Settings

if TYPE_CHECKING:
    from lakeward.flows.base.workspace import Workspace

# Place of the file in the project; git ignores its folder.
CONNECTIONS_FILE = Path(".lakeward") / "connections.yaml"
# A name, and no URL that was typed in its place.
_NAME = re.compile(r"[\w.-]+")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# Bytes; a connection is one line.
_MAX_BYTES = 1 << 20


def find_connection(workspace: "Workspace", name: str) -> ConnectionSettings:
    """The connection called `name`: the first place that has one counts. Raises as `connection_of`."""
    return connection_of(workspace.project.root, workspace.settings, name)


def connection_of(root: Path, settings: Settings, name: str) -> ConnectionSettings:
    """The connection called `name` in the project at `root`: the first place that has one counts.

    Raises:
        SettingsError: The name is none, no place has it, or it is not valid.
        ProtectionError: Other users can read the file, or it is no regular file of this user.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError("connection_name_not_valid", file=CONNECTIONS_FILE)  # without it: it may be a URL with its password
    variable, file = PREFIX + CONNECTION_PREFIX + name.upper(), root / CONNECTIONS_FILE
    if url := settings.connections.get(name.upper()):
        return parse_connection(name, url, variable, root)
    lookup = settings.airflow_connection
    if lookup and (url := lookup(name)):
        return parse_connection(name, url, AIRFLOW, root)
    if url := read_connections_file(file).get(name):
        return parse_connection(name, url, str(CONNECTIONS_FILE), root)
    looked_at = [variable, *(["Airflow"] if lookup else []), str(CONNECTIONS_FILE) + ("" if file.exists() else " (-)")]
    raise SettingsError("connection_unknown", name=name, looked_at=", ".join(looked_at), variable=variable, file=CONNECTIONS_FILE)


def read_connections_file(file: Path) -> Mapping[str, str]:
    """Name -> URL; empty without a file."""
    if not file.exists():
        return {}
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            _check_file(file, os.fstat(handle))
            content = stream.read(_MAX_BYTES)
    except OSError as error:
        raise SettingsError("connections_unreadable", file=file, found=error.strerror) from None
    return _parse(file, content)


def _check_file(file: Path, found: os.stat_result) -> None:
    mode = stat.S_IMODE(found.st_mode)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or mode & _OTHERS:
        raise ProtectionError("connections_open", file=file, mode=f"{mode:04o}")


def _parse(file: Path, content: bytes) -> Mapping[str, str]:
    try:
        entries = yaml.load(content, Loader=yaml.CSafeLoader) or {}
    except (yaml.YAMLError, UnicodeDecodeError):
        entries = None
    if not isinstance(entries, dict) or not all(isinstance(text, str) for item in entries.items() for text in item):
        # Without its cause: the parser quotes the text.
        raise SettingsError("connections_unreadable", file=file, found=Phrase("phrase_no_connections")) from None
    return entries

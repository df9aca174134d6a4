"""What a backup consists of: one text per backup, whose first line describes it and whose other lines name one file each."""

import hashlib
import json
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import PureWindowsPath
from typing import Any, NamedTuple

from lakeward.core.errors import DataError
from lakeward.core.storage.lake import Lake
from lakeward.flows.base.answers import fields_of

FORMAT = 1
# Digits of a manifest's hash in its name.
_DIGEST_DIGITS = 16
SHA256 = re.compile(r"[0-9a-f]{64}")


class Part(StrEnum):
    """Where a file of a backup belongs."""

    LAKE = "lake"
    PROJECT = "project"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFile:
    """A file of a backup.

    Args:
        name: Below the lake or the project.
        modified_at: Time of change when it was read, in seconds since 1970.
        sha256: Hash of its bytes, which is the name of the stored object.
    """

    part: Part
    name: str
    size: int
    modified_at: float
    sha256: str


@dataclass(frozen=True, slots=True)
class BackupTable:
    """A table of a backup, at the version that is its newest after a restore."""

    name: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededKey:
    """A key that a backup does not hold, and that some of its values can't be read without.

    Args:
        kind: Message code that says what it is.
        key_id: Id of the key, or name of its file.
        covers: What can't be read without it: a column, or nothing where the message says it.
    """

    kind: str
    key_id: str
    covers: str = ""

    def as_dict(self) -> dict[str, object]:
        """`kind, key_id, covers`."""
        return fields_of(self)


class BackupOrigin(NamedTuple):
    """A lake: projects and folders of different machines may have the same names."""

    project: str
    lake: str
    host: str


def origin_of(project: str, lake: Lake) -> BackupOrigin:
    """The lake of a project on this machine."""
    return BackupOrigin(project, str(lake), "" if lake.options is not None else platform.node())


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A backup.

    Args:
        id: Its time in UTC, such as `20260302T061500123Z`, by which people name it.
        project: Name of the project.
        lake: Where the lake lay.
        is_remote: Whether that was an object store.
        schema_version: Version of the governance tables.
        started_at: Before anything was read, in ISO 8601.
        stored: Bytes that were new in the place of backups.
        locked_until: Until when its objects can't be deleted, in ISO 8601; None where nothing keeps them.
        kept_until: Until when `prune` leaves it, as its maker asked, also where nothing else keeps it.
        host: Name of the machine on which the lake lay; empty of an object store, whose address is the same everywhere.
    """

    id: str
    project: str
    lake: str
    is_remote: bool
    schema_version: int
    program: str
    started_at: str
    finished_at: str
    stored: int
    locked_until: str | None
    tables: tuple[BackupTable, ...]
    keys: tuple[NeededKey, ...]
    files: tuple[BackupFile, ...]
    kept_until: str | None = None
    host: str = ""

    @property
    def origin(self) -> "BackupOrigin":
        """The lake that it is of."""
        return BackupOrigin(self.project, self.lake, self.host)

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)

    def versions(self) -> Mapping[str, int]:
        """Table -> version."""
        return {table.name: table.version for table in self.tables}

    def to_bytes(self) -> bytes:
        """The manifest as JSON lines."""
        head = {name: getattr(self, name) for name in self.__slots__ if name not in {"tables", "keys", "files"}}
        head |= {"format": FORMAT, "tables": [asdict(table) for table in self.tables], "keys": [asdict(key) for key in self.keys]}
        lines = (json.dumps(each, ensure_ascii=False) for each in (head, *map(asdict, self.files)))
        return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")


def manifest_name(backup_id: str, content: bytes) -> str:
    """Name of a manifest's object: its hash is in it."""
    return f"{backup_id}-{hashlib.sha256(content).hexdigest()[:_DIGEST_DIGITS]}.jsonl"


def backup_id(at: datetime) -> str:
    """The id of a backup that begins at this UTC time, to the millisecond."""
    return f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03}Z"


def id_of_name(name: str) -> str:
    """The id in the name of a manifest."""
    return name.partition("-")[0]


def read_manifest(name: str, content: bytes) -> Manifest:
    """The manifest in an object of this name.

    Raises:
        DataError: It is not what was written (`backup_manifest_damaged`), of a later format (`backup_newer`), or names a file
            outside of lake and project (`backup_manifest_escapes`).
    """
    if manifest_name(id_of_name(name), content) != name:
        raise DataError("backup_manifest_damaged", file=name)
    head, *files = (json.loads(line.decode("utf-8", "surrogateescape")) for line in content.splitlines())
    if head.pop("format") > FORMAT:
        raise DataError("backup_newer", file=name, expected=FORMAT)
    tables = tuple(BackupTable(**table) for table in head.pop("tables"))
    keys = tuple(NeededKey(**key) for key in head.pop("keys"))
    manifest = Manifest(**head, tables=tables, keys=keys, files=tuple(map(_file, files)))
    _check_names(name, manifest)
    return manifest


def is_below(name: str) -> bool:
    """Whether a file of this name lies below the folder that the name is joined to, on every system."""
    path = PureWindowsPath(name)  # both slashes part names there, and drives count
    return bool(path.parts) and not path.anchor and ".." not in path.parts and "\0" not in name


def _check_names(name: str, manifest: Manifest) -> None:
    """Check all that paths are made of: a hash in a name keeps no one from writing another manifest."""
    if manifest.id != id_of_name(name):
        raise DataError("backup_manifest_damaged", file=name)
    bad = [file for file in manifest.files if not (is_below(file.name) and SHA256.fullmatch(file.sha256))]
    if bad:
        raise DataError("backup_manifest_escapes", file=name, name=ascii(bad[0].name), files=len(bad))


def _file(entry: dict[str, Any]) -> BackupFile:
    return BackupFile(**entry | {"part": Part(entry["part"])})

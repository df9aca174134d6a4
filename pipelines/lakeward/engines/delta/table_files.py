"""Files of tables and of their logs, in a folder or an object store."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lakeward.core.names import Layer, TableName
from lakeward.core.storage.remote_path import LakePath, RemotePath

LOG = "_delta_log"
# Folders of Spark's writer, one per write; all their files are Lakeward's.
OWN_FOLDER_PREFIX = "part-"


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file in a table's folder.

    Args:
        path: Relative to the folder.
        modified_at: Seconds since 1970.
    """

    path: str
    size: int
    modified_at: float


def storage_options(folder: LakePath) -> dict[str, str] | None:
    """Options of deltalake for the table in the folder; None for a local one."""
    return folder.options.delta() if isinstance(folder, RemotePath) else None


def relative_path(path: str, folder: LakePath) -> str:
    """The path of a file below the folder."""
    return path.removeprefix(f"{folder}/")


def table_names(lake: LakePath) -> list[TableName]:
    """Names of the tables whose log exists, by layer and name."""
    if isinstance(lake, RemotePath):
        return [TableName(layer, name) for layer in Layer for name in lake.store.list_folders(layer)]
    return [TableName(layer, log.parent.name) for layer in Layer for log in sorted((lake / layer).glob(f"*/{LOG}"))]


def log_names(folder: LakePath) -> list[str]:
    """Names of the files of the table's log, in order; none without a table."""
    log = folder / LOG
    if isinstance(log, RemotePath):
        return log.store.list_names(log.key)
    return sorted(path.name for path in log.glob("*") if path.is_file())


def log_times(folder: LakePath) -> dict[str, float]:
    """Name of each file of the table's log -> its time of change, in seconds since 1970."""
    log = folder / LOG
    if isinstance(log, RemotePath):
        return {name: modified_at for name, _, modified_at in log.store.walk(log.key)}
    return {path.name: path.stat().st_mtime for path in log.glob("*") if path.is_file()}


def data_files(folder: LakePath) -> Iterator[TableFile]:
    """Data files below the folder, committed or not, and other files in the folders of Spark's writer."""
    for file in all_files(folder):
        *folders, name = file.path.split("/")
        # Hidden folders are not ours, unless they are partitions (as in Delta).
        if any(part.startswith((".", "_")) and "=" not in part for part in folders[:1]):
            continue
        in_own_folder = bool(folders) and folders[0].startswith(OWN_FOLDER_PREFIX)
        if in_own_folder or (name.endswith(".parquet") and not name.startswith((".", "_"))):
            yield file


def all_files(folder: LakePath) -> Iterator[TableFile]:
    """All files below the folder."""
    if isinstance(folder, RemotePath):
        yield from (TableFile(*found) for found in folder.store.walk(folder.key))
        return
    for folder_path, _, names in os.walk(folder):
        for name in names:
            path = Path(folder_path, name)
            with suppress(FileNotFoundError):
                found = path.lstat()
                yield TableFile(str(path.relative_to(folder)), found.st_size, found.st_mtime)

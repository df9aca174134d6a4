"""Copies, on this machine, of the logs of tables in an object store, so that each commit and checkpoint is read there once.

One listing shows what is newer than the copy. A commit is never written again under its number; where its tag differs from the known one,
another table lies there now, or another program has overwritten the commit, and the copy is made again. Copies can be deleted at any time when nothing runs.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from lakeward.core.errors import MachineError
from lakeward.core.storage.folder import FolderStore
from lakeward.core.storage.remote_path import RemotePath
from lakeward.engines.delta.table_files import LOG

# Digits of a version in the name of a file of the log.
_DIGITS = 20
_COMMIT, _CHECKPOINT, _LAST_CHECKPOINT = ".json", ".checkpoint.parquet", "_last_checkpoint"
# Copied commits before a checkpoint that are kept.
_KEPT = 20
# Note of the newest copied commit, beside the copies.
_NOTE = "newest.json"
# Requests at once.
_READERS = 8


def mirror_folder(folder: RemotePath) -> Path:
    """Folder of the copy of the table's log."""
    return folder.store.copies / folder.key


def sync_log(folder: RemotePath) -> Path | None:
    """Fetch what is newer than the copy; returns its folder, which has no log without a table.

    Returns:
        None where the log can't be copied: it needs more than its commits after one checkpoint in one file.

    Raises:
        MachineError: The store can't be reached, or refuses, or another program has overwritten the newest copied commit; this is said once.
    """
    copy = mirror_folder(folder)
    with _lock_copy(copy):
        known = _newest_copy(copy)
        found = _list_from(folder, known[0]) if known else None
        tag = found.get(f"{known[0]:0{_DIGITS}}{_COMMIT}") if found and known else None
        if found is not None and known and tag == known[1]:
            return copy if _update(folder, copy, found, known[0]) else None
        before = _table_id(copy) if tag else None
        shutil.rmtree(copy / LOG, ignore_errors=True)
        is_copied = _update(folder, copy, _list_from(folder, None), None)
        if known and before and before == _table_id(copy):
            raise MachineError("table_commit_overwritten", table=f"{folder.parent.name}.{folder.name}", version=known[0])
        return copy if is_copied else None


def _update(folder: RemotePath, copy: Path, found: dict[str, str], known: int | None) -> bool:
    """Fetch what is newer than `known`; False where the log can't be copied."""
    newest = _newest(found, _COMMIT)
    if newest is None or newest == known:
        return True
    if not _fetch(folder, copy, found, known):
        return False
    _note(copy, newest, found[f"{newest:0{_DIGITS}}{_COMMIT}"])
    return True


def _table_id(copy: Path) -> str | None:
    """The id of the copied table; None without one."""
    try:
        return str(DeltaTable(str(copy)).metadata().id)
    except DeltaError:
        return None


def newest_commit(folder: RemotePath) -> tuple[int, str] | None:
    """Number and tag of the newest commit, which is fetched with those before it; None without a table. Raises as `sync_log`."""
    copy = sync_log(folder)
    if copy is not None:
        return _newest_copy(copy)
    found = _list_from(folder, None)
    newest = _newest(found, _COMMIT)
    return None if newest is None else (newest, found[f"{newest:0{_DIGITS}}{_COMMIT}"])


def keep_commit(folder: RemotePath, version: int, content: bytes, tag: str) -> None:
    """Add a commit that this process wrote to the copy; where it is not the next one, fetch what lies between."""
    copy = mirror_folder(folder)
    with _lock_copy(copy):
        known = _newest_copy(copy)
        if (known[0] if known else -1) == version - 1:
            if known is None:
                shutil.rmtree(copy / LOG, ignore_errors=True)
            FolderStore(copy / LOG).replace(f"{version:0{_DIGITS}}{_COMMIT}", content)
            _note(copy, version, tag)
            return
    sync_log(folder)


def checkpoint_log(folder: RemotePath, version: int) -> None:
    """Write a checkpoint of this version, from the copy, so that machines without a copy read few commits.

    Nothing happens where the copy is of another version, or the store does not take it: the next checkpoint comes soon.
    """
    copy = mirror_folder(folder)
    with _lock_copy(copy), suppress(MachineError, DeltaError):
        known = _newest_copy(copy)
        if known is None or known[0] != version:
            return
        DeltaTable(str(copy)).create_checkpoint()
        for name in (f"{version:0{_DIGITS}}{_CHECKPOINT}", _LAST_CHECKPOINT):
            folder.store.upload(copy / LOG / name, f"{folder.key}/{LOG}/{name}")
        for old in (copy / LOG).glob(f"*{_COMMIT}"):
            if old.name[:_DIGITS].isdecimal() and int(old.name[:_DIGITS]) < version - _KEPT:
                old.unlink(missing_ok=True)


def _list_from(folder: RemotePath, version: int | None) -> dict[str, str]:
    """Name -> tag of the files of the log from this version on; None for all."""
    log = folder / LOG
    after = None if version is None else f"{version:0{_DIGITS}}"  # before all names of the version
    return dict(log.store.list_tags(log.key, after))


def _fetch(folder: RemotePath, copy: Path, found: dict[str, str], known: int | None) -> bool:
    """Copy the commits after `known`; without it the newest checkpoint and the commits from it on."""
    first = known
    names = [name for name in found if name.endswith(_COMMIT) and name[:_DIGITS].isdecimal()]
    if known is None:
        checkpoint = _newest(found, _CHECKPOINT)
        first = -1 if checkpoint is None else checkpoint - 1
        if checkpoint is None and f"{0:0{_DIGITS}}{_COMMIT}" not in found:
            return False
        names += [] if checkpoint is None else [f"{checkpoint:0{_DIGITS}}{_CHECKPOINT}"]
    assert first is not None
    wanted = sorted(name for name in names if int(name[:_DIGITS]) > first)
    log = copy / LOG
    log.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(_READERS) as pool:
        return all(pool.map(lambda name: _fetch_one(folder, log, name), wanted))


def _fetch_one(folder: RemotePath, log: Path, name: str) -> bool:
    draft = log / f".{name}.{os.getpid()}"
    if not folder.store.download(f"{folder.key}/{LOG}/{name}", draft):
        draft.unlink(missing_ok=True)
        return False
    draft.replace(log / name)
    return True


def _newest(names: dict[str, str], ending: str) -> int | None:
    digits = (name[:_DIGITS] for name in names if name[_DIGITS:] == ending)
    return max((int(each) for each in digits if each.isdecimal()), default=None)


def _newest_copy(copy: Path) -> tuple[int, str] | None:
    """Number and tag of the newest copied commit."""
    try:
        found = json.loads((copy / _NOTE).read_text(encoding="utf-8"))
        version, tag = int(found["version"]), str(found["tag"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return (version, tag) if (copy / LOG / f"{version:0{_DIGITS}}{_COMMIT}").is_file() else None


def _note(copy: Path, version: int, tag: str) -> None:
    FolderStore(copy).replace(_NOTE, json.dumps({"version": version, "tag": tag}).encode())


@contextmanager
def _lock_copy(copy: Path) -> Iterator[None]:
    """Let one process of this machine at a time change the copy."""
    copy.mkdir(parents=True, exist_ok=True)
    lock = os.open(copy / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)

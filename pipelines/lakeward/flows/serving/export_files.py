"""The files of an export: their target, hashes, and the step by which they appear there whole."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.names import new_run_id
from lakeward.flows.base.lake_files import check_outside_lake
from lakeward.serving.copies import CopyForm

MANIFEST = ".manifest.json"
_SUFFIXES = {".csv": CopyForm.CSV, ".parquet": CopyForm.PARQUET}
# What was meant for a URL, of whose two slashes a path keeps one.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


def manifest_path(target: Path) -> Path:
    """Path of the manifest beside a copy."""
    return target.with_name(target.name + MANIFEST)


def check_target(target: Path, form: CopyForm | None) -> CopyForm:
    """The form of the copy, by its option or the target's suffix.

    Raises:
        UsageError: No form is named, the target is a URL, it or its manifest exists, or its folder does not.
        DataError: It lies in a lake: a marked copy must not flow back.
    """
    if _URL.match(str(target)):
        raise UsageError("export_target_url")
    form = form or _SUFFIXES.get(target.suffix.lower())
    if form is None:
        raise UsageError("export_format", target=target, expected=", ".join(CopyForm))
    check_outside_lake(target)
    if not target.name:  # such as `.` or `/`
        raise UsageError("export_target_exists", target=target.absolute())
    check_new(target)
    if not target.absolute().parent.is_dir():
        raise UsageError("export_target_folder", folder=target.absolute().parent)
    return form


def check_new(target: Path) -> None:
    """Check that nothing is at a target, nor at the place of its manifest.

    Raises:
        UsageError: Something is.
        MachineError: There can be nothing with this name.
    """
    for path in (target, manifest_path(target)):
        _check_absent(path)


@contextmanager
def claimed_target(target: Path) -> Iterator[None]:
    """In the block no other export takes this target: an empty manifest holds it. After a failure nothing is there.

    Raises:
        UsageError: Something is at the target, or another export holds it.
        MachineError: Its folder can't be written.
    """
    sheet = manifest_path(target)
    try:
        os.close(os.open(sheet, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise UsageError("export_target_exists", target=sheet) from None
    except OSError as error:
        raise MachineError("export_not_written", target=target, found=error.strerror) from error
    is_done = False
    try:
        _check_absent(target)
        yield
        is_done = True
    finally:
        if not is_done:
            sheet.unlink(missing_ok=True)


def _check_absent(path: Path) -> None:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise MachineError("export_not_written", target=path, found=error.strerror) from error
    raise UsageError("export_target_exists", target=path)


def file_hashes(copy: Path) -> Mapping[str, str]:
    """File -> its SHA-256: of a folder by paths in it, of one file by its name."""
    files = sorted(file for file in copy.rglob("*") if file.is_file()) if copy.is_dir() else [copy]
    return {file.relative_to(copy).as_posix() if copy.is_dir() else file.name: _sha256(file) for file in files}


def copy_bytes(copy: Path) -> int:
    """Size of the files of a copy."""
    return sum(file.stat().st_size for file in copy.rglob("*") if file.is_file()) if copy.is_dir() else copy.stat().st_size


def place_copy(copy: Path, target: Path, manifest: str) -> None:
    """Let a copy and its manifest appear at the claimed target, readable by its owner alone; after a failure there is no copy.

    Raises:
        UsageError: Another program has put something there.
        MachineError: The target can't be written.
    """
    draft = target.with_name(f".{target.name}.{new_run_id()}")
    sheet = manifest_path(draft)
    try:
        shutil.copytree(copy, draft) if copy.is_dir() else shutil.copyfile(copy, draft)
        sheet.write_text(manifest, encoding="utf-8")
        for path in (draft, *draft.rglob("*"), sheet):
            path.chmod(0o700 if path.is_dir() else 0o600)
            _sync(path)
        _check_absent(target)
        sheet.replace(manifest_path(target))
        draft.rename(target)
        _sync(target.absolute().parent)
    except OSError as error:
        raise MachineError("export_not_written", target=target, found=error.strerror) from error
    finally:
        with suppress(OSError):  # what is there now was not moved
            sheet.unlink(missing_ok=True)
            shutil.rmtree(draft, ignore_errors=True) if draft.is_dir() else draft.unlink(missing_ok=True)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

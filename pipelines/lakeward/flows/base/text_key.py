"""The project's key of text hashes: a random secret outside the lake, made at first use. With it, equal texts have equal hashes."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from lakeward.core.errors import ProtectionError
from lakeward.core.names import new_run_id
from lakeward.core.storage.links import link_new
from lakeward.flows.base.workspace import Workspace

# Place of the key in the project.
TEXT_KEY_FILE = Path(".lakeward") / "log.key"
KEY_BYTES = 32
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def project_text_key(workspace: Workspace) -> bytes | None:
    """The key; None if it can be neither read nor made, as in a project that this user can't write.

    Raises:
        ProtectionError: Other users can read it, or it is no key.
    """
    path = workspace.project.root / TEXT_KEY_FILE
    try:
        if not path.exists():
            _make_key(path)
        return _read_key(path)
    except OSError:
        return None


def _read_key(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as stream:
        found = os.fstat(handle)
        if found.st_mode & OTHERS or not stat.S_ISREG(found.st_mode):
            raise ProtectionError("log_key_readable", file=path, mode=f"{stat.S_IMODE(found.st_mode):04o}")
        content = stream.read(4 * KEY_BYTES).strip()
    try:
        key = bytes.fromhex(content.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ProtectionError("log_key_invalid", file=path)
    return key


def _make_key(path: Path) -> None:
    """Write a new key; of two processes at once, the first one's stays."""
    if not path.parent.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        (path.parent / ".gitignore").write_text("*\n", encoding="ascii")
    draft = path.with_name(f".{path.name}.{new_run_id()}")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(secrets.token_hex(KEY_BYTES).encode() + b"\n")
            stream.flush()
            os.fsync(handle)
        with suppress(FileExistsError):
            link_new(draft, path)
    finally:
        draft.unlink(missing_ok=True)

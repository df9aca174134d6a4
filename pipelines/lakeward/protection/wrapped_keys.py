"""Wrapped keys of columns: one file or object per key in the lake, under a key outside it. To delete it destroys the key.

A wrapped key is bound to its id and column. Its first 4 bytes are the id of the key that it lies under.
"""

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from lakeward.core.errors import MachineError, ProtectionError
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.object_lock import ObjectLocks
from lakeward.core.storage.options import S3Options
from lakeward.protection.keys import TokenKey

if TYPE_CHECKING:
    from lakeward.protection.ciphertexts import ColumnKey

# Folder in the lake, beside the tables.
FOLDER = ".keys"
KEY_BYTES = 32


def new_secret() -> bytes:
    """A random key of a column."""
    return secrets.token_bytes(KEY_BYTES)


def wrap_key(key: "ColumnKey", under: TokenKey) -> bytes:
    """The key, encrypted under `under`."""
    import pyarrow as pa  # noqa: PLC0415 -- needs an extra

    from lakeward.protection.ciphertexts import ColumnCipher  # noqa: PLC0415 -- needs an extra

    sealed: bytes = ColumnCipher.of(_wrapping_key(key, under))(pa.array([key.secret], pa.binary()))[0].as_py()
    return sealed


def unwrap_key(key: "ColumnKey", wrapped: bytes, under: TokenKey) -> "ColumnKey":
    """The key that `wrapped` holds, with id, column and algorithm of `key`.

    Raises:
        ProtectionError: It lies under another key, or was changed.
    """
    from dataclasses import replace  # noqa: PLC0415

    import pyarrow as pa  # noqa: PLC0415 -- needs an extra

    from lakeward.protection.ciphertexts import decrypt_column  # noqa: PLC0415 -- needs an extra

    if not is_under(wrapped, under):
        raise ProtectionError("key_wrapped_by_other", key=key.id, expected=wrapped[:4].hex(), found=under.id)
    over = _wrapping_key(key, under)
    return replace(key, secret=decrypt_column(pa.array([wrapped], pa.binary()), {over.id: over})[0].as_py())


def is_under(wrapped: bytes, under: TokenKey) -> bool:
    """Whether the wrapped key lies under `under`."""
    return wrapped[:4].hex() == _short_id(under)


def read_wrapped(lake: Lake, key_id: str) -> bytes | None:
    """A wrapped key; None if it is not there.

    Raises:
        MachineError: It can't be read.
    """
    if bucket := lake.bucket():
        return bucket.read(_name(key_id))
    try:
        return (lake.files / _name(key_id)).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MachineError("lake_not_readable_key", file=lake.files / _name(key_id), found=error.strerror) from None


def write_wrapped(lake: Lake, key_id: str, wrapped: bytes) -> None:
    """Write or replace a wrapped key; a kill leaves the old or the new one.

    Raises:
        MachineError: The lake can't be written.
    """
    if bucket := lake.bucket():
        bucket.replace(_name(key_id), wrapped)
        return
    file = lake.files / _name(key_id)
    draft = file.with_name(f"{key_id}.new")
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(wrapped)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
        _sync_folder(file.parent)
    except OSError as error:
        raise MachineError("lake_not_writable", lake=lake) from error


def destroy_wrapped(lake: Lake, key_id: str) -> None:
    """Delete a wrapped key: overwritten in a folder, with all its versions in an object store. Copies of the lake still have theirs.

    Raises:
        MachineError: The lake can't be written.
        ProtectionError: The object store keeps a version of it.
    """
    if isinstance(lake.options, S3Options):
        _destroy_versions(lake.address, lake.options, key_id)
    if bucket := lake.bucket():
        bucket.delete(_name(key_id))
        return
    files = lake.files
    try:
        for file in (files / _name(key_id), files / f"{_name(key_id)}.new"):
            if file.exists():
                with file.open("r+b") as stream:
                    stream.write(secrets.token_bytes(file.stat().st_size))
                    stream.flush()
                    os.fsync(stream.fileno())
                file.unlink()
        if (files / FOLDER).exists():
            _sync_folder(files / FOLDER)
    except OSError as error:
        raise MachineError("lake_not_writable", lake=lake) from error


def _destroy_versions(url: str, options: S3Options, key_id: str) -> None:
    store, name = ObjectLocks(url, options), _name(key_id)
    for found, version in store.versions(name):
        if found == name and not store.delete(name, version):
            raise ProtectionError("key_version_locked", key=key_id, lake=url)


def _wrapping_key(key: "ColumnKey", under: TokenKey) -> "ColumnKey":
    from lakeward.protection.ciphertexts import ColumnKey  # noqa: PLC0415 -- needs an extra

    secret = under.subkey("wrap", key.algorithm, length=KEY_BYTES)
    return ColumnKey(_short_id(under), f"{key.column}/{key.id}", key.algorithm, secret)


def _short_id(under: TokenKey) -> str:
    return under.id.removeprefix("kek-")


def _name(key_id: str) -> str:
    return f"{FOLDER}/{key_id}"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Objects of an S3-compatible bucket or of a container of Azure, by obstore (extras `s3` and `azure`). The only module that imports it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakeward.core.errors import MachineError
from lakeward.core.storage.faults import store_fault
from lakeward.core.storage.options import MAX_RETRIES, RETRY_SECONDS, S3Options, StoreOptions

if TYPE_CHECKING:
    from obstore.store import AzureStore, S3Store


# The code of S3 in a client's text, and those that say that an object does not exist.
_CODE = re.compile(r"<Code>(\w+)</Code>")
_NO_OBJECT = frozenset({"NoSuchKey", "NotFound", "BlobNotFound"})


class BucketStore:
    """`FileStore` below `url`.

    Args:
        url: `s3://bucket/prefix` or `az://container/prefix`, without a slash at its end.

    Raises:
        MachineError: The extra of the store is missing. From every method: the store can't be reached, or refuses (`core.storage.faults`).
    """

    def __init__(self, url: str, options: StoreOptions) -> None:
        self.url = url
        self._store = _open(url, options)

    def list_names(self, prefix: str) -> list[str]:
        """See `ObjectStore.list_names`. Names that start with a dot are listed too: no object is there before it is whole."""
        import obstore  # noqa: PLC0415 -- as in `_open`

        with self._faults():
            found = obstore.list_with_delimiter(self._store, prefix)
        return sorted(entry["path"].rpartition("/")[2] for entry in found["objects"])

    def list_folders(self, prefix: str) -> list[str]:
        """See `FileStore.list_folders`."""
        import obstore  # noqa: PLC0415 -- as above

        with self._faults():
            found = obstore.list_with_delimiter(self._store, prefix)
        return sorted(path.rstrip("/").rpartition("/")[2] for path in found["common_prefixes"])

    def walk(self, prefix: str, after: str | None = None) -> Iterator[tuple[str, int, float]]:
        """See `FileStore.walk`.

        Args:
            after: Only names, without the prefix, that sort after this one; None for all.
        """
        import obstore  # noqa: PLC0415 -- as above

        start, offset = len(prefix) + 1 if prefix else 0, None if after is None else f"{prefix}/{after}"
        with self._faults():
            for chunk in obstore.list(self._store, prefix, offset=offset):
                for entry in chunk:
                    yield entry["path"][start:], entry["size"], entry["last_modified"].timestamp()

    def read(self, name: str) -> bytes | None:
        """See `ObjectStore.read`."""
        import obstore  # noqa: PLC0415 -- as above

        with self._faults():
            try:
                return bytes(obstore.get(self._store, name).bytes())
            except FileNotFoundError as error:
                _check_missing(error)
                return None

    def exists(self, name: str) -> bool:
        """See `FileStore.exists`."""
        import obstore  # noqa: PLC0415 -- as above

        with self._faults():
            try:
                obstore.head(self._store, name)
            except FileNotFoundError as error:
                _check_missing(error)
                return False
        return True

    def create(self, name: str, data: bytes) -> bool:
        """See `ObjectStore.create`. By `If-None-Match: *`."""
        import obstore  # noqa: PLC0415 -- as above
        from obstore.exceptions import AlreadyExistsError  # noqa: PLC0415

        with self._faults():
            try:
                obstore.put(self._store, name, data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def replace(self, name: str, data: bytes) -> None:
        """See `ObjectStore.replace`."""
        import obstore  # noqa: PLC0415 -- as above

        with self._faults():
            obstore.put(self._store, name, data)

    def upload(self, file: Path, name: str) -> None:
        """See `FileStore.upload`. In parts where it is large."""
        import obstore  # noqa: PLC0415 -- as above

        with self._faults():
            obstore.put(self._store, name, file)

    def download(self, name: str, file: Path) -> bool:
        """See `FileStore.download`."""
        import obstore  # noqa: PLC0415 -- as above

        with self._faults():
            try:
                found = obstore.get(self._store, name)
            except FileNotFoundError as error:
                _check_missing(error)
                return False
            with file.open("wb") as target:
                for chunk in found:
                    target.write(chunk)
        return True

    def delete(self, name: str) -> None:
        """See `ObjectStore.delete`."""
        import obstore  # noqa: PLC0415 -- as above

        with self._faults():
            try:
                obstore.delete(self._store, name)
            except FileNotFoundError as error:  # some stores say so
                _check_missing(error)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        from obstore.exceptions import BaseError  # noqa: PLC0415 -- as above

        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            raise store_fault(str(error), self.url) from error


class CopiedBucket(BucketStore):
    """A bucket of which this machine keeps copies, and knows by tags whether they are still right.

    Args:
        copies: Folder of the copies.
    """

    def __init__(self, url: str, options: StoreOptions, copies: Path) -> None:
        super().__init__(url, options)
        self.copies = copies

    def list_tags(self, prefix: str, after: str | None) -> Iterator[tuple[str, str]]:
        """Name without the prefix, and tag of the content, of each object below `prefix/`.

        Args:
            after: Only names, without the prefix, that sort after this one; None for all.
        """
        import obstore  # noqa: PLC0415 -- as above

        start, offset = len(prefix) + 1, None if after is None else f"{prefix}/{after}"
        with self._faults():
            for chunk in obstore.list(self._store, prefix, offset=offset):
                for entry in chunk:
                    yield entry["path"][start:], _answer_tag(str(entry["e_tag"]))

    def replace_tagged(self, name: str, data: bytes) -> str:
        """As `replace`; returns the tag of the content."""
        import obstore  # noqa: PLC0415 -- as above

        with self._faults():
            return str(obstore.put(self._store, name, data, use_multipart=False)["e_tag"])

    def read_tagged(self, name: str) -> tuple[bytes, str] | None:
        """As `read`, with the tag of the content."""
        import obstore  # noqa: PLC0415 -- as above

        with self._faults():
            try:
                found = obstore.get(self._store, name)
                return bytes(found.bytes()), str(found.meta["e_tag"])
            except FileNotFoundError as error:
                _check_missing(error)
                return None

    def replace_as_read(self, name: str, data: bytes, tag: str | None) -> bool:
        """Replace the object if its content still has this tag (`If-Match`), or create it for None; False if it is another.

        After a lost reply this can be the caller's own object, as of `create`.
        """
        import obstore  # noqa: PLC0415 -- as above
        from obstore.exceptions import PreconditionError  # noqa: PLC0415 -- as above

        if tag is None:
            return self.create(name, data)
        with self._faults():
            try:
                obstore.put(self._store, name, data, mode={"e_tag": tag}, use_multipart=False)
            except (PreconditionError, FileNotFoundError):
                return False
        return True

    def create_tagged(self, name: str, data: bytes) -> str | None:
        """As `create`; returns the tag of the content, or None if the object exists."""
        import obstore  # noqa: PLC0415 -- as above
        from obstore.exceptions import AlreadyExistsError  # noqa: PLC0415

        with self._faults():
            try:
                return str(obstore.put(self._store, name, data, mode="create", use_multipart=False)["e_tag"])
            except AlreadyExistsError:
                return None


def _answer_tag(tag: str) -> str:
    """A tag as answers to `get` and `put` have it: Azure lists it without its quotation marks."""
    mark = '"'
    return tag if tag.endswith(mark) else mark + tag + mark


def _check_missing(error: FileNotFoundError) -> None:
    """Raise the error again if it is not the object that is missing, but the bucket or the account."""
    code = _CODE.search(str(error))
    if code and code[1] not in _NO_OBJECT:
        raise error


def _open(url: str, options: StoreOptions) -> "S3Store | AzureStore":
    is_s3 = isinstance(options, S3Options)
    try:
        from obstore.exceptions import BaseError  # noqa: PLC0415 -- an extra
        from obstore.store import AzureStore, S3Store  # noqa: PLC0415 -- as above
    except ModuleNotFoundError as error:
        raise MachineError("extra_missing", extra="s3" if is_s3 else "azure") from error
    bucket, _, prefix = url.partition("://")[2].partition("/")
    client: Any = {"allow_http": options.is_plain_http} | ({"root_certificate": options.ca.read_bytes()} if options.ca else {})
    config: Any = options.obstore()
    try:
        return (S3Store if is_s3 else AzureStore)(
            bucket,
            prefix=prefix or None,
            config=config,
            client_options=client,
            retry_config={
                "max_retries": MAX_RETRIES,
                "retry_timeout": timedelta(seconds=RETRY_SECONDS),
                "backoff": {"init_backoff": timedelta(seconds=options.first_wait)},
            },
        )
    except (BaseError, ValueError) as error:  # a key of a form that the store never gives, for example
        raise store_fault(str(error), url) from error

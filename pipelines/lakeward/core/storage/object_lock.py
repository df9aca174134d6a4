"""Object locks of S3: a version of an object that no one can delete before a time. The client of the store does not know them.

Who may write the bucket can still hide a locked version by a newer one, or by a mark that the object is deleted: so the versions are read.
"""

import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import quote

from lakeward.core.storage.options import S3Options
from lakeward.core.storage.signed_requests import OK, SignedRequests

_RETENTION = (
    '<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Mode>COMPLIANCE</Mode>'
    "<RetainUntilDate>{until}</RetainUntilDate></Retention>"
)
# What a store may answer where a lock keeps a version.
_REFUSED = frozenset({400, 403})
_RETAINED = re.compile(r"<RetainUntilDate>(.+?)</RetainUntilDate>")
_VERSION = re.compile(r"<Version>.*?<Key>(.*?)</Key>.*?<VersionId>(.*?)</VersionId>.*?</Version>", re.DOTALL)
_NEXT = re.compile(r"<NextKeyMarker>(.+?)</NextKeyMarker>.*?<NextVersionIdMarker>(.*?)</NextVersionIdMarker>", re.DOTALL)
# What a store without locks answers: not found, method not allowed, not implemented.
_WITHOUT_LOCKS = frozenset({400, 404, 405, 501})


class ObjectLocks:
    """The locks of the objects below a URL.

    Args:
        url: `s3://bucket/prefix`.
    """

    def __init__(self, url: str, options: S3Options) -> None:
        self._store = SignedRequests(url, options)

    def is_available(self) -> bool:
        """Whether the bucket keeps locks.

        Raises:
            MachineError: The store can't be reached, or refuses.
        """
        status, body = self._store.ask("GET", "", "object-lock=")
        if status in _WITHOUT_LOCKS:
            return False
        self._store.check(status, body)
        return b"<ObjectLockEnabled>Enabled</ObjectLockEnabled>" in body

    def lock(self, name: str, until: datetime) -> None:
        """Let no one delete this version of the object before this time, the owner of the bucket included (mode COMPLIANCE).

        Raises:
            MachineError: The store can't be reached, or refuses.
        """
        content = _RETENTION.format(until=until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")).encode()
        self._store.check(*self._store.ask("PUT", self._store.key(name), "retention=", content))

    def delete(self, name: str, version: str) -> bool:
        """Delete a version of the object; False if a lock keeps it.

        Raises:
            MachineError: The store can't be reached, or refuses for another reason.
        """
        query = f"versionId={quote(version, safe='')}"
        status, body = self._store.ask("DELETE", self._store.key(name), query)
        if status in _REFUSED and self._is_retained(name, query):
            return False
        self._store.check(status, body)
        return True

    def _is_retained(self, name: str, query: str) -> bool:
        """Whether a lock keeps the version; otherwise its deletion is refused for another reason, as missing rights."""
        status, body = self._store.ask("GET", self._store.key(name), f"retention=&{query}")
        until = _RETAINED.search(body.decode(errors="replace")) if status in OK else None
        return until is not None and datetime.fromisoformat(until[1]) > datetime.now(UTC)

    def versions(self, prefix: str) -> list[tuple[str, str]]:
        """Name and version of each stored version of the objects whose names begin so, the newest of an object first.

        Raises:
            MachineError: The store can't be reached, or refuses.
        """
        found: list[tuple[str, str]] = []
        marks = ""
        while True:
            query = f"{marks}prefix={quote(self._store.key(prefix), safe='')}&versions="
            status, body = self._store.ask("GET", "", query)
            self._store.check(status, body)
            text = body.decode()
            start = len(self._store.key(""))
            found += [(unescape(name)[start:], version) for name, version in _VERSION.findall(text)]
            after = _NEXT.search(text)
            if after is None:
                return found
            key, version = (quote(unescape(part), safe="") for part in after.groups())
            marks = f"key-marker={key}&version-id-marker={version}&"

    def download(self, name: str, version: str, file: Path) -> None:
        """Write the bytes of a version over the file.

        Raises:
            MachineError: The store can't be reached, or refuses.
        """
        status, body = self._store.ask("GET", self._store.key(name), f"versionId={quote(version, safe='')}")
        self._store.check(status, body)
        file.write_bytes(body)

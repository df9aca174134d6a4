"""Object locks of S3: a version of an object that no one can delete before a time. The client of the store does not know them.

Who may write the bucket can still hide a locked version by a newer one, or by a mark that the object is deleted: so the versions are read.

Requests are signed as AWS Signature Version 4 says (AWS, "Authenticating Requests").
"""

import base64
import hashlib
import hmac
import http.client
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from lakeward.core.storage.faults import store_fault
from lakeward.core.storage.options import S3Options

_AWS = "https://s3.{region}.amazonaws.com"
_TIMEOUT = 60
_RETENTION = (
    '<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Mode>COMPLIANCE</Mode>'
    "<RetainUntilDate>{until}</RetainUntilDate></Retention>"
)
_OK = 200
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
        self._url, self._options = url, options
        self._bucket, _, self._prefix = url.removeprefix("s3://").partition("/")

    def is_available(self) -> bool:
        """Whether the bucket keeps locks.

        Raises:
            MachineError: The store can't be reached, or refuses.
        """
        status, body = self._request("GET", "", "object-lock=")
        if status in _WITHOUT_LOCKS:
            return False
        self._check(status, body)
        return b"<ObjectLockEnabled>Enabled</ObjectLockEnabled>" in body

    def lock(self, name: str, until: datetime) -> None:
        """Let no one delete this version of the object before this time, the owner of the bucket included (mode COMPLIANCE).

        Raises:
            MachineError: The store can't be reached, or refuses.
        """
        content = _RETENTION.format(until=until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")).encode()
        self._check(*self._request("PUT", self._key(name), "retention=", content))

    def versions(self, prefix: str) -> list[tuple[str, str]]:
        """Name and version of each stored version of the objects whose names begin so, the newest of an object first.

        Raises:
            MachineError: The store can't be reached, or refuses.
        """
        found: list[tuple[str, str]] = []
        marks = ""
        while True:
            query = f"{marks}prefix={quote(self._key(prefix), safe='')}&versions="
            status, body = self._request("GET", "", query)
            self._check(status, body)
            text = body.decode()
            start = len(self._key(""))
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
        status, body = self._request("GET", self._key(name), f"versionId={quote(version, safe='')}")
        self._check(status, body)
        file.write_bytes(body)

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    def _check(self, status: int, body: bytes) -> None:
        if status != _OK:
            raise store_fault(f"(HTTP {status}) {body.decode(errors='replace')}", self._url)

    def _request(self, method: str, key: str, query: str, body: bytes = b"") -> tuple[int, bytes]:
        address = urlsplit(self._options.endpoint or _AWS.format(region=self._options.region))
        in_path = self._options.path_style or self._options.endpoint is None
        path = f"/{self._bucket}/{quote(key)}" if in_path else f"/{quote(key)}"
        host = address.netloc if in_path else f"{self._bucket}.{address.netloc}"
        headers = signed_headers(self._options, method, f"{address.scheme}://{host}{path}?{query}", body)
        kind = http.client.HTTPConnection if address.scheme == "http" else http.client.HTTPSConnection
        connection = kind(host, timeout=_TIMEOUT)
        try:
            connection.request(method, f"{path}?{query}", body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError as error:
            raise store_fault(type(error).__name__, self._url) from error
        finally:
            connection.close()


def signed_headers(
    options: S3Options, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """The headers of a signed request.

    Args:
        url: Its address, quoted, with the parameters of its query in order.
        headers: More headers, in small letters.
    """
    parts, now = urlsplit(url), datetime.now(UTC)
    stamp, payload = now.strftime("%Y%m%dT%H%M%SZ"), hashlib.sha256(body).hexdigest()
    found = {"host": parts.netloc, "x-amz-content-sha256": payload, "x-amz-date": stamp, **headers}
    if body:
        found["content-md5"] = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    if options.token:
        found["x-amz-security-token"] = options.token
    names = ";".join(sorted(found))
    lines = "".join(f"{name}:{found[name]}\n" for name in sorted(found))
    request = hashlib.sha256(f"{method}\n{parts.path}\n{parts.query}\n{lines}\n{names}\n{payload}".encode()).hexdigest()
    scope = f"{stamp[:8]}/{options.region}/s3/aws4_request"
    key = f"AWS4{options.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{request}".encode(), "sha256").hexdigest()
    credential = f"AWS4-HMAC-SHA256 Credential={options.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return found | {"authorization": credential}

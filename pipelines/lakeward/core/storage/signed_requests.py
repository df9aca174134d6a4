"""Requests of S3 that the client of the store does not know, signed as AWS Signature Version 4 says (AWS, "Authenticating Requests")."""

import base64
import hashlib
import hmac
import http.client
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from lakeward.core.storage.faults import store_fault
from lakeward.core.storage.options import S3Options

# Statuses of success.
OK = frozenset({200, 204})
_AWS = "https://s3.{region}.amazonaws.com"
_TIMEOUT = 60


class SignedRequests:
    """Requests for the objects below a URL.

    Args:
        url: `s3://bucket/prefix`.
    """

    def __init__(self, url: str, options: S3Options) -> None:
        self._url, self._options = url, options
        self._bucket, _, self._prefix = url.removeprefix("s3://").partition("/")

    def key(self, name: str) -> str:
        """The name of the object in its bucket."""
        return f"{self._prefix}/{name}" if self._prefix else name

    def check(self, status: int, body: bytes) -> None:
        """Check that the store did what was asked.

        Raises:
            MachineError: It refused.
        """
        if status not in OK:
            raise store_fault(f"(HTTP {status}) {body.decode(errors='replace')}", self._url)

    def ask(self, method: str, key: str, query: str, body: bytes = b"") -> tuple[int, bytes]:
        """The status and body of the answer.

        Args:
            key: Name in the bucket; empty for the bucket itself.
            query: Parameters in the order of their names, quoted.

        Raises:
            MachineError: The store can't be reached.
        """
        address = urlsplit(self._options.endpoint or _AWS.format(region=self._options.region))
        in_path = self._options.path_style or self._options.endpoint is None
        path = f"/{self._bucket}/{quote(key)}" if in_path else f"/{quote(key)}"
        host = address.netloc if in_path else f"{self._bucket}.{address.netloc}"
        headers = signed_headers(self._options, method, f"{address.scheme}://{host}{path}?{query}", body)
        connection = self._connect(address.scheme, host)
        try:
            connection.request(method, f"{path}?{query}", body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:  # the latter: an answer that is cut off, or none of HTTP
            raise store_fault(f"{type(error).__name__} {getattr(error, 'reason', '')}", self._url) from error
        finally:
            connection.close()

    def _connect(self, scheme: str, host: str) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(host, timeout=_TIMEOUT)
        context = ssl.create_default_context()
        if self._options.ca:
            context.load_verify_locations(self._options.ca)
        return http.client.HTTPSConnection(host, timeout=_TIMEOUT, context=context)


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

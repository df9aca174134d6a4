"""Uploads in parts that never ended, as those of killed writers: their parts take space, belong to no object, and are listed by no one."""

import re
from collections.abc import Iterator
from datetime import datetime
from html import unescape
from urllib.parse import quote

from lakeward.core.storage.options import S3Options
from lakeward.core.storage.signed_requests import SignedRequests

_UPLOAD = re.compile(r"<Upload>(.*?)</Upload>", re.DOTALL)
_FIELDS = tuple(re.compile(rf"<{name}>(.*?)</{name}>", re.DOTALL) for name in ("Key", "UploadId", "Initiated"))
_NEXT = re.compile(r"<NextKeyMarker>(.+?)</NextKeyMarker>.*?<NextUploadIdMarker>(.*?)</NextUploadIdMarker>", re.DOTALL)
# What a store answers whose upload ended meanwhile.
_GONE = 404


def abort_uploads(url: str, options: S3Options, before: datetime) -> int:
    """Abort the uploads below a URL that began before this time; returns how many.

    Args:
        url: `s3://bucket/prefix`.

    Raises:
        MachineError: The store can't be reached, or refuses.
    """
    store, found = SignedRequests(url, options), 0
    for key, upload, began in _open_uploads(store):
        if began < before:
            status, body = store.ask("DELETE", key, f"uploadId={quote(upload, safe='')}")
            if status != _GONE:
                store.check(status, body)
                found += 1
    return found


def _open_uploads(store: SignedRequests) -> Iterator[tuple[str, str, datetime]]:
    """Name in the bucket, id and beginning of each upload below the URL."""
    prefix, after = quote(store.key(""), safe=""), ("", "")
    while True:
        name, upload = (quote(part, safe="") for part in after)
        begin, end = (f"key-marker={name}&", f"upload-id-marker={upload}&") if name else ("", "")
        status, body = store.ask("GET", "", f"{begin}prefix={prefix}&{end}uploads=")
        store.check(status, body)
        text = body.decode()
        for entry in _UPLOAD.findall(text):
            key, upload_id, began = (unescape(found[1]) for field in _FIELDS if (found := field.search(entry)))
            yield key, upload_id, datetime.fromisoformat(began)
        next_marks = _NEXT.search(text)
        if next_marks is None:
            return
        after = (unescape(next_marks[1]), unescape(next_marks[2]))

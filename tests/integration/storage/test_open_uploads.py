"""Uploads that killed writers left are aborted when they are old; those that may still go on, and those of others, are not."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from lakeward.core.storage.open_uploads import abort_uploads
from lakeward.core.storage.signed_requests import SignedRequests
from lakeward.flows import maintain
from support.object_stores import BUCKET, options
from support.remote_plant import contents, fill, make_remote_plant


def begin_upload(endpoint, name):
    store = SignedRequests(f"s3://{BUCKET}/uploads", options(endpoint))
    status, body = store.ask("POST", name, "uploads=")
    store.check(status, body)
    upload = re.search(rb"<UploadId>(.*?)</UploadId>", body)[1].decode()
    status, body = store.ask("PUT", name, f"partNumber=1&uploadId={upload}", b"part of a file")
    store.check(status, body)


def open_uploads(endpoint):
    _, body = SignedRequests(f"s3://{BUCKET}", options(endpoint)).ask("GET", "", "uploads=")
    return sorted(found.decode() for found in re.findall(rb"<Key>(.*?)</Key>", body))


def test_uploads_below_the_lake_that_are_old_are_aborted(endpoint):
    begin_upload(endpoint, "uploads/silver/press line/中 & <a>.parquet")
    begin_upload(endpoint, "uploads-of-others/b.parquet")
    at = f"s3://{BUCKET}/uploads"
    assert abort_uploads(at, options(endpoint), datetime.now(UTC) - timedelta(hours=1)) == 0
    assert len(open_uploads(endpoint)) == 2
    assert abort_uploads(at, options(endpoint), datetime.now(UTC) + timedelta(minutes=1)) == 1
    assert open_uploads(endpoint) == ["uploads-of-others/b.parquet"]
    assert abort_uploads(at, options(endpoint), datetime.now(UTC) + timedelta(minutes=1)) == 0


@pytest.mark.exhaustive
def test_maintaining_a_lake_leaves_uploads_of_today_and_every_row(endpoint, tmp_path):
    plant = make_remote_plant(tmp_path / "plant", endpoint, "uploads")
    fill(plant)
    before = contents(plant)
    begin_upload(endpoint, "uploads/silver/press_line/a.parquet")
    _, errors = maintain(plant.settings)
    assert errors == {}
    assert "uploads/silver/press_line/a.parquet" in open_uploads(endpoint)
    assert {name: rows for name, rows in contents(plant).items() if name != "governance.maintenance"} == before

"""Folders in which killed programs were writing data files for an object store: the next write of the table removes them."""

import os
import time
import uuid

from lakeward.core.storage.bucket import CopiedBucket
from lakeward.core.storage.options import S3Options
from lakeward.core.storage.remote_path import RemotePath
from lakeward.engines.embedded.file_copies import folder_to_write

HOUR = 3600


def of_age(place, hours):
    (place / "day=2026-03-01").mkdir(parents=True)
    file = place / "day=2026-03-01" / "part.parquet"
    file.write_bytes(b"half of it")
    for path in (file, file.parent, place):
        os.utime(path, (then := time.time() - hours * HOUR, then))
    return file


def test_what_a_killed_program_was_writing_goes_and_what_another_one_writes_stays(tmp_path):
    options = S3Options(region="us-east-1", endpoint="http://127.0.0.1:1", path_style=True, key_id="me", secret="x", token=None)
    table = RemotePath(CopiedBucket("s3://bucket/lake", options, tmp_path), options, "silver/press")
    mirror = tmp_path / "silver" / "press"
    killed, writing, busy = (mirror / f".{uuid.uuid4()}" for _ in range(3))
    of_age(killed, 30)
    of_age(writing, 20)
    os.utime(of_age(busy, 30))
    of_age(mirror / "files", 99)
    with folder_to_write(table) as place:
        assert {each.name for each in mirror.iterdir()} == {writing.name, busy.name, "files", place.name}
    assert not place.exists()

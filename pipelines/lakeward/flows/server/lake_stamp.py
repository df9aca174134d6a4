"""What of a lake decides on its answers, besides the rows: how far some governance tables are, and which tables and keys exist."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lakeward.core.storage.bucket import CopiedBucket
from lakeward.core.storage.lake import Lake
from lakeward.engines.delta.log_changes import newest_position
from lakeward.engines.delta.open_tables import DROPPED_TABLES
from lakeward.protection.register_file import file_stamp
from lakeward.protection.wrapped_keys import FOLDER as KEYS

# Governance tables that decide on grades, keys and columns.
_TABLES = ("grade_proposals", "grade_decisions", "grade_approvals", "transform_checks", "key_decisions", "keys", "contracts")
# A transform's check holds for the batches that it saw.
_CHECKS, _BATCHES = "transform_checks", "batches"
_SERVED = ("silver", "gold")
# Requests at once.
_LOOKS = 8


def lake_parts(lake: Lake, datasets: Sequence[str]) -> Iterator[object]:
    """The parts of a stamp: another one for any change of what answers depend on.

    Args:
        datasets: Their names as they are stored.

    Raises:
        MachineError: The lake's object store can't be reached, or refuses.
    """
    bucket = lake.bucket()
    return _stored_parts(lake, bucket, datasets) if bucket else _folder_parts(lake.files, datasets)


def _folder_parts(lake: Path, datasets: Sequence[str]) -> Iterator[object]:
    yield file_stamp(lake / KEYS)
    governance = lake / "governance"
    for name in _TABLES:
        yield file_stamp(governance / name / "_delta_log")
    if (governance / _CHECKS).exists():
        yield file_stamp(governance / _BATCHES / "_delta_log")
    for name in datasets:
        yield [os.path.exists(lake / layer / name / "_delta_log") for layer in _SERVED]  # noqa: PTH110 -- quicker


def _stored_parts(lake: Lake, bucket: CopiedBucket, datasets: Sequence[str]) -> Iterator[object]:
    """The same by some ten requests at once. A folder stays when its table is dropped, so drops are noted beside."""
    governance, wanted = lake.root() / "governance", set(datasets)
    with ThreadPoolExecutor(_LOOKS) as pool:
        layers = [pool.submit(bucket.list_folders, layer) for layer in _SERVED]
        notes = [pool.submit(list, bucket.list_tags(folder, None)) for folder in (KEYS, DROPPED_TABLES)]
        tables = [pool.submit(newest_position, governance / name) for name in (*_TABLES, _BATCHES)]
        *decisive, batches = (each.result() for each in tables)
        yield from (each.result() for each in notes)
        yield from decisive
        yield batches if decisive[_TABLES.index(_CHECKS)] else None
        yield from (sorted(wanted & set(each.result())) for each in layers)

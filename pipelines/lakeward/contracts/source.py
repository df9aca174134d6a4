"""The source of a dataset's batches. Engines and judging use only the `RecordFormat`."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeAlias

# Default size limit of one batch: minutes of work, and within the memory of a small machine.
LIMIT_BYTES = 4 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDropSource:
    """A drop folder.

    Args:
        path: The folder, relative to the project, or absolute inside one of the project's roots.
        pattern: Glob below `path` (`**` for folders).
        limit_bytes: Size limit of one batch, in bytes of its files; one file is always allowed.
        retention_days: Days that a landed file is kept after its batch; None for ever.
    """

    path: PurePosixPath
    pattern: str
    limit_bytes: int = LIMIT_BYTES
    retention_days: int | None = None


ContractSource: TypeAlias = FileDropSource
"""The source of a dataset's batches: one frozen class per kind of source, each with `limit_bytes` and `retention_days`.

A new kind needs three things:

1. its class in this module, as one more member of this union;
2. a reader of its keys beside `contracts/file_drop.py`, which returns the class and the `RecordFormat`, called in `contracts/build.py`;
3. an implementation of the protocol `Source` in `lakeward.sources`, which `sources/opening.py` returns for the class.

mypy reports the choice in `sources/opening.py` that lacks a class. Engines, judging, profiling and `contract diff` do not change.
"""

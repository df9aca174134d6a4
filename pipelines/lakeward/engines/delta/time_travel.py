"""Whether a version of a table can still be read: its commits may be gone from the log, and its files by a vacuum.

Refuses to look before a query has failed: evidence is opened often, and lost seldom.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from lakeward.core.errors import UsageError
from lakeward.core.names import TableName
from lakeward.engines.delta.stored_files import stored_files


@contextmanager
def translate_missing_versions(
    lake: Path, at: Mapping[TableName, int] | None, failures: type[Exception] | tuple[type[Exception], ...]
) -> Iterator[None]:
    """Raise what fails inside because a version is not there as an error of ours, and anything else as it is.

    Args:
        failures: What an engine's query fails with.

    Raises:
        UsageError: A version of a table can't be read any more (`version_not_kept`).
    """
    try:
        yield
    except failures:
        for table, version in (at or {}).items():
            if not _is_readable(lake / table.layer / table.name, version):
                raise UsageError("version_not_kept", table=table, version=version) from None
        raise


def _is_readable(folder: Path, version: int) -> bool:
    try:
        table = DeltaTable(str(folder), version=version)
    except DeltaError:
        return False
    return all((folder / file.path).exists() for file in stored_files(table))

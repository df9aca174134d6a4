"""Detects versions of a table that can't be read any more, because their commits or files were removed.

Checked only after a query has failed, because missing versions are rare.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from lakeward.core.errors import UsageError
from lakeward.core.names import TableName
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.stored_files import stored_files
from lakeward.engines.delta.table_files import storage_options


@contextmanager
def translate_missing_versions(
    lake: LakePath, at: Mapping[TableName, int] | None, failures: type[Exception] | tuple[type[Exception], ...]
) -> Iterator[None]:
    """Raise `UsageError` if the block fails because a table version is missing; other errors pass unchanged.

    Args:
        failures: Exceptions of an engine's query.

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


def _is_readable(folder: LakePath, version: int) -> bool:
    try:
        table = DeltaTable(str(folder), version=version, storage_options=storage_options(folder))
    except DeltaError:
        return False
    return all((folder / file.path).exists() for file in stored_files(table))

"""Files of a lake: their rows are read by the name of the table, in a role, and never by a path."""

from pathlib import Path

from lakeward.core.errors import DataError

_GOVERNANCE = "governance"


def check_outside_lake(path: Path) -> None:
    """Check that `path` is no file or folder of any lake, also by a link.

    Raises:
        DataError: It lies in a lake.
    """
    resolved = path.resolve()
    for folder in (resolved, *resolved.parents):
        if _is_lake(folder):
            raise DataError("data_in_lake", file=path, lake=folder)


def _is_lake(folder: Path) -> bool:
    """Whether the folder holds governance tables, which the first run of a lake writes."""
    return (folder / _GOVERNANCE).is_dir() and any((folder / _GOVERNANCE).glob("*/_delta_log"))

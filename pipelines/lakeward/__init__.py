"""Lakeward: an industrial data lakehouse with governance built in."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakeward.flows import Connection

__all__ = ["__version__", "check", "connect"]

# The one place of the version: the package's metadata are made from it.
__version__ = "0.2.0"


def connect(role: str, project: str | Path | None = None) -> "Connection":
    """The lake of the project at or above `project` (default: here), as `role` has it: `connect(role="analyst").sql("from gold.x")`.

    A convenience for notebooks, not a wall: it runs in the reader's own process. See `lakeward.flows.serving.connection`.

    Raises:
        UsageError: There is no such project, or no such role.
        PolicyError: The policy is not valid.
        ProtectionError: The key of tokens is not safe where it lies.
    """
    from lakeward.flows import connect as open_door  # noqa: PLC0415 -- whoever parses a DAG must not pay for DuckDB

    return open_door(role, project)


def check(data: object, suite: object, project: str | Path | None = None) -> dict[str, Any]:
    """Judge `data` by a Great Expectations suite: the JSON of its `ExpectationSuiteValidationResult`, as a dict.

    Args:
        data: A pyarrow Table, a path (a file, a folder of files, a Delta table), or the name of a table of the project's lake.
        suite: A path, JSON text, or a dict.
        project: The project, or a folder in it; needed only for a table of its lake (default: here).

    Raises:
        DataError: The data can't be read as a table.
        SuiteError: The suite can't be read, or names columns that the data has not.
    """
    from lakeward.core.settings import Settings  # noqa: PLC0415 -- as above
    from lakeward.flows import check_data as judge  # noqa: PLC0415

    return judge(data, suite, Settings.load(Path(project) if project else None))

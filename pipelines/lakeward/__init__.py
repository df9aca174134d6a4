"""Lakeward: an industrial data lakehouse with governance built in."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakeward.flows import Connection, RemoteConnection

__all__ = ["__version__", "check", "connect"]

# The version of the package; the package's metadata use it.
__version__ = "0.2.0"


def connect(
    address: str | None = None,
    /,
    project: str | Path | None = None,
    *,
    role: str | None = None,
    token: str | None = None,
    purpose: str | None = None,
    ca: str | Path | None = None,
) -> "Connection | RemoteConnection":
    """Open the lake of the project at or above `project` (default: the current folder) as `role`; with `token`, connect to a server.

    In process it is for notebooks, and no security boundary, since it runs in the reader's process. Every query is logged.

    Args:
        address: With `token`, a server's `host:port`, or `grpc://host:port` without TLS (extra `server`); without it, the role.
        role: A role of the project's serving policy; None for the only role of the account.
        token: Access token of an account, for a server.
        purpose: Purpose of the policy that is read for; None for `LAKEWARD_PURPOSE`, or none.
        ca: File in PEM that the certificate of a server is checked against; None for those of the machine.

    Raises:
        UsageError: The project or the role does not exist.
        PolicyError: The policy is not valid.
        ProtectionError: The token is not valid, its account does not have the role, or the register of accounts or the
            token key is not stored safely.
        MachineError: The extra `server` is missing, or no server answers.

    Examples:
        >>> import lakeward
        >>> with lakeward.connect(role="analyst") as con:
        ...     con.sql("SELECT machine, temp_degc FROM silver.press_line ORDER BY temp_degc").fetchall()
        [('M1', 20.5), ('M1', 21.5), ('M2', 24.0)]
    """
    from lakeward.core.errors import MachineError  # noqa: PLC0415 -- as below
    from lakeward.flows import connect as open_door  # noqa: PLC0415 -- a DAG parse must not import DuckDB

    if token is None:
        return open_door(role or address, project, purpose)
    if find_spec("pyarrow") is None:
        raise MachineError("extra_missing", extra="server")
    from lakeward.flows import connect_remotely  # noqa: PLC0415 -- needs an extra

    return connect_remotely(address or "", token, role=role, purpose=purpose, ca=ca)


def check(data: object, suite: object, project: str | Path | None = None, role: str | None = None) -> dict[str, Any]:
    """Judge `data` by a Great Expectations suite: the JSON of its `ExpectationSuiteValidationResult`, as a dict.

    Args:
        data: A pyarrow Table, a path (a file, a folder of files, a Delta table), or the name of a table of the project's lake.
        suite: A path, JSON text, or a dict.
        project: The project, or a folder in it; needed only for a table of its lake (default: here).
        role: The role that reads a table of the lake; None for the only role of the account in `LAKEWARD_TOKEN`, or for the
            project's default role.

    Raises:
        DataError: The data can't be read as a table.
        SuiteError: The suite can't be read, or names columns that the data does not have.

    Examples:
        >>> import lakeward
        >>> hot = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "Temp", "max_value": 200}}
        >>> result = lakeward.check("inbox/press_line/a.csv", {"name": "hot", "expectations": [hot]})
        >>> result["success"]
        False
        >>> result["results"][0]["result"]["unexpected_count"]
        1
    """
    from lakeward.core.settings import Settings  # noqa: PLC0415 -- as above
    from lakeward.flows import check_data as judge  # noqa: PLC0415

    return judge(data, suite, Settings.load(Path(project) if project else None), role=role)

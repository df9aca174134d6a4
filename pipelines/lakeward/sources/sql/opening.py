"""Opens a connection to a database by the scheme of its address."""

from contextlib import AbstractContextManager
from importlib.util import find_spec

from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import MachineError, SettingsError
from lakeward.sources.sql.server import SqlServer

POSTGRES = ("postgresql", "postgres")
# Scheme -> SQLAlchemy's name of the dialect and its driver, the driver's module, and its package.
OTHERS = {
    "sqlite": ("sqlite", "sqlite3", ""),
    "mysql": ("mysql+pymysql", "pymysql", "pymysql"),
    "mariadb": ("mariadb+pymysql", "pymysql", "pymysql"),
    "mssql": ("mssql+pymssql", "pymssql", "pymssql"),
    "oracle": ("oracle+oracledb", "oracledb", "oracledb"),
}
SCHEMES = (*POSTGRES, *OTHERS)


def open_server(connection: ConnectionSettings) -> AbstractContextManager[SqlServer]:
    """A connection, closed at the end.

    Raises:
        SettingsError: The address is none of a database.
        MachineError: A package is missing, or the database can't be reached.
    """
    check_packages(connection)
    if connection.scheme in POSTGRES:
        from lakeward.sources.sql.postgres import open_postgres  # noqa: PLC0415 -- an extra

        return open_postgres(connection)
    from lakeward.sources.sql.other_servers import open_other  # noqa: PLC0415 -- as above

    return open_other(connection, OTHERS[connection.scheme][0])


def check_packages(connection: ConnectionSettings) -> None:
    """Check that what reads such a database is installed; raises as `open_server`."""
    if connection.scheme not in SCHEMES:
        raise SettingsError(
            "sql_scheme", name=connection.name, place=connection.place, found=connection.scheme, expected=", ".join(SCHEMES)
        )
    module = "adbc_driver_postgresql" if connection.scheme in POSTGRES else "sqlalchemy"
    if find_spec("pyarrow") is None or find_spec(module) is None:
        raise MachineError("sql_extra_missing", connection=connection.name, package="lakeward[sql]")
    driver = OTHERS.get(connection.scheme)
    if driver and find_spec(driver[1]) is None:
        raise MachineError("sql_extra_missing", connection=connection.name, package=driver[2])

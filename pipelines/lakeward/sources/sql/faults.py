"""Turns the errors of databases into errors that say what to do. A server's text can quote values, so of a query only its code is shown."""

import re
import socket

from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import DefinitionError, LakewardError, MachineError, TransientError

# SQLSTATE, or its class -> message code.
_BY_STATE = {
    "42P01": "sql_table_unknown",
    "3F000": "sql_table_unknown",
    "42703": "sql_column_unknown",
    "42501": "sql_not_permitted",
    "25006": "sql_writes",
    "42601": "sql_query_not_valid",
    "42": "sql_query_not_valid",
}
# What a server's refusal says, as PostgreSQL writes it in English, and SQLAlchemy's drivers.
_BY_TEXT = (
    (re.compile(r"password authentication failed|access denied|login failed|ORA-01017", re.IGNORECASE), "sql_password"),
    (re.compile(r"certificate|SSL|TLS", re.IGNORECASE), "sql_certificate"),
    (re.compile(r"database .* does not exist|unknown database|unable to open database", re.IGNORECASE), "sql_database_unknown"),
)
# The same of a query, where a driver gives no code that all have.
_QUERY_BY_TEXT = (
    (re.compile(r"no such table|NoSuchTable|doesn't exist|invalid object|ORA-00942", re.IGNORECASE), "sql_table_unknown"),
    (re.compile(r"no such column|unknown column|invalid column|ORA-00904", re.IGNORECASE), "sql_column_unknown"),
    (re.compile(r"denied|permission|ORA-01031", re.IGNORECASE), "sql_not_permitted"),
    (re.compile(r"readonly|read-only|read only", re.IGNORECASE), "sql_writes"),
    (re.compile(r"syntax|one statement", re.IGNORECASE), "sql_query_not_valid"),
)
# Seconds to wait for a name or a port.
_PROBE_SECONDS = 5


def connect_fault(connection: ConnectionSettings, text: str) -> LakewardError:
    """Why there is no connection: the name, the port, or what the server's refusal says."""
    facts = {"connection": connection.name, "address": connection.address, "place": connection.place}
    code = _network_fault(connection)
    if code is None:
        code = next((code for pattern, code in _BY_TEXT if pattern.search(text)), "sql_refused")
    return MachineError(code, **facts, found=_last_line(text))


def query_fault(connection: ConnectionSettings, error: Exception) -> LakewardError:
    """Why a query of PostgreSQL failed."""
    state = str(getattr(error, "sqlstate", None) or "")
    return _query_fault(connection, error, state, _BY_STATE.get(state) or _BY_STATE.get(state[:2]))


def query_text_fault(connection: ConnectionSettings, error: Exception) -> LakewardError:
    """Why a query of another database failed."""
    text = f"{type(error).__name__} {getattr(error, 'orig', error)}"
    return _query_fault(connection, error, "", next((code for pattern, code in _QUERY_BY_TEXT if pattern.search(text)), None))


def _query_fault(connection: ConnectionSettings, error: Exception, state: str, code: str | None) -> LakewardError:
    facts = {"connection": connection.name, "address": connection.address, "found": state or type(error).__name__}
    if code in {"sql_column_unknown", "sql_table_unknown", "sql_query_not_valid", "sql_writes"}:
        return DefinitionError(code, **facts, names=_quoted_name(str(error)))
    if code:
        return MachineError(code, **facts)
    if type(error).__name__.startswith("Arrow"):
        return MachineError("sql_text_not_utf8", **facts)
    return TransientError("sql_failed", **facts)


def _network_fault(connection: ConnectionSettings) -> str | None:
    if not connection.host or (connection.port is None and connection.scheme.startswith("sqlite")):
        return None
    try:
        socket.getaddrinfo(connection.host, connection.port)
    except OSError:
        return "sql_host_unknown"
    try:
        with socket.create_connection((connection.host, connection.port or 5432), _PROBE_SECONDS):
            return None
    except OSError:
        return "sql_unreachable"


def _quoted_name(text: str) -> str:
    """The name of a table or column that the server does not know: names are no values."""
    match = re.search(r'(?:relation|column|schema) "?([^"\n]+?)"? does not exist', text) or re.search(
        r"no such (?:table|column): (\S+)", text
    )
    return match[1] if match else "-"


def _last_line(text: str) -> str:
    """The refusal without the words of the driver; the URL is never in it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = lines[0] if lines else "-"
    return re.split(r"failed: |FATAL: ", line)[-1].strip() or "-"

"""A connection to a server, as one in process is: the same calls, rows and errors. The server decides what the account sees."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from pyarrow import flight

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.names import TableName
from lakeward.flows.server.faults import unpack_error
from lakeward.flows.server.identity import PURPOSE_HEADER, ROLE_HEADER
from lakeward.flows.serving.catalogue import CatalogueTable
from lakeward.flows.serving.explanation import MaskExplanation, PurposeOption
from lakeward.grading.grade import Grade, GradeState
from lakeward.protection.policy import Action
from lakeward.serving.flight_sql import messages
from lakeward.serving.flight_sql.messages import Statement
from lakeward.serving.rows import AGGREGATED
from lakeward.serving.session import Parameters

# What the headers of a call are called in messages, and how many bytes gRPC takes for sure.
_HEADER_WORDS = {"authorization": "token", ROLE_HEADER: "role", PURPOSE_HEADER: "purpose"}
_LONGEST_HEADER = 7_500
# Actions of our own, beside those of Flight SQL.
CATALOGUE, EXPLAIN_MASK = "LakewardCatalogue", "LakewardExplainMask"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLogin:
    """How to reach a server.

    Args:
        address: `host:port`, or `grpc://host:port` of a server without TLS.
        role, purpose: Those of the account that are read in; None for its only role, and for no purpose.
        ca: File of the certificate that the server's one is checked against, in PEM; None for those of the machine.
    """

    address: str
    token: str
    role: str | None = None
    purpose: str | None = None
    ca: Path | None = None


class RemoteConnection:
    """A connection of one account to the tables that a server serves to it."""

    def __init__(self, login: ServerLogin) -> None:
        headers = _headers(login)
        roots = {"tls_root_certs": login.ca.read_bytes()} if login.ca else {}
        self._login = login
        with self._faults():
            self._client = flight.FlightClient(
                login.address if "://" in login.address else f"grpc+tls://{login.address}", **roots
            )
        self._options = flight.FlightCallOptions(headers=headers)

    def sql(self, query: str, parameters: Parameters | None = None) -> "RemoteRows":
        """The rows of one SELECT: see `Connection.sql`. The server checks it now, and computes it when rows are taken out.

        Raises:
            ProtectionError: The server refuses it.
            UsageError: A value can't be sent.
            MachineError: No server answers.
        """
        statement = Statement(query, _values(parameters) if parameters else None)
        command = messages.pack(messages.PREPARED, (1, statement.handle))
        with self._faults():
            info = self._client.get_flight_info(flight.FlightDescriptor.for_command(command), self._options)
        return RemoteRows(info.schema, lambda: self._fetch(info.endpoints[0].ticket))

    def catalogue(self) -> list[CatalogueTable]:
        """The served tables: see `Connection.catalogue`."""
        return [_catalogue_table(found) for found in self._ask(CATALOGUE, {})]

    def explain_mask(self, column: str) -> MaskExplanation:
        """Explain what this role sees of `layer.table.column`: see `Connection.explain_mask`.

        Raises:
            UsageError: The column does not exist.
        """
        return _explanation(self._ask(EXPLAIN_MASK, {"column": column}))

    def close(self) -> None:
        """End the connection; the server keeps nothing of it."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, action: str, body: Mapping[str, str]) -> Any:
        with self._faults():
            (result,) = self._client.do_action(flight.Action(action, json.dumps(body).encode()), self._options)
        return json.loads(result.body.to_pybytes())

    def _fetch(self, ticket: flight.Ticket) -> pa.Table:
        with self._faults():
            return self._client.do_get(ticket, self._options).read_all()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn failures of Flight into the errors that the server meant."""
        try:
            yield
        except (flight.FlightError, pa.ArrowException, OSError) as error:
            found = unpack_error(getattr(error, "extra_info", b"") or b"")
            raise (found[0] if found else MachineError("server_unreachable", address=self._login.address)) from None


class RemoteRows:
    """The rows of one query; each call that fetches them runs it again: see `Rows`."""

    def __init__(self, schema: pa.Schema, fetch: Callable[[], pa.Table], limit: int | None = None) -> None:
        self._schema, self._fetch, self._limit = schema, fetch, limit

    @property
    def columns(self) -> tuple[str, ...]:
        """Names, in order."""
        return tuple(self._schema.names)

    @property
    def types(self) -> tuple[str, ...]:
        """Arrow's types, in order."""
        return tuple(map(str, self._schema.types))

    @property
    def aggregated(self) -> dict[str, str]:
        """See `Rows.aggregated`."""
        found = (self._schema.metadata or {}).get(AGGREGATED.encode())
        return dict(json.loads(found)) if found else {}

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows; times are aware UTC datetimes."""
        table = self.arrow()
        return list(zip(*(_plain(column) for column in table.columns), strict=True)) if table.num_columns else []

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row; None if there is none. The server computes all of them."""
        found = self.limit(1).fetchall()
        return found[0] if found else None

    def limit(self, rows: int) -> "RemoteRows":
        """The first `rows` rows; the others are fetched too, and left out."""
        return RemoteRows(self._schema, self._fetch, int(rows))

    def arrow(self) -> pa.Table:
        """A PyArrow table; see `Rows.arrow`."""
        table = self._fetch()
        return table if self._limit is None else table.slice(0, self._limit)

    def df(self) -> Any:
        """A pandas DataFrame.

        Raises:
            MachineError: pandas is not installed.
        """
        _check_installed("pandas")
        return self.arrow().to_pandas()

    def pl(self) -> Any:
        """A polars DataFrame.

        Raises:
            MachineError: polars is not installed.
        """
        _check_installed("polars")
        import polars as pl  # noqa: PLC0415 -- needs an extra

        return pl.from_arrow(self.arrow())

    def __repr__(self) -> str:
        return str(self.limit(20).arrow())


def connect_remotely(
    address: str,
    token: str,
    *,
    role: str | None = None,
    purpose: str | None = None,
    ca: str | Path | None = None,
) -> RemoteConnection:
    """Connect to a server, and check that it takes the account: see `lakeward.connect`.

    Args:
        address: `host:port`, or `grpc://host:port` of a server without TLS.

    Raises:
        UsageError: Token, role or purpose can't be sent, or the policy has no such role or purpose.
        ProtectionError: The token is not valid, or the account has not the role or the purpose.
        MachineError: No server answers.
    """
    roots = Path(ca) if ca else None
    connection = RemoteConnection(ServerLogin(address=address, token=token, role=role, purpose=purpose, ca=roots))
    connection.sql("SELECT 1")
    return connection


def _headers(login: ServerLogin) -> list[tuple[bytes, bytes]]:
    """The headers of each call.

    Raises:
        UsageError: One can't be sent.
    """
    named = {"authorization": f"Bearer {login.token}", ROLE_HEADER: login.role, PURPOSE_HEADER: login.purpose}
    found = {name: value for name, value in named.items() if value}
    for name, value in found.items():
        if not (value.isascii() and value.isprintable()):
            raise UsageError("server_header_text", name=_HEADER_WORDS[name])
        if len(value) > _LONGEST_HEADER:
            raise UsageError("server_header_long", name=_HEADER_WORDS[name], found=len(value), expected=_LONGEST_HEADER)
    return [(name.encode(), value.encode()) for name, value in found.items()]


def _values(parameters: Parameters) -> bytes:
    """The values as a table of one row.

    Raises:
        UsageError: One has no type in Arrow.
    """
    named = parameters if isinstance(parameters, Mapping) else {str(at): value for at, value in enumerate(parameters, start=1)}
    columns = {}
    for at, (name, value) in enumerate(named.items(), start=1):
        try:
            columns[name] = pa.array([value])
        except (pa.ArrowException, OverflowError, UnicodeError):
            raise UsageError("flight_parameter_type", at=at, found=type(value).__name__) from None
    return messages.write_values(pa.table(columns))


def _plain(column: pa.ChunkedArray) -> Sequence[Any]:
    values: list[Any] = column.to_pylist()
    if not pa.types.is_timestamp(column.type) or column.type.tz is None:
        return values
    return [value and value.astimezone(UTC) for value in values]


def _check_installed(package: str) -> None:
    if find_spec(package) is None:
        raise MachineError("extra_missing", extra="analyst")


def _catalogue_table(found: dict[str, Any]) -> CatalogueTable:
    return CatalogueTable(
        **found
        | {
            "table": TableName.parse(found["table"]),
            "grade": found["grade"] and Grade(found["grade"]),
            "columns": tuple(found["columns"]),
            "hidden": tuple(found["hidden"]),
            "score": None if found["score"] is None else Decimal(str(found["score"])),
            "updated": found["updated"] and datetime.fromisoformat(found["updated"]),
        }
    )


def _explanation(found: dict[str, Any]) -> MaskExplanation:
    options = tuple(
        PurposeOption(purpose=one["purpose"], action=Action(one["action"]), approvers=tuple(one["approvers"]))
        for one in found["options"]
    )
    own = {"action": Action(found["action"]), "options": options, "filters": tuple(found["filters"])}
    own |= {"grade": found["grade"] and Grade(found["grade"]), "state": found["state"] and GradeState(found["state"])}
    return MaskExplanation(**found | own)

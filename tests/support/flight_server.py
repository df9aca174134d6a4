"""A server in a process of its own, and clients that speak to it without a library: what one may send that no library would."""

import os
import re
import signal
import subprocess
import sys
from base64 import b64encode
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from pyarrow import flight

from lakeward.flows import NewAccount
from lakeward.serving.flight_sql import messages
from lakeward.serving.flight_sql.messages import Statement
from support.accounts import ANALYST, STEWARD, make_accounts

COMMAND = "from lakeward.cli.main import main; main()"
# The client's own `get_schema` raises OSError for every failure.
ERRORS = (flight.FlightError, pa.ArrowException, OSError)
READY = re.compile(r"Serving on \S+:(\d+)\.")
ENGINEER = NewAccount(name="hu.ke", person="Hu Ke", roles=("engineer",))
BOTH = NewAccount(name="sun.li", person="Sun Li", roles=("analyst", "steward"))


class ServerProcess:
    """`lakeward serve` over a project."""

    def __init__(self, root, *options, insecure=True):
        self.root, self.options = Path(root), [*options, *(["--insecure"] if insecure else [])]
        self.process, self.port, self.variables, self.folder = None, 0, {}, None

    def start(self, port=0):
        words = ["--project", str(self.root), "serve", "--port", str(port), *map(str, self.options)]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("LAKEWARD_")} | self.variables  # noqa: TID251
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
            cwd=self.folder,
        )
        line = self.process.stdout.readline()
        found = READY.search(line)
        if not found:
            raise AssertionError(line + self.process.communicate(timeout=30)[1])
        self.port = int(found[1])
        return self

    @property
    def address(self):
        return f"grpc://127.0.0.1:{self.port}"

    def workers(self):
        """Ids of the processes that answer."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(number) for task in tasks for number in task.read_text(encoding="ascii").split()]

    def stop(self, number=signal.SIGTERM, timeout=30):
        """Ends it; returns its exit code and what it wrote."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=timeout)
        return self.process.returncode, out, err


def run_serve(root, *words):
    """The command where it ends by itself."""
    command = [sys.executable, "-c", COMMAND, "--project", str(root), "serve", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@contextmanager
def running_server(root, *options):
    """A server, ended at the end."""
    server = ServerProcess(root, *options).start()
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)


def accounts_of(settings):
    """Settings of an analyst, a steward, an engineer and one who is analyst and steward, by name of the role."""
    found = make_accounts(settings, ANALYST, STEWARD, ENGINEER, BOTH)
    names = {"analyst": ANALYST, "steward": STEWARD, "engineer": ENGINEER, "both": BOTH, "admin": None}
    return {role: found[account.name if account else "zhou.min"] for role, account in names.items()}


def token_header(token):
    return (b"authorization", f"Bearer {token}".encode())


def basic_header(name, token, *, padded=True):
    content = b64encode(f"{name}:{token}".encode())
    return (b"authorization", b"Basic " + (content if padded else content.rstrip(b"=")))


def options_of(settings, role=None, **more):
    headers = [token_header(settings.token)] + ([(b"lakeward-role", role.encode())] if role else [])
    return flight.FlightCallOptions(headers=headers, **more)


def statement_ticket(text, values=None):
    return flight.Ticket(messages.pack(messages.TICKET, (1, Statement(text, values).handle)))


def command(name, *fields):
    return flight.FlightDescriptor.for_command(messages.pack(name, *fields))


class Client:
    """Calls of one caller."""

    def __init__(self, server, settings, role=None, **more):
        self.flight = flight.FlightClient(server.address)
        self.options = options_of(settings, role, **more)

    def rows(self, text):
        """By one call: the ticket is the statement."""
        return to_rows(self.flight.do_get(statement_ticket(text), self.options).read_all())

    def by_statement(self, text):
        info = self.flight.get_flight_info(command(messages.QUERY, (1, text.encode())), self.options)
        return to_rows(self.flight.do_get(info.endpoints[0].ticket, self.options).read_all())

    def by_prepared(self, text):
        found = messages.unpack(self.prepare(text))
        prepared = command(messages.PREPARED, (1, found.bytes_of(1)))
        info = self.flight.get_flight_info(prepared, self.options)
        return to_rows(self.flight.do_get(info.endpoints[0].ticket, self.options).read_all())

    def by_schema(self, text):
        return self.flight.get_flight_info(command(messages.QUERY, (1, text.encode())), self.options).schema

    def prepare(self, text):
        action = flight.Action("CreatePreparedStatement", messages.pack(messages.CREATE, (1, text.encode())))
        (result,) = self.flight.do_action(action, self.options)
        return result.body.to_pybytes()

    def ask(self, name, *fields):
        """A question about metadata."""
        info = self.flight.get_flight_info(command(name, *fields), self.options)
        table = self.flight.do_get(info.endpoints[0].ticket, self.options).read_all()
        assert table.schema.equals(info.schema, check_metadata=True)
        return table

    def close(self):
        self.flight.close()


def to_rows(table):
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def failure(call, *values):
    """The error of a call, as the client sees it: kind and text."""
    try:
        found = call(*values)
    except ERRORS as error:
        return error
    raise AssertionError(f"it was answered: {found!s:.300}")


def is_unauthenticated(error):
    return isinstance(error, flight.FlightUnauthenticatedError) or "Detail: Unauthenticated" in str(error)


def code_of(error):
    """The code that stands first in the text of an error."""
    return str(error).partition(":")[0]


def outcome(call, *values):
    """What a call returned, and its error, of which one is None."""
    try:
        return call(*values), None
    except ERRORS as error:
        return None, error

"""Whatever dies, no client takes a short answer for a whole one, and no entry of the log is lost."""

import os
import random
import resource
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import flight

from lakeward.flows import verify_logs
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.flight_server import Client, code_of, failure, statement_ticket

LARGE = "select range as n, hash(range) as h from range(3000000)"
ERRORS = (flight.FlightError, pa.ArrowException, OSError)


def entries(settings):
    with open_workspace(settings).engine() as engine:
        return governance.read_rows(engine, "access_log", order="session_id, seq")


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def answer_again(served, role="analyst"):
    """The answer of a new client, once the server has recovered."""
    found = []

    def ask():
        try:
            found.append(Client(served.server, served.accounts[role]).rows("select 5"))
        except ERRORS:
            return False
        return True

    wait_for(ask)
    return found[-1]


def read_while(served, act, choice):
    """Read a large answer, and act in the middle of it; the rows that came, and the error."""
    client = Client(served.server, served.accounts["analyst"])
    rows = 0
    stop_after = choice.randint(0, 20)
    try:
        reader = client.flight.do_get(statement_ticket(LARGE), client.options)
        for number, chunk in enumerate(reader):
            rows += chunk.data.num_rows
            if number == stop_after:
                act()
    except ERRORS as error:
        return rows, error
    return rows, None


def kill_workers(server):
    for pid in server.workers():
        os.kill(pid, signal.SIGKILL)


def storm_of_workers(served, rounds, seed):
    choice, ended = random.Random(seed), 0
    for _ in range(rounds):
        rows, error = read_while(served, lambda: kill_workers(served.server), choice)
        assert error is not None or rows == 3_000_000
        ended += error is not None
        time.sleep(choice.random() * 0.1)
        if ended % 4 == 0:  # five deaths within a minute close a role for that long
            served.server.stop(signal.SIGTERM)
            served.server.start()
        assert answer_again(served) == [(5,)]
    return ended


@pytest.mark.exhaustive
def test_a_worker_that_is_killed_ends_its_statements_in_an_error(own_server):
    served = own_server()
    served.server.start()
    assert storm_of_workers(served, 3, 1) == 3
    served.server.stop()
    found = [row for row in entries(served.settings) if row["code"] == "server_worker_lost"]
    assert len(found) >= 3
    assert {row["verdict"] for row in found} == {"failed"}


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
def test_workers_killed_at_any_moment(own_server):
    served = own_server()
    served.server.start()
    assert storm_of_workers(served, 50, 2) >= 45


@pytest.mark.exhaustive
def test_a_worker_that_keeps_dying_is_not_started_for_ever(own_server):
    served = own_server()
    served.server.start()
    client = served.client("analyst")
    codes = set()
    end = time.monotonic() + 200  # a slow machine starts few workers within the minute that counts
    while "server_worker_closed" not in codes and time.monotonic() < end:
        try:
            client.rows("select 1")
            kill_workers(served.server)
        except ERRORS as error:
            codes.add(code_of(error))
            time.sleep(0.1)
    assert "server_worker_closed" in codes
    assert served.client("steward").rows("select 1") == [(1,)]


def kill_server(served, choice):
    """Read, and kill the gateway in the middle; the entries that were on disk are in the log after the next start."""
    workers = []

    def kill():
        workers.extend(served.server.workers())
        os.kill(served.server.process.pid, signal.SIGKILL)

    rows, error = read_while(served, kill, choice)
    assert error is not None or rows == 3_000_000
    served.server.stop()
    assert workers
    wait_for(lambda: not any(map(is_alive, workers)))  # they end with their gateway
    served.server.start()
    return rows


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_gateway_that_is_killed_loses_no_entry(own_server):
    served = own_server()
    served.server.start()
    served.client("analyst").rows("select 1")
    rows = kill_server(served, random.Random(3))
    assert answer_again(served) == [(5,)]
    served.server.stop()
    found = entries(served.settings)
    if rows:
        assert "started" in {row["verdict"] for row in found}
    assert verify_logs(served.settings).faults == ()


def folders(root):
    return sorted(path.name for path in root.glob("lakeward-server-*"))


@pytest.mark.exhaustive
def test_a_start_deletes_the_folders_of_killed_servers_alone(own_server, tmp_path):
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    one, other = own_server(), own_server()
    for served in (one, other):
        served.server.variables = {"TMPDIR": str(scratch)}
        served.server.start()
    killed, living = folders(scratch)
    if folders_of(one, scratch) != {killed}:
        killed, living = living, killed
    one.client("analyst").rows("select 1")
    one.server.stop(signal.SIGKILL)
    (scratch / "lakeward-server-file").write_text("not a folder")
    (scratch / "lakeward-server-open").mkdir(mode=0o755)
    (scratch / "lakeward-server-link").symlink_to(scratch / living)
    assert killed in folders(scratch)
    one.server.start()
    left = folders(scratch)
    assert killed not in left
    assert living in left
    assert {"lakeward-server-file", "lakeward-server-link", "lakeward-server-open"} <= set(left)
    assert len(left) == 5
    assert other.client("analyst").rows("select 2") == [(2,)]
    for served in (one, other):
        served.server.stop()
    assert len(folders(scratch)) == 3


def folders_of(served, scratch):
    """Names of the folders that a server has open."""
    targets = (Path(os.readlink(file)) for file in Path(f"/proc/{served.server.process.pid}/fd").iterdir())  # noqa: PTH115
    return {path.name for path in targets if path.parent == scratch}


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
def test_gateways_killed_at_any_moment(own_server):
    served = own_server()
    served.server.start()
    choice = random.Random(4)
    read = 0
    for _ in range(50):
        read += kill_server(served, choice) > 0
    assert answer_again(served) == [(5,)]
    served.server.stop()
    found = entries(served.settings)
    assert sum(row["verdict"] == "started" for row in found) >= read
    assert verify_logs(served.settings).faults == ()


@pytest.mark.exhaustive
def test_no_rows_leave_when_the_log_cannot_be_written(own_server):
    served = own_server()
    served.server.start()
    client = served.client("analyst")
    client.rows("select 1")
    folder = served.settings.start / "lake/.access"
    with limited_file_size(served.server.process.pid):
        reader = client.flight.do_get(statement_ticket("select visit from silver.visits"), client.options)
        error = failure(reader.read_all)
    assert code_of(error) == "server_internal"
    assert str(folder) not in str(error)


class limited_file_size:  # noqa: N801
    """Lets a process write no file further, as on a full disk."""

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        self.before = resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))

    def __exit__(self, *_):
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, self.before)


@pytest.mark.exhaustive
def test_statements_end_before_a_server_that_is_stopped(own_server):
    served = own_server()
    served.server.start()
    client = served.client("analyst")
    reader = client.flight.do_get(statement_ticket(LARGE), client.options)
    rows = reader.read_chunk().data.num_rows
    served.server.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    late = failure(Client(served.server, served.accounts["analyst"]).rows, "select 1")
    assert code_of(late) == "server_stopping" or isinstance(late, flight.FlightUnavailableError)
    for chunk in reader:
        rows += chunk.data.num_rows
    assert rows == 3_000_000
    code, out, err = served.server.stop()
    assert (code, err) == (0, "")
    assert "Stopping" in out
    found = entries(served.settings)
    assert [row["verdict"] for row in found if row["rows_out"] == 3_000_000] == ["allowed"]


@pytest.mark.exhaustive
def test_a_stopped_server_interrupts_what_does_not_end(own_server):
    served = own_server()
    served.server.start()
    client = served.client("analyst")
    client.rows("select 1")
    endless = "select count(*) from range(100000000000) a, range(9) b"
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(failure, client.rows, endless)
        time.sleep(1)
        start = time.monotonic()
        served.server.process.send_signal(signal.SIGINT)
        assert code_of(asked.result()) == "server_stopping"
    code, _, err = served.server.stop()
    assert (code, err) == (0, "")
    assert time.monotonic() - start < 20
    assert "server_stopping" in {row["code"] for row in entries(served.settings)}

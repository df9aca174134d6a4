"""Events reach a receiver over HTTP; one that is dead costs little, loses nothing, and gets all of it when it lives again."""

import json
import os
import socket
import threading
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import process_time, time

import pytest

from lakeward.core.errors import SettingsError
from lakeward.flows import ingest_dataset, read_project_status
from lakeward.flows.base.lineage_receiver import TIMEOUT
from lakeward.flows.base.workspace import open_workspace
from lakeward_lineage import FileTransport, HttpTransport, LineageError, Outbox, ReceiverQueue
from support.lease_holders import other_process
from support.linkless import queue_without_links
from support.plant import csv_line, make_plant

# Seconds that a dead receiver may cost per event.
MOST = 0.025
EVENTS = 200


class Receiver(BaseHTTPRequestHandler):
    """Remembers what was posted, and answers with the status of the server."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, self.headers.get("Authorization"), json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    with running_receiver(201) as server:
        yield server


@contextmanager
def running_receiver(status):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.seen, server.status = [], status
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def name_receiver(plant, port, extra=""):
    file = plant.root / "expectations" / "project.yaml"
    file.write_text(file.read_text() + f"lineage_receiver: {{url: 'http://127.0.0.1:{port}'{extra}}}\n")


def make_event(number):
    run = f"{number:08}-0000-4000-8000-000000000000"
    return {"eventType": "COMPLETE", "eventTime": f"2026-03-01T00:{number // 60:02}:{number % 60:02}Z", "run": {"runId": run}}


def queue_of(plant):
    return ReceiverQueue(open_workspace(plant.settings).files / "lineage" / "receiver")


def test_every_event_of_a_run_reaches_the_receiver_once_and_in_order(receiver, tmp_path):
    plant = make_plant(tmp_path / "plant")
    name_receiver(plant, receiver.server_port)
    plant.drop("a.csv", csv_line("M1", 0, 20.5))
    ingest_dataset(plant.settings, "press_line")
    stored = [json.loads(line) for line in (plant.root / "lake" / "lineage" / "events.jsonl").read_text().splitlines()]
    assert [event for _, _, event in receiver.seen] == stored
    assert {path for path, _, _ in receiver.seen} == {"/api/v1/lineage"}
    ingest_dataset(plant.settings, "press_line")
    assert len(receiver.seen) == len(stored)


def test_a_dead_receiver_costs_no_run_its_end_and_gets_all_events_later(receiver, tmp_path):
    plant = make_plant(tmp_path / "plant")
    name_receiver(plant, receiver.server_port)
    receiver.status = 503
    plant.drop("a.csv", csv_line("M1", 0, 20.5))
    assert ingest_dataset(plant.settings, "press_line").batches == 1
    waiting = queue_of(plant).waiting()
    assert (waiting > 2, len(receiver.seen)) == (True, 1)
    (told,) = read_project_status(plant.settings).tasks
    assert (told.code, told.facts["waiting"]) == ("next_lineage_waiting", waiting)
    receiver.status = 201
    ingest_dataset(plant.settings, "press_line")
    assert len(receiver.seen) == 1  # it is left alone for a while
    (plant.root / "lake" / "lineage" / "receiver" / ".failed").unlink()
    ingest_dataset(plant.settings, "press_line")
    assert (queue_of(plant).waiting(), len(receiver.seen)) == (0, waiting + 1)
    assert read_project_status(plant.settings).tasks == ()


def test_an_event_that_the_receiver_rejects_is_kept_and_stops_no_other(receiver, tmp_path):
    outbox, queue = Outbox(tmp_path), ReceiverQueue(tmp_path / "receiver")
    for number in range(3):
        outbox.append(make_event(number))
    queue.add(outbox.pending())
    receiver.status = 422
    assert queue.deliver(lambda: HttpTransport(f"http://127.0.0.1:{receiver.server_port}")) == 0
    assert (queue.waiting(), len([*(tmp_path / "receiver" / "refused").iterdir()])) == (0, 3)


@contextmanager
def silent():
    """An address that takes connections, and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def failing():
    """A receiver that answers with status 500."""
    with running_receiver(500) as server:
        yield f"http://127.0.0.1:{server.server_port}"


DEAD = {
    "refused port": partial(nullcontext, "http://127.0.0.1:1"),
    "takes and never answers": silent,
    "status 500": failing,
    "no such name": partial(nullcontext, "http://no-such-receiver.invalid"),
}


@pytest.mark.parametrize("kind", DEAD)
def test_a_dead_receiver_costs_at_most_25_ms_per_event_and_gets_all_of_them_when_it_lives(kind, receiver, tmp_path):
    """Runs of eight events, each long after the one before. CPU time, and the waits in vain: wall time on a busy machine says little."""
    outbox, queue = Outbox(tmp_path), ReceiverQueue(tmp_path / "receiver", rest=0)
    HttpTransport("http://127.0.0.1:1")  # what is imported once is no cost of an event
    spent = 0.0
    with DEAD[kind]() as url:
        for number in range(EVENTS):
            outbox.append(make_event(number))
            if number % 8 == 7:
                spent += queue_and_deliver(outbox, queue, url, tmp_path / "events.jsonl")
    assert (queue.waiting(), receiver.seen) == (EVENTS, [])
    assert (spent + float((tmp_path / "receiver" / ".failed").read_text())) / EVENTS <= MOST
    (tmp_path / "receiver" / ".failed").unlink()
    await_senders()
    assert queue.deliver(lambda: HttpTransport(f"http://127.0.0.1:{receiver.server_port}")) == EVENTS
    assert [event for _, _, event in receiver.seen] == [make_event(number) for number in range(EVENTS)]


def await_senders():
    """Wait for what still goes on in the background."""
    for thread in threading.enumerate():
        if thread.name == "lineage-receiver":
            thread.join(20)


def queue_events(folder, count, *, first=0):
    outbox, queue = Outbox(folder), ReceiverQueue(folder / "receiver", rest=0)
    for number in range(first, first + count):
        outbox.append(make_event(number))
    queue.add(outbox.pending())
    return queue


def fail_before(folder, seconds):
    """A silence of one second, so long ago."""
    failed = folder / "receiver" / ".failed"
    failed.write_text("1.000")
    os.utime(failed, (time() - seconds,) * 2)


def test_a_quiet_plant_delivers_with_its_next_events_once_the_receiver_is_back(receiver, tmp_path):
    queue_events(tmp_path, 4)
    fail_before(tmp_path, 0)
    deliver_to_end(queue_events(tmp_path, 12, first=4), receiver)
    assert [event for _, _, event in receiver.seen] == [make_event(number) for number in range(16)]


def deliver_to_end(queue, receiver):
    """Deliver, also where this machine is slower than a short try."""
    with suppress(LineageError):
        queue.deliver(lambda: HttpTransport(f"http://127.0.0.1:{receiver.server_port}"))
    await_senders()


@pytest.mark.parametrize(("seconds", "taken"), [(300, 0), (601, 4)])
def test_without_new_events_a_receiver_is_tried_every_ten_minutes(receiver, tmp_path, seconds, taken):
    queue = queue_events(tmp_path, 4)
    for file in (tmp_path / "receiver").glob("*.json"):
        os.utime(file, (time() - 700,) * 2)
    fail_before(tmp_path, seconds)
    deliver_to_end(queue, receiver)
    assert len(receiver.seen) == taken


def test_a_short_try_that_is_in_vain_costs_its_share_alone(tmp_path):
    queue_events(tmp_path, 0)
    fail_before(tmp_path, 1)
    queue = queue_events(tmp_path, 12)
    with silent() as url, pytest.raises(LineageError, match=r"within 0\.12 s"):
        queue.deliver(lambda: HttpTransport(url, timeout=0.2))
    assert float((tmp_path / "receiver" / ".failed").read_text()) < 1.5
    await_senders()


def test_one_sends_at_a_time_and_takes_what_comes_meanwhile(receiver, tmp_path):
    """A second sender leaves all to the first, which is held at its first event."""
    queue, may_go, asked = queue_events(tmp_path, 3), threading.Event(), threading.Event()

    class Held(HttpTransport):
        def send(self, event):
            asked.set()
            may_go.wait(5)
            super().send(event)

    first = threading.Thread(target=queue.deliver, args=(partial(Held, f"http://127.0.0.1:{receiver.server_port}"),))
    first.start()
    asked.wait(5)
    assert queue_events(tmp_path, 2, first=3).deliver(lambda: HttpTransport("http://127.0.0.1:1")) == 0
    may_go.set()
    first.join()
    assert [event for _, _, event in receiver.seen] == [make_event(number) for number in range(5)]


def test_a_folder_that_cannot_be_written_is_a_clear_error(receiver, tmp_path):
    queue = queue_events(tmp_path, 3)
    (tmp_path / "receiver" / "refused").write_text("in the way")
    receiver.status = 422
    with pytest.raises(LineageError, match=r"can't be sent \(FileExistsError\); check the disk"):
        queue.deliver(lambda: HttpTransport(f"http://127.0.0.1:{receiver.server_port}"))
    assert queue.waiting() == 3


def queue_and_deliver(outbox, queue, url, sent):
    """Seconds of the processor for eight events that no one takes."""
    started = process_time()
    queue.add(outbox.pending())
    with suppress(LineageError):
        queue.deliver(lambda: HttpTransport(url, timeout=TIMEOUT))
    used = process_time() - started
    outbox.deliver(FileTransport(sent))
    return used


def test_events_are_queued_where_the_file_system_has_no_hard_links(tmp_path):
    with other_process(queue_without_links, tmp_path, make_event(1)) as (_, pipe):
        assert pipe.recv() == 1


def test_a_secret_that_is_not_set_is_named(receiver, tmp_path):
    plant = make_plant(tmp_path / "plant")
    name_receiver(plant, receiver.server_port, ", secret: marquez")
    plant.drop("a.csv", csv_line("M1", 0, 20.5))
    with pytest.raises(SettingsError, match="LAKEWARD_SECRET_MARQUEZ"):
        ingest_dataset(plant.settings, "press_line")
    assert queue_of(plant).waiting() > 2

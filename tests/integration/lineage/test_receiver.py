"""Events reach a receiver over HTTP; one that is dead costs little, loses nothing, and gets all of it when it lives again."""

import json
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import perf_counter

import pytest

from lakeward.core.errors import SettingsError
from lakeward.flows import ingest_dataset
from lakeward.flows.base.workspace import open_workspace
from lakeward_lineage import HttpTransport, LineageError, Outbox, ReceiverQueue
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
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.seen, server.status = [], 201
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def name_receiver(plant, port, extra=""):
    file = plant.root / "expectations" / "project.yaml"
    file.write_text(file.read_text() + f"lineage: {{url: 'http://127.0.0.1:{port}'{extra}}}\n")


def make_event(number):
    run = f"{number:08}-0000-4000-8000-000000000000"
    return {"eventType": "COMPLETE", "eventTime": f"2026-03-01T00:00:{number % 60:02}Z", "run": {"runId": run}}


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
    receiver.status = 201
    ingest_dataset(plant.settings, "press_line")
    assert len(receiver.seen) == 1  # it is left alone for a while
    (plant.root / "lake" / "lineage" / "receiver" / ".failed").unlink()
    ingest_dataset(plant.settings, "press_line")
    assert (queue_of(plant).waiting(), len(receiver.seen)) == (0, waiting + 1)


def test_an_event_that_the_receiver_rejects_is_kept_and_stops_no_other(receiver, tmp_path):
    outbox, queue = Outbox(tmp_path), ReceiverQueue(tmp_path / "receiver")
    for number in range(3):
        outbox.append(make_event(number))
    queue.add(outbox.pending())
    receiver.status = 422
    assert queue.deliver(lambda: HttpTransport(f"http://127.0.0.1:{receiver.server_port}")) == 0
    assert (queue.waiting(), len([*(tmp_path / "receiver" / "refused").iterdir()])) == (0, 3)


def test_a_receiver_that_never_answers_costs_at_most_25_ms_per_event(tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        outbox, queue = Outbox(tmp_path), ReceiverQueue(tmp_path / "receiver")
        HttpTransport("http://127.0.0.1:1")  # what is imported once is no cost of an event
        spent = 0.0
        for number in range(EVENTS):
            before = {*outbox.pending()}
            outbox.append(make_event(number))
            new = {*outbox.pending()} - before
            started = perf_counter()
            queue.add(new)
            with suppress(LineageError):
                queue.deliver(lambda: HttpTransport(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=1.0))
            spent += perf_counter() - started
    assert queue.waiting() == EVENTS
    assert spent / EVENTS <= MOST


def test_a_secret_that_is_not_set_is_named(receiver, tmp_path):
    plant = make_plant(tmp_path / "plant")
    name_receiver(plant, receiver.server_port, ", secret: marquez")
    plant.drop("a.csv", csv_line("M1", 0, 20.5))
    with pytest.raises(SettingsError, match="LAKEWARD_SECRET_MARQUEZ"):
        ingest_dataset(plant.settings, "press_line")
    assert queue_of(plant).waiting() > 2

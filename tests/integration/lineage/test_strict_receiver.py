"""Every kind of event that the product sends is taken by a receiver that is stricter than the published schemas, and by the client for Java."""

import json

import pytest

from lakeward.flows import (
    curate_dataset,
    grade_all,
    ingest_dataset,
    lineage_impact,
    rebuild,
    repair_rows,
    replay_rows,
    restore_events,
)
from lakeward.flows.base.batch_context import BatchStep
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.quarantine.selection import Selection
from support.gold_plant import make_gold_plant, run_gold
from support.plant import csv_line
from support.quarantine_line import BY, HOT_ROWS, TENTHS
from support.strict_receiver import java_client, strict_receiver

# First words of the names of jobs.
KINDS = {"ingest", "curate", "repair", "replay", "grade", "notice"}


class StoppedError(Exception):
    """A step that does not end."""


def stop_when_published(step):
    if step is BatchStep.PUBLISHED:
        raise StoppedError


def send_every_kind(root, port):
    """Do what sends events: batches to gold, a repair and replay, a rebuild, grades, a notice, a step that fails, a lost end."""
    plant = make_gold_plant(root)
    file = plant.root / "expectations" / "project.yaml"
    file.write_text(file.read_text() + f"lineage_receiver: {{url: 'http://127.0.0.1:{port}'}}\n")
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 0, 20.6), csv_line("M2", 1, 999), "torn")
    run_gold(plant)
    repair_rows(plant.settings, "press_line", HOT_ROWS, TENTHS, BY)
    replay_rows(plant.settings, "press_line", Selection(), BY)
    rebuild(plant.settings, "press_line")
    rebuild(plant.settings, "temp_hourly")
    grade_all(plant.settings)
    lineage_impact(plant.settings, "silver.press_line.temp_degc", event="开尔文 from July")
    plant.drop("b.csv", csv_line("M1", 7, 21))
    with pytest.raises(StoppedError):
        ingest_dataset(plant.settings, "press_line", on_step=stop_when_published)
    ingest_dataset(plant.settings, "press_line")
    curate_dataset(plant.settings, "temp_hourly")
    lose_an_end(plant)
    restore_events(plant.settings)
    deliver_rest(plant)


def deliver_rest(plant):
    """Deliver what waits because the receiver was slow on a busy machine."""
    queue = plant.root / "lake" / "lineage" / "receiver"
    while [*queue.glob("[0-9]*.json")]:
        (queue / ".failed").unlink(missing_ok=True)
        open_workspace(plant.settings).deliver_lineage()


def lose_an_end(plant):
    for file in (plant.root / "lake" / "lineage" / "sent").iterdir():
        event = json.loads(file.read_text())
        if event["job"]["name"] == "ingest.press_line.silver" and event["eventType"] == "COMPLETE":
            file.unlink()
            return


def check_events(server, root):
    stored = [json.loads(line) for line in (root / "lake" / "lineage" / "events.jsonl").read_text().splitlines()]
    assert server.faults == []
    taken = {
        json.dumps(event, sort_keys=True) for event in server.taken
    }  # one that was answered late came twice, and out of order
    assert taken == {json.dumps(event, sort_keys=True) for event in stored}
    assert {event["job"]["name"].partition(".")[0] for event in server.taken} == KINDS
    assert {event["eventType"] for event in server.taken} == {"START", "COMPLETE", "FAIL"}


@pytest.mark.exhaustive
def test_every_kind_of_event_is_what_the_schemas_say(tmp_path):
    with strict_receiver() as server:
        send_every_kind(tmp_path / "plant", server.server_port)
        check_events(server, tmp_path / "plant")


@pytest.mark.exhaustive
def test_the_client_for_java_reads_every_kind_of_event_and_loses_nothing_of_it(tmp_path):
    with java_client() as check, strict_receiver(check) as server:
        assert check(json.dumps({"eventType": "ENDED"})) != []
        send_every_kind(tmp_path / "plant", server.server_port)
        check_events(server, tmp_path / "plant")

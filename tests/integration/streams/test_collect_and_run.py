"""From landed messages to silver, status and events, by the public functions; and what stops before anything is lost."""

import shutil
import threading
from datetime import UTC, datetime

import pytest

from lakeward.contracts.segment_bounds import SegmentBounds
from lakeward.core.errors import InvariantError, MachineError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows import collect, follow_dataset, project_status, run_dataset
from lakeward.sources.collectors.state import CollectorJournal
from lakeward.sources.segments import SegmentStore, SegmentWriter, message_schema
from support.command_line import run_command
from support.mqtt_plant import MqttPlant, reading
from support.segments import land_messages


@pytest.fixture
def plant(tmp_path):
    return MqttPlant(tmp_path / "plant", "mqtt://127.0.0.1:1")


@pytest.fixture
def settings(plant):
    return Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": "mqtt://127.0.0.1:1"})


@pytest.fixture
def store(plant):
    return SegmentStore.of_dataset(plant.root / "lake" / "landing", "line")


def test_messages_are_read_once_and_poison_is_kept(plant, settings, store):
    land_messages(store, [*map(reading, range(300)), ("umh/v1/x", b"{")])
    land_messages(store, [*map(reading, range(290, 400))])
    first, again = run_dataset(settings, "line"), run_dataset(settings, "line")
    counts = first.counts
    assert (counts.rows_in, counts.bronze, counts.rejects, counts.silver, counts.duplicates) == (411, 410, 1, 400, 10)
    assert (first.batches, again.batches) == (1, 0)
    [row] = plant.fetch("SELECT reason, detail, _file_seq, _row FROM rejects.line")
    assert (row["reason"], row["detail"], row["_file_seq"], row["_row"]) == (
        "reject_no_json_message",
        "decoder 1",
        1,
        301_000_001,
    )


def test_a_dataset_is_followed_until_it_is_stopped(settings, store):
    land_messages(store, [*map(reading, range(100))])
    stop, reports = threading.Event(), []

    def on_report(report):
        reports.append(report.counts.silver)
        if len(reports) == 1:
            land_messages(store, [*map(reading, range(100, 150))])
        else:
            stop.set()

    follow_dataset(settings, "line", stop, on_report, every=0.1)
    assert reports == [100, 50]


def test_status_says_what_a_collector_does_and_what_is_not_read(plant, settings, store):
    [before] = project_status(settings)
    assert ([before.source.state, before.source.running], before.next[0].code) == ([None, False], "next_collect")
    journal = CollectorJournal(folder=store.folder.parent, address="mqtt://broker", session="mqtt://broker x")
    journal.change("source_login_refused", address="mqtt://broker", reason="Bad user name or password")
    journal.write(7, 0.0)
    land_messages(store, [*map(reading, range(30))])
    [refused] = project_status(settings)
    source = refused.source
    assert (source.state, source.running, source.unlanded) == ("source_login_refused", True, 7)
    assert (source.segments, source.rows, source.bytes > 0) == (1, 30, True)
    assert refused.next[0].code == "source_login_refused"
    journal.event("source_sequence_gap", edge="G/E", lost=3)
    journal.change("source_stopped")
    journal.write(0, 1.0)
    run_dataset(settings, "line")
    [stopped] = project_status(settings)
    assert (stopped.source.segments, stopped.source.running, stopped.next[0].code) == (0, False, "next_collector_stopped")
    assert (before.source.gaps, stopped.source.gaps) == (0, 1)
    events = plant.fetch("SELECT event_number, kind FROM governance.source_events ORDER BY event_number")
    kinds = ["source_login_refused", "source_sequence_gap", "source_stopped"]
    assert [(row["event_number"], row["kind"]) for row in events] == list(enumerate(kinds, 1))
    run_dataset(settings, "line")
    assert len(plant.fetch("SELECT 1 FROM governance.source_events")) == 3


@pytest.mark.parametrize(
    ("state", "said"), [("segment_not_landed", "disk takes nothing"), ("segment_taken", "another collector")]
)
def test_a_collector_that_can_not_land_is_shown_like_any_other(plant, store, capsys, state, said):
    journal = CollectorJournal(folder=store.folder.parent, address="mqtt://broker")
    journal.change(state, folder="landing/line/segments", found="No space left on device", number=7)
    journal.write(7, 0.0)
    result = run_command(capsys, plant.root, "status")
    assert (result.code, said in " ".join(result.out.split())) == (0, True)


def test_a_collector_does_not_begin_again_where_the_lake_has_read_on(settings, store):
    land_messages(store, [reading(1)])
    run_dataset(settings, "line")
    shutil.rmtree(store.folder)
    failed = collect(settings, ["line"], threading.Event(), lambda *_: None)
    assert isinstance(failed["line"], InvariantError)
    assert failed["line"].code == "segment_missing"


def test_datasets_without_a_collector_are_refused(settings, plant):
    with pytest.raises(UsageError) as refused:
        collect(settings, ["other"], threading.Event(), lambda *_: None)
    assert refused.value.code == "dataset_not_found"


def test_an_unknown_connection_stops_its_dataset_only(plant):
    failed = collect(Settings.load(plant.root, environ={}), ["line"], threading.Event(), lambda *_: None)
    assert failed["line"].code == "connection_unknown"


def test_a_second_collector_ends_with_its_reason(settings, store):
    writer = SegmentWriter.open(store, SegmentBounds(), message_schema())
    failed = collect(settings, ["line"], threading.Event(), lambda *_: None)
    assert isinstance(failed["line"], MachineError)
    assert failed["line"].code == "collector_running"
    writer.add(("a", b"1", datetime.now(UTC), 1, False, False, None, None), 1, 0.0)
    writer.land()
    writer.close()

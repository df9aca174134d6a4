"""The history that a server by other people's hands keeps: read window by window, once, and a span of it at any time."""

import random
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import Span, backfill_dataset, lint_contracts, project_status, run_dataset
from support.mqtt_plant import MqttPlant, kill
from support.opcua_plant import CONTRACT, NodeServer, mapping

pytest.importorskip("asyncua", reason="asyncua is missing: pip install asyncua")
pytestmark = [pytest.mark.exhaustive, pytest.mark.timeout(600)]
TAGS, TICKS, KILLS = 5, 40, 15
# More than one answer of a server holds of a node.
MANY = 2300
KEYS = """\
      kind: opcua-history
      connection: plant_broker
      start: {start}
      settleSeconds: 1
      windowMinutes: {minutes}
"""
OLD = """\
      kind: opcua
      connection: plant_broker
      samplingMs: 50
      publishingMs: 200
      segmentSeconds: 1
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = NodeServer(tmp_path_factory.mktemp("server"), TAGS)
    for tick in range(TICKS):
        made.say(tick=tick)
        time.sleep(0.05)
    made.say(set=[[0, -1, "BadNoCommunication"], [1, 7.5, "UncertainLastUsableValue"]])
    time.sleep(1.5)
    yield made
    made.stop()


class History:
    def __init__(self, root, server, start, minutes=10, tags=TAGS):
        text = CONTRACT.replace(OLD, KEYS.format(start=start, minutes=minutes))
        assert "opcua-history" in text
        self.plant = MqttPlant(root, "", text)
        (self.plant.root / "expectations" / "datasets" / "line" / "series.csv").write_text(mapping(tags))
        url = f"opc.tcp://127.0.0.1:{server.port}/UA/plant"
        self.plant.environ["LAKEWARD_CONN_PLANT_BROKER"] = url
        self.settings = Settings.load(self.plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": url})

    def rows(self, layer="silver"):
        """By time, which bronze holds as text; of one millisecond, which a busy server gives to several, by value."""
        select = "SELECT series, CAST(value AS DOUBLE) AS value, CAST(quality AS INTEGER) AS quality"
        order = "series, CAST(ts AS TIMESTAMPTZ), value"
        return [tuple(row.values()) for row in self.plant.fetch(f"{select} FROM {layer}.line ORDER BY {order}")]


def _ago(minutes):
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat(timespec="seconds")


def _now():
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _ticks(history, layer):
    """Series -> the ticks of its values, in order of time."""
    found = {f"line0/tag{tag}": [] for tag in range(TAGS)}
    for series, value, _ in history.rows(layer):
        found[series].append(int(value) // 10_000)
    return found


def _expected(tag):
    return [float(tick * 10_000 + tag) for tick in range(TICKS)]


def test_each_value_of_the_history_is_read_once_with_its_quality(tmp_path, server):
    history = History(tmp_path / "plant", server, _ago(30))
    assert lint_contracts(history.settings, "line") == []
    counts = run_dataset(history.settings, "line").counts
    assert counts.rejects == counts.quarantine == 0
    rows = history.rows()
    for tag in range(TAGS):
        values = [value for series, value, quality in rows if series == f"line0/tag{tag}" and quality == 0]
        assert [value for value in values if value is not None and value >= tag][-TICKS:] == _expected(tag)
    assert ("line0/tag0", None, 2) in rows or ("line0/tag0", -1.0, 2) in rows
    assert ("line0/tag1", 7.5, 1) in rows
    assert run_dataset(history.settings, "line").counts.bronze == 0
    server.say(set=[[2, 99.5]])
    time.sleep(1.5)
    assert run_dataset(history.settings, "line").counts.silver == 1
    assert history.rows("bronze").count(("line0/tag2", 99.5, 0)) == 1
    [status] = project_status(history.settings)
    assert status.guarantee.code == "guarantee_settled"


def test_more_values_than_one_answer_holds_are_all_read(tmp_path, server):
    history = History(tmp_path / "plant", server, _now())
    for tick in range(MANY):
        server.say(tick=tick)
        time.sleep(0.002)
    time.sleep(1.5)
    assert run_dataset(history.settings, "line").counts.silver == TAGS * MANY
    assert _ticks(history, "silver") == {f"line0/tag{tag}": list(range(MANY)) for tag in range(TAGS)}


def test_killed_runs_read_each_value_once(tmp_path, server):
    history = History(tmp_path / "plant", server, _now(), minutes=1)
    dice, killed, stop, sent = random.Random(20261130), 0, threading.Event(), []

    def tick():
        while not stop.wait(0.05):
            server.say(tick=len(sent))
            sent.append(len(sent))

    ticking = threading.Thread(target=tick)
    ticking.start()
    while killed < KILLS:
        run = history.plant.drain()
        time.sleep(dice.uniform(0.8, 4))
        killed += run.poll() is None
        kill(run)
    stop.set()
    ticking.join()
    time.sleep(1.5)
    while run_dataset(history.settings, "line").batches:
        pass
    expected = {f"line0/tag{tag}": sent for tag in range(TAGS)}
    assert _ticks(history, "bronze") == expected
    assert _ticks(history, "silver") == expected


def test_a_span_is_read_beside_the_running_position_and_only_once(tmp_path, server):
    history = History(tmp_path / "plant", server, (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds"))
    assert run_dataset(history.settings, "line").counts.bronze == 0
    span = Span(_ago(30), _ago(0))
    report = backfill_dataset(history.settings, "line", span)
    assert report.counts.silver >= TAGS * TICKS
    again = backfill_dataset(history.settings, "line", span)
    assert (again.counts.bronze, [code for code, _ in again.warnings]) == (0, ["backfill_nothing_new"])
    assert run_dataset(history.settings, "line").counts.bronze == 0


def test_a_node_without_history_stops_the_run_and_is_named(tmp_path, server):
    history = History(tmp_path / "plant", server, _ago(30))
    file = history.plant.root / "expectations" / "datasets" / "line" / "series.csv"
    file.write_text(mapping(1) + "nsu=urn:plant;s=recipe,line0/recipe,,string,,,,\n")
    with pytest.raises(LakewardError) as failed:
        run_dataset(history.settings, "line")
    assert (failed.value.code, failed.value.facts["node"]) == ("opcua_without_history", "nsu=urn:plant;s=recipe")


@pytest.mark.parametrize(("start", "code"), [("soon", "contract_value"), ("2026-01-01T00:00:00", "contract_value")])
def test_keys_that_are_not_valid_are_refused(tmp_path, server, start, code):
    history = History(tmp_path / "plant", server, f"'{start}'")
    [problem] = lint_contracts(history.settings, "line")
    assert problem.code == code

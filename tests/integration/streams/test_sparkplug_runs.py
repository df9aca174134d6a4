"""Landed messages of Sparkplug B in runs: births are rows, a kill changes nothing, and what waited for a birth is read once."""

import json

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import Selection, Signature, lint_contracts, rebuild, replay_rows, run_dataset
from lakeward.flows.base.batch_context import BatchStep
from lakeward.flows.batch.ingest import ingest_dataset
from lakeward.sources.segments import SegmentStore
from support import sparkplug_bytes as sp
from support.mqtt_plant import MqttPlant
from support.sparkplug_bytes import aliased, bd_seq, metric, payload
from support.sparkplug_segments import CONTRACT, T0, Connection

NBIRTH, NDATA, NDEATH = (f"spBv1.0/G/{kind}/E" for kind in ("NBIRTH", "NDATA", "NDEATH"))
BIRTH = NBIRTH, payload(metric("a", sp.INT32, 0, alias=1, unit="bar"), bd_seq(0), ts=T0 + 50, seq=0)
STEPS = [BatchStep.PINNED, BatchStep.REJECTS, BatchStep.BRONZE, BatchStep.PUBLISHED, BatchStep.RUNS]


class Killed(BaseException):
    """Ends a run as a kill does: nothing of it goes on."""


@pytest.fixture
def plant(tmp_path):
    return MqttPlant(tmp_path / "plant", "mqtt://127.0.0.1:1", CONTRACT)


@pytest.fixture
def settings(plant):
    return Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": "mqtt://127.0.0.1:1"})


@pytest.fixture
def connection(plant):
    return Connection(SegmentStore.of_dataset(plant.root / "lake" / "landing", "line"))


def data(number, value, **more):
    return NDATA, payload(aliased(1, sp.INT32, value, **more), ts=T0 + value, seq=number)


def silver(plant):
    rows = plant.fetch("SELECT value FROM silver.line WHERE series = 'G/E//a' AND value IS NOT NULL ORDER BY ts")
    return [int(row["value"]) for row in rows]


def test_data_before_its_birth_is_read_when_that_came(plant, settings, connection):
    connection.land([data(5, 1), data(6, 2)])
    first = run_dataset(settings, "line")
    assert (first.counts.rejects, first.counts.silver) == (2, 0)
    connection.ask()
    connection.land([BIRTH])
    run_dataset(settings, "line")
    connection.land([data(1, 60)])
    run_dataset(settings, "line")
    assert silver(plant) == [0, 60]
    selection = Selection(rules=("reject_no_birth",))
    report = replay_rows(settings, "line", selection, Signature("li.wei", None, None))
    assert report.counts.bronze == 2
    assert silver(plant) == [1, 2, 0, 60]
    again = replay_rows(settings, "line", selection, Signature("li.wei", None, None))
    assert (again.batches, silver(plant)) == (0, [1, 2, 0, 60])


@pytest.mark.sampled(1)
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_leaves_the_same(plant, settings, connection, step):
    connection.land([BIRTH, data(1, 60)])
    run_dataset(settings, "line")
    other = payload(metric("x", sp.INT32, 0, alias=1), metric("a", sp.INT32, 0, alias=2), bd_seq(1), ts=T0 + 80, seq=0)
    connection.land(
        [
            data(2, 61),
            (NDEATH, payload(bd_seq(0))),
            (NBIRTH, other),
            (NDATA, payload(aliased(2, sp.INT32, 90), ts=T0 + 90, seq=1)),
        ]
    )

    def kill(at):
        if at is step:
            raise Killed

    with pytest.raises(Killed):
        ingest_dataset(settings, "line", on_step=kill)
    run_dataset(settings, "line")
    assert silver(plant) == [0, 60, 61, 0, 90]
    sessions = plant.fetch("SELECT segment, message, kind, metric, alias, unit FROM governance.source_sessions ORDER BY ALL")
    assert [(row["segment"], row["kind"], row["metric"], row["alias"], row["unit"]) for row in sessions] == [
        (1, "NBIRTH", "a", "1", "bar"),
        (1, "NBIRTH", "bdSeq", None, ""),
        (2, "NDEATH", None, None, None),
        (2, "NBIRTH", "a", "2", ""),
        (2, "NBIRTH", "bdSeq", None, ""),
        (2, "NBIRTH", "x", "1", ""),
    ]
    events = plant.fetch("SELECT kind, facts FROM governance.source_events ORDER BY event_number")
    assert [event["kind"] for event in events] == ["source_edge_born", "source_edge_died", "source_edge_born"]
    assert json.loads(events[0]["facts"]) == {"edge": "G/E", "device": "", "lost": 0, "metrics": 2}
    rebuild(settings, "line")
    assert silver(plant) == [0, 60, 61, 0, 90]


@pytest.mark.parametrize(
    "bad",
    ["groups: [a/b]", "edges: []", "hostId: a#", "rebirthSeconds: -1", "payload: json", "protocolVersion: 4", "groups: [a, a]"],
)
def test_keys_that_are_not_valid_are_refused_at_their_line(plant, bad):
    lines = [line for line in CONTRACT.splitlines() if bad.partition(":")[0] not in line]
    at = next(at for at, line in enumerate(lines) if "kind: sparkplug" in line)
    file = plant.root / "expectations" / "datasets" / "line" / "contract.odcs.yaml"
    file.write_text("\n".join([*lines[: at + 1], f"      {bad}", *lines[at + 1 :]]) + "\n")
    [found] = lint_contracts(Settings.load(plant.root), "line")
    assert found.line == at + 2


@pytest.mark.parametrize("physical", ["/a/b", "$grup", "whatever"])
def test_columns_that_no_metric_has_are_refused(plant, physical):
    file = plant.root / "expectations" / "datasets" / "line" / "contract.odcs.yaml"
    file.write_text(CONTRACT.replace("$message", physical))
    [found] = lint_contracts(Settings.load(plant.root), "line")
    assert found.line == next(at for at, line in enumerate(CONTRACT.splitlines(), 1) if "$message" in line)

"""Rejected messages are read again by a corrected contract: exactly once, also where it is killed at any step."""

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import Selection, Signature, list_quarantine, list_runs, rebuild, replay_rows, run_dataset, show_quarantine
from lakeward.flows.base.batch_context import BatchStep
from lakeward.sources.segments import SegmentStore
from support.mqtt_plant import CONTRACT, MqttPlant
from support.segments import land_messages

# As a sender writes it whose readings lie one level deeper than the contract says.
DEEP = b'{"data":{"timestamp_ms":%d,"value":%d.5}}'
WRONG = CONTRACT.replace(
    "      payload: umh\n", "      payload: json\n      layout: readings\n      records: /readings\n      time: /timestamp_ms\n"
)
RIGHT = WRONG.replace("/readings", "/data")
STEPS = [BatchStep.PINNED, BatchStep.REJECTS, BatchStep.BRONZE, BatchStep.PUBLISHED, BatchStep.VERDICTS, BatchStep.RUNS]


class Killed(BaseException):
    """Ends a run as a kill does: nothing of it goes on."""


@pytest.fixture
def plant(tmp_path):
    plant = MqttPlant(tmp_path / "plant", "mqtt://127.0.0.1:1", WRONG)
    store = SegmentStore.of_dataset(plant.root / "lake" / "landing", "line")
    land_messages(store, [("umh/v1/t0", DEEP % (1_772_366_400_000 + n, n)) for n in range(5)] + [("umh/v1/t0", b"{")])
    land_messages(store, [("umh/v1/t0", DEEP % (1_772_366_400_000 + n, n)) for n in range(5, 8)])
    return plant


@pytest.fixture
def settings(plant):
    return Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": "mqtt://127.0.0.1:1"})


def _correct(plant, text=RIGHT):
    (plant.root / "expectations" / "datasets" / "line" / "contract.odcs.yaml").write_text(text)


def _replay(settings, selection=Selection(), **options):  # noqa: B008 -- frozen
    return replay_rows(settings, "line", selection, Signature("li.wei", None, None), **options)


def _silver(plant):
    return [(row["series"], row["value"]) for row in plant.fetch("SELECT series, value FROM silver.line ORDER BY value")]


EXPECTED = [("umh/v1/t0", n + 0.5) for n in range(8)]


def test_a_corrected_contract_brings_rejected_messages_once(plant, settings):
    first = run_dataset(settings, "line")
    assert (first.counts.rows_in, first.counts.rejects, first.counts.silver) == (9, 9, 0)
    same = _replay(settings)
    assert (same.batches, [code for code, _ in same.warnings]) == (0, ["quarantine_nothing_open", "rejects_not_decoded"])
    _correct(plant)
    report = _replay(settings)
    assert (report.batches, report.counts.rows_in, report.counts.bronze, report.counts.silver) == (1, 8, 8, 8)
    assert ("rejects_not_decoded", {"dataset": "line", "segments": 1}) in report.warnings
    assert _silver(plant) == EXPECTED
    assert {row.rule: row.open for row in list_quarantine(settings)} == {"reject_no_json_message": 1, "reject_no_record": 0}
    [shown] = show_quarantine(settings, "line", 100)
    assert (shown.reasons, shown.state) == (("reject_no_json_message",), None)
    states = {row.state for row in show_quarantine(settings, "line", 100, include_closed=True)}
    assert states == {None, "replayed"}
    again = _replay(settings)
    assert (again.batches, again.counts.silver) == (0, 0)
    assert run_dataset(settings, "line").batches == 0
    [rejects] = plant.fetch("SELECT count(*) AS n FROM rejects.line")
    [bronze] = plant.fetch("SELECT count(*) AS n, count(DISTINCT (_file_seq, _row)) AS places FROM bronze.line")
    assert (rejects["n"], bronze) == (9, {"n": 8, "places": 8})
    [totals] = list_runs(settings)
    assert (totals.counts.bronze, totals.counts.silver) == (8, 8)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_brings_each_record_once(plant, settings, step):
    run_dataset(settings, "line")
    _correct(plant)

    def kill(at):
        if at is step:
            raise Killed

    with pytest.raises(Killed):
        _replay(settings, on_step=kill)
    _correct(plant, WRONG)  # a resumed batch reads by the contract with which it began
    run_dataset(settings, "line")
    assert _silver(plant) == EXPECTED
    _correct(plant)
    _replay(settings)
    [bronze] = plant.fetch("SELECT count(*) AS n, count(DISTINCT (_file_seq, _row)) AS places FROM bronze.line")
    assert bronze == {"n": 8, "places": 8}
    assert _silver(plant) == EXPECTED


def test_of_a_message_that_was_read_in_part_only_the_rejected_record_is_read(plant, settings):
    """A record whose neighbours are in bronze keeps its place, and these do not come twice."""
    store = SegmentStore.of_dataset(plant.root / "lake" / "landing", "line")
    _correct(plant, CONTRACT.replace("      payload: umh\n", "      payload: json\n      layout: readings\n      time: /ts\n"))
    land_messages(store, [("umh/v1/p", b'[{"ts":1772366400000,"value":1},{"ts":1772366400001},{"ts":1772366400002,"value":3}]')])
    run_dataset(settings, "line")
    before = plant.fetch("SELECT _file_seq, _row, reason FROM rejects.line WHERE _file_seq = 3")
    assert before == [{"_file_seq": 3, "_row": 1_000_002, "reason": "reject_no_reading"}]
    _correct(plant, CONTRACT.replace("      payload: umh\n", "      payload: json\n      layout: readings\n"))
    _replay(settings, Selection(rules=("reject_no_reading",)))
    places = plant.fetch("SELECT _row FROM bronze.line WHERE _file_seq = 3 ORDER BY _row")
    assert [row["_row"] for row in places] == [1_000_001, 1_000_002, 1_000_003]


@pytest.mark.exhaustive
def test_a_rebuild_brings_them_again(plant, settings):
    run_dataset(settings, "line")
    _correct(plant)
    _replay(settings)
    report = rebuild(settings, "line")
    assert (report.counts.bronze, report.counts.silver) == (8, 8)
    assert _silver(plant) == EXPECTED


def test_messages_of_a_segment_that_is_gone_stay_rejects(plant, settings):
    store = SegmentStore.of_dataset(plant.root / "lake" / "landing", "line")
    run_dataset(settings, "line")
    store.path(1).unlink()
    _correct(plant)
    report = _replay(settings)
    assert (report.batches, report.counts.silver) == (1, 3)
    assert ("rejects_not_decoded", {"dataset": "line", "segments": 1}) in report.warnings


def test_a_stream_that_went_on_keeps_its_newer_values(plant, settings):
    run_dataset(settings, "line")
    store = SegmentStore.of_dataset(plant.root / "lake" / "landing", "line")
    _correct(plant)
    land_messages(store, [("umh/v1/t0", DEEP % (1_772_366_400_000, 99))])
    run_dataset(settings, "line")
    _replay(settings)
    newest = plant.fetch("SELECT value FROM silver.line WHERE ts = TIMESTAMPTZ '2026-03-01 12:00:00+00'")
    assert [row["value"] for row in newest] == [99.5]

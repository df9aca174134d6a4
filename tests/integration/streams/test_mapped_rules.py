"""What `series.csv` and the events of a collector say becomes verdicts, without a rule written twice; on both engines."""

import json
from datetime import timedelta

import pytest

from lakeward.flows import Selection, Signature, project_status, rebuild, replay_rows
from lakeward.flows.base.workspace import open_workspace
from lakeward.quality.series.source_record import MAX_SPANS
from lakeward.sources.collectors.opcua.overflows import Overflows
from lakeward.sources.collectors.state import CollectorJournal
from support.both_engines import ALL_ENGINES
from support.command_line import run_command
from support.judging import expect
from support.mapped_line import NOON, MappedLine
from support.mqtt_plant import CONTRACT
from support.segments import land_messages

RANGED = ("umh/v1/a,line/a,,number,,,0,100,checked", "umh/v1/b,line/b,,number,,,0,100,", "umh/v1/c,line/c,,,10,,,,")
BY = Signature(by="li.wei", role=None, reason="range corrected")
LINE = "landing/line/series/00000000000000000001.csv:"


@pytest.fixture(params=ALL_ENGINES)
def line(request, tmp_path):
    return lambda *lines, **more: MappedLine(tmp_path, *lines, engine=request.param, **more)


UNITS = CONTRACT.replace(
    "      - {name: value, logicalType: number}\n",
    "      - name: value\n        logicalType: number\n        customProperties:\n"
    "          - {property: units, value: [Cel]}\n          - {property: unitColumn, value: unit}\n"
    "      - {name: unit, logicalType: string}\n",
)


def test_a_checked_range_quarantines_and_a_proposed_one_warns(line):
    made = line(*RANGED)
    report = made.run(("a", 0, 50), ("a", 1, 101), ("b", 0, 101), ("c", 0, 1), ("c", 100, 2), ("x", 0, 9999))
    assert (report.counts.silver, report.counts.quarantine) == (5, 1)
    assert made.values("quarantine") == [("line/a", 101.0)]
    assert made.verdicts(1) == {
        "series_range": ("FAIL", 2, 1, json.dumps({"mapping": [LINE + "2"]})),
        "series_proposed_range": ("FAIL", 1, 1, json.dumps({"mapping": [LINE + "3"]})),
        "series_interval": ("FAIL", 1, 1, json.dumps({"mapping": [LINE + "4"]})),
    }
    [row] = made.plant.fetch("SELECT _reasons FROM quarantine.line")
    assert json.loads(row["_reasons"]) == ["series_range:value"]


def test_a_message_late_in_its_segment_is_judged_by_the_version_of_its_time(line):
    made = line("umh/v1/a,line/a,,number,,,0,100,checked")
    late = [("a", at, 150 if at in (0, 4290, 4299) else 50) for at in range(4300)]  # above 2**32 as a place in its file
    assert made.run(*late).counts.quarantine == 3
    made.map("umh/v1/a,line/a,,number,,,0,200,checked")
    made.run(("a", 5000, 150), ("a", 5001, 201))
    assert made.values("quarantine") == [("line/a", value) for value in (150.0, 150.0, 150.0, 201.0)]
    rebuild(made.settings, "line")
    assert made.values("quarantine") == [("line/a", value) for value in (150.0, 150.0, 150.0, 201.0)]


def test_a_range_is_judged_in_the_units_of_the_contract(line):
    made = line("umh/v1/a,line/a,[degF],number,,,32,212,checked", "umh/v1/b,line/b,Cel,number,,,0,90,", contract=UNITS)
    made.run(("a", 0, 212), ("a", 1, 213), ("b", 2, 91))
    assert made.plant.fetch("SELECT series, value, unit FROM silver.line ORDER BY series") == [
        {"series": "line/a", "value": 100.0, "unit": "Cel"},
        {"series": "line/b", "value": 91.0, "unit": "Cel"},
    ]
    assert {rule: found[:3] for rule, found in made.verdicts(1).items()} == {
        "series_range": ("FAIL", 2, 1),
        "series_proposed_range": ("FAIL", 1, 1),
    }


def test_a_range_that_a_person_corrected_lets_replayed_rows_pass_and_changes_no_history(line):
    made = line(*RANGED)
    made.run(("a", 0, 50), ("a", 1, 101))
    made.map("umh/v1/a,line/a,,number,,,0,200,checked")
    assert replay_rows(made.settings, "line", Selection(), BY).counts.silver == 1
    assert made.run(("a", 2, 150), ("a", 3, 201)).counts.quarantine == 1
    assert made.values("silver") == [("line/a", 50.0), ("line/a", 101.0), ("line/a", 150.0)]
    rebuild(made.settings, "line")  # the first batch is judged as it was, and its row replayed as it was
    assert made.values("silver") == [("line/a", 50.0), ("line/a", 101.0), ("line/a", 150.0)]


def test_a_rebuild_judges_replayed_rows_by_the_file_of_their_replay(line):
    made = line("umh/v1/a,line/a,,number,,,0,100,checked")
    made.run(("a", 0, 50), ("a", 1, 101))
    for high, published in (("100.5", 0), ("200", 1)):  # before the next segment, so under one number
        made.map(f"umh/v1/a,line/a,,number,,,0,{high},checked")
        assert replay_rows(made.settings, "line", Selection(), BY).counts.silver == published
    made.map("umh/v1/a,line/a,,number,,,0,60,checked")
    made.run(("a", 2, 55), ("a", 3, 70))
    judged = made.values("silver"), made.values("quarantine")
    assert judged[0] == [("line/a", 50.0), ("line/a", 55.0), ("line/a", 101.0)]
    rebuild(made.settings, "line")
    silver, quarantine = made.values("silver"), made.values("quarantine")
    assert (silver, ("line/a", 70.0) in quarantine) == (judged[0], True)


def test_a_replay_judges_a_series_that_was_renamed_by_the_file_of_its_time(line):
    made = line("umh/v1/a,line/a,,number,,,0,100,checked")
    made.run(("a", 0, 50), ("a", 1, 101))
    made.map("umh/v1/a,line/renamed,,number,,,0,100,checked")
    replay_rows(made.settings, "line", Selection(), BY)
    made.map()
    replay_rows(made.settings, "line", Selection(), BY)
    assert made.values("silver") == [("line/a", 50.0)]


def test_a_verdict_names_the_lines_of_versions_that_failed_alone(line):
    made = line("umh/v1/a,line/a,,number,,,0,100,")
    workspace = open_workspace(made.settings)
    workspace.source(workspace.project.contract("line")).receive()
    land_messages(made.store, [("umh/v1/a", b'{"timestamp_ms": 1772366400000, "value": 150}')])
    made.map("umh/v1/a,line/a,,number,,,0,200,")
    made.run(("a", 1, 150))
    assert made.verdicts(1)["series_proposed_range"] == ("FAIL", 2, 1, json.dumps({"mapping": [LINE + "2"]}))


def test_an_event_of_an_address_reaches_a_series_without_limits(line):
    rule = expect("series_no_gap", id_="gap", max_gap_seconds=1000, source_events=True)
    made = line("umh/v1/a,line/a,,,,,,,", suite=(rule,))
    made.run(("a", 0, 1))
    made.journal(5).event("source_overflow", node="umh/v1/a")
    made.run(("a", 10, 2), ("a", 20, 3))
    assert made.verdicts(2)["expect_series_no_gap"][:3] == ("FAIL", 2, 1)


@pytest.mark.parametrize(("others", "lost"), [(1, 1), (100, 2)])
def test_each_node_whose_queue_was_full_has_its_loss(line, others, lost):
    made = line("umh/v1/a,line/a,,number,10000,,,,", "umh/v1/b,line/b,,number,10000,,,,")
    made.run(("a", 0, 1), ("b", 0, 1))
    overflows, journal = Overflows(), made.journal(5)
    for step in ("umh/v1/c", "umh/v1/b"):
        for number in range(others):
            overflows.add(f"{step}{number or ''}")
        overflows.write(journal, journal.clock.now())
    made.run(("a", 10, 2), ("b", 10, 2))
    assert made.verdicts(2)["series_interval"][:3] == ("FAIL", 2, lost)


def test_lines_that_are_not_valid_have_no_rule_and_stop_nothing(line):
    made = line("umh/v1/a,line/a,,boolean,0,,0,1,", "umh/v1/b,line/b,,,1e15,,0,1,checked", "umh/v1/c,line/c,,,,,0,1,checked")
    report = made.run(("a", 0, 5), ("b", 0, 5), ("c", 0, 5))
    [facts] = [facts for code, facts in report.warnings if code == "series_lines_unjudged"]
    assert (facts["lines"], facts["line"]) == (2, 2)
    made.map()  # the version that was landed is read again
    rebuild(made.settings, "line")
    assert made.values("silver") == [("line/a", 5.0), ("line/b", 5.0)]
    assert made.values("quarantine") == [("line/c", 5.0)]


@pytest.mark.parametrize("other", ["[degF],number,,,32,212,checked", "Cel,number,,,,,"], ids=["unit", "no_bounds"])
def test_a_range_that_another_line_of_the_series_undoes_is_told(line, other):
    made = line("umh/v1/a,line/a,Cel,number,,,0,100,checked", f"umh/v1/a2,line/a,{other}")
    report = made.run(("a", 0, 150))
    [facts] = [facts for code, facts in report.warnings if code == "series_ranges_differ"]
    assert facts["line"] == 2


def test_a_gap_in_which_nobody_listened_is_told_from_a_silent_plant(line):
    made = line("umh/v1/a,line/a,,number,10,,,,")
    journal = made.journal(-5)
    journal.change("source_connected", address="mqtt://broker")
    made.run(("a", 0, 1))
    made.clock.time = NOON + timedelta(seconds=20)
    journal.change("source_lost", address="mqtt://broker", reason="-")
    made.clock.time = NOON + timedelta(seconds=95)
    journal.change("source_connected", address="mqtt://broker")
    made.run(("a", 100, 2), ("a", 110, 3), ("a", 210, 4))
    assert made.verdicts(2)["series_interval"][:3] == ("FAIL", 2, 1)
    assert json.loads(made.verdicts(2)["series_interval"][3])["unheard"] == 1


def test_a_collector_that_was_killed_did_not_listen_since_its_last_sign(line):
    made = line("umh/v1/a,line/a,,number,10,,,,")
    first = made.journal(-5)
    first.change("source_connected", address="mqtt://broker")
    first.write(0, 0.0)
    made.run(("a", 0, 1))
    made.journal(300).change("source_connected", address="mqtt://broker")
    made.run(("a", 301, 2))
    assert made.verdicts(2)["series_interval"] == ("UNKNOWN", 0, 0, json.dumps({"unheard": 1}))


def test_times_away_after_a_batch_take_no_place_of_those_that_meet_it(tmp_path):
    made = MappedLine(tmp_path, "umh/v1/a,line/a,,number,10,,,,")
    journal = made.journal(0)
    for at in (5, *range(400, 400 + 70 * MAX_SPANS, 70)):
        away_since, made.clock.time = NOON + timedelta(seconds=at), NOON + timedelta(seconds=at + 35)
        journal.event("source_connected", away_since=away_since.isoformat())
    made.run(("a", 0, 1), ("a", 45, 2))
    assert json.loads(made.verdicts(1)["series_interval"][3]) == {"unheard": 1}


def test_a_series_with_a_dead_band_is_not_silent(line):
    made = line("umh/v1/a,line/a,,number,10,0.5,,,", "umh/v1/b,line/b,,number,10,,,,")
    made.run(("a", 0, 1), ("b", 0, 1))
    made.run(("a", 900, 2), ("b", 900, 2))
    assert made.verdicts(2)["series_interval"][:3] == ("FAIL", 1, 1)
    assert json.loads(made.verdicts(2)["series_interval"][3]) == {"unchanged": 1, "mapping": [LINE + "3"]}


def test_a_loss_that_a_collector_told_fails_a_rule_of_the_suite(line):
    rule = expect("series_no_gap", id_="gap", max_gap_seconds=1000, source_events=True)
    made = line("umh/v1/a,line/a,,,,,,,", suite=(rule,))
    made.run(("a", 0, 1))
    made.journal(5).event("source_session_lost", address="mqtt://broker")
    made.run(("a", 10, 2), ("a", 20, 3))
    assert made.verdicts(2)["expect_series_no_gap"][:3] == ("FAIL", 2, 1)


def test_messages_that_arrived_together_show_a_wrong_clock(line):
    made = line(suite=(expect("series_no_clock_skew", id_="clock"),))
    made.run(*(("a", at, 1) for at in range(9)), ("a", 1000, 1))
    assert made.verdicts(1)["expect_series_no_clock_skew"][:3] == ("FAIL", 10, 1)


def test_a_mapping_without_limits_adds_no_rule(line):
    made = line("umh/v1/a,line/a,Cel,number,,,,,")
    made.run(("a", 0, 1), ("a", 900, 2))
    assert made.verdicts(1) == {}


def test_status_counts_series_that_are_silent_while_their_source_is_heard(tmp_path, capsys):
    made = MappedLine(tmp_path, "umh/v1/a,line/a,,number,10,,,,", "umh/v1/b,line/b,,number,10,0.5,,,")
    journal = CollectorJournal(folder=made.store.folder.parent, address="mqtt://broker")
    made.run(("a", 0, 1), ("b", 0, 1), ("c", 0, 1))
    journal.write(0, 0.0)
    [connecting] = project_status(made.settings)
    journal.change("source_connected", address="mqtt://broker")
    journal.write(0, 1.0)
    [heard] = project_status(made.settings)
    assert (connecting.source.silent, heard.source.silent) == (None, 1)
    assert ("next_series_silent", {"dataset": "line", "series": 1}) in [(one.code, one.facts) for one in heard.next]
    assert "silent" in run_command(capsys, made.plant.root, "status").out
    journal.write(7, 2.0)  # what came is not all in the lake
    assert project_status(made.settings)[0].source.silent is None


def test_a_row_in_quarantine_is_explained_by_the_range_of_its_time(tmp_path, capsys):
    made = MappedLine(tmp_path, *RANGED)
    made.run(("a", 0, 50), ("a", 1, 101))
    made.map("umh/v1/a,line/a,,number,,,0,500,checked")
    made.run(("a", 2, 102))
    shown = run_command(capsys, made.plant.root, "quarantine", "show", "line", "--json")
    assert (shown.code, "series_range:value" in shown.out) == (0, True)

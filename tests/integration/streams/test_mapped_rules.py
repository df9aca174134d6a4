"""What `series.csv` and the events of a collector say becomes verdicts, without a rule written twice; on both engines."""

import json
from datetime import timedelta

import pytest

from lakeward.flows import Selection, Signature, project_status, rebuild, replay_rows
from lakeward.quality.series.source_record import MAX_SPANS
from lakeward.sources.collectors.state import CollectorJournal
from support.both_engines import ALL_ENGINES
from support.command_line import run_command
from support.judging import expect
from support.mapped_line import NOON, MappedLine

RANGED = ("umh/v1/a,line/a,,number,,,0,100,checked", "umh/v1/b,line/b,,number,,,0,100,", "umh/v1/c,line/c,,,10,,,,")
BY = Signature(by="li.wei", role=None, reason="range corrected")
LINE = "landing/line/series/00000000000000000001.csv:"


@pytest.fixture(params=ALL_ENGINES)
def line(request, tmp_path):
    return lambda *lines, **more: MappedLine(tmp_path, *lines, engine=request.param, **more)


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


def test_a_range_that_a_person_corrected_lets_replayed_rows_pass_and_changes_no_history(line):
    made = line(*RANGED)
    made.run(("a", 0, 50), ("a", 1, 101))
    made.map("umh/v1/a,line/a,,number,,,0,200,checked")
    assert replay_rows(made.settings, "line", Selection(), BY).counts.silver == 1
    assert made.run(("a", 2, 150), ("a", 3, 201)).counts.quarantine == 1
    assert made.values("silver") == [("line/a", 50.0), ("line/a", 101.0), ("line/a", 150.0)]
    rebuild(made.settings, "line")  # the first batch is judged as it was, and its row replayed as it was
    assert made.values("silver") == [("line/a", 50.0), ("line/a", 101.0), ("line/a", 150.0)]


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

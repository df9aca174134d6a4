"""Stored rows that a batch would replace are counted, and too many of them stop it before its publish, as does a lacking column."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from lakeward.core.errors import SuiteError
from lakeward.core.settings import Settings
from lakeward.flows import ingest_dataset, list_verdicts, project_status, rebuild, rejudge_batches
from lakeward.flows.base.batch_context import BatchStep
from lakeward.flows.base.workspace import open_workspace
from support.both_engines import CONF
from support.command_line import run_command
from support.plant import SUITE, Plant, csv_line, ingest_killed_at, make_plant
from support.processes import quick_processes

PROCESSES = quick_processes()
WHOLE = "  - {property: limits, value: {replacedShare: 1.0}}\n"
RELEASE = (
    "quarantine",
    "release",
    "press_line",
    "--batch",
    "2",
    "--by",
    "li.wei",
    "--role",
    "steward",
    "--reason",
    "late calibration",
)
HOUR = range(40)


def limit(plant, share):
    """Set the contract's limit; None: its default."""
    file = plant.dataset / "contract.odcs.yaml"
    text = file.read_text().replace(WHOLE, "")
    file.write_text(text + ("" if share is None else WHOLE.replace("1.0", str(share))))


def make_hour(root):
    plant = make_plant(root)
    limit(plant, None)
    plant.drop("a.csv", *(csv_line("A", minute, 20) for minute in HOUR))
    ingest_dataset(plant.settings, "press_line")


@pytest.fixture
def plant(copy_of, tmp_path):
    return Plant(copy_of(make_hour, tmp_path / "p"))


def fetch(plant, query):
    with open_workspace(plant.settings).engine() as engine:
        return engine.fetch(query)


def temperatures(plant):
    found = fetch(plant, "SELECT count(*) AS n, count(temp_degc) AS filled, sum(temp_degc) AS total FROM silver.press_line")[0]
    return found["n"], found["filled"], found["total"]


def batch_verdicts(plant):
    found = [v for v in list_verdicts(plant.settings, "press_line", all_batches=True) if v.rule_id.startswith("batch:")]
    return [(v.batch_seq, v.rule_id, v.severity, v.outcome, v.evaluated, v.observed) for v in found]


def test_a_clock_time_that_comes_again_each_day_stops_the_second_day(plant):
    plant.drop("b.csv", *(csv_line("A", minute, 21) for minute in HOUR))
    report = ingest_dataset(plant.settings, "press_line")
    assert (report.halted, report.failed, report.counts.corrections) == (2, ("batch:replaced_share",), 0)
    assert temperatures(plant) == (40, 40, 800.0)
    assert batch_verdicts(plant) == [(2, "batch:replaced_share", "halt", "FAIL", 40, "40")]


def test_a_share_as_large_as_the_limit_passes_and_is_counted(plant):
    plant.drop("b.csv", csv_line("A", 0, 21), csv_line("A", 1, 21), *(csv_line("A", minute, 20) for minute in range(2, 40)))
    report = ingest_dataset(plant.settings, "press_line")
    counts = report.counts
    assert (report.halted, counts.silver, counts.duplicates, counts.corrections) == (None, 2, 38, 2)
    assert report.as_dict()["corrections"] == 2
    assert batch_verdicts(plant) == [(2, "batch:replaced_share", "halt", "PASS", 40, "2")]
    assert [row["corrections"] for row in fetch(plant, "SELECT corrections FROM governance.runs ORDER BY batch_seq")] == [0, 2]


@pytest.mark.exhaustive
def test_a_limit_means_its_digits(plant):
    limit(plant, 0.29)
    plant.drop(
        "b.csv",
        *(csv_line("A", m, 21) for m in range(29)),
        *(csv_line("B", m, 20) for m in range(59)),
        *(csv_line("C", m, 20) for m in range(12)),
    )
    assert ingest_dataset(plant.settings, "press_line").counts.corrections == 29


def test_a_row_that_comes_twice_in_one_batch_replaces_nothing_stored(plant):
    plant.drop("b.csv", *(csv_line("B", minute, temp) for minute in HOUR for temp in (1, 2)))
    report = ingest_dataset(plant.settings, "press_line")
    assert (report.halted, report.counts.duplicates, report.counts.corrections) == (None, 40, 0)
    assert batch_verdicts(plant) == []


def test_rows_that_are_set_aside_count_for_neither_side(plant):
    plant.drop("b.csv", csv_line("A", 0, 21), *(csv_line("A", minute, 999) for minute in range(1, 40)))
    assert ingest_dataset(plant.settings, "press_line").halted == 2
    assert batch_verdicts(plant) == [(2, "batch:replaced_share", "halt", "FAIL", 1, "1")]
    assert fetch(plant, "SELECT * FROM governance.runs WHERE batch_seq = 2") == []


def test_a_feed_that_sends_its_whole_state_again_goes_through(plant):
    limit(plant, 1.0)
    plant.drop("b.csv", *(csv_line("A", minute, 21) for minute in HOUR))
    report = ingest_dataset(plant.settings, "press_line")
    assert (report.halted, report.counts.corrections, report.score) == (None, 40, Decimal("100.00"))


def test_a_release_publishes_what_was_delivered(plant, capsys):
    plant.drop("b.csv", *(csv_line("A", minute, 21) for minute in HOUR))
    ingest_dataset(plant.settings, "press_line")
    assert run_command(capsys, plant.root, *RELEASE).code in {0, 1}
    assert temperatures(plant) == (40, 40, 840.0)
    assert fetch(plant, "SELECT corrections FROM governance.runs WHERE batch_seq = 2") == [{"corrections": 40}]
    assert len(batch_verdicts(plant)) == 1


def test_the_message_names_the_key_of_the_limit_and_what_suits_a_whole_state(plant, capsys):
    plant.drop("b.csv", *(csv_line("A", minute, 21) for minute in HOUR))
    ran = run_command(capsys, plant.root, "run", "press_line")
    assert ran.code == 1
    assert all(said in ran.out for said in ("40 stored rows", "of 40 rows", "limits.replacedShare", "0.05", "1.0 suits"))
    again = run_command(capsys, plant.root, "--lang", "zh", "run", "press_line")
    assert "limits.replacedShare" in again.out


@pytest.mark.exhaustive
def test_a_rebuild_of_what_was_published_is_not_stopped_and_a_halted_batch_still_is(plant, capsys):
    plant.drop("b.csv", *(csv_line("A", minute, 21) for minute in HOUR))
    ingest_dataset(plant.settings, "press_line")
    assert rebuild(plant.settings, "press_line").halted == 2
    run_command(capsys, plant.root, *RELEASE)
    rebuilt = rebuild(plant.settings, "press_line")
    assert (rebuilt.halted, rebuilt.batches, rebuilt.counts.corrections) == (None, 2, 40)
    assert temperatures(plant) == (40, 40, 840.0)


@pytest.mark.exhaustive
def test_a_limit_that_was_raised_lets_a_rebuild_pass_the_halted_batch(plant):
    plant.drop("b.csv", *(csv_line("A", minute, 21) for minute in HOUR))
    ingest_dataset(plant.settings, "press_line")
    limit(plant, 1.0)
    assert rebuild(plant.settings, "press_line").halted is None
    assert temperatures(plant) == (40, 40, 840.0)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("step", [BatchStep.QUARANTINE, BatchStep.CORRECTIONS, BatchStep.PUBLISHED, BatchStep.VERDICTS])
def test_a_batch_that_is_taken_up_after_a_kill_counts_what_it_replaced(plant, step):
    plant.drop("b.csv", csv_line("A", 0, 21), csv_line("A", 1, 999), *(csv_line("B", minute, 20) for minute in HOUR))
    process = PROCESSES.Process(target=ingest_killed_at, args=(plant.root, step))
    process.start()
    process.join()
    report = ingest_dataset(plant.settings, "press_line")
    assert (report.halted, report.counts.silver, report.counts.corrections) == (None, 41, 1)
    assert batch_verdicts(plant) == [(2, "batch:replaced_share", "halt", "PASS", 41, "1")]


@pytest.mark.exhaustive
@pytest.mark.sampled(1)
@pytest.mark.parametrize("step", [BatchStep.BRONZE, BatchStep.VERDICTS, BatchStep.SCORES])
def test_a_kill_while_a_batch_is_halted_leaves_it_halted(plant, step):
    plant.drop("b.csv", *(csv_line("A", minute, 21) for minute in HOUR))
    process = PROCESSES.Process(target=ingest_killed_at, args=(plant.root, step))
    process.start()
    process.join()
    assert [ingest_dataset(plant.settings, "press_line").halted for _ in range(2)] == [2, 2]
    assert temperatures(plant) == (40, 40, 800.0)
    assert len(batch_verdicts(plant)) == 1


@pytest.mark.exhaustive
def test_hindsight_keeps_what_was_said_of_the_batch(plant):
    plant.drop("b.csv", csv_line("A", 0, 21), *(csv_line("B", minute, 20) for minute in HOUR))
    ingest_dataset(plant.settings, "press_line")
    plant.suite({**SUITE, "name": "other"})
    rejudge_batches(plant.settings, "press_line")
    found = fetch(plant, "SELECT batch_seq, outcome, observed FROM governance.rejudged WHERE rule_id = 'batch:replaced_share'")
    assert [tuple(row.values()) for row in found] == [(2, "PASS", "1")]


def test_no_rule_of_a_suite_may_take_their_names(plant):
    rule = SUITE["expectations"][0]
    plant.suite({**SUITE, "expectations": [{**rule, "meta": {"lakeward": {"id": "batch:replaced_share"}}}]})
    with pytest.raises(SuiteError, match="batch:replaced_share"):
        ingest_dataset(plant.settings, "press_line")


def test_a_column_that_a_delivery_lacks_makes_no_stored_value_null(plant, capsys):
    limit(plant, 1.0)
    plant.drop("b.csv", *(f"A,2026-03-01T06:{minute:02d}:00Z" for minute in HOUR), header="Machine,Time")
    ran = run_command(capsys, plant.root, "run", "press_line")
    assert ran.code == 1
    assert all(said in ran.out for said in ("temp_degc", "replace 40 values", "batch:missing_columns"))
    assert temperatures(plant) == (40, 40, 800.0)
    assert batch_verdicts(plant)[0][1:] == ("batch:missing_columns", "halt", "FAIL", 40, "40")
    assert next(step.code for step in project_status(plant.settings)[0].next) == "next_halted"
    run_command(capsys, plant.root, *RELEASE)
    assert temperatures(plant) == (40, 0, None)


@pytest.mark.exhaustive
def test_values_of_a_lacking_column_are_counted_file_by_file(plant):
    limit(plant, 1.0)
    plant.drop("b.csv", *(f"A,2026-03-01T06:{minute:02d}:00Z" for minute in range(7)), header="Machine,Time")
    plant.drop("c.csv", csv_line("A", 7, ""), csv_line("A", 8, 22), "B,2026-03-01T06:00:00Z,")
    assert ingest_dataset(plant.settings, "press_line").halted == 2
    assert ("batch:missing_columns", "7") in [(rule, observed) for _, rule, *_, observed in batch_verdicts(plant)]


def test_a_file_that_lacks_a_column_empties_no_earlier_file_of_its_batch(plant):
    plant.drop("b.csv", *(csv_line("B", minute, 20) for minute in HOUR))
    plant.drop("c.csv", *(f"B,2026-03-01T06:{minute:02d}:00Z" for minute in range(19)), header="Machine,Time")
    assert ingest_dataset(plant.settings, "press_line").halted == 2
    assert batch_verdicts(plant) == [(2, "batch:missing_columns", "halt", "FAIL", 40, "19")]


def test_a_value_that_a_correction_takes_back_is_no_lacking_column(plant):
    limit(plant, 1.0)
    plant.drop("b.csv", csv_line("A", 0, ""))
    assert ingest_dataset(plant.settings, "press_line").halted is None
    assert temperatures(plant) == (40, 39, 780.0)


def test_a_lacking_column_of_rows_that_replace_nothing_stops_nothing(plant):
    plant.drop("b.csv", *(f"B,2026-03-01T06:{minute:02d}:00Z" for minute in HOUR), header="Machine,Time")
    report = ingest_dataset(plant.settings, "press_line")
    assert (report.halted, temperatures(plant)) == (None, (80, 40, 800.0))


@pytest.mark.spark
@pytest.mark.exhaustive
def test_the_other_engine_says_the_same(plant):
    spark = replace(Settings.load().spark, master="local[2]", conf=CONF)
    settings = replace(plant.settings, engine="spark", spark=spark)
    plant.drop("b.csv", *(f"A,2026-03-01T06:{minute:02d}:00Z" for minute in HOUR), header="Machine,Time")
    assert ingest_dataset(settings, "press_line").halted == 2
    found = [("batch:missing_columns", "halt", "FAIL", 40, "40"), ("batch:replaced_share", "halt", "FAIL", 40, "40")]
    assert sorted(verdict[1:] for verdict in batch_verdicts(plant)) == found
    assert temperatures(plant) == (40, 40, 800.0)


def test_json_names_the_rules_that_stopped_it(plant, capsys):
    plant.drop("b.csv", *(csv_line("A", minute, 21) for minute in HOUR))
    found = json.loads(run_command(capsys, plant.root, "run", "press_line", "--json").out)[0]
    assert (found["halted"], found["corrections"]) == (2, 0)

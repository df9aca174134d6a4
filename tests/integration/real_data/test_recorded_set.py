"""Real readings that every clone has, end to end: each count against a reader of the test's own, and a second run."""

import pytest

from lakeward.flows import list_tables, run_dataset
from support.real_data import RECORDED, count, make_project, query_live_files, records

NAME = "machine_load"
HIGHEST_LOAD = 24


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    settings = make_project(tmp_path_factory.mktemp("recorded") / "plant", NAME, RECORDED)
    return settings, run_dataset(settings, NAME)


@pytest.fixture(scope="module")
def readings():
    found = [record for path in sorted((RECORDED / NAME).glob("*.csv")) for record in records(path)]
    assert len(found) > 500
    return found


def test_every_record_is_accounted_for(ran, readings):
    settings, report = ran
    wild = [one for one in readings if float(one["load_1min"]) > HIGHEST_LOAD]
    distinct = {(one["host"], one["time"]) for one in readings if one not in wild}
    assert wild
    assert len(distinct) + len(wild) < len(readings)
    counts = report.counts
    assert (counts.rows_in, counts.bronze, counts.rejects) == (len(readings), len(readings), 0)
    assert (counts.silver, counts.quarantine) == (len(distinct), len(wild))
    assert counts.duplicates == len(readings) - len(distinct) - len(wild)
    assert [count(settings, layer, NAME) for layer in ("bronze", "silver", "quarantine")] == [
        len(readings),
        len(distinct),
        len(wild),
    ]


def test_published_values_are_those_of_the_file(ran, readings):
    good = {one["time"]: one for one in readings if float(one["load_1min"]) <= HIGHEST_LOAD}
    published = query_live_files(
        ran[0], "silver", NAME, "strftime(time AT TIME ZONE 'UTC', '%d.%m.%Y %H:%M:%S'), load_1min, ctx_switches"
    )
    assert {at: (float(load), int(switches)) for at, load, switches in published} == {
        at: (float(one["load_1min"]), int(one["ctx_switches"])) for at, one in good.items()
    }


def test_a_second_run_changes_no_table(ran):
    settings, _ = ran
    before = list_tables(settings)
    assert run_dataset(settings, NAME).batches == 0
    assert list_tables(settings) == before

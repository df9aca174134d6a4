"""The server over a lake in an object store: the same answers, masks, limits and entries, and what changes elsewhere holds at once."""

import time

import pytest

import lakeward
from integration.server.test_server_changes import PHONES
from lakeward.flows import decide_grade, list_access
from lakeward.flows.grading.choices import GradeChoice
from support.fault_proxy import proxy
from support.flight_server import ServerProcess, accounts_of, code_of, failure
from support.remote_plant import move_to_store, other_machine
from support.shared_servers import ServedCanaries

pytestmark = pytest.mark.exhaustive


@pytest.fixture
def served(endpoint, canary_lake_copy, tmp_path):
    with proxy(endpoint) as (address, faults):
        settings = move_to_store(canary_lake_copy.start, address, f"served-{tmp_path.name}")
        made = ServedCanaries(settings, accounts_of(settings), ServerProcess(settings.start))
        made.server.start()
        made.faults = faults
        yield made
        made.server.stop(9)


def test_it_answers_as_a_role_and_writes_what_was_read(served):
    client = served.client("analyst")
    rows = client.rows(PHONES)
    assert rows
    with lakeward.connect(served.server.address, token=served.accounts["analyst"].token) as con:
        assert con.sql("select count(*) from silver.visits").fetchall() == [(22,)]
    code, _, err = served.server.stop()
    assert (code, "Traceback" in err) == (0, False), err
    read = [entry for entry in list_access(served.accounts["steward"]) if "silver.visits.phone" in entry.columns]
    assert read


def test_a_grade_raised_on_another_machine_hides_a_column(served, tmp_path):
    client = served.client("analyst")
    assert client.rows(PHONES)
    other = other_machine(served.settings.start, tmp_path / "other")
    from dataclasses import replace

    steward = replace(served.accounts["steward"], start=other)
    decide_grade(steward, "visits.phone", GradeChoice("wang.fang", "leaked", grade="core", category="personal.phone"))
    time.sleep(2)
    assert code_of(failure(client.rows, PHONES)) == "query_column_hidden"


def test_a_store_that_refuses_ends_no_server(served):
    client = served.client("analyst")
    assert client.rows(PHONES)
    served.faults.reset(1, "expired", 10_000)
    time.sleep(3)
    assert code_of(failure(client.rows, PHONES)) == "server_lake_away"
    served.faults.reset()
    time.sleep(2)
    assert client.rows(PHONES)
    assert served.server.process.poll() is None

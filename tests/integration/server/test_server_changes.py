"""What changes while a client is connected holds from its next statement on."""

import time
from dataclasses import replace

import pytest

from lakeward.flows import decide_grade, open_connection, rename_dataset, run_all
from lakeward.flows.grading.choices import GradeChoice
from support.canary_lake import GRADED, row
from support.flight_server import code_of, failure
from support.policies import POLICY_2, write_policy
from support.served_lake import key_file

PHONES = "select phone from silver.visits order by visit"
FILTERS = """\
  - {property: rowFilters, value: {of-account: "CASE $account WHEN 'li.wei' THEN machine = 'M1' ELSE machine = 'M2' END"}}
"""
POLICY = (
    POLICY_2.partition("limits:")[0]
    + """\
rowFilters:
  - {id: own-machine, why: Its own machine., roles: [analyst], filter: of-account, tables: [silver.visits]}
rules:
  - {id: all, why: w, roles: ["*"], parties: ["*"], grades: [general, important], categories: ["*"], action: clear}
"""
)


@pytest.fixture
def served(own_server):
    found = own_server()
    found.server.start()
    return found


def test_a_raised_grade_hides_a_column_at_the_next_statement(served):
    client = served.client("analyst")
    assert client.rows(PHONES)
    admin = served.accounts["steward"]
    decide_grade(admin, "visits.phone", GradeChoice("wang.fang", "leaked", grade="core", category="personal.phone"))
    time.sleep(1)
    assert code_of(failure(client.rows, PHONES)) == "query_column_hidden"


@pytest.mark.exhaustive
def test_a_changed_policy_holds_at_the_next_statement(served):
    client = served.client("analyst")
    masked = client.rows(PHONES)
    write_policy(
        served.settings.start,
        POLICY.replace(
            "rowFilters:\n  - {id: own-machine, why: Its own machine., roles: [analyst], filter: of-account, tables: [silver.visits]}\n",
            "",
        ),
    )
    time.sleep(1)
    assert client.rows(PHONES) != masked


@pytest.mark.exhaustive
def test_a_policy_that_is_not_valid_shows_nothing(served):
    client = served.client("analyst")
    assert client.rows(PHONES)
    write_policy(served.settings.start, "format: 2\nrules: [")
    time.sleep(1)
    error = failure(client.rows, PHONES)
    assert code_of(error) == "server_internal"
    assert ".yaml" not in str(error)


def test_accounts_whose_rows_a_filter_tells_apart_share_no_worker(own_server):
    served = own_server()
    contract = served.settings.start / "expectations/datasets/visits/contract.odcs.yaml"
    contract.write_text(contract.read_text(encoding="utf-8") + FILTERS, encoding="utf-8")
    write_policy(served.settings.start, POLICY)
    served.server.start()
    text = "select distinct machine from silver.visits"
    one, other = served.client("analyst"), served.client("both", "analyst")
    assert (one.rows(text), other.rows(text)) == ([("M1",)], [("M2",)])
    assert len(served.server.workers()) == 2


@pytest.mark.exhaustive
def test_accounts_of_one_role_share_a_worker(served):
    served.client("analyst").rows("select 1")
    served.client("both", "analyst").rows("select 1")
    assert len(served.server.workers()) == 1


@pytest.mark.exhaustive
def test_tokens_are_those_of_the_process(own_server, tmp_path):
    served = own_server()
    served.server.variables = {"LAKEWARD_TOKEN_KEY_FILE": str(key_file(tmp_path))}
    served.server.start()
    text = "select distinct phone from silver.visits order by 1"
    client = served.client("engineer")
    settings = replace(served.accounts["engineer"], token_key_file=tmp_path / "token.key")
    with open_connection(settings, None) as con:
        wanted = con.sql(text).fetchall()
    assert client.rows(text) == wanted
    assert ":" in wanted[0][0]


@pytest.mark.exhaustive
def test_new_rows_are_seen_at_the_next_statement(served):
    client = served.client("analyst")
    before = client.rows("select count(*) from silver.visits")
    lines = [["visit", "machine", *GRADED, "minutes"], [f"N{row(1)[0]}", *row(1)[1:]]]
    inbox = served.settings.start / "inbox/visits"
    (inbox / "b.csv").write_text("\n".join(map(",".join, lines)) + "\n", encoding="utf-8")
    run_all(served.settings)
    assert client.rows("select count(*) from silver.visits") == [(before[0][0] + 1,)]


@pytest.mark.exhaustive
def test_a_renamed_dataset_ends_sessions_until_the_server_is_started_again(served):
    count = "select count(*) from silver.{}"
    client = served.client("analyst")
    before = client.rows(count.format("visits"))
    rename_dataset(served.accounts["admin"], "visits", "calls")
    time.sleep(1)
    for each in (client, served.client("engineer")):
        assert code_of(failure(each.rows, count.format("visits"))) == "session_renamed"
    served.server.stop()
    served.server.start()
    client = served.client("analyst")
    assert client.rows(count.format("calls")) == before
    assert code_of(failure(client.rows, count.format("visits"))) == "query_table_refused"

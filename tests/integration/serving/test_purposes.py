"""A purpose comes from the account, or from a request that another person approves for some days, and ends with it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lakeward.core.clock import SystemClock
from lakeward.core.errors import LakewardError
from lakeward.flows import (
    NewAccount,
    approve_purpose,
    list_purpose_requests,
    reject_purpose,
    request_purpose,
    revoke_account,
    revoke_purpose,
)
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.serving.connection import open_connection
from lakeward.flows.serving.purpose_record import read_requests
from lakeward.flows.serving.reader import resolve_reader
from lakeward.flows.serving.reading_purpose import SessionWatch
from support.accounts import ADMIN, ANALYST, OTHER_STEWARD, STEWARD, make_accounts
from support.command_line import run_command
from support.policies import POLICY_2, write_policy
from support.served_lake import grades_of, make_lake

STUDENT = replace(ANALYST, name="sun.li", person="孙丽", purposes=("process-quality",))
TWIN = NewAccount(name="li.wei2", person="LI wei", roles=("steward",))
SUPPLIER = NewAccount(name="ann.supplier", person="Ann Supplier", roles=("analyst",), party="supplier-a")


def make(root):
    settings = make_lake(root)
    write_policy(root)
    return settings


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return make(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def owners(lake):
    return make_accounts(lake, ANALYST, STUDENT, STEWARD, OTHER_STEWARD, TWIN, SUPPLIER)


class Later(SystemClock):
    """Seven days ahead: at the end of a request for seven days that was approved before."""

    def now(self):
        return super().now() + timedelta(days=7)


def code_of(call, *arguments, **more):
    with pytest.raises(LakewardError) as error:
        call(*arguments, **more)
    return error.value.code


def cost(settings, purpose=None):
    with open_connection(settings, None, grades_of, purpose) as con:
        return con.sql("select cost from silver.orders order by order_id").fetchone()[0], con.explain_mask("silver.orders.cost")


def test_purpose_of_the_account_is_read_for_and_another_one_is_refused(owners):
    assert cost(owners["sun.li"], "process-quality")[1].rule == "bands"
    assert code_of(cost, owners["li.wei"], "process-quality") == "purpose_not_of_account"
    assert code_of(cost, replace(owners["li.wei"], purpose="process-quality")) == "purpose_not_of_account"
    assert cost(replace(owners["sun.li"], purpose="process-quality"))[1].purpose == "process-quality"
    assert code_of(cost, owners["sun.li"], "proces-quality") == "purpose_unknown"
    assert code_of(cost, owners["sun.li"], "failure-analysis") == "purpose_not_approved"
    assert cost(owners["sun.li"], "none")[1].rule == "bands"


def test_without_a_token_a_purpose_is_as_unverified_as_the_role(lake):
    with open_connection(lake, "analyst", grades_of, "process-quality") as con:
        assert con.explain_mask("silver.orders.cost").rule == "bands"
    assert code_of(open_connection, lake, "analyst", grades_of, "failure-analysis") == "purpose_token"
    assert code_of(request_purpose, lake, "failure-analysis", "why") == "purpose_signature"


def test_request_is_approved_by_another_person_and_ends(owners):
    analyst, steward = owners["li.wei"], owners["wang.fang"]
    asked = request_purpose(analyst, "failure-analysis", " bearing at M3 ", 7)
    assert (asked.state, asked.reason, asked.until) == ("waiting", "bearing at M3", None)
    assert code_of(cost, analyst, "failure-analysis") == "purpose_not_approved"
    assert code_of(request_purpose, analyst, "failure-analysis", "again") == "purpose_waiting"
    assert code_of(approve_purpose, analyst, asked.request, "mine") == "purpose_approver"
    assert code_of(approve_purpose, owners["li.wei2"], asked.request, "mine too") == "purpose_same_person"
    approved = approve_purpose(steward, asked.request, "agreed")
    assert (approved.state, approved.decided_by, approved.until - approved.asked_at > timedelta(days=7)) == (
        "approved",
        "wang.fang",
        True,
    )
    assert cost(analyst)[1].rule == "bands"
    value, why = cost(analyst, "failure-analysis")
    assert (value, why.rule) == (7421.55, "failures")
    assert code_of(cost, owners["sun.li"], "failure-analysis") == "purpose_not_approved"
    reader, _ = resolve_reader(open_workspace(analyst), "analyst", "failure-analysis")
    assert (reader.authority.purpose_request, reader.authority.request.purpose) == (asked.request, "failure-analysis")
    assert (reader.authority.policy_version, reader.authority.principal) == ("2.0.0", "li.wei")
    assert [row.state for row in list_purpose_requests(analyst)] == ["approved"]
    later = replace(open_workspace(analyst), clock=Later())
    assert code_of(resolve_reader, later, "analyst", "failure-analysis") == "purpose_not_approved"
    with later.engine() as engine:
        watch = SessionWatch(later, engine, reader.identity, reader.purpose)
        watch.check(approved.until - timedelta(seconds=1), None)
        assert code_of(watch.check, approved.until, None) == "purpose_ended"
        assert [row.state for row in read_requests(engine, later.clock.now())] == ["expired"]


def test_open_session_ends_when_its_request_is_revoked(owners):
    analyst, steward = owners["sun.li"], owners["chen.jie"]
    number = request_purpose(analyst, "failure-analysis", "rotor").request
    approve_purpose(steward, number, "agreed")
    with open_connection(analyst, None, grades_of, "failure-analysis") as con:
        assert con._log.purpose == "failure-analysis"
        assert con.sql("select count(*) from silver.orders").fetchone() == (3,)
        other = request_purpose(owners["li.wei"], "failure-analysis", "other").request
        assert con.sql("select count(*) from silver.orders").fetchone() == (3,)
        rows = con.sql("from silver.orders")
        assert len(rows.fetchall()) == 3
        assert revoke_purpose(analyst, number, "done").state == "revoked"
        assert code_of(con.sql, "from silver.orders") == "purpose_ended"
        for fetch in (rows.fetchall, rows.fetchone, rows.limit(1).df, rows.arrow, rows.__repr__):
            assert code_of(fetch) == "purpose_ended"
    assert reject_purpose(steward, other, "tokens are enough").state == "rejected"
    assert code_of(approve_purpose, steward, other, "after all") == "purpose_request_closed"
    assert code_of(revoke_purpose, owners["li.wei"], number, "not mine") == "purpose_request_closed"


def test_nobody_ends_the_request_of_another_without_the_role(owners):
    number = request_purpose(owners["sun.li"], "failure-analysis", "gear").request
    assert code_of(revoke_purpose, owners["li.wei"], number, "no") == "purpose_approver"
    assert revoke_purpose(owners["sun.li"], number, "withdrawn").state == "revoked"


@pytest.mark.parametrize(
    ("purpose", "reason", "days", "code"),
    [
        ("failure-analysis", "  ", None, "purpose_reason"),
        ("failure-analysis", "why", 15, "purpose_days"),
        ("failure-analysis", "why", 0, "purpose_days"),
        ("process-quality", "why", None, "purpose_no_approval"),
        ("failure", "why", None, "purpose_unknown"),
    ],
)
def test_request_that_can_not_hold_is_refused(owners, purpose, reason, days, code):
    assert code_of(request_purpose, owners["li.wei"], purpose, reason, days) == code
    assert code_of(approve_purpose, owners["wang.fang"], 99, "why") == "purpose_request_unknown"


def test_party_of_an_account_gets_what_names_it_alone(owners):
    with open_connection(owners["ann.supplier"], None, grades_of) as con:
        assert con._log.consumer == "supplier-a"
        assert con.sql("from silver.orders").columns == ("order_id", "machine")
        assert con.explain_mask("silver.orders.phone").rule is None


def test_open_session_ends_with_the_account(owners):
    with open_connection(owners["ann.supplier"], None, grades_of) as con:
        revoke_account(owners[ADMIN.name], "ann.supplier")
        assert code_of(con.sql, "from silver.orders") == "account_revoked"


def test_open_session_ends_where_a_rule_does(tmp_path):
    settings = make(tmp_path)
    write_policy(tmp_path, POLICY_2.replace("action: generalise}", "until: 2998-12-31, action: generalise}"))
    with open_connection(settings, "analyst", grades_of) as con:
        end = datetime(2998, 12, 31, 16, tzinfo=UTC)  # in Shanghai
        assert con._next_change == end
        con._watch.check(end - timedelta(seconds=1), con._next_change)
        assert code_of(con._watch.check, end, con._next_change) == "session_policy_changed"


def test_commands_say_what_comes_next(lake, owners, capsys, monkeypatch):
    monkeypatch.setenv("LAKEWARD_TOKEN", owners["sun.li"].token)
    asked = run_command(capsys, lake.start, "purpose", "request", "failure-analysis", "--reason", "oil")
    assert "lakeward purpose approve" in asked.out
    shown = run_command(capsys, lake.start, "--lang", "zh", "purpose", "list")
    assert "用途申请" in shown.out
    assert "waiting" in shown.out
    refused = run_command(capsys, lake.start, "query", "from silver.orders", "--purpose", "failure-analysis")
    assert refused.code == 3
    assert "lakeward purpose request failure-analysis" in refused.err

"""Rows that an account may read hold over sessions, processes and doors, and a refused answer shows nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from lakeward.core.errors import LakewardError, ProtectionError, SettingsError
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.serving.connection import open_connection
from lakeward.flows.serving.logged_read import logged_read
from lakeward.flows.serving.quota_counts import FolderCounts
from lakeward.flows.serving.quotas import RowQuota
from lakeward.flows.serving.reader import resolve_reader
from support.accounts import ANALYST, make_accounts
from support.processes import quick_processes
from support.served_lake import connect_as, grades_of, make_lake, query_and_die


@pytest.fixture
def settings(tmp_path):
    settings = make_lake(tmp_path)
    with (settings.start / "expectations" / "project.yaml").open("a") as file:
        file.write("quotas: {rows_per_day: 7}\n")
    return settings


def read(settings):
    with connect_as(settings) as con:
        return len(con.sql("from silver.orders").fetchall())


def refused_code(call, *arguments):
    with pytest.raises(LakewardError) as refused:
        call(*arguments)
    return refused.value.code


def test_the_answer_that_exceeds_the_quota_is_not_shown_and_is_logged(settings):
    assert [read(settings), read(settings)] == [3, 3]
    assert refused_code(read, settings) == "quota_exceeded"
    with connect_as(settings) as con:
        assert con.sql("from silver.orders limit 1").fetchall()
    with open_workspace(settings).engine() as engine:
        rows = governance.read_rows(engine, "access_log", order="asked_at")
    assert [(row["verdict"], row["code"], row["rows_out"]) for row in rows] == [
        ("allowed", None, 3),
        ("allowed", None, 3),
        ("refused", "quota_exceeded", 0),
        ("allowed", None, 1),
    ]


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "query",
    [
        "select list(order_id) from silver.orders",
        "select string_agg(order_id, ',') from silver.orders",
        "select a.order_id, b.order_id, c.order_id from silver.orders a, silver.orders b, silver.orders c limit 1",
    ],
)
def test_many_rows_in_one_count_as_many_and_a_lost_file_changes_nothing(settings, query):
    with connect_as(settings) as con:
        assert [len(con.sql(query).fetchall()) for _ in range(2)] == [1, 1]
    for file in (settings.start / "lake" / ".access" / "quota").glob("*.json"):
        file.unlink()
    assert refused_code(read, settings) == "quota_exceeded"
    with open_workspace(settings).engine() as engine:
        rows = governance.read_rows(engine, "access_log", order="asked_at")
    assert [(row["rows_out"], row["rows_charged"]) for row in rows] == [(1, 3), (1, 3), (0, None)]


def test_without_a_token_there_is_no_second_quota(settings):
    owner = make_accounts(settings, ANALYST)[ANALYST.name]
    for role in ("analyst", None):
        assert refused_code(open_connection, settings, role, grades_of) == "quota_token"
    with open_connection(owner, None, grades_of) as con:
        assert len(con.sql("from silver.orders").fetchall()) == 3


@pytest.mark.exhaustive
def test_rows_of_a_killed_process_count_and_a_lost_file_is_counted_anew(settings):
    process = quick_processes().Process(target=query_and_die, args=(settings.start,))
    process.start()
    process.join()
    assert read(settings) == 3
    for file in (settings.start / "lake" / ".access" / "quota").glob("*.json"):
        file.unlink()
    assert refused_code(read, settings) == "quota_exceeded"


def quota_of(settings, account="a", at=datetime(2026, 3, 31, 15, 59, tzinfo=UTC), limits=None):
    class FixedClock:
        def now(self):
            return at

    workspace = open_workspace(settings)
    engine = workspace.engine()
    return engine, lambda opened: RowQuota(
        engine=opened,
        clock=FixedClock(),
        account=account,
        limits=limits or {"day": 100},
        zone="Asia/Shanghai",
        counts=FolderCounts(settings.start / "lake" / ".access"),
    )


def test_two_at_once_never_exceed_the_quota_together(settings):
    engine, quota = quota_of(settings)
    with engine as opened, ThreadPoolExecutor(16) as pool:
        quota(opened).charge(0)
        tries = [pool.submit(quota(opened).charge, 7) for _ in range(40)]
        assert sum(each.exception() is None for each in tries) == 14


def test_a_day_begins_at_midnight_of_the_plant_and_a_month_holds_its_days(settings):
    limits = {"day": 10, "month": 15}
    for at, rows, code in [
        (datetime(2026, 3, 30, 16, 0, tzinfo=UTC), 10, None),
        (datetime(2026, 3, 31, 15, 59, tzinfo=UTC), 1, "quota_exceeded"),
        (datetime(2026, 3, 31, 16, 0, tzinfo=UTC), 10, None),
        (datetime(2026, 4, 1, 16, 0, tzinfo=UTC), 6, "quota_exceeded"),
        (datetime(2026, 4, 1, 16, 0, tzinfo=UTC), 5, None),
    ]:
        engine, quota = quota_of(settings, "b", at, limits)
        with engine as opened:
            charge = quota(opened).charge
            if code:
                assert refused_code(charge, rows) == code
            else:
                charge(rows)


@pytest.mark.parametrize("text", ["quotas: {rows_per_day: 0}", "quotas: {rows: 1}", "quotas: 5"])
def test_a_wrong_quota_is_named(tmp_path, text):
    settings = make_lake(tmp_path)
    with (tmp_path / "expectations" / "project.yaml").open("a") as file:
        file.write(text + "\n")
    with pytest.raises(SettingsError):
        connect_as(settings)


@pytest.mark.parametrize(
    "query", ["select order_id from silver.orders where false", "select cast('x' || order_id as integer) from silver.orders"]
)
def test_an_empty_or_failed_statement_counts_and_a_used_quota_runs_none(settings, query):
    with connect_as(settings) as con:
        answers = []
        for _ in range(9):
            try:
                con.sql(query).fetchall()
                answers.append("rows")
            except LakewardError as error:
                answers.append(error.code)
        assert answers[7:] == ["quota_exceeded", "quota_exceeded"]
        assert "quota_exceeded" not in answers[:7]


def test_a_failure_of_any_kind_has_an_entry(settings):
    with connect_as(settings) as con, pytest.raises(ProtectionError):
        con.sql("select 1 from silver.orders where order_id = $1", ["\udcff"])
    workspace = open_workspace(settings)
    reader, _ = resolve_reader(workspace, "analyst")
    with workspace.engine() as engine:
        with pytest.raises(ZeroDivisionError), logged_read(workspace, engine, reader, "explain", ["silver.orders"]):
            _ = 1 / 0
        rows = governance.read_rows(engine, "access_log", order="asked_at")
    assert [(row["verdict"], row["code"], row["objects"]) for row in rows] == [
        ("failed", code, '["silver.orders"]') for code in ("query_failed", None)
    ]


def test_a_statement_with_parameters_counts_when_it_runs(settings):
    with connect_as(settings) as con:
        for _ in range(7):
            con.sql("select 1 from silver.orders where order_id = $1", ["none"])
        assert refused_code(con.sql, "select 1 from silver.orders where order_id = $1", ["none"]) == "quota_exceeded"

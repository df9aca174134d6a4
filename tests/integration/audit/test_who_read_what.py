"""Reads are listed, and summed by account, dataset and column, in all ways in."""

import json
import re

import pytest

from lakeward.core.errors import UsageError
from lakeward.flows import AccessFilter, list_access, list_logins, report_access, watch_access
from support.command_line import run_command
from support.served_lake import connect_as, make_lake


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    settings = make_lake(tmp_path_factory.mktemp("reads"))
    assert list_access(settings) == []
    with connect_as(settings) as con:
        con.sql("select machine from silver.orders").fetchall()
        con.sql("select count(*) from silver.orders").fetchall()
    with connect_as(settings, "cdo") as con:
        con.sql("select machine, cost from silver.orders").fetchall()
        with pytest.raises(Exception, match="orders"):
            con.sql("from bronze.orders")
    return settings


def test_the_newest_read_is_first_and_says_everything(settings):
    refused, costs, counted, machines = list_access(settings)
    assert [each.verdict for each in (refused, costs, counted, machines)] == ["refused", "allowed", "allowed", "allowed"]
    assert (machines.role, machines.rows, machines.tables, machines.versions) == (
        "analyst",
        3,
        ("silver.orders",),
        {"silver.orders": 0},
    )
    assert list(costs.columns) == ["silver.orders.cost", "silver.orders.machine"]
    assert re.fullmatch("[0-9a-f]+:[0-9a-f]{32}", costs.answer_digest)
    assert (refused.tables, refused.rows, refused.code) == ((), 0, "query_table_refused")


def test_reads_of_one_column_or_table_are_found(settings):
    assert len(list_access(settings, AccessFilter(column="silver.orders.cost"))) == 1
    assert len(list_access(settings, AccessFilter(table="silver.orders"))) == 3
    assert list_access(settings, AccessFilter(account="somebody")) == []
    assert len(list_access(settings, limit=2)) == 2


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("role", {"analyst": (2, 0, 4), "cdo": (1, 1, 3)}),
        ("dataset", {"silver.orders": (3, 0, 7)}),
        ("column", {"silver.orders.machine": (2, 0, 6), "silver.orders.cost": (1, 0, 3)}),
        ("purpose", {None: (3, 1, 7)}),
        ("consumer", {None: (3, 1, 7)}),
    ],
)
def test_reads_are_summed(settings, by, expected):
    assert {row.key: (row.reads, row.refused, row.rows) for row in report_access(settings, by)} == expected


def test_an_unknown_key_names_the_known_ones(settings):
    with pytest.raises(UsageError, match="account, role, consumer"):
        report_access(settings, "day")


@pytest.mark.parametrize("number", [0, 999_999_999, 10**30])
def test_days_are_a_range(settings, number):
    for act in (
        lambda: list_access(settings, AccessFilter(days=number)),
        lambda: report_access(settings, chosen=AccessFilter(days=number)),
        lambda: list_logins(settings, days=number),
        lambda: watch_access(settings, days=number),
    ):
        with pytest.raises(UsageError, match=r"from 1 to 36500"):
            act()


def test_the_commands_say_the_same(settings, capsys):
    listed = run_command(capsys, settings.start, "access", "list", "--json")
    assert [row["verdict"] for row in json.loads(listed.out)] == ["refused", "allowed", "allowed", "allowed"]
    summed = run_command(capsys, settings.start, "access", "report", "--by", "column", "--lang", "zh")
    assert "silver.orders.cost" in summed.out
    assert "读取次数" in summed.out
    assert run_command(capsys, settings.start, "access", "report", "--by", "day").code == 2

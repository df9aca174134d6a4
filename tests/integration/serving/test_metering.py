"""What an entry of the access log says of a read: columns, versions, rows, bytes, time, and a digest of sensitive answers."""

import json
import time

import pytest

from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.served_lake import SECRETS, connect_as, make_lake

# Every column that the role sees.
ALL = None


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return make_lake(tmp_path_factory.mktemp("metering"))


@pytest.fixture(scope="module")
def cdo(settings):
    with connect_as(settings, "cdo") as con:
        yield con


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("select count(*) from silver.orders", set()),
        ("select machine from silver.orders", {"machine"}),
        ("select MACHINE as m, count(*) as n from silver.orders group by all order by m, n", {"machine"}),
        ("select o.machine from silver.orders o where o.phone like '199%'", {"machine", "phone"}),
        ("select silver.orders.machine from silver.orders", {"machine"}),
        ("select machine from silver.orders order by cost", {"machine", "cost"}),
        ("with x as (select phone as z from silver.orders) select z from x", {"phone"}),
        ("select (select max(cost) from silver.orders)", {"cost"}),
        ("select a.machine from silver.orders a join silver.orders b using (order_id)", {"machine", "order_id"}),
        (
            "select machine from silver.orders qualify row_number() over (partition by phone order by cost) = 1",
            {"machine", "phone", "cost"},
        ),
        ("from silver.orders", ALL),
        ("select * exclude (phone) from silver.orders", ALL),
        ("select columns('ph.*') from silver.orders", ALL),
        ("select t from silver.orders t", ALL),
        ("select orders from silver.orders", ALL),
        ("select machine as t, t from silver.orders t", ALL),
        ("select a from silver.orders t(a)", ALL),
        ("select a.machine from silver.orders a natural join silver.orders b", ALL),
        ("summarize silver.orders", ALL),
        ("select machine from silver.orders order by #1", ALL),
        ("unpivot silver.orders on phone into name n value v", ALL),
    ],
)
def test_every_column_that_a_query_reads_is_logged(cdo, query, columns):
    cdo.sql(query)
    seen = set(cdo.catalogue()[-1].columns)
    assert {"phone", "cost", "machine"} < seen
    assert {name.rpartition(".")[2] for name in cdo._views.columns_read(cdo._session, cdo._session.check(query))} == (
        seen if columns is ALL else columns
    )


def entry_of(settings, role, query, take):
    with connect_as(settings, role) as con:
        take(con.sql(query))
        session = con._log.session_id
    with open_workspace(settings).engine() as engine:
        (row,) = governance.read_rows(engine, "access_log", session_id=session)
    return row


def test_an_entry_says_what_left(settings):
    row = entry_of(settings, "analyst", "select order_id, machine from silver.orders", lambda rows: rows.fetchall())
    assert (row["rows_out"], row["bytes_out"], row["verdict"]) == (3, 12, "allowed")
    assert json.loads(row["versions"]) == {"silver.orders": 0}
    assert json.loads(row["columns"]) == {"silver.orders.machine": "clear general -", "silver.orders.order_id": "clear general -"}
    assert 0 < row["elapsed_us"] < 60_000_000
    assert row["answer_digest"] is None
    assert row["policy_version"] == "1.0.0"


@pytest.mark.sampled(1)
@pytest.mark.parametrize("form", ["fetchall", "arrow", "df", "pl"])
def test_an_answer_of_important_data_leaves_a_digest_that_the_same_answer_has_again(settings, form):
    query = "select cost, machine from silver.orders order by order_id"
    one, two = (entry_of(settings, "cdo", query, lambda rows: getattr(rows, form)()) for _ in range(2))
    other = entry_of(settings, "cdo", query + " desc", lambda rows: getattr(rows, form)())
    assert one["answer_digest"] == two["answer_digest"] != other["answer_digest"]
    assert one["bytes_out"] > 0
    assert not any(secret in str(one) for secret in SECRETS)


def test_metering_takes_less_than_a_millisecond_of_a_query(cdo):
    query = "select machine, count(*) as n from silver.orders where phone like '1%' group by all order by n"
    checked = cdo._session.check(query)
    start = time.process_time()
    for _ in range(50):
        cdo._views.columns_read(cdo._session, checked)
        cdo._versions.of(checked.objects)
    assert (time.process_time() - start) / 50 < 0.002

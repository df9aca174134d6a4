"""A figure that may rest on masked, banded or tokenised values says so in every form of the answer."""

import json

import pytest

from support.served_lake import connect_as, make_lake

PHONE, NAME, COST, OPENED = (f"silver.orders.{name}" for name in ("phone", "person_name", "cost", "opened_at"))


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return make_lake(tmp_path_factory.mktemp("lake"))


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("select count(distinct phone) from silver.orders", {PHONE}),
        ("select machine, max(cost) from silver.orders group by machine", {COST}),
        ("select count(*) from silver.orders where opened_at = '2026-03-02'", {OPENED}),
        ("select count(p) from (select phone as p from silver.orders)", {PHONE}),
        ("with t as (select PHONE, cost from silver.orders) select count(*) from t", {PHONE, COST}),
        ("select count(*) from silver.orders a join silver.orders b using (phone)", {PHONE}),
        ("select max(o.person_name) from silver.orders as o", {NAME}),
        ("select row_number() over (order by cost) from silver.orders", {COST}),
        ("summarize silver.orders", {PHONE, NAME, COST, OPENED}),
        ("select count(*) from (from silver.orders)", {PHONE, NAME, COST, OPENED}),
        ("select max(columns(*)) from silver.orders", {PHONE, NAME, COST, OPENED}),
        ("select count(*), max(machine) from silver.orders", set()),
        ("select phone, cost from silver.orders", set()),
    ],
)
def test_columns_that_figures_may_rest_on(settings, query, columns):
    with connect_as(settings) as con:
        assert set(con.sql(query).aggregated) == columns


def test_steward_who_sees_the_values_gets_no_notice(settings):
    with connect_as(settings, "steward") as con:
        assert con.sql("select avg(cost), count(distinct phone) from silver.orders").aggregated == {}


def test_notice_travels_with_the_answer(settings):
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    with connect_as(settings) as con:
        rows = con.sql("select machine, max(cost) as highest from silver.orders group by machine")
        assert rows.limit(1).aggregated == {COST: "generalise"}
        assert rows.df().attrs["lakeward.aggregated"] == {COST: "generalise"}
        assert json.loads(rows.arrow().schema.metadata[b"lakeward.aggregated"]) == {COST: "generalise"}
        plain = con.sql("select machine from silver.orders")
        assert plain.df().attrs == {}
        assert not plain.arrow().schema.metadata


def test_band_is_no_number_to_compute_with(settings):
    from lakeward.core.errors import ProtectionError

    with connect_as(settings) as con:
        assert con.sql("select cost, opened_at from silver.orders order by order_id").fetchone() == ("[7000, 8000)", "2026-03-02")
        with pytest.raises(ProtectionError):
            con.sql("select avg(cost) from silver.orders")

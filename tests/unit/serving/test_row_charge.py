"""A row quota counts the stored rows that an answer can hold, however a query packs them."""

import duckdb
import pytest

from lakeward.serving.parse_tree import parse
from lakeward.serving.row_charge import rows_charged

STORED = 1000


def charged(query, rows=1):
    with duckdb.connect() as con:
        return rows_charged(parse(con, query), rows, STORED)


@pytest.mark.parametrize(
    ("query", "rows", "expected"),
    [
        ("select * from s.t", 7, 7),
        ("select a, upper(b) || c from s.t where d = 1 order by a limit 3", 3, 3),
        ("with u as (select * from s.t) select * from u", 7, 7),
        ("select * from s.t union all select * from s.t", 7, 7),
        ("select count(*), count(a), count(t.b), row_number() over (partition by m order by a desc) from s.t", 7, 7),
        ("select count(*) from (select 1 from s.t)", 1, 1),
        ("select * from s.t where a in (select a from s.u) and exists (select 1 from s.u)", 7, 7),
        ("show tables", 3, 3),
        ("describe s.t", 3, 3),
        # One more stored row for each figure and each table that is named.
        ("select m, avg(x), max(y) from s.t group by m", 7, 21),
        ("select a.x, b.x, c.x from s.t a join s.t b on b.i = a.i + 1 join s.t c on c.i = a.i + 2", 7, 21),
        ("select (select x from s.t limit 1), (select x from s.t limit 1 offset 1)", 1, 2),
        ("select max(x) filter (i = 1), max(x) filter (i = 2), any_value(x) from s.t", 1, 4),
        ("select lag(x) over (order by i), nth_value(x, 5) over () from s.t", 7, 21),
        ("with u as (select * from s.t) select * from u a, u b, u c", 7, 21),
        ("with u as (select max(a) a, max(b) b from s.t) select max(a), max(b) from u", 1, 9),
        ("pivot s.t on m in (1, 2, 3) using max(x), min(x)", 7, 49),
        ("select quantile_cont(x, 0.5) from s.t", 7, 14),
        ("summarize s.t", 5, 45),
        # A condition in a count, or a test in the select list, reads a bit of a row.
        ("select count(*) filter (k = 1 and (v >> 1) & 1 = 1), count(*) filter (k = 1 and (v >> 2) & 1 = 1) from s.t", 1, 3),
        ("select count(a) filter (b), count(case when k = 1 then 1 end), count(distinct a) from s.t", 1, 4),
        ("select count_if(k = 1), bool_or(k = 1), bool_and(k = 1), regr_count(a, b), approx_count_distinct(a) from s.t", 1, 6),
        ("select count(a), count(b) from (select nullif(k = 1, false) a, nullif(k = 2, false) b from s.t)", 1, 3),
        ("with u as (select nullif(k = 1, false) a from s.t) select count(a) from u", 1, 2),
        ("select nullif(k = 1, false) as a, count(A) from s.t group by all", 1, 2),
        ("select count(t.a), (select count(t.a) from s.u) from (select nullif(k = 1, false) a from s.t) t", 1, 9),
        (
            "select count(*) over (partition by k = 1), rank() over (order by k = 1), ntile(2) over (order by v > 3) from s.t",
            7,
            28,
        ),
        ("select exists (select 1 from s.t where k = 1), 1 in (select k from s.t), 2 = any (select k from s.t)", 1, 3),
        ("select not exists (select 1 from s.t where k = 1) order by exists (select 1 from s.t where k = 2)", 1, 2),
        ("select (select count(*) from s.t where k = 1), (select count(*) from s.t where k = 2)", 1, 2),
        ("select a from s.t where b = (select exists (select 1 from s.u))", 1, 2),
        # Never more than there is, and never fewer than left.
        ("select a.x, b.x, c.x from s.t a, s.t b, s.t c", 600, STORED),
        ("select a.x from s.t a, s.t b", 5000, 5000),
        ("select max(x) from s.t where false", 0, 0),
    ],
)
def test_a_row_counts_the_rows_that_it_can_hold(query, rows, expected):
    assert charged(query, rows) == expected


@pytest.mark.parametrize(
    "query",
    [
        "select list(x) from s.t",
        "select array_agg(x)[1] from s.t",
        "select string_agg(x, ',') from s.t",
        "select group_concat(x) from s.t",
        "select listagg(x, ',') from s.t",
        "select array(select x from s.t)",
        "select histogram(x) from s.t",
        "select max(x, 500) from s.t",
        "select arg_max(x, y, 500) from s.t",
        "select approx_top_k(x, 500) from s.t",
        "select quantile_disc(x, [0.1, 0.2]) from s.t",
        "select quantile_disc(x, list_transform(range(100), i -> i / 100)) from s.t",
        "select reservoir_quantile(x, [0.1], 500) from s.t",
        "select list(x) over () from s.t limit 1",
        "select len(list(x)) from s.t",
        "select sum(cast(x as bignum) * cast('1' || repeat('0', i) as bignum)) from s.t",
        "select bit_or(set_bit(repeat('0', 9)::bit, i, 1)) from s.t",
        "select bit_xor(x) from s.t",
        "select * from (select list(x) as y from s.t)",
        "with u as (select list(x) as y from s.t) select 1 from s.t",
        "select (select list(x) from s.t)",
        "with recursive r as (select x, 1 as n from s.t union all select r.x || t.x, n + 1 from r join s.t t on t.i = n) from r limit 1",
        "from s.t select m, list(x) group by m",
        "pivot s.t on m in (1, 2) using list(x)",
        "select MAX(x, 5) from s.t",
        "select max(columns(*)) from s.t",
        "select count(columns(c -> c like 'b%')) from (select k = 1 b1, k = 2 b2 from s.t)",
        "select string_agg(x, ',') filter (i < 5) from s.t",
    ],
)
def test_what_gathers_rows_counts_every_row_that_there_is(query):
    assert charged(query) == STORED
    assert charged(query, 0) == 0

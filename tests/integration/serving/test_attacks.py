"""Every way we know to get at what the policy hides; each is refused with a code, or sees what the view shows and no more."""

import sys

import pytest

from lakeward.core.errors import LakewardError
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.served_lake import SECRETS, connect_as, make_lake

FORM, TABLE, FUNCTION, KIND, HIDDEN = (
    "query_form_refused",
    "query_table_refused",
    "query_function_refused",
    "query_not_select",
    "query_column_hidden",
)
SYNTAX, MANY, FAILED, UNKNOWN = "query_syntax", "query_not_one", "query_failed", "query_column_unknown"
PARAMETERS = "query_parameters"

REFUSED = [
    # files by path
    ("from read_parquet('{lake}/silver/orders/*.parquet')", FUNCTION),
    ("from parquet_scan('{lake}/silver/orders/*.parquet')", FUNCTION),
    ("from '{lake}/silver/orders/x.parquet'", TABLE),
    ('from "{lake}/silver/orders/x.parquet"', TABLE),
    ("from '{lake}/secret.csv'", TABLE),
    ("from delta_scan('{lake}/silver/orders')", FUNCTION),
    ("from delta_scan('{lake}/bronze/orders')", FUNCTION),
    ("from main.delta_scan('{lake}/silver/orders')", FUNCTION),
    ("from system.main.read_text('{lake}/secret.csv')", FUNCTION),
    ("from READ_TEXT('{lake}/secret.csv')", FUNCTION),
    ("from read_text('{lake}/secret.csv')", FUNCTION),
    ("from read_blob('{lake}/secret.csv')", FUNCTION),
    ("from read_csv('{lake}/secret.csv')", FUNCTION),
    ("from read_csv_auto('{lake}/secret.csv')", FUNCTION),
    ("from read_json('{lake}/secret.csv')", FUNCTION),
    ("from read_duckdb('{lake}/secret.csv')", FUNCTION),
    ("from sniff_csv('{lake}/secret.csv')", FUNCTION),
    ("from glob('{lake}/**')", FUNCTION),
    ("from parquet_metadata('{lake}/silver/orders/*.parquet')", FUNCTION),
    ("from parquet_kv_metadata('{lake}/silver/orders/*.parquet')", FUNCTION),
    ("from parquet_bloom_probe('{lake}/silver/orders/*.parquet', 'phone', '1')", FUNCTION),
    ("from try(read_text('{lake}/secret.csv'))", FORM),
    ("from if(true, read_text('{lake}/secret.csv'), 1)", FORM),
    ("select (select content from read_text('{lake}/secret.csv'))", FUNCTION),
    ("select * from silver.orders where exists (from read_text('{lake}/secret.csv'))", FUNCTION),
    ("select * from silver.orders, lateral (from glob('{lake}/' || machine))", FUNCTION),
    ("select * from silver.orders order by (select count(*) from glob('/**'))", FUNCTION),
    ("select count(*) over (order by (select count(*) from glob('/**'))) from silver.orders", FUNCTION),
    ("select 1 limit (select count(*) from glob('/**'))", FUNCTION),
    ("select list_transform([1], lambda x: (select content from read_text('{lake}/secret.csv')))", FUNCTION),
    ("values ((select content from read_text('{lake}/secret.csv')))", FUNCTION),
    ("select 1 union all select count(*) from read_text('{lake}/secret.csv')", FUNCTION),
    ("with a as (from read_text('{lake}/secret.csv')) select 1", FUNCTION),
    ("with a as materialized (from read_text('{lake}/secret.csv')) select 1", FUNCTION),
    ("select sum(1) filter (where exists (from read_text('{lake}/secret.csv')))", FUNCTION),
    ("select case when true then (select count(*) from glob('/**')) end", FUNCTION),
    ("select columns(c -> (select count(*) from glob('/**')) > 0) from silver.orders", FUNCTION),
    ("select * replace ((select count(*) from glob('/**')) as machine) from silver.orders", FUNCTION),
    ("select distinct on ((select count(*) from glob('/**'))) 1", FUNCTION),
    ("select 1 from silver.orders a join silver.orders b on a.phone = getenv('HOME')", FUNCTION),
    ("select [getenv(x) for x in ['HOME']]", FUNCTION),
    ("select ('HOME').getenv()", FUNCTION),
    ("select machine.upper().getenv() from silver.orders", FUNCTION),
    ("select struct_pack(a := getenv('HOME'))", FUNCTION),
    ("select map {getenv('HOME'): 1}", FUNCTION),
    ("select list(1 order by getenv('HOME')) from silver.orders", FUNCTION),
    ("select sum(1) over (order by 1 rows between length(getenv('HOME')) preceding and current row)", FUNCTION),
    ("from unnest((select list(content) from read_text('{lake}/secret.csv')))", FUNCTION),
    ("from range((select count(*) from glob('/**')))", FUNCTION),
    ("select 1 group by getenv('HOME') having getenv('HOME') = 'x'", FUNCTION),
    ("select 1 qualify getenv('HOME') = 'x'", FUNCTION),
    ("select * from silver.orders where phone in (from read_text('{lake}/secret.csv'))", FUNCTION),
    ("select * from silver.orders tablesample 10% union by name from glob('/**')", FUNCTION),
    ('with "/etc/k" as (select 1) from "/etc/\u212a"', TABLE),
    # SQL in texts
    ("from query('from silver.orders')", FUNCTION),
    ("from query_table('silver.orders')", FUNCTION),
    ("from query_table(['{lake}/secret.csv'])", FUNCTION),
    ("from json_execute_serialized_sql(json_serialize_sql('select 1'))", FUNCTION),
    ("select json_serialize_plan('from silver.orders')", FUNCTION),
    ("select list_aggregate([1], 'sum')", FUNCTION),
    # the session itself
    ("from duckdb_views()", FUNCTION),
    ("from duckdb_secrets()", FUNCTION),
    ("from duckdb_settings()", FUNCTION),
    ("from duckdb_functions()", FUNCTION),
    ("from duckdb_columns()", FUNCTION),
    ("from duckdb_logs()", FUNCTION),
    ("from duckdb_variables()", FUNCTION),
    ("from duckdb_temporary_files()", FUNCTION),
    ("from pragma_table_info('silver.orders')", FUNCTION),
    ("from pragma_show('silver.orders')", FUNCTION),
    ("from summary((from silver.orders))", FUNCTION),
    ("from histogram_values(silver.orders, phone)", FUNCTION),
    ("from duckdb_views", TABLE),
    ("from sqlite_master", TABLE),
    ("from information_schema.tables", TABLE),
    ("from information_schema.columns", TABLE),
    ("from pg_catalog.pg_views", TABLE),
    ("from pg_catalog.pg_settings", TABLE),
    ("from system.information_schema.tables", TABLE),
    ("from system.main.duckdb_views", TABLE),
    ("from temp.main.sqlite_master", TABLE),
    ("from memory.silver.orders", TABLE),
    ("from main.duckdb_views", TABLE),
    ("select getenv('HOME')", FUNCTION),
    ("select current_setting('allowed_directories')", FUNCTION),
    ("select getvariable('x')", FUNCTION),
    ("select current_query()", FUNCTION),
    ("select stats(machine) from silver.orders", FUNCTION),
    ("select nextval('s')", FUNCTION),
    ("select write_log('x')", FUNCTION),
    ("select sleep_ms(1)", FUNCTION),
    ("select error(phone) from silver.orders", FUNCTION),
    ("select pg_get_viewdef(1)", FUNCTION),
    ("select lakeward_token('19900004321')", FUNCTION),
    ("select main.lakeward_token('19900004321')", FUNCTION),
    # statements that are no SELECT
    ("copy silver.orders to '/tmp/stolen.csv'", KIND),
    ("copy (from silver.orders) to '/tmp/stolen.csv'", KIND),
    ("export database '/tmp/stolen'", KIND),
    ("attach '/tmp/other.db'", KIND),
    ("install httpfs", KIND),
    ("load json", KIND),
    ("set threads = 1", KIND),
    ("reset lock_configuration", KIND),
    ("set variable x = 1", KIND),
    ("pragma version", KIND),
    ("pragma database_list", KIND),
    ("call pragma_version()", KIND),
    ("create table t as from silver.orders", KIND),
    ("create macro m() as table from silver.orders", KIND),
    ("create or replace view silver.orders as select 1", KIND),
    ("create secret s (type s3)", KIND),
    ("drop view silver.orders", KIND),
    ("alter view silver.orders rename to o", KIND),
    ("insert into silver.orders values (1)", KIND),
    ("update silver.orders set phone = '1'", KIND),
    ("delete from silver.orders", KIND),
    ("prepare p as from silver.orders", KIND),
    ("execute p", KIND),
    ("explain from silver.orders", KIND),
    ("explain analyze from silver.orders", KIND),
    ("use silver", KIND),
    ("begin", KIND),
    ("checkpoint", KIND),
    ("vacuum", KIND),
    ("comment on view silver.orders is 'x'", KIND),
    ("pivot silver.orders on machine using count(*)", "query_pivot_without_values"),
    ("from (pivot bronze.orders on machine in ('M1') using count(*))", TABLE),
    ("from (pivot silver.orders on machine in ('M1') using max(id_number))", HIDDEN),
    ("from (pivot silver.orders on id_number in ('990000198001010010') using count(*))", HIDDEN),
    ("from (pivot silver.orders on machine in ('M1') using getenv('HOME'))", FUNCTION),
    ("from silver.orders pivot (count(*) for machine in (select content from read_text('/etc/passwd')))", SYNTAX),
    ("from silver.orders pivot (count(*) for machine in kinds)", FORM),
    ("from silver.orders unpivot (v for n in (id_number, note))", HIDDEN),
    ("describe bronze.orders", TABLE),
    ("summarize governance.access_log", TABLE),
    ("summarize from read_text('{lake}/secret.csv')", FUNCTION),
    ("describe select getenv('HOME')", FUNCTION),
    ("summarize select id_number from silver.orders", HIDDEN),
    ("show databases", FORM),
    ("show schemas", FORM),
    ("show variables", FORM),
    ("show bronze.orders", TABLE),
    ("from (describe duckdb_views)", TABLE),
    ("select 1; from silver.orders", MANY),
    ("select 1; drop view silver.orders", KIND),
    ("", MANY),
    ("select 1 +", SYNTAX),
    ("select 1 \0 from read_text('/etc/passwd')", SYNTAX),
    ("select '\ud800'", SYNTAX),
    ("select " + "abs(" * 400 + "1" + ")" * 400, "query_too_large"),
    ("select " + "+".join(["1"] * 3000), SYNTAX),
    ("select '" + "x" * 1_000_000 + "'", "query_too_large"),
    ("select $1", PARAMETERS),
    ("select ?", PARAMETERS),
    ("select $phone", PARAMETERS),
    ("from silver.orders at (version => 0)", FORM),
    ("select 1::silver.kind", FORM),
    # other layers, and what is hidden
    ("from bronze.orders", TABLE),
    ("from quarantine.orders", TABLE),
    ("from governance.access_log", TABLE),
    ("from silver.drafts", "query_table_ungraded"),
    ("from gold.none", TABLE),
    ("from orders", TABLE),
    ("select id_number from silver.orders", HIDDEN),
    ("select o.id_number from silver.orders o", HIDDEN),
    ("select note from silver.orders", HIDDEN),
    ("select count(*) from silver.orders where id_number like '99%'", HIDDEN),
    ("select machine from silver.orders order by id_number", HIDDEN),
    ("select * exclude (id_number) from silver.orders", HIDDEN),
    ("select columns('id_number') from silver.orders", HIDDEN),
    ("select _batch_seq, filename, file_row_number from silver.orders", UNKNOWN),
    ("select rowid from silver.orders", UNKNOWN),
    # names that shadow
    ("with duckdb_views as (from duckdb_views) from duckdb_views", TABLE),
    (
        "with recursive duckdb_views as (select sql from duckdb_views union all select sql from duckdb_views where false) from duckdb_views",
        TABLE,
    ),
    ("with a as (from b), b as (select 1) from a", TABLE),
    ("select * from (with a as (select 1) from a), a", TABLE),
    ("with orders as (select 1) from bronze.orders", TABLE),
    ("with recursive t as (select 1 as n union all select n + 1 from recurring.t where n < 3) from t", TABLE),
    ("with x as (select 1) from x at (version => 0)", TABLE),
    # Python's variables
    ("from stolen", TABLE),
    ("from python_scan_all_frames", TABLE),
    ("from pandas_scan(1)", FUNCTION),
    ("from arrow_scan(1, 2, 3)", FUNCTION),
    # errors that would quote a value
    ("select cast(phone as integer) from silver.orders", FAILED),
    ("select cast(person_name as date) from silver.orders", FAILED),
    ("select cast(person_name as bit) from silver.orders", FAILED),  # DuckDB's text is cut within a character
    ("select strptime(phone, '%Y') from silver.orders", FAILED),
    ("select cost::decimal(3, 2) from silver.orders", FAILED),
    # bands are texts: no figure is computed of them
    ("select count(*) from silver.orders where cost > 7001 and cost < 8000", FAILED),
    ("select sum(cost), avg(cost) from silver.orders", FAILED),
    ("select count(distinct opened_at) from silver.orders where hour(opened_at) > 0", FAILED),
    ("select (select phone from silver.orders)", FAILED),
    ("select phone::enum('x') from silver.orders", FAILED),
    ("select array_value(1, phone::int) from silver.orders", FAILED),
    ("select phone::json from silver.orders", FAILED),
]
SEEN_MASKED = [
    ("select phone from silver.orders order by order_id", [("199***4321",), ("199***8765",), (None,)]),
    ("select person_name from silver.orders order by order_id", [("张***",), ("李***",), (None,)]),
    ("select cost from silver.orders order by order_id", [("[7000, 8000)",), ("[9000, 10000)",), (None,)]),
    ("select count(*) from silver.orders where phone = '19900004321'", [(0,)]),
    ("select count(*) from silver.orders where phone = '199***4321'", [(1,)]),
    ("select count(*) from silver.orders where phone like '199000%'", [(0,)]),
    ("select max(phone), min(person_name) from silver.orders", [("199***8765", "张***")]),
    ("select list(phone order by phone) from silver.orders", [(["199***4321", "199***8765", None],)]),
    ("select string_agg(person_name, ',' order by order_id) from silver.orders", [("张***,李***",)]),
    ("select count(*) from silver.orders join (values ('19900004321')) v(p) on phone = p", [(0,)]),
    ("select phone from silver.orders where phone is not null order by phone desc limit 1", [("199***8765",)]),
    ("with orders as (select machine as phone from silver.orders) select max(phone) from orders", [("M2",)]),
    ("with silver as (select 1) select max(phone) from silver.orders", [("199***8765",)]),
    ("with a as (from silver.orders), b as (from a) select max(phone) from b", [("199***8765",)]),
    ("with recursive t as (select 1 as n union all select n + 1 from t where n < 3) select sum(n) from t", [(6,)]),
    ("select max(columns('^pho.*')) from silver.orders", [("199***8765",)]),
    ("select max(columns(c -> c = 'phone')) from silver.orders", [("199***8765",)]),
    (
        "select max(o::varchar) from silver.orders o where order_id = 'A1'",
        [
            (
                "{'order_id': A1, 'person_name': 张***, 'phone': 199***4321, 'cost': '[7000, 8000)', 'opened_at': 2026-03-02, 'machine': M1}",
            )
        ],
    ),
    ("select list_transform([phone], lambda x: x || '!')[1] from silver.orders where order_id = 'A1'", [("199***4321!",)]),
    ("select try_cast(phone as bigint) from silver.orders where order_id = 'A1'", [(None,)]),
    ("select try(phone::int) from silver.orders where order_id = 'A1'", [(None,)]),
    ("select length(phone), md5(phone) = md5('199***4321') from silver.orders where order_id = 'A1'", [(10, True)]),
    ("select any_value(phone) over (order by order_id) from silver.orders limit 1", [("199***4321",)]),
    ("select phone from silver.orders where order_id = 'A1' union select 'x' order by 1", [("199***4321",), ("x",)]),
    ("select (select max(phone) from silver.orders)", [("199***8765",)]),
    (
        "select column_name, min from (summarize silver.orders) where column_name in ('phone', 'cost')",
        [("phone", "199***4321"), ("cost", "[7000, 8000)")],
    ),
    (
        "select string_agg(column_name, ' ') from (describe silver.orders)",
        [("order_id person_name phone cost opened_at machine",)],
    ),
    (
        "from (pivot (select machine, phone from silver.orders) on machine in ('M1', 'M2') using max(phone))",
        [("199***4321", "199***8765")],
    ),
    (
        "select v from (unpivot (select phone from silver.orders) on phone into name n value v) order by v",
        [("199***4321",), ("199***8765",)],
    ),
    ("select name from (show tables)", [("orders",)]),
    ("select schema, name from (show all tables)", [("silver", "orders")]),
    ("select 1 -- ; drop view silver.orders", [(1,)]),
    ("SELECT max(PHONE) FROM SILVER.ORDERS;", [("199***8765",)]),
]


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return make_lake(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def con(settings):
    with connect_as(settings) as con:
        yield con


def test_the_list_of_attacks_is_not_empty():
    assert len(REFUSED) > 100
    assert len(SEEN_MASKED) > 20


@pytest.mark.parametrize(("query", "code"), REFUSED)
def test_attack_is_refused_and_tells_no_value(con, settings, query, code):
    stolen = [1]  # a name that a replacement scan would find
    with pytest.raises(LakewardError) as refused:
        con.sql(query.replace("{lake}", str(settings.start / "lake"))).fetchall()
    said = [refused.value.render(lang) for lang in ("en", "zh")] + [repr(refused.value.__cause__), str(stolen)]
    assert refused.value.code == code
    assert [secret for secret in SECRETS if secret in "".join(said) and secret not in query] == []


@pytest.mark.parametrize(("query", "expected"), SEEN_MASKED)
def test_query_on_hidden_values_sees_the_mask_only(con, query, expected):
    assert con.sql(query).fetchall() == expected


def test_no_answer_shows_a_secret_in_any_form(con):
    rows = con.sql("from silver.orders")
    seen = " ".join(map(str, (rows.fetchall(), rows, rows.limit(2), rows.fetchone(), rows.columns, rows.types)))
    assert "199***4321" in seen
    assert [secret for secret in SECRETS if secret in seen] == []


@pytest.mark.parametrize("parameters", [None, [1]])
def test_a_failure_is_not_chained_to_the_text_that_quotes_a_value(con, parameters):
    with pytest.raises(LakewardError) as failed:
        con.sql(
            "select cast(phone as integer) from silver.orders" + (" where 1 = ?" if parameters else ""), parameters
        ).fetchall()
    assert failed.value.__context__ is None
    assert failed.value.__cause__ is None


def test_the_lock_stands_behind_the_guard(con, settings):
    """What the guard would miss, the session refuses by itself, outside the folders that the views read."""
    inner = con._session._database(clear=False)[0][0]
    for statement in (
        "SET threads = 1",
        "LOAD '/tmp/x.duckdb_extension'",
        "ATTACH '/tmp/x.db'",
        f"FROM read_text('{settings.start}/lake/secret.csv')",
        f"FROM delta_scan('{settings.start}/lake/bronze/orders')",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "INSTALL httpfs",
    ):
        with pytest.raises(Exception, match=r"locked|disabled|file system|Cannot"):
            inner.execute(statement)


def test_every_query_is_logged_with_what_came_of_it(settings):
    with connect_as(settings) as con:
        con.sql("from silver.orders").fetchall()
        with pytest.raises(LakewardError):
            con.sql("from bronze.orders")
        with pytest.raises(LakewardError):
            con.sql("select phone::int from silver.orders").fetchall()
        session = con._log.session_id
    with open_workspace(settings).engine() as engine:
        found = governance.read_rows(engine, "access_log", f"session_id = '{session}'", "seq")
    assert [(r["seq"], r["role"], r["verdict"], r["code"], r["rows_out"], r["objects"]) for r in found] == [
        (1, "analyst", "allowed", None, 3, '["silver.orders"]'),
        (2, "analyst", "refused", "query_table_refused", 0, "[]"),
        (3, "analyst", "failed", "query_failed", 0, '["silver.orders"]'),
    ]


def test_parameters_are_values_and_never_sql(con):
    assert con.sql("select count(*) from silver.orders where phone = ?", ["199***4321"]).fetchone() == (1,)
    assert con.sql("select count(*) from silver.orders where phone = $phone", {"phone": "' or true --"}).fetchone() == (0,)
    for given in (["x", "y"], [], {"other": "x"}, None):
        with pytest.raises(LakewardError) as refused:
            con.sql("select count(*) from silver.orders where phone = ?", given)
        assert refused.value.code == "query_parameters"


def test_a_parameter_is_in_no_error_and_in_no_log(settings):
    with connect_as(settings) as con:
        with pytest.raises(LakewardError) as failed:
            con.sql("select cast($secret as integer)", {"secret": "s3cret"}).fetchall()
        session = con._log.session_id
    with open_workspace(settings).engine() as engine:
        found = governance.read_rows(engine, "access_log", f"session_id = '{session}'", "seq")
    assert (failed.value.code, [row["verdict"] for row in found]) == ("query_failed", ["refused"])
    assert "s3cret" not in failed.value.render("en") + repr(failed.value.__cause__) + repr(found)


@pytest.mark.parametrize(("mistyped", "meant"), [("silver.order", "silver.orders"), ("silver.draft", "silver.drafts")])
def test_a_mistyped_table_names_the_one_that_may_be_meant_served_or_not_yet(con, mistyped, meant):
    with pytest.raises(LakewardError) as refused:
        con.sql(f"from {mistyped}")
    assert meant in refused.value.render("en")


@pytest.mark.parametrize(("method", "package"), [("df", "pandas"), ("pl", "polars"), ("arrow", "pyarrow")])
def test_a_missing_package_is_named_by_its_extra(con, monkeypatch, method, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(LakewardError) as refused:
        getattr(con.sql("select 1"), method)()
    assert (refused.value.code, refused.value.facts["extra"]) == ("extra_missing", "analyst")

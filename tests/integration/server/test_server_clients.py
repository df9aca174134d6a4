"""Clients as people use them: `lakeward.connect`, and ADBC with all that stands on it."""

import contextlib
import time

import pytest

import lakeward
from lakeward.core.errors import MachineError, ProtectionError, UsageError
from lakeward.flows import open_connection
from support.canary_lake import canaries_in

flight_sql = pytest.importorskip("adbc_driver_flightsql.dbapi")
OPTIONS = "adbc.flight.sql.authorization_header"
TEXT = "select visit, machine, phone, cost, minutes from silver.visits order by visit"


@contextlib.contextmanager
def adbc(served, role, asked=None, **options):
    own = {OPTIONS: f"Bearer {served.accounts[role].token}", **options}
    if asked:
        own["adbc.flight.sql.rpc.call_header.lakeward-role"] = asked
    address = served.server.address.replace("grpc://", "grpc+tcp://")
    with flight_sql.connect(address, db_kwargs=own, autocommit=True) as con, con.cursor() as cursor:
        yield cursor


@pytest.fixture(scope="module")
def own(served_canaries):
    with open_connection(served_canaries.accounts["analyst"], None) as con:
        yield con


@pytest.fixture(scope="module")
def remote(served_canaries):
    with lakeward.connect(served_canaries.server.address, token=served_canaries.accounts["analyst"].token) as con:
        yield con


def test_rows_are_those_in_process(own, remote):
    here, there = own.sql(TEXT), remote.sql(TEXT)
    assert there.columns == here.columns
    assert there.fetchall() == here.fetchall()
    assert there.fetchone() == here.fetchone()
    assert there.limit(3).fetchall() == here.limit(3).fetchall()
    assert there.df().equals(here.df())
    assert there.pl().equals(here.pl())
    assert there.arrow().equals(here.arrow())


@pytest.mark.parametrize("text", ["select count(distinct phone), max(cost) from silver.visits", "select 1", "from silver.visits"])
def test_notices_are_those_in_process(own, remote, text):
    assert remote.sql(text).aggregated == own.sql(text).aggregated


def test_parameters_are_those_in_process(own, remote):
    for text, values in [
        ("select count(*) from silver.visits where machine = ?", ["M1"]),
        ("select count(*) from silver.visits where machine = $m", {"m": "M1"}),
    ]:
        assert remote.sql(text, values).fetchall() == own.sql(text, values).fetchall()


@pytest.mark.parametrize(
    "text",
    ["select formula from silver.visits", "select none from silver.visits", "from bronze.visits", "select", "delete from x"],
)
def test_refusals_are_those_in_process(own, remote, text):
    said = []
    for con in (own, remote):
        with pytest.raises(ProtectionError) as refused:
            con.sql(text)
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_catalogue_and_explanations_are_those_in_process(own, remote):
    assert remote.catalogue() == own.catalogue()
    for column in ("phone", "formula", "machine"):
        assert remote.explain_mask(f"silver.visits.{column}") == own.explain_mask(f"silver.visits.{column}")
    with pytest.raises(UsageError, match="none"):
        remote.explain_mask("silver.visits.none")


def test_a_connection_that_cannot_be_made_says_why(served_canaries):
    address, token = served_canaries.server.address, served_canaries.accounts["both"].token
    with pytest.raises(ProtectionError, match="names no valid account"):
        lakeward.connect(address, token="lw_x")
    with pytest.raises(UsageError, match="analyst, steward"):
        lakeward.connect(address, token=token)
    for role in ("analyst", "steward"):
        with lakeward.connect(address, token=token, role=role) as con:
            assert con.sql("select 1").fetchall() == [(1,)]
    with pytest.raises(MachineError, match=r"No server answers at 127\.0\.0\.1:1"):
        lakeward.connect("127.0.0.1:1", token=token)


def test_adbc_reads_what_the_process_reads(served_canaries, own):
    with adbc(served_canaries, "analyst") as cursor:
        cursor.execute(TEXT)
        assert cursor.fetch_arrow_table().equals(own.sql(TEXT).arrow())
        cursor.execute(TEXT)
        assert cursor.fetchall() == own.sql(TEXT).fetchall()
        cursor.execute("select count(*) from silver.visits where machine = ?", ("M1",))
        assert cursor.fetchall() == own.sql("select count(*) from silver.visits where machine = 'M1'").fetchall()


def test_adbc_is_told_the_whole_refusal(served_canaries):
    for role, hidden in (("analyst", "formula"), ("engineer", "phone")):
        with adbc(served_canaries, role) as cursor, pytest.raises(flight_sql.Error) as refused:
            cursor.execute(f"select {hidden} from silver.visits")
        assert "query_column_hidden: " in str(refused.value)
        assert "Next: " in str(refused.value)
        assert canaries_in(str(refused.value)) == []


def test_adbc_takes_name_and_token_and_role(served_canaries):
    token = served_canaries.accounts["both"].token
    address = served_canaries.server.address.replace("grpc://", "grpc+tcp://")
    named = {"username": "sun.li", "password": token, "adbc.flight.sql.rpc.call_header.lakeward-role": "steward"}
    with flight_sql.connect(address, db_kwargs=named, autocommit=True) as con, con.cursor() as cursor:
        cursor.execute(TEXT)
        assert canaries_in(str(cursor.fetchall()), ("phone",))


def test_adbc_reads_the_catalogue(served_canaries):
    address = served_canaries.server.address.replace("grpc://", "grpc+tcp://")
    own = {OPTIONS: f"Bearer {served_canaries.accounts['analyst'].token}"}
    with flight_sql.connect(address, db_kwargs=own, autocommit=True) as con:
        assert con.adbc_get_table_types() == ["TABLE"]
        assert con.adbc_get_info()["vendor_name"] == "Lakeward"
        (catalog,) = con.adbc_get_objects(depth="all").read_all().to_pylist()
        (schema,) = [one for one in catalog["catalog_db_schemas"] if one["db_schema_tables"]]
        (table,) = schema["db_schema_tables"]
        assert (catalog["catalog_name"], schema["db_schema_name"], table["table_name"]) == ("lake", "silver", "visits")
        names = [column["column_name"] for column in table["table_columns"]]
        assert "phone" in names
        assert "formula" not in names
        assert "phone" in con.adbc_get_table_schema("visits", db_schema_filter="silver").names


def test_adbc_ends_a_statement(served_canaries):
    with adbc(served_canaries, "analyst") as cursor:
        cursor.execute("select range from range(4000000)")
        cursor.fetchone()
        cursor.adbc_cancel()
        with contextlib.suppress(flight_sql.Error, OSError):
            cursor.fetch_arrow_table()
        start = time.monotonic()
        cursor.execute("select 1")
        assert cursor.fetchall() == [(1,)]
        assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("login", "code"),
    [
        ({"token": "lw_" + "x" * 20_000}, "server_header_long"),
        ({"role": "r" * 9_000}, "server_header_long"),
        ({"role": "分析师"}, "server_header_text"),
        ({"token": "lw_x\ny"}, "server_header_text"),
    ],
)
def test_what_no_call_can_carry_is_named_before_a_call(served_canaries, login, code):
    own = {"token": served_canaries.accounts["analyst"].token, **login}
    with pytest.raises(UsageError) as refused:
        lakeward.connect(served_canaries.server.address, **own)
    assert refused.value.code == code
    assert "Next:" in str(refused.value)


@pytest.mark.parametrize("value", [object(), 2**70, "\ud800"])
def test_a_value_that_has_no_type_is_named_by_its_place(own, remote, value):
    with pytest.raises(UsageError) as refused:
        remote.sql("select ?, ?", ["x", value])
    assert (refused.value.code, refused.value.facts["at"]) == ("flight_parameter_type", 2)
    if not isinstance(value, int):
        with pytest.raises(ProtectionError):
            own.sql("select ?, ?", ["x", value]).fetchall()

"""Tokens by SM4 in a session: stable, joined within a category, of one recipient, and made by no query of the reader's own."""

from dataclasses import replace
from importlib.util import find_spec

import pytest

from lakeward.core.errors import ProtectionError, UsageError
from lakeward.flows import KeyAuthor, approve_key_change, decide_token_scheme
from lakeward.protection.keys import Scheme, TokenKey, key_text, parse_key
from lakeward.serving.column_functions import ColumnFunctions
from support.accounts import ADMIN, STEWARD, make_accounts
from support.served_lake import SECRETS, connect_as, key_file, make_lake

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("numpy", "pyarrow", "cryptography")), reason="needs the extra protect"
)
TEXT = key_text(bytes.fromhex("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"), Scheme.CMAC)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    settings = make_lake(folder / "project")
    file = folder / "sm4.key"
    file.write_text(TEXT, encoding="ascii")
    file.chmod(0o600)
    return replace(settings, token_key_file=file)


def test_tokens_are_the_librarys_and_join_within_a_category(settings):
    with connect_as(settings, "engineer") as con:
        columns = {column.name: column for column in con._tables["silver.orders"].columns}
        rows = con.sql("select phone, id_number from silver.orders order by order_id").fetchall()
        joined = con.sql("select count(*) from silver.orders a join silver.orders b using (phone)").fetchone()
    functions = ColumnFunctions(parse_key(TEXT.encode(), "-"))
    assert joined == (2,)
    assert rows[0] == (functions.token(columns["phone"], "+86 199 0000 4321"), functions.token(columns["id_number"], SECRETS[2]))
    assert rows[2] == (None, None)
    assert not any(secret in str(rows) for secret in SECRETS)
    other = ColumnFunctions(parse_key(TEXT.encode(), "-"), "another plant")
    assert other.token(columns["phone"], SECRETS[0]) != rows[0][0]


def test_key_is_in_no_view_and_no_query_can_make_tokens(settings):
    with connect_as(settings, "engineer") as con:
        con.sql("select phone from silver.orders").fetchall()
        database = next(iter(con._session._databases.values()))[0][0]
        views = database.execute("select string_agg(sql, '') from duckdb_views()").fetchone()[0]
        names = database.execute("select function_name from duckdb_functions() where function_name like 'lakeward%'")
        for (name,) in names.fetchall():
            with pytest.raises(ProtectionError) as refused:
                con.sql(f"select {name}('19900004321')")
            assert refused.value.code == "query_function_refused"
    assert "nRbQ" not in views


def test_query_without_the_column_makes_no_token(settings):
    queries = {"select count(*), max(machine) from silver.orders": False, "select phone from silver.orders": True}
    with connect_as(settings, "engineer") as con:
        for query, makes in queries.items():
            plan = con._session.relation(con._session.check(query)).explain()
            assert ("phone" in plan) is makes


@pytest.mark.exhaustive
def test_a_lake_keeps_the_scheme_of_its_tokens_until_it_is_decided(settings, tmp_path):
    def code_of(keyed):
        with pytest.raises(ProtectionError) as refused:
            connect_as(keyed, "engineer")
        return refused.value.code

    lake = make_lake(tmp_path / "own")
    hmac, cmac = replace(lake, token_key_file=key_file(tmp_path)), replace(lake, token_key_file=settings.token_key_file)
    old = TokenKey(("0123456789abcdef" * 4).encode())
    with connect_as(hmac, "engineer") as con:  # tokens that were handed out
        assert con.sql("select phone from silver.orders order by order_id").fetchone() == (old.tokeniser()(SECRETS[0]),)
    assert code_of(cmac) == "token_scheme_undecided"
    with connect_as(hmac, "engineer") as con:
        assert con.sql("select count(*) from silver.orders").fetchone() == (3,)

    with pytest.raises(UsageError) as same:
        decide_token_scheme(lake, "hmac-sha256", KeyAuthor(by="li.wei", reason="again"))
    assert same.value.code == "key_scheme_same"
    owners = make_accounts(lake, STEWARD)
    admin = owners[ADMIN.name]
    why = KeyAuthor(reason="a partner asks for it")
    with pytest.raises(ProtectionError) as alone:
        decide_token_scheme(admin, "sm4-cmac", why)
    assert alone.value.code == "key_approval_missing"
    for scheme in ("sm4-cmac", "hmac-sha256"):
        approve_key_change(owners[STEWARD.name], scheme, "agreed")
    assert decide_token_scheme(admin, "sm4-cmac", why) == "hmac-sha256"
    assert code_of(hmac) == "token_scheme_undecided"
    with connect_as(cmac, "engineer") as con:
        assert str(con.sql("select phone from silver.orders order by order_id").fetchone()[0]).startswith("sm4-")
    with pytest.raises(ProtectionError) as used:  # an approval is for one decision
        decide_token_scheme(admin, "hmac-sha256", why)
    assert used.value.code == "key_approval_missing"

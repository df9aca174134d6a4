"""A row filter hides rows from its readers before anything of their query: from answers, errors, counts, and other commands."""

from dataclasses import replace

import pytest

from lakeward.core.errors import LakewardError
from lakeward.flows import explain_row, lint_policy
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.serving.connection import open_connection
from lakeward.flows.serving.policy import load_policy
from lakeward.flows.serving.reader import resolve_reader
from support.accounts import ANALYST, make_accounts
from support.policies import POLICY_2, write_policy
from support.served_lake import SECRETS, grades_of, make_lake

FILTERS = """\
  - {property: rowFilters, value: {first-machine: "machine = 'M1'", of-party: "CASE $party WHEN 'supplier-a' THEN machine = 'M2' ELSE FALSE END", of-account: "machine = 'M2' AND $account = 'li.wei'"}}
"""
RULES = """\
rowFilters:
  - {id: analysts-first-machine, why: The others are of other lines., roles: [analyst], parties: [own], filter: first-machine, tables: [silver.orders]}
  - {id: supplier-own, why: Its own machine., roles: ["*"], parties: [supplier-a], filter: of-party, tables: [silver.orders]}
  - {id: engineers-own, why: Their own., roles: [engineer], filter: of-account, tables: [silver.orders]}
rules:
"""
# As a role that sees every value in clear, so that only the filter hides something.
CLEAR = (
    POLICY_2.partition("limits:")[0]
    + RULES
    + """\
  - {id: all, why: w, roles: ["*"], parties: ["*"], grades: [general, important], categories: ["*"], action: clear}
"""
)
HIDDEN = (SECRETS[1], SECRETS[3], SECRETS[5], SECRETS[8], "A2")


def make(root, text=CLEAR, filters=FILTERS):
    settings = make_lake(root)
    with (root / "expectations/datasets/orders/contract.odcs.yaml").open("a", encoding="utf-8") as file:
        file.write(filters)
    write_policy(root, text)
    return settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return make(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def con(settings):
    with open_connection(settings, "analyst", grades_of) as con:
        yield con


def test_filter_that_fails_on_a_row_hides_it_and_quotes_nothing(tmp_path):
    of_number = FILTERS.replace("machine = 'M1'", "CAST(order_id AS BIGINT) > 0", 1)
    assert of_number != FILTERS
    settings = make(tmp_path / "lake", filters=of_number)
    with open_connection(settings, "analyst", grades_of) as con:
        for parameters in (None, [1]):
            query = "select phone from silver.orders" + (" where 1 = ?" if parameters else "")
            assert con.sql(query, parameters).fetchall() == []


def orders(settings, role=None):
    with open_connection(settings, role, grades_of) as con:
        return [row[0] for row in con.sql("select order_id from silver.orders order by 1").fetchall()]


def test_policy_and_filters_are_sound(settings):
    assert lint_policy(settings) == []


def test_each_reader_sees_the_rows_of_its_filters(settings, tmp_path):
    assert orders(settings, "analyst") == ["A1", "A3"]
    assert orders(settings, "steward") == ["A1", "A2", "A3"]
    assert orders(settings, "engineer") == []  # without a token there is no account
    copy = make(tmp_path)
    supplier = replace(ANALYST, name="ann.supplier", person="Ann", party="supplier-a")
    owners = make_accounts(copy, replace(ANALYST, roles=("engineer",)), supplier)
    assert orders(owners["li.wei"]) == ["A2"]
    with open_connection(owners["ann.supplier"], None, grades_of) as con:
        assert con.sql("select count(*), min(order_id) from silver.orders").fetchone() == (1, "A2")


QUERIES = (
    "select count(*) from silver.orders",
    "select count(*) from silver.orders where phone = '{secret}'",
    "select max(phone), max(cost), string_agg(order_id, ',') from silver.orders",
    "select count(*) from silver.orders where case when phone = '{secret}' then cast('x' as integer) else 1 end = 1",
    "select count(*) from silver.orders where cast(phone as bigint) > 0 or cast(order_id as integer) > 0 or order_id like 'A%'",
    "select sum(case when phone = '{secret}' then cast('x' as integer) end) from silver.orders",
    "select 1 from silver.orders a join silver.orders b on cast(a.phone = '{secret}' as integer) = 1 and b.order_id = a.order_id",
    "with o as (from silver.orders) select * from o where regexp_matches(phone, '^{secret}$')",
    "select order_id from silver.orders order by cast(phone = '{secret}' as integer) desc, order_id desc limit 1",
    "select a.order_id from silver.orders a where exists (select 1 from silver.orders b where b.phone = '{secret}')",
    "select order_id, row_number() over (order by order_id) from silver.orders qualify count(*) over () > 2",
    "from silver.orders select order_id group by all having max(phone) = '{secret}'",
    "summarize silver.orders",
    "from silver.orders using sample 100%",
    "from (pivot silver.orders on machine in ('M1', 'M2') using count(*))",
    "select order_id from silver.orders union all select phone from silver.orders",
    "select approx_count_distinct(phone), count(distinct phone) from silver.orders",
    "select try_cast(phone as integer), phone::bigint % 10 from silver.orders where phone is not null",
)


@pytest.mark.parametrize("query", QUERIES)
def test_an_answer_is_the_one_without_the_hidden_rows(con, settings, query):
    text = query.format(secret=SECRETS[1])
    found = outcome(con, text)
    assert not any(secret in found for secret in HIDDEN if secret not in text)
    assert found == outcome(con, query.format(secret="19900000000")).replace("19900000000", SECRETS[1])


def outcome(con, text):
    try:
        return repr(sorted(map(repr, con.sql(text).fetchall())))
    except LakewardError as error:
        return str(error)


def test_predicates_of_a_query_stay_above_the_filter(con):
    plan = (
        con._session._database(clear=False)[0][0]
        .execute("explain select order_id from silver.orders where cast(phone as bigint) > 0")
        .fetchone()[1]
    )
    above, _, below = plan.partition("PROJECTION")
    assert "CAST(phone" in plan
    assert "CAST(phone" not in below.partition("PROJECTION")[2]
    assert "M1" in below
    assert "M1" not in above


def test_number_of_rows_is_not_in_the_catalogue(con, settings):
    rows = {str(table["table"]): table["rows"] for table in con.catalogue()}
    assert rows["silver.orders"] is None
    assert con.explain_mask("silver.orders.phone").filters == ("analysts-first-machine",)


def test_commands_that_read_whole_tables_are_refused(settings):
    workspace = open_workspace(settings)
    contract = workspace.project.contract("orders")
    with pytest.raises(LakewardError) as error:
        resolve_reader(workspace, "analyst")[0].clear_columns(contract, {})
    assert error.value.code == "row_filter_command"
    with pytest.raises(LakewardError) as error:
        explain_row(settings, "silver.orders", "order_id = 'A2'", role="analyst")
    assert error.value.code == "row_filter_command"
    assert resolve_reader(workspace, "steward")[0].clear_columns(contract, {}) == frozenset()


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("machine = ", "syntax"),
        ("machin = 'M1'", "machin"),
        ("machine IN (SELECT machine FROM silver.orders)", ""),
        ("count(*) > 1", ""),
        ("machine = $role", "party"),
        ("machine = '$party'", "party"),
        ("read_text('/etc/passwd') IS NOT NULL", "read_text"),
        ("machine = 'M1' --", None),
    ],
)
def test_a_filter_that_is_no_condition_closes_its_table_and_is_found_by_lint(tmp_path, condition, reason):
    settings = make(
        tmp_path,
        filters=f'  - {{property: rowFilters, value: {{first-machine: "{condition}", of-party: "true", of-account: "true"}}}}\n',
    )
    found = lint_policy(settings)
    if reason is None:
        assert (found, orders(settings, "analyst")) == ([], ["A1", "A3"])
        return
    assert [notice.code for notice in found] == ["row_filter_invalid"]
    with pytest.raises(LakewardError) as error:
        orders(settings, "analyst")
    assert error.value.code == "query_table_unfiltered"
    assert orders(settings, "steward") == ["A1", "A2", "A3"]


def test_a_table_without_the_filter_is_closed_to_its_readers(tmp_path):
    settings = make(tmp_path, CLEAR.replace(", tables: [silver.orders]}", "}"))
    with open_connection(settings, "analyst", lambda _, contract: grades_of(_, replace(contract, name="orders"))) as con:
        with pytest.raises(LakewardError) as error:
            con.sql("from silver.drafts")
        assert error.value.code == "query_table_unfiltered"
        assert con.sql("select count(*) from silver.orders").fetchone() == (2,)


def test_an_invalid_contract_beside_it_leaves_a_filter_as_it_is(tmp_path):
    settings = make(tmp_path)
    broken = tmp_path / "expectations" / "datasets" / "broken"
    broken.mkdir()
    (broken / "contract.odcs.yaml").write_text("kind: DataContract\n")
    assert orders(settings, "analyst") == ["A1", "A3"]
    assert lint_policy(settings) == []


def test_slips_in_row_filters_are_refused(tmp_path):
    for found, replacement in (
        ("filter: first-machine", "filter: first-machin"),
        ("tables: [silver.orders]", "tables: [silver.order]"),
        ("id: supplier-own", "id: all"),
    ):
        settings = make(tmp_path / replacement[-6:], CLEAR.replace(found, replacement, 1))
        with pytest.raises(LakewardError):
            load_policy(open_workspace(settings))


def test_a_contract_that_is_not_valid_closes_its_own_table_alone(tmp_path):
    limited = RULES.replace(
        "rules:\n", "  - {id: d, why: w, roles: [analyst], filter: of-drafts, tables: [silver.drafts]}\nrules:\n"
    ).replace(
        "rules:\n",
        "rules:\n  - {id: d2, why: w, roles: [engineer], grades: [general], categories: [none], columns: [silver.drafts.cost], action: deny}\n",
    )
    settings = make(tmp_path, CLEAR.replace(RULES, limited))
    contract = tmp_path / "expectations/datasets/drafts/contract.odcs.yaml"
    text = contract.read_text()
    contract.write_text(text + "  - {property: rowFilters, value: {of-drafts: \"machine = 'M1'\"}}\n")
    assert lint_policy(settings) == []

    contract.write_text(text.replace("logicalType: number", "logicalType: nmber"))
    assert orders(settings, "analyst") == ["A1", "A3"]
    with open_connection(settings, "steward", grades_of) as con, pytest.raises(LakewardError) as closed:
        con.sql("select * from silver.drafts")
    assert closed.value.code.startswith("contract_")
    contract.write_text(text)
    with pytest.raises(LakewardError) as closed:  # the contract is valid again, and lacks the filter
        orders(settings, "analyst")
    assert closed.value.code == "policy_unknown_name"

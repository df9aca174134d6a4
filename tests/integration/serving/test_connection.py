"""What each role sees through `lakeward.connect`, what it is told, and what a key changes."""

import datetime as dt
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lakeward.core.errors import LakewardError, MachineError, PolicyError, UsageError
from lakeward.flows.serving.connection import open_connection
from lakeward.flows.serving.policy import lint_policy, run_policy_tests
from lakeward.grading.grade import Grade, GradeState
from support.served_lake import SECRETS, column_grade, connect_as, key_file, make_lake


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return make_lake(tmp_path_factory.mktemp("lake"))


def test_steward_sees_what_she_decides_on(settings):
    with connect_as(settings, "steward") as con:
        row = con.sql("select phone, id_number, cost, opened_at from silver.orders order by order_id").fetchone()
    assert row == (SECRETS[0], SECRETS[2], 7421.55, dt.datetime(2026, 3, 2, 6, 15, tzinfo=dt.UTC))


def test_column_without_a_grade_is_served_to_nobody(settings):
    for role in ("analyst", "engineer", "steward", "cdo", "auditor"):
        with connect_as(settings, role) as con:
            assert "note" not in con.sql("from silver.orders").columns
            assert con.explain_mask("silver.orders.note").action == "deny"


def test_stale_grade_hides_its_column(settings):
    stale = {"order_id": column_grade(Grade.GENERAL), "machine": column_grade(Grade.GENERAL, state=GradeState.STALE)}
    with open_connection(settings, "steward", lambda *_: stale) as con:
        assert con.sql("from silver.orders").columns == ("order_id",)


def test_tokens_need_a_key_and_join_the_same_person(settings, tmp_path):
    with connect_as(settings, "engineer") as con:
        assert "phone" not in con.sql("from silver.orders").columns
        assert "LAKEWARD_TOKEN_KEY_FILE" in con.explain_mask("silver.orders.phone").why
    keyed = replace(settings, token_key_file=key_file(tmp_path))
    with connect_as(keyed, "engineer") as con:
        tokens = con.sql("select phone, id_number from silver.orders order by order_id").fetchall()
        joined = con.sql("select count(*) from silver.orders a join silver.orders b using (phone)").fetchone()
        views = con._session._database(clear=False)[0][0].execute("select string_agg(sql, '') from duckdb_views()").fetchone()[0]
    assert joined == (2,)
    assert tokens[2] == (None, None)
    assert len({token for row in tokens[:2] for token in row}) == 4
    assert not any(secret in str(tokens) for secret in SECRETS)
    assert "0123456789abcdef" not in views


PLAIN_INSTALL = """
import sys
from dataclasses import replace
from pathlib import Path
sys.modules |= {"numpy": None, "pandas": None, "pyarrow": None}
from lakeward.core.errors import MachineError, ProtectionError
from lakeward.core.settings import Settings
from lakeward.flows import check_machine, run_policy_tests
from support.served_lake import connect_as
settings = replace(Settings(start=Path(sys.argv[1])), token_key_file=Path(sys.argv[2]))
with connect_as(settings, "engineer") as con:
    rows = con.sql("select * from silver.orders")
    assert rows.columns and not {"phone", "id_number"} & set(rows.columns), rows.columns
    assert len(rows.fetchall()) == 3
    print(con.explain_mask("silver.orders.phone").why)
    try:
        con.sql("select phone from silver.orders").fetchall()
    except ProtectionError as refused:
        print(refused)
print([(row.ok, row.needed, row.repair) for row in check_machine(settings) if "tokens" in row.check])
"""


def test_without_numpy_a_column_of_tokens_is_denied_and_the_extra_named(settings, tmp_path):
    words = (sys.executable, "-c", PLAIN_INSTALL, settings.start, key_file(tmp_path))
    environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "numpy is missing" in done.stdout
    assert done.stdout.count("pip install '/path/to/the/clone[tokens]'") == 3
    assert "(False, True," in done.stdout


def test_a_policy_with_tokens_is_tested_without_numpy():
    code = "import sys; sys.modules['numpy'] = None; from lakeward.serving.example import *; from lakeward.contracts.model import Kind\n"
    code += "decision = AccessDecision(action=Action.TOKENISE, rule='r', why='', ask='')\n"
    code += "print(mask_example('19900004321', DataType(Kind.STRING), decision))"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert len(done.stdout.strip()) == len("066b7d85:7e95422b6d17cf2f6ce88c73327b11cf")


def test_key_that_others_can_read_opens_no_session(settings, tmp_path):
    with pytest.raises(LakewardError) as refused:
        connect_as(replace(settings, token_key_file=key_file(tmp_path, 0o644)), "engineer")
    assert refused.value.code == "token_key_readable"


def test_mask_is_explained_with_rule_reason_and_whom_to_ask(settings):
    with connect_as(settings) as con:
        told = con.explain_mask("silver.orders.phone")
    assert {key: told.as_dict()[key] for key in ("action", "rule", "ask", "grade", "category", "state", "owner", "role")} == {
        "action": "mask",
        "rule": "personal-masked",
        "ask": "data-steward",
        "grade": "general",
        "category": "personal.phone",
        "state": "provisional",
        "owner": "wang.fang",
        "role": "analyst",
    }
    assert told.why == told["why"] != ""


def test_unknown_column_and_role_name_what_they_may_have_meant(settings):
    with connect_as(settings) as con, pytest.raises(UsageError) as column:
        con.explain_mask("silver.orders.fone")
    with pytest.raises(UsageError) as role:
        connect_as(settings, "analist")
    assert "silver.orders.phone" in str(column.value)
    assert "analyst" in str(role.value)


def test_catalogue_tells_grade_owner_and_what_is_hidden_and_zero_of_nothing(settings):
    with connect_as(settings) as con:
        orders, drafts = sorted(con.catalogue(), key=lambda row: row.table, reverse=True)
    assert (str(orders.table), orders.rows, orders.hidden, orders.score) == ("silver.orders", 3, ("id_number", "note"), None)
    assert (str(drafts.table), drafts.columns, drafts.grade) == ("silver.drafts", (), None)
    assert (orders["table"], drafts["columns"]) == ("silver.orders", [])


def test_policy_that_names_what_is_not_there_opens_no_session(settings):
    file = settings.start / "expectations" / "policies" / "serving.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        "version: 1\nask: me\nroles: {analyst: {en: A, zh: A}}\ncategories: {none: plain}\nrules:\n"
        "  - {id: a, why: w, roles: [analyst], grades: [general], categories: [none], columns: [silver.orders.fone], action: clear}\n",
        encoding="utf-8",
    )
    with pytest.raises(PolicyError):
        connect_as(settings)
    found = lint_policy(settings)
    file.unlink()
    assert ("policy_unknown_name", "column", 6) in {(p.code, p.facts.get("kind"), p.facts["line"]) for p in found}


def test_policy_test_that_does_not_hold_is_told(settings):
    file = settings.start / "expectations" / "policies" / "serving.tests.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        "version: 1.0.0\ntests:\n"
        '  - {name: a, role: analyst, column: silver.orders.phone, grade: general, category: personal.phone, expect: mask, value: "13800004321", shown: "138***4321"}\n'
        "  - {name: b, role: analyst, column: silver.orders.phone, grade: general, category: personal.phone, expect: clear}\n",
        encoding="utf-8",
    )
    found = run_policy_tests(settings)
    file.unlink()
    assert [(row.test, row.passed, row.found) for row in found] == [("a", True, "mask"), ("b", False, "mask")]


def test_shell_and_python_give_the_same(settings):
    program = "import lakeward, sys; con = lakeward.connect(role='analyst', project=sys.argv[1]); print(len(con.catalogue()))"
    ran = subprocess.run([sys.executable, "-c", program, str(settings.start)], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "2"
    for form, expected in {"json": [{"a": 1}], "csv": "a\n1\n"}.items():
        words = [sys.executable, "-m", "lakeward.cli", "query", "select 1 as a", "--as", "analyst", "--format", form]
        code = "from lakeward.cli import main; import sys; main(sys.argv[1:])"
        words = [sys.executable, "-c", code, *words[3:], "--project", str(settings.start)]
        out = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        assert (json.loads(out) if form == "json" else out) == expected


def test_each_form_of_an_answer_has_the_same_rows(settings):
    with connect_as(settings) as con:
        rows = con.sql("select order_id, machine from silver.orders order by order_id")
        expected = [("A1", "M1"), ("A2", "M2"), ("A3", "M1")]
        assert rows.fetchall() == expected
        assert rows.pl().rows() == expected
        assert list(rows.df().itertuples(index=False, name=None)) == expected
        assert [tuple(row.values()) for row in rows.arrow().to_pylist()] == expected


@pytest.mark.exhaustive
def test_a_failure_inside_duckdb_says_to_connect_again(settings):
    uneven = (
        "WITH one AS (SELECT count(*) AS x FROM silver.orders), found AS (SELECT * FROM one WHERE x >= 5000 UNION ALL "
        "SELECT * FROM one WHERE NOT EXISTS (SELECT 1 FROM one WHERE x >= 5000)) SELECT x, count(*) OVER () AS total FROM found"
    )
    with connect_as(settings) as con, pytest.raises(MachineError) as broken:
        ask_often(con, uneven)
    assert broken.value.code == "query_engine_broken"


def ask_often(con, query):
    """DuckDB 1.5.5 fails on some runs of an aggregate over an empty window."""
    for _ in range(3_000):
        assert con.sql(query).fetchall() == [(3, 1)]

"""Generated attacks on hidden values, by every command that reads them: no answer, error, log, plan or file holds or confirms one."""

import itertools
import json
import logging

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.messages import Lang
from lakeward.core.settings import Settings
from lakeward.flows import check_data, explain_check, explain_row, repair_rows, show_quarantine, suggest_rules
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.quarantine.events import Signature
from lakeward.flows.quarantine.selection import Selection
from lakeward.flows.serving.connection import open_connection
from lakeward.flows.steward.repair import Repair
from support.canary_lake import CANARIES, NAME
from support.read_attacks import CONDITIONS, DETOURS, FALSE, HIDDEN, TABLE, TARGET, leaked, suite_attacks

PAIRS = [(role, column) for role, columns in HIDDEN.items() for column in columns]


def guesses(column: str) -> tuple[str, str]:
    """A planted value, and a false one that its mask shows alike."""
    return CANARIES[column][TARGET], FALSE[column]


def said_by(call, *arguments: object) -> str:
    """What a call answers, or says of its failure."""
    try:
        return repr(call(*arguments))
    except LakewardError as error:
        return " ".join(error.render(lang) for lang in Lang)


def ask(con, text: str, *parameters: object) -> list[tuple[object, ...]]:
    return con.sql(text, list(parameters) or None).fetchall()


@pytest.fixture(scope="module")
def connections(canary_lake):
    found = {role: open_connection(canary_lake, role) for role in HIDDEN}
    yield found
    for con in found.values():
        con.close()


def test_there_are_hundreds_of_attacks_besides_queries():
    """Queries are tried by every door: `server/test_attacks_by_every_door.py`."""
    suites = sum(len(suite_attacks(column, CANARIES[column][0])) for _, column in PAIRS)
    assert suites > 120
    assert len(DETOURS) > 45


@pytest.mark.parametrize("role", HIDDEN)
def test_no_detour_leads_around_the_views(role, connections, canary_lake):
    for detour in DETOURS:
        text = detour.replace("{lake}", str(canary_lake.start / "lake"))
        with pytest.raises(LakewardError) as refused:
            connections[role].sql(text).fetchall()
        assert leaked(refused.value.render(canary_lake.lang), HIDDEN[role], asked=text) == []
    assert [file.name for file in canary_lake.start.glob("stolen*")] == []


def test_parameters_confirm_nothing(connections):
    for role, column in PAIRS:
        query = f"SELECT count(*) FROM {TABLE} WHERE CAST({column} AS VARCHAR) = $1"
        said = [said_by(ask, connections[role], query, one) for one in guesses(column)]
        assert said[0] == said[1]


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("role", "column"), PAIRS)
def test_no_suite_of_the_reader_tells_or_confirms(role, column, canary_lake, tmp_path):
    said = []
    for number, guess in enumerate(guesses(column)):
        suite, file = {"name": "mine", "expectations": suite_attacks(column, guess)}, tmp_path / f"{number}.parquet"
        result = check_data(TABLE, suite, canary_lake, file, role)
        plan = [step.as_dict() for step in explain_check(TABLE, suite, canary_lake, role)]
        assert leaked(file.read_bytes().decode("latin-1"), HIDDEN[role]) == []
        said.append(json.dumps([result, plan], default=str, ensure_ascii=False))
        assert leaked(said[-1], HIDDEN[role], asked=json.dumps(suite, ensure_ascii=False)) == []
        outcomes = {one["meta"]["lakeward"]["outcome"] for one in result["results"]}
        assert outcomes == {"UNKNOWN"}
    own = [[one["meta"]["lakeward"] for one in json.loads(text)[0]["results"]] for text in said]
    assert own[0] == own[1]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("role", "column"), PAIRS)
def test_no_row_is_explained_by_a_hidden_value(role, column, canary_lake):
    said = [said_by(explain_row, canary_lake, TABLE, f"{column}={guess}", role) for guess in guesses(column)]
    assert "Next" in said[0]
    assert said[0] == said[1]


@pytest.mark.parametrize(("condition", "pairs"), [(CONDITIONS[0], PAIRS[1::5])])
def test_no_condition_on_quarantined_rows_tells_or_confirms(condition, pairs, canary_lake):
    assert told_by_conditions(canary_lake, [condition], pairs) == []


@pytest.mark.exhaustive
def test_no_condition_of_any_form_tells_or_confirms(canary_lake):
    assert told_by_conditions(canary_lake, CONDITIONS, PAIRS) == []


def told_by_conditions(settings, conditions, pairs) -> list[tuple[str, str, str]]:
    """Conditions and expressions whose refusal tells a true value from a false one; nothing may be repaired by one."""
    found = []
    for (role, column), condition in itertools.product(pairs, conditions):
        said = []
        for guess in (CANARIES[column][5], FALSE[column]):  # the row of the first is in quarantine
            where = condition.format(c=column, g=f"'{guess}'", p=guess[:6])
            compute = {"minutes": f"CASE WHEN {where} THEN CAST('x' AS INTEGER) ELSE 1 END"}
            signed = Signature("li.wei", role, "because")
            asked = said_by(repair_rows, settings, NAME, Selection(where=where), Repair({"minutes": "'1'"}), signed)
            asked += said_by(repair_rows, settings, NAME, Selection(rows=((1, 7),)), Repair(compute), signed)
            said.append(asked)
        if said[0] != said[1] or "Next" not in said[0] or leaked(said[0], HIDDEN[role]):
            found.append((role, column, condition))
    return found


@pytest.mark.sampled(1)
@pytest.mark.parametrize("role", HIDDEN)
def test_what_lists_rows_or_rules_tells_nothing(role, canary_lake):
    said = repr(show_quarantine(canary_lake, NAME, 20, include_closed=True, role=role)) + repr(
        suggest_rules(canary_lake, NAME, role)
    )
    assert "199***" in said or role == "engineer"
    assert leaked(said, HIDDEN[role]) == []


def test_nothing_stays_behind_in_logs_or_files(canary_lake, connections, caplog):
    """What the tests above left: entries, scratch folders, and whatever is logged while they read."""
    with caplog.at_level(logging.DEBUG):
        said_by(ask, connections["analyst"], f"SELECT CAST(phone AS INTEGER) FROM {TABLE}")
        check_data(TABLE, {"name": "mine", "expectations": suite_attacks("phone", FALSE["phone"])}, canary_lake, None, "analyst")
    assert leaked(caplog.text, tuple(CANARIES)) == []
    with open_workspace(canary_lake).engine() as engine:
        entries = governance.read_rows(engine, "access_log", order="asked_at")
    assert len(entries) > 0
    assert leaked(repr(entries), tuple(CANARIES)) == []
    data = {"silver", "bronze", "quarantine", "landing", "rejects", "repairs"}
    lake = canary_lake.start / "lake"
    others = [file for file in lake.rglob("*") if file.is_file() and file.relative_to(lake).parts[0] not in data]
    assert len(others) > 10
    assert [str(file) for file in others if leaked(file.read_bytes().decode("utf-8", "replace"), tuple(CANARIES))] == []


def test_a_leak_would_be_seen(canary_lake: Settings):
    """A role that sees the values: the same measure finds them."""
    with open_connection(canary_lake, "steward") as con:
        assert leaked(repr(con.sql(f"SELECT phone FROM {TABLE}").fetchall()), ("phone",)) != []
        assert leaked(repr(con.sql(f"SELECT hex(phone) FROM {TABLE}").fetchall()), ("phone",)) != []
        (count,) = con.sql(f"SELECT count(*) FROM {TABLE} WHERE phone = '{CANARIES['phone'][TARGET]}'").fetchone()
    assert count == 1

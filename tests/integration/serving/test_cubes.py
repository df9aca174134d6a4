"""Groups in place of rows: none of the nine attacks on thresholds finds a person's pay, and a group changes by k persons at once."""

import itertools
import math

import pytest

from lakeward.core.errors import ContractError, ProtectionError, UsageError
from lakeward.flows import list_cubes, release_cube, seal_logs, verify_logs
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.serving import cube_record
from support.accounts import ANALYST, STEWARD, make_accounts
from support.command_line import run_command
from support.cube_plant import (
    CUBE,
    CUBE_TEXT,
    GRADES,
    NAME,
    TABLE,
    TARGET,
    TARGET_PAY,
    add_people,
    analyst,
    change_people,
    grades_of,
    make_plant,
    write_contract,
)
from support.served_lake import column_grade

# What identifies the target: department and year.
D, YEAR = "D1", "2022"


def release(settings, reason="pay by group is approved", by="wang.fang", **options):
    return release_cube(settings, NAME, reason, by, grade_lookup=grades_of, **options)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    settings = make_plant(tmp_path_factory.mktemp("cube") / "plant")
    release(settings)
    return settings


@pytest.fixture(scope="module")
def con(settings):
    with analyst(settings) as con:
        yield con


def cells(settings, order="department, hired"):
    with analyst(settings) as con:
        return con.sql(f"SELECT * FROM {CUBE} ORDER BY {order}").fetchall()


def test_the_cube_holds_groups_with_the_right_figures(settings):
    found = cells(settings)
    with open_workspace(settings).engine() as engine:
        expected = engine.fetch(
            f"SELECT department, strftime(hired, '%Y') AS hired, count(DISTINCT person) AS units, sum(pay) AS pay FROM {TABLE} GROUP BY ALL ORDER BY ALL"
        )
    assert len(found) == len(expected) == 25
    for cell, group in zip(found, expected, strict=True):
        assert cell[:3] == (group["department"], group["hired"], group["units"])
        assert math.isclose(cell[3], group["pay"])
        assert cell[4] == 1


# Attack -> queries; `{t}` is each of the names that an analyst can try. The target's pay must be in no answer, and in no difference.
ATTACKS = {
    "1 all minus all but one": ["SELECT sum(pay) FROM {t}", f"SELECT sum(pay) FROM {{t}} WHERE person <> '{TARGET}'"],
    "2 general tracker": [
        f"SELECT sum(pay) FROM {{t}} WHERE person = '{TARGET}' OR department = 'D0'",
        f"SELECT sum(pay) FROM {{t}} WHERE person = '{TARGET}' OR NOT department = 'D0'",
        "SELECT sum(pay) FROM {t} WHERE department = 'D0'",
        "SELECT sum(pay) FROM {t} WHERE NOT department = 'D0'",
    ],
    "3 sum of a case": [f"SELECT sum(CASE WHEN person = '{TARGET}' THEN pay END) FROM {{t}}"],
    "4 a row's value as an aggregate": [
        *(
            f"SELECT {f} FROM {{t}}"
            for f in ("max(pay)", "min(pay)", "arg_max(person, pay)", "quantile_cont(pay, 1.0)", "list(pay)")
        ),
        *(
            f"SELECT {f} FROM {{t}}"
            for f in ("string_agg(pay::VARCHAR, ',')", "first(pay ORDER BY pay DESC)", "mode(pay)", "any_value(pay)")
        ),
    ],
    "5 swollen count": [
        f"SELECT sum(pay) / 10, count(*) FROM {{t}}, range(10) WHERE person = '{TARGET}'",
        "SELECT pay, count(*) FROM {t} CROSS JOIN range(100) GROUP BY pay ORDER BY pay DESC LIMIT 1",
    ],
    "6 yes or no": [
        "SELECT department FROM {t} GROUP BY department HAVING max(pay) > 70000",
        f"SELECT CASE WHEN sum(pay) > 70000 THEN error('x') END FROM {{t}} WHERE person = '{TARGET}'",
        f"SELECT EXISTS (SELECT 1 FROM {{t}} WHERE person = '{TARGET}' AND pay > 70000)",
    ],
    "7 three sets": [
        "SELECT sum(pay) FROM {t} WHERE person < 'P02000'",
        "SELECT sum(pay) FROM {t} WHERE person BETWEEN 'P02000' AND 'P04710'",
        "SELECT sum(pay) FROM {t} WHERE person < 'P04712'",
    ],
    "9 one member is most": [f"SELECT sum(pay) FROM {{t}} WHERE machine = 'M1' AND person = '{TARGET}'"],
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_query_of_an_attack_can_be_said(con, attack):
    for query in ATTACKS[attack]:
        for table in (TABLE, CUBE):
            with pytest.raises(ProtectionError) as refused:
                con.sql(query.format(t=table)).fetchall()
            assert str(TARGET_PAY) not in str(refused.value)


def numbers(rows):
    return [float(value) for row in rows for value in row if isinstance(value, int | float) and not isinstance(value, bool)]


def test_the_same_attacks_over_groups_find_no_person(con):
    """As far as they can be said of groups: by dimensions, with every figure and every difference of two figures."""
    queries = [
        f"SELECT sum(pay_sum) FROM {CUBE}",
        f"SELECT sum(pay_sum) FROM {CUBE} WHERE department <> '{D}'",
        f"SELECT sum(pay_sum) FROM {CUBE} WHERE NOT (department = '{D}' AND hired = '{YEAR}')",
        f"SELECT sum(CASE WHEN department = '{D}' THEN pay_sum END) FROM {CUBE}",
        f"SELECT max(pay_sum), min(pay_sum), max(pay_sum / units), min(units) FROM {CUBE}",
        f"SELECT list(pay_sum), count(*) FROM {CUBE}, range(10)",
        f"SELECT department, sum(pay_sum), sum(units) FROM {CUBE} GROUP BY department HAVING max(pay_sum) > 70000",
        f"SELECT pay_sum FROM {CUBE}",
    ]
    found = [number for query in queries for number in numbers(con.sql(query).fetchall())]
    assert len(found) > 40
    differences = [abs(a - b) for a, b in itertools.combinations(found, 2)]
    assert not any(math.isclose(number, TARGET_PAY, rel_tol=1e-4) for number in (*found, *differences))
    assert con.sql(f"SELECT min(units) >= 10 FROM {CUBE}").fetchone() == (True,)


def one(person, pay=50_000.0, department=D, hired="2022-03-01"):
    return f"SELECT '{person}' AS person, '{department}' AS department, DATE '{hired}' AS hired, {pay} AS pay, 'M1' AS machine"


def many(count, front="N", pay=9_000.0):
    return f"SELECT '{front}' || i AS person, '{D}' AS department, DATE '2022-03-01' AS hired, {pay} AS pay, 'M1' AS machine FROM range({count}) AS n(i)"


@pytest.mark.exhaustive
def test_8_a_group_moves_only_when_k_persons_changed(tmp_path):
    settings = make_plant(tmp_path / "plant")
    release(settings)
    before = cells(settings)
    add_people(settings, one("NEW1"), 2)
    change_people(settings, f"person = '{TARGET}'", one(TARGET, 88_888.88), 3)
    change_people(settings, "person = 'P00001'", "SELECT * FROM silver.payroll WHERE false", 4)
    assert release(settings, "").release == 2
    assert cells(settings) == before
    add_people(settings, many(12), 5)
    release(settings, "")
    moved = [(old, new) for old, new in zip(before, cells(settings), strict=True) if old != new]
    ((old, new),) = moved
    assert old[:2] == new[:2] == (D, YEAR)
    assert new[2] - old[2] == 13
    assert new[4] == 3


@pytest.mark.exhaustive
def test_persons_who_come_one_by_one_move_a_group_when_they_are_k(tmp_path):
    settings = make_plant(tmp_path / "plant", many(20, "A"))
    release(settings)
    seen = []
    for batch in range(2, 14):
        add_people(settings, one(f"B{batch}"), batch)
        release(settings, "")
        seen.append(cells(settings)[0][2])
    assert seen == [20] * 9 + [30] * 3


@pytest.mark.exhaustive
def test_a_change_and_its_return_move_nothing(tmp_path):
    settings = make_plant(tmp_path / "plant", many(20, "A"))
    release(settings)
    before = cells(settings)
    for batch in range(2, 8):
        change_people(settings, "person = 'A1'", one("A1", 9_000.0 + batch), batch)
        release(settings, "")
        assert cells(settings) == before


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        (many(9), 0),
        (many(10), 1),
        (f"{many(11)} UNION ALL {one('BOSS', 1_000_000.0)}", 0),
        (f"{many(11)} UNION ALL {one('BOSS', -1_000_000.0)}", 0),
        (f"{many(11)} UNION ALL {one('BOSS', 98_000.0)}", 1),
        (f"SELECT * REPLACE (CASE WHEN person IN ('N1', 'N2') THEN pay END AS pay) FROM ({many(20)})", 0),
        (f"SELECT * REPLACE ('N1' AS person) FROM ({many(500)})", 0),
        (
            f"SELECT * REPLACE (CASE WHEN i > 5 THEN person END AS person) FROM (SELECT *, regexp_extract(person, '[0-9]+')::INT AS i FROM ({many(15)}))",
            0,
        ),
        (f"SELECT * REPLACE (CAST('nan' AS DOUBLE) AS pay) FROM ({many(15)})", 0),
        (f"SELECT * REPLACE (0.0 AS pay) FROM ({many(15)})", 1),
        (f"SELECT * REPLACE (CAST(NULL AS VARCHAR) AS department) FROM ({many(15)})", 1),
    ],
    ids=[
        "nine",
        "ten",
        "a boss",
        "a negative boss",
        "a boss of half",
        "pay of two",
        "one with many rows",
        "without person",
        "not a number",
        "all zero",
        "no department",
    ],
)
def test_a_group_is_released_only_if_it_hides_each_member(tmp_path, people, expected):
    columns = "person, department, hired, pay, machine"
    settings = make_plant(tmp_path / "plant", f"SELECT {columns} FROM ({people})")
    assert release(settings).cells == expected


def test_spellings_of_one_number_are_one_unit(tmp_path):
    settings = make_plant(
        tmp_path / "plant",
        "SELECT * REPLACE (CASE i % 2 WHEN 0 THEN '13800000001' ELSE '+86 138 0000 000' || (i // 2 % 9) END AS person) FROM (SELECT *, regexp_extract(person, '[0-9]+')::INT AS i FROM ("
        + many(40)
        + "))".replace("FROM (SELECT *", "FROM (SELECT *"),
    )
    phones = {
        **{name: column_grade(*what) for name, what in GRADES.items()},
        "person": column_grade(GRADES["person"][0], "personal.phone"),
    }
    found = release_cube(settings, NAME, "x", "wang.fang", grade_lookup=lambda *_: phones)
    assert found.cells == 0


def test_a_group_that_became_small_is_withdrawn_and_comes_back_by_k(tmp_path):
    settings = make_plant(tmp_path / "plant", many(25, "A"))
    release(settings)
    change_people(settings, "person > 'A15'", "SELECT * FROM silver.payroll WHERE false", 2)
    assert release(settings, "").cells == 0
    add_people(settings, many(3, "B"), 3)
    assert release(settings, "").cells == 0 or cells(settings)[0][2] >= 10


def test_no_total_and_no_remainder_is_released(tmp_path):
    settings = make_plant(tmp_path / "plant", f"{many(40)} UNION ALL SELECT * REPLACE ('D9' AS department) FROM ({many(4, 'S')})")
    found = release(settings)
    assert (found.cells, [row[0] for row in cells(settings)]) == (1, [D])
    assert found.hidden_percent == 10


def test_a_new_definition_is_another_cube_and_must_be_approved(tmp_path):
    settings = make_plant(tmp_path / "plant")
    with pytest.raises(UsageError) as refused:
        release(settings, "")
    assert refused.value.facts["definition"] == (
        "unit: person; dimensions: department, hired (year); measures: pay; k: 10; dominance: 0.5"
    )
    release(settings)
    write_contract(settings.start, CUBE_TEXT.replace("[department, hired]", "[department]"))
    with pytest.raises(UsageError) as refused:
        release(settings, "")
    assert refused.value.code == "cube_unapproved"
    found = release(settings, "by department is enough")
    assert (found.release, found.cells, found.reason) == (2, 5, "by department is enough")
    with analyst(settings) as con:
        assert con.sql(f"FROM {CUBE}").columns == ("department", "units", "pay_sum", "release")


def test_who_approves_has_a_role_for_it(tmp_path):
    settings = make_plant(tmp_path / "plant", many(12))
    owners = make_accounts(settings, STEWARD, ANALYST)
    for who in (settings, owners["li.wei"]):
        with pytest.raises(ProtectionError) as refused:
            release(who, by="")
        assert refused.value.code == "cube_approver"
    found = release(owners["wang.fang"], by="")
    assert (found.approved_by, found.verified) == ("wang.fang", True)


def test_a_killed_release_is_finished_before_the_next(tmp_path):
    settings = make_plant(tmp_path / "plant", many(20, "A"))
    release(settings)
    add_people(settings, many(15, "B"), 2)
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        contract = workspace.project.contract(NAME)
        first = cube_record.newest_release(engine, NAME)
    release(settings, "")
    with workspace.engine() as engine:
        second = cube_record.newest_release(engine, NAME)
        engine.drop(cube_record.cube_table(contract))
        cube_record.publish_release(engine, contract, first)
    assert cells(settings)[0][2] == 20  # as a kill between record and publish leaves it
    change_people(settings, "person LIKE 'B%'", "SELECT * FROM silver.payroll WHERE false", 3)
    release(settings, "")
    assert second.release == 2
    assert cells(settings)[0][2] == 20
    assert sorted(row["figures_of"] for row in rows_of(settings, "cube_cells")) == [1, 2, 3]


def rows_of(settings, name):
    with open_workspace(settings).engine() as engine:
        return governance.read_rows(engine, name, order="1")


@pytest.mark.parametrize("column", ["department", "pay", "person", "hired"])
def test_an_ungraded_column_closes_the_cube(settings, column):
    from lakeward.flows.serving.connection import open_connection

    fewer = {name: column_grade(*what) for name, what in GRADES.items() if name != column}
    with open_connection(settings, "analyst", lambda *_: fewer) as con, pytest.raises(ProtectionError):
        con.sql(f"FROM {CUBE}")


def test_a_role_without_a_rule_has_no_cube_and_a_row_filter_closes_it(settings):
    from lakeward.flows.serving.connection import open_connection

    with open_connection(settings, "intern", grades_of) as con, pytest.raises(ProtectionError):
        con.sql(f"FROM {CUBE}")
    policy = settings.start / "expectations/policies/serving.yaml"
    contract = settings.start / f"expectations/datasets/{NAME}/contract.odcs.yaml"
    before, text = policy.read_text(), contract.read_text()
    try:
        contract.write_text(text + "  - {property: rowFilters, value: {mine: \"machine = 'M1'\"}}\n")
        policy.write_text(
            before.replace("rules:\n", "rowFilters:\n  - {id: f, why: w, roles: [analyst], filter: mine}\nrules:\n")
        )
        with analyst(settings) as con, pytest.raises(ProtectionError):
            con.sql(f"FROM {CUBE}")
    finally:
        policy.write_text(before)
        contract.write_text(text)


def test_reads_of_groups_are_logged_as_such(settings):
    with analyst(settings) as con:
        con.sql(f"SELECT department, pay_sum FROM {CUBE}").fetchall()
    entry = max(rows_of(settings, "access_log"), key=lambda row: (row["asked_at"], row["seq"]))
    assert (
        entry["columns"]
        == '{"cubes.payroll.department": "aggregate important -", "cubes.payroll.pay_sum": "aggregate important -"}'
    )
    assert entry["answer_digest"]


def test_the_catalogue_and_the_list_show_the_cube(settings, con):
    assert {str(table.table) for table in con.catalogue()} >= {TABLE, CUBE}
    (found,) = list_cubes(settings)
    assert (found.dataset, found.table, found.cells, found.hidden_percent) == (NAME, CUBE, 25, 0)


@pytest.mark.exhaustive
def test_releases_are_sealed(tmp_path):
    settings = make_plant(tmp_path / "plant", many(12))
    release(settings)
    seal_logs(settings)
    assert {state.log: state.sealed for state in verify_logs(settings).logs}["cubes"] == 1


@pytest.mark.parametrize(
    ("cube", "code"),
    [
        ("{unit: nobody, dimensions: [department]}", "contract_unknown_column"),
        ("{unit: person, dimensions: []}", "contract_value"),
        ("{dimensions: [department]}", "contract_missing"),
        ("{unit: person, dimensions: [person]}", "contract_column_twice"),
        ("{unit: person, dimensions: [pay]}", "contract_value"),
        ("{unit: person, dimensions: [department], measures: [machine]}", "contract_value"),
        ("{unit: person, dimensions: [department], k: 2}", "contract_value"),
        ("{unit: person, dimensions: [department], dominance: 1}", "contract_value"),
        ("{unit: person, dimension: [department]}", "contract_unknown_key"),
    ],
)
def test_a_cube_that_is_not_valid_names_its_place(tmp_path, cube, code):
    settings = make_plant(tmp_path / "plant", many(12))
    write_contract(settings.start, cube)
    with pytest.raises(ContractError) as refused:
        release(settings)
    assert refused.value.code == code


def test_the_commands_say_the_same(settings, capsys):
    listed = run_command(capsys, settings.start, "cube", "list", "--json")
    assert '"cells": 25' in listed.out
    refused = run_command(capsys, settings.start, "cube", "release", "nothing")
    assert refused.code == 2
    assert "nothing" in refused.err

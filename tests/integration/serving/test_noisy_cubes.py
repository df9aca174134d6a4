"""Noise on the figures of groups: of the stated size, charged to a budget before it is drawn, and refused when that is spent."""

import statistics
import threading
from decimal import Decimal

import pytest

from lakeward.contracts.project import load_project
from lakeward.core.errors import ContractError, LakewardError, ProtectionError
from lakeward.flows import list_cubes, release_cube, seal_logs, verify_logs
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.command_line import run_command
from support.cube_plant import CUBE, NAME, TABLE, add_people, analyst, grades_of, make_plant, write_contract

pytest.importorskip("opendp")
from lakeward.protection.noise import draw_noise

NOISE = "{{epsilon: {epsilon}, budget: {budget}, groups: {groups}, bounds: {{pay: [0, 20000]}}}}"
CUBE_TEXT = "{{unit: person, dimensions: [department, hired], measures: [pay], k: 10, dominance: 0.5, noise: {noise}}}"


def cube(epsilon="1", budget="3", groups="1"):
    return CUBE_TEXT.format(noise=NOISE.format(epsilon=epsilon, budget=budget, groups=groups))


def release(settings, reason=""):
    return release_cube(settings, NAME, reason, "wang.fang", grade_lookup=grades_of)


def cells(settings):
    with analyst(settings) as con:
        return con.sql(f"SELECT * FROM {CUBE} ORDER BY department, hired").fetchall()


def true_figures(settings):
    with open_workspace(settings).engine() as engine:
        rows = engine.fetch(
            f"SELECT count(DISTINCT person) AS units, sum(least(pay, 20000)) AS pay FROM {TABLE} GROUP BY department, year(hired) ORDER BY department, year(hired)"
        )
    return [(row["units"], row["pay"]) for row in rows]


def charges(settings):
    with open_workspace(settings).engine() as engine:
        return governance.read_rows(engine, "cube_charges", order="charged_at")


def more(front, count=15):
    return f"SELECT '{front}' || i AS person, 'D1' AS department, DATE '2022-03-01' AS hired, 9000.0 AS pay, 'M1' AS machine FROM range({count}) AS n(i)"


def test_noise_has_the_size_of_its_epsilon():
    """The variance of a discrete Laplace distribution of scale s is near 2 s²; of 4,000 draws within 15 %."""
    for epsilon, sensitivity in ((Decimal("0.5"), 1), (Decimal(1), 7)):
        scale = sensitivity / float(epsilon)
        found = draw_noise(epsilon, sensitivity, 4000)
        assert abs(statistics.fmean(found)) < 5 * scale * (2 / 4000) ** 0.5
        assert 0.8 < statistics.pvariance(found) / (2 * scale**2) < 1.2
    assert draw_noise(Decimal(1), 1, 0) == []


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    settings = make_plant(tmp_path_factory.mktemp("noisy") / "plant", cube=cube(epsilon="2"))
    return settings, release(settings, "noisy groups of pay")


def test_figures_have_noise_of_about_the_declared_scale(plant):
    settings, found = plant
    shown, true = cells(settings), true_figures(settings)
    assert len(shown) == len(true) == found.cells == 25
    units = [cell[2] - units for cell, (units, _) in zip(shown, true, strict=True)]
    pays = [cell[3] - pay for cell, (_, pay) in zip(shown, true, strict=True)]
    assert any(units)
    assert all(pays)
    # Each figure has half of epsilon: scales 1 of units, 20,000 of pay. 30 scales have a chance below 10^-12.
    assert max(map(abs, units)) < 30
    assert 2_000 < statistics.fmean(map(abs, pays)) < 100_000
    assert all(round(cell[3], 2) == cell[3] for cell in shown)


def test_a_contract_with_noise_is_kept_in_caches_as_any_other(tmp_path, capsys):
    settings = make_plant(tmp_path / "plant", cube=cube())
    assert run_command(capsys, settings.start, "contract", "lint", NAME).code == 0


def test_the_table_says_its_epsilon(plant, capsys):
    settings, found = plant
    with analyst(settings) as con:
        assert con.sql(f"SELECT DISTINCT epsilon FROM {CUBE}").fetchall() == [(2.0,)]
    assert (found.epsilon, found.epsilon_spent, found.epsilon_budget) == (Decimal(2), Decimal(2), Decimal(3))
    assert list_cubes(settings) == [found]
    listed = run_command(capsys, settings.start, "cube", "list", "--json")
    assert '"epsilon_spent": 2' in listed.out


def test_a_release_of_nothing_new_draws_and_charges_nothing(plant):
    settings, found = plant
    before = cells(settings)
    assert release(settings) == found
    assert cells(settings) == before
    assert len(charges(settings)) == 1


@pytest.mark.exhaustive
def test_a_spent_budget_keeps_the_figures_and_says_so(tmp_path):
    settings = make_plant(tmp_path / "plant", cube=cube(budget="2"))
    release(settings, "noisy")
    for batch in (2, 3):
        add_people(settings, more(f"B{batch}"), batch)
        if batch == 2:
            assert release(settings).epsilon_spent == 2
    before = cells(settings)
    with pytest.raises(ProtectionError) as refused:
        release(settings)
    assert refused.value.code == "cube_budget_spent"
    assert "2 of 2" in str(refused.value)
    assert cells(settings) == before
    assert [row["epsilon"] for row in charges(settings)] == ["1", "1"]
    seal_logs(settings)
    assert {state.log: state.sealed for state in verify_logs(settings).logs}["cube_charges"] == 2


def test_all_readers_get_the_same_figures_so_that_their_copies_together_tell_no_more(plant):
    settings, _ = plant
    first, second = cells(settings), cells(settings)
    assert first == second
    assert {row["consumer"] for row in charges(settings)} == {"all"}


@pytest.mark.exhaustive
def test_releases_at_once_take_no_more_than_the_budget(tmp_path):
    settings = make_plant(tmp_path / "plant", cube=cube(budget="1"))
    codes = []

    def try_release():
        try:
            codes.append(f"released {release(settings, 'noisy').release}")
        except LakewardError as error:
            codes.append(error.code)

    threads = [threading.Thread(target=try_release) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(Decimal(row["epsilon"]) for row in charges(settings)) == 1
    assert codes.count("released 1") >= 1
    assert set(codes) <= {"released 1", "cube_busy", "cube_budget_spent"}


@pytest.mark.exhaustive
def test_a_new_definition_does_not_give_the_budget_back(tmp_path):
    settings = make_plant(tmp_path / "plant", cube=cube(budget="1"))
    release(settings, "noisy")
    write_contract(settings.start, cube(epsilon="0.5", budget="1"))
    with pytest.raises(ProtectionError) as refused:
        release(settings, "less of it")
    assert refused.value.code == "cube_budget_spent"
    write_contract(settings.start, cube(epsilon="0.5", budget="1.5"))
    assert release(settings, "more of it").epsilon_spent == Decimal("1.5")


@pytest.mark.exhaustive
def test_groups_that_are_not_new_keep_their_noise_and_cost_nothing(tmp_path):
    settings = make_plant(tmp_path / "plant", cube=cube())
    release(settings, "noisy")
    before = cells(settings)
    add_people(settings, more("C", 3), 2)
    assert release(settings).epsilon_spent == 1
    assert cells(settings) == before
    add_people(settings, more("D", 15), 3)
    assert release(settings).epsilon_spent == 2
    assert sum(one != other for one, other in zip(before, cells(settings), strict=True)) == 1


@pytest.mark.exhaustive
def test_a_unit_counts_in_so_many_groups_and_within_its_bounds(tmp_path):
    everywhere = "SELECT person, 'E' || d AS department, hired, pay, machine FROM (" + more("E", 40) + "), range(6) AS r(d)"
    settings = make_plant(tmp_path / "plant", everywhere, cube(epsilon="10", budget="10", groups="2"))
    release(settings, "noisy")
    total = sum(row[2] for row in cells(settings))
    assert abs(total - 80) < 40  # of 240
    rich = "SELECT person, department, hired, 1000000.0 AS pay, machine FROM (" + more("R", 40) + ")"
    settings = make_plant(tmp_path / "rich", rich, cube(epsilon="10", budget="10"))
    release(settings, "noisy")
    assert cells(settings)[0][3] < 40 * 20_000 + 30 * 4_000


@pytest.mark.parametrize(
    ("noise", "code"),
    [
        ("{epsilon: 0, budget: 1, bounds: {pay: [0, 1]}}", "contract_value"),
        ("{epsilon: 11, budget: 20, bounds: {pay: [0, 1]}}", "contract_value"),
        ("{epsilon: 1, budget: 0.5, bounds: {pay: [0, 1]}}", "contract_value"),
        ("{epsilon: 1, budget: 2}", "contract_missing"),
        ("{epsilon: 1, budget: 2, bounds: {pay: [2, 1]}}", "contract_value"),
        ("{epsilon: 1, budget: 2, bounds: {pay: [0, 1], machine: [0, 1]}}", "contract_unknown_key"),
        ("{epsilon: nan, budget: 2, bounds: {pay: [0, 1]}}", "contract_value"),
        ("{epsilon: 1, budget: 2, bounds: {pay: [0, 1]}, groups: 0}", "contract_value"),
    ],
)
def test_noise_that_is_not_valid_names_its_place(tmp_path, noise, code):
    settings = make_plant(tmp_path / "plant", more("A"))
    write_contract(settings.start, CUBE_TEXT.format(noise=noise))
    with pytest.raises(ContractError) as refused:
        load_project(settings.start).contract(NAME)
    assert refused.value.code == code

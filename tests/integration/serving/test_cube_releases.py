"""Releases of cubes by the commands: sealed, all at once, and none where nothing is new."""

import pytest

from lakeward.core.errors import ContractError
from lakeward.flows import release_cube, release_cubes, seal_logs, verify_logs
from support.command_line import run_command
from support.cube_plant import NAME, add_people, make_plant, many, release, write_contract


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    settings = make_plant(tmp_path_factory.mktemp("cube") / "plant")
    release(settings)
    return settings


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


def test_a_release_of_nothing_new_commits_nothing(tmp_path):
    settings = make_plant(tmp_path / "plant", many(20, "A"))
    first = release(settings)
    before = commits(settings)
    assert release(settings, "") == first
    assert commits(settings) == before
    add_people(settings, many(15, "B"), 2)
    assert release(settings, "").release == 2


def commits(settings):
    return sorted(str(file) for file in (settings.start / "lake").rglob("_delta_log/*.json"))


def test_all_cubes_are_released_at_once_and_one_without_approval_is_named(tmp_path, capsys):
    settings = make_plant(tmp_path / "plant", many(20, "A"))
    released, failed = release_cubes(settings)
    assert (released, failed[NAME].code) == ([], "cube_unapproved")
    said = run_command(capsys, settings.start, "cube", "release")
    assert (said.code, "cube release payroll --reason" in said.err) == (2, True)
    assert run_command(capsys, settings.start, "cube", "release", "--reason", "all").code == 2
    release_cube(settings, NAME, "by group", "wang.fang")
    add_people(settings, many(15, "B"), 2)
    (found,), failed = release_cubes(settings)
    assert (found.release, failed) == (2, {})
    assert "release 2" in run_command(capsys, settings.start, "cube", "release").out


def test_the_commands_say_the_same(settings, capsys):
    listed = run_command(capsys, settings.start, "cube", "list", "--json")
    assert '"cells": 25' in listed.out
    refused = run_command(capsys, settings.start, "cube", "release", "nothing")
    assert refused.code == 2
    assert "nothing" in refused.err

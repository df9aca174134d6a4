"""Releases of cubes again and again: nothing new commits nothing, and all cubes can be released at once."""

import shutil

from lakeward.flows import release_cube, release_cubes
from support.command_line import run_command
from support.cube_plant import NAME, add_people, grades_of, make_plant


def people(front, count):
    return f"SELECT '{front}' || i AS person, 'D1' AS department, DATE '2022-03-01' AS hired, 9000.0 AS pay, 'M1' AS machine FROM range({count}) AS n(i)"


def test_a_release_of_nothing_new_commits_nothing(tmp_path):
    settings = make_plant(tmp_path / "plant", people("A", 20))
    first = release_cube(settings, NAME, "by group", "wang.fang", grade_lookup=grades_of)
    before = commits(settings)
    assert release_cube(settings, NAME, grade_lookup=grades_of) == first
    assert commits(settings) == before
    add_people(settings, people("B", 15), 2)
    assert release_cube(settings, NAME, grade_lookup=grades_of).release == 2


def commits(settings):
    return sorted(str(file) for file in (settings.start / "lake").rglob("_delta_log/*.json"))


def test_all_cubes_are_released_at_once_and_one_without_approval_is_named(tmp_path, capsys):
    settings = make_plant(tmp_path / "plant", people("A", 20))
    released, failed = release_cubes(settings)
    assert (released, failed[NAME].code) == ([], "cube_unapproved")
    said = run_command(capsys, settings.start, "cube", "release")
    assert (said.code, "cube release payroll --reason" in said.err) == (2, True)
    assert run_command(capsys, settings.start, "cube", "release", "--reason", "all").code == 2
    release_cube(settings, NAME, "by group", "wang.fang")
    add_people(settings, people("B", 15), 2)
    (found,), failed = release_cubes(settings)
    assert (found.release, failed) == (2, {})
    assert "release 2" in run_command(capsys, settings.start, "cube", "release").out


def test_a_first_release_that_was_killed_before_its_record_is_made_again(tmp_path):
    settings = make_plant(tmp_path / "plant", people("A", 20))
    release_cube(settings, NAME, "by group", "wang.fang", grade_lookup=grades_of)
    shutil.rmtree(settings.start / "lake" / "governance" / "cubes")  # the groups are stored before the record
    assert release_cube(settings, NAME, "by group", "wang.fang", grade_lookup=grades_of).release == 1

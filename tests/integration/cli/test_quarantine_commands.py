"""A steward at the command line: from a row that was set aside to a row of silver, in both languages."""

import pytest

from support.command_line import run_command
from support.plant import Plant
from support.quarantine_line import QuarantinePlant, make_quarantine_plant

SIGNED = ("--by", "li.wei", "--reason", "sensor sent tenths")


@pytest.fixture
def aside(copy_of, tmp_path) -> QuarantinePlant:
    return QuarantinePlant(Plant(copy_of(make_quarantine_plant, tmp_path / "plant")))


def test_rows_go_from_repair_to_silver_by_the_commands_that_each_answer_names(aside, capsys):
    def lakeward(*words: str):
        return run_command(capsys, aside.plant.root, "quarantine", *words)

    told = lakeward(
        "repair", "press_line", "--rule", "temp_in_range", "--set", "temp_degc = CAST(temp_degc AS DOUBLE) / 10", *SIGNED
    )
    assert (told.code, "lakeward quarantine replay press_line" in told.out) == (0, True)
    assert lakeward("replay", "press_line").code == 1  # the word is no number yet
    typed = lakeward("repair", "press_line", "--row", "1:5", "--value", "temp_degc=22", *SIGNED, "--lang", "zh")
    assert "已修复 press_line 的 1 行" in typed.out
    assert lakeward("replay", "press_line").code == 0
    assert aside.temperatures() == {0: 20.0, 1: 21.5, 2: 30.0, 3: 22.0}
    assert "Nothing to do" in lakeward("replay", "press_line").out


def test_release_says_who_may_and_what_can_not_be_released(aside, capsys):
    def release(*words: str):
        return run_command(capsys, aside.plant.root, "quarantine", "release", "press_line", *words, *SIGNED)

    refused = release("--row", "1:4")
    assert (refused.code, "--role steward" in refused.err) == (3, True)
    assert release("--row", "1:4", "--role", "steward").code == 0
    word = release("--row", "1:5", "--role", "steward")
    assert (word.code, "lakeward quarantine repair press_line" in word.out) == (1, True)


def test_expiry_takes_old_rows_alone(aside, capsys):
    signed = (*SIGNED, "--role", "steward")
    told = run_command(capsys, aside.plant.root, "quarantine", "expire", "press_line", "--older-than", "90d", *signed)
    assert (told.code, "Nothing to do" in told.out) == (0, True)
    told = run_command(capsys, aside.plant.root, "quarantine", "expire", "press_line", "--rule", "temp_in_range", *signed)
    assert "2 rows of press_line expired" in told.out


def test_halted_batch_alone_is_released_as_one(aside, capsys):
    told = run_command(
        capsys, aside.plant.root, "quarantine", "release", "press_line", "--batch", "1", *SIGNED, "--role", "steward"
    )
    assert (told.code, "is not halted at batch 1" in told.err) == (2, True)

"""`lakeward suggest` as a person calls it: a table, JSON, acceptance, and words for what can't be done."""

import json
from pathlib import Path

import pytest

from support.command_line import CommandResult, run_command
from support.plant import Plant
from support.press_line_history import make_press_line_history


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    return make_press_line_history(tmp_path_factory.mktemp("past") / "plant", batches=2)


@pytest.fixture
def ask(plant: Plant, capsys: pytest.CaptureFixture[str]):
    return lambda *words: run_command(capsys, plant.root, "suggest", *words)


def tells(answer: CommandResult, code: int, *parts: str) -> None:
    assert answer.code == code, answer.output
    assert [part for part in parts if part not in answer.output] == [], answer.output


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("lang", "word"), [("en", "expected firing"), ("zh", "预期触发率")])
def test_the_table_shows_rule_reason_and_firing_rate(ask, lang: str, word: str) -> None:
    tells(ask("press_line", "--lang", lang), 0, "learned_values:state", "in_set(state", word, "0 %", "--accept")


@pytest.mark.exhaustive
def test_programs_get_the_evidence(ask) -> None:
    found = json.loads(ask("press_line", "--json").out)
    evidence = found["proposals"][0]["evidence"]
    assert set(evidence) == {"sql", "versions", "value"}
    assert found["held"] == []
    assert set(found["proposals"][0]["tried"]) == {"learned", "held"}


@pytest.mark.exhaustive
def test_what_can_t_be_done_is_said_with_the_way_out(ask, plant: Plant) -> None:
    tells(ask("press_lin"), 2, "press_line")
    tells(ask("press_line", "--accept", "learned_nothing", "--reason", "x"), 2, "learned_nothing", "lakeward suggest press_line")
    tells(ask("press_line", "--accept", "all"), 2, "--reason")
    tells(ask("press_line", "--accept", " , ", "--reason", "x"), 2, "lakeward suggest press_line")


def test_an_accepted_rule_is_written_once(ask, plant: Plant) -> None:
    suite = Path(plant.dataset / "suite.json")
    tells(ask("press_line", "--accept", "learned_values:state", "--reason", "the three states"), 0, "lakeward run press_line")
    written = suite.read_bytes()
    tells(ask("press_line", "--accept", "learned_values:state", "--reason", "again"), 0, "already")
    assert suite.read_bytes() == written

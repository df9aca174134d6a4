"""What a table shows is what was found, whatever characters it has."""

import pytest

from lakeward.cli.render import print_table
from lakeward.core.messages import Lang


def test_a_control_character_does_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(Lang.EN, "title_doctor", [{"check": "\x1b[2Jgx\x07", "repair": ["\x1b]0;x"]}], ("check", "repair"))

    assert "\x1b" not in (shown := capsys.readouterr().out)
    assert "\ufffd[2Jgx\ufffd" in shown


def test_brackets_are_shown_and_not_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(Lang.EN, "title_doctor", [{"check": "gx", "repair": "pip install '/path/to/the/clone[gx]'"}], ("check", "repair"))

    assert "pip install '/path/to/the/clone[gx]'" in capsys.readouterr().out

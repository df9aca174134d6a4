"""What a table shows is what was found, whatever characters it has."""

import pytest

from lakeward.cli.render import print_table
from lakeward.core.messages import Lang


def test_brackets_are_shown_and_not_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(Lang.EN, "title_doctor", [{"check": "gx", "repair": "pip install '/path/to/the/clone[gx]'"}], ("check", "repair"))

    assert "pip install '/path/to/the/clone[gx]'" in capsys.readouterr().out

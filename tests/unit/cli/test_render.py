"""What a table shows is what was found, whatever characters it has."""

import pytest

from lakeward.cli.datasets import SHOWN_IDLE, print_reports
from lakeward.cli.render import print_table
from lakeward.core.messages import Lang
from lakeward.core.names import new_run_id
from lakeward.flows import RunReport


def test_a_control_character_does_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(Lang.EN, "title_doctor", [{"check": "\x1b[2Jgx\x07", "repair": ["\x1b]0;x"]}], ("check", "repair"))

    assert "\x1b" not in (shown := capsys.readouterr().out)
    assert "\ufffd[2Jgx\ufffd" in shown


def test_brackets_are_shown_and_not_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(Lang.EN, "title_doctor", [{"check": "gx", "repair": "pip install '/path/to/the/clone[gx]'"}], ("check", "repair"))

    assert "pip install '/path/to/the/clone[gx]'" in capsys.readouterr().out


def test_of_very_many_datasets_those_without_anything_new_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    reports = [RunReport(dataset=f"line_{at:04}", run_id=new_run_id(), batches=at == 7) for at in range(SHOWN_IDLE + 1)]
    print_reports(Lang.EN, reports, {}, as_json=False)
    shown = capsys.readouterr().out
    assert f"{SHOWN_IDLE} datasets had nothing new." in shown
    assert [word for word in shown.split() if word.startswith("line_")] == ["line_0007"]
    print_reports(Lang.EN, reports[1:], {}, as_json=False)
    assert capsys.readouterr().out.count("line_") == SHOWN_IDLE

"""What lint says of words that contracts lack: a place for one contract, one line for all of them, and never a failure."""

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import create_project, lint_contracts, word_warnings
from support.contract_texts import PRESS

NAMES = ("press_line", "oven", "saw")


@pytest.fixture
def plant(tmp_path):
    root = create_project(tmp_path / "plant")
    for name in NAMES:
        file = root / "expectations" / "datasets" / name / "contract.odcs.yaml"
        file.parent.mkdir()
        file.write_text(PRESS.replace("press_line", name), encoding="utf-8")
    return Settings(start=root)


def contract(plant, name):
    return plant.start / "expectations" / "datasets" / name / "contract.odcs.yaml"


def test_one_contract_is_told_what_lacks_and_where(plant):
    found = {notice.code: notice.facts for notice in word_warnings(plant, "oven")}
    assert set(found) == {"words_lack_name_en", "words_lack_name_zh", "words_lack_description_en", "words_lack_description_zh"}
    facts = found["words_lack_description_en"]
    assert (facts["count"], facts["total"], facts["names"]) == (3, 4, "machine, ts, temp")
    line = contract(plant, "oven").read_text(encoding="utf-8").splitlines()[facts["line"] - 1]
    assert "name: machine" in line
    assert line[facts["column"] - 1 :].startswith("{name")
    assert found["words_lack_name_en"]["names"] == "oven, machine, ts, temp"


def test_a_project_that_is_not_written_yet_gets_one_line(plant):
    assert [notice.code for notice in word_warnings(plant)] == ["words_lack"]
    assert word_warnings(plant)[0].facts == {"datasets": 3, "total": 3, "most": "oven", "count": 15}


def test_warnings_are_no_problems(plant):
    assert lint_contracts(plant) == []


def test_what_is_written_is_not_asked_for(plant):
    text = contract(plant, "saw").read_text(encoding="utf-8")
    named = text.replace("  - name: saw\n", "  - name: saw\n    businessName: Saw / 锯床\n").replace(
        "Readings of the press line", "Readings. 读数。"
    )
    for column in ("machine", "ts", "temp"):
        words = f"businessName: {column} / 列, description: Its {column}. 该列。"
        named = named.replace(f"{{name: {column},", f"{{name: {column}, {words},")
        named = named.replace(
            f"      - name: {column}\n", f"      - name: {column}\n        " + words.replace(", desc", "\n        desc") + "\n"
        )
    contract(plant, "saw").write_text(named, encoding="utf-8")
    assert lint_contracts(plant, "saw") == []
    assert word_warnings(plant, "saw") == []


def test_contracts_that_are_not_valid_are_left_out(plant):
    contract(plant, "saw").write_text("apiVersion: [", encoding="utf-8")
    assert word_warnings(plant, "saw") == []
    assert word_warnings(plant)[0].facts["total"] == 2


def test_domains_without_a_title_are_named(plant):
    text = contract(plant, "saw").read_text(encoding="utf-8")
    contract(plant, "saw").write_text(text.replace("domain: production", "domain: sawing"), encoding="utf-8")
    assert word_warnings(plant)[1].facts == {"count": 1, "names": "sawing"}

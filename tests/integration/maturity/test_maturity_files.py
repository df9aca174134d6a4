"""Both editions, what would raise an item, the trend, and an assessor's answers through XLSX and JSON with the hashes of documents."""

import hashlib
import json
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from lakeward.core.errors import DefinitionError, UsageError
from lakeward.flows import (
    assess_readiness,
    export_maturity,
    import_answers,
    ingest_dataset,
    maturity_gaps,
    maturity_trend,
    show_maturity,
)
from lakeward.flows.evidence.assessor_sheet import HEAD_ROW, ITEM_COLUMNS, ITEMS
from lakeward.flows.scorecard.editions import ANSWERS_FILE
from lakeward.maturity.catalogue import edition_catalogue
from support.plant import Plant, csv_line, make_plant


def make_assessed(root: Path) -> None:
    plant = make_plant(root)
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 999))
    ingest_dataset(plant.settings, "press_line")
    assess_readiness(plant.settings)
    assess_readiness(plant.settings, "2018")


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(make_assessed, tmp_path / "plant"))


def fill_sheet(file: Path, item: str, **answers: object) -> None:
    book = load_workbook(file)
    sheet = book[ITEMS]
    columns = {key: at for at, key in enumerate(ITEM_COLUMNS, 1)}
    (row,) = [at for at in range(HEAD_ROW + 1, sheet.max_row + 1) if sheet.cell(at, 1).value == item]
    for key, value in answers.items():
        sheet.cell(row, columns[key.removeprefix("l")], value)
    book.save(file)


ANSWER = {"who": "zhao.min", "when": "2026-11-20", "reason": "seen", "l1": "100", "l2": "100, 70", "l3": "50", "l4": 0, "l5": "0"}


@pytest.mark.exhaustive
def test_the_older_edition_has_its_own_domains_and_the_same_evidence(plant: Plant) -> None:
    old = edition_catalogue("2018")
    assert [len(domain.items) for domain in old.domains] == [3, 3, 4, 3, 3, 4, 4, 4]
    assert {each.item for each in old.indicators} == {item.number for item in old.items}

    by_item = {item.item: item for item in show_maturity(plant.settings, year="2018")}
    (new,) = show_maturity(plant.settings, "11.2")
    assert (by_item["11.2"].proposal, by_item["11.2"].edition) == (new.proposal, "GB/T 36073-2018")
    # The same number is another item: 12.2 counts master and reference data there.
    assert {each.indicator for each in by_item["12.2"].indicators} == {"RM1", "RM2", "RM3", "RM4"}
    assert len(by_item) == 28
    assert not assess_readiness(plant.settings, "2018").changed
    with pytest.raises(UsageError) as caught:
        assess_readiness(plant.settings, "2019")
    assert caught.value.code == "maturity_edition_unknown"


def test_a_gap_says_the_value_of_the_next_level_and_what_it_gains(plant: Plant) -> None:
    found = {gap.indicator: gap for gap in maturity_gaps(plant.settings, "8.1")}
    assert (found["AM1"].reason, found["AM2"].reason) == ("gap_history", "gap_history")
    assert (found["AM3"].reason, found["AM3"].missing) == ("gap_record", "governance.reviews")

    checks = {gap.indicator: gap for gap in maturity_gaps(plant.settings, "11.2")}
    assert checks["QC4"].reason == "gap_sample"
    judged = checks["QC2"]
    assert (judged.needed, judged.level) == (Decimal(92), 3)
    (item,) = show_maturity(plant.settings, "11.2")
    others = sum(each.level for each in item.indicators if each.level is not None and each.indicator != "QC2")
    assert judged.gain == ((others + 3) / 3).quantize(Decimal("0.01")) - item.proposal
    assert {gap.reason for gap in maturity_gaps(plant.settings, "6.1")} == {"gap_record", "gap_assessor"}


@pytest.mark.exhaustive
def test_the_trend_names_what_rose(plant: Plant) -> None:
    (first,) = maturity_trend(plant.settings)
    export_maturity(plant.settings, file := plant.root / "r.json")
    content = json.loads(file.read_text(encoding="utf-8"))
    answer = {"item": "6.1", "who": "zhao.min", "when": "2026-11-20", "reason": "seen", "documents": ["minutes"]}
    answer["conformity"] = {"1": [100], "2": [100], "3": [0], "4": [0], "5": [0]}
    file.write_text(json.dumps({**content, "answers": [answer]}), encoding="utf-8")
    import_answers(plant.settings, file)
    assess_readiness(plant.settings)

    before, after = maturity_trend(plant.settings)
    assert (before, after.raised, after.fallen, after.measured) == (first, ("6.1",), (), first.measured + 1)


def test_answers_come_back_from_a_workbook_with_the_hash_of_the_document(plant: Plant) -> None:
    file = plant.root / "readiness.xlsx"
    assert export_maturity(plant.settings, file).items == 33
    (plant.root / "strategy.pdf").write_bytes(b"strategy")
    fill_sheet(file, "6.1", **ANSWER, documents="strategy.pdf | 2026-01-14 | 3\nhttps://docs.example/minutes")

    assert import_answers(plant.settings, file).items == 1
    assess_readiness(plant.settings)

    (item,) = show_maturity(plant.settings, "6.1")
    first, second = item.document_facts
    assert (item.score, item.documents) == (Decimal("2.35"), ("strategy.pdf", "https://docs.example/minutes"))
    assert (first.sha256, first.date, first.page) == (hashlib.sha256(b"strategy").hexdigest(), "2026-01-14", "3")
    assert (second.sha256, second.page) == (None, None)
    again = plant.root / "again.xlsx"
    export_maturity(plant.settings, again)
    written = (plant.root / ANSWERS_FILE).read_text(encoding="utf-8")
    import_answers(plant.settings, again)
    assert (plant.root / ANSWERS_FILE).read_text(encoding="utf-8") == written


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("wrong", "error", "code"),
    [
        ({"l2": "100; 70"}, UsageError, "maturity_file_conformity"),
        ({"l2": "90"}, DefinitionError, "contract_value"),
        ({"when": "soon"}, DefinitionError, "contract_value"),
        ({"documents": None}, DefinitionError, "contract_value"),
    ],
)
def test_a_wrong_answer_leaves_the_answers_as_they_were(plant: Plant, wrong, error, code) -> None:
    file, before = plant.root / "r.xlsx", (plant.root / ANSWERS_FILE).read_text(encoding="utf-8")
    export_maturity(plant.settings, file)
    fill_sheet(file, "6.1", **{**ANSWER, "documents": "minutes", **wrong})
    with pytest.raises(error) as caught:
        import_answers(plant.settings, file)
    assert caught.value.code == code
    assert (plant.root / ANSWERS_FILE).read_text(encoding="utf-8") == before


def test_a_file_of_another_edition_or_form_is_refused(plant: Plant) -> None:
    file = plant.root / "old.json"
    export_maturity(plant.settings, file, "2018")
    (plant.root / "broken.json").write_text("[1]", encoding="utf-8")
    (plant.root / "broken.xlsx").write_bytes(b"no workbook")
    codes = []
    for name in ("old.json", "broken.json", "broken.xlsx", "r.csv"):
        with pytest.raises(UsageError) as caught:
            import_answers(plant.settings, plant.root / name)
        codes.append(caught.value.code)
    assert codes == ["maturity_file_edition", "maturity_file_form", "maturity_file_form", "filing_format"]

"""Workbooks of Excel before 2007 (.xls): held to what is held of .xlsx. `daily.xls` was written by xlwt 1.3: 30 rows, one of them an error."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from lakeward.core.settings import Settings
from lakeward.core.workbook import UnreadableError, open_workbook
from lakeward.engines.factory import open_engine
from lakeward.flows import check_data, create_project, draft_dataset, ingest_dataset
from support.workbooks import book_of, with_cells

DAILY = Path(__file__).parents[2] / "fixtures" / "workbooks" / "daily.xls"


@pytest.fixture
def settings(tmp_path):
    return Settings(start=create_project(tmp_path / "plant"))


def silver(settings, query):
    engine = open_engine("embedded", str(settings.start / "lake"))
    try:
        return engine.fetch(query)
    finally:
        engine.close()


def test_an_old_workbook_becomes_a_dataset_with_exact_values(settings):
    contract = (draft_dataset(settings, "daily", DAILY) / "contract.odcs.yaml").read_text(encoding="utf-8")
    assert "headerRow: 2 " in contract
    assert 'pattern: "**/*.xls"' in contract
    report = ingest_dataset(settings, "daily")
    assert (report.counts.rows_in, report.counts.silver, report.counts.quarantine) == (30, 29, 1)
    rows = silver(
        settings,
        'SELECT "设备" AS m, "时间" AS t, "日期" AS d, "温度" AS v, "合格率" AS p, "编号" AS n, _row FROM silver.daily ORDER BY _row',
    )
    first, third = rows[0], rows[2]
    assert (first["m"], first["t"].isoformat(), str(first["d"]), first["v"], first["p"], first["n"], first["_row"]) == (
        *("M-00", "2026-02-28T22:00:00+00:00", "2026-03-01", 17.1, 0.9, "00000", 3),
    )  # fmt: skip
    assert (rows[1]["m"], third["p"], third["n"]) == ("M-00", 0.902, "00002")  # merged with the row above
    assert silver(settings, 'SELECT "温度" AS v, _row FROM quarantine.daily') == [{"v": "#DIV/0!", "_row": 13}]


def test_an_old_workbook_is_checked_as_it_lies(settings):
    suite = {"name": "s", "expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "编号"}}]}
    assert check_data(DAILY, suite, settings)["success"]


@pytest.mark.exhaustive
def test_a_damaged_old_workbook_raises_nothing_but_our_own_error(tmp_path):
    rng, whole = random.Random(1), DAILY.read_bytes()
    file = tmp_path / "x.xls"
    outcomes = set()
    for _ in range(120):
        content = bytearray(whole[: rng.randint(600, len(whole))] if rng.random() < 0.3 else whole)
        for _ in range(rng.randint(1, 8)):
            content[rng.randrange(512, len(content))] = rng.randrange(256)
        file.write_bytes(content)
        try:
            with open_workbook(file, 1 << 30) as book:
                for sheet in book.sheets:
                    with book.rows(sheet) as rows:
                        list(rows)
                    book.merged_ranges(sheet)
            outcomes.add("read")
        except UnreadableError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


WITHOUT_EXTRA = """
import sys
from pathlib import Path
sys.modules["xlrd"] = None
from lakeward.core.errors import MachineError
from lakeward.core.settings import Settings
from lakeward.flows import ingest_dataset
try:
    ingest_dataset(Settings(start=Path(sys.argv[1])), "daily")
except MachineError as error:
    print(error.code, error)
"""


def test_without_the_extra_the_workbook_waits_and_the_extra_is_named(settings):
    draft_dataset(settings, "daily", DAILY)
    words = (sys.executable, "-c", WITHOUT_EXTRA, settings.start)
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=dict(os.environ))  # noqa: TID251
    assert "workbook_extra_missing" in done.stdout
    assert "[xls]" in done.stdout
    assert ingest_dataset(settings, "daily").counts.silver == 29


def test_a_formula_without_a_result_is_an_error_and_never_an_empty_value(settings, tmp_path):
    cells = '<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>v</t></is></c></row>'
    for number in range(2, 32):
        value = "<f>A1+1</f><v></v>" if number == 9 else f"<f>A1+1</f><v>{number}</v>"
        cells += f'<row r="{number}"><c r="A{number}"><v>{number}</v></c><c r="B{number}">{value}</c></row>'
    file = with_cells(book_of(tmp_path / "sums.xlsx", [["id", "v"]]), cells)
    draft_dataset(settings, "sums", file)
    report = ingest_dataset(settings, "sums")
    assert report.counts.rows_in == 30
    rows = silver(settings, "SELECT v FROM quarantine.sums") if report.counts.quarantine else []
    assert rows == [{"v": "#NOT_CALCULATED!"}]

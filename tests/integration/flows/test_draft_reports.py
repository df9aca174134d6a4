"""Workbooks that are reports: titles over the table are no column names, and rows of sums below it are no records."""

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import create_project, draft_dataset, ingest_dataset
from support.workbooks import empty_book, save_workbook, sheet

HEADER = ["日期", "机台", "产量", "能耗"]
DAYS = [[f"2026-03-{day:02d}", f"M{day % 3}", 100 + day, 20.5 + day] for day in range(1, 13)]
SUMS = [1278, 324]
# Name -> rows above the table, merged cells, rows below it.
REPORTS = {
    "merged title": ([["产量日报"]], ["A1:D1"], [["合计", None, *SUMS]]),
    "title beside a unit": ([["产量日报", None, None, "单位：件"]], ["A1:C1"], [["总计", None, *SUMS]]),
    "two titles": ([["某某公司"], ["产量日报 2026年3月"]], ["A1:D1", "A2:D2"], [["合计：", None, *SUMS]]),
    "part sums": ([["产量日报"]], [], [["小计", None, *SUMS], ["合计", None, *SUMS]]),
    "blank within the word": ([], [], [["合 计", None, *SUMS]]),
    "sum of a month": ([["Output"]], ["A1:D1"], [["本月合计", None, *SUMS]]),
    "English": ([["Output"]], ["A1:D1"], [["Grand Total", None, *SUMS], ["Prepared by Li"]]),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_read_without_its_titles_and_sums(tmp_path, name):
    above, merged, below = REPORTS[name]
    book = empty_book()
    made = sheet(book, "数据", [*above, HEADER, *DAYS, *below])
    for cells in merged:
        made.merge_cells(cells)
    settings = Settings(start=create_project(tmp_path / "plant"))
    contract = (
        draft_dataset(settings, "output", save_workbook(book, tmp_path / "output.xlsx")) / "contract.odcs.yaml"
    ).read_text()

    assert [f'- name: "{column}"' in contract for column in HEADER] == [True] * 4
    assert f"headerRow: {len(above) + 1} " in contract
    assert 'footer: "' in contract
    counts = ingest_dataset(settings, "output").counts
    assert (counts.rows_in, counts.silver, counts.quarantine, counts.rejects) == (12, 12, 0, 0)

"""Files as plants really write them: nothing is lost, and a second reader of CSV counts the same."""

import csv

import pytest

from support.real_data import DATA
from support.staging import column, file_input, stage_files

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.usefixtures("reader"),
]

EXCAVATORS = {
    "excavators-cleaned_v2020-08.csv": ("_unnamed_17",),
    "excavators-cleaned_v2020-09.csv": (),
    "excavators_v2019-06.csv": (),
    "excavators_v2020-08.csv": ("_unnamed_1", "Unnamed: 16"),
    "excavators_v2020-09.csv": (),
}


def by_python(path, delimiter=","):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [tuple(record) for record in csv.reader(file, delimiter=delimiter) if record]


def cleaned_columns():
    return by_python(DATA / "excavators_mwo" / "excavators-cleaned_v2020-09.csv")[0]


@pytest.mark.parametrize(("name", "unknown"), EXCAVATORS.items())
def test_excavator_orders_come_back_as_another_reader_reads_them(tmp_path, name, unknown):
    path = DATA / "excavators_mwo" / name
    header, *records = by_python(path)
    known = [column(name) for name in header if name in cleaned_columns()]
    got = stage_files(tmp_path, [file_input(path)], known)
    places = [header.index(one.name) for one in known]
    assert [row[: len(known)] for row in got.rows()] == [tuple(record[place] for place in places) for record in records]
    assert (got.records, got.rejects(), got.reports[0].unknown) == (5485, [], unknown)


def test_five_files_of_excavator_orders_are_sorted_by_what_the_contract_requires(tmp_path):
    inputs = [file_input(DATA / "excavators_mwo" / name, seq=seq) for seq, name in enumerate(EXCAVATORS, 1)]
    got = stage_files(tmp_path, inputs, [column(name, required=True) for name in cleaned_columns()])
    assert [report.records for report in got.reports] == [5485] * 5
    assert [bool(report.missing) for report in got.reports] == [False, False, True, False, True]
    assert (got.count("staged_rows"), got.count("staged_rejects")) == (3 * 5485, 2 * 5485)


def test_all_skab_files_are_read_in_one_batch(tmp_path):
    paths = sorted((DATA / "skab").glob("*/*.csv"))
    inputs = [file_input(path, seq=seq) for seq, path in enumerate(paths, 1)]
    got = stage_files(tmp_path, inputs, [column("datetime", required=True), column("Pressure"), column("anomaly")], delimiter=";")
    records = [record for path in paths for record in by_python(path, ";")[1:]]
    assert len(paths) == 35
    assert got.rows("datetime, Pressure") == [(record[0], record[4]) for record in records]
    assert (got.records, got.rejects()) == (len(records), [])


def test_steel_energy_is_read_through_its_mark_and_line_ends(tmp_path):
    path = DATA / "steel_energy" / "Steel_industry_data.csv"
    got = stage_files(tmp_path, [file_input(path)], [column("date", required=True), column("Load_Type")])
    records = by_python(path)[1:]
    assert got.rows("date, Load_Type") == [(record[0], record[-1]) for record in records]
    assert (got.records, got.rejects()) == (35040, [])

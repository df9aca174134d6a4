"""Three public sets end to end: every count against a reader of the test's own, both sums, a second run, a row's origin."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import explain_row, grade_dataset, list_tables, run_dataset, show_quarantine
from lakeward.flows.base.report import Counts, RunReport
from support.real_data import DATA, count, make_project, query_live_files, records

pytestmark = pytest.mark.real_data

ORDER_COLUMNS = (
    *(
        "BscStartDate",
        "Asset",
        "OriginalShorttext",
        "PMType",
        "Cost",
        "RunningTime",
        "MajorSystem",
        "Part",
        "Action",
        "Variant",
        "FM",
    ),
    *("Location", "Comments", "FuncLocation", "SuspSugg", "Rule"),
)
Value = str | Decimal | None


@dataclass(frozen=True)
class FinishedSet:
    """One set after its first run."""

    settings: Settings
    name: str
    report: RunReport


def expected_counts(rows_in: int, good: list[tuple[Value, ...]], quarantine: int) -> Counts:
    """What must come of records that a reader of our own found, when all columns are the key."""
    distinct = len(set(good))
    bronze = len(good) + quarantine
    return Counts(
        rows_in=rows_in,
        bronze=bronze,
        rejects=rows_in - bronze,
        silver=distinct,
        quarantine=quarantine,
        duplicates=len(good) - distinct,
    )


def skab() -> Counts:
    rows = [row for path in (DATA / "skab").glob("*/*.csv") for row in records(path, ";")]
    good = [row for row in rows if 201 <= float(row["Voltage"]) <= 255]
    names = list(max(rows, key=len))
    return expected_counts(len(rows), [tuple(_value(row.get(name)) for name in names) for row in good], len(rows) - len(good))


def steel_energy() -> Counts:
    rows = list(records(DATA / "steel_energy" / "Steel_industry_data.csv"))
    good: list[tuple[Value, ...]] = [(row["date"],) for row in rows if float(row["Usage_kWh"]) <= 155]
    return expected_counts(len(rows), good, len(rows) - len(good))


def excavators_mwo() -> Counts:
    files = [list(records(path)) for path in (DATA / "excavators_mwo").glob("excavators*.csv")]
    known = [row for rows in files if "Rule" in rows[0] for row in rows]
    good = [row for row in known if _is_order(row)]
    typed = [tuple(_value(row[name]) for name in ORDER_COLUMNS) for row in good]
    return expected_counts(sum(map(len, files)), typed, len(known) - len(good))


def _is_order(row: dict[str, str]) -> bool:
    cost = _value(row["Cost"])
    return isinstance(cost, Decimal) and cost >= 0 and row["Rule"].startswith("Rule_") and row["SuspSugg"] in {"0", "1", "NA", ""}


def _value(text: str | None) -> Value:
    if text in {None, "", "NA"}:
        return None
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return text


TRUTH: dict[str, Callable[[], Counts]] = {"skab": skab, "steel_energy": steel_energy, "excavators_mwo": excavators_mwo}
COUNTS = {
    "skab": Counts(rows_in=46806, bronze=46806, rejects=0, silver=46318, quarantine=7, duplicates=481),
    "steel_energy": Counts(rows_in=35040, bronze=35040, rejects=0, silver=35039, quarantine=1, duplicates=0),
    "excavators_mwo": Counts(rows_in=27425, bronze=16455, rejects=10970, silver=5441, quarantine=22, duplicates=10992),
}


@pytest.fixture(scope="module", params=list(TRUTH))
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FinishedSet:
    settings = make_project(tmp_path_factory.mktemp(request.param) / "plant", request.param)
    return FinishedSet(settings, request.param, run_dataset(settings, request.param))


@pytest.mark.sampled(1)
def test_counts_are_those_of_another_reader_of_the_files(done: FinishedSet) -> None:
    assert TRUTH[done.name]() == COUNTS[done.name]
    assert done.report.counts == COUNTS[done.name]


def test_tables_hold_what_was_reported_and_both_sums_of_law_1_hold(done: FinishedSet) -> None:
    held = {layer: count(done.settings, layer, done.name) for layer in ("bronze", "rejects", "silver", "quarantine")}

    told = done.report.counts
    assert held == {layer: getattr(told, layer) for layer in held}
    assert told.rows_in == held["bronze"] + held["rejects"]
    assert held["bronze"] == held["silver"] + held["quarantine"] + told.duplicates


def test_every_record_has_one_place_and_no_place_is_told_twice(done: FinishedSet) -> None:
    kept = [row for layer in ("bronze", "rejects") for row in query_live_files(done.settings, layer, done.name, "_file, _row")]

    assert len(set(kept)) == len(kept) == done.report.counts.rows_in


def test_a_second_run_commits_to_no_table(done: FinishedSet) -> None:
    before = list_tables(done.settings)

    again = run_dataset(done.settings, done.name)

    assert (again.batches, again.counts) == (0, Counts())
    assert list_tables(done.settings) == before


@pytest.mark.sampled(1)
def test_a_row_of_silver_is_explained_to_its_file_and_line(done: FinishedSet) -> None:
    column, where = {
        "skab": ("Voltage", "ts=2020-03-09T10:14:34Z"),
        "steel_energy": ("Usage_kWh", "ts=2018-01-01T00:15:00+09:00"),
        "excavators_mwo": ("Cost", "start_date=2005-03-20,cost=407.40"),
    }[done.name]
    given = {"skab": "236.04", "steel_energy": "3.17", "excavators_mwo": "407.4"}[done.name]

    grade_dataset(done.settings, done.name)
    origin = explain_row(done.settings, f"silver.{done.name}", where, "steward")[0]

    file = done.settings.start / "inbox" / done.name / origin.place.file
    assert given in file.read_text("utf-8-sig").splitlines()[origin.place.row - 1].split(";" if done.name == "skab" else ",")
    assert column in file.read_text("utf-8-sig").splitlines()[0]
    assert (origin.batch, origin.contract_version) == (1, "1.0.0")


WARNINGS = {
    "skab": {"file_absent_columns": 1, "file_not_taken": 1, "warn_rules_failed": 1},
    "steel_energy": {},
    "excavators_mwo": {"file_unknown_columns": 2, "file_other_columns": 2, "batch_rejects": 1, "file_not_taken": 1},
}


def test_files_that_differ_are_told_of(done: FinishedSet) -> None:
    assert Counter(code for code, _ in done.report.warnings) == WARNINGS[done.name]


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = make_project(tmp_path_factory.mktemp("orders") / "plant", "excavators_mwo")
    run_dataset(settings, "excavators_mwo")
    return settings


def test_files_of_five_columns_are_rejects_with_the_columns_they_have(orders: Settings) -> None:
    found = query_live_files(orders, "rejects", "excavators_mwo", "DISTINCT _file, reason, detail")

    expected = f"expected: {', '.join(ORDER_COLUMNS[:12])}, …; found: {', '.join(ORDER_COLUMNS[:5])}"
    assert set(found) == {
        (file, "reject_other_columns", expected) for file in ("excavators_v2019-06.csv", "excavators_v2020-09.csv")
    }


def test_the_shifted_row_is_set_aside_with_every_reason(orders: Settings) -> None:
    rows = {(row.file, row.row): set(row.reasons) for row in show_quarantine(orders, "excavators_mwo", 100)}

    assert rows[("excavators-cleaned_v2020-09.csv", 3454)] == {
        *("type:cost", "type:running_time", "required:functional_location"),
        *("order_type", "suspended_is_a_flag", "rule_has_a_name"),
    }


def test_what_an_unknown_column_held_is_kept(orders: Settings) -> None:
    found = query_live_files(orders, "bronze", "excavators_mwo", "count(_extra) FILTER (_file = 'excavators_v2020-08.csv')")

    assert found == [(5485,)]


def test_days_come_first_and_rows_out_of_order_are_in_their_place(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "plant", "steel_energy")
    run_dataset(settings, "steel_energy")

    spans = query_live_files(
        settings, "silver", "steel_energy", "epoch(min(ts))::BIGINT, epoch(max(ts))::BIGINT, count(DISTINCT ts)"
    )

    # 2018 in Seoul (UTC+9) begins at 2017-12-31T15:00Z; its last quarter of an hour begins a year later at 14:45Z.
    assert spans == [(1514732400, 1546267500, 35039)]

"""A year of hourly batches: what is called often costs what it cost after a week, as long as `maintain` runs once a week."""

import pytest

from support.measured_programs import COMMAND, measured
from support.years_of_batches import NAME, WEEK, YEAR, make_year

PROGRAMS = {"status": ("status", "--json"), "idle run": ("run", "--json"), "tables": ("tables", "--json")}
# Times the cost after a week.
MOST = 1.5


def costs(root):
    return {name: min(measured(root, COMMAND, *words).seconds for _ in range(3)) for name, words in PROGRAMS.items()}


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
def test_a_year_of_hourly_batches_costs_what_a_week_does(tmp_path):
    week = costs(make_year(tmp_path / "week", WEEK, maintained=False))
    year = costs(make_year(tmp_path / "year", YEAR, maintained=True))
    assert {name: each for name, each in year.items() if each > MOST * week[name]} == {}, (week, year)


def test_an_hour_that_is_written_again_counts_as_received(tmp_path):
    from lakeward.core.settings import Settings
    from lakeward.flows import list_tables, project_status, run_all

    root = make_year(tmp_path / "plant", 10, maintained=False)
    tables = {str(each.table): each.rows for each in list_tables(Settings(start=root))}
    assert (tables[f"bronze.{NAME}"], tables["governance.runs"]) == (10 * 200, 10)
    [status] = project_status(Settings(start=root))
    assert (status.replaced, status.quarantine) == (0, 10 * 2)
    assert [report.batches for report in run_all(Settings(start=root))[0]] == [0]

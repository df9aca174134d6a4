"""The page of capacity says what its stored figures say: each figure once, dated, and what is computed from them computed here again."""

import json
import re
from datetime import date

import pytest

from generate.capacity import COSTS, DATA, capacity

STORED = json.loads(DATA.read_text(encoding="utf-8"))
PAGE = capacity()
# Figures that stand in sentences, not in the table of costs.
IN_SENTENCES = {"batch_cpu_growth", "parquet_mib_rows", "csv_mib_rows"}
DAY = 86_400
ALONE = "Datasets with a batch an hour, a command each, as tasks of Airflow"
TOGETHER = "Datasets with a batch an hour in one `lakeward run`"
# Two digits are shown.
NEAR = 0.06


def cells(first):
    """The numbers of the table's line that begins so."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {first} |"))
    return [float(cell.replace(",", "")) for cell in line.split("|")[2:-1] if re.fullmatch(r" [0-9.,]+ ", cell)]


def test_every_cost_is_a_figure_that_was_measured():
    bases = {name for name in STORED["costs"] if name.endswith("_base")}
    assert set(COSTS) | IN_SENTENCES | bases == set(STORED["costs"])
    assert all(value > 0 for name, value in STORED["costs"].items() if name in COSTS)


@pytest.mark.parametrize("name", COSTS)
def test_a_cost_is_shown_as_it_was_measured(name):
    what, _, factor = COSTS[name]
    assert cells(what) == [pytest.approx(STORED["costs"][name] * factor, rel=NEAR)]


@pytest.mark.parametrize(
    ("what", "cost", "times"),
    [
        ("Billion rows a day, Parquet", "parquet_cpu_per_million_rows", 1000),
        ("Billion rows a day, CSV", "csv_cpu_per_million_rows", 1000),
        (f"{ALONE}: tables just compacted", "batch_cpu", 24),
        (f"{TOGETHER}: tables just compacted", "shared_batch_cpu", 24),
        ("Small queries a second through a gateway", "query_cpu", DAY),
    ],
)
def test_half_of_the_cores_is_what_a_machine_works_with(what, cost, times):
    expected = [cores / 2 * DAY / (STORED["costs"][cost] * times) for cores in (2, 8, 32)]
    assert cells(what) == [pytest.approx(each, rel=NEAR) for each in expected]


@pytest.mark.parametrize(("what", "cost"), [(ALONE, "batch_cpu"), (TOGETHER, "shared_batch_cpu")])
def test_a_week_without_compaction_makes_every_batch_cost_more(what, cost):
    grown = STORED["costs"][cost] + 168 * STORED["costs"]["batch_cpu_growth"]
    expected = [cores / 2 * DAY / (grown * 24) for cores in (2, 8, 32)]
    assert cells(f"{what}: after a week without `lakeward maintain`") == [pytest.approx(each, rel=NEAR) for each in expected]
    more = 100 * (grown / STORED["costs"][cost] - 1)
    shares = [float(found) for found in re.findall(r"([0-9.]+) % more", PAGE)]
    assert any(share == pytest.approx(more, rel=NEAR) for share in shares)


def test_the_figures_have_their_day_and_machine():
    measured = STORED["measured"]
    assert date(2026, 1, 1) < date.fromisoformat(measured["on"])
    assert f"{measured['on']}; {measured['cores']} cores, {measured['memory_gib']} GiB" in PAGE

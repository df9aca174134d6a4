"""Files that nobody would write, judged by the compiled rules: both engines make the same of them, in two batches."""

import itertools

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from support.edge_values import NAME, ROWS, csv_bytes, make_edge_case_plant
from support.engine_comparison import run_and_count, two_lakes

pytestmark = [pytest.mark.spark, pytest.mark.timeout(1800)]

# A batch takes Spark seconds whatever is in it: one example with many rows; and it is not made smaller, which takes hundreds.
EXAMPLES = settings(
    max_examples=1, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
# Every so many rules: Spark tells each batch in seconds, while a plan of all of them at once takes it minutes and more memory.
PARTS = 9
# Of the rules of the first part, those that are tried with every change, in half the time.
QUICK = 3 * PARTS
NUMBERS = itertools.count()


@EXAMPLES
@given(first=ROWS, second=ROWS)
def test_odd_values_come_out_the_same(tmp_path_factory, first, second):
    alike(tmp_path_factory, QUICK, 0, first, second)


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(PARTS))
@EXAMPLES
@given(first=ROWS, second=ROWS)
def test_odd_values_come_out_the_same_by_every_compiled_rule(tmp_path_factory, part, first, second):
    alike(tmp_path_factory, PARTS, part, first, second)


def alike(folders, every_nth, part, *deliveries):
    """Assert that the deliveries, a batch each, come out the same by a part of the rules."""
    lakes = two_lakes(folders.mktemp(f"odd{next(NUMBERS)}"), lambda root: make_edge_case_plant(root, every_nth, part))
    for number, rows in enumerate(deliveries):
        lakes.drop(f"{NAME}/{number}.csv", csv_bytes(rows))
        embedded, spark = lakes.both(run_and_count)
        assert spark == embedded
    assert lakes.differences() == {}

"""Files that nobody would write, judged by every compiled rule: both engines make the same of them, in two batches."""

import itertools

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from odd_plant import NAME, ROWS, delivery, make_odd
from two_lakes import counted, two_lakes

pytestmark = [pytest.mark.spark, pytest.mark.exhaustive, pytest.mark.timeout(1800)]

# A batch takes Spark seconds whatever is in it: few examples, each with many rows; and none is made smaller, which takes hundreds.
EXAMPLES = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example, HealthCheck.data_too_large],
)
NUMBERS = itertools.count()


@EXAMPLES
@given(first=ROWS, second=ROWS)
def test_odd_values_come_out_the_same(tmp_path_factory, first, second):
    lakes = two_lakes(tmp_path_factory.mktemp(f"odd{next(NUMBERS)}"), make_odd)
    for number, rows in enumerate((first, second)):
        lakes.drop(f"{NAME}/{number}.csv", delivery(rows))
        embedded, spark = lakes.both(counted)
        assert spark == embedded
    assert lakes.differences() == {}

"""A collector says why it ended: stopped, refused by its source, or by a defect of ours, which is never taken for an end as planned."""

from threading import Event

import pytest

from lakeward.core.errors import MachineError
from lakeward.flows.collecting.running import run_collector


class Ending:
    """A collector that ends at once, by an error if it has one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def run(self, _stop: Event) -> None:
        """See `Collector`."""
        if self.error:
            raise self.error


@pytest.mark.parametrize(("error", "code"), [(None, []), (MachineError("lake_not_writable", lake="x"), ["lake_not_writable"])])
def test_an_end_that_is_foreseen_is_known_by_its_error(error, code):
    errors = []
    run_collector("line", Ending(error), Event(), errors)
    assert [each.code for each in errors] == code


def test_a_defect_is_an_error_of_the_dataset_and_is_raised():
    errors = []
    with pytest.raises(ZeroDivisionError):
        run_collector("line", Ending(ZeroDivisionError()), Event(), errors)
    assert [each.code for each in errors] == ["collector_ended"]

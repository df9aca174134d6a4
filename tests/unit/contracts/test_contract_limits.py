"""The limits of a contract: defaults, values, and what is refused."""

import pytest

from lakeward.contracts.document import Fault
from lakeward.contracts.limits import read_limits
from lakeward.contracts.model import Limits
from lakeward.contracts.view import View


def read(values):
    faults: list[Fault] = []
    return read_limits(View(values, ("limits",), faults)), faults


def test_an_absent_limit_has_its_default():
    assert read({}) == (Limits(replaced_share=0.05, rejected_share=0.05, columns_found=0.5), [])


def test_zero_and_one_are_limits():
    limits, faults = read({"replacedShare": 1, "rejectedShare": 0, "columnsFound": 0.75})
    assert (limits, faults) == (Limits(replaced_share=1.0, rejected_share=0.0, columns_found=0.75), [])


@pytest.mark.parametrize("value", [-0.1, 1.5, "5 %", True, float("nan"), [0.1]])
def test_what_is_no_share_is_refused(value):
    _, faults = read({"replacedShare": value})
    assert [(fault.code, fault.facts["key"]) for fault in faults] == [("contract_value", "replacedShare")]


def test_an_unknown_limit_is_refused():
    _, faults = read({"replaceShare": 0.1})
    assert [fault.code for fault in faults] == ["contract_unknown_key"]

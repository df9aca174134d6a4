"""Rows that an account may read, from the mapping `quotas` of `project.yaml`."""

from collections.abc import Mapping

from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc

QUOTA_KEYS: Mapping[str, KeyDoc] = {
    "rows_per_day": KeyDoc("whole number", "Rows that an account may read in a day of the plant, by every way in.", "no limit"),
    "rows_per_month": KeyDoc("whole number", "The same in a month.", "no limit"),
}


def read_quotas(view: View) -> dict[str, int]:
    """Period, `day` or `month`, -> rows; faults are collected in `view`."""
    view.allow_only(QUOTA_KEYS)
    return {
        key.removeprefix("rows_per_"): view.positive_integer(key, 1) for key in QUOTA_KEYS if view.values.get(key) is not None
    }

"""What a test needs of the machine: without it the test is skipped, but in CI, which brings it, that is a failure."""

import functools
import os

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows.operations.spark import check_spark


def pytest_runtest_setup(item):
    lacking = item.get_closest_marker("spark") and without_spark()
    if lacking:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(lacking)  # noqa: TID251  (who runs the tests says it nowhere else)


@functools.cache
def without_spark():
    """What keeps Spark from running here, with the command that repairs it; None: nothing."""
    faults = [found for _, found in check_spark(Settings.load()) if isinstance(found, LakewardError)]
    return str(faults[0]) if faults else None

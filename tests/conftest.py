"""What a test needs of the machine: without it the test is skipped, but in CI, which brings it, that is a failure."""

import functools
import gc
import os
from collections import defaultdict

import hypothesis
import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows.operations.spark_setup import check_spark
from support.real_data import DATA

# A random find must not fail a change that did not cause it: `make test` tries the same examples every time, half as many; `make test-all` others.
hypothesis.settings.register_profile("same examples", derandomize=True, max_examples=50)

pytest_plugins = ["support.rewriting", "support.summary", "support.shared_lakes", "support.shared_servers"]


def pytest_collection_modifyitems(items):
    """Tests of Spark first: of several workers, each of which begins with a part of its own, one alone starts Spark."""
    mark_unsampled(items)
    items.sort(key=lambda item: item.get_closest_marker("spark") is None)


def mark_unsampled(items):
    """Mark as `exhaustive` what is not drawn of the parameters of a test that is marked `sampled`; the same are drawn every time."""
    groups = defaultdict(list)
    for item in items:
        if item.get_closest_marker("sampled") and not item.get_closest_marker("exhaustive"):
            groups[item.path, item.originalname].append(item)
    for group in groups.values():
        wanted = group[0].get_closest_marker("sampled").args[0]
        drawn = {place * len(group) // wanted for place in range(wanted)}
        for place, item in enumerate(group):
            if place not in drawn:
                item.add_marker("exhaustive")


def pytest_collection():
    """Next to nothing that is imported and collected is garbage: Python need not look for it meanwhile."""
    gc.disable()


def pytest_collection_finish():
    """What was imported and collected stays: Python need not look for garbage in it each time, nor every 700 objects."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20, 20)


def pytest_runtest_setup(item):
    needs = {"spark": without_spark, "real_data": without_real_data}
    lacking = next((fault for name, look in needs.items() if item.get_closest_marker(name) and (fault := look())), None)
    if lacking:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(lacking)  # noqa: TID251  (who runs the tests says it nowhere else)


@functools.cache
def without_spark():
    """What keeps Spark from running here, with the command that repairs it; None: nothing."""
    faults = [found for _, found in check_spark(Settings.load()) if isinstance(found, LakewardError)]
    return str(faults[0]) if faults else None


def without_real_data():
    """Where the public data sets should lie, where they do not; None: they are there."""
    return None if DATA.is_dir() else f"the public data sets are not in {DATA.resolve()}: tests/README.md says where to get them"


def pytest_configure(config):
    if config.option.markexpr == "not exhaustive":
        hypothesis.settings.load_profile("same examples")

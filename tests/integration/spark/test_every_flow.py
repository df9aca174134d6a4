"""A plant's life with its data, flow by flow, on both engines: each flow says the same, and leaves the same."""

import pytest

from support.engine_comparison import two_lakes
from support.plant_story import STORY, comparable_output, make_received_plant

pytestmark = [pytest.mark.spark, pytest.mark.exhaustive, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def lakes(tmp_path_factory):
    return two_lakes(tmp_path_factory.mktemp("flows") / "plants", make_received_plant)


@pytest.fixture(scope="module")
def said(lakes):
    """By flow, what it said on the embedded engine and on Spark: all of the story in its order, wherever its tests run."""
    return {flow: [comparable_output(one) for one in lakes.both(step)] for flow, step in STORY.items()}


@pytest.mark.parametrize("flow", STORY)
def test_a_flow_says_the_same_on_both_engines(said, flow):
    embedded, spark = said[flow]
    assert spark == embedded


def test_all_flows_leave_the_same_tables(said, lakes):
    assert said
    assert lakes.differences() == {}

"""The types in `standard_types.json` are those of the official model, and they say of a document what the model says of it."""

import copy

import pytest
import yaml

from lakeward.contracts.official_model import model_faults, model_types
from lakeward.contracts.standard import standard_faults, standard_types
from support import source_tree

CONTRACTS = sorted((source_tree.ROOT / "expectations" / "datasets").glob("*/contract.odcs.yaml"))
VALUES = (None, "text", "\ud800", 1, 10**30, 0.5, float("nan"), True, [], [None], ["text"], [1, 0.5], {}, {"key": 1})


def places(value, steps=()):
    """Every place of a document but the root."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inner:
        yield (*steps, step)
        yield from places(item, (*steps, step))


def holder(document, steps):
    for step in steps[:-1]:
        document = document[step]
    return document


def test_the_types_are_those_of_the_model():
    assert standard_types() == model_types(), "Next: write standard_types.json anew from model_types()"


@pytest.mark.sampled(2)
@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.parent.name)
def test_a_document_with_another_value_at_any_place_has_the_faults_of_the_model(path):
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert standard_faults(document) == []

    for steps in list(places(document)):
        original = copy.copy(holder(document, steps)[steps[-1]])
        for value in VALUES:
            holder(document, steps)[steps[-1]] = value
            assert standard_faults(document) == model_faults(document), (steps, value)
        holder(document, steps)[steps[-1]] = original


def test_a_key_that_the_standard_lacks_is_a_fault_at_every_depth():
    document = yaml.safe_load(CONTRACTS[0].read_text(encoding="utf-8"))

    for steps in [steps for steps in places(document) if isinstance(holder(document, steps), dict)]:
        above = holder(document, steps)
        above["noSuchKey"] = 1
        assert standard_faults(document) == model_faults(document), steps
        del above["noSuchKey"]

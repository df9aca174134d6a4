"""The file of transforms, and what the output of one must show."""

import pytest

from lakeward.core.errors import DefinitionError
from lakeward.grading.transforms import TransformOutput, output_fault, read_transforms

TEXT = """\
transforms:
  daily:
    version: 1.0.0
    kind: aggregate
    column: gold_day.cost
    why: A day says nothing of one order.
    count: orders
    sensitive: machine
    k: 5
    l: 2
"""
DAILY = read_transforms(TEXT, "transforms.yaml")["daily"]
SAFE = {"detector": None, "persons": 90, "k": 5, "l": 2}


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        ({}, None),
        ({"detector": "mobile"}, "transform_detected"),
        ({"persons": 0, "k": None}, "transform_no_rows"),
        ({"k": None}, "transform_no_rows"),
        ({"k": 4}, "transform_small_group"),
        ({"l": 1}, "transform_few_values"),
        ({"l": None}, "transform_few_values"),
    ],
)
def test_only_an_output_in_which_nothing_is_found_and_groups_are_large_is_safe(found, fault):
    assert output_fault(DAILY, TransformOutput(**{**SAFE, **found})) == fault


def test_the_columns_that_a_check_reads_are_those_it_names():
    assert DAILY.output_columns == ("cost", "orders", "machine")
    assert DAILY.id == "daily@1.0.0"
    assert read_transforms(TEXT.replace("k: 5", "k: 6"), "f")["daily"].sha256 != DAILY.sha256


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kind: aggregate", "kind: encrypt"),
        ("k: 5", "k: 1"),
        ("k: 5", "k: many"),
        ("l: 2", "l: 0"),
        ("column: gold_day.cost", "column: cost"),
        ("version: 1.0.0", "versoin: 1.0.0"),
        ("why: A day says nothing of one order.", "why: ''"),
        ("transforms:", "transform:"),
        (TEXT, "- a list\n"),
        (TEXT, "transforms: {"),
    ],
)
def test_a_file_that_is_not_valid_is_refused_with_its_line(old, new):
    with pytest.raises(DefinitionError) as error:
        read_transforms(TEXT.replace(old, new), "transforms.yaml")
    assert error.value.facts["line"] >= 1

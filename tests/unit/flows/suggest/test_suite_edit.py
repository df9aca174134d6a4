"""A suite is a person's file: rules are added to it, and no other letter changes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeward.flows.suggest.suite_edit import add_expectations, new_suite

ENTRY = {"type": "expect_x", "kwargs": {"column": "温度", "value_set": ["a}]", '"']}}
WRITTEN = '{\n  "expectations": [\n    {"type": "expect_y", "kwargs": {"column": "]}"}}   \n  ],\n\n  "meta": { "notes": "[mine]"  }\n}\n'


def test_a_rule_is_added_behind_the_others_and_the_rest_stays_as_it_is():
    after = add_expectations(WRITTEN, [ENTRY])
    start, end = WRITTEN.index("   \n  ],"), WRITTEN.index("\n  ],")

    assert after.startswith(WRITTEN[:start])
    assert after.endswith(WRITTEN[end:])
    assert json.loads(after)["expectations"] == [json.loads(WRITTEN)["expectations"][0], ENTRY]


def test_what_is_added_stands_as_far_from_the_left_as_the_others():
    lines = add_expectations(WRITTEN, [ENTRY, ENTRY]).splitlines()
    assert [line for line in lines if line.startswith("    {")] == [lines[2], "    {", "    {"]


@pytest.mark.parametrize("indent", [None, 2, 4])
@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text())), max_size=3), st.text())
def test_any_suite_that_json_can_hold_is_added_to(indent, listed, note):
    suite = {"a": note, "expectations": listed, "meta": {"expectations": [note]}}
    after = add_expectations(json.dumps(suite, indent=indent), [ENTRY])
    assert json.loads(after) == {**suite, "expectations": [*listed, ENTRY]}


def test_line_ends_of_windows_are_kept():
    after = add_expectations(WRITTEN.replace("\n", "\r\n"), [ENTRY])
    assert after.count("\n") == after.count("\r\n") > WRITTEN.count("\n")


def test_a_new_suite_takes_rules():
    after = add_expectations(new_suite("press"), [ENTRY])
    assert json.loads(after) == {**json.loads(new_suite("press")), "expectations": [ENTRY]}

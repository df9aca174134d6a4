"""Names of renamed datasets: each finds the first one, where tables lie, and the newest one."""

import pytest

from lakeward.core.dataset_names import NOT_RENAMED, NameHistory
from lakeward.core.names import Layer, TableName

CHAIN = NameHistory.after([("a", "b"), ("b", "c")])
BACK = NameHistory.after([("a", "b"), ("b", "a")])


def test_each_name_of_a_dataset_finds_the_first_and_the_newest():
    assert [CHAIN.stored_name(name) for name in "abcd"] == ["a", "a", "a", "d"]
    assert [CHAIN.current(name) for name in "abcd"] == ["c", "c", "c", "d"]
    assert (CHAIN.former(), CHAIN.stored_names()) == ({"a": "c", "b": "c"}, {"b": "a", "c": "a"})
    assert sorted(CHAIN.all_of("b")) == ["a", "b", "c"]


def test_a_dataset_can_be_named_as_it_was():
    assert [BACK.stored_name(name) for name in "ab"] == ["a", "a"] == [BACK.current(name) for name in "ab"]
    assert (BACK.former(), BACK.stored_names()) == ({"b": "a"}, {"b": "a"})


def test_governance_tables_belong_to_no_dataset():
    names = NameHistory.after([("runs", "walks")])
    assert names.current_table(TableName(Layer.GOVERNANCE, "runs")) == TableName(Layer.GOVERNANCE, "runs")
    assert names.current_table(TableName(Layer.SILVER, "runs")) == TableName(Layer.SILVER, "walks")


@pytest.mark.parametrize(
    ("current", "stored"),
    [
        ("decide/c", "decide/a"),
        ("lakeward/c#2", "lakeward/a#2"),
        ("lakeward/c/batch", "lakeward/a/batch"),
        ("repair.c.silver", "repair.a.silver"),
        ("c/d", "c/d"),
        ("decide/cc", "decide/cc"),
        ("access/3f0c-c", "access/3f0c-c"),
    ],
)
def test_an_application_bears_the_stored_name_after_its_first_part(current, stored):
    assert CHAIN.stored_application(current) == stored
    assert CHAIN.current_application(stored) == current


def test_without_a_renaming_every_name_is_its_own():
    assert not NOT_RENAMED
    assert (NOT_RENAMED.stored_name("a"), NOT_RENAMED.current("a"), NOT_RENAMED.all_of("a")) == ("a", "a", ("a",))

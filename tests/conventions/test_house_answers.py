"""What leaves the flows is typed: each name of their door answers with classes whose fields have types, or says why not."""

import dataclasses
import inspect
import typing
from typing import Any

from generate.answer_keys import keys_of
from lakeward import flows

# name -> why it answers with values that have no type of their own.
UNTYPED = {
    "check_data": "the JSON of Great Expectations is its own form",
    "Rows.fetchall": "rows of a query have the types of its columns",
    "Rows.fetchone": "rows of a query have the types of its columns",
    "Rows.df": "a frame of pandas, which need not be installed",
    "Rows.arrow": "a table of PyArrow, which need not be installed",
    "Rows.pl": "a frame of polars, which need not be installed",
    "RuleProposal.kwargs": "the arguments of an expectation are its own form",
}
# Classes that are answers without a JSON: what a command goes on to work with.
WITHOUT_JSON = {
    "Connection",
    "DemoProject",
    "ModelReading",
    "Portal",
    "RemoteConnection",
    "RemoteRows",
    "Rows",
    "ScorecardReading",
}
# Classes of more than four fields that came before the rule.
POSITIONAL = {"Counts", "RunReport"}
KEYWORDS_FROM = 5


def door():
    found = {name: getattr(flows, name) for name in dir(flows)}
    assert len(found) > 60
    return found


def returned():
    """Qualified name -> the type that a public function or method answers with."""
    for name, value in door().items():
        if inspect.isfunction(value):
            yield name, typing.get_type_hints(value).get("return")
        elif inspect.isclass(value) and not dataclasses.is_dataclass(value):
            methods = inspect.getmembers(value, inspect.isfunction)
            yield from ((f"{name}.{at}", typing.get_type_hints(m).get("return")) for at, m in methods if at[0] != "_")


def parts(hint):
    """A type and all that stands in its brackets."""
    yield hint
    for inner in typing.get_args(hint):
        yield from parts(inner)


def answers():
    """Every class of ours that leaves through the door, also within another."""
    waiting = [part for _, hint in returned() for part in parts(hint)]
    found = {}
    while waiting:
        kind = waiting.pop()
        if not (inspect.isclass(kind) and kind.__module__.startswith("lakeward.")) or kind in found:
            continue
        found[kind] = typing.get_type_hints(kind) if dataclasses.is_dataclass(kind) else {}
        if hasattr(kind, "as_dict"):  # what is no answer keeps its own inside
            waiting += [part for hint in found[kind].values() for part in parts(hint)]
    assert len(found) > 30
    return found


def test_no_public_flow_answers_with_values_of_any_type():
    untyped = {name for name, hint in returned() if Any in parts(hint)}
    untyped |= {
        f"{kind.__name__}.{name}"
        for kind, hints in answers().items()
        if hasattr(kind, "as_dict")
        for name, hint in hints.items()
        if Any in parts(hint)
    }
    assert untyped == set(UNTYPED)


def test_what_flows_answer_with_is_frozen_and_has_its_json():
    own = {
        kind for _, hint in returned() for kind in parts(hint) if inspect.isclass(kind) and "lakeward.flows" in kind.__module__
    }
    assert len(own) > 20
    assert {kind.__name__ for kind in own if not hasattr(kind, "as_dict")} == WITHOUT_JSON - {"Rows"}
    loose = {kind.__name__ for kind in own if hasattr(kind, "as_dict") and not kind.__dataclass_params__.frozen}
    assert loose == set()


def test_every_key_of_an_answer_has_a_meaning():
    """An entry below `Args:` of the class, or below `Returns:` of its `as_dict`."""
    documented = [(kind.__name__, keys_of(kind)) for kind in answers() if hasattr(kind, "as_dict")]
    assert len(documented) > 30
    assert [f"{name} {key}" for name, keys in documented for key, _, meaning in keys if not meaning] == []


def test_an_answer_of_many_fields_takes_them_by_name():
    many = [kind for kind, hints in answers().items() if len(hints) >= KEYWORDS_FROM and "lakeward.flows" in kind.__module__]
    assert len(many) > 10
    assert {kind.__name__ for kind in many if hasattr(kind, "as_dict") and by_place(kind) > KEYWORDS_FROM - 1} <= POSITIONAL


def by_place(kind):
    """How many arguments may be given without their names."""
    return sum(each.kind is each.POSITIONAL_OR_KEYWORD for each in inspect.signature(kind).parameters.values())

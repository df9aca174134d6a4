"""No text crashes the linter; a contract does not differ from itself; units convert there and back."""

from decimal import Decimal
from itertools import product

import yaml
from hypothesis import given
from hypothesis import strategies as st

from lakeward.contracts.diff import check_evolution, diff
from lakeward.contracts.document import Document, read_document
from lakeward.contracts.load import parse_contract, validate
from lakeward.core.errors import ContractError
from lakeward.core.messages import Lang, text
from lakeward.core.units import convert, units
from support.contract_texts import OEE, PRESS

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50) | st.sampled_from(["ts", "csv", "none", "UTC"])
)
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3))
SAME_KIND = [(a, b) for a, b in product(units().values(), repeat=2) if a.kind == b.kind]


def fault_messages(contract: str) -> list[str]:
    """Both messages of every fault; rendering them is part of not crashing."""
    try:
        document: Document = read_document(contract, "c.yaml")
    except ContractError as error:
        return [error.render(Lang.EN), error.render(Lang.ZH)]
    _, faults = validate(document, ())
    return [text(f.code, lang, **f.facts) for f in faults for lang in Lang]


def paths(node, steps=()):
    yield steps
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from paths(inner, (*steps, key))


def put(node, steps, value):
    """`node` with `value` at `steps`."""
    if not steps:
        return value
    copy = node.copy()
    copy[steps[0]] = put(node[steps[0]], steps[1:], value)
    return copy


@given(st.text())
def test_any_text_is_a_contract_or_has_problems(contract):
    assert all(0 < len(message) < 500 for message in fault_messages(contract))


@given(st.sampled_from([PRESS, OEE]), st.data())
def test_contract_with_anything_anywhere_is_a_contract_or_has_problems(contract, data):
    tree = yaml.safe_load(contract)
    steps = data.draw(st.sampled_from(list(paths(tree))))
    changed = yaml.safe_dump(put(tree, steps, data.draw(TREES)), allow_unicode=True)
    assert all(0 < len(message) < 500 for message in fault_messages(changed))


@given(st.sampled_from([PRESS, OEE]), st.integers(0), st.integers(0, 30))
def test_contract_that_was_cut_is_a_contract_or_has_problems(contract, start, length):
    at = start % len(contract)
    assert isinstance(fault_messages(contract[:at] + contract[at + length :]), list)


@given(st.sampled_from([PRESS, OEE]), st.text(alphabet="# \n", max_size=20))
def test_contract_does_not_differ_from_itself_however_it_is_laid_out(contract, tail):
    one, other = parse_contract(contract, "a"), parse_contract(f"{contract}\n#{tail.replace(chr(10), chr(10) + '#')}", "b")
    check_evolution(one, other)
    assert diff(one, other) == ()


@given(st.sampled_from(SAME_KIND), st.decimals(-(10**9), 10**9, places=6))
def test_units_convert_there_and_back(pair, value):
    one, other = pair
    back = convert(convert(value, one, other), other, one)
    assert abs(back - value) <= Decimal("1e-9")

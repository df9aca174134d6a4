"""What a stranger's YAML may not do."""

import pytest

from lakeward.contracts.document import read_document, safe_repr
from lakeward.core.errors import ContractError


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: [1, 2\nb: 3", "contract_syntax", 2, 2),
        ("a: 1\n\tb: 2", "contract_syntax", 2, 1),
        ("a: &x 1\nb: *x", "contract_alias", 2, 4),
        ("a: !!python/object/apply:os.system [ls]", "contract_tag", 1, 4),
        ("a: !secret x", "contract_tag", 1, 4),
        ("a: 1\n---\nb: 2", "contract_documents", 2, 1),
        ("? [1, 2]\n: x", "contract_key_kind", 1, 3),
        ("[" * 100_000, "contract_depth", 1, 34),
        ("a: \0", "contract_syntax", 1, 1),
        ("a: \ud800", "contract_syntax", 1, 1),
    ],
)
def test_what_no_contract_needs_is_refused_where_it_stands(text, code, line, column):
    with pytest.raises(ContractError) as refused:
        read_document(text, "c.yaml")
    assert (refused.value.code, refused.value.facts["line"], refused.value.facts["column"]) == (code, line, column)


def test_bomb_of_aliases_is_refused_unexpanded():
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    with pytest.raises(ContractError, match="alias"):
        read_document(bomb, "c.yaml")


def test_key_that_stands_twice_is_a_fault_at_the_second():
    document = read_document("a: 1\nb:\n  c: 1\n  c: 2\n", "c.yaml")
    assert [(fault.code, document.position(fault.key_path)) for fault in document.faults] == [("contract_duplicate_key", (4, 3))]


def test_values_are_those_of_yaml_but_dates_stay_text():
    text = "a: 1\nb: 1.5\nc: yes\nd: ~\ne: 2026-01-01\nf: '1'\ng: 0x\n1: x\n"
    assert read_document(text, "c").data == {
        "a": 1,
        "b": 1.5,
        "c": True,
        "d": None,
        "e": "2026-01-01",
        "f": "1",
        "g": "0x",
        "1": "x",
    }


def test_every_entry_and_item_has_its_place():
    document = read_document("a:\n  - x: 1\n  - y\n", "c")
    assert document.position(("a", 0, "x")) == (2, 5)
    assert document.position(("a", 1)) == (3, 5)
    assert document.position(("a", 7, "z")) == (1, 1)


def test_message_repeats_no_long_text_and_no_credentials():
    assert {str(safe_repr(text)) for text in ("x" * 41, "https://me:pw@host", "a\nb")} == {"a long text"}
    assert [str(safe_repr(value)) for value in (True, "csv", [1], None)] == ["true", "csv", "a list", "nothing"]
